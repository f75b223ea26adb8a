/*
 * inspect_archive.c - entries of archives, one after the other
 *
 * One format at a time, and one layer of compression: which, says the type
 * that the bytes look like. What is below it is the next layer's; so nothing
 * can be packed without end within a single step.
 */
#include <archive.h>
#include <archive_entry.h>
#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "cleanup/inspect_look.h"

struct archive_reader {
	struct look *look;
	struct archive *archive;
	struct archive_entry *entry;
};

static const struct {
	const char *type;
	int (*format)(struct archive *);
	int filter;
} formats[] = {
	{ "zip", archive_read_support_format_zip, ARCHIVE_FILTER_NONE },
	{ "java", archive_read_support_format_zip, ARCHIVE_FILTER_NONE },
	{ "docx", archive_read_support_format_zip, ARCHIVE_FILTER_NONE },
	{ "xlsx", archive_read_support_format_zip, ARCHIVE_FILTER_NONE },
	{ "pptx", archive_read_support_format_zip, ARCHIVE_FILTER_NONE },
	{ "tar", archive_read_support_format_tar, ARCHIVE_FILTER_NONE },
	{ "7z", archive_read_support_format_7zip, ARCHIVE_FILTER_NONE },
	{ "rar", archive_read_support_format_rar, ARCHIVE_FILTER_NONE },
	{ "cab", archive_read_support_format_cab, ARCHIVE_FILTER_NONE },
	{ "gzip", archive_read_support_format_raw, ARCHIVE_FILTER_GZIP },
	{ "bz2", archive_read_support_format_raw, ARCHIVE_FILTER_BZIP2 },
	{ "bz", archive_read_support_format_raw, ARCHIVE_FILTER_BZIP2 },
	{ "unix", archive_read_support_format_raw, ARCHIVE_FILTER_COMPRESS },
};

static void broken(struct archive_reader *);
static bool take(struct archive_reader *, struct entry *, struct buf *,
    EVP_MD_CTX *, struct str);

struct archive_reader *
reader_open(struct look *l, struct str bytes, const char *type)
{
	struct archive_reader *r = mem_alloc(sizeof(*r));
	int rc = ARCHIVE_FATAL;

	r->look = l;
	r->archive = archive_read_new();
	if (r->archive == NULL)
		panic("no memory for an archive");
	for (size_t i = 0; i < NELEM(formats); i++) {
		if (strcmp(formats[i].type, type) != 0)
			continue;
		rc = formats[i].format(r->archive);
		if (formats[i].format == archive_read_support_format_rar)
			rc = archive_read_support_format_rar5(r->archive);
		if (rc == ARCHIVE_OK &&
		    formats[i].filter != ARCHIVE_FILTER_NONE)
			rc = archive_read_append_filter(
			    r->archive, formats[i].filter);
	}
	if (rc == ARCHIVE_OK)
		rc = archive_read_open_memory(r->archive, bytes.p, bytes.n);
	if (rc != ARCHIVE_OK) {
		/* of what was never opened the library must not be asked */
		l->out->corrupt = 1;
		archive_read_free(r->archive);
		r->archive = NULL;
	}
	return r;
}

bool
reader_next(struct archive_reader *r, struct entry *e)
{
	struct look *l = r->look;
	int rc;

	if (clock_mono_ms() > l->until)
		l->out->timeout = 1;
	if (r->archive == NULL || l->out->timeout)
		return false;
	rc = archive_read_next_header(r->archive, &r->entry);
	if (rc == ARCHIVE_EOF)
		return false;
	if (rc != ARCHIVE_OK && rc != ARCHIVE_WARN) {
		broken(r);
		return false;
	}
	*e = (struct entry){ .name = archive_entry_pathname_utf8(r->entry),
		.file = archive_entry_filetype(r->entry) == AE_IFREG,
		.locked = archive_entry_is_encrypted(r->entry) != 0 };
	if (e->name == NULL)
		e->name = archive_entry_pathname(r->entry);
	if (e->name == NULL)
		e->name = "";
	if (archive_entry_size_is_set(r->entry) &&
	    archive_entry_size(r->entry) > 0)
		e->size = (uint64_t)archive_entry_size(r->entry);
	return true;
}

bool
entry_read(struct archive_reader *r, struct entry *e, struct buf *data)
{
	EVP_MD_CTX *md = EVP_MD_CTX_new();
	const void *block;
	size_t n;
	la_int64_t at;
	bool whole;
	int rc;

	if (md == NULL || EVP_DigestInit_ex(md, EVP_sha256(), NULL) != 1)
		panic("no SHA-256");
	e->size = 0;
	do {
		rc = archive_read_data_block(r->archive, &block, &n, &at);
		whole = rc == ARCHIVE_EOF;
	} while ((rc == ARCHIVE_OK || rc == ARCHIVE_WARN) &&
		 take(r, e, data, md, (struct str){ block, n }));
	if (EVP_DigestFinal_ex(md, e->sha256, NULL) != 1)
		panic("no SHA-256");
	EVP_MD_CTX_free(md);
	/* an entry of an unknown method is passed over, the next may be read */
	if (rc == ARCHIVE_FATAL)
		broken(r);
	else if (rc == ARCHIVE_FAILED || rc == ARCHIVE_RETRY)
		r->look->out->corrupt = 1;
	return whole;
}

void
reader_close(struct archive_reader **rp)
{
	archive_read_free((*rp)->archive);
	free(*rp);
	*rp = NULL;
}

/* No more can be had of it: its list is locked, too, or it is damaged. */
static void
broken(struct archive_reader *r)
{
	if (archive_read_has_encrypted_entries(r->archive) > 0)
		r->look->out->locked = 1;
	else
		r->look->out->corrupt = 1;
	archive_read_free(r->archive);
	r->archive = NULL;
}

/* Holes of sparse files do not count: they are not filled. */
static bool
take(struct archive_reader *r, struct entry *e, struct buf *data,
    EVP_MD_CTX *md, struct str block)
{
	struct look *l = r->look;
	size_t room = data->max - data->len;

	e->size += block.n;
	l->used->expanded += block.n;
	if (EVP_DigestUpdate(md, block.p, block.n) != 1)
		panic("no SHA-256");
	buf_add_str(data, str_sub(block, 0, room));
	if (l->used->expanded > l->limits->max_expanded)
		l->out->too_large = 1;
	if (clock_mono_ms() > l->until)
		l->out->timeout = 1;
	return !l->out->too_large && !l->out->timeout;
}
