#include "store/manager_sql.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BUSY_MS = 1000 }; /* members wait meanwhile */

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
  "CREATE TABLE commands (id INTEGER PRIMARY KEY AUTOINCREMENT, verb TEXT NOT NULL, grp TEXT NOT NULL, member TEXT NOT NULL, result INTEGER) STRICT;";

static const struct gc_database_kind kind = { "a Group Manager's database", 0x47434d31, GC_MANAGER_DB_VERSION, schema };

static enum gc_err say(struct gc_manager_db *db, enum gc_err err, const char *phrase)
{
  snprintf(db->why, sizeof db->why, "%s", phrase);
  return err;
}

/* A page that was damaged while nobody looked is found now, not in the middle of a rekeying. */
static enum gc_err check(struct gc_manager_db *db)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_database_query(db->sqlite, &err, "PRAGMA quick_check(1)", "");
  if (!statement)
    return err;
  const bool is_ok = gc_database_row(statement, &err) && gc_bytes_equal(gc_database_bytes(statement, 0), gc_bytes_str("ok"));
  sqlite3_finalize(statement);
  return err || is_ok ? err : GC_E_MALFORMED;
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
  enum gc_err err = path && !db->path ? GC_E_MEMORY : gc_database_open(&db->sqlite, &kind, path, true, why);
  if (!err) {
    sqlite3_busy_timeout(db->sqlite, BUSY_MS);
    err = gc_sql_err(db, sqlite3_exec(db->sqlite, "PRAGMA temp_store = MEMORY; PRAGMA journal_size_limit = 0", NULL, NULL, NULL));
  }
  if (!err && (err = check(db)) != GC_OK)
    snprintf(why, 256, "the database is damaged");
  if (err) {
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
  (void)sqlite3_close(db->sqlite);
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
  if (!db->path)
    return say(db, GC_E_SYSTEM, "no place for a lock");
  const enum gc_err err = gc_database_serve(db->path, &db->lock_fd);
  return err ? say(db, err, err == GC_E_EXISTS ? "another process serves it" : err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err)) : GC_OK;
}
