/* netlink.c - what the kernel knows of sockets, interfaces, routes */
#include "admin/netlink.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/mem.h"

#define ANSWER_SIZE (64 * 1024)
#define SEQUENCE    1

static int call(const struct netlink *, uint16_t flags,
    void (*take)(void *arg, const struct nlmsghdr *), void *arg,
    struct err *err);
static int ask(const struct netlink *, uint16_t flags, struct err *);
static int take_all(int fd, void (*take)(void *, const struct nlmsghdr *),
    void *arg, struct err *);
static int error_of(const struct nlmsghdr *, struct err *);

int
netlink_dump(const struct netlink *q,
    void (*take)(void *arg, const struct nlmsghdr *), void *arg,
    struct err *err)
{
	return call(q, NLM_F_DUMP, take, arg, err);
}

int
netlink_change(const struct netlink *q, struct err *err)
{
	return call(q, NLM_F_ACK, NULL, NULL, err);
}

const void *
netlink_body(const struct nlmsghdr *h, size_t n)
{
	return h->nlmsg_len >= NLMSG_LENGTH(n) ? NLMSG_DATA(h) : NULL;
}

const void *
netlink_attr(const struct nlmsghdr *h, size_t n, unsigned type, size_t least)
{
	size_t at = NLMSG_SPACE(n), len;

	while (at + sizeof(struct nlattr) <= h->nlmsg_len) {
		const struct nlattr *a = (const void *)((const char *)h + at);

		if (a->nla_len < sizeof(*a) || a->nla_len > h->nlmsg_len - at)
			return NULL;
		len = a->nla_len - NLA_HDRLEN;
		if ((a->nla_type & NLA_TYPE_MASK) == type && len >= least)
			return (const char *)a + NLA_HDRLEN;
		at += NLA_ALIGN(a->nla_len);
	}
	return NULL;
}

size_t
netlink_attr_len(const void *attr)
{
	const struct nlattr *a =
	    (const void *)((const char *)attr - NLA_HDRLEN);

	return a->nla_len - NLA_HDRLEN;
}

static int
call(const struct netlink *q, uint16_t flags,
    void (*take)(void *arg, const struct nlmsghdr *), void *arg,
    struct err *err)
{
	int fd = ask(q, flags, err), rc;

	if (fd == -1)
		return -1;
	rc = take_all(fd, take, arg, err);
	close(fd);
	return rc;
}

static int
ask(const struct netlink *q, uint16_t flags, struct err *err)
{
	int fd = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, q->protocol);
	struct nlmsghdr *h;
	ssize_t sent;

	if (fd == -1)
		return err_sys(err, ERR_TEMP, "the kernel cannot be asked");
	h = mem_alloc(NLMSG_SPACE(q->n));
	h->nlmsg_len = (uint32_t)NLMSG_LENGTH(q->n);
	h->nlmsg_type = q->type;
	h->nlmsg_flags = (uint16_t)(NLM_F_REQUEST | flags);
	h->nlmsg_seq = SEQUENCE;
	memcpy(NLMSG_DATA(h), q->body, q->n);
	sent = send(fd, h, h->nlmsg_len, 0);
	free(h);
	if (sent != -1)
		return fd;
	err_sys(err, ERR_TEMP, "the kernel cannot be asked");
	close(fd);
	return -1;
}

/* Up to DONE, or the error (0: confirmed) that ends it. */
static int
take_all(int fd, void (*take)(void *, const struct nlmsghdr *), void *arg,
    struct err *err)
{
	char *answer = mem_alloc(ANSWER_SIZE);
	int rc = 1;

	while (rc == 1) {
		ssize_t n = recv(fd, answer, ANSWER_SIZE, 0);
		const struct nlmsghdr *h = (const void *)answer;

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0) {
			rc = err_sys(err, ERR_TEMP, "no answer of the kernel");
			break;
		}
		for (; rc == 1 && NLMSG_OK(h, n); h = NLMSG_NEXT(h, n)) {
			if (h->nlmsg_type == NLMSG_DONE ||
			    h->nlmsg_type == NLMSG_ERROR)
				rc = error_of(h, err);
			else if (take != NULL)
				take(arg, h);
		}
	}
	free(answer);
	return rc;
}

static int
error_of(const struct nlmsghdr *h, struct err *err)
{
	const int *code = netlink_body(h, sizeof(*code));

	if (code == NULL || *code == 0)
		return 0;
	errno = -*code;
	return err_sys(err, ERR_TEMP, "the kernel does not say");
}
