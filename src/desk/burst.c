#include "desk/burst.h"

#include "desk/internal.h"

#include "base/banned.h"

struct sender {
	struct proto_key contact;
	guint mails; /* of him in the queue */
};

struct taken {
	struct sender *sender; /* borrowed */
	gint64 at;
};

struct burst {
	GQueue taken;	     /* own struct taken, oldest first */
	GHashTable *senders; /* own struct sender, which begin with their key */
};

struct burst *
burst_new(void)
{
	struct burst *burst = g_new0(struct burst, 1);

	g_queue_init(&burst->taken);
	burst->senders = g_hash_table_new_full(
	    proto_key_hash, proto_key_equal, g_free, NULL);
	return burst;
}

void
burst_free(struct burst *burst)
{
	g_queue_clear_full(&burst->taken, g_free);
	g_hash_table_unref(burst->senders);
	g_free(burst);
}

static void
drop_oldest(struct burst *burst)
{
	struct taken *oldest = g_queue_pop_head(&burst->taken);

	if (--oldest->sender->mails == 0)
		(void)g_hash_table_remove(burst->senders, oldest->sender);
	g_free(oldest);
}

/* A clock that was set back must not keep anybody out. */
static void
drop_old(struct burst *burst, gint64 since, gint64 now)
{
	const struct taken *oldest;

	while ((oldest = g_queue_peek_head(&burst->taken)) != NULL &&
	       (oldest->at < since || oldest->at > now))
		drop_oldest(burst);
}

static gboolean
is_counted(const struct decision *d)
{
	return (d->verdict == PROTO_NEW || d->verdict == PROTO_FOLLOW_UP) &&
	       (d->flags & PROTO_FLAG_NO_RETURN) == 0;
}

/* Whoever is over the limit is told so at an address of agents' side too, or
 * another answer there would say that it is right. */
static gboolean
is_asked(const struct decision *d)
{
	return is_counted(d) || d->verdict == PROTO_REPLY ||
	       d->verdict == PROTO_UNKNOWN;
}

/* Contact ids are keyed hashes: the inverse of one is nobody's. */
static struct proto_key
sender_key(const struct decision *d, guint epoch)
{
	struct proto_key key = decision_epoch(d, epoch)->contact;

	if ((d->flags & PROTO_FLAG_UNPROVEN) != 0)
		for (gsize i = 0; i < sizeof(key.b); i++)
			key.b[i] = (guint8)~key.b[i];
	return key;
}

void
burst_add(struct burst *burst, const struct decision *d, gint64 now)
{
	struct proto_key key;
	struct sender *sender;
	struct taken *taken;

	if (!is_counted(d))
		return;
	drop_old(burst, now - d->desk->config->ack_window_s, now);
	if (burst->taken.length >= BURST_MAILS_MAX)
		drop_oldest(burst);
	key = sender_key(d, 0);
	sender = g_hash_table_lookup(burst->senders, &key);
	if (sender == NULL) {
		sender = g_new0(struct sender, 1);
		sender->contact = key;
		(void)g_hash_table_add(burst->senders, sender);
	}
	sender->mails++;
	taken = g_new(struct taken, 1);
	*taken = (struct taken){.sender = sender, .at = now};
	g_queue_push_tail(&burst->taken, taken);
}

gboolean
burst_is_over(struct burst *burst, const struct decision *d, gint64 now)
{
	const struct config *config = d->desk->config;
	gint64 mails = 0;

	if (!is_asked(d))
		return FALSE;
	drop_old(burst, now - config->ack_window_s, now);
	/* What came before the epoch changed is under its id of then. */
	for (guint i = 0; i < d->mail->epochs->len; i++) {
		struct proto_key key = sender_key(d, i);
		const struct sender *sender =
		    g_hash_table_lookup(burst->senders, &key);

		mails += sender != NULL ? sender->mails : 0;
	}
	return mails >= config->mail_burst;
}
