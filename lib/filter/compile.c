/*
 * compile.c - the filters of a configuration
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "config/load.h"
#include "filter/check.h"
#include "filter/dictionary.h"
#include "filter/names.h"
#include "filter/outbreak.h"
#include "filter/regex.h"

#define TREE_MAX ((size_t)1 << 30) /* far above FILTER_SOURCE_MAX's */

/* Of a content filter in its table. */
struct place {
	struct str name;
	size_t i;
};

static void check_all(struct source *, const struct config *, bool missing_ok,
    struct filter **, size_t n, struct filter_regex **);
static void check_names(struct source *, struct filter **, size_t n);
static int by_name(const void *, const void *);
static void compile_message(
    struct filters *, struct source *, const struct config *);
static void compile_table(
    struct filters *, struct source *, const struct config *, enum direction);
static void compile_outbreak(struct filters *, const struct config *,
    struct filter_problems *, struct arena *mem);
static int by_place(const void *, const void *);
static void enable(
    struct filters *, const struct policy_table *, enum direction);
static void free_regexes(struct filter_regex *);
static const struct filters *compile(struct config *, struct load *);
static void discard(const struct filters *);

bool
filter_script(struct str text, const struct config *config, bool missing_ok,
    struct filter_info **v, size_t *n, struct filter_problems *problems,
    struct arena *mem)
{
	struct source src = { .text = text,
		.mem = mem,
		.problems = problems,
		.problems_mem = mem };
	struct filter_regex *regexes = NULL;
	size_t before = problems->n_errors;
	struct filter **all;
	struct buf out;

	parse_script(&src, &all, n);
	check_all(&src, config, missing_ok, all, *n, &regexes);
	free_regexes(regexes);
	if (problems->n_errors > before)
		return false;
	*v = arena_array(mem, *n + 1, sizeof(**v));
	buf_init(&out, 16 * FILTER_SOURCE_MAX);
	for (size_t i = 0; i < *n; i++) {
		const struct filter *f = all[i];

		buf_reset(&out);
		print_filter(&out, f);
		(*v)[i] = (struct filter_info){ .name = f->name,
			.active = f->active,
			.valid = f->valid,
			.why = f->why,
			.source = arena_str(mem, buf_str(&out)),
			.from = f->from,
			.to = f->to,
			.mark = f->mark };
	}
	buf_fini(&out);
	return true;
}

bool
filter_is_reserved(struct str name)
{
	static const char *const words[] = { "if", "else", "and", "or", "not",
		"all", "last" };

	for (size_t i = 0; i < NELEM(words); i++) {
		if (str_is_nocase(name, words[i]))
			return true;
	}
	return false;
}

struct filters *
filters_compile(const struct config *config, struct filter_problems *problems,
    struct arena *mem)
{
	struct filters *fs = mem_alloc(sizeof(*fs));
	struct source src = { .problems = problems, .problems_mem = mem };
	size_t before = problems->n_errors;

	fs->mem = mem_alloc(sizeof(*fs->mem));
	arena_init(fs->mem, TREE_MAX);
	src.mem = fs->mem;
	fs->words = words_compile(config, &src, &fs->regexes);
	compile_message(fs, &src, config);
	for (int d = 0; d < DIRECTIONS; d++)
		compile_table(fs, &src, config, (enum direction)d);
	compile_outbreak(fs, config, problems, mem);
	if (problems->n_errors > before)
		filters_free(&fs);
	else
		fs->prefilter = prefilter_make(fs->words,
		    config->work.n_dictionaries, fs->regexes, fs->mem);
	return fs;
}

void
filters_free(struct filters **fp)
{
	struct filters *fs = *fp;

	*fp = NULL;
	if (fs == NULL)
		return;
	free_regexes(fs->regexes);
	outbreak_free(&fs->own);
	outbreak_free(&fs->feed);
	outbreak_free(&fs->adaptive);
	arena_free(fs->mem);
	free(fs->mem);
	free(fs);
}

void
filters_install(void)
{
	static const struct config_compiler compiler = { compile, discard };

	config_set_compiler(&compiler);
}

void
filters_set_feed(struct config *c, struct outbreak_rules *feed)
{
	struct filters *fs = (struct filters *)c->filters;

	fs->feed = feed;
}

struct str
filter_name(const struct filter *f)
{
	return f->name;
}

bool
filter_runs(const struct filter *f)
{
	return f->active && f->valid;
}

unsigned
filter_wants(const struct filter *f)
{
	return f->wants;
}

static void
check_all(struct source *src, const struct config *config, bool missing_ok,
    struct filter **all, size_t n, struct filter_regex **regexes)
{
	check_names(src, all, n);
	for (size_t i = 0; i < n; i++) {
		struct check c = { src, config, all[i], missing_ok, regexes };

		src->filter = all[i]->name;
		check_filter(&c);
	}
	src->filter = (struct str){ 0 };
}

/* Of two with the same name the later one is to blame. */
static void
check_names(struct source *src, struct filter **all, size_t n)
{
	struct filter **sorted = mem_array(n + 1, sizeof(*sorted));

	if (n > 0)
		memcpy(sorted, all, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), by_name);
	for (size_t i = 1; i < n; i++) {
		if (!str_eq(sorted[i - 1]->name, sorted[i]->name))
			continue;
		src->filter = sorted[i]->name;
		source_problem(src, PROBLEM_NAME, sorted[i]->spot,
		    "Filter name already in use: %.*s",
		    STR_ARG(sorted[i]->name));
	}
	free(sorted);
}

