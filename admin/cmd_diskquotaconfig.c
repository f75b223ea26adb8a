/* cmd_diskquotaconfig.c - `diskquotaconfig`: who may take how much of the disk
 * (spec delivery-admin 6.3) */
#include <string.h>

#include "admin/ask.h"
#include "admin/commands.h"
#include "admin/quotas.h"
#include "base/mem.h"

static void show(struct editing *);
static bool ask_edit(struct editing *);
static int take_set(struct editing *, struct args *);
static int take_print(struct editing *, struct args *);
static const struct quota_service *find(const char *word);
static const struct schema_key *key_of(const struct quota_service *);
static int set(
    struct editing *, const struct quota_service *, const char *size);
static void add_unit(const char *size, struct buf *out);
static int too_small(
    struct editing *, const struct quota_service *, int64_t used);
static bool use_of(
    struct editing *, const struct quota_service *, struct quota_use *);

static const struct editing_op ops[] = {
	{ { "EDIT", "Change the quota of a service." }, ask_edit, NULL },
	{ { "SET", "Change the quota of a service." }, NULL, take_set },
	{ { "PRINT", "Display the quotas." }, NULL, take_print },
};
static const struct editing_menu menu = { show, ops, NELEM(ops) };

const struct tool_command cmd_diskquotaconfig = {
	.name = "diskquotaconfig",
	.usage = "[set SERVICE SIZE | print]",
	.summary = "How much of the disk logs and others may take",
	.help = "Shows how much of the disk each service takes and may take, "
		"and changes the latter in the working copy of the "
		"configuration. SERVICE is logs, tracking, "
		"quarantines, spam_quarantine or captures; SIZE is a number of "
		"gigabytes, "
		"or has a unit, such as 500M; of logs and tracking 0 "
		"is a tenth of the disk. Nothing is in force before a commit.",
	.edits = &editing_menus,
	.form = &menu,
};

/* --- showing --- */

static void
show(struct editing *ed)
{
	struct buf text;

	buf_init(&text, 4096);
	quotas_head(&text);
	for (size_t i = 0; i < QUOTAS; i++) {
		struct quota_use u;
		bool known = use_of(ed, &quotas[i], &u);

		quotas_row(&quotas[i], known, &u, &text);
	}
	buf_puts(&text, "The queue has what is left of the disk.\n");
	tool_print(ed->t, &text);
	buf_fini(&text);
}

static int
take_print(struct editing *ed, struct args *a)
{
	json_t *json;

	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (!ed->t->json) {
		show(ed);
		return TOOL_DONE;
	}
	json = json_object();
	for (size_t i = 0; i < QUOTAS; i++) {
		struct quota_use u;

		json_object_set_new(json, quotas[i].word,
		    use_of(ed, &quotas[i], &u)
			? json_pack("{s:I, s:I}", "used", (json_int_t)u.used,
			      "quota", (json_int_t)u.quota)
			: json_null());
	}
	tool_print_json(ed->t, json);
	json_decref(json);
	return TOOL_DONE;
}

/* --- changing --- */

static bool
ask_edit(struct editing *ed)
{
	const char *titles[QUOTAS];
	char size[DIALOGUE_LINE];
	struct buf present;
	size_t k;
	bool on;

	for (size_t i = 0; i < QUOTAS; i++)
		titles[i] = quotas[i].title;
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, "Choose the service:", titles,
		NELEM(titles), 0, &k))
		return false;
	buf_init(&present, 100);
	ask_present(key_of(&quotas[k]), ed->w->config, &present);
	on = dialogue_text(&ed->t->dialogue,
	    "Enter its quota in GB, or with a unit (such as 500M):",
	    present.data, size, sizeof(size));
	if (on && strcmp(size, present.data) != 0 &&
	    set(ed, &quotas[k], size) == TOOL_DONE)
		editing_save(ed);
	buf_fini(&present);
	return on;
}

static int
take_set(struct editing *ed, struct args *a)
{
	const char *word = args_next(a), *size = args_next(a);
	const struct quota_service *s = word != NULL ? find(word) : NULL;
	int status;

	if (size == NULL)
		return tool_usage(ed->t, "which service, which size?");
	if (args_finish(a) != TOOL_DONE)
		return TOOL_USAGE;
	if (s == NULL)
		return editing_refuse(ed,
		    "\"%s\" is no service: logs, tracking, quarantines, "
		    "spam_quarantine, captures",
		    word);
	status = set(ed, s, size);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

/* What is in quarantine would have to go at once if it did not fit. The exit
 * status; says what is wrong, or what a commit will do. */
static int
set(struct editing *ed, const struct quota_service *s, const char *size)
{
	const struct schema_key *key = key_of(s);
	struct err err = ERR_INIT;
	int status = TOOL_DONE;
	uint64_t wanted = 0;
	struct quota_use u;
	struct buf bytes, normal;

	buf_init(&bytes, 100);
	buf_init(&normal, 100);
	add_unit(size, &bytes);
	if (!ask_check(key, buf_str(&bytes), &normal, &err) ||
	    key->type->parse(key, buf_str(&bytes), &wanted, NULL, &err) == -1)
		status = editing_refuse(ed, "%s: %s", size, err.text);
	else if (use_of(ed, s, &u) && (uint64_t)u.used > wanted && wanted > 0)
		status = too_small(ed, s, u.used);
	if (status == TOOL_DONE)
		editing_text(ed, buf_str(&normal), "%s", s->key);
	buf_fini(&normal);
	buf_fini(&bytes);
	return status;
}

/* A number alone: 5 bytes would be a quota as well, and a fatal one. */
static void
add_unit(const char *size, struct buf *out)
{
	size_t n = strlen(size);

	buf_puts(out, size);
	if (n > 0 && strspn(size, "0123456789") == n && strcmp(size, "0") != 0)
		buf_putc(out, 'G');
}

static int
too_small(struct editing *ed, const struct quota_service *s, int64_t used)
{
	long long mb = (long long)(used >> 20);

	if (s->too_small == NULL)
		return editing_deny(ed,
		    "%lld MB are taken already: delete or release messages "
		    "first.",
		    mb);
	fprintf(ed->t->json ? stderr : ed->t->dialogue.out,
	    "Warning: %lld MB are taken already: %s\n", mb, s->too_small);
	return TOOL_DONE;
}

static const struct quota_service *
find(const char *word)
{
	for (size_t i = 0; i < QUOTAS; i++)
		if (strcmp(word, quotas[i].word) == 0)
			return &quotas[i];
	return NULL;
}

static const struct schema_key *
key_of(const struct quota_service *s)
{
	const struct schema_section *in = &schema_top;
	struct str rest = str_of(s->key), one = str_cut(&rest, '.');
	char name[80];

	str_copy(name, sizeof(name), one);
	if (rest.n > 0) {
		in = ask_key_named(in, name)->section;
		str_copy(name, sizeof(name), rest);
	}
	return ask_key_named(in, name);
}

/* --- how much is taken --- */

/* The quota is that of the working copy, unless it says nothing. False:
 * whoever knows the rest does not run. */
static bool
use_of(struct editing *ed, const struct quota_service *s, struct quota_use *u)
{
	json_t *wanted = ask_json(key_of(s), ed->w->config);
	bool known = quotas_ask(ed->t, s, u);

	if (u->quota > 0 && json_integer_value(wanted) > 0)
		u->quota = json_integer_value(wanted);
	json_decref(wanted);
	return known;
}
