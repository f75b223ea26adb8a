/* message.c - messages as they would be sent */
#include "trace/message.h"

#include "base/clock.h"
#include "pipeline/enqueue.h"

static void copy_of(struct trace_report *, const struct work_copy *,
    bool had_header, struct buf *out, struct arena *mem);
static void end_line(struct buf *);
static struct received received(
    const struct trace_report *, char date[CLOCK_TEXT]);

void
message_of(struct trace_report *r, const struct msg *m, struct str gateway,
    bool had_header, struct buf *out, struct arena *mem)
{
	struct subject s = { .config = r->input->config,
		.listener = r->input->listener,
		.header = m->header };
	char date[CLOCK_TEXT];
	struct received line = received(r, date);
	struct enqueued q;

	enqueue_message(&s, s.listener->received_header ? &line : NULL, gateway,
	    had_header ? 1 : 0, mem, &q);
	buf_add_str(out, q.prepend);
	buf_add_str(out, m->body);
	end_line(out);
}

void
message_copies(struct trace_report *r, const struct work *w, bool had_header,
    struct arena *mem)
{
	for (const struct work_copy *c = w->copies; c != NULL; c = c->next) {
		struct trace_copy *x = arena_alloc(mem, sizeof(*x));

		x->next = r->copies;
		x->copy = c;
		buf_init(&x->message, SIZE_MAX / 4);
		copy_of(r, c, had_header, &x->message, mem);
		r->copies = x;
	}
}

/* A notice of ours comes from nowhere. */
static void
copy_of(struct trace_report *r, const struct work_copy *c, bool had_header,
    struct buf *out, struct arena *mem)
{
	if (c->kind != COPY_NOTIFY) {
		message_of(r, &c->msg, r->gateway, had_header, out, mem);
		return;
	}
	buf_add_str(out, c->msg.header);
	buf_add_str(out, c->msg.body);
	end_line(out);
}

/* What is stored ends with a line end. */
static void
end_line(struct buf *b)
{
	if (b->len > 0 && b->data[b->len - 1] != '\n')
		buf_puts(b, "\r\n");
}

static struct received
received(const struct trace_report *r, char date[CLOCK_TEXT])
{
	const struct facts *f = &r->facts;
	bool qmqp = listener_is_qmqp(r->input->listener);
	bool verified = f->meta[FACT_HOST].state == FACT_KNOWN &&
			f->host_class == HOST_VERIFIED;
	struct received line = { .host = verified ? f->host : STR(""),
		.helo = f->helo,
		.client = f->client,
		.protocol = qmqp ? STR("QMQP") : STR("TEST"),
		.date = str_of(clock_rfc5322(f->now, date)) };

	/* the layout has no day of the week */
	str_cut(&line.date, ',');
	line.date = str_trim(line.date);
	return line;
}
