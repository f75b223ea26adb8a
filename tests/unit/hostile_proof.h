/*
 * hostile_proof.h - the work of each program, once, with peers that behave
 *
 * rig_works() is the proof that a program still does what it is for.
 */
#ifndef TESTS_HOSTILE_PROOF_H
#define TESTS_HOSTILE_PROOF_H

#include <glob.h>
#include <sys/mman.h>

#include "event/event.h"
#include "fact/facts.h"
#include "hostile_rig.h"
#include "tls/cert.h"
#include "tls/make.h"
#include "tls/sign.h"

#define PROOF_CONTENT "Subject: x\r\n\r\nhello\r\n"

static inline struct rcpt
proof_rcpt(void)
{
	return (struct rcpt){
		.addr = STR("r@example.com"), .orig = STR(""), .orcpt = STR("")
	};
}

/* --- a text on a socket, as SMTP has it --- */

/* Reads until a line begins with that; false: it does not come. */
static inline bool
proof_line(int fd, const char *begin)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	char line[1024];
	size_t n = 0;

	while (clock_mono_ms() < until) {
		struct pollfd p = { fd, POLLIN, 0 };

		if (poll(&p, 1, 100) != 1)
			continue;
		if (recv(fd, line + n, 1, 0) != 1)
			return false;
		if (line[n] == '\n') {
			if (strncmp(line, begin, strlen(begin)) == 0)
				return true;
			n = 0;
		} else if (n < sizeof(line) - 2) {
			n++;
		}
	}
	return false;
}

static inline bool
proof_write(int fd, const char *text)
{
	return send(fd, text, strlen(text), MSG_NOSIGNAL) ==
	       (ssize_t)strlen(text);
}

/* --- recorder --- */

static inline bool
proof_logged(const struct rig *r, const char *text)
{
	char pattern[128], *data = mem_alloc(1 << 22);
	bool found = false;
	glob_t g;

	snprintf(pattern, sizeof(pattern), "%s/mail_logs/*.@*", r->kit.path);
	if (glob(pattern, 0, NULL, &g) == 0) {
		for (size_t i = 0; i < g.gl_pathc && !found; i++) {
			int fd = open(g.gl_pathv[i], O_RDONLY);
			off_t size = lseek(fd, 0, SEEK_END);
			off_t at = size > 4096 ? size - 4096 : 0;
			ssize_t n = pread(fd, data, (1 << 22) - 1, at);

			data[n > 0 ? n : 0] = '\0';
			found = memmem(data, n > 0 ? (size_t)n : 0, text,
				    strlen(text)) != NULL;
			close(fd);
		}
		globfree(&g);
	}
	free(data);
	return found;
}

static inline bool
proof_recorder(struct rig *r)
{
	int64_t until = clock_mono_ms() + PATIENCE_MS;
	char text[40];
	struct buf body;
	bool ok;

	snprintf(text, sizeof(text), "proof number %u", ++r->txn);
	buf_init(&body, IPC_FRAME_MAX);
	event_encode(EVENT_NOTICE, clock_wall_ms() * 1000,
	    &(struct event_NOTICE){ .text = str_of(text) }, &body);
	ok = rig_say_raw(r->peers[PROGRAM_QMGR], IPC_EVENT, 0, buf_str(&body));
	buf_fini(&body);
	while (ok && !proof_logged(r, text) && clock_mono_ms() < until)
		poll(NULL, 0, 5);
	return ok && proof_logged(r, text);
}

/* --- lookupd --- */

static inline bool
proof_lookupd(struct rig *r)
{
	struct query q = {
		.kind = LOOKUP_A, .name = STR("example.com"), .timeout_ms = 1000
	};
	int fd = r->peers[PROGRAM_QMGR];
	struct answer a;
	struct arena mem;
	struct heard h;
	bool ok;

	arena_init(&mem, IPC_FRAME_MAX);
	ok = rig_say(fd, IPC_QUERY, ++r->txn, &q, NULL, 0) &&
	     rig_expect(fd, &h, IPC_ANSWER, &a, &mem) && h.f.txn == r->txn;
	arena_free(&mem);
	return ok;
}

