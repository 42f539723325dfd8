#ifndef ND_INTAKE_MILTER_MAIL_H
#define ND_INTAKE_MILTER_MAIL_H

/*
 * One mail as the events of the milter protocol tell it: envelope and text.
 *
 * Pure: no I/O, no clock, no library of Sendmail's, and nothing but the heap is
 * touched, so the events of one mail may come on different threads, one after
 * the other. Memory is bounded by the limits.
 *
 * A transaction is ours or somebody else's: a recipient of the other kind is
 * told to come alone, as one answer to the whole mail could not be right for
 * both. Of a mail of others nothing is kept and nothing is refused. What is
 * wrong with MAIL is said to the first recipient of ours, as MAIL may be for
 * others.
 *
 * Events that come out of order cannot crash it or get a mail accepted; the
 * mail then has the faults that it would have without them.
 */
#include <glib.h>

#include "intake/message.h"
#include "intake/session.h"

enum milter_kind {
	MILTER_NOBODY, /* no recipient was taken yet */
	MILTER_OURS,
	MILTER_OTHERS,
};

struct milter_limits {
	struct message_limits text;
	guint rcpt_max;
	const char *transport; /* Postfix's name for the way to us; borrowed */
	session_rcpt_check check;
	gpointer user_data; /* check's; borrowed */
};

struct milter_mail;

/* limits is borrowed, and may be shared by all mails. */
struct milter_mail *milter_mail_new(const struct milter_limits *limits);
void milter_mail_free(struct milter_mail *mail); /* NULL is a no-op */
typedef struct milter_mail milter_mail_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(milter_mail_auto, milter_mail_free)

/* Forgets the mail. */
void milter_mail_reset(struct milter_mail *mail);

/* MAIL: argv is the address, with or without brackets, and its parameters. Of
 * these, only SIZE, BODY and SMTPUTF8 matter; what else a client may say to
 * Postfix (RET, ENVID, AUTH) is not for us to refuse. */
void milter_mail_from(struct milter_mail *mail, const char *const *argv);

/* RCPT: NULL to take it, or the reply that refuses it; static. transport is
 * Postfix's for this address, NULL if it did not say. */
const struct smtp_reply *milter_mail_rcpt(
    struct milter_mail *mail, const char *const *argv, const char *transport);

enum milter_kind milter_mail_kind(const struct milter_mail *mail);

/* A header field, once there is a recipient of ours: value with what stands
 * before it, its lines ended by LF or CRLF. */
void milter_mail_header(
    struct milter_mail *mail, const char *name, const char *value);
/* The empty line below the header block. */
void milter_mail_end_header(struct milter_mail *mail);
void milter_mail_body(struct milter_mail *mail, const guint8 *data, gsize len);

/* What was wrong with the text so far; NULL if nothing was. Static. */
const struct smtp_reply *milter_mail_fault(const struct milter_mail *mail);

/* The text is whole: returns it, once, or NULL if it has a fault or is
 * no mail of ours. Caller unrefs. The envelope is there until a reset. */
GBytes *milter_mail_end(struct milter_mail *mail);
const struct session_envelope *milter_mail_envelope(
    const struct milter_mail *mail);

#endif
