/*
 * queue.h - queue files: format, commit, folders
 *
 * One message, one file, named by its MID in decimal inside a hashed folder:
 *
 *	spool/incoming/NN/MID	accepted; work queue or first delivery
 *	spool/deferred/NN/MID	tried, and to be tried again
 *	spool/quarantine/NN/MID	held: its HELD records say by which quarantines
 *	spool/corrupt/MID.REASON
 *
 * NN is (MID / QUEUE_RUN) mod QUEUE_FOLDERS in two hex digits: messages of the
 * same moment share a folder, and so its sync. Made when the spool is.
 *
 *	header	  fixed struct, little-endian, crc32c
 *	envelope  encoded record (ipc/messages.h REC_ENVELOPE); of some that
 *		  came in by QMQP it stands behind the content
 *	content	  stored form (mail/wire.h): ready for the wire
 *	records	  {type, length, crc32c, payload}: COMMIT, ATTEMPT, ROUTE,
 *		  DONE, DEFER, HELD, RELEASING
 *
 * A file without a whole COMMIT is a draft: nobody was told 250, recovery
 * removes it. After COMMIT it is mail, whatever else happens. Files are only
 * ever appended to, moved between folders, unlinked.
 *
 * What is made of a message (parts of a split, rewritten messages, copies)
 * names it as `parent` in its envelope. It is no mail as long as the parent
 * is there without ROUTE: so all of them become mail at once, when the
 * parent's ROUTE is durable. Recovery removes them before, together with all
 * that a run had made before it was interrupted. The parent's ROUTE may say
 * that nobody is left to it (route_rec.whole): then it is finished.
 *
 * How a message is made durable is behind qfile_commit(), asynchronous with
 * one completion, so that it can change (slots instead of files) without its
 * callers (DESIGN 3).
 */
#ifndef QUEUE_QUEUE_H
#define QUEUE_QUEUE_H

#include <stdbool.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/loop.h"
#include "ipc/messages.h"

#define QUEUE_FOLDERS 32
#define QUEUE_RUN     64
/* Of all that stands in a file, its records too: whoever changes one raises
 * it. A file of another version is never read, qmgr sets it aside. */
#define QUEUE_VERSION 6

/* What one pass over the content found (cleanup fills it: mail/scan.h). */
#define REC_CONTENT(S, F, L)                                                   \
	F(S, U64, size, 0)       /* stored bytes */                            \
	F(S, U64, header_len, 0) /* with the empty line */                     \
	F(S, U32, wire_flags, 0) /* mail/wire.h WIRE_* */                      \
	F(S, U32, n_received, 0)                                               \
	F(S, U64, longest_line, 0)                                             \
	F(S, U8, claims, 1) /* fields of mail/claims.h */                      \
	F(S, STR, message_id, 1000)                                            \
	F(S, STR, subject, 1000) /* raw, unfolded */
CODEC_STRUCT(content, REC_CONTENT);

/* It ended a worker of cleanup that was at it (appended by the next one). */
#define REC_ATTEMPT(S, F, L) F(S, U32, n, 0) /* so many times by now */
CODEC_STRUCT(attempt_rec, REC_ATTEMPT);

/* What the work queue decided (appended by cleanup). */
#define REC_ROUTE(S, F, L)                                                     \
	F(S, STR, prepend, PREPEND_MAX) /* goes before the content, */         \
	F(S, U32, skip, HEADER_MAX)     /* of which so much is left out */     \
	F(S, STR, sender, ADDR_MAX)     /* empty: the envelope's */            \
	F(S, STR, bounce_profile, NAME_MAX_LEN)                                \
	F(S, STR, gateway, NAME_MAX_LEN)                                       \
	F(S, STR, alt_mailhost, DOMAIN_MAX) /* as of MESSAGE, all these */     \
	F(S, STR, mail_policy, NAME_MAX_LEN)                                   \
	F(S, U8, spam_tagged, 1)                                               \
	F(S, U8, marks, 3) /* ROUTE_* */                                       \
	L(S, hold_rec, holds, HOLDS_MAX)                                       \
	F(S, U8, whole, 1) /* 1: rcpts replaces the envelope's; with none of   \
			    * them it is finished: others stand for it */      \
	L(S, rcpt, rcpts, RCPTS_MAX)
