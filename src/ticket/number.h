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
#define NUMBER_TEXT_SIZE 10 /* "K7F3-9Q2Y" and NUL */

struct number {
	char s[NUMBER_LEN + 1]; /* upper case, no dash; "" means none */
};

/* bits: the low 35 are used. */
struct number number_from_bits(guint64 bits);

/* Reads one number tolerantly: case, missing or Unicode dashes, spaces,
 * O for 0, I and L for 1. FALSE if anything else is in text or the check
 * character does not fit. */
gboolean number_parse(const char *text, gsize len, struct number *out);

/* The first number in brackets in a decoded subject that holds:
 * "Re: [k7f3 9q2y] x", also without brackets if written with its dash. */
gboolean number_find(const char *subject, struct number *out);

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
