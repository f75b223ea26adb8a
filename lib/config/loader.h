/*
 * loader.h - inside of loading: the YAML tree, the place, the problems
 *
 * Used by the files of lib/config only. A file becomes a tree of nodes that
 * know line and column; the tree is walked along the schema. Where we are is
 * a chain of struct at on the C stack, so that a problem can name its path.
 */
#ifndef CONFIG_LOADER_H
#define CONFIG_LOADER_H

#include "base/arena.h"
#include "config/load.h"
#include "config/schema.h"

enum node_kind { NODE_SCALAR, NODE_LIST, NODE_MAP };

struct node {
	enum node_kind kind;
	bool quoted; /* scalar: in quotes, so an empty text is meant */
	bool flow;   /* list, map: [a, b], {a: b} */
	int line, column;
	int key_line, key_column;
	uint32_t from, to; /* bytes of the text; of block style up to the end
			    * of the last child */
	uint32_t key_from, key_to;
	struct str key;  /* in a map */
	struct str text; /* of a scalar */
	struct node *child, *next;
	size_t n; /* children */
};

#define HAT_GROUPS_MAX 200000
#define PROBLEMS_MAX   100 /* of each kind that are kept; all are counted */
/* Values of all files: a million lines of tables; 150 bytes each. */
#define NODES_MAX 2000000

struct load {
	struct config *config;
	const struct bundle *bundle; /* where other files are */
	struct arena *mem;           /* owns the configuration */
	struct arena scratch;        /* owns nodes; gone after loading */
	struct config_problems *problems;
	const char *file;
	bool no_paths; /* the file is no tree: problems name the line alone */
	bool brief;    /* without access tables in files of their own */
	bool alone;    /* a part: what it refers to is not there */
	enum default_column column;
	size_t n_nodes; /* of all files */
};

struct at {
	const struct at *up;
	const struct node *node; /* NULL: absent */
	const char *key;         /* NULL: item of a list ... */
	size_t index;            /* ... this one */
};

/* NULL: it is not YAML; problems say why. Absence of anything: an empty map. */
struct node *node_read(struct load *, struct str text);
/* The value of a key; NULL: absent, or not a map. */
const struct node *node_get(const struct node *map, const char *key);
/* Nothing was written after the key, or at all. */
bool node_is_empty(const struct node *);

