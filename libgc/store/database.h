/* Durable state in one SQLite file: opened with care (mode 0600, its kind and version checked, every change on the disk before
 * it counts, what is deleted overwritten), and statements that say their parameters. Only within store/. */
#ifndef GC_STORE_DATABASE_H
#define GC_STORE_DATABASE_H

#include <sqlite3.h>
#include <stdarg.h>

#include "base/bytes.h"

#define GC_DATABASE_WHY_LEN 256

struct gc_database_kind {
  const char *what;          /* "an Authorization Server's database" */
  int32_t application_id;    /* tells it from other databases */
  int32_t version;           /* of the tables */
  const char *schema;        /* SQL that makes them */
};

/**
 * Open a database, making it (0600) where there is none and create is set.
 * @param path NULL: in memory, for tests and simulations
 * @param[out] why for people
 * @return GC_OK; GC_E_NOT_FOUND: none there; GC_E_UNSUPPORTED: another kind or version; GC_E_MALFORMED: damaged;
 *         GC_E_SYSTEM (errno); GC_E_LIMIT: locked; GC_E_MEMORY
 */
enum gc_err gc_database_open(sqlite3 **out, const struct gc_database_kind *kind, const char *path, bool create, char why[static GC_DATABASE_WHY_LEN]) GC_MUST_CHECK;

/**
 * Be the one that serves a database, until *lock_fd is closed: by a lock of FILE.lock, which is made (0600) and stays.
 * @return GC_OK; GC_E_EXISTS: another process is; GC_E_SYSTEM (errno): no lock can be made. On error *lock_fd is unchanged
 */
enum gc_err gc_database_serve(const char *path, int *lock_fd) GC_MUST_CHECK;

/** What a result of SQLite means: GC_E_LIMIT: locked; GC_E_SYSTEM: full, or input and output failed; GC_E_MALFORMED: damaged;
 *  GC_E_EXISTS: a constraint; GC_E_MEMORY. */
enum gc_err gc_database_err(int result) GC_MUST_CHECK;

/**
 * A statement with its parameters bound, in order, by a letter each: 'i' int64_t, 't' struct gc_bytes as text, 'b' struct gc_bytes
 * as a BLOB. What they point to is borrowed until the statement is finished. NULL: *err says why.
 */
sqlite3_stmt *gc_database_query(sqlite3 *database, enum gc_err *err, const char *sql, const char *types, ...);

/** The next row: true; false: no more, or *err. */
bool gc_database_row(sqlite3_stmt *statement, enum gc_err *err);

/** A column as bytes, valid until the next row. */
struct gc_bytes gc_database_bytes(sqlite3_stmt *statement, int column);

/** A statement without rows. GC_E_NOT_FOUND: it changed nothing */
enum gc_err gc_database_run(sqlite3 *database, const char *sql, const char *types, ...) GC_MUST_CHECK;

/* A transaction: begun for writing, so that no other writer can come between. */
enum gc_err gc_database_begin(sqlite3 *database) GC_MUST_CHECK;
/** Commit where err is GC_OK, else take all back. @return err, or why it could not be committed (then all is taken back too) */
enum gc_err gc_database_end(sqlite3 *database, enum gc_err err) GC_MUST_CHECK;

/** A number that another connection's changes make greater. */
int64_t gc_database_changes(sqlite3 *database);

#endif
