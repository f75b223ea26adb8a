/*
 * random_hat.h - random entries of host and recipient access tables
 *
 * From small sets of octets, labels and numbers, so that entries meet,
 * contain each other and come twice. The same seed gives the same.
 */
#ifndef UNIT_RANDOM_HAT_H
#define UNIT_RANDOM_HAT_H

#include <stdio.h>

#include "base/mem.h"
#include "tests/unit/random_record.h"

#define RANDOM_TEXT 200

static inline const char *
random_label(uint64_t *seed)
{
	static const char *const labels[] = { "a", "bb", "mail", "x-1", "ex" };

	return labels[rnd(seed) % NELEM(labels)];
}

/* a.mail.ex.test; now and then in other letters */
static inline void
random_name(uint64_t *seed, char out[RANDOM_TEXT])
{
	size_t n = 0;

	for (size_t i = rnd(seed) % 4; i > 0; i--)
		n += (size_t)snprintf(
		    out + n, RANDOM_TEXT - n, "%s.", random_label(seed));
	snprintf(out + n, RANDOM_TEXT - n, "%s",
	    rnd(seed) % 3 == 0 ? "Test" : "net");
}

static inline void
random_address(uint64_t *seed, char out[RANDOM_TEXT])
{
	unsigned r[4];

	for (size_t i = 0; i < NELEM(r); i++)
		r[i] = (unsigned)(rnd(seed) % 4);
	if (rnd(seed) % 4 == 0)
		snprintf(
		    out, RANDOM_TEXT, "2001:db8:%u::%u:%u", r[0], r[1], r[2]);
	else
		snprintf(out, RANDOM_TEXT, "%u.%u.%u.%u",
		    rnd(seed) % 2 ? 10 : 192, r[0], r[1],
		    rnd(seed) % 9 == 0 ? 255 : r[2]);
}

static inline void
random_range(uint64_t *seed, char out[RANDOM_TEXT])
{
	unsigned a = (unsigned)(rnd(seed) % 4), b = (unsigned)(rnd(seed) % 4);
	unsigned lo = a < b ? a : b, hi = a < b ? b : a;

	switch (rnd(seed) % 9) {
	case 0:
		snprintf(out, RANDOM_TEXT, "10.%u%s", a, b & 1 ? "." : "");
		return;
	case 1:
		snprintf(
		    out, RANDOM_TEXT, "10.%u-%u%s", lo, hi, b & 1 ? "." : "");
		return;
	case 2:
		snprintf(out, RANDOM_TEXT, "10.%u.%u.%u-%u", a, b, lo, hi + a);
		return;
	case 3:
		snprintf(out, RANDOM_TEXT, "10.%u.%u.0/%u", a, b,
		    (unsigned)(rnd(seed) % 33));
		return;
	case 4:
		snprintf(out, RANDOM_TEXT, "2001:db8:%u-%u::%u", lo, hi, a);
		return;
	case 5:
		snprintf(out, RANDOM_TEXT, "2001:db8:%u::/%u", a,
		    (unsigned)(rnd(seed) % 129));
		return;
	case 6:
		snprintf(out, RANDOM_TEXT, "%s", b & 1 ? "::/0" : "0.0.0.0/0");
		return;
	default:
		random_address(seed, out);
	}
}

/* Any form of spec receiving 4.2 but ALL. */
static inline void
random_entry(uint64_t *seed, char out[RANDOM_TEXT])
{
	static const char *const classes[] = { "nx.domain", "serv.fail",
		"not.double.verified" };
	static const char *const countries[] = { "country[XX]",
		"country[xx,YY]", "country[ZZ,XX,YY]" };
	char name[RANDOM_TEXT];
	int a = (int)(rnd(seed) % 21) - 10, b = (int)(rnd(seed) % 21) - 10;

	random_name(seed, name);
	switch (rnd(seed) % 12) {
	case 0:
	case 1:
		snprintf(out, RANDOM_TEXT, "%s", name);
		break;
	case 2:
	case 3:
		snprintf(out, RANDOM_TEXT, ".%.150s", name);
		break;
	case 4:
		snprintf(out, RANDOM_TEXT, "sbrs[%d.0:%d.0]", a < b ? a : b,
		    a < b ? b : a);
		break;
	case 5:
		snprintf(out, RANDOM_TEXT, "SBRS[none]");
		break;
	case 6:
		snprintf(out, RANDOM_TEXT, "SBO:%u", (unsigned)(rnd(seed) % 4));
		break;
	case 7:
		snprintf(
		    out, RANDOM_TEXT, "dnslist[%s.test]", random_label(seed));
		break;
	case 8:
		snprintf(out, RANDOM_TEXT, "%s",
		    classes[rnd(seed) % NELEM(classes)]);
		break;
	case 9:
		snprintf(out, RANDOM_TEXT, "%s",
		    countries[rnd(seed) % NELEM(countries)]);
		break;
	default:
		random_range(seed, out);
	}
}

/* Any form of spec receiving 5.2 but ALL. */
static inline void
random_pattern(uint64_t *seed, char out[RANDOM_TEXT])
{
	char name[RANDOM_TEXT];

	random_name(seed, name);
	switch (rnd(seed) % 7) {
	case 0:
	case 1:
		snprintf(out, RANDOM_TEXT, "%s", name);
		break;
	case 2:
		snprintf(out, RANDOM_TEXT, ".%.150s", name);
		break;
	case 3:
		snprintf(out, RANDOM_TEXT, "%s@", random_label(seed));
		break;
	case 4:
		snprintf(out, RANDOM_TEXT, "%s[192.0.2.%u]",
		    rnd(seed) % 2 ? "a@" : "", (unsigned)(rnd(seed) % 3));
		break;
	default:
		snprintf(
		    out, RANDOM_TEXT, "%s@%.150s", random_label(seed), name);
	}
}

#endif
