/* cmd_techsupport.c - `techsupport`: let those who help log in (spec
 * delivery-admin 6.4) */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/access.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/machine.h"
#include "admin/password.h"
#include "admin/programs.h"
#include "admin/settings.h"
#include "base/clock.h"
#include "base/mem.h"

#define KEY_MAX 8192

/* One run: what was said, and what is open. */
struct support {
	struct editing *ed;
	bool yes, no_expiry, generate;
	const char *key; /* a file with a public key; NULL: a seed is used */
	const char *how_long; /* of the tunnel; NULL: as long as may be */
	char serial[MACHINE_SERIAL];
	char seed[PASSWORD_MAX];
	struct access open;
};

static int run(struct tool *, int argc, char **argv);
static int ask(struct support *);
static int act(struct support *, const char *word);
static int sshaccess(struct support *);
static int open_account(struct support *);
static int take_seed(struct support *);
static int take_key(struct support *, struct buf *);
static int enable(struct support *, const char *key);
static int tunnel(struct support *);
static int begin(struct support *, int64_t seconds, struct err *);
static bool take_time(struct support *, int64_t *seconds);
static int disable(struct support *);
static int status(struct support *);
static void write_tunnel(struct support *);
static json_t *time_json(int64_t when);
static int sure(struct support *, const char *question);
static void write_until(struct support *, int64_t expires);
static struct settings settings_of(struct editing *);

