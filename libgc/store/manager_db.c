#include "store/manager_sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { APPLICATION_ID = 0x47434d31, BUSY_MS = 1000 };

static const char schema[] =
  "CREATE TABLE groups (name TEXT PRIMARY KEY NOT NULL, num INTEGER NOT NULL, gid BLOB NOT NULL, master_secret BLOB NOT NULL, "
  "master_salt BLOB NOT NULL, expires_s INTEGER NOT NULL, is_active INTEGER NOT NULL, next_sender_id INTEGER NOT NULL, "
  "next_node INTEGER NOT NULL) STRICT;"
  "CREATE TABLE prefixes (prefix BLOB PRIMARY KEY NOT NULL, grp TEXT NOT NULL) STRICT;"
  "CREATE TABLE members (grp TEXT NOT NULL, node INTEGER NOT NULL, identity BLOB NOT NULL, roles INTEGER NOT NULL, sender_id BLOB, "
  "cred BLOB NOT NULL, scope BLOB NOT NULL, cnonce BLOB NOT NULL, birth_gid BLOB NOT NULL, join_num INTEGER NOT NULL, "
  "is_new INTEGER NOT NULL, control_uri TEXT NOT NULL, expires_s INTEGER, PRIMARY KEY (grp, node), UNIQUE (grp, identity), "
  "UNIQUE (grp, sender_id)) STRICT;"
  "CREATE INDEX expiring ON members (expires_s) WHERE expires_s IS NOT NULL;"
  "CREATE TABLE stale (grp TEXT NOT NULL, num INTEGER NOT NULL, sender_id BLOB NOT NULL, PRIMARY KEY (grp, num, sender_id)) STRICT, WITHOUT ROWID;"
  "CREATE TABLE elders (grp TEXT NOT NULL, identity BLOB NOT NULL, PRIMARY KEY (grp, identity)) STRICT, WITHOUT ROWID;"
  "CREATE TABLE commands (id INTEGER PRIMARY KEY AUTOINCREMENT, verb TEXT NOT NULL, grp TEXT NOT NULL, member TEXT NOT NULL, result INTEGER) STRICT;"
  "PRAGMA application_id = 0x47434d31; PRAGMA user_version = 1;";

static enum gc_err say(struct gc_manager_db *db, enum gc_err err, const char *phrase)
{
  snprintf(db->why, sizeof db->why, "%s", phrase);
  return err;
}

static enum gc_err failed(struct gc_manager_db *db)
{
  return say(db, errno == ENOSPC || errno == EDQUOT ? GC_E_SPACE : GC_E_SYSTEM, strerror(errno));
}

