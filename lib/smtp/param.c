/* param.c - the parameters of MAIL and RCPT: a table of names */
#include "smtp/param.h"

#include <string.h>

#include "base/mem.h"
#include "ipc/messages.h"
#include "smtp/xtext.h"

#define SIZE_DIGITS 20  /* RFC 1870: 1*20DIGIT */
#define ENVID_MAX   100 /* RFC 3461 4.4 */
#define ORCPT_MAX   500 /* RFC 3461 4.2 */

struct parsing {
	struct mail_params *mail; /* the one or the other */
	struct rcpt_params *rcpt;
	bool utf8;
	struct arena *mem;
};

static bool take_size(struct parsing *, struct str value);
static bool take_body(struct parsing *, struct str value);
static bool take_flag(struct parsing *, struct str value);
static bool take_ret(struct parsing *, struct str value);
static bool take_envid(struct parsing *, struct str value);
static bool take_auth(struct parsing *, struct str value);
static bool take_notify(struct parsing *, struct str value);
static bool take_orcpt(struct parsing *, struct str value);

static const struct param {
	const char *name;
	unsigned bit;
	bool of_mail, has_value;
	bool (*take)(struct parsing *, struct str value);
} params[] = {
	{ "SIZE", PARAM_SIZE, true, true, take_size },
	{ "BODY", PARAM_BODY, true, true, take_body },
	{ "SMTPUTF8", PARAM_SMTPUTF8, true, false, take_flag },
	{ "REQUIRETLS", PARAM_REQUIRETLS, true, false, take_flag },
	{ "RET", PARAM_RET, true, true, take_ret },
	{ "ENVID", PARAM_ENVID, true, true, take_envid },
	{ "AUTH", PARAM_AUTH, true, true, take_auth },
	{ "NOTIFY", PARAM_NOTIFY, false, true, take_notify },
	{ "ORCPT", PARAM_ORCPT, false, true, take_orcpt },
};

static const struct {
	const char *word;
	uint8_t bit;
} notify_words[] = {
	{ "NEVER", DSN_NEVER },
	{ "SUCCESS", DSN_SUCCESS },
	{ "FAILURE", DSN_FAILURE },
	{ "DELAY", DSN_DELAY },
};

static enum param_problem parse(
    struct parsing *, struct str text, unsigned offered, unsigned *seen);
static const struct param *find(struct str name, bool of_mail);
static bool decode(struct parsing *, struct str value, struct str *out);
static bool type_ok(struct str type);
static bool plain_utf8(struct str value);

enum param_problem
param_mail(
    struct mail_params *p, struct str text, unsigned offered, struct arena *mem)
{
	struct parsing g = { .mail = p, .mem = mem };

	*p = (struct mail_params){ .envid = STR("") };
	return parse(&g, text, offered, &p->seen);
}

enum param_problem
param_rcpt(struct rcpt_params *p, struct str text, unsigned offered, bool utf8,
    struct arena *mem)
{
	struct parsing g = { .rcpt = p, .utf8 = utf8, .mem = mem };

	*p = (struct rcpt_params){ .orcpt = STR("") };
	return parse(&g, text, offered, &p->seen);
}

static enum param_problem
parse(struct parsing *g, struct str text, unsigned offered, unsigned *seen)
{
	struct str value, name;

	while ((value = str_word(&text)).n > 0) {
		bool has_value = memchr(value.p, '=', value.n) != NULL;
		const struct param *p;

		name = str_cut(&value, '=');
		p = find(name, g->mail != NULL);
		if (p == NULL || !(offered & p->bit))
			return PARAM_UNKNOWN;
		if ((*seen & p->bit) || has_value != p->has_value ||
		    !p->take(g, value))
			return PARAM_BAD;
		*seen |= p->bit;
	}
	return PARAM_OK;
}

static const struct param *
find(struct str name, bool of_mail)
{
	for (size_t i = 0; i < NELEM(params); i++)
		if (params[i].of_mail == of_mail &&
		    str_is_nocase(name, params[i].name))
			return &params[i];
	return NULL;
}

