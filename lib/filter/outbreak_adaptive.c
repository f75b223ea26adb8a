/*
 * outbreak_adaptive.c - the outbreak rules that come with Postern
 *
 * What is suspicious whoever sends it. Files that are only unusual stay below
 * the threshold that policies have unless they say otherwise (3).
 */
#include "base/mem.h"
#include "filter/outbreak_inner.h"

#define SET_SIZE 65536

/* lists of extensions, as JSON; alternatives, as an expression */
#define SCRIPTS                                                                \
	"'js','jse','vbs','vbe','wsf','wsh','hta','lnk','ps1','scf','chm'"
#define PROGRAMS                                                               \
	"'exe','scr','com','pif','bat','cmd','cpl','msi','jar','dll','sys',"   \
	"'ocx','class'"
#define PAGES "'htm','html','shtml','xhtml','svg'"
#define RUNS                                                                   \
	"exe|scr|com|pif|bat|cmd|cpl|msi|jar|js|jse|vbs|vbe|wsf|wsh|hta|lnk|"  \
	"ps1"
#define LOOKS                                                                  \
	"pdf|docx?|xlsx?|pptx?|rtf|txt|csv|jpe?g|png|gif|zip|rar|html?|mp[34]"

/* In `match`, ' stands for " of JSON. */
static const struct {
	const char *id;
	int level;
	const char *category, *subtype, *description, *match;
} rows[] = {
	{ "Adaptive_Double_Extension", 4, "virus", "trojan",
	    "A program whose name pretends to be a document",
	    "{'filename_re':'(?i)\\\\.(" LOOKS ")[ _.]*\\\\.(" RUNS
	    ")[ .]*$'}" },
	{ "Adaptive_Reversed_Name", 4, "virus", "trojan",
	    "A file name that is shown in another order than it has",
	    "{'filename_re':'[\\\\x{202a}-\\\\x{202e}\\\\x{2066}-"
	    "\\\\x{2069}]'}" },
	{ "Adaptive_Disguised_Program", 4, "virus", "trojan",
	    "A program under the name of something else",
	    "{'all':[{'attachment_filetype':['Executable']},"
	    "{'not':{'attachment_ext':[" PROGRAMS "]}}]}" },
	{ "Adaptive_Script", 3, "virus", "downloader",
	    "A script as an attachment", "{'attachment_ext':[" SCRIPTS "]}" },
	{ "Adaptive_Archived_Script", 3, "virus", "downloader",
	    "An archive with a script in it",
	    "{'archive_member_ext':[" SCRIPTS "]}" },
	{ "Adaptive_Hidden_Host", 3, "phish", "link",
	    "A link that pretends to lead elsewhere",
	    "{'url_re':'(?i)^https?:[/\\\\\\\\]+[^/?#]*[.][^/?#]*@'}" },
	{ "Adaptive_Program", 2, "virus", "trojan",
	    "A program as an attachment", "{'attachment_ext':[" PROGRAMS "]}" },
	{ "Adaptive_Disk_Image", 2, "virus", "container", "The image of a disk",
	    "{'attachment_ext':['iso','img','vhd','vhdx','udf']}" },
	{ "Adaptive_Page_Attached", 2, "phish", "form",
	    "A page with links as an attachment",
	    "{'all':[{'attachment_ext':[" PAGES "]},{'has_url':true}]}" },
	{ "Adaptive_Numeric_Host", 2, "phish", "link",
	    "A link to a bare address",
	    "{'url_re':'(?i)^https?:[/\\\\\\\\]+[0-9.]+([:/?#]|$)'}" },
};

static void
put_json(struct buf *out, const char *quoted)
{
	for (; *quoted != '\0'; quoted++)
		buf_putc(out, *quoted == '\'' ? '"' : *quoted);
}

struct outbreak_rules *
outbreak_adaptive(void)
{
	struct err err = ERR_INIT;
	struct outbreak_rules *r;
	struct buf json;

	buf_init(&json, SET_SIZE);
	put_json(&json, "{'version':1,'serial':1,"
			"'generated':'2024-01-01T00:00:00Z','rules':[");
	for (size_t i = 0; i < NELEM(rows); i++) {
		buf_printf(&json,
		    "%s{\"id\":\"%s\",\"type\":\"adaptive\",\"level\":%d,"
		    "\"category\":\"%s\",\"subtype\":\"%s\","
		    "\"description\":\"%s\",\"match\":",
		    i > 0 ? "," : "", rows[i].id, rows[i].level,
		    rows[i].category, rows[i].subtype, rows[i].description);
		put_json(&json, rows[i].match);
		buf_putc(&json, '}');
	}
	buf_puts(&json, "]}");
	r = outbreak_parse(buf_str(&json), &err);
	if (r == NULL)
		panic("adaptive rules: %s", err.text);
	buf_fini(&json);
	return r;
}
