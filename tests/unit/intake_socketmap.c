/*
 * What Postfix is told when it asks which addresses are ours, octet by octet,
 * and by the server over sockets.
 */
#include "intake.h"

#include <poll.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <cmocka.h>
#include <glib.h>

#include "intake/socketmap.h"
#include "intake/socketmap_server.h"
#include "ticket/label.h"

#include "base/banned.h"

#define OURS "7:OK ours,"
#define NOT_OURS "9:NOTFOUND ,"
#define NO_MAP "16:PERM no such map,"
#define NO_REQUEST "15:PERM no request,"
#define MAC "0123456789abc"
#define ABSTRACT "nymdesk-test-socketmap-%d"

static struct config_queue support = {.name = (char *)"support",
    .local = (char *)"support",
    .domain = (char *)"casino.test",
    .control = (char *)"lists@casino.test"};

static const struct config *
some_config(void)
{
	static gpointer queues[] = {&support};
	static GPtrArray all = {.pdata = queues, .len = 1};
	static struct config config = {.queues = &all};

	return &config;
}

static char *
netstring(const char *text)
{
	return g_strdup_printf("%zu:%s,", strlen(text), text);
}

/* What a request gets; "" if it is not whole, "!..." if it is broken. */
static char *
asked(const char *data, gsize len)
{
	gsize taken;
	const char *answer;
	enum socketmap_result result = socketmap_answer(some_config(),
	    (const guint8 *)data, len, &taken, &answer);

	if (result == SOCKETMAP_MORE) {
		assert_null(answer);
		assert_int_equal(taken, 0);
		return g_strdup("");
	}
	assert_int_equal(taken, result == SOCKETMAP_ANSWERED ? len : 0);
	return g_strconcat(
	    result == SOCKETMAP_BROKEN ? "!" : "", answer, NULL);
}

static void
addresses_are_ours_or_not(void **state)
{
	static const struct {
		const char *request;
		const char *want;
	} rows[] = {
	    {"recipients support@casino.test", OURS},
	    {"recipients SUPPORT@Casino.TEST", OURS},
	    {"recipients support+4000000t-" MAC "@casino.test", OURS},
	    {"recipients support-4000000t-" MAC "@casino.test", OURS},
	    {"recipients support+whatever@casino.test", OURS},
	    {"recipients support+what ever@casino.test", OURS},
	    {"recipients \"support+what ever\"@casino.test", OURS},
	    {"recipients \"support\"@casino.test", OURS},
	    {"recipients lists@casino.test", OURS},
	    {"recipients lists+x@casino.test", NOT_OURS},
	    {"recipients support-de@casino.test", NOT_OURS},
	    {"recipients boss@casino.test", NOT_OURS},
	    {"recipients support@casino.test.other.test", NOT_OURS},
	    {"recipients support@other.test", NOT_OURS},
	    {"recipients @casino.test", NOT_OURS},
	    {"recipients casino.test", NOT_OURS},
	    {"recipients support", NOT_OURS},
	    {"recipients support@", NOT_OURS},
	    {"recipients ", NOT_OURS},
	    {"recipients *", NOT_OURS},
	    {"recipients support@casino.test\xff", NOT_OURS},
	    {"recipients x@other.test support@casino.test", NOT_OURS},
	    {"Recipients support@casino.test", NO_MAP},
	    {"recipientsx support@casino.test", NO_MAP},
	    {"access support@casino.test", NO_MAP},
	    {" support@casino.test", NO_MAP},
	    {"recipients", NO_REQUEST},
	    {"", NO_REQUEST},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *request = netstring(rows[i].request);
		g_autofree char *got = asked(request, strlen(request));

		assert_string_equal(got, rows[i].want);
	}
}

static void
a_nul_ends_no_address(void **state)
{
	static const char request[] =
	    "34:recipients support@casino.test\0xyz,";
	g_autofree char *got = asked(request, sizeof(request) - 1);

	(void)state;
	assert_string_equal(got, NOT_OURS);
}

static void
long_addresses_are_not_ours(void **state)
{
	static const gsize lengths[] = {64, 65, 320, 7000};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(lengths); i++) {
		g_autofree char *tag = g_strnfill(lengths[i] - 8, ' ');
		g_autofree char *text = g_strconcat(
		    "recipients support+", tag, "@casino.test", NULL);
		g_autofree char *request = netstring(text);
		g_autofree char *got = asked(request, strlen(request));

		assert_string_equal(got, i == 0 ? OURS : NOT_OURS);
	}
}

