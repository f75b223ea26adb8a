/* ask.c - asking for what the configuration has keys for */
#include "admin/ask.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "admin/interfaces.h"
#include "base/mem.h"
#include "config/mask.h"
#include "config/name.h"

#define VALUE_MAX   65536
#define CHOICES_MAX 16
#define WIDTH       78

enum answer { ANSWERED, WRONG, ENDED };

static enum answer ask_yes(
    struct editing *, const struct question *, struct buf *out, bool *dflt);
static enum answer ask_choice(
    struct editing *, const struct question *, struct buf *out, bool *dflt);
static enum answer ask_text(
    struct editing *, const struct question *, struct buf *out, bool *dflt);
static enum answer ask_reference(
    struct editing *, const struct question *, struct buf *out, bool *dflt);
static struct str shown_name(
    const struct config *, const char *list, struct str name, struct arena *);
static bool choose(struct editing *, const char *question,
    const struct str *names, size_t n, size_t dflt, size_t *out);
static bool yes_or_no(struct str answer, struct buf *out);
static size_t list_choices(
    const struct schema_key *, const char *words[CHOICES_MAX]);
static void complain(struct editing *, const struct schema_key *,
    struct str answer, const struct err *);
static const char *question_text(const struct question *, struct buf *);
static void wrap(struct buf *, struct str text);

const struct schema_key *
ask_key_named(const struct schema_section *s, const char *name)
{
	struct str rest = str_of(name);
	const struct schema_key *key = NULL;

	while (rest.n > 0) {
		key = schema_find(s, str_cut(&rest, '.'));
		if (key == NULL)
			panic("no key %s", name);
		s = key->section;
	}
	return key;
}

void
ask_present(const struct schema_key *key, const void *object, struct buf *out)
{
	struct buf text;

	if (!(key->flags & KEY_SECRET)) {
		key->type->print(key, (const char *)object + key->off, out);
		return;
	}
	buf_init(&text, VALUE_MAX);
	key->type->print(key, (const char *)object + key->off, &text);
	buf_puts(out, text.len > 0 ? MASK : "");
	buf_fini(&text);
}

bool
ask_is_so(const struct schema_section *s, const void *object, const char *when)
{
	struct str want = str_of(when), name = str_cut(&want, '=');
	char path[100];
	bool negated = name.n > 0 && name.p[name.n - 1] == '!';
	bool flag = name.n == strlen(when);
	const struct schema_key *key;
	struct buf now;
	bool so;

	if (negated)
		name.n--;
	str_copy(path, sizeof(path), name);
	key = ask_key_named(s, path);
	buf_init(&now, 1000);
	ask_present(key, object, &now);
	so = str_eq(buf_str(&now), flag ? STR("yes") : want);
	buf_fini(&now);
	return so != negated;
}

void
ask_note(const struct schema_key *key, struct str answer, void *object)
{
	void *field = (char *)object + key->off;

	if (key->type == &value_text)
		*(struct str *)field = answer.n > 0 ? STR("...") : STR("");
	else
		key->type->parse(key, answer, field, NULL, NULL);
}

json_t *
ask_json(const struct schema_key *key, const void *object)
{
	const void *field = (const char *)object + key->off;
	struct buf text;
	json_t *json;

	if (key->type == &value_bool)
		return json_boolean(schema_get_uint(key, field) != 0);
	if ((key->type == &value_count && !(key->flags & KEY_OFF)) ||
	    key->type == &value_time || key->type == &value_size)
		return json_integer((json_int_t)schema_get_uint(key, field));
	buf_init(&text, VALUE_MAX);
	ask_present(key, object, &text);
	json = json_stringn(buf_str(&text).p, text.len);
	buf_fini(&text);
	return json != NULL ? json : json_null();
}

bool
ask_check(const struct schema_key *key, struct str text, struct buf *normal,
    struct err *err)
{
	void *field = mem_alloc(key->width);
	struct arena mem;
	bool good;

	arena_init(&mem, VALUE_MAX);
	good = key->type->parse(key, text, field, &mem, err) == 0;
	if (good)
		key->type->print(key, field, normal);
	arena_free(&mem);
	free(field);
	return good;
}

bool
ask_set(struct editing *ed, const struct question *q, const char *path)
{
	bool dflt, changed, answered;
	struct buf answer;

	buf_init(&answer, VALUE_MAX);
	answered = ask_value(ed, q, &answer, &dflt, &changed);
	/* An empty text need not be written where it is the default. */
	if (answered && answer.len == 0 && q->key->dflt[0] != NULL &&
	    *q->key->dflt[0] == '\0' && q->key->dflt[1] == NULL)
		dflt = true;
	if (answered && changed && dflt)
		editing_delete(ed, "%s.%s", path, q->key->name);
	else if (answered && changed)
		editing_text(ed, buf_str(&answer), "%s.%s", path, q->key->name);
	buf_fini(&answer);
	return answered;
}

