/* cmd_certconfig.c - `certconfig`: certificates and their keys */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "admin/certs.h"
#include "admin/commands.h"
#include "admin/fields.h"
#include "admin/revise.h"
#include "base/clock.h"
#include "base/mem.h"
#include "config/load.h"
#include "config/name.h"
#include "config/secrets.h"
#include "config/workcopy.h"
#include "tls/cert.h"
#include "tls/make.h"

#define DAYS     "825"
#define DAYS_MAX 36500
#define PEM_MAX  (512 * 1024)

struct cert_run { /* one run of the command */
	struct tool *t;
	struct config *config; /* NULL: the working copy has errors */
	int folder;            /* secrets/; -1: there is none */
	uint64_t days;
	bool replace;
};

static int run(struct tool *, int argc, char **argv);
static int run_list(struct cert_run *, int argc, char **argv);
static int run_print(struct cert_run *, int argc, char **argv);
static int run_new(struct cert_run *, int argc, char **argv);
static int run_request(struct cert_run *, int argc, char **argv);
static int open_all(struct cert_run *, struct err *);
static json_t *describe(const struct cert_run *, struct str name);
static void add_dates(json_t *, const X509 *);
static bool exists(const struct cert_run *, const char *file);
static int write_file(const struct cert_run *, const char *file,
    const struct buf *text, struct err *err);
static int write_pair(const struct cert_run *, const struct cert_files *,
    EVP_PKEY *, X509 *, struct err *);
static int write_key(const struct cert_run *, const struct cert_files *,
    EVP_PKEY *, struct err *);
static int add_to_config(
    const struct cert_run *, const struct cert_files *, struct err *);
static EVP_PKEY *key_for_request(const struct cert_run *,
    const struct cert_files *, struct str **names, size_t *n, struct err *);
static size_t names_of(
    const struct cert_run *, const struct cert_files *, struct str **names);
static void show_details(const json_t *, struct buf *out);

const struct tool_command cmd_certconfig = {
	.name = "certconfig",
	.usage = "[list] | print NAME | new NAME selfsigned HOST ... [--days "
		 "N] [--replace] | request NAME [HOST ...]",
	.summary = "Certificates and their keys",
	.help = "Without words, or with list, shows the certificates of the "
		"working copy. print shows one of them. new makes an ECDSA key "
		"and a certificate for these host names, signed by itself, as "
		"NAME.crt and NAME.key below secrets/, and adds it to "
		"postern.yaml. request prints a request for an authority to "
		"sign, with the key of NAME, which is made if there is none; "
		"without HOST for the names that the certificate has. A "
		"listener uses one with certificate: NAME. Files that change "
		"are read again without a commit.",
	.run = run,
};

static const struct {
	const char *word;
	int min, max; /* words behind it */
	int (*run)(struct cert_run *, int argc, char **argv);
} actions[] = {
	{ "list", 0, 0, run_list },
	{ "print", 1, 1, run_print },
	{ "new", 3, 100, run_new },
	{ "request", 1, 100, run_request },
};

static int
run(struct tool *t, int argc, char **argv)
{
	const char *days = DAYS;
	struct cert_run r = { .t = t, .folder = -1 };
	const struct tool_option options[] = {
		{ "--days", &days, NULL },
		{ "--replace", NULL, &r.replace },
	};
	struct err err = ERR_INIT;
	size_t i = 0;
	int status;

	if (!tool_options(t, options, NELEM(options), &argc, argv))
		return TOOL_USAGE;
	while (argc > 1 && i < NELEM(actions) &&
	       strcmp(argv[1], actions[i].word) != 0)
		i++;
	if (i == NELEM(actions) || (argc > 1 && argc - 2 < actions[i].min) ||
	    argc - 2 > actions[i].max)
		return tool_usage(t, NULL);
	if (!str_u64(str_of(days), DAYS_MAX, &r.days) || r.days == 0)
		return tool_usage(t, "--days: from 1 to 36500");
	if (open_all(&r, &err) == -1)
		return tool_fail(t, &err);
	status = actions[i].run(&r, argc - 2, argv + 2);
	if (r.folder != -1)
		close(r.folder);
	config_unref(&r.config);
	return status;
}

