/* recorder_alerts.c - which alerts are mailed, to whom and when */
#include "master/recorder_alerts.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arena.h"
#include "base/clock.h"
#include "base/map.h"
#include "base/mem.h"
#include "fact/facts.h"
#include "mail/charset.h"

#define TEXT_SHOWN     2000 /* bytes of an alert that are kept */
#define SUBJECT        400  /* bytes of it in a subject */
#define ALERT_TEXT_MAX (64 * 1024)
#define REPLY_SHOWN    500
#define ABOUT_SHOWN    1000
#define KINDS_MAX      2000 /* that are remembered */

/* Waits before the second try and those after it. */
static const int64_t waits[ALERT_TRIES - 1] = { 60 * 1000, 5 * 60 * 1000,
	15 * 60 * 1000, 39 * 60 * 1000 };

struct kind { /* of equal alerts */
	int64_t wait, sent, seen;
	uint64_t held; /* since that was sent */
};

struct shown {
	int64_t when;
	enum alert_id id;
	char *text;
	size_t recipients;
	uint64_t held; /* equal ones before it */
};

struct recorder_alerts {
	char *system;
	const struct config *config;
	struct map kinds; /* by key_of() */
	size_t n_kinds;
	struct shown shown[ALERTS_SHOWN]; /* a ring */
	size_t n_shown, next_shown;
	struct alert_mail *mails, **last;
	size_t n_mails;
	uint32_t serial;
};

static bool is_due(struct recorder_alerts *, const struct alert_seen *,
    struct str text, int64_t now, uint64_t *held);
static void key_of(const struct alert_seen *, struct str text, struct buf *);
static void forget_old(struct recorder_alerts *, int64_t now);
static size_t mail_all(struct recorder_alerts *, enum alert_id, struct str text,
    uint64_t held, int64_t now);
static void mail_one(struct recorder_alerts *, const struct alert_recipient *,
    enum alert_id, struct str text, uint64_t held, int64_t now);
static void write_mail(const struct recorder_alerts *, struct alert_mail *,
    struct str text, uint64_t held, int64_t now);
static void show(struct recorder_alerts *, const struct shown *);
static struct alert_mail *mail_new(struct recorder_alerts *);
static void mail_drop(struct recorder_alerts *, struct alert_mail *);
static struct alert_mail *mail_find(struct recorder_alerts *, uint32_t serial);
static void load_kind(struct recorder_alerts *, const json_t *);
static void load_shown(struct recorder_alerts *, const json_t *);
static void load_mail(struct recorder_alerts *, const json_t *);
static enum alert_id id_of(const json_t *);
static char *text_of(const json_t *, const char *key);
static int64_t number_of(const json_t *, const char *key);

struct recorder_alerts *
recorder_alerts_new(const char *system)
{
	struct recorder_alerts *a = mem_alloc(sizeof(*a));

	a->system = mem_strdup(system);
	a->last = &a->mails;
	map_init(&a->kinds);
	return a;
}

void
recorder_alerts_free(struct recorder_alerts **ap)
{
	struct recorder_alerts *a = *ap;

	*ap = NULL;
	while (a->mails != NULL)
		mail_drop(a, a->mails);
	for (size_t i = 0; i < ALERTS_SHOWN; i++)
		free(a->shown[i].text);
	map_fini(&a->kinds, free);
	free(a->system);
	free(a);
}

void
recorder_alerts_config(struct recorder_alerts *a, const struct config *c)
{
	a->config = c;
}

struct str
recorder_alerts_from(const struct config *c, char out[ADDR_MAX])
{
	if (c->alerts.from.n > 0)
		return c->alerts.from;
	snprintf(out, ADDR_MAX, "alert@%.*s", STR_ARG(c->hostname));
	return str_of(out);
}

/* --- an alert comes in --- */

bool
recorder_alerts_hear(struct recorder_alerts *a, enum event_id event,
    const void *fields, int64_t now)
{
	struct shown s = { .when = now };
	struct alert_seen seen;
	struct buf text;
	bool due = false;

	buf_init(&text, ALERT_TEXT_MAX);
	if (alert_of(event, fields, &seen, &text)) {
		struct str said = str_letters(buf_str(&text), TEXT_SHOWN);

		due = is_due(a, &seen, said, now, &s.held);
		if (due) {
			s.id = seen.id;
			s.text = mem_strndup(said.p, said.n);
			s.recipients = mail_all(a, s.id, said, s.held, now);
			show(a, &s);
		}
	}
	buf_fini(&text);
	return due;
}

static bool
is_due(struct recorder_alerts *a, const struct alert_seen *seen,
    struct str text, int64_t now, uint64_t *held)
{
	int64_t initial = (int64_t)a->config->alerts.initial * 1000;
	int64_t maximum = (int64_t)a->config->alerts.maximum * 1000;
	struct kind *k;
	struct buf key;

