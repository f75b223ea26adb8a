/* args.c - the words of a batch line that changes the configuration */
#include <stdlib.h>
#include <string.h>

#include "admin/args.h"
#include "base/bounds.h"
#include "base/mem.h"

static bool is_option(const char *word);

void
args_begin(
    struct args *a, const struct tool *t, int argc, char **argv, int from)
{
	*a = (struct args){ .t = t, .v = argv, .n = argc, .at = from };
	a->used = mem_array((size_t)argc + 1, sizeof(*a->used));
}

void
args_end(struct args *a)
{
	free(a->used);
	a->used = NULL;
}

const char *
args_next(struct args *a)
{
	if (a->at >= a->n || is_option(a->v[a->at]))
		return NULL;
	return a->v[a->at++];
}

const char *
args_option(struct args *a, const char *key)
{
	size_t n = strlen(key);

	for (int i = a->at; i < a->n; i++) {
		if (strncmp(a->v[i], key, n) == 0 && a->v[i][n] == '=') {
			a->used[i] = true;
			return a->v[i] + n + 1;
		}
	}
	return NULL;
}

bool
args_left(struct args *a, struct str *key, struct str *value)
{
	for (int i = a->at; i < a->n; i++) {
		if (a->used[i] || !is_option(a->v[i]))
			continue;
		a->used[i] = true;
		*value = str_of(a->v[i]);
		*key = str_cut(value, '=');
		return true;
	}
	return false;
}

int
args_finish(struct args *a)
{
	char why[LOG_VALUE_MAX];

	for (int i = a->at; i < a->n; i++) {
		if (a->used[i])
			continue;
		snprintf(why, sizeof(why), "not understood: %s", a->v[i]);
		return tool_usage(a->t, why);
	}
	return TOOL_DONE;
}

struct str *
args_list(const char *text, size_t *n)
{
	struct str rest = str_of(text), *v = NULL;
	size_t cap = 0;

	*n = 0;
	while (rest.n > 0) {
		struct str one = args_cut(&rest);

		v = mem_room(v, &cap, *n, sizeof(*v));
		if (one.n > 0)
			v[(*n)++] = one;
	}
	return v;
}

struct str
args_cut(struct str *list)
{
	struct str one = *list;
	int depth = 0;
	size_t i = 0;

	for (; i < list->n && (list->p[i] != ',' || depth > 0); i++) {
		depth += list->p[i] == '[' || list->p[i] == '(';
		depth -= list->p[i] == ']' || list->p[i] == ')';
	}
	*list = str_sub(*list, i + 1, list->n);
	return str_trim(str_sub(one, 0, i));
}

/* Letters, digits and _ before the =, so that addresses (a=b@example.com
 * and sbrs[...]) in the first places are no options by mistake. */
static bool
is_option(const char *word)
{
	size_t n = strspn(word, "abcdefghijklmnopqrstuvwxyz_0123456789");

	return n > 0 && word[n] == '=';
}
