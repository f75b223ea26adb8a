/* message.c - showing a message of the queue */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/fields.h"
#include "admin/message.h"
#include "base/bounds.h"

#define SHOW_MAX (64u * 1024 * 1024) /* of one message, on a terminal */

static void lines(
    struct tool *, struct str stored, bool only_header, struct buf *page);
static void line(struct tool *, struct str, struct buf *page);

int
message_mid(
    struct tool *t, const char *arg, const char *question, uint64_t *mid)
{
	char text[32];

	if (arg == NULL && !t->asks)
		return tool_usage(t, NULL);
	if (arg != NULL)
		return tool_mid(str_of(arg), mid) ? TOOL_DONE
						  : tool_usage(t, arg);
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
	uint64_t off = (uint64_t)fields_num(answer->json, "content_off");
	uint64_t len = (uint64_t)fields_num(answer->json, "content_len");
	struct stat st;
	struct buf page;
	char *map;

	if (fstat(answer->fd, &st) == -1)
		return err_sys(err, ERR_TEMP, "message");
	if (off > (uint64_t)st.st_size || len > (uint64_t)st.st_size - off)
		return err_set(err, ERR_PROTO, "the message is incomplete");
	map = mmap(NULL, (size_t)(off + len) + 1, PROT_READ, MAP_PRIVATE,
	    answer->fd, 0);
	if (map == MAP_FAILED)
		return err_sys(err, ERR_TEMP, "message");
	buf_init(&page, SHOW_MAX);
	lines(t, str_of(fields_text(answer->json, "prepend")), false, &page);
	lines(t, (struct str){ map + off, (size_t)len }, only_header, &page);
	if (page.failed)
		fputs("(too long for a terminal)\n", stderr);
	tool_print(t, &page);
	buf_fini(&page);
	munmap(map, (size_t)(off + len) + 1);
	return 0;
}

/* Lines that begin with a dot have one dot more (mail/wire.h). */
static void
lines(struct tool *t, struct str text, bool only_header, struct buf *page)
{
	while (text.n != 0) {
		struct str one = str_cut(&text, '\n');

		if (one.n != 0 && one.p[one.n - 1] == '\r')
			one.n--;
		if (only_header && one.n == 0)
			break;
		if (one.n != 0 && one.p[0] == '.')
			one = str_sub(one, 1, one.n);
		line(t, one, page);
	}
}

/* Tabs are harmless and wanted; everything else that moves is escaped. */
static void
line(struct tool *t, struct str s, struct buf *page)
{
	if (!t->asks && !isatty(fileno(t->dialogue.out))) {
		fwrite(s.p, 1, s.n, t->dialogue.out);
		fputc('\n', t->dialogue.out);
		return;
	}
	fields_show_line(page, s);
}
