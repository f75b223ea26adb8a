/* attempt_show.c - an attempt for people */
#include "admin/attempt_show.h"

#include <stdio.h>
#include <string.h>

#include "admin/fields.h"
#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"

static void show_date(struct buf *, int64_t wall);
static void show_step(struct buf *, const char *name, int64_t us);
static struct str verb(const char *line);

void
attempt_show_line(struct buf *out, const struct attempt_line *l)
{
	struct str text = str_of(l->text);
	const char *sep = " (";

	if (!l->heard) {
		buf_puts(out, "<- ");
		fields_show(out, l->text, LOG_VALUE_MAX);
		buf_putc(out, '\n');
		return;
	}
	buf_printf(out, "-> %u ", l->code);
	fields_show_str(out, str_cut(&text, '\n'), SMTP_REPLY_LINE_MAX);
	for (; text.n > 0; sep = ", ") {
		buf_puts(out, sep);
		fields_show_str(out, str_cut(&text, '\n'), SMTP_REPLY_LINE_MAX);
	}
	buf_puts(out, *sep == ',' ? ")\n" : "\n");
}

void
attempt_show_hosts(struct buf *out, const struct attempt *a)
{
	const struct hosts *h = a->dest->hosts;
	char ip[IP_TEXT + 8];

	for (size_t i = 0; i < h->n; i++) {
		const struct address *at = &h->v[i];
		const struct endpoint *ep = &at->ep;

		buf_printf(out, "%5u  ", at->preference);
		fields_show(out, at->host, DOMAIN_MAX);
		buf_printf(out, "  %s%s\n",
		    ep->port == 25 ? ip_text(&ep->ip, ip)
				   : endpoint_text(ep, ip),
		    at->dane ? "  DANE" : "");
	}
}

void
attempt_show_tls(struct buf *out, const struct attempt_conn *c)
{
	buf_printf(out, "TLS connection established: protocol %s, cipher %s.\n",
	    c->version, c->cipher);
	attempt_show_chain(out, c);
}

void
attempt_show_chain(struct buf *out, const struct attempt_conn *c)
{
	for (size_t i = 0; i < c->n_shown; i++) {
		const struct tls_shown *x = &c->shown[i];

		buf_printf(out, i == 0 ? "Certificate: %s\n" : "Chain: %s\n",
		    x->subject);
		if (i == 0 && x->names[0] != '\0')
			buf_printf(out, "  names: %s\n", x->names);
		buf_printf(out, "  issued by: %s\n  valid: ", x->issuer);
		show_date(out, x->begins);
		buf_puts(out, " to ");
		show_date(out, x->expires);
		buf_printf(out, "; key: %s\n", x->key);
	}
}

void
attempt_show_why(struct buf *out, const struct attempt_conn *c)
{
	static const char *const kinds[] = {
		[SESSION_TIMEOUT] = "connection timed out",
		[SESSION_REFUSED] = "connection refused",
		[SESSION_UNREACHABLE] = "no route",
	};

	if (ip_is_unset(&c->source) && c->why < NELEM(kinds) &&
	    kinds[c->why] != NULL)
		buf_puts(out, kinds[c->why]);
	else if (c->end == ATTEMPT_REFUSED)
		buf_printf(out, "%s was refused: %u %s", attempt_stage(c),
		    c->code, *c->result != '\0' ? c->result : c->text);
	else
		fields_show(out, c->text, LOG_VALUE_MAX);
}

void
attempt_show_times(
    struct buf *out, const struct attempt *a, const struct attempt_conn *c)
{
	int64_t us = 0, sum = c->connect_us;
	const char *said = "greeting";
	char name[40];

	for (size_t i = 0; i < a->n_lookups; i++)
		us += a->lookups[i].us;
	sum += us;
	buf_puts(out, "Time of each step:\n");
	show_step(out, "look-ups", us);
	show_step(out, "connection", c->connect_us);
	for (size_t i = 0; i < c->n_lines; i++) {
		const struct attempt_line *l = &c->lines[i];

		if (!l->heard) {
			said = l->text;
			continue;
		}
		str_copy(name, sizeof(name), verb(said));
		show_step(out, name, l->us);
		sum += l->us;
		if (c->secured && strcmp(said, "STARTTLS") == 0) {
			show_step(out, "TLS", c->tls_us);
			sum += c->tls_us;
		}
	}
	show_step(out, "in all", sum);
}

const char *
attempt_level_name(enum tls_level level)
{
	static const char *const names[] = {
		[TLS_LEVEL_OFF] = "off",
		[TLS_LEVEL_PREFERRED] = "preferred",
		[TLS_LEVEL_REQUIRED] = "required",
		[TLS_LEVEL_PREFERRED_VERIFY] = "preferred_verify",
		[TLS_LEVEL_REQUIRED_VERIFY] = "required_verify",
		[TLS_LEVEL_VERIFY_HOSTED] = "required_verify_hosted",
	};

	return names[level];
}

const char *
attempt_stage(const struct attempt_conn *c)
{
	static const char *const stages[] = { [JOB_MAIL] = "MAIL",
		[JOB_RCPT] = "RCPT",
		[JOB_DATA] = "DATA",
		[JOB_DOT] = "the message" };

	if (c->stage != 0)
		return stages[c->stage];
	for (size_t i = c->n_lines; i-- > 0;)
		if (!c->lines[i].heard)
			return str_starts(str_of(c->lines[i].text), STR("EHLO"))
				   ? "EHLO"
				   : "HELO";
	return "the connection";
}

static void
show_date(struct buf *out, int64_t wall)
{
	char text[CLOCK_TEXT];

	buf_puts(out, clock_status(wall, text));
}

static void
show_step(struct buf *out, const char *name, int64_t us)
{
	buf_printf(out, "  %-12s %9.1f ms\n", name, (double)us / 1000);
}

static struct str
verb(const char *line)
{
	struct str rest = str_of(line);

	return strcmp(line, ".") == 0 ? STR("message") : str_word(&rest);
}
