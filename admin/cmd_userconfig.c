/* cmd_userconfig.c - `userconfig`: who may administer the gateway */
#include <stdlib.h>
#include <string.h>

#include "admin/administrators.h"
#include "admin/args.h"
#include "admin/commands.h"
#include "base/clock.h"
#include "base/mem.h"

/* What is to be done, as it was said or asked for. */
struct wish {
	struct tool *t;
	char name[ADMIN_NAME_MAX + 2];
	const char *full;     /* NULL: as it is */
	enum admin_role role; /* ROLE_NONE: as it is */
	bool must_change;
	char passphrase[PASSWORD_MAX]; /* "": as it is */
};

enum op { NEW, EDIT, DELETE, PASSPHRASE, LOCK, UNLOCK, OPS };

static int run(struct tool *, int argc, char **argv);
static int ask(struct tool *);
static int ask_op(struct tool *, enum op);
static int take(struct tool *, enum op, struct args *);
static int take_role(const struct tool *, struct args *, struct wish *);
static bool ask_name(struct tool *, bool fresh, struct wish *);
static bool ask_role(struct tool *, struct wish *);
static bool known(struct tool *, const char *name, bool fresh);
static const struct administrator *at(
    const struct administrators *, const char *text);
static int need_passphrase(struct wish *, enum op);
static int carry_out(struct wish *, enum op);
static int apply(struct wish *, enum op, struct admins_file *, struct err *);
static void fill(struct administrator *, struct admins_file *, struct wish *);
static int list(struct tool *, bool numbered);
static void show(const struct administrators *, bool numbered, struct buf *);
static json_t *as_json(const struct administrators *);

static const struct {
	struct dialogue_op op;
	const char *word; /* on a line */
	const char *done; /* to the master */
	const char *said;
} operations[OPS] = {
	[NEW] = { { "NEW", "Create a new user." }, "new", "created",
	    "User %s created.\n" },
	[EDIT] = { { "EDIT", "Change the full name and the role of a user." },
	    "edit", "changed", "User %s changed.\n" },
	[DELETE] = { { "DELETE", "Delete a user." }, "delete", "deleted",
	    "User %s deleted.\n" },
	[PASSPHRASE] = { { "PASSPHRASE", "Set the passphrase of a user." },
	    "passphrase", "passphrase", "User %s has a new passphrase.\n" },
	[LOCK] = { { "LOCK", "Let a user log in no more." }, "lock", "locked",
	    "User %s locked.\n" },
	[UNLOCK] = { { "UNLOCK", "Let a user log in again." }, "unlock",
	    "unlocked", "User %s unlocked.\n" },
};

static const char *const role_texts[ROLE_N - 1] = {
	"Administrator (everything)",
	"Operator (all but users and the configuration of the system)",
	"Read-only operator (looks at everything, changes nothing)",
	"Guest (looks at the state of the gateway)",
	"Help desk user (the same, and tracks messages)",
};

const struct tool_command cmd_userconfig = {
	.name = "userconfig",
	.usage = "[list | new NAME role=ROLE [full_name=TEXT] [change=yes] | "
		 "edit NAME [role=ROLE] [full_name=TEXT] | delete NAME | "
		 "passphrase NAME [change=yes] | lock NAME | unlock NAME]",
	.summary = "Who may administer the gateway",
	.help = "list shows the administrators who may log in at the web "
		"interface. ROLE is administrator, operator, readonly, guest "
		"or helpdesk. new and passphrase ask for a passphrase, or "
		"take the first line of standard input; with change=yes it is "
		"good for nothing but setting another one. lock refuses all "
		"log ins, unlock takes that back, and also forgets failures "
		"because of which a log in is refused for a while. All of it "
		"counts at once, without a commit: whoever is logged in "
		"otherwise than he may now, is so no longer.",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct args a;
	int rc;

	if (argc == 1)
		return t->asks ? ask(t) : tool_usage(t, NULL);
	if (strcmp(argv[1], "list") == 0)
		return argc > 2 ? tool_unknown(t, argv[2]) : list(t, false);
	for (int i = 0; i < OPS; i++) {
		if (strcmp(argv[1], operations[i].word) != 0)
			continue;
		args_begin(&a, t, argc, argv, 2);
		rc = take(t, (enum op)i, &a);
		args_end(&a);
		return rc;
	}
	return tool_unknown(t, argv[1]);
}

