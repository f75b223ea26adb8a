/* dialogue.c - questions to a person */
#include <string.h>

#include "admin/dialogue.h"

#define PROMPT_HEARD 1000 /* of a question */

static bool ask(struct dialogue *, const char *question, const char *dflt,
    char *out, size_t size);
static void list(struct dialogue *, const char *question,
    const char *const *items, size_t n);
static bool pick(struct dialogue *, struct str answer, size_t n, bool *chosen);
static void out_of_range(struct dialogue *, uint64_t lo, uint64_t hi);
static size_t op_find(
    const struct dialogue_op *, size_t n, struct str word, size_t none);

bool
dialogue_text(struct dialogue *d, const char *question, const char *dflt,
    char *out, size_t size)
{
	return ask(d, question, dflt, out, size);
}

bool
dialogue_needed(
    struct dialogue *d, const char *question, char *out, size_t size)
{
	do {
		if (!ask(d, question, "", out, size))
			return false;
	} while (*out == '\0');
	return true;
}

bool
dialogue_yes(struct dialogue *d, const char *question, bool dflt, bool *out)
{
	static const struct {
		const char *word;
		bool yes;
	} words[] = { { "y", true }, { "yes", true }, { "n", false },
		{ "no", false } };
	char line[DIALOGUE_LINE], prompt[DIALOGUE_LINE];

	for (;;) {
		snprintf(prompt, sizeof(prompt), "%s [%c]> ", question,
		    dflt ? 'Y' : 'N');
		fputs(prompt, d->out);
		d->prompt = prompt;
		if (!dialogue_line(d, line, sizeof(line)))
			return false;
		if (*line == '\0') {
			*out = dflt;
			return true;
		}
		for (size_t i = 0; i < sizeof(words) / sizeof(*words); i++)
			if (str_is_nocase(str_of(line), words[i].word)) {
				*out = words[i].yes;
				return true;
			}
		fputs("Please answer Yes or No.\n", d->out);
	}
}

bool
dialogue_number(struct dialogue *d, const char *question, uint64_t lo,
    uint64_t hi, uint64_t dflt, uint64_t *out)
{
	char line[DIALOGUE_LINE], text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)dflt);
	for (;;) {
		if (!ask(d, question, text, line, sizeof(line)))
			return false;
		if (str_u64(str_of(line), hi, out) && *out >= lo)
			return true;
		out_of_range(d, lo, hi);
	}
}

bool
dialogue_choice(struct dialogue *d, const char *question,
    const char *const *items, size_t n, size_t dflt, size_t *out)
{
	uint64_t number;

	list(d, question, items, n);
	if (!dialogue_number(d, NULL, 1, n, dflt + 1, &number))
		return false;
	*out = number - 1;
	return true;
}

bool
dialogue_choices(struct dialogue *d, const char *question,
    const char *const *items, size_t n, size_t dflt, bool *chosen)
{
	memset(chosen, 0, n * sizeof(*chosen));
	chosen[dflt] = true;
	return dialogue_choices_of(d, question, items, n, chosen);
}

bool
dialogue_choices_of(struct dialogue *d, const char *question,
    const char *const *items, size_t n, bool *chosen)
{
	char line[DIALOGUE_LINE];
	struct buf dflt;
	bool answered;

	buf_init(&dflt, DIALOGUE_LINE);
	buf_puts(&dflt, "");
	for (size_t i = 0; i < n; i++)
		if (chosen[i])
			buf_printf(
			    &dflt, "%s%zu", dflt.len > 0 ? "," : "", i + 1);
	list(d, question, items, n);
	do
		answered = ask(d, NULL, dflt.data, line, sizeof(line));
	while (answered && !pick(d, str_of(line), n, chosen));
	buf_fini(&dflt);
	return answered;
}

bool
dialogue_menu(
    struct dialogue *d, const struct dialogue_op *ops, size_t n, size_t *out)
{
	return dialogue_menu_words(d, ops, n, out, NULL, 0);
}

