/* cmd_archivemessage.c - `archivemessage` (delivery-admin 3.6) */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/message.h"

#define MESSAGE_MAX ((size_t)2 * 1024 * 1024 * 1024)

static int run(struct tool *, int argc, char **argv);
static int archive(struct tool *, const struct control_answer *,
    const char *name, struct err *);
static int write_all(int fd, struct str text, struct err *);

const struct tool_command cmd_archivemessage = {
	.name = "archivemessage",
	.usage = "MID",
	.summary = "Save a message of the queue in a file",
	.help = "Writes a message, which may be in the work queue, the "
		"delivery queue or a quarantine, to the file "
		"oldmessage_MID.mbox in the configuration directory. The "
		"message stays where it is.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct control_answer answer;
	struct err err = ERR_INIT;
	char name[64];
	uint64_t mid;
	int status;

	if (argc > 2)
		return tool_usage(t, NULL);
	status = message_mid(t, argv[1], "Enter the MID to archive.", &mid);
	if (status != TOOL_DONE)
		return status;
	if (message_fetch(t, mid, &answer, &err) == -1)
		return tool_fail(t, &err);
	snprintf(name, sizeof(name), "oldmessage_%" PRIu64 ".mbox", mid);
	if (archive(t, &answer, name, &err) == -1) {
		status = tool_fail(t, &err);
	} else if (t->json) {
		json_t *j = json_pack(
		    "{s:I, s:s}", "mid", (json_int_t)mid, "file", name);

		tool_print_json(t, j);
		json_decref(j);
	} else {
		fprintf(t->dialogue.out,
		    "MID %" PRIu64 " has been saved in file %s in the "
		    "configuration directory\n",
		    mid, name);
	}
	control_answer_fini(&answer);
	return status;
}

/* It holds mail: nobody else reads it. One of that name is replaced. */
static int
archive(struct tool *t, const struct control_answer *answer, const char *name,
    struct err *err)
{
	char path[PATH_MAX + 64];
	struct buf text;
	int fd, rc;

	snprintf(path, sizeof(path), "%s/%s", t->paths.etc, name);
	buf_init(&text, MESSAGE_MAX);
	rc = message_mbox(answer, &text, err);
	if (rc == 0 && unlink(path) == -1 && errno != ENOENT)
		rc = err_sys(err, ERR_TEMP, "%s", path);
	if (rc == 0) {
		fd = open(path,
		    O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
		rc = fd == -1 ? err_sys(err, ERR_TEMP, "%s", path)
			      : write_all(fd, buf_str(&text), err);
		if (fd != -1)
			close(fd);
	}
	buf_fini(&text);
	return rc;
}

static int
write_all(int fd, struct str text, struct err *err)
{
	while (text.n > 0) {
		ssize_t n = write(fd, text.p, text.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, ERR_TEMP, "write");
		text = str_sub(text, (size_t)n, text.n);
	}
	return 0;
}
