#include "vault/keys.h"

#include <string.h>

#include <sodium.h>

#include "base/epoch.h"
#include "base/error.h"
#include "base/log.h"
#include "proto/messages.h"
#include "vault/keydir.h"
#include "vault/secret.h"

#include "base/banned.h"

#define ROOT_LEN crypto_kdf_KEYBYTES
#define SUM_LEN crypto_generichash_BYTES_MIN
#define KDF_CONTEXT "nymdesk1"
#define SUM_CONTEXT "nymdesk epoch 1"
#define CLOCK_WRITE_S 60

/* An epoch file. */
struct image {
	guint8 root[ROOT_LEN];
	guint8 sum[SUM_LEN]; /* keyed with root, over the epoch's number */
};

struct subkeys {
	guint8 b[KEYS_PURPOSE_END][KEYS_SUBKEY_LEN]; /* [0] is unused */
};

struct epoch {
	gint64 number;
	struct subkeys *subkeys; /* own; NULL: dead, only the file is left */
};

struct keys {
	struct keydir *dir; /* own */
	struct keys_policy policy;
	GArray *epochs; /* own; struct epoch, newest first, dead ones last */
	guint live;
	gint64 high;	     /* highest time seen */
	gint64 high_written; /* the same in the clock file */
	struct image *image; /* own; one file, while it is read or made */
	struct signing *signing; /* own */
};

G_STATIC_ASSERT(sizeof(struct image) == ROOT_LEN + SUM_LEN);
G_STATIC_ASSERT(sizeof KDF_CONTEXT - 1 == crypto_kdf_CONTEXTBYTES);

/* --- memory --------------------------------------------------------- */

static gboolean
image_open(struct keys *keys, GError **err)
{
	if (sodium_mprotect_readwrite(keys->image) != 0)
		return error_fail_errno(
		    err, ERROR_TEMP, "cannot unprotect key memory");
	return TRUE;
}

static void
image_close(struct keys *keys)
{
	sodium_memzero(keys->image, sizeof *keys->image);
	/* Nothing is in it any more, so a failure exposes nothing. */
	(void)sodium_mprotect_noaccess(keys->image);
}

static void
image_sum(const struct image *image, gint64 number, guint8 sum[SUM_LEN])
{
	guint8 text[sizeof SUM_CONTEXT + sizeof number];
	gint64 le = GINT64_TO_LE(number);

	memcpy(text, SUM_CONTEXT, sizeof SUM_CONTEXT);
	memcpy(text + sizeof SUM_CONTEXT, &le, sizeof le);
	(void)crypto_generichash(
	    sum, SUM_LEN, text, sizeof text, image->root, ROOT_LEN);
}

/* The subkeys of the root in keys->image, read-only. */
static struct subkeys *
subkeys_derive(const struct keys *keys, GError **err)
{
	struct subkeys *subkeys = secret_new(sizeof *subkeys, err);

	if (subkeys == NULL)
		return NULL;
	for (guint i = KEYS_CONTACT; i < KEYS_PURPOSE_END; i++)
		(void)crypto_kdf_derive_from_key(subkeys->b[i], KEYS_SUBKEY_LEN,
		    i, KDF_CONTEXT, keys->image->root);
	if (sodium_mprotect_readonly(subkeys) != 0) {
		error_fail_errno(err, ERROR_TEMP, "cannot protect key memory");
		sodium_free(subkeys);
		return NULL;
	}
	return subkeys;
}

/* --- epochs --------------------------------------------------------- */

static struct epoch *
epoch_at(const struct keys *keys, guint index)
{
	return &g_array_index(keys->epochs, struct epoch, index);
}

static gboolean
epoch_is_dead(const struct keys *keys, gint64 number)
{
	return epoch_death(number, keys->policy.epoch_s,
		   keys->policy.retention_s) <= keys->high;
}

static gboolean
epoch_make_image(struct keys *keys, gint64 number, GError **err)
{
	randombytes_buf(keys->image->root, ROOT_LEN);
	image_sum(keys->image, number, keys->image->sum);
	return keydir_write_epoch(keys->dir, number,
	    (const guint8 *)keys->image, sizeof *keys->image, err);
}

static gboolean
epoch_make(struct keys *keys, gint64 number, GError **err)
{
	struct epoch epoch = {.number = number};

	if (!image_open(keys, err))
		return FALSE;
	if (epoch_make_image(keys, number, err))
		epoch.subkeys = subkeys_derive(keys, err);
	image_close(keys);
	if (epoch.subkeys == NULL)
		return FALSE;
	g_array_prepend_val(keys->epochs, epoch);
	keys->live++;
	log_info("vault.epoch_made", LOG_NUM("epoch", number),
	    LOG_NUM("live", keys->live));
	return TRUE;
}

