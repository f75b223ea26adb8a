/*
 * fuzz_track.c - files of the tracking store
 *
 * The input is a file as it is; and, since few inputs get past a checksum,
 * up to a NUL the names of a BEGIN, behind it the payload of EVENTS.
 */
#include <stdlib.h>

#include "base/buf.h"
#include "track/reader.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool
see(void *arg, const struct track_seen *e)
{
	struct buf *text = arg;

	buf_reset(text);
	event_text(e->id, e->fields, text);
	if (track_ids_of(e->id, e->fields).mid != e->ids.mid)
		abort();
	return true;
}

static void
see_gap(void *arg, const struct track_gap *gap)
{
	(void)arg;
	if (gap->why >= TRACK_N_WHY)
		abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct str in = { (const char *)data, size }, names;
	struct track_head head = { .type = TRACK_BEGIN };
	struct buf text, file;
	const struct track_walk walk = {
		.to = INT64_MAX, .arg = &text, .event = see, .gap = see_gap
	};

	if (size > TRACK_BLOCK_MAX)
		return 0;
	buf_init(&text, SIZE_MAX);
	buf_init(&file, SIZE_MAX);
	track_read_bytes(in, &walk);
	names = str_cut(&in, '\0');
	if (names.n > 0) {
		track_put(&head, names, &file);
	} else {
		track_names(&text);
		track_put(&head, buf_str(&text), &file);
	}
	head = (struct track_head){ TRACK_EVENTS, 1, 1 << 20, 7 };
	track_put(&head, in, &file);
	track_read_bytes(buf_str(&file), &walk);
	buf_fini(&text);
	buf_fini(&file);
	return 0;
}
