/* sts_policy.c - the two texts of MTA-STS, taken apart */
#include "lookup/sts_policy.h"

static bool is_id(struct str);
static int take_line(struct sts_policy *, struct str key, struct str value,
    unsigned *seen, struct err *err);
static bool is_pattern(struct str);

static const char *const modes[] = {
	[STS_NONE] = "none",
	[STS_TESTING] = "testing",
	[STS_ENFORCE] = "enforce",
};

enum { SEEN_VERSION = 1, SEEN_MODE = 2, SEEN_AGE = 4 };

bool
sts_record(struct str txt, char id[STS_ID_MAX + 1])
{
	struct str first = str_cut(&txt, ';'), version = str_trim(first);

	if (!str_is(version, "v=STSv1"))
		return false;
	while (txt.n > 0) {
		struct str value = str_cut(&txt, ';');
		struct str key = str_cut(&value, '=');

		key = str_trim(key);
		value = str_trim(value);
		if (str_is(key, "id"))
			return is_id(value) &&
			       str_copy(id, STS_ID_MAX + 1, value);
	}
	return false;
}

int
sts_parse(struct str text, struct sts_policy *p, struct err *err)
{
	unsigned seen = 0;

	*p = (struct sts_policy){ .n_mx = 0 };
	while (text.n > 0) {
		struct str value = str_trim(str_cut(&text, '\n')), key;

		if (value.n == 0)
			continue;
		key = str_trim(str_cut(&value, ':'));
		if (take_line(p, key, str_trim(value), &seen, err) == -1)
			return -1;
	}
	if (seen != (SEEN_VERSION | SEEN_MODE | SEEN_AGE))
		return err_set(
		    err, ERR_PROTO, "it has not version, mode and max_age");
	if (p->mode != STS_NONE && p->n_mx == 0)
		return err_set(err, ERR_PROTO, "it names no mx");
	return 0;
}

bool
sts_matches(struct str pattern, struct str host)
{
	size_t dot;

	if (pattern.n < 3 || pattern.p[0] != '*')
		return str_eq_nocase(pattern, host);
	dot = str_find(host, '.');
	return dot > 0 && str_eq_nocase(str_sub(pattern, 1, pattern.n - 1),
			      str_sub(host, dot, host.n - dot));
}

const char *
sts_mode_name(enum sts_mode mode)
{
	return modes[mode];
}

enum sts_mode
sts_mode_of(struct str name)
{
	for (int m = STS_NONE; m <= STS_ENFORCE; m++)
		if (str_is(name, modes[m]))
			return (enum sts_mode)m;
	return STS_NONE;
}

static bool
is_id(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z'))
			return false;
	}
	return s.n > 0 && s.n <= STS_ID_MAX;
}

/* The first of each key counts. */
static int
take_line(struct sts_policy *p, struct str key, struct str value,
    unsigned *seen, struct err *err)
{
	uint64_t n;

	if (str_is(key, "version") && !(*seen & SEEN_VERSION)) {
		if (!str_is(value, "STSv1"))
			return err_set(err, ERR_PROTO, "unknown version");
		*seen |= SEEN_VERSION;
	} else if (str_is(key, "mode") && !(*seen & SEEN_MODE)) {
		for (int m = STS_NONE; m <= STS_ENFORCE; m++)
			if (str_is(value, modes[m])) {
				p->mode = (enum sts_mode)m;
				*seen |= SEEN_MODE;
			}
		if (!(*seen & SEEN_MODE))
			return err_set(err, ERR_PROTO, "unknown mode");
	} else if (str_is(key, "max_age") && !(*seen & SEEN_AGE)) {
		if (!str_u64(value, STS_AGE_MAX, &n))
			return err_set(err, ERR_PROTO, "max_age is no time");
		p->max_age = (uint32_t)n;
		*seen |= SEEN_AGE;
	} else if (str_is(key, "mx")) {
		if (!is_pattern(value))
			return err_set(err, ERR_PROTO, "an mx is no host");
		if (p->n_mx < STS_MX_MAX)
			p->mx[p->n_mx++] = value;
	}
	return 0;
}

static bool
is_pattern(struct str s)
{
	if (s.n > 2 && s.p[0] == '*' && s.p[1] == '.')
		s = str_sub(s, 2, s.n - 2);
	for (size_t i = 0; i < s.n; i++) {
		char c = s.p[i];

		if (!(c >= '0' && c <= '9') && !(c >= 'a' && c <= 'z') &&
		    !(c >= 'A' && c <= 'Z') && c != '-' && c != '.' && c != '_')
			return false;
	}
	return s.n > 0 && s.n <= 253;
}