/* TRUE if the file in keys->image was overwritten, but is still there: the
 * process ended in between, and the clock file may be a little behind. */
static gboolean
epoch_was_dying(const struct keys *keys, gint64 number)
{
	return sodium_is_zero(
		   (const guint8 *)keys->image, sizeof *keys->image) &&
	       epoch_death(
		   number, keys->policy.epoch_s, keys->policy.retention_s) -
		       keys->high <=
		   KEYS_CLOCK_SLACK_S;
}

static gboolean
epoch_load_image(struct keys *keys, gint64 number, GError **err)
{
	struct epoch epoch = {.number = number};
	guint8 sum[SUM_LEN];

	if (!keydir_read_epoch(keys->dir, number, (guint8 *)keys->image,
		sizeof *keys->image, err))
		return FALSE;
	if (epoch_was_dying(keys, number))
		return keydir_destroy_epoch(keys->dir, number, err);
	image_sum(keys->image, number, sum);
	if (sodium_memcmp(sum, keys->image->sum, SUM_LEN) != 0)
		return error_fail_num(err, ERROR_PERM,
		    "an epoch file is damaged: restore it, or remove it to "
		    "forget what it opened; number",
		    number);
	epoch.subkeys = subkeys_derive(keys, err);
	if (epoch.subkeys == NULL)
		return FALSE;
	g_array_append_val(keys->epochs, epoch);
	keys->live++;
	return TRUE;
}

static gboolean
epoch_load(struct keys *keys, gint64 number, GError **err)
{
	gboolean is_loaded;

	if (!image_open(keys, err))
		return FALSE;
	is_loaded = epoch_load_image(keys, number, err);
	image_close(keys);
	return is_loaded;
}

/* Wipes what has died from memory; this cannot fail. */
static void
epochs_bury(struct keys *keys)
{
	while (keys->live > 0) {
		struct epoch *oldest = epoch_at(keys, keys->live - 1);

		if (!epoch_is_dead(keys, oldest->number))
			return;
		sodium_free(oldest->subkeys);
		oldest->subkeys = NULL;
		keys->live--;
	}
}

static gboolean
epochs_destroy_dead(struct keys *keys, GError **err)
{
	while (keys->epochs->len > keys->live) {
		guint last = keys->epochs->len - 1;
		gint64 number = epoch_at(keys, last)->number;

		if (!keydir_destroy_epoch(keys->dir, number, err))
			return FALSE;
		g_array_set_size(keys->epochs, last);
		log_info("vault.epoch_destroyed", LOG_NUM("epoch", number),
		    LOG_NUM("live", keys->live));
	}
	return TRUE;
}

/* --- time ----------------------------------------------------------- */

static gboolean
clock_see(struct keys *keys, gint64 now, GError **err)
{
	if (now < keys->high - KEYS_CLOCK_SLACK_S)
		return error_fail_num(err, ERROR_DENIED,
		    "clock went back: set it right, or if it was wrong before "
		    "and is right now, correct \"clock\" in the key "
		    "directory; seconds behind",
		    keys->high - now);
	keys->high = MAX(keys->high, now);
	return TRUE;
}

static gboolean
clock_write(struct keys *keys, GError **err)
{
	if (keys->high == keys->high_written)
		return TRUE;
	if (!keydir_write_num(keys->dir, KEYDIR_CLOCK, keys->high, err))
		return FALSE;
	keys->high_written = keys->high;
	return TRUE;
}

gboolean
keys_tick(struct keys *keys, gint64 now, GError **err)
{
	gint64 current;
	gboolean is_made;

	if (!clock_see(keys, now, err))
		return FALSE;
	epochs_bury(keys);
	current = epoch_of_time(keys->high, keys->policy.epoch_s);
	is_made = keys->live > 0 && epoch_at(keys, 0)->number == current;
	if (is_made && keys->epochs->len == keys->live &&
	    keys->high - keys->high_written < CLOCK_WRITE_S)
		return TRUE;
	return epochs_destroy_dead(keys, err) && clock_write(keys, err) &&
	       (is_made || epoch_make(keys, current, err));
}

/* --- opening -------------------------------------------------------- */

/* Reads the files about time; sets keys->high and *epoch_s, the length the
 * epochs on disk have, 0 if none is known. */
static gboolean
times_read(
    struct keys *keys, const GArray *numbers, gint64 *epoch_s, GError **err)
{
	if (!keydir_read_num(
		keys->dir, KEYDIR_CLOCK, &keys->high_written, err) ||
	    !keydir_read_num(keys->dir, KEYDIR_POLICY, epoch_s, err))
		return FALSE;
	keys->high = keys->high_written;
	if (*epoch_s < 1)
		*epoch_s = 0;
	if (numbers->len == 0)
		return TRUE;
	if (*epoch_s == 0)
		return error_fail(err, ERROR_PERM,
		    "the key directory has epochs but no \"policy\": write "
		    "the seconds of an epoch into that file");
	/* An epoch file is a clock, too. */
	keys->high = MAX(keys->high,
	    epoch_start(g_array_index(numbers, gint64, 0), *epoch_s));
	return TRUE;
}

