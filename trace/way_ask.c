/* way_ask.c - the ways that a message may take, looked up */
#include <stdlib.h>

#include "admin/way.h"
#include "base/mem.h"
#include "trace/way.h"

void
trace_way(struct trace_input *in, const struct trace_want *want)
{
	struct trace_way *w = mem_alloc(sizeof(*w));

	w->domain =
	    (struct str){ mem_strndup(want->key.p, want->key.n), want->key.n };
	w->gateway = (struct str){ mem_strndup(want->sender.p, want->sender.n),
		want->sender.n };
	w->wish = (enum tls_wish)want->wish;
	w->json = way_look(
	    in->lookup, !in->committed, w->domain, w->gateway, w->wish);
	w->next = in->ways;
	in->ways = w;
}

void
trace_ways_free(struct trace_input *in)
{
	while (in->ways != NULL) {
		struct trace_way *w = in->ways;

		in->ways = w->next;
		json_decref(w->json);
		free((char *)w->domain.p);
		free((char *)w->gateway.p);
		free(w);
	}
}
