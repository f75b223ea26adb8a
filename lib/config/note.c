/*
 * note.c - what is written beside the files of a revision
 */
#include "config/note.h"

#include <dirent.h>
#include <fcntl.h>
#include <inttypes.h>
#include <jansson.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/clock.h"
#include "base/mem.h"
#include "config/commit.h"
#include "config/store.h"

#define TEXT_CUT 1000

static json_t *clean_text(const char *);
static json_t *list(struct str lines);

char *
note_text(uint64_t number, const struct commit_note *note, struct str objects)
{
	json_t *json = json_pack("{s:I, s:I, s:o, s:o, s:b, s:o}", "number",
	    (json_int_t)number, "when", (json_int_t)clock_wall_ms(), "user",
	    clean_text(note->user), "comment", clean_text(note->comment),
	    "forget", note->forget, "objects", list(objects));
	char *text = json != NULL ? json_dumps(json, JSON_INDENT(1)) : NULL;

	json_decref(json);
	if (text == NULL)
		panic("commit: no memory for its description");
	return text;
}

uint64_t *
note_numbers(int dir, size_t *n)
{
	int copy = fcntl(dir, F_DUPFD_CLOEXEC, 0);
	DIR *d = copy != -1 ? fdopendir(copy) : NULL;
	uint64_t *v = NULL, number;
	size_t cap = 0;
	struct dirent *e;

	*n = 0;
	if (d == NULL) {
		if (copy != -1)
			close(copy);
		return NULL;
	}
	rewinddir(d);
	while ((e = readdir(d)) != NULL) {
		if (!str_u64(str_of(e->d_name), INT64_MAX - 1, &number) ||
		    number == 0)
			continue;
		v = mem_room(v, &cap, *n, sizeof(*v));
		v[(*n)++] = number;
	}
	closedir(d);
	return v;
}

int
note_base(const char *etc, uint64_t number, struct err *err)
{
	int dir = open(etc, O_RDONLY | O_DIRECTORY | O_CLOEXEC), rc;
	char text[32];

	if (dir == -1)
		return err_sys(err, ERR_TEMP, "folder %s", etc);
	snprintf(text, sizeof(text), "%" PRIu64 "\n", number);
	rc = number == 0 ? store_remove(dir, BASE_FILE, err)
			 : store_file(dir, BASE_FILE, str_of(text), true, err);
	close(dir);
	return rc == 0 ? 0 : err_in(err, "folder %s", etc);
}

/* Bytes that are not UTF-8, and controls, as escapes. A text that was cleaned
 * once stays as it is. */
static json_t *
clean_text(const char *text)
{
	bool clean = str_valid_utf8(str_of(text)) && strlen(text) <= TEXT_CUT;
	char out[4 * TEXT_CUT + 96];

	for (const char *c = text; clean && *c != '\0'; c++)
		clean = (unsigned char)*c >= 0x20 && *c != 0x7f;
	if (clean)
		return json_string(text);
	str_escape(out, sizeof(out), str_of(text), TEXT_CUT);
	return json_string(out);
}

static json_t *
list(struct str lines)
{
	json_t *v = json_array();
	char more[48], name[4 * TEXT_CUT];
	size_t n = 0;

	for (; lines.n > 0; n++) {
		struct str one = str_cut(&lines, '\n');

		if (n >= NOTE_OBJECTS)
			continue;
		str_copy(name, sizeof(name), one);
		json_array_append_new(v, clean_text(name));
	}
	if (n > NOTE_OBJECTS) {
		snprintf(more, sizeof(more), "and %zu more", n - NOTE_OBJECTS);
		json_array_append_new(v, json_string(more));
	}
	return v;
}
