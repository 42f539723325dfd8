#ifndef ND_TICKET_PSEUDONYM_H
#define ND_TICKET_PSEUDONYM_H

/*
 * Names for contacts that can be read, said and remembered, and that say
 * nothing about a person: "amber-otter-41". About 1.5 million names; a name
 * is unique only if the caller sees to it. Pure.
 */
#include <glib.h>

#define PSEUDONYM_SIZE 24 /* two words of up to 8 letters, "-41" and NUL */
#define PSEUDONYM_KEY_LEN 32
#define PSEUDONYM_ATTEMPTS 8

/* The same key and attempt give the same name. If a name is taken, ask with
 * the next attempt (0 to PSEUDONYM_ATTEMPTS - 1): each uses other bytes of
 * the key, which must look random. */
void pseudonym_from_key(const guint8 key[PSEUDONYM_KEY_LEN], guint attempt,
    char out[PSEUDONYM_SIZE]);

#endif
