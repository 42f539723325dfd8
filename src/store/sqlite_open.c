#include "store/schema.h"

#include "base/error.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <sqlite3.h>

#include "base/banned.h"

gboolean
schema_fail(int rc, GError **err)
{
	switch (rc & 0xff) {
	case SQLITE_FULL:
		return error_fail(err, ERROR_TEMP,
		    "database full: free space "
		    "on the file system of the state directory");
	case SQLITE_READONLY:
	case SQLITE_PERM:
	case SQLITE_CANTOPEN:
		return error_fail_num(err, ERROR_TEMP,
		    "database cannot be "
		    "written: check mount, owner and mode of the state "
		    "directory; code",
		    rc);
	case SQLITE_BUSY:
	case SQLITE_LOCKED:
		return error_fail(
		    err, ERROR_TEMP, "database is held by another program");
	case SQLITE_CONSTRAINT:
		return error_fail_num(
		    err, ERROR_CONFLICT, "database refused a row; code", rc);
	case SQLITE_CORRUPT:
	case SQLITE_NOTADB:
		return error_fail_num(err, ERROR_TEMP,
		    "database is damaged: restore it; code", rc);
	default:
		return error_fail_num(err, ERROR_TEMP,
		    "database failed: look for disk errors; code", rc);
	}
}

/* SQLite would make the file readable by all, and gives its log and index
 * files the mode of the database. */
static gboolean
make_private(const char *path, GError **err)
{
	gboolean is_private;
	int fd;

	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
	if (fd < 0)
		return error_fail_errno(err, ERROR_TEMP,
		    "cannot open the database in the state directory");
	is_private = fchmod(fd, 0600) == 0;
	if (!is_private)
		error_fail_errno(err, ERROR_TEMP,
		    "cannot make the database private: check its owner");
	/* Before SQLite opens it: closing a file drops its process's locks. */
	(void)close(fd);
	return is_private;
}

static gboolean
exec(sqlite3 *db, const char *text, GError **err)
{
	int rc = sqlite3_exec(db, text, NULL, NULL, NULL);

	return rc == SQLITE_OK || schema_fail(rc, err);
}

static gboolean
read_pragma(sqlite3 *db, const char *text, gint64 *out, GError **err)
{
	sqlite3_stmt *st = NULL;
	int rc;

	rc = sqlite3_prepare_v2(db, text, -1, &st, NULL);
	if (rc == SQLITE_OK)
		rc = sqlite3_step(st);
	if (rc == SQLITE_ROW)
		*out = sqlite3_column_int64(st, 0);
	(void)sqlite3_finalize(st);
	return rc == SQLITE_ROW || schema_fail(rc, err);
}

/* All or nothing: a crash here leaves the file as it was. */
static gboolean
change_schema(sqlite3 *db, const char *text, GError **err)
{
	if (!exec(db, "BEGIN IMMEDIATE", err))
		return FALSE;
	if (exec(db, text, err) && exec(db, "COMMIT", err))
		return TRUE;
	(void)sqlite3_exec(db, "ROLLBACK", NULL, NULL, NULL);
	return FALSE;
}

static gboolean
check_schema(sqlite3 *db, GError **err)
{
	gint64 application = 0, version = 0, tables = 0;

	if (!read_pragma(db, "PRAGMA application_id", &application, err) ||
	    !read_pragma(db, "PRAGMA user_version", &version, err) ||
	    !read_pragma(
		db, "SELECT count(*) FROM sqlite_schema", &tables, err))
		return FALSE;
	if (application == 0 && version == 0 && tables == 0)
		return change_schema(db, schema_create, err);
	if (application != SCHEMA_APPLICATION_ID)
		return error_fail(err, ERROR_PERM,
		    "the database file in the "
		    "state directory is not one of nymdesk");
	if (version > SCHEMA_VERSION)
		return error_fail_num(err, ERROR_PERM,
		    "the database was "
		    "written by a newer nymdesk: install that; its version",
		    version);
	return (version > 1 || change_schema(db, schema_from_1, err)) &&
	       (version > 2 || change_schema(db, schema_from_2, err)) &&
	       (version > 3 || change_schema(db, schema_from_3, err));
}

static gboolean
configure(sqlite3 *db, GError **err)
{
	static const int off[] = {
	    SQLITE_DBCONFIG_DQS_DML,
	    SQLITE_DBCONFIG_DQS_DDL,
	    SQLITE_DBCONFIG_ENABLE_TRIGGER,
	    SQLITE_DBCONFIG_ENABLE_VIEW,
	};
	gboolean is_ok;

	is_ok = sqlite3_busy_timeout(db, 5000) == SQLITE_OK &&
		sqlite3_db_config(db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL) ==
		    SQLITE_OK;
	for (guint i = 0; i < G_N_ELEMENTS(off) && is_ok; i++)
		is_ok = sqlite3_db_config(db, off[i], 0, NULL) == SQLITE_OK;
	if (!is_ok)
		return error_fail(err, ERROR_TEMP,
		    "this SQLite library lacks a protection we need");
	return exec(db,
	    "PRAGMA trusted_schema = OFF;"
	    "PRAGMA cell_size_check = ON;"
	    "PRAGMA secure_delete = ON;"
	    "PRAGMA temp_store = MEMORY;"
	    "PRAGMA foreign_keys = ON;"
	    "PRAGMA journal_mode = WAL;"
	    "PRAGMA synchronous = FULL;"
	    "PRAGMA journal_size_limit = 0;",
	    err);
}

sqlite3 *
schema_open(const char *path, GError **err)
{
	sqlite3 *db = NULL;
	int rc;

	if (!make_private(path, err))
		return NULL;
	rc = sqlite3_open_v2(path, &db,
	    SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX |
		SQLITE_OPEN_EXRESCODE | SQLITE_OPEN_NOFOLLOW,
	    NULL);
	if ((rc == SQLITE_OK || schema_fail(rc, err)) && configure(db, err) &&
	    check_schema(db, err))
		return db;
	(void)sqlite3_close(db);
	return NULL;
}
