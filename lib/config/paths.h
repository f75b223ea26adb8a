/*
 * paths.h - where things are
 *
 * Installed, the four folders stand where the file system hierarchy has
 * them; with --root DIR all of them are below DIR.
 */
#ifndef CONFIG_PATHS_H
#define CONFIG_PATHS_H

#include <limits.h>

struct paths {
	char etc[PATH_MAX];      /* /etc/postern	    DIR/etc */
	char spool[PATH_MAX];    /* /var/spool/postern DIR/spool */
	char log[PATH_MAX];      /* /var/log/postern   DIR/log */
	char state[PATH_MAX];    /* /var/lib/postern   DIR/state */
	char control[PATH_MAX];  /* /run/postern/control DIR/control: socket */
	char chroot[PATH_MAX];   /* /run/postern/empty DIR/empty */
	char captures[PATH_MAX]; /* below spool: packets */
};

/* root NULL: installed. Makes DIR absolute. -1: too long, or no such DIR. */
int paths_set(struct paths *, const char *root);

#endif
