/*
 * schema.h - what postern.yaml may say, declared once
 *
 * A section is a mapping of keys; each key has a type, a range, a default
 * written as a person would write it, and a help text. Loading, checking,
 * printing and the manual are driven by these tables alone. The tables stand
 * in schema.c and schema_*.c.
 */
#ifndef CONFIG_SCHEMA_H
#define CONFIG_SCHEMA_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "base/arena.h"
#include "base/buf.h"
#include "base/err.h"
#include "base/str.h"
#include "config/config.h"

struct schema_key;
struct load;
struct at;
struct print;

/* How one value is read and written. parse: text is what the file says; on
 * failure err tells what would be right. print: without quotes. */
struct value_type {
	const char *name; /* for the manual: "size" */
	int (*parse)(const struct schema_key *, struct str text, void *field,
	    struct arena *, struct err *);
	void (*print)(
	    const struct schema_key *, const void *field, struct buf *);
};

struct choice {
	const char *word;
	uint64_t value;
};

/* value_set: the choices are bits; words with commas, "all" or "none". */

/* flags of a key */
#define KEY_REQUIRED     1
#define KEY_OWN          2   /* not inherited from the Default entry */
#define KEY_OFF          4   /* count: "unlimited", "off", -1: UNLIMITED */
#define KEY_ZERO_OFF     8   /* ... and so does 0 */
#define KEY_NOT_YET      16  /* nothing but the default in this version */
#define KEY_INHERIT      32  /* list: others follow the entry "Default" */
#define KEY_DEFAULT_ONLY 64  /* stands in the entry "Default" alone */
#define KEY_SECRET       128 /* shown masked (config/mask.h) */
#define KEY_ALWAYS       256 /* section: read even when it is absent */

/* Columns of defaults: most keys have one, listeners differ by type. */
enum default_column { DEFAULT_PUBLIC, DEFAULT_PRIVATE, DEFAULT_N };

struct schema_section {
	const char *name; /* of one such object: "listener" */
	const struct schema_key *keys;
	size_t n;
	size_t size;  /* of the struct */
	size_t where; /* offset of its struct where; SCHEMA_NO_WHERE */
	/* Before the defaults are put in; after all keys were read. */
	void (*begin)(struct load *, const struct at *, void *object);
	void (*finish)(struct load *, const struct at *, void *object);
};
#define SCHEMA_NO_WHERE SIZE_MAX

/* One of type, section, custom is set; a section beside custom.load is what
 * the manual shows. Without custom.load the section that contains the key
 * reads it itself. */
struct schema_key {
	const char *name; /* NULL: the section's keys stand beside ours */
	const char *help;
	size_t off;   /* in the struct of the section */
	size_t width; /* bytes of the field */
	unsigned flags;
	uint64_t min, max; /* of numbers; bytes of texts; entries of lists */
	const char *dflt[DEFAULT_N]; /* second NULL: as the first */
	const struct value_type *type;
	const struct choice *choices;
	bool (*text_ok)(struct str text, struct err *err);
	/* The text names an entry of this list at the top, or is empty. The
	 * list stands before whatever names its entries. */
	const char *refers;
	/* How dialogues call the choices, in their order (NULL: by their
	 * words), and a reference to nothing (NULL: "None"). */
	const char *const *labels;
	const char *none;
	const struct schema_section *section;
	bool list;    /* of sections or values: pointer at off ... */
	size_t n_off; /* ... and the number of them here */
	struct {
		/* at->node NULL: the key is absent */
		void (*load)(struct load *, const struct at *, void *object);
		void (*print)(struct print *, const void *object);
		const char *form; /* for the manual */
	} custom;
};

extern const struct schema_section schema_top;
extern const struct schema_section schema_listener;
extern const struct schema_section schema_hat;
extern const struct schema_section schema_policy;
extern const struct schema_section schema_policy_params; /* by policy_param */
extern const struct schema_section schema_group;
extern const struct schema_section schema_rat_entry;
extern const struct schema_section schema_delivery;
extern const struct schema_section schema_admins;
extern const struct schema_section schema_remote_access;
extern const struct schema_section schema_remote_power;
extern const struct schema_section schema_health;
extern const struct schema_section schema_support;
extern const struct schema_section schema_alerts;
extern const struct schema_section schema_all_alerts; /* keys of the top */
extern const struct schema_section schema_unsubscribe;
extern const struct schema_section schema_bounce_tags;
extern const struct schema_section schema_capture;
extern const struct schema_section schema_web;
extern const struct schema_section schema_bounce_profile;
extern const struct schema_section schema_destination;
extern const struct schema_section schema_auth_profile;
extern const struct schema_section schema_callahead_profile;
extern const struct schema_section schema_certificate;
extern const struct schema_section schema_dkim, schema_dkim_key,
    schema_dkim_profile;
extern const struct schema_section schema_tls;
extern const struct schema_section schema_sdr;
extern const struct schema_section schema_log;
extern const struct schema_section schema_log_settings;
extern const struct schema_section schema_tracking;
extern const struct schema_section schema_tables; /* keys of the top */
extern const struct schema_section schema_listener_tables;
extern const struct schema_section schema_masquerade;
extern const struct schema_section schema_exception;
extern const struct schema_section schema_texts;         /* keys of the top */
extern const struct schema_section schema_work;          /* likewise */
extern const struct schema_section schema_mail_policies; /* likewise */
extern const struct schema_section schema_mail_policy;
extern const struct schema_section schema_policy_spam;     /* of mail_policy */
extern const struct schema_section schema_policy_virus;    /* likewise */
extern const struct schema_section schema_policy_outbreak; /* likewise */
extern const struct schema_section schema_quarantine;

extern const struct value_type value_bool, value_count, value_size, value_time,
    value_choice, value_set, value_word, value_text, value_ip, value_endpoint,
    value_range;

/* The text of the default, or NULL. */
const char *schema_default(const struct schema_key *, enum default_column);
/* Reads every default of a section into a zeroed object. */
void schema_defaults(const struct schema_section *, enum default_column,
    void *object, struct arena *);
/* The key of that name, looking into keys that stand beside; NULL: none. */
const struct schema_key *schema_find(const struct schema_section *, struct str);
/* For "did you mean"; NULL: nothing is near. */
const char *schema_near(const struct schema_section *, struct str);

uint64_t schema_get_uint(const struct schema_key *, const void *field);
void schema_put_uint(const struct schema_key *, void *field, uint64_t);

#endif
