/* tool.c - what the commands of `postern` share */
#include <errno.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "admin/fields.h"
#include "admin/tool.h"
#include "base/bounds.h"

#define JOINED_MAX ((size_t)1 << 20)

static bool wrong_option(
    const struct tool *, const char *name, const char *why);
static const struct tool_option *option_find(
    const struct tool_option *, size_t n, struct str name);
static void page(struct tool *, struct str text, unsigned lines);
static unsigned screen_lines(const struct tool *);

bool
tool_options(struct tool *t, const struct tool_option *v, size_t n, int *argc,
    char **argv)
{
	int to = 1;
	bool ended = false;
	uint64_t seen = 0;

	for (int i = 1; i < *argc; i++) {
		struct str value = str_of(argv[i]), name = str_cut(&value, '=');
		bool has_value = strchr(argv[i], '=') != NULL;
		const struct tool_option *o;

		if (ended || !str_starts(name, STR("--"))) {
			argv[to++] = argv[i];
			continue;
		}
		if (str_is(name, "--")) {
			ended = true;
			continue;
		}
		o = option_find(v, n, name);
		if (o == NULL || (o->flag != NULL && has_value)) {
			tool_unknown(t, argv[i]);
			return false;
		}
		if (o->value != NULL && !has_value && i + 1 == *argc)
			return wrong_option(t, o->name, "needs a value");
		/* the first would be forgotten without a word */
		if (o->value != NULL && seen & UINT64_C(1) << (o - v))
			return wrong_option(t, o->name, "stands there twice");
		seen |= UINT64_C(1) << (o - v);
		if (o->flag != NULL)
			*o->flag = true;
		else
			*o->value = has_value ? value.p : argv[++i];
	}
	*argc = to;
	argv[to] = NULL;
	return true;
}

int
tool_usage(const struct tool *t, const char *why)
{
	struct buf out;

	buf_init(&out, LOG_VALUE_MAX * 8);
	if (why != NULL) {
		buf_printf(&out, "%s: ", t->command->name);
		fields_show(&out, why, LOG_VALUE_MAX);
		buf_putc(&out, '\n');
	}
	buf_printf(&out, "Usage: %s%s%s\n", t->command->name,
	    *t->command->usage != '\0' ? " " : "", t->command->usage);
	fputs(out.data, stderr);
	buf_fini(&out);
	return TOOL_USAGE;
}

int
tool_unknown(const struct tool *t, const char *word)
{
	char why[LOG_VALUE_MAX];

	if (word == NULL)
		return tool_usage(t, NULL);
	snprintf(why, sizeof(why), "\"%s\" is not understood", word);
	return tool_usage(t, why);
}

int
tool_fail(const struct tool *t, const struct err *err)
{
	struct buf out;

	(void)t;
	buf_init(&out, LOG_VALUE_MAX * 8);
	fields_show(&out, err->text, sizeof(err->text));
	fprintf(stderr, "%s\n", buf_str(&out).p);
	buf_fini(&out);
	if (err->sys == EACCES || err->sys == EPERM)
		return TOOL_DENIED;
	if (err->kind == ERR_USAGE)
		return TOOL_USAGE;
	return err->kind == ERR_PERM ? TOOL_NEGATIVE : TOOL_FAILED;
}

int
tool_refuse(const struct tool *t, const struct err *err)
{
	int status = tool_fail(t, err);

	return status == TOOL_USAGE ? TOOL_NEGATIVE : status;
}

int
tool_abandoned(const struct tool *t)
{
	(void)t;
	fputs("\nAbandoned; nothing was changed.\n", stderr);
	return TOOL_NEGATIVE;
}

void
tool_space(const struct tool *t)
{
	if (t->asks)
		fputc('\n', t->dialogue.out);
}

int
tool_print(struct tool *t, struct buf *text)
{
	unsigned lines = t->asks ? screen_lines(t) : 0;

	if (lines > 1)
		page(t, buf_str(text), lines - 1);
	else
		fwrite(buf_str(text).p, 1, text->len, t->dialogue.out);
	return TOOL_DONE;
}

int
tool_print_json(const struct tool *t, const json_t *json)
{
	/* Escapes for a terminal are characters like any other in JSON. */
	json_dumpf(json, t->dialogue.out,
	    JSON_INDENT(2) | JSON_ENSURE_ASCII | JSON_ENCODE_ANY);
	fputc('\n', t->dialogue.out);
	return TOOL_DONE;
}

