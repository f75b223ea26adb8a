/*
 * main.c - `postern`: the commands of the administrators
 *
 * Documented in docs/man/postern.1. Runs with the rights of its caller: what
 * it may know and change is decided by the modes of the files and by the
 * master at the control socket.
 */
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "admin/commands.h"
#include "admin/session.h"
#include "admin/shell.h"
#include "base/err.h"
#include "filter/filter.h"

static int usage(void);

int
main(int argc, char **argv)
{
	struct tool t = { .memory = -1,
		.kept = { -1, -1 },
		.session = -1,
		.dialogue = { .in = stdin, .out = stdout } };
	char *help[] = { (char[]){ "help" }, NULL };
	bool want_help = false;
	int i;

	err_program("postern");
	filters_install();
	signal(SIGPIPE, SIG_IGN);
	for (i = 1; i < argc && argv[i][0] == '-'; i++) {
		if (strcmp(argv[i], "--root") == 0 && i + 1 < argc)
			t.root = argv[++i];
		else if (strncmp(argv[i], "--root=", 7) == 0)
			t.root = argv[i] + 7;
		else if (strcmp(argv[i], "--json") == 0)
			t.json = true;
		else if (strcmp(argv[i], "--help") == 0)
			want_help = true;
		else if (strcmp(argv[i], "--version") == 0)
			return puts("postern " POSTERN_VERSION) < 0;
		else
			return usage();
	}
	if (paths_set(&t.paths, t.root) == -1) {
		fprintf(stderr, "postern: no folder %s\n",
		    t.root != NULL ? t.root : "/etc/postern");
		return TOOL_USAGE;
	}
	t.asks = isatty(STDIN_FILENO) && isatty(STDOUT_FILENO) && !t.json;
	if (want_help)
		return commands_run(&t, 1, help);
	if (i == argc)
		return shell_run(&t);
	session_begin(&t, false);
	session_line(&t, argc - i, argv + i, "");
	return commands_run(&t, argc - i, argv + i);
}

static int
usage(void)
{
	fputs("Usage: postern [--root DIR] [--json] [COMMAND [ARGUMENTS]]\n"
	      "       postern help\n",
	    stderr);
	return TOOL_USAGE;
}
