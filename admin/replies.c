/* replies.c - SMTP replies of one's own in dialogues */
#include "admin/replies.h"

#include <stdio.h>

bool
replies_ask(struct editing *ed, uint64_t from, uint64_t to, uint64_t usual,
    char reply[DIALOGUE_LINE])
{
	struct dialogue *d = &ed->t->dialogue;
	char line[DIALOGUE_LINE], shown[DIALOGUE_LINE];
	struct str text = str_of(reply);
	uint64_t code = usual;
	bool yes;

	tool_space(ed->t);
	if (!dialogue_yes(d,
		"Would you like to specify a custom SMTP response?", text.n > 0,
		&yes))
		return false;
	if (!yes) {
		*reply = '\0';
		return true;
	}
	if (text.n > 0)
		str_u64(str_cut(&text, ' '), to, &code);
	str_copy(shown, sizeof(shown), text);
	tool_space(ed->t);
	if (!dialogue_number(d, "Enter the SMTP code to use in the response.",
		from, to, code, &code))
		return false;
	tool_space(ed->t);
	if (!dialogue_text(d, "Enter your custom SMTP response.", shown, line,
		sizeof(line)))
		return false;
	snprintf(reply, DIALOGUE_LINE, "%u%s%.1000s", (unsigned)code,
	    *line != '\0' ? " " : "", line);
	return true;
}
