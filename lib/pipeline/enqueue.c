/* enqueue.c - the message as it goes into the queue */
#include "pipeline/enqueue.h"

#include <string.h>

#include "base/bounds.h"

#define LINES_MAX 4096 /* Received, with the longest names */

static bool ends_header(struct str header);
static bool begins_field(struct str header, size_t n);
static struct str gateway_hostname(const struct config *, struct str gateway);

void
enqueue_message(const struct subject *s, struct received *received,
    struct str gateway, size_t header_len, struct arena *mem,
    struct enqueued *out)
{
	size_t kept = s->header_kept < header_len ? s->header_kept : header_len;
	struct str changed =
	    str_sub(s->header, 0, s->header.n > kept ? s->header.n - kept : 0);
	struct buf lines;

	buf_init(&lines, changed.n + LINES_MAX);
	buf_puts(&lines, "");
	if (received != NULL) {
		received->by = enqueue_hostname(s->config, s->listener,
		    s->config->received_gateway ? gateway : STR(""));
		received_line(received, &lines);
	}
	buf_add_str(&lines, changed);
	out->skip = header_len - kept;
	/* all body: without this its first line would join our header, or
	 * take the place of one that is gone */
	if (header_len > 0 ? kept == 0 && changed.n == 0
			   : lines.len > 0 && !ends_header(changed))
		buf_puts(&lines, "\r\n");
	out->prepend = arena_str(mem, buf_str(&lines));
	buf_fini(&lines);
}

size_t
enqueue_kept(struct str before, struct str after)
{
	size_t n = 0, max = before.n < after.n ? before.n : after.n;
	struct str same;

	while (
	    n < max && before.p[before.n - 1 - n] == after.p[after.n - 1 - n])
		n++;
	/* from the first field that is the same from its beginning */
	same = str_sub(after, after.n - n, n);
	while (same.n > 0 &&
	       !(begins_field(before, same.n) && begins_field(after, same.n)))
		same = str_sub(same, 1, same.n);
	return same.n;
}

struct str
enqueue_hostname(
    const struct config *c, const struct listener *l, struct str gateway)
{
	struct str name = STR("");

	if (gateway.n > 0)
		name = gateway_hostname(c, gateway);
	if (name.n == 0 && l != NULL && l->interface != NULL)
		name = l->interface->hostname;
	return name.n > 0 ? name : c->hostname;
}

static bool
ends_header(struct str header)
{
	return header.n >= 4 &&
	       memcmp(header.p + header.n - 4, "\r\n\r\n", 4) == 0;
}

/* At n bytes before its end: behind a line end, no folded line. */
static bool
begins_field(struct str header, size_t n)
{
	size_t at = header.n - n;

	return (at == 0 || header.p[at - 1] == '\n') && header.p[at] != ' ' &&
	       header.p[at] != '\t';
}

static struct str
gateway_hostname(const struct config *c, struct str gateway)
{
	const struct interface_group *g = config_interface_group(c, gateway);
	const struct interface *i = config_interface(c, gateway);

	if (g != NULL && g->n > 0)
		i = g->members[0];
	return i != NULL ? i->hostname : STR("");
}
