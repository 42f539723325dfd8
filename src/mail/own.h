#ifndef ND_MAIL_OWN_H
#define ND_MAIL_OWN_H

/*
 * A sender's own words: the addresses and names under which a mail was sent,
 * as literals for the redaction (which knows their spellings), and the words
 * of which a sign-off is made. Results are the caller's.
 */
#include <glib.h>

#include "mail/model.h"
#include "mail/quote.h"
#include "rules/rules.h"

/* Placeholders "[address]", "[name]" and "[phone]". Besides names and
 * addresses of the headers: those of the signature, of the name below a
 * closing, and of attributions and header blocks that quote the author.
 * Ordinary words of a signature (titles, slogans) are not among them. */
struct rules_literals *own_literals_of_player(
    const struct mail *mail, const struct quote_split *split);

/* Parts of it. text: a signature; fresh: new words, with their ending;
 * credits: as struct quote_split has them. */
void own_add_signature(struct rules_literals *own, const char *text);
void own_add_ending(struct rules_literals *own, const char *fresh);
void own_add_credits(struct rules_literals *own, const struct mail *mail,
    const char *credits);

/* Everything becomes role_name. own_addrs is NULL-ended and may be NULL. A
 * word that is part of role_name is no name of the agent. */
struct rules_literals *own_literals_of_agent(
    const struct mail *mail, char *const *own_addrs, const char *role_name);

/* The folded words of the sender's names, a set of char. Words of the local
 * part count ("anna.schmidt@"), but not common ones ("info@", "casino@"). */
GHashTable *own_name_words(const struct mail *mail);

/* TRUE if the line holds nothing but words of the set (at least one) and
 * their initials. */
gboolean own_is_sign_off(GHashTable *words, const char *line, gsize len);

#endif