	buf_init(&key, TEXT_SHOWN + 4 * ABOUT_SHOWN + 100);
	key_of(seen, text, &key);
	k = map_get(&a->kinds, buf_str(&key));
	if (k == NULL) {
		forget_old(a, now);
		k = mem_alloc(sizeof(*k));
		*k = (struct kind){ .seen = INT64_MIN / 2 };
		map_put(&a->kinds, buf_str(&key), k);
		a->n_kinds++;
	}
	buf_fini(&key);
	if (now - k->seen > 2 * maximum)
		*k = (struct kind){ .wait = 0, .held = k->held };
	else if (now - k->sent < k->wait) {
		k->seen = now;
		k->held++;
		return false;
	}
	*held = k->held;
	k->wait = initial + 2 * k->wait;
	if (k->wait > maximum)
		k->wait = maximum;
	k->sent = k->seen = now;
	k->held = 0;
	return true;
}

/* Numbers in a text count something, or name this one of many. It is kept as
 * JSON, and so is UTF-8 whatever strangers are called. */
static void
key_of(const struct alert_seen *seen, struct str text, struct buf *out)
{
	char about[4 * ABOUT_SHOWN + 4];
	bool digits = false;

	str_escape(about, sizeof(about), seen->about, ABOUT_SHOWN);
	buf_printf(out, "%s %s", alert_spec(seen->id)->name, about);
	for (size_t i = 0; seen->about.n == 0 && i < text.n; i++) {
		bool digit = text.p[i] >= '0' && text.p[i] <= '9';

		if (!digit || !digits)
			buf_putc(out, digit ? '#' : text.p[i]);
		digits = digit;
	}
}

/* What begins anew anyway need not be remembered; when that is not enough,
 * half of the others begins anew as well. */
static void
forget_old(struct recorder_alerts *a, int64_t now)
{
	int64_t maximum = (int64_t)a->config->alerts.maximum * 1000;
	struct map kept;
	size_t n = 0;

	if (a->n_kinds < KINDS_MAX)
		return;
	map_init(&kept);
	MAP_FOREACH (&a->kinds, it) {
		struct kind *k = it.value;

		if (now - k->seen <= 2 * maximum && n < KINDS_MAX / 2) {
			map_put(&kept, it.key, k);
			n++;
		} else {
			free(k);
		}
	}
	map_fini(&a->kinds, NULL);
	a->kinds = kept;
	a->n_kinds = n;
}

static void
show(struct recorder_alerts *a, const struct shown *s)
{
	struct shown *to = &a->shown[a->next_shown];

	free(to->text);
	*to = *s;
	a->next_shown = (a->next_shown + 1) % ALERTS_SHOWN;
	if (a->n_shown < ALERTS_SHOWN)
		a->n_shown++;
}

/* --- mails --- */

static size_t
mail_all(struct recorder_alerts *a, enum alert_id id, struct str text,
    uint64_t held, int64_t now)
{
	const struct alerts_config *c = &a->config->alerts;
	const struct alert_spec *spec = alert_spec(id);
	size_t n = 0;

	for (size_t i = 0; i < c->n_recipients; i++) {
		if (!(c->recipients[i].severities[spec->class] &
			1u << spec->severity))
			continue;
		mail_one(a, &c->recipients[i], id, text, held, now);
		n++;
	}
	return n;
}

static void
mail_one(struct recorder_alerts *a, const struct alert_recipient *to,
    enum alert_id id, struct str text, uint64_t held, int64_t now)
{
	const struct alert_spec *spec = alert_spec(id);
	struct alert_mail *m;

	if (a->n_mails >= ALERTS_MAILS) {
		EMIT(ALERT_UNSENT,
		    .class = str_of(alert_class_name(spec->class)),
		    .severity = str_of(alert_severity_name(spec->severity)),
		    .addr = to->address, .subject = text);
		return;
	}
	m = mail_new(a);
	m->id = id;
	m->due = now;
	m->rcpt = mem_strndup(to->address.p, to->address.n);
	write_mail(a, m, text, held, now);
}

/* The forms are spec 6.1. */
static void
write_mail(const struct recorder_alerts *a, struct alert_mail *m,
    struct str text, uint64_t held, int64_t now)
{
	const struct alert_spec *spec = alert_spec(m->id);
	const char *severity = alert_severity_name(spec->severity);
	char date[CLOCK_TEXT], from[ADDR_MAX];
	struct arena mem;
	struct str words;
	struct buf b;

