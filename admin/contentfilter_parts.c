/*
 * contentfilter_parts.c - conditions and actions from numbered lists
 *
 * The lists are those of spec workqueue 7.2 and 7.3. What stands behind a
 * line of them are rules and actions of the filter language; what is asked
 * for each comes from the tables of that language (parts.h).
 */
#include <stdlib.h>
#include <string.h>

#include "admin/mailpolicy.h"
#include "admin/parts.h"
#include "base/mem.h"

#define WAYS_MAX 8

struct line {
	const char *label;
	const char *ways[WAYS_MAX]; /* names; NULL at the end */
};

typedef bool find_part(const char *name, struct part *);

static bool ask_line(struct editing *, const char *question,
    const struct line *, size_t n, find_part *, struct part *, bool *found);
static bool ask_way(
    struct editing *, const struct line *, find_part *, struct part *);
static bool ask_free(struct editing *, struct buf *out);
static bool ask_args(struct editing *, const struct part *, struct buf *out);
static bool ask_arg(
    struct editing *, const struct part_arg *, struct buf *value);
static bool ask_named(struct editing *, const char *question,
    const struct part_arg *, struct buf *value);
static bool ask_word(struct editing *, const char *question,
    const char *const *words, struct buf *value);
static bool ask_compare(struct editing *, const struct part *, struct buf *out);
static void add_quoted(struct buf *out, struct str text);

static const struct line conditions[] = {
	{ "Message Body or Attachment",
	    { "body-contains", "dictionary-match" } },
	{ "Message Body", { "only-body-contains", "body-dictionary-match" } },
	{ "Message Size", { "body-size" } },
	{ "Message Language", { "message-language" } },
	{ "Macro Detection", { "macro-detection-rule" } },
	{ "URL Category", { "url-category" } },
	{ "URL Reputation", { "url-reputation", "url-no-reputation" } },
	{ "Attachment Content",
	    { "attachment-contains", "attachment-dictionary-match" } },
	{ "Attachment File Info",
	    { "attachment-filename", "attachment-filetype",
		"attachment-mimetype", "image-verdict",
		"attachment-corrupt" } },
	{ "Attachment Protection",
	    { "attachment-protected", "attachment-unprotected" } },
	{ "Subject Header", { "subject", "subject-dictionary-match" } },
	{ "Other Header", { "header", "header-dictionary-match" } },
	{ "Envelope Sender",
	    { "mail-from", "mail-from-group", "mail-from-dictionary-match" } },
	{ "Envelope Recipient",
	    { "rcpt-to", "rcpt-to-group", "rcpt-to-dictionary-match" } },
	{ "Receiving Listener", { "recv-listener" } },
	{ "Remote IP", { "remote-ip" } },
	{ "Reputation Score", { "reputation", "no-reputation" } },
	{ "DKIM Authentication", { "dkim-authentication" } },
	{ "SPF Verification", { "spf-status" } },
	{ "S/MIME Gateway Message", { "smime-gateway-message" } },
	{ "S/MIME Gateway Verified", { "smime-gateway-verified" } },
	{ "Forged Email Detection", { "forged-email-detection" } },
	{ "Domain Reputation", { "sdr-reputation", "sdr-age" } },
	{ "Geolocation", { "geolocation-rule" } },
	{ "Duplicate Boundaries", { "duplicate-boundaries" } },
};
static const struct line actions[] = {
	{ "Quarantine", { "quarantine", "duplicate-quarantine" } },
	{ "Encrypt on Delivery", { "encrypt-deferred" } },
	{ "Strip Attachment by Content",
	    { "drop-attachments-where-contains",
		"drop-attachments-where-dictionary-match" } },
	{ "Strip Attachment by File Info",
	    { "drop-attachments-by-name", "drop-attachments-by-filetype",
		"drop-attachments-by-mimetype", "drop-attachments-by-size",
		"drop-attachments-where-image-verdict" } },
	{ "Strip Attachment With Macro", { "drop-macro-enabled-attachments" } },
	{ "Add Disclaimer Text", { "add-heading", "add-footer" } },
	{ "Bypass Outbreak Filter Scanning", { "skip-vofcheck" } },
	{ "Bypass DKIM Signing", { "skip-dkim-sign" } },
	{ "Send Copy (Bcc:)", { "bcc", "bcc-scan" } },
	{ "Notify", { "notify", "notify-copy" } },
	{ "Change Recipient to", { "alt-rcpt-to" } },
	{ "Send to Alternate Destination Host", { "alt-mailhost" } },
	{ "Deliver from IP Interface", { "alt-src-host" } },
	{ "Strip Header", { "strip-header" } },
	{ "Add/Edit Header", { "insert-header", "edit-header-text" } },
	{ "Forged Email Detection", { "fed" } },
	{ "Add Message Tag", { "tag-message" } },
	{ "Add Log Entry", { "log-entry" } },
	{ "S/MIME Sign/Encrypt on Delivery", { "smime-gateway-deferred" } },
	{ "Encrypt and Deliver Now (Final Action)", { "encrypt" } },
	{ "S/MIME Sign/Encrypt (Final Action)", { "smime-gateway" } },
	{ "Bounce (Final Action)", { "bounce" } },
	{ "Skip Remaining Content Filters (Final Action)", { "skip-filters" } },
	{ "Drop (Final Action)", { "drop" } },
};

