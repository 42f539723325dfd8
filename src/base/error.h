#ifndef ND_BASE_ERROR_H
#define ND_BASE_ERROR_H

/*
 * Errors of every module, carried in a GError.
 *
 * The kind says what the caller may do. Towards Postfix every kind is the
 * same: a fault of ours, so that the mail stays there. The text is for
 * operators: what was tried and what to do. It is made of string
 * literals, numbers and errno texts only, so no part of a mail can get
 * into it: the macros refuse anything that is not a literal.
 */
#include <glib.h>

enum error_kind {
	ERROR_TEMP,	/* our fault or a peer's; the same call may work later */
	ERROR_PERM,	/* this input will never do */
	ERROR_DENIED,	/* not permitted */
	ERROR_CONFLICT, /* somebody else was first; look again */
};

#define ND_ERROR (nd_error_quark())
GQuark nd_error_quark(void);

/* Sets *err (if err is not NULL). All return FALSE, so that a function can
 * end in "return error_fail(...)". */
#define error_fail(err, kind, text)                                            \
	error_fail_literal((err), (kind), "" text "")
#define error_fail_num(err, kind, text, num)                                   \
	error_fail_literal_num((err), (kind), "" text "", (gint64)((num) | 0))
/* Appends the text of errno. */
#define error_fail_errno(err, kind, text)                                      \
	error_fail_literal_errno((err), (kind), "" text "")

/* Puts text before an error that is set. */
#define error_prefix(err, text) error_prefix_literal((err), "" text "")

gboolean error_fail_literal(GError **err, enum error_kind kind,
    const char *text);
gboolean error_fail_literal_num(GError **err, enum error_kind kind,
    const char *text, gint64 num);
gboolean error_fail_literal_errno(GError **err, enum error_kind kind,
    const char *text);
void error_prefix_literal(GError **err, const char *text);

gboolean error_is(const GError *err, enum error_kind kind);

#endif
