/* tcpdump.c - `diagnostic network tcpdump`: packets as text */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <time.h>
#include <unistd.h>

#include "admin/capture_settings.h"
#include "admin/captures.h"
#include "admin/control.h"
#include "admin/diagnostic.h"
#include "admin/fields.h"
#include "base/mem.h"
#include "config/schema.h"
#include "packet/summary.h"
#include "trace/cage.h"

#define COUNT       20
#define COUNT_MAX   1000
#define SECONDS     30
#define SECONDS_MAX 600
#define FILE_BYTES  "16777216"
#define PACKET_MAX  (1 << 18)
#define TEXT_SIZE   (1 << 20)
#define OVER_TRIES  200

struct dump {
	uint64_t count, seconds;
	const char *interface; /* NULL: those of packetcapture */
	char filter[CAPTURE_FILTER];
};

/* What the file says of the link, and what it is. */
static const struct {
	uint32_t number;
	enum link link;
} links[] = {
	{ 0, LINK_NULL },
	{ 1, LINK_ETHERNET },
	{ 101, LINK_RAW },
	{ 113, LINK_SLL },
	{ 276, LINK_SLL2 },
};
static const struct timespec a_moment = { .tv_nsec = 50 * 1000 * 1000 };

static volatile sig_atomic_t interrupted;

static bool take(struct tool *, int argc, char **argv, struct dump *);
static bool ask(struct tool *, struct dump *);
static int run(struct tool *, const struct dump *);
static int capture(
    struct editing *, const struct dump *, struct buf *name, struct err *err);
static bool follow(struct tool *, const struct dump *);
static void on_interrupt(int signo);
static void wait_over(struct tool *);
static int show(
    struct tool *, const struct dump *, const char *name, struct err *err);
static void summarize(void *arg, struct buf *out);
static void write_text(struct str lines, struct buf *out);
static json_t *make_json(struct str lines);

int
diagnostic_tcpdump(struct tool *t, int argc, char **argv)
{
	struct dump d = { COUNT, SECONDS, NULL, "" };

	if (argc == 1 && t->asks) {
		if (!ask(t, &d))
			return tool_abandoned(t);
	} else if (!take(t, argc, argv, &d)) {
		return TOOL_USAGE;
	}
	return run(t, &d);
}

static bool
take(struct tool *t, int argc, char **argv, struct dump *d)
{
	static const struct schema_key time_key = {
		.name = "time",
		.width = sizeof(uint64_t),
		.type = &value_time,
		.min = 1,
		.max = SECONDS_MAX,
	};
	struct err err = ERR_INIT;
	int i = 1;

	for (; i < argc; i++) {
		struct str word = str_of(argv[i]), key = str_cut(&word, '=');

		if (str_is(key, "count") && word.n > 0) {
			if (!str_u64(word, COUNT_MAX, &d->count) ||
			    d->count == 0)
				err_set(&err, ERR_USAGE,
				    "count is a number within 1..%d",
				    COUNT_MAX);
		} else if (str_is(key, "time") && word.n > 0) {
			if (time_key.type->parse(
				&time_key, word, &d->seconds, NULL, &err) == -1)
				err_in(&err, "time");
		} else if (str_is(key, "interface") && word.n > 0) {
			d->interface = word.p;
		} else {
			break;
		}
		if (err.kind != ERR_NONE) {
			tool_fail(t, &err);
			return false;
		}
	}
	tool_join(d->filter, sizeof(d->filter), argc, argv, i);
	return true;
}

static bool
ask(struct tool *t, struct dump *d)
{
	return dialogue_number(&t->dialogue, "How many packets?", 1, COUNT_MAX,
		   COUNT, &d->count) &&
	       dialogue_text(&t->dialogue,
		   "Enter a filter, as tcpdump has it; none: all packets.", "",
		   d->filter, sizeof(d->filter));
}

/* The settings of packetcapture say where; nothing of it is kept. */
static int
run(struct tool *t, const struct dump *d)
{
	struct err err = ERR_INIT;
	struct editing ed;
	struct buf name;
	int rc = editing_begin(&ed, t);

	if (rc != TOOL_DONE)
		return rc;
	buf_init(&name, 300);
	rc = capture(&ed, d, &name, &err);
	if (rc == TOOL_DONE && name.len > 1 &&
	    (show(t, d, name.data, &err) == -1 ||
		captures_delete(t, name.data, &err) == -1))
		rc = tool_fail(t, &err);
	buf_fini(&name);
	return editing_end(&ed, rc);
}

static int
capture(
    struct editing *ed, const struct dump *d, struct buf *name, struct err *err)
{
	const char *words[8 + CAPTURE_DEVICES] = { "packetcapture", "attached",
		FILE_BYTES, "stop" };
	char seconds[24], v[CAPTURE_DEVICES][CAPTURE_DEVICE];
	struct sigaction old, sa = { .sa_handler = on_interrupt };
	struct control_answer answer;
	struct tool *t = ed->t;
	size_t n_devices = 0, n = 4;
	int fd;

