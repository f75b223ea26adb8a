/* features.c - what an SMTP server says it can do */
#include "smtp/features.h"
#include "base/mem.h"

static void line_parse(struct features *, struct str line);
static void size_parse(struct features *, struct str args);
static void limits_parse(struct features *, struct str args);
static void limit_parse(struct str value, uint32_t *limit);
static void auth_parse(struct features *, struct str args);

static const struct {
	const char *keyword;
	uint32_t bit;
	void (*args)(struct features *, struct str args);
} keywords[] = {
	{ "PIPELINING", FEATURE_PIPELINING, NULL },
	{ "SIZE", FEATURE_SIZE, size_parse },
	{ "8BITMIME", FEATURE_8BITMIME, NULL },
	{ "SMTPUTF8", FEATURE_SMTPUTF8, NULL },
	{ "DSN", FEATURE_DSN, NULL },
	{ "CHUNKING", FEATURE_CHUNKING, NULL },
	{ "BINARYMIME", FEATURE_BINARYMIME, NULL },
	{ "STARTTLS", FEATURE_STARTTLS, NULL },
	{ "ENHANCEDSTATUSCODES", FEATURE_ENHANCEDSTATUSCODES, NULL },
	{ "LIMITS", FEATURE_LIMITS, limits_parse },
	{ "REQUIRETLS", FEATURE_REQUIRETLS, NULL },
	{ "AUTH", FEATURE_AUTH, auth_parse },
};

static const struct {
	const char *name;
	uint32_t bit;
} mechanisms[] = {
	{ "PLAIN", FEATURE_AUTH_PLAIN },
	{ "LOGIN", FEATURE_AUTH_LOGIN },
	{ "SCRAM-SHA-256", FEATURE_AUTH_SCRAM },
};

void
features_parse(struct features *f, struct str lines)
{
	*f = (struct features){ .bits = FEATURE_ESMTP };
	str_cut(&lines, '\n');
	for (int n = 1; lines.n > 0 && n < FEATURE_LINES_MAX; n++)
		line_parse(f, str_cut(&lines, '\n'));
}

static void
line_parse(struct features *f, struct str line)
{
	struct str keyword = str_word(&line);

	for (size_t i = 0; i < NELEM(keywords); i++) {
		if (!str_is_nocase(keyword, keywords[i].keyword))
			continue;
		f->bits |= keywords[i].bit;
		if (keywords[i].args != NULL)
			keywords[i].args(f, line);
	}
}

static void
size_parse(struct features *f, struct str args)
{
	uint64_t n;

	if (str_u64(str_word(&args), UINT64_MAX, &n))
		f->size = n;
}

static void
limits_parse(struct features *f, struct str args)
{
	struct str item;

	while ((item = str_word(&args)).n > 0) {
		struct str name = str_cut(&item, '=');

		if (str_is_nocase(name, "MAILMAX"))
			limit_parse(item, &f->mail_max);
		else if (str_is_nocase(name, "RCPTMAX"))
			limit_parse(item, &f->rcpt_max);
	}
}

static void
limit_parse(struct str value, uint32_t *limit)
{
	uint64_t n;

	if (str_u64(value, 999999, &n)) /* RFC 9422 4: at most six digits */
		*limit = (uint32_t)n;
}

static void
auth_parse(struct features *f, struct str args)
{
	struct str word;

	while ((word = str_word(&args)).n > 0)
		for (size_t i = 0; i < NELEM(mechanisms); i++)
			if (str_is_nocase(word, mechanisms[i].name))
				f->auth |= mechanisms[i].bit;
}
