/* render_dns.c - `nslookup`, `dig`, `dnscheck` */
#include "admin/fields.h"
#include "admin/render.h"
#include "base/bounds.h"
#include "base/mem.h"

#define SHOWN 4096 /* of a text from outside */

static void put_record(const char *type, const json_t *, struct buf *);
static void put_soa(const json_t *, struct buf *);
static void put_tlsa(const json_t *, struct buf *);
static void put_dns_records(const json_t *, struct buf *);
static bool put_tests(const json_t *, struct buf *);
static void put_ports(const json_t *, struct buf *);
static void put_error(const json_t *, struct buf *);

/* By the key of a record that has what is shown. */
static const struct {
	const char *key, *before, *after;
} texts[] = {
	{ "address", "", "" },
	{ "host", "", "" },
	{ "text", "\"", "\"" },
};

bool
render_nslookup(const json_t *j, struct buf *out)
{
	const char *type = fields_text(j, "type");
	const char *verdict = fields_text(j, "dnssec");
	const json_t *one;
	size_t i;

	if (!str_is(str_of(fields_text(j, "outcome")), "found")) {
		put_error(j, out);
		return false;
	}
	json_array_foreach(json_object_get(j, "records"), i, one)
	{
		put_record(type, one, out);
		buf_puts(out, " TTL=");
		render_ttl(fields_num(j, "ttl"), out);
		buf_putc(out, '\n');
	}
	if (str_is(str_of(verdict), "secure"))
		buf_puts(out, "DNSSEC: secure\n");
	if (*fields_text(j, "reason") != '\0') {
		buf_puts(out, "Note: ");
		fields_show(out, fields_text(j, "reason"), SHOWN);
		buf_putc(out, '\n');
	}
	return true;
}

void
render_dig(const json_t *j, struct buf *out)
{
	static const struct {
		const char *key, *heading;
	} sections[] = { { "answer", "ANSWER" }, { "authority", "AUTHORITY" } };
	const char *status = fields_text(j, "status");
	const json_t *q = json_object_get(j, "question");

	if (!str_is(str_of(status), "NOERROR"))
		buf_printf(out, ";; STATUS: %s\n\n", status);
	buf_printf(out, ";; QUESTION SECTION:\n;%-30s %-7s %s\n",
	    fields_text(q, "name"), fields_text(q, "class"),
	    fields_text(q, "type"));
	for (size_t i = 0; i < NELEM(sections); i++) {
		const json_t *v = json_object_get(j, sections[i].key);

		if (json_array_size(v) == 0)
			continue;
		buf_printf(out, "\n;; %s SECTION:\n", sections[i].heading);
		put_dns_records(v, out);
		break;
	}
}

void
render_dig_short(const json_t *j, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(json_object_get(j, "answer"), i, one)
	    buf_printf(out, "%s\n", fields_text(one, "data"));
}

void
render_dig_step(const json_t *j, struct buf *out)
{
	const char *server = fields_text(j, "server");
	const char *name = fields_text(j, "server_name");

	put_dns_records(json_object_get(j, "answer"), out);
	put_dns_records(json_object_get(j, "authority"), out);
	if (!str_is(str_of(fields_text(j, "status")), "NOERROR"))
		buf_printf(out, ";; STATUS: %s\n", fields_text(j, "status"));
	buf_printf(out, ";; Received %lld bytes from %s",
	    (long long)fields_num(j, "bytes"),
	    *server != '\0' ? server : "the root");
	if (*name != '\0')
		buf_printf(out, "(%s)", name);
	buf_printf(out, " in %lld ms\n\n", (long long)fields_num(j, "ms"));
}

bool
render_dnscheck(const json_t *all, struct buf *out)
{
	const json_t *one;
	bool passed = true;
	size_t i;

	json_array_foreach(all, i, one)
	{
		if (i > 0)
			buf_putc(out, '\n');
		buf_printf(out, "%s (%s), HELO %s:\n",
		    fields_text(one, "interface"), fields_text(one, "address"),
		    fields_text(one, "helo"));
		if (fields_bool(one, "private"))
			buf_puts(out, "This is a private address; others may "
				      "see another one.\n");
		if (!put_tests(json_object_get(one, "tests"), out))
			passed = false;
		put_ports(json_object_get(one, "ports"), out);
	}
	return passed;
}

void
render_ttl(int64_t seconds, struct buf *out)
{
	static const struct {
		int64_t seconds;
		char unit;
	} units[] = { { 86400, 'd' }, { 3600, 'h' }, { 60, 'm' }, { 1, 's' } };
	const char *before = "";

	if (seconds <= 0)
		buf_puts(out, "0s");
	for (size_t i = 0; i < NELEM(units); i++) {
		if (seconds < units[i].seconds)
			continue;
		buf_printf(out, "%s%lld%c", before,
		    (long long)(seconds / units[i].seconds), units[i].unit);
		seconds %= units[i].seconds;
		before = " ";
	}
}

