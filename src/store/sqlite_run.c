#include "store/sqlite_run.h"

#include "base/error.h"

#include <stdarg.h>

#include <sqlite3.h>

#include "base/banned.h"

static int
bind_one(sqlite3_stmt *st, int at, char type, va_list *args)
{
	const struct store_key *key;
	const char *text;
	GBytes *bytes;

	switch (type) {
	case 'k':
	case 'K':
		key = va_arg(*args, const struct store_key *);
		if (type == 'K' && !store_key_is_set(key))
			return sqlite3_bind_null(st, at);
		return sqlite3_bind_blob(
		    st, at, key->b, STORE_KEY_LEN, SQLITE_STATIC);
	case 'n':
		text = va_arg(*args, const struct number *)->s;
		return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
	case 't':
		text = va_arg(*args, const char *);
		return sqlite3_bind_text(st, at, text, -1, SQLITE_STATIC);
	case 'b':
		bytes = va_arg(*args, GBytes *);
		return sqlite3_bind_blob64(st, at,
		    g_bytes_get_data(bytes, NULL), g_bytes_get_size(bytes),
		    SQLITE_STATIC);
	default:
		return sqlite3_bind_int64(st, at, va_arg(*args, gint64));
	}
}

static sqlite3_stmt *
bind_list(struct sqlite *s, enum statement id, const char *types, va_list *args)
{
	sqlite3_stmt *st = s->prepared[id];

	for (int i = 0; types[i] != '\0'; i++)
		/* Only our own mistake or lack of memory can fail here. */
		if (bind_one(st, i + 1, types[i], args) != SQLITE_OK)
			g_error("sqlite: bind");
	return st;
}

void
sqlite_done(sqlite3_stmt *st)
{
	(void)sqlite3_reset(st); /* repeats the code of the last step */
	(void)sqlite3_clear_bindings(st);
}

gboolean
sqlite_is_lost(const struct sqlite *s)
{
	return s->base.in_transaction && sqlite3_get_autocommit(s->db) != 0;
}

static int
step(struct sqlite *s, sqlite3_stmt *st, GError **err)
{
	int rc;

	if (sqlite_is_lost(s)) {
		error_fail(err, ERROR_TEMP,
		    "database transaction was given up after a fault");
		return SQLITE_ERROR;
	}
	rc = sqlite3_step(st);
	if (rc != SQLITE_ROW && rc != SQLITE_DONE)
		schema_fail(rc, err);
	return rc;
}

gboolean
sqlite_run(
    struct sqlite *s, GError **err, enum statement id, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list args;
	int rc;

	va_start(args, types);
	st = bind_list(s, id, types, &args);
	va_end(args);
	rc = step(s, st, err);
	sqlite_done(st);
	return rc == SQLITE_DONE;
}

enum store_result
sqlite_query(struct sqlite *s, sqlite3_stmt **row, GError **err,
    enum statement id, const char *types, ...)
{
	sqlite3_stmt *st;
	va_list args;
	int rc;

	va_start(args, types);
	st = bind_list(s, id, types, &args);
	va_end(args);
	rc = step(s, st, err);
	if (rc == SQLITE_ROW) {
		*row = st;
		return STORE_FOUND;
	}
	sqlite_done(st);
	return rc == SQLITE_DONE ? STORE_MISSING : STORE_ERROR;
}

gboolean
sqlite_list(struct sqlite *s, struct sqlite_into into, GError **err,
    enum statement id, const char *types, ...)
{
	GArray *out = into.out;
	sqlite3_stmt *st;
	va_list args;
	int rc;

	va_start(args, types);
	st = bind_list(s, id, types, &args);
	va_end(args);
	while ((rc = step(s, st, err)) == SQLITE_ROW) {
		g_array_set_size(out, out->len + 1);
		into.read(
		    st, out->data + (out->len - 1) *
					(gsize)g_array_get_element_size(out));
	}
	sqlite_done(st);
	return rc == SQLITE_DONE;
}
