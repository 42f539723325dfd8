/*
 * What the command line is told.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "desk/control.h"
#include "desk_world.h"

int desk_control_tests(void);

static void
clear_view(struct proto_ctl_ticket *view)
{
	g_free(view->queue);
	g_free(view->state);
	g_free(view->lang);
	g_free(view->category);
	g_free(view->pseudonym);
	g_free(view->agent);
}

static void
test_list(void **state)
{
	struct world *w = *state;
	struct proto_ctl_list list = {.limit = 2};
	guint seen = 0, pages = 0, got;

	for (guint i = 0; i < 5; i++) {
		g_autofree char *name = g_strdup_printf("m%u", i);
		struct world_mail mail = world_mail(name, name);

		(void)world_receive(w, &mail);
	}
	do {
		struct proto_ctl_list_is page = {0};

		assert_true(control_list(w->store, &list, &page, NULL));
		got = page.tickets->len;
		for (guint i = 0; i < got; i++) {
			struct proto_ctl_ticket *view = &g_array_index(
			    page.tickets, struct proto_ctl_ticket, i);

			assert_true(strcmp(view->number.s, list.after.s) > 0);
			assert_string_equal(view->state, "open");
			assert_int_equal(view->decision_s, 86400);
			list.after = view->number;
			clear_view(view);
		}
		g_array_unref(page.tickets);
		seen += got;
		pages++;
	} while (got > 0);
	assert_int_equal(seen, 5);
	assert_int_equal(pages, 4);
}

static void
test_show(void **state)
{
	struct world *w = *state;
	struct world_mail mail = world_mail("m1", "anna");
	struct world_fate fate = world_receive(w, &mail);
	struct proto_ctl_show show = {fate.number};
	struct proto_ctl_show_is is = {0};

	assert_true(control_show(w->store, &show, &is, NULL));
	assert_true(is.is_found);
	assert_string_equal(is.ticket.queue, "support");
	assert_string_equal(is.ticket.pseudonym, fate.pseudonym);
	assert_int_equal(is.ticket.decision_due, WORLD_START + 86400);
	assert_int_equal(is.ticket.decision_s, 86400);
	assert_int_equal(is.ticket.first_reply_s,
	    is.ticket.first_reply_due - WORLD_START);
	clear_view(&is.ticket);
	show.number = number_from_bits(12345);
	assert_true(control_show(w->store, &show, &is, NULL));
	assert_false(is.is_found);
	assert_string_equal(is.ticket.state, "");
	clear_view(&is.ticket);
}

int
desk_control_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test_setup_teardown(test_list, world_open, world_close),
	    cmocka_unit_test_setup_teardown(test_show, world_open, world_close),
	};

	return cmocka_run_group_tests_name("control", tests, NULL, NULL);
}
