/*
 * test_filter_failure.c - what cannot be scanned, and filters that fail:
 * filter, part, settings, and what becomes of the message (2.12)
 */
#include "filter_run.h"

#define ZIP                                                                    \
	"Subject: hello\nMIME-Version: 1.0\n"                                  \
	"Content-Type: multipart/mixed; boundary=b\n\n--b\n\nbody\n"           \
	"--b\nContent-Type: application/zip; name=\"a.zip\"\n\n0123456789\n"   \
	"--b--\n"
#define DISGUISED(bytes)                                                       \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\n\nbody\n--b\nContent-Type: text/plain; name=\"a.zip\"\n"         \
	"Content-Disposition: attachment\n\n" bytes "\n--b--\n"
#define TWICE                                                                  \
	"MIME-Version: 1.0\nContent-Type: multipart/mixed; boundary=b\n\n"     \
	"--b\nContent-Type: multipart/mixed; boundary=b\n\n--b\n"              \
	"Content-Disposition: attachment; filename=x.exe\n\nx\n--b--\n"
/* An expression that comes to its limits on this text. */
#define SLOW "^(a|aa)+$"
#define SLOWTEXT                                                               \
	"Subject: hello\n\naaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaax\n"

/* MIM-07, MIM-05: nobody knows what readers will see */
#define PARTIAL                                                                \
	"Content-Type: message/partial; id=x; number=1; total=2\n\n"           \
	"Subject: hello\n\nfirst half\n"
#define EXTERNAL                                                               \
	"Content-Type: message/external-body; access-type=URL;\n"              \
	" URL=\"http://x.test/\"\n\nContent-Type: text/plain\n\n"
#define YENC                                                                   \
	"Subject: hello\n\ntext\n=ybegin line=128 size=5 name=a.exe\nabcde\n"  \
	"=yend size=5\n"
#define BINHEX                                                                 \
	"Subject: hello\n\n(This file must be converted with BinHex 4.0)\n\n"  \
	":abc:\n"

#define BYPASS 1u
#define ASSUME 2u
#define NOHOLD 4u

/* fact: what inspection says of part 2, in letters: L too large, D too deep,
 * T timeout, C corrupt, P locked, p a locked member, F a member is a PDF, X it
 * failed. */
