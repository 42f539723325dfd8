/*
 * Sealed envelopes, and how fast they open.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/error.h"
#include "vault/bucket.h"

#include "vault_fixture.h"

#include "base/banned.h"

static struct proto_vault_open
open_request(const struct ask *ask)
{
	return (struct proto_vault_open){.queue = (char *)"support",
	    .epoch = ids_at(ask, 0)->epoch,
	    .contact = ids_at(ask, 0)->contact,
	    .job = {{9, 9}},
	    .kind = PROTO_JOB_ACK,
	    .number = labels_at(ask, 0)->number,
	    .sealed = ask->answer.sealed};
}

static gboolean
opens(struct vault *vault, const struct proto_vault_open *request, gint64 now,
    enum error_kind kind)
{
	struct proto_vault_opened opened = {0};
	g_autoptr(GError) err = NULL;

	if (vault_open(vault, request, now, &opened, &err)) {
		g_bytes_unref(opened.envelope);
		return TRUE;
	}
	assert_true(error_is(err, kind));
	assert_null(opened.envelope);
	assert_false(number_is_set(&opened.label.number));
	return FALSE;
}

static void
envelopes_have_one_length(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	static const gsize lengths[] = {1, 6, 320, 1983, PROTO_ENVELOPE_MAX};
	g_autofree guint8 *content = g_malloc(PROTO_ENVELOPE_MAX);

	memset(content, 0x80, PROTO_ENVELOPE_MAX); /* the padding's mark */
	for (guint i = 0; i < G_N_ELEMENTS(lengths); i++) {
		struct ask ask;
		struct proto_vault_open request;
		struct proto_vault_opened opened = {0};

		ask_init(&ask);
		g_bytes_unref(ask.request.envelope);
		ask.request.envelope = g_bytes_new(content, lengths[i]);
		identify(vault, &ask, START);
		assert_int_equal(
		    g_bytes_get_size(ask.answer.sealed), VAULT_SEALED_LEN);
		request = open_request(&ask);
		assert_true(vault_open(vault, &request, START, &opened, NULL));
		assert_true(
		    g_bytes_equal(opened.envelope, ask.request.envelope));
		g_bytes_unref(opened.envelope);
		ask_clear(&ask);
	}
	assert_int_equal(vault_counters(vault)->opened, G_N_ELEMENTS(lengths));
}

static void
envelopes_are_bound(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;
	struct proto_vault_open request;
	g_autofree guint8 *bytes = NULL;

	vault_tick(vault, START + WEEK, NULL);
	ask_init(&ask);
	identify(vault, &ask, START + WEEK);
	request = open_request(&ask);
	assert_true(opens(vault, &request, START + WEEK, ERROR_PERM));
	request.contact.b[31] ^= 1;
	assert_false(opens(vault, &request, START + WEEK, ERROR_PERM));
	request.contact.b[31] ^= 1;
	request.epoch--; /* alive, but not the one it was sealed under */
	assert_false(opens(vault, &request, START + WEEK, ERROR_PERM));
	request.epoch = G_MININT64;
	assert_false(opens(vault, &request, START + WEEK, ERROR_PERM));
	request.epoch = ids_at(&ask, 0)->epoch;
	bytes = g_memdup2(
	    g_bytes_get_data(ask.answer.sealed, NULL), VAULT_SEALED_LEN);
	for (gsize i = 0; i < VAULT_SEALED_LEN;
	     i += i < 32 || i > VAULT_SEALED_LEN - 32 ? 1 : 61) {
		bytes[i] ^= 0x20;
		request.sealed = g_bytes_new_static(bytes, VAULT_SEALED_LEN);
		assert_false(opens(vault, &request, START + WEEK, ERROR_PERM));
		g_bytes_unref(request.sealed);
		bytes[i] ^= 0x20;
	}
	for (gsize len = 0; len < VAULT_SEALED_LEN; len += 521) {
		request.sealed = g_bytes_new_static(bytes, len);
		assert_false(opens(vault, &request, START + WEEK, ERROR_PERM));
		g_bytes_unref(request.sealed);
	}
	request.sealed = NULL;
	assert_false(opens(vault, &request, START + WEEK, ERROR_PERM));
	ask_clear(&ask);
}

