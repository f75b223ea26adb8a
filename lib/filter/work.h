/*
 * work.h - a message on its way through the work queue
 *
 * All that stages and filters decide about a message is in this struct, as
 * plain values and lists that are never changed but by putting something in
 * front. So a copy of the struct is a snapshot: a filter or a stage works on
 * a copy, and either the copy takes the place of the original, or a fact was
 * missing and the copy is forgotten. Everything lives in one arena.
 *
 * Nothing is carried out here. What is to happen is what the struct says when
 * the pipeline is through: cleanup does it, trace shows it.
 * Spec workqueue 1.2, 1.3, 1.5.
 */
#ifndef FILTER_WORK_H
#define FILTER_WORK_H

#include "config/config.h"
#include "config/listed.h"
#include "fact/facts.h"
#include "mail/msg.h"

/* Who sent it, and by what way: the same for all that it becomes. */
struct outbreak_rules;
struct work_origin {
	const struct config *config;
	const struct outbreak_rules *feed; /* in force; NULL: none */
	const struct listener *listener;   /* NULL: it is gone */
	struct str listener_name, interface_name;
	struct str group, policy; /* HAT; empty: unnamed */
	enum behaviour behaviour;
	enum direction direction; /* which mail policies (4.1) */
	uint64_t mid, icid;       /* of the message as it came; trace: 0 */
	int64_t now;              /* wall ms, when the run began */
	int32_t zone;             /* seconds east of UTC at that time */
	struct str hostname;      /* ours */
	struct str protocol, helo;
	struct str user;     /* who authenticated; empty: nobody */
	bool notice;         /* made by ourselves: enters at W16 */
	uint32_t generation; /* copies of copies: bcc-scan */
	/* Released before its time: by these quarantines, for want of room. */
	const struct str *early;
	size_t n_early;
};

struct work_rcpt {
	struct str addr; /* current */
	uint32_t given;  /* which one of those that it came with; if its
			  * address was replaced: WORK_NEW */
};
#define WORK_NEW UINT32_MAX

/* What is left out further on (1.2). */
#define SKIP_SPAM      1u
#define SKIP_VIRUS     2u
#define SKIP_AMP       4u
#define SKIP_MARKETING 8u
#define SKIP_SOCIAL    16u
#define SKIP_BULK      32u
#define SKIP_OUTBREAK  64u
#define SKIP_FILTERS   128u /* those of the policy: after a quarantine */
/* ... and who said so, for trace */
#define SKIP_BY_POLICY       256u /* the mail flow policy: spam */
#define SKIP_VIRUS_BY_POLICY 512u
/* Outbreak filters look, and change; but do not hold it once more. */
#define SKIP_OUTBREAK_HOLD 1024u
#define SKIP_DKIM          2048u /* no signature at delivery */

struct work_hold { /* a quarantine that it shall go to */
	const struct work_hold *next;
	struct str quarantine;
	struct str reason;  /* "message filter:name" */
	uint32_t retention; /* s; 0: as the quarantine has it */
	struct str rule;    /* outbreak: id of the rule */
	struct str matched; /* text that was found; may be empty */
};

/* A message that is made beside it. */
enum copy_kind {
	COPY_BCC,      /* to delivery */
	COPY_BCC_SCAN, /* to the work queue, as a new message */
	COPY_NOTIFY,   /* a notice of ours: to delivery */
	COPY_HOLD      /* to the quarantine `hold`, as it was then */
};
struct work_copy {
	const struct work_copy *next;
	enum copy_kind kind;
	struct str by;     /* "bcc filter 'name'": for the log */
	struct str sender; /* envelope; empty: null sender */
	const struct str *rcpts;
	size_t n_rcpts;
	struct msg msg;
	struct str alt_host;          /* empty: none */
	const struct work_hold *hold; /* COPY_HOLD */
};

struct work_archive { /* a line of an mbox: archive(), scanners */
	const struct work_archive *next;
	struct str log;
	struct msg msg;
	const struct work_rcpt *rcpts;
	size_t n_rcpts;
	struct str sender;
};

/* --- what was done, and why: the log and trace read the same list --- */

