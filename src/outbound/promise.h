#ifndef ND_OUTBOUND_PROMISE_H
#define ND_OUTBOUND_PROMISE_H

/*
 * The post that keeps promises: claims due notices at the desk, renders and
 * sends them, settles.
 */
#include "outbound/post.h"

/* Runs until the post's stop flag is set; what is claimed is finished. */
void promise_run(struct post *post);

#endif
