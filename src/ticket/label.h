#ifndef ND_TICKET_LABEL_H
#define ND_TICKET_LABEL_H

/*
 * The forms of our own addresses and Message-IDs. The vault makes and proves
 * the keyed parts; this module only writes and reads the text. Pure.
 *
 *   support+k7f39q2y-0123456789abc@domain       capability address
 *   support+e-k7f39q2y-0123456789abc@domain     the same, with a wish: "e" for
 *                                               the next level, "1" to "5" to
 *                                               say how content he was
 *   support+b-01234567.0123456789abc@domain       envelope sender
 *   <k7f39q2y.0123456789abc.0123456789abc@domain> Message-ID
 *   <k7f39q2y.root@domain>                        root of the thread
 *
 * Keyed parts are 13 lower-case Crockford base32 characters (65 bits). An
 * envelope sender has no number that could be read: its first part is a number
 * and the kind of a job, 40 bits that only the vault can unmask.
 */
#include <glib.h>

#include "ticket/number.h"

#define LABEL_MAC_LEN 13
#define LABEL_MASKED_LEN 8
#define LABEL_MASKED_BITS 40

struct label_mac {
	char s[LABEL_MAC_LEN + 1]; /* lower case; "" means none; of the masked
				    * part LABEL_MASKED_LEN characters */
};

enum label_kind {
	LABEL_NONE,	  /* no extension, or not one of ours */
	LABEL_CAPABILITY, /* number and mac */
	LABEL_BOUNCE,	  /* token (the masked part) and mac */
	LABEL_MESSAGE,	  /* number, token and mac */
	LABEL_ROOT,	  /* number */
};

enum label_wish { /* of a capability; not keyed */
	LABEL_WISH_NONE,
	LABEL_WISH_RATE_1, /* and so on: the rating is the value */
	LABEL_WISH_RATE_5 = 5,
	LABEL_WISH_ESCALATE,
};

struct label {
	enum label_kind kind;
	enum label_wish wish;
	struct number number;
	struct label_mac token;
	struct label_mac mac;
};

/* All of a ticket's keyed addresses and ids for one mail, made by the vault. */
struct label_set {
	struct number number;
	struct label_mac agent;	       /* capability, agent side */
	struct label_mac player;       /* capability, player side */
	struct label_mac message;      /* token of the Message-ID */
	struct label_mac message_mac;
	struct label_mac bounce;       /* masked part of the envelope sender */
	struct label_mac bounce_mac;
};

/* First 65 bits of at least 9 bytes as text. */
struct label_mac label_mac_from_bytes(const guint8 *bytes);

/* The masked part as text and back; the low LABEL_MASKED_BITS are used. FALSE
 * if it is no text of that length. */
struct label_mac label_masked_from_bits(guint64 bits);
gboolean label_masked_to_bits(const struct label_mac *masked, guint64 *bits);

/* Reads the extension of a recipient, what follows the delimiter in
 * "support+...". Tolerates any case. LABEL_NONE if it has no such form. */
struct label label_parse_extension(const char *text, gsize len);

/* Reads a Message-ID without angle brackets; domain (A-label) must match,
 * else LABEL_NONE. */
struct label label_parse_message_id(const char *msgid, const char *domain);

/* All results are new texts; the caller frees them. base is the queue's
 * local part, domain its domain. */
char *label_agent_address(const struct label_set *set, const char *base,
    const char *domain);
char *label_player_address(const struct label_set *set, const char *base,
    const char *domain);
char *label_wish_address(const struct label_set *set, enum label_wish wish,
    const char *base, const char *domain); /* player side */
char *label_envelope_sender(const struct label_set *set, const char *base,
    const char *domain);
/* Without angle brackets. */
char *label_message_id(const struct label_set *set, const char *domain);
char *label_root_id(const struct number *number, const char *domain);

#endif
