/*
 * test_security_doc.c - docs/security.md says what lib/sandbox/profiles.c does
 *
 * Blanks and line ends do not count. A failure prints the line that should
 * stand in the document.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "base/buf.h"
#include "base/mem.h"
#include "sandbox/groups.h"

#define DOCUMENT "docs/security.md"
#define MIB      (1024 * 1024)

static struct buf document; /* one blank between words */

static int
read_document(void **state)
{
	FILE *f = fopen(DOCUMENT, "r");
	bool blank = false;
	int c;

	(void)state;
	buf_init(&document, MIB);
	if (f == NULL)
		return -1;
	while ((c = getc(f)) != EOF) {
		if (c == ' ' || c == '\n') {
			blank = true;
			continue;
		}
		if (blank)
			buf_putc(&document, ' ');
		blank = false;
		buf_putc(&document, (char)c);
	}
	fclose(f);
	buf_putc(&document, ' ');
	return document.failed ? -1 : 0;
}

static int
forget_document(void **state)
{
	(void)state;
	buf_fini(&document);
	return 0;
}

/* The line must stand there, followed by `next`. */
static void
expect(struct buf *line, const char *next)
{
	const char *at = strstr(document.data, line->data);

	if (at == NULL || strncmp(at + line->len, next, strlen(next)) != 0)
		fail_msg("%s does not say: %s", DOCUMENT, line->data);
	buf_fini(line);
}

/* As the document has them: p NULL is what every program may. */
static void
expect_calls(const struct sandbox_profile *p, const char *next)
{
	const struct sandbox_group *g;
	struct buf line;

	buf_init(&line, MIB);
	buf_printf(&line, "%s:", p == NULL ? "every program" : p->program);
	for (g = sandbox_groups; g->calls != NULL; g++) {
		if (p == NULL ? g->flag != 0 : !(p->calls & g->flag))
			continue;
		for (const char *const *c = g->calls; *c != NULL; c++)
			buf_printf(&line, " %s", *c);
	}
	buf_putc(&line, ' ');
	expect(&line, next);
}

static void
test_system_calls(void **state)
{
	const struct sandbox_profile *p, *next;

	(void)state;
	expect_calls(NULL, sandbox_at(0)->program);
	for (unsigned i = 0; (p = sandbox_at(i)) != NULL; i++) {
		next = sandbox_at(i + 1);
		expect_calls(p, next != NULL ? next->program : "```");
	}
}

static void
add_size(struct buf *line, uint64_t bytes, const char *zero, const char *max)
{
	if (bytes == 0)
		buf_printf(line, " %s |", zero);
	else if (bytes == UINT64_MAX)
		buf_printf(line, " %s |", max);
	else
		buf_printf(
		    line, " %llu MiB |", (unsigned long long)(bytes / MIB));
}

static void
test_limits_and_accounts(void **state)
{
	const struct sandbox_profile *p;
	struct buf line;

	(void)state;
	for (unsigned i = 0; (p = sandbox_at(i)) != NULL; i++) {
		buf_init(&line, MIB);
		buf_printf(&line, "| %s | %u |", p->program, p->nofile);
		add_size(&line, p->fsize, "none", "any");
		add_size(&line, p->data, "any", "any");
		expect(&line, " ");
		buf_init(&line, MIB);
		buf_printf(&line, "| %s%s | %s |", p->program,
		    strcmp(p->program, "trace") == 0 ? " (child)" : "",
		    p->account);
		expect(&line, " ");
	}
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_system_calls),
		cmocka_unit_test(test_limits_and_accounts),
	};

	return cmocka_run_group_tests(tests, read_document, forget_document);
}