bool
ask_value(struct editing *ed, const struct question *q, struct buf *answer,
    bool *dflt, bool *changed)
{
	enum answer got = WRONG;
	struct buf before;

	tool_space(ed->t);
	while (got == WRONG) {
		buf_reset(answer);
		*dflt = false;
		if (q->key->type == &value_bool)
			got = ask_yes(ed, q, answer, dflt);
		else if (q->key->refers != NULL)
			got = ask_reference(ed, q, answer, dflt);
		else if (q->key->choices != NULL)
			got = ask_choice(ed, q, answer, dflt);
		else
			got = ask_text(ed, q, answer, dflt);
	}
	if (got == ENDED)
		return false;
	buf_init(&before, VALUE_MAX);
	ask_present(q->key, q->object, &before);
	*changed = q->absent || *dflt != q->is_default ||
		   (!*dflt && !str_eq(buf_str(&before), buf_str(answer)));
	buf_fini(&before);
	return true;
}

struct str *
ask_names(const struct config *c, const char *list, size_t *n)
{
	const struct schema_key *key = ask_key_named(&schema_top, list);
	const struct schema_section *s = key->section;
	const char *v = *(char *const *)((const char *)c + key->off);
	struct str *names;

	*n = *(const size_t *)((const char *)c + key->n_off);
	names = mem_array(*n + 1, sizeof(*names));
	for (size_t i = 0; i < *n; i++)
		names[i] =
		    *(const struct str *)(v + i * s->size + s->keys[0].off);
	return names;
}

bool
ask_name(struct editing *ed, const char *question, const struct str *names,
    size_t n, size_t dflt, size_t *out)
{
	tool_space(ed->t);
	return choose(ed, question, names, n, dflt, out);
}

bool
ask_which(struct editing *ed, const char *question, const char *what,
    const struct str *names, size_t n, size_t *out)
{
	char line[DIALOGUE_LINE];
	uint64_t number;

	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(
			&ed->t->dialogue, question, "", line, sizeof(line)))
			return false;
		*out = ask_find(names, n, str_of(line));
		if (*out < n || *line == '\0')
			return true;
		if (!str_u64(str_of(line), UINT64_MAX, &number)) {
			fprintf(ed->t->dialogue.out, "There is no %s \"%s\".\n",
			    what, line);
			continue;
		}
		*out = (size_t)number - 1;
		if (number > 0 && number <= n)
			return true;
		fprintf(ed->t->dialogue.out,
		    "Please enter a number between 1 and %zu.\n", n);
	}
}

int
ask_name_check(struct editing *ed, const struct schema_key *key,
    const char *name, bool taken)
{
	FILE *out = ed->t->asks ? ed->t->dialogue.out : stderr;
	struct err err = ERR_INIT;
	struct buf normal;
	bool good;

	if (taken) {
		fprintf(out, "The name \"%s\" is already in use.\n", name);
		return TOOL_NEGATIVE;
	}
	buf_init(&normal, VALUE_MAX);
	good = ask_check(key, str_of(name), &normal, &err);
	buf_fini(&normal);
	if (!good)
		fprintf(out, "Invalid name: %s.\n", err.text);
	return good ? TOOL_DONE : TOOL_USAGE;
}

bool
ask_new_name(struct editing *ed, const char *question,
    const struct schema_key *key, char *out, size_t size,
    bool (*taken)(const struct editing *, struct str))
{
	do {
		if (!dialogue_needed(&ed->t->dialogue, question, out, size))
			return false;
	} while (
	    ask_name_check(ed, key, out, taken(ed, str_of(out))) != TOOL_DONE);
	return true;
}

size_t
ask_find(const struct str *names, size_t n, struct str name)
{
	for (size_t i = 0; i < n; i++) {
		if (str_eq(names[i], name))
			return i;
	}
	return n;
}

static enum answer
ask_yes(
    struct editing *ed, const struct question *q, struct buf *out, bool *dflt)
{
	bool now = *((const bool *)((const char *)q->object + q->key->off));
	const char *shown = now ? "Y" : "N";
	char line[DIALOGUE_LINE];
	struct buf text;