static const struct objects_question questions[] = {
	{ "host", "Enter the host that tunnels lead to:", NULL, NULL },
	{ "port", "Enter the port of its SSH server:", NULL, NULL },
	{ "host_key", "Enter its public key (type and key):", NULL, NULL },
	{ "account", "Enter the account there:", NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct {
	const char *word;
	int (*run)(struct support *);
} operations[] = {
	{ "sshaccess", sshaccess },
	{ "tunnel", tunnel },
	{ "status", status },
	{ "disable", disable },
};

const struct tool_command cmd_techsupport = {
	.name = "techsupport",
	.usage =
	    "[[--yes] [--no-expiry] [--generate | --key FILE] [--for TIME] "
	    "sshaccess | tunnel | [--yes] disable | status | setup [KEY=VALUE "
	    "...] | "
	    "print]",
	.summary = "Let those who help log in",
	.help = "sshaccess opens the system account \"support\" for seven "
		"days at most (--no-expiry: until disable): for the owner of "
		"the public key in FILE, or with a password made of this "
		"machine's serial number and a seed string that you pass on; "
		"the seed is asked for, the first line of standard input, or "
		"made by --generate. tunnel does that too, unless it is open, "
		"and makes an SSH tunnel to the support host, which is made "
		"again when it is lost, and ended after TIME (2h, 3d), or "
		"seven days. disable closes both, status shows them. setup "
		"names the support host in the working copy, which is used "
		"at once: KEY is one of those below remote_access in "
		"postern.yaml(5).",
	.run = run,
};

static int
run(struct tool *t, int argc, char **argv)
{
	struct support s = { .key = NULL };
	const struct tool_option options[] = {
		{ "--yes", NULL, &s.yes },
		{ "--no-expiry", NULL, &s.no_expiry },
		{ "--generate", NULL, &s.generate },
		{ "--key", &s.key, NULL },
		{ "--for", &s.how_long, NULL },
	};
	const char *word;
	struct settings of;
	struct editing ed;
	struct args a;
	int rc;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	if (argc == 1 && !t->asks)
		return tool_usage(t, NULL);
	rc = editing_begin(&ed, t);
	if (rc != TOOL_DONE)
		return rc;
	word = argc > 1 ? argv[1] : "";
	args_begin(&a, t, argc, argv, argc > 1 ? 2 : 1);
	of = settings_of(&ed);
	s.ed = &ed;
	machine_serial(t->paths.log, s.serial);
	access_load(t, &s.open);
	if (argc == 1) {
		rc = ask(&s);
	} else if (strcmp(word, "setup") == 0) {
		rc = settings_take_setup(&ed, &a, &of);
	} else if (argc > 2) {
		rc = tool_unknown(t, argv[2]);
	} else if (strcmp(word, "print") == 0) {
		rc = settings_print(&ed, &of);
	} else {
		rc = act(&s, word);
	}
	explicit_bzero(s.seed, sizeof(s.seed));
	args_end(&a);
	return editing_end(&ed, rc);
}

/* DISABLE is offered when there is something to close, SETUP when there is no
 * support host. */
static int
ask(struct support *s)
{
	struct dialogue_op ops[5] = {
		{ "SSHACCESS",
		    "Allow a support representative to log in, without a "
		    "tunnel." },
		{ "TUNNEL",
		    "Allow a support representative to log in through a "
		    "secure tunnel." },
		{ "STATUS", "Display the current techsupport status." },
	};
	struct editing *ed = s->ed;
	struct settings of = settings_of(ed);
	bool is_open = s->open.since != 0 || s->open.tunnel.pid != 0;
	size_t n = 3, which;
	char word[20];

	if (is_open)
		ops[n++] = (struct dialogue_op){ "DISABLE",
			"Lock the account and end the tunnel." };
	if (ed->w->config->remote_access.host.n == 0)
		ops[n++] = (struct dialogue_op){ "SETUP",
			"Configure the support host." };
	tool_space(ed->t);
	fprintf(ed->t->dialogue.out,
	    "Service Access currently %s.\nSerial Number: %s\n",
	    s->open.since != 0 ? "enabled" : "disabled", s->serial);
	if (!dialogue_menu(&ed->t->dialogue, ops, n, &which))
		return tool_abandoned(ed->t);
	if (which == n)
		return TOOL_DONE;
	if (strcmp(ops[which].word, "SETUP") == 0)
		return settings_ask(ed, &of, questions) ? editing_done(ed)
							: tool_abandoned(ed->t);
	snprintf(word, sizeof(word), "%s", ops[which].word);
	for (char *p = word; *p != '\0'; p++)
		*p = (char)(*p | 0x20);
	return act(s, word);
}

static int
act(struct support *s, const char *word)
{
	for (size_t i = 0; i < NELEM(operations); i++)
		if (strcmp(word, operations[i].word) == 0)
			return operations[i].run(s);
	return tool_unknown(s->ed->t, word);
}

/* --- the account --- */

static int
sshaccess(struct support *s)
{
	int rc = open_account(s);

	return rc == TOOL_DONE && s->ed->t->json ? status(s) : rc;
}

static int
open_account(struct support *s)
{
	struct buf key;
	int rc;

	if (s->key != NULL && s->generate)
		return tool_usage(s->ed->t, "a seed or a key, not both");
	buf_init(&key, KEY_MAX);
	rc = sure(s, "Are you sure you want to enable service access?");
	if (rc == TOOL_DONE)
		rc = s->key != NULL ? take_key(s, &key) : take_seed(s);
	if (rc == TOOL_DONE)
		rc = enable(s, s->key != NULL ? buf_str(&key).p : NULL);
	buf_fini(&key);
	return rc;
}

/* A person who types none has one made. */
static int
take_seed(struct support *s)
{
	struct tool *t = s->ed->t;
	bool there = true;

	if (*s->serial == '\0')
		return tool_usage(t, "there is no serial number before the "
				     "first start of the gateway");
	if (s->generate)
		;
	else if (isatty(fileno(t->dialogue.in)))
		there = password_line(t,
		    "Enter a temporary seed string (at least 16 "
		    "characters):\n[]> ",
		    true, s->seed);
	else
		there = dialogue_line(&t->dialogue, s->seed, sizeof(s->seed)) &&
			*s->seed != '\0';
	if (!there && !t->asks)
		return tool_usage(t, "a seed string is needed: the first line "
				     "of standard input, or --generate");
	if (!there)
		return tool_abandoned(t);
	if (*s->seed == '\0') {
		access_make_seed(s->seed);
		s->generate = true;
	}
	if (strlen(s->seed) >= ACCESS_SEED_MIN)
		return TOOL_DONE;
	fputs("The seed string has at least 16 characters.\n", stderr);
	return TOOL_NEGATIVE;
}

/* One line of type, key, comment, without options: those are ours to say. */
static int
take_key(struct support *s, struct buf *key)
{
	int fd = open(s->key, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	struct err err = ERR_INIT;
	char *room = buf_room(key, KEY_MAX - 1);
	struct str text;
	ssize_t n;

	n = fd != -1 ? read(fd, room, KEY_MAX - 1) : -1;
	if (n == -1)
		err_sys(&err, ERR_PERM, "read %s", s->key);
	if (fd != -1)
		close(fd);
	if (n == -1)
		return tool_fail(s->ed->t, &err);
	text = str_trim((struct str){ room, (size_t)n });
	if (str_find(text, '\n') != text.n || str_find(text, '\0') != text.n ||
	    (!str_starts(text, STR("ssh-")) &&
		!str_starts(text, STR("ecdsa-sha2-")) &&
		!str_starts(text, STR("sk-")))) {
		err_set(&err, ERR_PERM,
		    "%s: must be one public key, \"ssh-ed25519 AAAA...\"",
		    s->key);
		return tool_fail(s->ed->t, &err);
	}
	memmove(room, text.p, text.n);
	room[text.n] = '\0';
	buf_grew(key, text.n);
	return TOOL_DONE;
}

/* The state is written before: what is open must be known. */
static int
enable(struct support *s, const char *key)
{
	char credential[ACCESS_CREDENTIAL];
	struct tool *t = s->ed->t;
	struct err err = ERR_INIT, more = ERR_INIT;
	int64_t now = clock_wall_ms();
	int rc;

	s->open.since = now;
	s->open.expires = s->no_expiry ? 0 : access_end(now);
	s->open.key = key != NULL;
	access_credential(str_of(s->seed), str_of(s->serial), credential);
	programs_note(t, key != NULL ? "access-key" : "access-password");
	rc = access_save(t, &s->open, &err);
	if (rc == 0)
		rc = access_open(t, key != NULL ? NULL : credential, key,
		    s->open.expires, &err);
	explicit_bzero(credential, sizeof(credential));
	if (rc == -1) {
		/* no half of it stays */
		(void)access_close(t, &more);
		s->open.since = 0;
		(void)access_save(t, &s->open, &more);
		return tool_fail(t, &err);
	}
	if (t->json)
		return TOOL_DONE;
	fprintf(t->dialogue.out, "Service access has been ENABLED.%s\n",
	    key != NULL
		? ""
		: " Give the seed string to your support representative.");
	if (s->generate)
		fprintf(t->dialogue.out, "Seed string: %s\n", s->seed);
	write_until(s, s->open.expires);
	return TOOL_DONE;
}

static void
write_until(struct support *s, int64_t expires)
{
	char text[CLOCK_TEXT];
	FILE *out = s->ed->t->dialogue.out;

	if (expires == 0)
		fputs("It stays so until it is disabled.\n", out);
	else
		fprintf(out, "It ends at %s.\n", clock_status(expires, text));
}

/* --- the tunnel --- */

static int
tunnel(struct support *s)
{
	const struct remote_access *r = &s->ed->w->config->remote_access;
	struct tool *t = s->ed->t;
	struct err err = ERR_INIT;
	int rc = TOOL_DONE;
	int64_t seconds;

	if (r->host.n == 0 || r->host_key.n == 0) {
		fputs(r->host.n == 0 ? "no support host configured\n"
				     : "no key of the support host "
				       "configured\n",
		    stderr);
		return TOOL_NEGATIVE;
	}
	if (s->open.tunnel.pid != 0) {
		fputs("There is a tunnel already.\n", stderr);
		return TOOL_NEGATIVE;
	}
	if (!take_time(s, &seconds))
		return TOOL_USAGE;
	if (!t->json)
		fprintf(t->dialogue.out,
		    "This will lead from a port of %.*s to the SSH server of "
		    "this machine, for %s.\n",
		    STR_ARG(r->host),
		    s->how_long != NULL ? s->how_long : "seven days");
	if (s->open.since != 0)
		rc = sure(s, "Are you sure you want to start the tunnel?");
	else
		rc = open_account(s);
	if (rc != TOOL_DONE)
		return rc;
	programs_note(t, "access-tunnel");
	if (begin(s, seconds, &err) == -1)
		return tool_fail(t, &err);
	if (t->json)
		return status(s);
	fprintf(t->dialogue.out,
	    "Tunnel: connected to %s port %u; its port %u leads here.\n",
	    s->open.tunnel.host, s->open.tunnel.port, tunnel_port(t));
	return TOOL_DONE;
}

/* It is known before it is waited for: who is interrupted then has a tunnel
 * that disable ends. */
static int
begin(struct support *s, int64_t seconds, struct err *err)
{
	const struct remote_access *r = &s->ed->w->config->remote_access;
	struct tunnel *u = &s->open.tunnel;
	struct tool *t = s->ed->t;
	struct err more = ERR_INIT;

	if (tunnel_start(t, r, seconds, u, err) == -1)
		return -1;
	if (access_save(t, &s->open, err) == 0 && tunnel_wait(t, u, err) == 0)
		return 0;
	(void)tunnel_end(t, u, &more);
	(void)access_save(t, &s->open, &more);
	return -1;
}

/* Seven days at most. */
static bool
take_time(struct support *s, int64_t *seconds)
{
	static const struct schema_key key = {
		.name = "--for",
		.width = sizeof(uint64_t),
		.type = &value_time,
		.min = 1,
		.max = ACCESS_DAYS * 86400,
	};
	uint64_t n = key.max;
	struct err err = ERR_INIT;

	if (s->how_long != NULL &&
	    key.type->parse(&key, str_of(s->how_long), &n, NULL, &err) == -1) {
		err_in(&err, "--for %s", s->how_long);
		tool_fail(s->ed->t, &err);
		return false;
	}
	*seconds = (int64_t)n;
	return true;
}

/* --- the rest --- */

/* What is closed already is closed again: the state may have been lost. */
static int
disable(struct support *s)
{
	struct tool *t = s->ed->t;
	struct err err = ERR_INIT;
	int rc;

	rc = sure(s, "Are you sure you want to disable service access?");
	if (rc != TOOL_DONE)
		return rc;
	programs_note(t, "access-disabled");
	if (tunnel_end(t, &s->open.tunnel, &err) == -1 ||
	    access_close(t, &err) == -1)
		return tool_fail(t, &err);
	s->open.since = s->open.expires = 0;
	if (access_save(t, &s->open, &err) == -1)
		return tool_fail(t, &err);
	if (t->json)
		return status(s);
	fputs("Service access has been DISABLED.\n", t->dialogue.out);
	return TOOL_DONE;
}

static int
status(struct support *s)
{
	const struct access *a = &s->open;
	struct tool *t = s->ed->t;
	FILE *out = t->dialogue.out;
	char text[CLOCK_TEXT];

	if (t->json) {
		json_t *j = json_pack("{s:s, s:b, s:o, s:o, s:b}", "serial",
		    s->serial, "enabled", a->since != 0, "since",
		    time_json(a->since), "expires", time_json(a->expires),
		    "tunnel", a->tunnel.pid != 0);

		if (a->tunnel.pid != 0)
			json_object_update_new(j,
			    json_pack("{s:s, s:I, s:I, s:I, s:I}", "host",
				a->tunnel.host, "port",
				(json_int_t)a->tunnel.port, "tunnel_port",
				(json_int_t)tunnel_port(t), "tunnel_since",
				(json_int_t)a->tunnel.since, "tunnel_expires",
				(json_int_t)a->tunnel.expires));
		if (s->generate && *s->seed != '\0')
			json_object_set_new(j, "seed", json_string(s->seed));
		tool_print_json(t, j);
		json_decref(j);
		return TOOL_DONE;
	}
	fputs("Service access: ", out);
	if (a->since == 0)
		fputs("disabled", out);
	else
		fprintf(out, "enabled since %s", clock_status(a->since, text));
	if (a->since != 0)
		fprintf(out, ", expires %s",
		    a->expires != 0 ? clock_status(a->expires, text) : "never");
	write_tunnel(s);
	return TOOL_DONE;
}

static void
write_tunnel(struct support *s)
{
	const struct tunnel *u = &s->open.tunnel;
	FILE *out = s->ed->t->dialogue.out;
	uint32_t port = tunnel_port(s->ed->t);
	char text[CLOCK_TEXT];

	if (u->pid == 0) {
		fputs("; Tunnel: not connected\n", out);
		return;
	}
	fprintf(out, "; Tunnel: %s %s port %u since %s",
	    port != 0 ? "connected to" : "trying to connect to", u->host,
	    u->port, clock_status(u->since, text));
	fprintf(out, ", expires %s", clock_status(u->expires, text));
	if (port != 0)
		fprintf(out, ", its port %u leads here", port);
	fputc('\n', out);
}

/* Null: it is closed, or there is no end. */
static json_t *
time_json(int64_t when)
{
	return when != 0 ? json_integer(when) : json_null();
}

static int
sure(struct support *s, const char *question)
{
	struct tool *t = s->ed->t;
	bool yes;

	if (s->yes)
		return TOOL_DONE;
	if (!t->asks)
		return tool_usage(t, "say --yes where nobody can be asked");
	if (!dialogue_yes(&t->dialogue, question, false, &yes))
		return tool_abandoned(t);
	return yes ? TOOL_DONE : TOOL_NEGATIVE;
}

static struct settings
settings_of(struct editing *ed)
{
	return (struct settings){ .section = &schema_remote_access,
		.object = ed->w->config,
		.path = "remote_access" };
}
