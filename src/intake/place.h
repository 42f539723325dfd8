#ifndef ND_INTAKE_PLACE_H
#define ND_INTAKE_PLACE_H

/*
 * Which addresses are ours: a queue's, with or without a label, in every shape
 * that clients and servers on the way are known to give it.
 *
 * No keys: a label has the right form or not, and one with a wrong mac looks
 * like one with a right mac. So the answer to RCPT tells nothing.
 */
#include <glib.h>

#include "base/config.h"
#include "ticket/label.h"

/* The queue whose address this is, NULL if it is none of ours. local is
 * unquoted (struct addr), in any case; domain in any spelling.
 *
 *   queue                          the queue's own address
 *   queue+EXT, queue%2BEXT         whatever EXT is
 *   queue-EXT, queue=EXT           only if EXT has the form of a label, as
 *                                  "queue-de" may be somebody else's
 *
 * label, if not NULL, is of kind LABEL_NONE if there is no extension or one
 * that is no label. If more than one queue fits, the one that needs no
 * extension wins, then one with a label, then the longest name. */
const struct config_queue *place_find(const struct config *config,
    const char *local, const char *domain, struct label *label);

/* Whose an address is. */
enum place {
	PLACE_OTHERS,  /* of a domain in which we have no address */
	PLACE_UNKNOWN, /* of a domain of ours, but none of our addresses */
	PLACE_OURS,    /* a queue's, with or without a label, or for control */
};

enum place place_judge(
    const struct config *config, const char *local, const char *domain);

/* The same as a session_rcpt_check: user_data is the struct config. */
enum place place_check(const char *local, const char *domain,
    gpointer user_data);

/* The queue whose control address this is, exactly, or NULL. It goes before
 * what place_find() says. */
const struct config_queue *place_control(const struct config *config,
    const char *local, const char *domain);

#endif
