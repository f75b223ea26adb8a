/* signing.c - the DKIM signature of a message, while it is made */
#include "smtp/signing.h"

#include <openssl/evp.h>
#include <stdlib.h>
#include <string.h>

#include "base/bounds.h"
#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "mail/wire.h"
#include "pipeline/dkim_choice.h"
#include "smtp/keyd.h"
#include "smtp/session_inside.h"

#define FIELD_LIMIT  (256 * 1024)
#define HEADER_LIMIT (PREPEND_MAX + HEADER_MAX)
#define SIGN_MEMORY  (4 * (size_t)HEADER_LIMIT)
#define KEPT_MS      INT64_C(60000)
#define PIECES       4 /* of content, a turn */

enum stage { READING, ASKING, OVER };

struct signing {
	struct smtp_session *session;
	struct transaction *t;
	struct config *config; /* a reference */
	struct arena mem;
	enum stage stage;
	bool waited_for;
	struct loop_job step;
	struct content content; /* what is still to be read */
	struct buf header;      /* stored form, until its end has come */
	bool in_body;
	struct dkim_choice choice;
	struct dkim_body body;
	EVP_MD_CTX *sha;
	struct dkim_terms terms;
	struct buf field;
};

static bool find_kept(struct signing *);
static void read_on(void *arg);
static bool feed(struct signing *, struct str bytes);
static bool feed_header(struct signing *, struct str bytes);
static size_t header_end(const struct buf *, size_t from);
static bool begin_body(struct signing *);
static void ask(struct signing *);
static void refuse(struct signing *, const char *why);
static void over(struct signing *);
static void keep(struct signing *);
static void clear(struct signed_one *);
static struct signing *of(
    const struct smtp_session *, const struct transaction *);
static void hash_begin(struct signing *);
static void hash_add(void *arg, struct str bytes);
static void hash_end(struct signing *, unsigned char out[DKIM_DIGEST]);

void
signing_begin(struct smtp_session *s, struct transaction *t)
{
	struct signing *g = mem_alloc(sizeof(*g));

	signing_end(s, NULL);
	s->signing = g;
	g->session = s;
	g->t = t;
	g->config = config_ref((struct config *)*s->all->config);
	g->step.cb = read_on;
	g->step.arg = g;
	arena_init(&g->mem, SIGN_MEMORY);
	buf_init(&g->header, HEADER_LIMIT);
	buf_init(&g->field, FIELD_LIMIT);
	g->sha = EVP_MD_CTX_new();
	if (g->sha == NULL)
		panic("no SHA-256");
	if (find_kept(g))
		return;
	if (t->fd == -1)
		content_begin_given(&g->content, t->job.content);
	else
		content_begin(
		    &g->content, t->fd, t->job.content_off, t->job.content_len);
	if (feed(g, t->job.prepend))
		read_on(g);
}

bool
signing_waits(struct smtp_session *s, const struct transaction *t)
{
	struct signing *g = of(s, t);

	if (g == NULL || g->stage == OVER)
		return false;
	g->waited_for = true;
	return true;
}

struct str
signing_field(const struct smtp_session *s, const struct transaction *t)
{
	const struct signing *g = of(s, t);

	return g != NULL ? buf_str(&g->field) : STR("");
}

bool
signing_asks(const struct smtp_session *s)
{
	return s->signing != NULL && s->signing->stage == ASKING;
}

void
signing_signed(struct smtp_session *s, struct str signature)
{
	struct signing *g = s->signing;

	if (signature.n == 0) {
		buf_reset(&g->field);
		refuse(g, arena_printf(&g->mem, "the key %.*s cannot be used",
			      STR_ARG(g->choice.profile->key->name)));
		return;
	}
	EMIT(DKIM_SIGNING, .mid = g->t->job.mid,
	    .profile = g->choice.profile->name, .addr = g->choice.addr);
	dkim_end(signature, &g->field);
	keep(g);
	over(g);
}

void
signing_end(struct smtp_session *s, const struct transaction *t)
{
	struct signing *g = s->signing;

	if (g == NULL || (t != NULL && g->t != t))
		return;
	if (g->stage == ASKING)
		keyd_forget(s);
	loop_undefer(&g->step);
	EVP_MD_CTX_free(g->sha);
	buf_fini(&g->header);
	buf_fini(&g->field);
	arena_free(&g->mem);
	config_unref(&g->config);
	free(g);
	s->signing = NULL;
}

/* --- what was signed lately --- */

void
signed_forget(struct signed_kept *kept)
{
	for (size_t i = 0; i < SIGNED_KEPT; i++)
		clear(&kept->v[i]);
}

static bool
find_kept(struct signing *g)
{
	struct signed_kept *kept = &g->session->all->signed_kept;
	uint64_t mid = g->t->job.mid;

	for (size_t i = 0; i < SIGNED_KEPT; i++) {
		const struct signed_one *one = &kept->v[i];

		if (one->mid != mid || one->until < clock_wall_ms())
			continue;
		buf_puts(&g->field, one->field);
		EMIT(DKIM_SIGNING, .mid = mid, .profile = str_of(one->profile),
		    .addr = str_of(one->addr));
		over(g);
		return true;
	}
	return false;
}

