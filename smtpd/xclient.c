/* xclient.c - XCLIENT: what it says, and the session that starts over */
#include "smtpd/xclient.h"

#include <stdlib.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "event/event.h"
#include "smtp/command.h"
#include "smtp/xtext.h"

#define VALUE_MAX 1024

enum value { VALUE_GIVEN, VALUE_NONE, VALUE_LATER };

static bool take_name(struct xclient *, enum value, struct str);
static bool take_addr(struct xclient *, enum value, struct str);
static bool take_port(struct xclient *, enum value, struct str);
static bool take_proto(struct xclient *, enum value, struct str);
static bool take_helo(struct xclient *, enum value, struct str);
static bool take_login(struct xclient *, enum value, struct str);
static bool take_destaddr(struct xclient *, enum value, struct str);
static bool take_destport(struct xclient *, enum value, struct str);

static const struct {
	const char *name;
	unsigned bit;
	bool (*take)(struct xclient *, enum value, struct str);
} attributes[] = {
	{ "NAME", XCLIENT_NAME, take_name },
	{ "ADDR", XCLIENT_ADDR, take_addr },
	{ "PORT", XCLIENT_PORT, take_port },
	{ "PROTO", XCLIENT_PROTO, take_proto },
	{ "HELO", XCLIENT_HELO, take_helo },
	{ "LOGIN", XCLIENT_LOGIN, take_login },
	{ "DESTADDR", XCLIENT_DESTADDR, take_destaddr },
	{ "DESTPORT", XCLIENT_DESTPORT, take_destport },
};

static bool take_word(struct xclient *, struct str word, struct arena *);
static bool read_ip(enum value, struct str, struct ip *);
static bool read_port(enum value, struct str, uint16_t *);
static void set_facts(struct smtp_session *, const struct xclient *);
static void set_host(struct smtp_session *, const struct xclient *);

bool
xclient_parse(struct xclient *x, struct str args, struct arena *mem)
{
	struct str word;

	*x = (struct xclient){
		.proto = "", .name = STR(""), .helo = STR(""), .login = STR("")
	};
	while ((word = str_word(&args)).n > 0)
		if (!take_word(x, word, mem))
			return false;
	return x->given != 0;
}

void
xclient_apply(struct smtp_session *s, const struct xclient *x)
{
	tally_flush(&s->tally, s->icid);
	EMIT(ICID_CLOSE, .icid = s->icid);
	s->tally = (struct tally){ 0 };
	s->limited = s->auth_failures = 0;
	s->icid = 0;
	s->esmtp = false;
	s->xclient.taken = true;
	s->xclient.pending = true;
	set_facts(s, x);
	s->subject = (struct subject){ .config = s->config,
		.listener = s->subject.listener };
	session_enter(s, PH_CONNECT);
}

/* --- what it says --- */

static bool
take_word(struct xclient *x, struct str word, struct arena *mem)
{
	struct str name = str_cut(&word, '=');
	enum value value = VALUE_GIVEN;
	size_t i = 0;
	struct buf text;
	bool ok;

	while (
	    i < NELEM(attributes) && !str_is_nocase(name, attributes[i].name))
		i++;
	if (i == NELEM(attributes) || (x->given & attributes[i].bit))
		return false;
	x->given |= attributes[i].bit;
	if (str_is_nocase(word, "[UNAVAILABLE]"))
		value = VALUE_NONE;
	else if (str_is_nocase(word, "[TEMPUNAVAIL]"))
		value = VALUE_LATER;
	buf_init(&text, VALUE_MAX);
	ok = xtext_decode(word, &text) && text.len > 0 &&
	     attributes[i].take(x, value, arena_str(mem, buf_str(&text)));
	buf_fini(&text);
	return ok;
}

static bool
take_name(struct xclient *x, enum value value, struct str text)
{
	x->host_class = value == VALUE_GIVEN  ? HOST_VERIFIED
			: value == VALUE_NONE ? HOST_NX
					      : HOST_SERVFAIL;
	if (value == VALUE_GIVEN)
		x->name = text;
	return value != VALUE_GIVEN || fact_host_name_ok(text);
}

