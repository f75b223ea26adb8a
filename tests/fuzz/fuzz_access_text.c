/*
 * fuzz_access_text.c - access tables as text, on any bytes
 *
 * The first byte chooses the table. Whatever is imported loads; printed as
 * text and imported again it gives the same; whatever is not says where.
 */
#include <string.h>

#include "base/mem.h"
#include "config/hat_text.h"

#define HEAD                                                                   \
	"hostname: a.test\ninterfaces: [{name: N, ip: 192.0.2.1}]\n"           \
	"listeners:\n- name: In\n"

static struct config *load(const char *key, struct str value);
static bool import(
    const struct listener *, bool hat, struct str text, struct buf *yaml);
static void check(const struct config *, bool hat);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t n);

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t n)
{
	struct config *plain = load(NULL, STR("")), *c;
	struct buf yaml;
	bool hat;

	if (n > 0) {
		hat = data[0] % 2 == 0;
		buf_init(&yaml, 16 << 20);
		if (import(&plain->listeners[0], hat,
			(struct str){ (const char *)data + 1, n - 1 }, &yaml)) {
			c = load(hat ? "hat" : "rat", buf_str(&yaml));
			if (c != NULL)
				check(c, hat);
			config_unref(&c);
		}
		buf_fini(&yaml);
	}
	config_unref(&plain);
	return 0;
}

/* NULL: it needs what only the whole configuration has, such as the address
 * list that a policy names. */
static struct config *
load(const char *key, struct str value)
{
	struct config_problems ps = { 0 };
	struct buf text;
	struct bundle b;
	struct config *c;

	buf_init(&text, 32 << 20);
	buf_puts(&text, HEAD);
	if (key != NULL && value.n > 0)
		buf_printf(&text, "  %s:\n", key);
	while (value.n > 0) {
		struct str line = str_cut(&value, '\n');

		buf_printf(&text, "    %.*s\n", STR_ARG(line));
	}
	bundle_from_text(&b, "postern.yaml", buf_str(&text));
	c = config_load(&b, 1, &ps);
	for (size_t i = 0; c == NULL && i < ps.n; i++) {
		if (!ps.v[i].warning &&
		    strncmp(ps.v[i].path, "listeners[0]", 12) != 0)
			panic("imported, and is no YAML: %s\n%s", ps.v[i].text,
			    text.data);
	}
	config_problems_free(&ps);
	bundle_free(&b);
	buf_fini(&text);
	return c;
}

static bool
import(const struct listener *l, bool hat, struct str text, struct buf *yaml)
{
	struct config_problems ps = { 0 };
	int rc =
	    (hat ? hat_text_import : rat_text_import)(l, "t", text, yaml, &ps);

	if ((rc == -1) != (ps.n_errors > 0))
		panic("errors and result disagree");
	for (size_t i = 0; i < ps.n; i++) {
		if (ps.v[i].where.line < 1 || ps.v[i].column < 1)
			panic("a problem without place: %s", ps.v[i].text);
	}
	config_problems_free(&ps);
	return rc == 0;
}

static void
check(const struct config *c, bool hat)
{
	const struct listener *l = &c->listeners[0];
	struct buf text, yaml, again;
	struct config *other;

	buf_init(&text, 32 << 20);
	buf_init(&again, 32 << 20);
	buf_init(&yaml, 32 << 20);
	if (hat)
		hat_text_print(&l->hat, &text);
	else
		rat_text_print(&l->rat, &text);
	if (!import(l, hat, buf_str(&text), &yaml))
		panic("what was printed is not taken:\n%s", text.data);
	other = load(hat ? "hat" : "rat", buf_str(&yaml));
	if (other == NULL)
		panic("what was printed does not load:\n%s", yaml.data);
	if (hat)
		hat_text_print(&other->listeners[0].hat, &again);
	else
		rat_text_print(&other->listeners[0].rat, &again);
	if (!str_eq(buf_str(&text), buf_str(&again)))
		panic("not the same again:\n%s---\n%s", text.data, again.data);
	config_unref(&other);
	buf_fini(&text);
	buf_fini(&again);
	buf_fini(&yaml);
}
