/* words.c - a line as words (shell.h) */
#include <string.h>

#include "admin/shell.h"

static bool unquote(char **from, char *to, size_t *n);

int
shell_words(char *line, char **argv, struct err *err)
{
	int argc = 0;

	for (;;) {
		size_t n = 0;
		char *word;

		line += strspn(line, " \t");
		if (*line == '\0' || *line == '#')
			break;
		if (argc == SHELL_WORDS_MAX)
			return err_set(err, ERR_USAGE, "more than %d words",
			    SHELL_WORDS_MAX);
		word = line;
		if (!unquote(&line, word, &n))
			return err_set(
			    err, ERR_USAGE, "a quotation is not closed");
		/* Blank or end: the word, being no longer than it was
		 * written, may have its NUL there. */
		if (*line != '\0')
			line++;
		word[n] = '\0';
		argv[argc++] = word;
	}
	argv[argc] = NULL;
	return argc;
}

/* Copies one word to `to` (at or before *from), without its quotes. */
static bool
unquote(char **from, char *to, size_t *n)
{
	char quote = '\0', *p;

	for (p = *from; *p != '\0'; p++) {
		if (quote == '\0' && (*p == ' ' || *p == '\t'))
			break;
		if (*p == quote) {
			quote = '\0';
		} else if (quote == '\0' && (*p == '"' || *p == '\'')) {
			quote = *p;
		} else if (*p == '\\' && quote != '\'' && p[1] != '\0') {
			to[(*n)++] = *++p;
		} else {
			to[(*n)++] = *p;
		}
	}
	*from = p;
	return quote == '\0';
}
