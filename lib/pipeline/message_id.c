/*
 * message_id.c - the stage "message id": a message shall have one
 *
 * Spec receiving 3.7: mail that we relay always gets one, mail that comes in
 * only when so configured.
 */
#include "mail/header.h"
#include "pipeline/enqueue.h"
#include "pipeline/stages.h"

static bool has_field(struct str header);

bool
message_id_wanted(const struct subject *s)
{
	return s->message_id.n == 0 &&
	       (s->behaviour == RELAY || s->config->add_message_id);
}

/* The number of the message makes it unique here, the time over all
 * configurations, our name in the world. */
enum stage_answer
message_id_decide(
    const struct subject *s, const struct facts *facts, struct stage_out *out)
{
	struct effect *e;
	struct str name;

	if (!message_id_wanted(s) || has_field(s->header))
		return STAGE_DONE;
	name = enqueue_hostname(s->config, s->listener, STR(""));
	e = stage_effect(out, EFFECT_HEADER);
	e->header.text = str_of(
	    arena_printf(out->mem, "Message-ID: <%llx.%llu@%.*s>\r\n%.*s",
		(unsigned long long)facts->now, (unsigned long long)s->mid,
		STR_ARG(name), STR_ARG(s->header)));
	e->header.kept = s->header.n;
	return STAGE_DONE;
}

/* An empty one is one, too: two of them are worse. */
static bool
has_field(struct str header)
{
	struct header_field f;

	while (header_next(&header, &f)) {
		if (str_is_nocase(f.name, "message-id"))
			return true;
	}
	return false;
}
