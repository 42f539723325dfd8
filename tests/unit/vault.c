/*
 * Contact ids, fingerprints, labels and proofs.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/error.h"
#include "base/log.h"

#include "vault_fixture.h"

#include "base/banned.h"

/* --- identify ------------------------------------------------------- */

static void
identity_covers_live_epochs(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;
	struct proto_epoch_ids first;

	ask_init(&ask);
	identify(vault, &ask, START);
	assert_int_equal(ask.answer.epochs->len, 1);
	first = *ids_at(&ask, 0);
	for (gint64 week = 1; week < 9; week++) {
		guint live = (guint)MIN(week + 1, 6);

		identify(vault, &ask, START + week * WEEK);
		assert_int_equal(ask.answer.epochs->len, live);
		for (guint i = 0; i < live; i++)
			assert_true(ids_at(&ask, i)->epoch == 2900 + week - i);
		for (guint i = 0; i + 1 < live; i++)
			assert_false(key_equal(&ids_at(&ask, i)->contact,
			    &ids_at(&ask, i + 1)->contact));
		if (week < 6) {
			assert_memory_equal(
			    ids_at(&ask, live - 1), &first, sizeof first);
		}
	}
	ask_clear(&ask);
}

static void
contacts_are_addresses(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	static const char *const addrs[] = {
	    ADDR, "player.two@mail.example", "", "a"};
	struct proto_key contacts[G_N_ELEMENTS(addrs)];
	struct proto_key prints[2];
	struct ask ask;

	ask_init(&ask);
	for (guint i = 0; i < G_N_ELEMENTS(addrs); i++) {
		ask.request.sender_addr = (char *)addrs[i];
		ask.request.digest.b[5] = (guint8)i;
		identify(vault, &ask, START);
		contacts[i] = ids_at(&ask, 0)->contact;
		for (guint k = 0; k < i; k++)
			assert_false(key_equal(&contacts[i], &contacts[k]));
		/* Neither mail nor queue are part of it. */
		ask.request.digest.b[5] ^= 1;
		ask.request.queue = (char *)"vip";
		prints[0] = ids_at(&ask, 0)->fingerprint;
		identify(vault, &ask, START);
		prints[1] = ids_at(&ask, 0)->fingerprint;
		assert_true(key_equal(&contacts[i], &ids_at(&ask, 0)->contact));
		assert_false(key_equal(&prints[0], &prints[1]));
		assert_false(key_equal(&prints[0], &contacts[i]));
	}
	ask_clear(&ask);
}

static void
identity_is_deterministic(void **state)
{
	struct vault *vault = vault_at(*state, START);
	struct ask a;
	struct ask b;

	ask_init(&a);
	ask_init(&b);
	identify(vault, &a, START);
	vault_free(vault);
	vault = vault_at(*state, START + DAY);
	identify(vault, &b, START + DAY);
	assert_int_equal(a.answer.labels->len, PROTO_NUMBERS);
	for (guint i = 0; i < PROTO_NUMBERS; i++)
		assert_memory_equal(labels_at(&a, i), labels_at(&b, i),
		    sizeof(struct label_set));
	assert_memory_equal(
	    ids_at(&a, 0), ids_at(&b, 0), sizeof(struct proto_epoch_ids));
	/* The sealed bytes have a fresh nonce each time. */
	assert_false(g_bytes_equal(a.answer.sealed, b.answer.sealed));
	/* Another mail: other numbers, other ids. */
	b.request.digest.b[31] = 1;
	identify(vault, &b, START + DAY);
	for (guint i = 0; i < PROTO_NUMBERS; i++)
		assert_false(number_equal(
		    &labels_at(&a, i)->number, &labels_at(&b, i)->number));
	assert_string_not_equal(
	    labels_at(&a, 0)->message.s, labels_at(&b, 0)->message.s);
	vault_free(vault);
	ask_clear(&a);
	ask_clear(&b);
}

