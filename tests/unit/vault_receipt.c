/*
 * Receipts: what they say, that nothing of it can be changed, how they are
 * read from what mail clients make of them, and the key's file.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <sodium.h>

#include "base/error.h"
#include "proto/codec.h"
#include "vault/receipt.h"
#include "vault/signing.h"

#include "vault_fixture.h"

#include "base/banned.h"

/* Known answers: tests/system/receipt_again.py prints them, which has Ed25519
 * and digest of its own. The seed is 00 01 02 .. 1f. */
#define KEY "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg"
#define SIGNED                                                                 \
	"nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00Z "                  \
	"YxhI-I90fIvOVKg9bwA9zzyZu7duqtDFKCeKEGwbHMQ"
#define SIGNATURE                                                              \
	"2UbBBHtgtK3nPBROpGfdObDuTvLD25bqwxTn7ivFlwxjWEHdv0YI_"                \
	"8ESaRpp5WOWu5DqKnCy6uy0xh1Wgqh6DQ"
#define LINE SIGNED " " SIGNATURE
#define RECEIVED G_GINT64_CONSTANT(1795255200)
/* The digest in it, of the mail there. */
static const guint8 digest[] = {0x63, 0x18, 0x48, 0xf8, 0x8f, 0x74, 0x7c, 0x8b,
    0xce, 0x54, 0xa8, 0x3d, 0x6f, 0x00, 0x3d, 0xcf, 0x3c, 0x99, 0xbb, 0xb7,
    0x6e, 0xaa, 0xd0, 0xc5, 0x28, 0x27, 0x8a, 0x10, 0x6c, 0x1b, 0x1c, 0xc4};

G_STATIC_ASSERT(sizeof digest == RECEIPT_DIGEST_LEN);

static void
keys_make(guint8 key[RECEIPT_KEY_LEN], guint8 secret[RECEIPT_SECRET_LEN])
{
	guint8 seed[RECEIPT_SEED_LEN];

	for (guint8 i = 0; i < sizeof seed; i++)
		seed[i] = i;
	assert_int_equal(crypto_sign_seed_keypair(key, secret, seed), 0);
}

static struct receipt
found(const char *text)
{
	struct receipt receipt;
	g_autoptr(GError) err = NULL;

	if (!receipt_find(text, strlen(text), &receipt, &err))
		fail_msg("%s: %s", err->message, text);
	return receipt;
}

static gboolean
holds(const struct receipt *receipt)
{
	guint8 key[RECEIPT_KEY_LEN];

	assert_true(receipt_key_parse(KEY, key, NULL));
	return receipt_verify(receipt, key);
}

static void
known_answers(void **state)
{
	guint8 key[RECEIPT_KEY_LEN];
	guint8 parsed[RECEIPT_KEY_LEN];
	guint8 secret[RECEIPT_SECRET_LEN];
	char key_text[RECEIPT_KEY_TEXT_SIZE];
	char text[RECEIPT_TEXT_SIZE];
	struct receipt receipt = {.received = RECEIVED};

	(void)state;
	keys_make(key, secret);
	assert_string_equal(receipt_key_show(key, key_text),
	    "nymdesk-receipt-key: v1 " KEY);
	assert_true(receipt_key_parse(key_text, parsed, NULL));
	assert_memory_equal(parsed, key, sizeof key);
	assert_true(number_parse("K7F3-9Q2Y", 9, &receipt.number));
	memcpy(receipt.digest, digest, sizeof digest);
	assert_true(receipt_sign(&receipt, secret));
	assert_string_equal(receipt_show(&receipt, text), LINE);
	assert_int_equal(strlen(text), RECEIPT_TEXT_SIZE - 1);
	receipt = found(LINE);
	assert_true(receipt.received == RECEIVED);
	assert_memory_equal(receipt.digest, digest, sizeof digest);
	assert_true(holds(&receipt));
	key[0] ^= 1;
	assert_false(receipt_verify(&receipt, key));
}

