/* bmc.c - the management controller of this machine, by ipmitool */
#include "admin/bmc.h"

#include <openssl/crypto.h>
#include <string.h>
#include <unistd.h>

#include "admin/programs.h"
#include "base/arena.h"
#include "base/mem.h"
#include "config/secrets.h"

#define IPMITOOL   "/usr/bin/ipmitool"
#define TIMEOUT    "/usr/bin/timeout"
#define DEVICE     "/dev/ipmi0"
#define OUTPUT_MAX 65536
#define PATIENCE   "-N", "1", "-R", "2" /* six seconds for a silent one */
#define WORDS_MAX  32
#define PASS_LONG  20 /* bytes of a passphrase */
#define PASS_SHORT 16 /* ... that old ones know, too */
#define RAW_LINE   (40 + 5 * PASS_LONG)

static int call(const struct bmc *, const char *const *words, const char *in,
    struct buf *out, struct err *err);
static void explain(const struct bmc *, struct str said, struct err *err);
static struct str line_with(struct str text, const char *what);
static int local(const struct bmc *, struct err *, const char *const *words);
static int place(const struct bmc *, const struct bmc_lan *, struct err *);
static int find_user(const struct bmc *, const char *channel, unsigned *user,
    bool *named, struct err *);
static bool take_user(
    struct str line, struct str name, unsigned *free_one, unsigned *same);
static int set_password(const struct bmc *, unsigned user, struct err *);
static int read_password(const struct bmc *, struct buf *, struct err *);

bool
bmc_find(struct bmc *b, const struct tool *t, const struct remote_power *conf)
{
	b->t = t;
	b->conf = conf;
	snprintf(b->secret, sizeof(b->secret), "%s/secrets/%.*s", t->paths.etc,
	    STR_ARG(conf->secret_file));
	return programs_find(t, IPMITOOL, b->ipmitool) &&
	       programs_find(t, TIMEOUT, b->timeout);
}

/* The passphrase goes by its file: arguments are seen by all. */
int
bmc_power(
    const struct bmc *b, const char *word, struct buf *answer, struct err *err)
{
	static const char *const suites[] = { NULL, "3", "17" };
	const char *suite = suites[b->conf->suite];
	struct arena mem;
	char port[16];
	struct buf said;
	struct str line;
	int rc;

	if (access(b->secret, R_OK) == -1)
		return err_sys(err, ERR_PERM,
		    "the passphrase, set by remotepower secret: %s", b->secret);
	arena_init(&mem, 65536);
	buf_init(&said, OUTPUT_MAX);
	snprintf(port, sizeof(port), "%u", b->conf->port);
	rc = call(b,
	    (const char *const[]){ "-I", "lanplus", "-H",
		arena_strz(&mem, b->conf->host), "-p", port, "-U",
		arena_strz(&mem, b->conf->user), "-L", "OPERATOR", "-f",
		b->secret, PATIENCE, "-v", "chassis", "power", word,
		suite != NULL ? "-C" : NULL, suite, NULL },
	    NULL, &said, err);
	line = line_with(buf_str(&said), "Chassis Power");
	if (rc == 0 && line.n == 0)
		rc = err_set(err, ERR_TEMP,
		    "the controller does not say "
		    "what it did");
	if (rc == 0)
		buf_add_str(answer, line);
	buf_fini(&said);
	arena_free(&mem);
	return rc;
}

bool
bmc_is_local(const struct tool *t)
{
	char path[PATH_MAX];

	snprintf(path, sizeof(path), "%.*s" DEVICE, PATH_MAX - 20,
	    t->root != NULL ? t->root : "");
	return access(path, F_OK) == 0;
}

/* He is let in last, when all else of him is as it is to be. */
int
bmc_setup(const struct bmc *b, const struct bmc_lan *lan, unsigned *user,
    struct err *err)
{
	char channel[16], number[16], name[BMC_MEMBER];
	bool named;

