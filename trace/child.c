/*
 * child.c - the message is looked at in a process that can do nothing else
 *
 * Its result comes back as finished text, so the parent, which may be root,
 * never looks at what the message made of it: it copies bytes (ADM-10).
 */
#include "trace/child.h"

#include <errno.h>
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/codec.h"
#include "mail/charset.h"
#include "sandbox/sandbox.h"
#include "trace/delivery.h"

#define RESULT_FD  3
#define RESULT_MAX (1u << 30)
#define MEMORY_MAX (1u << 30)

#define REC_TRACE_RESULT(S, F, L)                                              \
	F(S, U8, end, TRACE_QUEUED)                                            \
	F(S, STR, report, RESULT_MAX)                                          \
	F(S, STR, result, RESULT_MAX)                                          \
	L(S, trace_want, wants, TRACE_WANTS_MAX)                               \
	F(S, STR, error, sizeof(((struct err *)0)->text))
CODEC_SCHEMA(trace_want, REC_TRACE_WANT);
CODEC_STRUCT(trace_result, REC_TRACE_RESULT);
CODEC_SCHEMA(trace_result, REC_TRACE_RESULT);

static void child(const struct trace_input *, bool json, bool explain,
    const char *cage, int fd) __attribute__((noreturn));
static int enter(const char *cage, struct err *);
static void work(
    const struct trace_input *, bool json, bool explain, struct buf *out);
static void show(const struct trace_report *, bool json, bool explain,
    struct buf *text, struct buf *final);
static bool message_failed(const struct trace_report *);
static void send_all(int fd, struct str bytes);
static int receive_all(int fd, struct buf *in, struct err *);
static int understand(struct trace_output *, int status, struct err *);
static bool is_shown(struct str s);

int
trace_child(struct trace_output *o, const struct trace_input *in, bool json,
    bool explain, struct err *err)
{
	char cage[] = "/tmp/postern-trace.XXXXXX";
	bool root = geteuid() == 0;
	int fds[2], status = 0, rc;
	pid_t pid;

	*o = (struct trace_output){ .end = TRACE_REFUSED };
	buf_init(&o->bytes, RESULT_MAX);
	arena_init(&o->mem, MEMORY_MAX);
	if (root && mkdtemp(cage) == NULL)
		return err_sys(err, ERR_TEMP, "make a folder in /tmp");
	if (pipe(fds) == -1)
		return err_sys(err, ERR_TEMP, "pipe");
	/* what the child would read from files is read now */
	tzset();
	json_object_seed(0);
	charset_open_all();
	pid = fork();
	if (pid == -1)
		return err_sys(err, ERR_TEMP, "fork");
	if (pid == 0)
		child(in, json, explain, root ? cage : NULL, fds[1]);
	close(fds[1]);
	rc = receive_all(fds[0], &o->bytes, err);
	close(fds[0]);
	while (waitpid(pid, &status, 0) == -1 && errno == EINTR)
		;
	if (root)
		rmdir(cage);
	return rc == -1 ? -1 : understand(o, status, err);
}

void
trace_output_fini(struct trace_output *o)
{
	buf_fini(&o->bytes);
	arena_free(&o->mem);
}

static void
child(const struct trace_input *in, bool json, bool explain, const char *cage,
    int fd)
{
	struct trace_result failed = { .report = STR(""), .result = STR("") };
	struct err err = ERR_INIT;
	struct buf out;

	/* nothing else that the parent has open */
	if (fd != RESULT_FD && dup2(fd, RESULT_FD) == -1)
		_exit(1);
	close_range(RESULT_FD + 1, ~0U, 0);
	buf_init(&out, RESULT_MAX);
	if (enter(cage, &err) == -1) {
		failed.error = str_of(err.text);
		codec_encode(&trace_result_codec, &failed, &out);
	} else {
		work(in, json, explain, &out);
	}
	send_all(RESULT_FD, buf_str(&out));
	_exit(0);
}

static int
enter(const char *cage, struct err *err)
{
	const struct sandbox_profile *profile = sandbox_profile("trace");
	struct sandbox_options options = { .chroot = cage };

	if (cage != NULL)
		sandbox_account(profile, &options.uid, &options.gid);
	return sandbox_enter(profile, &options, err);
}

static void
work(const struct trace_input *in, bool json, bool explain, struct buf *out)
{
	struct trace_result result = { .error = STR("") };
	struct trace_report report;
	struct buf text, final;
	struct arena mem;

	arena_init(&mem, MEMORY_MAX);
	buf_init(&text, RESULT_MAX);
	buf_init(&final, RESULT_MAX);
	trace_run(&report, in, &mem);
	delivery_want(&report, &mem);
	result.wants =
	    (struct codec_list){ report.n_wants_of_work, report.wants_of_work };
	if (result.wants.n == 0)
		show(&report, json, explain, &text, &final);
	result.end = report.end;
	result.report = buf_str(&text);
	result.result = buf_str(&final);
	if (text.failed || final.failed || message_failed(&report))
		result = (struct trace_result){ .report = STR(""),
			.result = STR(""),
			.error = STR("the message is too large to show") };
	codec_encode(&trace_result_codec, &result, out);
}

static void
show(const struct trace_report *r, bool json, bool explain, struct buf *text,
    struct buf *final)
{
	if (json) {
		trace_json(r, text);
		return;
	}
	trace_text(r, explain, text);
	trace_text_result(r, final);
}

static bool
message_failed(const struct trace_report *r)
{
	bool failed = false;

	for (size_t i = 0; i < r->n_outcomes; i++)
		failed |= r->outcomes[i].message.failed;
	for (const struct trace_copy *c = r->copies; c != NULL; c = c->next)
		failed |= c->message.failed;
	return failed;
}

static void
send_all(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n == -1 && errno != EINTR)
			_exit(1);
		if (n > 0)
			bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
}

static int
receive_all(int fd, struct buf *in, struct err *err)
{
	for (;;) {
		char *room = buf_room(in, 65536);
		ssize_t n;

		if (room == NULL)
			return err_set(err, ERR_PERM, "the report is too long");
		n = read(fd, room, 65536);
		if (n == -1 && errno == EINTR)
			continue;
		if (n == -1)
			return err_sys(err, ERR_TEMP, "read the report");
		if (n == 0)
			return 0;
		buf_grew(in, (size_t)n);
	}
}

static int
understand(struct trace_output *o, int status, struct err *err)
{
	struct trace_result r;

	if (WIFSIGNALED(status))
		return err_set(err, ERR_TEMP,
		    "the process that looked at the message died: %s",
		    strsignal(WTERMSIG(status)));
	if (codec_decode(&trace_result_codec, &r, buf_str(&o->bytes), &o->mem,
		err) == -1)
		return err_in(err, "report");
	if (!is_shown(r.error) || !is_shown(r.report) || !is_shown(r.result))
		return err_set(err, ERR_TEMP, "the report is damaged");
	if (r.error.n > 0)
		return err_set(err, ERR_PERM, "%.*s", STR_ARG(r.error));
	o->end = r.end;
	o->report = r.report;
	o->result = r.result;
	o->wants = r.wants.v;
	o->n_wants = r.wants.n;
	return 0;
}

/* All escaping is done: whatever a terminal would act on is a lie. */
static bool
is_shown(struct str s)
{
	for (size_t i = 0; i < s.n; i++) {
		unsigned char c = (unsigned char)s.p[i];

		if (c < ' ' && c != '\n' && c != '\t')
			return false;
	}
	return str_valid_utf8(s);
}
