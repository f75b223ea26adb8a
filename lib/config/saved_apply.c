/*
 * saved_apply.c - a whole configuration as one text: into the working copy
 */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/loader.h"
#include "config/mask.h"
#include "config/pack.h"
#include "config/saved.h"
#include "config/store.h"
#include "config/workcopy.h"

#define MAIN_FILE "postern.yaml"

static int apply_full(const struct saved *, const char *file, const char *etc,
    struct config_problems *, struct err *err);
static int build(const struct saved *, struct bundle *, struct err *err);
static int apply_part(const struct saved *, const char *file, const char *etc,
    struct config_problems *, struct err *err);
static int merge_keys(struct workcopy *, const struct saved_file *,
    const char *file, struct config_problems *, struct err *err);
static struct str value_of(
    struct str text, const struct node *, const struct node *next);
static struct str from_line(struct str text, int line);
static bool is_secret(struct str name);
static void shift(struct config_problems *, size_t first, const struct saved *,
    const char *file);
static int mistakes(const struct config_problems *, struct err *err);

int
saved_apply(const struct saved *s, const char *file, const char *etc,
    struct config_problems *problems, struct err *err)
{
	const struct saved_file *yaml = saved_find(s, MAIN_FILE);
	int line;

	if (yaml != NULL && mask_is_masked(yaml->text, &line))
		return err_set(err, ERR_USAGE,
		    "line %d: file contains masked passphrases",
		    yaml->line + line - 1);
	return s->full ? apply_full(s, file, etc, problems, err)
		       : apply_part(s, file, etc, problems, err);
}

static int
apply_full(const struct saved *s, const char *file, const char *etc,
    struct config_problems *problems, struct err *err)
{
	size_t before = problems->n;
	struct config *config;
	struct bundle b;
	int lock, rc = -1;

	if (build(s, &b, err) == -1)
		return -1;
	config = config_load(&b, 0, problems);
	shift(problems, before, s, file);
	lock = config != NULL ? store_lock(etc, err) : mistakes(problems, err);
	if (lock != -1) {
		rc = store_replace(etc, &b, err);
		close(lock);
	}
	config_unref(&config);
	bundle_free(&b);
	return rc;
}

static int
build(const struct saved *s, struct bundle *b, struct err *err)
{
	struct buf packed;

	pack_begin(&packed);
	for (size_t i = 0; i < s->n; i++)
		if (!is_secret(s->files[i].name))
			pack_file(&packed, s->files[i].name, s->files[i].text);
	return pack_end(&packed, b, err);
}

static int
apply_part(const struct saved *s, const char *file, const char *etc,
    struct config_problems *problems, struct err *err)
{
	struct workcopy *w;
	int rc = 0;

	if (workcopy_open(&w, etc, problems, err) == -1)
		return -1;
	/* Warnings of what is there are not news. */
	config_problems_free(problems);
	for (size_t i = 0; i < s->n && rc == 0; i++) {
		const struct saved_file *f = &s->files[i];
		char name[512];

		str_copy(name, sizeof(name), f->name);
		if (str_is(f->name, MAIN_FILE))
			rc = merge_keys(w, f, file, problems, err);
		else if (!is_secret(f->name))
			workcopy_put(w, name, f->text);
	}
	if (rc == 0)
		rc = workcopy_save(w, problems, err);
	workcopy_free(&w);
	return rc;
}

/* Each key at the top of the part takes the place of the one there is. */
static int
merge_keys(struct workcopy *w, const struct saved_file *f, const char *file,
    struct config_problems *problems, struct err *err)
{
	struct load ld = { .problems = problems, .file = file };
	size_t before = problems->n;
	const struct node *top;
	struct buf path;
	int rc = 0;

	arena_init(&ld.scratch, (size_t)1 << 30);
	top = node_read(&ld, f->text);
	for (size_t i = before; i < problems->n; i++)
		problems->v[i].where.line += f->line - 1;
	if (top == NULL || problems->n > before)
		rc = mistakes(problems, err);
	else if (top->kind != NODE_MAP || top->flow)
		rc = err_set(err, ERR_USAGE,
		    "line %d: must be keys with values, one below the other",
		    f->line);
	for (const struct node *n = rc == 0 ? top->child : NULL;
	     n != NULL && rc == 0; n = n->next) {
		buf_init(&path, UINT16_MAX * 4);
		edit_path_key(&path, n->key);
		rc = edit_set(
		    w->yaml, path.data, value_of(f->text, n, n->next), err);
		if (rc == -1)
			err_in(err, "line %d: %s", f->line + n->key_line - 1,
			    path.data);
		buf_fini(&path);
	}
	arena_free(&ld.scratch);
	return rc;
}

/* What stands between the colon of a key and the next key. */
static struct str
value_of(struct str text, const struct node *n, const struct node *next)
{
	struct str from = from_line(text, n->key_line), value;
	struct str end = next != NULL ? from_line(text, next->key_line)
				      : str_sub(text, text.n, 0);
	char quote = from.n > 0 ? from.p[0] : '\0';
	size_t i = 0;

	from.n = (size_t)(end.p - from.p);
	/* a colon in quotes belongs to the key; a doubled or escaped quote
	 * does not end it */
	if (quote == '"' || quote == '\'')
		for (i = 1; i < from.n; i++) {
			if (from.p[i] == '\\' && quote == '"')
				i++;
			else if (from.p[i] == quote && i + 1 < from.n &&
				 from.p[i + 1] == quote && quote == '\'')
				i++;
			else if (from.p[i] == quote)
				break;
		}
	value = str_sub(from, i, from.n);
	i = str_find(value, ':');
	return str_sub(value, i + 1, value.n);
}

static struct str
from_line(struct str text, int line)
{
	while (line-- > 1)
		str_cut(&text, '\n');
	return text;
}

static bool
is_secret(struct str name)
{
	return str_starts(name, STR("secrets/"));
}

/* From lines of a file in it to its own lines. */
static void
shift(struct config_problems *ps, size_t first, const struct saved *s,
    const char *file)
{
	for (size_t i = first; i < ps->n; i++) {
		struct config_problem *p = &ps->v[i];
		const struct saved_file *f = saved_find(s, p->where.file);

		if (f == NULL)
			continue;
		free((char *)p->where.file);
		p->where.file = mem_strdup(file);
		p->where.line += f->line - 1;
	}
}

static int
mistakes(const struct config_problems *problems, struct err *err)
{
	return err_set(err, ERR_USAGE,
	    "the configuration has %zu mistake%s; nothing was changed",
	    problems->n_errors, problems->n_errors == 1 ? "" : "s");
}
