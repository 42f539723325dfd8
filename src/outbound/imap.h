#ifndef ND_OUTBOUND_IMAP_H
#define ND_OUTBOUND_IMAP_H

/*
 * One IMAP session from greeting to LOGOUT, over libetpan: connection, TLS
 * and login. Every failure of a call means that the session is of no more
 * use: only imap_free() makes sense then.
 */
#include <glib.h>

#include <libetpan/libetpan.h>

#include "outbound/archive.h"
#include "outbound/wire.h"

struct imap_place { /* what the URL of an archive says */
	char *server;  /* own; "inet:HOST:PORT" */
	char *host;    /* own; without brackets */
	char *user;    /* own */
	char *mailbox; /* own; in modified UTF-7, RFC 3501 5.1.3 */
	gboolean is_imaps;
};

/* ERROR_PERM, and place is untouched, if the URL is none of an archive. */
gboolean imap_place_parse(const char *url, struct imap_place *place,
    GError **err);
void imap_place_clear(struct imap_place *place);

struct imap;

/* Connects and goes on until the server has let us in; each step has
 * timeout_ms. The arguments are borrowed for this call. */
struct imap *imap_open(const struct imap_place *place,
    const struct archive_options *options, const struct wire_trust *trust,
    GError **err);
/* Closes at once. NULL is fine. */
void imap_free(struct imap *imap);
/* Says LOGOUT and closes. NULL is fine. */
void imap_quit(struct imap *imap);

/* The session for one command more: begins a step, which may bring so many
 * octets. */
mailimap *imap_begin(struct imap *imap, gsize octets);
/* What a command returned; when it is no success sets err. refused is for a
 * command that the server understood and refused: a literal. imap and r are
 * looked at twice. */
#define imap_check(imap, r, refused, err)                                      \
	(imap_is_refused((imap), (r))                                          \
		? error_fail((err), ERROR_TEMP, refused)                       \
		: imap_check_session((imap), (r), (err)))
gboolean imap_is_refused(const struct imap *imap, int r);
gboolean imap_check_session(const struct imap *imap, int r, GError **err);

/* Open, and nothing has come that was not asked for. */
gboolean imap_is_quiet(struct imap *imap);
/* The server or the way to it ended the session, and not by silence. */
gboolean imap_is_lost(const struct imap *imap);

#endif