static const struct {
	const char *rule, *message, *fact;
	unsigned settings;
	bool yes;
	const char *errors; /* with commas */
	const char *reason; /* it is held in Policy; NULL: it is not */
} scans[] = {
	{ "attachment-contains(\"x\")", ZIP, "", 0, false, "", NULL },
	{ "attachment-contains(\"x\")", ZIP, "L", 0, false,
	    "Size Limit Exceeded", "message filter:f, Size Limit Exceeded" },
	{ "attachment-contains(\"x\")", ZIP, "D", 0, false,
	    "Scan Depth Exceeded", "message filter:f, Scan Depth Exceeded" },
	{ "attachment-contains(\"x\")", ZIP, "T", 0, false, "Scan Timeout",
	    "message filter:f, Scan Timeout" },
	{ "attachment-contains(\"x\")", ZIP, "C", 0, false, "Corrupt Data",
	    "message filter:f, Corrupt Data" },
	{ "attachment-contains(\"x\")", ZIP, "X", 0, false, "Corrupt Data",
	    "message filter:f, Corrupt Data" },
	{ "attachment-contains(\"x\")", ZIP, "P", 0, false, "Encrypted Data",
	    "message filter:f, Encrypted Data" },
	{ "attachment-contains(\"x\")", ZIP, "p", 0, false, "Encrypted Data",
	    "message filter:f, Encrypted Data" },
	{ "attachment-contains(\"x\")", ZIP, "LC", 0, false,
	    "Size Limit Exceeded,Corrupt Data",
	    "message filter:f, Size Limit Exceeded" },
	{ "attachment-contains(\"x\")", ZIP, "L", NOHOLD, false,
	    "Size Limit Exceeded", NULL },
	{ "attachment-contains(\"x\")", ZIP, "L", ASSUME, true,
	    "Size Limit Exceeded", "message filter:f, Size Limit Exceeded" },
	/* told, and no reason to hold it */
	{ "attachment-contains(\"x\")", ZIP, "F", 0, false, "Format Not Read",
	    NULL },
	{ "attachment-contains(\"x\")", ZIP, "F", ASSUME, true,
	    "Format Not Read", NULL },
	{ "attachment-filetype == \"exe\"", ZIP, "F", 0, false, "", NULL },
	{ "attachment-contains(\"x\")", ZIP, "FC", 0, false, "Corrupt Data",
	    "message filter:f, Corrupt Data" },
	/* called a text, but none; text that begins like a text is not asked */
	{ "attachment-contains(\"in the zip\")", DISGUISED("PK\3\4"), "Z", 0,
	    true, "", NULL },
	{ "attachment-contains(\"in the zip\")", DISGUISED("PK34"), "Z", 0,
	    false, "", NULL },
	{ "attachment-contains(\"needle\")", DISGUISED("PK\3\4needle"), "Z", 0,
	    true, "", NULL },
	/* what is found needs no scan to the end */
	{ "attachment-filename == \"zip$\"", ZIP, "L", 0, true, "", NULL },
	{ "attachment-filename == \"exe$\"", ZIP, "L", 0, false,
	    "Size Limit Exceeded", "message filter:f, Size Limit Exceeded" },
	{ "attachment-filename == \"exe$\"", ZIP, "L", ASSUME, true,
	    "Size Limit Exceeded", "message filter:f, Size Limit Exceeded" },
	/* names can be read where the files cannot */
	{ "attachment-filename == \"exe$\"", ZIP, "p", 0, false, "", NULL },
	{ "attachment-filename == \"exe$\"", ZIP, "P", 0, false,
	    "Encrypted Data", "message filter:f, Encrypted Data" },
	{ "attachment-type == \"image/*\"", ZIP, "D", 0, false,
	    "Scan Depth Exceeded", "message filter:f, Scan Depth Exceeded" },
	{ "attachment-filetype == \"exe\"", ZIP, "p", 0, false,
	    "Encrypted Data", "message filter:f, Encrypted Data" },
	{ "attachment-filetype == \"zip\"", ZIP, "p", 0, true, "", NULL },
	{ "attachment-filetype == \"exe\"", ZIP, "X", ASSUME, true,
	    "Corrupt Data", "message filter:f, Corrupt Data" },
	{ "attachment-filetype != \"exe\"", ZIP, "X", ASSUME, false,
	    "Corrupt Data", "message filter:f, Corrupt Data" },
	{ "macro-detection-rule(['OLE File types'])", ZIP, "T", 0, false,
	    "Scan Timeout", "message filter:f, Scan Timeout" },
	/* that it is so is what these are about */
	{ "attachment-protected", ZIP, "P", 0, true, "", NULL },
	{ "attachment-corrupt", ZIP, "C", 0, true, "", NULL },
	{ "attachment-mimetype == \"a/b\"", ZIP, "LDTC", 0, false, "", NULL },
	{ "attachment-size > 1M", ZIP, "LDTC", 0, false, "", NULL },
	{ "only-body-contains(\"y\")", PARTIAL, "", 0, false,
	    "Content Is Elsewhere", "message filter:f, Content Is Elsewhere" },
	{ "only-body-contains(\"zzz\")", EXTERNAL, "", 0, false,
	    "Content Is Elsewhere", "message filter:f, Content Is Elsewhere" },
	{ "only-body-contains(\"zzz\")", PARTIAL, "", ASSUME, true,
	    "Content Is Elsewhere", "message filter:f, Content Is Elsewhere" },
	{ "only-body-contains(\"virus\")", YENC, "", 0, false,
	    "Unknown Encoding", "message filter:f, Unknown Encoding" },
	{ "only-body-contains(\"zzz\")", BINHEX, "", 0, false,
	    "Unknown Encoding", "message filter:f, Unknown Encoding" },
	{ "only-body-contains(\"text\")", YENC, "", 0, true, "", NULL },
	/* expressions */
	{ "only-body-contains(\"" SLOW "\")", SLOWTEXT, "", 0, false,
	    "Regex Limit Exceeded", "message filter:f, Regex Limit Exceeded" },
	{ "only-body-contains(\"" SLOW "\")", SLOWTEXT, "", ASSUME, true,
	    "Regex Limit Exceeded", "message filter:f, Regex Limit Exceeded" },
};

