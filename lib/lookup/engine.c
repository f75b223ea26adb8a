/* engine.c - which scanner speaks which language, and what they share */
#include "lookup/engine.h"

#include "base/mem.h"
#include "lookup/engines.h"

const struct engine *
engine_of(enum scan_kind kind, const struct scanner *s)
{
	static const struct engine *const spam[] = {
		[SPAM_SPAMD] = &engine_spamd,
		[SPAM_RSPAMD] = &engine_rspamd,
	};
	static const struct engine *const virus[] = {
		[VIRUS_CLAMD] = &engine_clamd,
		[VIRUS_ICAP] = &engine_icap,
	};

	if (kind == SCAN_SPAM)
		return s->engine < NELEM(spam) ? spam[s->engine] : NULL;
	return s->engine < NELEM(virus) ? virus[s->engine] : NULL;
}

const struct engine *
engine_asked(
    enum scan_kind kind, const struct scanner *s, enum engine_question q)
{
	static const struct {
		const struct engine *of, *version, *reload;
	} table[] = {
		{ &engine_spamd, &engine_spamd_version, NULL },
		{ &engine_rspamd, &engine_rspamd_version, NULL },
		{ &engine_clamd, &engine_clamd_version, &engine_clamd_reload },
		{ &engine_icap, &engine_icap_version, NULL },
	};
	const struct engine *e = engine_of(kind, s);

	for (size_t i = 0; i < NELEM(table) && q != ENGINE_SCAN; i++)
		if (table[i].of == e)
			return q == ENGINE_VERSION ? table[i].version
						   : table[i].reload;
	return q == ENGINE_SCAN ? e : NULL;
}

struct str
engine_header(struct str head, const char *name)
{
	while (head.n > 0) {
		struct str line = str_cut(&head, '\n');
		struct str field = str_trim(str_cut(&line, ':'));

		if (str_is_nocase(field, name))
			return str_trim(line);
	}
	return STR("");
}

bool
engine_decimal(struct str s, int64_t *thousandths)
{
	bool minus = s.n > 0 && s.p[0] == '-';
	struct str left, right = str_sub(s, minus, s.n);
	uint64_t whole = 0, part = 0;
	size_t digits;

	left = str_cut(&right, '.');
	digits = right.n < 3 ? right.n : 3;
	if (!str_u64(left, 1000000000, &whole) ||
	    (digits > 0 && !str_u64(str_sub(right, 0, digits), 999, &part)))
		return false;
	for (; digits < 3; digits++)
		part *= 10;
	*thousandths = (int64_t)(whole * 1000 + part) * (minus ? -1 : 1);
	return true;
}

void
engine_put(struct buf *out, struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		buf_putc(out, (unsigned char)s.p[i] < ' ' ? '?' : s.p[i]);
}

struct str
engine_clean(struct str s, struct arena *mem)
{
	char *p = arena_strz(mem, s);

	for (size_t i = 0; i < s.n; i++)
		if (p[i] < ' ' || p[i] > '~' || p[i] == '"')
			p[i] = '?';
	return (struct str){ p, s.n };
}