void load_error(struct load *, const struct at *, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
void load_warning(struct load *, const struct at *, const char *fmt, ...)
    __attribute__((format(printf, 3, 4)));
/* At a line and column of the file, outside of the tree. */
void load_error_mark(struct load *, int line, int column, const char *fmt, ...)
    __attribute__((format(printf, 4, 5)));

/* Fills object from the map at at->node (NULL, empty: all defaults). base
 * NULL: what is not said comes from the schema, else from base. */
void load_section(struct load *, const struct schema_section *,
    const struct at *, void *object, const void *base);
/* Complains of keys that the section does not have. */
void load_unknown(
    struct load *, const struct schema_section *, const struct at *);
/* at for the value of a key below. */
struct at at_key(const struct at *up, const char *key);
struct at at_item(const struct at *up, const struct node *item, size_t index);
struct where at_where(const struct load *, const struct at *);
/* The scalar of a value; false, with an error, when it is something else. */
bool load_scalar(struct load *, const struct at *, struct str *text);
/* What a text refers to: the entry of that name of a list at the top of the
 * file. NULL: there is none. */
const void *load_find(const struct config *, const char *list, struct str name);
/* ... or an error. */
const void *load_refer(
    struct load *, const struct at *, const char *list, struct str name);
/* A value that may be one scalar or a list of them: calls each for each. */
size_t load_each(struct load *, const struct at *, void *arg,
    void (*each)(struct load *, const struct at *, struct str, void *arg));
/* "250 We have moved": code and text of a reply to a recipient or sender that
 * an entry accepts or rejects. */
void load_reply(struct load *, const struct at *, bool accept, uint32_t *code,
    struct str *text);
/* Of what was loaded from anywhere. */
void load_warning_where(struct load *, const struct where *, const char *fmt,
    ...) __attribute__((format(printf, 3, 4)));
/* Quoted for a message: escaped, cut. */
const char *load_quote(char out[100], struct str text);

/* The parts with rules of their own. */
void load_listener_begin(struct load *, const struct at *, void *);
void load_listener_finish(struct load *, const struct at *, void *);
void load_port(struct load *, const struct at *, void *);
void load_interface_finish(struct load *, const struct at *, void *);
void load_hat(struct load *, const struct at *, void *);
void load_rat(struct load *, const struct at *, void *);
void load_hat_value(struct load *, const struct at *, void *);
void load_rat_value(struct load *, const struct at *, void *);
void load_routes(struct load *, const struct at *, void *);
/* The key "servers" of a profile: host, [host], address, with :port. */
void load_servers(
    struct load *, const struct at *, struct route_dest **v, size_t *n);
void load_auth_servers(struct load *, const struct at *, void *);
void load_auth_finish(struct load *, const struct at *, void *);
void load_callahead_servers(struct load *, const struct at *, void *);
void load_callahead_finish(struct load *, const struct at *, void *);
void load_web_finish(struct load *, const struct at *, void *);
void load_sdr_finish(struct load *, const struct at *, void *);
void load_log_finish(struct load *, const struct at *, void *);
/* What logs want, for those who would have to tell them. */
void load_log_note(struct config *);
void load_bounce_finish(struct load *, const struct at *, void *);
void load_destination_finish(struct load *, const struct at *, void *);
void load_policy_finish(struct load *, const struct at *, void *);
void load_certificate_finish(struct load *, const struct at *, void *);
void load_dkim_key_finish(struct load *, const struct at *, void *);
void load_dkim_profile_finish(struct load *, const struct at *, void *);
/* Why a policy does not go together with a listener that has a group for it:
 * the rest of a sentence that begins with the policy, and whether it is an
 * error or a warning. NULL: it does. */
typedef const char *load_misfit(const struct config *, const struct listener *,
    const struct policy_params *, bool *error);
load_misfit load_auth_misfit, load_tls_misfit;
/* Whatever concerns more than one object, once all is read. */
void load_check(struct load *, const struct at *top);
/* No two entries of a list of a map have the same text at id. */
void load_check_unique(
    struct load *, const struct at *map, const char *list, const char *id);

/* Policies and groups that are there without being written (receiving 4.4):
 * those policies that hat does not have, all groups of such a listener. Both
 * return how many, and fill out when it is not NULL. */
size_t hat_default_policies(struct hat *, struct policy *out, struct arena *);
size_t hat_default_groups(
    struct hat *, enum listener_type, struct hat_group *out, struct arena *);
const struct policy *hat_policy(const struct hat *, struct str name);

/* Printing: two blanks per level. Keys that were opened are written when
 * something below them is, so nothing empty is left; the "- " of an item
 * stands before the first line of it, which may be such a key. */
#define PRINT_OPEN_MAX 16
struct print {
	struct buf *out;
	struct arena mem;
	enum default_column column;
	bool all;      /* defaults too */
	bool inherits; /* the object takes from the entry Default */
	int depth;
	const char *opened[PRINT_OPEN_MAX]; /* not written yet; NULL: an item */
	int n_opened;
};
void print_line(struct print *, const char *key, struct str value);
void print_open(struct print *, const char *key); /* "key:", one deeper */
void print_close(struct print *);
void print_item(struct print *, struct str value); /* "- value" */
void print_begin_item(struct print *);             /* of keys: one deeper */
void print_end_item(struct print *);
void print_section(struct print *, const struct schema_section *,
    const void *object, const void *base);
/* One key: always, or when it differs from base. */
void print_value(struct print *, const struct schema_key *, const void *object,
    const void *base);
/* A YAML scalar, in quotes where it needs them. */
void print_scalar(struct buf *, struct str);
void print_port(struct print *, const void *);
void print_hat(struct print *, const void *);
void print_hat_value(struct print *, const void *); /* what hat: has */
void print_rat(struct print *, const void *);
void print_rat_value(struct print *, const void *);
void print_routes(struct print *, const void *);
void print_servers(struct print *, const struct route_dest *v, size_t n);
void print_auth_servers(struct print *, const void *);
void print_callahead_servers(struct print *, const void *);

#endif
