/* workcopy.c - changing the working copy from a command */
#include "config/workcopy.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"
#include "config/pack.h"
#include "config/store.h"

#define MAIN_FILE "postern.yaml"

static int read_yaml(struct workcopy *, struct config_problems *, struct err *);
static bool same_files(const struct bundle *, const struct bundle *);
static int changed_bundle(
    const struct workcopy *, struct bundle *, struct err *);
static int write_files(struct workcopy *, const struct bundle *, struct err *);
static struct workcopy_file *find(const struct workcopy *, struct str name);
static struct workcopy_file *slot(struct workcopy *, const char *name);
static int has_errors(struct err *);

int
workcopy_open(struct workcopy **out, const char *etc,
    struct config_problems *ps, struct err *err)
{
	struct workcopy *w = mem_alloc(sizeof(*w));

	*out = NULL;
	w->etc = mem_strdup(etc);
	if (bundle_read_folder(&w->bundle, etc, err) == -1 ||
	    read_yaml(w, ps, err) == -1)
		goto fail;
	w->config = config_load(&w->bundle, 0, ps);
	if (w->config == NULL) {
		has_errors(err);
		goto fail;
	}
	*out = w;
	return 0;
fail:
	workcopy_free(&w);
	return -1;
}

void
workcopy_free(struct workcopy **wp)
{
	struct workcopy *w = *wp;

	if (w == NULL)
		return;
	for (size_t i = 0; i < w->n_files; i++) {
		free(w->files[i].name);
		free(w->files[i].text);
	}
	free(w->files);
	edit_free(&w->yaml);
	if (w->config != NULL)
		config_unref(&w->config);
	bundle_free(&w->bundle);
	free(w->etc);
	free(w);
	*wp = NULL;
}

bool
workcopy_file(const struct workcopy *w, const char *name, struct str *text)
{
	const struct workcopy_file *f = find(w, str_of(name));
	const struct bundle_file *old = bundle_find(&w->bundle, name);

	if (f != NULL && f->text != NULL)
		*text = (struct str){ f->text, f->n };
	else if (f == NULL && old != NULL)
		*text = old->text;
	else
		return false;
	return true;
}

void
workcopy_put(struct workcopy *w, const char *name, struct str text)
{
	struct workcopy_file *f = slot(w, name);
	char *copy = mem_strndup(text.p != NULL ? text.p : "", text.n);

	free(f->text);
	f->text = copy;
	f->n = text.n;
}

void
workcopy_remove(struct workcopy *w, const char *name)
{
	struct workcopy_file *f = slot(w, name);

	free(f->text);
	f->text = NULL;
	f->n = 0;
}

int
workcopy_save(struct workcopy *w, struct config_problems *ps, struct err *err)
{
	struct config *config;
	struct bundle b;
	int rc;

	if (changed_bundle(w, &b, err) == -1) {
		workcopy_undo(w);
		return -1;
	}
	if (same_files(&b, &w->bundle)) {
		bundle_free(&b);
		workcopy_undo(w);
		return 0;
	}
	config = config_load(&b, 0, ps);
	if (config == NULL)
		rc = err_set(err, ERR_USAGE,
		    "this would lead to errors; nothing was written");
	else
		rc = write_files(w, &b, err);
	bundle_free(&b);
	workcopy_undo(w);
	if (rc == 0) {
		config_unref(&w->config);
		w->config = config;
	} else if (config != NULL) {
		config_unref(&config);
	}
	return rc;
}

void
workcopy_undo(struct workcopy *w)
{
	struct config_problems none = { 0 };

	for (size_t i = 0; i < w->n_files; i++) {
		free(w->files[i].name);
		free(w->files[i].text);
	}
	w->n_files = 0;
	edit_free(&w->yaml);
	if (read_yaml(w, &none, NULL) == -1)
		panic("workcopy: what was read cannot be read again");
}

static int
read_yaml(struct workcopy *w, struct config_problems *ps, struct err *err)
{
	const struct bundle_file *f = bundle_find(&w->bundle, MAIN_FILE);

	if (f == NULL)
		return err_set(
		    err, ERR_USAGE, "%s: no " MAIN_FILE " there", w->etc);
	w->yaml = edit_new(MAIN_FILE, f->text, ps);
	return w->yaml != NULL ? 0 : has_errors(err);
}

static bool
same_files(const struct bundle *a, const struct bundle *b)
{
	return str_eq((struct str){ a->map, a->map_len },
	    (struct str){ b->map, b->map_len });
}

/* In the order of the one read, so that both can be compared. */
static int
changed_bundle(const struct workcopy *w, struct bundle *b, struct err *err)
{
	struct buf packed;

	pack_begin(&packed);
	for (size_t i = 0; i < w->bundle.n; i++) {
		const struct bundle_file *old = &w->bundle.files[i];
		const struct workcopy_file *f = find(w, old->name);

		if (str_is(old->name, MAIN_FILE))
			pack_file(&packed, old->name, edit_text(w->yaml));
		else if (f == NULL)
			pack_file(&packed, old->name, old->text);
		else if (f->text != NULL)
			pack_file(
			    &packed, old->name, (struct str){ f->text, f->n });
	}
	for (size_t i = 0; i < w->n_files; i++) {
		const struct workcopy_file *f = &w->files[i];

		if (f->text != NULL && bundle_find(&w->bundle, f->name) == NULL)
			pack_file(&packed, str_of(f->name),
			    (struct str){ f->text, f->n });
	}
	return pack_end(&packed, b, err);
}

/* Only if nobody else has changed them since they were read; then reads them
 * again. */
static int
write_files(struct workcopy *w, const struct bundle *b, struct err *err)
{
	int fd = store_lock(w->etc, err), rc = -1;
	struct bundle now;

	if (fd == -1)
		return -1;
	if (bundle_read_folder(&now, w->etc, err) == -1)
		goto out;
	if (!same_files(&now, &w->bundle))
		err_set(err, ERR_TEMP,
		    "somebody else has changed the working copy meanwhile; "
		    "nothing was written");
	else if (store_replace(w->etc, b, err) == 0) {
		bundle_free(&now);
		rc = bundle_read_folder(&now, w->etc, err);
	}
	if (rc == 0) {
		bundle_free(&w->bundle);
		w->bundle = now;
	} else {
		bundle_free(&now);
	}
out:
	close(fd);
	return rc;
}

static struct workcopy_file *
find(const struct workcopy *w, struct str name)
{
	for (size_t i = 0; i < w->n_files; i++) {
		if (str_is(name, w->files[i].name))
			return &w->files[i];
	}
	return NULL;
}

static struct workcopy_file *
slot(struct workcopy *w, const char *name)
{
	struct workcopy_file *f = find(w, str_of(name));

	if (f != NULL)
		return f;
	w->files =
	    mem_room(w->files, &w->cap_files, w->n_files, sizeof(*w->files));
	f = &w->files[w->n_files++];
	*f = (struct workcopy_file){ .name = mem_strdup(name) };
	return f;
}

static int
has_errors(struct err *err)
{
	return err_set(
	    err, ERR_USAGE, "the working copy has errors; correct them first");
}
