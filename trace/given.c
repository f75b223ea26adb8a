/* given.c - facts with a key that the administrator gives to trace */
#include "trace/given.h"

#include "base/mem.h"
#include "pipeline/work.h"
#include "trace/answer.h"

struct given_recipient {
	struct str addr; /* empty: all others */
	enum recipient_answer answer;
};

static const struct fact given = { FACT_KNOWN, FACT_GIVEN };

static void put_virus(const struct trace_given *, struct facts *,
    struct arena *mem, const struct need *);
static struct fact_answer *put(struct facts *, struct arena *mem,
    const struct need *, uint64_t number, const void *detail);
static bool read_recipient(struct given_recipient *, struct str);
static const struct given_recipient *find(
    const struct trace_given *, struct str addr);

bool
given_directory(
    struct trace_given *g, struct str list, struct arena *mem, struct err *err)
{
	size_t n;
	struct str *v = answer_list(list, &n, mem);

	g->directory = arena_array(mem, n + 1, sizeof(*g->directory));
	for (g->n_directory = 0; g->n_directory < n; g->n_directory++) {
		struct str one = v[g->n_directory];
		char shown[200];

		if (read_recipient(&g->directory[g->n_directory], one))
			continue;
		str_escape(shown, sizeof(shown), one, 60);
		err_set(err, ERR_USAGE,
		    "Please enter ADDRESS=pass, ADDRESS=fail or "
		    "ADDRESS=error, or one of the words alone, not \"%s\".",
		    shown);
		return false;
	}
	return true;
}

bool
given_sdr(
    struct trace_given *g, struct str text, struct arena *mem, struct err *err)
{
	struct str verdict = str_trim(str_cut(&text, ','));
	struct str age = str_trim(str_cut(&text, ','));
	uint64_t days = 0;

	for (g->sdr = 0; g->sdr < SDR_N; g->sdr++)
		if (str_is_nocase(verdict, fact_value_name(FACT_SDR, g->sdr)))
			break;
	g->has_sdr = verdict.n > 0;
	g->sdr_detail.has_age = age.n > 0;
	if (g->has_sdr &&
	    (g->sdr == SDR_N ||
		(age.n > 0 && !str_u64(age, UINT32_MAX, &days)))) {
		err_set(err, ERR_USAGE,
		    "Please enter Awful, Poor, Tainted, Weak, Unknown, Neutral "
		    "or Good, then the age in days and the category, if any, "
		    "separated by commas.");
		return false;
	}
	g->sdr_detail.days = (uint32_t)days;
	g->sdr_detail.category = arena_str(mem, str_trim(text));
	return true;
}

bool
given_spam(
    struct trace_given *g, struct str text, struct arena *mem, struct err *err)
{
	struct str score = str_trim(str_cut(&text, ','));
	uint64_t n;

	g->has_spam = score.n > 0;
	if (!g->has_spam)
		return true;
	if (!str_u64(score, 100, &n)) {
		err_set(err, ERR_USAGE,
		    "Please enter a score between 0 and 100, then the names of "
		    "tests, if any, separated by commas.");
		return false;
	}
	/* thresholds at which policies see the same score */
	g->spam = (struct spam_fact){ .engine = "given",
		.raw = (int64_t)n * 1000,
		.suspect = SPAM_SCORE_SUSPECT * 1000,
		.positive = SPAM_SCORE_POSITIVE * 1000,
		.tests = arena_str(mem, str_trim(text)) };
	if (n > SPAM_SCORE_POSITIVE)
		g->spam.raw =
		    g->spam.positive + (int64_t)(n - SPAM_SCORE_POSITIVE) *
					   g->spam.positive /
					   (100 - SPAM_SCORE_POSITIVE);
	return true;
}

