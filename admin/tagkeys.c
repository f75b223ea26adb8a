/* tagkeys.c - the file of the keys of bounce verification */
#include "admin/tagkeys.h"

#include <errno.h>
#include <string.h>

#include "base/clock.h"
#include "config/secrets.h"
#include "tls/tag.h"

#define FILE_MAX ((size_t)256 * 1024)
#define DAY_MS   INT64_C(86400000)

static const char head[] =
    "# keys of bounce verification; postern bvconfig writes this file\n";

/* A file as it is read: keys are views of text. */
struct file {
	struct buf text;
	struct tag_keys keys;
};

static int read_file(
    struct file *, const char *etc, struct str name, struct err *);
static void free_file(struct file *);
static int write_file(
    const char *etc, struct str name, const struct tag_keys *, struct err *);
static const char *status_of(const struct tag_keys *, const struct tag_key *);
static int make_room(struct tag_keys *, struct err *);

int
tagkeys_add(const char *etc, struct str name, struct str text, struct err *err)
{
	int64_t now = clock_wall_ms();
	struct file f;
	int rc = -1;

	text = str_trim(text);
	if (!tag_key_ok(text))
		return err_set(err, ERR_USAGE,
		    "A key is printable text of 1 to %d bytes.", TAG_KEY_MAX);
	if (read_file(&f, etc, name, err) == 0 &&
	    make_room(&f.keys, err) == 0) {
		for (size_t i = 0; i < f.keys.n; i++)
			if (f.keys.v[i].retired == 0)
				f.keys.v[i].retired = now;
		f.keys.v[f.keys.n++] =
		    (struct tag_key){ .since = now, .text = text };
		rc = write_file(etc, name, &f.keys, err);
	}
	free_file(&f);
	return rc;
}

int
tagkeys_purge(
    const char *etc, struct str name, int days, size_t *n, struct err *err)
{
	int64_t before = clock_wall_ms() - days * DAY_MS;
	struct tag_keys left = { .n = 0 };
	struct file f;
	int rc = read_file(&f, etc, name, err);

	for (size_t i = 0; rc == 0 && i < f.keys.n; i++) {
		const struct tag_key *k = &f.keys.v[i];

		if (days != -1 && (k->retired == 0 || k->retired > before))
			left.v[left.n++] = *k;
	}
	if (rc == 0)
		*n = f.keys.n - left.n;
	if (rc == 0 && *n > 0)
		rc = write_file(etc, name, &left, err);
	free_file(&f);
	return rc;
}

int
tagkeys_text(const char *etc, struct str name, struct buf *out, struct err *err)
{
	struct file f;
	int rc = read_file(&f, etc, name, err);
	char when[CLOCK_TEXT];

	if (rc == 0 && f.keys.n == 0)
		buf_puts(out, "No keys have been assigned.\n");
	for (size_t i = 0; rc == 0 && i < f.keys.n; i++) {
		const struct tag_key *k = &f.keys.v[i];

		buf_printf(out, "%zu. made %s, %s", i + 1,
		    clock_status(k->since, when), status_of(&f.keys, k));
		if (k->retired != 0)
			buf_printf(
			    out, " since %s", clock_status(k->retired, when));
		buf_putc(out, '\n');
	}
	free_file(&f);
	return rc;
}

json_t *
tagkeys_json(const char *etc, struct str name, struct err *err)
{
	json_t *list = NULL;
	struct file f;

	if (read_file(&f, etc, name, err) == 0)
		list = json_array();
	for (size_t i = 0; list != NULL && i < f.keys.n; i++) {
		const struct tag_key *k = &f.keys.v[i];

		json_array_append_new(list,
		    json_pack("{s:I, s:o, s:s}", "created",
			(json_int_t)k->since, "retired",
			k->retired == 0 ? json_null()
					: json_integer((json_int_t)k->retired),
			"status", status_of(&f.keys, k)));
	}
	free_file(&f);
	return list;
}

/* None there is as good as an empty one. */
static int
read_file(struct file *f, const char *etc, struct str name, struct err *err)
{
	int rc;

	buf_init(&f->text, FILE_MAX);
	f->keys.n = 0;
	rc = secrets_slurp(etc, name, &f->text, err);
	if (rc == -1 && err->sys == ENOENT) {
		*err = (struct err)ERR_INIT;
		return 0;
	}
	if (rc == 0 && !tag_keys_parse(&f->keys, buf_str(&f->text), err))
		return err_in(err, "secrets/%.*s", STR_ARG(name));
	return rc;
}

static void
free_file(struct file *f)
{
	if (f->text.len > 0)
		explicit_bzero(f->text.data, f->text.len);
	buf_fini(&f->text);
}

static int
write_file(const char *etc, struct str name, const struct tag_keys *keys,
    struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, FILE_MAX);
	buf_puts(&text, head);
	for (size_t i = 0; i < keys->n; i++)
		tag_keys_line(&keys->v[i], &text);
	rc = secrets_put(etc, name, buf_str(&text), err);
	explicit_bzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

/* Full: what has expired goes. */
static int
make_room(struct tag_keys *keys, struct err *err)
{
	size_t n = 0;

	if (keys->n < TAG_KEYS_MAX)
		return 0;
	for (size_t i = 0; i < keys->n; i++)
		if (strcmp(status_of(keys, &keys->v[i]), "expired") != 0)
			keys->v[n++] = keys->v[i];
	keys->n = n;
	return n < TAG_KEYS_MAX
		   ? 0
		   : err_set(err, ERR_PERM,
			 "There are %d keys that are still good for "
			 "something; purge some.",
			 TAG_KEYS_MAX);
}

static const char *
status_of(const struct tag_keys *keys, const struct tag_key *k)
{
	int64_t age = clock_wall_ms() - k->retired;

	if (k == tag_keys_current(keys))
		return "current";
	return k->retired != 0 && age >= TAG_DAYS * DAY_MS ? "expired"
							   : "retired";
}
