/*
 * facts.c - names of facts, and how one is set
 */
#include "fact/facts.h"

#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/err.h"
#include "base/mem.h"

#define NEEDS_FIRST 8

static void make_room(struct needs *);
static int by_key(const void *, const void *);
static const char *name_of(const char *const *names, size_t n, size_t i);

void
fact_set(struct facts *f, enum fact_id id, enum fact_state state,
    enum fact_source source)
{
	f->meta[id] = (struct fact){ state, source };
}

const struct fact_answer *
fact_find(const struct facts *f, enum fact_id id, struct str key)
{
	for (const struct fact_answer *a = f->answers; a != NULL; a = a->next) {
		if (a->id == id && str_eq(a->key, key))
			return a;
	}
	return NULL;
}

struct fact_list
fact_list(const struct facts *f, enum fact_id id, struct arena *mem)
{
	struct fact_list list = { NULL, 0 };
	const struct fact_answer *a;

	for (a = f->answers; a != NULL; a = a->next)
		list.n += a->id == id;
	if (list.n == 0)
		return list;
	list.v = arena_array(mem, list.n, sizeof(*list.v));
	list.n = 0;
	for (a = f->answers; a != NULL; a = a->next)
		if (a->id == id)
			list.v[list.n++] = a;
	qsort(list.v, list.n, sizeof(*list.v), by_key);
	return list;
}

const struct fact_answer *
fact_list_find(const struct fact_list *list, struct str key)
{
	const struct fact_answer want = { .key = key }, *p = &want, **found;

	if (list->n == 0)
		return NULL;
	found = bsearch(&p, list->v, list->n, sizeof(*list->v), by_key);
	return found != NULL ? *found : NULL;
}

struct fact_answer *
fact_put(struct facts *f, struct arena *mem, enum fact_id id, struct str key,
    struct fact meta)
{
	struct fact_answer *a = arena_alloc(mem, sizeof(*a));

	*a = (struct fact_answer){ .id = id,
		.key = arena_str(mem, key),
		.meta = meta,
		.text = STR(""),
		.next = f->answers };
	f->answers = a;
	return a;
}

void
fact_fail(struct facts *f, struct arena *mem, enum fact_id id, struct str key)
{
	static const struct fact failed = { FACT_FAILED, FACT_FROM_DEFAULT };

	if (id >= FACT_KEYED)
		fact_put(f, mem, id, key, failed);
	else
		f->meta[id] = failed;
}

void
fact_need(struct needs *needs, enum fact_id id, struct str key)
{
	for (size_t i = 0; i < needs->n; i++)
		if (needs->v[i].id == id && str_eq(needs->v[i].key, key))
			return;
	fact_need_new(needs, id, key);
}

void
fact_need_new(struct needs *needs, enum fact_id id, struct str key)
{
	make_room(needs);
	needs->v[needs->n++] = (struct need){ id, key };
}

enum fact_scope
fact_scope(enum fact_id id)
{
	if (id <= FACT_DNSLIST)
		return SCOPE_CONNECTION;
	return id == FACT_SENDER_DOMAIN || id >= FACT_SPAM ? SCOPE_TRANSACTION
							   : SCOPE_RECIPIENT;
}

const char *
fact_name(enum fact_id id)
{
	static const char *const names[] = {
		[FACT_HOST] = "reverse name",
		[FACT_REPUTATION] = "IP reputation",
		[FACT_OWNER] = "network owner",
		[FACT_COUNTRY] = "country",
		[FACT_CONNECTIONS] = "open connections",
		[FACT_DNSLIST] = "DNS list",
		[FACT_SENDER_DOMAIN] = "domain of the sender",
		[FACT_RATE_HOST] = "recipients of this host",
		[FACT_RATE_SENDER] = "recipients of this sender",
		[FACT_DHAP] = "invalid recipients",
		[FACT_LDAP_ACCEPT] = "directory",
		[FACT_CALLAHEAD] = "next hop",
		[FACT_BOUNCE_TAG] = "bounce tag",
		[FACT_SPAM] = "anti-spam",
		[FACT_VIRUS] = "anti-virus",
		[FACT_PART] = "file type",
		[FACT_RANDOM] = "random number",
		[FACT_REPEATS] = "messages alike",
		[FACT_WORK_QUEUE] = "work queue",
		[FACT_LDAP_GROUP] = "directory group",
		[FACT_SPF] = "SPF",
		[FACT_DKIM] = "DKIM",
		[FACT_SDR] = "sender domain reputation",
	};

	return name_of(names, NELEM(names), id);
}