static void
put_record(const char *type, const json_t *record, struct buf *out)
{
	buf_printf(out, "%s=", type);
	if (fields_has(record, "serial")) {
		put_soa(record, out);
		return;
	}
	if (fields_has(record, "data")) {
		put_tlsa(record, out);
		return;
	}
	for (size_t i = 0; i < NELEM(texts); i++) {
		if (!fields_has(record, texts[i].key))
			continue;
		buf_puts(out, texts[i].before);
		fields_show(out, fields_text(record, texts[i].key), SHOWN);
		buf_puts(out, texts[i].after);
	}
	if (fields_has(record, "preference"))
		buf_printf(out, "%s PREF=%lld",
		    *fields_text(record, "host") == '\0' ? "." : "",
		    (long long)fields_num(record, "preference"));
}

static void
put_soa(const json_t *r, struct buf *out)
{
	static const struct {
		const char *label, *key;
	} numbers[] = { { "SERIAL", "serial" }, { "REFRESH", "refresh" },
		{ "RETRY", "retry" }, { "EXPIRE", "expire" },
		{ "MINIMUM", "minimum" } };

	fields_show(out, fields_text(r, "primary"), SHOWN);
	buf_puts(out, " MAIL=");
	fields_show(out, fields_text(r, "mail"), SHOWN);
	for (size_t i = 0; i < NELEM(numbers); i++)
		buf_printf(out, " %s=%lld", numbers[i].label,
		    (long long)fields_num(r, numbers[i].key));
}

/* "3 1 1 abcd": three bytes of which each is a number, and the rest. */
static void
put_tlsa(const json_t *r, struct buf *out)
{
	struct str data = str_of(fields_text(r, "data"));

	for (int i = 0; i < 3 && data.n >= 2; i++) {
		struct str two = str_sub(data, 0, 2);
		unsigned n = 0;

		for (size_t k = 0; k < two.n; k++)
			n = n * 16 + (unsigned)(two.p[k] <= '9'
						    ? two.p[k] - '0'
						    : two.p[k] - 'a' + 10);
		buf_printf(out, "%u ", n);
		data = str_sub(data, 2, data.n);
	}
	fields_show_str(out, data, SHOWN);
}

static bool
put_tests(const json_t *tests, struct buf *out)
{
	static const struct {
		const char *test, *label;
	} labels[] = { { "ptr", "DNS PTR record" }, { "a", "DNS A record" },
		{ "helo", "HELO match" },
		{ "mx", "Mail server for late bounces" } };
	const json_t *one;
	bool all = true;
	size_t i;

	json_array_foreach(tests, i, one)
	{
		bool passed = fields_bool(one, "passed");

		for (size_t k = 0; k < NELEM(labels); k++)
			if (str_is(str_of(fields_text(one, "test")),
				labels[k].test))
				buf_printf(out,
				    "%s  %s: ", passed ? "PASS" : "FAIL",
				    labels[k].label);
		fields_show(out, fields_text(one, "reason"), SHOWN);
		buf_puts(out, ".\n");
		all = all && passed;
	}
	return all;
}

static void
put_ports(const json_t *ports, struct buf *out)
{
	const json_t *one;
	size_t i;

	buf_puts(out, "Ports in use: ");
	json_array_foreach(ports, i, one) buf_printf(out, "%s%s %lld (%s)",
	    i > 0 ? ", " : "", fields_text(one, "direction"),
	    (long long)fields_num(one, "port"), fields_text(one, "for"));
	buf_puts(out, ".\n");
}

/* As zone files have them; all of it is printable (lookup/present.h). */
static void
put_dns_records(const json_t *records, struct buf *out)
{
	const json_t *one;
	size_t i;

	json_array_foreach(records, i, one) buf_printf(out,
	    "%-23s %-7lld %-7s %-7s %s\n", fields_text(one, "name"),
	    (long long)fields_num(one, "ttl"), fields_text(one, "class"),
	    fields_text(one, "type"), fields_text(one, "data"));
}

/* "DNS error: NXDomain looking up nohost.test A" */
static void
put_error(const json_t *j, struct buf *out)
{
	const char *reason = fields_text(j, "reason");
	bool none = str_is(str_of(fields_text(j, "outcome")), "not found");

	buf_puts(out, "DNS error: ");
	if (str_is(str_of(reason), "timeout")) {
		buf_puts(out, "timeout");
	} else {
		fields_show(out, none ? "NoData" : reason, SHOWN);
		buf_puts(out, " looking up ");
		fields_show(out, fields_text(j, "name"), DOMAIN_MAX);
		buf_printf(out, " %s", fields_text(j, "type"));
	}
	if (none && !str_is(str_of(reason), "no such record")) {
		buf_puts(out, " (");
		fields_show(out, reason, SHOWN);
		buf_putc(out, ')');
	}
	buf_putc(out, '\n');
}