/* --- a dialogue --- */

static int
ask(struct tool *t)
{
	struct dialogue_op ops[OPS];
	size_t which;
	int rc;

	for (int i = 0; i < OPS; i++)
		ops[i] = operations[i].op;
	for (;;) {
		tool_space(t);
		rc = list(t, true);
		if (rc != TOOL_DONE)
			return rc;
		fputc('\n', t->dialogue.out);
		if (!dialogue_menu(&t->dialogue, ops, OPS, &which))
			return tool_abandoned(t);
		if (which == OPS)
			return TOOL_DONE;
		rc = ask_op(t, (enum op)which);
		if (feof(t->dialogue.in))
			return rc;
	}
}

static int
ask_op(struct tool *t, enum op op)
{
	struct wish w = { .t = t };
	char full[DIALOGUE_LINE];
	struct err err;
	int rc;

	tool_space(t);
	if (!ask_name(t, op == NEW, &w))
		return tool_abandoned(t);
	if (w.name[0] == '\0')
		return TOOL_DONE;
	if (op == NEW || op == EDIT) {
		w.full = full;
		do {
			err = (struct err)ERR_INIT;
			if (!dialogue_text(&t->dialogue,
				op == NEW ? "Enter the full name:"
					  : "Enter the full name (empty: as "
					    "it is):",
				"", full, sizeof(full)))
				return tool_abandoned(t);
			if (!admin_full_ok(str_of(full), &err))
				fprintf(t->dialogue.out, "%s\n", err.text);
		} while (err.kind != ERR_NONE);
		if (op == EDIT && full[0] == '\0')
			w.full = NULL;
		if (!ask_role(t, &w))
			return tool_abandoned(t);
	}
	rc = need_passphrase(&w, op);
	if (rc == TOOL_DONE && w.passphrase[0] != '\0' &&
	    !dialogue_yes(&t->dialogue,
		"Must the user change it after the first log in?", false,
		&w.must_change))
		rc = tool_abandoned(t);
	if (rc == TOOL_DONE)
		rc = carry_out(&w, op);
	explicit_bzero(w.passphrase, sizeof(w.passphrase));
	return rc;
}

/* "": none after all. */
static bool
ask_name(struct tool *t, bool fresh, struct wish *w)
{
	char line[DIALOGUE_LINE];

	do {
		if (!dialogue_text(&t->dialogue,
			fresh ? "Enter the name of the new user:"
			      : "Enter the name or number of the user:",
			"", line, sizeof(line)))
			return false;
		if (line[0] == '\0')
			return true;
		if (!fresh) {
			struct err err = ERR_INIT;
			const struct administrator *one;
			struct admins_file f;

			if (admins_open(&f, t, &err) == 0) {
				one = at(&f.list, line);
				if (one != NULL)
					str_copy(line, sizeof(line), one->name);
				admins_close(&f);
			}
		}
	} while (!known(t, line, fresh));
	str_copy(w->name, sizeof(w->name), str_of(line));
	return true;
}

static bool
ask_role(struct tool *t, struct wish *w)
{
	struct err err = ERR_INIT;
	enum admin_role now = ROLE_NONE;
	struct admins_file f;
	size_t which;

	if (admins_open(&f, t, &err) == 0) {
		const struct administrator *one =
		    administrators_find(&f.list, str_of(w->name));

		if (one != NULL)
			now = one->role;
		admins_close(&f);
	}
	if (!dialogue_choice(&t->dialogue,
		"Choose the role of the user:", role_texts, ROLE_N - 1,
		(size_t)(now != ROLE_NONE ? now : ROLE_OPERATOR) - 1, &which))
		return false;
	w->role = (enum admin_role)(which + 1);
	return true;
}