static void
labels_have_nothing_in_common(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;
	struct proto_claim claim = {.via = PROTO_VIA_SUBJECT};
	const struct label_mac *all[18];
	guint n = 0;

	ask_init(&ask);
	claim.number = number_from_bits(77);
	g_array_append_val(ask.request.claims, claim);
	claim = (struct proto_claim){.via = PROTO_VIA_BOUNCE};
	g_array_append_val(ask.request.claims, claim);
	identify(vault, &ask, START);
	/* A claim without a number has no labels. */
	assert_int_equal(ask.answer.proofs->len, 2);
	assert_int_equal(ask.answer.labels->len, PROTO_NUMBERS + 1);
	claim.number = number_from_bits(77);
	assert_true(number_equal(
	    &labels_at(&ask, PROTO_NUMBERS)->number, &claim.number));
	for (guint i = 0; i < 3; i++) {
		const struct label_set *set = labels_at(&ask, i);
		struct number number;

		assert_true(number_parse(set->number.s, NUMBER_LEN, &number));
		all[n++] = &set->agent;
		all[n++] = &set->player;
		all[n++] = &set->message;
		all[n++] = &set->message_mac;
		all[n++] = &set->bounce;
		all[n++] = &set->bounce_mac;
	}
	for (guint i = 0; i < n; i++) {
		gboolean is_masked = i % 6 == 4;

		assert_int_equal(strlen(all[i]->s),
		    is_masked ? LABEL_MASKED_LEN : LABEL_MAC_LEN);
		for (guint k = 0; k < i; k++)
			assert_string_not_equal(all[i]->s, all[k]->s);
	}
	ask_clear(&ask);
}

static void
identify_refuses_too_much(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	g_autofree guint8 *big = g_malloc0(PROTO_ENVELOPE_MAX + 1);
	struct ask ask;
	GError *err = NULL;

	ask_init(&ask);
	g_bytes_unref(ask.request.envelope);
	ask.request.envelope = g_bytes_new_static(big, PROTO_ENVELOPE_MAX + 1);
	assert_false(
	    vault_identify(vault, &ask.request, START, &ask.answer, &err));
	assert_true(error_is(err, ERROR_PERM));
	g_clear_error(&err);
	assert_null(ask.answer.epochs);
	g_bytes_unref(ask.request.envelope);
	ask.request.envelope = g_bytes_new(NULL, 0);
	g_array_set_size(ask.request.claims, PROTO_CLAIMS_MAX + 1);
	memset(ask.request.claims->data, 0,
	    (PROTO_CLAIMS_MAX + 1) * sizeof(struct proto_claim));
	assert_false(
	    vault_identify(vault, &ask.request, START, &ask.answer, &err));
	assert_true(error_is(err, ERROR_PERM));
	g_clear_error(&err);
	g_array_set_size(ask.request.claims, PROTO_CLAIMS_MAX);
	identify(vault, &ask, START);
	assert_int_equal(g_bytes_get_size(ask.answer.sealed), 0);
	ask_forget(&ask);
	g_array_set_size(ask.request.clues, PROTO_CLUES_MAX + 1);
	assert_false(
	    vault_identify(vault, &ask.request, START, &ask.answer, &err));
	assert_true(error_is(err, ERROR_PERM));
	g_clear_error(&err);
	g_array_set_size(ask.request.clues, 0);
	/* Keys that cannot be used make mail wait, whatever the reason. */
	ask_forget(&ask);
	assert_false(vault_identify(
	    vault, &ask.request, START - DAY, &ask.answer, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_non_null(strstr(err->message, "clock went back"));
	g_clear_error(&err);
	ask_clear(&ask);
}

/* --- proofs --------------------------------------------------------- */

static struct label_set
some_labels(struct vault *vault, gint64 now)
{
	struct ask ask;
	struct label_set set;

	ask_init(&ask);
	identify(vault, &ask, now);
	set = *labels_at(&ask, 0);
	ask_clear(&ask);
	return set;
}

static void
capabilities_prove_a_side(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	const struct label_set set = some_labels(vault, START);
	struct proto_claim claim = {
	    PROTO_VIA_CAPABILITY, set.number, {{0}}, set.player};
	struct proto_proof proof = prove(vault, "support", &claim, START);

	assert_int_equal(proof.is_valid, 1);
	assert_int_equal(proof.side, PROTO_SIDE_PLAYER);
	claim.mac = set.agent;
	proof = prove(vault, "support", &claim, START);
	assert_int_equal(proof.is_valid, 1);
	assert_int_equal(proof.side, PROTO_SIDE_AGENT);
	proof = prove(vault, "vip", &claim, START);
	assert_int_equal(proof.is_valid, 0);
	assert_int_equal(proof.side, PROTO_SIDE_NONE);
	claim.number = number_from_bits(5);
	assert_int_equal(prove(vault, "support", &claim, START).is_valid, 0);
	claim.number = set.number;
	/* Each wrong character, a short one, an empty one. */
	for (guint i = 0; i < LABEL_MAC_LEN; i++) {
		claim.mac = set.player;
		claim.mac.s[i] = claim.mac.s[i] == 'x' ? 'y' : 'x';
		proof = prove(vault, "support", &claim, START);
		assert_int_equal(proof.is_valid, 0);
		assert_int_equal(proof.side, PROTO_SIDE_NONE);
		claim.mac = set.player;
		claim.mac.s[i] = '\0';
		assert_int_equal(
		    prove(vault, "support", &claim, START).is_valid, 0);
	}
	claim.mac = set.player;
	claim.mac.s[LABEL_MAC_LEN] = 'x';
	assert_int_equal(prove(vault, "support", &claim, START).is_valid, 0);
}

static void
proofs_do_not_cross(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	const struct label_set set = some_labels(vault, START);
	const struct {
		struct proto_claim claim;
		guint valid;
	} rows[] = {
	    {{PROTO_VIA_MESSAGE_ID, set.number, set.message, set.message_mac},
		1},
	    {{PROTO_VIA_SELF, set.number, set.message, set.message_mac}, 1},
	    {{PROTO_VIA_MESSAGE_ID, number_from_bits(1), set.message,
		 set.message_mac},
		0},
	    {{PROTO_VIA_MESSAGE_ID, set.number, set.bounce, set.message_mac},
		0},
	    {{PROTO_VIA_MESSAGE_ID, set.number, set.bounce, set.bounce_mac}, 0},
	    {{PROTO_VIA_MESSAGE_ID, set.number, set.message, set.player}, 0},
	    {{PROTO_VIA_MESSAGE_ID, set.number, {{0}}, {{0}}}, 0},
	    {{PROTO_VIA_SELF, set.number, set.message, set.player}, 0},
	    {{PROTO_VIA_SELF, set.number, set.bounce, set.bounce_mac}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, {{0}}, set.bounce_mac}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, set.bounce, set.player}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, set.bounce, {{0}}}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, {"00000000"}, set.bounce_mac}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, {"!0000000"}, set.bounce_mac}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, set.message, set.message_mac}, 0},
	    {{PROTO_VIA_BOUNCE, {{0}}, set.message, set.bounce_mac}, 0},
	    {{PROTO_VIA_CAPABILITY, set.number, set.message, set.message_mac},
		0},
	    {{PROTO_VIA_CAPABILITY, set.number, set.bounce, set.bounce_mac}, 0},
	    {{PROTO_VIA_SUBJECT, set.number, {{0}}, set.player}, 0},
	    {{PROTO_VIA_SUBJECT, set.number, set.message, set.message_mac}, 0},
	    {{0, set.number, {{0}}, set.player}, 0},
	    {{99, set.number, {{0}}, set.player}, 0},
	};

	for (guint i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct proto_proof proof =
		    prove(vault, "support", &rows[i].claim, START);

		if (proof.is_valid != rows[i].valid || proof.side != 0 ||
		    number_is_set(&proof.number) || proof.job != 0)
			fail_msg("row %u", i);
	}
}

