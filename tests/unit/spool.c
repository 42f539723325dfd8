#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include <string.h>
#include <sys/stat.h>
#include <utime.h>

#include <glib/gstdio.h>

#include "archivist_tests.h"
#include "base/error.h"
#include "outbound/spool.h"

#include "base/banned.h"

#define ROOM 100000

static struct spool *
spool_at(const char *dir)
{
	g_autoptr(GError) err = NULL;
	struct spool *spool = spool_new(dir, ROOM, &err);

	assert_null(err);
	return spool;
}

static gboolean
put(struct spool *spool, const char *queue, const char *text, GError **err)
{
	g_autoptr(GBytes) content = g_bytes_new(text, strlen(text));
	const struct spool_mail mail = {.queue = queue, .content = content};

	return spool_put(spool, &mail, err);
}

static void
hold(struct spool *spool, const struct proto_key *key, const char *text)
{
	g_autoptr(GBytes) content = g_bytes_new(text, strlen(text));
	const struct spool_mail mail = {.queue = "support",
	    .content = content};

	assert_true(spool_hold(spool, key, &mail, NULL));
}

/* "support:one billing:two"; caller frees. */
static char *
show(struct spool *spool, const char *queue)
{
	g_autoptr(GPtrArray) all = spool_list(spool, queue, 100, NULL);
	GString *out = g_string_new(NULL);

	assert_non_null(all);
	for (guint i = 0; i < all->len; i++) {
		const struct spool_entry *entry = all->pdata[i];
		g_autoptr(GBytes) content = spool_read(spool, entry, NULL);
		gsize len;
		const char *text = g_bytes_get_data(content, &len);

		g_string_append_printf(out, "%s%s:%.*s", i > 0 ? " " : "",
		    entry->queue, (int)len, text);
		assert_true(ABS(entry->put - g_get_real_time() /
		    G_USEC_PER_SEC) <= 5);
	}
	return g_string_free(out, FALSE);
}

static void
assert_shows(struct spool *spool, const char *queue, const char *wanted)
{
	g_autofree char *shown = show(spool, queue);

	assert_string_equal(shown, wanted);
}

void
test_spool_order(void **state)
{
	const char *dir = *state;
	struct spool *spool = spool_at(dir);
	g_autoptr(GPtrArray) all = NULL;

	assert_shows(spool, NULL, "");
	assert_true(put(spool, "support", "one", NULL));
	assert_true(put(spool, "big-2", "two", NULL));
	assert_true(put(spool, "support", "three", NULL));
	assert_shows(spool, NULL, "support:one big-2:two support:three");
	assert_shows(spool, "support", "support:one support:three");
	all = spool_list(spool, "support", 100, NULL);
	assert_true(spool_remove(spool, all->pdata[0], NULL));
	assert_shows(spool, NULL, "big-2:two support:three");
	assert_true(spool_set_aside(spool, all->pdata[1], NULL));
	assert_shows(spool, NULL, "big-2:two");
	/* Both are gone already. */
	assert_false(spool_remove(spool, all->pdata[0], NULL));
	assert_null(spool_read(spool, all->pdata[1], NULL));
	spool_free(spool);
}

static gboolean
has_mode(const char *dir, const char *name, guint mode)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	GStatBuf st;

	return g_stat(path, &st) == 0 && (st.st_mode & 0777) == mode;
}

/* Only what stands here may stand in a name. */
void
test_spool_names(void **state)
{
	static const char *const strangers[] = {"x", "0006541a2b3c4d5e.support",
	    "0006541a2b3c4d5e-12345678.Sup", "0006541a2b3c4d5e-12345678.a.b",
	    "z006541a2b3c4d5e-12345678.support",
	    "0006541a2b3c4d5e-12345678.support.new"};
	const char *dir = *state;
	struct spool *spool = spool_at(dir);
	g_autoptr(GPtrArray) all = NULL;
	const struct spool_entry *entry;

	for (gsize i = 0; i < G_N_ELEMENTS(strangers); i++) {
		g_autofree char *path =
		    g_build_filename(dir, strangers[i], NULL);

		assert_true(g_file_set_contents(path, "x", 1, NULL));
	}
	assert_false(put(spool, "../x", "x", NULL));
	assert_false(put(spool, "a.b", "x", NULL));
	assert_false(put(spool, "", "x", NULL));
	assert_shows(spool, NULL, "");
	assert_true(put(spool, "support", "one", NULL));
	all = spool_list(spool, NULL, 100, NULL);
	assert_int_equal(all->len, 1);
	entry = all->pdata[0];
	assert_true(g_regex_match_simple(
	    "^[0-9a-f]{16}-[0-9a-f]{8}\\.support$", entry->name, 0, 0));
	assert_true(has_mode(dir, entry->name, 0600));
	spool_free(spool);
}

