/*
 * What only the database file can show: its mode, what is left of deleted
 * rows, files that are not ours, full disks.
 */
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>

#include <cmocka.h>
#include <glib/gstdio.h>
#include <sqlite3.h>

#include "base/error.h"
#include "store_rows.h"

int store_file_tests(void);

static struct store *
reopen(struct fixture *f)
{
	store_close(f->store);
	f->store = store_open_sqlite(f->path, NULL);
	assert_non_null(f->store);
	return f->store;
}

static void
test_file_mode(void **state)
{
	static const char *const suffixes[] = {"", "-wal", "-shm"};
	struct fixture *f = *state;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	commit(f->store);
	for (gsize i = 0; i < G_N_ELEMENTS(suffixes); i++) {
		g_autofree char *path = g_strconcat(f->path, suffixes[i], NULL);
		GStatBuf st;

		assert_int_equal(g_stat(path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
	/* One that was made too open is closed up. */
	assert_int_equal(g_chmod(f->path, 0644), 0);
	(void)reopen(f);
	{
		GStatBuf st;

		assert_int_equal(g_stat(f->path, &st), 0);
		assert_int_equal(st.st_mode & 07777, 0600);
	}
}

static void
test_reopen(void **state)
{
	struct fixture *f = *state;
	struct store_ticket row;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	commit(f->store);
	begin(f->store);
	add_ticket(f->store, "BBBBBBBB"); /* closed before it is committed */
	(void)reopen(f);
	assert_int_equal(find_ticket(f->store, "AAAAAAAA", &row), STORE_FOUND);
	assert_int_equal(
	    find_ticket(f->store, "BBBBBBBB", &row), STORE_MISSING);
}

static gboolean
file_has(const char *path, const char *token)
{
	g_autofree char *data = NULL;
	gsize len;

	if (!g_file_get_contents(path, &data, &len, NULL))
		return FALSE;
	return memmem(data, len, token, strlen(token)) != NULL;
}

/* What is deleted must be gone from the file and its log. */
static void
test_deleted_is_gone(void **state)
{
	static const char token[] = "sealed-token-of-this-test";
	struct fixture *f = *state;
	g_autofree char *wal = g_strconcat(f->path, "-wal", NULL);
	g_autoptr(GBytes) sealed = g_bytes_new(token, sizeof(token));
	GStatBuf st;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	put_envelope(f->store, "AAAAAAAA", 5, sealed);
	commit(f->store);
	assert_true(file_has(wal, token)); /* or the test is blind */
	store_idle(f->store);
	assert_true(file_has(f->path, token));
	assert_int_equal(g_stat(wal, &st), 0);
	assert_int_equal(st.st_size, 0);
	(void)purge_all(f->store, 6, LIMIT);
	store_idle(f->store);
	assert_false(file_has(f->path, token));
	assert_false(file_has(wal, token));
}

static void
alter(const char *path, const char *text)
{
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, text, NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}

static void
test_refused_files(void **state)
{
	static const char *const cases[] = {
	    "PRAGMA user_version = 5",
	    "PRAGMA application_id = 7",
	};
	struct fixture *f = *state;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		GError *err = NULL;

		g_clear_pointer(&f->store, store_close);
		alter(f->path, cases[i]);
		assert_null(store_open_sqlite(f->path, &err));
		assert_true(error_is(err, ERROR_PERM));
		g_clear_error(&err);
		alter(f->path, "PRAGMA user_version = 4;"
			       "PRAGMA application_id = 1853451620");
		(void)reopen(f);
	}
}

/* What versions lacked that came before. */
#define WITHOUT_4                                                              \
	"DROP TABLE clock; DROP TABLE weekly; DROP INDEX promise_ticket;"      \
	"DROP INDEX ticket_open; DROP INDEX promise_kind;"                     \
	"ALTER TABLE contact DROP COLUMN agent;"                               \
	"ALTER TABLE ticket DROP COLUMN ack_due;"                              \
	"ALTER TABLE ticket DROP COLUMN decided;"                              \
	"ALTER TABLE ticket DROP COLUMN waiting;"                              \
	"ALTER TABLE ticket DROP COLUMN close;"                                \
	"ALTER TABLE ticket DROP COLUMN closed_level;"                         \
	"ALTER TABLE ticket DROP COLUMN is_returned;"                          \
	"ALTER TABLE ticket DROP COLUMN rating;"                               \
	"ALTER TABLE ticket DROP COLUMN agent;"                                \
	"ALTER TABLE promise DROP COLUMN arg;"
#define WITHOUT_3                                                              \
	"DROP TABLE clue; DROP TABLE post; DROP INDEX ticket_contact;"         \
	"CREATE INDEX ticket_contact ON ticket(contact);"
#define WITHOUT_2 "DROP INDEX ticket_epoch; DROP INDEX message_ticket;"

static void
check_upgraded(struct store *s)
{
	struct store_clue clue = {{7, key(3)}, 1, number("BBBBBBBB")};
	struct store_post post = {.sent = 7};
	struct number b = number("BBBBBBBB");
	struct store_clock clock = {.ticket = b, .clock.kind = SLA_DECISION};
	struct store_weekly week = {.queue = "support", .sent = NOW};
	struct store_promise old = promise(1, STORE_PROMISE_OPEN);
	struct store_contact contact;
	struct store_ticket got, want = ticket("BBBBBBBB");
	struct store_next next;
	struct store_key his = key(7);
	guint n = 0;

	/* What was not known then is zero, and no old ticket has a clock. */
	want.t.ack_due = want.t.decided = want.t.waiting = 0;
	want.t.close = want.t.closed_level = want.t.is_returned = 0;
	want.t.rating = 0;
	want.t.agent[0] = '\0';
	assert_int_equal(find_ticket(s, "BBBBBBBB", &got), STORE_FOUND);
	check_ticket(&got, &want);
	assert_int_equal(
	    store_contact_get(s, &his, &contact, NULL), STORE_FOUND);
	assert_string_equal(contact.agent, "");
	assert_string_equal(contact.pseudonym, "amber-otter-41");
	assert_int_equal(
	    store_promise_get(s, &old.name, &old, NULL), STORE_FOUND);
	assert_int_equal(old.arg, 0);
	assert_int_equal(old.due, NOW + 1);
	assert_true(store_promise_next(s, 0, &next, NULL));
	assert_int_equal(next.clock_at, 0);
	assert_true(store_post_get(s, &post, NULL));
	assert_int_equal(post.sent, 0);
	post.sent = 8;
	begin(s);
	assert_true(store_clue_put(s, &clue, NULL));
	assert_true(store_post_put(s, &post, NULL));
	assert_true(store_clock_put(s, &clock, NULL));
	assert_true(store_weekly_put(s, &week, NULL));
	assert_int_equal(store_forget(s, &b, &n, NULL), STORE_FOUND);
	assert_int_equal(n, 1);
	commit(s);
	assert_int_equal(
	    store_clue_get(s, &clue.trait, &clue, NULL), STORE_MISSING);
}

/* Version 1 had no index to forget by, and no epoch in tickets without an
 * address. */
static void
test_old_versions(void **state)
{
	static const struct {
		const char *undo;
		gint64 epoch; /* of the ticket without an address */
	} cases[] = {
	    {WITHOUT_4 WITHOUT_3 WITHOUT_2 "PRAGMA user_version = 1", 9},
	    {WITHOUT_4 WITHOUT_3 "PRAGMA user_version = 2", 0},
	    {WITHOUT_4 "PRAGMA user_version = 3", 0},
	};
	struct fixture *f = *state;
	struct store_message m = {
	    key(1), 9, number("AAAAAAAA"), STORE_MESSAGE_TAKEN};
	struct store_promise p = promise(1, STORE_PROMISE_OPEN);
	struct store_ticket row;

	for (gsize i = 0; i < G_N_ELEMENTS(cases); i++) {
		g_clear_pointer(&f->store, store_close);
		(void)g_unlink(f->path);
		f->store = store_open_sqlite(f->path, NULL);
		begin(f->store);
		row = ticket("AAAAAAAA");
		row.contact = (struct store_key){{0}};
		row.epoch = 0;
		assert_true(store_ticket_add(f->store, &row, NULL));
		p.ticket = row.t.number;
		row = ticket("BBBBBBBB");
		assert_true(store_ticket_add(f->store, &row, NULL));
		assert_true(store_message_put(f->store, &m, NULL));
		put_promise(f->store, p);
		put_contact(f->store, 7, 5, "amber-otter-41");
		commit(f->store);
		g_clear_pointer(&f->store, store_close);
		alter(f->path, cases[i].undo);
		for (int k = 0; k < 2; k++) { /* then it is the newest */
			f->store = store_open_sqlite(f->path, NULL);
			assert_non_null(f->store);
			assert_int_equal(
			    find_ticket(f->store, "AAAAAAAA", &row),
			    STORE_FOUND);
			assert_int_equal(row.epoch, cases[i].epoch);
			assert_int_equal(
			    find_ticket(f->store, "BBBBBBBB", &row),
			    STORE_FOUND);
			assert_int_equal(row.epoch, 5);
			g_clear_pointer(&f->store, store_close);
		}
		f->store = store_open_sqlite(f->path, NULL);
		check_upgraded(f->store);
	}
}

static void
test_not_a_database(void **state)
{
	struct fixture *f = *state;
	GError *err = NULL;

	g_clear_pointer(&f->store, store_close);
	assert_true(g_file_set_contents(f->path,
	    "this is a text that no database begins with, and long enough", -1,
	    NULL));
	assert_null(store_open_sqlite(f->path, &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_null(store_open_sqlite("/nonexistent/dir/desk.db", &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
}

static void
test_busy(void **state)
{
	struct fixture *f = *state;
	GError *err = NULL;
	sqlite3 *db = NULL;

	assert_int_equal(sqlite3_open(f->path, &db), SQLITE_OK);
	assert_int_equal(
	    sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL), SQLITE_OK);
	assert_false(store_begin(f->store, &err));
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	begin(f->store);
	commit(f->store);
}

/* Files can grow no more; SIGXFSZ is ignored for the whole program. */
static void
limit_files(rlim_t max)
{
	struct rlimit limit;

	assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
	limit.rlim_cur = MIN(max, limit.rlim_max);
	assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
}

/* A turn that cannot be written fails as a whole, and once there is room
 * again the store works without a restart. */
static void
test_full_at_commit(void **state)
{
	struct fixture *f = *state;
	struct store_ticket row;
	GError *err = NULL;
	gboolean is_done;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	limit_files(4096);
	is_done = store_commit(f->store, &err);
	limit_files(RLIM_INFINITY);
	assert_false(is_done);
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_int_equal(
	    find_ticket(f->store, "AAAAAAAA", &row), STORE_MISSING);
	begin(f->store);
	add_ticket(f->store, "BBBBBBBB");
	commit(f->store);
	(void)reopen(f);
	assert_int_equal(
	    find_ticket(f->store, "AAAAAAAA", &row), STORE_MISSING);
	assert_int_equal(find_ticket(f->store, "BBBBBBBB", &row), STORE_FOUND);
}

/* The fault comes in the middle, and SQLite rolls back all that came before
 * it: nothing after it may be committed by itself. */
static void
test_full_in_turn(void **state)
{
	struct fixture *f = *state;
	g_autofree guint8 *blob = g_malloc0(8 << 20);
	g_autoptr(GBytes) sealed = g_bytes_new(blob, 8 << 20);
	struct store_envelope row = {number("AAAAAAAA"), 5, key(7), sealed};
	struct store_ticket later = ticket("BBBBBBBB"), got;
	GError *err = NULL;
	gboolean is_put, is_added, is_done;

	begin(f->store);
	add_ticket(f->store, "AAAAAAAA");
	limit_files(4096);
	is_put = store_save(f->store, NULL) &&
		 store_envelope_put(f->store, &row, &err);
	store_revert(f->store);
	limit_files(RLIM_INFINITY);
	is_added = store_ticket_add(f->store, &later, NULL);
	is_done = store_commit(f->store, NULL);
	assert_false(is_put);
	assert_true(error_is(err, ERROR_TEMP));
	g_clear_error(&err);
	assert_false(is_done);
	assert_false(is_added);
	assert_int_equal(
	    find_ticket(f->store, "AAAAAAAA", &got), STORE_MISSING);
	assert_int_equal(
	    find_ticket(f->store, "BBBBBBBB", &got), STORE_MISSING);
	begin(f->store);
	add_ticket(f->store, "CCCCCCCC");
	commit(f->store);
}

int
store_file_tests(void)
{
	const struct CMUnitTest tests[] = {
	    ON_SQLITE(test_file_mode),
	    ON_SQLITE(test_reopen),
	    ON_SQLITE(test_deleted_is_gone),
	    ON_SQLITE(test_refused_files),
	    ON_SQLITE(test_old_versions),
	    ON_SQLITE(test_not_a_database),
	    ON_SQLITE(test_busy),
	    ON_SQLITE(test_full_at_commit),
	    ON_SQLITE(test_full_in_turn),
	};

	(void)signal(SIGXFSZ, SIG_IGN);
	return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