	buf_init(&text, VALUE_MAX);
	fprintf(ed->t->dialogue.out, "%s%s [%s]> ", question_text(q, &text),
	    q->can_default ? " (Yes/No/Default)" : "", shown);
	buf_fini(&text);
	if (!dialogue_line(&ed->t->dialogue, line, sizeof(line)))
		return ENDED;
	if (*line == '\0') {
		*dflt = q->is_default;
		buf_puts(out, now ? "yes" : "no");
		return ANSWERED;
	}
	if (q->can_default && (str_is_nocase(str_of(line), "default") ||
				  str_is_nocase(str_of(line), "d"))) {
		*dflt = true;
		return ANSWERED;
	}
	if (yes_or_no(str_of(line), out))
		return ANSWERED;
	fprintf(ed->t->dialogue.out, "Please answer %s.\n",
	    q->can_default ? "Yes, No or Default" : "Yes or No");
	return WRONG;
}

static enum answer
ask_choice(
    struct editing *ed, const struct question *q, struct buf *out, bool *dflt)
{
	const char *words[CHOICES_MAX], *items[CHOICES_MAX + 1];
	size_t n = list_choices(q->key, words), now = 0, chosen;
	struct buf text;
	bool answered;

	buf_init(&text, VALUE_MAX);
	ask_present(q->key, q->object, &text);
	for (size_t i = 0; i < n; i++) {
		if (str_is(buf_str(&text), words[i]))
			now = i;
		items[i] =
		    q->key->labels != NULL ? q->key->labels[i] : words[i];
	}
	if (q->can_default) {
		items[n++] = "Default";
		if (q->is_default)
			now = n - 1;
	}
	buf_reset(&text);
	answered = dialogue_choice(
	    &ed->t->dialogue, question_text(q, &text), items, n, now, &chosen);
	buf_fini(&text);
	if (!answered)
		return ENDED;
	*dflt = q->can_default && chosen == n - 1;
	if (!*dflt)
		buf_puts(out, words[chosen]);
	return ANSWERED;
}

/* Nothing, the names, and Default if it may be. */
static enum answer
ask_reference(
    struct editing *ed, const struct question *q, struct buf *out, bool *dflt)
{
	const struct config *c = ed->w->config;
	size_t n, now, last, chosen;
	struct str *names = ask_names(c, q->key->refers, &n);
	struct str *items = mem_array(n + 2, sizeof(*items));
	struct str present =
	    *(const struct str *)((const char *)q->object + q->key->off);
	const char *none = q->none != NULL ? q->none : q->key->none;
	struct arena mem;
	struct buf text;
	bool answered;

	arena_init(&mem, 1 << 20);
	items[0] = str_of(none != NULL ? none : "None");
	for (size_t i = 0; i < n; i++)
		items[i + 1] = shown_name(c, q->key->refers, names[i], &mem);
	now = present.n > 0 ? ask_find(names, n, present) + 1 : 0;
	last = n + 1;
	if (q->can_default)
		items[last++] = ask_find(names, n, STR("Default")) < n
				    ? STR("As the entry Default")
				    : STR("Default");
	if (q->is_default || now == n + 1)
		now = q->is_default ? last - 1 : 0;
	buf_init(&text, VALUE_MAX);
	answered =
	    choose(ed, question_text(q, &text), items, last, now, &chosen);
	buf_fini(&text);
	*dflt = answered && q->can_default && chosen == last - 1;
	if (answered && !*dflt && chosen > 0)
		buf_add_str(out, names[chosen - 1]);
	free(names);
	free(items);
	arena_free(&mem);
	return answered ? ANSWERED : ENDED;
}

/* Interfaces with their addresses. */
static struct str
shown_name(const struct config *c, const char *list, struct str name,
    struct arena *mem)
{
	const struct interface *i = NULL;
	struct str shown;
	struct buf text;

	if (strcmp(list, "interfaces") == 0)
		i = config_interface(c, name);
	if (i == NULL)
		return name;
	buf_init(&text, 1000);
	buf_printf(&text, "%.*s ", STR_ARG(name));
	interfaces_show(&text, c, i);
	shown = arena_str(mem, buf_str(&text));
	buf_fini(&text);
	return shown;
}

/* "none" empties a text. */
static enum answer
ask_text(
    struct editing *ed, const struct question *q, struct buf *out, bool *dflt)
{
	bool may_empty = q->key->type == &value_text && q->key->min == 0;
	char line[DIALOGUE_LINE];
	struct err err = ERR_INIT;
	struct buf text, now;
	struct str answer;
	bool ended;

