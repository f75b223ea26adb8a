/* inspect_type.c - what the bytes look like */
#include <magic.h>
#include <string.h>

#include "base/err.h"
#include "base/mem.h"
#include "cleanup/inspect_look.h"

#define LOOKED_AT ((size_t)256 << 10) /* bytes from the beginning */
#define ENOUGH    80                  /* of a description */

static magic_t mimes, words;

/*
 * What libmagic says, and what that is called here (workqueue 2.8.2). mime: a
 * type, or the beginning of several when it ends in a slash; about: is in the
 * description. The first row that fits counts.
 */
static const struct {
	const char *mime, *about, *type;
} rows[] = {
	{ "application/x-dosexec", "(DLL)", "dll" },
	{ "application/x-dosexec", NULL, "exe" },
	{ "application/vnd.microsoft.portable-executable", "(DLL)", "dll" },
	{ "application/vnd.microsoft.portable-executable", NULL, "exe" },
	{ "application/x-executable", NULL, "exe" },
	{ "application/x-pie-executable", NULL, "exe" },
	{ "application/x-sharedlib", NULL, "exe" },
	{ "application/x-mach-binary", NULL, "exe" },
	{ "application/x-java-applet", NULL, "java" },
	{ "application/java-archive", NULL, "java" },
	{ "application/x-msi", NULL, "msi" },
	{ "application/pdf", NULL, "pdf" },
	{ "application/rtf", NULL, "rtf" },
	{ "text/rtf", NULL, "rtf" },
	{ "application/vnd.openxmlformats-officedocument."
	  "wordprocessingml.document",
	    NULL, "docx" },
	{ "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
	    NULL, "xlsx" },
	{ "application/vnd.openxmlformats-officedocument."
	  "presentationml.presentation",
	    NULL, "pptx" },
	{ "application/msword", NULL, "doc" },
	{ "application/vnd.ms-excel", NULL, "xls" },
	{ "application/vnd.ms-powerpoint", NULL, "ppt" },
	{ "application/vnd.ms-project", NULL, "mpp" },
	{ "application/vnd.ms-publisher", NULL, "pub" },
	{ "application/x-msaccess", NULL, "mdb" },
	{ "application/vnd.wordperfect", NULL, "wps" },
	{ "application/vnd.ms-works", NULL, "wps" },
	{ "image/wmf", NULL, "x-wmf" },
	{ "application/zip", NULL, "zip" },
	{ "application/x-rar", NULL, "rar" },
	{ "application/x-tar", NULL, "tar" },
	{ "application/gzip", NULL, "gzip" },
	{ "application/x-bzip2", NULL, "bz2" },
	{ "application/x-bzip", NULL, "bz" },
	{ "application/x-compress", NULL, "unix" },
	{ "application/vnd.ms-cab-compressed", NULL, "cab" },
	{ "application/x-arc", NULL, "arc" },
	{ "application/x-arj", NULL, "arj" },
	{ "application/x-ace-compressed", NULL, "ace" },
	{ "application/x-lzh-compressed", NULL, "lha" },
	{ "application/x-lha", NULL, "lha" },
	{ "application/x-stuffit", NULL, "sit" },
	{ "application/x-zoo", NULL, "zoo" },
	{ "application/mac-binhex40", NULL, "binhex" },
	{ "application/x-7z-compressed", NULL, "7z" },
	{ "text/html", NULL, "html" },
	{ "text/xml", NULL, "xml" },
	{ "application/xml", NULL, "xml" },
	{ "text/", NULL, "txt" },
	{ "application/json", NULL, "txt" },
	{ "image/jpeg", NULL, "jpeg" },
	{ "image/png", NULL, "png" },
	{ "image/gif", NULL, "gif" },
	{ "image/bmp", NULL, "bmp" },
	{ "image/x-ms-bmp", NULL, "bmp" },
	{ "image/tiff", NULL, "tiff" },
	{ "image/vnd.microsoft.icon", "cursor", "cur" },
	{ "image/vnd.microsoft.icon", NULL, "ico" },
	{ "image/x-icon", NULL, "ico" },
	{ "image/x-win-bitmap", NULL, "cur" },
	{ "image/vnd.adobe.photoshop", NULL, "psd" },
	{ "image/vnd.zbrush.pcx", NULL, "pcx" },
	{ "image/x-pcx", NULL, "pcx" },
	{ "image/x-tga", NULL, "tga" },
	{ "audio/x-hx-aac-adts", NULL, "aac" },
	{ "audio/x-aiff", NULL, "aiff" },
	{ "video/x-ms-asf", NULL, "asf" },
	{ "video/x-msvideo", NULL, "avi" },
	{ "application/x-shockwave-flash", NULL, "flash" },
	{ "video/x-flv", NULL, "flash" },
	{ "audio/midi", NULL, "midi" },
	{ "video/quicktime", NULL, "mov" },
	{ "audio/mpeg", NULL, "mp3" },
	{ "video/mpeg", NULL, "mpeg" },
	{ "video/mp4", NULL, "mpeg" },
	{ "audio/ogg", NULL, "ogg" },
	{ "video/ogg", NULL, "ogg" },
	{ "application/ogg", NULL, "ogg" },
	{ "audio/x-pn-realaudio", NULL, "ram" },
	{ "audio/basic", NULL, "snd" },
	{ "audio/x-wav", NULL, "wav" },
	{ "application/x-ole-storage", NULL, "ole" },
	{ "application/CDFV2", NULL, "ole" },
	{ "application/encrypted", NULL, "ole" },
	{ NULL, "Windows Program Information File", "pif" },
	{ NULL, "PIF", "pif" },
	{ NULL, "COM executable", "exe" },
	{ NULL, "Composite Document File V2", "ole" },
	{ NULL, "CDFV2", "ole" },
	{ NULL, "ARC archive", "arc" },
	{ NULL, "MS Windows icon", "ico" },
	{ NULL, "Targa image", "tga" },
	{ NULL, "Microsoft Access", "mdb" },
};

