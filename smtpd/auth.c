/* auth.c - AUTH: who is it? (RFC 4954; PLAIN, LOGIN, SCRAM-SHA-256) */
#include "smtpd/auth.h"

#include <stdlib.h>
#include <string.h>
#include <sys/random.h>

#include "base/base64.h"
#include "base/mem.h"
#include "event/event.h"
#include "pipeline/pipeline.h"
#include "smtpd/say.h"
#include "stats/rates.h"
#include "tls/scram.h"

#define AUTH_MEM      ((size_t)256 * 1024)
#define HOUR_MS       INT64_C(3600000)
#define FREE_FAILURES 3  /* in the last hour, before anybody waits */
#define DELAY_MAX     10 /* s */
#define DELAY_STEP    1
#define GRACE         30 /* s over the profile's time, for keyd */

struct auth {
	struct arena mem;
	const struct mechanism *mechanism;
	unsigned step;
	struct str user;
	struct scram scram;
	struct auth_question question;
	bool asked;  /* else it waits for its time */
	int64_t due; /* PROVE: to ask, or to give up */
};

static const struct mechanism {
	const char *name;
	bool local; /* for local users only */
	/* What the client said; then either more is to be said, or asked. */
	void (*said)(struct smtp_session *, struct str text);
	void (*answered)(struct smtp_session *, const struct auth_answer *);
} mechanisms[];

static const struct mechanism *find_mechanism(
    const struct smtp_session *, struct str name);
static void take(struct smtp_session *, struct str coded);
static void said_plain(struct smtp_session *, struct str text);
static void said_login(struct smtp_session *, struct str text);
static void said_scram(struct smtp_session *, struct str text);
static void answered_password(
    struct smtp_session *, const struct auth_answer *);
static void answered_scram(struct smtp_session *, const struct auth_answer *);
static void challenge(struct smtp_session *, struct str text);
static void ask(struct smtp_session *, const struct auth_question *);
static void ask_now(struct smtp_session *);
static void succeed(struct smtp_session *);
static void fail(struct smtp_session *);
static void refuse(
    struct smtp_session *, int code, const char *status, const char *text);
static void log_end(struct smtp_session *, bool ok);
static uint64_t failures(struct smtp_session *, bool one_more);
static void wipe(struct str);

static const struct mechanism mechanisms[] = {
	{ "PLAIN", false, said_plain, answered_password },
	{ "LOGIN", false, said_login, answered_password },
	{ "SCRAM-SHA-256", true, said_scram, answered_scram },
};

bool
auth_has_parameter(const struct smtp_session *s)
{
	return pipeline_auth(&s->subject, &s->facts) == AUTH_OFFERED;
}

const char *
auth_offer(const struct smtp_session *s)
{
	if (!auth_has_parameter(s) || s->facts.authenticated)
		return NULL;
	return s->subject.listener->auth->kind == AUTH_LOCAL
		   ? "PLAIN LOGIN SCRAM-SHA-256"
		   : "PLAIN LOGIN";
}

struct reply
auth_judge(const struct smtp_session *s, struct str args)
{
	struct str name = str_word(&args);
	enum auth_chance chance = pipeline_auth(&s->subject, &s->facts);
	struct reply no = { .code = 503, .status = "5.5.1" };

	if (chance == AUTH_NOT_OFFERED || !s->esmtp) {
		no.code = 502;
		no.text = STR("AUTH is not offered");
	} else if (s->facts.authenticated) {
		no.text = STR("authenticated already");
	} else if (chance == AUTH_WANTS_TLS) {
		no.code = 538;
		no.status = "5.7.11";
		no.text = STR("encryption required for authentication");
	} else if (find_mechanism(s, name) == NULL) {
		no.code = 504;
		no.status = "5.5.4";
		no.text = STR("mechanism not known");
	} else {
		no.code = 0;
	}
	return no;
}

void
auth_begin(struct smtp_session *s, struct str args)
{
	struct auth *a = mem_alloc(sizeof(*a));
	struct str name = str_word(&args), initial = str_trim(args);

	arena_init(&a->mem, AUTH_MEM);
	a->mechanism = find_mechanism(s, name);
	a->user = STR("");
	s->auth = a;
	session_enter(s, PH_AUTH);
	if (initial.n > 0)
		take(s, str_is(initial, "=") ? STR("") : initial);
	else if (a->mechanism->said == said_login)
		said_login(s, (struct str){ NULL, 0 });
	else
		challenge(s, STR(""));
}

void
auth_line(struct smtp_session *s, struct str text, bool bad)
{
	if (bad)
		refuse(s, 500, "5.5.2", "line too long, or bare CR, LF or NUL");
	else if (str_is(text, "*"))
		refuse(s, 501, "5.5.2", "authentication cancelled");
	else
		take(s, text);
}

