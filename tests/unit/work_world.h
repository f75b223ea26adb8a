/*
 * work_world.h - mail policies and a message in the work queue, for tests
 *
 * Policies are written as text, one a line, members with ';' between them:
 *
 *	board: * -> ceo@example.com cfo@example.com
 *	partners: @partner.test -> *
 *	not: !joe@a.test -> &x@b.test y@b.test -z@b.test
 *
 * '*' any; '!' senders are not; '&' all must match; '-' is excluded.
 */
#ifndef UNIT_WORK_WORLD_H
#define UNIT_WORK_WORLD_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include <cmocka.h>

#include "base/bounds.h"
#include "base/mem.h"
#include "config/pattern.h"
#include "pipeline/work.h"

#define WORLD_POLICIES 10
#define WORLD_MEMBERS  4
#define WORLD_PATTERNS 8

struct work_world {
	struct config config;
	struct mail_policy policies[WORLD_POLICIES];
	struct policy_member members[WORLD_POLICIES][WORLD_MEMBERS];
	struct arena mem;
	struct facts facts;
	struct work_origin origin;
	struct work work;
};

static inline void
world_pattern(
    struct work_world *w, struct str text, struct addr_pattern **v, size_t *n)
{
	struct err err = ERR_INIT;

	if (*v == NULL)
		*v = arena_array(&w->mem, WORLD_PATTERNS, sizeof(**v));
	if (!pattern_parse(&(*v)[(*n)++], text, &w->mem, &err))
		fail_msg("%.*s: %s", STR_ARG(text), err.text);
}

static inline void
world_member(struct work_world *w, struct str text, struct policy_member *m)
{
	bool rcpts = false;
	struct str word;

	while ((word = str_word(&text)).n > 0) {
		char first = word.p[0];

		if (strchr("!&-", first) != NULL && str_eq(word, STR("->"))) {
			rcpts = true;
			continue;
		}
		if (first == '*' && rcpts)
			m->any_rcpt = true;
		else if (first == '*')
			m->any_sender = true;
		if (first == '*')
			continue;
		m->senders_not |= first == '!';
		m->all_rcpts |= first == '&';
		if (first == '!' || first == '&' || first == '-')
			word = str_sub(word, 1, word.n);
		if (!rcpts)
			world_pattern(w, word, &m->senders, &m->n_senders);
		else if (first == '-')
			world_pattern(w, word, &m->not_rcpts, &m->n_not_rcpts);
		else
			world_pattern(w, word, &m->rcpts, &m->n_rcpts);
	}
}

static inline void
world_policies(struct work_world *w, struct str text)
{
	struct policy_table *t = &w->config.work.tables[INCOMING];
	struct mail_policy *p;

	t->policies = w->policies;
	for (; text.n > 0; t->n_policies++) {
		struct str line = str_cut(&text, '\n');

		p = &w->policies[t->n_policies];
		p->name = arena_str(&w->mem, str_cut(&line, ':'));
		p->members = w->members[t->n_policies];
		while (line.n > 0)
			world_member(w, str_cut(&line, ';'),
			    &p->members[p->n_members++]);
	}
	w->policies[t->n_policies++].name = STR("DEFAULT");
}

static inline void
world_rcpts(struct work_world *w, struct str text)
{
	struct work_rcpt *v = arena_array(&w->mem, 100, sizeof(*v));
	struct str word;
	uint32_t n = 0;

	while ((word = str_word(&text)).n > 0) {
		v[n] = (struct work_rcpt){ arena_str(&w->mem, word), n };
		n++;
	}
	w->work.rcpts = v;
	w->work.n_rcpts = n;
}

static inline void
world_begin(struct work_world *w, const char *policies, const char *sender,
    const char *header, const char *rcpts)
{
	memset(w, 0, sizeof(*w));
	arena_init(&w->mem, 1 << 24);
	world_policies(w, str_of(policies));
	w->origin.config = &w->config;
	w->work = (struct work){ .origin = &w->origin,
		.facts = &w->facts,
		.mem = &w->mem,
		.sender = str_of(sender),
		.msg = { .header = str_of(header), .body = STR("hello\r\n") } };
	world_rcpts(w, str_of(rcpts));
}

static inline void
world_end(struct work_world *w)
{
	arena_free(&w->mem);
}

#endif