	if (d->interface != NULL
		? !capture_device(ed, d->interface, v[n_devices++])
		: !capture_devices(ed, v, &n_devices))
		return TOOL_NEGATIVE;
	snprintf(
	    seconds, sizeof(seconds), "%llu", (unsigned long long)d->seconds);
	words[n++] = seconds;
	words[n++] = d->filter;
	for (size_t i = 0; i < n_devices; i++)
		words[n++] = v[i];
	fd = control_ask_open(t, PROGRAM_MASTER, words, &answer, err);
	if (fd == -1)
		return tool_refuse(t, err);
	buf_puts(name, fields_text(answer.json, "file"));
	buf_putc(name, '\0');
	control_answer_fini(&answer);
	sigemptyset(&sa.sa_mask);
	sigaction(SIGINT, &sa, &old);
	if (t->asks && !t->json)
		fputs("Press Ctrl-C to stop.\n", t->dialogue.out);
	fflush(t->dialogue.out);
	while (!interrupted && follow(t, d))
		nanosleep(&a_moment, NULL);
	/* it ends when we hang up */
	close(fd);
	wait_over(t);
	sigaction(SIGINT, &old, NULL);
	return TOOL_DONE;
}

/* False: there are enough, which ends it, or it has ended. */
static bool
follow(struct tool *t, const struct dump *d)
{
	const char *status[] = { "status", NULL }, *stop[] = { "stop", NULL };
	struct control_answer answer = { .fd = -1 };
	struct err err = ERR_INIT;
	bool on, enough;

	on = control_ask(t, PROGRAM_CAPTURE, status, &answer, &err) == 0;
	enough = (uint64_t)fields_num(answer.json, "packets") >= d->count;
	control_answer_fini(&answer);
	if (!on || !enough)
		return on;
	if (control_ask(t, PROGRAM_CAPTURE, stop, &answer, &err) == 0)
		control_answer_fini(&answer);
	return false;
}

static void
on_interrupt(int signo)
{
	(void)signo;
	interrupted = 1;
}

static void
wait_over(struct tool *t)
{
	const char *words[] = { "packetcapture", NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;
	bool on = true;

	for (int i = 0; i < OVER_TRIES && on; i++) {
		if (control_ask(t, PROGRAM_MASTER, words, &answer, &err) == -1)
			return;
		on = fields_bool(answer.json, "running");
		control_answer_fini(&answer);
		if (on)
			nanosleep(&a_moment, NULL);
	}
}

/* Packets are anybody's: a child without rights takes them apart. */
static int
show(struct tool *t, const struct dump *d, const char *name, struct err *err)
{
	int fd = memfd_create("packets", MFD_CLOEXEC), rc;
	char path[40];
	struct buf lines, text;
	struct dump job = *d;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "memory");
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	buf_init(&lines, TEXT_SIZE);
	buf_init(&text, 2 * TEXT_SIZE);
	rc = captures_copy(t, name, path, err);
	if (rc == 0 && lseek(fd, 0, SEEK_SET) == 0)
		rc = cage_run(summarize, &job, fd, &lines, err);
	if (rc == 0 && t->json) {
		json_t *json = make_json(buf_str(&lines));

		tool_print_json(t, json);
		json_decref(json);
	} else if (rc == 0) {
		tool_space(t);
		write_text(buf_str(&lines), &text);
		tool_print(t, &text);
	}
	buf_fini(&text);
	buf_fini(&lines);
	close(fd);
	return rc;
}

/* In the cage: "SECONDS MICROSECONDS TEXT" for each. */
static void
summarize(void *arg, struct buf *out)
{
	const struct dump *d = arg;
	static char bytes[PACKET_MAX];
	uint32_t head[6], packet[4];
	enum link link = LINK_N;
	FILE *in = fdopen(CAGE_FD, "r");

	if (in == NULL || fread(head, sizeof(head), 1, in) != 1)
		return;
	for (size_t i = 0; i < NELEM(links); i++)
		if ((head[5] & 0xffff) == links[i].number)
			link = links[i].link;
	for (uint64_t n = 0; n < d->count && link != LINK_N; n++) {
		if (fread(packet, sizeof(packet), 1, in) != 1 ||
		    packet[2] > sizeof(bytes) ||
		    fread(bytes, 1, packet[2], in) != packet[2])
			return;
		buf_printf(out, "%u %06u ", packet[0], packet[1]);
		packet_summary(link, (struct str){ bytes, packet[2] }, out);
		buf_putc(out, '\n');
	}
}

/* --- what came out of the cage is no more trusted than a packet --- */

static void
write_text(struct str lines, struct buf *out)
{
	uint64_t n = 0;

	while (lines.n > 0) {
		struct str line = str_cut(&lines, '\n');
		uint64_t seconds = 0, us = 0;
		char text[400];
		time_t when;
		struct tm tm;

		str_u64(str_cut(&line, ' '), UINT32_MAX, &seconds);
		str_u64(str_cut(&line, ' '), 999999, &us);
		when = (time_t)seconds;
		localtime_r(&when, &tm);
		str_escape(text, sizeof(text), line, 300);
		buf_printf(out, "%02d:%02d:%02d.%06u %s\n", tm.tm_hour,
		    tm.tm_min, tm.tm_sec, (unsigned)us, text);
		n++;
	}
	buf_printf(
	    out, "%llu packet%s\n", (unsigned long long)n, n == 1 ? "" : "s");
}

static json_t *
make_json(struct str lines)
{
	json_t *list = json_array();

	while (lines.n > 0) {
		struct str line = str_cut(&lines, '\n');
		uint64_t seconds = 0, us = 0;
		char text[400];

		str_u64(str_cut(&line, ' '), UINT32_MAX, &seconds);
		str_u64(str_cut(&line, ' '), 999999, &us);
		str_escape(text, sizeof(text), line, 300);
		json_array_append_new(
		    list, json_pack("{s:I, s:s}", "at",
			      (json_int_t)(seconds * 1000 + us / 1000), "text",
			      text));
	}
	return json_pack("{s:o}", "packets", list);
}