int64_t
auth_due(const struct smtp_session *s)
{
	return s->auth->due;
}

void
auth_expire(struct smtp_session *s)
{
	static const struct auth_answer nobody = { .broken = true };

	if (!s->auth->asked)
		ask_now(s);
	else
		session_authenticated(s, &nobody);
}

void
session_authenticated(struct smtp_session *s, const struct auth_answer *answer)
{
	if (s->phase != PH_PROVE || !s->auth->asked)
		return;
	if (answer->broken)
		refuse(s, 454, "4.7.0", "temporary authentication failure");
	else
		s->auth->mechanism->answered(s, answer);
	session_rest(s);
}

void
auth_forget(struct smtp_session *s)
{
	free(s->user);
	s->user = NULL;
	s->facts.user = STR("");
	s->facts.authenticated = false;
	if (s->subject.policy != NULL)
		s->subject.behaviour = s->subject.policy->behaviour;
}

void
auth_end(struct smtp_session *s)
{
	struct auth *a = s->auth;

	s->auth = NULL;
	if (a == NULL)
		return;
	if (a->asked)
		s->ops->authenticate(s, NULL);
	wipe(a->question.password);
	arena_free(&a->mem);
	free(a);
}

/* --- which --- */

static const struct mechanism *
find_mechanism(const struct smtp_session *s, struct str name)
{
	for (size_t i = 0; i < NELEM(mechanisms); i++)
		if (str_is_nocase(name, mechanisms[i].name) &&
		    (!mechanisms[i].local ||
			s->subject.listener->auth->kind == AUTH_LOCAL))
			return &mechanisms[i];
	return NULL;
}

/* --- what the client says --- */

static void
take(struct smtp_session *s, struct str coded)
{
	struct auth *a = s->auth;
	struct str text;
	struct buf b;
	bool ok;

	/* The one place where decoded input gets its room (CVE-2018-6789). */
	buf_init(&b, BASE64_DECODED(SMTP_LINE_MAX) + 1);
	ok = base64_decode(coded, &b) && !b.failed;
	text = ok && b.len > 0 ? arena_str(&a->mem, buf_str(&b)) : STR("");
	wipe(buf_str(&b));
	buf_fini(&b);
	if (ok)
		a->mechanism->said(s, text);
	else
		refuse(s, 501, "5.5.2", "that is not base64");
}

/* RFC 4616: whom to act for, who it is, password. */
static void
said_plain(struct smtp_session *s, struct str text)
{
	struct str rest = text, other, user;

	if (memchr(text.p, '\0', text.n) == NULL) {
		refuse(s, 501, "5.5.2", "that is not PLAIN");
		return;
	}
	other = str_cut(&rest, '\0');
	user = str_cut(&rest, '\0');
	s->auth->user = user;
	if (user.n == 0 || rest.n == 0 ||
	    memchr(rest.p, '\0', rest.n) != NULL) {
		refuse(s, 501, "5.5.2", "that is not PLAIN");
	} else if (other.n > 0 && !str_eq(other, user)) {
		fail(s); /* nobody acts for somebody else */
	} else {
		ask(s, &(struct auth_question){ .kind = AUTH_ASK_PASSWORD,
			   .user = user,
			   .password = rest });
	}
}

/* The prompts are what clients expect, word by word. text.p NULL: there was
 * no initial response. */
static void
said_login(struct smtp_session *s, struct str text)
{
	struct auth *a = s->auth;

	if (text.p == NULL) {
		challenge(s, STR("Username:"));
	} else if (a->step++ == 0) {
		a->user = text;
		challenge(s, STR("Password:"));
	} else if (a->user.n == 0 || text.n == 0 ||
		   memchr(text.p, '\0', text.n) != NULL ||
		   memchr(a->user.p, '\0', a->user.n) != NULL) {
		refuse(s, 501, "5.5.2", "that is not LOGIN");
	} else {
		ask(s, &(struct auth_question){ .kind = AUTH_ASK_PASSWORD,
			   .user = a->user,
			   .password = text });
	}
}

static void
said_scram(struct smtp_session *s, struct str text)
{
	struct auth *a = s->auth;
	struct auth_question q = { .kind = AUTH_ASK_SALT };

	if (a->step == 0 && scram_first(&a->scram, text, &a->mem)) {
		a->user = q.user = a->scram.user;
		ask(s, &q);
	} else if (a->step == 1 && scram_final(&a->scram, text, &a->mem)) {
		q.kind = AUTH_ASK_PROOF;
		q.user = a->user;
		q.auth_message = a->scram.auth_message;
		q.proof = a->scram.proof;
		ask(s, &q);
	} else if (a->step == 2 && text.n == 0) {
		succeed(s);
	} else {
		refuse(s, 501, "5.5.2", "that is not SCRAM-SHA-256");
	}
}

