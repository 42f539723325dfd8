#ifndef ND_MAIL_ARCHIVED_H
#define ND_MAIL_ARCHIVED_H

/*
 * Mails as an archive holds them: an agent's answer as it is written there,
 * and all of them read back.
 *
 * The archive of a queue has copies (compose_agent_copy()), answers and notes.
 * An answer stands there under its own Message-ID, but with the queue's plain
 * address, and the pseudonym for the player: nothing of him is in it. Like a
 * copy it has the agents' capability of the ticket as Reply-To, so that who
 * gets it passed on can reply to it. X-Nymdesk says "kind=answer"; of a note
 * "kind=note"; of a copy nothing.
 *
 * Whoever has the mailbox may put into it what he likes, so the reader knows
 * our own forms only, and takes nothing else for one of ours. Linear; needs
 * no GMime.
 */
#include <glib.h>

struct archived_answer {
	const char *role_name;
	const char *queue_address;
	const char *agent_address; /* capability; "" if unknown */
	const char *pseudonym;
	const char *number; /* "K7F3-9Q2Y" */
	const char *message_id;
	const char *root_id;
	const char *copy_id; /* of the copy that it answers, "" if unknown */
	gint64 date;
	const char *queue;
	const char *agent; /* agent_name() of who wrote it, or "" */
	const char *text;
};

/* Header fields: From To Reply-To Subject Date Message-ID In-Reply-To
 * References X-Nymdesk MIME-Version Content-Type Content-Transfer-Encoding. The
 * result is the caller's, NULL if an address or the Message-ID is not well
 * formed. */
GBytes *archived_compose_answer(const struct archived_answer *answer);

enum archived_kind {
	ARCHIVED_COPY,
	ARCHIVED_ANSWER,
	ARCHIVED_NOTE,
};

struct archived {
	enum archived_kind kind;
	char *message_id;  /* own; without brackets */
	char *in_reply_to; /* own; the same, "" if none */
	char *references;  /* own; ids with brackets, parted by blanks */
	char *queue;	   /* own; for which it was made, as level and flags */
	guint level;	   /* 0 if it does not say */
	char **flags;	   /* own; names of ticket/flag.h and others */
	gint64 date;	   /* s since 1970 */
	char *text;	   /* own; UTF-8, LF line ends */
};

/* NULL if it is none of ours, or damaged. */
struct archived *archived_read(GBytes *content);
void archived_free(struct archived *archived); /* NULL is fine */
typedef struct archived archived_auto;
G_DEFINE_AUTOPTR_CLEANUP_FUNC(archived_auto, archived_free)

gboolean archived_has_flag(const struct archived *archived, const char *flag);
/* TRUE if references has this id. */
gboolean archived_follows(const struct archived *archived, const char *id);

#endif