bool
contentfilter_ask_condition(struct editing *ed, struct buf *out)
{
	struct part part;
	bool found;

	if (!ask_line(ed, "Which condition?", conditions, NELEM(conditions),
		part_of_rule, &part, &found))
		return false;
	if (!found)
		return ask_free(ed, out);
	buf_puts(out, part.name);
	return ask_args(ed, &part, out) && ask_compare(ed, &part, out);
}

bool
contentfilter_ask_action(struct editing *ed, struct buf *out)
{
	struct part part;
	bool found;

	if (!ask_line(ed, "Which action?", actions, NELEM(actions),
		part_of_action, &part, &found))
		return false;
	if (!found)
		return ask_free(ed, out);
	buf_puts(out, part.name);
	if (part.n_args == 0)
		buf_puts(out, "()");
	return ask_args(ed, &part, out);
}

/* *found false: none of them, in the filter language. */
static bool
ask_line(struct editing *ed, const char *question, const struct line *lines,
    size_t n, find_part *find, struct part *part, bool *found)
{
	const char **items = mem_array(n + 1, sizeof(*items));
	size_t *which = mem_array(n + 1, sizeof(*which)), here = 0, chosen;
	bool ok;

	for (size_t i = 0; i < n; i++) {
		bool any = false;

		for (size_t w = 0; w < WAYS_MAX && lines[i].ways[w] != NULL;
		     w++)
			any |= find(lines[i].ways[w], part);
		which[here] = i;
		if (any)
			items[here++] = lines[i].label;
	}
	items[here] = "Advanced: as message filters have it";
	tool_space(ed->t);
	ok = dialogue_choice(
	    &ed->t->dialogue, question, items, here + 1, 0, &chosen);
	*found = ok && chosen < here;
	if (*found)
		ok = ask_way(ed, &lines[which[chosen]], find, part);
	free(items);
	free(which);
	return ok;
}

static bool
ask_way(struct editing *ed, const struct line *line, find_part *find,
    struct part *part)
{
	char shown[WAYS_MAX][300];
	const char *items[WAYS_MAX], *names[WAYS_MAX];
	size_t n = 0, chosen = 0;

	for (size_t w = 0; w < WAYS_MAX && line->ways[w] != NULL; w++) {
		if (!find(line->ways[w], part))
			continue;
		snprintf(shown[n], sizeof(shown[n]), "%s: %s", part->name,
		    part->help);
		items[n] = shown[n];
		names[n++] = line->ways[w];
	}
	if (n > 1) {
		tool_space(ed->t);
		if (!dialogue_choice(
			&ed->t->dialogue, line->label, items, n, 0, &chosen))
			return false;
	}
	return find(names[chosen], part);
}

static bool
ask_free(struct editing *ed, struct buf *out)
{
	char line[DIALOGUE_LINE];

	tool_space(ed->t);
	if (!dialogue_text(&ed->t->dialogue,
		"Enter it in the language of message filters:", "", line,
		sizeof(line)))
		return false;
	buf_puts(out, line);
	return true;
}

/* In parentheses, if there are any. Those that are left out at the end are not
 * there; before others they are empty texts. */
