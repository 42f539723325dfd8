#ifndef ND_TICKET_FLAG_H
#define ND_TICKET_FLAG_H

/*
 * Facts about a mail; a ticket collects them. Bits, equal to those of enum
 * proto_mail_flag. Pure.
 */
#include <glib.h>

enum ticket_flag {
	TICKET_FLAG_MACHINE = 1 << 0,
	TICKET_FLAG_UNPROVEN = 1 << 1,
	TICKET_FLAG_OTHER_ADDR = 1 << 2,
	TICKET_FLAG_MENTIONS = 1 << 3,
	TICKET_FLAG_PLACEHOLDER = 1 << 4,
	TICKET_FLAG_NO_RETURN = 1 << 5,
	TICKET_FLAG_ENCRYPTED = 1 << 6,
	TICKET_FLAG_FORGET = 1 << 7,
	TICKET_FLAG_UNDELIVERABLE = 1 << 8,
	TICKET_FLAG_DELAYED = 1 << 9,
	TICKET_FLAG_BURST = 1 << 10,
	TICKET_FLAG_REPEAT = 1 << 11,
	TICKET_FLAG_ESCALATE = 1 << 12,
	TICKET_FLAG_TRANSCRIPT = 1 << 13,
	TICKET_FLAG_VIP = 1 << 14,
	TICKET_FLAG_RATED = 1 << 15,
};

/* "machine,unproven" in the order of the bits, "" for none. For agents and
 * operators; names stay as they are. Caller frees. */
char *ticket_flags_show(guint32 flags);

#endif
