#ifndef ND_BASE_ADDR_H
#define ND_BASE_ADDR_H

/*
 * A mailbox address (RFC 5321 4.1.2, RFC 6531), parsed once at the edge.
 *
 * An address in clear text exists in memory only. Functions that take or
 * give one have "addr" in their name. The type can hold no control
 * character, no angle bracket and no NUL, and at most ADDR_MAX octets, so it
 * may be written into an SMTP command or a header as it is.
 */
#include <glib.h>

#define ADDR_MAX 320 /* octets: 64 local part, "@", 255 domain (5321 4.5.3.1) */
#define ADDR_LOCAL_MAX 64

struct addr {
	char *local;  /* own; UTF-8, dot-atom or quoted content, unquoted */
	char *domain; /* own; UTF-8 as written, or "[...]" literal */
};

/* Takes "local@domain" without angle brackets or source route; NULL and
 * ERROR_PERM if it is none. len may be -1 for a NUL-terminated text. */
struct addr *addr_parse(const char *text, gssize len, GError **err);
struct addr *addr_copy(const struct addr *addr);
void addr_free(struct addr *addr);
typedef struct addr addr_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(addr_auto, addr_free)

/* The address as RCPT TO wants it, quoted where needed. Caller frees. */
char *addr_to_wire(const struct addr *addr);

/* One spelling for all spellings of a mailbox, for keyed hashing: local part
 * NFC and case-folded, domain as lower-case A-label (RFC 5890). Caller frees.
 */
char *addr_to_normal(const struct addr *addr);

/* TRUE if addr needs SMTPUTF8 (RFC 6531) on the wire. */
gboolean addr_is_utf8(const struct addr *addr);

#endif
