/*
 * variables_virus.c - what a text about viruses may mention beside the action
 * variables (spec workqueue 3.3)
 */
#include "base/mem.h"
#include "filter/eval.h"
#include "filter/notice.h"

static const struct {
	const char *name;
	enum virus_text text;
	bool lines;
} variables[] = {
	{ "AV_VERDICT", VIRUS_VERDICT, false },
	{ "AV_VIRUSES", VIRUS_NAMES, false },
	{ "AV_VIRUS_TABLE", VIRUS_TABLE, true },
	{ "AV_DROPPED_TABLE", VIRUS_DROPPED_TABLE, true },
	{ "AV_DROPPED_PARTS", VIRUS_DROPPED_PARTS, false },
	/* no engine repairs a file: what is dropped is what was done */
	{ "AV_REPAIRED_VIRUSES", VIRUS_DROPPED_NAMES, false },
	{ "AV_REPAIRED_TABLE", VIRUS_DROPPED_TABLE, true },
	{ "AV_REPAIRED_PARTS", VIRUS_DROPPED_PARTS, false },
	{ "AV_ENCRYPTED_PARTS", VIRUS_ENCRYPTED_PARTS, false },
	{ "AV_INFECTED_PARTS", VIRUS_INFECTED_PARTS, false },
	{ "AV_UNSCANNABLE_PARTS", VIRUS_UNSCANNABLE_PARTS, false },
};

bool
variables_virus(struct work *w, struct str word, struct str *value, bool *lines)
{
	const struct virus_report *r = w->virus;

	*lines = false;
	if (r == NULL)
		return false;
	if (str_is_nocase(word, "to") || str_is_nocase(word, "from")) {
		if (!work_field(w, word, 0, value))
			*value = STR("");
		return true;
	}
	for (size_t i = 0; i < NELEM(variables); i++) {
		if (!str_is_nocase(word, variables[i].name))
			continue;
		*value = r->text[variables[i].text];
		*lines = variables[i].lines;
		if (value->n == 0)
			*value = STR("<None>");
		return true;
	}
	return false;
}
