/* header.c - fields of a header as they stand, and changing them */
#include "mail/header.h"

#include <string.h>

#include "mail/addr.h"

static size_t name_length(struct str line);
static void replace(
    struct str old, struct str new, const char **done, struct buf *out);

static inline bool
is_blank(char c)
{
	return c == ' ' || c == '\t';
}

bool
header_next(struct str *rest, struct header_field *f)
{
	size_t colon = name_length(*rest), end = 0;

	if (colon == 0)
		return false;
	do {
		end += str_find(str_sub(*rest, end, rest->n), '\n');
		end += end < rest->n;
	} while (end < rest->n && is_blank(rest->p[end]));
	f->all = str_sub(*rest, 0, end);
	f->name = str_trim(str_sub(*rest, 0, colon));
	f->value = str_sub(f->all, colon + 1, end);
	*rest = str_sub(*rest, end, rest->n);
	return true;
}

void
header_replace(const struct header_addr *a, struct str to, const char **done,
    struct buf *out)
{
	if (a->domain.p == NULL) {
		replace(a->local, to, done, out);
		return;
	}
	if (!str_eq(addr_local(to), addr_local(a->addr)))
		replace(a->local, addr_local(to), done, out);
	if (!str_eq(addr_domain(to), addr_domain(a->addr)))
		replace(a->domain, addr_domain(to), done, out);
}

/* Where the colon stands behind a field's name; 0: there is none. */
static size_t
name_length(struct str line)
{
	size_t i = 0, n;

	while (i < line.n && line.p[i] > ' ' && line.p[i] < 0x7f &&
	       line.p[i] != ':')
		i++;
	n = i;
	while (i < line.n && is_blank(line.p[i]))
		i++;
	return n > 0 && i < line.n && line.p[i] == ':' ? i : 0;
}

static void
replace(struct str old, struct str new, const char **done, struct buf *out)
{
	buf_add(out, *done, (size_t)(old.p - *done));
	buf_add_str(out, new);
	*done = old.p + old.n;
}
