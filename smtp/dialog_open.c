/* dialog_open.c - how a conversation begins: greeting, EHLO, STARTTLS, then
 * AUTH, of which dialog_login.c knows */
#include "smtp/dialog_inside.h"

static void say_ehlo(struct dialog *);
static bool say_starttls(struct dialog *);
static void no_tls(struct dialog *, const char *why);

void
dialog_secured(struct dialog *d)
{
	d->tls_starting = false;
	d->secured = true;
	d->features = (struct features){ 0 };
	d->progress++;
	say_ehlo(d);
}

void
dialog_answer_greeting(struct dialog *d, const struct expect *x)
{
	(void)x;
	if (!dialog_is_class(d, 2)) {
		dialog_end_with_reply(d, SESSION_GREETING);
		return;
	}
	say_ehlo(d);
}

static void
say_ehlo(struct dialog *d)
{
	buf_printf(&d->out, "EHLO %s\r\n", d->helo);
	dialog_expect(d, X_EHLO, NULL, 0);
}

void
dialog_answer_ehlo(struct dialog *d, const struct expect *x)
{
	(void)x;
	if (dialog_is_class(d, 2)) {
		features_parse(&d->features, buf_str(&d->reply.text));
		if (!d->secured) /* RFC 8689 2: it means nothing there */
			d->features.bits &= ~(uint32_t)FEATURE_REQUIRETLS;
		if (!say_starttls(d))
			dialog_come_up(d);
	} else if (dialog_is_class(d, 5)) {
		buf_printf(&d->out, "HELO %s\r\n", d->helo);
		dialog_expect(d, X_HELO, NULL, 0);
	} else {
		dialog_end_with_reply(d, SESSION_GREETING);
	}
}

void
dialog_answer_helo(struct dialog *d, const struct expect *x)
{
	(void)x;
	if (!dialog_is_class(d, 2)) {
		dialog_end_with_reply(d, SESSION_GREETING);
		return;
	}
	dialog_come_up(d);
}

/* False: it is not to be said here. */
static bool
say_starttls(struct dialog *d)
{
	if (!d->tls_wanted || d->secured ||
	    !(d->features.bits & FEATURE_STARTTLS))
		return false;
	buf_puts(&d->out, "STARTTLS\r\n");
	dialog_expect(d, X_STARTTLS, NULL, 0);
	return true;
}

/* Refused: in the clear, where that may be. */
void
dialog_answer_starttls(struct dialog *d, const struct expect *x)
{
	(void)x;
	if (dialog_is_class(d, 2)) {
		d->tls_starting = true;
		d->hooks->starttls(d->arg);
		return;
	}
	if (d->tls_needed)
		no_tls(d, "remote host refused STARTTLS");
	else
		dialog_come_up(d);
}

static void
no_tls(struct dialog *d, const char *why)
{
	char *text = arena_printf(&d->mem, "TLS required, %s", why);

	dialog_end(d, SESSION_TLS, str_of(text));
}

void
dialog_come_up(struct dialog *d)
{
	if (d->requiretls && !d->secured) {
		dialog_end(d, SESSION_REQUIRETLS,
		    STR("REQUIRETLS, remote host does not offer STARTTLS"));
		return;
	}
	if (d->tls_needed && !d->secured) {
		no_tls(d, "remote host does not offer STARTTLS");
		return;
	}
	if (d->requiretls && !(d->features.bits & FEATURE_REQUIRETLS)) {
		dialog_end(d, SESSION_REQUIRETLS,
		    STR("REQUIRETLS, remote host does not offer it"));
		return;
	}
	if (d->login.wanted && !d->login.done) {
		dialog_login_begin(d);
		return;
	}
	d->up = true;
	d->hooks->up(d->arg);
}
