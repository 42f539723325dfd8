#ifndef ND_MAIL_REPORT_H
#define ND_MAIL_REPORT_H

/*
 * What a machine says of another mail: that it came back, is late or has
 * arrived (RFC 3464 in a multipart/report of RFC 6522, and the plain texts of
 * qmail, Exim, sendmail, Exchange, Domino and GroupWise), was displayed (RFC
 * 8098), or was complained about (RFC 5965).
 *
 * Only the kind, a status code (RFC 3463) and the Message-IDs of the mail that
 * it is about are read: never an address, never a text. Whoever writes such a
 * report can write anything into it; that it is about a mail of ours is for
 * the addresses and Message-IDs to prove. Linear time, named limits.
 */
#include <glib.h>

#include "mail/model.h"

#define REPORT_OCTETS 65536 /* of the fields, the header and a plain text */

/* Kept by parts_collect(); zeroed before, and cleared with
 * report_parts_clear(). */
struct report_parts {
	enum mail_machine kind; /* MAIL_DSN, MAIL_MDN or MAIL_ARF by the first
				 * part for machines, MAIL_PERSON without */
	GString *fields;	/* own; of the parts of that kind, or NULL */
	GString *returned;	/* own; headers of the mails enclosed, or
				 * NULL */
};

/* Keeps a part if its type is of use. type in any case. */
void report_parts_add(struct report_parts *parts, const char *type,
    const char *data, gsize len);
void report_parts_clear(struct report_parts *parts);
typedef struct report_parts report_parts_auto;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(report_parts_auto, report_parts_clear)

/* Whether a Content-Type is that of a report (RFC 6522, 3464, 8098, 5965). */
gboolean report_type(const char *content_type);

/* Sets machine, action and status, and adds the Message-IDs of the mail that
 * it is about to references. FALSE if nothing that is understood: then machine
 * is left alone, but not the references. For a mail that is a report by its
 * type or sender; is_daemon: the sender's name says so. */
gboolean report_read(struct mail *mail, const struct report_parts *parts,
    gboolean is_daemon);

#endif
