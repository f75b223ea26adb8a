/*
 * load_rat.c - the recipient access table of a listener
 */
#include <stdlib.h>

#include "base/map.h"
#include "base/mem.h"
#include "config/loader.h"
#include "config/name.h"
#include "config/rat_pattern.h"

struct rat_draft {           /* while it is read */
	struct rat_entry *v; /* heap */
	size_t n, cap;
	struct map seen;
	const struct rat_entry *like; /* the entry whose patterns are read */
	bool has_all;
};

static void load_entry(struct load *, const struct at *, struct rat_draft *);
static void load_patterns(struct load *, const struct at *, struct rat_draft *,
    const struct rat_entry *);
static void load_pattern(
    struct load *, const struct at *, struct str text, void *arg);

void
load_rat_value(struct load *ld, const struct at *at, void *object)
{
	struct listener *l = object;
	struct rat_draft t = { .n = 0 };
	size_t i = 0;

	if (l->type != LISTENER_PUBLIC) {
		if (at->node != NULL)
			load_error(
			    ld, at, "only public listeners have this table");
		return;
	}
	if (!node_is_empty(at->node) && at->node->kind != NODE_LIST) {
		load_error(ld, at, "must be a list (lines with \"- \")");
		return;
	}
	map_init(&t.seen);
	if (at->node != NULL) {
		for (const struct node *n = at->node->child; n != NULL;
		     n = n->next) {
			struct at item = at_item(at, n, i++);

			load_entry(ld, &item, &t);
		}
	}
	map_fini(&t.seen, NULL);
	l->rat.entries = arena_array(ld->mem, t.n + 1, sizeof(*l->rat.entries));
	for (l->rat.n = 0; l->rat.n < t.n; l->rat.n++)
		l->rat.entries[l->rat.n] = t.v[l->rat.n];
	free(t.v);
	if (!t.has_all)
		l->rat.entries[l->rat.n++] = (struct rat_entry){
			.where = { "built in", 0 },
			.kind = RAT_ALL,
			.text = STR("ALL"),
			.key = STR("ALL"),
		};
}

void
load_reply(struct load *ld, const struct at *at, bool accept, uint32_t *code_r,
    struct str *text_r)
{
	struct err err = ERR_INIT;
	struct str text;
	uint64_t code;

	if (!load_scalar(ld, at, &text))
		return;
	if (text.n < 3 || !str_u64(str_sub(text, 0, 3), 599, &code) ||
	    (text.n > 3 && text.p[3] != ' ')) {
		load_error(ld, at,
		    "must be a reply code and a text, such as \"%s\"",
		    accept ? "250 welcome" : "550 no such recipient");
		return;
	}
	if (accept ? code / 100 != 2 : code / 100 != 4 && code / 100 != 5) {
		load_error(ld, at, "the code must be within %s",
		    accept ? "200..299" : "400..599");
		return;
	}
	text = str_trim(str_sub(text, 3, text.n - 3));
	if (text.n > 1000 || !name_reply(text, &err)) {
		load_error(ld, at, "the text %s",
		    err.text[0] != '\0' ? err.text : "is too long");
		return;
	}
	*code_r = (uint32_t)code;
	*text_r = arena_str(ld->mem, text);
}

static void
load_entry(struct load *ld, const struct at *at, struct rat_draft *t)
{
	struct rat_entry e = { .accept = true };
	struct at accept = at_key(at, "accept"), reject = at_key(at, "reject");
	struct at reply = at_key(at, "reply");

	if (at->node->kind == NODE_SCALAR) {
		load_patterns(ld, at, t, &e);
		return;
	}
	load_section(ld, &schema_rat_entry, at, &e, NULL);
	if ((accept.node == NULL) == (reject.node == NULL)) {
		load_error(
		    ld, at, "needs one of the keys \"accept\" and \"reject\"");
		return;
	}
	e.accept = accept.node != NULL;
	if (reply.node != NULL)
		load_reply(ld, &reply, e.accept, &e.code, &e.reply);
	load_patterns(ld, e.accept ? &accept : &reject, t, &e);
}

static void
load_patterns(struct load *ld, const struct at *at, struct rat_draft *t,
    const struct rat_entry *like)
{
	t->like = like;
	if (load_each(ld, at, t, load_pattern) == 0)
		load_error(ld, at, "needs a recipient pattern");
	t->like = NULL;
}

static void
load_pattern(struct load *ld, const struct at *at, struct str text, void *arg)
{
	struct rat_draft *t = arg;
	struct rat_entry e = *t->like;
	struct err err = ERR_INIT;
	char quoted[100];

	if (rat_pattern_parse(&e, text, ld->mem, &err) == -1) {
		load_error(ld, at, "%s", err.text);
		return;
	}
	if (t->has_all) {
		load_error(ld, at,
		    "stands behind ALL and is never reached; ALL must be last");
		return;
	}
	if (map_put(&t->seen, e.key, t) != NULL) {
		load_warning(ld, at, "%s stands here twice; the first counts",
		    load_quote(quoted, e.text));
		return;
	}
	if (e.kind == RAT_ALL && e.accept)
		load_warning(ld, at,
		    "accepts mail to anybody from anybody: an open relay");
	t->has_all = e.kind == RAT_ALL;
	e.where = at_where(ld, at);
	t->v = mem_room(t->v, &t->cap, t->n, sizeof(*t->v));
	t->v[t->n++] = e;
}
