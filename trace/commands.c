/* commands.c - what a next hop would hear of a message */
#include "trace/commands.h"

#include "smtp/transaction.h"

#define COMMAND_MAX 4096

static struct str line_of(struct buf *, struct arena *mem);

struct commands
commands_of(const struct job *job, struct arena *mem)
{
	static const struct features all = {
		.bits = FEATURE_ESMTP | FEATURE_8BITMIME | FEATURE_SMTPUTF8 |
			FEATURE_DSN | FEATURE_REQUIRETLS
	};
	struct transaction t = { .fd = -1,
		.job = *job,
		.n_rcpts = job->rcpts.n,
		.n_open = job->rcpts.n };
	struct commands c = { .n = 0 };
	struct buf line;

	if (t.n_rcpts == 0)
		return c;
	arena_init(&t.mem, COMMAND_MAX * (t.n_rcpts + 1));
	t.results = arena_array(mem, t.n_rcpts, sizeof(*t.results));
	t.open = arena_array(mem, t.n_rcpts, sizeof(*t.open));
	for (size_t i = 0; i < t.n_rcpts; i++)
		t.open[i] = true;
	transaction_check(&t, &all);
	c.v = arena_array(mem, t.n_rcpts + 1, sizeof(*c.v));
	buf_init(&line, COMMAND_MAX);
	transaction_say_mail(&t, &all, &line);
	c.v[c.n++] = line_of(&line, mem);
	for (size_t i = 0; i < t.n_rcpts; i++) {
		transaction_say_rcpt(&t, i, &all, &line);
		c.v[c.n++] = line_of(&line, mem);
	}
	buf_fini(&line);
	arena_free(&t.mem);
	return c;
}

/* The buffer is empty then. */
static struct str
line_of(struct buf *b, struct arena *mem)
{
	struct str line = arena_str(mem, str_trim(buf_str(b)));

	buf_reset(b);
	return line;
}
