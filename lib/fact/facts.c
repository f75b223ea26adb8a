/*
 * facts.c - names of facts, and how one is set
 */
#include "fact/facts.h"

#include "base/mem.h"

static const char *name_of(const char *const *names, size_t n, size_t i);

void
fact_set(struct facts *f, enum fact_id id, enum fact_state state,
    enum fact_source source)
{
	f->meta[id] = (struct fact){ state, source };
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

static const char *
name_of(const char *const *names, size_t n, size_t i)
{
	return i < n ? names[i] : "unknown";
}
