/* exceptions.c - entries of the domain exception table while they are edited */
#include "admin/exceptions.h"

#include "config/pattern.h"

#define PATH_LEN 100

static void describe(const struct exception *, struct buf *);

size_t
exceptions_count(const struct editing *ed)
{
	return edit_count(ed->w->yaml, EXCEPTIONS_LIST);
}

void
exceptions_read(const struct editing *ed, size_t k, struct exception *it)
{
	const struct edit *e = ed->w->yaml;
	char path[PATH_LEN], one[PATH_LEN + 40];
	struct str value;
	struct buf text;
	size_t n;

	*it = (struct exception){ .patterns = "" };
	snprintf(path, sizeof(path), EXCEPTIONS_LIST "[%zu].allow", k);
	it->allow = edit_has(e, path);
	if (!it->allow)
		snprintf(path, sizeof(path), EXCEPTIONS_LIST "[%zu].reject", k);
	n = edit_count(e, path);
	buf_init(&text, sizeof(it->patterns));
	for (size_t i = 0; i < n; i++) {
		snprintf(one, sizeof(one), "%s[%zu]", path, i);
		if (edit_get(e, one, &value))
			buf_printf(
			    &text, "%s%.*s", i > 0 ? ", " : "", STR_ARG(value));
	}
	str_copy(it->patterns, sizeof(it->patterns), buf_str(&text));
	buf_fini(&text);
	snprintf(path, sizeof(path), EXCEPTIONS_LIST "[%zu].reply", k);
	if (edit_get(e, path, &value))
		str_copy(it->reply, sizeof(it->reply), value);
}

void
exceptions_put(struct editing *ed, size_t k, const struct exception *it)
{
	struct buf yaml;

	buf_init(&yaml, 1 << 20);
	describe(it, &yaml);
	if (k < exceptions_count(ed))
		editing_yaml(ed, buf_str(&yaml), EXCEPTIONS_LIST "[%zu]", k);
	else
		editing_insert(ed, k, buf_str(&yaml), EXCEPTIONS_LIST);
	buf_fini(&yaml);
}

bool
exceptions_patterns_ok(const char *text, struct err *err)
{
	struct str rest = str_of(text);
	struct arena mem;
	bool good = true;

	arena_init(&mem, 1 << 20);
	while (good && rest.n > 0) {
		struct str one = args_cut(&rest);
		struct addr_pattern p;

		good = one.n == 0 || pattern_parse(&p, one, &mem, err);
		if (!good)
			err_in(err, "\"%.*s\"", STR_ARG(one));
	}
	arena_free(&mem);
	return good;
}

bool
exceptions_address_ok(const char *text)
{
	struct addr_pattern p;
	struct arena mem;
	bool good;

	arena_init(&mem, 1 << 20);
	good = pattern_parse(&p, str_of(text), &mem, NULL) &&
	       p.kind == PATTERN_ADDR;
	arena_free(&mem);
	return good;
}

static void
describe(const struct exception *it, struct buf *out)
{
	struct str rest = str_of(it->patterns);
	const char *key = it->allow ? "allow" : "reject";

	if (str_find(rest, ',') == rest.n) {
		yaml_pair(out, "", key, rest);
	} else {
		buf_printf(out, "%s:\n", key);
		while (rest.n > 0) {
			struct str one = args_cut(&rest);

			if (one.n > 0)
				yaml_item(out, "  ", one);
		}
	}
	if (*it->reply != '\0')
		yaml_pair(out, "", "reply", str_of(it->reply));
}
