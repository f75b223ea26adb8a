/*
 * tls_client.c - clients that only shake hands, for tests/bench/handshakes
 *
 * tls_client PORT CLIENTS SECONDS clear|full|resume
 *
 * Each client connects, says EHLO, STARTTLS (but not "clear"), EHLO again,
 * QUIT, and begins anew, until the time is over. With "resume" it shows the
 * ticket that it got last. Prints how many came to their QUIT, and how many
 * of them were resumed.
 */
#include <arpa/inet.h>
#include <openssl/ssl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct client {
	SSL_CTX *ctx;
	SSL_SESSION *session;
	bool tls, resume;
	unsigned long done, resumed;
};

static int dial(int port);
static bool talk(int fd, SSL *ssl, const char *say);
static bool one(struct client *, int port);
static int keep(SSL *, SSL_SESSION *);

int
main(int argc, char **argv)
{
	struct client c = { .ctx = SSL_CTX_new(TLS_client_method()) };
	unsigned long done = 0, resumed = 0, v[2];
	int pipes[2], clients;
	time_t end;

	if (argc != 5 || pipe(pipes) == -1)
		return 2;
	clients = (int)strtol(argv[2], NULL, 10);
	end = time(NULL) + strtol(argv[3], NULL, 10);
	c.tls = strcmp(argv[4], "clear") != 0;
	c.resume = strcmp(argv[4], "resume") == 0;
	SSL_CTX_set_session_cache_mode(c.ctx, SSL_SESS_CACHE_CLIENT);
	SSL_CTX_sess_set_new_cb(c.ctx, keep);
	for (int i = 0; i < clients; i++) {
		if (fork() != 0)
			continue;
		while (time(NULL) < end)
			if (!one(&c, (int)strtol(argv[1], NULL, 10)))
				_exit(1);
		v[0] = c.done;
		v[1] = c.resumed;
		_exit(write(pipes[1], v, sizeof(v)) == sizeof(v) ? 0 : 1);
	}
	close(pipes[1]);
	while (read(pipes[0], v, sizeof(v)) == sizeof(v)) {
		done += v[0];
		resumed += v[1];
	}
	printf("%lu %lu\n", done, resumed);
	while (wait(NULL) > 0)
		;
	return 0;
}

static bool
one(struct client *c, int port)
{
	int fd = dial(port);
	SSL *ssl = NULL;
	bool ok = fd != -1 && talk(fd, NULL, NULL) &&
		  talk(fd, NULL, "EHLO client.test\r\n");

	if (ok && c->tls) {
		ssl = SSL_new(c->ctx);
		SSL_set_app_data(ssl, c);
		SSL_set_fd(ssl, fd);
		if (c->resume && c->session != NULL)
			SSL_set_session(ssl, c->session);
		ok = talk(fd, NULL, "STARTTLS\r\n") && SSL_connect(ssl) == 1 &&
		     talk(fd, ssl, "EHLO client.test\r\n");
		if (ok && SSL_session_reused(ssl))
			c->resumed++;
	}
	ok = ok && talk(fd, ssl, "QUIT\r\n");
	if (ok)
		c->done++;
	if (ssl != NULL)
		SSL_shutdown(ssl);
	SSL_free(ssl);
	close(fd);
	return ok;
}

static int
keep(SSL *ssl, SSL_SESSION *session)
{
	struct client *c = SSL_get_app_data(ssl);

	SSL_SESSION_free(c->session);
	c->session = session;
	return 1;
}

static int
dial(int port)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons((uint16_t)port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == 0)
		return fd;
	close(fd);
	return -1;
}

/* Says a line, reads the whole reply: it must be 2xx. */
static bool
talk(int fd, SSL *ssl, const char *say)
{
	char text[4096];
	size_t n = 0;

	if (say != NULL) {
		int len = (int)strlen(say);

		if ((ssl != NULL ? SSL_write(ssl, say, len)
				 : (int)write(fd, say, (size_t)len)) != len)
			return false;
	}
	for (;;) {
		char *last;
		int got =
		    ssl != NULL
			? SSL_read(ssl, text + n, (int)(sizeof(text) - 1 - n))
			: (int)read(fd, text + n, sizeof(text) - 1 - n);

		if (got <= 0)
			return false;
		n += (size_t)got;
		text[n] = '\0';
		if (n < 2 || text[n - 1] != '\n')
			continue;
		text[n - 1] = '\0';
		last = strrchr(text, '\n');
		last = last != NULL ? last + 1 : text;
		text[n - 1] = '\n';
		if (strlen(last) > 4 && last[3] == ' ')
			return last[0] == '2';
	}
}
