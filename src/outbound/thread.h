#ifndef ND_OUTBOUND_THREAD_H
#define ND_OUTBOUND_THREAD_H

/*
 * The mails of a ticket as its archive has them, and how they get to those
 * who are handed the ticket.
 *
 * Of the mailbox only what is one of ours and names the ticket counts. Each
 * mail goes as it is, under its own Message-ID, with the null sender, to the
 * addresses of the ticket's level that did not have it: it says itself for
 * which queue and level it was made. A post that is killed between two mails
 * makes its successor send the first ones again.
 */
#include "mail/archived.h"
#include "outbound/archivist.h"

#define THREAD_MAILS_MAX 50 /* that are sent: the newest */
#define THREAD_TRIES 3	    /* of a job, then it goes without */

struct thread_mail {
	struct archived *facts; /* own */
	GBytes *content;	/* own */
};

enum thread_found {
	THREAD_FOUND,
	THREAD_NO_ARCHIVE, /* the queue has none */
	THREAD_LATER,	   /* the archive did not answer */
};

/* The mails (struct thread_mail) of a job's ticket, oldest first, each
 * Message-ID once; the caller's if found. If the ticket was moved from another
 * queue, the archives of all are asked, and what this queue's archive will not
 * have yet is put into the spool for it. */
enum thread_found thread_find(struct archivist *archivist,
    const struct proto_job *job, GPtrArray **mails);

/* PROTO_JOB_HANDED: the mails, then the word that says so. */
enum proto_outcome thread_send_handed(struct archivist *archivist,
    const struct proto_job *job, struct smtp_result *result);

#endif
