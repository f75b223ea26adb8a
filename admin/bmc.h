/*
 * bmc.h - the management controller of this machine, by ipmitool
 *
 * Over the network it is asked as an operator, as the one who is set up here
 * may be no more; set up it is over the device of this machine. No passphrase
 * is ever an argument. Every call ends within BMC_SECONDS.
 */
#ifndef ADMIN_BMC_H
#define ADMIN_BMC_H

#include "admin/tool.h"
#include "config/config.h"

#define BMC_SECONDS 60
#define BMC_CHANNEL 1 /* the usual one of the network */
#define BMC_MEMBER  64

struct bmc {
	const struct tool *t;
	const struct remote_power *conf;
	char ipmitool[PATH_MAX], timeout[PATH_MAX];
	char secret[2 * PATH_MAX]; /* the file of the passphrase */
};

/* False: there is no ipmitool here. */
bool bmc_find(struct bmc *, const struct tool *, const struct remote_power *);

/* "status", "on" ...: *answer has the line that says what was done. -1: err
 * says why not, as far as that can be told. */
int bmc_power(
    const struct bmc *, const char *word, struct buf *answer, struct err *err);

/* Its place in the network; the address is that of the configuration. */
struct bmc_lan {
	const char *mask, *gateway; /* gateway "": none */
	unsigned channel;
};
/* Is its device there? */
bool bmc_is_local(const struct tool *);
/* Makes it so, and the user of the configuration an operator with its
 * passphrase: *user is his number. -1: err; some of it may be done. */
int bmc_setup(const struct bmc *, const struct bmc_lan *, unsigned *user,
    struct err *err);

#endif