static bool
ask_args(struct editing *ed, const struct part *part, struct buf *out)
{
	size_t n = 0, left_out = 0;
	struct buf value;
	bool ok = true;

	buf_init(&value, 2 * DIALOGUE_LINE);
	for (size_t i = 0; ok && i < part->n_args; i++) {
		buf_reset(&value);
		ok = ask_arg(ed, &part->args[i], &value);
		if (value.len == 0) {
			left_out++;
			if (!part->args[i].may_empty)
				break;
			continue;
		}
		for (; left_out > 0; left_out--)
			buf_puts(out, n++ == 0 ? "(\"\"" : ", \"\"");
		buf_printf(out, "%s%s", n++ == 0 ? "(" : ", ", value.data);
	}
	if (n > 0)
		buf_putc(out, ')');
	buf_fini(&value);
	return ok;
}

/* As it stands in a filter; empty: it is left out. */
static bool
ask_arg(struct editing *ed, const struct part_arg *arg, struct buf *value)
{
	char question[200], line[DIALOGUE_LINE];

	snprintf(question, sizeof(question), "Enter the %s%s:",
	    arg->threshold ? "minimum number of matches" : arg->name,
	    arg->optional && !arg->threshold ? " (optional)" : "");
	if (arg->form == PART_NAME)
		return ask_named(ed, question, arg, value);
	if (arg->form == PART_WORD)
		return ask_word(ed, question, arg->words, value);
	tool_space(ed->t);
	if (!arg->optional && !arg->may_empty) {
		if (!dialogue_needed(
			&ed->t->dialogue, question, line, sizeof(line)))
			return false;
	} else if (!dialogue_text(&ed->t->dialogue, question,
		       arg->threshold ? "1" : "", line, sizeof(line))) {
		return false;
	}
	if (*line == '\0' && arg->optional)
		return true;
	if (arg->form == PART_NUMBER)
		buf_puts(value, line);
	else
		add_quoted(value, str_of(line));
	return true;
}

static bool
ask_named(struct editing *ed, const char *question, const struct part_arg *arg,
    struct buf *value)
{
	size_t n, chosen;
	struct str *names = ask_names(ed->w->config, arg->list, &n);
	struct str *items = mem_array(n + 2, sizeof(*items));
	bool ok = true;

	memcpy(items, names, n * sizeof(*names));
	if (arg->optional)
		items[n++] = STR("None");
	if (n == 0) {
		tool_space(ed->t);
		fprintf(ed->t->dialogue.out, "There is nothing below %s yet.\n",
		    arg->list);
	} else {
		ok = ask_name(
		    ed, question, items, n, arg->optional ? n - 1 : 0, &chosen);
		if (ok && !(arg->optional && chosen == n - 1))
			add_quoted(value, items[chosen]);
	}
	free(items);
	free(names);
	return ok;
}

static bool
ask_word(struct editing *ed, const char *question, const char *const *words,
    struct buf *value)
{
	size_t n = 0, chosen;

	while (words[n] != NULL)
		n++;
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, question, words, n, 0, &chosen))
		return false;
	add_quoted(value, str_of(words[chosen]));
	return true;
}

/* What it is compared with, and how. */
static bool
ask_compare(struct editing *ed, const struct part *part, struct buf *out)
{
	static const char *const shown[] = { "is (==)", "is not (!=)",
		"is less than (<)", "is at most (<=)", "is greater than (>)",
		"is at least (>=)" };
	static const char *const signs[] = { "==", "!=", "<", "<=", ">", ">=" };
	const char *items[NELEM(shown) + 1];
	size_t n = part->n_signs, chosen;
	struct buf value;
	bool ok;

	if (n == 0)
		return true;
	memcpy(items, shown, sizeof(shown));
	items[n] = "is there";
	tool_space(ed->t);
	if (!dialogue_choice(&ed->t->dialogue, part->name, items,
		n + (part->alone ? 1 : 0), 0, &chosen))
		return false;
	if (chosen == n)
		return true;
	buf_init(&value, 2 * DIALOGUE_LINE);
	ok = ask_arg(ed, &part->right, &value);
	if (ok && value.len > 0)
		buf_printf(out, " %s %s", signs[chosen], value.data);
	buf_fini(&value);
	return ok;
}

static void
add_quoted(struct buf *out, struct str text)
{
	buf_putc(out, '"');
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] == '"' || text.p[i] == '\\')
			buf_putc(out, '\\');
		buf_putc(out, text.p[i]);
	}
	buf_putc(out, '"');
}
