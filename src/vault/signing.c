#include "vault/signing.h"

#include <string.h>

#include <sodium.h>

#include "base/error.h"
#include "base/log.h"
#include "vault/secret.h"

#include "base/banned.h"

#define SUM_LEN crypto_generichash_BYTES_MIN
#define SUM_CONTEXT "nymdesk receipt key 1"

/* The file. */
struct image {
	guint8 seed[RECEIPT_SEED_LEN];
	guint8 sum[SUM_LEN]; /* keyed with seed, over SUM_CONTEXT */
};

struct signing {
	guint8 *secret; /* own; RECEIPT_SECRET_LEN, locked, read-only */
	guint8 key[RECEIPT_KEY_LEN];
};

G_STATIC_ASSERT(sizeof(struct image) == RECEIPT_SEED_LEN + SUM_LEN);

static void
image_sum(const struct image *image, guint8 sum[SUM_LEN])
{
	(void)crypto_generichash(sum, SUM_LEN, (const guint8 *)SUM_CONTEXT,
	    sizeof SUM_CONTEXT, image->seed, RECEIPT_SEED_LEN);
}

/* FALSE without *err if there is no file yet. */
static gboolean
image_read(struct keydir *dir, struct image *image, GError **err)
{
	g_autoptr(GError) failure = NULL;
	guint8 sum[SUM_LEN];

	if (!keydir_read_receipt(
		dir, (guint8 *)image, sizeof *image, &failure)) {
		if (failure != NULL)
			g_propagate_error(err, g_steal_pointer(&failure));
		return FALSE;
	}
	image_sum(image, sum);
	return sodium_memcmp(sum, image->sum, SUM_LEN) == 0 ||
	    error_fail(err, ERROR_PERM,
		"\"receipt\" in the key directory is damaged: restore it, or "
		"remove it to sign with another key from now on");
}

static gboolean
image_make(struct keydir *dir, struct image *image, GError **err)
{
	randombytes_buf(image->seed, RECEIPT_SEED_LEN);
	image_sum(image, image->sum);
	if (!keydir_write_receipt(
		dir, (const guint8 *)image, sizeof *image, err))
		return FALSE;
	log_info("vault.receipt_key_made", LOG_NUM("octets", sizeof *image));
	return TRUE;
}

static gboolean
image_load(struct keydir *dir, struct image *image, GError **err)
{
	g_autoptr(GError) failure = NULL;

	if (image_read(dir, image, &failure))
		return TRUE;
	if (failure != NULL) {
		g_propagate_error(err, g_steal_pointer(&failure));
		return FALSE;
	}
	return image_make(dir, image, err);
}

static gboolean
secret_load(struct signing *signing, struct keydir *dir, GError **err)
{
	struct image *image = secret_new(sizeof *image, err);
	gboolean ok = image != NULL && image_load(dir, image, err);

	if (ok)
		(void)crypto_sign_seed_keypair(
		    signing->key, signing->secret, image->seed);
	sodium_free(image);
	return ok;
}

struct signing *
signing_open(struct keydir *dir, GError **err)
{
	g_autoptr(signing_auto) signing = g_new0(struct signing, 1);

	signing->secret = secret_new(RECEIPT_SECRET_LEN, err);
	if (signing->secret == NULL || !secret_load(signing, dir, err))
		return NULL;
	if (sodium_mprotect_readonly(signing->secret) != 0) {
		error_fail_errno(err, ERROR_TEMP, "cannot protect key memory");
		return NULL;
	}
	return g_steal_pointer(&signing);
}

void
signing_free(struct signing *signing)
{
	if (signing == NULL)
		return;
	sodium_free(signing->secret);
	g_free(signing);
}

const guint8 *
signing_key(const struct signing *signing)
{
	return signing->key;
}

gboolean
signing_sign(const struct signing *signing, struct receipt *receipt)
{
	return receipt_sign(receipt, signing->secret);
}
