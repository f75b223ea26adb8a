/* recorder_commands.c - what the recorder answers to admin tools */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "master/recorder.h"
#include "master/recorder_metrics.h"

#define WORDS_MAX 2 /* of a command, after its name */

static void cmd_status(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_metrics(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_reset(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_rollover(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_logs(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_alerts(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_tlsreport(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_healthcheck(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void cmd_tracking(
    struct recorder *, struct ipc *, const struct str *, const char *);
static void answer(struct ipc *, json_t *);

static const struct {
	const char *name;
	size_t max_words; /* after the name */
	void (*run)(struct recorder *, struct ipc *, const struct str *words,
	    const char *user);
} commands[] = {
	{ "status", 1, cmd_status },
	{ "metrics", 0, cmd_metrics },
	{ "resetcounters", 0, cmd_reset },
	{ "rollovernow", 1, cmd_rollover },
	{ "logs", 0, cmd_logs },
	{ "displayalerts", 0, cmd_alerts },
	{ "tlsreport", 2, cmd_tlsreport },
	{ "healthcheck", 1, cmd_healthcheck },
	{ "tracking", 0, cmd_tracking },
};

void
recorder_command(struct daemon *d, struct ipc *admin, const struct command *cmd,
    const char *user)
{
	const struct word *words = cmd->words.v;
	struct str rest[WORDS_MAX] = { STR(""), STR("") };

	for (size_t i = 0; i < NELEM(commands); i++) {
		if (!str_is(words[0].text, commands[i].name))
			continue;
		if (cmd->words.n - 1 > commands[i].max_words) {
			program_answer(admin, NULL, 2, "too many words");
			return;
		}
		for (size_t j = 1; j < cmd->words.n; j++)
			rest[j - 1] = words[j].text;
		commands[i].run(d->self, admin, rest, user);
		return;
	}
	program_answer(admin, NULL, 2, "no such command here");
}

void
recorder_metrics_now(void *arg, struct buf *out)
{
	struct recorder *r = arg;
	struct recorder_status s = recorder_status_now(r);

	buf_init(out, RECORDER_METRICS_MAX);
	recorder_metrics(&s, out);
}

/* The answer is the same with and without "detail": the tool chooses. */
static void
cmd_status(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	struct recorder_status s = recorder_status_now(r);
	char *json;

	(void)user;
	if (words[0].n != 0 && !str_is(words[0], "detail")) {
		program_answer(admin, NULL, 2, "usage: status [detail]");
		return;
	}
	json = recorder_status_json(&s);
	program_answer(admin, json, 0, NULL);
	free(json);
}

static void
cmd_metrics(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	struct buf text;

	(void)words, (void)user;
	recorder_metrics_now(r, &text);
	answer(admin, json_pack("{s:s%}", "metrics", text.data, text.len));
	buf_fini(&text);
}

struct recorder_status
recorder_status_now(struct recorder *r)
{
	const struct work_config *work = &r->daemon->config->work;
	struct recorder_status s;
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];

	recorder_sums(r, sums, ids);
	recorder_rates_tick(&r->rates, clock_mono_ms() / 1000, sums);
	s = (struct recorder_status){ .now = clock_wall_ms(),
		.up_since = stats_started(r->daemon->stats),
		.stats = r->daemon->stats,
		.counts = &r->state.counts,
		.rates = &r->rates,
		.logs = r->folder };
	memcpy(s.cpu, r->cpu.percent, sizeof(s.cpu));
	if (work->spam.engine == SPAM_OFF)
		s.cpu[CPU_ANTI_SPAM] = -1;
	if (work->virus.engine == VIRUS_OFF)
		s.cpu[CPU_ANTI_VIRUS] = -1;
	return s;
}

static void
cmd_reset(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	uint64_t sums[STATS_N_COUNTERS], ids[STATS_N_IDS];
	char text[120];

	(void)words;
	recorder_sums(r, sums, ids);
	recorder_counts_reset(&r->state.counts, sums, clock_wall_ms());
	recorder_save(r, false);
	snprintf(text, sizeof(text), "Counters reset by %s", user);
	EMIT(NOTICE, .text = str_of(text));
	answer(admin, json_pack("{sI}", "counters_reset",
			  (json_int_t)r->state.counts.reset_at));
}

static void
cmd_rollover(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	struct str word = words[0];
	bool all = word.n == 0 || str_is(word, "all");
	json_t *rolled;
	char text[160];

	(void)user;
	if (!all && recorder_mbox_roll(r->mboxes, word)) {
		answer(admin, json_pack("{s[o]}", "rolled",
				  json_stringn(word.p, word.n)));
		return;
	}
	if (!all && recorder_find_log(r, word) == NULL) {
		snprintf(text, sizeof(text),
		    "There is no log subscription \"%.*s\".",
		    (int)(word.n < NAME_MAX_LEN ? word.n : NAME_MAX_LEN),
		    word.p);
		program_answer(admin, NULL, 1, text);
		return;
	}
	recorder_write_until(
	    r, INT64_MAX); /* what came before belongs to the old files */
	rolled = json_array();
	for (size_t i = 0; i < r->n_logs; i++) {
		if (!all && r->logs[i] != recorder_find_log(r, word))
			continue;
		recorder_log_roll(r->logs[i], clock_wall_ms());
		json_array_append_new(rolled, json_string(r->logs[i]->name));
	}
	answer(admin, json_pack("{so}", "rolled", rolled));
}

static void
cmd_logs(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	static const char *const formats[] = {
		[LOG_TEXT] = "text", [LOG_JSON] = "json"
	};
	static const char *const types[LOG_TYPES] = { [LOG_MAIL] = "mail",
		[LOG_BOUNCES] = "bounces",
		[LOG_DELIVERY] = "delivery",
		[LOG_STATUS] = "status",
		[LOG_DOMAIN_DEBUG] = "domain_debug",
		[LOG_INJECTION_DEBUG] = "injection_debug",
		[LOG_AUTHENTICATION] = "authentication",
		[LOG_CLI_AUDIT] = "cli_audit" };
	json_t *logs = json_array();

	(void)words, (void)user;
	for (size_t i = 0; i < r->n_logs; i++) {
		const struct recorder_log *l = r->logs[i];

		json_array_append_new(logs,
		    json_pack("{ss ss ss so sI si sI}", "name", l->name, "type",
			types[l->type], "format", formats[l->format], "current",
			l->fd == -1
			    ? json_null()
			    : json_sprintf("%s/%s/%s", r->daemon->folder,
				  l->name, l->current),
			"size", (json_int_t)l->size, "level", (int)l->level,
			"lost", (json_int_t)l->lost_total));
	}
	answer(admin, json_pack("{so sI sI}", "logs", logs, "used",
			  (json_int_t)r->quota.used, "quota",
			  (json_int_t)r->quota.quota));
}

static void
cmd_alerts(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	(void)words, (void)user;
	answer(admin, recorder_post_show(r->post));
}

static void
cmd_tlsreport(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	struct err err = ERR_INIT;
	json_t *j = recorder_tls_report(r->tls, words[0], words[1], &err);

	(void)user;
	if (j == NULL)
		program_answer(admin, NULL, 2, err.text);
	else
		answer(admin, j);
}

static void
cmd_healthcheck(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	uint64_t minutes = 60;

	(void)user;
	if (words[0].n != 0 &&
	    (!str_u64(words[0], HEALTH_MINUTES, &minutes) || minutes == 0)) {
		program_answer(admin, NULL, 2, "MINUTES is within 1..1440");
		return;
	}
	answer(
	    admin, recorder_health_show(r->health, &r->daemon->config->health,
		       (unsigned)minutes, clock_wall_ms()));
}

static void
cmd_tracking(struct recorder *r, struct ipc *admin, const struct str *words,
    const char *user)
{
	(void)words, (void)user;
	answer(admin, recorder_track_show(r->track));
}

static void
answer(struct ipc *admin, json_t *j)
{
	char *text = json_dumps(j, JSON_COMPACT);

	json_decref(j);
	if (text == NULL)
		panic("no memory");
	program_answer(admin, text, 0, NULL);
	free(text);
}
