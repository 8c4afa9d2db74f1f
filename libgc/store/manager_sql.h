/* Within store/: the statements of a Group Manager's database, each prepared once: a join runs a few dozen of them. */
#ifndef GC_STORE_MANAGER_SQL_H
#define GC_STORE_MANAGER_SQL_H

#include "store/database.h"
#include "store/manager_db.h"

/** Every statement there is. */
enum gc_sql {
  GC_SQL_BEGIN,
  GC_SQL_COMMIT,
  GC_SQL_ROLLBACK,
  GC_SQL_GROUP_GET,
  GC_SQL_GROUP_EACH,
  GC_SQL_GROUP_PUT,
  GC_SQL_PREFIX_LIKE,
  GC_SQL_PREFIX_PUT,
  GC_SQL_MEMBER_AFTER,
  GC_SQL_MEMBER_BY_NODE,
  GC_SQL_MEMBER_BY_IDENTITY,
  GC_SQL_MEMBER_BY_SENDER_ID,
  GC_SQL_MEMBER_EXPIRING,
  GC_SQL_MEMBER_PUT,
  GC_SQL_MEMBER_DELETE,
  GC_SQL_MEMBER_COUNT,
  GC_SQL_STALE_ADD,
  GC_SQL_STALE_HAS,
  GC_SQL_STALE_EACH,
  GC_SQL_STALE_DROP,
  GC_SQL_ELDER_ADD,
  GC_SQL_ELDER_HAS,
  GC_SQL_ELDER_DROP,
  GC_SQL_DATA_VERSION,
  GC_SQL_COMMAND_COUNT,
  GC_SQL_COMMAND_ADD,
  GC_SQL_COMMAND_NEXT,
  GC_SQL_COMMAND_DONE,
  GC_SQL_COMMAND_RESULT,
  GC_SQL_COMMAND_DELETE,
  GC_SQL_STATEMENTS
};

struct gc_manager_db {
  sqlite3 *sqlite;
  sqlite3_stmt *statements[GC_SQL_STATEMENTS];
  char *path;      /* NULL: in memory */
  int lock_fd;     /* -1: none */
  int64_t version; /* of what others wrote, when commands were looked for last; -1: not yet */
  char why[256];
};

/** SQLite's result as ours, remembered in why. */
enum gc_err gc_sql_err(struct gc_manager_db *db, int result) GC_MUST_CHECK;

/** A statement, ready for its values. NULL: *err says why */
sqlite3_stmt *gc_sql_begin(struct gc_manager_db *db, enum gc_sql which, enum gc_err *err);

/* Values by place, from 1; borrowed until the statement has ended. */
void gc_sql_text_in(sqlite3_stmt *statement, int place, const char *text);
void gc_sql_bytes_in(sqlite3_stmt *statement, int place, struct gc_bytes bytes);
void gc_sql_number_in(sqlite3_stmt *statement, int place, int64_t number);

/** The next row. GC_E_NOT_FOUND: no more */
enum gc_err gc_sql_row(struct gc_manager_db *db, sqlite3_stmt *statement) GC_MUST_CHECK;

/* Columns, from 0. GC_E_MALFORMED: longer than its place */
enum gc_err gc_sql_bytes_out(sqlite3_stmt *statement, int column, uint8_t *out, size_t cap, size_t *len) GC_MUST_CHECK;
enum gc_err gc_sql_text_out(sqlite3_stmt *statement, int column, char *out, size_t cap) GC_MUST_CHECK;

/** Done with it: values forgotten. Returns err, or what ending it said. */
enum gc_err gc_sql_end(sqlite3_stmt *statement, enum gc_err err);

/** A statement that gives no rows. */
enum gc_err gc_sql_run(struct gc_manager_db *db, sqlite3_stmt *statement) GC_MUST_CHECK;

#endif