static void
no_field_can_be_changed(void **state)
{
	struct receipt good = found(LINE);
	struct receipt receipt = good;

	(void)state;
	receipt.number = number_from_bits(number_to_bits(&good.number) ^ 1);
	assert_false(holds(&receipt));
	receipt = good;
	receipt.number = (struct number){{0}};
	assert_false(holds(&receipt));
	for (gint64 bit = 1; bit < G_GINT64_CONSTANT(1) << 62; bit <<= 1) {
		receipt = good;
		receipt.received ^= bit;
		assert_false(holds(&receipt));
	}
	receipt.received = -1;
	assert_false(holds(&receipt));
	for (guint i = 0; i < 8 * sizeof digest; i++) {
		receipt = good;
		receipt.digest[i / 8] ^= (guint8)(1 << i % 8);
		assert_false(holds(&receipt));
	}
	for (guint i = 0; i < 8 * RECEIPT_SIGNATURE_LEN; i++) {
		receipt = good;
		receipt.signature[i / 8] ^= (guint8)(1 << i % 8);
		assert_false(holds(&receipt));
	}
	assert_true(holds(&good));
}

/* Whatever single letter of the line becomes another one: it is not read, or
 * does not hold; the case of the mark alone is free. */
static void
no_letter_can_be_changed(void **state)
{
	static const char others[] = "0AaOo9Zz-_=+/ :.v2Tt";
	struct receipt good = found(LINE);
	guint same = 0;

	(void)state;
	for (gsize at = 0; at < strlen(LINE); at++)
		for (const char *other = others; *other != '\0'; other++) {
			g_autofree char *text = g_strdup(LINE);
			struct receipt receipt;

			text[at] = *other;
			if (*other == LINE[at] ||
			    !receipt_find(
				text, strlen(text), &receipt, NULL) ||
			    !holds(&receipt))
				continue;
			assert_memory_equal(&receipt, &good, sizeof good);
			same++;
		}
	/* "nymdesk-receipT:" */
	assert_int_equal(same, 1);
}

static void
clients_break_lines(void **state)
{
	static const char *const rows[] = {
	    LINE "\n",
	    "Your request has come.\r\n\r\n" LINE "\r\n-- \r\nSupport\r\n",
	    "> On Monday Support wrote:\n>> " LINE "\n> bye",
	    "nymdesk-receipt:\n v1\tK7F3-9Q2Y\n 2026-11-21T10:00:00Z\n"
	    " YxhI-I90fIvOVKg9bwA9zzyZu7duqtDFKCeKEGwbHMQ\n " SIGNATURE,
	    "> nymdesk-\n> receipt: v1 K7F3-\n> 9Q2Y 2026-11-21T10:0\n>0:00Z "
	    "YxhI-\n> I90fIvOVKg9bwA9zzyZu7duqtDFKCeKEGwbHMQ\n> " SIGNATURE,
	    "nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00Z YxhI-I90fIvO=\r\n"
	    "VKg9bwA9zzyZu7duqtDFKCeKEGwbHMQ =\r\n" SIGNATURE,
	    "Nymdesk-Receipt:\xc2\xa0v1\xc2\xa0k7f3-9q2y 2026-11-21T10:00:00Z "
	    "YxhI-I90fIvOVKg9bwA9zzyZu7duqtDFKCeKEGwbHMQ " SIGNATURE,
	    "nymdesk-receip t nnymdesk nnn" LINE "trailing",
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct receipt receipt = found(rows[i]);

		if (!holds(&receipt))
			fail_msg("row %u", i);
	}
}

static void
damage_is_named(void **state)
{
	static const struct {
		const char *text;
		const char *word;
	} rows[] = {
	    {"", "no line with"},
	    {"nymdesk-receipt", "no line with"},
	    {"n", "no line with"},
	    {"nymdesk-receipt:", "version"},
	    {"nymdesk-receipt: v2 K7F3-9Q2Y", "version"},
	    {"nymdesk-receipt: v1", "number"},
	    {"nymdesk-receipt: v1 K7F3-9Q2X 2026-11-21T10:00:00Z", "number"},
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00", "time"},
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00+", "time"},
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 2026-02-30T10:00:00Z", "time"},
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 2026/11/21T10:00:00Z", "time"},
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 0001-01-01T00:00:00Z", "time"},
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00Z YxhI", "digest"},
	    /* The last letter has bits that stand for nothing. */
	    {"nymdesk-receipt: v1 K7F3-9Q2Y 2026-11-21T10:00:00Z "
	     "YxhI-I90fIvOVKg9bwA9zzyZu7duqtDFKCeKEGwbHMR " SIGNATURE,
		"digest"},
	    {SIGNED " 2Ub", "signature"},
	    {SIGNED " 2UbBBHtgtK3nPBROpGfdObDuTvLD25bqwxTn7ivFlwxjWEHdv0YI_"
		    "8ESaRpp5WOWu5DqKnCy6uy0xh1Wgqh6DR",
		"signature"},
	};

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct receipt receipt;
		g_autoptr(GError) err = NULL;

		if (receipt_find(rows[i].text, strlen(rows[i].text), &receipt,
			&err) ||
		    !error_is(err, ERROR_PERM) ||
		    strstr(err->message, rows[i].word) == NULL)
			fail_msg("row %u", i);
	}
}

