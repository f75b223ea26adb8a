/* message.c - showing a message of the queue */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/fields.h"
#include "admin/marks.h"
#include "admin/message.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "mail/wire.h"

#define SHOW_MAX   (64u * 1024 * 1024) /* of one message, on a terminal */
#define MARKS_TOLD 1000

struct map {
	char *p;
	size_t n;
};

struct printing {
	struct tool *t;
	bool only_header;
	struct marks marks;
	struct buf page;
};

static int map_content(struct map *, const struct control_answer *,
    struct str *content, struct err *);
static struct str next_line(struct str *text);
static void mbox_lines(struct str text, struct buf *);
static void lines(struct printing *, struct str stored);
static void line(struct printing *, struct str);
static void mark_lines(
    const struct marks *, struct str stored, json_int_t *n, json_t *list);

int
message_mid(
    struct tool *t, const char *arg, const char *question, uint64_t *mid)
{
	char text[32];

	if (arg == NULL && !t->asks)
		return tool_usage(t, NULL);
	if (arg != NULL)
		return tool_mid(str_of(arg), mid) ? TOOL_DONE
						  : tool_no_mid(t, arg);
	for (;;) {
		if (!dialogue_needed(
			&t->dialogue, question, text, sizeof(text)))
			return tool_abandoned(t);
		if (tool_mid(str_of(text), mid))
			return TOOL_DONE;
		fprintf(t->dialogue.out,
		    "Please enter a number between 1 and %" PRId64 ".\n",
		    INT64_MAX);
	}
}

int
message_fetch(struct tool *t, uint64_t mid, struct control_answer *answer,
    struct err *err)
{
	char text[32];
	const char *words[] = { "showmessage", text, NULL };

	snprintf(text, sizeof(text), "%" PRIu64, mid);
	if (control_ask(t, PROGRAM_QMGR, words, answer, err) == -1)
		return -1;
	if (answer->fd != -1 && answer->json != NULL)
		return 0;
	control_answer_fini(answer);
	return err_set(err, ERR_PROTO, "no message came with the answer");
}

int
message_print(struct tool *t, const struct control_answer *answer,
    bool only_header, struct err *err)
{
	struct printing p = { .t = t };
	struct str content;
	struct map m;

	if (map_content(&m, answer, &content, err) == -1)
		return -1;
	marks_init(&p.marks, answer->json);
	buf_init(&p.page, SHOW_MAX);
	lines(&p, str_of(fields_text(answer->json, "prepend")));
	p.only_header = only_header;
	lines(&p, content);
	if (p.page.failed)
		fputs("(too long for a terminal)\n", stderr);
	tool_print(t, &p.page);
	buf_fini(&p.page);
	munmap(m.p, m.n);
	return 0;
}

int
message_marks(
    const struct control_answer *answer, json_t **found, struct err *err)
{
	struct str content;
	struct marks marks;
	json_int_t n = 0;
	struct map m;

	if (map_content(&m, answer, &content, err) == -1)
		return -1;
	*found = json_array();
	marks_init(&marks, answer->json);
	mark_lines(
	    &marks, str_of(fields_text(answer->json, "prepend")), &n, *found);
	mark_lines(&marks, content, &n, *found);
	munmap(m.p, m.n);
	return 0;
}

int
message_mbox(
    const struct control_answer *answer, struct buf *out, struct err *err)
{
	const char *sender = fields_text(answer->json, "sender");
	char date[CLOCK_TEXT];
	struct str content;
	struct map m;

	if (map_content(&m, answer, &content, err) == -1)
		return -1;
	buf_printf(out, "From %s %s\n",
	    *sender != '\0' ? sender : "MAILER-DAEMON",
	    clock_ctime(fields_num(answer->json, "arrival"), date));
	mbox_lines(str_of(fields_text(answer->json, "prepend")), out);
	mbox_lines(content, out);
	buf_putc(out, '\n');
	munmap(m.p, m.n);
	return out->failed ? err_set(err, ERR_TEMP, "the message is too large")
			   : 0;
}

int
message_plain(
    const struct control_answer *answer, struct buf *out, struct err *err)
{
	struct str content;
	struct map m;

	if (map_content(&m, answer, &content, err) == -1)
		return -1;
	wire_unstuff(str_of(fields_text(answer->json, "prepend")), out);
	wire_unstuff(content, out);
	munmap(m.p, m.n);
	return out->failed ? err_set(err, ERR_TEMP, "the message is too large")
			   : 0;
}

/* The stored content, without copying it. */
static int
map_content(struct map *m, const struct control_answer *answer,
    struct str *content, struct err *err)
{
	uint64_t off = (uint64_t)fields_num(answer->json, "content_off");
	uint64_t len = (uint64_t)fields_num(answer->json, "content_len");
	struct stat st;

	if (fstat(answer->fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "message");
	if (off > (uint64_t)st.st_size || len > (uint64_t)st.st_size - off)
		return err_set(err, ERR_PROTO, "the message is incomplete");
	m->n = (size_t)(off + len) + 1;
	m->p = mmap(NULL, m->n, PROT_READ, MAP_PRIVATE, answer->fd, 0);
	if (m->p == MAP_FAILED)
		return err_sys(err, ERR_TEMP, "message");
	*content = (struct str){ m->p + off, (size_t)len };
	return 0;
}

/* The next line without its end; one that begins with a dot has one dot more
 * (mail/wire.h). */
static struct str
next_line(struct str *text)
{
	struct str one = str_cut(text, '\n');

	if (one.n != 0 && one.p[one.n - 1] == '\r')
		one.n--;
	return one.n != 0 && one.p[0] == '.' ? str_sub(one, 1, one.n) : one;
}

static void
mbox_lines(struct str text, struct buf *out)
{
	while (text.n != 0) {
		struct str one = next_line(&text), bare = one;

		while (bare.n != 0 && bare.p[0] == '>')
			bare = str_sub(bare, 1, bare.n);
		if (str_starts(bare, STR("From ")))
			buf_putc(out, '>');
		buf_add_str(out, one);
		buf_putc(out, '\n');
	}
}

static void
lines(struct printing *p, struct str text)
{
	while (text.n != 0) {
		bool empty = text.p[0] == '\r' || text.p[0] == '\n';
		struct str one = next_line(&text);

		if (p->only_header && empty)
			break;
		line(p, one);
	}
}

/* Tabs are harmless and wanted; everything else that moves is escaped. */
static void
line(struct printing *p, struct str s)
{
	FILE *out = p->t->dialogue.out;

	if (!p->t->asks && !isatty(fileno(out))) {
		fwrite(s.p, 1, s.n, out);
		fputc('\n', out);
		return;
	}
	marks_show(&p->marks, s, &p->page);
}

static void
mark_lines(
    const struct marks *marks, struct str text, json_int_t *n, json_t *list)
{
	while (text.n != 0) {
		struct str one = next_line(&text), match;

		++*n;
		for (size_t at = 0; json_array_size(list) < MARKS_TOLD &&
				    marks_next(marks, one, at, &match);) {
			at = (size_t)(match.p - one.p);
			json_array_append_new(list,
			    json_pack("{s:I, s:I, s:s%}", "line", *n, "column",
				(json_int_t)at + 1, "text", match.p, match.n));
			at += match.n;
		}
	}
}
