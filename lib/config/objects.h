/*
 * objects.h - which objects of the configuration differ
 *
 * An object is what a person would name: a file ("tables/aliases"), an entry
 * of a list with names ("listeners[InboundMail]"), a key of a section
 * ("delivery.max_connections", "routes.example.com"), or a key at the top
 * ("hostname"). Compared is what postern.yaml says, not how it is laid out;
 * a file that is no YAML is one object.
 */
#ifndef CONFIG_OBJECTS_H
#define CONFIG_OBJECTS_H

#include "base/buf.h"
#include "config/bundle.h"

/* Appends the name of each, one a line, in the order of the files. Control
 * bytes are escaped. */
void objects_changed(
    const struct bundle *from, const struct bundle *to, struct buf *out);

#endif
