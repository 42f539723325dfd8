#include "store/schema.h"

#include "base/banned.h"

/* Of what is not forgotten. */
#define TICKET_EPOCH_INDEX                                                     \
	"CREATE INDEX ticket_epoch ON ticket(epoch) WHERE pseudonym <> '';"
#define MESSAGE_TICKET_INDEX                                                   \
	"CREATE INDEX message_ticket ON message(ticket);"

/* 1 is TICKET_OPEN. */
#define TICKET_OPEN_INDEX                                                      \
	"CREATE INDEX ticket_open ON ticket(queue, number) WHERE state = 1;"

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

/* next: what sla_next() says; NULL for 0. */
#define CLOCK_TABLE                                                            \
	"CREATE TABLE clock ("                                                 \
	"  ticket TEXT NOT NULL REFERENCES ticket(number),"                    \
	"  kind INTEGER NOT NULL, start INTEGER NOT NULL,"                     \
	"  length INTEGER NOT NULL, paused_at INTEGER NOT NULL,"               \
	"  paused INTEGER NOT NULL, settled INTEGER NOT NULL,"                 \
	"  said INTEGER NOT NULL, next INTEGER,"                               \
	"  PRIMARY KEY (ticket, kind)"                                         \
	") STRICT, WITHOUT ROWID;"                                             \
	"CREATE INDEX clock_next ON clock(next) WHERE next IS NOT NULL;"
#define WEEKLY_TABLE                                                           \
	"CREATE TABLE weekly ("                                                \
	"  queue TEXT NOT NULL PRIMARY KEY, sent INTEGER NOT NULL,"            \
	"  next_try INTEGER NOT NULL, slot INTEGER NOT NULL"                   \
	") STRICT, WITHOUT ROWID;"
/* Who asks for a kind does not look at what waits of the others: in a hold
 * that is all there is for players. */
#define PROMISE_KIND_INDEX                                                     \
	"CREATE INDEX promise_kind ON promise(kind, next_try) WHERE state = 1;"
#define PROMISE_TICKET_INDEX                                                   \
	"CREATE INDEX promise_ticket ON promise(ticket);"

const char schema_create[] =
    "CREATE TABLE contact ("
    "  id BLOB NOT NULL PRIMARY KEY, epoch INTEGER NOT NULL,"
    "  pseudonym TEXT UNIQUE, seen INTEGER NOT NULL,"
    "  agent TEXT NOT NULL DEFAULT ''"
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
    "  messages INTEGER NOT NULL, copy_id TEXT NOT NULL,"
    "  ack_due INTEGER NOT NULL DEFAULT 0,"
    "  decided INTEGER NOT NULL DEFAULT 0,"
    "  waiting INTEGER NOT NULL DEFAULT 0,"
    "  close INTEGER NOT NULL DEFAULT 0,"
    "  closed_level INTEGER NOT NULL DEFAULT 0,"
    "  is_returned INTEGER NOT NULL DEFAULT 0,"
    "  rating INTEGER NOT NULL DEFAULT 0, agent TEXT NOT NULL DEFAULT ''"
    ") STRICT, WITHOUT ROWID;"
    TICKET_CONTACT_INDEX
    "CREATE INDEX ticket_pseudonym ON ticket(pseudonym);"
    "CREATE INDEX ticket_closed ON ticket(closed) WHERE state = 2;"
    TICKET_EPOCH_INDEX TICKET_OPEN_INDEX

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
    CLOCK_TABLE
    WEEKLY_TABLE

    "CREATE TABLE promise ("
    "  key BLOB NOT NULL, kind INTEGER NOT NULL,"
    "  ticket TEXT NOT NULL REFERENCES ticket(number),"
    "  state INTEGER NOT NULL, slot INTEGER NOT NULL, due INTEGER NOT NULL,"
    "  next_try INTEGER NOT NULL, attempts INTEGER NOT NULL,"
    "  alarm_at INTEGER, alarmed INTEGER NOT NULL,"
    "  arg INTEGER NOT NULL DEFAULT 0, PRIMARY KEY (key, kind)"
    ") STRICT, WITHOUT ROWID;"
    "CREATE INDEX promise_open ON promise(next_try) WHERE state = 1;"
    PROMISE_KIND_INDEX
    "CREATE INDEX promise_claimed ON promise(slot) WHERE state = 2;"
    "CREATE INDEX promise_failed ON promise(due) WHERE state = 4;"
    "CREATE INDEX promise_alarm ON promise(alarm_at)"
    "  WHERE alarm_at IS NOT NULL;"
    PROMISE_TICKET_INDEX
    "PRAGMA application_id = 1853451620;"
    "PRAGMA user_version = 4;";