/* May this be the name: of nobody yet, or of somebody. Says why not. */
static bool
known(struct tool *t, const char *name, bool fresh)
{
	struct err err = ERR_INIT;
	struct admins_file f;
	bool there;

	if (fresh && !admin_name_ok(str_of(name), &err)) {
		fprintf(t->dialogue.out, "%s\n", err.text);
		return false;
	}
	if (admins_open(&f, t, &err) == -1) {
		tool_fail(t, &err);
		return false;
	}
	there = administrators_find(&f.list, str_of(name)) != NULL;
	admins_close(&f);
	if (there == fresh)
		err_set(&err, ERR_PERM,
		    fresh ? "There is a user \"%s\" already."
			  : "There is no user \"%s\".",
		    name);
	if (there == fresh && t->asks)
		fprintf(t->dialogue.out, "%s\n", err.text);
	else if (there == fresh)
		tool_fail(t, &err);
	return there != fresh;
}

/* By the number that the list shows. */
static const struct administrator *
at(const struct administrators *a, const char *text)
{
	uint64_t n;

	return str_u64(str_of(text), a->n, &n) && n > 0 ? &a->v[n - 1] : NULL;
}

/* --- a line --- */

static int
take(struct tool *t, enum op op, struct args *a)
{
	const char *name = args_next(a), *change;
	struct wish w = { .t = t };
	struct err err = ERR_INIT;
	int rc;

	if (name == NULL)
		return tool_usage(t, "which user?");
	change =
	    op == NEW || op == PASSPHRASE ? args_option(a, "change") : NULL;
	w.must_change = change != NULL && strcmp(change, "yes") == 0;
	if (change != NULL && !w.must_change && strcmp(change, "no") != 0)
		return tool_usage(t, "change is yes or no");
	if (op == NEW || op == EDIT) {
		w.full = args_option(a, "full_name");
		rc = take_role(t, a, &w);
		if (rc != TOOL_DONE)
			return rc;
	}
	if (op == NEW && w.role == ROLE_NONE)
		return tool_usage(t, "which role?");
	if (op == EDIT && w.role == ROLE_NONE && w.full == NULL)
		return tool_usage(t, "what is to be changed?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if ((op == NEW && !admin_name_ok(str_of(name), &err)) ||
	    (w.full != NULL && !admin_full_ok(str_of(w.full), &err)))
		return tool_fail(t, &err);
	if (!str_copy(w.name, sizeof(w.name), str_of(name)) ||
	    !known(t, name, op == NEW))
		return TOOL_NEGATIVE;
	rc = need_passphrase(&w, op);
	if (rc == TOOL_DONE)
		rc = carry_out(&w, op);
	explicit_bzero(w.passphrase, sizeof(w.passphrase));
	return rc;
}

static int
take_role(const struct tool *t, struct args *a, struct wish *w)
{
	const char *text = args_option(a, "role");

	if (text == NULL)
		return TOOL_DONE;
	w->role = admin_role_find(str_of(text));
	return w->role != ROLE_NONE
		   ? TOOL_DONE
		   : tool_usage(t, "the role is administrator, operator, "
				   "readonly, guest or helpdesk");
}

/* --- both --- */

static int
need_passphrase(struct wish *w, enum op op)
{
	if (op != NEW && op != PASSPHRASE)
		return TOOL_DONE;
	return admins_ask_passphrase(w->t, str_of(w->name), w->passphrase);
}

static int
carry_out(struct wish *w, enum op op)
{
	struct err err = ERR_INIT;
	struct admins_file f;
	int rc;

	if (admins_open(&f, w->t, &err) == -1)
		return tool_fail(w->t, &err);
	rc = apply(w, op, &f, &err);
	if (rc == 0)
		rc =
		    admins_save(&f, operations[op].done, str_of(w->name), &err);
	admins_close(&f);
	if (rc == -1)
		return tool_fail(w->t, &err);
	if (!w->t->json)
		fprintf(w->t->dialogue.out, operations[op].said, w->name);
	return TOOL_DONE;
}

