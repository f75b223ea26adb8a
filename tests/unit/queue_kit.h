/*
 * queue_kit.h - what the tests of the queue share: a spool of one's own and
 * a message to put into it
 */
#ifndef TESTS_QUEUE_KIT_H
#define TESTS_QUEUE_KIT_H

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"
#include "base/loop.h"
#include "base/mem.h"
#include "queue/queue.h"

#define ALL_PLACES                                                             \
	(1u << QUEUE_INCOMING | 1u << QUEUE_DEFERRED | 1u << QUEUE_CORRUPT |   \
	    1u << QUEUE_QUARANTINE)

struct kit {
	char path[64];
	struct spool *spool;
	struct loop *loop;
	struct committer *committer;
	unsigned n_done;
	struct err last; /* of the last completion */
	struct qfile *adopted;
};

static bool kit_late; /* envelopes come after the content */

static const struct rcpt kit_rcpts[] = {
	{ .addr = { "ann@one.test", 12 },
	    .orig = { "", 0 },
	    .orcpt = { "", 0 } },
	{ .addr = { "ben@two.test", 12 },
	    .orig = { "ben@old.test", 12 },
	    .notify = 3,
	    .orcpt = { "rfc822;ben", 10 } },
	{ .addr = { "cid@one.test", 12 },
	    .orig = { "", 0 },
	    .orcpt = { "", 0 } },
};

static inline struct envelope
kit_envelope(uint64_t mid)
{
	return (struct envelope){
		.mid = mid,
		.icid = 7,
		.arrival = 1700000000123,
		.listener = STR("InboundMail"),
		.sender = STR("joe@sender.test"),
		.sender_orig = STR(""),
		.helo = STR("mx.sender.test"),
		.host = STR(""),
		.group = STR(""),
		.entry = STR(""),
		.policy = STR(""),
		.reputation = INT64_MIN,
		.protocol = STR("ESMTP"),
		.envid = STR(""),
		.bounce_profile = STR(""),
		.gateway = STR(""),
		.max_size = 1000000,
		.rcpts = { NELEM(kit_rcpts), (void *)(uintptr_t)kit_rcpts },
	};
}

static inline struct content
kit_content(size_t size)
{
	return (struct content){ .size = size,
		.message_id = STR("<1@x.test>"),
		.subject = STR("printer") };
}

static inline void
kit_done(void *arg, const struct err *err)
{
	struct kit *k = arg;

	k->n_done++;
	k->last = err == NULL ? (struct err)ERR_INIT : *err;
	loop_stop(k->loop);
}

/* With all rights on the spool. */
static inline void
kit_reopen(struct kit *k)
{
	struct err err = ERR_INIT;

	spool_close(&k->spool);
	if (spool_open(&k->spool, k->path, ALL_PLACES, &err) == -1)
		panic("kit: %s", err.text);
}

/* A spool; for a process that only looks. */
static inline void
kit_make(struct kit *k, const char *base)
{
	struct err err = ERR_INIT;

	*k = (struct kit){ 0 };
	snprintf(k->path, sizeof(k->path), "%s/queue.XXXXXX", base);
	if (mkdtemp(k->path) == NULL ||
	    spool_prepare(k->path, 0, 0, 0, &err) == -1)
		panic("kit: %s: %s", k->path, err.text);
	kit_reopen(k);
}

/* What it takes to write. */
static inline void
kit_start(struct kit *k, unsigned threads)
{
	spool_writer(k->spool, 0);
	k->loop = loop_new();
	k->committer = committer_new(k->loop, threads);
}

static inline void
kit_open(struct kit *k, const char *base)
{
	kit_make(k, base);
	kit_start(k, 2);
}

static inline void
kit_close(struct kit *k)
{
	char cmd[128];

	committer_free(&k->committer);
	loop_free(&k->loop);
	spool_close(&k->spool);
	snprintf(cmd, sizeof(cmd), "rm -rf %s", k->path);
	if (system(cmd) != 0)
		panic("kit: %s is still there", k->path);
}

/* Path of MID in a place, as the documentation has it. */
static inline const char *
kit_file(const struct kit *k, const char *place, uint64_t mid)
{
	static char path[128];

	snprintf(path, sizeof(path), "%s/%s/%02x/%llu", k->path, place,
	    (unsigned)(mid / QUEUE_RUN % QUEUE_FOLDERS),
	    (unsigned long long)mid);
	return path;
}

static inline void
kit_commit(struct kit *k, struct qfile *q)
{
	struct content found = kit_content(qfile_size(q));

	qfile_commit(q, k->committer, &found, kit_done, k);
	loop_run(k->loop);
}

/* A message of `size` bytes; the caller's, still a draft. */
static inline struct qfile *
kit_draft(struct kit *k, uint64_t mid, size_t size)
{
	struct envelope env = kit_envelope(mid);
	struct err err = ERR_INIT;
	struct qfile *q;
	char piece[1000];

	memset(piece, 'x', sizeof(piece));
	piece[0] = (char)('a' + mid % 26);
	if (kit_late)
		env.flags |= ENV_LATE;
	if (qfile_new(&q, k->spool, &env, &err) == -1)
		panic("kit: %s", err.text);
	for (size_t n; size > 0; size -= n) {
		n = size < sizeof(piece) ? size : sizeof(piece);
		if (qfile_write(q, (struct str){ piece, n }, &err) == -1)
			panic("kit: %s", err.text);
	}
	env.flags = 0;
	if (kit_late && qfile_envelope(q, &env, &err) == -1)
		panic("kit: %s", err.text);
	return q;
}

static inline void
kit_mail(struct kit *k, uint64_t mid, size_t size, bool route)
{
	struct route_rec rec = { .prepend = STR("Received: x\r\n"),
		.bounce_profile = STR(""),
		.gateway = STR("") };
	struct qfile *q = kit_draft(k, mid, size);
	struct err err = ERR_INIT;

	kit_commit(k, q);
	if (k->last.kind != ERR_NONE)
		panic("kit: %s", k->last.text);
	if (route && qfile_route(q, &rec, &err) == -1)
		panic("kit: %s", err.text);
	qfile_free(&q);
}

static inline void
kit_found(void *arg, const struct qmessage *m, enum queue_place place)
{
	struct kit *k = arg;

	(void)place;
	k->adopted = qfile_adopt(k->spool, m, -1);
}

static inline void
kit_corrupt(void *arg, uint64_t mid, const struct err *why)
{
	(void)arg;
	panic("kit: MID %llu: %s", (unsigned long long)mid, why->text);
}

/* Takes the only message in incoming up again, as after a death. */
static inline struct qfile *
kit_adopt(struct kit *k, uint64_t mid)
{
	static const struct recover_handler handler = { kit_found, kit_corrupt,
		NULL };
	struct err err = ERR_INIT;
	uint64_t max = 0;

	if (spool_recover(
		k->spool, QUEUE_INCOMING, true, &handler, k, &max, &err) != 0 ||
	    max != mid)
		panic("kit: MID %llu: %s", (unsigned long long)max, err.text);
	return k->adopted;
}

#endif
