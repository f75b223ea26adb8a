/*
 * wants.c - which action variables look into the message (spec 2.11)
 */
#include "base/mem.h"
#include "filter/check.h"

static const struct {
	const char *name;
	unsigned wants;
} variables[] = {
	{ "allheaders", FILTER_HEADER },
	{ "all_headers", FILTER_HEADER },
	{ "header", FILTER_HEADER },
	{ "subject", FILTER_HEADER },
	{ "filenames", FILTER_HEADER | FILTER_BODY },
	{ "filesizes", FILTER_HEADER | FILTER_BODY },
	{ "filetypes", FILTER_HEADER | FILTER_BODY },
	{ "certificatesigners", FILTER_HEADER | FILTER_BODY },
};

unsigned
variables_want(struct str text)
{
	unsigned wants = 0;
	size_t at;

	while ((at = str_find(text, '$')) < text.n) {
		text = str_sub(text, at + 1, text.n);
		for (size_t i = 0; i < NELEM(variables); i++) {
			if (str_starts_nocase(text, str_of(variables[i].name)))
				wants |= variables[i].wants;
		}
	}
	return wants;
}
