/* cmd_listenerconfig.c - `listenerconfig` (spec receiving 3.9) */
#include <stdlib.h>
#include <string.h>

#include "admin/commands.h"
#include "admin/files.h"
#include "admin/listener.h"
#include "base/bounds.h"
#include "base/mem.h"

static void show(struct editing *);
static bool pick(struct editing *, const char *question, size_t *i);
static bool ask_edit(struct editing *);
static bool ask_delete(struct editing *);
static int take_list(struct editing *, struct args *);
static int show_json(struct editing *);
static int take_delete(struct editing *, struct args *);
static int delete_at(struct editing *, size_t i);

static const struct editing_op ops[] = {
	{ { "LIST", NULL }, NULL, take_list },
	{ { "NEW", "Create a new listener." }, listener_new,
	    listener_new_batch },
	{ { "EDIT", "Modify a listener." }, ask_edit, listener_edit_batch },
	{ { "DELETE", "Remove a listener." }, ask_delete, take_delete },
	{ { "SETUP", "Change global settings." }, listener_global,
	    listener_global_batch },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_listenerconfig = {
	.name = "listenerconfig",
	.usage = "[list | new NAME TYPE [INTERFACE [PROTOCOL [PORT]]] "
		 "[OPTION=VALUE] | edit NAME OPERATION ... | delete NAME | "
		 "setup [OPTION=VALUE]]",
	.summary = "Create, change and remove listeners",
	.help = "Changes the listeners in the working copy of the "
		"configuration: where mail is received, who may connect, and "
		"for whom mail is taken. Without arguments it asks, on a "
		"terminal. Everything can be said on one line as well; see "
		"postern-listenerconfig(1). Nothing is in force before a "
		"commit.",
	.edits = &editing_menus,
	.form = &menu,
};

static void
show(struct editing *ed)
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
	size_t n;
	struct str *names = ask_names(ed->w->config, "listeners", &n);
	bool answered = ask_which(ed, question, "listener", names, n, i);

	free(names);
	return answered;
}

static bool
ask_edit(struct editing *ed)
{
	size_t i;

	if (!pick(ed,
		"Enter the name or number of the listener you wish to edit.",
		&i))
		return false;
	return i == ed->w->config->n_listeners || listener_edit(ed, i);
}

static bool
ask_delete(struct editing *ed)
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
take_list(struct editing *ed, struct args *a)
{
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (ed->t->json)
		return show_json(ed);
	show(ed);
	return TOOL_DONE;
}

static int
show_json(struct editing *ed)
{
	const struct config *c = ed->w->config;
	json_t *all = json_array();
	int status;

	for (size_t i = 0; i < c->n_listeners; i++) {
		const struct listener *l = &c->listeners[i];
		struct str in = l->interface->name;
		char ip[IP_TEXT];

		json_array_append_new(all,
		    json_pack("{s:s%, s:s, s:s%, s:s, s:s%, s:i}", "name",
			l->name.p, l->name.n, "type",
			listener_type_name(l->type), "interface", in.p, in.n,
			"ip", ip_text(&l->interface->ip, ip), "protocol",
			l->protocol.p, l->protocol.n, "port", (int)l->port));
	}
	status = tool_print_json(ed->t, all);
	json_decref(all);
	return status;
}

static int
take_delete(struct editing *ed, struct args *a)
{
	const char *name = args_next(a);
	size_t i;

	if (name == NULL)
		return tool_usage(ed->t, "delete which?");
	i = listener_find(ed, str_of(name));
	if (i == ed->w->config->n_listeners)
		return editing_deny(ed, "There is no listener \"%s\".", name);
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

struct str
listener_file(const struct editing *ed, size_t i, const char *key)
{
	const struct listener *l = listener_at(ed, i);

	return strcmp(key, "hat") == 0 ? l->hat_file : l->rat_file;
}

void
listener_file_show(struct editing *ed, struct str file)
{
	fprintf(ed->t->dialogue.out,
	    "The table is the file tables/%.*s: change it there, or import "
	    "another.\n",
	    STR_ARG(file));
}

int
listener_file_refuse(struct editing *ed, struct str file)
{
	struct err err = ERR_INIT;

	err_set(&err, ERR_PERM,
	    "The table is the file tables/%.*s: change it there, or import "
	    "another.",
	    STR_ARG(file));
	return tool_fail(ed->t, &err);
}

int
listener_import(struct editing *ed, size_t i, const char *key,
    listener_text_import *import, const char *file, struct str text)
{
	struct str in = listener_file(ed, i, key);
	struct config_problems ps = { 0 };
	char name[NAME_MAX_LEN + sizeof("tables/")];
	struct buf yaml;
	int status;

	buf_init(&yaml, CONFIG_FILE_MAX);
	if (import(listener_at(ed, i), file, text, &yaml, &ps) == -1) {
		status = files_bad_lines(ed, &ps);
	} else if (in.n > 0) {
		snprintf(name, sizeof(name), "tables/%.*s", STR_ARG(in));
		workcopy_put(ed->w, name, text);
		status = editing_done(ed);
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
	size_t n;
	struct str *names = ask_names(ed->w->config, "listeners", &n);
	size_t i = ask_find(names, n, name);

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
