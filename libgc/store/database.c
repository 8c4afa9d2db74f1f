#include "store/database.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

enum { BUSY_MS = 5000 };

enum gc_err gc_database_err(int result)
{
  switch (result & 0xff) {
  case SQLITE_OK:
  case SQLITE_ROW:
  case SQLITE_DONE:
    return GC_OK;
  case SQLITE_BUSY:
  case SQLITE_LOCKED:
    return GC_E_LIMIT;
  case SQLITE_CORRUPT:
  case SQLITE_NOTADB:
    return GC_E_MALFORMED;
  case SQLITE_CONSTRAINT:
    return GC_E_EXISTS;
  case SQLITE_NOMEM:
    return GC_E_MEMORY;
  case SQLITE_FULL:
    errno = ENOSPC;
    return GC_E_SYSTEM;
  case SQLITE_READONLY:
  case SQLITE_PERM:
  case SQLITE_AUTH:
    errno = EACCES;
    return GC_E_SYSTEM;
  default:
    errno = errno ? errno : EIO;
    return GC_E_SYSTEM;
  }
}

/* --- statements ----------------------------------------------------------------------------------------------------------- */

/* SQLite takes NULL for SQL's NULL; an empty string is none. */
static int bind(sqlite3_stmt *statement, int at, char type, va_list *args)
{
  if (type == 'i')
    return sqlite3_bind_int64(statement, at, va_arg(*args, int64_t));
  const struct gc_bytes bytes = va_arg(*args, struct gc_bytes);
  const char *ptr = bytes.len ? (const char *)bytes.ptr : "";
  if (type == 't')
    return sqlite3_bind_text64(statement, at, ptr, bytes.len, SQLITE_STATIC, SQLITE_UTF8);
  return sqlite3_bind_blob64(statement, at, ptr, bytes.len, SQLITE_STATIC);
}

static sqlite3_stmt *prepare(sqlite3 *database, enum gc_err *err, const char *sql, const char *types, va_list *args)
{
  sqlite3_stmt *statement = NULL;
  int result = sqlite3_prepare_v2(database, sql, -1, &statement, NULL);
  for (int i = 0; types[i] && result == SQLITE_OK; i++)
    result = bind(statement, i + 1, types[i], args);
  *err = gc_database_err(result);
  if (!*err)
    return statement;
  sqlite3_finalize(statement);
  return NULL;
}

sqlite3_stmt *gc_database_query(sqlite3 *database, enum gc_err *err, const char *sql, const char *types, ...)
{
  va_list args;
  va_start(args, types);
  sqlite3_stmt *statement = prepare(database, err, sql, types, &args);
  va_end(args);
  return statement;
}

bool gc_database_row(sqlite3_stmt *statement, enum gc_err *err)
{
  const int result = sqlite3_step(statement);
  *err = gc_database_err(result);
  return result == SQLITE_ROW;
}

struct gc_bytes gc_database_bytes(sqlite3_stmt *statement, int column)
{
  const void *ptr = sqlite3_column_blob(statement, column);
  return gc_bytes(ptr, (size_t)sqlite3_column_bytes(statement, column));
}

enum gc_err gc_database_run(sqlite3 *database, const char *sql, const char *types, ...)
{
  enum gc_err err;
  va_list args;
  va_start(args, types);
  sqlite3_stmt *statement = prepare(database, &err, sql, types, &args);
  va_end(args);
  if (!statement)
    return err;
  err = gc_database_err(sqlite3_step(statement));
  if (!err && sqlite3_changes(database) == 0)
    err = GC_E_NOT_FOUND;
  sqlite3_finalize(statement);
  return err;
}

enum gc_err gc_database_begin(sqlite3 *database)
{
  return gc_database_err(sqlite3_exec(database, "BEGIN IMMEDIATE", NULL, NULL, NULL));
}

enum gc_err gc_database_end(sqlite3 *database, enum gc_err err)
{
  if (!err) {
    err = gc_database_err(sqlite3_exec(database, "COMMIT", NULL, NULL, NULL));
    if (!err)
      return GC_OK;
  }
  const int kept = errno;
  sqlite3_exec(database, "ROLLBACK", NULL, NULL, NULL);
  errno = kept;
  return err;
}

static int64_t number(sqlite3 *database, const char *sql)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_database_query(database, &err, sql, "");
  int64_t value = statement && gc_database_row(statement, &err) ? sqlite3_column_int64(statement, 0) : -1;
  sqlite3_finalize(statement);
  return value;
}

int64_t gc_database_changes(sqlite3 *database)
{
  return number(database, "PRAGMA data_version");
}

/* --- opening -------------------------------------------------------------------------------------------------------------- */

static enum gc_err fail(char why[static GC_DATABASE_WHY_LEN], enum gc_err err, const char *phrase)
{
  snprintf(why, GC_DATABASE_WHY_LEN, "%s", phrase);
  return err;
}