/* Somebody else may have been faster since the name was looked at. */
static int
apply(struct wish *w, enum op op, struct admins_file *f, struct err *err)
{
	struct administrator *one =
	    administrators_find(&f->list, str_of(w->name));

	if (op == NEW && one != NULL)
		return err_set(
		    err, ERR_PERM, "There is a user \"%s\" already.", w->name);
	if (op != NEW && one == NULL)
		return err_set(
		    err, ERR_PERM, "There is no user \"%s\".", w->name);
	if (op == NEW)
		one = administrators_add(&f->list, str_of(w->name), STR(""));
	if (one == NULL)
		return err_set(err, ERR_PERM,
		    "There are %d users; there cannot be more.", ADMINS_MAX);
	if (op == DELETE)
		administrators_remove(&f->list, one);
	else if (op == LOCK)
		one->state = ADMIN_LOCKED;
	else if (op == UNLOCK && one->state == ADMIN_LOCKED)
		one->state = ADMIN_ENABLED;
	else
		fill(one, f, w);
	return 0;
}

/* One who is locked stays so. */
static void
fill(struct administrator *one, struct admins_file *f, struct wish *w)
{
	if (w->full != NULL)
		administrators_rename(&f->list, one, str_of(w->full));
	if (w->role != ROLE_NONE)
		one->role = w->role;
	if (w->passphrase[0] == '\0')
		return;
	admin_hash_make(&one->hash, str_of(w->passphrase));
	one->set = clock_wall_ms() / 1000;
	if (one->state != ADMIN_LOCKED)
		one->state = w->must_change ? ADMIN_CHANGE : ADMIN_ENABLED;
}

/* --- the list --- */

static int
list(struct tool *t, bool numbered)
{
	struct err err = ERR_INIT;
	struct admins_file f;
	struct buf text;
	json_t *j;

	if (admins_open(&f, t, &err) == -1)
		return tool_fail(t, &err);
	buf_init(&text, ADMINS_TEXT_MAX);
	if (t->json) {
		j = as_json(&f.list);
		tool_print_json(t, j);
		json_decref(j);
	} else {
		show(&f.list, numbered, &text);
		tool_print(t, &text);
	}
	buf_fini(&text);
	admins_close(&f);
	return TOOL_DONE;
}

static void
show(const struct administrators *a, bool numbered, struct buf *out)
{
	char when[CLOCK_TEXT];

	if (a->n == 0)
		buf_puts(out, "There are no users.\n");
	else if (numbered)
		buf_puts(out, "Users:\n");
	else
		buf_puts(out, "Name             Role           State    "
			      "Passphrase set                Full name\n");
	for (size_t i = 0; i < a->n; i++) {
		const struct administrator *one = &a->v[i];

		if (numbered) {
			buf_printf(out, "%zu. %.*s - \"%.*s\" (%s%s)\n", i + 1,
			    STR_ARG(one->name), STR_ARG(one->full),
			    admin_role_name(one->role),
			    one->state == ADMIN_LOCKED ? ", locked" : "");
			continue;
		}
		clock_status(one->set * 1000, when);
		buf_printf(out, "%-16.*s %-14s %-8s %-29s %.*s\n",
		    STR_ARG(one->name), admin_role_name(one->role),
		    admin_state_name(one->state), when, STR_ARG(one->full));
	}
}

static json_t *
as_json(const struct administrators *a)
{
	json_t *users = json_array();

	for (size_t i = 0; i < a->n; i++) {
		const struct administrator *one = &a->v[i];

		json_array_append_new(users,
		    json_pack("{ss% ss% ss ss sI}", "name", one->name.p,
			one->name.n, "full_name", one->full.p, one->full.n,
			"role", admin_role_name(one->role), "state",
			admin_state_name(one->state), "passphrase_set",
			(json_int_t)(one->set * 1000)));
	}
	return json_pack("{so}", "users", users);
}
