#ifndef ND_RULES_RULES_H
#define ND_RULES_RULES_H

/*
 * Redaction and classification rules of filters (files *.conf), see
 * nymdesk-rules(5).
 *
 * Matching is done on a shadow of the text (NFKC, case-folded, ignorable
 * characters removed) with an offset map back; what is emitted is the
 * original text outside of masked spans. Keep rules run first and protect
 * their spans. Time is linear in the text; a rule that hits a PCRE2 limit
 * masks the paragraph it was looking at.
 *
 * A struct rules is immutable after loading and may be shared after fork.
 */
#include <glib.h>

struct rules;

/* Own identity of one mail: each literal is found wherever it stands as a
 * word of its own and replaced by placeholder: in any case, script and
 * diacritic form, over line breaks, with signs between its letters, with
 * characters written as entities and the like, or inside of an encoded run,
 * which then becomes "[encoded]". */
struct rules_literals;

struct rules_literals *rules_literals_new(void);
void rules_literals_free(struct rules_literals *literals);
/* An address in any spelling, its local part alone, and its words of three
 * letters or more that are no common ones. */
void rules_literals_add_addr(struct rules_literals *literals,
    const char *addr, const char *placeholder);
/* A domain, if it is not one where anybody has a mailbox. */
void rules_literals_add_domain(struct rules_literals *literals,
    const char *domain, const char *placeholder);
/* A display name: the whole name in either order, and its words of three
 * letters or more; those of five or more also with an ending. */
void rules_literals_add_name(struct rules_literals *literals,
    const char *name, const char *placeholder);
/* Exactly this text, without regard to case. */
void rules_literals_add_text(struct rules_literals *literals,
    const char *text, const char *placeholder);

/* Loads every *.conf of dir in alphabetical order. The error names file,
 * group and what to do (it is shown to operators, and rule files hold no
 * mail). */
struct rules *rules_load(const char *dir, GError **err);
void rules_free(struct rules *rules);

/* Returns the text with everything masked that mask rules and literals find
 * outside of kept spans; never NULL. text is UTF-8 without NUL. literals may
 * be NULL. *masked (if not NULL) is increased by the number of spans. */
char *rules_redact(const struct rules *rules,
    const struct rules_literals *literals, const char *text, guint *masked);

/* What was done, as numbers. */
struct rules_tally {
	guint masked; /* spans */
	guint limits; /* paragraphs in which a rule reached a limit */
};

/* The same for agents: after a wallet address stands what its checksum says,
 * if the rule that keeps it has a text for that. Increases *tally. */
char *rules_redact_noted(const struct rules *rules,
    const struct rules_literals *literals, const char *text,
    struct rules_tally *tally);

/* The "as" of the first rule with action "category" that matches, or NULL.
 * Borrowed from rules. */
const char *rules_category(const struct rules *rules, const char *text);
/* Every "as" of such a rule, once, NULL-ended. Caller frees with g_strfreev().
 */
char **rules_categories(const struct rules *rules);
/* The same with action "command", for one line. */
const char *rules_command(const struct rules *rules, const char *line);
/* The same with action "refuse", for the whole of an agent's text; a rule that
 * reaches a limit counts as one that matches. Rules with an "as" of but
 * (NULL-ended, or NULL) are left out. */
const char *rules_refuse(const struct rules *rules, const char *text,
    const char *const *but);

#endif