/* An answer: not there before it is released, whoever does it. */
void
test_spool_held(void **state)
{
	const char *dir = *state;
	struct spool *spool = spool_at(dir);
	struct spool *successor;
	const struct proto_key a = {{1}};
	const struct proto_key b = {{2}};
	const struct proto_key c = {{3}};

	hold(spool, &a, "sent");
	hold(spool, &b, "refused");
	hold(spool, &c, "begun");
	hold(spool, &c, "begun");
	assert_shows(spool, NULL, "");
	assert_true(spool_release(spool, &a, TRUE, NULL));
	assert_true(spool_release(spool, &b, FALSE, NULL));
	assert_shows(spool, NULL, "support:sent");
	spool_free(spool);
	successor = spool_at(dir);
	assert_true(spool_release(successor, &c, TRUE, NULL));
	assert_true(spool_release(successor, &c, TRUE, NULL));
	assert_true(spool_release(successor, &b, TRUE, NULL));
	assert_shows(successor, NULL, "support:sent support:begun");
	spool_free(successor);
}

void
test_spool_full(void **state)
{
	struct spool *spool = spool_at(*state);
	struct spool *other = spool_at(*state);
	g_autofree char *large = g_strnfill(ROOM / 2 + 1, 'x');
	g_autoptr(GError) err = NULL;
	g_autoptr(GPtrArray) all = NULL;

	assert_true(put(spool, "support", large, NULL));
	assert_false(put(other, "support", large, &err));
	assert_true(error_is(err, ERROR_TEMP));
	assert_string_equal(err->message,
	    "spool: full, as the archive takes nothing");
	assert_true(put(other, "support", "small", NULL));
	/* As soon as there is room again. */
	all = spool_list(spool, NULL, 1, NULL);
	assert_int_equal(all->len, 1);
	assert_true(spool_remove(spool, all->pdata[0], NULL));
	assert_true(put(other, "support", large, NULL));
	spool_free(spool);
	spool_free(other);
}

static void
make_old(const char *dir, const char *name, gint64 age_s)
{
	g_autofree char *path = g_build_filename(dir, name, NULL);
	struct utimbuf times;

	times.actime = times.modtime =
	    (time_t)(g_get_real_time() / G_USEC_PER_SEC - age_s);
	assert_true(g_file_set_contents(path, "x", 1, NULL));
	assert_int_equal(g_utime(path, &times), 0);
}

void
test_spool_tidy(void **state)
{
	static const struct {
		const char *name;
		gint64 age_s;
		gboolean stays;
	} rows[] = {
	    {"0000000000000001-00000001.support.new", 30, TRUE},
	    {"0000000000000001-00000002.support.new", 4000, FALSE},
	    {"0000000000000001-00000003.support.0a.held", 4000, TRUE},
	    {"0000000000000001-00000004.support.0b.held", 90000, FALSE},
	    {"0000000000000001-00000005.support", 900000, TRUE},
	    {"stranger", 900000, TRUE},
	};
	const char *dir = *state;
	struct spool *spool = spool_at(dir);

	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++)
		make_old(dir, rows[i].name, rows[i].age_s);
	spool_tidy(spool);
	for (gsize i = 0; i < G_N_ELEMENTS(rows); i++) {
		g_autofree char *path =
		    g_build_filename(dir, rows[i].name, NULL);

		if (g_file_test(path, G_FILE_TEST_EXISTS) != rows[i].stays)
			fail_msg("%s", rows[i].name);
	}
	spool_free(spool);
}

void
test_spool_nowhere(void **state)
{
	g_autoptr(GError) err = NULL;

	(void)state;
	assert_null(spool_new("/nonexistent/spool", ROOM, &err));
	assert_true(error_is(err, ERROR_TEMP));
}
