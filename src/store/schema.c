#include "store/schema.h"

#include "base/banned.h"

/* Of what is not forgotten. */
#define TICKET_EPOCH_INDEX                                                     \
	"CREATE INDEX ticket_epoch ON ticket(epoch) WHERE pseudonym <> '';"
#define MESSAGE_TICKET_INDEX                                                   \
	"CREATE INDEX message_ticket ON message(ticket);"

/* With the time, for the limit of tickets in one window. */
#define TICKET_CONTACT_INDEX                                                   \
	"CREATE INDEX ticket_contact ON ticket(contact, opened, flags);"
/* The epoch comes first: what belongs to it is found and dies together. */
#define CLUE_TABLE                                                             \
	"CREATE TABLE clue ("                                                  \
	"  epoch INTEGER NOT NULL, key BLOB NOT NULL, kind INTEGER NOT NULL,"  \
	"  ticket TEXT NOT NULL REFERENCES ticket(number),"                    \
	"  PRIMARY KEY (epoch, key)"                                           \
	") STRICT, WITHOUT ROWID;"                                             \
	"CREATE INDEX clue_ticket ON clue(ticket);"
#define POST_TABLE                                                             \
	"CREATE TABLE post ("                                                  \
	"  id INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),"                    \
	"  hour INTEGER NOT NULL, sent INTEGER NOT NULL,"                      \
	"  hold INTEGER NOT NULL, since INTEGER NOT NULL"                      \
	") STRICT, WITHOUT ROWID;"

const char schema_create[] =
    "CREATE TABLE contact ("
    "  id BLOB NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL,"
    "  pseudonym TEXT UNIQUE, seen INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX contact_epoch ON contact(epoch);"

    "CREATE TABLE ticket ("
    "  number TEXT NOT NULL PRIMARY KEY, contact BLOB,"
    "  epoch INTEGER NOT NULL, queue TEXT NOT NULL, state INTEGER NOT NULL,"
    "  level INTEGER NOT NULL, lang TEXT NOT NULL, category TEXT NOT NULL,"
    "  flags INTEGER NOT NULL, pseudonym TEXT NOT NULL,"
    "  opened INTEGER NOT NULL, first_reply_due INTEGER NOT NULL,"
    "  decision_due INTEGER NOT NULL, acknowledged INTEGER NOT NULL,"
    "  answered INTEGER NOT NULL, closed INTEGER NOT NULL,"
    "  messages INTEGER NOT NULL, copy_id TEXT NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    TICKET_CONTACT_INDEX
    "CREATE INDEX ticket_pseudonym ON ticket(pseudonym);"
    "CREATE INDEX ticket_closed ON ticket(closed) WHERE state = 2;"
    TICKET_EPOCH_INDEX

    /* Beside the ticket, so that lists and clocks need not read it. */
    "CREATE TABLE envelope ("
    "  ticket TEXT NOT NULL PRIMARY KEY REFERENCES ticket(number),"
    "  epoch INTEGER NOT NULL, contact BLOB NOT NULL, sealed BLOB NOT NULL"
    ") STRICT;"
    "CREATE INDEX envelope_epoch ON envelope(epoch);"

    "CREATE TABLE message ("
    "  fingerprint BLOB NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL,"
    "  ticket TEXT REFERENCES ticket(number), state INTEGER NOT NULL"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX message_epoch ON message(epoch);"
    MESSAGE_TICKET_INDEX
    CLUE_TABLE
    POST_TABLE

    "CREATE TABLE promise ("
    "  key BLOB NOT NULL, kind INTEGER NOT NULL,"
    "  ticket TEXT NOT NULL REFERENCES ticket(number),"
    "  state INTEGER NOT NULL, slot INTEGER NOT NULL, due INTEGER NOT NULL,"
    "  next_try INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    "  alarm_at INTEGER, alarmed INTEGER NOT NULL,"
    "  PRIMARY KEY (key, kind)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX promise_open ON promise(next_try) WHERE state = 1;"
    "CREATE INDEX promise_claimed ON promise(slot) WHERE state = 2;"
    "CREATE INDEX promise_failed ON promise(due) WHERE state = 4;"
    "CREATE INDEX promise_alarm ON promise(alarm_at)"
    "  WHERE alarm_at IS NOT NULL;"
    "PRAGMA application_id = 1853451620;"
    "PRAGMA user_version = 3;";

/* In version 1 a ticket without an address had no epoch: it gets the newest,
 * so that it is not forgotten while it is young. */
const char schema_from_1[] = TICKET_EPOCH_INDEX MESSAGE_TICKET_INDEX
    "UPDATE ticket SET epoch = (SELECT max(epoch) FROM message)"
    "  WHERE epoch = 0 AND EXISTS (SELECT 1 FROM message);"
    "PRAGMA user_version = 2;";

