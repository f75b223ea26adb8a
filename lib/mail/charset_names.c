/* charset_names.c - the character sets there are, and what mail calls them */
#include "base/mem.h"
#include "mail/charset_inner.h"

/*
 * Read as the set that its users have meant by it: that is the superset which
 * the mail programs of the country write under the old name.
 */
enum {
	LATIN1 = CHARSET_OTHERS,
	LATIN2,
	LATIN3,
	LATIN4,
	CYRILLIC,
	ARABIC,
	GREEK,
	HEBREW,
	LATIN6,
	THAI,
	LATIN7,
	LATIN8,
	LATIN9,
	LATIN10,
	CP1250,
	CP1251,
	CP1253,
	CP1254,
	CP1255,
	CP1256,
	CP1257,
	CP1258,
	CP437,
	CP850,
	CP852,
	CP866,
	KOI8R,
	KOI8U,
	MACROMAN,
	UTF7,
	UTF16,
	UTF16BE,
	UTF16LE,
	UTF32,
	UTF32BE,
	UTF32LE,
	SETS
};

static const char *const converters[] = {
	[CHARSET_EUC_JP] = "EUC-JP-MS",
	[CHARSET_EUC_JISX0213] = "EUC-JISX0213",
	[CHARSET_SHIFT_JIS] = "CP932",
	[CHARSET_GB] = "GB18030",
	[CHARSET_BIG5] = "BIG5-HKSCS",
	[CHARSET_EUC_KR] = "CP949",
	[LATIN1] = "CP1252",
	[LATIN2] = "ISO-8859-2",
	[LATIN3] = "ISO-8859-3",
	[LATIN4] = "ISO-8859-4",
	[CYRILLIC] = "ISO-8859-5",
	[ARABIC] = "ISO-8859-6",
	[GREEK] = "ISO-8859-7",
	[HEBREW] = "ISO-8859-8",
	[LATIN6] = "ISO-8859-10",
	[THAI] = "CP874",
	[LATIN7] = "ISO-8859-13",
	[LATIN8] = "ISO-8859-14",
	[LATIN9] = "ISO-8859-15",
	[LATIN10] = "ISO-8859-16",
	[CP1250] = "CP1250",
	[CP1251] = "CP1251",
	[CP1253] = "CP1253",
	[CP1254] = "CP1254",
	[CP1255] = "CP1255",
	[CP1256] = "CP1256",
	[CP1257] = "CP1257",
	[CP1258] = "CP1258",
	[CP437] = "CP437",
	[CP850] = "CP850",
	[CP852] = "CP852",
	[CP866] = "CP866",
	[KOI8R] = "KOI8-R",
	[KOI8U] = "KOI8-U",
	[MACROMAN] = "MACINTOSH",
	[UTF7] = "UTF-7",
	[UTF16] = "UTF-16",
	[UTF16BE] = "UTF-16BE",
	[UTF16LE] = "UTF-16LE",
	[UTF32] = "UTF-32",
	[UTF32BE] = "UTF-32BE",
	[UTF32LE] = "UTF-32LE",
};

