/* listed.c - safelists and blocklists of people */
#include "config/listed.h"

#include "base/buf.h"
#include "base/mem.h"
#include "config/loader.h"

static bool parse(struct str item, enum listed *, struct addr_pattern *,
    struct arena *, struct err *);
static void print(enum listed, const struct addr_pattern *, struct buf *);

static const char *const words[] = {
	[LISTED_SAFE] = "safe", [LISTED_BLOCKED] = "block"
};

bool
listed_canonical(struct str text, struct str *out, size_t *n, struct arena *mem,
    struct err *err)
{
	struct buf b;
	bool ok = true;

	*n = 0;
	buf_init(&b, 2 * text.n + 64);
	buf_puts(&b, "");
	do {
		struct str item = str_trim(str_cut(&text, ','));
		struct addr_pattern p;
		enum listed what;

		ok = parse(item, &what, &p, mem, err);
		if (!ok)
			break;
		if (++*n > LISTED_MAX) {
			err_set(err, ERR_USAGE,
			    "one recipient has at most %d items", LISTED_MAX);
			ok = false;
		}
		buf_puts(&b, b.len > 0 ? ", " : "");
		print(what, &p, &b);
	} while (text.n > 0 && ok);
	*out = arena_str(mem, buf_str(&b));
	buf_fini(&b);
	return ok;
}

enum listed
listed_find(struct str items, const struct str *senders, size_t n,
    struct str *item, struct arena *mem)
{
	while (items.n > 0) {
		struct addr_pattern p;
		enum listed what;

		*item = str_trim(str_cut(&items, ','));
		if (!parse(*item, &what, &p, mem, NULL))
			continue;
		for (size_t i = 0; i < n; i++)
			if (pattern_matches(&p, senders[i]))
				return what;
	}
	return LISTED_NOT;
}

static bool
parse(struct str item, enum listed *what, struct addr_pattern *p,
    struct arena *mem, struct err *err)
{
	struct str rest = item, word = str_word(&rest);
	char quoted[100];

	rest = str_trim(rest);
	*what = LISTED_NOT;
	for (size_t i = LISTED_SAFE; i < NELEM(words); i++)
		if (str_is_nocase(word, words[i]))
			*what = (enum listed)i;
	if (*what == LISTED_NOT || rest.n == 0) {
		err_set(err, ERR_USAGE,
		    "%s: write safe or block, then a sender",
		    load_quote(quoted, item));
		return false;
	}
	if (str_find(rest, '@') == rest.n)
		rest = str_of(arena_printf(mem, "@%.*s", STR_ARG(rest)));
	*p = (struct addr_pattern){ .kind = PATTERN_ADDR };
	return pattern_parse(p, rest, mem, err);
}

static void
print(enum listed what, const struct addr_pattern *p, struct buf *out)
{
	bool domain = p->kind == PATTERN_DOMAIN || p->kind == PATTERN_SUBDOMAIN;

	buf_printf(
	    out, "%s %s%.*s", words[what], domain ? "@" : "", STR_ARG(p->key));
}
