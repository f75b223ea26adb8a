/* cmd_listenerconfig.c - `listenerconfig` (spec receiving 3.9) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/files.h"
#include "admin/listener.h"
#include "base/bounds.h"
#include "base/mem.h"

enum { NEW, EDIT, DELETE, SETUP, N_OPS };

static const struct dialogue_op ops[N_OPS] = {
	{ "NEW", "Create a new listener." },
	{ "EDIT", "Modify a listener." },
	{ "DELETE", "Remove a listener." },
	{ "SETUP", "Change global settings." },
};

static int run(struct tool *, int argc, char **argv);
static int batch(struct editing *, struct args *, const void *);
static bool converse(struct editing *, const void *);
static void list(struct editing *);
static bool pick(struct editing *, const char *question, size_t *i);
static bool delete_one(struct editing *);
static int delete_batch(struct editing *, struct args *);
static int delete_at(struct editing *, size_t i);
static struct str *names_of(const struct config *);

const struct tool_command cmd_listenerconfig = { "listenerconfig",
	"[list | new NAME TYPE [INTERFACE [PROTOCOL [PORT]]] [OPTION=VALUE] | "
	"edit NAME OPERATION ... | delete NAME | setup [OPTION=VALUE]]",
	"Create, change and remove listeners",
	"Changes the listeners in the working copy of the configuration: "
	"where mail is received, who may connect, and for whom mail is taken. "
	"Without arguments it asks, on a terminal. Everything can be said on "
	"one line as well; see postern-listenerconfig(1). Nothing is in force "
	"before a commit.",
	run };

static int
run(struct tool *t, int argc, char **argv)
{
	static const struct editing_form form = { converse, batch };

	return editing_run(t, argc, argv, &form, NULL);
}

static int
batch(struct editing *ed, struct args *a, const void *form)
{
	static const struct {
		const char *word;
		int (*run)(struct editing *, struct args *);
	} words[] = {
		{ "new", listener_new_batch },
		{ "edit", listener_edit_batch },
		{ "delete", delete_batch },
		{ "setup", listener_global_batch },
	};
	const char *word = args_next(a);

	(void)form;
	if (word == NULL)
		return tool_usage(ed->t, NULL);
	if (strcmp(word, "list") == 0 && args_finish(a) == TOOL_DONE) {
		list(ed);
		return TOOL_DONE;
	}
	for (size_t i = 0; i < NELEM(words); i++) {
		if (strcmp(word, words[i].word) == 0)
			return words[i].run(ed, a);
	}
	return tool_usage(ed->t, word);
}

static bool
converse(struct editing *ed, const void *form)
{
	size_t op, i;
	bool more = true;

	(void)form;
	while (more) {
		tool_space(ed->t);
		list(ed);
		tool_space(ed->t);
		if (!dialogue_menu(&ed->t->dialogue, ops, N_OPS, &op))
			return false;
		switch (op) {
		case NEW:
			more = listener_new(ed);
			break;
		case EDIT:
			more = pick(ed,
			    "Enter the name or number of the listener you "
			    "wish to edit.",
			    &i);
			if (more && i < ed->w->config->n_listeners)
				more = listener_edit(ed, i);
			break;
		case DELETE:
			more = delete_one(ed);
			break;
		case SETUP:
			more = listener_global(ed);
			break;
		default:
			return true;
		}
	}
	return false;
}

static void
list(struct editing *ed)
{
	const struct config *c = ed->w->config;
	char ip[IP_TEXT];
	FILE *out = ed->t->dialogue.out;

	if (c->n_listeners == 0) {
		fputs("There are currently no listeners configured.\n", out);
		return;
	}
	fputs("Currently configured listeners:\n", out);
	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];

		fprintf(out, "%zu. %.*s (on %.*s, %s) %.*s Port %u %s\n", i + 1,
		    STR_ARG(l->name), STR_ARG(l->interface->name),
		    ip_text(&l->interface->ip, ip), STR_ARG(l->protocol),
		    l->port, listener_type_name(l->type));
	}
}

static bool
pick(struct editing *ed, const char *question, size_t *i)
{
	const struct config *c = ed->w->config;
	struct str *names = names_of(c);
	bool answered =
	    ask_which(ed, question, "listener", names, c->n_listeners, i);

	free(names);
	return answered;
}

static bool
delete_one(struct editing *ed)
{
	char question[200];
	bool yes;
	size_t i;

	if (!pick(ed,
		"Enter the name or number of the listener you wish to remove.",
		&i))
		return false;
	if (i == ed->w->config->n_listeners)
		return true;
	snprintf(question, sizeof(question),
	    "Are you sure you want to delete \"%.*s\"?",
	    STR_ARG(listener_at(ed, i)->name));
	tool_space(ed->t);
	if (!dialogue_yes(&ed->t->dialogue, question, false, &yes))
		return false;
	if (yes)
		delete_at(ed, i);
	return true;
}

static int
delete_batch(struct editing *ed, struct args *a)
{
	const char *name = args_next(a);
	size_t i;

	if (name == NULL)
		return tool_usage(ed->t, "delete which?");
	i = listener_find(ed, str_of(name));
	if (i == ed->w->config->n_listeners)
		return editing_refuse(ed, "There is no listener \"%s\".", name);
	return args_finish(a) == TOOL_DONE ? delete_at(ed, i) : TOOL_USAGE;
}

static int
delete_at(struct editing *ed, size_t i)
{
	char *name =
	    mem_strndup(listener_at(ed, i)->name.p, listener_at(ed, i)->name.n);
	int status;

	editing_delete(ed, "listeners[%zu]", i);
	status = editing_done(ed);
	if (status == TOOL_DONE && !ed->t->json)
		fprintf(
		    ed->t->dialogue.out, "Listener \"%s\" deleted.\n", name);
	free(name);
	return status;
}

int
listener_import(struct editing *ed, size_t i, const char *key,
    listener_text_import *import, const char *file, struct str text)
{
	struct config_problems ps = { 0 };
	struct buf yaml;
	int status;

	buf_init(&yaml, CONFIG_FILE_MAX);
	if (import(listener_at(ed, i), file, text, &yaml, &ps) == -1) {
		status = files_bad_lines(ed, &ps);
	} else {
		editing_yaml(ed, buf_str(&yaml), "listeners[%zu].%s", i, key);
		status = editing_done(ed);
	}
	buf_fini(&yaml);
	config_problems_free(&ps);
	return status;
}

const struct listener *
listener_at(const struct editing *ed, size_t i)
{
	return &ed->w->config->listeners[i];
}

size_t
listener_find(const struct editing *ed, struct str name)
{
	const struct config *c = ed->w->config;
	struct str *names = names_of(c);
	size_t i = ask_find(names, c->n_listeners, name);

	free(names);
	return i;
}

bool
listener_name_taken(const struct editing *ed, struct str name)
{
	return listener_find(ed, name) < ed->w->config->n_listeners;
}

const char *
listener_type_name(enum listener_type type)
{
	static const char *const names[] = {
		[LISTENER_PUBLIC] = "Public",
		[LISTENER_PRIVATE] = "Private",
		[LISTENER_SINKHOLE_QUEUE] = "Sinkhole Queuing",
		[LISTENER_SINKHOLE_NOQUEUE] = "Sinkhole Non-Queuing",
	};

	return names[type];
}

bool
listener_port_taken(struct editing *ed, const struct interface *in,
    uint64_t port, size_t except)
{
	const struct config *c = ed->w->config;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];

		if (i == except || l->port != port ||
		    !ip_equal(&l->interface->ip, &in->ip))
			continue;
		fprintf(ed->t->asks ? ed->t->dialogue.out : stderr,
		    "Port %u on %.*s is already used by listener "
		    "\"%.*s\".\n",
		    (unsigned)port, STR_ARG(in->name), STR_ARG(l->name));
		return true;
	}
	return false;
}

static struct str *
names_of(const struct config *c)
{
	struct str *names = mem_array(c->n_listeners + 1, sizeof(*names));

	for (size_t i = 0; i < c->n_listeners; i++)
		names[i] = c->listeners[i].name;
	return names;
}
