/* The workers of test-front. */
#include "front.h"

#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <glib/gstdio.h>

#include <cmocka.h>

#include "proto/ipc.h"

#include "base/banned.h"

struct inside { /* of a worker */
	int noted;
	int held; /* -1: deliveries do not wait */
};

static volatile sig_atomic_t stop_flag;

static void
on_term(int sig)
{
	(void)sig;
	stop_flag = 1;
}

static enum place
check_ours(const char *local, const char *domain, gpointer user_data)
{
	(void)local;
	(void)user_data;
	return g_str_has_suffix(domain, "desk.example") ? PLACE_OURS
							: PLACE_OTHERS;
}

static enum proto_mail_outcome
outcome_of(const char *word)
{
	static const char *const names[PROTO_MAIL_OUTCOME_END] = {
	    [PROTO_MAIL_TAKEN] = "taken",
	    [PROTO_MAIL_DEFERRED] = "deferred",
	    [PROTO_MAIL_TOO_MANY] = "many",
	    [PROTO_MAIL_BAD_SHAPE] = "shape",
	    [PROTO_MAIL_FORGED] = "forged",
	};

	if (strcmp(word, "die") == 0)
		(void)kill(getpid(), SIGKILL);
	for (guint i = 1; i < PROTO_MAIL_OUTCOME_END; i++)
		if (strcmp(names[i], word) == 0)
			return (enum proto_mail_outcome)i;
	return PROTO_MAIL_TAKEN;
}

static void
deliver_note(const struct session_envelope *envelope, GBytes *message,
    enum proto_mail_outcome *outcomes, gpointer user_data)
{
	const struct inside *inside = user_data;
	g_autoptr(GString) line = g_string_new(NULL);
	gsize len;
	const char *data = g_bytes_get_data(message, &len);
	g_autofree char *text = g_strndup(data, MIN(len, 100));
	g_auto(GStrv) words =
	    g_strsplit_set(len > 0 ? text : "taken", " \r", -1);
	char octet;

	g_assert(data != NULL);
	g_string_append_printf(line, "%u %s ", (guint)envelope->way,
	    envelope->sender_addr);
	for (guint i = 0; i < envelope->rcpts->len; i++) {
		const struct session_rcpt *rcpt = envelope->rcpts->pdata[i];

		g_string_append_printf(line, "%s%s", i > 0 ? "," : "",
		    rcpt->wire);
		outcomes[i] = outcome_of(
		    words[MIN(i, g_strv_length(words) - 1)]);
	}
	g_string_append_printf(line, " %zu\n", len);
	if (write(inside->noted, line->str, line->len) != (gssize)line->len)
		_exit(3);
	if (inside->held >= 0 && read(inside->held, &octet, 1) != 1)
		_exit(4);
}

static int
worker_run(const struct office *office, const struct temper *temper,
    struct inside *inside)
{
	const struct worker proto = {.front = ROLE_MILTER,
	    .uid = geteuid() + (uid_t)temper->uid_more,
	    .wait_ms = temper->wait_ms != 0 ? temper->wait_ms : WORKER_WAIT_MS,
	    .size_max = temper->size_max != 0 ? temper->size_max : 1000000,
	    .check = check_ours,
	    .deliver = deliver_note,
	    .user_data = inside};
	struct worker milter = proto;
	struct worker smtp = proto;
	const struct server_options options = {.listen_fd = office->lmtp,
	    .others = {{office->milter, worker_serve, &milter},
		{office->smtp, worker_serve, &smtp}},
	    .nothers = 2,
	    .limits = {1000000, 10, 2048, 65536, 262144, 20, "mx.example",
		SESSION_LMTP},
	    .check = check_ours,
	    .idle_ms = PATIENCE_MS,
	    .recycle = temper->recycle,
	    .stop = &stop_flag};

	smtp.front = ROLE_SMTP;
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	return server_run(&options, deliver_note, inside) ? 0 : 2;
}

static int
lmtp_listen(void)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	/* Without a name the kernel chooses an abstract one. */
	assert_int_equal(
	    bind(fd, (struct sockaddr *)&addr, sizeof(sa_family_t)), 0);
	assert_int_equal(listen(fd, 64), 0);
	return fd;
}