/* Labels as the vault has them written, with right and wrong macs: whoever may
 * ask must not learn which is which. */
static void
recipients_are_no_oracle(void **state)
{
	static const char base32[] = "0123456789abcdefghjkmnpqrstvwxyz";
	struct label_set set = {.agent = {MAC},
	    .player = {"zyxwvtsrqpnmk"},
	    .bounce = {"01234567"},
	    .bounce_mac = {MAC}};
	g_autofree char *agent = label_agent_address(&set, "support",
	    "casino.test");
	g_autofree char *player = label_player_address(&set, "support",
	    "casino.test");
	g_autofree char *wish = label_wish_address(&set, LABEL_WISH_ESCALATE,
	    "support", "casino.test");
	g_autofree char *bounce = label_envelope_sender(&set, "support",
	    "casino.test");
	char *all[] = {agent, player, wish, bounce};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(all) * LABEL_MAC_LEN; i++) {
		char *addr = all[i / LABEL_MAC_LEN];
		char *at = strchr(addr, '@') - 1 - i % LABEL_MAC_LEN;
		char kept = *at;

		for (const char *c = base32; *c != '\0'; c++) {
			g_autofree char *text = NULL;
			g_autofree char *request = NULL;
			g_autofree char *got = NULL;

			*at = *c;
			text = g_strconcat("recipients ", addr, NULL);
			request = netstring(text);
			got = asked(request, strlen(request));
			assert_string_equal(got, OURS);
		}
		*at = kept;
	}
}

static void
netstrings_come_in_pieces(void **state)
{
	g_autofree char *request = netstring("recipients support@casino.test");

	(void)state;
	for (gsize len = 0; len < strlen(request); len++) {
		g_autofree char *got = asked(request, len);

		assert_string_equal(got, "");
	}
}

static void
what_is_no_netstring_ends_it(void **state)
{
	static const struct {
		const char *request;
		const char *want;
	} rows[] = {
	    {"0:,", NO_REQUEST},
	    {"00:,", "!" NO_REQUEST},
	    {"03:a b,", "!" NO_REQUEST},
	    {":a b,", "!" NO_REQUEST},
	    {"-1:,", "!" NO_REQUEST},
	    {"x", "!" NO_REQUEST},
	    {"3 :a b,", "!" NO_REQUEST},
	    {"3:a b;", "!" NO_REQUEST},
	    {"3:a bc,", "!" NO_REQUEST},
	    {"3:a b", ""},
	    {"8186", ""},
	    {"8186:", ""},
	    {"8187:", "!" NO_REQUEST},
	    {"9999:", "!" NO_REQUEST},
	    {"10000", "!" NO_REQUEST},
	    {"18446744073709551619:a b,", "!" NO_REQUEST},
	};

	(void)state;
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *got =
		    asked(rows[i].request, strlen(rows[i].request));

		assert_string_equal(got, rows[i].want);
	}
}

/* --- the server ---------------------------------------------------------- */

struct world {
	struct socketmap_server *server;
	int listener;
	socklen_t len;
	struct sockaddr_un name;
};

static void
world_open(struct world *world)
{
	int n;

	memset(world, 0, sizeof(*world));
	world->name.sun_family = AF_UNIX;
	n = g_snprintf(world->name.sun_path + 1,
	    sizeof(world->name.sun_path) - 1, ABSTRACT, (int)getpid());
	world->len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + 1 +
	    (gsize)n);
	world->listener =
	    socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	assert_int_equal(bind(world->listener,
			     (struct sockaddr *)&world->name, world->len),
	    0);
	assert_int_equal(listen(world->listener, 16), 0);
	world->server = socketmap_server_new(some_config(), world->listener);
}

static void
world_close(struct world *world)
{
	socketmap_server_free(world->server);
	close(world->listener);
}

/* Until nothing is left to do. */
static void
world_run(struct world *world)
{
	for (int i = 0; i < 20; i++)
		assert_true(socketmap_server_poll(world->server, 1));
}

static int
client_open(struct world *world)
{
	int sock = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	assert_int_equal(
	    connect(sock, (struct sockaddr *)&world->name, world->len), 0);
	assert_true(socketmap_server_poll(world->server, 1000));
	return sock;
}

