/*
 * bounds.h - every fixed limit of Postern, with its reason
 *
 * A limit that an administrator may change stands in lib/config/schema.c;
 * here are those that protect us whatever the configuration says.
 */
#ifndef BASE_BOUNDS_H
#define BASE_BOUNDS_H

/* RFC 5321 4.5.3.1: 64 and 255 must work; longer local parts may. */
#define LOCALPART_MAX 256
#define DOMAIN_MAX    255
#define LABEL_MAX     63
#define ADDR_MAX      (LOCALPART_MAX + 1 + DOMAIN_MAX)

/* RFC 5321 4.5.3.1.4 asks 512; extensions (RFC 4954: 12288) add to it. */
#define SMTP_LINE_MAX           2048
#define SMTP_LINE_SWALLOW       65536 /* longer: 421 (threats LIM-01) */
#define SMTP_REPLY_LINE_MAX     1024
#define SMTP_REPLY_MAX          8192 /* what we keep of one remote reply */
#define SMTP_REPLY_LINE_SWALLOW 4096 /* longer: close (threats OUT-01) */
#define SMTP_REPLY_SWALLOW      65536
#define SMTP_OUT_MAX            65536 /* unread replies; then no reading: LIM-07 */
#define HELO_MAX                255

/* threats LIM-02, LOP-01 */
#define HEADER_FIELD_MAX  (100 * 1024)
#define HEADER_MAX        (1024 * 1024)
#define HEADER_FIELDS_MAX 5000
#define RECEIVED_MAX      100

#define HOLDS_MAX      50    /* quarantines of one message */
#define HELDS_MAX      200   /* those, and where it was moved later on */
#define AUTH_ID_MAX    1024  /* of who authenticates */
#define NAME_MAX_LEN   80    /* listeners, profiles, log subscriptions */
#define LOG_VALUE_MAX  1000  /* threats ADM-01: longer values are cut, marked */
#define LOG_BYTES_MAX  16384 /* of a message, in the bounce log */
#define REPLY_TEXT_MAX 1000  /* remote reply text in logs, notices: BAC-04 */

#define IPC_FRAME_MAX (1024 * 1024) /* payload of one frame */
/* Header lines sent before a message, or in the place of its own: beside
 * them a frame holds the recipients and the content of a slot. */
#define PREPEND_MAX (256 * 1024)
#define IPC_FDS_MAX 200 /* descriptors in one send; kernel: 253 */
#define IPC_OUT_MAX (64 * 1024 * 1024) /* a peer this far behind is cut off */

#define FILE_NAME_MAX 255 /* of a file below secrets/ */

#define CONFIG_FILE_MAX  (16 * 1024 * 1024) /* threats ADM-07 */
#define CONFIG_DEPTH_MAX 32
/* Source of all message filters: its tree has a hundred times its size. */
#define FILTER_SOURCE_MAX ((size_t)4 << 20)

#define DNS_ANSWER_MAX 16384 /* threats DNS-02 */
#define DNS_CNAME_MAX  8
#define WORKERS_MAX    64 /* of one program */

#endif
