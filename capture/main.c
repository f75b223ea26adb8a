/*
 * NAME
 *	postern-capture - write packets to files, for `postern packetcapture`
 * SYNOPSIS
 *	postern-capture --folder DIR --name NAME --size BYTES [--filter EXPR]
 *	    [--full-stops] [--duration SECONDS] [--chroot DIR --uid N --gid N]
 *	    [--sandbox-log] NAME=DEVICE ...
 * DESCRIPTION
 *	Started by the master for one capture, with the channel to it as
 *	descriptor 3. Says there whether it has begun; then admin tools are
 *	handed to it, who ask for the status and stop it. It also ends with the
 *	master.
 * RIGHTS
 *	CAP_NET_RAW until the devices are open. After that it has the files of
 *	its folder and nothing else (docs/security.md). It takes no packet
 *	apart.
 */
#include <fcntl.h>
#include <getopt.h>
#include <jansson.h>
#include <linux/capability.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

#include "base/mem.h"
#include "capture/capture.h"
#include "ipc/ipc.h"
#include "program/program.h"
#include "sandbox/sandbox.h"

#define MASTER_FD   3
#define DEVICES_MAX 16
#define BURST       1000 /* packets of one device in a row */
#define FLUSH_MS    1000
#define LAST_MS     250 /* after "stop", for packets on their way */
#define TOOLS_MAX   16

struct device {
	pcap_t *pcap;
	const char *name; /* of the interface, as configured */
	struct loop_watch *watch;
};

static struct capture {
	struct loop *loop;
	struct ipc *master;
	struct device devices[DEVICES_MAX];
	size_t n_devices, n_tools;
	struct ring ring;
	const char *filter;
	uint64_t duration; /* s; 0: no limit */
	uint64_t packets;
	int64_t started;
	struct loop_timer *flush, *end;
	struct ipc *stopper; /* who said stop, and waits */
	bool over;
} capture = { .ring.dir = -1, .filter = "" };

struct plan { /* of the command line */
	struct sandbox_options sandbox;
	const char *folder;
};

static void options(struct plan *, int argc, char **argv);
static void not_by_hand(void);
static uint64_t number(const char *text, uint64_t max);
static int open_all(char **devices, int n, struct err *);
static int enter(const struct plan *, struct err *);
static void drop_capabilities(void);
static void run(void) __attribute__((noreturn));
static void give_up(const struct err *) __attribute__((noreturn));
static void readable(void *device, int ready);
static void packet(
    unsigned char *, const struct pcap_pkthdr *, const unsigned char *bytes);
static void flush(void *);
static void end(void *);
static void finish(void) __attribute__((noreturn));
static int master_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void master_closed(void *, struct ipc *, const struct err *);
static int tool_frame(void *, struct ipc *, struct ipc_frame *, struct err *);
static void tool_closed(void *, struct ipc *, const struct err *);
static void answer_status(struct ipc *);

static const struct ipc_handler master_handler = {
	.frame = master_frame,
	.closed = master_closed,
};
static const struct ipc_handler tool_handler = {
	.frame = tool_frame,
	.closed = tool_closed,
};

int
main(int argc, char **argv)
{
	struct plan plan = { .folder = "" };
	struct err err = ERR_INIT;

	err_program("capture");
	options(&plan, argc, argv);
	close_range(MASTER_FD + 1, ~0U, 0);
	signal(SIGPIPE, SIG_IGN);
	tzset(); /* these two read files: not possible later */
	json_object_seed(0);
	capture.loop = loop_new();
	if (open_all(argv + optind, argc - optind, &err) == -1 ||
	    enter(&plan, &err) == -1 || ring_begin(&capture.ring, &err) == -1)
		give_up(&err);
	run();
}

/* --- before the sandbox --- */

static const struct option known[] = {
	{ "folder", required_argument, NULL, 'f' },
	{ "name", required_argument, NULL, 'n' },
	{ "size", required_argument, NULL, 's' },
	{ "filter", required_argument, NULL, 'e' },
	{ "full-stops", no_argument, NULL, 'S' },
	{ "duration", required_argument, NULL, 'd' },
	{ "chroot", required_argument, NULL, 'c' },
	{ "uid", required_argument, NULL, 'u' },
	{ "gid", required_argument, NULL, 'g' },
	{ "sandbox-log", no_argument, NULL, 'l' },
	{ "version", no_argument, NULL, 'V' },
	{ NULL, 0, NULL, 0 },
};

