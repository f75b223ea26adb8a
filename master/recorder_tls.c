/* recorder_tls.c - the days of TLS reports: today in memory, each in a file */
#include "master/recorder_tls.h"

#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/alert.h"
#include "master/recorder_alerts.h"
#include "master/recorder_state.h"
#include "master/recorder_tlsrpt.h"

#define PREFIX  "tlsrpt-"
#define SUFFIX  ".json"
#define NAME    (sizeof(PREFIX SUFFIX) + TLSRPT_DATE)
#define SAVE_MS (60 * 1000)
#define DAY_MS  (INT64_C(24) * 60 * 60 * 1000)

struct recorder_tls {
	struct daemon *daemon;
	int state;
	struct recorder_tlsrpt *today;
	struct loop_timer *timer;
	bool changed;
	bool failed; /* to save; said so */
};

static void begin(struct recorder_tls *, int64_t now);
static void turn(struct recorder_tls *);
static struct recorder_tlsrpt *load(struct recorder_tls *, const char *date);
static json_t *report(const struct recorder_tls *,
    const struct recorder_tlsrpt *, struct str domain);
static void save(void *arg);
static void name_of(const char *date, char out[NAME]);
static void remove_old(const struct recorder_tls *, int64_t now);

struct recorder_tls *
recorder_tls_new(struct daemon *d, int state)
{
	struct recorder_tls *t = mem_alloc(sizeof(*t));

	*t = (struct recorder_tls){ .daemon = d, .state = state };
	t->timer = loop_timer(d->loop, save, t);
	begin(t, clock_wall_ms());
	return t;
}

void
recorder_tls_hear(struct recorder_tls *t, enum event_id id, const void *fields)
{
	if (id != EVENT_TLS_SESSION)
		return;
	turn(t);
	if (!recorder_tlsrpt_hear(t->today, id, fields))
		return;
	if (!t->changed)
		loop_timer_in(t->timer, SAVE_MS);
	t->changed = true;
}

json_t *
recorder_tls_report(
    struct recorder_tls *t, struct str date, struct str domain, struct err *err)
{
	struct recorder_tlsrpt *other;
	char text[TLSRPT_DATE];
	json_t *j;

	turn(t);
	if (date.n > 0 && !recorder_tlsrpt_is_date(date)) {
		err_set(err, ERR_USAGE,
		    "\"%.*s\" is no date: it must be like 2026-11-22",
		    STR_ARG(str_sub(date, 0, 40)));
		return NULL;
	}
	if (domain.n > DOMAIN_MAX) {
		err_set(err, ERR_USAGE, "the domain is too long");
		return NULL;
	}
	if (date.n == 0 || str_is(date, recorder_tlsrpt_date(t->today)))
		return report(t, t->today, domain);
	str_copy(text, sizeof(text), date);
	other = load(t, text);
	j = report(t, other, domain);
	recorder_tlsrpt_free(&other);
	return j;
}

void
recorder_tls_save(struct recorder_tls *t)
{
	if (t->changed)
		save(t);
}

static void
begin(struct recorder_tls *t, int64_t now)
{
	char date[TLSRPT_DATE];

	recorder_tlsrpt_day(now, date);
	t->today = load(t, date);
	remove_old(t, now);
}

/* Is it still the same day? */
static void
turn(struct recorder_tls *t)
{
	int64_t now = clock_wall_ms();
	char date[TLSRPT_DATE];

	recorder_tlsrpt_day(now, date);
	if (strcmp(date, recorder_tlsrpt_date(t->today)) == 0)
		return;
	recorder_tls_save(t);
	recorder_tlsrpt_free(&t->today);
	begin(t, now);
}

static json_t *
report(const struct recorder_tls *t, const struct recorder_tlsrpt *day,
    struct str domain)
{
	const struct config *c = t->daemon->config;
	char from[ADDR_MAX];
	struct tlsrpt_author by = { .organization = c->hostname,
		.contact = recorder_alerts_from(c, from) };

	return recorder_tlsrpt_report(day, &by, domain);
}

/* --- files --- */

/* What cannot be read is as if there had been no sessions. */
static struct recorder_tlsrpt *
load(struct recorder_tls *t, const char *date)
{
	struct recorder_tlsrpt *day = recorder_tlsrpt_new(date);
	struct err err = ERR_INIT;
	bool aside = false;
	char name[NAME];
	json_t *j;

	name_of(date, name);
	j = recorder_state_read(t->state, name, &aside, &err);
	if (aside)
		alert_raise(ALERT_APP_FAILURE, STR("tlsrpt"),
		    STR("The saved TLS report was damaged and is set aside."));
	if (err.kind != ERR_NONE)
		alert_raise(ALERT_LOG_ERROR, STR("tlsrpt"), str_of(err.text));
	if (j != NULL)
		recorder_tlsrpt_load(day, j);
	json_decref(j);
	return day;
}

static void
save(void *arg)
{
	struct recorder_tls *t = arg;
	struct err err = ERR_INIT;
	char name[NAME];
	json_t *j;

	if (!t->changed) /* it was, when the day ended */
		return;
	t->changed = false;
	j = report(t, t->today, STR(""));
	name_of(recorder_tlsrpt_date(t->today), name);
	if (recorder_state_write(t->state, name, j, &err) == 0) {
		t->failed = false;
	} else if (!t->failed) {
		t->failed = true;
		err_in(&err, "The TLS report cannot be saved");
		alert_raise(ALERT_LOG_ERROR, STR("tlsrpt"), str_of(err.text));
	}
	json_decref(j);
}

static void
name_of(const char *date, char out[NAME])
{
	snprintf(out, NAME, PREFIX "%s" SUFFIX, date);
}

/* Dates of this form have the order of the alphabet. */
static void
remove_old(const struct recorder_tls *t, int64_t now)
{
	char date[TLSRPT_DATE], oldest[NAME];
	const struct dirent *e;
	DIR *dir;
	int fd;

	recorder_tlsrpt_day(now - (TLS_DAYS - 1) * DAY_MS, date);
	name_of(date, oldest);
	fd = openat(t->state, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd != -1 ? fdopendir(fd) : NULL;
	if (dir == NULL) {
		if (fd != -1)
			close(fd);
		return;
	}
	while ((e = readdir(dir)) != NULL)
		if (strncmp(e->d_name, PREFIX, strlen(PREFIX)) == 0 &&
		    strcmp(e->d_name, oldest) < 0)
			(void)unlinkat(t->state, e->d_name, 0);
	closedir(dir);
}
