/*
 * Which addresses are ours, in the shapes that clients and servers give them.
 */
#include "intake.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>
#include <glib/gstdio.h>

#include "base/addr.h"
#include "intake/place.h"

#include "base/banned.h"

#define NUM "4000000t"
#define MAC "0123456789abc"
#define CAP NUM "-" MAC
#define BOUNCE "b-k7f39q2y." MAC

/* In an order in which the first that fits would often be the wrong one. */
static struct config *
some_config(void)
{
	static const char text[] =
	    "[queue support]\naddress=Support@Casino.test\nrole=Casino\n"
	    "agents=team@agents.test\n"
	    "[queue tagged]\naddress=support+vip@casino.test\nrole=Casino\n"
	    "agents=team@agents.test\n"
	    "[queue support-vip]\naddress=support-vip@casino.test\n"
	    "role=Casino\nagents=team@agents.test\n"
	    "[queue support-b]\naddress=support-b@casino.test\n"
	    "role=Casino\nagents=team@agents.test\n"
	    "[queue idn]\naddress=support@b\xc3\xbc"
	    "cher.test\nrole=Casino\n"
	    "agents=team@agents.test\ncontrol=desk@control.test\n";
	g_autofree char *path = NULL;
	g_autoptr(GError) error = NULL;
	int fd = g_file_open_tmp("nd-place-XXXXXX", &path, NULL);
	struct config *config;

	assert_true(fd >= 0);
	close(fd);
	assert_true(g_file_set_contents(path, text, -1, NULL));
	config = config_load_file(path, &error);
	(void)g_unlink(path);
	if (config == NULL)
		fail_msg("%s", error->message);
	return config;
}

/* One for each row: the queue's name ("" for none of ours), kind of label. */
struct row {
	const char *addr; /* as in RCPT TO */
	const char *queue;
	enum label_kind kind;
};

static void
row_check(const struct config *config, const struct row *row,
    enum label_wish wish)
{
	g_autoptr(addr_auto) addr = addr_parse(row->addr, -1, NULL);
	const struct config_queue *queue;
	struct label label;

	if (addr == NULL)
		fail_msg("no address: %s", row->addr);
	queue = place_find(config, addr->local, addr->domain, &label);
	assert_ptr_equal(
	    queue, place_find(config, addr->local, addr->domain, NULL));
	if (strcmp(queue == NULL ? "" : queue->name, row->queue) != 0 ||
	    label.kind != row->kind || label.wish != wish)
		fail_msg("%s: queue %s, label %d, wish %d", row->addr,
		    queue == NULL ? "none" : queue->name, (int)label.kind,
		    (int)label.wish);
	assert_string_equal(
	    label.mac.s, row->kind == LABEL_NONE ? "" : MAC);
	assert_string_equal(
	    label.number.s, row->kind == LABEL_CAPABILITY ? "4000000T" : "");
	assert_string_equal(
	    label.token.s, row->kind == LABEL_BOUNCE ? "k7f39q2y" : "");
}

static void
rows_check(const struct row *rows, gsize len)
{
	g_autoptr(config_auto) config = some_config();

	for (gsize i = 0; i < len; i++)
		row_check(config, &rows[i], LABEL_WISH_NONE);
}

static void
place_knows_every_shape(void **state)
{
	static const struct row rows[] = {
	    {"support@casino.test", "support", LABEL_NONE},
	    {"SUPPORT@CASINO.TEST", "support", LABEL_NONE},
	    {"\"support\"@casino.test", "support", LABEL_NONE},
	    {"support+" CAP "@casino.test", "support", LABEL_CAPABILITY},
	    {"support+" BOUNCE "@casino.test", "support", LABEL_BOUNCE},
	    {"Support+4000000T-0123456789ABC@Casino.Test", "support",
		LABEL_CAPABILITY},
	    {"SUPPORT+B-K7F39Q2Y.0123456789ABC@CASINO.TEST", "support",
		LABEL_BOUNCE},
	    {"support+4OooOOoT-" MAC "@casino.test", "support",
		LABEL_CAPABILITY},
	    {"support-" CAP "@casino.test", "support", LABEL_CAPABILITY},
	    {"support=" CAP "@casino.test", "support", LABEL_CAPABILITY},
	    {"support-" BOUNCE "@casino.test", "support", LABEL_BOUNCE},
	    {"support=" BOUNCE "@casino.test", "support", LABEL_BOUNCE},
	    {"support%2B" CAP "@casino.test", "support", LABEL_CAPABILITY},
	    {"support%2b" BOUNCE "@casino.test", "support", LABEL_BOUNCE},
	    {"\"support+" CAP "\"@casino.test", "support", LABEL_CAPABILITY},
	    {"\"support\\+" CAP "\"@casino.test", "support", LABEL_CAPABILITY},
	    {"\"support-" BOUNCE "\"@casino.test", "support", LABEL_BOUNCE},
	    {"support+" CAP "@b\xc3\xbc"
	     "cher.test",
		"idn", LABEL_CAPABILITY},
	    {"support+" CAP "@XN--BCHER-KVA.test", "idn", LABEL_CAPABILITY},
	};

	(void)state;
	rows_check(rows, G_N_ELEMENTS(rows));
}

