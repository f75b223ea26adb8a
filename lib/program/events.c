/* events.c - the event sink of every daemon but the recorder */
#include "program/events.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "event/event.h"

#define WAITING_MAX (256 * 1024)      /* while there is no recorder */
#define GATHER_MAX  (32 * 1024)       /* then they are sent at once */
#define BEHIND_MAX  (8 * 1024 * 1024) /* unsent, then events are dropped */

static struct {
	struct daemon *daemon;
	struct ipc *recorder;
	struct loop_timer *timer; /* runs while something waits to be sent */
	struct buf waiting;       /* {u32 length, body} each */
	struct buf scratch;
	uint64_t lost;
	int64_t since; /* what is not sent yet, us; 0: all is */
} sink;

static void sink_put(void *arg, enum event_id id, const void *fields);
static void keep(struct str body);
static void gathered(void *arg);
static void send_waiting(void);
static void waits_since(int64_t when);
static void tell_lost(void);
static int64_t now_us(void);

void
program_events_to(struct daemon *d, struct ipc *recorder)
{
	if (sink.daemon == NULL) {
		sink.daemon = d;
		sink.timer = loop_timer(d->loop, gathered, NULL);
		buf_init(&sink.waiting, WAITING_MAX);
		buf_init(&sink.scratch, IPC_FRAME_MAX);
		event_set_sink(&(struct event_sink){ sink_put, NULL });
	}
	sink.recorder = recorder;
	if (recorder != NULL)
		send_waiting();
	else
		waits_since(0);
}

bool
program_archive(const struct archive_msg *a, int fd)
{
	if (sink.recorder == NULL || ipc_queued(sink.recorder) > BEHIND_MAX)
		return false;
	ipc_send_fds(sink.recorder, IPC_ARCHIVE, 0, a, &fd, 1);
	return true;
}

void
program_events_flush(void)
{
	if (sink.recorder == NULL)
		return;
	send_waiting();
	ipc_flush(sink.recorder);
}

static void
sink_put(void *arg, enum event_id id, const void *fields)
{
	bool first = sink.waiting.len == 0;
	int64_t when = now_us();

	(void)arg;
	buf_reset(&sink.scratch);
	event_encode(id, when, fields, &sink.scratch);
	if (sink.scratch.failed)
		sink.lost++;
	else
		keep(buf_str(&sink.scratch));
	if (sink.recorder == NULL)
		return;
	if (sink.since == 0)
		waits_since(when);
	if (sink.waiting.len > GATHER_MAX)
		send_waiting();
	else if (first)
		loop_timer_in(sink.timer, EVENTS_GATHER_MS);
}

static void
keep(struct str body)
{
	uint32_t n = (uint32_t)body.n;

	if (body.n + sizeof(n) > WAITING_MAX - sink.waiting.len) {
		sink.lost++;
		stats_add(sink.daemon->stats, STATS_log_lines_lost, 1);
		return;
	}
	buf_add(&sink.waiting, &n, sizeof(n));
	buf_add_str(&sink.waiting, body);
}

static void
gathered(void *arg)
{
	(void)arg;
	if (sink.recorder != NULL)
		send_waiting();
}

/*
 * In order. A recorder that is far behind gets no more for now. Nothing waits
 * any more when it has left this process: so it goes now, not at the end of
 * the turn, which may be long.
 */
static void
send_waiting(void)
{
	struct str rest = buf_str(&sink.waiting);
	uint32_t n;

	if (ipc_queued(sink.recorder) > BEHIND_MAX) {
		loop_timer_in(sink.timer, EVENTS_GATHER_MS);
		return;
	}
	while (rest.n >= sizeof(n)) {
		memcpy(&n, rest.p, sizeof(n));
		stats_events_sent(sink.daemon->stats, 1);
		ipc_send_raw(
		    sink.recorder, IPC_EVENT, 0, rest.p + sizeof(n), n);
		rest = str_sub(rest, sizeof(n) + n, rest.n);
	}
	buf_reset(&sink.waiting);
	if (sink.lost != 0)
		tell_lost();
	ipc_flush(sink.recorder);
	if (ipc_queued(sink.recorder) == 0)
		waits_since(0);
	else
		loop_timer_in(sink.timer, EVENTS_GATHER_MS);
}

static void
waits_since(int64_t when)
{
	if (sink.since != when)
		stats_events_wait(sink.daemon->stats, when);
	sink.since = when;
}

static void
tell_lost(void)
{
	struct event_LINES_LOST lost = { .n = sink.lost };
	struct buf b;

	sink.lost = 0;
	buf_init(&b, IPC_FRAME_MAX);
	event_encode(EVENT_LINES_LOST, now_us(), &lost, &b);
	stats_events_sent(sink.daemon->stats, 1);
	ipc_send_raw(sink.recorder, IPC_EVENT, 0, b.data, b.len);
	buf_fini(&b);
}

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