/* In version 1 a ticket without an address had no epoch: it gets the newest,
 * so that it is not forgotten while it is young. */
const char schema_from_1[] = TICKET_EPOCH_INDEX MESSAGE_TICKET_INDEX
    "UPDATE ticket SET epoch = (SELECT max(epoch) FROM message)"
    "  WHERE epoch = 0 AND EXISTS (SELECT 1 FROM message);"
    "PRAGMA user_version = 2;";

const char schema_from_2[] = "DROP INDEX ticket_contact;" TICKET_CONTACT_INDEX
    CLUE_TABLE POST_TABLE
    "PRAGMA user_version = 3;";

/* Tickets of before get no clocks: of many, all stages would be said at once,
 * for promises nobody could have ended by closing. */
const char schema_from_3[] =
    "ALTER TABLE contact ADD COLUMN agent TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE ticket ADD COLUMN ack_due INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN decided INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN waiting INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN close INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN closed_level INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN is_returned INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN rating INTEGER NOT NULL DEFAULT 0;"
    "ALTER TABLE ticket ADD COLUMN agent TEXT NOT NULL DEFAULT '';"
    "ALTER TABLE promise ADD COLUMN arg INTEGER NOT NULL DEFAULT 0;"
    PROMISE_TICKET_INDEX PROMISE_KIND_INDEX TICKET_OPEN_INDEX
    CLOCK_TABLE WEEKLY_TABLE
    "PRAGMA user_version = 4;";

#define CONTACT_COLUMNS "id, epoch, pseudonym, seen, agent"
#define TICKET_VALUES                                                          \
	"contact, epoch, queue, state, level, lang, category, flags,"          \
	" pseudonym, opened, first_reply_due, decision_due, acknowledged,"     \
	" answered, closed, messages, copy_id, ack_due, decided, waiting,"     \
	" close, closed_level, is_returned, rating, agent"
#define TICKET_COLUMNS TICKET_VALUES ", number"
#define TICKET_MARKS "?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?,?"
#define PROMISE_COLUMNS                                                        \
	"key, kind, ticket, state, slot, due, next_try, attempts, alarm_at,"   \
	" alarmed, arg"
