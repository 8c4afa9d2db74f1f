#include "store/manager_sql.h"

#include <stdio.h>
#include <string.h>

#define GROUP_COLUMNS "name, num, gid, master_secret, master_salt, expires_s, is_active, next_sender_id, next_node"
#define MEMBER_COLUMNS \
  "grp, node, identity, roles, sender_id, cred, scope, cnonce, birth_gid, join_num, is_new, control_uri, expires_s"

static const char *const texts[GC_SQL_STATEMENTS] = {
  [GC_SQL_BEGIN] = "BEGIN IMMEDIATE",
  [GC_SQL_COMMIT] = "COMMIT",
  [GC_SQL_ROLLBACK] = "ROLLBACK",
  [GC_SQL_GROUP_GET] = "SELECT " GROUP_COLUMNS " FROM groups WHERE name = ?1",
  [GC_SQL_GROUP_EACH] = "SELECT " GROUP_COLUMNS " FROM groups ORDER BY name",
  [GC_SQL_GROUP_PUT] = "INSERT OR REPLACE INTO groups (" GROUP_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)",
  [GC_SQL_PREFIX_LIKE] = "SELECT 1 FROM prefixes WHERE substr(prefix, 1, length(?1)) = ?1 OR substr(?1, 1, length(prefix)) = prefix",
  [GC_SQL_PREFIX_PUT] = "INSERT INTO prefixes (prefix, grp) VALUES (?1, ?2)",
  [GC_SQL_MEMBER_AFTER] = "SELECT " MEMBER_COLUMNS " FROM members WHERE grp = ?1 AND node > ?2 ORDER BY node LIMIT 1",
  [GC_SQL_MEMBER_BY_NODE] = "SELECT " MEMBER_COLUMNS " FROM members WHERE grp = ?1 AND node = ?2",
  [GC_SQL_MEMBER_BY_IDENTITY] = "SELECT " MEMBER_COLUMNS " FROM members WHERE grp = ?1 AND identity = ?2",
  [GC_SQL_MEMBER_BY_SENDER_ID] = "SELECT " MEMBER_COLUMNS " FROM members WHERE grp = ?1 AND sender_id = ?2",
  [GC_SQL_MEMBER_EXPIRING] = "SELECT " MEMBER_COLUMNS " FROM members WHERE expires_s IS NOT NULL ORDER BY expires_s LIMIT 1",
  [GC_SQL_MEMBER_PUT] = "INSERT INTO members (" MEMBER_COLUMNS ") VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13) "
                        "ON CONFLICT (grp, node) DO UPDATE SET identity = ?3, roles = ?4, sender_id = ?5, cred = ?6, scope = ?7, cnonce = ?8, "
                        "birth_gid = ?9, join_num = ?10, is_new = ?11, control_uri = ?12, expires_s = ?13",
  [GC_SQL_MEMBER_DELETE] = "DELETE FROM members WHERE grp = ?1 AND node = ?2 RETURNING 1",
  [GC_SQL_MEMBER_COUNT] = "SELECT count(*) FROM members WHERE grp = ?1",
  [GC_SQL_STALE_ADD] = "INSERT OR IGNORE INTO stale (grp, num, sender_id) VALUES (?1, ?2, ?3)",
  [GC_SQL_STALE_HAS] = "SELECT 1 FROM stale WHERE grp = ?1 AND num = ?2 AND sender_id = ?3",
  [GC_SQL_STALE_EACH] = "SELECT DISTINCT sender_id FROM stale WHERE grp = ?1 AND num BETWEEN ?2 AND ?3 ORDER BY sender_id",
  [GC_SQL_STALE_DROP] = "DELETE FROM stale WHERE grp = ?1 AND num < ?2",
  [GC_SQL_ELDER_ADD] = "INSERT OR IGNORE INTO elders (grp, identity) VALUES (?1, ?2)",
  [GC_SQL_ELDER_HAS] = "SELECT 1 FROM elders WHERE grp = ?1 AND identity = ?2",
  [GC_SQL_ELDER_DROP] = "DELETE FROM elders WHERE grp = ?1",
  [GC_SQL_DATA_VERSION] = "PRAGMA data_version",
  [GC_SQL_COMMAND_COUNT] = "SELECT count(*) FROM commands",
  [GC_SQL_COMMAND_ADD] = "INSERT INTO commands (verb, grp, member) VALUES (?1, ?2, ?3)",
  [GC_SQL_COMMAND_NEXT] = "SELECT id, verb, grp, member FROM commands WHERE result IS NULL ORDER BY id LIMIT 1",
  [GC_SQL_COMMAND_DONE] = "UPDATE commands SET result = ?2 WHERE id = ?1",
  [GC_SQL_COMMAND_RESULT] = "DELETE FROM commands WHERE id = ?1 AND result IS NOT NULL RETURNING result",
  [GC_SQL_COMMAND_DELETE] = "DELETE FROM commands WHERE id = ?1",
};

