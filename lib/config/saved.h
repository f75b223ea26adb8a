/*
 * saved.h - a whole configuration, or a part of one, as one text
 *
 *	Postern-Configuration: 1
 *	Kind: full
 *	Host: mx.example.com
 *	Revision: 12
 *
 *	=== postern.yaml
 *	hostname: mx.example.com
 *	=== tables/aliases
 *	postmaster: joe@example.com
 *	=== secrets/mx.key masked
 *	*****
 *	=== end
 *
 * First a head: the line that says what this is, "Kind: full" or "Kind:
 * part", and others, of which a reader needs "Salt:" and "Key:" only. Then
 * the files, each behind a line with its name. After the name may stand
 *
 *	no-newline	its last line has no end
 *	base64		bytes that are no text: base64, any line length
 *	encrypted	sealed (config/seal.h), then base64
 *	masked		a secret that was left out
 *
 * A line of a file that would look like one of those in the list, or be a
 * single dot, is written with a backslash before it: "\===", "\.", and one
 * that is written so already, "\\===", with one more. Lines end with LF; CR
 * LF is read as well. Text is UTF-8. A full one stands for all files: those
 * that it does not have are not to be there.
 *
 * Pure: reads and writes memory.
 */
#ifndef CONFIG_SAVED_H
#define CONFIG_SAVED_H

#include "base/arena.h"
#include "config/load.h"
#include "config/seal.h"

#define SAVED_MAX ((size_t)256 << 20)

enum saved_secrets { SAVED_MASK, SAVED_ENCRYPT, SAVED_PLAIN };

/* Lines of the head; texts without line ends. */
struct saved_head {
	struct str host, version, serial;
	uint64_t revision; /* 0: the working copy */
	struct str when;   /* RFC 5322 */
	struct str user, comment;
	bool own_key; /* encrypted with a key that somebody gave */
};

/* files: of the revision; secrets: names that begin with "secrets/". seal:
 * for SAVED_ENCRYPT. False: it is too large. */
bool saved_write(const struct saved_head *, const struct bundle *files,
    const struct bundle *secrets, enum saved_secrets, const struct seal *,
    struct buf *out);

struct saved_file {
	struct str name, text;
	int line; /* of its first line, in the text that was read */
	bool masked, encrypted;
};

struct saved {
	struct arena mem;
	bool full;
	bool own_key;
	bool has_salt;
	char salt[SEAL_SALT];
	struct saved_file *files;
	size_t n;
};

/* -1: problems has every mistake, with its line in file. Always to be
 * freed. */
int saved_read(struct saved *, const char *file, struct str text,
    struct config_problems *);
void saved_free(struct saved *);
/* The first secret that was left out; NULL: none. */
const struct saved_file *saved_masked(const struct saved *);
bool saved_is_encrypted(const struct saved *);
/* Opens what is encrypted; seal has the salt of the saved. */
int saved_unseal(struct saved *, const struct seal *, struct err *err);
const struct saved_file *saved_find(const struct saved *, const char *name);

/*
 * Makes the working copy what it says: all of it, or the files that a part
 * has, and of postern.yaml the keys at the top that the part has, whole.
 * Secrets are not touched. -1: nothing was changed; problems names lines of
 * `file` where the mistakes stand in it, else of the working copy that would
 * have come out.
 */
int saved_apply(const struct saved *, const char *file, const char *etc,
    struct config_problems *, struct err *err);

#endif
