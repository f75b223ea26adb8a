/*
 * http.c - the only file that knows libcurl
 *
 * What would read a file is switched off, or done before the sandbox closes:
 * authorities are memory, names are given, no folder of certificates, no
 * proxy, no .netrc.
 */
#include "lookup/http.h"

#include <curl/curl.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/mem.h"

#define AUTHORITIES     "/etc/ssl/certs/ca-certificates.crt"
#define AUTHORITIES_MAX ((size_t)4 << 20)
#define PORT_MAX        6

struct http {
	struct loop *loop;
	CURLM *multi;
	struct loop_timer *timer;
	struct buf authorities;
	struct http_get *gets;
};

struct http_get {
	struct http_get *next;
	struct http *http;
	CURL *easy;
	http_done done;
	void *arg;
	struct buf body;
	struct buf authorities; /* of its own */
	struct curl_slist *headers, *names;
	char etag[HTTP_ETAG_MAX + 1];
	char error[CURL_ERROR_SIZE];
	size_t max;
};

struct sock { /* that libcurl waits for */
	struct http *http;
	curl_socket_t fd;
	struct loop_watch *watch;
};

static void read_authorities(struct buf *, const char *path);
static int on_socket(CURL *, curl_socket_t, int what, void *arg, void *sock);
static int on_timer(CURLM *, long ms, void *arg);
static void on_ready(void *arg, int ready);
static void on_time(void *arg);
static void act(struct http *, curl_socket_t, int what);
static void finish(struct http *, CURL *, CURLcode);
static void get_free(struct http_get *);
static void set_trust(struct http_get *, struct str authorities);
static void set_name(struct http_get *, const struct http_request *);
static void set_limits(struct http_get *, const struct http_request *);
static void set_etag(struct http_get *, const char *etag);
static size_t on_body(char *, size_t, size_t, void *arg);
static size_t on_header(char *, size_t, size_t, void *arg);

struct http *
http_new(struct loop *loop, const char *authorities)
{
	struct http *h = mem_alloc(sizeof(*h));

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		panic("libcurl cannot be used");
	h->loop = loop;
	h->timer = loop_timer(loop, on_time, h);
	h->multi = curl_multi_init();
	if (h->multi == NULL)
		panic("libcurl cannot be used");
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETFUNCTION, on_socket);
	curl_multi_setopt(h->multi, CURLMOPT_SOCKETDATA, h);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERFUNCTION, on_timer);
	curl_multi_setopt(h->multi, CURLMOPT_TIMERDATA, h);
	read_authorities(
	    &h->authorities, authorities != NULL ? authorities : AUTHORITIES);
	return h;
}

void
http_free(struct http **hp)
{
	struct http *h = *hp;

	*hp = NULL;
	if (h == NULL)
		return;
	while (h->gets != NULL)
		get_free(h->gets);
	curl_multi_cleanup(h->multi);
	loop_timer_free(&h->timer);
	buf_fini(&h->authorities);
	free(h);
}

bool
http_host(const char *url, char host[HTTP_HOST_MAX + 1])
{
	CURLU *u = curl_url();
	char *part = NULL;
	bool ok = curl_url_set(u, CURLUPART_URL, url, 0) == CURLUE_OK &&
		  curl_url_get(u, CURLUPART_HOST, &part, 0) == CURLUE_OK;
	struct str s = str_of(part);

	/* an IPv6 address stands in brackets */
	if (ok && s.n > 2 && s.p[0] == '[')
		s = str_sub(s, 1, s.n - 2);
	ok = ok && s.n > 0 && str_copy(host, HTTP_HOST_MAX + 1, s);
	curl_free(part);
	curl_url_cleanup(u);
	return ok;
}

struct http_get *
http_get(
    struct http *h, const struct http_request *r, http_done done, void *arg)
{
	struct http_get *g = mem_alloc(sizeof(*g));