enum work_note_kind {
	WN_FORGED,          /* text: fields that were removed */
	WN_MASQUERADE,      /* name: field; text: old; detail: new */
	WN_NO_FILTERS,      /* no message filter is active */
	WN_FILTER,          /* begins: name */
	WN_RULE,            /* text: rule as printed; result; detail: the text
			     * that it looked at, with explain */
	WN_ELSE,            /* the else clause runs */
	WN_ACTION,          /* text: action with its arguments expanded */
	WN_FILTERS_LEFT,    /* a final action ended the filters */
	WN_ENDED,           /* dropped, bounced; name: filter or service;
			     * text: by whom, as the log has it: "filter
			     * 'name'", "antispam" */
	WN_SPLIT,           /* into result number `number`; name: policy */
	WN_MATCHED_ALL,     /* one policy for all; name */
	WN_POLICY,          /* name; text: recipients. detail: table */
	WN_SPAM,            /* number: enum spam_outcome; score */
	WN_VIRUS,           /* number: enum virus_outcome; text: names */
	WN_CONTENT_FILTERS, /* they begin; number: how many are enabled */
	WN_OUTBREAK, /* score: enum outbreak_outcome; number: level; name:
		      * rule id, empty: none; text: category; detail:
		      * description */
	WN_OUTBREAK_BYPASSED, /* name: attachment */
	WN_OUTBREAK_UNTIL,    /* held; text: until when */
	WN_HELD,              /* flagged for a quarantine: name; text: reason */
	WN_SPAM_TAGGED,       /* for the spam quarantine */
	WN_SERVICE_ACTION,    /* text: what the policy makes of a verdict */
	WN_STAMPED,           /* name: resource; number: 0 heading, 1 footer;
			       * detail: the filter that did, or empty */
	WN_NOT_STAMPED,
	WN_REWRITTEN,  /* needs a new MID; text: by whom */
	WN_COPY,       /* needs a new MID; text: by whom */
	WN_LOG_ENTRY,  /* text */
	WN_ATTACHMENT, /* name: as seen by the first who looked */
	WN_SCAN_ERROR, /* text: "Size Limit Exceeded" */
	WN_WARNING     /* text, for the log */
};
/* What became of the services of a policy; _SKIPPED_: who said so. */
enum spam_outcome {
	SPAM_NEGATIVE,
	SPAM_SUSPECT,
	SPAM_IS_POSITIVE,
	SPAM_NOT_ENABLED,
	SPAM_SKIPPED_BY_FLOW,
	SPAM_SKIPPED_BY_FILTER,
	SPAM_SKIPPED_SIZE,
	SPAM_UNSCANNED, /* the engine did not answer */
	SPAM_LATER,     /* likewise, and the message waits for it */
	SPAM_SAFELISTED,
	SPAM_BLOCKLISTED
};
enum virus_outcome {
	VIRUS_IS_CLEAN,
	VIRUS_IS_REPAIRED,
	VIRUS_IS_ENCRYPTED,
	VIRUS_IS_UNSCANNABLE,
	VIRUS_IS_INFECTED,
	VIRUS_NOT_ENABLED,
	VIRUS_SKIPPED_BY_FLOW,
	VIRUS_SKIPPED_BY_FILTER
};
struct texts;
enum outbreak_outcome {
	OUTBREAK_JUDGED,
	OUTBREAK_SKIPPED_BY_FILTER,
	OUTBREAK_SKIPPED_SIZE
};
struct work_note {
	const struct work_note *next; /* the one before it in time */
	enum work_note_kind kind;
	struct where where; /* of the filter or policy concerned */
	struct str name, text, detail;
	int64_t number, score;
	bool result;
	uint8_t level; /* how deep in nested ifs and rules: indentation */
};

enum work_end {
	WORK_GOES_ON,
	WORK_DELIVER, /* through: to the queue, or what `holds` say */
	WORK_DROP,
	WORK_BOUNCE, /* back to its sender: qmgr makes the notice */
	WORK_LATER,  /* nothing of the message is done: it is run again, from
		      * where it entered, in a minute */
	WORK_SPLIT   /* others stand for it: results of the run */
};

/* What the recipients' lists say of the sender (5.3). */
struct work_listed {
	enum listed what;
	struct str item; /* "block @x.test" */
	struct where where;
};

struct work {
	const struct work_origin *origin;
	const struct facts *facts; /* the runner's; stages only read */
	struct arena *mem;
	bool explain;

	struct msg msg;
	/* A filter that lacks facts had changed the message by then: what they
	 * are about. NULL: msg. */
	const struct msg *asked;
	/* After a split each has a branch of its own; up to that version the
	 * content is still common to all: work_key. */
	uint32_t branch, branch_version;
	struct str sender;
	const struct work_rcpt *rcpts;
	size_t n_rcpts;

	uint32_t skip;                                         /* SKIP_* */
	struct str alt_mailhost, alt_src_host, bounce_profile; /* or empty */
	struct str mail_policy; /* that it was matched on; empty: not yet */
	struct work_listed listed;
	bool spam_tagged; /* to the spam quarantine */
	const struct work_hold *holds;
	const struct work_copy *copies;
	const struct work_archive *archives;
	const struct str *tags;
	size_t n_tags;
	/* of dropped parts, in order: $dropped_filenames, _filetypes */
	const struct str *dropped, *dropped_types;
	size_t n_dropped;
	struct str matched; /* $MatchedContent of the running filter */
	const struct virus_report *virus; /* notice.h: for texts about it */
	/* what outbreak filters found, for texts that mention it */
	struct {
		struct str category, type, description;
		uint32_t level;
	} threat;

	enum work_end end;
	const struct work_note *notes; /* the newest first */
	struct texts *texts; /* what was read out of it (filter/texts.h) */
};

/* What a stage or filter answers. */
enum work_answer { WORK_DONE, WORK_NEEDS };

/* Helpers of all who work on it (work.c). */
/* In front of w->notes; the caller fills it in. */
struct work_note *work_note(struct work *, enum work_note_kind);
/* Flags it for a quarantine, with WN_HELD; the last word about each counts. */
void work_hold(struct work *, struct work_hold);
/* A message beside it, with its WN_COPY: each copy has exactly one. */
void work_copy(struct work *, struct work_copy);
/* Replaces header or body, and counts the version if the content is another
 * to whoever scans it; mime: MIME fields of the header have changed. */
void work_set_header(struct work *, struct str header, bool mime);
void work_set_body(struct work *, struct str body);
/* Bytes of the message as it stands. */
uint64_t work_size(const struct work *);
/* The n-th field of that name as people read it; false: there is none. */
bool work_field(struct work *, struct str name, size_t nth, struct str *text);
/* The charset that new header text may be written in: that of the body, where
 * that is wished for (3.4); empty: UTF-8. */
struct str work_charset(struct work *);
/* A heading or footer, with WN_STAMPED; filter: name for its variables.
 * False: the message is not to be stamped. */
bool work_stamp(struct work *, struct str filter, const struct text_resource *,
    bool footer);
/* The notes in the order of time. */
const struct work_note *const *work_notes(
    const struct work *, size_t *n, struct arena *mem);
/* "3", "3/2": key of facts about this content; part -1: of all of it. What
 * differs between the branches of a split has their number: "4.1", "4.1/2". */
struct str work_key(const struct work *, int part);

#endif
