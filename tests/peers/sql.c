/* Changes a database as damage or somebody with root would: sql FILE STATEMENTS */
#include <sqlite3.h>
#include <stdio.h>

int main(int argc, char **argv)
{
  sqlite3 *database = NULL;
  if (argc != 3) {
    fputs("usage: sql FILE STATEMENTS\n", stderr);
    return 2;
  }
  if (sqlite3_open_v2(argv[1], &database, SQLITE_OPEN_READWRITE, NULL) || sqlite3_exec(database, argv[2], NULL, NULL, NULL)) {
    fprintf(stderr, "sql: %s: %s\n", argv[1], database ? sqlite3_errmsg(database) : "no memory left");
    return 4;
  }
  return sqlite3_close(database) ? 4 : 0;
}