static void
options(struct plan *p, int argc, char **argv)
{
	struct ring *r = &capture.ring;
	int c;

	while ((c = getopt_long(argc, argv, "", known, NULL)) != -1) {
		switch (c) {
		case 'f':
			p->folder = optarg;
			break;
		case 'n':
			str_copy(r->name, sizeof(r->name), str_of(optarg));
			break;
		case 's':
			r->max = number(optarg, INT64_MAX);
			break;
		case 'e':
			capture.filter = optarg;
			break;
		case 'S':
			r->stops = true;
			break;
		case 'd':
			capture.duration = number(optarg, INT32_MAX);
			break;
		case 'c':
			p->sandbox.chroot = optarg;
			break;
		case 'u':
			p->sandbox.uid = (unsigned)number(optarg, UINT32_MAX);
			break;
		case 'g':
			p->sandbox.gid = (unsigned)number(optarg, UINT32_MAX);
			break;
		case 'l':
			p->sandbox.log_only = true;
			break;
		case 'V':
			printf("postern-capture %s\n", POSTERN_VERSION);
			exit(0);
		default:
			exit(2);
		}
	}
	not_by_hand();
}

static void
not_by_hand(void)
{
	struct stat st;

	if (fstat(MASTER_FD, &st) == -1 || !S_ISSOCK(st.st_mode)) {
		fputs("postern-capture is a part of Postern and is started by "
		      "its postern-master,\nfor: postern packetcapture\n",
		    stderr);
		exit(2);
	}
}

static uint64_t
number(const char *text, uint64_t max)
{
	uint64_t n;

	if (!str_u64(str_of(text), max, &n))
		fatal("%s is no number up to %ju", text, (uintmax_t)max);
	return n;
}

/* All of them write to one file, and that says once what packets begin
 * with. */
static int
open_all(char **devices, int n, struct err *err)
{
	struct capture *c = &capture;

	if (n < 1 || n > DEVICES_MAX)
		return err_set(
		    err, ERR_USAGE, "1 to %d interfaces, please", DEVICES_MAX);
	if (c->ring.name[0] == '\0' || strchr(c->ring.name, '/') != NULL ||
	    c->ring.max < RING_SIZE_LEAST)
		return err_set(err, ERR_USAGE, "The name or size is wrong.");
	for (int i = 0; i < n; i++) {
		struct device *d = &c->devices[c->n_devices++];
		char *device = strrchr(devices[i], '=');

		if (device == NULL)
			return err_set(
			    err, ERR_USAGE, "%s: no device", devices[i]);
		*device++ = '\0';
		d->name = devices[i];
		d->pcap = device_open(device, c->filter, err);
		if (d->pcap == NULL)
			return -1;
		if (pcap_datalink(d->pcap) != pcap_datalink(c->devices[0].pcap))
			return err_set(err, ERR_USAGE,
			    "%s and %s are networks of different kinds: they "
			    "cannot be captured together.",
			    c->devices[0].name, d->name);
	}
	c->ring.format = c->devices[0].pcap;
	return 0;
}

static int
enter(const struct plan *p, struct err *err)
{
	struct sandbox_options o = p->sandbox;

	o.folder = p->folder;
	capture.ring.dir =
	    open(p->folder, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (capture.ring.dir == -1)
		return err_sys(err, ERR_TEMP, "%s", p->folder);
	if (o.uid == 0)
		drop_capabilities();
	return sandbox_enter(sandbox_profile("capture"), &o, err);
}

/* Whoever may capture without being root has been given that one. */
static void
drop_capabilities(void)
{
	struct __user_cap_header_struct head = {
		.version = _LINUX_CAPABILITY_VERSION_3
	};
	struct __user_cap_data_struct none[2] = { { 0 } };

	prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0);
	if (syscall(SYS_capset, &head, none) == -1)
		fatal("cannot drop capabilities");
}

/* --- after it --- */

static void
run(void)
{
	struct result begun = { .status = RESULT_DONE, .error = STR("") };
	struct capture *c = &capture;

	c->master =
	    ipc_new(c->loop, MASTER_FD, "master", &master_handler, NULL);
	ipc_accept(c->master, IPC_ADMIN);
	ipc_accept(c->master, IPC_STOP);
	ipc_send(c->master, IPC_RESULT, 0, &begun);
	c->started = loop_now(c->loop);
	for (size_t i = 0; i < c->n_devices; i++) {
		struct device *d = &c->devices[i];

		d->watch = loop_watch(c->loop, pcap_get_selectable_fd(d->pcap),
		    LOOP_READ, readable, d);
	}
	c->flush = loop_timer(c->loop, flush, NULL);
	loop_timer_in(c->flush, FLUSH_MS);
	c->end = loop_timer(c->loop, end, NULL);
	if (c->duration > 0)
		loop_timer_in(c->end, (int64_t)c->duration * 1000);
	loop_run(c->loop);
	exit(0);
}

static void
give_up(const struct err *err)
{
	struct result no = { .status = err->kind == ERR_USAGE ? RESULT_NEGATIVE
							      : RESULT_FAILED,
		.error = str_of(err->text) };

	(void)ipc_call_send(MASTER_FD, IPC_RESULT, 0, &no, NULL);
	exit(0);
}

