#include "desk/in_hand.h"

#include "base/error.h"

#include "base/banned.h"

struct in_hand {
	GHashTable *mails;   /* own struct proto_key to its worker */
	GHashTable *workers; /* worker to its mail, borrowed from mails */
};

struct in_hand *
in_hand_new(void)
{
	struct in_hand *hands = g_new0(struct in_hand, 1);

	hands->mails = g_hash_table_new_full(
	    proto_key_hash, proto_key_equal, g_free, NULL);
	hands->workers = g_hash_table_new(NULL, NULL);
	return hands;
}

void
in_hand_free(struct in_hand *hands)
{
	if (hands == NULL)
		return;
	g_hash_table_unref(hands->workers);
	g_hash_table_unref(hands->mails);
	g_free(hands);
}

gboolean
in_hand_take(struct in_hand *hands, gconstpointer worker,
    const struct proto_key *mail, GError **err)
{
	struct proto_key *key;
	gpointer whose;

	in_hand_drop(hands, worker);
	whose = g_hash_table_lookup(hands->mails, mail);
	if (whose != NULL)
		return error_fail(err, ERROR_TEMP,
		    "the same mail is just being taken by another way");
	key = g_memdup2(mail, sizeof(*mail));
	(void)g_hash_table_insert(hands->mails, key, (gpointer)worker);
	(void)g_hash_table_insert(hands->workers, (gpointer)worker, key);
	return TRUE;
}

void
in_hand_drop(struct in_hand *hands, gconstpointer worker)
{
	struct proto_key *key = g_hash_table_lookup(hands->workers, worker);

	if (key == NULL)
		return;
	(void)g_hash_table_remove(hands->workers, worker);
	(void)g_hash_table_remove(hands->mails, key);
}