static bool
take_addr(struct xclient *x, enum value value, struct str text)
{
	return read_ip(value, text, &x->client);
}

static bool
take_port(struct xclient *x, enum value value, struct str text)
{
	return read_port(value, text, &x->port);
}

static bool
take_proto(struct xclient *x, enum value value, struct str text)
{
	static const char *const known[] = { "SMTP", "ESMTP" };

	for (size_t i = 0; i < NELEM(known) && value == VALUE_GIVEN; i++)
		if (str_is_nocase(text, known[i]))
			x->proto = known[i];
	return value != VALUE_GIVEN || *x->proto != '\0';
}

static bool
take_helo(struct xclient *x, enum value value, struct str text)
{
	if (value == VALUE_GIVEN)
		x->helo = text;
	return value != VALUE_GIVEN || command_helo_ok(text);
}

static bool
take_login(struct xclient *x, enum value value, struct str text)
{
	if (value == VALUE_GIVEN)
		x->login = text;
	return true;
}

static bool
take_destaddr(struct xclient *x, enum value value, struct str text)
{
	return read_ip(value, text, &x->local);
}

/* Nothing depends on our port. */
static bool
take_destport(struct xclient *x, enum value value, struct str text)
{
	uint16_t port;

	(void)x;
	return read_port(value, text, &port);
}

/* "IPV6:" stands before such an address, or does not. */
static bool
read_ip(enum value value, struct str text, struct ip *ip)
{
	struct str prefix = STR("IPV6:");

	if (value != VALUE_GIVEN)
		return true;
	if (str_starts_nocase(text, prefix)) {
		text = str_sub(text, prefix.n, text.n);
		if (str_find(text, ':') == text.n)
			return false;
	}
	return ip_parse(ip, text);
}

static bool
read_port(enum value value, struct str text, uint16_t *port)
{
	uint64_t n = 0;

	if (value == VALUE_GIVEN && !str_u64(text, UINT16_MAX, &n))
		return false;
	*port = (uint16_t)n;
	return true;
}

/* --- the session that starts over --- */

static void
set_facts(struct smtp_session *s, const struct xclient *x)
{
	struct facts old = s->facts, *f = &s->facts;

	*f = (struct facts){ .client = old.client,
		.client_port = old.client_port,
		.local = old.local,
		.tls = old.tls,
		.host = old.host,
		.host_class = old.host_class };
	f->meta[FACT_HOST] = old.meta[FACT_HOST];
	if (x->given & (XCLIENT_ADDR | XCLIENT_NAME))
		set_host(s, x);
	if (x->given & XCLIENT_ADDR)
		f->client = x->client;
	if (x->given & (XCLIENT_ADDR | XCLIENT_PORT))
		f->client_port = x->port;
	if (x->given & XCLIENT_DESTADDR && !ip_is_unset(&x->local))
		f->local = x->local;
	free(s->helo);
	s->helo = mem_strndup(x->helo.p, x->helo.n);
	f->helo = str_of(s->helo);
	s->xclient.helo = (x->given & XCLIENT_HELO) != 0;
	s->xclient.proto = x->proto;
	free(s->user);
	s->user = mem_strndup(x->login.p, x->login.n);
	f->user = str_of(s->user);
	f->authenticated = x->login.n > 0;
}

/* Without a name, and with an address, it is still to be looked up. */
static void
set_host(struct smtp_session *s, const struct xclient *x)
{
	struct facts *f = &s->facts;

	free(s->host);
	s->host = NULL;
	f->host = STR("");
	if (x->host_class == HOST_VERIFIED) {
		s->host = mem_strndup(x->name.p, x->name.n);
		f->host = str_of(s->host);
	}
	f->host_class = x->host_class;
	f->meta[FACT_HOST] = (struct fact){ 0 };
	if (x->given & XCLIENT_NAME)
		fact_set(f, FACT_HOST, FACT_KNOWN, FACT_FROM_CLIENT);
}
