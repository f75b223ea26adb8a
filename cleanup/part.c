/* part.c - a part of a message for inspect to look at */
#include "cleanup/part.h"

#include <sys/mman.h>
#include <unistd.h>

#include "cleanup/scan.h"
#include "lookup/part.h"

bool
part_send(struct ipc *inspect, uint32_t txn, const struct task *t,
    const struct need *need)
{
	struct work_run run = t->run;
	struct inspect_msg m;
	struct str header, body;
	struct arena mem;
	bool ok;
	int fd;

	arena_init(&mem, QUEUE_READ_MEM);
	fd = memfd_create("postern-part", MFD_CLOEXEC);
	ok = fd != -1 && work_fact_content(&run, need, &header, &body, &mem) &&
	     scan_put(fd, body);
	if (ok) {
		m = part_question(
		    t->config, body.n, part_together(t->asks.run, need->key));
		ipc_send_fds(inspect, IPC_INSPECT, txn, &m, &fd, 1);
	} else if (fd != -1) {
		close(fd);
	}
	arena_free(&mem);
	return ok;
}
