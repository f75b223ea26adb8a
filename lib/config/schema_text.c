/*
 * schema_text.c - the keys of postern.yaml: text resources, dictionaries
 */
#include "config/load_work.h"
#include "config/schema_def.h"

static const struct choice text_kinds[] = {
	{ "disclaimer", TEXT_DISCLAIMER },
	{ "notification", TEXT_NOTIFICATION },
	{ "virus-notification", TEXT_AV_NOTIFICATION },
	{ "virus-container", TEXT_AV_CONTAINER },
	{ "bounce", TEXT_BOUNCE },
	{ NULL, 0 },
};

static const struct schema_key text_keys[] = {
	{ .name = "name",
	    FIELD(text_resource, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    .help = "What filters, policies and listeners call it." },
	{ .name = "type",
	    FIELD(text_resource, kind),
	    .type = &value_choice,
	    .choices = text_kinds,
	    DEFAULT("disclaimer"),
	    .help = "What it is for: a disclaimer is put above or below the "
		    "text of messages, a notification is what notices of "
		    "filters say, virus-notification those about viruses, "
		    "virus-container the text of a message that carries an "
		    "infected one as an attachment, bounce that of notices "
		    "about mail that could not be delivered." },
	{ .name = "file",
	    FIELD(text_resource, file),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "The file below texts/ with the text, in UTF-8. Empty: "
		    "the name with .txt behind it; with html, none: then the "
		    "text is taken from the HTML." },
	{ .name = "html",
	    FIELD(text_resource, html_file),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = name_file,
	    DEFAULT(""),
	    .help = "Of a disclaimer: the file below texts/ with what is put "
		    "into HTML. Empty: the text." },
};
static const struct schema_section text_section = {
	SECTION(text_resource, "text resource", text_keys),
	WHERE(text_resource), .finish = load_text_finish
};

static const struct schema_key dictionary_keys[] = {
	{ .name = "name",
	    FIELD(dictionary, name),
	    .type = &value_text,
	    .flags = KEY_REQUIRED,
	    .min = 1,
	    .max = DICTIONARY_NAME_MAX,
	    .text_ok = name_file,
	    .help = "What filters call it." },
	{ .name = "file",
	    FIELD(dictionary, file),
	    .type = &value_text,
	    .max = NAME_MAX_LEN,
	    .text_ok = table_name_ok,
	    DEFAULT(""),
	    .help = "The file below tables/ with its terms, in UTF-8. Empty: "
		    "the name with .txt behind it. One term per line, a "
		    "regular expression; behind a comma its weight, from 1 "
		    "to 10. A comma at the end that belongs to the term is "
		    "written \\,. What has an @ in it, or is nothing but "
		    "letters, digits, hyphens and dots, means itself. "
		    "*credit, *ssn, *aba and *cusip are numbers of credit "
		    "cards, social security, banks and securities. A line "
		    "that begins with # is a comment; write [#] for a term "
		    "that does." },
	{ .name = "ignore_case",
	    FIELD(dictionary, ignore_case),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether capitals and small letters are the same." },
	{ .name = "whole_words",
	    FIELD(dictionary, whole_words),
	    .type = &value_bool,
	    DEFAULT("yes"),
	    .help = "Whether a term must stand between the ends of words." },
};
static const struct schema_section dictionary_section = {
	SECTION(dictionary, "dictionary", dictionary_keys), WHERE(dictionary),
	.finish = load_dictionary_finish
};

static const struct schema_key text_list_keys[] = {
	{ .name = "text_resources",
	    LIST(config, work.texts, work.n_texts),
	    .section = &text_section,
	    .max = 1000,
	    .help = "Texts that are put into messages, or make up those that "
		    "we send." },
	{ .name = "dictionaries",
	    LIST(config, work.dictionaries, work.n_dictionaries),
	    .section = &dictionary_section,
	    .max = 100,
	    .help = "Lists of terms that filters look for." },
};
const struct schema_section schema_texts = {
	SECTION(config, "texts", text_list_keys), NO_WHERE
};
