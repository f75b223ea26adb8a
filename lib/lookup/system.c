/* system.c - what the machine's own files say about look-ups */
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "base/mem.h"
#include "lookup/system.h"
#include "mail/addr.h"

#define FILE_MAX_SIZE (1024 * 1024)
#define DNS_PORT      53

static void read_lines(struct lookup_system *, const char *path,
    void (*line)(struct lookup_system *, struct str));
static void resolv_line(struct lookup_system *, struct str line);
static void hosts_line(struct lookup_system *, struct str line);

void
lookup_system_read(
    struct lookup_system *s, const char *resolv_conf, const char *hosts)
{
	*s = (struct lookup_system){ 0 };
	arena_init(&s->mem, 8 * FILE_MAX_SIZE);
	read_lines(s, resolv_conf != NULL ? resolv_conf : "/etc/resolv.conf",
	    resolv_line);
	read_lines(s, hosts != NULL ? hosts : "/etc/hosts", hosts_line);
}

void
lookup_system_free(struct lookup_system *s)
{
	arena_free(&s->mem);
	free(s->hosts);
	*s = (struct lookup_system){ 0 };
}

static void
read_lines(struct lookup_system *s, const char *path,
    void (*line)(struct lookup_system *, struct str))
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	struct str rest;
	struct buf b;
	ssize_t n;

	if (fd == -1)
		return;
	buf_init(&b, FILE_MAX_SIZE + 4096);
	while (b.len < FILE_MAX_SIZE &&
	       (n = read(fd, buf_room(&b, 4096), 4096)) > 0)
		buf_grew(&b, (size_t)n);
	close(fd);
	for (rest = buf_str(&b); rest.n > 0;)
		line(s, str_cut(&rest, '\n'));
	buf_fini(&b);
}

static void
resolv_line(struct lookup_system *s, struct str line)
{
	struct str word = str_word(&line), addr = str_word(&line);
	struct ip ip;

	if (!str_is(word, "nameserver") || s->n_servers == LOOKUP_SERVERS_MAX)
		return;
	if (ip_parse(&ip, str_trim(addr)))
		s->servers[s->n_servers++] = (struct endpoint){ ip, DNS_PORT };
}

static void
hosts_line(struct lookup_system *s, struct str line)
{
	struct str text = str_cut(&line, '#'), name;
	struct ip ip;
	bool first = true;

	text = str_trim(text);
	if (!ip_parse(&ip, str_word(&text)))
		return;
	while (
	    (name = str_word(&text)).n > 0 && s->n_hosts < LOOKUP_HOSTS_MAX) {
		struct str canonical;

		if (!addr_domain_ok(name, &canonical, &s->mem))
			continue;
		s->hosts = mem_room(
		    s->hosts, &s->cap_hosts, s->n_hosts, sizeof(*s->hosts));
		s->hosts[s->n_hosts++] = (struct lookup_host){ ip,
			arena_str(&s->mem, canonical), first };
		first = false;
	}
}
