/*
 * dialog_login.c - AUTH: we log in (RFC 4954; PLAIN, LOGIN, SCRAM-SHA-256)
 *
 * What has to be said comes from keyd, through hooks.login, and is forgotten
 * as soon as the server has answered. A server that refuses us, or offers
 * nothing that we know, ends the dialogue: mail of a route that wants a login
 * never goes without (spec delivery-admin 1.3). With SCRAM the server has to
 * prove that it knows the passphrase, too.
 */
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"
#include "smtp/dialog_inside.h"

#define LINE_MAX 12288 /* RFC 4954 4 */
#define HIDDEN   "***"

static size_t chosen(const struct dialog *);
static void fail(struct dialog *, const char *why);
static void fail_by_reply(struct dialog *);
static void ask(struct dialog *);
static void say(struct dialog *, const char *command, struct str secret);
static void say_plain(struct dialog *);
static void say_login(struct dialog *);
static void say_scram(struct dialog *);
static void go_on_plain(struct dialog *);
static void go_on_login(struct dialog *);
static void go_on_scram(struct dialog *);
static bool decode_reply(struct dialog *, struct str *text);
static struct str keep(struct dialog *, struct str);
static void wipe(struct str *);

/* The best one first. */
static const struct {
	enum login_mechanism mechanism;
	uint32_t feature;
	const char *name;
	void (*say)(struct dialog *);   /* keyd has answered */
	void (*go_on)(struct dialog *); /* the server said 334 */
} mechanisms[] = {
	{ LOGIN_SCRAM, FEATURE_AUTH_SCRAM, "SCRAM-SHA-256", say_scram,
	    go_on_scram },
	{ LOGIN_PLAIN, FEATURE_AUTH_PLAIN, "PLAIN", say_plain, go_on_plain },
	{ LOGIN_LOGIN, FEATURE_AUTH_LOGIN, "LOGIN", say_login, go_on_login },
};

void
dialog_login_begin(struct dialog *d)
{
	if (!d->secured && !d->login.in_clear) {
		fail(d, "AUTH is for TLS only, and there is none");
		return;
	}
	for (size_t i = 0; i < NELEM(mechanisms); i++) {
		if (!(d->features.auth & mechanisms[i].feature))
			continue;
		d->login.mechanism = mechanisms[i].mechanism;
		ask(d);
		return;
	}
	fail(d, d->features.bits & FEATURE_AUTH
		    ? "remote host offers no AUTH mechanism that we know"
		    : "remote host does not offer AUTH");
}

void
dialog_login_answer(struct dialog *d, const struct login_done *answer)
{
	struct dialog_login *l = &d->login;

	if (!l->asking || d->over)
		return;
	l->asking = false;
	d->progress++;
	if (answer->error.n > 0) {
		fail(d, arena_strz(&d->mem, answer->error));
		return;
	}
	l->first = keep(d, answer->first);
	l->second = keep(d, answer->second);
	mechanisms[chosen(d)].say(d);
}

void
dialog_answer_auth(struct dialog *d, const struct expect *x)
{
	(void)x;
	if (dialog_is_class(d, 3)) {
		mechanisms[chosen(d)].go_on(d);
		return;
	}
	if (!dialog_is_class(d, 2)) {
		fail_by_reply(d);
		return;
	}
	if (d->login.mechanism == LOGIN_SCRAM && !d->login.proven) {
		fail(d, "remote host did not prove that it knows the "
			"passphrase");
		return;
	}
	dialog_login_forget(d);
	d->login.done = true;
	dialog_come_up(d);
}

void
dialog_login_forget(struct dialog *d)
{
	wipe(&d->login.first);
	wipe(&d->login.second);
	wipe(&d->login.said);
}

struct str
dialog_login_masked(struct dialog *d, struct str line)
{
	struct str rest = str_trim(line), verb = str_word(&rest),
		   mechanism = str_word(&rest);

	if (mechanism.n == 0)
		return STR(HIDDEN);
	return str_of(arena_printf(&d->mem, "%.*s %.*s%s", STR_ARG(verb),
	    STR_ARG(mechanism), rest.n > 0 ? " " HIDDEN : ""));
}

const char *
dialog_login_name(const struct dialog *d)
{
	return d->login.mechanism == LOGIN_NONE ? ""
						: mechanisms[chosen(d)].name;
}

