/* topin.c - who is connected to this worker, for `topin` */
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/mem.h"
#include "smtpd/smtpd.h"

#define KEY_MAX (IP_TEXT + NAME_MAX_LEN + 2)

static json_t *list(const struct smtpd *);
static void add(json_t *rows, struct map *by_key, const struct conn *);

void
topin_command(struct daemon *d, struct ipc *admin, const struct command *cmd,
    const char *user)
{
	const struct word *w = cmd->words.v;
	struct smtpd *sm = d->self;
	json_t *j;
	char *text;

	(void)user;
	if (cmd->words.n == 1 && str_is(w[0].text, "connections")) {
		j = json_pack("{s:o}", "connections", list(sm));
	} else if (cmd->words.n == 1 && str_is(w[0].text, "callaheadflush")) {
		j = json_pack("{s:I}", "flushed",
		    (json_int_t)callahead_flush(&sm->callahead));
	} else {
		program_answer(admin, NULL, 2, "no such command here");
		return;
	}
	text = json_dumps(j, JSON_COMPACT);
	json_decref(j);
	if (text == NULL)
		panic("an answer that is no JSON");
	program_answer(admin, text, 0, NULL);
	free(text);
}

static json_t *
list(const struct smtpd *sm)
{
	json_t *rows = json_array();
	struct map by_key;

	map_init(&by_key);
	for (const struct conn *c = sm->conns; c != NULL; c = c->next)
		add(rows, &by_key, c);
	map_fini(&by_key, NULL);
	return rows;
}

/* A row for each address and listener. */
static void
add(json_t *rows, struct map *by_key, const struct conn *c)
{
	const struct facts *f = &c->session.facts;
	char ip[IP_TEXT], key[KEY_MAX];
	bool known = f->host_class == HOST_VERIFIED;
	struct str listener, k;
	json_t *row;

	if (c->proxied || c->session.subject.listener == NULL)
		return; /* who it is, is not known yet */
	listener = c->session.subject.listener->name;
	ip_text(&f->client, ip);
	snprintf(key, sizeof(key), "%s %.*s", ip, STR_ARG(listener));
	k = str_of(key);
	row = map_get(by_key, k);
	if (row == NULL) {
		row = json_pack("{s:s%, s:s, s:s%, s:i}", "host",
		    known && f->host.n > 0 ? f->host.p : "",
		    known ? f->host.n : 0, "ip", ip, "listener", listener.p,
		    listener.n, "connections", 0);
		if (row == NULL) /* a name that is not UTF-8 */
			return;
		map_put(by_key, k, row);
		json_array_append_new(rows, row);
	}
	json_object_set_new(row, "connections",
	    json_integer(
		json_integer_value(json_object_get(row, "connections")) + 1));
}
