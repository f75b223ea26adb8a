/* inspect_office.c - text of office files, and whether they have macros */
#include <string.h>

#include "base/mem.h"
#include "cleanup/inspect_look.h"

#define HEADERS 5000 /* of entries, until we know what it is */

static bool has_text(const struct look *, const char *name, const char *type);
static bool starts(const char *s, const char *with);
static bool ends(const char *s, const char *with);
static void strip(struct str xml, struct buf *text);
static void put_tag(struct str tag, struct buf *text);
static size_t put_char(struct str left, struct buf *text);

/* type; where its parts lie; in which of them text is */
static const struct {
	const char *type, *folder, *text[2];
} offices[] = {
	{ "docx", "word/", { "word/document", "word/foot" } },
	{ "xlsx", "xl/", { "xl/sharedStrings", "xl/worksheets/sheet" } },
	{ "pptx", "ppt/", { "ppt/slides/slide", "ppt/notesSlides/notes" } },
};

const char *
office_type(struct look *l, struct str bytes)
{
	struct archive_reader *r;
	const char *type = NULL;
	bool listed = false;
	struct entry e;

	r = reader_open(l, bytes, "zip");
	for (size_t n = 0;
	     n < HEADERS && (type == NULL || !listed) && reader_next(r, &e);
	     n++) {
		listed |= strcmp(e.name, "[Content_Types].xml") == 0;
		for (size_t i = 0; i < NELEM(offices); i++)
			if (starts(e.name, offices[i].folder))
				type = offices[i].type;
	}
	reader_close(&r);
	return listed ? type : NULL;
}

bool
office_is(const char *type)
{
	for (size_t i = 0; i < NELEM(offices); i++)
		if (strcmp(offices[i].type, type) == 0)
			return true;
	return false;
}

void
office_text(
    struct look *l, struct str bytes, const char *type, struct buf *text)
{
	struct archive_reader *r = reader_open(l, bytes, type);
	struct entry e;
	struct buf xml;

	buf_init(&xml, LOOK_KEEP);
	while (!l->out->too_large && reader_next(r, &e)) {
		if (ends(e.name, "vbaProject.bin"))
			l->out->macros = 1;
		if (e.locked || !has_text(l, e.name, type))
			continue;
		buf_reset(&xml);
		entry_read(r, &e, &xml);
		l->cut |= xml.len < e.size;
		strip(buf_str(&xml), text);
	}
	buf_fini(&xml);
	reader_close(&r);
}

bool
office_embeds(const char *name)
{
	return strstr(name, "/embeddings/") != NULL;
}

static bool
has_text(const struct look *l, const char *name, const char *type)
{
	/* title, author and what else somebody wrote about it */
	if (starts(name, "docProps/"))
		return l->limits->metadata && ends(name, ".xml");
	for (size_t i = 0; i < NELEM(offices); i++)
		if (strcmp(offices[i].type, type) == 0)
			return ends(name, ".xml") &&
			       (starts(name, offices[i].text[0]) ||
				   starts(name, offices[i].text[1]));
	return false;
}

static bool
starts(const char *s, const char *with)
{
	return strncmp(s, with, strlen(with)) == 0;
}

static bool
ends(const char *s, const char *with)
{
	size_t n = strlen(s), w = strlen(with);

	return n >= w && strcmp(s + n - w, with) == 0;
}

/* Text between tags; where a paragraph, a cell or a slide ends, a line does. */
static void
strip(struct str xml, struct buf *text)
{
	while (xml.n > 0 && !text->failed) {
		if (xml.p[0] != '<') {
			size_t n = put_char(xml, text);

			xml = str_sub(xml, n, xml.n);
			continue;
		}
		put_tag(str_sub(xml, 1, str_find(xml, '>') - 1), text);
		xml = str_sub(xml, str_find(xml, '>') + 1, xml.n);
	}
}

static void
put_tag(struct str tag, struct buf *text)
{
	static const struct {
		const char *tag;
		char c;
	} breaks[] = {
		{ "/w:p", '\n' },
		{ "/a:p", '\n' },
		{ "/si", '\n' },
		{ "/row", '\n' },
		{ "/c", ' ' },
		{ "w:br", '\n' },
		{ "w:tab", '\t' },
	};
	struct str name = tag;

	name = str_sub(name, 0, str_find(name, ' '));
	if (name.n > 0 && name.p[name.n - 1] == '/')
		name.n--;
	for (size_t i = 0; i < NELEM(breaks); i++)
		if (str_is(name, breaks[i].tag))
			buf_putc(text, breaks[i].c);
}

/* How many bytes were used. */
static size_t
put_char(struct str left, struct buf *text)
{
	static const struct {
		const char *entity;
		char c;
	} entities[] = {
		{ "&amp;", '&' },
		{ "&lt;", '<' },
		{ "&gt;", '>' },
		{ "&quot;", '"' },
		{ "&apos;", '\'' },
	};

	for (size_t i = 0; i < NELEM(entities); i++) {
		struct str name = str_of(entities[i].entity);

		if (str_starts(left, name)) {
			buf_putc(text, entities[i].c);
			return name.n;
		}
	}
	buf_putc(text, left.p[0]);
	return 1;
}