const char *
fact_source_name(enum fact_source s)
{
	static const char *const names[] = {
		[FACT_FROM_DEFAULT] = "default",
		[FACT_FROM_CLIENT] = "from the client",
		[FACT_GIVEN] = "given",
		[FACT_LOOKED_UP] = "looked up",
		[FACT_RECORDED] = "recorded",
	};

	return name_of(names, NELEM(names), s);
}

const char *
host_class_name(enum host_class c)
{
	static const char *const names[] = {
		[HOST_UNKNOWN] = "unknown",
		[HOST_VERIFIED] = "verified",
		[HOST_NX] = "nx.domain",
		[HOST_SERVFAIL] = "serv.fail",
		[HOST_NOT_CONFIRMED] = "not.double.verified",
	};

	return name_of(names, NELEM(names), c);
}

const char *
fact_value_name(enum fact_id id, uint64_t number)
{
	static const char *const listed[] = {
		[LIST_HAS_NOT] = "not listed",
		[LIST_HAS] = "listed",
		[LIST_IS_NONE] = "not listed: its answer is not in 127.0.0.0/8",
		[LIST_HAS_ALL] = "not listed: off, it has 127.0.0.1",
		[LIST_HAS_NO_TEST] = "not listed: off, it lacks 127.0.0.2",
	};
	static const char *const domains[] = {
		[DOMAIN_EXISTS] = "exists",
		[DOMAIN_MISSING] = "does not exist",
		[DOMAIN_UNRESOLVED] = "cannot be resolved",
		[DOMAIN_MALFORMED] = "malformed",
	};
	static const char *const recipients[] = {
		[RECIPIENT_OK] = "known",
		[RECIPIENT_UNKNOWN] = "not known",
		[RECIPIENT_LATER] = "cannot be said now",
		[RECIPIENT_NO_ANSWER] = "no answer",
	};
	static const char *const tags[] = {
		[BOUNCE_NO_KEYS] = "no keys",
		[BOUNCE_NO_TAG] = "untagged",
		[BOUNCE_TAG_GOOD] = "valid",
		[BOUNCE_TAG_OLD] = "expired",
		[BOUNCE_TAG_WRONG] = "forged",
	};
	static const char *const verdicts[] = {
		[SDR_AWFUL] = "Awful",
		[SDR_POOR] = "Poor",
		[SDR_TAINTED] = "Tainted",
		[SDR_WEAK] = "Weak",
		[SDR_UNKNOWN] = "Unknown",
		[SDR_NEUTRAL] = "Neutral",
		[SDR_GOOD] = "Good",
	};

	switch (id) {
	case FACT_DNSLIST:
		return name_of(listed, NELEM(listed), number);
	case FACT_SENDER_DOMAIN:
		return name_of(domains, NELEM(domains), number);
	case FACT_LDAP_ACCEPT:
	case FACT_CALLAHEAD:
		return name_of(recipients, NELEM(recipients), number);
	case FACT_BOUNCE_TAG:
		return name_of(tags, NELEM(tags), number);
	case FACT_SDR:
		return name_of(verdicts, NELEM(verdicts), number);
	default:
		return NULL;
	}
}

/* For one more: 8, then twice as many each time. */
static void
make_room(struct needs *needs)
{
	size_t n = needs->n;
	struct need *v;

	if (n > 0 && (n < NEEDS_FIRST || (n & (n - 1)) != 0))
		return;
	if (needs->mem == NULL)
		panic("needs have no memory");
	v = arena_array(needs->mem, n > 0 ? 2 * n : NEEDS_FIRST, sizeof(*v));
	if (n > 0)
		memcpy(v, needs->v, n * sizeof(*v));
	needs->v = v;
}

/* An order for searching, no more. */
static int
by_key(const void *a, const void *b)
{
	struct str x = (*(const struct fact_answer *const *)a)->key;
	struct str y = (*(const struct fact_answer *const *)b)->key;

	if (x.n != y.n)
		return x.n < y.n ? -1 : 1;
	return x.n == 0 ? 0 : memcmp(x.p, y.p, x.n);
}

static const char *
name_of(const char *const *names, size_t n, size_t i)
{
	return i < n ? names[i] : "unknown";
}

bool
fact_host_name_ok(struct str name)
{
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (!((c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
			(c >= '0' && c <= '9') || c == '-' || c == '_' ||
			c == '.'))
			return false;
	}
	return name.n > 0 && name.n <= DOMAIN_MAX;
}
