#ifndef ND_MAIL_SIGN_H
#define ND_MAIL_SIGN_H

/*
 * How people end a mail: a closing ("Mit freundlichen Grüßen", in ten
 * languages), a name, and what they put below it without the delimiter of
 * RFC 3676 4.3. Pure; texts have LF line ends.
 *
 * Only what stands at the very end of a text and looks like nothing else is
 * taken for an ending; a postscript is none. In doubt these say no.
 */
#include <glib.h>

struct sign_off {
	gsize name;  /* offset of the name; length of the text if none */
	gsize end;   /* of the name's line */
};

/* The name below, or in the line of, the last closing. The rest of the text
 * after it is a signature, too. FALSE if there is none. */
gboolean sign_find(const char *text, struct sign_off *out);

/* TRUE if the line is a closing and nothing else. */
gboolean sign_is_closing(const char *line, gsize len);

/* TRUE if all lines look like a signature's: short, no sentences, no hashes,
 * not many. */
gboolean sign_is_block(const char *text);

/* TRUE if the line is a few capitalised words: "Ottokar von Zwirnstein". */
gboolean sign_is_name(const char *line, gsize len);

/* The text without paragraphs that a company appends ("This e-mail is
 * confidential ..."). Caller frees. */
char *sign_drop_disclaimers(const char *text);

#endif
