/* smtpping_ask.c - the dialogue of `smtpping` */
#include <stdlib.h>
#include <string.h>

#include "admin/smtpping.h"
#include "base/mem.h"

static int ask(struct smtpping *, struct attempt *);
static bool ask_host(struct smtpping *, const struct config *);
static bool ask_mx(struct smtpping *, struct attempt *);
static bool ask_route(struct smtpping *);
static bool choose_mx(struct smtpping *, const struct hosts *);
static bool ask_interface(struct smtpping *, const struct config *);
static bool ask_message(struct smtpping *, const struct config *);
static bool ask_address(struct smtpping *, const char *question,
    const char *dflt, char out[ADDR_MAX + 1]);

static const struct attempt_hooks no_hooks;

/* The attempt of this one is over with the questions: which interface it
 * goes through is one of them. */
int
smtpping_ask(struct smtpping *p)
{
	struct attempt a;
	struct err err = ERR_INIT;
	int status;

	if (attempt_open(&a, p->tool, &p->how, &no_hooks, NULL, &err) == -1)
		status = tool_fail(p->tool, &err);
	else
		status = ask(p, &a);
	attempt_close(&a);
	return status;
}

static int
ask(struct smtpping *p, struct attempt *a)
{
	struct tool *t = p->tool;

	if (!ask_host(p, a->config) || (!p->host.direct && !ask_mx(p, a)) ||
	    !ask_interface(p, a->config) || !ask_message(p, a->config))
		return tool_abandoned(t);
	if (p->body.failed) {
		fputs("The body is too long.\n", t->dialogue.out);
		return TOOL_NEGATIVE;
	}
	return TOOL_DONE;
}

static bool
ask_host(struct smtpping *p, const struct config *c)
{
	struct dialogue *d = &p->tool->dialogue;
	char line[DIALOGUE_LINE], dflt[DOMAIN_MAX + 1];

	str_copy(dflt, sizeof(dflt), c->hostname);
	for (;;) {
		if (!dialogue_text(d,
			"Enter the hostname or IP address of the SMTP server:",
			dflt, line, sizeof(line)))
			return false;
		if (attempt_take_host(&p->host, line))
			return true;
		fputs("The value must be a host name or an IP address, and "
		      "may have a port: example.com:26.\n",
		    d->out);
	}
}

static bool
ask_mx(struct smtpping *p, struct attempt *a)
{
	struct attempt_to to = { .domain = str_of(p->host.name) };
	const struct hosts *h;
	struct err err = ERR_INIT;
	bool yes;

	/* Why it leads nowhere is said when it is tried. */
	if (attempt_target(a, &to, &err) == -1 && a->dest->hosts == NULL)
		return true;
	h = a->dest->hosts;
	if (h->routed)
		return ask_route(p);
	if (h->n_mx == 0)
		return true;
	if (!dialogue_yes(&p->tool->dialogue,
		"The domain you entered has MX records.\n"
		"Would you like to select an MX host to test instead?",
		true, &yes))
		return false;
	p->host.direct = !yes;
	return !yes || choose_mx(p, h);
}

static bool
ask_route(struct smtpping *p)
{
	bool yes;

	if (!dialogue_yes(&p->tool->dialogue,
		"Mail for the domain you entered goes by an SMTP route.\n"
		"Would you like to test that route instead?",
		true, &yes))
		return false;
	p->host.direct = !yes;
	return true;
}

static bool
choose_mx(struct smtpping *p, const struct hosts *h)
{
	const char **names = mem_array(h->n_mx, sizeof(*names));
	size_t n = 0, which;
	bool answered;

	for (size_t i = 0; i < h->n_mx; i++) {
		size_t k = 0;

		while (k < n && strcmp(names[k], h->mx[i].name) != 0)
			k++;
		if (k == n)
			names[n++] = h->mx[i].name;
	}
	answered = dialogue_choice(&p->tool->dialogue,
	    "Select an MX host to test.", names, n, 0, &which);
	if (answered)
		str_copy(p->mx, sizeof(p->mx), str_of(names[which]));
	free(names);
	return answered;
}

static bool
ask_interface(struct smtpping *p, const struct config *c)
{
	const char **names = mem_array(c->n_interfaces + 1, sizeof(*names));
	size_t n = c->n_interfaces, which;
	bool answered;

	for (size_t i = 0; i < n; i++)
		names[i] = mem_strndup(
		    c->interfaces[i].name.p, c->interfaces[i].name.n);
	names[n] = "auto";
	answered = dialogue_choice(&p->tool->dialogue,
	    "Select a network interface to use for the test.", names, n + 1, n,
	    &which);
	if (answered && which < n) {
		str_copy(
		    p->interface, sizeof(p->interface), str_of(names[which]));
		p->how.interface = p->interface;
	}
	for (size_t i = 0; i < n; i++)
		free((char *)names[i]);
	free(names);
	return answered;
}

static bool
ask_message(struct smtpping *p, const struct config *c)
{
	struct dialogue *d = &p->tool->dialogue;
	char from[DOMAIN_MAX + 20];

	if (!dialogue_yes(d,
		"Do you want to type in a test message to send? If not, the "
		"connection will be tested but no email will be sent.",
		false, &p->sends))
		return false;
	if (!p->sends)
		return true;
	snprintf(from, sizeof(from), "postmaster@%.*s", STR_ARG(c->hostname));
	if (!ask_address(p, "Enter the From address:", from, p->from) ||
	    !ask_address(p, "Enter the To address:", "", p->to) ||
	    !dialogue_text(d, "Enter the Subject:", "Test Message", p->subject,
		sizeof(p->subject)))
		return false;
	fputs("Enter the Body of the message one line at a time. End with a "
	      "\".\" on a line by itself.\n",
	    d->out);
	return dialogue_lines(d, &p->body);
}

static bool
ask_address(struct smtpping *p, const char *question, const char *dflt,
    char out[ADDR_MAX + 1])
{
	struct dialogue *d = &p->tool->dialogue;

	for (;;) {
		if (!dialogue_text(d, question, dflt, out, ADDR_MAX + 1))
			return false;
		if (smtpping_take_address(out))
			return true;
		fputs("The value must be an address: user@example.com.\n",
		    d->out);
	}
}