bool
dialog_login_tells(const struct dialog *d, struct str text)
{
	bool plain = d->login.mechanism == LOGIN_PLAIN;
	const struct str secrets[] = { d->login.said, d->login.second,
		plain ? d->login.first : STR("") };

	for (size_t i = 0; i < NELEM(secrets); i++) {
		struct str rest = secrets[i], s = rest;

		while (rest.n > 0) /* of PLAIN the last part */
			s = str_cut(&rest, '\0');
		if (s.n > 0 && memmem(text.p, text.n, s.p, s.n) != NULL)
			return true;
	}
	return false;
}

static size_t
chosen(const struct dialog *d)
{
	size_t i = 0;

	while (mechanisms[i].mechanism != d->login.mechanism)
		i++;
	return i;
}

static void
fail(struct dialog *d, const char *why)
{
	dialog_login_forget(d);
	dialog_end(d, SESSION_AUTH, str_of(why));
}

/* A server may repeat what we said. */
static void
fail_by_reply(struct dialog *d)
{
	struct str line = reply_line(&d->reply, &d->mem);
	const char *text;

	d->end_code = d->reply.code;
	str_copy(d->end_status, sizeof(d->end_status), str_of(d->reply.status));
	if (dialog_login_tells(d, line))
		line = STR(HIDDEN);
	text = arena_printf(
	    &d->mem, "AUTH %s: %.*s", dialog_login_name(d), STR_ARG(line));
	fail(d, text);
}

static void
ask(struct dialog *d)
{
	d->login.asking = true;
	d->hooks->login(d->arg);
}

/* In base64 behind the command, if there is one. */
static void
say(struct dialog *d, const char *command, struct str secret)
{
	struct buf line;

	buf_init(&line, LINE_MAX);
	base64_encode(secret, &line);
	wipe(&d->login.said);
	d->login.said = keep(d, buf_str(&line));
	buf_printf(&d->out, "%s%.*s\r\n", command, STR_ARG(d->login.said));
	if (line.len > 0)
		explicit_bzero(line.data, line.len);
	buf_fini(&line);
	dialog_expect(d, X_AUTH, NULL, 0);
}

static void
say_plain(struct dialog *d)
{
	say(d, "AUTH PLAIN ", d->login.first);
}

static void
say_login(struct dialog *d)
{
	buf_puts(&d->out, "AUTH LOGIN\r\n");
	dialog_expect(d, X_AUTH, NULL, 0);
}

static void
say_scram(struct dialog *d)
{
	say(d, d->login.step == 0 ? "AUTH SCRAM-SHA-256 " : "", d->login.first);
}

static void
go_on_plain(struct dialog *d)
{
	fail(d, "AUTH PLAIN: remote host asks for more");
}

static void
go_on_login(struct dialog *d)
{
	if (d->login.step++ > 1)
		fail(d, "AUTH LOGIN: remote host asks for more");
	else
		say(d, "",
		    d->login.step == 1 ? d->login.first : d->login.second);
}

/* Its challenge; then its proof, to which nothing is to be said. */
static void
go_on_scram(struct dialog *d)
{
	struct dialog_login *l = &d->login;
	struct str text;

	if (l->step++ > 1 || !decode_reply(d, &text)) {
		fail(d, "AUTH SCRAM-SHA-256: remote host does not keep to it");
	} else if (l->step == 1) {
		l->challenge = text;
		ask(d);
	} else {
		l->proven = str_eq(text, l->second);
		say(d, "", STR(""));
	}
}

static bool
decode_reply(struct dialog *d, struct str *text)
{
	struct buf b;
	bool ok;

	buf_init(&b, TEXT_MAX);
	ok = base64_decode(reply_line(&d->reply, &d->mem), &b) && !b.failed &&
	     b.len > 0;
	*text = ok ? keep(d, buf_str(&b)) : STR("");
	buf_fini(&b);
	return ok;
}

static struct str
keep(struct dialog *d, struct str s)
{
	return s.n > 0 ? arena_str(&d->mem, s) : STR("");
}

static void
wipe(struct str *s)
{
	if (s->n > 0)
		explicit_bzero((char *)s->p, s->n);
	*s = STR("");
}