/* A wish survives what the address does. */
static void
place_knows_wishes(void **state)
{
	static const char *const shapes[] = {"support+%s@casino.test",
	    "support-%s@casino.test", "support=%s@casino.test",
	    "support%%2B%s@casino.test", "support%%2b%s@casino.test",
	    "SUPPORT+%s@CASINO.TEST", "\"support+%s\"@casino.test",
	    "\"support\\+%s\"@casino.test", "\"support-%s\"@casino.test",
	    "support-%s@XN--BCHER-KVA.test"};
	static const char marks[] = "12345e";
	static const struct row others[] = {
	    {"support-vip-e-" CAP "@casino.test", "support-vip",
		LABEL_CAPABILITY},
	    {"support-b+e-" CAP "@casino.test", "support-b",
		LABEL_CAPABILITY},
	    {"support-b-e-" CAP "@casino.test", "support-b",
		LABEL_CAPABILITY},
	    {"support+vip+e-" CAP "@casino.test", "tagged",
		LABEL_CAPABILITY},
	};
	g_autoptr(config_auto) config = some_config();

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(others); i++)
		row_check(config, &others[i], LABEL_WISH_ESCALATE);
	for (gsize i = 0; i < 2 * G_N_ELEMENTS(shapes); i++)
		for (const char *m = marks; *m != '\0'; m++) {
			g_autofree char *ext =
			    g_strdup_printf("%c-" CAP, *m);
			g_autofree char *upper = g_ascii_strup(ext, -1);
			g_auto(GStrv) halves =
			    g_strsplit(shapes[i / 2], "%s", 2);
			g_autofree char *bare = g_strconcat(halves[0],
			    i % 2 != 0 ? upper : ext, halves[1], NULL);
			g_auto(GStrv) parts = g_strsplit(bare, "%%", 2);
			g_autofree char *addr = g_strjoinv("%", parts);
			const struct row row = {addr,
			    strstr(addr, "casino") != NULL ||
				    strstr(addr, "CASINO") != NULL
				? "support"
				: "idn",
			    LABEL_CAPABILITY};

			row_check(config, &row,
			    (enum label_wish)(LABEL_WISH_RATE_1 +
				(m - marks)));
		}
}

static void
place_tells_ours_from_others(void **state)
{
	static const struct {
		const char *local;
		const char *domain;
		enum place place;
	} rows[] = {
	    {"support", "casino.test", PLACE_OURS},
	    {"support+" CAP, "CASINO.test", PLACE_OURS},
	    {"support+" NUM "-" "0123456789abd", "casino.test", PLACE_OURS},
	    {"desk", "control.test", PLACE_OURS},
	    {"staff", "casino.test", PLACE_UNKNOWN},
	    {"staff", "XN--BCHER-KVA.test", PLACE_UNKNOWN},
	    {"staff", "control.test", PLACE_UNKNOWN},
	    {"support", "other.test", PLACE_OTHERS},
	    {"support", "sub.casino.test", PLACE_OTHERS},
	    {"support", "", PLACE_OTHERS},
	};
	g_autoptr(config_auto) config = some_config();

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		assert_int_equal(place_judge(config, rows[i].local,
				     rows[i].domain),
		    rows[i].place);
}

