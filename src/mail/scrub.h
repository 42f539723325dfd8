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
 * Fails closed: every attachment but a text is withheld (the intake may release
 * what mail/kind.h permits), an armoured or encoded block in a text is taken
 * out. Never logs,
 * never puts text of a mail into an error.
 */
#include <glib.h>

#include "mail/model.h"
#include "rules/rules.h"

#define SCRUB_SUBJECT_MAX 400	 /* octets */
#define SCRUB_FILES_MAX 50	 /* attachments that are listed */
#define SCRUB_FILE_MAX (1 << 20) /* octets of a text that is masked */

enum scrubbed_fate { /* what the agents are told of a file */
	SCRUBBED_WITHHELD, /* its kind may show who made it */
	SCRUBBED_REFUSED,  /* it could not be decoded */
	SCRUBBED_TOO_LARGE, /* it, or all of them together */
	SCRUBBED_UNPROVEN, /* whose mail it is is not shown */
	SCRUBBED_REDACTED, /* text is set */
	SCRUBBED_CLEANED,  /* octets is set: an image encoded anew */
	SCRUBBED_PASSED,   /* octets is set: as it came */
};

/* Has no name: the sender's is not kept, and ours follows from place and
 * type. */
struct scrubbed_file {
	enum scrubbed_fate fate;
	const char *what; /* borrowed: a literal of mail/kind.h, of the
			   * original */
	char *type;	  /* own; media type of what is attached */
	char *text;	  /* own; redacted, or NULL */
	GBytes *octets;	  /* own; to be attached as they are, or NULL */
	gsize size;	  /* octets of the original; of a text, as redacted */
};

struct scrubbed {
	char *subject;	  /* own; redacted, without prefixes and number */
	char *text;	  /* own; redacted new words */
	char *tail;	  /* own; redacted quoted text, lines "> ...", or "" */
	GPtrArray *files; /* own struct scrubbed_file */
	guint files_left_out; /* more than SCRUB_FILES_MAX */
	struct rules_tally tally; /* of all that was redacted */
	char lang[4];	  /* "de", of the new words without what was redacted;
			   * "" if in doubt */
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
	const char *mac; /* of the ticket's agent-side address, or NULL */
};

/* An agent's new words, without signature and disclaimers; the name below a
 * closing is cut. As he wrote them: to be read for commands (mail/steer.h), for
 * colleagues, and for scrub_agent_text(). NULL and ERROR_DENIED, with a text
 * that may be shown to the agent, if there are none, they are marked as a
 * note, or the mail is a forward or holds one. Caller frees. */
char *scrub_agent_words(
    const struct mail *mail, const struct scrub_agent *self, GError **err);
/* The same for a mail that may as well have none, "" then. */
char *scrub_agent_request(
    const struct mail *mail, const struct scrub_agent *self);

/* The text for the player, of words that mail's author wrote or chose: masked
 * by the rules; the role's name stands for his, and for addresses of the
 * team. Fails as above, if nothing is left, or mac could still be read.
 * Caller frees. */
char *scrub_agent_text(const char *words, const struct mail *mail,
    const struct rules *rules, const struct scrub_agent *self, GError **err);

#endif
