/* io.c - the one writer and the one reader */
#include "queue/io.h"

#include <errno.h>
#include <unistd.h>

#include "base/err.h"

int
io_write(int fd, struct iovec *iov, int n, uint64_t at, struct err *err)
{
	ssize_t done;

	while (n > 0) {
		if (iov->iov_len == 0) {
			iov++, n--;
			continue;
		}
		done = pwritev(fd, iov, n, (off_t)at);
		if (done == -1 && errno == EINTR)
			continue;
		if (done == -1)
			return err_sys(err, ERR_TEMP, "write");
		if (done == 0)
			return err_set(err, ERR_TEMP, "write: nothing taken");
		at += (uint64_t)done;
		while (n > 0 && (size_t)done >= iov->iov_len) {
			done -= (ssize_t)iov->iov_len;
			iov++, n--;
		}
		if (n > 0) {
			iov->iov_base = (char *)iov->iov_base + done;
			iov->iov_len -= (size_t)done;
		}
	}
	return 0;
}

int
io_write1(int fd, const void *p, size_t n, uint64_t at, struct err *err)
{
	struct iovec iov = { (void *)(uintptr_t)p, n };

	return io_write(fd, &iov, 1, at, err);
}

ssize_t
io_read(int fd, void *p, size_t n, uint64_t at, struct err *err)
{
	size_t have = 0;
	ssize_t got;

	while (have < n) {
		got = pread(fd, (char *)p + have, n - have, (off_t)(at + have));
		if (got == -1 && errno == EINTR)
			continue;
		if (got == -1)
			return err_sys(err, ERR_TEMP, "read");
		if (got == 0)
			break;
		have += (size_t)got;
	}
	return (ssize_t)have;
}

int
io_sync(int fd, struct err *err)
{
	/* Not tried again, whatever the error: after a failure the kernel may
	 * have marked the pages clean, and a second call would lie. */
	if (fsync(fd) == -1)
		return err_sys(err, ERR_TEMP, "sync");
	return 0;
}