/* --- cleanup --- */

static inline bool
proof_intake(struct rig *r, int fd, uint64_t mid, struct accepted *a)
{
	struct envelope env = kit_envelope(mid);
	struct str content = STR(PROOF_CONTENT);
	struct end_msg end = { .size = content.n };
	uint32_t txn = ++r->txn;
	struct heard h;

	if (!rig_say(fd, IPC_ENVELOPE, txn, &env, NULL, 0) ||
	    !rig_say_raw(fd, IPC_DATA, txn, content) ||
	    !rig_say(fd, IPC_END, txn, &end, NULL, 0))
		return false;
	while (rig_expect(fd, &h, IPC_ACCEPTED, a, NULL))
		if (h.f.txn == txn)
			return true;
	return false;
}

/* What cleanup hands on: with a descriptor for reading, or all of it. */
static inline bool
proof_handed_on(struct rig *r, uint64_t mid)
{
	struct message m = { .mid = 0 };
	struct err err = ERR_INIT;
	struct arena mem;
	struct heard h;
	struct stat st;
	bool ok = false;

	while (m.mid != mid && rig_hear(r->peers[PROGRAM_QMGR], &h)) {
		if (h.f.type != IPC_MESSAGE && h.f.type != IPC_MESSAGE_INLINE)
			continue;
		arena_init(&mem, 16 * IPC_FRAME_MAX);
		if (ipc_decode(&h.f, &m, &mem, &err) == -1 || m.mid != mid)
			ok = false;
		else if (h.f.type == IPC_MESSAGE_INLINE)
			ok = str_is(m.content, PROOF_CONTENT);
		else
			ok = fstat(h.fds[0], &st) == 0 && S_ISREG(st.st_mode) &&
			     (fcntl(h.fds[0], F_GETFL) & O_ACCMODE) == O_RDONLY;
		arena_free(&mem);
	}
	return ok;
}

static inline bool
proof_cleanup(struct rig *r)
{
	struct accepted a;
	bool ok;

	ok = proof_intake(r, r->peers[PROGRAM_SMTPD], ++r->mid, &a) &&
	     a.code == 250 && proof_handed_on(r, r->mid);
	unlink(kit_file(&r->kit, "incoming", r->mid));
	return ok;
}

/* --- qmgr --- */

/* A message of ours, that stands in the spool, to one recipient. */
static inline bool
proof_message(struct rig *r, int fd, uint64_t mid, const char *rcpt)
{
	struct rcpt to = proof_rcpt();
	struct message m = { .mid = mid,
		.sender = STR("joe@sender.test"),
		.listener = STR("InboundMail"),
		.arrival = clock_wall_ms(),
		.bounce_profile = STR(""),
		.gateway = STR(""),
		.subject = STR(""),
		.envid = STR(""),
		.content_off = 400,
		.content_len = 100,
		.prepend = STR(""),
		.content = STR(""),
		.n_rcpts = 1,
		.rcpts = { 1, &to } };
	struct err err = ERR_INIT;
	int file;
	bool ok;

	to.addr = str_of(rcpt);
	file =
	    spool_open_mid(r->kit.spool, QUEUE_INCOMING, mid, O_RDONLY, &err);
	ok = file != -1 && rig_say(fd, IPC_MESSAGE, 0, &m, &file, 1);
	if (file != -1)
		close(file);
	return ok;
}