	buf_init(&text, VALUE_MAX);
	buf_init(&now, VALUE_MAX);
	if (q->absent)
		;
	else if (q->seconds && q->key->type == &value_time)
		buf_printf(&now, "%" PRIu64,
		    schema_get_uint(
			q->key, (const char *)q->object + q->key->off));
	else
		ask_present(q->key, q->object, &now);
	ended = !dialogue_text(&ed->t->dialogue, question_text(q, &text),
	    now.len > 0 ? now.data : "", line, sizeof(line));
	answer = str_of(line);
	*dflt = !ended && q->can_default &&
		(str_is_nocase(answer, "default") ||
		    (q->is_default && str_eq(answer, buf_str(&now))));
	buf_fini(&text);
	buf_fini(&now);
	if (ended)
		return ENDED;
	if (*dflt)
		return ANSWERED;
	/* Blanks at the ends of these count. */
	if (q->key->text_ok == name_ascii && answer.n > 1 &&
	    answer.p[0] == '"' && answer.p[answer.n - 1] == '"')
		answer = str_sub(answer, 1, answer.n - 2);
	if (may_empty && str_is_nocase(answer, "none") &&
	    !str_is(str_of(q->key->name), "override_hostname"))
		answer = STR("");
	if (ask_check(q->key, answer, out, &err))
		return ANSWERED;
	complain(ed, q->key, answer, &err);
	return WRONG;
}

static bool
choose(struct editing *ed, const char *question, const struct str *names,
    size_t n, size_t dflt, size_t *out)
{
	const char **items = mem_array(n + 1, sizeof(*items));
	bool answered;

	for (size_t i = 0; i < n; i++)
		items[i] = mem_strndup(names[i].p, names[i].n);
	answered =
	    dialogue_choice(&ed->t->dialogue, question, items, n, dflt, out);
	for (size_t i = 0; i < n; i++)
		free((char *)items[i]);
	free(items);
	return answered;
}

static bool
yes_or_no(struct str answer, struct buf *out)
{
	static const struct {
		const char *word, *value;
	} words[] = { { "y", "yes" }, { "yes", "yes" }, { "n", "no" },
		{ "no", "no" } };

	for (size_t i = 0; i < NELEM(words); i++) {
		if (str_is_nocase(answer, words[i].word)) {
			buf_puts(out, words[i].value);
			return true;
		}
	}
	return false;
}

/* Without other words for the same. */
static size_t
list_choices(const struct schema_key *key, const char *words[CHOICES_MAX])
{
	size_t n = 0;

	for (const struct choice *c = key->choices;
	     c->word != NULL && n < CHOICES_MAX; c++) {
		bool again = false;

		for (const struct choice *d = key->choices; d < c; d++)
			again |=
			    key->type == &value_choice && d->value == c->value;
		if (!again)
			words[n++] = c->word;
	}
	return n;
}

/* The lines of spec receiving 0.4 where there is one. */
static void
complain(struct editing *ed, const struct schema_key *key, struct str answer,
    const struct err *err)
{
	static const struct {
		bool (*text_ok)(struct str, struct err *);
		const char *what;
	} kinds[] = { { name_domain, "domain name" },
		{ name_domain_or_suffix, "domain name" },
		{ name_mailbox, "email address" } };
	FILE *out = ed->t->dialogue.out;
	const char *what = key->type == &value_ip ? "IP address" : NULL;

	for (size_t i = 0; i < NELEM(kinds); i++) {
		if (key->text_ok == kinds[i].text_ok)
			what = kinds[i].what;
	}
	if (what != NULL)
		fprintf(out, "Invalid %s: \"%.*s\"\n", what, STR_ARG(answer));
	else if (key->type == &value_count && !(key->flags & KEY_OFF))
		fprintf(out,
		    "Please enter a number between %" PRIu64 " and %" PRIu64
		    ".\n",
		    key->min, key->max);
	else
		fprintf(out, "Invalid value: %s.\n", err->text);
}

static const char *
question_text(const struct question *q, struct buf *out)
{
	if (q->text != NULL)
		return q->text;
	buf_printf(out, "%s:", q->key->name);
	wrap(out, str_of(q->key->help));
	return out->data;
}

static void
wrap(struct buf *out, struct str text)
{
	size_t column = out->len;

	while (text.n > 0) {
		struct str word = str_word(&text);

		if (column + 1 + word.n > WIDTH) {
			buf_putc(out, '\n');
			column = 0;
		} else {
			buf_putc(out, ' ');
			column++;
		}
		buf_add_str(out, word);
		column += word.n;
	}
}