static bool
take_size(struct parsing *g, struct str value)
{
	if (value.n == 0 || value.n > SIZE_DIGITS)
		return false;
	for (size_t i = 0; i < value.n; i++)
		if (value.p[i] < '0' || value.p[i] > '9')
			return false;
	/* Twenty digits may not fit: then it is too big for anybody. */
	if (!str_u64(value, UINT64_MAX, &g->mail->size))
		g->mail->size = UINT64_MAX;
	return true;
}

static bool
take_body(struct parsing *g, struct str value)
{
	g->mail->body_8bit = str_is_nocase(value, "8BITMIME");
	return g->mail->body_8bit || str_is_nocase(value, "7BIT");
}

static bool
take_flag(struct parsing *g, struct str value)
{
	(void)g, (void)value;
	return true;
}

static bool
take_ret(struct parsing *g, struct str value)
{
	if (str_is_nocase(value, "FULL"))
		g->mail->ret = RET_FULL;
	else if (str_is_nocase(value, "HDRS"))
		g->mail->ret = RET_HDRS;
	return g->mail->ret != RET_UNSET;
}

static bool
take_envid(struct parsing *g, struct str value)
{
	return value.n > 0 && value.n <= ENVID_MAX &&
	       decode(g, value, &g->mail->envid);
}

/* Who submitted it first, as the client has it. We vouch for nobody, so it
 * goes no further: as good as "<>". */
static bool
take_auth(struct parsing *g, struct str value)
{
	struct str mailbox;

	return value.n > 0 && value.n <= ORCPT_MAX &&
	       decode(g, value, &mailbox);
}

static bool
take_notify(struct parsing *g, struct str value)
{
	uint8_t bits = 0;

	for (bool more = true; more;) {
		uint8_t bit = 0;
		struct str word;

		more = memchr(value.p, ',', value.n) != NULL;
		word = str_cut(&value, ',');

		for (size_t i = 0; i < NELEM(notify_words); i++)
			if (str_is_nocase(word, notify_words[i].word))
				bit = notify_words[i].bit;
		if (bit == 0 || (bits & bit))
			return false;
		bits |= bit;
	}
	g->rcpt->notify = bits;
	return bits == DSN_NEVER || (bits != 0 && !(bits & DSN_NEVER));
}

/* addr-type ";" xtext; for type utf-8 also the address as it is. */
static bool
take_orcpt(struct parsing *g, struct str value)
{
	struct str text = value, type = str_cut(&text, ';'), addr;

	if (value.n > ORCPT_MAX || !type_ok(type) || text.n == 0)
		return false;
	if (str_is_nocase(type, "utf-8") && g->utf8 && plain_utf8(text))
		addr = text;
	else if (!decode(g, text, &addr))
		return false;
	g->rcpt->orcpt = str_of(
	    arena_printf(g->mem, "%.*s;%.*s", STR_ARG(type), STR_ARG(addr)));
	return true;
}

static bool
decode(struct parsing *g, struct str value, struct str *out)
{
	struct buf b;
	bool ok;

	buf_init(&b, ORCPT_MAX);
	ok = xtext_decode(value, &b);
	if (ok)
		*out = arena_str(g->mem, buf_str(&b));
	buf_fini(&b);
	return ok;
}

/* An atom of letters, digits and hyphens: "rfc822", "utf-8". */
static bool
type_ok(struct str type)
{
	if (type.n == 0)
		return false;
	for (size_t i = 0; i < type.n; i++) {
		char c = type.p[i];

		if (!((c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
			(c >= 'A' && c <= 'Z') || c == '-'))
			return false;
	}
	return true;
}

/* RFC 6533: UTF-8 beyond ASCII may stand as it is; of ASCII what xtext
 * would keep. A "+" means that it is xtext after all. */
static bool
plain_utf8(struct str value)
{
	bool high = false;

	for (size_t i = 0; i < value.n; i++) {
		unsigned char c = (unsigned char)value.p[i];

		if (c <= 0x20 || c == 0x7f || c == '+' || c == '=')
			return false;
		high |= c > 0x7f;
	}
	return high && str_valid_utf8(value);
}