static void
keep(struct signing *g)
{
	struct signed_kept *kept = &g->session->all->signed_kept;
	struct signed_one *one = &kept->v[kept->next++ % SIGNED_KEPT];
	const struct str name = g->choice.profile->name, addr = g->choice.addr;

	clear(one);
	*one = (struct signed_one){ .mid = g->t->job.mid,
		.until = clock_wall_ms() + KEPT_MS,
		.field = mem_strndup(g->field.data, g->field.len),
		.profile = mem_strndup(name.p, name.n),
		.addr = mem_strndup(addr.p, addr.n) };
}

static void
clear(struct signed_one *one)
{
	free(one->field);
	free(one->profile);
	free(one->addr);
	*one = (struct signed_one){ .mid = 0 };
}

/* --- reading --- */

static void
read_on(void *arg)
{
	struct signing *g = arg;
	struct err err = ERR_INIT;
	struct str piece;

	if (g->content.given.n > 0) {
		piece = g->content.given;
		g->content.left = 0;
		if (!feed(g, piece))
			return;
	}
	for (int i = 0; g->content.left > 0; i++) {
		if (i == PIECES) {
			loop_defer(g->session->all->loop, &g->step);
			return;
		}
		if (content_piece(&g->content, &piece, &err) == -1) {
			refuse(g, err.text);
			return;
		}
		if (!feed(g, piece))
			return;
	}
	ask(g);
}

/* False: it will not be signed; that was said. */
static bool
feed(struct signing *g, struct str bytes)
{
	if (!g->in_body)
		return feed_header(g, bytes);
	dkim_body_feed(&g->body, bytes);
	return true;
}

static bool
feed_header(struct signing *g, struct str bytes)
{
	size_t from = g->header.len, end;

	if (!buf_add_str(&g->header, bytes)) {
		refuse(g, "its header is too long");
		return false;
	}
	end = header_end(&g->header, from);
	if (end == 0)
		return true;
	g->header.len = end;
	if (!begin_body(g))
		return false;
	dkim_body_feed(&g->body, str_sub(bytes, end - from, bytes.n));
	return true;
}

/* Behind the empty line, which was not there before `from`; 0: it has not come
 * yet. */
static size_t
header_end(const struct buf *b, size_t from)
{
	size_t at = from > 3 ? from - 3 : 0;
	const char *found;

	if (b->len >= 2 && memcmp(b->data, "\r\n", 2) == 0)
		return 2;
	found = memmem(b->data + at, b->len - at, "\r\n\r\n", 4);
	return found != NULL ? (size_t)(found - b->data) + 4 : 0;
}

static bool
begin_body(struct signing *g)
{
	struct buf plain;
	const char *why;

	buf_init(&plain, HEADER_LIMIT);
	wire_unstuff(buf_str(&g->header), &plain);
	buf_fini(&g->header);
	g->header = plain;
	g->choice = dkim_choose(
	    g->config, buf_str(&g->header), g->t->job.sender, &g->mem);
	why = dkim_refusal(&g->choice, &g->mem);
	if (why != NULL) {
		refuse(g, why);
		return false;
	}
	g->in_body = true;
	dkim_terms_of(g->choice.profile, clock_wall_ms(), &g->terms);
	hash_begin(g);
	dkim_body_begin(
	    &g->body, g->terms.body, (struct dkim_sink){ hash_add, g });
	return true;
}

/* --- the signature --- */

static void
ask(struct signing *g)
{
	unsigned char digest[DKIM_DIGEST];
	struct err err = ERR_INIT;

	if (!g->in_body) {
		refuse(g, "its header has no end");
		return;
	}
	dkim_body_end(&g->body);
	hash_end(g, g->terms.body_digest);
	hash_begin(g);
	if (!dkim_begin(&g->terms, buf_str(&g->header),
		(struct dkim_sink){ hash_add, g }, &g->field, &err)) {
		refuse(g, err.text);
		return;
	}
	hash_end(g, digest);
	g->stage = ASKING;
	keyd_dkim(g->session,
	    &(struct dkim_sign){ .key = g->choice.profile->key->name,
		.algorithm = (uint8_t)g->terms.algorithm,
		.digest = { (const char *)digest, sizeof(digest) } });
}

/* It goes without. */
static void
refuse(struct signing *g, const char *why)
{
	EMIT(DKIM_NOT_SIGNED, .mid = g->t->job.mid, .text = str_of(why));
	over(g);
}

static void
over(struct signing *g)
{
	g->stage = OVER;
	buf_fini(&g->header);
	if (g->waited_for)
		session_content(g->session, g->t);
}

static struct signing *
of(const struct smtp_session *s, const struct transaction *t)
{
	return s->signing != NULL && s->signing->t == t ? s->signing : NULL;
}

/* --- SHA-256 --- */

static void
hash_begin(struct signing *g)
{
	if (EVP_DigestInit_ex(g->sha, EVP_sha256(), NULL) != 1)
		panic("no SHA-256");
}

static void
hash_add(void *arg, struct str bytes)
{
	const struct signing *g = arg;

	if (EVP_DigestUpdate(g->sha, bytes.p, bytes.n) != 1)
		panic("no SHA-256");
}

static void
hash_end(struct signing *g, unsigned char out[DKIM_DIGEST])
{
	unsigned n;

	if (EVP_DigestFinal_ex(g->sha, out, &n) != 1 || n != DKIM_DIGEST)
		panic("no SHA-256");
}
