/*
 * trace.h - the dry run: what would happen to this message?
 *
 * trace_run() sends one message, in memory, through the same stages that
 * smtpd and cleanup run, and writes down what they said. It is a function of
 * its input alone: no file, no socket, no clock. Whoever calls it decides in
 * which process; the command does so in a caged child (threats ADM-10).
 * What only others can say of the content, it names (struct trace_want): they
 * are asked, and it is run again. Spec receiving 2, workqueue 11.
 */
#ifndef TRACE_TRACE_H
#define TRACE_TRACE_H

#include "base/buf.h"
#include "ipc/messages.h"
#include "pipeline/params.h"
#include "pipeline/pipeline.h"
#include "pipeline/work.h"
#include "trace/given.h"

/* What senders are tagged with (delivery-admin 1.12). */
struct trace_tag {
	bool known;
	unsigned day;
	unsigned char key[32];
};

struct tool;
struct trace_way;

struct trace_input {
	const struct config *config;
	const struct listener *listener;
	struct facts facts; /* client, now, and whatever is known */
	struct trace_given given;
	struct str sender; /* as typed; "<>" or "none": the null sender */
	struct str *rcpts; /* as typed */
	size_t n_rcpts;
	struct str user;         /* the client authenticates as; empty: not */
	bool smtputf8;           /* the client says SMTPUTF8 */
	bool no_params;          /* it has said HELO */
	bool as_said;            /* addresses are written as in the protocol */
	struct str mail_params;  /* behind the address of MAIL */
	struct str *rcpt_params; /* of each of rcpts; NULL: none */
	bool asks;               /* wants are answered: stop at the first */
	int32_t zone;            /* seconds east of UTC, at facts.now */
	struct str message;      /* as typed: lines of any kind, dots doubled */
	const char *etc;         /* folder of the configuration; NULL: none */
	struct trace_tag tag;
	/* The way to the next hops is looked up: for whom, and where in. */
	struct tool *lookup; /* NULL: it is not */
	bool committed;      /* the configuration is that in force */
	struct trace_way *ways;
};

/* What the stages of one point said. */
struct trace_point {
	struct note *notes;
	size_t n_notes;
	bool refused;
	struct reply reply; /* valid when refused or its code is not 0 */
};

struct trace_rcpt {
	struct str given, params_given;
	enum param_problem problem; /* with these */
	struct rcpt_params params;
	struct trace_point point;
	struct str result; /* what the tables made of it, */
	bool expanded;     /* and, if so, what the alias table made of that */
	const struct str *results; /* who gets the message; none if refused */
	size_t n_results;
};

/* A fact that the work queue lacks and that somebody can be asked for, with
 * the content that it is about: all of a message, or one part. */
#define REC_TRACE_WANT(S, F, L)                                                \
	F(S, U8, id, FACT_N)                                                   \
	F(S, STR, key, TRACE_CONTENT_MAX)                                      \
	F(S, STR, header, TRACE_CONTENT_MAX)                                   \
	F(S, STR, body, TRACE_CONTENT_MAX)                                     \
	F(S, STR, sender, TRACE_CONTENT_MAX)                                   \
	F(S, U8, wish, WISH_FREE)                                              \
	L(S, word, rcpts, 100)   /* some of them */
#define TRACE_WANT_WAY    FACT_N /* key: domain; sender: virtual gateway; wish */
#define TRACE_CONTENT_MAX (1u << 30)
#define TRACE_WANTS_MAX   1000
CODEC_STRUCT(trace_want, REC_TRACE_WANT);

/* What came out of the work queue: the message, or a part of the recipients
 * who were matched on a mail policy. */
struct trace_outcome {
	const struct work *work;            /* its end, notes, recipients */
	struct str gateway, bounce_profile; /* empty: none assigned */
	struct buf message; /* as it would be sent: CRLF lines, no dots */
};

