/*
 * regex.c - the only file that knows PCRE2
 *
 * The interpreter runs, not compiled code: that would need memory that can be
 * written and executed, and was measured not to be worth it
 * (docs/decisions/expressions.md).
 */
#define PCRE2_CODE_UNIT_WIDTH 8
#include "filter/regex.h"

#include <pcre2.h>
#include <stdlib.h>

#include "base/mem.h"

#define COMPILED_MAX 65536 /* bytes */
#define STEPS_MAX    1000000
#define DEPTH_MAX    10000
#define HEAP_MAX     20000 /* KiB */
#define PARENS_MAX   100   /* of each other: the compiler recurses */

struct regex {
	pcre2_code *code;
	pcre2_match_data *match;
	unsigned flags;
	uint32_t id;
};

static pcre2_compile_context *compile_limits(void);
static pcre2_match_context *match_limits(void);
static void explain(struct err *, int code, size_t offset);

struct regex *
regex_compile(struct str pattern, unsigned flags, struct err *err)
{
	uint32_t options = flags & REGEX_BYTES ? 0 : PCRE2_UTF;
	struct regex *regex;
	pcre2_code *code;
	PCRE2_SIZE offset, size = 0;
	int why;

	if (flags & REGEX_NOCASE)
		options |= PCRE2_CASELESS;
	/* \C would take characters apart. */
	options |= PCRE2_NEVER_BACKSLASH_C;
	code = pcre2_compile((PCRE2_SPTR)(pattern.p != NULL ? pattern.p : ""),
	    pattern.n, options, &why, &offset, compile_limits());
	if (code == NULL) {
		explain(err, why, offset);
		return NULL;
	}
	pcre2_pattern_info(code, PCRE2_INFO_SIZE, &size);
	if (size > COMPILED_MAX) {
		pcre2_code_free(code);
		err_set(err, ERR_USAGE, "it is too large (%zu of 64 KiB)",
		    (size_t)size >> 10);
		return NULL;
	}
	regex = mem_alloc(sizeof(*regex));
	regex->code = code;
	regex->flags = flags;
	regex->id = REGEX_NO_ID;
	regex->match = pcre2_match_data_create_from_pattern(code, NULL);
	if (regex->match == NULL)
		panic("out of memory");
	return regex;
}

void
regex_free(struct regex **rp)
{
	struct regex *regex = *rp;

	*rp = NULL;
	if (regex == NULL)
		return;
	pcre2_match_data_free(regex->match);
	pcre2_code_free(regex->code);
	free(regex);
}

enum regex_result
regex_search(const struct regex *regex, struct str text, size_t from,
    unsigned flags, struct str *match)
{
	uint32_t options = flags & REGEX_VALID ? PCRE2_NO_UTF_CHECK : 0;
	PCRE2_SIZE *at;
	int n;

	n = pcre2_match(regex->code, (PCRE2_SPTR)(text.p != NULL ? text.p : ""),
	    text.n, from, options, regex->match, match_limits());
	if (n == PCRE2_ERROR_NOMATCH)
		return REGEX_NO;
	if (n < 0)
		return REGEX_LIMIT;
	at = pcre2_get_ovector_pointer(regex->match);
	/* \K in a look-around may end before it begins */
	*match = at[1] >= at[0] ? str_sub(text, at[0], at[1] - at[0])
				: str_sub(text, at[1], 0);
	return REGEX_YES;
}

void
regex_set_id(struct regex *regex, uint32_t id)
{
	regex->id = id;
}

uint32_t
regex_id(const struct regex *regex)
{
	return regex->id;
}

bool
regex_is_bytes(const struct regex *regex)
{
	return regex->flags & REGEX_BYTES;
}

static pcre2_compile_context *
compile_limits(void)
{
	static pcre2_compile_context *limits;

	if (limits != NULL)
		return limits;
	limits = pcre2_compile_context_create(NULL);
	if (limits == NULL)
		panic("out of memory");
	pcre2_set_parens_nest_limit(limits, PARENS_MAX);
	pcre2_set_max_pattern_length(limits, COMPILED_MAX);
	return limits;
}

static pcre2_match_context *
match_limits(void)
{
	static pcre2_match_context *limits;

	if (limits != NULL)
		return limits;
	limits = pcre2_match_context_create(NULL);
	if (limits == NULL)
		panic("out of memory");
	pcre2_set_match_limit(limits, STEPS_MAX);
	pcre2_set_depth_limit(limits, DEPTH_MAX);
	pcre2_set_heap_limit(limits, HEAP_MAX);
	return limits;
}

static void
explain(struct err *err, int code, size_t offset)
{
	PCRE2_UCHAR text[200];

	if (pcre2_get_error_message(code, text, sizeof(text)) < 0)
		text[0] = '\0';
	err_set(
	    err, ERR_USAGE, "%s at character %zu", (const char *)text, offset);
}
