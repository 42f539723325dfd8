/*
 * Labels.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>
#include <glib.h>

#include "base/config.h"
#include "ticket/label.h"

#include "base/banned.h"

int ticket_label_tests(void);

#define MAC_A "0123456789abc"
#define MAC_B "zyxwvtsrqpnmk"
#define MASKED "k7f39q2y"

static void
label_mac_is_65_bits(void **state)
{
	static const struct {
		guint8 bytes[9];
		const char *text;
	} rows[] = {
	    {{0}, "0000000000000"},
	    {{255, 255, 255, 255, 255, 255, 255, 255, 255}, "zzzzzzzzzzzzz"},
	    {{0x08}, "1000000000000"},
	    {{0, 0, 0, 0, 0, 0, 0, 0x01, 0}, "0000000000002"},
	    {{0, 0, 0, 0, 0, 0, 0, 0, 0x80}, "0000000000001"},
	    {{0, 0, 0, 0, 0, 0, 0, 0, 0x7f}, "0000000000000"},
	    {{0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x00},
		"0123456789abc"},
	};
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_string_equal(
		    label_mac_from_bytes(rows[i].bytes).s, rows[i].text);
}

static void
label_masks_40_bits(void **state)
{
	static const struct {
		guint64 bits;
		const char *text;
	} rows[] = {
	    {0, "00000000"},
	    {1, "00000001"},
	    {G_GUINT64_CONSTANT(0xffffffffff), "zzzzzzzz"},
	    {G_GUINT64_CONSTANT(0x100000000000001f), "0000000z"},
	    {G_GUINT64_CONSTANT(0x0800000000), "10000000"},
	};
	static const char *const none[] = {
	    "", "0000000", "000000000", MAC_A, "0000000i", "0000 000"};
	guint64 bits;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct label_mac masked = label_masked_from_bits(rows[i].bits);

		assert_string_equal(masked.s, rows[i].text);
		assert_true(label_masked_to_bits(&masked, &bits));
		assert_true(bits ==
			    (rows[i].bits & G_GUINT64_CONSTANT(0xffffffffff)));
	}
	for (gsize i = 0; i < G_N_ELEMENTS(none); i++) {
		struct label_mac masked = {{0}};

		memcpy(masked.s, none[i], strlen(none[i]));
		assert_false(label_masked_to_bits(&masked, &bits));
	}
}

static void
label_reads_extensions(void **state)
{
	static const struct {
		const char *text;
		enum label_kind kind;
	} rows[] = {
	    {"4000000t-" MAC_A, LABEL_CAPABILITY},
	    {"4000000T-0123456789ABC", LABEL_CAPABILITY},
	    {"e-4000000t-" MAC_A, LABEL_CAPABILITY},
	    {"E-4000000T-0123456789ABC", LABEL_CAPABILITY},
	    {"1-4000000t-" MAC_A, LABEL_CAPABILITY},
	    {"5-4000000t-" MAC_A, LABEL_CAPABILITY},
	    {"0-4000000t-" MAC_A, LABEL_NONE},
	    {"6-4000000t-" MAC_A, LABEL_NONE},
	    {"f-4000000t-" MAC_A, LABEL_NONE},
	    {"-4000000t-" MAC_A, LABEL_NONE},
	    {"ee-4000000t-" MAC_A, LABEL_NONE},
	    {"e-e-4000000t-" MAC_A, LABEL_NONE},
	    {"e4000000t-" MAC_A, LABEL_NONE},
	    {"e+4000000t-" MAC_A, LABEL_NONE},
	    {"e-4000000t-" MAC_A "0", LABEL_NONE},
	    {"e-4000000v-" MAC_A, LABEL_NONE},
	    {"e-b-" MASKED "." MAC_B, LABEL_NONE},
	    {"1-b-" MASKED "." MAC_B, LABEL_NONE},
	    {"e-", LABEL_NONE},
	    {"e", LABEL_NONE},
	    {"b-" MASKED "." MAC_B, LABEL_BOUNCE},
	    {"B-K7F39Q2Y.ZYXWVTSRQPNMK", LABEL_BOUNCE},
	    {"4000000v-" MAC_A, LABEL_NONE},
	    {"4000000t-" MAC_A "0", LABEL_NONE},
	    {"4000000t-0123456789ab", LABEL_NONE},
	    {"4000000t-0123456789abu", LABEL_NONE},
	    {"4000000t-0123456789abi", LABEL_NONE},
	    {"4000000t." MAC_A, LABEL_NONE},
	    {"4000-00t-" MAC_A, LABEL_NONE},
	    {"4000-000t-" MAC_A, LABEL_NONE},
	    {"4000000t", LABEL_NONE},
	    {"b-" MASKED, LABEL_NONE},
	    {"b-" MASKED ".", LABEL_NONE},
	    {"b-" MASKED "-" MAC_B, LABEL_NONE},
	    {"b-" MASKED "." MAC_B "x", LABEL_NONE},
	    {"b-" MASKED "." MASKED, LABEL_NONE},
	    {"b-" MASKED "0." MAC_B, LABEL_NONE},
	    {"b-k7f39q2." MAC_B, LABEL_NONE},
	    {"b-k7f39q2i." MAC_B, LABEL_NONE},
	    {"b-" MAC_A "." MAC_B, LABEL_NONE},
	    {"billing", LABEL_NONE},
	    {"", LABEL_NONE},
	};
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct label label =
		    label_parse_extension(rows[i].text, strlen(rows[i].text));

		if (label.kind != rows[i].kind)
			fail_msg("row %zu", i);
		if (label.kind == LABEL_CAPABILITY) {
			assert_string_equal(label.number.s, "4000000T");
			assert_string_equal(label.mac.s, MAC_A);
		} else if (label.kind == LABEL_BOUNCE) {
			assert_string_equal(label.token.s, MASKED);
			assert_string_equal(label.mac.s, MAC_B);
			assert_false(number_is_set(&label.number));
		} else {
			assert_false(number_is_set(&label.number));
			assert_string_equal(label.mac.s, "");
			assert_int_equal(label.wish, LABEL_WISH_NONE);
		}
	}
	/* A NUL is no end of the text. */
	assert_int_equal(
	    label_parse_extension("4000000t-" MAC_A "\0", 23).kind, LABEL_NONE);
	assert_int_equal(label_parse_extension("4000000t-\0"
					       "123456789abc",
			     22)
			     .kind,
	    LABEL_NONE);
}

