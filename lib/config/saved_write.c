/*
 * saved_write.c - a whole configuration as one text: writing
 */
#include <string.h>

#include "base/base64.h"
#include "config/mask.h"
#include "config/saved.h"

#define BASE64_LINE 72

static void put_head(const struct saved_head *, enum saved_secrets,
    const struct seal *, struct buf *out);
static void put_field(struct buf *out, const char *name, struct str value);
static void put_file(
    const struct bundle_file *, enum saved_secrets, struct buf *out);
static void put_secret(const struct bundle_file *, enum saved_secrets,
    const struct seal *, struct buf *out);
static void put_text(struct str name, struct str text, struct buf *out);
static void put_base64(struct str bytes, struct buf *out);
static bool is_plain(struct str text);
static bool looks_special(struct str line);

bool
saved_write(const struct saved_head *head, const struct bundle *files,
    const struct bundle *secrets, enum saved_secrets how,
    const struct seal *seal, struct buf *out)
{
	put_head(head, how, seal, out);
	for (size_t i = 0; i < files->n; i++)
		put_file(&files->files[i], how, out);
	for (size_t i = 0; i < secrets->n; i++)
		put_secret(&secrets->files[i], how, seal, out);
	buf_puts(out, "=== end\n");
	return !out->failed;
}

static void
put_head(const struct saved_head *h, enum saved_secrets how,
    const struct seal *seal, struct buf *out)
{
	static const char *const words[] = {
		[SAVED_MASK] = "masked",
		[SAVED_ENCRYPT] = "encrypted",
		[SAVED_PLAIN] = "plain",
	};

	buf_puts(out, "Postern-Configuration: 1\nKind: full\n");
	put_field(out, "Host", h->host);
	put_field(out, "Version", h->version);
	put_field(out, "Serial", h->serial);
	if (h->revision != 0)
		buf_printf(
		    out, "Revision: %llu\n", (unsigned long long)h->revision);
	put_field(out, "Date", h->when);
	put_field(out, "User", h->user);
	put_field(out, "Comment", h->comment);
	put_field(out, "Passphrases", str_of(words[how]));
	if (how == SAVED_ENCRYPT) {
		put_field(
		    out, "Key", h->own_key ? STR("file") : STR("machine"));
		buf_puts(out, "Salt: ");
		base64_encode(
		    (struct str){ seal->salt, sizeof(seal->salt) }, out);
		buf_putc(out, '\n');
	}
	buf_putc(out, '\n');
}

static void
put_field(struct buf *out, const char *name, struct str value)
{
	char shown[4200];

	if (value.n == 0)
		return;
	str_escape(shown, sizeof(shown), value, 1000);
	buf_printf(out, "%s: %s\n", name, shown);
}

/* Keys of postern.yaml may be secrets too. */
static void
put_file(const struct bundle_file *f, enum saved_secrets how, struct buf *out)
{
	struct buf masked;

	if (how == SAVED_PLAIN || !mask_concerns(f->name)) {
		put_text(f->name, f->text, out);
		return;
	}
	buf_init(&masked, SAVED_MAX);
	mask_yaml(f->text, &masked);
	put_text(f->name, buf_str(&masked), out);
	out->failed |= masked.failed;
	buf_fini(&masked);
}

static void
put_secret(const struct bundle_file *f, enum saved_secrets how,
    const struct seal *seal, struct buf *out)
{
	struct buf sealed;

	if (how == SAVED_PLAIN) {
		put_text(f->name, f->text, out);
	} else if (how == SAVED_MASK) {
		buf_printf(
		    out, "=== %.*s masked\n" MASK "\n", STR_ARG(f->name));
	} else {
		buf_init(&sealed, SAVED_MAX);
		seal_close(seal, f->name, f->text, &sealed);
		buf_printf(out, "=== %.*s encrypted\n", STR_ARG(f->name));
		put_base64(buf_str(&sealed), out);
		out->failed |= sealed.failed;
		buf_fini(&sealed);
	}
}

static void
put_text(struct str name, struct str text, struct buf *out)
{
	bool ended = text.n == 0 || text.p[text.n - 1] == '\n';

	if (!is_plain(text)) {
		buf_printf(out, "=== %.*s base64\n", STR_ARG(name));
		put_base64(text, out);
		return;
	}
	buf_printf(
	    out, "=== %.*s%s\n", STR_ARG(name), ended ? "" : " no-newline");
	while (text.n > 0) {
		struct str line = str_cut(&text, '\n');

		if (looks_special(line))
			buf_putc(out, '\\');
		buf_add_str(out, line);
		buf_putc(out, '\n');
	}
}

static void
put_base64(struct str bytes, struct buf *out)
{
	size_t step = BASE64_LINE / 4 * 3;

	for (size_t i = 0; i < bytes.n; i += step) {
		base64_encode(str_sub(bytes, i, step), out);
		buf_putc(out, '\n');
	}
}

static bool
is_plain(struct str text)
{
	for (size_t i = 0; i < text.n; i++) {
		unsigned char c = (unsigned char)text.p[i];

		if ((c < 0x20 && c != '\n' && c != '\t') || c == 0x7f)
			return false;
	}
	return str_valid_utf8(text);
}

static bool
looks_special(struct str line)
{
	while (line.n > 0 && line.p[0] == '\\')
		line = str_sub(line, 1, line.n);
	return str_starts(line, STR("===")) || str_is(line, ".");
}