/* A working copy with errors is no reason not to look at certificates. */
static int
open_all(struct cert_run *r, struct err *err)
{
	char path[PATH_MAX + 16];
	struct err ignored = ERR_INIT;
	struct bundle b;

	if (bundle_read_folder(&b, r->t->paths.etc, err) == -1)
		return -1;
	r->config = config_load_simple(&b, 0, &ignored);
	bundle_free(&b);
	snprintf(path, sizeof(path), "%s/secrets", r->t->paths.etc);
	r->folder = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (r->folder != -1 || errno == ENOENT)
		return 0;
	return err_sys(err, ERR_TEMP, "%s", path);
}

/* --- looking --- */

static int
run_list(struct cert_run *r, int argc, char **argv)
{
	static const char row[] = "%-16.16s %-32.32s %-24.24s %s\n";
	const struct config *c = r->config;
	json_t *all = json_array();
	struct buf out;
	int status;

	(void)argc, (void)argv;
	for (size_t i = 0; c != NULL && i < c->n_certificates; i++)
		json_array_append_new(
		    all, describe(r, c->certificates[i].name));
	if (r->t->json) {
		status = tool_print_json(r->t, all);
		json_decref(all);
		return status;
	}
	buf_init(&out, 1 << 20);
	if (json_array_size(all) == 0)
		buf_puts(&out, c == NULL ? "The working copy has errors.\n"
					 : "There are no certificates.\n");
	else
		buf_printf(&out, row, "Name", "Host names", "Expires", "State");
	for (size_t i = 0; i < json_array_size(all); i++) {
		const json_t *v = json_array_get(all, i);
		const char *bad = fields_text(v, "problem");

		buf_printf(&out, row, fields_text(v, "name"),
		    fields_text(v, "host_names"), fields_text(v, "expires"),
		    bad[0] == '\0' ? "good" : bad);
	}
	status = tool_print(r->t, &out);
	buf_fini(&out);
	json_decref(all);
	return status;
}

static int
run_print(struct cert_run *r, int argc, char **argv)
{
	json_t *v = describe(r, str_of(argv[0]));
	struct err err = ERR_INIT;
	struct buf out;
	int status;

	(void)argc;
	if (!fields_has(v, "fingerprint")) {
		err_set(&err, ERR_PERM, "Certificate %s: %s", argv[0],
		    fields_text(v, "problem"));
		status = tool_fail(r->t, &err);
	} else if (r->t->json) {
		status = tool_print_json(r->t, v);
	} else {
		buf_init(&out, 1 << 20);
		show_details(v, &out);
		status = tool_print(r->t, &out);
		buf_fini(&out);
	}
	json_decref(v);
	return status;
}

static json_t *
describe(const struct cert_run *r, struct str name)
{
	json_t *v = json_object();
	struct err err = ERR_INIT;
	STACK_OF(X509) *chain = NULL;
	EVP_PKEY *key = NULL;
	struct cert_files f;
	char text[CERT_TEXT];

	cert_files(&f, r->config, name);
	json_object_set_new(v, "name", json_string(f.name));
	json_object_set_new(v, "configured", json_boolean(f.configured));
	if (r->folder == -1)
		err_set(&err, ERR_TEMP, "there is no folder secrets/");
	else
		chain = cert_chain(r->folder, &f, &err);
	if (chain != NULL) {
		X509 *x = sk_X509_value(chain, 0);

		json_object_set_new(v, "subject",
		    json_string(
			cert_name_text(X509_get_subject_name(x), text)));
		json_object_set_new(
		    v, "host_names", json_string(cert_names(x, text)));
		json_object_set_new(v, "issuer",
		    json_string(cert_name_text(X509_get_issuer_name(x), text)));
		add_dates(v, x);
		json_object_set_new(v, "key",
		    json_string(cert_key_text(X509_get0_pubkey(x), text)));
		json_object_set_new(
		    v, "fingerprint", json_string(cert_fingerprint(x, text)));
		key = cert_key(r->folder, &f, &err);
		if (key != NULL)
			cert_check(chain, key, &err);
		if (err.kind == ERR_NONE && cert_expires(x) < clock_wall_ms())
			err_set(&err, ERR_TEMP, "has expired");
		cert_free(&chain);
	}
	json_object_set_new(v, "problem", json_string(err.text));
	EVP_PKEY_free(key);
	return v;
}

