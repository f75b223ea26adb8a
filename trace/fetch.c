/* fetch.c - what the work queue lacks of a message */
#include "trace/fetch.h"

#include <errno.h>
#include <sys/mman.h>
#include <sys/random.h>
#include <unistd.h>

#include "base/loop.h"
#include "lookup/facts.h"
#include "lookup/lookup.h"
#include "lookup/scan.h"
#include "lookup/system.h"
#include "trace/host.h"
#include "trace/inspect.h"
#include "trace/way.h"

struct fetching {
	struct trace_input *input;
	struct arena *mem;
	struct loop *loop;
	struct scans *scans;
	size_t n; /* under way */
};
struct fetched {
	struct fetching *of;
	struct need need;
};

static bool is_scan(const struct trace_want *);
static void draw(struct trace_input *, struct need, struct arena *mem);
static void scan_all(struct trace_input *, const struct trace_want *, size_t n,
    struct arena *mem);
static void scan(struct fetching *, const struct trace_want *);
static bool put(int fd, struct str bytes);
static void scanned(void *arg, const struct scanned *);

void
trace_fetch(struct trace_input *in, const struct trace_want *v, size_t n,
    struct arena *mem)
{
	struct need *needs = arena_array(mem, n, sizeof(*needs));
	size_t n_needs = 0;

	for (size_t i = 0; i < n; i++) {
		struct need need = { (enum fact_id)v[i].id,
			arena_str(mem, v[i].key) };

		if (need.id == TRACE_WANT_WAY)
			trace_way(in, &v[i]);
		else if (need.id == FACT_RANDOM)
			draw(in, need, mem);
		else if (need.id == FACT_DNSLIST)
			needs[n_needs++] = need;
		else if (need.id == FACT_PART)
			trace_inspect(in, &v[i], mem);
		else if (!is_scan(&v[i]))
			fact_fail(&in->facts, mem, need.id, need.key);
	}
	if (n_needs > 0)
		trace_look_up(
		    in->config, in->listener, needs, n_needs, &in->facts, mem);
	scan_all(in, v, n, mem);
}

static bool
is_scan(const struct trace_want *x)
{
	return x->id == FACT_SPAM || x->id == FACT_VIRUS;
}

static void
draw(struct trace_input *in, struct need need, struct arena *mem)
{
	static const struct fact known = { FACT_KNOWN, FACT_LOOKED_UP };
	uint32_t n;

	if (getrandom(&n, sizeof(n), 0) == (ssize_t)sizeof(n))
		fact_put(&in->facts, mem, need.id, need.key, known)->number = n;
	else
		fact_fail(&in->facts, mem, need.id, need.key);
}

/* --- scanners --- */

static void
scan_all(struct trace_input *in, const struct trace_want *v, size_t n,
    struct arena *mem)
{
	struct fetching f = { .input = in, .mem = mem };
	struct lookup_system system;
	struct lookups *lookups;
	bool any = false;

	for (size_t i = 0; i < n; i++)
		any |= is_scan(&v[i]);
	if (!any)
		return;
	f.loop = loop_new();
	lookup_system_read(&system, NULL, NULL);
	lookups = lookups_new(f.loop, in->config, &system, NULL, NULL);
	f.scans = scans_new(f.loop, lookups);
	for (size_t i = 0; i < n; i++) {
		if (is_scan(&v[i]) && lookups != NULL)
			scan(&f, &v[i]);
		else if (is_scan(&v[i]))
			fact_fail(&in->facts, mem, (enum fact_id)v[i].id,
			    arena_str(mem, v[i].key));
		if (f.n == SCANS_MAX || (f.n > 0 && i + 1 == n))
			loop_run(f.loop);
	}
	scans_free(&f.scans);
	lookups_free(&lookups);
	lookup_system_free(&system);
	loop_free(&f.loop);
}

static void
scan(struct fetching *f, const struct trace_want *x)
{
	const struct facts *facts = &f->input->facts;
	struct scan_msg m = {
		.kind = x->id == FACT_SPAM ? SCAN_SPAM : SCAN_VIRUS,
		.size = (uint64_t)x->header.n + x->body.n,
		.header_len = x->header.n,
		.client = facts->client,
		.helo = facts->helo,
		.host =
		    facts->host_class == HOST_VERIFIED ? facts->host : STR(""),
		.user = f->input->user,
		.sender = x->sender,
		.rcpts = x->rcpts,
	};
	struct fetched *one = arena_alloc(f->mem, sizeof(*one));
	int fd = trace_content(x);

	one->of = f;
	one->need =
	    (struct need){ (enum fact_id)x->id, arena_str(f->mem, x->key) };
	if (fd == -1) {
		fact_fail(
		    &f->input->facts, f->mem, one->need.id, one->need.key);
		return;
	}
	f->n++;
	/* only read */
	scan_start(
	    f->scans, (struct config *)f->input->config, &m, fd, scanned, one);
}

int
trace_content(const struct trace_want *x)
{
	int fd = memfd_create("postern-trace", MFD_CLOEXEC);

	if (fd != -1 && (!put(fd, x->header) || !put(fd, x->body))) {
		close(fd);
		return -1;
	}
	return fd;
}

static bool
put(int fd, struct str bytes)
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

static void
scanned(void *arg, const struct scanned *r)
{
	struct fetched *one = arg;
	struct fetching *f = one->of;
	struct fact_answer fact = { .id = one->need.id }, *kept;

	lookup_fact_of_scan(r, &fact, f->mem);
	kept = fact_put(
	    &f->input->facts, f->mem, one->need.id, one->need.key, fact.meta);
	kept->number = fact.number;
	kept->text = arena_str(f->mem, fact.text);
	kept->detail = fact.detail;
	if (--f->n == 0)
		loop_stop(f->loop);
}
