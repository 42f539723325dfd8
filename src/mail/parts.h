#ifndef ND_MAIL_PARTS_H
#define ND_MAIL_PARTS_H

/*
 * The MIME tree of a mail, as body text and files.
 *
 * Of multipart/alternative the plain text is taken unless it is blank, of
 * several texts all, a blank line between them, an enclosed mail as quoted
 * text without its headers but its subject. All else becomes a file, but for
 * PGP keys and for signatures, which no reader misses. A multipart/encrypted
 * is one file without content. What exceeds a limit is replaced by the line
 * TEXT_CUT (mail/text.h).
 *
 * The mail must have passed the pre-scan. GMime objects stay inside.
 */
#include <glib.h>

#include "mail/model.h"
#include "mail/report.h"

#define PARTS_MAX 200	/* leaves */
#define PARTS_DEPTH 20	/* multiparts and enclosed mails in each other */
#define PARTS_OCTETS (20 * 1024 * 1024) /* kept of all files together */

/* Sets mail->text and mail->files, which are unset before, adds type and
 * content of each file to sum, and to report what a machine would say of
 * another mail. FALSE if nothing can be made of the mail: nothing is set then.
 * raw must hold no NUL. */
gboolean parts_collect(const char *raw, gsize len, struct mail *mail,
    GChecksum *sum, struct report_parts *report);

#endif
