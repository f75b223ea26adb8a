/*
 * engine.h - the languages of scanners (spec workqueue 5.4, 6.3, 6.4)
 *
 * What is sent before a message, how the message is cut into pieces, what
 * comes after it; and what the answer means. Nothing here touches a socket:
 * scan.c does, for all of them.
 */
#ifndef LOOKUP_ENGINE_H
#define LOOKUP_ENGINE_H

#include "base/buf.h"
#include "config/config.h"
#include "fact/facts.h"
#include "ipc/messages.h"

enum framing {
	FRAMING_PLAIN,
	FRAMING_CLAMD, /* length in four bytes, big-endian; ends with 0 */
	FRAMING_HTTP   /* chunked, RFC 9112 7.1 */
};

/* What an answer says; texts point into the answer. */
enum engine_progress {
	ENGINE_MORE, /* not all of it is here */
	ENGINE_DONE,
	ENGINE_BAD /* no answer of this engine; result->text: what is wrong */
};

struct engine {
	const char *name; /* "SpamAssassin" */
	uint16_t port;
	/* Before the message: its size is that of what is sent. */
	void (*head)(const struct scan_msg *, const struct scanner *,
	    const char *host, uint64_t size, struct buf *out);
	enum framing framing;
	bool half_close; /* nothing more is said */
	/* eof: nothing more will come. result is zeroed but for kind and
	 * engine; what engine and text point to lives in mem. */
	enum engine_progress (*answer)(
	    struct str in, bool eof, struct scanned *result, struct arena *mem);
};

/* NULL: the scanner is off. */
const struct engine *engine_of(enum scan_kind, const struct scanner *);

/*
 * Engines are asked about themselves in the same way, with no message. What
 * they say of their version goes into result->engine, "SpamAssassin 4.0.0",
 * of their rules or signatures into result->text, with the date last if they
 * say one: "27000, Tue Nov 18 09:30:12 2026"; empty: they do not tell.
 */
enum engine_question {
	ENGINE_SCAN,    /* the language for messages */
	ENGINE_VERSION, /* what are you? */
	ENGINE_RELOAD   /* read your signatures anew */
};
/* NULL: it is off, or cannot be asked that. */
const struct engine *engine_asked(
    enum scan_kind, const struct scanner *, enum engine_question);

#define ENGINE_ANSWER_MAX (1u << 20) /* bytes of an answer */

/* Shared by those that speak HTTP or something like it: the value of a header
 * line in a head; empty: it is not there. */
struct str engine_header(struct str head, const char *name);
/* "15.4", "-0.2": thousandths; false: no number. */
bool engine_decimal(struct str, int64_t *thousandths);
/* What a client said, on the line where it is put. */
void engine_put(struct buf *, struct str);
/* Printable ASCII alone, for headers and logs. */
struct str engine_clean(struct str, struct arena *mem);

#endif
