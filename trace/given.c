/* given.c - facts with a key that the administrator gives to trace */
#include "trace/given.h"

#include "base/mem.h"
#include "trace/answer.h"

struct given_recipient {
	struct str addr; /* empty: all others */
	enum recipient_answer answer;
};

static const struct fact given = { FACT_KNOWN, FACT_GIVEN };

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
given_fact(const struct trace_given *g, const struct need *need,
    struct facts *f, struct arena *mem)
{
	const struct given_recipient *r = NULL;
	struct fact_answer *a;

	if (need->id == FACT_LDAP_ACCEPT)
		r = find(g, need->key);
	if (r == NULL && (need->id != FACT_SDR || !g->has_sdr))
		return false;
	a = fact_put(f, mem, need->id, need->key, given);
	a->number = r != NULL ? (uint64_t)r->answer : (uint64_t)g->sdr;
	a->detail = r != NULL ? NULL : &g->sdr_detail;
	return true;
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