/* Every recipient of the job was delivered. */
static inline void
proof_done(int fd, uint32_t txn, const struct job *job)
{
	static struct job_result results[1000];
	struct job_done done = { .job = job->job,
		.results = { job->rcpts.n, results } };
	const struct job_rcpt *to = job->rcpts.v;

	for (size_t i = 0; i < job->rcpts.n; i++)
		results[i] = (struct job_result){ .rid = to[i].rid,
			.code = 250,
			.status = STR(""),
			.text = STR("ok"),
			.stage = JOB_DOT };
	rig_say(fd, IPC_JOB_DONE, txn, &done, NULL, 0);
}

/* Plays smtp until that message's job was here; all is delivered. */
static inline bool
proof_deliver(int fd, uint64_t mid)
{
	struct session_up up = { 0 };
	struct job job = { .mid = 0 };
	struct err err = ERR_INIT;
	struct arena mem;
	struct heard h;

	while (job.mid != mid && rig_hear(fd, &h)) {
		if (h.f.type == IPC_SESSION)
			rig_say(fd, IPC_SESSION_UP, h.f.txn, &up, NULL, 0);
		if (h.f.type != IPC_JOB && h.f.type != IPC_JOB_INLINE)
			continue;
		arena_init(&mem, IPC_FRAME_MAX);
		if (ipc_decode(&h.f, &job, &mem, &err) == 0)
			proof_done(fd, h.f.txn, &job);
		arena_free(&mem);
	}
	return job.mid == mid;
}

static inline bool
proof_gone(struct rig *r, uint64_t mid)
{
	const char *path = kit_file(&r->kit, "incoming", mid);
	int64_t until = clock_mono_ms() + PATIENCE_MS;

	while (access(path, F_OK) == 0 && clock_mono_ms() < until)
		poll(NULL, 0, 2);
	return access(path, F_OK) == -1;
}

static inline bool
proof_qmgr(struct rig *r)
{
	char rcpt[40];

	kit_mail(&r->kit, ++r->mid, 500, true);
	snprintf(
	    rcpt, sizeof(rcpt), "r@p%llu.test", (unsigned long long)r->mid);
	return proof_message(r, r->peers[PROGRAM_CLEANUP], r->mid, rcpt) &&
	       proof_deliver(r->peers[PROGRAM_SMTP], r->mid) &&
	       proof_gone(r, r->mid);
}

/* --- smtpd --- */

static inline int
proof_client(const struct rig *r)
{
	struct sockaddr_in sa = { .sin_family = AF_INET,
		.sin_port = htons(r->port),
		.sin_addr.s_addr = htonl(INADDR_LOOPBACK) };
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (connect(fd, (struct sockaddr *)&sa, sizeof(sa)) == -1)
		panic("proof: no connection to it");
	return fd;
}

static inline bool
proof_greeted(struct rig *r, int client)
{
	int fd = r->peers[PROGRAM_LOOKUPD];
	struct answer a = { .kind = LOOKUP_HOST,
		.end = LOOKUP_NOT_FOUND,
		.host_class = HOST_NX,
		.reason = STR("") };
	struct query q;
	struct heard h;

	return rig_expect(fd, &h, IPC_QUERY, &q, NULL) &&
	       rig_say(fd, IPC_ANSWER, h.f.txn, &a, NULL, 0) &&
	       proof_line(client, "220 ");
}

/* Up to the end of content; *txn is cleanup's to answer. */
static inline bool
proof_send(struct rig *r, int client, uint32_t *txn)
{
	struct end_msg end;
	struct heard h;

	if (!proof_write(client, "EHLO c.test\r\nMAIL FROM:<s@c.test>\r\n"
				 "RCPT TO:<r@example.com>\r\nDATA\r\n") ||
	    !proof_line(client, "354 ") ||
	    !proof_write(client, PROOF_CONTENT ".\r\n") ||
	    !rig_expect(r->peers[PROGRAM_CLEANUP], &h, IPC_END, &end, NULL))
		return false;
	*txn = h.f.txn;
	return end.size == strlen(PROOF_CONTENT);
}

