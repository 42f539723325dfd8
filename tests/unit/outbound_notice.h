#ifndef ND_TESTS_OUTBOUND_NOTICE_H
#define ND_TESTS_OUTBOUND_NOTICE_H

/*
 * What the tests of notices share.
 */
#include "outbound_desk.h"

#define ADDR(mark) "support+" mark "k7f39q2y-0123456789abc@casino.example"
#define RECEIPT                                                                \
	"nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-22T02:30:00Z "                 \
	"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA "                          \
	"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"   \
	"BBBBBBBBBBBBBBBB"
#define NOTICE_LANGS 10
#define NOTICE_FILES 6

extern const char *const notice_langs[NOTICE_LANGS];
extern const char *const notice_files[NOTICE_FILES]; /* as enum notice_kind */

/* Number in the subject, no tag left, no line too long, no two empty lines. */
void notice_check_shape(const char *subject, const char *text);

#endif