static const char *describe(magic_t, struct str);
static bool is_mime(const char *wanted, const char *mime);

int
type_setup(struct err *err)
{
	static const int flags = MAGIC_NO_CHECK_COMPRESS | MAGIC_NO_CHECK_ELF;

	mimes = magic_open(flags | MAGIC_MIME_TYPE);
	words = magic_open(flags);
	if (mimes == NULL || words == NULL)
		return err_set(err, ERR_TEMP, "libmagic cannot be used");
	if (magic_load(mimes, NULL) == -1 || magic_load(words, NULL) == -1)
		return err_set(err, ERR_TEMP,
		    "the database of file types cannot be loaded: %s",
		    magic_error(mimes) != NULL ? magic_error(mimes)
					       : magic_error(words));
	return 0;
}

/* A description costs as much again: only those rows ask that need one. */
const char *
type_of(struct str bytes, bool *locked)
{
	struct str head = str_sub(bytes, 0, LOOKED_AT);
	char mime[ENOUGH];
	const char *about = NULL;

	*locked = false;
	if (bytes.n == 0)
		return "";
	str_copy(mime, sizeof(mime), str_of(describe(mimes, head)));
	for (size_t i = 0; i < NELEM(rows); i++) {
		if (rows[i].mime != NULL && !is_mime(rows[i].mime, mime))
			continue;
		if (rows[i].about != NULL && about == NULL)
			about = describe(words, head);
		if (rows[i].about != NULL &&
		    strstr(about, rows[i].about) == NULL)
			continue;
		*locked = strcmp(mime, "application/encrypted") == 0;
		return rows[i].type;
	}
	return str_starts(bytes, STR("\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"))
		   ? "ole"
		   : "";
}

bool
type_is_text(const char *type)
{
	return strcmp(type, "txt") == 0 || strcmp(type, "html") == 0 ||
	       strcmp(type, "xml") == 0;
}

bool
type_is_packed(const char *type)
{
	static const char *const packed[] = { "zip", "java", "tar", "gzip",
		"bz2", "bz", "unix", "7z", "rar", "cab" };

	for (size_t i = 0; i < NELEM(packed); i++)
		if (strcmp(packed[i], type) == 0)
			return true;
	return false;
}

static const char *
describe(magic_t what, struct str bytes)
{
	const char *s = magic_buffer(what, bytes.p, bytes.n);

	return s != NULL ? s : "";
}

static bool
is_mime(const char *wanted, const char *mime)
{
	size_t n = strlen(wanted);

	return wanted[n - 1] == '/' ? strncmp(wanted, mime, n) == 0
				    : strcmp(wanted, mime) == 0;
}