static void
client_says(int sock, const char *text)
{
	assert_int_equal(send(sock, text, strlen(text), MSG_NOSIGNAL),
	    strlen(text));
}

/* All that has come; "." at the end if the server has closed. */
static char *
client_heard(int sock)
{
	char buf[65536];
	ssize_t n = recv(sock, buf, sizeof(buf) - 1, MSG_DONTWAIT);
	ssize_t more;

	if (n < 0)
		return g_strdup("");
	buf[n] = '\0';
	more = n == 0 ? 0
		      : recv(sock, buf + n, sizeof(buf) - (gsize)n - 1,
			    MSG_DONTWAIT);
	return g_strconcat(buf, more == 0 ? "." : "", NULL);
}

static void
a_connection_asks_again_and_again(void **state)
{
	struct world world;
	g_autofree char *one = netstring("recipients support@casino.test");
	g_autofree char *two = netstring("recipients boss@casino.test");
	g_autofree char *both = g_strconcat(one, two, NULL);
	int slow;
	int sock;

	(void)state;
	world_open(&world);
	slow = client_open(&world);
	client_says(slow, "30:recip");
	sock = client_open(&world);
	for (int i = 0; i < 3; i++) {
		g_autofree char *got = NULL;

		client_says(sock, both);
		world_run(&world);
		got = client_heard(sock);
		assert_string_equal(got, OURS NOT_OURS);
	}
	assert_int_equal(socketmap_server_count(world.server), 2);
	close(slow);
	world_run(&world);
	assert_int_equal(socketmap_server_count(world.server), 1);
	close(sock);
	world_run(&world);
	assert_int_equal(socketmap_server_count(world.server), 0);
	world_close(&world);
}

static void
a_broken_connection_ends(void **state)
{
	struct world world;
	g_autofree char *got = NULL;
	int sock;

	(void)state;
	world_open(&world);
	sock = client_open(&world);
	client_says(sock, "3:a b,GET / HTTP/1.1\r\n\r\n");
	world_run(&world);
	assert_int_equal(socketmap_server_count(world.server), 0);
	close(sock);
	sock = client_open(&world);
	client_says(sock, "x");
	world_run(&world);
	got = client_heard(sock);
	assert_string_equal(got, NO_REQUEST ".");
	close(sock);
	world_close(&world);
}

/* Who does not read is not read from, and takes no memory but his own. */
static void
a_deaf_connection_waits(void **state)
{
	struct world world;
	g_autofree char *request = netstring("recipients support@casino.test");
	gsize asked_count = 0;
	gsize heard_len = 0;
	char buf[65536];
	ssize_t n;
	int sock;

	(void)state;
	world_open(&world);
	sock = client_open(&world);
	while (send(sock, request, strlen(request),
		   MSG_NOSIGNAL | MSG_DONTWAIT) > 0) {
		assert_true(++asked_count < 1000000);
		assert_true(socketmap_server_poll(world.server, 0));
	}
	assert_int_equal(socketmap_server_count(world.server), 1);
	for (int i = 0; heard_len < asked_count * strlen(OURS) && i < 1000000;
	     i++) {
		n = recv(sock, buf, sizeof(buf), MSG_DONTWAIT);
		heard_len += n > 0 ? (gsize)n : 0;
		assert_true(socketmap_server_poll(world.server, 0));
	}
	assert_int_equal(heard_len, asked_count * strlen(OURS));
	close(sock);
	world_close(&world);
}

int
test_intake_socketmap(void)
{
	const struct CMUnitTest tests[] = {
	    cmocka_unit_test(addresses_are_ours_or_not),
	    cmocka_unit_test(a_nul_ends_no_address),
	    cmocka_unit_test(long_addresses_are_not_ours),
	    cmocka_unit_test(recipients_are_no_oracle),
	    cmocka_unit_test(netstrings_come_in_pieces),
	    cmocka_unit_test(what_is_no_netstring_ends_it),
	    cmocka_unit_test(a_connection_asks_again_and_again),
	    cmocka_unit_test(a_broken_connection_ends),
	    cmocka_unit_test(a_deaf_connection_waits),
	};

	return cmocka_run_group_tests_name("socketmap", tests, NULL, NULL);
}
