/*
 * answer.c - answers become input
 */
#include "trace/answer.h"

#include <stdlib.h>
#include <time.h>

#include "base/clock.h"
#include "base/mem.h"
#include "mail/addr.h"
#include "trace/ask.h"

static bool is_unknown(struct str text);
static bool parse_score(struct str text, int64_t *tenths);
static void set_name(struct facts *, const char *fqdn, struct arena *mem);
static void set_numbers(struct facts *, const struct trace_answers *);
static bool parse_country(struct str text, char code[4]);

bool
answer_ip(const char *text, struct err *err)
{
	struct ip ip;
	char shown[200];

	if (ip_parse(&ip, str_of(text)))
		return true;
	str_escape(shown, sizeof(shown), str_of(text), 40);
	err_set(err, ERR_USAGE, "Invalid IP address: \"%s\"", shown);
	return false;
}

bool
answer_name(const char *text, struct err *err)
{
	struct str ignored;
	char shown[300];
	struct arena mem;
	bool ok;

	arena_init(&mem, 1 << 12);
	ok = *text == '\0' || addr_domain_ok(str_of(text), &ignored, &mem);
	arena_free(&mem);
	if (ok)
		return true;
	str_escape(shown, sizeof(shown), str_of(text), 60);
	err_set(err, ERR_USAGE, "Invalid domain name: \"%s\"", shown);
	return false;
}

bool
answer_owner(const char *text, struct err *err)
{
	uint64_t n;

	if (is_unknown(str_of(text)) || str_u64(str_of(text), UINT64_MAX, &n))
		return true;
	err_set(err, ERR_USAGE, "Please enter a number or N/A.");
	return false;
}

bool
answer_score(const char *text, struct err *err)
{
	int64_t tenths;

	if (is_unknown(str_of(text)) || parse_score(str_of(text), &tenths))
		return true;
	err_set(err, ERR_USAGE,
	    "Please enter a number between -10.0 and 10.0, or N/A.");
	return false;
}

bool
answer_country(const char *text, struct err *err)
{
	char code[4];

	if (is_unknown(str_of(text)) || parse_country(str_of(text), code))
		return true;
	err_set(err, ERR_USAGE,
	    "Please enter a country code of two letters, or N/A.");
	return false;
}

struct str *
answer_list(struct str list, size_t *n, struct arena *mem)
{
	struct str *v = arena_array(mem, list.n + 1, sizeof(*v));
	bool quoted = false, bracket = false;
	size_t from = 0;

	*n = 0;
	for (size_t i = 0; i <= list.n; i++) {
		char c = i < list.n ? list.p[i] : ',';
		struct str one;

		if (c == '\\' && quoted)
			i++;
		else if (c == '"')
			quoted = !quoted;
		else if (!quoted && (c == '<' || c == '>'))
			bracket = c == '<';
		if (i < list.n && (c != ',' || quoted || bracket))
			continue;
		one = str_trim(str_sub(list, from, i - from));
		if (one.n > 0)
			v[(*n)++] = one;
		from = i + 1;
	}
	return v;
}

