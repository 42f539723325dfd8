#ifndef ND_MAIL_QUOTE_H
#define ND_MAIL_QUOTE_H

/*
 * Parts the new words of a mail from what its client added: quoted text with
 * its attribution line, copied header blocks, the signature.
 *
 * Each part of the mail (TEXT_PART in mail/text.h) ends by itself; unmarked
 * quoted text of a player goes on to the end of all.
 *
 * New words are never cut: what is in doubt counts as new, and answers
 * written between quotes stay together with them. If nothing would be left,
 * all is new and has_fresh is FALSE; quoted then holds the same words once
 * more, without those that name people. Linear in the text; a text of more than
 * QUOTE_LINES_MAX lines is not parted at all. Cannot fail.
 */
#include <glib.h>

#define QUOTE_LINES_MAX 20000

struct quote_split {
	char *fresh;  /* own; new words, without outer empty lines */
	char *between; /* own; of an answer: new words and old ones that cannot
			* be told from them, below fresh */
	char *below;  /* own; of an answer: new words below all old ones */
	char *tail;   /* own; every line that was cut, as it was; "" if none */
	char *quoted; /* own; of the tail only the quoted words, each line
		       * starting "> ", without attribution lines, header
		       * blocks and signatures; "" if none */
	char *signature; /* own; the author's signature lines that were cut */
	char *credits; /* own; attributions and copied From: and To: lines */
	gboolean has_fresh;
	gboolean is_forward; /* new words end where a forwarded mail begins */
};

/* text: UTF-8 with LF line ends, as in struct mail. */
void quote_split(const char *text, struct quote_split *out);

/* Who wrote what an agent answers to. */
struct quote_team {
	const char *mac; /* in the address that the copy came from, or NULL */
	char *const *addrs; /* of agents, NULL-ended */
};

/* Of an agent's answer to a copy. The copy's end line goes, also a damaged one,
 * and tells of old words that the client did not mark which are new
 * (mail/quote_answer.h). Without quote marks and without that line all that
 * stands below a header block is kept, in between. */
void quote_split_answer(const char *text, const struct quote_team *team,
    struct quote_split *out);
void quote_split_clear(struct quote_split *split);
typedef struct quote_split quote_split_auto;
G_DEFINE_AUTO_CLEANUP_CLEAR_FUNC(quote_split_auto, quote_split_clear)

#endif
