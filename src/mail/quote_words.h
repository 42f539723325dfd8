#ifndef ND_MAIL_QUOTE_WORDS_H
#define ND_MAIL_QUOTE_WORDS_H

/*
 * The words by which mail clients mark what is not new: attribution lines,
 * copied header blocks, separators, client signatures, in the languages of
 * the product and some more. Tables and pure predicates, no decisions.
 *
 * All texts are taken folded, as quote_fold() gives them.
 */
#include <glib.h>

#define QUOTE_FOLD_MAX 400 /* octets of a line that are looked at */

/* NFKC, case-folded, single blanks, no "*" decoration, trimmed; at most
 * QUOTE_FOLD_MAX octets of the input are used. Caller frees. */
char *quote_fold(const char *text, gsize len);

enum quote_attribution {
	QUOTE_ATTR_NONE,
	/* Only right above a quote: */
	QUOTE_ATTR_WEAK,  /* "bob wrote:", "on 5 november i wrote:" */
	QUOTE_ATTR_NAMED, /* "bob <bob@players.example> wrote:" */
	QUOTE_ATTR_SURE,  /* "on 5 nov 2026, 5:30, bob wrote:" */
	QUOTE_ATTR_DATED, /* with date, time and address: nobody types that */
};

/* Classifies a whole, unwrapped attribution line. */
enum quote_attribution quote_attribution(const char *folded);

enum quote_header {
	QUOTE_HEADER_NONE = 0,
	QUOTE_HEADER_FROM = 1 << 0,
	QUOTE_HEADER_DATE = 1 << 1,
	QUOTE_HEADER_TO = 1 << 2,
	QUOTE_HEADER_SUBJECT = 1 << 3,
	QUOTE_HEADER_OTHER = 1 << 4, /* Cc, Reply-To */
};

/* "Von: ..." of a copied header block. */
enum quote_header quote_header(const char *folded);

/* "-----Original Message-----" and its translations. */
gboolean quote_is_separator(const char *folded);

/* The same, of a forwarded mail: "Begin forwarded message:". */
gboolean quote_is_forward(const char *folded);

/* "Sent from my iPhone" and its translations: a short line that a client
 * wrote by itself. */
gboolean quote_is_client_line(const char *folded);

#endif
