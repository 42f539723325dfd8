#ifndef ND_RULES_COMMON_H
#define ND_RULES_COMMON_H

/*
 * Words of names and addresses that are nobody's own: masking them would make
 * holes in every sentence and hide nobody. All take folded text. Pure.
 */
#include <glib.h>

/* Words that stand in names but also in every other sentence. */
gboolean word_is_common(const char *word);

/* Words that name a function or a subject in a local part. */
gboolean word_is_topic(const char *word);

/* Domains where anybody has a mailbox. */
gboolean domain_is_public(const char *domain);

/* The domains that lead to the same mailboxes as domain, itself among them,
 * ended by NULL; NULL if there are none. */
const char *const *domain_aliases(const char *domain);

#endif
