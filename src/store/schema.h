#ifndef ND_STORE_SCHEMA_H
#define ND_STORE_SCHEMA_H

/*
 * What the SQLite engine is made of beside sqlite.c: the tables, every
 * statement there is (prepared once), and how its file is opened.
 */
#include "store/engine.h"

/* schema_create sets both. */
#define SCHEMA_APPLICATION_ID 1853451620 /* "nymd" */
#define SCHEMA_VERSION 4

/* Makes all tables in an empty database. */
extern const char schema_create[];
/* Bring a version to the next one. */
extern const char schema_from_1[];
extern const char schema_from_2[];
extern const char schema_from_3[];

enum statement {
	SQL_BEGIN = STORE_BEGIN,
	SQL_COMMIT = STORE_COMMIT,
	SQL_ROLLBACK = STORE_ROLLBACK,
	SQL_SAVE = STORE_SAVE,
	SQL_RELEASE = STORE_RELEASE,
	SQL_REVERT = STORE_REVERT,
	SQL_CONTACT_GET,
	SQL_CONTACT_PUT,
	SQL_CONTACT_NAMED,
	SQL_CONTACT_AGENT,
	SQL_CONTACT_COPY,
	SQL_CONTACT_DELETE,
	SQL_CONTACT_TICKETS,
	SQL_PSEUDONYM_FIND,
	SQL_TICKET_GET,
	SQL_TICKET_ADD,
	SQL_TICKET_UPDATE,
	SQL_TICKET_LIST,
	SQL_TICKETS_OF,
	SQL_TICKETS_OPEN_OF,
	SQL_TICKETS_OPEN_IN,
	SQL_TICKETS_DEAD,
	SQL_TICKETS_SINCE,
	SQL_ENVELOPE_GET,
	SQL_ENVELOPE_PUT,
	SQL_ENVELOPE_DELETE,
	SQL_MESSAGE_GET,
	SQL_MESSAGE_PUT,
	SQL_MESSAGE_DELETE,
	SQL_MESSAGES_DELETE,
	SQL_CLUE_GET,
	SQL_CLUE_PUT,
	SQL_CLUES_DELETE,
	SQL_POST_GET,
	SQL_POST_PUT,
	SQL_PROMISE_GET,
	SQL_PROMISE_PUT,
	SQL_PROMISE_DELETE,
	SQL_PROMISES_DELETE,
	SQL_PROMISES_TO_TRY,
	SQL_PROMISES_OF_KIND,
	SQL_PROMISES_OF_SLOT,
	SQL_PROMISES_TO_ALARM,
	SQL_PROMISE_NEXT,
	SQL_PROMISE_NEXT_OF,
	SQL_CLOCK_GET,
	SQL_CLOCK_PUT,
	SQL_CLOCK_LIST,
	SQL_CLOCKS_DUE,
	SQL_CLOCKS_DELETE,
	SQL_WEEKLY_GET,
	SQL_WEEKLY_PUT,
	SQL_COUNT,
	SQL_PURGE_ENVELOPES,
	SQL_PURGE_PROMISES,
	SQL_PURGE_MESSAGES,
	SQL_PURGE_CLUES,
	SQL_PURGE_CONTACTS,
	SQL_END
};

extern const char *const schema_sql[SQL_END];

struct sqlite3;

/* Opens or makes the file and checks that it is ours; NULL on failure. */
struct sqlite3 *schema_open(const char *path, GError **err);

/* Turns a result code into an error. */
gboolean schema_fail(int rc, GError **err);

#endif
