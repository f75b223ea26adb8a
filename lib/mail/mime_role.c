/* mime_role.c - which parts are the body, which are attachments */
#include "mail/mime_inner.h"

static const struct mime_part *first_text(const struct mime *);
static bool is_body_text(const struct mime_part *);
static size_t behind(const struct mime *, const struct mime_part *);

bool
mime_is_multipart(const struct mime_part *p)
{
	return str_is(p->type, "multipart");
}

bool
mime_is_message(const struct mime_part *p)
{
	return str_is(p->type, "message") &&
	       (str_is(p->subtype, "rfc822") || str_is(p->subtype, "global") ||
		   str_is(p->subtype, "news"));
}

bool
mime_is_text(const struct mime_part *p)
{
	return str_is(p->type, "text");
}

/*
 * Spec workqueue 2.6. A message of one part is the body if it is plain text
 * or HTML; else the first text part is, and where that is one version among
 * several (multipart/alternative), all text versions are. Not what says that
 * it is an attachment, and nothing of an attached message.
 */
void
mime_set_roles(struct mime *m)
{
	const struct mime_part *body = first_text(m), *set = body;

	for (size_t i = 0; i < m->n; i++)
		m->parts[i].role =
		    mime_is_multipart(&m->parts[i]) && m->parts[i].child != NULL
			? MIME_CONTAINER
			: MIME_ATTACHMENT;
	if (body == NULL)
		return;
	for (const struct mime_part *p = body; p != NULL; p = p->parent)
		if (mime_is_multipart(p) && str_is(p->subtype, "alternative"))
			set = p;
	for (size_t i = set->index; i < behind(m, set);) {
		struct mime_part *p = &m->parts[i];

		if (p == body || is_body_text(p))
			p->role = MIME_BODY;
		i = mime_is_message(p) ? behind(m, p) : i + 1;
	}
}

static const struct mime_part *
first_text(const struct mime *m)
{
	const struct mime_part *root = &m->parts[0];

	if (!mime_is_multipart(root) || root->child == NULL)
		return !root->is_attachment && !mime_is_message(root) &&
			       (!mime_is_text(root) ||
				   str_is(root->subtype, "plain") ||
				   str_is(root->subtype, "html")) &&
			       (mime_is_text(root) || mime_is_multipart(root))
			   ? root
			   : NULL;
	for (size_t i = 1; i < m->n;) {
		const struct mime_part *p = &m->parts[i];

		if (is_body_text(p))
			return p;
		i = mime_is_message(p) ? behind(m, p) : i + 1;
	}
	return NULL;
}

static bool
is_body_text(const struct mime_part *p)
{
	return mime_is_text(p) && !p->is_attachment;
}

/* Index of the part behind all that p has in it. */
static size_t
behind(const struct mime *m, const struct mime_part *p)
{
	size_t i = p->index + 1;

	while (i < m->n && m->parts[i].depth > p->depth)
		i++;
	return i;
}
