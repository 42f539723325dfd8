#ifndef ND_MAIL_CANONICAL_H
#define ND_MAIL_CANONICAL_H

/*
 * The digest of a mail that a receipt names: SHA-256 over those octets of it
 * that its author wrote and that the way leaves alone, so that he who kept the
 * mail he sent makes the same digest from his copy.
 *
 * They are, in this order: every Message-ID, Subject, Content-Type and
 * Content-Transfer-Encoding field in the "relaxed" form of RFC 6376 3.4.2, an
 * empty line, and the body in the "relaxed" form of RFC 6376 3.4.4. Line ends
 * may be CRLF or LF; a CR without LF counts as a blank. No sender, recipient,
 * date or trace field is in it: relays add and change those, and a mail can be
 * shown to others without them.
 *
 * The Message-ID makes the digest useless to whoever guesses at the text, since
 * nothing of ours keeps one. So a mail without one has no digest.
 *
 * Any octets will do, in linear time and without a copy of them. The digest is
 * not keyed: it must not lie anywhere in readable form.
 */
#include <glib.h>

#define CANONICAL_DIGEST_LEN 32

/* FALSE, and digest is zeroed, if the mail has no Message-ID. */
gboolean canonical_digest(
    const char *raw, gsize len, guint8 digest[CANONICAL_DIGEST_LEN]);

#endif