	snprintf(channel, sizeof(channel), "%u", lan->channel);
	str_copy(name, sizeof(name), b->conf->user);
	if (find_user(b, channel, user, &named, err) == -1)
		return -1;
	snprintf(number, sizeof(number), "%u", *user);
	if (place(b, lan, err) == -1 ||
	    (!named && local(b, err,
			   (const char *const[]){ "user", "set", "name", number,
			       name, NULL }) == -1) ||
	    set_password(b, *user, err) == -1)
		return -1;
	return local(b, err,
		   (const char *const[]){ "channel", "setaccess", channel,
		       number, "callin=off", "ipmi=on", "link=off",
		       "privilege=3", NULL }) == -1 ||
		       local(b, err,
			   (const char *const[]){
			       "user", "enable", number, NULL }) == -1
		   ? -1
		   : 0;
}

/* --- asking --- */

static int
call(const struct bmc *b, const char *const *words, const char *in,
    struct buf *out, struct err *err)
{
	const char *argv[WORDS_MAX] = { b->timeout, NULL };
	char limit[16];
	size_t n = 1;

	snprintf(limit, sizeof(limit), "%d", BMC_SECONDS);
	argv[n++] = limit;
	argv[n++] = b->ipmitool;
	while (*words != NULL && n < WORDS_MAX - 1)
		argv[n++] = *words++;
	if (programs_run(argv, in, out, err) == 0)
		return 0;
	explain(b, buf_str(out), err);
	return -1;
}

/* What it says in many lines and many ways, in one. */
static void
explain(const struct bmc *b, struct str said, struct err *err)
{
	static const struct {
		const char *mark, *means;
	} marks[] = {
		{ "RAKP 2 HMAC is invalid", "it has another passphrase" },
		{ "unauthorized name", "it has no such user" },
		{ "unauthorized role",
		    "it does not let this user be an operator" },
		{ "invalid authentication algorithm",
		    "it does not have this cipher suite" },
		{ "no matching cipher suite",
		    "it does not have this cipher suite" },
		{ "Address lookup for", "there is no such host" },
		{ "Could not open device", "its device cannot be opened" },
		{ "Get Auth Capabilities error", "it does not answer" },
	};
	char line[200];
	struct str why;

	for (size_t i = 0; i < NELEM(marks); i++) {
		if (line_with(said, marks[i].mark).n == 0)
			continue;
		err_set(err, ERR_TEMP, "%.*s: %s", STR_ARG(b->conf->host),
		    marks[i].means);
		return;
	}
	why = line_with(said, " failed: ");
	while (why.n == 0 && said.n > 0) {
		why = str_trim(str_cut(&said, '\n'));
		if (str_starts(why, STR("Loading ")))
			why = STR("");
	}
	str_escape(line, sizeof(line), why, 150);
	err_set(err, ERR_TEMP, "%.*s: %s", STR_ARG(b->conf->host),
	    why.n > 0 ? line : "it does not answer in time");
}

/* The first line that has it; empty: none. */
static struct str
line_with(struct str text, const char *what)
{
	while (text.n > 0) {
		struct str line = str_trim(str_cut(&text, '\n'));

		if (memmem(line.p, line.n, what, strlen(what)) != NULL)
			return line;
	}
	return STR("");
}

/* --- setting up --- */

static int
local(const struct bmc *b, struct err *err, const char *const *words)
{
	const char *v[WORDS_MAX] = { "-I", "open" };
	struct buf said;
	size_t n = 2;
	int rc;

	while (*words != NULL && n < WORDS_MAX - 1)
		v[n++] = *words++;
	buf_init(&said, OUTPUT_MAX);
	rc = call(b, v, NULL, &said, err);
	buf_fini(&said);
	return rc;
}

static int
place(const struct bmc *b, const struct bmc_lan *lan, struct err *err)
{
	char channel[16], address[BMC_MEMBER];
	const char *const steps[][7] = {
		{ "lan", "set", channel, "ipsrc", "static", NULL },
		{ "lan", "set", channel, "ipaddr", address, NULL },
		{ "lan", "set", channel, "netmask", lan->mask, NULL },
		{ "lan", "set", channel, "defgw", "ipaddr", lan->gateway,
		    NULL },
		{ "lan", "set", channel, "access", "on", NULL },
	};

	snprintf(channel, sizeof(channel), "%u", lan->channel);
	str_copy(address, sizeof(address), b->conf->host);
	for (size_t i = 0; i < NELEM(steps); i++)
		if ((steps[i][5] == NULL || *steps[i][5] != '\0') &&
		    local(b, err, steps[i]) == -1)
			return -1;
	return 0;
}

