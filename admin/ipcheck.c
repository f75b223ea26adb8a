/* ipcheck.c - the verdict of `ipcheck` */
#include "admin/ipcheck.h"

#include <stdarg.h>
#include <string.h>

#include "admin/fields.h"
#include "base/mem.h"

#define TEXT_MAX 400
#define OURS     "postern-"

static void judge_one(const json_t *all, json_t *one);
static void judge_devices(const json_t *one, json_t *problems);
static void judge_listener(const json_t *all, const json_t *listener,
    json_t *problems, json_t *remarks);
static void judge_names(const json_t *one, json_t *problems);
static void say(json_t *list, const char *fmt, ...)
    __attribute__((format(printf, 2, 3)));
static void put_one(const json_t *, struct buf *);
static void put_lines(const json_t *list, const char *mark, struct buf *);

void
ipcheck_judge(json_t *all)
{
	json_t *list = json_object_get(all, "interfaces"), *one;
	size_t i, bad = 0;

	json_array_foreach(list, i, one)
	{
		judge_one(all, one);
		bad += json_array_size(json_object_get(one, "problems")) > 0;
	}
	json_object_set_new(all, "passed", json_boolean(bad == 0));
}

void
ipcheck_render(const json_t *all, struct buf *out)
{
	const json_t *list = json_object_get(all, "interfaces"), *one;
	size_t i, bad = 0, n = json_array_size(list);

	if (!fields_bool(all, "running"))
		buf_puts(out, "The gateway does not run: nobody listens.\n\n");
	buf_printf(out, "%-16s %-28s %-10s %s\n", "Interface", "Address",
	    "Device", "Result");
	json_array_foreach(list, i, one)
	{
		put_one(one, out);
		bad += json_array_size(json_object_get(one, "problems")) > 0;
	}
	if (bad == 0)
		buf_printf(out, "\nVerdict: %s\n",
		    n == 0   ? "there are no interfaces."
		    : n == 1 ? "the address can be used."
			     : "all addresses can be used.");
	else
		buf_printf(out,
		    "\nVerdict: %zu of %zu address%s %s a problem.\n", bad, n,
		    n == 1 ? "" : "es", bad == 1 ? "has" : "have");
}

static void
judge_one(const json_t *all, json_t *one)
{
	json_t *problems = json_array(), *remarks = json_array();
	const json_t *listener;
	size_t i;

	judge_devices(one, problems);
	json_array_foreach(json_object_get(one, "listeners"), i, listener)
	    judge_listener(all, listener, problems, remarks);
	if (fields_has(one, "also"))
		say(remarks, "the interface \"%s\" has the same address",
		    fields_text(one, "also"));
	if (json_array_size(problems) == 0 && !fields_bool(one, "loopback") &&
	    !fields_bool(one, "route"))
		say(remarks,
		    "no default route: only hosts in its own networks can be "
		    "reached");
	judge_names(one, problems);
	json_object_set_new(one, "problems", problems);
	json_object_set_new(one, "remarks", remarks);
}

static void
judge_devices(const json_t *one, json_t *problems)
{
	const json_t *devices = json_object_get(one, "devices"), *device;
	size_t i, n = json_array_size(devices);

	json_array_foreach(devices, i, device)
	{
		if (!fields_bool(device, "up"))
			say(problems, "the device %s is down",
			    fields_text(device, "name"));
	}
	if (n > 1)
		say(problems, "more than one device has the address");
	if (n == 0)
		say(problems,
		    "this machine does not have the address: no device has "
		    "it");
	else if (fields_has(one, "error"))
		say(problems, "nothing can go out from it: %s",
		    fields_text(one, "error"));
}

/* One of the working copy may not be in force yet. */
static void
judge_listener(
    const json_t *all, const json_t *l, json_t *problems, json_t *remarks)
{
	const char *name = fields_text(l, "listener");
	const char *by = fields_text(l, "by");
	int port = (int)fields_num(l, "port");
	bool other =
	    fields_has(l, "by") && strncmp(by, OURS, sizeof(OURS) - 1) != 0;

	if (other)
		say(problems, "listener %s: port %d is taken by %s (pid %lld)",
		    name, port, by, (long long)fields_num(l, "pid"));
	else if (fields_bool(l, "listening"))
		return;
	else if (fields_bool(l, "suspended"))
		say(remarks,
		    "listener %s is suspended: nobody listens on port "
		    "%d",
		    name, port);
	else if (fields_bool(all, "working"))
		say(remarks,
		    "listener %s: nobody listens on port %d yet; a commit puts "
		    "it in force",
		    name, port);
	else if (fields_bool(all, "running"))
		say(problems, "listener %s: nobody listens on port %d", name,
		    port);
}

/* Of the four tests of dnscheck the first two: is there a name for the
 * address, and does it have the address. */
static void
judge_names(const json_t *one, json_t *problems)
{
	const json_t *test;
	size_t i;

	json_array_foreach(json_object_get(one, "names"), i, test)
	{
		const char *which = fields_text(test, "test");

		if (strcmp(which, "ptr") != 0 && strcmp(which, "a") != 0)
			continue;
		if (!fields_bool(test, "passed"))
			say(problems, "DNS: %s", fields_text(test, "reason"));
	}
}

static void
say(json_t *list, const char *fmt, ...)
{
	char text[TEXT_MAX];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	json_array_append_new(list, str_valid_utf8(str_of(text))
					? json_string(text)
					: json_string("?"));
}

static void
put_one(const json_t *one, struct buf *out)
{
	const json_t *device =
	    json_array_get(json_object_get(one, "devices"), 0);
	const json_t *problems = json_object_get(one, "problems");
	char address[80];

	if (fields_has(one, "prefix"))
		snprintf(address, sizeof(address), "%s/%lld",
		    fields_text(one, "address"),
		    (long long)fields_num(one, "prefix"));
	else
		snprintf(address, sizeof(address), "%s",
		    fields_text(one, "address"));
	buf_printf(out, "%-16s %-28s %-10s %s\n", fields_text(one, "interface"),
	    address, device != NULL ? fields_text(device, "name") : "-",
	    json_array_size(problems) == 0 ? "OK" : "PROBLEM");
	put_lines(problems, "! ", out);
	put_lines(json_object_get(one, "remarks"), "- ", out);
	if (*fields_text(one, "used_by") != '\0') {
		buf_puts(out, "    used by ");
		fields_show(out, fields_text(one, "used_by"), 1000);
		buf_putc(out, '\n');
	}
}

static void
put_lines(const json_t *list, const char *mark, struct buf *out)
{
	const json_t *line;
	size_t i;

	json_array_foreach(list, i, line)
	{
		buf_printf(out, "    %s", mark);
		fields_show(out, json_string_value(line), TEXT_MAX);
		buf_putc(out, '\n');
	}
}