/* Made here, not by SQLite, for its mode; what there is already is looked at. */
static enum gc_err prepare_file(struct gc_manager_db *db)
{
  struct stat about;
  const int fd = open(db->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return failed(db);
  enum gc_err err = fstat(fd, &about) ? failed(db) : GC_OK;
  close(fd);
  if (!err && !S_ISREG(about.st_mode))
    err = say(db, GC_E_MALFORMED, "not a regular file");
  if (!err && (about.st_mode & 077))
    err = say(db, GC_E_STATE, "others may read it, and it holds keys: chmod 600");
  return err;
}

/* --- the connection ------------------------------------------------------------------------------------------------------------ */

static enum gc_err execute(struct gc_manager_db *db, const char *sql)
{
  return gc_sql_err(db, sqlite3_exec(db->sqlite, sql, NULL, NULL, NULL));
}

/* The one value of a statement: a number, or 1 where it is the text "ok". */
static enum gc_err ask(struct gc_manager_db *db, const char *sql, int64_t *out)
{
  sqlite3_stmt *statement;
  enum gc_err err = gc_sql_err(db, sqlite3_prepare_v2(db->sqlite, sql, -1, &statement, NULL));
  if (err)
    return err;
  err = gc_sql_row(db, statement);
  if (!err) {
    const char *text = (const char *)sqlite3_column_text(statement, 0);
    *out = text && strcmp(text, "ok") == 0 ? 1 : sqlite3_column_int64(statement, 0);
  }
  sqlite3_finalize(statement);
  return err;
}

static enum gc_err configure(struct gc_manager_db *db)
{
  sqlite3_busy_timeout(db->sqlite, BUSY_MS);
  sqlite3_extended_result_codes(db->sqlite, 1);
  enum gc_err err = execute(db, "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA secure_delete = ON; PRAGMA temp_store = MEMORY;");
  if (!err && db->path)
    err = execute(db, "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 0;");
  return err;
}

static enum gc_err check_schema(struct gc_manager_db *db)
{
  int64_t application = 0, version = 0, tables = 0, is_ok = 0;
  enum gc_err err = ask(db, "PRAGMA application_id", &application);
  if (!err)
    err = ask(db, "PRAGMA user_version", &version);
  if (!err)
    err = ask(db, "SELECT count(*) FROM sqlite_schema", &tables);
  if (!err && !application && !version && !tables)
    return configure(db);
  if (!err && application != APPLICATION_ID)
    err = say(db, GC_E_MALFORMED, "no database of a Group Manager");
  if (!err && version > GC_MANAGER_DB_VERSION)
    err = say(db, GC_E_UNSUPPORTED, "made by a newer version of this program");
  if (!err)
    err = ask(db, "PRAGMA quick_check(1)", &is_ok);
  if (!err && !is_ok)
    err = say(db, GC_E_MALFORMED, "the database is damaged");
  return err ? err : configure(db);
}

/* Two that begin at the same time: one makes the tables. */
static enum gc_err make_tables(struct gc_manager_db *db)
{
  int64_t version = 0;
  enum gc_err err = execute(db, "BEGIN IMMEDIATE");
  if (err)
    return err;
  err = ask(db, "PRAGMA user_version", &version);
  if (!err && !version)
    err = execute(db, schema);
  if (!err)
    err = execute(db, "COMMIT");
  if (err)
    (void)sqlite3_exec(db->sqlite, "ROLLBACK", NULL, NULL, NULL);
  return err;
}

static enum gc_err start(struct gc_manager_db *db)
{
  enum gc_err err = db->path ? prepare_file(db) : GC_OK;
  if (err)
    return err;
  const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | (db->path ? 0 : SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
  err = gc_sql_err(db, sqlite3_open_v2(db->path ? db->path : ":memory:", &db->sqlite, flags, NULL));
  if (!err)
    err = check_schema(db);
  return err ? err : make_tables(db);
}

enum gc_err gc_manager_db_open(struct gc_manager_db **out, const char *path, char why[static 256])
{
  struct gc_manager_db *db = calloc(1, sizeof *db);
  why[0] = 0;
  if (!db)
    return GC_E_MEMORY;
  db->lock_fd = -1;
  db->version = -1;
  db->path = path ? strdup(path) : NULL;
  enum gc_err err = path && !db->path ? GC_E_MEMORY : start(db);
  if (err) {
    snprintf(why, 256, "%s", db->why);
    gc_manager_db_close(&db);
    return err;
  }
  *out = db;
  return GC_OK;
}

void gc_manager_db_close(struct gc_manager_db **pointer)
{
  struct gc_manager_db *db = *pointer;
  if (!db)
    return;
  *pointer = NULL;
  for (size_t i = 0; i < GC_SQL_STATEMENTS; i++)
    sqlite3_finalize(db->statements[i]);
  sqlite3_close(db->sqlite);
  if (db->lock_fd >= 0)
    close(db->lock_fd);
  free(db->path);
  free(db);
}

const char *gc_manager_db_why(const struct gc_manager_db *db)
{
  return db->why;
}

enum gc_err gc_manager_db_serve(struct gc_manager_db *db)
{
  char path[4096];
  if (!db->path || (size_t)snprintf(path, sizeof path, "%s.lock", db->path) >= sizeof path)
    return say(db, GC_E_SYSTEM, "no place for a lock");
  const int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0)
    return failed(db);
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    db->lock_fd = fd;
    return GC_OK;
  }
  const enum gc_err err = errno == EWOULDBLOCK ? say(db, GC_E_EXISTS, "another process serves it") : failed(db);
  close(fd);
  return err;
}
