/* netstat_services.c - who listens: the processes behind sockets */
#include <ctype.h>
#include <dirent.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "admin/fields.h"
#include "admin/netstat.h"
#include "base/str.h"

#define PATH_SIZE 64
#define NAME_SIZE 64

static void add_process(json_t *list, const json_t *sockets, const char *pid);
static uint64_t socket_inode(const char *pid, const char *fd);
static void add(json_t *list, const json_t *socket, const char *pid);
static void add_unknown(json_t *list, const json_t *sockets);
static bool is_known(const json_t *list, int64_t inode);
static json_t *process_name(const char *pid);
static json_t *user_of(const char *pid);

json_t *
netstat_services(struct err *err)
{
	/* few, however many connections there are */
	json_t *sockets =
	    netstat_listening(netstat_all_sockets(AF_UNSPEC, err));
	json_t *list = json_array();
	DIR *proc = opendir("/proc");
	struct dirent *d;

	if (sockets == NULL) {
		json_decref(list);
		list = NULL;
	}
	while (list != NULL && proc != NULL && (d = readdir(proc)) != NULL)
		if (isdigit((unsigned char)d->d_name[0]))
			add_process(list, sockets, d->d_name);
	if (proc != NULL)
		closedir(proc);
	if (list != NULL)
		add_unknown(list, sockets);
	json_decref(sockets);
	return list;
}

/* Whose descriptors may not be seen, has none here. */
static void
add_process(json_t *list, const json_t *sockets, const char *pid)
{
	char path[PATH_SIZE];
	struct dirent *d;
	DIR *fds;

	snprintf(path, sizeof(path), "/proc/%.20s/fd", pid);
	fds = opendir(path);
	while (fds != NULL && (d = readdir(fds)) != NULL) {
		uint64_t inode = socket_inode(pid, d->d_name);
		const json_t *one;
		size_t i;

		if (inode == 0)
			continue;
		json_array_foreach(sockets, i, one)
		{
			if (fields_num(one, "inode") == (int64_t)inode)
				add(list, one, pid);
		}
	}
	if (fds != NULL)
		closedir(fds);
}

/* 0: no socket */
static uint64_t
socket_inode(const char *pid, const char *fd)
{
	char path[PATH_SIZE], target[PATH_SIZE];
	struct str rest;
	uint64_t inode;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%.20s/fd/%.20s", pid, fd);
	n = readlink(path, target, sizeof(target));
	if (n <= 0)
		return 0;
	rest = (struct str){ target, (size_t)n };
	if (!str_starts(rest, STR("socket:[")))
		return 0;
	rest = str_sub(rest, 8, rest.n - 9);
	return str_u64(rest, INT64_MAX, &inode) ? inode : 0;
}

static void
add(json_t *list, const json_t *socket, const char *pid)
{
	json_array_append_new(
	    list, json_pack("{s:o, s:o, s:o, s:O, s:O, s:O}", "process",
		      pid != NULL ? process_name(pid) : json_null(), "pid",
		      pid != NULL ? json_integer(atoll(pid)) : json_null(),
		      "user", pid != NULL ? user_of(pid) : json_null(), "proto",
		      json_object_get(socket, "proto"), "local",
		      json_object_get(socket, "local"), "inode",
		      json_object_get(socket, "inode")));
}

static void
add_unknown(json_t *list, const json_t *sockets)
{
	const json_t *one;
	size_t i;

	json_array_foreach(sockets, i, one)
	{
		if (!is_known(list, fields_num(one, "inode")))
			add(list, one, NULL);
	}
}

static bool
is_known(const json_t *list, int64_t inode)
{
	const json_t *one;
	size_t i;

	json_array_foreach(list, i, one)
	{
		if (fields_num(one, "inode") == inode)
			return true;
	}
	return false;
}

static json_t *
process_name(const char *pid)
{
	char path[PATH_SIZE], name[NAME_SIZE] = "";
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%.20s/comm", pid);
	f = fopen(path, "re");
	if (f != NULL && fgets(name, sizeof(name), f) != NULL)
		name[strcspn(name, "\n")] = '\0';
	if (f != NULL)
		fclose(f);
	return json_string(str_valid_utf8(str_of(name)) ? name : "?");
}

static json_t *
user_of(const char *pid)
{
	char path[PATH_SIZE];
	const struct passwd *pw;
	struct stat st;

	snprintf(path, sizeof(path), "/proc/%.20s", pid);
	if (stat(path, &st) == -1)
		return json_null();
	pw = getpwuid(st.st_uid);
	return pw != NULL ? json_string(pw->pw_name)
			  : json_sprintf("%u", (unsigned)st.st_uid);
}