static void
only_keys_are_keys(void **state)
{
	static const char *const rows[] = {"", "A", KEY "A", KEY " ",
	    "nymdesk-receipt-key: v2 " KEY, " " KEY,
	    "A6EHv/POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbg",
	    "A6EHv_POEL4dcN0Y50vAmWfk1jCbpQ1fHdyGZBJVMbh"};
	struct receipt good = found(LINE);
	guint8 key[RECEIPT_KEY_LEN];

	(void)state;
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++)
		if (receipt_key_parse(rows[i], key, NULL))
			fail_msg("row %u", i);
	/* A point of small order fits any text if nobody looks. */
	memset(key, 0, sizeof key);
	key[0] = 1;
	memset(good.signature, 0, sizeof good.signature);
	good.signature[0] = 1;
	assert_false(receipt_verify(&good, key));
}

/* --- the key's file ---------------------------------------------------- */

static struct signing *
signing_at(const char *dir, GError **err)
{
	struct keydir *files = keydir_open(dir, NULL);
	struct signing *signing;

	assert_non_null(files);
	signing = signing_open(files, err);
	keydir_free(files);
	return signing;
}

static void
key_file_outlives_the_vault(void **state)
{
	const char *dir = *state;
	g_autofree char *path = g_build_filename(dir, "receipt", NULL);
	g_autoptr(vault_auto) vault = vault_at(dir, START);
	guint8 first[RECEIPT_KEY_LEN];
	struct stat st;

	memcpy(first, vault_receipt_key(vault), sizeof first);
	assert_int_equal(stat(path, &st), 0);
	assert_int_equal(st.st_mode & 07777, 0400);
	assert_int_equal(st.st_size, 48);
	vault_free(vault);
	/* All epochs of then are dead. */
	vault = vault_at(dir, START + 100 * WEEK);
	assert_memory_equal(vault_receipt_key(vault), first, sizeof first);
	vault_free(vault);
	assert_int_equal(unlink(path), 0);
	vault = vault_at(dir, START + 100 * WEEK);
	assert_memory_not_equal(vault_receipt_key(vault), first, sizeof first);
}

static void
damaged_key_file_is_refused(void **state)
{
	const char *dir = *state;
	g_autofree char *path = g_build_filename(dir, "receipt", NULL);
	g_autofree char *good = NULL;
	gsize len;

	signing_free(signing_at(dir, NULL));
	assert_true(g_file_get_contents(path, &good, &len, NULL));
	for (gsize at = 0; at <= len; at++) {
		g_autofree char *bad = g_memdup2(good, len + 1);
		g_autoptr(GError) err = NULL;

		bad[at] = (char)(bad[at] ^ 1);
		/* At last one that is too long. */
		assert_true(g_file_set_contents(path, bad,
		    (gssize)(at == len ? len + 1 : len), NULL));
		assert_int_equal(chmod(path, 0400), 0);
		assert_null(signing_at(dir, &err));
		assert_true(error_is(err, ERROR_PERM));
		assert_non_null(strstr(err->message, "damaged"));
	}
	assert_int_equal(chmod(path, 0440), 0);
	assert_null(signing_at(dir, NULL));
	assert_int_equal(chmod(path, 0400), 0);
	assert_true(g_file_set_contents(path, good, (gssize)len, NULL));
	assert_int_equal(chmod(path, 0400), 0);
	signing_free(signing_at(dir, NULL));
}

/* --- receipts of envelopes --------------------------------------------- */

/* The receipt that the vault gives for an envelope; NULL if none. */
static char *
given(struct vault *vault, GBytes *content, guint32 kind, struct ask *ask)
{
	struct proto_vault_opened opened = {0};
	struct proto_vault_open request = {.queue = (char *)"support",
	    .job = {{9, 9}},
	    .kind = kind};
	g_autoptr(GError) err = NULL;

	g_bytes_unref(ask->request.envelope);
	ask->request.envelope = g_bytes_ref(content);
	identify(vault, ask, START);
	request.epoch = ids_at(ask, 0)->epoch;
	request.contact = ids_at(ask, 0)->contact;
	request.number = labels_at(ask, 0)->number;
	request.sealed = ask->answer.sealed;
	if (!vault_open(vault, &request, START, &opened, &err))
		fail_msg("vault_open: %s", err->message);
	assert_true(g_bytes_equal(opened.envelope, content));
	g_bytes_unref(opened.envelope);
	return opened.receipt;
}