	arena_init(&mem, 64 * 1024);
	buf_init(&b, POST_TEXT_MAX);
	buf_printf(&b, "%s <%s> %.*s: %.*s", severity,
	    alert_class_name(spec->class), STR_ARG(a->config->hostname),
	    STR_ARG(str_letters(text, SUBJECT)));
	m->subject = buf_take(&b);
	words = charset_encode_words(
	    str_of(m->subject), STR("utf-8"), strlen("Subject: "), &mem);
	clock_rfc5322(now, date);
	buf_init(&b, POST_TEXT_MAX);
	buf_printf(&b,
	    "From: %.*s\r\nTo: %s\r\nSubject: %.*s\r\nDate: %s\r\n"
	    "Message-ID: <alert.%lld.%u@%.*s>\r\n"
	    "Auto-Submitted: auto-generated\r\nMIME-Version: 1.0\r\n"
	    "Content-Type: text/plain; charset=utf-8\r\n"
	    "Content-Transfer-Encoding: 8bit\r\n\r\n",
	    STR_ARG(recorder_alerts_from(a->config, from)), m->rcpt,
	    STR_ARG(words), date, (long long)now, m->serial,
	    STR_ARG(a->config->hostname));
	buf_printf(&b, "The %s message is:\r\n\r\n%.*s\r\n\r\n", severity,
	    STR_ARG(text));
	if (held > 0)
		buf_printf(&b,
		    "Equal messages since the last mail about it: %llu\r\n\r\n",
		    (unsigned long long)held);
	buf_printf(&b,
	    "Alert: %s\r\nVersion: %s\r\nSerial Number: %s\r\n"
	    "Timestamp: %s\r\n",
	    spec->name, POSTERN_VERSION, a->system, date);
	m->text = buf_take(&b);
	arena_free(&mem);
}

struct alert_mail *
recorder_alerts_take(struct recorder_alerts *a, int64_t now)
{
	for (struct alert_mail *m = a->mails; m != NULL; m = m->next) {
		if (m->under_way || m->due > now)
			continue;
		m->under_way = true;
		m->tries++;
		return m;
	}
	return NULL;
}

int64_t
recorder_alerts_due(const struct recorder_alerts *a)
{
	int64_t due = INT64_MAX;

	for (const struct alert_mail *m = a->mails; m != NULL; m = m->next)
		if (!m->under_way && m->due < due)
			due = m->due;
	return due;
}

void
recorder_alerts_done(struct recorder_alerts *a, uint32_t serial,
    const struct probe_done *done, int64_t now)
{
	struct alert_mail *m = mail_find(a, serial);
	struct str addr, subject;
	char why[REPLY_SHOWN + 10];

	if (m == NULL || !m->under_way)
		return;
	m->under_way = false;
	addr = str_of(m->rcpt);
	subject = str_of(m->subject);
	if (done->answer == RECIPIENT_OK) {
		const struct alert_spec *spec = alert_spec(m->id);

		EMIT(ALERT_POSTED, .addr = addr, .subject = subject);
		EMIT(ALERT_SENT, .class = str_of(alert_class_name(spec->class)),
		    .severity = str_of(alert_severity_name(spec->severity)),
		    .addr = addr, .subject = subject);
		mail_drop(a, m);
		return;
	}
	if (done->code != 0)
		snprintf(why, sizeof(why), "%u %.*s", done->code,
		    STR_ARG(str_sub(done->text, 0, REPLY_SHOWN)));
	else
		str_copy(why, sizeof(why), done->text);
	EMIT(ALERT_TRY_FAILED, .addr = addr, .text = str_of(why));
	if (done->answer == RECIPIENT_UNKNOWN || m->tries >= ALERT_TRIES) {
		EMIT(ALERT_GIVEN_UP, .addr = addr, .subject = subject,
		    .text = str_of(why));
		mail_drop(a, m);
		return;
	}
	m->due = now + waits[m->tries - 1];
}

void
recorder_alerts_lost(struct recorder_alerts *a, int64_t now)
{
	for (struct alert_mail *m = a->mails; m != NULL; m = m->next) {
		if (!m->under_way)
			continue;
		m->under_way = false;
		m->tries--;
		m->due = now;
	}
}

static struct alert_mail *
mail_new(struct recorder_alerts *a)
{
	struct alert_mail *m = mem_alloc(sizeof(*m));

	if (++a->serial == 0)
		a->serial = 1;
	m->serial = a->serial;
	*a->last = m;
	a->last = &m->next;
	a->n_mails++;
	return m;
}

static void
mail_drop(struct recorder_alerts *a, struct alert_mail *m)
{
	struct alert_mail **at = &a->mails;

	while (*at != m)
		at = &(*at)->next;
	*at = m->next;
	if (a->last == &m->next)
		a->last = at;
	a->n_mails--;
	free(m->rcpt);
	free(m->subject);
	free(m->text);
	free(m);
}

