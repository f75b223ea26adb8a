/* feed.c - the rules of the outbreak feed, as the gateway keeps them */
#include "trace/feed.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>

#include "filter/filter.h"
#include "lookup/feed_file.h"

static struct outbreak_rules *kept(
    const char *path, struct str key, struct err *err);

void
trace_feed(struct config *c, const struct paths *paths)
{
	const struct outbreak_global *o = &c->work.outbreak;
	char path[PATH_MAX + 16];
	struct outbreak_rules *rules;
	struct err err = ERR_INIT;

	if (!o->enabled || o->url.n == 0)
		return;
	snprintf(path, sizeof(path), "%s/" FEED_FILE, paths->state);
	rules = kept(path, o->public_key, &err);
	if (rules != NULL)
		filters_set_feed(c, rules);
	else if (err.kind != ERR_NONE)
		fprintf(stderr, "%s: %s: traced without the feed's rules\n",
		    path, err.text);
}

/* NULL without an error: nothing was fetched so far. */
static struct outbreak_rules *
kept(const char *path, struct str key, struct err *err)
{
	struct outbreak_rules *rules = NULL;
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
	struct buf text;

	if (fd == -1) {
		if (errno != ENOENT)
			err_set(err, ERR_PERM, "%s", strerror(errno));
		return NULL;
	}
	buf_init(&text, FEED_READ_MAX);
	if (feed_read(fd, &text, err) == 0)
		rules = feed_load(buf_str(&text), key, err);
	buf_fini(&text);
	return rules;
}