int
tool_show(struct tool *t, json_t *json, struct buf *text)
{
	tool_space(t);
	if (t->json)
		tool_print_json(t, json);
	else
		tool_print(t, text);
	buf_fini(text);
	json_decref(json);
	return TOOL_DONE;
}

/*
 * The command is a process of its own, and what it leaves to the shell waits,
 * unread, in a socket whose both ends the shell has.
 */
bool
tool_keep(const struct tool *t, int fd)
{
	union {
		char room[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = { .room = { 0 } };
	struct iovec byte = { (char[]){ 0 }, 1 };
	struct msghdr m = { .msg_iov = &byte,
		.msg_iovlen = 1,
		.msg_control = control.room,
		.msg_controllen = sizeof(control.room) };
	struct cmsghdr *c = CMSG_FIRSTHDR(&m);
	char old;

	if (t->kept[0] == -1)
		return false;
	/* without room for it, the descriptor that comes along is closed */
	while (recv(t->kept[1], &old, 1, MSG_DONTWAIT) > 0)
		;
	c->cmsg_level = SOL_SOCKET;
	c->cmsg_type = SCM_RIGHTS;
	c->cmsg_len = CMSG_LEN(sizeof(int));
	memcpy(CMSG_DATA(c), &fd, sizeof(fd));
	return sendmsg(t->kept[0], &m, MSG_DONTWAIT) == 1;
}

int
tool_no_mid(const struct tool *t, const char *word)
{
	char why[LOG_VALUE_MAX];

	snprintf(why, sizeof(why),
	    "\"%.100s\" is no message id: a number such as 8001, as the mail "
	    "log and showrecipients have it",
	    word);
	return tool_usage(t, why);
}

int
tool_no_revision(const struct tool *t, const char *word)
{
	char why[LOG_VALUE_MAX];

	snprintf(why, sizeof(why),
	    "\"%.100s\" is no revision: a number such as 12, one of those "
	    "that rollbackconfig list shows",
	    word);
	return tool_usage(t, why);
}

bool
tool_mid(struct str text, uint64_t *mid)
{
	return str_u64(text, INT64_MAX, mid) && *mid != 0;
}

void
tool_user(char *out, size_t size)
{
	const struct passwd *pw = getpwuid(getuid());

	if (pw != NULL)
		str_copy(out, size, str_of(pw->pw_name));
	else
		snprintf(out, size, "uid %u", (unsigned)getuid());
}

void
tool_join(char *out, size_t size, int argc, char **argv, int from)
{
	struct buf text;

	buf_init(&text, JOINED_MAX);
	for (int i = from; i < argc; i++) {
		if (i > from)
			buf_putc(&text, ' ');
		buf_puts(&text, argv[i]);
	}
	str_copy(out, size, str_letters(buf_str(&text), size - 1));
	buf_fini(&text);
}

static bool
wrong_option(const struct tool *t, const char *name, const char *why)
{
	char text[80];

	snprintf(text, sizeof(text), "%s %s", name, why);
	tool_usage(t, text);
	return false;
}

static const struct tool_option *
option_find(const struct tool_option *v, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++)
		if (str_is(name, v[i].name))
			return &v[i];
	return NULL;
}

/* A screen at a time; any answer but an empty one ends it. */
static void
page(struct tool *t, struct str text, unsigned lines)
{
	char answer[8];

	for (unsigned row = 0; text.n != 0; row++) {
		size_t n = str_find(text, '\n');

		if (row == lines) {
			row = 0;
			fputs("-Press Enter for more, q to stop- ",
			    t->dialogue.out);
			if (!dialogue_line(
				&t->dialogue, answer, sizeof(answer)) ||
			    *answer != '\0')
				return;
		}
		n += n < text.n;
		fwrite(text.p, 1, n, t->dialogue.out);
		text = str_sub(text, n, text.n);
	}
}

static unsigned
screen_lines(const struct tool *t)
{
	struct winsize w;

	if (ioctl(fileno(t->dialogue.out), TIOCGWINSZ, &w) == -1)
		return 0;
	return w.ws_row;
}
