/*
 * messages.c - messages to measure filters on
 */
#include "tests/bench/messages.h"

#include <string.h>

#include "base/base64.h"
#include "base/mem.h"

#define MESSAGE_MAX ((size_t)4 << 20)

static uint32_t random_state = 1;

static void add_header(struct buf *, const char *type);
static void add_japanese(struct buf *, size_t n);
static void add_multipart(struct buf *, size_t n);
static uint32_t draw(uint32_t n);

void
bench_messages(struct bench_message v[BENCH_MESSAGES])
{
	static const char *const names[] = { "text 2 KB", "text 1 MB",
		"Japanese 10 KB", "file 100 KB" };

	for (size_t i = 0; i < BENCH_MESSAGES; i++) {
		v[i].name = names[i];
		buf_init(&v[i].header, MESSAGE_MAX);
		buf_init(&v[i].body, MESSAGE_MAX);
	}
	add_header(&v[0].header, "text/plain; charset=us-ascii");
	bench_prose(&v[0].body, 2000, "\r\n");
	add_header(&v[1].header, "text/plain; charset=utf-8");
	bench_prose(&v[1].body, 1 << 20, "\r\n");
	add_header(&v[2].header, "text/plain; charset=iso-2022-jp");
	add_japanese(&v[2].body, 10000);
	add_header(&v[3].header, "multipart/mixed; boundary=\"=-bench\"");
	add_multipart(&v[3].body, 96000);
}

void
bench_prose(struct buf *out, size_t n, const char *line_end)
{
	static const char *const words[] = { "the", "of", "order", "we",
		"delivery", "is", "to", "your", "account", "and", "please",
		"find", "attached", "invoice", "for", "March", "with", "kind",
		"regards", "meeting", "on", "Tuesday", "at", "offer", "price",
		"http://www.example.com/a?b=1", "2,400.00", "not", "a", "in",
		"which", "I", "have", "been", "information", "system" };
	size_t end = out->len + n, column = 0;

	while (out->len < end) {
		const char *word = words[draw(NELEM(words))];

		if (column + strlen(word) > 76) {
			buf_puts(out, line_end);
			column = 0;
		}
		buf_printf(out, "%s ", word);
		column += strlen(word) + 1;
	}
	buf_puts(out, line_end);
}

/* As it comes through two hops. */
static void
add_header(struct buf *out, const char *type)
{
	for (int i = 0; i < 3; i++)
		buf_printf(out,
		    "Received: from relay%d.example.com (relay%d.example.com "
		    "[192.0.2.%d])\r\n\tby mx%d.example.net (Postern) with "
		    "ESMTPS id 4XyZ%dabc;\r\n\tSun, 22 Nov 2026 10:0%d:00 "
		    "+0000\r\n",
		    i, i, i + 1, i, i, i);
	for (int i = 0; i < 8; i++)
		buf_printf(out, "X-Trace-%d: %08x-%08x-%08x\r\n", i,
		    draw(UINT32_MAX), draw(UINT32_MAX), draw(UINT32_MAX));
	buf_printf(out,
	    "From: \"Sales Department\" <sales@example.com>\r\n"
	    "To: Somebody <somebody@example.net>, other@example.net\r\n"
	    "Subject: =?utf-8?Q?Your_order_of_M=C3=A4rz_is_on_its_way?=\r\n"
	    "Date: Sun, 22 Nov 2026 10:00:00 +0000\r\n"
	    "Message-ID: <20261122.100000@example.com>\r\n"
	    "MIME-Version: 1.0\r\nContent-Type: %s\r\n\r\n",
	    type);
}

/* Kana and kanji; ISO-2022-JP comes back to ASCII at each line end. */
static void
add_japanese(struct buf *out, size_t n)
{
	while (out->len < n) {
		buf_puts(out, "\033$B");
		for (int i = 0; i < 34; i++) {
			bool kana = draw(10) < 6;

			buf_putc(out, (char)(kana ? 0x24 : 0x30 + draw(32)));
			buf_putc(out, (char)(0x21 + draw(kana ? 83 : 94)));
		}
		buf_puts(out, "\033(B\r\n");
	}
}

static void
add_multipart(struct buf *out, size_t n)
{
	char bytes[57];

	buf_puts(out, "--=-bench\r\nContent-Type: text/plain\r\n\r\n");
	bench_prose(out, 4000, "\r\n");
	buf_puts(out,
	    "--=-bench\r\nContent-Type: application/pdf; name=report.pdf\r\n"
	    "Content-Disposition: attachment; filename=report.pdf\r\n"
	    "Content-Transfer-Encoding: base64\r\n\r\n");
	while (out->len < n) {
		for (size_t i = 0; i < sizeof(bytes); i++)
			bytes[i] = (char)draw(256);
		base64_encode((struct str){ bytes, sizeof(bytes) }, out);
		buf_puts(out, "\r\n");
	}
	buf_puts(out, "--=-bench--\r\n");
}

static uint32_t
draw(uint32_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 17;
	random_state ^= random_state << 5;
	return random_state % n;
}