const char schema_from_2[] = "DROP INDEX ticket_contact;" TICKET_CONTACT_INDEX
    CLUE_TABLE POST_TABLE
    "PRAGMA user_version = 3;";

#define TICKET_COLUMNS                                                         \
	"contact, epoch, queue, state, level, lang, category, flags,"          \
	" pseudonym, opened, first_reply_due, decision_due, acknowledged,"     \
	" answered, closed, messages, copy_id, number"
#define PROMISE_COLUMNS                                                        \
	"key, kind, ticket, state, slot, due, next_try, attempts, alarm_at,"   \
	" alarmed"
#define SELECT_PROMISES "SELECT " PROMISE_COLUMNS " FROM promise "
#define DEAD_MESSAGES                                                          \
	"(SELECT fingerprint FROM message WHERE epoch < ?1 LIMIT ?2)"

/* INDEXED BY makes the missing index of a hot query an error at start. */
const char *const schema_sql[SQL_END] = {
    [SQL_BEGIN] = "BEGIN IMMEDIATE",
    [SQL_COMMIT] = "COMMIT",
    [SQL_ROLLBACK] = "ROLLBACK",
    [SQL_SAVE] = "SAVEPOINT request",
    [SQL_RELEASE] = "RELEASE request",
    [SQL_REVERT] = "ROLLBACK TO request",
    [SQL_CONTACT_GET] = "SELECT id, epoch, pseudonym, seen FROM contact"
			" WHERE id = ?",
    [SQL_CONTACT_PUT] =
	"INSERT INTO contact (id, epoch, pseudonym, seen)"
	" VALUES (?, ?, nullif(?, ''), ?)"
	" ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch,"
	" pseudonym = excluded.pseudonym, seen = excluded.seen",
    [SQL_CONTACT_COPY] = "UPDATE OR IGNORE contact SET id = ?2, epoch = ?3"
			 " WHERE id = ?1",
    [SQL_CONTACT_DELETE] = "DELETE FROM contact WHERE id = ?",
    [SQL_CONTACT_TICKETS] = "UPDATE ticket INDEXED BY ticket_contact"
			    " SET contact = ?2, epoch = ?3 WHERE contact = ?1",
    [SQL_PSEUDONYM_FIND] =
	"SELECT 1 FROM contact WHERE pseudonym = ?1 AND id IS NOT ?2"
	" UNION ALL SELECT 1 FROM ticket INDEXED BY ticket_pseudonym"
	" WHERE pseudonym = ?1 AND (contact IS NULL OR contact IS NOT ?2)"
	" LIMIT 1",
    [SQL_TICKET_GET] = "SELECT " TICKET_COLUMNS " FROM ticket WHERE number = ?",
    [SQL_TICKET_ADD] = "INSERT INTO ticket (" TICKET_COLUMNS ") VALUES"
		       " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)",
    [SQL_TICKET_UPDATE] = "UPDATE ticket SET (contact, epoch, queue, state,"
			  " level, lang, category, flags, pseudonym, opened,"
			  " first_reply_due, decision_due, acknowledged,"
			  " answered, closed, messages, copy_id) ="
			  " (?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?)"
			  " WHERE number = ?",
    [SQL_TICKET_LIST] = "SELECT " TICKET_COLUMNS " FROM ticket"
			" WHERE number > ? ORDER BY number LIMIT ?",
    [SQL_TICKETS_OF] = "SELECT number FROM ticket INDEXED BY ticket_contact"
		       " WHERE contact = ? LIMIT ?",
    [SQL_TICKETS_DEAD] = "SELECT number FROM ticket INDEXED BY ticket_epoch"
			 " WHERE epoch < ? AND pseudonym <> '' LIMIT ?",
    /* 2 is TICKET_FLAG_UNPROVEN. */
    [SQL_TICKETS_SINCE] =
	"SELECT count(*) FROM (SELECT 1 FROM ticket INDEXED BY ticket_contact"
	" WHERE contact = ? AND opened >= ? AND flags & 2 = 0 LIMIT ?)",
    [SQL_ENVELOPE_GET] = "SELECT ticket, epoch, contact, sealed FROM envelope"
			 " WHERE ticket = ?",
    [SQL_ENVELOPE_PUT] =
	"INSERT INTO envelope (ticket, epoch, contact, sealed)"
	" VALUES (?, ?, ?, ?) ON CONFLICT (ticket) DO UPDATE"
	" SET epoch = excluded.epoch,"
	" contact = excluded.contact, sealed = excluded.sealed",
    [SQL_ENVELOPE_DELETE] = "DELETE FROM envelope WHERE ticket = ?",
    [SQL_MESSAGE_GET] = "SELECT fingerprint, epoch, ticket, state FROM message"
			" WHERE fingerprint = ?",
    [SQL_MESSAGE_PUT] =
	"INSERT INTO message (fingerprint, epoch, ticket, state)"
	" VALUES (?, ?, nullif(?, ''), ?)"
	" ON CONFLICT (fingerprint) DO UPDATE SET"
	" epoch = excluded.epoch, ticket = excluded.ticket,"
	" state = excluded.state",
    [SQL_MESSAGE_DELETE] = "DELETE FROM message WHERE fingerprint = ?",
    [SQL_MESSAGES_DELETE] = "DELETE FROM message INDEXED BY message_ticket"
			    " WHERE ticket = ?",
    [SQL_CLUE_GET] = "SELECT epoch, key, kind, ticket FROM clue"
		     " WHERE epoch = ? AND key = ?",
    [SQL_CLUE_PUT] = "INSERT INTO clue (epoch, key, kind, ticket)"
		     " VALUES (?, ?, ?, ?) ON CONFLICT (epoch, key) DO UPDATE"
		     " SET kind = excluded.kind, ticket = excluded.ticket"
		     " WHERE ticket <> excluded.ticket"
		     " OR kind <> excluded.kind",
    [SQL_CLUES_DELETE] = "DELETE FROM clue INDEXED BY clue_ticket"
			 " WHERE ticket = ?",
    [SQL_POST_GET] = "SELECT hour, sent, hold, since FROM post WHERE id = 1",
    [SQL_POST_PUT] = "INSERT INTO post (id, hour, sent, hold, since)"
		     " VALUES (1, ?, ?, ?, ?) ON CONFLICT (id) DO UPDATE"
		     " SET hour = excluded.hour, sent = excluded.sent,"
		     " hold = excluded.hold, since = excluded.since",
    [SQL_PROMISE_GET] = SELECT_PROMISES "WHERE key = ? AND kind = ?",
    [SQL_PROMISE_PUT] = "INSERT INTO promise (" PROMISE_COLUMNS ") VALUES"
			" (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?)"
			" ON CONFLICT (key, kind) DO UPDATE SET"
			" state = excluded.state, slot = excluded.slot,"
			" due = excluded.due, next_try = excluded.next_try,"
			" attempts = excluded.attempts,"
			" alarm_at = excluded.alarm_at,"
			" alarmed = excluded.alarmed",
    [SQL_PROMISE_DELETE] = "DELETE FROM promise WHERE key = ? AND kind = ?",
    [SQL_PROMISES_DELETE] =
	"DELETE FROM promise WHERE key IN (SELECT fingerprint FROM message"
	" INDEXED BY message_ticket WHERE ticket = ?)",
    [SQL_PROMISES_TO_TRY] =
	SELECT_PROMISES "INDEXED BY promise_open WHERE state = 1"
			" AND next_try <= ? ORDER BY next_try LIMIT ?",
    [SQL_PROMISES_OF_SLOT] =
	SELECT_PROMISES "INDEXED BY promise_claimed WHERE state = 2"
			" AND slot = ? ORDER BY slot LIMIT ?",
    [SQL_PROMISES_TO_ALARM] =
	SELECT_PROMISES "INDEXED BY promise_alarm WHERE alarm_at <= ?"
			" ORDER BY alarm_at LIMIT ?",
    [SQL_PROMISE_NEXT] =
	"SELECT (SELECT min(next_try) FROM promise INDEXED BY promise_open"
	" WHERE state = 1), (SELECT min(alarm_at) FROM promise"
	" INDEXED BY promise_alarm WHERE alarm_at IS NOT NULL)",
    [SQL_COUNT] =
	"SELECT (SELECT count(*) FROM ticket), (SELECT count(*) FROM ticket"
	" INDEXED BY ticket_closed WHERE state = 2), count(*),"
	" count(*) FILTER (WHERE due < ?1),"
	" count(*) FILTER (WHERE due >= ?1 AND alarmed > 0), min(due),"
	" (SELECT count(*) FROM promise INDEXED BY promise_failed"
	" WHERE state = 4) FROM ("
	"SELECT due, alarmed FROM promise INDEXED BY promise_open"
	" WHERE state = 1 UNION ALL"
	" SELECT due, alarmed FROM promise INDEXED BY promise_claimed"
	" WHERE state = 2)",
    [SQL_PURGE_ENVELOPES] = "DELETE FROM envelope WHERE ticket IN"
			    " (SELECT ticket FROM envelope WHERE epoch < ?1"
			    " LIMIT ?2)",
    [SQL_PURGE_PROMISES] = "DELETE FROM promise WHERE key IN " DEAD_MESSAGES,
    [SQL_PURGE_MESSAGES] = "DELETE FROM message WHERE fingerprint IN"
			   " " DEAD_MESSAGES,
    [SQL_PURGE_CLUES] = "DELETE FROM clue WHERE (epoch, key) IN"
			" (SELECT epoch, key FROM clue WHERE epoch < ?1"
			" LIMIT ?2)",
    [SQL_PURGE_CONTACTS] = "DELETE FROM contact WHERE id IN"
			   " (SELECT id FROM contact WHERE epoch < ?1"
			   " LIMIT ?2)",
};