	g->http = h;
	g->done = done;
	g->arg = arg;
	g->easy = curl_easy_init();
	if (g->easy == NULL)
		panic("out of memory");
	g->next = h->gets;
	h->gets = g;
	buf_init(&g->body, r->max);
	buf_init(&g->authorities, AUTHORITIES_MAX);
	curl_easy_setopt(g->easy, CURLOPT_PRIVATE, g);
	curl_easy_setopt(g->easy, CURLOPT_URL, r->url);
	curl_easy_setopt(g->easy, CURLOPT_ERRORBUFFER, g->error);
	curl_easy_setopt(
	    g->easy, CURLOPT_USERAGENT, "Postern/" POSTERN_VERSION);
	set_limits(g, r);
	set_trust(g, r->authorities);
	set_name(g, r);
	set_etag(g, r->etag);
	curl_multi_add_handle(h->multi, g->easy);
	return g;
}

void
http_stop(struct http_get **gp)
{
	if (*gp != NULL)
		get_free(*gp);
	*gp = NULL;
}

static void
read_authorities(struct buf *b, const char *path)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;
	char *room;

	buf_init(b, AUTHORITIES_MAX);
	buf_puts(b, "");
	while (fd != -1 && (room = buf_room(b, 65536)) != NULL &&
	       (n = read(fd, room, 65536)) > 0)
		buf_grew(b, (size_t)n);
	if (fd != -1)
		close(fd);
}

/* --- what a request wants --- */

static void
set_limits(struct http_get *g, const struct http_request *r)
{
	g->max = r->max;
	curl_easy_setopt(g->easy, CURLOPT_TIMEOUT_MS, (long)r->ms);
	curl_easy_setopt(g->easy, CURLOPT_NOSIGNAL, 1L);
	curl_easy_setopt(g->easy, CURLOPT_PROTOCOLS_STR, "https");
	curl_easy_setopt(g->easy, CURLOPT_FOLLOWLOCATION, 0L);
	curl_easy_setopt(g->easy, CURLOPT_PROXY, "");
	curl_easy_setopt(
	    g->easy, CURLOPT_HTTP_VERSION, (long)CURL_HTTP_VERSION_1_1);
	curl_easy_setopt(g->easy, CURLOPT_WRITEFUNCTION, on_body);
	curl_easy_setopt(g->easy, CURLOPT_WRITEDATA, g);
	curl_easy_setopt(g->easy, CURLOPT_HEADERFUNCTION, on_header);
	curl_easy_setopt(g->easy, CURLOPT_HEADERDATA, g);
}

static void
set_trust(struct http_get *g, struct str authorities)
{
	struct curl_blob blob = { .flags = CURL_BLOB_NOCOPY };

	buf_puts(&g->authorities, "");
	buf_add_str(&g->authorities,
	    authorities.n > 0 ? authorities : buf_str(&g->http->authorities));
	blob.data = g->authorities.data;
	blob.len = g->authorities.len;
	curl_easy_setopt(g->easy, CURLOPT_CAINFO_BLOB, &blob);
	curl_easy_setopt(g->easy, CURLOPT_CAINFO, NULL);
	curl_easy_setopt(g->easy, CURLOPT_CAPATH, NULL);
	curl_easy_setopt(
	    g->easy, CURLOPT_SSLVERSION, (long)CURL_SSLVERSION_TLSv1_2);
}

/* "feed.example.com:443:192.0.2.1,[2001:db8::1]" */
static void
set_name(struct http_get *g, const struct http_request *r)
{
	char host[HTTP_HOST_MAX + 1], ip[IP_TEXT], *port = NULL;
	CURLU *u = curl_url();
	struct buf line;

	buf_init(&line, 4096);
	if (r->n_addrs > 0 && http_host(r->url, host) &&
	    curl_url_set(u, CURLUPART_URL, r->url, 0) == CURLUE_OK &&
	    curl_url_get(u, CURLUPART_PORT, &port, CURLU_DEFAULT_PORT) ==
		CURLUE_OK) {
		buf_printf(&line, "%s:%.*s:", host, PORT_MAX, port);
		for (size_t i = 0; i < r->n_addrs; i++)
			buf_printf(&line,
			    ip_is_v4(&r->addrs[i]) ? "%s%s" : "%s[%s]",
			    i > 0 ? "," : "", ip_text(&r->addrs[i], ip));
		g->names = curl_slist_append(NULL, line.data);
		curl_easy_setopt(g->easy, CURLOPT_RESOLVE, g->names);
	}
	buf_fini(&line);
	curl_free(port);
	curl_url_cleanup(u);
}