static inline bool
proof_smtpd(struct rig *r)
{
	struct accepted yes = {
		.code = 250, .status = STR("2.0.0"), .text = STR("ok")
	};
	int client = proof_client(r);
	uint32_t txn;
	bool ok;

	ok = proof_greeted(r, client) && proof_send(r, client, &txn) &&
	     rig_say(
		 r->peers[PROGRAM_CLEANUP], IPC_ACCEPTED, txn, &yes, NULL, 0) &&
	     proof_line(client, "250 2.0.0 ok:  Message ");
	close(client);
	return ok;
}

/* --- qmqpd --- */

static inline bool
proof_qmqpd(struct rig *r)
{
	static const char request[] = "54:22:Subject: proof\n\nhello\n,"
				      "8:s@c.test,13:r@example.com,,";
	struct answer a = { .kind = LOOKUP_HOST,
		.end = LOOKUP_NOT_FOUND,
		.host_class = HOST_NX,
		.reason = STR("") };
	struct accepted yes = {
		.code = 250, .status = STR("2.0.0"), .text = STR("ok")
	};
	int client = proof_client(r);
	struct end_msg end;
	struct heard h;
	struct query q;
	char said[4];
	bool ok;

	ok = rig_expect(r->peers[PROGRAM_LOOKUPD], &h, IPC_QUERY, &q, NULL) &&
	     rig_say(
		 r->peers[PROGRAM_LOOKUPD], IPC_ANSWER, h.f.txn, &a, NULL, 0) &&
	     proof_write(client, request) &&
	     rig_expect(r->peers[PROGRAM_CLEANUP], &h, IPC_END, &end, NULL) &&
	     rig_say(r->peers[PROGRAM_CLEANUP], IPC_ACCEPTED, h.f.txn, &yes,
		 NULL, 0) &&
	     recv(client, said, sizeof(said), MSG_WAITALL) == sizeof(said) &&
	     said[3] == 'K';
	close(client);
	return ok;
}

/* --- smtp --- */

/* The next hop: one message, each command answered, to the end. */
static inline bool
proof_server(int fd)
{
	return proof_write(fd, "220 sink.test\r\n") &&
	       proof_line(fd, "EHLO ") && proof_write(fd, "250 sink.test\r\n");
}

static inline bool
proof_server_message(int fd)
{
	return proof_line(fd, "MAIL FROM:<s@c.test>") &&
	       proof_write(fd, "250 ok\r\n") &&
	       proof_line(fd, "RCPT TO:<r@example.com>") &&
	       proof_write(fd, "250 ok\r\n") && proof_line(fd, "DATA") &&
	       proof_write(fd, "354 go\r\n") && proof_line(fd, "hello") &&
	       proof_line(fd, ".") && proof_write(fd, "250 ok\r\n");
}

static inline bool
proof_job(struct rig *r, uint32_t txn)
{
	struct job_rcpt to = { .addr = STR("r@example.com"), .orcpt = STR("") };
	struct job job = { .job = 7,
		.mid = 9,
		.sender = STR("s@c.test"),
		.envid = STR(""),
		.content_len = strlen(PROOF_CONTENT),
		.prepend = STR(""),
		.rcpts = { 1, &to } };
	int fd = memfd_create("message", MFD_CLOEXEC);
	bool ok;

	ok = write(fd, PROOF_CONTENT, strlen(PROOF_CONTENT)) > 0 &&
	     rig_say(r->peers[PROGRAM_QMGR], IPC_JOB, txn, &job, &fd, 1);
	close(fd);
	return ok;
}

static inline struct session
proof_session(const struct rig *r)
{
	struct session s = { .domain = STR("example.com"),
		.host = STR("sink.test"),
		.helo = STR("mx.test"),
		.port = r->port };

	ip_parse(&s.ip, STR("127.0.0.1"));
	return s;
}