void
given_virus(struct trace_given *g, struct str text)
{
	static const struct {
		const char *word;
		enum virus_answer answer;
	} words[] = {
		{ "clean", VIRUS_CLEAN },
		{ "encrypted", VIRUS_LOCKED },
		{ "unscannable", VIRUS_UNKNOWN },
	};

	text = str_trim(text);
	g->has_virus = text.n > 0;
	g->virus = VIRUS_FOUND;
	g->virus_text = text;
	g->virus_detail.engine = STR("given");
	for (size_t i = 0; i < NELEM(words); i++) {
		if (!str_is_nocase(text, words[i].word))
			continue;
		g->virus = words[i].answer;
		g->virus_text = STR("");
	}
}

bool
given_bounce_tag(struct trace_given *g, struct str text, struct err *err)
{
	text = str_trim(text);
	g->has_bounce_tag = text.n > 0;
	if (text.n == 0)
		return true;
	for (unsigned i = 0; i <= BOUNCE_TAG_WRONG; i++) {
		if (!str_is_nocase(text, fact_value_name(FACT_BOUNCE_TAG, i)))
			continue;
		g->bounce_tag = (enum bounce_tag)i;
		return true;
	}
	err_set(err, ERR_USAGE,
	    "Please enter valid, expired, forged, untagged or \"no keys\".");
	return false;
}

bool
given_has(const struct trace_given *g, enum fact_id id)
{
	return (id == FACT_SPAM && g->has_spam) ||
	       (id == FACT_VIRUS && g->has_virus);
}

bool
given_fact(const struct trace_given *g, const struct need *need,
    struct facts *f, struct arena *mem)
{
	const struct given_recipient *r = NULL;

	if (need->id == FACT_LDAP_ACCEPT)
		r = find(g, need->key);
	if (r != NULL)
		put(f, mem, need, (uint64_t)r->answer, NULL);
	else if (need->id == FACT_BOUNCE_TAG && g->has_bounce_tag)
		put(f, mem, need, (uint64_t)g->bounce_tag, NULL);
	else if (need->id == FACT_SDR && g->has_sdr)
		put(f, mem, need, (uint64_t)g->sdr, &g->sdr_detail);
	else if (need->id == FACT_SPAM && g->has_spam)
		put(f, mem, need, 0, &g->spam);
	else if (need->id == FACT_VIRUS && g->has_virus)
		put_virus(g, f, mem, need);
	else
		return false;
	return true;
}

static void
put_virus(const struct trace_given *g, struct facts *f, struct arena *mem,
    const struct need *need)
{
	bool whole = str_find(need->key, '/') == need->key.n;

	put(f, mem, need, (uint64_t)(whole ? g->virus : VIRUS_CLEAN),
	    &g->virus_detail)
	    ->text = whole ? g->virus_text : STR("");
}

static struct fact_answer *
put(struct facts *f, struct arena *mem, const struct need *need,
    uint64_t number, const void *detail)
{
	struct fact_answer *a = fact_put(f, mem, need->id, need->key, given);

	a->number = number;
	a->text = STR("");
	a->detail = detail;
	return a;
}

static bool
read_recipient(struct given_recipient *r, struct str text)
{
	static const struct {
		const char *word;
		enum recipient_answer answer;
	} words[] = {
		{ "pass", RECIPIENT_OK },
		{ "fail", RECIPIENT_UNKNOWN },
		{ "error", RECIPIENT_NO_ANSWER },
	};
	size_t at = str_rfind(text, '=');
	bool all = at == text.n;
	struct str word = all ? text : str_sub(text, at + 1, text.n);

	r->addr = all ? STR("") : str_trim(str_sub(text, 0, at));
	if (!all && r->addr.n == 0)
		return false;
	for (size_t i = 0; i < NELEM(words); i++) {
		if (!str_is_nocase(str_trim(word), words[i].word))
			continue;
		r->answer = words[i].answer;
		return true;
	}
	return false;
}

/* As people write addresses: without regard to case. */
static const struct given_recipient *
find(const struct trace_given *g, struct str addr)
{
	const struct given_recipient *others = NULL;

	for (size_t i = 0; i < g->n_directory; i++) {
		if (g->directory[i].addr.n == 0)
			others = &g->directory[i];
		else if (str_eq_nocase(g->directory[i].addr, addr))
			return &g->directory[i];
	}
	return others;
}
