/* hosts.c - names and addresses, as the gateway sees them */
#include "admin/hosts.h"

#include <errno.h>
#include <netdb.h>
#include <string.h>

#include "admin/fields.h"
#include "base/mem.h"

static size_t add(const json_t *answer, struct ip *v, size_t n);
static size_t of_system(
    const struct hosts_query *, struct ip *v, struct err *err);
static void note_failure(const json_t *answer, char *why, size_t size);
static int refuse(struct err *, const char *host, const char *failure);

json_t *
hosts_lookup(
    struct tool *t, const char *kind, const char *name, struct err *err)
{
	const char *words[] = { "lookup", kind, name, NULL };
	struct control_answer answer;
	json_t *j;

	if (control_ask(t, PROGRAM_LOOKUPD, words, &answer, err) == -1)
		return NULL;
	j = json_incref(answer.json);
	control_answer_fini(&answer);
	return j;
}

size_t
hosts_resolve(struct tool *t, const struct hosts_query *q,
    struct ip v[HOSTS_MAX], struct err *err)
{
	static const struct {
		int family;
		const char *kind;
	} kinds[] = { { AF_INET, "a" }, { AF_INET6, "aaaa" } };
	char failure[100] = "";
	size_t n = 0;

	if (*q->host == '\0') {
		err_set(err, ERR_USAGE, "the host has no name");
		return 0;
	}
	if (ip_parse(&v[0], str_of(q->host))) {
		if (q->family == AF_UNSPEC ||
		    ip_is_v4(&v[0]) == (q->family == AF_INET))
			return 1;
		err_set(err, ERR_PERM, "%s is an IPv%c address", q->host,
		    ip_is_v4(&v[0]) ? '4' : '6');
		return 0;
	}
	for (size_t i = 0; i < NELEM(kinds); i++) {
		struct err why = ERR_INIT;
		json_t *j;

		if (q->family != AF_UNSPEC && q->family != kinds[i].family)
			continue;
		j = hosts_lookup(t, kinds[i].kind, q->host, &why);
		if (j == NULL && why.sys == ECONNREFUSED)
			return of_system(q, v, err);
		if (j == NULL) {
			*err = why;
			return 0;
		}
		n = add(j, v, n);
		note_failure(j, failure, sizeof(failure));
		json_decref(j);
	}
	if (n == 0)
		refuse(err, q->host, failure);
	return n;
}

bool
hosts_name(struct tool *t, const struct ip *ip, char out[DOMAIN_MAX + 1])
{
	char reverse[80];
	json_t *j;
	bool found;

	ip_reverse_name(ip, reverse);
	j = hosts_lookup(t, "ptr", reverse, NULL);
	found = str_copy(out, DOMAIN_MAX + 1,
	    str_of(fields_text(
		json_array_get(json_object_get(j, "records"), 0), "host")));
	json_decref(j);
	return found && *out != '\0';
}

static size_t
add(const json_t *answer, struct ip *v, size_t n)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(answer, "records"), i, one)
	{
		if (n < HOSTS_MAX &&
		    ip_parse(&v[n], str_of(fields_text(one, "address"))))
			n++;
	}
	return n;
}

static size_t
of_system(const struct hosts_query *q, struct ip *v, struct err *err)
{
	struct addrinfo hints = { .ai_family = q->family,
		.ai_socktype = SOCK_STREAM };
	struct addrinfo *all, *one;
	struct sockaddr_storage sa;
	uint16_t port;
	size_t n = 0;
	int rc = getaddrinfo(q->host, NULL, &hints, &all);

	if (rc != 0) {
		refuse(err, q->host, rc == EAI_AGAIN ? gai_strerror(rc) : "");
		return 0;
	}
	for (one = all; one != NULL && n < HOSTS_MAX; one = one->ai_next) {
		if (one->ai_addrlen > sizeof(sa))
			continue;
		memset(&sa, 0, sizeof(sa));
		memcpy(&sa, one->ai_addr, one->ai_addrlen);
		ip_from_sockaddr(&v[n++], &port, &sa);
	}
	freeaddrinfo(all);
	if (n == 0)
		refuse(err, q->host, "");
	return n;
}

/* That nobody could say is not that there is no such host. */
static void
note_failure(const json_t *answer, char *why, size_t size)
{
	if (strcmp(fields_text(answer, "outcome"), "failed") == 0)
		str_copy(why, size, str_of(fields_text(answer, "reason")));
}

static int
refuse(struct err *err, const char *host, const char *failure)
{
	if (*failure != '\0')
		return err_set(err, ERR_TEMP,
		    "cannot resolve %s: the DNS gives no answer (%s)", host,
		    failure);
	return err_set(err, ERR_PERM, "cannot resolve %s: Unknown host", host);
}
