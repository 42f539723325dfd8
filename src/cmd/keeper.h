#ifndef ND_CMD_KEEPER_H
#define ND_CMD_KEEPER_H

/*
 * The supervisor's side of one post's slot (outbound/slot.h): a page that
 * outlives the post, and a copy of its last connection to the MTA, both for
 * its successor. Nothing is ever read from or written to that connection
 * here. Needs the main loop.
 */
#include <glib.h>

struct keeper;

struct keeper *keeper_new(void);
void keeper_free(struct keeper *keeper); /* NULL is a no-op */

/* Makes the page if there is none and a socket to the post that is about to
 * start: *theirs, which the caller closes once the post has it. */
gboolean keeper_connect(struct keeper *keeper, int *theirs, GError **err);
/* The post is gone: takes what it still had to say. NULL is a no-op. */
void keeper_hang_up(struct keeper *keeper);

/* Descriptors to pass on; they stay the keeper's. kept is -1 if none. */
int keeper_page(const struct keeper *keeper);
int keeper_kept(const struct keeper *keeper);

#endif
