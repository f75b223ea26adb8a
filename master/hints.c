/* hints.c - three things to try: send, look at the log, trace */
#include "master/hints.h"

#include "base/arena.h"

void
hints_print(const struct master *m, FILE *out)
{
	const struct config *c = m->self.config;
	const struct listener *l;
	struct arena mem;
	const char *postern;
	char at[IP_TEXT + 8];

	arena_init(&mem, 4 * PATH_MAX);
	fprintf(out, "\nPostern %s, configuration revision %ju\n",
	    POSTERN_VERSION, (uintmax_t)c->revision);
	for (size_t i = 0; i < c->n_listeners; i++) {
		struct endpoint ep;

		l = &c->listeners[i];
		ep = (struct endpoint){ l->interface->ip, l->port };
		fprintf(out, "  %-14.*s %-21s %.*s\n", STR_ARG(l->name),
		    endpoint_text(&ep, at), STR_ARG(l->protocol));
	}
	if (c->web.on)
		fprintf(out, "  web pages      https://%s/\n",
		    endpoint_text(
			&(struct endpoint){ c->web.ip, (uint16_t)c->web.port },
			at));
	if (c->n_listeners == 0)
		return;
	l = &c->listeners[0];
	endpoint_text(&(struct endpoint){ l->interface->ip, l->port }, at);
	postern = m->root_dir != NULL
		      ? arena_printf(
			    &mem, "%s/postern --root %s", m->bin, m->root_dir)
		      : "postern";
	fprintf(out,
	    "\nThree things to try in another terminal:\n"
	    "1. send a message\n"
	    "     echo Subject: hello | %s inject --server %s \\\n"
	    "       --from joe@example.org --to anna@example.com\n"
	    "     swaks --server %s --tls-optional --from joe@example.org "
	    "--to anna@example.com\n"
	    "2. look at the mail log, and at the counters\n"
	    "     cat %s/mail_logs/*.current\n"
	    "     %s status\n"
	    "3. ask what would happen to a message\n"
	    "     echo Subject: hello | %s trace --source-ip 192.0.2.1 \\\n"
	    "       --fqdn mail.example.org --listener %.*s --file - \\\n"
	    "       --sender joe@example.org --recipients anna@example.com\n"
	    "Ctrl-C stops it.\n\n",
	    postern, at, at, m->paths.log, postern, postern, STR_ARG(l->name));
	arena_free(&mem);
}