/* Lower case, letters and digits only: how names are compared. */
static const struct {
	const char *name;
	int id;
} names[] = {
	{ "usascii", CHARSET_ASCII },
	{ "utf8", CHARSET_UTF8 },
	{ "ascii", CHARSET_ASCII },
	{ "ansix341968", CHARSET_ASCII },
	{ "ansix341986", CHARSET_ASCII },
	{ "iso646us", CHARSET_ASCII },
	{ "iso646irv1991", CHARSET_ASCII },
	{ "us", CHARSET_ASCII },
	{ "cp367", CHARSET_ASCII },
	{ "ibm367", CHARSET_ASCII },
	{ "csascii", CHARSET_ASCII },
	{ "csutf8", CHARSET_UTF8 },
	{ "unicode11utf8", CHARSET_UTF8 },
	{ "utf8mb4", CHARSET_UTF8 },
	{ "cp65001", CHARSET_UTF8 },
	{ "iso2022jp", CHARSET_JIS },
	{ "iso2022jp1", CHARSET_JIS },
	{ "iso2022jp2", CHARSET_JIS },
	{ "iso2022jp3", CHARSET_JIS },
	{ "iso2022jp2004", CHARSET_JIS },
	{ "iso2022jpms", CHARSET_JIS },
	{ "csiso2022jp", CHARSET_JIS },
	{ "csiso2022jp2", CHARSET_JIS },
	{ "cp50220", CHARSET_JIS },
	{ "cp50221", CHARSET_JIS },
	{ "cp50222", CHARSET_JIS },
	{ "jis", CHARSET_JIS },
	{ "xiso2022jp", CHARSET_JIS },
	{ "iso2022kr", CHARSET_KR },
	{ "csiso2022kr", CHARSET_KR },
	{ "eucjp", CHARSET_EUC_JP },
	{ "xeucjp", CHARSET_EUC_JP },
	{ "xeuc", CHARSET_EUC_JP },
	{ "ujis", CHARSET_EUC_JP },
	{ "eucjpms", CHARSET_EUC_JP },
	{ "eucjpwin", CHARSET_EUC_JP },
	{ "cp51932", CHARSET_EUC_JP },
	{ "cp20932", CHARSET_EUC_JP },
	{ "cseucpkdfmtjapanese", CHARSET_EUC_JP },
	{ "extendedunixcodepackedformatforjapanese", CHARSET_EUC_JP },
	{ "eucjisx0213", CHARSET_EUC_JISX0213 },
	{ "eucjis2004", CHARSET_EUC_JISX0213 },
	{ "shiftjis", CHARSET_SHIFT_JIS },
	{ "xshiftjis", CHARSET_SHIFT_JIS },
	{ "sjis", CHARSET_SHIFT_JIS },
	{ "xsjis", CHARSET_SHIFT_JIS },
	{ "mskanji", CHARSET_SHIFT_JIS },
	{ "csshiftjis", CHARSET_SHIFT_JIS },
	{ "windows31j", CHARSET_SHIFT_JIS },
	{ "cswindows31j", CHARSET_SHIFT_JIS },
	{ "windows932", CHARSET_SHIFT_JIS },
	{ "cp932", CHARSET_SHIFT_JIS },
	{ "ms932", CHARSET_SHIFT_JIS },
	{ "ibm943", CHARSET_SHIFT_JIS },
	{ "sjiswin", CHARSET_SHIFT_JIS },
	{ "gb2312", CHARSET_GB },
	{ "xgb2312", CHARSET_GB },
	{ "gb231280", CHARSET_GB },
	{ "csgb2312", CHARSET_GB },
	{ "euccn", CHARSET_GB },
	{ "xeuccn", CHARSET_GB },
	{ "cngb", CHARSET_GB },
	{ "gbk", CHARSET_GB },
	{ "xgbk", CHARSET_GB },
	{ "cp936", CHARSET_GB },
	{ "ms936", CHARSET_GB },
	{ "windows936", CHARSET_GB },
	{ "gb18030", CHARSET_GB },
	{ "big5", CHARSET_BIG5 },
	{ "big5hkscs", CHARSET_BIG5 },
	{ "xbig5", CHARSET_BIG5 },
	{ "xxbig5", CHARSET_BIG5 },
	{ "cnbig5", CHARSET_BIG5 },
	{ "csbig5", CHARSET_BIG5 },
	{ "cp950", CHARSET_BIG5 },
	{ "windows950", CHARSET_BIG5 },
	{ "euckr", CHARSET_EUC_KR },
	{ "ksc56011987", CHARSET_EUC_KR },
	{ "ksc56011989", CHARSET_EUC_KR },
	{ "ksc5601", CHARSET_EUC_KR },
	{ "csksc56011987", CHARSET_EUC_KR },
	{ "cseuckr", CHARSET_EUC_KR },
	{ "korean", CHARSET_EUC_KR },
	{ "uhc", CHARSET_EUC_KR },
	{ "cp949", CHARSET_EUC_KR },
	{ "ms949", CHARSET_EUC_KR },
	{ "windows949", CHARSET_EUC_KR },
	{ "iso88591", LATIN1 },
	{ "isoir100", LATIN1 },
	{ "iso885911987", LATIN1 },
	{ "latin1", LATIN1 },
	{ "l1", LATIN1 },
	{ "cp819", LATIN1 },
	{ "ibm819", LATIN1 },
	{ "csisolatin1", LATIN1 },
	{ "windows1252", LATIN1 },
	{ "xcp1252", LATIN1 },
	{ "cp1252", LATIN1 },
	{ "ansi", LATIN1 },
	{ "iso88592", LATIN2 },
	{ "latin2", LATIN2 },
	{ "l2", LATIN2 },
	{ "csisolatin2", LATIN2 },
	{ "iso88593", LATIN3 },
	{ "latin3", LATIN3 },
	{ "iso88594", LATIN4 },
	{ "latin4", LATIN4 },
	{ "iso88595", CYRILLIC },
	{ "cyrillic", CYRILLIC },
	{ "iso88596", ARABIC },
	{ "iso88596e", ARABIC },
	{ "iso88596i", ARABIC },
	{ "arabic", ARABIC },
	{ "iso88597", GREEK },
	{ "greek", GREEK },
	{ "iso88598", HEBREW },
	{ "iso88598e", HEBREW },
	{ "iso88598i", HEBREW },
	{ "hebrew", HEBREW },
	{ "logical", HEBREW },
	{ "iso88599", CP1254 },
	{ "latin5", CP1254 },
	{ "l5", CP1254 },
	{ "turkish", CP1254 },
	{ "iso885910", LATIN6 },
	{ "latin6", LATIN6 },
	{ "iso885911", THAI },
	{ "tis620", THAI },
	{ "windows874", THAI },
	{ "cp874", THAI },
	{ "iso885913", LATIN7 },
	{ "iso885914", LATIN8 },
	{ "iso885915", LATIN9 },
	{ "latin9", LATIN9 },
	{ "latin0", LATIN9 },
	{ "iso885916", LATIN10 },
	{ "windows1250", CP1250 },
	{ "cp1250", CP1250 },
	{ "xcp1250", CP1250 },
	{ "windows1251", CP1251 },
	{ "cp1251", CP1251 },
	{ "xcp1251", CP1251 },
	{ "windows1253", CP1253 },
	{ "cp1253", CP1253 },
	{ "windows1254", CP1254 },
	{ "cp1254", CP1254 },
	{ "windows1255", CP1255 },
	{ "cp1255", CP1255 },
	{ "windows1256", CP1256 },
	{ "cp1256", CP1256 },
	{ "windows1257", CP1257 },
	{ "cp1257", CP1257 },
	{ "windows1258", CP1258 },
	{ "cp1258", CP1258 },
	{ "ibm437", CP437 },
	{ "cp437", CP437 },
	{ "ibm850", CP850 },
	{ "cp850", CP850 },
	{ "ibm852", CP852 },
	{ "cp852", CP852 },
	{ "ibm866", CP866 },
	{ "cp866", CP866 },
	{ "koi8", KOI8R },
	{ "koi8r", KOI8R },
	{ "cskoi8r", KOI8R },
	{ "koi8u", KOI8U },
	{ "koi8ru", KOI8U },
	{ "macintosh", MACROMAN },
	{ "macroman", MACROMAN },
	{ "xmacroman", MACROMAN },
	{ "mac", MACROMAN },
	{ "csmacintosh", MACROMAN },
	{ "utf7", UTF7 },
	{ "unicode11utf7", UTF7 },
	{ "csunicode11utf7", UTF7 },
	{ "utf16", UTF16 },
	{ "utf16be", UTF16BE },
	{ "utf16le", UTF16LE },
	{ "utf32", UTF32 },
	{ "utf32be", UTF32BE },
	{ "utf32le", UTF32LE },
};

static size_t squeeze(struct str name, char out[48]);

int
charset_find(struct str name)
{
	char key[48];
	struct str k = { key, squeeze(name, key) };

	if (k.n == 0)
		return -1;
	for (size_t i = 0; i < NELEM(names); i++)
		if (names[i].name[0] == key[0] && str_is(k, names[i].name))
			return names[i].id;
	return -1;
}

const char *
charset_converter(int id)
{
	_Static_assert(NELEM(converters) == SETS, "each set has its name");

	return id >= 0 && id < SETS ? converters[id] : NULL;
}

/* Letters and digits, small; none if there are too many. */
static size_t
squeeze(struct str name, char out[48])
{
	size_t n = 0;

	for (size_t i = 0; i < name.n; i++) {
		char c = name.p[i];

		if (c >= 'A' && c <= 'Z')
			c = (char)(c + ('a' - 'A'));
		if ((c < 'a' || c > 'z') && (c < '0' || c > '9'))
			continue;
		if (n == 48)
			return 0;
		out[n++] = c;
	}
	return n;
}
