#ifndef ND_OUTBOUND_ARCHIVIST_H
#define ND_OUTBOUND_ARCHIVIST_H

/*
 * The post that keeps the archives: appends what is in the spool, and does the
 * jobs that need a thread from there.
 *
 * There is one such process, so each archive has one connection. A mail leaves
 * the spool only when its archive has it; one that never will is set aside and
 * an operator told. An archive that fails rests, and while it does nothing
 * waits for it but its own mails.
 */
#include "outbound/archives.h"
#include "outbound/post.h"

#define ARCHIVIST_KINDS                                                        \
	(1u << PROTO_JOB_HANDED | 1u << PROTO_JOB_TRANSCRIPT)

struct archivist {
	struct post *post;	   /* borrowed */
	struct archives *archives; /* own */
	GHashTable *trials;	   /* own; what the archive has refused so far:
				    * name in the spool (char) to struct trial */
	GHashTable *worked;	   /* own; queues (char) whose archive has taken
				    * a mail since it last refused one */
	GHashTable *passed_on;	   /* own; see thread.h */
	gint64 alarmed_s;	   /* monotonic; of the last alarm, 0: none */
	gint64 tidied_s;	   /* monotonic */
};

/* Borrows post. */
void archivist_init(struct archivist *archivist, struct post *post);
void archivist_done(struct archivist *archivist);

/* Appends what it can of the spool, a few mails of each queue. TRUE if it did
 * something and may do more at once. */
gboolean archivist_append(struct archivist *archivist);

/* Runs until the post's stop flag is set; what is claimed is finished. */
void archivist_run(struct post *post);

#endif
