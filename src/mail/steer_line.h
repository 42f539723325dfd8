#ifndef ND_MAIL_STEER_LINE_H
#define ND_MAIL_STEER_LINE_H

/*
 * One line that may be a command, as people's mail programs leave it: blanks
 * of any kind, invisible characters, bullets and emphasis around it, another
 * stroke for the slash. Pure; lines are valid UTF-8. Linear time.
 */
#include <glib.h>

/* The line as words: without invisible characters, one blank between words,
 * none at the ends. Caller frees. */
char *steer_line_plain(const char *line, gsize len);

struct steer_line {
	char *plain;	  /* own */
	char *verb;	  /* own; "close", in lower case */
	const char *rest; /* borrowed from plain: what stands behind the verb */
};

/* TRUE if the line begins like a command, known or not; out is to be cleared
 * then. */
gboolean steer_line_read(const char *line, gsize len, struct steer_line *out);
void steer_line_clear(struct steer_line *line);
typedef struct steer_line steer_line_auto;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(steer_line_auto, steer_line_clear)

/* A name as names are compared: lower case, every dash and "_" one "-", no
 * quotes or emphasis, no full stop at its end. Caller frees. */
char *steer_line_fold(const char *word, gsize len);

gboolean steer_line_is_blank(const char *line, gsize len);

/* TRUE if all of text is how a mail ends: a closing and what stands below it,
 * a signature, the line that a telephone adds; also if there is nothing. A
 * name alone is none: it could be an answer. */
gboolean steer_line_is_ending(const char *text);

#endif
