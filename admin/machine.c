/* machine.c - what this installation is called */
#include <limits.h>
#include <stdio.h>

#include "admin/fields.h"
#include "admin/machine.h"
#include "config/name.h"

void
machine_serial(const char *log_folder, char out[MACHINE_SERIAL])
{
	char path[PATH_MAX];
	json_t *state = NULL;
	struct str serial;

	if (snprintf(path, sizeof(path), "%s/.state/counters.json",
		log_folder) < (int)sizeof(path))
		state = json_load_file(path, 0, NULL);
	serial = str_of(fields_text(state, "serial"));
	/* it becomes a part of file names */
	if (!str_copy(out, MACHINE_SERIAL, serial) || !name_file(serial, NULL))
		*out = '\0';
	json_decref(state);
}
