/* What a Group Manager remembers, in one SQLite file (ace/gm_store.h): every transaction is on the disk when it is done, so that
 * the process may be killed at any moment. The file is made with mode 0600, and one that others may read is refused. Beside it
 * SQLite keeps FILE-wal and FILE-shm while it is open. */
#ifndef GC_STORE_MANAGER_DB_H
#define GC_STORE_MANAGER_DB_H

#include "ace/gm_store.h"

#define GC_MANAGER_DB_VERSION 1      /* of the schema */
#define GC_MANAGER_COMMAND_MAX 256   /* bytes of each text of a command, NUL included */
#define GC_MANAGER_COMMANDS_MAX 1024 /* that wait */

struct gc_manager_db;

/**
 * Open a file, or make it.
 * @param path     NULL: in memory, for tests and simulations
 * @param[out] why 256 bytes: what is wrong, for people
 * @return as gc_database_open; GC_E_MALFORMED: damaged. Such a file is not changed
 */
enum gc_err gc_manager_db_open(struct gc_manager_db **out, const char *path, char why[static 256]) GC_MUST_CHECK;
void gc_manager_db_close(struct gc_manager_db **db);

/** Borrowed from the database. */
struct gc_gm_store gc_manager_db_store(struct gc_manager_db *db);

/** Every group, by name, as of one moment with what `each` reads meanwhile. An error of each ends it. */
enum gc_err gc_manager_db_each_group(struct gc_manager_db *db, enum gc_err (*each)(void *ctx, const struct gc_gm_group *group), void *ctx) GC_MUST_CHECK;

/** What SQLite said of the last error; never NULL. */
const char *gc_manager_db_why(const struct gc_manager_db *db);

/** Be the one that serves, until the file is closed. GC_E_EXISTS: another process is; GC_E_SYSTEM */
enum gc_err gc_manager_db_serve(struct gc_manager_db *db) GC_MUST_CHECK;

/* --- commands to the process that serves ------------------------------------------------------------------------------- */

struct gc_manager_command {
  int64_t id;
  char verb[GC_MANAGER_COMMAND_MAX], group[GC_MANAGER_COMMAND_MAX], member[GC_MANAGER_COMMAND_MAX];
};

/** Leave a command. id is set. GC_E_RANGE: a text is too long; GC_E_LIMIT: too many wait, or locked */
enum gc_err gc_manager_db_command(struct gc_manager_db *db, struct gc_manager_command *command) GC_MUST_CHECK;

/** The oldest command that waits. GC_E_NOT_FOUND: none. Cheap where nothing was written by others since the last call. */
enum gc_err gc_manager_db_next(struct gc_manager_db *db, struct gc_manager_command *out) GC_MUST_CHECK;

/** Say what became of it. */
enum gc_err gc_manager_db_done(struct gc_manager_db *db, int64_t id, enum gc_err result) GC_MUST_CHECK;

/** Has it been done? Taken away then. GC_E_NOT_FOUND: not yet. */
enum gc_err gc_manager_db_result(struct gc_manager_db *db, int64_t id, enum gc_err *result) GC_MUST_CHECK;

/** Take a command back that nobody has done. */
enum gc_err gc_manager_db_withdraw(struct gc_manager_db *db, int64_t id) GC_MUST_CHECK;

#endif
