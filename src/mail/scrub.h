#ifndef ND_MAIL_SCRUB_H
#define ND_MAIL_SCRUB_H

/*
 * What of a mail may be shown to the other side.
 *
 * From a player's mail: subject, text and text attachments with everything
 * masked that the rules find and with the sender's own addresses and names
 * masked wherever they stand; his signature is dropped. From an agent's mail:
 * the new words only, without his name, his address and the addresses that
 * prove a ticket.
 *
 * Fails closed: a kind of attachment that is not known to be harmless is
 * withheld, an armoured or encoded block in a text is taken out. Never logs,
 * never puts text of a mail into an error.
 */
#include <glib.h>

#include "mail/model.h"
#include "rules/rules.h"

#define SCRUB_SUBJECT_MAX 400	 /* octets */
#define SCRUB_FILES_MAX 50	 /* attachments that are listed */
#define SCRUB_FILE_MAX (1 << 20) /* octets of a text that is masked */

struct scrubbed_file {
	char *name; /* own; "attachment-1.txt", never the sender's */
	char *type; /* own; media type */
	char *text; /* own; redacted, or NULL: no text */
	GBytes *octets; /* own; to be attached as they are: an image encoded
			 * anew, or what the queue passes; NULL: withheld */
	gsize size; /* octets of the original */
};

struct scrubbed {
	char *subject;	  /* own; redacted, without prefixes and number */
	char *text;	  /* own; redacted new words */
	char *tail;	  /* own; redacted quoted text, lines "> ...", or "" */
	GPtrArray *files; /* own struct scrubbed_file */
	guint files_left_out; /* more than SCRUB_FILES_MAX */
	struct rules_tally tally; /* of all that was redacted */
};

void scrub_player_mail(
    const struct mail *mail, const struct rules *rules, struct scrubbed *out);
void scrubbed_clear(struct scrubbed *scrubbed);
typedef struct scrubbed scrubbed_auto;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(scrubbed_auto, scrubbed_clear)

/* The subject of the thread: reply and forward prefixes and our number in
 * brackets removed. Not redacted: it goes sealed, back to its author only.
 * Caller frees. */
char *scrub_subject_base(const char *subject);

/* Takes PGP and other armour, encoded blocks and what belongs to them out of
 * a text; keeps the words of a signed text. Caller frees. */
char *scrub_armor(const char *text);

struct scrub_agent {
	const char *role_name;
	char **own_addrs;	  /* agents and queues, NULL-ended */
	const char *queue_domain; /* A-label */
};

/* The text for the player. NULL and ERROR_DENIED, with a text that may be
 * shown to the agent, if there is nothing to send or the first line looks
 * like a command. Caller frees. */
char *scrub_agent_reply(const struct mail *mail, const struct rules *rules,
    const struct scrub_agent *self, GError **err);

#endif