static void
readable(void *arg, int ready)
{
	struct device *d = arg;

	(void)ready;
	/* of a device that is gone there is nothing more to come */
	if (pcap_dispatch(d->pcap, BURST, packet, NULL) < 0)
		loop_unwatch(&d->watch);
	if (capture.over)
		finish();
}

static void
packet(
    unsigned char *arg, const struct pcap_pkthdr *h, const unsigned char *bytes)
{
	struct err err = ERR_INIT;

	(void)arg;
	if (capture.over)
		return;
	switch (ring_write(&capture.ring, h, bytes, &err)) {
	case RING_OK:
		capture.packets++;
		return;
	case RING_FAILED:
		fprintf(stderr, "postern-capture: %s\n", err.text);
		break;
	case RING_FULL:
		break;
	}
	capture.over = true;
}

static void
flush(void *arg)
{
	struct err err = ERR_INIT;

	(void)arg;
	if (ring_flush(&capture.ring, &err) == -1) {
		fprintf(stderr, "postern-capture: %s\n", err.text);
		finish();
	}
	loop_timer_in(capture.flush, FLUSH_MS);
}

/* Its time is over, or somebody said so. */
static void
end(void *arg)
{
	(void)arg;
	for (size_t i = 0; i < capture.n_devices; i++)
		readable(&capture.devices[i], LOOP_READ);
	finish();
}

static void
finish(void)
{
	ring_end(&capture.ring);
	if (capture.stopper != NULL) {
		answer_status(capture.stopper);
		ipc_flush(capture.stopper);
	}
	exit(0);
}

/* --- the master and admin tools --- */

static int
master_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct result hello = { .status = RESULT_DONE, .error = STR("") };
	struct ipc *tool;
	int fd;

	(void)arg, (void)ipc, (void)err;
	if (f->type == IPC_STOP)
		end(NULL);
	if (capture.n_tools >= TOOLS_MAX)
		return 0;
	fd = f->fds[0];
	f->fds[0] = -1;
	capture.n_tools++;
	tool = ipc_new(capture.loop, fd, "admin", &tool_handler, NULL);
	ipc_accept(tool, IPC_COMMAND);
	ipc_send(tool, IPC_RESULT, 0, &hello);
	return 0;
}

static void
master_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)ipc, (void)err;
	end(NULL);
}

static int
tool_frame(void *arg, struct ipc *ipc, struct ipc_frame *f, struct err *err)
{
	struct command cmd;
	struct arena mem;
	struct str word = STR("");

	(void)arg;
	arena_init(&mem, IPC_FRAME_MAX * 2);
	if (ipc_decode(f, &cmd, &mem, err) == -1) {
		arena_free(&mem);
		return -1;
	}
	if (cmd.words.n == 1)
		word = ((const struct word *)cmd.words.v)->text;
	if (str_is(word, "status")) {
		answer_status(ipc);
	} else if (str_is(word, "stop") && capture.stopper == NULL) {
		capture.stopper = ipc;
		loop_timer_in(capture.end, LAST_MS);
	} else {
		program_answer(ipc, NULL, RESULT_USAGE, "status, or stop");
	}
	arena_free(&mem);
	return 0;
}

static void
tool_closed(void *arg, struct ipc *ipc, const struct err *err)
{
	(void)arg, (void)err;
	capture.n_tools--;
	if (capture.stopper == ipc)
		capture.stopper = NULL;
}

static void
answer_status(struct ipc *tool)
{
	struct capture *c = &capture;
	json_t *j, *names = json_array();
	uint64_t dropped = 0;
	char *text;

	for (size_t i = 0; i < c->n_devices; i++) {
		struct pcap_stat st;

		json_array_append_new(names, json_string(c->devices[i].name));
		if (pcap_stats(c->devices[i].pcap, &st) == 0)
			dropped += st.ps_drop;
	}
	j = json_pack("{s:b, s:s, s:I, s:I, s:I, s:I, s:I, s:s, s:I, s:s, s:o}",
	    "running", c->stopper != tool, "file", c->ring.name, "size",
	    (json_int_t)ring_size(&c->ring), "elapsed",
	    (json_int_t)((loop_now(c->loop) - c->started) / 1000), "packets",
	    (json_int_t)c->packets, "dropped", (json_int_t)dropped, "max_size",
	    (json_int_t)c->ring.max, "when_full",
	    c->ring.stops ? "stop" : "rotate", "duration",
	    (json_int_t)c->duration, "filter", c->filter, "interfaces", names);
	text = j != NULL ? json_dumps(j, JSON_COMPACT) : NULL;
	if (text == NULL)
		program_answer(tool, NULL, RESULT_FAILED, "no status");
	else
		program_answer(tool, text, RESULT_DONE, NULL);
	free(text);
	json_decref(j);
}