static const struct {
	const char *action;
	const char *message;
	enum on_unpackable what;
	enum work_end end;
	bool gone; /* x.exe, or a.zip */
	bool error, held;
} drops[] = {
	{ "drop-attachments-by-name(\"zip\")", ZIP, UNPACKABLE_DROP,
	    WORK_GOES_ON, true, false, false },
	{ "drop-attachments-by-name(\"exe\")", TWICE, UNPACKABLE_DELIVER,
	    WORK_GOES_ON, true, true, false },
	{ "drop-attachments-by-name(\"exe\")", TWICE, UNPACKABLE_BOUNCE,
	    WORK_BOUNCE, false, true, false },
	{ "drop-attachments-by-name(\"exe\")", TWICE, UNPACKABLE_DROP,
	    WORK_DROP, false, true, false },
	{ "drop-attachments-by-name(\"exe\")", TWICE, UNPACKABLE_QUARANTINE,
	    WORK_GOES_ON, true, true, true },
	/* nothing is found in it; who knows what is */
	{ "drop-attachments-by-size(1M)", TWICE, UNPACKABLE_QUARANTINE,
	    WORK_GOES_ON, false, true, true },
};

static void
set(struct run_world *w, unsigned settings)
{
	struct scan_settings *s = &w->config.work.scan;

	s->hold_on_error = !(settings & NOHOLD);
	s->bypass_on_error = settings & BYPASS;
	s->assume_match = settings & ASSUME;
}

static void
tell(struct run_world *w, const char *fact)
{
	struct part_fact *f = arena_alloc(&w->mem, sizeof(*f));
	struct part_member *m = arena_alloc(&w->mem, sizeof(*m));

	*m = (struct part_member){ .name = STR("in.txt"),
		.filetype = strchr(fact, 'F') != NULL ? STR("pdf") : STR(""),
		.text = strchr(fact, 'Z') != NULL ? STR("in the zip") : STR(""),
		.locked = strchr(fact, 'p') != NULL };
	*f = (struct part_fact){ .filetype = STR("zip"),
		.archive = true,
		.text = STR(""),
		.members = m,
		.n_members = 1,
		.too_large = strchr(fact, 'L') != NULL,
		.too_deep = strchr(fact, 'D') != NULL,
		.timeout = strchr(fact, 'T') != NULL,
		.corrupt = strchr(fact, 'C') != NULL,
		.locked = strchr(fact, 'P') != NULL };
	if (strchr(fact, 'X') != NULL)
		fact_fail(&w->facts, &w->mem, FACT_PART, STR("0/2"));
	else
		run_fact(w, FACT_PART, "0/2", 0)->detail = f;
}

/* What was noted of that kind, with commas between. */
static struct str
noted(struct run_world *w, enum work_note_kind kind)
{
	size_t n;
	const struct work_note *const *v = work_notes(&w->work, &n, &w->mem);
	struct str all = STR("");

	for (size_t i = 0; i < n; i++)
		if (v[i]->kind == kind)
			all = str_of(
			    arena_printf(&w->mem, "%.*s%s%.*s", STR_ARG(all),
				all.n > 0 ? "," : "", STR_ARG(v[i]->text)));
	return all;
}

static void
test_what_cannot_be_scanned(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(scans); i++) {
		struct run_world w;
		char source[300];
		struct str errors;

		snprintf(source, sizeof(source),
		    "f: if %s { tag-message(\"x\");"
		    " }\nnext: if true { no-op; }",
		    scans[i].rule);
		run_begin(&w, source, scans[i].message);
		set(&w, scans[i].settings);
		tell(&w, scans[i].fact);
		assert_int_equal(run_filter(&w), WORK_DONE);
		errors = noted(&w, WN_SCAN_ERROR);
		if ((w.work.n_tags > 0) != scans[i].yes || w.final ||
		    !str_is(errors, scans[i].errors))
			fail_msg("%zu: %s %s: %s, \"%.*s\"", i, scans[i].rule,
			    scans[i].fact, w.work.n_tags > 0 ? "yes" : "no",
			    STR_ARG(errors));
		if (scans[i].reason == NULL) {
			if (w.work.holds != NULL)
				fail_msg("%zu: %s is held", i, scans[i].rule);
		} else if (w.work.holds == NULL ||
			   !str_is(w.work.holds->quarantine, "Policy") ||
			   !str_is(w.work.holds->reason, scans[i].reason)) {
			fail_msg("%zu: %s is not held", i, scans[i].rule);
		}
		run_end(&w);
	}
}