/* Destroys what is dead by the length it was made with, loads the rest. */
static gboolean
epochs_load(
    struct keys *keys, const GArray *numbers, gint64 epoch_s, GError **err)
{
	for (guint i = 0; i < numbers->len; i++) {
		gint64 number = g_array_index(numbers, gint64, i);

		if (epoch_death(number, epoch_s, keys->policy.retention_s) <=
		    keys->high) {
			if (!keydir_destroy_epoch(keys->dir, number, err))
				return FALSE;
			continue;
		}
		if (epoch_s != keys->policy.epoch_s)
			return error_fail_num(err, ERROR_PERM,
			    "the length of an epoch cannot change while "
			    "epochs live: set it back, or destroy the keys; "
			    "seconds it was",
			    epoch_s);
		if (!epoch_load(keys, number, err))
			return FALSE;
	}
	return TRUE;
}

static gboolean
keys_load(struct keys *keys, gint64 now, GError **err)
{
	g_autoptr(GArray) numbers = g_array_new(FALSE, FALSE, sizeof(gint64));
	gint64 epoch_s;

	if (!keydir_scan(keys->dir, numbers, err) ||
	    !times_read(keys, numbers, &epoch_s, err) ||
	    !clock_see(keys, now, err) ||
	    !epochs_load(keys, numbers, epoch_s, err))
		return FALSE;
	if (epoch_s != keys->policy.epoch_s &&
	    !keydir_write_num(
		keys->dir, KEYDIR_POLICY, keys->policy.epoch_s, err))
		return FALSE;
	return keys_tick(keys, now, err);
}

static gboolean
policy_check(const struct keys_policy *policy, GError **err)
{
	if (policy->epoch_s < 1 || policy->retention_s < 0)
		return error_fail(err, ERROR_PERM,
		    "epoch must be positive and retention not negative");
	if (epoch_live_max(policy->epoch_s, policy->retention_s) >
	    PROTO_EPOCHS_MAX)
		return error_fail_num(err, ERROR_PERM,
		    "retention is too long for this epoch: too many epochs "
		    "would live at a time; at most",
		    PROTO_EPOCHS_MAX);
	return TRUE;
}

struct keys *
keys_open(const char *key_dir, const struct keys_policy *policy, gint64 now,
    GError **err)
{
	g_autoptr(keys_auto) keys = g_new0(struct keys, 1);

	keys->policy = *policy;
	keys->epochs = g_array_new(FALSE, FALSE, sizeof(struct epoch));
	if (!policy_check(policy, err))
		return NULL;
	if (sodium_init() < 0) {
		error_fail(err, ERROR_TEMP, "cannot start libsodium");
		return NULL;
	}
	keys->image = secret_new(sizeof *keys->image, err);
	if (keys->image == NULL)
		return NULL;
	keys->dir = keydir_open(key_dir, err);
	if (keys->dir == NULL || !keys_load(keys, now, err))
		return NULL;
	keys->signing = signing_open(keys->dir, err);
	return keys->signing == NULL ? NULL : g_steal_pointer(&keys);
}

void
keys_free(struct keys *keys)
{
	if (keys == NULL)
		return;
	for (guint i = 0; i < keys->epochs->len; i++)
		sodium_free(epoch_at(keys, i)->subkeys);
	g_array_unref(keys->epochs);
	sodium_free(keys->image);
	signing_free(keys->signing);
	keydir_free(keys->dir);
	g_free(keys);
}

/* --- access --------------------------------------------------------- */

guint
keys_live(const struct keys *keys)
{
	return keys->live;
}

gint64
keys_epoch(const struct keys *keys, guint index)
{
	g_assert(index < keys->live);
	return epoch_at(keys, index)->number;
}

gboolean
keys_find(const struct keys *keys, gint64 epoch, guint *index)
{
	for (guint i = 0; i < keys->live; i++) {
		if (epoch_at(keys, i)->number == epoch) {
			*index = i;
			return TRUE;
		}
	}
	return FALSE;
}

const guint8 *
keys_subkey(const struct keys *keys, guint index, enum keys_purpose purpose)
{
	g_assert(index < keys->live);
	g_assert(purpose >= KEYS_CONTACT && purpose < KEYS_PURPOSE_END);
	return epoch_at(keys, index)->subkeys->b[purpose];
}

const struct signing *
keys_signing(const struct keys *keys)
{
	return keys->signing;
}