static void
envelopes_die_with_their_epoch(void **state)
{
	const char *dir = *state;
	struct vault *vault = vault_at(dir, START);
	struct ask ask;
	struct proto_vault_open request;
	struct proto_vault_opened opened = {0};
	const gint64 death = G_GINT64_CONSTANT(2901) * WEEK + 35 * DAY;
	GError *err = NULL;

	ask_init(&ask);
	identify(vault, &ask, START);
	request = open_request(&ask);
	assert_true(opens(vault, &request, death - 1, ERROR_PERM));
	/* Nobody ticked, still the key is gone on the second. */
	assert_false(vault_open(vault, &request, death, &opened, &err));
	assert_true(error_is(err, ERROR_PERM));
	assert_string_equal(err->message, "the key is gone");
	g_clear_error(&err);
	vault_free(vault);
	vault = vault_at(dir, death);
	assert_false(opens(vault, &request, death, ERROR_PERM));
	vault_free(vault);
	ask_clear(&ask);
}

static void
jobs_have_their_own_ids(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;
	struct proto_vault_open request;
	struct proto_vault_opened a[4] = {0};
	struct proto_claim claim = {.via = PROTO_VIA_CAPABILITY};

	ask_init(&ask);
	identify(vault, &ask, START);
	request = open_request(&ask);
	assert_true(vault_open(vault, &request, START, &a[0], NULL));
	assert_true(vault_open(vault, &request, START + WEEK, &a[1], NULL));
	request.kind = PROTO_JOB_ANSWER;
	assert_true(vault_open(vault, &request, START + WEEK, &a[2], NULL));
	request.job.b[0] ^= 1;
	assert_true(vault_open(vault, &request, START + WEEK, &a[3], NULL));
	/* A job tried again in the next epoch keeps its ids. */
	assert_string_equal(a[0].label.message.s, a[1].label.message.s);
	assert_string_equal(a[0].label.message_mac.s, a[1].label.message_mac.s);
	assert_string_equal(a[0].label.bounce.s, a[1].label.bounce.s);
	assert_string_equal(a[0].label.bounce_mac.s, a[1].label.bounce_mac.s);
	assert_string_equal(a[0].label.player.s, labels_at(&ask, 0)->player.s);
	for (guint i = 0; i < 4; i++) {
		claim.number = a[i].label.number;
		claim.mac = a[i].label.player;
		assert_int_equal(
		    prove(vault, "support", &claim, START + WEEK).side,
		    PROTO_SIDE_PLAYER);
		assert_string_equal(a[i].label.agent.s, "");
		g_bytes_unref(a[i].envelope);
	}
	for (guint i = 2; i < 4; i++)
		assert_string_not_equal(
		    a[i].label.message.s, a[i - 1].label.message.s);
	/* The envelope sender is the kind's, whatever the mail. */
	assert_string_not_equal(a[2].label.bounce.s, a[1].label.bounce.s);
	assert_string_equal(a[3].label.bounce.s, a[2].label.bounce.s);
	assert_string_equal(a[3].label.bounce_mac.s, a[2].label.bounce_mac.s);
	claim = (struct proto_claim){PROTO_VIA_MESSAGE_ID, a[3].label.number,
	    a[3].label.message, a[3].label.message_mac};
	assert_int_equal(
	    prove(vault, "support", &claim, START + WEEK).is_valid, 1);
	claim = (struct proto_claim){
	    PROTO_VIA_BOUNCE, {{0}}, a[3].label.bounce, a[3].label.bounce_mac};
	assert_int_equal(
	    prove(vault, "support", &claim, START + WEEK).is_valid, 1);
	ask_clear(&ask);
}

