/* quarantine_safelist.c - spam that was none: let go, and its sender listed */
#include "admin/quarantine_safelist.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/control.h"
#include "admin/fields.h"
#include "admin/maptext.h"
#include "admin/tables.h"

#define TEXT_SIZE ((size_t)64 * 1024 * 1024) /* of a table */
#define MEM_SIZE  ((size_t)64 * 1024 * 1024)

static int search(struct tool *, int argc, char **argv, json_t **found);
static bool is_meant(const json_t *message, int argc, char **argv);
static int release(
    struct tool *, int argc, char **argv, struct control_answer *);
static int list_all(struct tool *, const json_t *found, int argc, char **argv);
static int add(struct editing *, struct str rcpt, struct str sender);
static bool entry_of(
    const struct table *, struct str rcpt, struct str *items, int *line);
static void render(const json_t *, struct buf *);

int
quarantine_safelist(struct tool *t, int argc, char **argv)
{
	struct control_answer released;
	json_t *found;
	struct buf out;
	int status;

	if (strcmp(argv[2], QUARANTINE_SPAM_NAME) != 0)
		return tool_usage(
		    t, "only \"" QUARANTINE_SPAM_NAME "\" has safelists");
	status = search(t, argc, argv, &found);
	if (status != TOOL_DONE)
		return status;
	status = release(t, argc, argv, &released);
	if (status == TOOL_DONE) {
		buf_init(&out, 4096);
		if (t->json)
			tool_print_json(t, released.json);
		else
			render(released.json, &out);
		tool_print(t, &out);
		buf_fini(&out);
		control_answer_fini(&released);
		status = list_all(t, found, argc, argv);
	}
	json_decref(found);
	return status;
}

/* What is there now, for that recipient. */
static int
search(struct tool *t, int argc, char **argv, json_t **found)
{
	const char *words[] = { "quarantine", "search", argv[2],
		argc > 4 ? argv[4] : NULL, NULL };
	struct control_answer answer;
	struct err err = ERR_INIT;

	*found = NULL;
	if (control_ask(t, PROGRAM_QMGR, words, &answer, &err) == -1)
		return tool_fail(t, &err);
	*found = json_incref(answer.json);
	control_answer_fini(&answer);
	return TOOL_DONE;
}

static int
release(struct tool *t, int argc, char **argv, struct control_answer *answer)
{
	const char *words[] = { "quarantine", "release", argv[2], argv[3],
		argc > 4 ? argv[4] : NULL, NULL };
	struct err err = ERR_INIT;

	if (control_ask(t, PROGRAM_QMGR, words, answer, &err) == -1)
		return tool_fail(t, &err);
	return TOOL_DONE;
}

static int
list_all(struct tool *t, const json_t *found, int argc, char **argv)
{
	const json_t *m, *list = json_object_get(found, "messages");
	struct editing ed;
	size_t i;
	int status = editing_begin(&ed, t);

	if (status != TOOL_DONE)
		return status;
	json_array_foreach(list, i, m)
	{
		/* a bounce has no sender to trust */
		if (status != TOOL_DONE || !is_meant(m, argc, argv) ||
		    *fields_text(m, "sender") == '\0')
			continue;
		status = add(&ed, str_of(fields_text(m, "recipients")),
		    str_of(fields_text(m, "sender")));
	}
	return editing_end(&ed, status);
}

static bool
is_meant(const json_t *message, int argc, char **argv)
{
	char mid[32];

	snprintf(
	    mid, sizeof(mid), "%lld", (long long)fields_num(message, "mid"));
	if (strcmp(argv[3], "all") != 0 && strcmp(argv[3], mid) != 0)
		return false;
	return argc <= 4 || str_is_nocase(str_of(argv[4] + strlen("rcpt=")),
				fields_text(message, "recipients"));
}

/* In front of what the recipient has, since the first that fits counts. */
static int
add(struct editing *ed, struct str rcpt, struct str sender)
{
	const struct tables_form *form = cmd_slblconfig.form;
	const struct table *now = tables_now(ed, form, 0);
	struct str items = STR(""), first;
	struct arena mem;
	struct buf text;
	char *line, *item;
	int at = 0, status;

	arena_init(&mem, MEM_SIZE);
	item = arena_printf(&mem, "safe %.*s", STR_ARG(sender));
	if (now != NULL && entry_of(now, rcpt, &items, &at)) {
		first = items;
		if (str_eq_nocase(
			str_trim(str_cut(&first, ',')), str_of(item))) {
			arena_free(&mem);
			return TOOL_DONE;
		}
	}
	line = arena_printf(&mem, "%.*s\t%s%s%.*s", STR_ARG(rcpt), item,
	    items.n > 0 ? ", " : "", STR_ARG(items));
	buf_init(&text, TEXT_SIZE);
	if (at != 0)
		maptext_replace(
		    &text, tables_text(ed, form, 0), at, str_of(line));
	else
		maptext_append(&text, tables_text(ed, form, 0), str_of(line));
	status = tables_save(ed, form, 0, buf_str(&text));
	buf_fini(&text);
	arena_free(&mem);
	return status;
}

static bool
entry_of(const struct table *t, struct str rcpt, struct str *items, int *line)
{
	struct where where;
	struct str left;

	for (size_t i = 0; i < table_count(t); i++)
		if (table_entry(t, i, &left, items, &where) &&
		    str_eq_nocase(left, rcpt)) {
			*line = where.line;
			return true;
		}
	*items = STR("");
	return false;
}

static void
render(const json_t *answer, struct buf *out)
{
	buf_printf(out,
	    "Quarantine " QUARANTINE_SPAM_NAME ": messages released: %lld\n",
	    (long long)fields_num(answer, "messages"));
}
