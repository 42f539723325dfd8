/*
 * What numbers and addresses look like to somebody without the keys.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "ticket/label.h"

#include "vault_fixture.h"

#include "base/banned.h"

#define BASE32 "0123456789abcdefghjkmnpqrstvwxyz"
#define NUMBERS 100000
#define SENDERS 20000

/* Honest randomness gives more with a chance below 1e-10, for 31 and for 1023
 * degrees of freedom; keys differ with each run. */
#define CHI_31 112.0
#define CHI_1023 1345.0
#define SIGMAS 6.5

/* How often each value stood at each place. */
struct tally {
	guint count[LABEL_MAC_LEN][32];
	guint n;
};

static guint
value_of(char c)
{
	const char *at = strchr(BASE32, g_ascii_tolower(c));

	assert_true(c != '\0' && at != NULL);
	return (guint)(at - BASE32);
}

static void
tally_add(struct tally *tally, const char *text)
{
	for (guint i = 0; text[i] != '\0'; i++)
		tally->count[i][value_of(text[i])]++;
	tally->n++;
}

static double
chi_square(const guint *count, guint cells, guint n)
{
	double expected = (double)n / cells;
	double sum = 0;

	for (guint i = 0; i < cells; i++)
		sum += (count[i] - expected) * (count[i] - expected) / expected;
	return sum;
}

static void
tally_is_flat(const struct tally *tally, guint len)
{
	for (guint i = 0; i < len; i++) {
		double chi = chi_square(tally->count[i], 32, tally->n);

		if (chi > CHI_31)
			fail_msg("place %u: chi-square %.0f", i, chi);
	}
}

/* The numbers of so many mails that differ in a counter alone. */
static GArray *
many_numbers(const char *dir, guint len)
{
	g_autoptr(vault_auto) vault = vault_at(dir, START);
	GArray *bits = g_array_new(FALSE, FALSE, sizeof(guint64));
	struct tally *tally = g_new0(struct tally, 1);
	struct ask ask;

	ask_init(&ask);
	for (guint32 i = 0; bits->len < len; i++) {
		memcpy(ask.request.digest.b, &i, sizeof i);
		identify(vault, &ask, START);
		for (guint k = 0; k < PROTO_NUMBERS; k++) {
			const struct number *number =
			    &labels_at(&ask, k)->number;
			guint64 one = number_to_bits(number);

			tally_add(tally, number->s);
			g_array_append_val(bits, one);
		}
	}
	tally_is_flat(tally, NUMBER_LEN);
	g_free(tally);
	ask_clear(&ask);
	return bits;
}

static int
bits_compare(gconstpointer a, gconstpointer b)
{
	const guint64 *x = a;
	const guint64 *y = b;

	return *x < *y ? -1 : *x > *y;
}

static void
neighbours_are_flat(const GArray *bits)
{
	for (guint shift = 0; shift + 10 <= NUMBER_BITS; shift += 5) {
		guint count[1024] = {0};
		double chi;

		for (guint i = 0; i < bits->len; i++)
			count[g_array_index(bits, guint64, i) >> shift &
			      1023]++;
		chi = chi_square(count, G_N_ELEMENTS(count), bits->len);
		if (chi > CHI_1023)
			fail_msg("bit %u: chi-square %.0f", shift, chi);
	}
}

/* 35 bits: of a hundred thousand numbers two are equal with a chance of one in
 * seven, of a million some fourteen pairs are. That no two tickets get one
 * number is the store's promise, for which the vault offers two. */
static void
numbers_have_no_order(void **state)
{
	g_autoptr(GArray) bits = many_numbers(*state, NUMBERS);
	double n = bits->len;
	double ups = 0;
	guint equal = 0;

	neighbours_are_flat(bits);
	for (guint i = 1; i < bits->len; i++)
		ups += g_array_index(bits, guint64, i) >
			       g_array_index(bits, guint64, i - 1)
			   ? 1
			   : 0;
	/* Runs up in a random order: variance (n + 1) / 12. */
	ups -= (n - 1) / 2;
	assert_true(ups * ups < SIGMAS * SIGMAS * (n + 1) / 12);
	g_array_sort(bits, bits_compare);
	for (guint i = 1; i < bits->len; i++)
		equal += g_array_index(bits, guint64, i) ==
				 g_array_index(bits, guint64, i - 1)
			     ? 1
			     : 0;
	assert_true(equal <= 5);
}

/* Of consecutive numbers: whatever structure there is must not show. */
static void
senders_say_nothing(void **state)
{
	g_autoptr(vault_auto) vault = vault_at(*state, START);
	g_autoptr(GHashTable) seen =
	    g_hash_table_new_full(g_str_hash, g_str_equal, g_free, NULL);
	struct tally *tallies = g_new0(struct tally, 3);
	struct ask ask;

	ask_init(&ask);
	for (guint64 n = 0; n < SENDERS;) {
		g_array_set_size(ask.request.claims, 0);
		for (guint i = 0; i < PROTO_CLAIMS_MAX; i++) {
			struct proto_claim claim = {.via = PROTO_VIA_SUBJECT,
			    .number = number_from_bits(n++)};

			g_array_append_val(ask.request.claims, claim);
		}
		identify(vault, &ask, START);
		for (guint i = 0; i < PROTO_CLAIMS_MAX; i++) {
			const struct label_set *set =
			    labels_at(&ask, PROTO_NUMBERS + i);
			struct label_mac differs;
			guint64 bits;

			assert_true(label_masked_to_bits(&set->bounce, &bits));
			differs = label_masked_from_bits(
			    bits ^ number_to_bits(&set->number) << 5);
			tally_add(&tallies[0], set->bounce.s);
			tally_add(&tallies[1], set->bounce_mac.s);
			tally_add(&tallies[2], differs.s);
			assert_true(g_hash_table_add(
			    seen, g_strdup(set->bounce_mac.s)));
		}
	}
	tally_is_flat(&tallies[0], LABEL_MASKED_LEN);
	tally_is_flat(&tallies[1], LABEL_MAC_LEN);
	tally_is_flat(&tallies[2], LABEL_MASKED_LEN);
	g_free(tallies);
	ask_clear(&ask);
}

int
vault_chance_tests(void)
{
#define ONE(test) cmocka_unit_test_setup_teardown(test, dir_setup, dir_teardown)
	const struct CMUnitTest tests[] = {
	    ONE(numbers_have_no_order),
	    ONE(senders_say_nothing),
	};

	return cmocka_run_group_tests_name("chance", tests, NULL, NULL);
}