static void
place_takes_no_junk_for_a_label(void **state)
{
	static const struct row rows[] = {
	    {"support+@casino.test", "support", LABEL_NONE},
	    {"support+sales@casino.test", "support", LABEL_NONE},
	    {"support%2Bsales@casino.test", "support", LABEL_NONE},
	    {"support+" CAP "0@casino.test", "support", LABEL_NONE},
	    {"support+" CAP "+x@casino.test", "support", LABEL_NONE},
	    {"\"support+" CAP " \"@casino.test", "support", LABEL_NONE},
	    {"support+" BOUNCE ".x@casino.test", "support", LABEL_NONE},
	    {"support+4000000v-" MAC "@casino.test", "support", LABEL_NONE},
	    {"support+4000000t-0123456789ab@casino.test", "support",
		LABEL_NONE},
	    {"support+4000-000t-" MAC "@casino.test", "support", LABEL_NONE},
	    {"support-" CAP "0@casino.test", "", LABEL_NONE},
	    {"support=" CAP "0@casino.test", "", LABEL_NONE},
	    {"support-4000000v-" MAC "@casino.test", "", LABEL_NONE},
	    {"support+6-" CAP "@casino.test", "support", LABEL_NONE},
	    {"support+e+" CAP "@casino.test", "support", LABEL_NONE},
	    {"support+e-" CAP "0@casino.test", "support", LABEL_NONE},
	    {"support+e-" BOUNCE "@casino.test", "support", LABEL_NONE},
	    {"support-6-" CAP "@casino.test", "", LABEL_NONE},
	    {"support-e-" NUM "@casino.test", "", LABEL_NONE},
	    {"support.e-" CAP "@casino.test", "", LABEL_NONE},
	    {"support-" NUM "@casino.test", "", LABEL_NONE},
	    {"support-de@casino.test", "", LABEL_NONE},
	    {"support=de@casino.test", "", LABEL_NONE},
	    {"support-@casino.test", "", LABEL_NONE},
	    {"support%2D" CAP "@casino.test", "", LABEL_NONE},
	    {"support%" CAP "@casino.test", "", LABEL_NONE},
	    {"support." CAP "@casino.test", "", LABEL_NONE},
	    {"support" CAP "@casino.test", "", LABEL_NONE},
	    {"supporter@casino.test", "", LABEL_NONE},
	    {"suppor+" CAP "@casino.test", "", LABEL_NONE},
	    {"x-support+" CAP "@casino.test", "", LABEL_NONE},
	    {CAP "@casino.test", "", LABEL_NONE},
	    {"support+" CAP "@mail.casino.test", "", LABEL_NONE},
	    {"support+" CAP "@casino.test.example", "", LABEL_NONE},
	    {"support+" CAP "@[192.0.2.1]", "", LABEL_NONE},
	};

	(void)state;
	rows_check(rows, G_N_ELEMENTS(rows));
}

static void
place_tells_queues_apart(void **state)
{
	static const struct row rows[] = {
	    {"support-vip@casino.test", "support-vip", LABEL_NONE},
	    {"support-vip+" CAP "@casino.test", "support-vip",
		LABEL_CAPABILITY},
	    {"support-vip-" CAP "@casino.test", "support-vip",
		LABEL_CAPABILITY},
	    {"support-vip=" BOUNCE "@casino.test", "support-vip",
		LABEL_BOUNCE},
	    {"support-vip+x@casino.test", "support-vip", LABEL_NONE},
	    {"support-" CAP "@casino.test", "support", LABEL_CAPABILITY},
	    /* "b-" belongs to the label, unless there is none with it. */
	    {"support-" BOUNCE "@casino.test", "support", LABEL_BOUNCE},
	    {"support-b-" CAP "@casino.test", "support-b", LABEL_CAPABILITY},
	    {"support-b@casino.test", "support-b", LABEL_NONE},
	    /* A queue with a tag of its own. */
	    {"support+vip@casino.test", "tagged", LABEL_NONE},
	    {"support+vip+" CAP "@casino.test", "tagged", LABEL_CAPABILITY},
	    {"support+vip+x@casino.test", "tagged", LABEL_NONE},
	    {"support+vipx@casino.test", "support", LABEL_NONE},
	    {"support-vip@b\xc3\xbc"
	     "cher.test",
		"", LABEL_NONE},
	};

	(void)state;
	rows_check(rows, G_N_ELEMENTS(rows));
}

/* RCPT must not be the place where a mac can be tried. */
static void
place_is_no_oracle(void **state)
{
	static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
	g_autoptr(config_auto) config = some_config();
	const struct config_queue *support =
	    config_queue_by_name(config, "support");
	static const char *const heads[] = {
	    "support+" NUM "-", "support-" NUM "-", "support-b-k7f39q2y."};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(heads) * LABEL_MAC_LEN; i++) {
		g_autofree char *local = g_strconcat(
		    heads[i / LABEL_MAC_LEN], MAC, NULL);
		gsize at = strlen(local) - 1 - i % LABEL_MAC_LEN;

		for (const char *c = base32; *c != '\0'; c++) {
			struct label label;

			local[at] = *c;
			assert_ptr_equal(support, place_find(config, local,
						      "casino.test", &label));
			assert_int_not_equal(label.kind, LABEL_NONE);
		}
	}
}

int
test_intake_place(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(place_knows_every_shape),
	    cmocka_unit_test(place_knows_wishes),
	    cmocka_unit_test(place_tells_ours_from_others),
	    cmocka_unit_test(place_takes_no_junk_for_a_label),
	    cmocka_unit_test(place_tells_queues_apart),
	    cmocka_unit_test(place_is_no_oracle),
	};

	return cmocka_run_group_tests_name("place", tests, NULL, NULL);
}
