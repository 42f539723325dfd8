#ifndef ND_OUTBOUND_MAILBOX_H
#define ND_OUTBOUND_MAILBOX_H

/*
 * What an archive does in its mailbox, command by command (RFC 3501). A
 * mailbox's name is in modified UTF-7; ids are what archive.c lets through.
 * Every failure means that the session is of no more use: imap_free().
 */
#include <glib.h>

#include "outbound/imap.h"

#define MAILBOX_MAX 1000 /* mails that one search may yield */

struct mailbox_mail {
	guint32 uid;
	gint64 date;
	gsize size;
	char *fields;  /* own: Message-ID, References, In-Reply-To */
	char *content; /* own; NULL if not asked for */
	gsize content_len;
};

/* Opens the mailbox as it is now; neither changes a flag, not even
 * \Recent. The first makes it if it is not there. */
gboolean mailbox_open(struct imap *imap, const char *name, GError **err);
gboolean mailbox_examine(struct imap *imap, const char *name, GError **err);
/* Opens it for mailbox_flag(). */
gboolean mailbox_select(struct imap *imap, const char *name, GError **err);

/* The mails (struct mailbox_mail) with this Message-ID in the open mailbox.
 * The caller owns the result; NULL: failure. */
GPtrArray *mailbox_by_id(struct imap *imap, const char *message_id,
    GError **err);
/* Those that name root_id as their own or as what they follow; the newest
 * MAILBOX_MAX, and then *is_whole is FALSE. */
GPtrArray *mailbox_by_root(struct imap *imap, const char *root_id,
    gboolean *is_whole, GError **err);
/* The Message-ID as it stands there, NULL if there is none; caller frees. */
char *mailbox_mail_id(const struct mailbox_mail *mail);
/* *content is NULL if the mail has gone in the meantime; the caller's. */
gboolean mailbox_read(struct imap *imap, const struct mailbox_mail *mail,
    GBytes **content, GError **err);

/* Closes the mailbox that mailbox_open() opened, and appends to it. */
gboolean mailbox_append(struct imap *imap, const char *name,
    const struct archive_mail *mail, GError **err);
gboolean mailbox_flag(struct imap *imap, guint32 uid, guint flags,
    GError **err);

#endif