static void
add_dates(json_t *v, const X509 *x)
{
	char text[CLOCK_TEXT];

	json_object_set_new(v, "not_before_ms", json_integer(cert_begins(x)));
	json_object_set_new(v, "not_after_ms", json_integer(cert_expires(x)));
	json_object_set_new(
	    v, "begins", json_string(clock_ctime(cert_begins(x), text)));
	json_object_set_new(
	    v, "expires", json_string(clock_ctime(cert_expires(x), text)));
}

static void
show_details(const json_t *v, struct buf *out)
{
	static const struct {
		const char *label, *key;
	} rows[] = {
		{ "Name", "name" },
		{ "Subject", "subject" },
		{ "Host names", "host_names" },
		{ "Issuer", "issuer" },
		{ "Valid from", "begins" },
		{ "Valid until", "expires" },
		{ "Key", "key" },
		{ "SHA-256", "fingerprint" },
		{ "Problem", "problem" },
	};

	for (size_t i = 0; i < NELEM(rows); i++) {
		const char *text = fields_text(v, rows[i].key);

		if (text[0] == '\0')
			continue;
		buf_printf(out, "%-12s ", rows[i].label);
		fields_show(out, text, CERT_TEXT);
		buf_putc(out, '\n');
	}
}

/* --- making --- */

static int
run_new(struct cert_run *r, int argc, char **argv)
{
	FILE *to = r->t->dialogue.out;
	struct err err = ERR_INIT;
	struct str names[100];
	struct cert_files f;
	EVP_PKEY *key;
	X509 *x;
	int rc = -1;

	if (strcmp(argv[1], "selfsigned") != 0 ||
	    !name_file(str_of(argv[0]), &err))
		return tool_usage(r->t, err.kind != ERR_NONE ? err.text : NULL);
	for (int i = 2; i < argc; i++)
		names[i - 2] = str_of(argv[i]);
	cert_files(&f, r->config, str_of(argv[0]));
	if (!r->replace && (exists(r, f.key) || exists(r, f.chain))) {
		err_set(&err, ERR_PERM,
		    "There is secrets/%s or secrets/%s already; --replace "
		    "makes them anew.",
		    f.chain, f.key);
		return tool_fail(r->t, &err);
	}
	key = make_key();
	x = make_selfsigned(
	    key, names, (size_t)argc - 2, (unsigned)r->days, &err);
	if (x != NULL)
		rc = write_pair(r, &f, key, x, &err);
	X509_free(x);
	EVP_PKEY_free(key);
	if (rc == -1)
		return tool_fail(r->t, &err);
	fprintf(to, "Certificate %s: secrets/%s, secrets/%s.\n", f.name,
	    f.chain, f.key);
	if (add_to_config(r, &f, &err) == -1) {
		fprintf(to,
		    "It could not be added to postern.yaml: %s\n"
		    "Add these lines to it:\n"
		    "certificates:\n  - name: %s\n",
		    err.text, f.name);
		return TOOL_NEGATIVE;
	}
	return TOOL_DONE;
}

static bool
exists(const struct cert_run *r, const char *file)
{
	return r->folder != -1 && faccessat(r->folder, file, F_OK, 0) == 0;
}

static int
write_file(const struct cert_run *r, const char *file, const struct buf *text,
    struct err *err)
{
	char name[FILE_NAME_MAX + 16];

	snprintf(name, sizeof(name), "secrets/%s", file);
	return secrets_write(r->t->paths.etc, str_of(name), buf_str(text), err);
}

/* The key first: a pair of which only the certificate is there, or the key,
 * is one that keyd waits for. */
static int
write_pair(const struct cert_run *r, const struct cert_files *f, EVP_PKEY *key,
    X509 *x, struct err *err)
{
	STACK_OF(X509) *chain = sk_X509_new_null();
	struct buf text;
	int rc;

	if (chain == NULL || sk_X509_push(chain, x) == 0)
		panic("no memory for a certificate");
	buf_init(&text, PEM_MAX);
	cert_write(chain, &text);
	rc = write_key(r, f, key, err);
	if (rc == 0)
		rc = write_file(r, f->chain, &text, err);
	buf_fini(&text);
	sk_X509_free(chain);
	return rc;
}

