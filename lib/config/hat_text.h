/*
 * hat_text.h - access tables as text: for export, import, and hat_file
 *
 * The layouts are those of spec receiving 4.8 and 5.3; what is printed reads
 * back as the same table. Of the host access table:
 *
 *	DEFAULTS {
 *	    max_message_size = 10485760
 *	}
 *	$SLOW
 *	    ACCEPT {
 *	        max_rcpts_per_hour = 20
 *	    }
 *	BLOCKLIST:
 *	    sbrs[-10.0:-3.0]
 *	    192.0.2.7 (comment on one entry)
 *	        $BLOCKED (comment on the group)
 *	.example.net
 *	    REJECT (a single entry, without a group)
 *	ALL
 *	    $ACCEPTED
 *
 * and of the recipient access table:
 *
 *	postmaster@example.com ACCEPT {
 *	    bypass_receiving_control = "on"
 *	}
 *	example.com ACCEPT (250 welcome)
 *	ALL REJECT
 *
 * How far a line is indented does not matter, only that it is. Lines that
 * begin with # are comments and get lost.
 */
#ifndef CONFIG_HAT_TEXT_H
#define CONFIG_HAT_TEXT_H

#include "base/buf.h"
#include "config/load.h"

/* "# File exported by the CLI at 20250303T101502", which goes before. */
void access_text_head(struct buf *, const char *by, int64_t wall_ms);

/*
 * The whole table: defaults, policies, groups, ALL. A group without a name
 * becomes as many single entries as it has. Line ends in comments become
 * blanks.
 */
void hat_text_print(const struct hat *, struct buf *);
void rat_text_print(const struct rat *, struct buf *);

/*
 * Import: the text as YAML in normal form, to be the value of hat: (or rat:)
 * of this listener. Without a block DEFAULTS those that the listener has now
 * stay. Every bad line is a problem with its number, in a file of that name;
 * -1: some were errors, and nothing may change.
 */
int hat_text_import(const struct listener *, const char *file, struct str text,
    struct buf *yaml, struct config_problems *);
int rat_text_import(const struct listener *, const char *file, struct str text,
    struct buf *yaml, struct config_problems *);

/* Inside of lib/config: the text as the tree that load_hat, load_rat read. */
struct load;
struct node *hat_text_read(struct load *, struct str text);
struct node *rat_text_read(struct load *, struct str text);

#endif