int
trace_understand(struct trace_input *in, const struct config *config,
    const struct trace_answers *a, struct arena *mem, struct err *err)
{
	*in = (struct trace_input){ .config = config };
	if (!answer_ip(a->source_ip, err) || !answer_name(a->fqdn, err) ||
	    !answer_owner(a->owner, err) || !answer_score(a->reputation, err) ||
	    !answer_country(a->country, err) ||
	    !given_directory(&in->given, str_of(a->ldap_accept), mem, err) ||
	    !given_sdr(&in->given, str_of(a->sdr), mem, err) ||
	    !given_spam(&in->given, str_of(a->spam), mem, err) ||
	    !given_bounce_tag(&in->given, str_of(a->bounce_tag), err))
		return -1;
	given_virus(&in->given, str_of(a->virus));
	in->listener = *a->listener == '\0'
			   ? &config->listeners[0]
			   : config_listener(config, str_of(a->listener));
	if (in->listener == NULL)
		return err_set(err, ERR_USAGE, "There is no listener \"%s\".",
		    a->listener);
	ip_parse(&in->facts.client, str_of(a->source_ip));
	in->facts.local = in->listener->interface->ip;
	in->facts.now = clock_wall_ms();
	in->zone = answer_zone(in->facts.now);
	in->facts.tls = a->tls;
	in->facts.helo = listener_is_qmqp(in->listener) ? STR("") : STR("TEST");
	if (*a->fqdn != '\0')
		set_name(&in->facts, a->fqdn, mem);
	set_numbers(&in->facts, a);
	in->sender = str_of(a->sender);
	in->user = str_of(a->auth_user);
	in->smtputf8 = a->smtputf8;
	in->mail_params = str_of(a->mail_params);
	in->message = buf_str(&a->message);
	in->etc = a->etc;
	in->lookup = a->lookup ? a->tool : NULL;
	in->committed = a->committed;
	in->rcpts = answer_list(str_of(a->recipients), &in->n_rcpts, mem);
	in->rcpt_params = arena_array(mem, in->n_rcpts + 1, sizeof(struct str));
	for (size_t i = 0; i < in->n_rcpts; i++)
		in->rcpt_params[i] = str_of(a->rcpt_params);
	if (in->n_rcpts == 0)
		return err_set(err, ERR_USAGE,
		    "At least one recipient is "
		    "needed.");
	return 0;
}

int32_t
answer_zone(int64_t wall_ms)
{
	time_t t = (time_t)(wall_ms / 1000);
	struct tm tm;

	return localtime_r(&t, &tm) != NULL ? (int32_t)tm.tm_gmtoff : 0;
}

/* A name that is given counts as verified (2.3). */
static void
set_name(struct facts *f, const char *fqdn, struct arena *mem)
{
	addr_domain_ok(str_of(fqdn), &f->host, mem);
	f->host_class = HOST_VERIFIED;
	fact_set(f, FACT_HOST, FACT_KNOWN, FACT_GIVEN);
}

static void
set_numbers(struct facts *f, const struct trace_answers *a)
{
	if (!is_unknown(str_of(a->owner))) {
		str_u64(str_of(a->owner), UINT64_MAX, &f->owner);
		fact_set(f, FACT_OWNER, FACT_KNOWN, FACT_GIVEN);
	}
	if (!is_unknown(str_of(a->country))) {
		parse_country(str_of(a->country), f->country);
		fact_set(f, FACT_COUNTRY, FACT_KNOWN, FACT_GIVEN);
	}
	if (!is_unknown(str_of(a->reputation))) {
		parse_score(str_of(a->reputation), &f->reputation);
		fact_set(f, FACT_REPUTATION, FACT_KNOWN, FACT_GIVEN);
	}
}

static bool
is_unknown(struct str text)
{
	return text.n == 0 || str_is_nocase(text, "N/A") ||
	       str_is_nocase(text, "none");
}

/* -10.0 to 10.0 with at most one decimal. */
static bool
parse_score(struct str text, int64_t *tenths)
{
	bool minus = text.n > 0 && text.p[0] == '-';
	uint64_t whole, tenth = 0;
	struct str unit;

	if (minus)
		text = str_sub(text, 1, text.n);
	if (str_find(text, '.') + 1 == text.n)
		return false;
	unit = str_cut(&text, '.');
	if (!str_u64(unit, 10, &whole) || text.n > 1 ||
	    (text.n == 1 && !str_u64(text, 9, &tenth)) ||
	    whole * 10 + tenth > 100)
		return false;
	*tenths = (int64_t)(whole * 10 + tenth) * (minus ? -1 : 1);
	return true;
}

static bool
parse_country(struct str text, char code[4])
{
	char upper[4];

	if (text.n != 2 || !str_copy(upper, sizeof(upper), text))
		return false;
	for (char *p = upper; *p != '\0'; p++) {
		if (*p >= 'a' && *p <= 'z')
			*p -= 'a' - 'A';
		if (*p < 'A' || *p > 'Z')
			return false;
	}
	return str_copy(code, 4, str_of(upper));
}