static int
by_name(const void *a, const void *b)
{
	const struct filter *l = *(struct filter *const *)a;
	const struct filter *r = *(struct filter *const *)b;
	size_t n = l->name.n < r->name.n ? l->name.n : r->name.n;
	int order = memcmp(l->name.p, r->name.p, n);

	if (order == 0)
		order = (l->name.n > r->name.n) - (l->name.n < r->name.n);
	return order != 0 ? order : (l->from > r->from) - (l->from < r->from);
}

static void
compile_message(
    struct filters *fs, struct source *src, const struct config *config)
{
	struct filter **all;

	src->text = config->work.filters_source;
	parse_script(src, &all, &fs->n_message);
	for (size_t i = 0; i < fs->n_message; i++)
		all[i]->where =
		    (struct where){ FILTERS_FILE, all[i]->spot.line };
	check_all(src, config, true, all, fs->n_message, &fs->regexes);
	fs->message = (const struct filter *const *)all;
	for (size_t i = 0; i < fs->n_message; i++)
		if (filter_runs(all[i]))
			fs->message_wants |= all[i]->wants;
}

static void
compile_table(struct filters *fs, struct source *src,
    const struct config *config, enum direction d)
{
	const struct policy_table *table = &config->work.tables[d];
	const struct filter **all =
	    arena_array(fs->mem, table->n_filters + 1, sizeof(*all));

	for (size_t i = 0; i < table->n_filters; i++)
		all[i] = compile_content(
		    src, config, &table->filters[i], &fs->regexes);
	fs->content[d] = all;
	enable(fs, table, d);
}

static void
enable(struct filters *fs, const struct policy_table *table, enum direction d)
{
	size_t n = table->n_filters, words = n / 64 + 1;
	struct place *places = mem_array(n + 1, sizeof(*places));

	for (size_t i = 0; i < n; i++)
		places[i] = (struct place){ table->filters[i].name, i };
	qsort(places, n, sizeof(*places), by_place);
	fs->enabled[d] =
	    arena_array(fs->mem, table->n_policies + 1, sizeof(uint64_t *));
	for (size_t i = 0; i < table->n_policies; i++) {
		const struct mail_policy *p = &table->policies[i];
		uint64_t *bits = arena_array(fs->mem, words, sizeof(*bits));

		for (size_t k = 0; k < p->n_filters; k++) {
			struct place key = { p->filters[k], 0 };
			const struct place *at =
			    bsearch(&key, places, n, sizeof(key), by_place);

			if (at == NULL)
				continue;
			bits[at->i / 64] |= (uint64_t)1 << at->i % 64;
			if (filter_runs(fs->content[d][at->i]))
				fs->content_wants[d] |=
				    fs->content[d][at->i]->wants;
		}
		fs->enabled[d][i] = bits;
	}
	free(places);
}

static int
by_place(const void *a, const void *b)
{
	const struct place *l = a, *r = b;
	size_t n = l->name.n < r->name.n ? l->name.n : r->name.n;
	int order = memcmp(l->name.p, r->name.p, n);

	return order != 0 ? order
			  : (l->name.n > r->name.n) - (l->name.n < r->name.n);
}

/* What nobody asks for is not made. */
static void
compile_outbreak(struct filters *fs, const struct config *config,
    struct filter_problems *problems, struct arena *mem)
{
	const struct outbreak_global *o = &config->work.outbreak;
	struct source src = { .mem = mem,
		.problems = problems,
		.problems_mem = mem,
		.text = STR(""),
		.where = { o->path, 1 } };
	struct err err = ERR_INIT;

	if (o->enabled && o->adaptive)
		fs->adaptive = outbreak_adaptive();
	if (o->rules.n == 0)
		return;
	fs->own = outbreak_parse(o->rules, &err);
	if (fs->own == NULL)
		source_problem(
		    &src, PROBLEM_NAME, (struct spot){ 1, 1 }, "%s", err.text);
}

static void
free_regexes(struct filter_regex *list)
{
	for (; list != NULL; list = list->next)
		regex_free(&list->regex);
}

/* For config_load(). */
static const struct filters *
compile(struct config *config, struct load *ld)
{
	struct filter_problems ps = { 0 };
	struct filters *fs;
	struct arena mem;
	struct buf text;

	arena_init(&mem, FILTER_SOURCE_MAX);
	buf_init(&text, 4096);
	fs = filters_compile(config, &ps, &mem);
	for (size_t i = 0; i < ps.n; i++) {
		const struct filter_problem *p = &ps.v[i];
		struct where where = p->where;

		if (where.file == NULL)
			where = (struct where){ FILTERS_FILE, p->line };
		buf_reset(&text);
		filter_problem_brief(p, &text);
		load_report(ld, where, p->where.file == NULL ? p->column : 1,
		    p->kind == PROBLEM_WARNING, text.data);
	}
	buf_fini(&text);
	arena_free(&mem);
	return fs;
}

static void
discard(const struct filters *fs)
{
	struct filters *own = (struct filters *)fs;

	filters_free(&own);
}
