/*
 * stage.h - a stage decides; it never acts
 *
 * A stage is a pure function of the configuration, the facts and the subject
 * (the address or message at hand). It answers DONE, or NEEDS with the facts
 * it lacks; then whoever runs it fetches them, all at once, and runs this
 * stage again.
 * What it decides comes out as effects (plain data), what it did and why as
 * notes. Both count only with DONE.
 *
 * Runners are smtpd, cleanup, qmgr, trace and the tests. No stage may ask
 * which; no stage reads a clock, a file, a socket or a random number.
 */
#ifndef PIPELINE_STAGE_H
#define PIPELINE_STAGE_H

#include "base/arena.h"
#include "config/config.h"
#include "fact/facts.h"

enum stage_answer { STAGE_DONE, STAGE_NEEDS };

/* What is to happen. At most EFFECTS_MAX per stage run. */
enum effect_kind {
	EFFECT_POLICY,  /* connection: group, entry, policy apply */
	EFFECT_REPLY,   /* 4xx, 5xx: answer with this, stop the pipeline here;
			 * 2xx: the answer if nothing later refuses */
	EFFECT_REWRITE, /* the address becomes addr */
	EFFECT_EXPAND,  /* the recipient becomes these */
	EFFECT_GATEWAY,
	EFFECT_BOUNCE_PROFILE,
	EFFECT_BYPASS,  /* this recipient, or sender: BYPASS_* */
	EFFECT_DROPPED, /* expanded recipients that are refused */
	EFFECT_LIMIT,   /* what refuses is this limit */
	EFFECT_HEADER,  /* the header of the message becomes header.text */
	EFFECT_FORGED,  /* the fields that EFFECT_HEADER leaves out: text */
	EFFECT_WARNING, /* text, for the log */
	EFFECT_INVALID_BOUNCE /* the message is one; it is accepted */
};

#define BYPASS_CONTROL   1
#define BYPASS_LDAP      2
#define BYPASS_CALLAHEAD 4
#define BYPASS_VERIFY    8 /* the sender's domain is not looked up */

enum limit { LIMIT_NONE, LIMIT_MESSAGE, LIMIT_HOST, LIMIT_SENDER, LIMIT_DHAP };

struct reply {
	int code;
	const char *status; /* enhanced code, "5.1.0"; "" for none */
	struct str text;    /* lines separated by \n */
	bool close;         /* then the connection ends */
	bool refuse;        /* TCPREFUSE: reset, say nothing */
	const char *log; /* what the log says of it; NULL: the stage's name */
};

struct effect {
	enum effect_kind kind;
	union {
		struct {
			const struct hat_group *group;
			const struct hat_entry *entry;
			const struct policy *policy;
		} policy;
		struct reply reply;
		struct str addr;
		struct {
			struct str *v;
			size_t n;
		} expand;
		struct {
			struct str *v;
			size_t n;
			const char *by; /* to the log */
		} dropped;
		struct str name;
		unsigned bypass;
		enum limit limit;
		struct {
			struct str text;
			size_t kept; /* bytes at its end, as they were */
		} header;
		struct str text;
	};
};

/* Why: for trace, and for whoever explains a decision afterwards. */
enum note_kind {
	NOTE_HOST,           /* outcome of the reverse look-up; text */
	NOTE_HAT_PASSED,     /* a CONTINUE group: group, entry */
	NOTE_HAT_MATCH,      /* group, entry, policy */
	NOTE_REPLY,          /* the reply that an effect carries */
	NOTE_DEFAULT_DOMAIN, /* from, to (equal: no change) */
	NOTE_DOMAIN_MAP,
	NOTE_RAT_MATCH,   /* rat */
	NOTE_RAT_SKIPPED, /* not applicable */
	NOTE_ALIAS,       /* from, list */
	NOTE_BAD_ADDRESS, /* from, text */
	NOTE_GATEWAY,     /* text; empty: none assigned */
	NOTE_BOUNCE_PROFILE,
	NOTE_SIZE,       /* text */
	NOTE_MASQUERADE, /* from, to: envelope sender; header: text its name */
	NOTE_EXCEPTION,  /* text: entry; empty: no match. code: allowed? */
	NOTE_SENDER_VERIFY, /* number: enum sender_domain, or malformed */
	NOTE_LDAP_ACCEPT,   /* from: query, to: address, text: result */
	NOTE_CALL_AHEAD,    /* from: profile, text: result */
	NOTE_SDR,           /* number: verdict, SDR_N: none; allow; from: the
			     * exception that it is */
	NOTE_LIMIT,         /* text: which limit refuses */
	NOTE_FORGED,        /* text: fields removed; number of them */
	NOTE_TLS_REQUIRED,  /* from: sender; text: the address list */
	NOTE_BOUNCE_TAG     /* from, to; equal: text says why it is invalid */
};

