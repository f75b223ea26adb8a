/* command.c - what a client says: verbs, paths, arguments */
#include "smtp/command.h"

#include "base/bounds.h"
#include "base/mem.h"

#define LINE_512 512
/* RFC 1870: 26, RFC 6152: 17, RFC 6531: 10, RFC 3461: 100 more for MAIL */
#define LINE_MAIL (512 + 26 + 17 + 10 + 100)
#define LINE_RCPT (512 + 10 + 500) /* RFC 6531, RFC 3461 */

static const struct {
	const char *word;
	size_t max;
} verbs[VERB_N] = {
	[VERB_UNKNOWN] = { "", LINE_512 },
	/* Too long a name is a wrong argument, not a wrong line. */
	[VERB_HELO] = { "HELO", SMTP_LINE_MAX },
	[VERB_EHLO] = { "EHLO", SMTP_LINE_MAX },
	[VERB_MAIL] = { "MAIL", LINE_MAIL },
	[VERB_RCPT] = { "RCPT", LINE_RCPT },
	[VERB_DATA] = { "DATA", LINE_512 },
	[VERB_BDAT] = { "BDAT", LINE_512 },
	[VERB_RSET] = { "RSET", LINE_512 },
	[VERB_NOOP] = { "NOOP", LINE_512 },
	[VERB_VRFY] = { "VRFY", LINE_512 },
	[VERB_EXPN] = { "EXPN", LINE_512 },
	[VERB_HELP] = { "HELP", LINE_512 },
	[VERB_QUIT] = { "QUIT", LINE_512 },
	[VERB_STARTTLS] = { "STARTTLS", LINE_512 },
	/* RFC 4954 has more; no mechanism of ours needs it. */
	[VERB_AUTH] = { "AUTH", SMTP_LINE_MAX },
	[VERB_XCLIENT] = { "XCLIENT", SMTP_LINE_MAX },
};

/* First words of requests of HTTP and its kin. */
static const char *const foreign_words[] = { "GET", "POST", "HEAD", "PUT",
	"DELETE", "PATCH", "TRACE", "CONNECT", "OPTIONS", "PROPFIND",
	"Host:", "User-Agent:", "Content-Length:", "Content-Type:" };

static bool ends_in_http(struct str line);
static bool literal_ok(struct str inner);
static bool is_alnum(char c);

void
command_split(struct command_line *c, struct str line)
{
	*c = (struct command_line){ .verb = VERB_UNKNOWN };
	line = str_trim(line);
	c->args = line;
	c->word = str_word(&c->args);
	c->args = str_trim(c->args);
	for (int v = VERB_UNKNOWN + 1; v < VERB_N; v++) {
		if (str_is_nocase(c->word, verbs[v].word)) {
			c->verb = (enum verb)v;
			return;
		}
	}
}

size_t
command_max(enum verb verb)
{
	return verbs[verb].max;
}

bool
command_is_foreign(struct str line)
{
	struct str rest = line, word = str_word(&rest);

	for (size_t i = 0; i < NELEM(foreign_words); i++)
		if (str_is_nocase(word, foreign_words[i]))
			return true;
	return ends_in_http(str_trim(line));
}

bool
command_helo_ok(struct str name)
{
	if (name.n == 0 || name.n > HELO_MAX)
		return false;
	if (name.p[0] == '[')
		return name.n > 2 && name.p[name.n - 1] == ']' &&
		       literal_ok(str_sub(name, 1, name.n - 2));
	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		/* "_" and ":" are no letters of a host name, but are met. */
		if (!is_alnum(c) && c != '-' && c != '.' && c != '_' &&
		    c != ':')
			return false;
	}
	return true;
}

bool
command_path(struct str *args, const char *keyword)
{
	if (!str_starts_nocase(*args, str_of(keyword)))
		return false;
	*args = str_trim(str_sub(*args, str_of(keyword).n, args->n));
	return true;
}

bool
command_bdat(struct str args, uint64_t *size, bool *last)
{
	struct str n = str_word(&args), word = str_word(&args);

	if (n.n == 0 || n.n > 20 || !str_u64(n, UINT64_MAX, size))
		return false;
	*last = word.n != 0;
	return (!*last || str_is_nocase(word, "LAST")) &&
	       str_word(&args).n == 0;
}

/* "... HTTP/1.1" */
static bool
ends_in_http(struct str line)
{
	struct str tail;

	if (line.n < 9)
		return false;
	tail = str_sub(line, line.n - 9, 9);
	return str_starts_nocase(tail, STR(" HTTP/")) && tail.p[7] == '.';
}

static bool
literal_ok(struct str inner)
{
	for (size_t i = 0; i < inner.n; i++)
		if (!is_alnum(inner.p[i]) && inner.p[i] != '.' &&
		    inner.p[i] != ':' && inner.p[i] != '-')
			return false;
	return true;
}

static bool
is_alnum(char c)
{
	return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') ||
	       (c >= 'A' && c <= 'Z');
}