static void
label_reads_message_ids(void **state)
{
	static const struct {
		const char *id;
		const char *domain;
		enum label_kind kind;
	} rows[] = {
	    {"4000000t." MAC_A "." MAC_B "@a.example", "a.example",
		LABEL_MESSAGE},
	    {"4000000T." MAC_A "." MAC_B "@A.Example", "a.example",
		LABEL_MESSAGE},
	    {"4000000t.root@a.example", "a.example", LABEL_ROOT},
	    {"4000000t.ROOT@a.example", "A.EXAMPLE", LABEL_ROOT},
	    {"4000000t.root@b\xc3\xbc"
	     "cher.example",
		"xn--bcher-kva.example", LABEL_ROOT},
	    {"4000000t.root@xn--bcher-kva.example",
		"b\xc3\x9c"
		"cher.example",
		LABEL_ROOT},
	    {"4000000t.root@b.example", "a.example", LABEL_NONE},
	    {"4000000t.root@x@a.example", "a.example", LABEL_NONE},
	    {"4000000t.root@a.example@b.example", "a.example", LABEL_NONE},
	    {"4000000t.roots@a.example", "a.example", LABEL_NONE},
	    {"4000000v.root@a.example", "a.example", LABEL_NONE},
	    {"4000000t." MAC_A "@a.example", "a.example", LABEL_NONE},
	    {"4000000t." MAC_A "." MAC_B "x@a.example", "a.example",
		LABEL_NONE},
	    {"4000000t." MAC_A "." MAC_B, "a.example", LABEL_NONE},
	    {"4000000t.root@\xff\xfe", "a.example", LABEL_NONE},
	    {"4000000t.root@", "a.example", LABEL_NONE},
	    {"<4000000t.root@a.example>", "a.example", LABEL_NONE},
	    {"@", "a.example", LABEL_NONE},
	    {"", "a.example", LABEL_NONE},
	};
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		struct label label =
		    label_parse_message_id(rows[i].id, rows[i].domain);

		if (label.kind != rows[i].kind)
			fail_msg("row %zu", i);
		if (label.kind == LABEL_NONE)
			assert_false(number_is_set(&label.number));
		else
			assert_string_equal(label.number.s, "4000000T");
		assert_string_equal(
		    label.token.s, label.kind == LABEL_MESSAGE ? MAC_A : "");
	}
}

