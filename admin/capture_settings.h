/*
 * capture_settings.h - what is captured, as libpcap and as people have it
 */
#ifndef ADMIN_CAPTURE_SETTINGS_H
#define ADMIN_CAPTURE_SETTINGS_H

#include <jansson.h>
#include <net/if.h>

#include "admin/editing.h"

#define CAPTURE_DEVICES 16
#define CAPTURE_DEVICE  140
#define CAPTURE_FILTER  4096

/* "Management=eth0" for each interface. False: one has no device, which was
 * said. */
bool capture_devices(struct editing *, char v[][CAPTURE_DEVICE], size_t *n);
/* ... for one by its name. False: there is none, or it has no device. */
bool capture_device(
    struct editing *, const char *name, char out[CAPTURE_DEVICE]);
/* The expression; "": everything. */
void capture_filter(const struct config *, struct buf *);

/* The answer of postern-capture to "status". */
void capture_show_running(const json_t *, struct buf *);
void capture_show_settings(const struct config *, struct buf *);

#endif
