#ifndef ND_MAIL_QUOTE_JOIN_H
#define ND_MAIL_QUOTE_JOIN_H

/* Makes the texts of lines whose parts are known. Private to quote.c. */
#include "mail/quote.h"
#include "mail/quote_answer.h"
#include "mail/quote_lines.h"

/* TRUE if one of the lines [a, b) is new and no quote. */
gboolean quote_has_text(const struct quote_lines *lines, gsize a, gsize b);

/* Sets all texts of out and has_fresh. Lines of quoted text that name people
 * are marked as such. */
void quote_join(struct quote_lines *lines, const struct quote_answer *answer,
    struct quote_split *out);

#endif
