#ifndef ND_STORE_SQLITE_RUN_H
#define ND_STORE_SQLITE_RUN_H

/*
 * The SQLite engine's connection, and how its prepared statements are run.
 * Only sqlite.c uses this.
 *
 * types has one letter a parameter: k key, K key or NULL if unset, n number,
 * t text, i gint64, b GBytes. Values must live until the statement is reset.
 */
#include "store/schema.h"

struct sqlite3_stmt;

struct sqlite {
	struct store base;
	struct sqlite3 *db;				/* own */
	struct sqlite3_stmt *prepared[SQL_END]; /* own */
	gboolean is_dirty; /* committed since the last checkpoint */
};

/* A full disk or an I/O error makes SQLite roll the whole transaction back;
 * a write after that would commit by itself, outside of any. */
gboolean sqlite_is_lost(const struct sqlite *s);

/* For statements that give no row. */
gboolean sqlite_run(struct sqlite *s, GError **err, enum statement id,
    const char *types, ...);

/* First row: STORE_FOUND, and the caller reads it from *row, then calls
 * sqlite_done(). */
enum store_result sqlite_query(struct sqlite *s, struct sqlite3_stmt **row,
    GError **err, enum statement id, const char *types, ...);
void sqlite_done(struct sqlite3_stmt *st);

/* Appends all rows. */
struct sqlite_into {
	void (*read)(struct sqlite3_stmt *, gpointer);
	GArray *out; /* borrowed; of what read fills in */
};
gboolean sqlite_list(struct sqlite *s, struct sqlite_into into, GError **err,
    enum statement id, const char *types, ...);

#endif
