/*
 * filetype.c - names of file types and their groups
 */
#include "filter/filetype.h"

#include <stdio.h>
#include <string.h>

#include "base/mem.h"

static struct str next_type(struct str *types);
static bool has(const char *types, struct str name);
static void add_near(char *out, size_t size, struct str name);

static const struct group {
	const char *name, *types;
	const char *hidden; /* belong to it, cannot be asked for alone */
} groups[] = {
	{ "Document",
	    "doc docx mdb mpp ole pdf ppt pptx pub rtf wps x-wmf xls xlsx",
	    "" },
	{ "Executable", "exe java msi pif", "dll scr" },
	{ "Compressed",
	    "ace arc arj binhex bz bz2 cab gzip lha rar sit tar unix zip zoo",
	    "" },
	{ "Text", "txt html xml", "" },
	{ "Image", "bmp cur gif ico jpeg pcx png psd psp tga tiff", "" },
	{ "Media",
	    "aac aiff asf avi flash midi mov mp3 mpeg ogg ram snd wav wma wmv",
	    "" },
};

bool
filetype_known(struct str name)
{
	for (size_t i = 0; i < NELEM(groups); i++) {
		if (str_is_nocase(name, groups[i].name) ||
		    has(groups[i].types, name))
			return true;
	}
	return false;
}

bool
filetype_matches(struct str wanted, struct str type)
{
	if (type.n == 0)
		return false;
	for (size_t i = 0; i < NELEM(groups); i++) {
		if (str_is_nocase(wanted, groups[i].name))
			return has(groups[i].types, type) ||
			       has(groups[i].hidden, type);
	}
	return str_eq_nocase(wanted, type);
}

void
filetype_near(struct str name, char *out, size_t size)
{
	*out = '\0';
	for (size_t i = 0; i < NELEM(groups); i++) {
		struct str types = str_of(groups[i].types), type;

		if (str_distance(name, str_of(groups[i].name)) <= 2)
			add_near(out, size, str_of(groups[i].name));
		while ((type = next_type(&types)).n > 0) {
			if (str_distance(name, type) <= (type.n > 3 ? 2u : 1u))
				add_near(out, size, type);
		}
	}
}

const char *
filetype_group(size_t i, const char **types)
{
	if (i >= NELEM(groups))
		return NULL;
	*types = groups[i].types;
	return groups[i].name;
}

static struct str
next_type(struct str *types)
{
	return str_cut(types, ' ');
}

static bool
has(const char *types, struct str name)
{
	struct str left = str_of(types), type;

	while ((type = next_type(&left)).n > 0) {
		if (str_eq_nocase(type, name))
			return true;
	}
	return false;
}

static void
add_near(char *out, size_t size, struct str name)
{
	size_t n = strlen(out);

	snprintf(out + n, size - n, "%s%.*s", n > 0 ? ", " : "", STR_ARG(name));
}
