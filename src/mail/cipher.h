#ifndef ND_MAIL_CIPHER_H
#define ND_MAIL_CIPHER_H

/*
 * Mails that are encrypted to somebody, whom we are not: PGP/MIME (RFC 3156),
 * S/MIME (RFC 8551) and PGP blocks in a text. Pure.
 */
#include "mail/model.h"

/* More letters and digits than these around it, and a mail has something to
 * say in spite of what is encrypted in it. */
#define CIPHER_AROUND_MAX 200

/* Sets mail->is_encrypted if what counts in the mail is encrypted. Then its
 * encrypted files are dropped, and of its text stays what is around the
 * encrypted blocks. Quoted blocks are not looked at. */
void cipher_hold(struct mail *mail);

#endif