#define SELECT_PROMISES "SELECT " PROMISE_COLUMNS " FROM promise "
#define CLOCK_COLUMNS                                                          \
	"ticket, kind, start, length, paused_at, paused, settled, said"
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
    [SQL_CONTACT_GET] = "SELECT " CONTACT_COLUMNS " FROM contact"
			" WHERE id = ?",
    [SQL_CONTACT_PUT] =
	"INSERT INTO contact (" CONTACT_COLUMNS ")"
	" VALUES (?, ?, nullif(?, ''), ?, ?)"
	" ON CONFLICT (id) DO UPDATE SET epoch = excluded.epoch,"
	" pseudonym = excluded.pseudonym, seen = excluded.seen,"
	" agent = excluded.agent",
    [SQL_CONTACT_NAMED] = "SELECT " CONTACT_COLUMNS " FROM contact"
			  " WHERE pseudonym = nullif(?, '')",
    [SQL_CONTACT_AGENT] = "UPDATE contact SET agent = c.agent"
			  " FROM (SELECT agent FROM contact WHERE id = ?1) c"
			  " WHERE id = ?2 AND contact.agent = ''",
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
		       " (" TICKET_MARKS ",?)",
    [SQL_TICKET_UPDATE] = "UPDATE ticket SET (" TICKET_VALUES ") ="
			  " (" TICKET_MARKS ") WHERE number = ?",
    [SQL_TICKET_LIST] = "SELECT " TICKET_COLUMNS " FROM ticket"
			" WHERE number > ? ORDER BY number LIMIT ?",
    [SQL_TICKETS_OF] = "SELECT number FROM ticket INDEXED BY ticket_contact"
		       " WHERE contact = ? LIMIT ?",
    /* 1 is TICKET_OPEN. */
    [SQL_TICKETS_OPEN_OF] =
	"SELECT " TICKET_COLUMNS " FROM ticket INDEXED BY ticket_contact"
	" WHERE contact = ? AND state = 1 ORDER BY opened LIMIT ?",
    [SQL_TICKETS_OPEN_IN] =
	"SELECT " TICKET_COLUMNS " FROM ticket INDEXED BY ticket_open"
	" WHERE state = 1 AND queue = ? AND number > ? ORDER BY number LIMIT ?",
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
			" (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0), ?, ?)"
			" ON CONFLICT (key, kind) DO UPDATE SET"
			" state = excluded.state, slot = excluded.slot,"
			" due = excluded.due, next_try = excluded.next_try,"
			" attempts = excluded.attempts,"
			" alarm_at = excluded.alarm_at,"
			" alarmed = excluded.alarmed, arg = excluded.arg",
    [SQL_PROMISE_DELETE] = "DELETE FROM promise WHERE key = ? AND kind = ?",
    [SQL_PROMISES_DELETE] = "DELETE FROM promise INDEXED BY promise_ticket"
			    " WHERE ticket = ?",
    [SQL_PROMISES_TO_TRY] =
	SELECT_PROMISES "INDEXED BY promise_open WHERE state = 1"
			" AND next_try <= ? ORDER BY next_try LIMIT ?",
    [SQL_PROMISES_OF_KIND] =
	SELECT_PROMISES "INDEXED BY promise_kind WHERE state = 1"
			" AND kind = ? AND next_try <= ?"
			" ORDER BY next_try LIMIT ?",
    [SQL_PROMISES_OF_SLOT] =
	SELECT_PROMISES "INDEXED BY promise_claimed WHERE state = 2"
			" AND slot = ? ORDER BY slot LIMIT ?",
    [SQL_PROMISES_TO_ALARM] =
	SELECT_PROMISES "INDEXED BY promise_alarm WHERE alarm_at <= ?"
			" ORDER BY alarm_at LIMIT ?",
    [SQL_PROMISE_NEXT] =
	"SELECT (SELECT min(next_try) FROM promise INDEXED BY promise_open"
	" WHERE state = 1),"
	" (SELECT min(alarm_at) FROM promise"
	" INDEXED BY promise_alarm WHERE alarm_at IS NOT NULL),"
	" (SELECT min(next) FROM clock INDEXED BY clock_next"
	" WHERE next IS NOT NULL)",
    [SQL_PROMISE_NEXT_OF] =
	"SELECT min(next_try) FROM promise INDEXED BY promise_kind"
	" WHERE state = 1 AND kind = ?",
    [SQL_CLOCK_GET] = "SELECT " CLOCK_COLUMNS " FROM clock"
		      " WHERE ticket = ? AND kind = ?",
    [SQL_CLOCK_PUT] = "INSERT INTO clock (" CLOCK_COLUMNS ", next) VALUES"
		      " (?, ?, ?, ?, ?, ?, ?, ?, nullif(?, 0))"
		      " ON CONFLICT (ticket, kind) DO UPDATE SET"
		      " start = excluded.start, length = excluded.length,"
		      " paused_at = excluded.paused_at,"
		      " paused = excluded.paused, settled = excluded.settled,"
		      " said = excluded.said, next = excluded.next",
    [SQL_CLOCK_LIST] = "SELECT " CLOCK_COLUMNS " FROM clock"
		       " WHERE ticket = ? ORDER BY kind",
    [SQL_CLOCKS_DUE] = "SELECT " CLOCK_COLUMNS " FROM clock"
		       " INDEXED BY clock_next WHERE next <= ?"
		       " ORDER BY next, ticket, kind LIMIT ?",
    [SQL_CLOCKS_DELETE] = "DELETE FROM clock WHERE ticket = ?",
    [SQL_WEEKLY_GET] = "SELECT queue, sent, next_try, slot FROM weekly"
		       " WHERE queue = ?",
    [SQL_WEEKLY_PUT] = "INSERT INTO weekly (queue, sent, next_try, slot)"
		       " VALUES (?, ?, ?, ?) ON CONFLICT (queue) DO UPDATE"
		       " SET sent = excluded.sent,"
		       " next_try = excluded.next_try, slot = excluded.slot",
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