CODEC_STRUCT(route_rec, REC_ROUTE);
#define ROUTE_REFUSED 1
#define ROUTE_NO_DKIM 2 /* a filter wants no signature: not ENV_DKIM */

/* What became of recipients (appended by qmgr). */
#define REC_RID(S, F, L) F(S, U32, rid, RCPTS_MAX)
CODEC_STRUCT(rid_rec, REC_RID);
#define REC_DONE(S, F, L)                                                      \
	F(S, U8, how, 7) /* enum rcpt_end */                                   \
	L(S, rid_rec, rids, RCPTS_MAX)
CODEC_STRUCT(done_rec, REC_DONE);
#define REC_DEFER(S, F, L)                                                     \
	F(S, I64, next, 0) /* wall ms of the next attempt */                   \
	F(S, U32, attempts, 0)                                                 \
	F(S, U8, warned, 255)            /* delay warnings sent */             \
	F(S, STR, reply, REPLY_TEXT_MAX) /* last thing heard */                \
	L(S, rid_rec, rids, RCPTS_MAX)
CODEC_STRUCT(defer_rec, REC_DEFER);
enum rcpt_end { RCPT_DELIVERED, RCPT_BOUNCED, RCPT_DELETED, RCPT_DROPPED };

/*
 * What a quarantine does with the message (appended by qmgr). The last one of
 * a quarantine counts. The spam quarantine lets each recipient go by itself:
 * there the last one that names him counts.
 */
#define REC_HELD(S, F, L)                                                      \
	F(S, STR, quarantine, NAME_MAX_LEN)                                    \
	F(S, U8, state, 4)     /* enum held_state */                           \
	F(S, I64, entered, 0)  /* wall ms */                                   \
	F(S, I64, expires, 0)  /* wall ms */                                   \
	F(S, STR, reason, 300) /* as of hold_rec */                            \
	F(S, U8, early, 1)     /* released for want of room */                 \
	F(S, U64, next, 0)     /* released: under this MID; 0: not yet said */ \
	L(S, rid_rec, rids, RCPTS_MAX) /* recipients; none: all of them */
CODEC_STRUCT(held_rec, REC_HELD);
enum held_state {
	HELD_IN,
	HELD_RELEASED,
	HELD_DELETED,
	HELD_MOVED,
	HELD_SENT /* released, and what it became is safe: a recipient */
};
/* Released by all of them: it goes back to the work queue under this MID. */
#define REC_RELEASING(S, F, L) F(S, U64, mid, 0)
CODEC_STRUCT(releasing_rec, REC_RELEASING);

enum queue_rec_type {
	QREC_COMMIT = 1,
	QREC_ROUTE,
	QREC_DONE,
	QREC_DEFER,
	QREC_HELD,
	QREC_RELEASING,
	QREC_ATTEMPT = 8 /* 7 was an order: qmgr/ledger.h */
};

/* QUEUE_SLOT is in incoming too, but in a slot (queue/slots.h), not a file. */
enum queue_place {
	QUEUE_INCOMING,
	QUEUE_DEFERRED,
	QUEUE_CORRUPT,
	QUEUE_QUARANTINE,
	QUEUE_SLOT
};

/* --- the spool --- */

struct slots;
struct spool; /* open descriptors of the folders a program may use */

/* Creates missing folders with the owners and modes of threats 4.1 (only
 * when running as root: uid and gid of cleanup, qmgr; else 0,0). Master. */
int spool_prepare(const char *path, unsigned cleanup_uid, unsigned qmgr_uid,
    unsigned qmgr_gid, struct err *err);
/* Opens the folders below path; places: bit set of 1 << enum queue_place.
 * Before the sandbox closes. */
int spool_open(
    struct spool **, const char *path, unsigned places, struct err *err);
void spool_close(struct spool **);
/*
 * Before the first qfile_new, after the sandbox closed: this process writes
 * queue files, as cleanup worker number `writer` (which is noted in them).
 * Sets the umask to 0007 (qmgr is in the group) and ignores SIGXFSZ.
 */
void spool_writer(struct spool *, uint32_t writer);
/* From now on small messages are committed into slots, if there is room for
 * them (queue/slots.h); without this, into files. 0, and err: there are some
 * that are damaged, and it goes without. */