static int
write_key(const struct cert_run *r, const struct cert_files *f, EVP_PKEY *key,
    struct err *err)
{
	struct buf text;
	int rc;

	buf_init(&text, PEM_MAX);
	make_key_text(key, &text);
	rc = write_file(r, f->key, &text, err);
	explicit_bzero(text.data, text.len);
	buf_fini(&text);
	return rc;
}

static int
add_to_config(
    const struct cert_run *r, const struct cert_files *f, struct err *err)
{
	struct config_problems problems = { 0 };
	struct workcopy *w = NULL;
	struct buf item;
	int rc;

	if (f->configured)
		return 0;
	buf_init(&item, 4096);
	buf_printf(&item, "name: %s\n", f->name);
	rc = workcopy_open(&w, r->t->paths.etc, &problems, err);
	if (rc == 0)
		rc = edit_insert(
		    w->yaml, "certificates", EDIT_END, buf_str(&item), err);
	if (rc == 0)
		rc = workcopy_save(w, &problems, err);
	if (rc == 0) {
		revise_edited(r->t);
		fprintf(r->t->dialogue.out,
		    "Added to postern.yaml; a listener uses it with "
		    "certificate: %s.\n"
		    "The working copy was changed; commit to put it in "
		    "force.\n",
		    f->name);
	}
	workcopy_free(&w);
	buf_fini(&item);
	config_problems_free(&problems);
	return rc;
}

/* --- asking --- */

static int
run_request(struct cert_run *r, int argc, char **argv)
{
	struct err err = ERR_INIT;
	struct str *names = NULL;
	size_t n = 0;
	struct cert_files f;
	X509_REQ *request = NULL;
	EVP_PKEY *key;
	struct buf out;
	int status;

	if (!name_file(str_of(argv[0]), &err))
		return tool_usage(r->t, err.text);
	names = mem_array((size_t)argc, sizeof(*names));
	for (; n + 1 < (size_t)argc; n++)
		names[n] = str_of(argv[n + 1]);
	cert_files(&f, r->config, str_of(argv[0]));
	key = key_for_request(r, &f, &names, &n, &err);
	if (key != NULL)
		request = make_request(key, names, n, &err);
	if (request != NULL) {
		buf_init(&out, PEM_MAX);
		make_request_text(request, &out);
		status = tool_print(r->t, &out);
		buf_fini(&out);
	} else {
		status = tool_fail(r->t, &err);
	}
	X509_REQ_free(request);
	EVP_PKEY_free(key);
	free(names);
	return status;
}

/* The one that is there, or a new one; names n 0: those of the certificate. */
static EVP_PKEY *
key_for_request(const struct cert_run *r, const struct cert_files *f,
    struct str **names, size_t *n, struct err *err)
{
	EVP_PKEY *key;

	if (!exists(r, f->key)) {
		if (*n == 0) {
			err_set(err, ERR_USAGE,
			    "there is no certificate %s yet: for which host "
			    "names?",
			    f->name);
			return NULL;
		}
		key = make_key();
		if (write_key(r, f, key, err) == 0)
			return key;
		EVP_PKEY_free(key);
		return NULL;
	}
	key = cert_key(r->folder, f, err);
	if (key != NULL && *n == 0)
		*n = names_of(r, f, names);
	return key;
}

/* What the certificate has now. */
static size_t
names_of(
    const struct cert_run *r, const struct cert_files *f, struct str **names)
{
	struct err ignored = ERR_INIT;
	STACK_OF(X509) *chain = cert_chain(r->folder, f, &ignored);
	static char text[CERT_TEXT];
	struct str rest = STR("");
	size_t n = 0;

	if (chain != NULL) {
		rest = str_of(cert_names(sk_X509_value(chain, 0), text));
		cert_free(&chain);
	}
	*names = mem_grow(*names, (rest.n + 1) * sizeof(**names));
	while (rest.n > 0)
		(*names)[n++] = str_trim(str_cut(&rest, ','));
	return n;
}
