/* Within store/: an Authorization Server's database. */
#ifndef GC_STORE_AS_DB_INTERNAL_H
#define GC_STORE_AS_DB_INTERNAL_H

#include "store/as_db.h"
#include "store/database.h"

struct gc_as_db {
  sqlite3 *database;
  char *path;                       /* NULL: in memory */
  int lock_fd;                      /* -1: none */
  uint64_t next_token, tokens_left; /* numbers of tokens that are reserved on the disk and not given yet */
};

#endif