enum gc_err gc_sql_err(struct gc_manager_db *db, int result)
{
  enum gc_err err = gc_database_err(result);
  if (err)
    snprintf(db->why, sizeof db->why, "%s", sqlite3_errmsg(db->sqlite));
  return err;
}

sqlite3_stmt *gc_sql_begin(struct gc_manager_db *db, enum gc_sql which, enum gc_err *err)
{
  sqlite3_stmt **statement = &db->statements[which];
  *err = GC_OK;
  if (!*statement)
    *err = gc_sql_err(db, sqlite3_prepare_v3(db->sqlite, texts[which], -1, SQLITE_PREPARE_PERSISTENT, statement, NULL));
  return *err ? NULL : *statement;
}

/* A value that cannot be bound leaves NULL there, which every column refuses that must not be empty. */
void gc_sql_text_in(sqlite3_stmt *statement, int place, const char *text)
{
  sqlite3_bind_text(statement, place, text, -1, SQLITE_STATIC);
}

void gc_sql_bytes_in(sqlite3_stmt *statement, int place, struct gc_bytes bytes)
{
  sqlite3_bind_blob(statement, place, bytes.len ? (const void *)bytes.ptr : "", (int)bytes.len, SQLITE_STATIC);
}

void gc_sql_number_in(sqlite3_stmt *statement, int place, int64_t number)
{
  sqlite3_bind_int64(statement, place, number);
}

enum gc_err gc_sql_row(struct gc_manager_db *db, sqlite3_stmt *statement)
{
  const int result = sqlite3_step(statement);
  return result == SQLITE_DONE ? GC_E_NOT_FOUND : gc_sql_err(db, result);
}

enum gc_err gc_sql_bytes_out(sqlite3_stmt *statement, int column, uint8_t *out, size_t cap, size_t *len)
{
  const void *bytes = sqlite3_column_blob(statement, column);
  const size_t there = (size_t)sqlite3_column_bytes(statement, column);
  if (there > cap)
    return GC_E_MALFORMED;
  if (there)
    memcpy(out, bytes, there);
  *len = there;
  return GC_OK;
}

enum gc_err gc_sql_text_out(sqlite3_stmt *statement, int column, char *out, size_t cap)
{
  size_t len;
  enum gc_err err = gc_sql_bytes_out(statement, column, (uint8_t *)out, cap - 1, &len);
  if (!err)
    out[len] = 0;
  return err;
}

enum gc_err gc_sql_end(sqlite3_stmt *statement, enum gc_err err)
{
  sqlite3_reset(statement);
  sqlite3_clear_bindings(statement);
  return err;
}

enum gc_err gc_sql_run(struct gc_manager_db *db, sqlite3_stmt *statement)
{
  enum gc_err err = gc_sql_err(db, sqlite3_step(statement));
  return gc_sql_end(statement, err);
}
