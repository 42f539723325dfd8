#ifndef ND_MAIL_COMPOSE_NOTE_H
#define ND_MAIL_COMPOSE_NOTE_H

/*
 * An agent's note to his colleagues, as a mail in the thread of the ticket.
 *
 * Like a copy (mail/compose.h): composed from values, the same octets for the
 * same ones, and with an end line, so that what is answered to it is told from
 * it. The text is the agent's, and of no player; nobody else may get it. The
 * subject is marked, by which a reply to it is known:
 * compose_note_is_answered(). No machine answers it (RFC 3834 2).
 */
#include <glib.h>

struct compose_note { /* all borrowed */
	const char *role_name;
	const char *queue_address; /* From and To */
	const char *agent_address; /* Reply-To: capability of the agents' side */
	const char *number;	   /* "K7F3-9Q2Y" */
	const char *message_id;
	const char *root_id;
	gint64 date;
	const char *queue;
	guint level;
	const char *agent; /* name of who wrote it */
	const char *text;
};

/* Header fields: From To Reply-To Subject Date Message-ID In-Reply-To
 * References Auto-Submitted X-Nymdesk MIME-Version Content-Type
 * Content-Transfer-Encoding. NULL as there. */
GBytes *compose_agent_note(const struct compose_note *note);

/* TRUE if a mail of this subject answers a note. */
gboolean compose_note_is_answered(const char *subject);

#endif
