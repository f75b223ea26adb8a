/* events.c - the event sink of every daemon but the recorder */
#include "program/events.h"

#include <string.h>
#include <time.h>

#include "base/buf.h"
#include "event/event.h"

#define WAITING_MAX (256 * 1024)      /* while there is no recorder */
#define BEHIND_MAX  (8 * 1024 * 1024) /* unsent, then events are dropped */

static struct {
	struct daemon *daemon;
	struct ipc *recorder;
	struct buf waiting; /* {u32 length, body} each */
	struct buf scratch;
	uint64_t lost;
} sink;

static void sink_put(void *arg, enum event_id id, const void *fields);
static void send_waiting(void);
static void keep(struct str body);
static int64_t now_us(void);

void
program_events_to(struct daemon *d, struct ipc *recorder)
{
	if (sink.daemon == NULL) {
		sink.daemon = d;
		buf_init(&sink.waiting, WAITING_MAX);
		buf_init(&sink.scratch, IPC_FRAME_MAX);
		event_set_sink(&(struct event_sink){ sink_put, NULL });
	}
	sink.recorder = recorder;
	if (recorder != NULL)
		send_waiting();
}

static void
sink_put(void *arg, enum event_id id, const void *fields)
{
	(void)arg;
	buf_reset(&sink.scratch);
	event_encode(id, now_us(), fields, &sink.scratch);
	if (sink.scratch.failed) {
		sink.lost++;
	} else if (sink.recorder == NULL) {
		keep(buf_str(&sink.scratch));
	} else if (ipc_queued(sink.recorder) > BEHIND_MAX) {
		sink.lost++;
		stats_add(sink.daemon->stats, STATS_log_lines_lost, 1);
	} else {
		if (sink.lost != 0)
			send_waiting();
		ipc_send_raw(sink.recorder, IPC_EVENT, 0, sink.scratch.data,
		    sink.scratch.len);
	}
}

/* What was kept, in order, then how many were lost. */
static void
send_waiting(void)
{
	struct event_LINES_LOST lost = { .n = sink.lost };
	struct str rest = buf_str(&sink.waiting);
	struct buf b;
	uint32_t n;

	while (rest.n >= sizeof(n)) {
		memcpy(&n, rest.p, sizeof(n));
		ipc_send_raw(
		    sink.recorder, IPC_EVENT, 0, rest.p + sizeof(n), n);
		rest = str_sub(rest, sizeof(n) + n, rest.n);
	}
	buf_release(&sink.waiting);
	if (sink.lost == 0)
		return;
	sink.lost = 0;
	buf_init(&b, IPC_FRAME_MAX);
	event_encode(EVENT_LINES_LOST, now_us(), &lost, &b);
	ipc_send_raw(sink.recorder, IPC_EVENT, 0, b.data, b.len);
	buf_fini(&b);
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

static int64_t
now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_REALTIME, &ts);
	return (int64_t)ts.tv_sec * 1000000 + ts.tv_nsec / 1000;
}
