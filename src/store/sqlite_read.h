#ifndef ND_STORE_SQLITE_READ_H
#define ND_STORE_SQLITE_READ_H

/*
 * Rows out of a statement that stands on one: each fills the struct of
 * store/store.h from columns in the order in which store/schema.c selects
 * them. What does not fit becomes empty. Only sqlite.c uses this.
 */
#include "store/store.h"

struct sqlite3_stmt;

void sqlite_read_contact(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_ticket(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_number(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_envelope(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_message(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_clue(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_post(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_promise(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_clock(struct sqlite3_stmt *st, gpointer row);
void sqlite_read_weekly(struct sqlite3_stmt *st, gpointer row);

#endif
