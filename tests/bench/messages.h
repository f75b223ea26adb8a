/*
 * messages.h - messages to measure filters on: made, the same every time
 */
#ifndef TESTS_BENCH_MESSAGES_H
#define TESTS_BENCH_MESSAGES_H

#include "base/buf.h"

struct bench_message {
	const char *name;
	struct buf header, body; /* CRLF lines */
};
#define BENCH_MESSAGES 4
/* text 2 KB, text 1 MB, Japanese 10 KB (ISO-2022-JP), multipart of 100 KB
 * with a file in base64 */
void bench_messages(struct bench_message[BENCH_MESSAGES]);
/* Words of English in lines of up to 76, with LF or CRLF. */
void bench_prose(struct buf *, size_t n, const char *line_end);

#endif
