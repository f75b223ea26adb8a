/*
 * captures_web.c - what pages do with captures, and tools do themselves
 *
 * A tool runs with the rights of who calls it; webd has none. So the master
 * does this for it, and believes nothing it says.
 */
#include <jansson.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/capture_parts.h"
#include "admin/interfaces.h"
#include "config/schema.h"
#include "event/event.h"
#include "master/master.h"

#define FILTER_MAX   4000
#define DURATION_MAX (30 * 86400)
#define SIZE_LEAST   (UINT64_C(1) << 20)

static int check(const struct str *words, size_t n, struct err *err);
static bool is_printable(struct str);
static int find_device(
    const struct config *, struct str name, char out[140], struct err *err);
static void answer_files(struct ipc *, const struct parts *);
static int hand_files(
    struct ipc *, const struct parts *, const char *name, struct err *);
static void delete_files(
    struct master *, struct ipc *, const struct parts *, const char *name);

/* SIZE rotate|stop SECONDS FILTER INTERFACE ... */
int
captures_web(const struct master *m, const struct str *words, size_t n,
    struct capture_words *out, struct err *err)
{
	if (check(words, n, err) == -1)
		return -1;
	out->n = 0;
	out->v[out->n++] = STR("detached");
	for (size_t i = 0; i < 4; i++)
		out->v[out->n++] = words[i];
	for (size_t i = 4; i < n; i++) {
		char *device = out->devices[i];

		if (find_device(m->self.config, words[i], device, err) == -1)
			return -1;
		out->v[out->n++] = str_of(device);
	}
	return 0;
}

void
captures_files(
    struct master *m, struct ipc *admin, const struct str *words, size_t n)
{
	struct err err = ERR_INIT;
	struct parts p;
	char name[200];

	if (n == 0 || n > 2 ||
	    !str_copy(name, sizeof(name), n == 2 ? words[1] : STR(""))) {
		program_answer(admin, NULL, RESULT_USAGE,
		    "capturefiles files|open NAME|delete NAME");
		return;
	}
	if (parts_read(&p, m->paths.captures, &err) == -1) {
		program_answer(admin, NULL, RESULT_FAILED, err.text);
		return;
	}
	if (str_is(words[0], "open")) {
		if (hand_files(admin, &p, name, &err) == -1)
			program_answer(admin, NULL, RESULT_NEGATIVE, err.text);
	} else if (str_is(words[0], "delete")) {
		delete_files(m, admin, &p, name);
	} else {
		answer_files(admin, &p);
	}
	parts_free(&p);
}

static int
check(const struct str *words, size_t n, struct err *err)
{
	uint64_t number;

	if (n < 5 || n > CAPTURE_WORDS / 2)
		return err_set(err, ERR_USAGE, "no interface is chosen");
	if (!str_u64(words[0], INT64_MAX, &number) || number < SIZE_LEAST)
		return err_set(err, ERR_USAGE,
		    "the size must be a number of MB, 1 at least");
	if (!str_is(words[1], "rotate") && !str_is(words[1], "stop"))
		return err_set(err, ERR_USAGE,
		    "when the size is reached: rotate, or stop");
	if (!str_u64(words[2], DURATION_MAX, &number))
		return err_set(err, ERR_USAGE,
		    "the duration must be within 0..%d seconds", DURATION_MAX);
	if (words[3].n > FILTER_MAX || !is_printable(words[3]))
		return err_set(err, ERR_USAGE,
		    "the filter must be a text of at most %d bytes",
		    FILTER_MAX);
	return 0;
}

static bool
is_printable(struct str s)
{
	for (size_t i = 0; i < s.n; i++)
		if ((unsigned char)s.p[i] < ' ' || s.p[i] == 0x7f)
			return false;
	return str_valid_utf8(s);
}

static int
find_device(
    const struct config *c, struct str name, char out[140], struct err *err)
{
	const struct interface *in = config_interface(c, name);
	char device[IF_NAMESIZE], ip[IP_TEXT];

	if (in == NULL)
		return err_set(err, ERR_USAGE, "there is no interface \"%.*s\"",
		    STR_ARG(name));
	if (!interfaces_device(&in->ip, device))
		return err_set(err, ERR_PERM,
		    "Interface %.*s: no network device of this machine has "
		    "the address %s.",
		    STR_ARG(name), ip_text(&in->ip, ip));
	snprintf(out, 140, "%.*s=%s", STR_ARG(name), device);
	return 0;
}

static void
answer_files(struct ipc *admin, const struct parts *p)
{
	json_t *j = json_pack("{s:o}", "files", parts_list(p));
	char *text = json_dumps(j, JSON_COMPACT);

	if (text == NULL)
		panic("json");
	program_answer(admin, text, RESULT_DONE, NULL);
	free(text);
	json_decref(j);
}

/* A FILE for each part, in their order. */
static int
hand_files(
    struct ipc *admin, const struct parts *p, const char *name, struct err *err)
{
	struct result ok = { .status = RESULT_DONE, .error = STR("") };

	if (!parts_has(p, name, err))
		return -1;
	for (size_t i = 0; i < p->n; i++) {
		int fd;

		if (!part_is_of(&p->v[i], name))
			continue;
		fd = part_open(p, &p->v[i]);
		if (fd == -1)
			return err_sys(err, ERR_PERM, "%s", p->v[i].name);
		ipc_send_fds(admin, IPC_FILE, 0, &ok, &fd, 1);
	}
	program_answer(admin, NULL, RESULT_DONE, NULL);
	return 0;
}

static void
delete_files(struct master *m, struct ipc *admin, const struct parts *p,
    const char *name)
{
	const char *running = captures_name(m);
	struct err err = ERR_INIT;

	if (running != NULL && strcmp(running, name) == 0)
		program_answer(admin, NULL, RESULT_NEGATIVE,
		    "That capture is running; stop it first.");
	else if (parts_delete(p, name, &err) == -1)
		program_answer(admin, NULL, RESULT_NEGATIVE, err.text);
	else
		program_answer(admin, NULL, RESULT_DONE, NULL);
}
