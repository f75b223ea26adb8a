/*
 * cmd_inject.c - `inject`: hand a message to a listener, as a client would
 *
 * A conversation in steps that shows every reply: what the gateway says to
 * this sender, these recipients, this message.
 */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/smtpclient.h"
#include "base/bounds.h"
#include "mail/wire.h"

#define MESSAGE_MAX (256u * 1024 * 1024)
#define READ_SIZE   65536

struct inject {
	struct tool *tool;
	struct smtpclient client;
	json_t *log; /* with --json: what was said */
	const char *server, *from, *to, *file, *helo;
	struct buf content; /* ready for the wire */
	unsigned accepted;  /* recipients */
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct inject *, char from[ADDR_MAX + 1], char *to, size_t);
static int content_read(struct inject *, struct err *);
static int converse(struct inject *, struct err *);
static int envelope(struct inject *, struct err *);
static int recipients(struct inject *, struct err *);
static int data(struct inject *, struct err *);
static int command(struct inject *, unsigned *code, struct err *,
    const char *fmt, ...) __attribute__((format(printf, 4, 5)));
static int reply(
    struct inject *, const char *said, unsigned *code, struct err *);
static void show(struct inject *, const char *said);
static bool one_line(const char *);

const struct tool_command cmd_inject = {
	.name = "inject",
	.usage = "[--server HOST:PORT] [--helo NAME] [--from ADDRESS] --to "
		 "ADDRESS[,ADDRESS...] [--file PATH]",
	.summary = "Hand a message to a listener by SMTP",
	.help = "Speaks SMTP to a listener (127.0.0.1:25 if not given) and "
		"prints its replies. The message is read from --file, or from "
		"standard input. Without --from, or with <>, the sender is the "
		"null sender. Line ends are made CRLF and dots are doubled; "
		"nothing else is changed. Succeeds when the message was "
		"accepted for all recipients.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct inject j = { .tool = t,
		.server = "127.0.0.1:25",
		.from = "",
		.helo = "localhost" };
	const struct tool_option options[] = {
		{ "--server", &j.server, NULL },
		{ "--helo", &j.helo, NULL },
		{ "--from", &j.from, NULL },
		{ "--to", &j.to, NULL },
		{ "--file", &j.file, NULL },
	};
	char from[ADDR_MAX + 1], to[DIALOGUE_LINE];
	struct err err = ERR_INIT;
	int status;

	if (!tool_options(t, options, 5, &argc, argv))
		return TOOL_USAGE;
	if (argc > 1)
		return tool_unknown(t, argv[1]);
	if (j.to == NULL) {
		status = ask(&j, from, to, sizeof(to));
		if (status != TOOL_DONE)
			return status;
	}
	if (!one_line(j.from) || !one_line(j.to) || !one_line(j.helo))
		return tool_usage(t, "line ends do not belong there");
	buf_init(&j.content, MESSAGE_MAX);
	smtpclient_init(&j.client);
	j.log = json_array();
	status = TOOL_NEGATIVE;
	if (content_read(&j, &err) == -1 ||
	    smtpclient_connect(&j.client, j.server, &err) == -1)
		status = tool_fail(t, &err);
	else if (converse(&j, &err) == 0)
		status = TOOL_DONE;
	else if (err.kind != ERR_NONE)
		status = tool_fail(t, &err);
	if (t->json)
		tool_print_json(t, j.log);
	json_decref(j.log);
	smtpclient_fini(&j.client);
	buf_fini(&j.content);
	return status;
}

static int
ask(struct inject *j, char from[ADDR_MAX + 1], char *to, size_t size)
{
	struct tool *t = j->tool;

	if (!t->asks)
		return tool_usage(t, "--to is needed");
	if (*j->from == '\0') {
		if (!dialogue_text(&t->dialogue, "Envelope sender:", "<>", from,
			ADDR_MAX + 1))
			return tool_abandoned(t);
		j->from = from;
	}
	if (!dialogue_needed(
		&t->dialogue, "Recipients, separated by commas:", to, size))
		return tool_abandoned(t);
	j->to = to;
	return TOOL_DONE;
}

/* Through the one writer of content, as everything that is sent. */
static int
content_read(struct inject *j, struct err *err)
{
	FILE *f = j->file != NULL ? fopen(j->file, "re") : j->tool->dialogue.in;
	char piece[READ_SIZE];
	struct wire w;
	size_t n;
	bool failed;

	if (f == NULL)
		return err_sys(err, ERR_PERM, "%s", j->file);
	if (j->file == NULL && j->tool->asks) {
		fputs("Enter the message; Ctrl-D on a line of its own ends "
		      "it.\n",
		    j->tool->dialogue.out);
		fflush(j->tool->dialogue.out);
	}
	wire_begin(&w, true);
	while ((n = fread(piece, 1, sizeof(piece), f)) != 0)
		wire_write(&w, (struct str){ piece, n }, &j->content);
	wire_end(&w, &j->content);
	buf_puts(&j->content, ".\r\n");
	failed = ferror(f);
	if (f != j->tool->dialogue.in)
		fclose(f);
	if (failed)
		return err_set(err, ERR_TEMP, "the message cannot be read");
	if (j->content.failed)
		return err_set(err, ERR_PERM, "the message is too long");
	return 0;
}

