/*
 * fuzz_prvs.c - tags in addresses: what is taken off is what was put on; and
 * files of keys
 */
#include <stdlib.h>
#include <string.h>

#include "base/mem.h"
#include "mail/addr.h"
#include "mail/prvs.h"
#include "tls/tag.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

static void check_address(struct str addr, struct arena *mem);
static void check_keys(struct str text);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct str in = { (const char *)data, n };
	struct arena mem;
	struct err err = ERR_INIT;
	struct addr addr;

	if (n > 16384)
		return 0;
	arena_init(&mem, 8 << 20);
	if (addr_parse(&addr, in, &mem, &err) == ADDR_OK)
		check_address(addr.text, &mem);
	check_keys(in);
	arena_free(&mem);
	return 0;
}

static void
check_address(struct str addr, struct arena *mem)
{
	unsigned char key[TAG_DAY_KEY] = "a key";
	struct str tagged = tag_address(key, 123, addr, mem);
	struct err err = ERR_INIT;
	struct addr again;
	struct prvs p;

	if (prvs_split(addr, &p, mem) &&
	    (prvs_may(addr) || p.bare.n + 16 != addr.n))
		abort();
	if (!prvs_may(addr)) {
		if (!str_eq(tagged, addr))
			abort();
		return;
	}
	if (addr_parse(&again, tagged, mem, &err) != ADDR_OK ||
	    !str_eq(again.text, tagged) || !prvs_split(tagged, &p, mem) ||
	    !str_eq(p.bare, addr) || p.day != 123 || prvs_may(tagged))
		abort();
}

static void
check_keys(struct str text)
{
	struct tag_keys *keys = mem_alloc(2 * sizeof(*keys)), *again = keys + 1;
	struct err err = ERR_INIT;
	struct buf out;

	if (tag_keys_parse(keys, text, &err)) {
		buf_init(&out, 1 << 20);
		for (size_t i = 0; i < keys->n; i++)
			tag_keys_line(&keys->v[i], &out);
		if (!tag_keys_parse(again, buf_str(&out), &err) ||
		    again->n != keys->n)
			abort();
		for (size_t i = 0; i < keys->n; i++)
			if (!str_eq(keys->v[i].text, again->v[i].text))
				abort();
		buf_fini(&out);
	}
	free(keys);
}
