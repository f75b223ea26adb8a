/* cmd_saveconfig.c - `saveconfig` (delivery-admin 4.2) */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/saving.h"
#include "base/mem.h"
#include "config/store.h"

#define NAME_ROOM 160
#define SAME_MAX  100
#define MASK_ITEM                                                              \
	"Mask passphrases (Files with masked passphrases cannot be loaded)"

static int run(struct tool *, int argc, char **argv);
static int ask(struct tool *, struct saving *);
static int save(struct tool *, struct saving *);
static int write_file(const struct tool *, char name[NAME_ROOM],
    struct str text, struct err *err);

const struct tool_command cmd_saveconfig = {
	.name = "saveconfig",
	.usage = "[--working] [--key FILE] mask|encrypt|plain",
	.summary = "Write the configuration to a file",
	.help = "Writes the configuration in force, with --working the working "
		"copy, as one file into the configuration folder. Files below "
		"secrets/ are masked, so that the file can be shown but not be "
		"loaded again; or encrypted, to be loaded on this machine, or "
		"anywhere with the file that --key names; or plain.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct saving sv = { .how = SAVED_MASK };
	const struct tool_option options[] = {
		{ "--working", NULL, &sv.working },
		{ "--key", &sv.key_file, NULL },
	};
	int status = TOOL_DONE;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc > 2 || (argc == 2 && !saving_word(argv[1], &sv.how)) ||
	    (argc == 1 && !t->asks))
		return tool_usage(t, NULL);
	if (argc == 1)
		status = ask(t, &sv);
	if (status == TOOL_DONE && sv.key_file != NULL &&
	    sv.how != SAVED_ENCRYPT)
		status = tool_usage(t, "--key is for encrypt");
	return status == TOOL_DONE ? save(t, &sv) : status;
}

static int
ask(struct tool *t, struct saving *sv)
{
	static const char *const items[] = {
		MASK_ITEM,
		"Encrypt passphrases",
		"Plain passphrases",
	};
	size_t chosen;

	if (!dialogue_choice(&t->dialogue, "Choose the passphrase option:",
		items, NELEM(items), 0, &chosen))
		return tool_abandoned(t);
	sv->how = (enum saved_secrets)chosen;
	return TOOL_DONE;
}

static int
save(struct tool *t, struct saving *sv)
{
	char name[NAME_ROOM], path[PATH_MAX + NAME_ROOM];
	struct err err = ERR_INIT;
	struct buf text, out;
	int rc;

	saving_name(t, name, sizeof(name));
	buf_init(&text, SAVED_MAX);
	rc = saving_make(t, sv, &text, &err);
	if (rc == 0)
		rc = write_file(t, name, buf_str(&text), &err);
	buf_fini(&text);
	if (rc == -1)
		return tool_refuse(t, &err);
	saving_path(t, name, path, sizeof(path));
	buf_init(&out, sizeof(path) * 8);
	if (t->json)
		buf_printf(&out,
		    "{\n  \"file\": \"%s\",\n  \"revision\": %llu\n}\n", name,
		    (unsigned long long)sv->revision);
	else {
		buf_puts(&out, "File written on machine \"");
		fields_show(&out, sv->hostname, sizeof(sv->hostname));
		buf_puts(&out, "\" to the location ");
		fields_show(&out, path, sizeof(path));
		buf_putc(&out, '\n');
	}
	tool_print(t, &out);
	buf_fini(&out);
	return TOOL_DONE;
}

static int
write_file(const struct tool *t, char name[NAME_ROOM], struct str text,
    struct err *err)
{
	int dir = saving_folder(t, err), rc;
	char plain[NAME_ROOM];

	if (dir == -1)
		return -1;
	/* several of one second are counted */
	str_copy(plain, sizeof(plain), str_of(name));
	for (unsigned i = 2; i < SAME_MAX && faccessat(dir, name, F_OK,
						 AT_SYMLINK_NOFOLLOW) == 0;
	     i++)
		snprintf(name, NAME_ROOM, "%.*s-%u" SAVING_SUFFIX,
		    (int)(strlen(plain) - strlen(SAVING_SUFFIX)), plain, i);
	rc = store_secret(dir, name, text, err);
	close(dir);
	return rc;
}