static void
set_etag(struct http_get *g, const char *etag)
{
	char line[HTTP_ETAG_MAX + 32];

	if (etag == NULL || etag[0] == '\0')
		return;
	snprintf(line, sizeof(line), "If-None-Match: %s", etag);
	g->headers = curl_slist_append(NULL, line);
	curl_easy_setopt(g->easy, CURLOPT_HTTPHEADER, g->headers);
}

/* --- what comes --- */

static size_t
on_body(char *p, size_t size, size_t n, void *arg)
{
	struct http_get *g = arg;

	return buf_add(&g->body, p, size * n) ? size * n : 0;
}

static size_t
on_header(char *p, size_t size, size_t n, void *arg)
{
	struct http_get *g = arg;
	struct str value = { p, size * n };
	struct str name = str_cut(&value, ':');

	value = str_trim(value);
	if (str_is_nocase(name, "ETag") && value.n <= HTTP_ETAG_MAX)
		str_copy(g->etag, sizeof(g->etag), value);
	return size * n;
}

static void
finish(struct http *h, CURL *easy, CURLcode code)
{
	struct http_answer a = { 0 };
	struct http_get *g = NULL;
	char large[64];
	long status = 0;

	(void)h;
	curl_easy_getinfo(easy, CURLINFO_PRIVATE, &g);
	curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	a.error = g->error[0] != '\0' ? g->error : curl_easy_strerror(code);
	a.untrusted = code == CURLE_PEER_FAILED_VERIFICATION;
	if (code == CURLE_OK) {
		a.status = (unsigned)status;
		a.error = NULL;
	} else if (g->body.failed) {
		snprintf(large, sizeof(large), "more than %zu bytes", g->max);
		a.error = large;
	}
	a.body = buf_str(&g->body);
	a.etag = str_of(g->etag);
	g->done(g->arg, &a);
	get_free(g);
}

static void
get_free(struct http_get *g)
{
	struct http_get **at = &g->http->gets;

	while (*at != g)
		at = &(*at)->next;
	*at = g->next;
	curl_multi_remove_handle(g->http->multi, g->easy);
	curl_easy_cleanup(g->easy);
	curl_slist_free_all(g->headers);
	curl_slist_free_all(g->names);
	buf_fini(&g->body);
	buf_fini(&g->authorities);
	free(g);
}

/* --- libcurl on our loop --- */

static int
on_socket(CURL *easy, curl_socket_t fd, int what, void *arg, void *sp)
{
	struct http *h = arg;
	struct sock *s = sp;
	int want = (what & CURL_POLL_IN ? LOOP_READ : 0) |
		   (what & CURL_POLL_OUT ? LOOP_WRITE : 0);

	(void)easy;
	if (what == CURL_POLL_REMOVE) {
		if (s != NULL)
			loop_unwatch(&s->watch);
		free(s);
		return 0;
	}
	if (s == NULL) {
		s = mem_alloc(sizeof(*s));
		s->http = h;
		s->fd = fd;
		s->watch = loop_watch(h->loop, fd, want, on_ready, s);
		curl_multi_assign(h->multi, fd, s);
	}
	loop_want(s->watch, want);
	return 0;
}

static int
on_timer(CURLM *multi, long ms, void *arg)
{
	struct http *h = arg;

	(void)multi;
	if (ms < 0)
		loop_timer_stop(h->timer);
	else
		loop_timer_in(h->timer, ms);
	return 0;
}

static void
on_ready(void *arg, int ready)
{
	struct sock *s = arg;

	act(s->http, s->fd,
	    (ready & LOOP_READ ? CURL_CSELECT_IN : 0) |
		(ready & LOOP_WRITE ? CURL_CSELECT_OUT : 0));
}

static void
on_time(void *arg)
{
	act(arg, CURL_SOCKET_TIMEOUT, 0);
}

static void
act(struct http *h, curl_socket_t fd, int what)
{
	int running, left;
	CURLMsg *m;

	curl_multi_socket_action(h->multi, fd, what, &running);
	while ((m = curl_multi_info_read(h->multi, &left)) != NULL)
		if (m->msg == CURLMSG_DONE)
			finish(h, m->easy_handle, m->data.result);
}
