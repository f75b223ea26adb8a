/* netif.c - which interface a test of the network goes out from */
#include "admin/netif.h"

#include <stdlib.h>
#include <string.h>

#include "admin/interfaces.h"
#include "base/mem.h"
#include "config/load.h"
#include "config/revision.h"

#define LINE_MAX_SIZE 1000

void
netif_begin(struct netif *n, const struct tool *t)
{
	uint64_t revision = 0;
	struct bundle b = { 0 };

	n->config = NULL;
	if (!revision_current(t->paths.state, &revision, NULL) ||
	    revision == 0 ||
	    revision_compiled(&b, t->paths.state, revision, NULL) == -1)
		return;
	n->config = config_load_brief(&b, revision, NULL);
	bundle_free(&b);
}

void
netif_end(struct netif *n)
{
	if (n->config != NULL)
		config_unref(&n->config);
}

bool
netif_ask(
    struct netif *n, struct tool *t, const char *question, struct ip *from)
{
	const struct config *c = n->config;
	size_t count = 1 + (c != NULL ? c->n_interfaces : 0), chosen;
	struct buf *text = mem_array(count, sizeof(*text));
	const char **items = mem_array(count, sizeof(*items));
	bool answered;

	items[0] = "Auto";
	for (size_t i = 1; i < count; i++) {
		const struct interface *one = &c->interfaces[i - 1];

		buf_init(&text[i], LINE_MAX_SIZE);
		buf_printf(&text[i], "%.*s ", STR_ARG(one->name));
		interfaces_show(&text[i], c, one);
		items[i] = buf_str(&text[i]).p;
	}
	answered =
	    dialogue_choice(&t->dialogue, question, items, count, 0, &chosen);
	*from = (struct ip){ { 0 } };
	if (answered && chosen > 0)
		*from = c->interfaces[chosen - 1].ip;
	for (size_t i = 1; i < count; i++)
		buf_fini(&text[i]);
	free(text);
	free(items);
	return answered;
}

int
netif_find(
    const struct netif *n, const char *name, struct ip *from, struct err *err)
{
	const struct config *c = n->config;
	const struct interface *one;
	struct buf names;

	*from = (struct ip){ { 0 } };
	if (str_is_nocase(str_of(name), "auto"))
		return 0;
	one = c != NULL ? config_interface(c, str_of(name)) : NULL;
	if (one != NULL) {
		*from = one->ip;
		return 0;
	}
	buf_init(&names, LINE_MAX_SIZE);
	buf_puts(&names, "auto");
	for (size_t i = 0; c != NULL && i < c->n_interfaces; i++)
		buf_printf(&names, ", %.*s", STR_ARG(c->interfaces[i].name));
	err_set(err, ERR_PERM, "There is no interface \"%s\"; there are: %s",
	    name, buf_str(&names).p);
	buf_fini(&names);
	return -1;
}

void
netif_take(const struct netif *n, int *argc, char ***argv, struct ip *from)
{
	*from = (struct ip){ { 0 } };
	if (*argc < 3 || netif_find(n, (*argv)[1], from, NULL) == -1)
		return;
	--*argc;
	++*argv;
}

/* A name without a dot, and behind it what is no number. */
bool
netif_meant(int argc, char **argv)
{
	return argc == 4 || (argc == 3 && strpbrk(argv[1], ".:") == NULL &&
				argv[2][strspn(argv[2], "0123456789")] != '\0');
}

int
netif_unknown(const struct netif *n, const struct tool *t, const char *name)
{
	struct err err = ERR_INIT;
	struct ip from;

	netif_find(n, name, &from, &err);
	return tool_fail(t, &err);
}

int
netif_family(const struct ip *from)
{
	if (ip_is_unset(from))
		return AF_UNSPEC;
	return ip_is_v4(from) ? AF_INET : AF_INET6;
}