/* The one of that name, else a free one; 1 is special. *named: he has the name
 * already. */
static int
find_user(const struct bmc *b, const char *channel, unsigned *user, bool *named,
    struct err *err)
{
	unsigned free_one = 0, same = 0;
	struct buf said;
	struct str rest;
	int rc;

	buf_init(&said, OUTPUT_MAX);
	rc = call(b,
	    (const char *const[]){
		"-I", "open", "-c", "user", "list", channel, NULL },
	    NULL, &said, err);
	rest = buf_str(&said);
	while (
	    rc == 0 && rest.n > 0 &&
	    !take_user(str_cut(&rest, '\n'), b->conf->user, &free_one, &same))
		;
	buf_fini(&said);
	*named = same != 0;
	*user = *named ? same : free_one;
	if (rc == 0 && *user == 0)
		rc = err_set(err, ERR_PERM,
		    "the controller has no room for one more user");
	return rc;
}

/* "5,name,true,..."; true: found. */
static bool
take_user(struct str line, struct str name, unsigned *free_one, unsigned *same)
{
	struct str number = str_trim(str_cut(&line, ','));
	struct str has = str_trim(str_cut(&line, ','));
	uint64_t n;

	if (!str_u64(number, 63, &n) || n < 2)
		return false;
	if (has.n == 0 && *free_one == 0)
		*free_one = (unsigned)n;
	if (!str_eq(has, name))
		return false;
	*same = (unsigned)n;
	return true;
}

/* As bytes on standard input: an argument would be seen, and a line of words
 * would have to be quoted. IPMI 2.0, "Set User Password". */
static int
set_password(const struct bmc *b, unsigned user, struct err *err)
{
	char line[RAW_LINE];
	struct buf password, said;
	size_t n, size;
	int rc;

	buf_init(&password, PASS_LONG + 2);
	buf_init(&said, OUTPUT_MAX);
	rc = read_password(b, &password, err);
	size = password.len <= PASS_SHORT ? PASS_SHORT : PASS_LONG;
	n = (size_t)snprintf(line, sizeof(line), "raw 0x06 0x47 0x%02x 0x02",
	    user | (size == PASS_LONG ? 0x80u : 0));
	for (size_t i = 0; i < size; i++)
		n += (size_t)snprintf(line + n, sizeof(line) - n, " 0x%02x",
		    i < password.len ? (unsigned char)password.data[i] : 0u);
	snprintf(line + n, sizeof(line) - n, "\n");
	if (rc == 0)
		rc = call(b,
		    (const char *const[]){
			"-I", "open", "exec", "/dev/stdin", NULL },
		    line, &said, err);
	OPENSSL_cleanse(line, sizeof(line));
	if (password.len > 0)
		OPENSSL_cleanse(password.data, password.len);
	buf_fini(&password);
	buf_fini(&said);
	return rc;
}

/* The first line of its file. */
static int
read_password(const struct bmc *b, struct buf *out, struct err *err)
{
	FILE *f = fopen(b->secret, "re");
	char line[PASS_LONG + 3] = "";
	size_t n;

	if (f == NULL)
		return err_sys(err, ERR_PERM,
		    "the passphrase, set by remotepower secret: %s", b->secret);
	if (fgets(line, sizeof(line), f) == NULL)
		*line = '\0';
	fclose(f);
	n = strcspn(line, "\n");
	buf_add(out, line, n <= PASS_LONG ? n : 0);
	OPENSSL_cleanse(line, sizeof(line));
	if (n == 0 || n > PASS_LONG)
		return err_set(err, ERR_PERM,
		    "%s: a passphrase of a controller has 1 to %d bytes",
		    b->secret, PASS_LONG);
	return 0;
}
