/*
 * Envelope senders, and the clues of a mail.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/error.h"
#include "proto/codec.h"

#include "vault_fixture.h"

#include "base/banned.h"

/* --- envelope senders ------------------------------------------------- */

/* The labels of a mail to the player, of the ticket that ask opens. */
static struct label_set
job_labels(struct vault *vault, const struct ask *ask,
    enum proto_job_kind kind, gint64 now)
{
	const struct proto_vault_open request = {.queue = ask->request.queue,
	    .epoch = ids_at(ask, 0)->epoch,
	    .contact = ids_at(ask, 0)->contact,
	    .job = ids_at(ask, 0)->fingerprint,
	    .kind = kind,
	    .number = labels_at(ask, 0)->number,
	    .sealed = ask->answer.sealed};
	struct proto_vault_opened opened = {0};
	g_autoptr(GError) err = NULL;

	if (!vault_open(vault, &request, now, &opened, &err))
		fail_msg("vault_open: %s", err->message);
	g_bytes_unref(opened.envelope);
	return opened.label;
}

static struct proto_claim
bounce_of(const struct label_set *set)
{
	return (struct proto_claim){
	    PROTO_VIA_BOUNCE, {{0}}, set->bounce, set->bounce_mac};
}

static gboolean
is_to_agents(guint32 kind)
{
	return kind == PROTO_JOB_STAGE || kind == PROTO_JOB_HANDED ||
	    kind == PROTO_JOB_WEEKLY;
}

/* The labels of a mail to agents, of the ticket that ask opens. */
static struct label_set
word_labels(struct vault *vault, const struct ask *ask, guint32 kind,
    gint64 now)
{
	const struct proto_vault_label request = {.queue = ask->request.queue,
	    .job = ids_at(ask, 0)->fingerprint,
	    .kind = kind,
	    .number = labels_at(ask, 0)->number};
	struct proto_vault_labelled labelled = {0};
	g_autoptr(GError) err = NULL;

	if (!vault_label(vault, &request, now, &labelled, &err))
		fail_msg("vault_label: %s", err->message);
	return labelled.label;
}

/* Kind 0 is the agents' copy, made with the mail itself. */
static struct label_set
sender_of(struct vault *vault, const struct ask *ask, guint32 kind, gint64 now)
{
	if (is_to_agents(kind))
		return word_labels(vault, ask, kind, now);
	return kind == 0 ? *labels_at(ask, 0)
			 : job_labels(vault, ask, (enum proto_job_kind)kind,
			       now);
}

static void
senders_open_to_number_and_job(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;

	ask_init(&ask);
	identify(vault, &ask, START);
	for (guint32 kind = 0; kind < PROTO_JOB_END; kind++) {
		struct label_set set = sender_of(vault, &ask, kind, START);
		struct proto_claim claim = bounce_of(&set);
		struct proto_proof proof =
		    prove(vault, "support", &claim, START);

		assert_int_equal(proof.is_valid, 1);
		assert_string_equal(
		    proof.number.s, labels_at(&ask, 0)->number.s);
		assert_int_equal(proof.job, kind);
		assert_int_equal(proof.side,
		    kind == 0 || is_to_agents(kind) ? PROTO_SIDE_AGENT
						    : PROTO_SIDE_PLAYER);
		/* What the mail says of itself counts for nothing. */
		claim.number = labels_at(&ask, 1)->number;
		proof = prove(vault, "support", &claim, START);
		assert_string_equal(
		    proof.number.s, labels_at(&ask, 0)->number.s);
		proof = prove(vault, "vip", &claim, START);
		assert_int_equal(proof.is_valid, 0);
		assert_int_equal(proof.side, PROTO_SIDE_NONE);
		assert_int_equal(proof.job, 0);
		assert_false(number_is_set(&proof.number));
	}
	ask_clear(&ask);
}

/* Whoever gets a bounce can answer in its ticket. */
static void
bounces_have_labels(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;
	struct ask other;
	struct proto_claim wrong;
	struct proto_claim right;

	ask_init(&ask);
	ask_init(&other);
	identify(vault, &ask, START);
	right = bounce_of(labels_at(&ask, 0));
	wrong = right;
	wrong.mac.s[0] = wrong.mac.s[0] == 'x' ? 'y' : 'x';
	other.request.digest.b[9] = 9;
	g_array_append_val(other.request.claims, wrong);
	g_array_append_val(other.request.claims, right);
	identify(vault, &other, START);
	assert_int_equal(other.answer.labels->len, PROTO_NUMBERS + 1);
	assert_string_equal(labels_at(&other, PROTO_NUMBERS)->number.s,
	    labels_at(&ask, 0)->number.s);
	/* Another mail of the ticket has the same addresses, but other ids. */
	assert_string_equal(labels_at(&other, PROTO_NUMBERS)->agent.s,
	    labels_at(&ask, 0)->agent.s);
	assert_string_equal(labels_at(&other, PROTO_NUMBERS)->bounce.s,
	    labels_at(&ask, 0)->bounce.s);
	assert_string_not_equal(labels_at(&other, PROTO_NUMBERS)->message.s,
	    labels_at(&ask, 0)->message.s);
	ask_clear(&ask);
	ask_clear(&other);
}

