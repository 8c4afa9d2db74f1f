/* Commands from one process to the one that serves: rows of a table, looked for when the file has changed. */
#include "store/manager_sql.h"

#include <string.h>

static bool fits(const char *text)
{
  return strlen(text) < GC_MANAGER_COMMAND_MAX;
}

static enum gc_err number(struct gc_manager_db *db, enum gc_sql which, int64_t *out)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(db, which, &err);
  if (!statement)
    return err;
  err = gc_sql_row(db, statement);
  if (!err)
    *out = sqlite3_column_int64(statement, 0);
  return gc_sql_end(statement, err);
}

enum gc_err gc_manager_db_command(struct gc_manager_db *db, struct gc_manager_command *command)
{
  int64_t count = 0;
  if (!fits(command->verb) || !fits(command->group) || !fits(command->member))
    return GC_E_RANGE;
  enum gc_err err = number(db, GC_SQL_COMMAND_COUNT, &count);
  if (!err && count >= GC_MANAGER_COMMANDS_MAX)
    err = GC_E_LIMIT;
  sqlite3_stmt *statement = err ? NULL : gc_sql_begin(db, GC_SQL_COMMAND_ADD, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, command->verb);
  gc_sql_text_in(statement, 2, command->group);
  gc_sql_text_in(statement, 3, command->member);
  err = gc_sql_run(db, statement);
  if (!err)
    command->id = sqlite3_last_insert_rowid(db->sqlite);
  return err;
}

static enum gc_err read_command(sqlite3_stmt *statement, struct gc_manager_command *out)
{
  out->id = sqlite3_column_int64(statement, 0);
  enum gc_err err = gc_sql_text_out(statement, 1, out->verb, sizeof out->verb);
  if (!err)
    err = gc_sql_text_out(statement, 2, out->group, sizeof out->group);
  return err ? err : gc_sql_text_out(statement, 3, out->member, sizeof out->member);
}

enum gc_err gc_manager_db_next(struct gc_manager_db *db, struct gc_manager_command *out)
{
  int64_t version = 0;
  enum gc_err err = number(db, GC_SQL_DATA_VERSION, &version);
  if (err || version == db->version)
    return err ? err : GC_E_NOT_FOUND;
  sqlite3_stmt *statement = gc_sql_begin(db, GC_SQL_COMMAND_NEXT, &err);
  if (!statement)
    return err;
  err = gc_sql_row(db, statement);
  if (err == GC_E_NOT_FOUND)
    db->version = version;
  return gc_sql_end(statement, err ? err : read_command(statement, out));
}

enum gc_err gc_manager_db_done(struct gc_manager_db *db, int64_t id, enum gc_err result)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(db, GC_SQL_COMMAND_DONE, &err);
  if (!statement)
    return err;
  gc_sql_number_in(statement, 1, id);
  gc_sql_number_in(statement, 2, result);
  return gc_sql_run(db, statement);
}

enum gc_err gc_manager_db_result(struct gc_manager_db *db, int64_t id, enum gc_err *result)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(db, GC_SQL_COMMAND_RESULT, &err);
  if (!statement)
    return err;
  gc_sql_number_in(statement, 1, id);
  err = gc_sql_row(db, statement);
  if (!err)
    *result = (enum gc_err)sqlite3_column_int64(statement, 0);
  return gc_sql_end(statement, err);
}

enum gc_err gc_manager_db_withdraw(struct gc_manager_db *db, int64_t id)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(db, GC_SQL_COMMAND_DELETE, &err);
  if (!statement)
    return err;
  gc_sql_number_in(statement, 1, id);
  return gc_sql_run(db, statement);
}
