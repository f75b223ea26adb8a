/*
 * fuzz_header.c - mail/header: addresses are replaced, nothing else changes
 *
 * The input is a header. Of each field that is a list of addresses: those
 * found stand in order inside it; replacing each by itself changes nothing;
 * replacing each by another one leaves a list of as many, all that one.
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/header.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void look_at(struct str value);
static void check_order(
    struct str value, const struct header_addr *v, size_t n);
static void check_same(struct str value, const struct header_addr *v, size_t n);
static void check_other(
    struct str value, const struct header_addr *v, size_t n, struct arena *mem);
static void replace_all(struct str value, const struct header_addr *v, size_t n,
    const struct str *to, struct buf *out);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str rest = { (const char *)data, n };
	struct header_field f;
	size_t seen = 0;

	look_at(rest);
	while (header_next(&rest, &f)) {
		if (f.name.n == 0 || f.all.n <= f.value.n)
			abort();
		seen += f.all.n;
		look_at(f.value);
	}
	if (seen + rest.n != n)
		abort();
	return 0;
}

static void
look_at(struct str value)
{
	struct header_addr *v;
	struct arena mem;
	size_t n;

	if (value.n > 16384)
		return;
	arena_init(&mem, 64 << 20);
	if (header_addrs(value, &v, &n, &mem)) {
		check_order(value, v, n);
		check_same(value, v, n);
		check_other(value, v, n, &mem);
	}
	arena_free(&mem);
}

static void
check_order(struct str value, const struct header_addr *v, size_t n)
{
	const char *at = value.p;

	for (size_t i = 0; i < n; i++) {
		const struct str *last =
		    v[i].domain.p != NULL ? &v[i].domain : &v[i].local;

		if (v[i].local.p < at || last->p < v[i].local.p ||
		    last->p + last->n > value.p + value.n ||
		    !addr_is_clean(v[i].addr))
			abort();
		at = last->p + last->n;
	}
}

static void
check_same(struct str value, const struct header_addr *v, size_t n)
{
	struct str *to = mem_array(n + 1, sizeof(*to));
	struct buf out;

	buf_init(&out, 1 << 24);
	buf_puts(&out, "");
	for (size_t i = 0; i < n; i++)
		to[i] = v[i].domain.p != NULL ? v[i].addr : v[i].local;
	replace_all(value, v, n, to, &out);
	if (!str_eq(buf_str(&out), value))
		abort();
	buf_fini(&out);
	free(to);
}

static void
check_other(
    struct str value, const struct header_addr *v, size_t n, struct arena *mem)
{
	struct str *to = mem_array(n + 1, sizeof(*to));
	struct header_addr *again;
	struct buf out;
	size_t n_again;

	buf_init(&out, 1 << 24);
	buf_puts(&out, "");
	for (size_t i = 0; i < n; i++)
		to[i] = STR("other@other.test");
	replace_all(value, v, n, to, &out);
	if (!header_addrs(buf_str(&out), &again, &n_again, mem))
		abort();
	if (n_again != n)
		abort();
	for (size_t i = 0; i < n; i++) {
		if (!str_is(again[i].addr, "other@other.test"))
			abort();
	}
	buf_fini(&out);
	free(to);
}

static void
replace_all(struct str value, const struct header_addr *v, size_t n,
    const struct str *to, struct buf *out)
{
	const char *done = value.p;

	for (size_t i = 0; i < n; i++)
		header_replace(&v[i], to[i], &done, out);
	buf_add(out, done, (size_t)(value.p + value.n - done));
}