/* -1 without an error: the server said no, which was shown. */
static int
converse(struct inject *j, struct err *err)
{
	unsigned code;
	int rc;

	if (reply(j, NULL, &code, err) == -1)
		return -1;
	rc = code / 100 == 2 ? envelope(j, err) : -1;
	if (err->kind == ERR_NONE)
		(void)command(j, &code, NULL, "QUIT");
	return rc;
}

static int
envelope(struct inject *j, struct err *err)
{
	const char *from = strcmp(j->from, "<>") == 0 ? "" : j->from;
	unsigned code;
	int all;

	if (command(j, &code, err, "EHLO %s", j->helo) == -1)
		return -1;
	if (code / 100 != 2 && command(j, &code, err, "HELO %s", j->helo) == -1)
		return -1;
	if (code / 100 != 2 ||
	    command(j, &code, err, "MAIL FROM:<%s>", from) == -1 ||
	    code / 100 != 2)
		return -1;
	all = recipients(j, err);
	if (err->kind != ERR_NONE || j->accepted == 0)
		return -1;
	return data(j, err) == 0 ? all : -1;
}

/* 0: all were accepted. */
static int
recipients(struct inject *j, struct err *err)
{
	struct str list = str_of(j->to);
	unsigned code;
	int rc = 0;

	while (list.n != 0) {
		struct str one = str_trim(str_cut(&list, ','));

		if (one.n == 0)
			continue;
		if (command(j, &code, err, "RCPT TO:<%.*s>", STR_ARG(one)) ==
		    -1)
			return -1;
		if (code / 100 == 2)
			j->accepted++;
		else
			rc = -1;
	}
	return rc;
}

static int
data(struct inject *j, struct err *err)
{
	unsigned code;

	if (command(j, &code, err, "DATA") == -1 || code != 354)
		return -1;
	if (smtpclient_send(&j->client, buf_str(&j->content), err) == -1 ||
	    reply(j, ".", &code, err) == -1)
		return -1;
	return code / 100 == 2 ? 0 : -1;
}

static int
command(struct inject *j, unsigned *code, struct err *err, const char *fmt, ...)
{
	struct buf line;
	char *text;
	va_list ap;
	int rc;

	va_start(ap, fmt);
	rc = vasprintf(&text, fmt, ap);
	va_end(ap);
	if (rc == -1)
		panic("out of memory");
	buf_init(&line, DIALOGUE_LINE * 2);
	buf_printf(&line, "%s\r\n", text);
	rc = smtpclient_send(&j->client, buf_str(&line), err);
	if (rc == 0)
		rc = reply(j, text, code, err);
	buf_fini(&line);
	free(text);
	return rc;
}

/* Reads it and shows it. said: what it answers; NULL: the greeting. */
static int
reply(struct inject *j, const char *said, unsigned *code, struct err *err)
{
	if (smtpclient_read(&j->client, err) == -1)
		return said != NULL ? err_in(err, "%s", said) : -1;
	*code = j->client.reply.code;
	json_array_append_new(
	    j->log, json_pack("{s:s?, s:i, s:s}", "command", said, "code",
			(int)*code, "text", buf_str(&j->client.reply.text).p));
	if (!j->tool->json)
		show(j, said);
	return 0;
}

static void
show(struct inject *j, const char *said)
{
	struct str text = buf_str(&j->client.reply.text);
	struct buf out;

	buf_init(&out, SMTP_REPLY_MAX * 8);
	if (said != NULL) {
		buf_puts(&out, ">>> ");
		fields_show(&out, said, LOG_VALUE_MAX);
		buf_putc(&out, '\n');
	}
	do {
		struct str one = str_cut(&text, '\n');

		buf_printf(&out, "%u%c", j->client.reply.code,
		    text.n != 0 ? '-' : ' ');
		fields_show_str(&out, one, SMTP_REPLY_LINE_MAX);
		buf_putc(&out, '\n');
	} while (text.n != 0);
	fputs(out.data, j->tool->dialogue.out);
	fflush(j->tool->dialogue.out);
	buf_fini(&out);
}

static bool
one_line(const char *s)
{
	return s[strcspn(s, "\r\n")] == '\0';
}
