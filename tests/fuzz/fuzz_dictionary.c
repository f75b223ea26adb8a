/*
 * fuzz_dictionary.c - the files of content dictionaries
 *
 * Every line is a term, nothing, or a mistake with a reason; a term printed
 * is the same term again.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/dictionary.h"

static void count(void *arg, int line, const struct err *);
static void check_term(const struct dictionary_term *, struct arena *);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str text = { (const char *)data, n };
	struct dictionary d = { .n_terms = 0 };
	struct arena mem;
	int last = 0;

	arena_init(&mem, (size_t)1 << 28);
	dictionary_parse(&d, text, &mem, count, &last);
	last = 0;
	for (size_t i = 0; i < d.n_terms; i++) {
		if (d.terms[i].line <= last)
			panic("terms are out of order");
		last = d.terms[i].line;
		check_term(&d.terms[i], &mem);
	}
	arena_free(&mem);
	return 0;
}

static void
count(void *arg, int line, const struct err *err)
{
	int *last = arg;

	if (line <= *last || err->text[0] == '\0')
		panic("a problem without place or reason");
	*last = line;
}

static void
check_term(const struct dictionary_term *t, struct arena *mem)
{
	struct dictionary_term again;
	struct err err = ERR_INIT;
	struct buf line;

	if (t->weight < 1 || t->weight > DICTIONARY_WEIGHT_MAX ||
	    (t->smart == SMART_NONE) == (t->text.n == 0))
		panic("a term that is none");
	buf_init(&line, 1 << 20);
	dictionary_print(t, &line);
	if (dictionary_line(buf_str(&line), &again, mem, &err) != 1 ||
	    again.weight != t->weight || again.smart != t->smart ||
	    !str_eq(again.text, t->text))
		panic("\"%s\" is another term", line.data);
	buf_fini(&line);
}
