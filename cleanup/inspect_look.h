/*
 * inspect_look.h - what a file is and what is in it
 *
 *	inspect_type.c	what the bytes look like (libmagic)
 *	inspect_archive.c	entries of archives, one after the other
 *(libarchive) inspect_office.c	text of office files, and whether they have
 *macros inspect_look.c	all of it, for a file and whatever is in it
 *
 * The bytes are a stranger's, and so are the libraries: see the limits of the
 * message INSPECT. They are looked at while expanding, not before: what an
 * archive says of itself is no more than a claim.
 */
#ifndef CLEANUP_INSPECT_LOOK_H
#define CLEANUP_INSPECT_LOOK_H

#include "base/buf.h"
#include "ipc/messages.h"

#define LOOK_KEEP                                                              \
	((size_t)32 << 20)          /* bytes of an entry that are looked at    \
				     */
#define LOOK_TEXT ((size_t)4 << 20) /* that is told of a file in all */
#define LOOK_ONCE ((size_t)1 << 20) /* ... of one entry */

/* What the parts of a message have used up of its limits. */
struct look_used {
	uint64_t expanded; /* bytes */
	uint32_t members;
	int64_t ms;
};

struct look {
	const struct inspect_msg *limits;
	struct look_used *used; /* by others before, and by this one */
	/* Told as it is found: text belongs to the member, or to the end,
	 * that comes next. */
	void (*text)(void *arg, struct str);
	void (*member)(void *arg, const struct inspect_member *);
	void *arg;
	struct inspected *out;
	int64_t until; /* monotonic ms */
	size_t told;   /* bytes of text */
	bool cut;      /* there was more */
};

/* Loads what the libraries would otherwise read from files later. */
int look_setup(struct err *);
/* Looks at a file; out is filled in. until and what follows it: 0. What could
 * not be told in full is too large, but all else of it is told. */
void look_at(struct look *, struct str bytes, struct inspected *out);

/* --- inspect_type.c --- */

int type_setup(struct err *);
/* "pdf"; "": none that has a name. locked: needs a password. */
const char *type_of(struct str bytes, bool *locked);
bool type_is_text(const char *type);
/* What can be opened: one file compressed, or an archive. */
bool type_is_packed(const char *type);

/* --- inspect_archive.c --- */

struct archive_reader;
struct entry {
	const char *name; /* until the next one; UTF-8 where it says so */
	bool file;        /* not a folder, a link */
	bool locked;
	uint8_t sha256[32]; /* after entry_read */
	uint64_t size;      /* likewise: what came out */
};

struct archive_reader *reader_open(struct look *, struct str, const char *type);
/* False: no more. What is wrong with the archive is noted in out. */
bool reader_next(struct archive_reader *, struct entry *);
/* All of it is expanded, the first LOOK_KEEP bytes are kept. False: cut short,
 * by a limit or because it is broken. */
bool entry_read(struct archive_reader *, struct entry *, struct buf *data);
void reader_close(struct archive_reader **);

/* --- inspect_office.c --- */

/* Of a ZIP file: "docx", "xlsx", "pptx"; NULL: it is none of these. */
const char *office_type(struct look *, struct str bytes);
bool office_is(const char *type);
/* Its text; notes macros. */
void office_text(
    struct look *, struct str bytes, const char *type, struct buf *text);
/* Is that entry a file of its own, embedded in the document? */
bool office_embeds(const char *name);

#endif
