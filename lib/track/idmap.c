/* idmap.c - from the numbers of messages or connections to what is known */
#include "track/idmap.h"

static void **page_of(struct idmap *, uint64_t id);

void
idmap_init(struct idmap *m, struct arena *mem)
{
	*m = (struct idmap){ .mem = mem };
	map_init(&m->pages);
}

void
idmap_fini(struct idmap *m)
{
	map_fini(&m->pages, NULL);
}

void *
idmap_get(struct idmap *m, uint64_t id)
{
	void **page = id != 0 ? page_of(m, id) : NULL;

	return page != NULL ? page[id % IDMAP_PAGE] : NULL;
}

void
idmap_put(struct idmap *m, uint64_t id, void *value)
{
	void **page = page_of(m, id);

	if (page == NULL) {
		page = arena_array(m->mem, IDMAP_PAGE, sizeof(*page));
		map_put_u64(&m->pages, id / IDMAP_PAGE, page);
		m->page = page;
	}
	page[id % IDMAP_PAGE] = value;
}

static void **
page_of(struct idmap *m, uint64_t id)
{
	if (!m->looked || m->last != id / IDMAP_PAGE)
		m->page = map_get_u64(&m->pages, id / IDMAP_PAGE);
	m->last = id / IDMAP_PAGE;
	m->looked = true;
	return m->page;
}