static void
test_parts_that_cannot_be_told_apart(void **state)
{
	(void)state;
	for (size_t i = 0; i < NELEM(drops); i++) {
		struct run_world w;
		char source[300];
		struct str errors;
		bool gone;

		snprintf(source, sizeof(source),
		    "f: if true { %s; "
		    "tag-message(\"x\"); }",
		    drops[i].action);
		run_begin(&w, source, drops[i].message);
		set(&w, NOHOLD);
		w.config.work.scan.unpackable = drops[i].what;
		tell(&w, "");
		for (const char *at = "12"; *at != '\0'; at++) {
			char key[] = { '0', '/', *at, '\0' };

			if (fact_find(&w.facts, FACT_PART, str_of(key)) == NULL)
				run_fact(&w, FACT_PART, key, 0)->detail =
				    arena_alloc(
					&w.mem, sizeof(struct part_fact));
		}
		assert_int_equal(run_filter(&w), WORK_DONE);
		errors = noted(&w, WN_SCAN_ERROR);
		gone = w.work.n_dropped > 0;
		if (w.work.end != drops[i].end || gone != drops[i].gone ||
		    (errors.n > 0) != drops[i].error ||
		    (w.work.holds != NULL) != drops[i].held ||
		    w.final != (drops[i].end != WORK_GOES_ON) ||
		    (w.work.n_tags > 0) != (drops[i].end == WORK_GOES_ON))
			fail_msg("%zu: %s: end %d, %s, \"%.*s\", %s", i,
			    drops[i].action, w.work.end,
			    gone ? "gone" : "there", STR_ARG(errors),
			    w.work.holds != NULL ? "held" : "not held");
		run_end(&w);
	}
}

/* Neither of its branches, nor what stands behind, nor other filters. */
static void
test_a_filter_that_fails_ends_there(void **state)
{
	static const char *const rules[] = {
		"only-body-contains(\"" SLOW "\")",
		"not only-body-contains(\"" SLOW "\")",
		"only-body-contains(\"" SLOW "\") or true",
		"subject == \"x\" or only-body-contains(\"" SLOW "\")",
		"subject == \"hello\" and not only-body-contains(\"" SLOW "\")",
	};

	(void)state;
	for (size_t i = 0; i < NELEM(rules); i++) {
		for (unsigned bypass = 0; bypass < 2; bypass++) {
			struct run_world w;
			char source[300];
			/* what is cheaper says it before */
			bool fails = i != 2, ended = bypass && fails;

			snprintf(source, sizeof(source),
			    "f: if true { if %s { tag-message(\"a\"); } else { "
			    "tag-message(\"b\"); } tag-message(\"c\"); }",
			    rules[i]);
			run_begin(&w, source, SLOWTEXT);
			set(&w, bypass ? BYPASS : 0);
			assert_int_equal(run_filter(&w), WORK_DONE);
			if (w.final != ended ||
			    w.work.n_tags != (ended ? 0u : 2u) ||
			    (w.work.holds != NULL) != fails)
				fail_msg("%s, bypass %u: %zu tags, %s",
				    rules[i], bypass, w.work.n_tags,
				    w.work.holds != NULL ? "held" : "not held");
			run_end(&w);
		}
	}
}

/* The quarantine that a filter wished for keeps its reason; and what is
 * dropped is not held. */
static void
test_what_filters_say_comes_first(void **state)
{
	struct run_world w;

	(void)state;
	run_begin(&w,
	    "f: if true { quarantine(\"Policy\"); if "
	    "attachment-contains(\"x\") { no-op; } }",
	    ZIP);
	set(&w, 0);
	tell(&w, "T");
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_true(str_is(w.work.holds->reason, "message filter:f"));
	assert_null(w.work.holds->next);
	run_end(&w);

	run_begin(&w, "f: if not attachment-contains(\"x\") { drop(); }", ZIP);
	set(&w, 0);
	tell(&w, "T");
	assert_int_equal(run_filter(&w), WORK_DONE);
	assert_int_equal(w.work.end, WORK_DROP);
	assert_null(w.work.holds);
	run_end(&w);
}

int
main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(test_what_cannot_be_scanned),
		cmocka_unit_test(test_parts_that_cannot_be_told_apart),
		cmocka_unit_test(test_a_filter_that_fails_ends_there),
		cmocka_unit_test(test_what_filters_say_comes_first),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