static void
proofs_die_with_their_epoch(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	const struct label_set set = some_labels(vault, START);
	const struct proto_claim capability = {
	    PROTO_VIA_CAPABILITY, set.number, {{0}}, set.player};
	const struct proto_claim message = {
	    PROTO_VIA_MESSAGE_ID, set.number, set.message, set.message_mac};

	for (gint64 week = 0; week < 8; week++) {
		gint64 now = START + week * WEEK;

		assert_int_equal(
		    prove(vault, "support", &capability, now).is_valid,
		    week < 6);
		assert_int_equal(
		    prove(vault, "support", &message, now).is_valid, week < 6);
	}
}

int
main(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    ONE(identity_covers_live_epochs),
	    ONE(contacts_are_addresses),
	    ONE(identity_is_deterministic),
	    ONE(labels_have_nothing_in_common),
	    ONE(identify_refuses_too_much),
	    ONE(capabilities_prove_a_side),
	    ONE(proofs_do_not_cross),
	    ONE(proofs_die_with_their_epoch),
	};
	int failed;

	log_init(ROLE_VAULT, LOG_LEVEL_ERROR);
	failed = cmocka_run_group_tests_name("vault", tests, NULL, NULL);
	failed += vault_label_tests();
	failed += vault_guess_tests();
	failed += vault_chance_tests();
	failed += vault_seal_tests();
	failed += vault_receipt_tests();
	failed += vault_key_tests();
	failed += vault_fault_tests();
	return failed == 0 ? 0 : 1;
}
