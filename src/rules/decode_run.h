#ifndef ND_RULES_DECODE_RUN_H
#define ND_RULES_DECODE_RUN_H

/*
 * Characters that are written as something else: HTML entities, percent and
 * quoted-printable octets, escapes of programming languages; and addresses
 * that a line break or a tag parts.
 *
 * What is decoded is looked at in addition to the text as it stands, so a
 * wrong guess can mask too much but never too little. An "@" that follows
 * from "=40" or "%40" needs a domain after it: "2+2=40 EUR" stays as it is.
 * Linear; never fails.
 */
#include <glib.h>

#include "rules/shadow.h"

/* The shadow with all of this decoded, in up to three rounds, and a map to the
 * same text. NULL if there is nothing to decode. */
struct shadow *decode_shadow(const struct shadow *shadow);

/* The same of a text in its own case. Caller frees. */
char *decode_cased(const char *text);

#endif