static void
notices_have_receipts(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct proto_envelope envelope = {.player_addr = (char *)ADDR,
	    .received = START - 3};
	g_autoptr(GBytes) content = NULL;
	struct ask ask;

	memcpy(envelope.digest.b, digest, sizeof digest);
	content = proto_envelope_encode(&envelope);
	ask_init(&ask);
	/* Those behind are to agents and have no envelope. */
	for (guint32 kind = 1; kind < PROTO_JOB_STAGE; kind++) {
		g_autofree char *line = given(vault, content, kind, &ask);
		g_autofree char *again = given(vault, content, kind, &ask);
		struct receipt receipt;

		if (kind != PROTO_JOB_ACK && kind != PROTO_JOB_ENCRYPTED) {
			assert_null(line);
			continue;
		}
		assert_non_null(line);
		/* A second try says the same. */
		assert_string_equal(line, again);
		receipt = found(line);
		assert_true(
		    receipt_verify(&receipt, vault_receipt_key(vault)));
		assert_memory_equal(receipt.digest, digest, sizeof digest);
		assert_true(receipt.received == START - 3);
		assert_true(number_equal(
		    &receipt.number, &labels_at(&ask, 0)->number));
	}
	ask_clear(&ask);
}

static void
envelopes_without_digest_have_none(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	const struct {
		gint64 received;
		guint8 octet;
	} rows[] = {{START, 0}, {0, 1}, {-1, 1}, {START + 3601, 1},
	    {G_MAXINT64, 1}};
	struct ask ask;

	ask_init(&ask);
	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct proto_envelope envelope = {
		    .player_addr = (char *)ADDR,
		    .received = rows[i].received,
		    .digest = {{rows[i].octet}}};
		g_autoptr(GBytes) content = proto_envelope_encode(&envelope);

		assert_null(given(vault, content, PROTO_JOB_ACK, &ask));
	}
	ask_clear(&ask);
}

/* What a file of the vault or a sealed envelope shows must not tell which mail
 * it was. */
static void
digest_lies_nowhere(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	static const char *const names[] = {
	    "epoch-2900", "clock", "policy", "receipt"};
	struct proto_envelope envelope = {.player_addr = (char *)ADDR,
	    .received = START};
	g_autoptr(GBytes) content = NULL;
	gsize len;
	gconstpointer sealed;
	struct ask ask;

	memcpy(envelope.digest.b, digest, sizeof digest);
	content = proto_envelope_encode(&envelope);
	ask_init(&ask);
	g_free(given(vault, content, PROTO_JOB_ACK, &ask));
	assert_non_null(memmem(g_bytes_get_data(content, &len),
	    g_bytes_get_size(content), digest, sizeof digest));
	sealed = g_bytes_get_data(ask.answer.sealed, &len);
	assert_null(memmem(sealed, len, digest, 8));
	for (guint i = 0; i < G_N_ELEMENTS(names); i++) {
		g_autofree char *path =
		    g_build_filename(*state, names[i], NULL);
		g_autofree char *text = NULL;

		assert_true(g_file_get_contents(path, &text, &len, NULL));
		assert_null(memmem(text, len, digest, 8));
	}
	assert_int_equal(dir_count(*state), G_N_ELEMENTS(names));
	ask_clear(&ask);
}

int
vault_receipt_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(known_answers),
	    cmocka_unit_test(no_field_can_be_changed),
	    cmocka_unit_test(no_letter_can_be_changed),
	    cmocka_unit_test(clients_break_lines),
	    cmocka_unit_test(damage_is_named),
	    cmocka_unit_test(only_keys_are_keys),
	    ONE(key_file_outlives_the_vault),
	    ONE(damaged_key_file_is_refused),
	    ONE(notices_have_receipts),
	    ONE(envelopes_without_digest_have_none),
	    ONE(digest_lies_nowhere),
	};

	return cmocka_run_group_tests_name("vault receipt", tests, NULL, NULL);
}
