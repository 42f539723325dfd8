#ifndef ND_MAIL_VACATION_H
#define ND_MAIL_VACATION_H

/*
 * Automatic replies that do not say so in their headers (RFC 3834 asks for
 * it, many dialects do not), by the words of ten languages. Pure.
 */
#include <glib.h>

/* TRUE if a responder wrote the subject: "Automatic reply: ...". Exact enough
 * for mails of strangers, who may also write about automatic replies. Short
 * ones that people write, too ("Absence: ...", "Auto"), count only if the mail
 * answers another one: is_answer, or a number of ours in brackets. */
gboolean vacation_subject(const char *subject, gboolean is_answer);

/* TRUE if subject or first lines say that somebody is away. For mails of
 * agents: players may have reason to write that they were away. */
gboolean vacation_words(const char *subject, const char *text);

#endif
