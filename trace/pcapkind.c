/* pcapkind.c - what a captured connection is, and which listener it is for */
#include "trace/pcapkind.h"

#include <string.h>

#include "smtp/command.h"
#include "smtpd/proxy.h"
#include "smtpd/qmqp.h"

#define PORT_QMQP 628

static size_t listener_for(const struct config *, const char *name,
    const struct connection *, struct str up);
static size_t first_that_speaks(const struct config *, bool qmqp);
static void take_header(
    const struct listener *, const struct connection *, struct pcap_talk *);
static size_t head_of(const struct stream *, char *out, int64_t *time);
static enum pcap_kind kind_of(
    const struct config *, const struct connection *, const struct pcap_talk *);
static struct str beginning(const struct stream *);
static bool is_mail_port(const struct config *, uint16_t port);
static bool is_netstring(struct str in);

void
pcap_identify(const struct config *config, const char *listener,
    const struct connection *c, struct pcap_talk *talk)
{
	talk->from = talk->client;
	talk->from_port = talk->client_port;
	talk->at = talk->server;
	talk->at_port = talk->server_port;
	talk->proxy = PCAP_NO_PROXY;
	talk->listener =
	    (uint32_t)listener_for(config, listener, c, beginning(&c->client));
	if (talk->listener < config->n_listeners)
		take_header(&config->listeners[talk->listener], c, talk);
	talk->kind = (uint8_t)kind_of(config, c, talk);
}

/* n_listeners: there is none of that name. */
static size_t
listener_for(const struct config *config, const char *name,
    const struct connection *c, struct str up)
{
	size_t port = config->n_listeners, i;

	for (i = 0; *name != '\0' && i < config->n_listeners; i++)
		if (str_is(config->listeners[i].name, name))
			return i;
	if (*name != '\0')
		return i;
	for (i = 0; i < config->n_listeners; i++) {
		const struct listener *l = &config->listeners[i];

		if (l->port != c->server.from.port)
			continue;
		if (ip_equal(&l->interface->ip, &c->server.from.ip))
			return i;
		if (port == config->n_listeners)
			port = i;
	}
	return port < config->n_listeners
		   ? port
		   : first_that_speaks(config, is_netstring(up));
}

static size_t
first_that_speaks(const struct config *config, bool qmqp)
{
	for (size_t i = 0; i < config->n_listeners; i++)
		if (listener_is_qmqp(&config->listeners[i]) == qmqp)
			return i;
	return 0;
}

/* --- the PROXY header --- */

static void
take_header(const struct listener *l, const struct connection *c,
    struct pcap_talk *talk)
{
	char head[PROXY_MAX];
	struct proxy_header h;
	size_t used;
	int64_t time;

	if (!ip_ranges_have(l->proxies, l->n_proxies, &talk->client))
		return;
	used = head_of(&c->client, head, &time);
	switch (proxy_parse((struct str){ head, used }, &h, &used)) {
	case PROXY_MORE:
		talk->proxy = PCAP_PROXY_PARTIAL;
		return;
	case PROXY_BAD:
		talk->proxy = PCAP_PROXY_BAD;
		return;
	case PROXY_DONE:
		break;
	}
	talk->proxy_bytes = (uint32_t)used;
	talk->proxy = h.local ? PCAP_PROXY_LOCAL : PCAP_PROXY_GOOD;
	if (time - c->began > (int64_t)PROXY_WAIT * 1000)
		talk->proxy = PCAP_PROXY_LATE;
	if (h.local)
		return;
	talk->from = h.client.ip;
	talk->from_port = h.client.port;
	talk->at = h.server.ip;
	talk->at_port = h.server.port;
}

/* Up to the header's end, as far as it may be looked at; time: of the packet
 * that ends it. */
static size_t
head_of(const struct stream *s, char *out, int64_t *time)
{
	struct proxy_header h;
	size_t n = 0, used;

	*time = 0;
	for (size_t i = 0;
	     i < s->n_pieces && s->pieces[i].bytes.p != NULL && n < PROXY_MAX;
	     i++) {
		struct str piece =
		    str_sub(s->pieces[i].bytes, 0, PROXY_MAX - n);

		memcpy(out + n, piece.p, piece.n);
		n += piece.n;
		*time = s->pieces[i].time;
		if (proxy_parse((struct str){ out, n }, &h, &used) !=
		    PROXY_MORE)
			break;
	}
	return n;
}

/* --- the kind --- */

static enum pcap_kind
kind_of(const struct config *config, const struct connection *c,
    const struct pcap_talk *talk)
{
	struct str up = beginning(&c->client), down = beginning(&c->server);
	bool mail = is_mail_port(config, c->server.from.port);
	struct command_line said;
	struct str line;

	up = str_sub(up, talk->proxy_bytes, up.n);
	line = str_cut(&up, '\n');
	command_split(&said, str_trim(line));
	if (str_starts(line, STR("\x16\x03")))
		return mail ? PCAP_TLS : PCAP_OTHER;
	if (str_starts(down, STR("220")) || said.verb == VERB_EHLO ||
	    said.verb == VERB_HELO)
		mail = true;
	if (!mail)
		return PCAP_OTHER;
	if (!c->client.begun && !c->server.begun)
		return PCAP_MIDDLE;
	return talk->listener < config->n_listeners &&
		       listener_is_qmqp(&config->listeners[talk->listener])
		   ? PCAP_QMQP
		   : PCAP_SMTP;
}

static struct str
beginning(const struct stream *s)
{
	return s->n_pieces > 0 && s->pieces[0].bytes.p != NULL
		   ? s->pieces[0].bytes
		   : STR("");
}

static bool
is_mail_port(const struct config *config, uint16_t port)
{
	for (size_t i = 0; i < config->n_listeners; i++)
		if (config->listeners[i].port == port)
			return true;
	return port == 25 || port == 465 || port == 587 || port == 2525 ||
	       port == PORT_QMQP;
}

/* A length, then another: so a request of QMQP begins. */
static bool
is_netstring(struct str in)
{
	struct netlen l = { 0 };

	for (size_t i = 0; i < in.n; i++)
		switch (netlen_feed(&l, in.p[i])) {
		case NETLEN_MORE:
			break;
		case NETLEN_BAD:
			return false;
		case NETLEN_DONE:
			return i + 1 < in.n && in.p[i + 1] >= '0' &&
			       in.p[i + 1] <= '9';
		}
	return false;
}
