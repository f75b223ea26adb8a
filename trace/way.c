/* way.c - `trace --lookup`: how a message would get to its next hops */
#include "trace/way.h"

#include "admin/fields.h"
#include "base/mem.h"
#include "trace/show.h"

static void show_lookups(const json_t *, struct buf *out);
static void show_hop(const json_t *, size_t nth, struct buf *out);

const struct trace_way *
trace_way_find(const struct trace_input *in, struct str domain,
    struct str gateway, enum tls_wish wish)
{
	const struct trace_way *w = in->ways;

	while (w != NULL && !(w->wish == wish && str_eq(w->domain, domain) &&
				str_eq(w->gateway, gateway)))
		w = w->next;
	return w;
}

/* --- for people --- */

void
show_way(const json_t *j, struct buf *out)
{
	static const struct {
		const char *outcome, *text;
	} ends[] = {
		{ "bounced", "Would be bounced" },
		{ "waits", "Would wait" },
		{ "dropped", "Would be dropped" },
		{ "unknown", "Not known" },
	};
	const json_t *one;
	size_t i;

	show_lookups(j, out);
	for (i = 0; i < NELEM(ends); i++) {
		if (!str_is(str_of(fields_text(j, "outcome")), ends[i].outcome))
			continue;
		buf_printf(out, "   - %s: ", ends[i].text);
		show_text(str_of(fields_text(j, "reason")), out);
		buf_putc(out, '\n');
	}
	json_array_foreach(json_object_get(j, "attempts"), i, one)
	{
		show_hop(one, i + 1, out);
	}
}

/* What else there is to say of the domain. */
static void
show_lookups(const json_t *j, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(j, "mx"), i, one)
	{
		buf_printf(out, "   - MX: %lld ",
		    (long long)fields_num(one, "preference"));
		show_text(str_of(fields_text(one, "host")), out);
		buf_printf(
		    out, " (TTL %lld)\n", (long long)fields_num(one, "ttl"));
	}
	json_array_foreach(json_object_get(j, "lookups"), i, one)
	{
		if (!str_is_nocase(str_of(fields_text(one, "type")), "MTA-STS"))
			continue;
		buf_puts(out, "   - MTA-STS policy: ");
		show_text(str_of(fields_text(one, "mode")), out);
		buf_putc(out, '\n');
	}
}

static void
show_hop(const json_t *j, size_t nth, struct buf *out)
{
	const json_t *names = json_object_get(j, "tls_names"), *one;
	size_t n = json_array_size(json_object_get(j, "tlsa")), i;

	buf_printf(out, "   - %zu. ", nth);
	show_text(str_of(fields_text(j, "host")), out);
	buf_printf(out, ", %s port %lld, TLS %s", fields_text(j, "ip"),
	    (long long)fields_num(j, "port"), fields_text(j, "tls"));
	if (n > 0)
		buf_printf(
		    out, " by DANE (%zu TLSA record%s)", n, n == 1 ? "" : "s");
	else if (fields_has(j, "tls_by"))
		buf_printf(out, " by %s", fields_text(j, "tls_by"));
	json_array_foreach(names, i, one)
	{
		buf_puts(out, i == 0 ? ", certificate of " : " or ");
		show_text(str_of(json_string_value(one)), out);
	}
	if (json_is_true(json_object_get(j, "requiretls")))
		buf_puts(out, ", REQUIRETLS");
	if (fields_has(j, "source"))
		buf_printf(out, ", from %s", fields_text(j, "source"));
	buf_putc(out, '\n');
}