/* The file is made by us, so that its mode is 0600 from the first moment. */
static enum gc_err make_file(const char *path, bool create, char why[static GC_DATABASE_WHY_LEN])
{
  struct stat st;
  int fd = open(path, O_RDWR | O_CLOEXEC | O_NOFOLLOW | (create ? O_CREAT : 0), 0600);
  if (fd < 0 && errno == ELOOP)
    return fail(why, GC_E_UNSUPPORTED, "a symbolic link; name the file itself");
  if (fd < 0)
    return fail(why, errno == ENOENT && !create ? GC_E_NOT_FOUND : GC_E_SYSTEM, strerror(errno));
  enum gc_err err = fstat(fd, &st) == 0 && S_ISREG(st.st_mode) ? GC_OK : fail(why, GC_E_UNSUPPORTED, "not a regular file");
  if (!err && st.st_nlink > 1) /* each name would have a journal and a lock of its own */
    err = fail(why, GC_E_UNSUPPORTED, "the file has more than one name (a hard link); remove the others, or use a copy");
  if (!err && (st.st_mode & 077))
    err = fail(why, GC_E_UNSUPPORTED, "others may read or change the keys in it; use chmod 600");
  close(fd);
  return err;
}

/* Symbolic links lead to folders as they like, /var/run does; SQLITE_OPEN_NOFOLLOW takes none of them. NULL: errno */
static char *without_links(const char *path)
{
  const char *slash = strrchr(path, '/');
  char *folder = slash ? strndup(path, (size_t)(slash - path) + 1) : strdup("."), *real = folder ? realpath(folder, NULL) : NULL, *out = NULL;
  if (real && asprintf(&out, "%s/%s", real, slash ? slash + 1 : path) < 0)
    out = NULL;
  const int kept = errno;
  free(folder);
  free(real);
  errno = kept;
  return out;
}

static enum gc_err make_tables(sqlite3 *database, const struct gc_database_kind *kind)
{
  char pragmas[96];
  enum gc_err err = gc_database_begin(database);
  snprintf(pragmas, sizeof pragmas, "PRAGMA application_id = %d; PRAGMA user_version = %d", (int)kind->application_id, (int)kind->version);
  if (err)
    return err;
  if (number(database, "PRAGMA application_id") == 0) /* nobody was faster */
    err = gc_database_err(sqlite3_exec(database, kind->schema, NULL, NULL, NULL));
  if (!err)
    err = gc_database_err(sqlite3_exec(database, pragmas, NULL, NULL, NULL));
  return gc_database_end(database, err);
}

static enum gc_err check_kind(sqlite3 *database, const struct gc_database_kind *kind, bool create, char why[static GC_DATABASE_WHY_LEN])
{
  enum gc_err err = gc_database_err(sqlite3_exec(database, "PRAGMA schema_version", NULL, NULL, NULL));
  if (err)
    return fail(why, err, err == GC_E_MALFORMED ? "damaged, or no database" : sqlite3_errmsg(database));
  const int64_t id = number(database, "PRAGMA application_id"), version = number(database, "PRAGMA user_version");
  const bool is_empty = number(database, "PRAGMA schema_version") == 0;
  if (is_empty && create && (err = make_tables(database, kind)))
    return fail(why, err, sqlite3_errmsg(database));
  if (is_empty && create)
    return GC_OK;
  if (id != kind->application_id) {
    snprintf(why, GC_DATABASE_WHY_LEN, "not %.200s", kind->what);
    return GC_E_UNSUPPORTED;
  }
  return version == kind->version ? GC_OK : fail(why, GC_E_UNSUPPORTED, "of another version of this program");
}

static enum gc_err open_file(sqlite3 **out, const char *path, char why[static GC_DATABASE_WHY_LEN])
{
  const int flags = SQLITE_OPEN_READWRITE | (path ? SQLITE_OPEN_NOFOLLOW : SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY);
  char *real = path ? without_links(path) : NULL;
  if (path && !real)
    return fail(why, GC_E_SYSTEM, strerror(errno));
  const int result = sqlite3_open_v2(path ? real : ":memory:", out, flags, NULL);
  free(real);
  return result == SQLITE_OK ? GC_OK : fail(why, GC_E_SYSTEM, *out ? sqlite3_errmsg(*out) : "no memory left");
}

enum gc_err gc_database_open(sqlite3 **out, const struct gc_database_kind *kind, const char *path, bool create, char why[static GC_DATABASE_WHY_LEN])
{
  static const char settings[] = "PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA secure_delete = ON; PRAGMA foreign_keys = ON;"
                                 "PRAGMA cell_size_check = ON; PRAGMA trusted_schema = OFF";
  *out = NULL;
  enum gc_err err = path ? make_file(path, create, why) : GC_OK;
  if (!err)
    err = open_file(out, path, why);
  if (!err) {
    sqlite3_busy_timeout(*out, BUSY_MS);
    err = gc_database_err(sqlite3_exec(*out, settings, NULL, NULL, NULL));
    if (err)
      fail(why, err, err == GC_E_MALFORMED ? "damaged, or no database" : sqlite3_errmsg(*out));
  }
  if (!err)
    err = check_kind(*out, kind, create, why);
  if (err) {
    sqlite3_close(*out);
    *out = NULL;
  }
  return err;
}

enum gc_err gc_database_serve(const char *path, int *lock_fd)
{
  char *name;
  if (asprintf(&name, "%s.lock", path) < 0)
    return GC_E_MEMORY;
  const int fd = open(name, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
  free(name);
  if (fd < 0)
    return GC_E_SYSTEM;
  if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
    *lock_fd = fd;
    return GC_OK;
  }
  const int kept = errno;
  close(fd);
  errno = kept;
  return kept == EWOULDBLOCK ? GC_E_EXISTS : GC_E_SYSTEM;
}
