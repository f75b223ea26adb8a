/*
 * work_lists.c - W6: safelists and blocklists of recipients
 *
 * Spec workqueue 5.3. Looked at only where the message would be scanned for
 * spam. As recipients differ in it, it is decided together with their mail
 * policies: those who have the same policy and the same lists' answer stay
 * together. What follows from it is the stage "anti-spam".
 */
#include "base/mem.h"
#include "pipeline/work_stages.h"

static bool would_scan(const struct work *);
static enum listed listed_by(const struct work *, struct str rcpt,
    const struct str *senders, size_t n, struct work_listed *);
static const struct str *all_senders(const struct work *, size_t *n);

const uint32_t *
lists_assign(const struct work *w, const uint32_t *policies)
{
	const struct policy_table *t = policy_table_of(w);
	uint32_t *of = arena_array(w->mem, w->n_rcpts, sizeof(*of));
	const struct str *senders = NULL;
	struct work as = *w;
	size_t n = 0;

	for (size_t i = 0; i < w->n_rcpts; i++) {
		struct work_listed l = { .what = LISTED_NOT };

		of[i] = policies[i] * LISTS_GROUPS;
		if (t->n_policies == 0)
			continue;
		as.mail_policy = t->policies[policies[i]].name;
		if (!would_scan(&as))
			continue;
		if (senders == NULL)
			senders = all_senders(w, &n);
		of[i] += listed_by(w, w->rcpts[i].addr, senders, n, &l);
	}
	return of;
}

void
lists_mark(struct work *w)
{
	const struct str *senders;
	size_t n;

	if (w->n_rcpts == 0 || !would_scan(w))
		return;
	senders = all_senders(w, &n);
	listed_by(w, w->rcpts[0].addr, senders, n, &w->listed);
}

static bool
would_scan(const struct work *w)
{
	const struct config *c = w->origin->config;

	return c->lists != NULL && c->work.spam.engine != SPAM_OFF &&
	       !(w->skip & SKIP_SPAM) && policy_service(w, POLICY_SPAM) != NULL;
}

static enum listed
listed_by(const struct work *w, struct str rcpt, const struct str *senders,
    size_t n, struct work_listed *out)
{
	struct table_hit hit;

	if (!table_find(w->origin->config->lists, rcpt, &hit, w->mem))
		return LISTED_NOT;
	out->what = listed_find(hit.value, senders, n, &out->item, w->mem);
	out->where = hit.where;
	return out->what;
}

/* Of the envelope, and of From. */
static const struct str *
all_senders(const struct work *w, size_t *n)
{
	size_t n_from;
	const struct str *from = policy_senders(w, SENDER_FROM, &n_from);
	struct str *v = arena_array(w->mem, n_from + 1, sizeof(*v));

	v[0] = w->sender;
	for (size_t i = 0; i < n_from; i++)
		v[i + 1] = from[i];
	*n = n_from + 1;
	return v;
}
