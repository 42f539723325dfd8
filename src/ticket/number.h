#ifndef ND_TICKET_NUMBER_H
#define ND_TICKET_NUMBER_H

/*
 * Ticket numbers: 35 bits as seven Crockford base32 characters and one check
 * character, shown "K7F3-9Q2Y". A number is a label and gives no right.
 *
 * The check is a weighted sum over GF(32) with eight different weights: every
 * single wrong character and every swap of two characters is caught. Pure.
 */
#include <glib.h>

#define NUMBER_LEN 8	   /* characters */
#define NUMBER_BITS 35
#define NUMBER_TEXT_SIZE 10 /* "K7F3-9Q2Y" and NUL */

struct number {
	char s[NUMBER_LEN + 1]; /* upper case, no dash; "" means none */
};

/* bits: the low NUMBER_BITS are used. */
struct number number_from_bits(guint64 bits);
/* Of a number that is set. */
guint64 number_to_bits(const struct number *number);

/* Reads one number tolerantly: case, missing or Unicode dashes, spaces,
 * O for 0, I and L for 1. FALSE if anything else is in text or the check
 * character does not fit. */
gboolean number_parse(const char *text, gsize len, struct number *out);

/* The numbers of a decoded subject whose check holds, at most max, each once:
 * first those in brackets, "Re: [k7f3 9q2y] x", then those that stand without
 * brackets but with their dash, and at most one space beside it, as a client
 * leaves it where two encoded-words meet. Returns how many there are. */
guint number_find_all(const char *subject, struct number *out, guint max);

/* Writes "K7F3-9Q2Y" and returns out. */
const char *number_show(const struct number *number,
    char out[NUMBER_TEXT_SIZE]);

/* A log field: LOG_TICKET(&number). Needs base/log.h. */
#define LOG_TICKET(n)                                                          \
	((struct log_field){.key = "ticket",                                   \
	    .word = number_show(_Generic((n),                                  \
				    struct number *: (n),                      \
				    const struct number *: (n)),               \
		(char[NUMBER_TEXT_SIZE]){0})})

gboolean number_is_set(const struct number *number);
gboolean number_equal(const struct number *a, const struct number *b);

#endif
