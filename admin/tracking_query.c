/* tracking_query.c - what `tracking` is asked for */
#include <string.h>
#include <time.h>

#include "admin/tracking.h"
#include "base/clock.h"
#include "base/mem.h"

#define SECOND_US  INT64_C(1000000)
#define LIMIT_ROWS 100

static int take_range(
    struct track_query *, const struct tracking_words *, struct err *);
static int take_last(const char *text, int64_t *us, struct err *);
static int take_subject(
    struct track_query *, const struct tracking_words *, struct err *);
static int take_kinds(struct track_query *, const char *list, struct err *);

const char *const tracking_kinds[TRACK_N_KINDS] = {
	[TRACK_DELIVERED] = "delivered",
	[TRACK_HARD_BOUNCED] = "hard-bounced",
	[TRACK_SOFT_BOUNCED] = "soft-bounced",
	[TRACK_HELD] = "pending",
	[TRACK_SPAM] = "spam",
	[TRACK_VIRUS] = "virus",
	[TRACK_FILTER] = "filter",
	[TRACK_OUTBREAK] = "outbreak",
	[TRACK_DROPPED] = "dropped",
	[TRACK_TLS_FAILED] = "tls-failed",
	[TRACK_REJECTED] = "rejected",
};
const char *const tracking_kind_titles[TRACK_N_KINDS] = {
	[TRACK_DELIVERED] = "Delivered",
	[TRACK_HARD_BOUNCED] = "Hard bounced",
	[TRACK_SOFT_BOUNCED] = "Soft bounced",
	[TRACK_HELD] = "Currently in a quarantine, or pending",
	[TRACK_SPAM] = "Spam or suspected spam",
	[TRACK_VIRUS] = "Virus",
	[TRACK_FILTER] = "A message or content filter did something",
	[TRACK_OUTBREAK] = "Outbreak filters",
	[TRACK_DROPPED] = "Dropped",
	[TRACK_TLS_FAILED] = "TLS failed",
	[TRACK_REJECTED] = "Connection, sender or recipient rejected",
};

int
tracking_query(
    struct track_query *q, const struct tracking_words *w, struct err *err)
{
	uint64_t n = LIMIT_ROWS;

	*q = (struct track_query){ .sender = str_of(w->from),
		.rcpt = str_of(w->to),
		.host = str_of(w->host),
		.group = str_of(w->group),
		.message_id = str_of(w->message_id) };
	if (w->mid != NULL && !tool_mid(str_of(w->mid), &q->mid))
		return err_set(err, ERR_USAGE, "\"%s\" is no MID", w->mid);
	if (w->limit != NULL &&
	    (!str_u64(str_of(w->limit), TRACK_FOUND_MAX, &n) || n == 0))
		return err_set(err, ERR_USAGE, "\"%s\" is no limit: 1 to %d",
		    w->limit, TRACK_FOUND_MAX);
	q->limit = n;
	q->by_ip = w->ip != NULL;
	if (q->by_ip && !ip_range_parse(&q->ip, str_of(w->ip)))
		return err_set(err, ERR_USAGE,
		    "\"%s\" is no address: 192.0.2.1, 192.0.2.0/24, "
		    "2001:db8::/32",
		    w->ip);
	if (take_range(q, w, err) == -1 || take_subject(q, w, err) == -1)
		return -1;
	return w->event != NULL ? take_kinds(q, w->event, err) : 0;
}

/* Of a message that is named, whenever it came; else of the last day. */
static int
take_range(
    struct track_query *q, const struct tracking_words *w, struct err *err)
{
	int64_t now = clock_wall_ms() * 1000, last = 86400 * SECOND_US;

	q->to = INT64_MAX;
	if (w->last != NULL && (w->since != NULL || w->until != NULL))
		return err_set(
		    err, ERR_USAGE, "--last, or --since and --until");
	if (w->until != NULL && tracking_time(w->until, &q->to, err) == -1)
		return -1;
	if (w->since != NULL)
		return tracking_time(w->since, &q->from, err);
	if (w->last != NULL && take_last(w->last, &last, err) == -1)
		return -1;
	if (w->last != NULL || (w->until == NULL && w->mid == NULL))
		q->from = now - last;
	return 0;
}

static int
take_last(const char *text, int64_t *us, struct err *err)
{
	static const struct {
		char unit;
		int64_t seconds;
	} units[] = { { 'm', 60 }, { 'h', 3600 }, { 'd', 86400 },
		{ 'w', 7 * 86400 } };
	size_t n = strlen(text);
	uint64_t number;

	for (size_t i = 0; n > 1 && i < NELEM(units); i++)
		if (text[n - 1] == units[i].unit &&
		    str_u64((struct str){ text, n - 1 }, 10000, &number) &&
		    number > 0) {
			*us = (int64_t)number * units[i].seconds * SECOND_US;
			return 0;
		}
	return err_set(
	    err, ERR_USAGE, "\"%s\" is no range: 90m, 12h, 7d, 2w", text);
}

int
tracking_time(const char *text, int64_t *out, struct err *err)
{
	static const char *const forms[] = { "%Y-%m-%d %H:%M:%S%n%z",
		"%Y-%m-%d %H:%M%n%z", "%Y-%m-%d %H:%M:%S", "%Y-%m-%d %H:%M",
		"%Y-%m-%d" };

	for (size_t i = 0; i < NELEM(forms); i++) {
		struct tm tm = { .tm_isdst = -1 };
		const char *end = strptime(text, forms[i], &tm);
		long off = tm.tm_gmtoff;

		if (end == NULL || *end != '\0')
			continue;
		*out = (i < 2 ? timegm(&tm) - off : mktime(&tm)) * SECOND_US;
		return 0;
	}
	return err_set(err, ERR_USAGE,
	    "\"%s\" is no time: 2025-03-04, \"2025-03-04 10:40\", "
	    "\"2025-03-04 10:40:08 +0900\"",
	    text);
}

static int
take_subject(
    struct track_query *q, const struct tracking_words *w, struct err *err)
{
	const char *const words[] = { [TRACK_CONTAINS] = w->subject,
		[TRACK_BEGINS] = w->begins,
		[TRACK_IS] = w->is };

	for (size_t i = 0; i < NELEM(words); i++) {
		if (words[i] == NULL)
			continue;
		if (q->subject.n > 0)
			return err_set(err, ERR_USAGE,
			    "a subject is given in one way only");
		q->subject = str_of(words[i]);
		q->how = (enum track_text)i;
	}
	return 0;
}

static int
take_kinds(struct track_query *q, const char *list, struct err *err)
{
	struct str rest = str_of(list);

	while (rest.n > 0) {
		struct str one = str_trim(str_cut(&rest, ','));
		size_t k = 0;

		while (
		    k < TRACK_N_KINDS && !str_is_nocase(one, tracking_kinds[k]))
			k++;
		if (k == TRACK_N_KINDS)
			return err_set(err, ERR_USAGE,
			    "\"%.*s\" is no event: delivered, hard-bounced, "
			    "soft-bounced, pending, spam, virus, filter, "
			    "outbreak, dropped, tls-failed, rejected",
			    STR_ARG(str_sub(one, 0, 40)));
		q->kinds |= 1u << k;
	}
	return 0;
}