static void
jobs_name_a_ticket_and_a_kind(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	static const guint32 kinds[] = {0, PROTO_JOB_END, 32, G_MAXUINT32,
	    PROTO_JOB_STAGE, PROTO_JOB_HANDED, PROTO_JOB_WEEKLY};
	struct ask ask;
	struct proto_vault_open request;

	ask_init(&ask);
	identify(vault, &ask, START);
	request = open_request(&ask);
	for (guint i = 0; i < G_N_ELEMENTS(kinds); i++) {
		request.kind = kinds[i];
		assert_false(opens(vault, &request, START, ERROR_PERM));
	}
	request.kind = PROTO_JOB_ANSWER;
	assert_true(opens(vault, &request, START, ERROR_PERM));
	request.number = (struct number){{0}};
	assert_false(opens(vault, &request, START, ERROR_PERM));
	ask_clear(&ask);
}

/* --- bucket --------------------------------------------------------- */

static guint
take_all(struct bucket *bucket, gint64 now)
{
	guint n = 0;

	while (n < 1000 && bucket_take(bucket, now))
		n++;
	return n;
}

static void
bucket_counts(void **state)
{
	struct bucket bucket;

	(void)state;
	bucket_init(&bucket, 3, 10);
	assert_int_equal(take_all(&bucket, 100), 10);
	assert_int_equal(take_all(&bucket, 100), 0);
	assert_int_equal(take_all(&bucket, 101), 3);
	assert_int_equal(take_all(&bucket, 103), 6);
	assert_int_equal(take_all(&bucket, 90), 0);
	assert_int_equal(take_all(&bucket, 104), 3);
	assert_int_equal(take_all(&bucket, 1000), 10);
	assert_int_equal(take_all(&bucket, G_MAXINT64), 10);
	bucket_init(&bucket, G_MAXINT64, 5);
	assert_int_equal(take_all(&bucket, 0), 5);
	assert_int_equal(take_all(&bucket, 2), 5);
	bucket_init(&bucket, 0, 2);
	assert_int_equal(take_all(&bucket, 0), 2);
	assert_int_equal(take_all(&bucket, 1000), 0);
	bucket_init(&bucket, -1, -1);
	assert_int_equal(take_all(&bucket, 0), 0);
}

static void
opening_is_limited(void **state)
{
	const struct keys_policy times = {WEEK, 35 * DAY};
	const struct vault_policy policy = {2, 5};
	g_autoptr(vault_auto) vault =
	    vault_new(keys_open(*state, &times, START, NULL), &policy);
	struct ask ask;
	struct proto_vault_open request;
	guint done = 0;

	ask_init(&ask);
	identify(vault, &ask, START);
	request = open_request(&ask);
	for (guint i = 0; i < 8; i++)
		done += opens(vault, &request, START, ERROR_TEMP) ? 1 : 0;
	assert_int_equal(done, 5);
	assert_true(opens(vault, &request, START + 1, ERROR_TEMP));
	/* What does not open costs as much. */
	request.contact.b[0] ^= 1;
	assert_false(opens(vault, &request, START + 1, ERROR_PERM));
	assert_false(opens(vault, &request, START + 1, ERROR_TEMP));
	assert_int_equal(vault_counters(vault)->opened, 6);
	assert_int_equal(vault_counters(vault)->refused, 4);
	ask_clear(&ask);
}

int
vault_seal_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    ONE(envelopes_have_one_length),
	    ONE(envelopes_are_bound),
	    ONE(envelopes_die_with_their_epoch),
	    ONE(jobs_have_their_own_ids),
	    ONE(jobs_name_a_ticket_and_a_kind),
	    cmocka_unit_test(bucket_counts),
	    ONE(opening_is_limited),
	};

	return cmocka_run_group_tests_name("seal", tests, NULL, NULL);
}