int spool_use_slots(struct spool *, struct err *err);
/* The writer's slots (queue/slots.h); NULL: it works with files only. */
struct slots *spool_slots(struct spool *);
/* A file without a name in the incoming folder; the caller's. -1: err. */
int spool_scratch(const struct spool *, struct err *err);
/* Bytes and inodes left for unprivileged writers (fstatvfs). */
int spool_free(const struct spool *, uint64_t *bytes, uint64_t *inodes);

/* --- writing: cleanup --- */

struct qmessage;
struct qfile; /* a queue file being written: a draft until committed */

/*
 * Begins a draft in spool/incoming for envelope->mid. Nothing is written to
 * disk until the content grows over 64 KiB or it is committed. An envelope
 * with ENV_LATE is to be followed by the true one (qfile_envelope).
 */
int qfile_new(
    struct qfile **, struct spool *, const struct envelope *, struct err *err);
/* Appends content in stored form. */
int qfile_write(struct qfile *, struct str bytes, struct err *err);
uint64_t qfile_size(const struct qfile *); /* content so far */
/* After the last of the content: the envelope that was late. */
int qfile_envelope(struct qfile *, const struct envelope *, struct err *err);
/*
 * The writer thread pool of this process and its loop. All completions are
 * called on the loop's thread, in no fixed order.
 */
struct committer;
struct committer *committer_new(struct loop *, unsigned n_threads);
void committer_free(struct committer **); /* waits for what is running */
unsigned committer_pending(const struct committer *);
/*
 * Writes header, envelope, the rest of the content and COMMIT, then makes
 * file and folder durable (DUR-01). done is called exactly once, never from
 * within this call. err NULL: it is mail. Else it is not, the draft is gone
 * already; answer 4xx (DUR-02). The qfile stays the caller's in both cases.
 */
void qfile_commit(struct qfile *, struct committer *,
    const struct content *found, void (*done)(void *arg, const struct err *err),
    void *arg);
/*
 * Of a draft: ROUTE is committed with it, in one go. For what nobody but qmgr
 * has to look at any more: what is made of another message, and where nothing
 * is to be decided. It skips nothing.
 */
int qfile_routed(struct qfile *, const struct route_rec *, struct err *err);
/* Of a committed file: appends n bytes of the content, from `at` on. */
int qfile_read(
    struct qfile *, uint64_t at, size_t n, struct buf *out, struct err *err);
/* After commit: appends ROUTE (not synced: recovery would redo it). What it
 * skips is from now on no part of the content. */
int qfile_route(struct qfile *, const struct route_rec *, struct err *err);
/* Before ROUTE: notes that it ended n workers by now. Durable when it returns,
 * unless it ends too early for that. */
int qfile_attempt(struct qfile *, uint32_t n, struct err *err);
/* Makes that ROUTE durable; done as with qfile_commit. err: whether it will
 * be there after a crash cannot be said; the file is as it was. */
void qfile_sync_route(struct qfile *, struct committer *,
    void (*done)(void *arg, const struct err *err), void *arg);
/* Gives descriptor and content of a committed file back, so that many can
 * wait; who needs them gets them again. */
void qfile_park(struct qfile *);
/* A committed file, or slot (-1: none), that recovery found. */
struct qfile *qfile_adopt(struct spool *, const struct qmessage *, int slot);
/* The slot that holds it; -1: it is a file. May change with qfile_route. */
int qfile_slot(const struct qfile *);
/* The content of what is in a slot; valid until parked or freed. */
int qfile_content(struct qfile *, struct str *out, struct err *err);
/* A read-only descriptor of the committed file; the caller's. -1: err. */
int qfile_reader(struct qfile *, struct err *err);
uint32_t qfile_content_off(const struct qfile *);
bool qfile_is_mail(const struct qfile *); /* committed, and there */
/* Removes the committed file again. */
int qfile_unlink(struct qfile *, struct err *err);
/* Frees; a draft that was not committed is removed. NULL is fine. Not between
 * qfile_commit and its done. */
void qfile_free(struct qfile **);

/* --- reading and appending: qmgr, recovery, tools --- */