/* A message that is made beside it: a notice, a bcc; as it would be sent. */
struct trace_copy {
	struct trace_copy *next;
	const struct work_copy *copy;
	struct buf message;
};

enum trace_end {          /* how far it came */
	TRACE_REFUSED,    /* by the host access table */
	TRACE_NO_SENDER,  /* the sender was refused */
	TRACE_NO_RCPT,    /* no recipient is left */
	TRACE_NO_MESSAGE, /* the message was refused */
	TRACE_SINKHOLE,   /* accepted and dropped */
	TRACE_DROPPED,    /* likewise: aliases lead to /dev/null */
	TRACE_STOPPED,    /* all of it dropped in the work queue */
	TRACE_RETURNED,   /* bounced there, as far as not dropped */
	TRACE_LATER,      /* all of it waits there for a scanner */
	TRACE_QUEUED
};

struct trace_report {
	const struct trace_input *input;
	struct needs *wants; /* trace_wants: what was taken for granted */
	struct facts facts;  /* with what was taken for those not known */
	enum trace_end end;
	struct subject connected; /* group, entry, policy, behaviour */
	struct trace_point connect;
	enum auth_chance auth;      /* of input->user */
	struct reply delayed;       /* REJECT at the recipients; else code 0 */
	enum param_problem problem; /* with the parameters of MAIL */
	struct mail_params mail;
	struct trace_point sender;
	struct str final_sender; /* as far as it came */
	struct trace_rcpt *rcpts;
	size_t n_rcpts, n_accepted; /* as asked for */
	size_t n_results;           /* that get the message */
	bool invalid_bounce;        /* and gets a field that says so */
	struct trace_point data;
	struct str gateway, bounce_profile; /* empty: none assigned */
	struct trace_point work;            /* in the work queue */
	uint64_t size;                      /* of the message in stored form */
	/* the work queue; no outcomes: it did not come so far, or wants */
	struct buf content; /* of the message, plain */
	struct work_origin origin;
	struct work_run run;
	struct trace_outcome *outcomes;
	size_t n_outcomes;
	struct trace_copy *copies; /* of all of them, and from before a split */
	struct trace_want *wants_of_work; /* with input->asks */
	size_t n_wants_of_work;
};

/* Everything a report points to lives in mem, but for the message. */
void trace_run(
    struct trace_report *, const struct trace_input *, struct arena *mem);
/* Facts that the stages up to RCPT lack and that somebody could be asked for.
 * False: none. The message is not read. */
bool trace_wants(const struct trace_input *, struct needs *, struct arena *mem);
void trace_fini(struct trace_report *);
const char *trace_end_name(enum trace_end); /* "queued" */
/* Over the limit of the policy; the report goes on all the same. */
bool trace_is_too_large(const struct trace_report *);
/* The note of sender domain reputation at the end of data; NULL: none. */
const struct note *trace_sdr(const struct trace_point *);
/* The first outcome that is delivered; NULL: there is none. */
const struct trace_outcome *trace_delivered(const struct trace_report *);

/* --- what people and programs read --- */

/* Sections T1 to T8; explain: also where entries stand, whence facts came. */
void trace_text(const struct trace_report *, bool explain, struct buf *out);
/* Section T9, of each outcome that is delivered. */
void trace_text_result(const struct trace_report *, struct buf *out);
/* The same report as one JSON object. */
void trace_json(const struct trace_report *, struct buf *out);

/* One parameter of the policy that matched, in the order of T1. */
struct trace_param {
	const char *label; /* "Maximum Message Size" */
	const char *key;   /* "max_message_size" */
	bool is_default;
	struct str text; /* "10M", "Disabled", "Yes", or a text as set */
};
#define TRACE_PARAMS_MAX MFP_N
/* Those that are always shown, and those that are not what the type of the
 * listener brings; returns how many. Texts are in mem or the configuration. */
size_t trace_params(const struct listener *, const struct policy *,
    struct trace_param out[TRACE_PARAMS_MAX], struct arena *mem);

#endif