bool
dialogue_menu_words(struct dialogue *d, const struct dialogue_op *ops, size_t n,
    size_t *out, char *rest, size_t size)
{
	char line[DIALOGUE_LINE];

	for (;;) {
		struct str left, word;

		fputs("Choose the operation you want to perform:\n", d->out);
		for (size_t i = 0; i < n; i++)
			fprintf(
			    d->out, "- %s - %s\n", ops[i].word, ops[i].help);
		if (!ask(d, NULL, "", line, sizeof(line)))
			return false;
		*out = n;
		if (*line == '\0')
			return true;
		left = str_of(line);
		word = rest != NULL ? str_word(&left) : left;
		*out = op_find(ops, n, word, n);
		if (*out != n && rest != NULL)
			str_copy(rest, size, str_trim(left));
		if (*out != n)
			return true;
		fprintf(d->out, "Unknown option: \"%s\"\n", line);
	}
}

bool
dialogue_line(struct dialogue *d, char *out, size_t size)
{
	char line[DIALOGUE_LINE];
	size_t n;

	fflush(d->out);
	if (fgets(line, sizeof(line), d->in) == NULL) {
		d->prompt = NULL;
		return false;
	}
	n = strlen(line);
	for (int c = 0; n != 0 && line[n - 1] != '\n' && c != '\n';)
		if ((c = fgetc(d->in)) == EOF)
			break;
	str_copy(out, size, str_trim(str_of(line)));
	if (d->heard != NULL)
		d->heard(d->arg, d->prompt != NULL ? d->prompt : "",
		    d->secret ? NULL : out);
	d->prompt = NULL;
	explicit_bzero(line, sizeof(line)); /* it may be a passphrase */
	return true;
}

bool
dialogue_lines(struct dialogue *d, struct buf *out)
{
	char line[DIALOGUE_LINE];
	bool begins = true;

	fflush(d->out);
	while (fgets(line, sizeof(line), d->in) != NULL) {
		if (begins && str_is(str_trim(str_of(line)), "."))
			return true;
		buf_puts(out, line);
		begins = line[0] != '\0' && line[strlen(line) - 1] == '\n';
	}
	return false;
}

/* question NULL: it was printed already. */
static bool
ask(struct dialogue *d, const char *question, const char *dflt, char *out,
    size_t size)
{
	char line[DIALOGUE_LINE], prompt[PROMPT_HEARD];

	for (;;) {
		if (question != NULL)
			fprintf(d->out, "%s\n", question);
		fprintf(d->out, "[%s]> ", dflt);
		snprintf(prompt, sizeof(prompt), "%s%s[%s]> ",
		    question != NULL ? question : "",
		    question != NULL ? "\n" : "", dflt);
		d->prompt = prompt;
		if (!dialogue_line(d, line, sizeof(line)))
			return false;
		if (str_copy(out, size, str_of(*line != '\0' ? line : dflt)) ||
		    *line == '\0')
			return true;
		fprintf(
		    d->out, "That is too long: %zu bytes at most.\n", size - 1);
	}
}

static void
list(struct dialogue *d, const char *question, const char *const *items,
    size_t n)
{
	if (question != NULL)
		fprintf(d->out, "%s\n", question);
	for (size_t i = 0; i < n; i++)
		fprintf(d->out, "%zu. %s\n", i + 1, items[i]);
}

static bool
pick(struct dialogue *d, struct str answer, size_t n, bool *chosen)
{
	memset(chosen, 0, n * sizeof(*chosen));
	while (answer.n != 0) {
		struct str one = str_trim(str_cut(&answer, ','));
		uint64_t number;

		if (!str_u64(one, n, &number) || number == 0) {
			out_of_range(d, 1, n);
			return false;
		}
		chosen[number - 1] = true;
	}
	return true;
}

static void
out_of_range(struct dialogue *d, uint64_t lo, uint64_t hi)
{
	fprintf(d->out, "Please enter a number between %llu and %llu.\n",
	    (unsigned long long)lo, (unsigned long long)hi);
}

/* none: no operation begins so, or several do. */
static size_t
op_find(const struct dialogue_op *ops, size_t n, struct str word, size_t none)
{
	size_t found = none;

	for (size_t i = 0; i < n; i++) {
		if (str_is_nocase(word, ops[i].word))
			return i;
		if (!str_starts_nocase(str_of(ops[i].word), word))
			continue;
		if (found != none)
			return none;
		found = i;
	}
	return found;
}
