/* senders.c - lists of hosts and recipients, as people type them */
#include "admin/senders.h"

#include <stdlib.h>

#include "config/hat_entry.h"
#include "config/rat_pattern.h"

#define ENTRY_MAX 65536

bool
senders_host(struct str text, struct err *err)
{
	struct hat_entry entry;
	struct arena mem;
	int rc;

	if (text.n > ENTRY_MAX / 2)
		return err_set(err, ERR_USAGE, "Invalid sender entry") == 0;
	arena_init(&mem, ENTRY_MAX * 4);
	rc = hat_entry_parse(&entry, text, &mem, err);
	if (rc == 0 && entry.kind == HAT_ALL)
		rc = err_set(
		    err, ERR_USAGE, "ALL is reserved for the default entry.");
	arena_free(&mem);
	return rc == 0;
}

bool
senders_recipient(struct str text, struct err *err)
{
	struct rat_entry entry;
	struct arena mem;
	int rc;

	if (text.n > ENTRY_MAX / 2)
		return err_set(err, ERR_USAGE, "Invalid recipient") == 0;
	arena_init(&mem, ENTRY_MAX * 4);
	rc = rat_pattern_parse(&entry, text, &mem, err);
	arena_free(&mem);
	return rc == 0;
}

bool
senders_check(
    struct str list, bool (*one)(struct str, struct err *), struct err *err)
{
	while (list.n > 0) {
		struct str text = args_cut(&list);

		if (text.n > 0 && !one(text, err))
			return false;
	}
	return true;
}

bool
senders_ask(struct editing *ed, const char *question, const char *dflt,
    bool (*one)(struct str, struct err *), char *out, size_t size)
{
	char shown[DIALOGUE_LINE];
	struct err err = ERR_INIT;

	str_copy(shown, sizeof(shown), str_of(dflt));
	tool_space(ed->t);
	for (;;) {
		if (!dialogue_text(
			&ed->t->dialogue, question, shown, out, size))
			return false;
		if (senders_check(str_of(out), one, &err))
			return true;
		fprintf(ed->t->dialogue.out, "%s\n", err.text);
		str_copy(shown, sizeof(shown), str_of(out));
	}
}
