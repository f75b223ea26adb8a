/* factory_reset.c - going back to the configuration of a new installation */
#include "admin/factory_reset.h"

#include "admin/revise.h"
#include "config/edit.h"
#include "config/factory.h"

static int factory_files(
    const struct commit *, struct bundle *out, struct err *err);

int
factory_reset(struct tool *t, bool now)
{
	struct config_problems problems = { 0 };
	char user[64];
	const struct commit_note note = { user, "Factory values", false };
	struct bundle files = { 0 };
	struct err err = ERR_INIT;
	struct commit c;
	int status = TOOL_DONE;

	tool_user(user, sizeof(user));
	if (commit_begin(&c, t->paths.etc, t->paths.state, &err) == -1)
		return tool_fail(t, &err);
	if (factory_files(&c, &files, &err) == -1 ||
	    commit_replace(&c, &files, &err) == -1)
		status = tool_fail(t, &err);
	else if (!now)
		revise_edited(t);
	else if (!commit_is_empty(&c))
		status = revise_commit(t, &c, &note, &problems);
	commit_end(&c);
	bundle_free(&files);
	config_problems_free(&problems);
	return status;
}

static int
factory_files(const struct commit *c, struct bundle *out, struct err *err)
{
	struct config_problems ignored = { 0 };
	struct config *now = config_load_simple(&c->now, 0, NULL);
	struct edit *yaml =
	    edit_new("postern.yaml", factory_config(), &ignored);
	int rc = 0;

	/* The name belongs to the machine. */
	if (now != NULL)
		rc = edit_set_text(yaml, "hostname", now->hostname, err);
	if (rc == 0)
		bundle_from_text(out, "postern.yaml", edit_text(yaml));
	edit_free(&yaml);
	config_unref(&now);
	config_problems_free(&ignored);
	return rc;
}
