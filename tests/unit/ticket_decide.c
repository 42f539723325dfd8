/*
 * What events mean for a ticket, and which ticket a mail belongs to: the
 * tables of ticket/decide.h and ticket/route.h.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "ticket/decide.h"
#include "ticket/route.h"

int ticket_decide_tests(void);

#define NOW 1700000000
#define DAY 86400

static const struct policy policy = {3600, 7200, DAY, 14 * DAY};

/* --- routes --- */

#define A "AAAAAAA1"
#define B "BBBBBBB2"

struct named {
	enum route_via via;
	const char *number;
	gboolean is_found;
	gboolean is_same;
	gint64 closed_for; /* s; 0 if open */
	gint64 opened_for; /* s; 0 if that does not matter */
};

static const struct {
	const char *name;
	const char *known; /* NULL if the mail is not */
	struct named named[3];
	enum route_verdict verdict;
	const char *number;
	const char *mentions;
	guint32 flags;
	gboolean reopens;
	gboolean is_never_repeated;
} routes[] = {
    {"row 1: capability, same contact", NULL,
	{{ROUTE_CAPABILITY, A, TRUE, TRUE, 0, 0}}, ROUTE_FOLLOW_UP, A, "", 0,
	FALSE, FALSE},
    {"row 2: capability, other contact", NULL,
	{{ROUTE_CAPABILITY, A, TRUE, FALSE, 0, 0}}, ROUTE_FOLLOW_UP, A, "",
	TICKET_FLAG_OTHER_ADDR, FALSE, FALSE},
    {"row 3: our Message-ID, same contact", NULL,
	{{ROUTE_MESSAGE_ID, A, TRUE, TRUE, 0, 0}}, ROUTE_FOLLOW_UP, A, "", 0,
	FALSE, FALSE},
    {"row 4: number in the subject, same contact", NULL,
	{{ROUTE_SUBJECT, A, TRUE, TRUE, 0, 0}}, ROUTE_FOLLOW_UP, A, "", 0,
	FALSE, FALSE},
    {"row 5: our Message-ID, other contact", NULL,
	{{ROUTE_MESSAGE_ID, A, TRUE, FALSE, 0, 0}}, ROUTE_NEW, "", A,
	TICKET_FLAG_MENTIONS, FALSE, FALSE},
    {"row 5: number in the subject, other contact", NULL,
	{{ROUTE_SUBJECT, A, TRUE, FALSE, 0, 0}}, ROUTE_NEW, "", A,
	TICKET_FLAG_MENTIONS, FALSE, FALSE},
    {"row 6: known mail, whatever it names", A,
	{{ROUTE_CAPABILITY, B, TRUE, TRUE, 0, 0}}, ROUTE_DUPLICATE, A, "", 0,
	FALSE, FALSE},
    {"row 7: names nothing", NULL, {{0}}, ROUTE_NEW, "", "", 0, FALSE, FALSE},
    {"row 7: names what does not exist", NULL,
	{{ROUTE_SUBJECT, A, FALSE, FALSE, 0, 0}}, ROUTE_NEW, "", "", 0, FALSE,
	FALSE},
    {"two numbers: the first that holds", NULL,
	{{ROUTE_SUBJECT, A, TRUE, TRUE, 0, 0},
	    {ROUTE_SUBJECT, B, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, A, "", 0, FALSE, FALSE},
    {"two numbers: the first does not hold", NULL,
	{{ROUTE_SUBJECT, A, TRUE, FALSE, 0, 0},
	    {ROUTE_SUBJECT, B, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, B, "", 0, FALSE, FALSE},
    {"the stronger name wins, not the first", NULL,
	{{ROUTE_SUBJECT, A, TRUE, TRUE, 0, 0},
	    {ROUTE_MESSAGE_ID, A, TRUE, TRUE, 0, 0},
	    {ROUTE_CAPABILITY, B, TRUE, FALSE, 0, 0}},
	ROUTE_FOLLOW_UP, B, "", TICKET_FLAG_OTHER_ADDR, FALSE, FALSE},
    {"a dead capability leaves the subject", NULL,
	{{ROUTE_CAPABILITY, A, FALSE, FALSE, 0, 0},
	    {ROUTE_SUBJECT, B, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, B, "", 0, FALSE, FALSE},
    {"closed a moment ago", NULL, {{ROUTE_CAPABILITY, A, TRUE, TRUE, 1, 0}},
	ROUTE_FOLLOW_UP, A, "", 0, TRUE, FALSE},
    {"closed, last second", NULL,
	{{ROUTE_CAPABILITY, A, TRUE, TRUE, 14 * DAY, 0}}, ROUTE_FOLLOW_UP, A,
	"", 0, TRUE, FALSE},
    {"closed for too long: new, linked", NULL,
	{{ROUTE_CAPABILITY, A, TRUE, TRUE, 14 * DAY + 1, 0}}, ROUTE_NEW, "", A,
	TICKET_FLAG_MENTIONS, FALSE, FALSE},
    {"closed for too long, but another holds", NULL,
	{{ROUTE_CAPABILITY, A, TRUE, TRUE, 15 * DAY, 0},
	    {ROUTE_SUBJECT, B, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, B, "", 0, FALSE, FALSE},
    {"his own mail or thread, same contact", NULL,
	{{ROUTE_CLUE, A, TRUE, TRUE, 0, 0}}, ROUTE_FOLLOW_UP, A, "", 0, FALSE,
	FALSE},
    {"a thread before a number", NULL,
	{{ROUTE_SUBJECT, A, TRUE, TRUE, 0, 0},
	    {ROUTE_CLUE, B, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, B, "", 0, FALSE, FALSE},
    {"our Message-ID before a thread", NULL,
	{{ROUTE_CLUE, B, TRUE, TRUE, 0, 0},
	    {ROUTE_MESSAGE_ID, A, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, A, "", 0, FALSE, FALSE},
    {"a thread that is closed for too long", NULL,
	{{ROUTE_CLUE, A, TRUE, TRUE, 15 * DAY, 0}}, ROUTE_NEW, "", A,
	TICKET_FLAG_MENTIONS, FALSE, FALSE},
    {"a thread reopens", NULL, {{ROUTE_CLUE, A, TRUE, TRUE, DAY, 0}},
	ROUTE_FOLLOW_UP, A, "", 0, TRUE, FALSE},
    {"the same words, last second", NULL,
	{{ROUTE_WORDS, A, TRUE, TRUE, 0, DAY}}, ROUTE_FOLLOW_UP, A, "",
	TICKET_FLAG_REPEAT, FALSE, FALSE},
    {"the same words, too late", NULL,
	{{ROUTE_WORDS, A, TRUE, TRUE, 0, DAY + 1}}, ROUTE_NEW, "", "", 0, FALSE,
	FALSE},
    {"the same words, closed", NULL, {{ROUTE_WORDS, A, TRUE, TRUE, 1, 60}},
	ROUTE_NEW, "", "", 0, FALSE, FALSE},
    {"the same words, other contact", NULL,
	{{ROUTE_WORDS, A, TRUE, FALSE, 0, 60}}, ROUTE_NEW, "", "", 0, FALSE,
	FALSE},
    {"the same words, but never repeated", NULL,
	{{ROUTE_WORDS, A, TRUE, TRUE, 0, 0}}, ROUTE_NEW, "", "", 0, FALSE,
	TRUE},
    {"the same words and a number", NULL,
	{{ROUTE_WORDS, A, TRUE, TRUE, 0, 60},
	    {ROUTE_SUBJECT, B, TRUE, TRUE, 0, 0}},
	ROUTE_FOLLOW_UP, B, "", 0, FALSE, FALSE},
};

static struct number
number_of(const char *text)
{
	struct number out = {""};

	if (text != NULL)
		(void)g_strlcpy(out.s, text, sizeof(out.s));
	return out;
}

static void
test_routes(void **state)
{
	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(routes); i++) {
		struct route_candidate list[3];
		struct route_mail mail = {.candidates = list};
		struct route got;

		mail.is_known = routes[i].known != NULL;
		mail.known = number_of(routes[i].known);
		for (gsize k = 0; k < 3 && routes[i].named[k].via != 0; k++) {
			const struct named *n = &routes[i].named[k];

			list[mail.n++] = (struct route_candidate){n->via,
			    number_of(n->number), n->is_found, n->is_same,
			    n->closed_for != 0, NOW - n->closed_for,
			    policy.reopen_s, NOW - n->opened_for,
			    routes[i].is_never_repeated ? 0 : DAY};
		}
		got = route_player(&mail, NOW);
		print_message("route: %s\n", routes[i].name);
		assert_int_equal(got.verdict, routes[i].verdict);
		assert_string_equal(got.number.s, routes[i].number);
		assert_string_equal(got.mentions.s, routes[i].mentions);
		assert_int_equal(got.flags, routes[i].flags);
		assert_int_equal(got.reopens, routes[i].reopens);
	}
}

/* --- events --- */

static struct ticket
opened_ticket(guint32 flags, struct effects *effects)
{
	struct event event = {.kind = EVENT_OPENED, .flags = flags};
	struct ticket ticket = {0};

	*effects = ticket_decide(&ticket, &event, &policy, NOW);
	ticket_apply(&ticket, effects, NOW);
	return ticket;
}

static void
tell(struct ticket *ticket, enum event_kind kind, guint32 flags, gint64 now)
{
	struct event event = {.kind = kind, .flags = flags};
	struct effects effects;

	effects = ticket_decide(ticket, &event, &policy, now);
	ticket_apply(ticket, &effects, now);
}

/* Who is promised an acknowledgement. */
static void
test_opened(void **state)
{
	static const struct {
		guint32 flags;
		gboolean is_promised;
		gboolean is_encrypted;
	} cases[] = {
	    {0, TRUE, FALSE},
	    {TICKET_FLAG_PLACEHOLDER, TRUE, FALSE},
	    {TICKET_FLAG_MENTIONS, TRUE, FALSE},
	    {TICKET_FLAG_MACHINE, FALSE, FALSE},
	    {TICKET_FLAG_UNPROVEN, FALSE, FALSE},
	    {TICKET_FLAG_NO_RETURN, FALSE, FALSE},
	    {TICKET_FLAG_BURST, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_BURST, FALSE, FALSE},
	    {TICKET_FLAG_MACHINE | TICKET_FLAG_MENTIONS, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED, FALSE, TRUE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_MENTIONS, FALSE, TRUE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_MACHINE, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_UNPROVEN, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_NO_RETURN, FALSE, FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct effects effects;
		struct ticket t = opened_ticket(cases[i].flags, &effects);
		const struct effect *ack;

		assert_int_equal(t.state, TICKET_OPEN);
		assert_int_equal(t.flags, cases[i].flags);
		assert_int_equal(t.messages, 1);
		assert_int_equal(t.opened, NOW);
		assert_int_equal(t.first_reply_due, NOW + 7200);
		assert_int_equal(t.decision_due, NOW + DAY);
		assert_int_equal(ticket_due(&t), NOW + 7200);
		ack = effects_find(&effects, EFFECT_QUEUE_ACK);
		assert_int_equal(ack != NULL, cases[i].is_promised);
		if (ack != NULL)
			assert_int_equal(ack->value, NOW + 3600);
		ack = effects_find(&effects, EFFECT_QUEUE_ENCRYPTED);
		assert_int_equal(ack != NULL, cases[i].is_encrypted);
		if (ack != NULL)
			assert_int_equal(ack->value, NOW + 3600);
	}
}

/* An acknowledgement is no first reply, a machine's mail no answer. */
static void
test_settling(void **state)
{
	struct effects effects;
	struct ticket t = opened_ticket(0, &effects);

	(void)state;
	tell(&t, EVENT_ACK_SENT, 0, NOW + 1);
	assert_int_equal(t.acknowledged, NOW + 1);
	assert_int_equal(t.answered, 0);
	tell(&t, EVENT_ACK_SENT, 0, NOW + 2);
	assert_int_equal(t.acknowledged, NOW + 1);
	tell(&t, EVENT_ANSWER_SENT, TICKET_FLAG_MACHINE, NOW + 3);
	assert_int_equal(t.answered, 0);
	assert_int_equal(ticket_due(&t), NOW + 7200);
	tell(&t, EVENT_ANSWER_SENT, 0, NOW + 4);
	assert_int_equal(t.answered, NOW + 4);
	assert_int_equal(ticket_due(&t), NOW + DAY);
	tell(&t, EVENT_ANSWER_SENT, 0, NOW + 5);
	assert_int_equal(t.answered, NOW + 4);
}

static void
test_ack_failed(void **state)
{
	struct event event = {.kind = EVENT_ACK_FAILED};
	struct effects effects;
	struct ticket t = opened_ticket(0, &effects);

	(void)state;
	effects = ticket_decide(&t, &event, &policy, NOW);
	assert_non_null(effects_find(&effects, EFFECT_ALARM));
	ticket_apply(&t, &effects, NOW);
	assert_int_equal(t.acknowledged, 0);
}

static void
test_player_mail(void **state)
{
	struct effects effects;
	struct ticket t = opened_ticket(0, &effects);

	(void)state;
	tell(&t, EVENT_PLAYER_MAIL, TICKET_FLAG_OTHER_ADDR, NOW + DAY);
	assert_int_equal(t.messages, 2);
	assert_int_equal(t.flags, TICKET_FLAG_OTHER_ADDR);
	assert_int_equal(t.first_reply_due, NOW + 7200);
	assert_int_equal(t.decision_due, NOW + DAY);
}

/* Who is told of an encrypted follow-up. */
static void
test_encrypted_mail(void **state)
{
	static const struct {
		guint32 flags;
		gboolean reopens;
		gboolean is_promised;
	} cases[] = {
	    {0, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED, FALSE, TRUE},
	    {TICKET_FLAG_ENCRYPTED, TRUE, TRUE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_OTHER_ADDR, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_MACHINE, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_UNPROVEN, FALSE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_NO_RETURN, TRUE, FALSE},
	    {TICKET_FLAG_ENCRYPTED | TICKET_FLAG_REPEAT, FALSE, FALSE},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct event event = {
		    EVENT_PLAYER_MAIL, cases[i].flags, cases[i].reopens, FALSE, 0};
		struct effects effects;
		struct ticket t = opened_ticket(0, &effects);
		const struct effect *found;

		effects = ticket_decide(&t, &event, &policy, NOW + DAY);
		found = effects_find(&effects, EFFECT_QUEUE_ENCRYPTED);
		assert_int_equal(found != NULL, cases[i].is_promised);
		if (found != NULL)
			assert_int_equal(found->value, NOW + DAY + 3600);
		assert_null(effects_find(&effects, EFFECT_QUEUE_ACK));
	}
}

static void
test_reopening(void **state)
{
	static const struct {
		guint32 flags;
		enum ticket_state state;
		gint64 due;
	} cases[] = {
	    {0, TICKET_OPEN, NOW + DAY + 7200},
	    {TICKET_FLAG_MACHINE, TICKET_CLOSED, NOW + DAY},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct event event = {
		    EVENT_PLAYER_MAIL, cases[i].flags, TRUE, FALSE, 0};
		struct effects effects;
		struct ticket t = opened_ticket(0, &effects);

		tell(&t, EVENT_ANSWER_SENT, 0, NOW + 60);
		t.state = TICKET_CLOSED;
		t.closed = NOW + 60;
		effects = ticket_decide(&t, &event, &policy, NOW + DAY);
		ticket_apply(&t, &effects, NOW + DAY);
		assert_int_equal(t.state, cases[i].state);
		assert_int_equal(t.closed == 0, t.state == TICKET_OPEN);
		assert_int_equal(ticket_due(&t), cases[i].due);
		assert_null(effects_find(&effects, EFFECT_QUEUE_ACK));
	}
}

/* What comes back brings a closed ticket back, once, and goes when the player
 * is heard of. */
static void
test_bounces(void **state)
{
	static const guint32 both =
	    TICKET_FLAG_UNDELIVERABLE | TICKET_FLAG_DELAYED;
	static const struct {
		enum event_kind kind;
		guint32 had;
		gboolean is_closed;
		gboolean reopens;
		guint32 has;
		enum ticket_state state;
	} cases[] = {
	    {EVENT_BOUNCED, 0, FALSE, FALSE, TICKET_FLAG_UNDELIVERABLE,
		TICKET_OPEN},
	    {EVENT_BOUNCED, 0, TRUE, TRUE, TICKET_FLAG_UNDELIVERABLE,
		TICKET_OPEN},
	    {EVENT_BOUNCED, 0, TRUE, FALSE, TICKET_FLAG_UNDELIVERABLE,
		TICKET_CLOSED},
	    {EVENT_BOUNCED, TICKET_FLAG_UNDELIVERABLE, TRUE, TRUE,
		TICKET_FLAG_UNDELIVERABLE, TICKET_CLOSED},
	    {EVENT_BOUNCED, TICKET_FLAG_DELAYED, TRUE, TRUE, both, TICKET_OPEN},
	    {EVENT_DELAYED, 0, TRUE, TRUE, TICKET_FLAG_DELAYED, TICKET_CLOSED},
	    {EVENT_COPY_BOUNCED, 0, TRUE, TRUE, 0, TICKET_CLOSED},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct event event = {
		    cases[i].kind, 0, cases[i].reopens, FALSE, 0};
		struct effects effects;
		struct ticket t = opened_ticket(cases[i].had, &effects);
		gboolean is_alarm = event.kind == EVENT_COPY_BOUNCED;

		tell(&t, EVENT_ANSWER_SENT, 0, NOW + 60);
		t.state = cases[i].is_closed ? TICKET_CLOSED : TICKET_OPEN;
		t.closed = cases[i].is_closed ? NOW + 60 : 0;
		effects = ticket_decide(&t, &event, &policy, NOW + DAY);
		ticket_apply(&t, &effects, NOW + DAY);
		assert_int_equal(t.flags, cases[i].has);
		assert_int_equal(t.state, cases[i].state);
		assert_int_equal(t.messages, 1);
		if (cases[i].is_closed && t.state == TICKET_OPEN) {
			assert_int_equal(t.answered, 0);
			assert_int_equal(
			    ticket_due(&t), NOW + DAY + policy.first_reply_s);
		} else
			assert_int_equal(t.answered, NOW + 60);
		assert_int_equal(
		    effects_find(&effects, EFFECT_ALARM) != NULL, is_alarm);
		assert_null(effects_find(&effects, EFFECT_QUEUE_ACK));
	}
}

static void
test_heard_of(void **state)
{
	static const struct {
		guint32 flags;
		gboolean is_own;
		gboolean is_cleared;
	} cases[] = {
	    {0, TRUE, TRUE},
	    {0, FALSE, FALSE},
	    {TICKET_FLAG_OTHER_ADDR, FALSE, FALSE},
	    {TICKET_FLAG_MACHINE, TRUE, FALSE},
	    {TICKET_FLAG_REPEAT, TRUE, TRUE},
	};
	static const guint32 had = TICKET_FLAG_UNDELIVERABLE |
				   TICKET_FLAG_DELAYED | TICKET_FLAG_MENTIONS;

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		struct event event = {
		    EVENT_PLAYER_MAIL, cases[i].flags, TRUE, cases[i].is_own, 0};
		struct effects effects;
		struct ticket t = opened_ticket(had, &effects);

		effects = ticket_decide(&t, &event, &policy, NOW + DAY);
		ticket_apply(&t, &effects, NOW + DAY);
		assert_int_equal(t.flags,
		    (cases[i].is_cleared ? TICKET_FLAG_MENTIONS : had) |
			cases[i].flags);
	}
}

static void
test_times(void **state)
{
	static const struct {
		guint attempts;
		gint64 wait_s;
	} cases[] = {{0, 10}, {1, 10}, {2, 20}, {3, 40}, {6, 320}, {7, 600},
	    {8, 600}, {G_MAXUINT, 600}};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++)
		assert_int_equal(ticket_retry_at(cases[i].attempts, NOW),
		    NOW + cases[i].wait_s);
	assert_int_equal(ticket_alarm_at(NOW, NOW + 3600), NOW + 2700);
	assert_int_equal(ticket_alarm_at(NOW, NOW), NOW);
}

int
ticket_decide_tests(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(test_routes),
	    cmocka_unit_test(test_opened),
	    cmocka_unit_test(test_settling),
	    cmocka_unit_test(test_ack_failed),
	    cmocka_unit_test(test_player_mail),
	    cmocka_unit_test(test_encrypted_mail),
	    cmocka_unit_test(test_reopening),
	    cmocka_unit_test(test_bounces),
	    cmocka_unit_test(test_heard_of),
	    cmocka_unit_test(test_times),
	};

	return cmocka_run_group_tests_name("ticket decide", tests, NULL, NULL);
}