static void
senders_die_with_their_epoch(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct label_set copy;
	struct label_set job;
	struct ask ask;

	ask_init(&ask);
	identify(vault, &ask, START);
	copy = *labels_at(&ask, 0);
	for (gint64 week = 0; week < 8; week++) {
		gint64 now = START + week * WEEK;
		struct proto_claim claim = bounce_of(&copy);

		assert_int_equal(
		    prove(vault, "support", &claim, now).is_valid, week < 6);
		if (week >= 6)
			continue;
		/* The envelope's epoch, however late the mail leaves. */
		job = job_labels(vault, &ask, PROTO_JOB_ACK, now);
		claim = bounce_of(&job);
		assert_int_equal(
		    prove(vault, "support", &claim, now).job, PROTO_JOB_ACK);
	}
	for (guint e = 0; e < 2; e++) {
		struct proto_claim claim = bounce_of(e == 0 ? &copy : &job);

		assert_int_equal(prove(vault, "support", &claim,
				     START + 8 * WEEK)
				     .is_valid,
		    0);
	}
	ask_clear(&ask);
}

/* --- mails to agents -------------------------------------------------- */

static void
words_have_the_agents_side(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;
	struct label_set set, other;
	struct proto_claim claim = {.via = PROTO_VIA_CAPABILITY};

	ask_init(&ask);
	identify(vault, &ask, START);
	set = word_labels(vault, &ask, PROTO_JOB_HANDED, START);
	assert_string_equal(set.number.s, labels_at(&ask, 0)->number.s);
	assert_string_equal(set.agent.s, labels_at(&ask, 0)->agent.s);
	assert_string_equal(set.player.s, "");
	claim.number = set.number;
	claim.mac = set.agent;
	assert_int_equal(prove(vault, "support", &claim, START).side,
	    PROTO_SIDE_AGENT);
	claim = (struct proto_claim){.via = PROTO_VIA_MESSAGE_ID,
	    .number = set.number,
	    .token = set.message,
	    .mac = set.message_mac};
	assert_int_equal(prove(vault, "support", &claim, START).is_valid, 1);
	/* The same for the same, and another one for whatever differs. */
	other = word_labels(vault, &ask, PROTO_JOB_HANDED, START + DAY);
	assert_memory_equal(&set, &other, sizeof(set));
	other = word_labels(vault, &ask, PROTO_JOB_STAGE, START + DAY);
	assert_string_equal(set.agent.s, other.agent.s);
	assert_string_not_equal(set.message.s, other.message.s);
	assert_string_not_equal(set.bounce.s, other.bounce.s);
	assert_string_not_equal(set.message.s, labels_at(&ask, 0)->message.s);
	g_array_index(ask.answer.epochs, struct proto_epoch_ids, 0)
	    .fingerprint.b[0] ^= 1;
	other = word_labels(vault, &ask, PROTO_JOB_HANDED, START + DAY);
	assert_string_not_equal(set.message.s, other.message.s);
	ask_clear(&ask);
}

/* Neither call gives the other side's. */
static void
sides_are_kept_apart(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct ask ask;

	ask_init(&ask);
	identify(vault, &ask, START);
	for (guint32 kind = 0; kind <= PROTO_JOB_END; kind++) {
		struct proto_vault_label label = {
		    .queue = ask.request.queue,
		    .kind = kind,
		    .number = labels_at(&ask, 0)->number};
		const struct proto_vault_open open = {
		    .queue = ask.request.queue,
		    .epoch = ids_at(&ask, 0)->epoch,
		    .contact = ids_at(&ask, 0)->contact,
		    .kind = kind,
		    .number = labels_at(&ask, 0)->number,
		    .sealed = ask.answer.sealed};
		struct proto_vault_labelled labelled = {0};
		struct proto_vault_opened opened = {0};
		g_autoptr(GError) err = NULL;
		gboolean is_player = kind != 0 && kind != PROTO_JOB_END &&
		    !is_to_agents(kind);

		assert_int_equal(vault_label(vault, &label, START, &labelled,
				     &err),
		    is_to_agents(kind));
		assert_true(is_to_agents(kind) || error_is(err, ERROR_PERM));
		g_clear_error(&err);
		assert_int_equal(
		    vault_open(vault, &open, START, &opened, &err),
		    is_player);
		assert_true(is_player || error_is(err, ERROR_PERM));
		g_clear_error(&err);
		proto_clear(PROTO_VAULT_OPENED, &opened);
		label.number = (struct number){{0}};
		assert_false(
		    vault_label(vault, &label, START, &labelled, &err));
		assert_true(error_is(err, ERROR_PERM));
	}
	ask_clear(&ask);
}