static struct alert_mail *
mail_find(struct recorder_alerts *a, uint32_t serial)
{
	for (struct alert_mail *m = a->mails; m != NULL; m = m->next)
		if (m->serial == serial)
			return m;
	return NULL;
}

/* --- JSON --- */

json_t *
recorder_alerts_save(const struct recorder_alerts *a)
{
	json_t *kinds = json_array(), *mails = json_array(), *shown;

	MAP_FOREACH (&a->kinds, it) {
		const struct kind *k = it.value;

		json_array_append_new(
		    kinds, json_pack("{s:o, s:I, s:I, s:I, s:I}", "key",
			       json_stringn(it.key.p, it.key.n), "wait",
			       (json_int_t)k->wait, "sent", (json_int_t)k->sent,
			       "seen", (json_int_t)k->seen, "held",
			       (json_int_t)k->held));
	}
	for (const struct alert_mail *m = a->mails; m != NULL; m = m->next)
		json_array_append_new(
		    mails, json_pack("{s:s, s:s, s:s, s:s, s:i, s:I}", "id",
			       alert_spec(m->id)->name, "recipient", m->rcpt,
			       "subject", m->subject, "text", m->text, "tries",
			       (int)m->tries, "due", (json_int_t)m->due));
	shown = recorder_alerts_show(a);
	json_object_set_new(shown, "kinds", kinds);
	json_object_set_new(shown, "mails", mails);
	return shown;
}

json_t *
recorder_alerts_show(const struct recorder_alerts *a)
{
	json_t *alerts = json_array();

	for (size_t i = 0; i < a->n_shown; i++) {
		size_t at = a->next_shown + 2 * ALERTS_SHOWN - 1 - i;
		const struct shown *s = &a->shown[at % ALERTS_SHOWN];
		const struct alert_spec *spec = alert_spec(s->id);

		json_array_append_new(alerts,
		    json_pack("{s:I, s:s, s:s, s:s, s:s, s:I, s:I}", "time",
			(json_int_t)s->when, "id", spec->name, "class",
			alert_class_name(spec->class), "severity",
			alert_severity_name(spec->severity), "text", s->text,
			"recipients", (json_int_t)s->recipients, "held",
			(json_int_t)s->held));
	}
	return json_pack(
	    "{s:o, s:I}", "alerts", alerts, "waiting", (json_int_t)a->n_mails);
}

void
recorder_alerts_load(struct recorder_alerts *a, const json_t *j)
{
	const json_t *alerts = json_object_get(j, "alerts");
	json_t *one;
	size_t i;

	json_array_foreach(json_object_get(j, "kinds"), i, one)
	    load_kind(a, one);
	for (i = json_array_size(alerts); i > 0; i--)
		load_shown(a, json_array_get(alerts, i - 1));
	json_array_foreach(json_object_get(j, "mails"), i, one)
	    load_mail(a, one);
}

static void
load_kind(struct recorder_alerts *a, const json_t *j)
{
	char *key = text_of(j, "key");
	struct kind *k;

	if (key != NULL && map_get(&a->kinds, str_of(key)) == NULL) {
		k = mem_alloc(sizeof(*k));
		*k = (struct kind){ .wait = number_of(j, "wait"),
			.sent = number_of(j, "sent"),
			.seen = number_of(j, "seen"),
			.held = (uint64_t)number_of(j, "held") };
		map_put(&a->kinds, str_of(key), k);
		a->n_kinds++;
	}
	free(key);
}

static void
load_shown(struct recorder_alerts *a, const json_t *j)
{
	struct shown s = { .when = number_of(j, "time"),
		.id = id_of(j),
		.text = text_of(j, "text"),
		.recipients = (size_t)number_of(j, "recipients"),
		.held = (uint64_t)number_of(j, "held") };

	if (s.text != NULL)
		show(a, &s);
}

static void
load_mail(struct recorder_alerts *a, const json_t *j)
{
	struct alert_mail *m = mail_new(a);

	m->id = id_of(j);
	m->rcpt = text_of(j, "recipient");
	m->subject = text_of(j, "subject");
	m->text = text_of(j, "text");
	m->tries = (unsigned)number_of(j, "tries") % ALERT_TRIES;
	m->due = number_of(j, "due");
	if (m->rcpt == NULL || m->subject == NULL || m->text == NULL)
		mail_drop(a, m);
}

static enum alert_id
id_of(const json_t *j)
{
	const char *name = json_string_value(json_object_get(j, "id"));

	return alert_find(str_of(name));
}

/* NULL: none */
static char *
text_of(const json_t *j, const char *key)
{
	const char *text = json_string_value(json_object_get(j, key));

	return text != NULL ? mem_strdup(text) : NULL;
}

static int64_t
number_of(const json_t *j, const char *key)
{
	return json_integer_value(json_object_get(j, key));
}
