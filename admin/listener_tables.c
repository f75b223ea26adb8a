/* listener_tables.c - `listenerconfig` -> EDIT -> MASQUERADE, DOMAINMAP
 * (spec receiving 6.2, 6.3) */
#include "admin/listener.h"
#include "admin/tables.h"
#include "base/mem.h"

static bool ask_config(struct editing *, size_t i);
static int take_config(struct editing *, struct args *, size_t i);
static void make_map(struct editing *, size_t i);
static void show_headers(struct editing *, size_t i);
static void show_state(struct editing *, size_t i);

static const struct tables_form masquerade = {
	.kind = TABLE_MASQUERADE,
	.key = "masquerade",
	.inner = "table",
	.of_listener = true,
	.suffix = "-masquerade",
	.arrow = " --> ",
	.gap = "\t",
	.title = "Domain Masquerading Table",
	.ask_left = "Enter the source address or domain to masquerade.\n"
		    "Usernames like \"joe\" are allowed.\n"
		    "Full addresses like \"user@example.com\" are allowed.\n"
		    "Domains like \"@example.com\" and \"@.example.com\" are "
		    "allowed.",
	.ask_right = "Enter the masqueraded address or domain.",
	.created = { "Entry mapping ", " to ", " created." },
	.more = { "CONFIG", "Configure masqueraded headers." },
	.ask_more = ask_config,
	.take_more = take_config,
	.show = show_headers,
};

static const struct tables_form domain_map = {
	.kind = TABLE_DOMAIN_MAP,
	.key = "domain_map",
	.of_listener = true,
	.suffix = "-domainmap",
	.arrow = " --> ",
	.gap = "\t",
	.title = "Domain Map Table",
	.ask_left = "Enter the original domain or address for this entry.\n"
		    "Domains like \"@example.com\" and \"@.example.com\" are "
		    "allowed.\n"
		    "Addresses like \"user@example.com\" and "
		    "\"user@.example.com\" are allowed.",
	.ask_right = "Enter the new domain or address for this entry.",
	.created = { "Entry mapping ", " to ", " created." },
	.can_edit = true,
	.show = show_state,
};

static const struct {
	const char *key, *question;
	const char *header; /* as shown */
} touched[] = {
	{ "envelope_sender", "Do you wish to masquerade Envelope Sender?",
	    NULL },
	{ "from", "Do you wish to masquerade From headers?", "From" },
	{ "to", "Do you wish to masquerade To headers?", "To" },
	{ "cc", "Do you wish to masquerade CC headers?", "Cc" },
	{ "reply_to", "Do you wish to masquerade Reply-To headers?",
	    "Reply-To" },
};

bool
listener_masquerade(struct editing *ed, size_t i)
{
	return tables_ask(ed, &masquerade, i);
}

int
listener_masquerade_batch(struct editing *ed, struct args *a, size_t i)
{
	return tables_take(ed, a, &masquerade, i);
}

bool
listener_domain_map(struct editing *ed, size_t i)
{
	return tables_ask(ed, &domain_map, i);
}

int
listener_domain_map_batch(struct editing *ed, struct args *a, size_t i)
{
	return tables_take(ed, a, &domain_map, i);
}

static bool
ask_config(struct editing *ed, size_t i)
{
	char path[LISTENER_PATH];

	if (tables_now(ed, &masquerade, i) == NULL) {
		fputs("There is no table yet; create an entry first.\n",
		    ed->t->dialogue.out);
		return true;
	}
	make_map(ed, i);
	snprintf(path, sizeof(path), "listeners[%zu].masquerade", i);
	for (size_t k = 0; k < NELEM(touched); k++) {
		struct question q = {
			.key =
			    ask_key_named(&schema_masquerade, touched[k].key),
			.text = touched[k].question,
			.object = &listener_at(ed, i)->masquerade,
		};

		if (!ask_set(ed, &q, path))
			return false;
	}
	editing_save(ed);
	return true;
}

/* envelope_sender=yes from=no ... */
static int
take_config(struct editing *ed, struct args *a, size_t i)
{
	char path[LISTENER_PATH];
	int status;

	if (tables_now(ed, &masquerade, i) == NULL)
		return editing_deny(
		    ed, "There is no table yet; create an entry first.");
	if (a->at == a->n) {
		show_headers(ed, i);
		return TOOL_DONE;
	}
	make_map(ed, i);
	snprintf(path, sizeof(path), "listeners[%zu].masquerade", i);
	status = ask_options(ed, a, &schema_masquerade, path);
	return status == TOOL_DONE ? editing_done(ed) : status;
}

/* A file's name alone becomes a map with the name in it. */
static void
make_map(struct editing *ed, size_t i)
{
	char path[LISTENER_PATH];
	struct str name;
	struct buf yaml;

	snprintf(path, sizeof(path), "listeners[%zu].masquerade", i);
	if (!edit_get(ed->w->yaml, path, &name))
		return;
	buf_init(&yaml, 1000);
	yaml_pair(&yaml, "", "table", name);
	editing_yaml(ed, buf_str(&yaml), "%s", path);
	buf_fini(&yaml);
}

static void
show_headers(struct editing *ed, size_t i)
{
	static const size_t order[] = { 2, 1, 3, 4 }; /* To first */
	const struct masquerade *m = &listener_at(ed, i)->masquerade;
	FILE *out = ed->t->dialogue.out;
	const char *gap = "";

	fputs("Masqueraded headers: ", out);
	for (size_t k = 0; k < NELEM(order); k++) {
		const struct schema_key *key =
		    ask_key_named(&schema_masquerade, touched[order[k]].key);

		if (!*(const bool *)((const char *)m + key->off))
			continue;
		fprintf(out, "%s%s", gap, touched[order[k]].header);
		gap = ", ";
	}
	fprintf(out, "%s\n", *gap == '\0' ? "None" : "");
	if (m->sender)
		fputs("Masqueraded envelope sender: Yes\n", out);
}

static void
show_state(struct editing *ed, size_t i)
{
	const struct table *t = tables_now(ed, &domain_map, i);

	fprintf(ed->t->dialogue.out, "Domain Mapping is: %s\n",
	    t != NULL && table_count(t) > 0 ? "enabled" : "disabled");
}
