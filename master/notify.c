/* notify.c - systemd's notify protocol: sd_notify(3), without its library */
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include "base/str.h"
#include "master/master.h"

static struct loop_timer *watchdog;
static int64_t watchdog_ms;

static void watchdog_tick(void *arg);

void
notify_send(const char *state)
{
	struct sockaddr_un sa = { .sun_family = AF_UNIX };
	const char *path = getenv("NOTIFY_SOCKET");
	socklen_t len;
	int fd;

	if (path == NULL || (path[0] != '/' && path[0] != '@') ||
	    !str_copy(sa.sun_path, sizeof(sa.sun_path), str_of(path)))
		return;
	len =
	    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(path));
	if (sa.sun_path[0] == '@')
		sa.sun_path[0] = '\0';
	fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	if (fd == -1)
		return;
	/* systemd not listening is no reason to stop carrying mail */
	(void)sendto(fd, state, strlen(state), MSG_NOSIGNAL,
	    (const struct sockaddr *)&sa, len);
	close(fd);
}

void
notify_watchdog(struct loop *loop)
{
	const char *usec = getenv("WATCHDOG_USEC");
	uint64_t n;

	if (usec == NULL || !str_u64(str_of(usec), UINT64_MAX / 2, &n) ||
	    n < 2000)
		return;
	watchdog_ms = (int64_t)(n / 2000); /* twice as often as asked */
	watchdog = loop_timer(loop, watchdog_tick, NULL);
	watchdog_tick(NULL);
}

static void
watchdog_tick(void *arg)
{
	(void)arg;
	notify_send("WATCHDOG=1");
	loop_timer_in(watchdog, watchdog_ms);
}