static inline bool
proof_smtp(struct rig *r)
{
	struct session s = proof_session(r);
	struct session_down down;
	struct session_up up;
	struct job_done done;
	int qmgr = r->peers[PROGRAM_QMGR], server;
	uint32_t txn = ++r->txn;
	struct arena mem;
	struct heard h;
	bool ok;

	if (!rig_say(qmgr, IPC_SESSION, txn, &s, NULL, 0))
		return false;
	server = accept4(r->door, NULL, NULL, SOCK_CLOEXEC);
	arena_init(&mem, IPC_FRAME_MAX);
	ok = server != -1 && proof_server(server) &&
	     rig_expect(qmgr, &h, IPC_SESSION_UP, &up, NULL) &&
	     proof_job(r, txn) && proof_server_message(server) &&
	     rig_expect(qmgr, &h, IPC_JOB_DONE, &done, &mem) &&
	     done.results.n == 1 &&
	     ((struct job_result *)done.results.v)->code == 250 &&
	     rig_say(qmgr, IPC_SESSION_QUIT, txn, &(struct session_quit){ 0 },
		 NULL, 0) &&
	     proof_line(server, "QUIT") && proof_write(server, "221 bye\r\n") &&
	     rig_expect(qmgr, &h, IPC_SESSION_DOWN, &down, NULL);
	arena_free(&mem);
	close(server);
	return ok;
}

/* --- keyd --- */

/* A file below secrets/, as the master hands it on. */
static inline bool
proof_secret(struct rig *r, const char *name, const struct buf *text)
{
	struct secret msg = { .name = str_of(name) };
	int fd = memfd_create(name, MFD_CLOEXEC);
	bool ok = write(fd, text->data, text->len) == (ssize_t)text->len &&
		  fchmod(fd, 0600) == 0 &&
		  rig_say(r->master, IPC_SECRET, 0, &msg, &fd, 1);

	close(fd);
	return ok;
}

/* Once: key and certificate `mx`, which the configuration names. */
static inline bool
proof_certificate(struct rig *r)
{
	struct str name = STR("mx.test");
	EVP_PKEY *key = make_key();
	X509 *x = make_selfsigned(key, &name, 1, 90, NULL);
	STACK_OF(X509) *all = sk_X509_new_null();
	struct buf chain, text;
	bool ok;

	sk_X509_push(all, x);
	buf_init(&chain, 65536);
	buf_init(&text, 65536);
	cert_write(all, &chain);
	make_key_text(key, &text);
	ok = proof_secret(r, "mx.crt", &chain) &&
	     proof_secret(r, "mx.key", &text);
	buf_fini(&chain);
	buf_fini(&text);
	cert_free(&all);
	EVP_PKEY_free(key);
	return ok;
}

static inline bool
proof_keyd(struct rig *r)
{
	static const char digest[32] = "a digest of thirty-two bytes...";
	struct sign sign = { .name = STR("mx"),
		.algorithm = SIGN_ECDSA_SHA256,
		.digest = { digest, sizeof(digest) } };
	struct signed_msg done;
	struct heard h;
	uint32_t txn = ++r->txn;

	if (txn == 1) {
		if (!proof_certificate(r))
			return false;
		rig_connect(r, PROGRAM_SMTPD); /* it has come by then */
	}
	return rig_say(
		   r->peers[PROGRAM_SMTPD], IPC_SIGN, txn, &sign, NULL, 0) &&
	       rig_expect(
		   r->peers[PROGRAM_SMTPD], &h, IPC_SIGNED, &done, NULL) &&
	       h.f.txn == txn && done.signature.n > 60;
}

/* --- inspect --- */