static void
label_writes_what_it_reads(void **state)
{
	const struct label_set set = {.number = {"4000000T"},
	    .agent = {MAC_A},
	    .player = {MAC_B},
	    .message = {MAC_A},
	    .message_mac = {MAC_B},
	    .bounce = {MASKED},
	    .bounce_mac = {MAC_A}};
	g_autofree char *agent = label_agent_address(&set, "support", "a.ex");
	g_autofree char *player = label_player_address(&set, "support", "a.ex");
	g_autofree char *sender =
	    label_envelope_sender(&set, "support", "a.ex");
	g_autofree char *id = label_message_id(&set, "a.ex");
	g_autofree char *root = label_root_id(&set.number, "a.ex");

	(void)state;
	assert_string_equal(agent, "support+4000000t-" MAC_A "@a.ex");
	assert_string_equal(player, "support+4000000t-" MAC_B "@a.ex");
	assert_string_equal(sender, "support+b-" MASKED "." MAC_A "@a.ex");
	assert_string_equal(id, "4000000t." MAC_A "." MAC_B "@a.ex");
	assert_string_equal(root, "4000000t.root@a.ex");
	/* RFC 5321 4.5.3.1.1: a local part has at most 64 octets. */
	assert_true(strchr(sender, '@') - sender <= 64);
}

/* Every wish is written and read as itself, in either case, and is no part of
 * what is proven. */
static void
label_has_a_wish(void **state)
{
	static const struct {
		enum label_wish wish;
		const char *local;
	} rows[] = {
	    {LABEL_WISH_NONE, "support+4000000t-" MAC_B},
	    {LABEL_WISH_RATE_1, "support+1-4000000t-" MAC_B},
	    {LABEL_WISH_RATE_1 + 1, "support+2-4000000t-" MAC_B},
	    {LABEL_WISH_RATE_1 + 2, "support+3-4000000t-" MAC_B},
	    {LABEL_WISH_RATE_1 + 3, "support+4-4000000t-" MAC_B},
	    {LABEL_WISH_RATE_5, "support+5-4000000t-" MAC_B},
	    {LABEL_WISH_ESCALATE, "support+e-4000000t-" MAC_B},
	};
	const struct label_set set = {.number = {"4000000T"},
	    .agent = {MAC_A},
	    .player = {MAC_B}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *address = label_wish_address(
		    &set, rows[i].wish, "support", "a.ex");
		g_autofree char *want =
		    g_strconcat(rows[i].local, "@a.ex", NULL);
		const char *ext = rows[i].local + strlen("support+");
		g_autofree char *upper = g_ascii_strup(ext, -1);
		struct label label = label_parse_extension(ext, strlen(ext));
		struct label again =
		    label_parse_extension(upper, strlen(upper));

		assert_string_equal(address, want);
		assert_int_equal(label.wish, rows[i].wish);
		assert_int_equal(again.wish, rows[i].wish);
		assert_string_equal(label.number.s, "4000000T");
		assert_string_equal(label.mac.s, MAC_B);
		assert_true(strlen(rows[i].local) - strlen("support") <=
		    CONFIG_EXTENSION_MAX);
	}
	assert_int_equal(LABEL_WISH_RATE_5, 5);
}

int
ticket_label_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(label_mac_is_65_bits),
	    cmocka_unit_test(label_masks_40_bits),
	    cmocka_unit_test(label_reads_extensions),
	    cmocka_unit_test(label_reads_message_ids),
	    cmocka_unit_test(label_writes_what_it_reads),
	    cmocka_unit_test(label_has_a_wish),
	};

	return cmocka_run_group_tests_name("label", tests, NULL, NULL);
}
