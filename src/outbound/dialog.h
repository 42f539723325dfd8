#ifndef ND_OUTBOUND_DIALOG_H
#define ND_OUTBOUND_DIALOG_H

/*
 * One SMTP session from greeting to QUIT: commands out, replies in, over
 * libetpan. Every failure of a call means that the session is out of step:
 * only dialog_free() makes sense then.
 */
#include <glib.h>

#include "outbound/smtp.h"
#include "outbound/wire.h"

enum dialog_offer { /* bits; what EHLO announced */
	DIALOG_PIPELINING = 1 << 0,
	DIALOG_8BITMIME = 1 << 1,
	DIALOG_SMTPUTF8 = 1 << 2,
	DIALOG_SIZE = 1 << 3,
	DIALOG_STARTTLS = 1 << 4,
	DIALOG_AUTH_PLAIN = 1 << 5,
};

struct dialog;

/* Connects and goes on until mails can be sent: greeting, EHLO, TLS and AUTH
 * as the options say. All of it has timeout_ms together. options and trust
 * are borrowed for this call. */
struct dialog *dialog_open(const struct smtp_options *options,
    const struct wire_trust *trust, GError **err);
/* Closes at once. NULL is fine. */
void dialog_free(struct dialog *dialog);

guint dialog_offers(const struct dialog *dialog);
struct wire *dialog_wire(struct dialog *dialog);
/* Nothing is waiting to be read, and the server has not hung up. */
gboolean dialog_is_quiet(struct dialog *dialog);

/* Sends one or several whole lines, each with its CRLF. */
gboolean dialog_command(struct dialog *dialog, const char *lines,
    GError **err);
/* Reads one reply, of 200 to 599. */
gboolean dialog_reply(struct dialog *dialog, struct smtp_result *reply,
    GError **err);
/* Sends content, dot-stuffed, with the dot that ends it. */
gboolean dialog_body(struct dialog *dialog, GBytes *content, GError **err);

#endif