static inline bool
proof_inspect(struct rig *r)
{
	static const char page[] = "%PDF-1.4\n1 0 obj\n<< >>\nendobj\n";
	struct inspect_msg msg = { .size = sizeof(page) - 1,
		.max_depth = 5,
		.max_members = 100,
		.max_expanded = 1 << 20,
		.timeout = 30 };
	int inspected = r->peers[PROGRAM_CLEANUP];
	uint32_t txn = ++r->txn;
	struct inspected done;
	struct heard h;
	bool ok;
	int fd = memfd_create("part", MFD_CLOEXEC);

	ok = fd != -1 &&
	     write(fd, page, sizeof(page) - 1) == (ssize_t)sizeof(page) - 1 &&
	     rig_say(inspected, IPC_INSPECT, txn, &msg, &fd, 1) &&
	     rig_expect(inspected, &h, IPC_INSPECTED, &done, NULL) &&
	     h.f.txn == txn && str_is(done.filetype, "pdf");
	close(fd);
	return ok;
}

/* --- webd --- */

/* Without a certificate it takes a connection, and ends it. */
static inline bool
proof_webd(struct rig *r)
{
	int client = proof_client(r);
	struct pollfd p = { client, POLLIN, 0 };
	char byte;
	bool ok = client != -1 && poll(&p, 1, PATIENCE_MS) == 1 &&
		  recv(client, &byte, 1, 0) <= 0;

	close(client);
	return ok;
}

/* --- all --- */

static inline bool
rig_works(struct rig *r)
{
	static bool (*const proofs[PROGRAM_N])(struct rig *) = {
		[PROGRAM_RECORDER] = proof_recorder,
		[PROGRAM_LOOKUPD] = proof_lookupd,
		[PROGRAM_CLEANUP] = proof_cleanup,
		[PROGRAM_QMGR] = proof_qmgr,
		[PROGRAM_SMTPD] = proof_smtpd,
		[PROGRAM_SMTP] = proof_smtp,
		[PROGRAM_KEYD] = proof_keyd,
		[PROGRAM_QMQPD] = proof_qmqpd,
		[PROGRAM_INSPECT] = proof_inspect,
		[PROGRAM_WEBD] = proof_webd,
	};

	rig_drain(r);
	return proofs[r->kind](r);
}

/* How it is before anything bad has happened. */
static inline void
rig_measure(struct rig *r)
{
	if (!rig_works(r) || !rig_works(r))
		panic("rig: %s does not work at all", program_name(r->kind));
	r->fds = rig_fds(r);
	r->kib = rig_kib(r);
}

/* It may begin before it knows of its newest peer, and the machine may be
 * slow: some attempts fail. */
static inline bool
rig_works_again(struct rig *r)
{
	for (int i = 0; i < 5; i++)
		if (rig_works(r))
			return true;
	return false;
}

/* More than at the beginning; a message that is queued may have one. */
static inline long
rig_surplus_fds(const struct rig *r)
{
	long queued =
	    (long)stats_gauge_sum(r->stats, STATS_GAUGE_queue_messages);

	return rig_fds(r) - r->fds - queued;
}

static inline bool
rig_grows(const struct rig *r)
{
	return GROWTH_MAX > 0 && rig_kib(r) - r->kib > GROWTH_MAX;
}

/* Afterwards: alive, at work, nothing kept. NULL, or what is wrong. */
static inline const char *
rig_complaint(struct rig *r)
{
	int64_t until;

	if (!rig_lives(r))
		return "it has died";
	if (!rig_works_again(r))
		return rig_lives(r) ? "it does not work" : "it has died";
	/* a failed attempt took it; only a fault takes all of that time */
	until = clock_mono_ms() + 4 * PATIENCE_MS;
	while (rig_surplus_fds(r) > 0 && clock_mono_ms() < until) {
		poll(NULL, 0, 20); /* the proof's own client is to go */
		if (rig_surplus_fds(r) > 0)
			rig_works(r);
	}
	if (rig_surplus_fds(r) > 0)
		return "it keeps descriptors";
	/* what it works at has memory of its own: a passphrase 32 MB */
	while (rig_grows(r) && clock_mono_ms() < until)
		poll(NULL, 0, 20);
	if (rig_grows(r))
		return "it keeps memory";
	return NULL;
}

#endif