void
office_open(struct office *office, const struct temper *temper)
{
	const struct sigaction action = {.sa_handler = on_term};
	guint workers = MAX(temper->workers, 1);
	struct sigaction saved;
	int noted[2];
	int held[2];

	office->dir = g_dir_make_tmp("nd-front-XXXXXX", NULL);
	office->lmtp = lmtp_listen();
	office->milter = ipc_listen(office->dir, ROLE_LMTP, ROLE_MILTER,
	    geteuid(), NULL);
	office->smtp = ipc_listen(office->dir, ROLE_LMTP, ROLE_SMTP,
	    geteuid(), NULL);
	assert_true(office->milter >= 0 && office->smtp >= 0);
	assert_int_equal(pipe(noted), 0);
	assert_int_equal(pipe(held), 0);
	office->pids = g_array_new(FALSE, FALSE, sizeof(pid_t));
	/* A worker may be told to stop before it runs. */
	sigaction(SIGTERM, &action, &saved);
	for (guint i = 0; i < workers; i++) {
		pid_t pid = fork();

		assert_true(pid >= 0);
		if (pid == 0) {
			struct inside inside = {noted[1],
			    temper->holds ? held[0] : -1};

			close(noted[0]);
			close(held[1]);
			_exit(worker_run(office, temper, &inside));
		}
		g_array_append_val(office->pids, pid);
	}
	sigaction(SIGTERM, &saved, NULL);
	close(noted[1]);
	close(held[0]);
	office->noted = noted[0];
	office->held = held[1];
}

static void
remove_socket(const struct office *office, const char *name)
{
	g_autofree char *path = g_build_filename(office->dir, name, NULL);

	(void)g_unlink(path);
}

/* The pipe of notes ends with the last worker. */
static void
office_wait(struct office *office)
{
	struct pollfd pfd = {.fd = office->noted, .events = POLLIN};
	char octets[256];

	while (poll(&pfd, 1, PATIENCE_MS) == 1)
		if (read(office->noted, octets, sizeof(octets)) <= 0)
			return;
	for (guint i = 0; i < office->pids->len; i++)
		kill(g_array_index(office->pids, pid_t, i), SIGKILL);
}

void
office_close(struct office *office, guint killed)
{
	guint ill = 0;
	int status;

	close(office->held);
	office_term(office);
	office_wait(office);
	for (guint i = 0; i < office->pids->len; i++) {
		pid_t pid = g_array_index(office->pids, pid_t, i);

		assert_int_equal(waitpid(pid, &status, 0), pid);
		ill += !WIFEXITED(status) || WEXITSTATUS(status) != 0;
	}
	assert_int_equal(ill, killed);
	g_array_unref(office->pids);
	close(office->lmtp);
	close(office->milter);
	close(office->smtp);
	close(office->noted);
	remove_socket(office, "lmtp.milter");
	remove_socket(office, "lmtp.smtp");
	(void)g_rmdir(office->dir);
	g_free(office->dir);
}

void
office_term(struct office *office)
{
	for (guint i = 0; i < office->pids->len; i++)
		kill(g_array_index(office->pids, pid_t, i), SIGTERM);
}

void
office_release(struct office *office, guint deliveries)
{
	for (guint i = 0; i < deliveries; i++)
		assert_int_equal(write(office->held, "x", 1), 1);
}

char *
office_line(struct office *office)
{
	g_autoptr(GString) line = g_string_new(NULL);
	struct pollfd pfd = {.fd = office->noted, .events = POLLIN};
	char octet;

	for (;;) {
		if (poll(&pfd, 1, PATIENCE_MS) != 1 ||
		    read(office->noted, &octet, 1) != 1)
			fail_msg("nothing was delivered: %s", line->str);
		if (octet == '\n')
			return g_strdup(line->str);
		g_string_append_c(line, octet);
	}
}

void
assert_delivered(struct office *office, const char *expected)
{
	g_autofree char *line = office_line(office);

	assert_string_equal(line, expected);
}

void
assert_quiet(struct office *office)
{
	struct pollfd pfd = {.fd = office->noted, .events = POLLIN};

	assert_int_equal(poll(&pfd, 1, 0), 0);
}
