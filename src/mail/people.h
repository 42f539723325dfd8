#ifndef ND_MAIL_PEOPLE_H
#define ND_MAIL_PEOPLE_H

/*
 * Everybody whom a mail's header names as having written, sent or signed it
 * (RFC 5322 3.6.2, 3.6.6 and what clients add), besides the first author:
 * mail->other_addrs and mail->other_names.
 *
 * The fields are read twice: as lists of mailboxes, and as loose text, in
 * which every word with an "@" is an address and all else may be a name:
 * comments, quoted strings, groups and encoded words in places where RFC 2047
 * does not want them. What is taken for a name and is none costs a word of
 * the text; what is missed shows who wrote it. Bounded in number and size.
 */
#include "mail/headers.h"
#include "mail/model.h"

/* Needs mail->from_addr and mail->from_name, which may be NULL and "". */
void people_read(struct mail *mail, const struct headers *headers);

void people_add_addr(struct mail *mail, const struct addr *addr);
void people_add_name(struct mail *mail, const char *name);

#endif
