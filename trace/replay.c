/*
 * replay.c - many sessions in one run of `trace`
 *
 * For whoever keeps sessions to be tried again after each change of the
 * configuration: one answer a line, in the order of the questions.
 */
#include "trace/replay.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/base64.h"
#include "base/mem.h"

static bool answers_of(const json_t *, struct trace_answers *, struct err *);
static size_t take_message(const json_t *, struct trace_answers *);
static size_t take_switches(const json_t *, struct trace_answers *);
static void one(struct tool *, const struct config *, const char *line,
    struct trace_answers *);
static void say_flat(struct tool *, struct str json);
static void say_error(struct tool *, const char *text);

int
trace_replay(struct tool *t, const struct config *config, const char *file,
    bool committed)
{
	bool input = strcmp(file, "-") == 0;
	FILE *in = input ? t->dialogue.in : fopen(file, "re");
	struct trace_answers *a;
	struct err err = ERR_INIT;
	char *line = NULL;
	size_t size = 0;

	if (in == NULL) {
		err_sys(&err, ERR_TEMP, "%s", file);
		return tool_fail(t, &err);
	}
	a = mem_alloc(sizeof(*a));
	a->etc = t->paths.etc;
	a->tool = t;
	a->committed = committed;
	buf_init(&a->message, TRACE_MESSAGE_MAX);
	while (getline(&line, &size, in) != -1)
		if (str_trim(str_of(line)).n > 0)
			one(t, config, line, a);
	buf_fini(&a->message);
	free(a);
	free(line);
	if (!input)
		fclose(in);
	return TOOL_DONE;
}

static void
one(struct tool *t, const struct config *config, const char *line,
    struct trace_answers *a)
{
	struct trace_output out = { .end = TRACE_REFUSED };
	struct err err = ERR_INIT;
	json_error_t why;
	json_t *o = json_loads(line, 0, &why);

	if (o == NULL)
		say_error(t, why.text);
	else if (!answers_of(o, a, &err))
		say_error(t, err.text);
	else if (trace_session(config, a, true, false, &out, &err) == -1)
		say_error(t, err.text);
	else
		say_flat(t, out.report);
	fflush(t->dialogue.out);
	trace_output_fini(&out);
	json_decref(o);
}

/* False: a key is missing, not known, or of the wrong kind. */
static bool
answers_of(const json_t *o, struct trace_answers *a, struct err *err)
{
	const struct {
		const char *name;
		char *to;
		size_t size;
		bool needed;
	} fields[] = {
		{ "source_ip", a->source_ip, sizeof(a->source_ip), true },
		{ "fqdn", a->fqdn, sizeof(a->fqdn), false },
		{ "listener", a->listener, sizeof(a->listener), false },
		{ "owner", a->owner, sizeof(a->owner), false },
		{ "reputation", a->reputation, sizeof(a->reputation), false },
		{ "country", a->country, sizeof(a->country), false },
		{ "ldap_accept", a->ldap_accept, sizeof(a->ldap_accept),
		    false },
		{ "sdr", a->sdr, sizeof(a->sdr), false },
		{ "spam", a->spam, sizeof(a->spam), false },
		{ "virus", a->virus, sizeof(a->virus), false },
		{ "bounce_tag", a->bounce_tag, sizeof(a->bounce_tag), false },
		{ "mail_params", a->mail_params, sizeof(a->mail_params),
		    false },
		{ "rcpt_params", a->rcpt_params, sizeof(a->rcpt_params),
		    false },
		{ "auth_user", a->auth_user, sizeof(a->auth_user), false },
		{ "sender", a->sender, sizeof(a->sender), true },
		{ "recipients", a->recipients, sizeof(a->recipients), true },
	};
	size_t known = 0;

	for (size_t i = 0; i < NELEM(fields); i++) {
		const json_t *v = json_object_get(o, fields[i].name);
		const char *text = json_string_value(v);

		*fields[i].to = '\0';
		known += v != NULL;
		if ((v == NULL && fields[i].needed) ||
		    (v != NULL &&
			(text == NULL || !str_copy(fields[i].to, fields[i].size,
					     str_of(text))))) {
			err_set(err, ERR_USAGE,
			    "\"%s\" is missing, no text, or too long",
			    fields[i].name);
			return false;
		}
	}
	known += take_message(o, a);
	known += take_switches(o, a);
	if (json_object_size(o) == known)
		return true;
	err_set(err, ERR_USAGE,
	    "there is a key that is not known, or of the wrong kind");
	return false;
}

/* As text, or, for what is not UTF-8, in base64. How many keys that are. */
static size_t
take_message(const json_t *o, struct trace_answers *a)
{
	const json_t *text = json_object_get(o, "message");
	const json_t *base64 = json_object_get(o, "message_base64");

	buf_reset(&a->message);
	if (base64 == NULL)
		return json_is_string(text) &&
		       buf_add(&a->message, json_string_value(text),
			   json_string_length(text));
	return json_is_string(base64) && text == NULL &&
	       base64_decode(str_of(json_string_value(base64)), &a->message);
}

/* How many of them there are. */
static size_t
take_switches(const json_t *o, struct trace_answers *a)
{
	const struct {
		const char *name;
		bool *to;
	} switches[] = {
		{ "smtputf8", &a->smtputf8 },
		{ "tls", &a->tls },
		{ "call_ahead", &a->call_ahead },
		{ "lookup", &a->lookup },
	};
	size_t known = 0;

	for (size_t i = 0; i < NELEM(switches); i++) {
		const json_t *v = json_object_get(o, switches[i].name);

		*switches[i].to = json_is_true(v);
		known += json_is_boolean(v);
	}
	return known;
}

/* JSON on one line: its line ends stand between values only. */
static void
say_flat(struct tool *t, struct str json)
{
	while (json.n > 0) {
		struct str line = str_trim(str_cut(&json, '\n'));

		fwrite(line.p, 1, line.n, t->dialogue.out);
	}
	fputc('\n', t->dialogue.out);
}

static void
say_error(struct tool *t, const char *text)
{
	json_t *o = json_pack("{s:s}", "error", text);
	char *line = json_dumps(o, JSON_COMPACT);

	fprintf(t->dialogue.out, "%s\n", line);
	free(line);
	json_decref(o);
}