/* --- clues ------------------------------------------------------------ */

static const struct proto_clue *
clue_at(const struct ask *ask, guint i)
{
	assert_true(i < ask->answer.clues->len);
	return &g_array_index(ask->answer.clues, struct proto_clue, i);
}

static void
clues_are_keyed_by_epoch(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	static struct proto_clue_text texts[] = {
	    {PROTO_CLUE_ID, (char *)"a@mail.example"},
	    {PROTO_CLUE_THREAD, (char *)"a@mail.example"},
	    {PROTO_CLUE_WORDS, (char *)"a@mail.example"},
	    {PROTO_CLUE_REFERENCE, (char *)"a@mail.example"},
	    {PROTO_CLUE_REFERENCE, (char *)"b@mail.example"},
	    {PROTO_CLUE_ID, (char *)""},
	};
	const guint n = G_N_ELEMENTS(texts);
	struct ask ask;

	g_assert_true(vault_tick(vault, START + WEEK, NULL));
	ask_init(&ask);
	g_array_append_vals(ask.request.clues, texts, n);
	identify(vault, &ask, START + WEEK);
	assert_int_equal(ask.answer.clues->len, 2 * n);
	for (guint i = 0; i < 2 * n; i++) {
		assert_int_equal(clue_at(&ask, i)->kind, texts[i % n].kind);
		assert_true(clue_at(&ask, i)->epoch ==
			    ids_at(&ask, i / n)->epoch);
		for (guint k = 0; k < i; k++) {
			gboolean is_same = i / n == k / n && k % n == 0 &&
					   i % n == 3;

			assert_true(key_equal(&clue_at(&ask, i)->key,
					&clue_at(&ask, k)->key) == is_same);
		}
		assert_false(key_equal(&clue_at(&ask, i)->key,
		    &ids_at(&ask, i / n)->fingerprint));
	}
	ask_clear(&ask);
}

/* Only the text counts: the next mail of the thread has to find it. */
static void
clues_are_found_again(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	struct proto_clue_text text = {PROTO_CLUE_ID, (char *)"a@mail.example"};
	struct ask first;
	struct ask next;

	ask_init(&first);
	ask_init(&next);
	g_array_append_val(first.request.clues, text);
	text.kind = PROTO_CLUE_REFERENCE;
	g_array_append_val(next.request.clues, text);
	next.request.queue = (char *)"vip";
	next.request.sender_addr = (char *)"player.two@mail.example";
	next.request.digest.b[1] ^= 1;
	identify(vault, &first, START);
	identify(vault, &next, START + WEEK);
	assert_int_equal(next.answer.clues->len, 2);
	assert_true(
	    key_equal(&clue_at(&first, 0)->key, &clue_at(&next, 1)->key));
	assert_false(
	    key_equal(&clue_at(&first, 0)->key, &clue_at(&next, 0)->key));
	ask_clear(&first);
	ask_clear(&next);
}

static void
lists_may_be_missing(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	const struct proto_vault_identify request = {
	    .queue = (char *)"support", .sender_addr = (char *)""};
	struct ask ask = {.request = request};

	identify(vault, &ask, START);
	assert_int_equal(ask.answer.proofs->len, 0);
	assert_int_equal(ask.answer.clues->len, 0);
	assert_int_equal(ask.answer.labels->len, PROTO_NUMBERS);
	assert_int_equal(g_bytes_get_size(ask.answer.sealed), 0);
	ask_forget(&ask);
}

int
vault_label_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    ONE(senders_open_to_number_and_job),
	    ONE(bounces_have_labels),
	    ONE(senders_die_with_their_epoch),
	    ONE(words_have_the_agents_side),
	    ONE(sides_are_kept_apart),
	    ONE(clues_are_keyed_by_epoch),
	    ONE(clues_are_found_again),
	    ONE(lists_may_be_missing),
	};

	return cmocka_run_group_tests_name("labels", tests, NULL, NULL);
}
