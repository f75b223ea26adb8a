/* scan.c - a message for a scanner to look at */
#include "cleanup/scan.h"

#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "base/mem.h"

#define RCPTS_SHOWN 100 /* to scanners */

bool
scan_send(struct ipc *lookupd, uint32_t txn, const struct task *t,
    const struct need *need)
{
	struct work_run run = t->run;
	const struct work *w = &run.at->work;
	struct word rcpts[RCPTS_SHOWN];
	struct str header, body;
	struct arena mem;
	struct scan_msg m;
	bool ok;
	int fd;

	arena_init(&mem, QUEUE_READ_MEM);
	fd = memfd_create("postern-scan", MFD_CLOEXEC);
	ok = fd != -1 && work_fact_content(&run, need, &header, &body, &mem) &&
	     scan_put(fd, header) && scan_put(fd, body);
	if (ok) {
		m = (struct scan_msg){
			.kind = need->id == FACT_SPAM ? SCAN_SPAM : SCAN_VIRUS,
			.mid = t->origin.mid,
			.size = (uint64_t)header.n + body.n,
			.header_len = header.n,
			.client = t->facts.client,
			.helo = t->origin.helo,
			.host = t->facts.host,
			.user = t->origin.user,
			.sender = w->sender,
		};
		while (m.rcpts.n < w->n_rcpts && m.rcpts.n < RCPTS_SHOWN) {
			rcpts[m.rcpts.n].text = w->rcpts[m.rcpts.n].addr;
			m.rcpts.n++;
		}
		m.rcpts.v = rcpts;
		ipc_send_fds(lookupd, IPC_SCAN, txn, &m, &fd, 1);
	} else if (fd != -1) {
		close(fd);
	}
	arena_free(&mem);
	return ok;
}

bool
scan_put(int fd, struct str bytes)
{
	while (bytes.n > 0) {
		ssize_t n = write(fd, bytes.p, bytes.n);

		if (n == -1 && errno == EINTR)
			continue;
		if (n <= 0)
			return false;
		bytes = str_sub(bytes, (size_t)n, bytes.n);
	}
	return true;
}