struct note {
	enum note_kind kind;
	struct where where; /* of the configuration entry concerned, if any */
	const struct hat_group *group;
	const struct hat_entry *entry;
	const struct policy *policy;
	const struct rat_entry *rat;
	struct str from, to, text;
	struct str *list; /* NOTE_ALIAS: what the address became */
	size_t n_list;
	bool allow;                 /* NOTE_EXCEPTION, NOTE_SDR */
	const struct sdr_fact *sdr; /* NULL: nothing is known */
	uint64_t number;
};

#define EFFECTS_MAX 8
#define NOTES_MAX   4096

struct stage_out {
	struct effect effects[EFFECTS_MAX];
	size_t n_effects;
	struct note *notes; /* in mem; NOTES_MAX at most, then the last */
	size_t n_notes;
	bool explain;       /* in: collect notes at all? costs allocation */
	struct needs needs; /* with STAGE_NEEDS */
	struct arena *mem;  /* in: owns what effects and notes point to */
};

/* What a stage looks at besides configuration and facts. */
struct subject {
	const struct config *config;
	const struct listener *listener;
	/* known after the connect stages */
	const struct hat_group *group;
	const struct hat_entry *entry;
	const struct policy *policy;
	enum behaviour behaviour; /* policy's, or RELAY after AUTH */
	struct str sender;        /* current, without <>; "" null sender */
	struct str rcpt;          /* current; RCPT stages */
	unsigned bypass;          /* of this recipient, or sender: BYPASS_* */
	const struct str *rcpts;  /* from the alias table; each once */
	size_t n_rcpts;           /* 0 though expanded: /dev/null */
	bool expanded;            /* by the alias table */
	uint64_t n_limited;       /* recipients that this message has so far,
				   * without those that bypass limits */
	/* AT_WORK, of the message: */
	uint64_t mid;
	struct str message_id; /* that it came with; empty: none */
	bool invalid_bounce;   /* EFFECT_INVALID_BOUNCE of a recipient */
	bool claims;           /* it came to us with fields of mail/claims.h */
	struct str header;     /* in stored form, with the empty line; only if
				* pipeline_reads_header says so. AT_DATA: as
				* far as who runs it has it */
	size_t header_kept;    /* bytes at its end that are as they came */

	struct str addr_text; /* as the client wrote it, < and > included */
	bool smtputf8;
	uint64_t size; /* declared or counted */
};

/* When in the life of a message a stage runs. */
enum stage_point {
	AT_CONNECT,
	AT_MAIL,
	AT_RCPT,
	AT_DATA, /* end of data, before 250 */
	AT_WORK, /* in the work queue */
	AT_N
};

struct stage {
	const char *name; /* "host access table" */
	enum stage_point point;
	enum stage_answer (*decide)(
	    const struct subject *, const struct facts *, struct stage_out *);
};

/* helpers for stages (stage.c) */
/* "return stage_needs(out, FACT_HOST, STR(""));" A stage that lacks several
 * facts says so of each, so that they are fetched together. */
enum stage_answer stage_needs(struct stage_out *, enum fact_id, struct str key);
struct effect *stage_effect(struct stage_out *, enum effect_kind);
void stage_reply(struct stage_out *, int code, const char *status, bool close,
    const char *fmt, ...) __attribute__((format(printf, 5, 6)));
/* Never NULL; good until the next one. */
struct note *stage_note(struct stage_out *, enum note_kind);

#endif