struct rcpt_state {
	bool done;
	uint8_t how; /* enum rcpt_end */
	uint32_t attempts;
	uint8_t warned;
	int64_t next;     /* wall ms; 0: never tried */
	struct str reply; /* last thing heard */
};

/* What the spam quarantine does with a recipient. */
struct rcpt_held {
	bool is;
	uint8_t state; /* enum held_state */
	uint64_t next; /* as of held_rec */
};

/* A whole queue file in memory; strings live in the arena given. */
struct qmessage {
	uint64_t mid;
	uint32_t writer;          /* cleanup worker that wrote it */
	struct envelope envelope; /* sender, recipients as after ROUTE */
	struct content content;
	uint32_t attempts; /* workers that it ended */
	struct route_rec route;
	bool routed;          /* ROUTE was found */
	uint32_t content_off; /* as after ROUTE, which may skip a part */
	uint64_t content_len;
	uint64_t valid_len; /* up to the last good record */
	struct rcpt_state *rcpts;
	size_t n_rcpts, n_open;
	struct rcpt *rcpt_v; /* envelope.rcpts, typed */
	/* Of what is or was held: one for each quarantine, its last one. */
	struct held_rec *helds;
	size_t n_helds;
	struct rcpt_held *rcpt_helds; /* n_rcpts of them; NULL: of none */
	uint64_t releasing;           /* 0: not released by all of them */
	bool committed; /* all up to COMMIT is good, even of a corrupt one */
};

enum qread {
	QREAD_MAIL,   /* whole */
	QREAD_DRAFT,  /* no COMMIT: never acknowledged */
	QREAD_CORRUPT /* err says what */
};
/* An arena that must hold whatever a queue file can be needs this limit. */
#define QUEUE_READ_MEM (256u << 20)
/* Checks everything: header, envelope and records always, content when
 * `deep` or when it ends within the first 8 KiB. fd must be a regular file with
 * one link (threats FIL-01, FIL-02). No recipient, or bytes after valid_len,
 * are for the caller to judge. */
enum qread qmessage_read(
    struct qmessage *, int fd, bool deep, struct arena *mem, struct err *err);
/* The same from memory: fuzzing. */
enum qread qmessage_parse(struct qmessage *, struct str bytes, bool deep,
    struct arena *mem, struct err *err);

/* Opens MID in that place; flags O_RDONLY or O_RDWR. -1: err. */
int spool_open_mid(const struct spool *, enum queue_place, uint64_t mid,
    int flags, struct err *err);
/* Appends one record and, if sync, makes it durable. fd O_RDWR. */
int qrec_append(int fd, uint64_t mid, enum queue_rec_type, const void *rec,
    bool sync, struct err *err);
/* Moves durably: link and sync in the new place, then unlink the old. */
int spool_move(struct spool *, uint64_t mid, enum queue_place from,
    enum queue_place to, struct err *err);
int spool_unlink(
    struct spool *, enum queue_place, uint64_t mid, struct err *err);
/* Makes the file of that MID durable, wherever it is, and its name: before
 * what else holds the message is given up. */
int spool_sync_mid(const struct spool *, uint64_t mid, struct err *err);
/* fsync of every folder in which something was unlinked since the last call
 * (DUR-06: call once a second). */
int spool_sync_folders(struct spool *, struct err *err);

/* --- recovery (lib/queue/recover.c) --- */

/*
 * Is its parent there, without ROUTE? Then it is no mail (yet). slots: those of
 * the worker that wrote it; NULL: there are none.
 */
bool queue_is_unborn(
    struct spool *, const struct slots *, const struct qmessage *);

/*
 * Calls found for every whole message in place (order of MID), moves what is
 * corrupt to spool/corrupt (after calling corrupt), removes drafts when
 * `drafts` says so (only who owns the folder, before anything new is
 * written). Idempotent; may be killed anywhere (DUR-07).
 */
struct recover_handler {
	void (*found)(void *arg, const struct qmessage *, enum queue_place);
	void (*corrupt)(void *arg, uint64_t mid, const struct err *why);
	/* Often, for who must give signs of life meanwhile; NULL: nobody. */
	void (*alive)(void *arg);
};
int spool_recover(struct spool *, enum queue_place, bool drafts,
    const struct recover_handler *, void *arg, uint64_t *max_mid,
    struct err *err);

#endif
