/* capture_ask.c - a person changes what is captured */
#include "admin/capture_ask.h"

#include <pcap/pcap.h>
#include <stdlib.h>
#include <string.h>

#include "admin/interfaces.h"
#include "base/mem.h"

#define SECTION_NAME "packet_capture"
#define MEBIBYTE     (UINT64_C(1) << 20)
#define LINE_SIZE    400

static const struct objects_question how_long[] = {
	{ "duration",
	    "How long shall a capture last? A number of seconds, or one with "
	    "s, m, h or d; 0: until it is stopped.",
	    NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};
static const struct objects_question whom[] = {
	{ "ports",
	    "Capture these TCP ports only, separated by commas; none: any.",
	    NULL, NULL },
	{ "clients",
	    "Capture these clients only (addresses of hosts that connect to "
	    "this machine); none: any.",
	    NULL, NULL },
	{ "servers",
	    "Capture these servers only (addresses of hosts that this machine "
	    "connects to); none: any.",
	    NULL, NULL },
	{ NULL, NULL, NULL, NULL },
};

static bool ask_size(struct editing *);
static bool ask_interfaces(struct editing *);
static void choose_present(const struct config *, bool *chosen);
static void write_interfaces(struct editing *, const bool *chosen);
static bool ask_filter(struct editing *);

struct settings
capture_settings(const struct editing *ed)
{
	return (struct settings){ .section = &schema_capture,
		.object = ed->w->config,
		.path = SECTION_NAME,
		.in_units = true };
}

void
capture_set_size(struct editing *ed, uint64_t mb)
{
	char size[32];

	snprintf(size, sizeof(size), "%lluM", (unsigned long long)mb);
	editing_text(ed, str_of(size), SECTION_NAME ".max_size");
}

/* What depends on the device, or on a name, is seen at the start. */
bool
capture_filter_ok(const char *filter, struct err *err)
{
	pcap_t *p = pcap_open_dead(DLT_EN10MB, 65535);
	struct bpf_program program;
	bool good = true;

	if (p == NULL)
		return true;
	if (pcap_compile(p, &program, filter, 1, PCAP_NETMASK_UNKNOWN) == 0)
		pcap_freecode(&program);
	else if (strstr(pcap_geterr(p), "syntax error") != NULL)
		good = err_set(err, ERR_PERM, "The filter \"%s\" is wrong: %s",
			   filter, pcap_geterr(p)) == 0;
	pcap_close(p);
	return good;
}

/* Ports and hosts are saved before the filter is asked for: it counts only
 * where there are none. */
bool
capture_ask(struct editing *ed)
{
	struct settings s = capture_settings(ed);

	if (!ask_size(ed) || !settings_ask(ed, &s, how_long) ||
	    !ask_interfaces(ed) || !settings_ask(ed, &s, whom))
		return false;
	if (!editing_save(ed))
		return true;
	if (!ask_filter(ed))
		return false;
	editing_save(ed);
	return true;
}

static bool
ask_size(struct editing *ed)
{
	const struct config *c = ed->w->config;
	uint64_t now = c->capture.max_size / MEBIBYTE, mb;
	struct dialogue *d = &ed->t->dialogue;
	bool stops;

	if (!dialogue_number(d, "Enter the maximum size of the file in MB.", 1,
		CAPTURE_MB_MAX, now, &mb))
		return false;
	if (mb != now)
		capture_set_size(ed, mb);
	tool_space(ed->t);
	if (!dialogue_yes(d,
		"Do you want to stop the capture when that size is reached? If "
		"not, the oldest tenth is deleted and the capture goes on.",
		c->capture.stops, &stops))
		return false;
	if (stops != c->capture.stops)
		editing_text(ed, stops ? STR("stop") : STR("rotate"),
		    SECTION_NAME ".when_full");
	return true;
}

static bool
ask_interfaces(struct editing *ed)
{
	const struct config *c = ed->w->config;
	size_t n = c->n_interfaces;
	struct buf *text = mem_array(n + 1, sizeof(*text));
	const char **items = mem_array(n + 1, sizeof(*items));
	bool *chosen = mem_array(n + 1, sizeof(*chosen));
	bool answered = true;

	for (size_t i = 0; i < n; i++) {
		buf_init(&text[i], LINE_SIZE);
		buf_printf(&text[i], "%.*s ", STR_ARG(c->interfaces[i].name));
		interfaces_show(&text[i], c, &c->interfaces[i]);
		items[i] = buf_str(&text[i]).p;
	}
	choose_present(c, chosen);
	tool_space(ed->t);
	if (n > 0)
		answered = dialogue_choices_of(&ed->t->dialogue,
		    "Choose the interfaces to capture. Separate multiple "
		    "choices with commas.",
		    items, n, chosen);
	if (answered)
		write_interfaces(ed, chosen);
	for (size_t i = 0; i < n; i++)
		buf_fini(&text[i]);
	free(text);
	free(items);
	free(chosen);
	return answered;
}

/* None is the first. */
static void
choose_present(const struct config *c, bool *chosen)
{
	for (size_t i = 0; i < c->n_interfaces; i++) {
		chosen[i] = i == 0 && c->capture.n_interfaces == 0;
		for (size_t k = 0; k < c->capture.n_interfaces; k++)
			chosen[i] |= str_eq(
			    c->capture.interfaces[k], c->interfaces[i].name);
	}
}

static void
write_interfaces(struct editing *ed, const bool *chosen)
{
	const struct config *c = ed->w->config;
	bool *before = mem_array(c->n_interfaces + 1, sizeof(*before));
	struct buf list;

	choose_present(c, before);
	buf_init(&list, 1 << 20);
	for (size_t i = 0; i < c->n_interfaces; i++)
		if (chosen[i])
			yaml_item(&list, "", c->interfaces[i].name);
	if (memcmp(before, chosen, c->n_interfaces * sizeof(*chosen)) != 0)
		editing_yaml(ed, buf_str(&list), SECTION_NAME ".interfaces");
	buf_fini(&list);
	free(before);
}

static bool
ask_filter(struct editing *ed)
{
	const struct config *c = ed->w->config;
	char now[DIALOGUE_LINE], line[DIALOGUE_LINE];

	tool_space(ed->t);
	if (c->capture.n_ports + c->capture.n_clients + c->capture.n_servers >
	    0) {
		fputs("These ports and hosts count instead of a filter.\n",
		    ed->t->dialogue.out);
		return true;
	}
	str_copy(now, sizeof(now), c->capture.filter);
	for (;;) {
		struct err err = ERR_INIT;

		if (!dialogue_text(&ed->t->dialogue,
			"Enter the filter to be used for the capture, as "
			"tcpdump has it. Enter the word \"CLEAR\" to clear "
			"the filter.",
			now, line, sizeof(line)))
			return false;
		if (strcmp(now, line) == 0)
			return true;
		if (str_is_nocase(str_of(line), "clear"))
			*line = '\0';
		if (capture_filter_ok(line, &err))
			break;
		fprintf(ed->t->dialogue.out, "%s\n", err.text);
	}
	editing_text(ed, str_of(line), SECTION_NAME ".filter");
	return true;
}