static void
challenge(struct smtp_session *s, struct str text)
{
	struct buf b;

	buf_init(&b, SMTP_LINE_MAX);
	base64_encode(text, &b);
	say(s, 334, "", "%s", b.len > 0 ? b.data : "");
	buf_fini(&b);
	if (s->phase != PH_AUTH)
		session_enter(s, PH_AUTH);
}

/* --- what those say who know --- */

static void
ask(struct smtp_session *s, const struct auth_question *q)
{
	struct auth *a = s->auth;
	uint64_t n = failures(s, false);
	uint64_t delay = n < FREE_FAILURES ? 0 : n - FREE_FAILURES + 1;

	if (delay > DELAY_MAX)
		delay = DELAY_MAX;
	a->question = *q;
	a->question.profile = s->subject.listener->auth;
	a->asked = false;
	a->due = s->now + (int64_t)delay * DELAY_STEP * 1000;
	session_enter(s, PH_PROVE);
	/* The salt is no secret: who guesses waits with his guess. */
	if (delay == 0 || q->kind == AUTH_ASK_SALT)
		ask_now(s);
}

static void
ask_now(struct smtp_session *s)
{
	struct auth *a = s->auth;

	a->due =
	    s->now + (int64_t)(a->question.profile->timeout + GRACE) * 1000;
	if (s->ops->authenticate(s, &a->question)) {
		a->asked = true;
		return;
	}
	refuse(s, 454, "4.7.0", "temporary authentication failure");
}

static void
answered_password(struct smtp_session *s, const struct auth_answer *answer)
{
	if (answer->ok)
		succeed(s);
	else
		fail(s);
}

static void
answered_scram(struct smtp_session *s, const struct auth_answer *answer)
{
	static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZ"
				     "abcdefghijklmnopqrstuvwxyz0123456789-_";
	struct auth *a = s->auth;
	char ours[SCRAM_OUR_NONCE];

	a->asked = false;
	if (a->step++ == 0) {
		if (getrandom(ours, sizeof(ours), 0) != sizeof(ours))
			panic("no random numbers");
		for (size_t i = 0; i < sizeof(ours); i++)
			ours[i] = digits[(unsigned char)ours[i] & 63];
		challenge(s, scram_challenge(&a->scram,
				 (struct str){ ours, sizeof(ours) },
				 answer->salt, answer->iterations, &a->mem));
	} else if (answer->ok) {
		challenge(s, scram_success(answer->signature, &a->mem));
	} else {
		fail(s);
	}
}

/* --- the end --- */

static void
succeed(struct smtp_session *s)
{
	log_end(s, true);
	free(s->user); /* XCLIENT may have said that there is none */
	s->user = mem_strndup(s->auth->user.p, s->auth->user.n);
	pipeline_authenticated(&s->subject, &s->facts, str_of(s->user));
	refuse(s, 235, "2.7.0", "authentication successful");
}

static void
fail(struct smtp_session *s)
{
	log_end(s, false);
	failures(s, true);
	if (++s->auth_failures < AUTH_FAILURES_MAX) {
		refuse(s, 535, "5.7.8", "authentication failed");
		return;
	}
	auth_end(s);
	say(s, 421, "4.7.0", "too many failed authentications");
	session_close(s, true);
}

/* Any end that leaves the connection as it was. */
static void
refuse(struct smtp_session *s, int code, const char *status, const char *text)
{
	auth_end(s);
	say(s, code, status, "%s", text);
	session_enter(s, PH_READY);
}

static void
log_end(struct smtp_session *s, bool ok)
{
	const struct auth *a = s->auth;

	EMIT(AUTH, .icid = s->icid,
	    .outcome = ok ? STR("succeeded") : STR("failed"), .user = a->user,
	    .mechanism = str_of(a->mechanism->name),
	    .profile = s->subject.listener->auth->name);
}

/* In the last hour, of the address or of the user, whichever has more. */
static uint64_t
failures(struct smtp_session *s, bool one_more)
{
	struct rate r[] = {
		{ .key = stats_rate_of_ip(
		      s->stats, RATE_AUTH_HOST, &s->facts.client, 64) },
		{ .key = stats_rate_of_text(
		      s->stats, RATE_AUTH_USER, s->auth->user) },
	};

	for (size_t i = 0; i < NELEM(r); i++) {
		r[i].window = HOUR_MS;
		r[i].limit = UNLIMITED;
		if (!one_more)
			r[i].count =
			    stats_rate_peek(s->stats, &r[i], s->now) - 1;
	}
	if (one_more)
		stats_rate_take(s->stats, r, NELEM(r), s->now);
	return r[0].count > r[1].count ? r[0].count : r[1].count;
}

static void
wipe(struct str text)
{
	if (text.n > 0)
		explicit_bzero((char *)text.p, text.n);
}
