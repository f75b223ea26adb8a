/*
 * sessions.c - who sits at a shell of `postern`, and what is entered there
 *
 * A tool keeps its connection as long as it runs, says what it is and what
 * was entered, and is not answered. What it says of itself goes into the log
 * of the type cli_audit; who it is, the kernel says.
 */
#include <stdlib.h>

#include "base/clock.h"
#include "base/mem.h"
#include "event/event.h"
#include "master/master.h"

#define WHAT 200 /* letters of a command that are shown */

struct shell {
	struct shell *next, **prev;
	pid_t pid;
	char user[65];
	bool stays;
	int64_t began, last; /* wall ms, monotonic ms */
	char what[WHAT];
};

static struct shell *sessions;

struct shell *
sessions_begin(pid_t pid, const char *user, bool stays)
{
	struct shell *s = mem_alloc(sizeof(*s));

	s->pid = pid;
	str_copy(s->user, sizeof(s->user), str_of(user));
	s->stays = stays;
	s->began = clock_wall_ms();
	s->last = clock_mono_ms();
	s->next = sessions;
	if (s->next != NULL)
		s->next->prev = &s->next;
	s->prev = &sessions;
	sessions = s;
	return s;
}

void
sessions_end(struct shell **sp)
{
	struct shell *s = *sp;

	*sp = NULL;
	if (s == NULL)
		return;
	*s->prev = s->next;
	if (s->next != NULL)
		s->next->prev = s->prev;
	free(s);
}

void
sessions_entered(struct master *m, struct shell *s, bool line, struct str input,
    struct str prompt)
{
	s->last = clock_mono_ms();
	/* answers to questions are part of the command before */
	if (line)
		str_escape(s->what, sizeof(s->what), input, sizeof(s->what));
	if (m->self.config->log_types & 1u << LOG_CLI_AUDIT)
		EMIT(ADMIN_ENTERED, .pid = (uint32_t)s->pid,
		    .user = str_of(s->user), .text = input, .prompt = prompt);
}

json_t *
sessions_json(void)
{
	json_t *list = json_array();

	for (const struct shell *s = sessions; s != NULL; s = s->next)
		if (s->stays)
			json_array_append_new(
			    list, json_pack("{ss sI sI sI ss}", "user", s->user,
				      "pid", (json_int_t)s->pid, "login",
				      (json_int_t)s->began, "idle",
				      (json_int_t)(clock_mono_ms() - s->last),
				      "what", s->what));
	return json_pack("{so}", "sessions", list);
}
