#ifndef ND_MAIL_LANGUAGE_H
#define ND_MAIL_LANGUAGE_H

/*
 * Which of our languages a text is in: en de fr el es it pt ru tr pl.
 *
 * The fingerprints are read once; afterwards no file is needed. The guess
 * is safe to make from several threads.
 */
#include <glib.h>

/* conf: textcat.conf, the list of languages; prefix: directory of the
 * fingerprint files it names. Once per process. */
gboolean language_init(const char *conf, const char *prefix, GError **err);
void language_done(void);

/* "de", or "" in doubt: too little text, no language of ours, or nothing
 * was loaded. A literal. text is UTF-8; quoted lines, links, addresses and
 * long words are left out of account. */
const char *language_guess(const char *text);

#endif
