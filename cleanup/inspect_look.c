/* inspect_look.c - a file and whatever is in it */
#include "cleanup/inspect_look.h"

#include <iconv.h>
#include <locale.h>
#include <openssl/crypto.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "base/clock.h"
#include "base/err.h"
#include "base/mem.h"

struct seen { /* of one file */
	const char *type;
	bool locked, office;
};

static void warm(void);
static struct seen see(struct look *, struct str);
static void tell_text(struct look *, struct str, const struct seen *);
static void notice(struct look *, struct str, const struct seen *);
static void open_up(struct look *, struct str, const char *type, uint32_t);
static bool list(struct look *, struct archive_reader *, struct entry *,
    uint32_t depth, bool office);
static bool has(struct str bytes, struct str what);

int
look_setup(struct err *err)
{
	warm();
	return type_setup(err);
}

void
look_at(struct look *l, struct str bytes, struct inspected *out)
{
	static uint8_t sha256[32];
	struct seen s;
	int64_t began;

	*out = (struct inspected){ .known = 1 };
	l->out = out;
	began = clock_mono_ms();
	l->until = began + (int64_t)l->limits->timeout * 1000 - l->used->ms;
	if (EVP_Digest(bytes.p, bytes.n, sha256, NULL, EVP_sha256(), NULL) != 1)
		panic("no SHA-256");
	out->sha256 = (struct str){ (const char *)sha256, sizeof(sha256) };
	s = see(l, bytes);
	out->filetype = str_of(s.type);
	out->archive = type_is_packed(s.type);
	out->locked = s.locked;
	notice(l, bytes, &s);
	tell_text(l, bytes, &s);
	if (out->archive || s.office)
		open_up(l, bytes, s.type, 1);
	out->readable = !out->archive && !out->locked && !out->corrupt;
	out->too_large |= l->cut;
	l->used->ms += clock_mono_ms() - began;
}

/* Open for good, so that what they are made of stays loaded. */
static volatile iconv_t kept[6][2];

/* Names in archives are converted; what that needs is a file, too. */
static void
warm(void)
{
	static const char *const sets[NELEM(kept)] = { "UTF-16LE", "UTF-16BE",
		"ISO-8859-1", "CP437", "CP932", "ANSI_X3.4-1968" };

	OPENSSL_init_crypto(OPENSSL_INIT_LOAD_CONFIG, NULL);
	(void)EVP_sha256();
	setlocale(LC_CTYPE, "C.UTF-8");
	/* times of members are nothing to us; without a zone of its own each
	 * of them would make libc look at a file */
	setenv("TZ", "UTC0", 1);
	tzset();
	for (size_t i = 0; i < NELEM(sets); i++) {
		kept[i][0] = iconv_open("UTF-8", sets[i]);
		kept[i][1] = iconv_open(sets[i], "UTF-8");
	}
}

static struct seen
see(struct look *l, struct str bytes)
{
	struct seen s = { 0 };
	const char *office;

	s.type = type_of(bytes, &s.locked);
	if (strcmp(s.type, "zip") == 0 &&
	    (office = office_type(l, bytes)) != NULL)
		s.type = office;
	s.office = office_is(s.type);
	return s;
}

static void
tell_text(struct look *l, struct str bytes, const struct seen *s)
{
	struct buf text;

	buf_init(&text, LOOK_ONCE);
	if (s->office)
		office_text(l, bytes, s->type, &text);
	else if (type_is_text(s->type))
		buf_add_str(&text, str_sub(bytes, 0, LOOK_ONCE));
	l->cut |= text.failed || l->told + text.len > LOOK_TEXT ||
		  (type_is_text(s->type) && bytes.n > LOOK_ONCE);
	if (text.len > 0 && l->told + text.len <= LOOK_TEXT) {
		l->told += text.len;
		l->text(l->arg, buf_str(&text));
	}
	buf_fini(&text);
}

/* Formats that nobody takes apart here still show what is in them. */
static void
notice(struct look *l, struct str bytes, const struct seen *s)
{
	static const char project[] = "_\0V\0B\0A\0_\0P\0R\0O\0J\0E\0C\0T";
	static const char package[] =
	    "E\0n\0c\0r\0y\0p\0t\0e\0d\0P\0a\0c\0k\0a\0g\0e";
	static const char *const ole[] = { "ole", "doc", "xls", "ppt" };

	for (size_t i = 0; i < NELEM(ole); i++) {
		if (strcmp(ole[i], s->type) != 0)
			continue;
		l->out->macros |= has(bytes, STR(project));
		l->out->locked |= has(bytes, STR(package));
	}
	if (strcmp(s->type, "pdf") == 0) {
		l->out->macros |= has(bytes, STR("/JavaScript"));
		l->out->locked |= has(bytes, STR("/Encrypt"));
	}
}

/* depth: of what is in it. */
static void
open_up(struct look *l, struct str bytes, const char *type, uint32_t depth)
{
	struct archive_reader *r;
	struct entry e;

	if (depth > l->limits->max_depth) {
		l->out->too_deep = 1;
		return;
	}
	r = reader_open(l, bytes, type);
	while (reader_next(r, &e) && list(l, r, &e, depth, office_is(type)))
		continue;
	reader_close(&r);
}

/* Tells of one entry, and of what is in it. False: enough. */
static bool
list(struct look *l, struct archive_reader *r, struct entry *e, uint32_t depth,
    bool office)
{
	struct inspect_member m = { .depth = depth, .locked = e->locked };
	struct seen s = { .type = "" };
	char name[INSPECT_NAME_MAX + 1];
	struct buf data;

	if (!e->file || (office && !office_embeds(e->name)))
		return true;
	if (++l->used->members > l->limits->max_members) {
		l->out->too_large = 1;
		return false;
	}
	/* the name is the library's only until it reads on */
	str_copy(
	    name, sizeof(name), str_sub(str_of(e->name), 0, INSPECT_NAME_MAX));
	buf_init(&data, LOOK_KEEP);
	if (!e->locked && entry_read(r, e, &data)) {
		s = see(l, buf_str(&data));
		tell_text(l, buf_str(&data), &s);
	}
	m.name = str_of(name);
	m.filetype = str_of(s.type);
	m.size = e->size;
	m.locked |= s.locked;
	m.sha256 = (struct str){ (const char *)e->sha256, sizeof(e->sha256) };
	l->member(l->arg, &m);
	if (type_is_packed(s.type) || s.office) {
		if (data.len == e->size)
			open_up(l, buf_str(&data), s.type, depth + 1);
		else
			l->out->too_large = 1;
	}
	buf_fini(&data);
	return !l->out->too_large && !l->out->timeout;
}

static bool
has(struct str bytes, struct str what)
{
	return memmem(bytes.p, bytes.n, what.p, what.n) != NULL;
}
