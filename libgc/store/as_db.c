/* The registrations of an Authorization Server. */
#include "store/as_db.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/text.h"
#include "crypto/secret.h"
#include "oscore/option.h"
#include "store/as_db_internal.h"

static const struct gc_database_kind kind = {
  .what = "an Authorization Server's database",
  .application_id = 0x67634153, /* "gcAS" */
  .version = 1,
  .schema =
    "CREATE TABLE peers (id INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, name TEXT NOT NULL, master_secret BLOB NOT NULL,"
    " master_salt BLOB NOT NULL, next_number INTEGER NOT NULL DEFAULT 0, token_alg INTEGER, token_key BLOB, UNIQUE (kind, name));"
    "CREATE TABLE policies (client TEXT NOT NULL, audience TEXT NOT NULL, name TEXT NOT NULL, roles INTEGER NOT NULL,"
    " PRIMARY KEY (client, audience, name)) WITHOUT ROWID;"
    "CREATE TABLE tokens (number INTEGER PRIMARY KEY, client TEXT NOT NULL, audience TEXT NOT NULL, material BLOB NOT NULL,"
    " expires INTEGER NOT NULL);"
    "CREATE INDEX tokens_by_client ON tokens (client, audience);"
    "CREATE INDEX tokens_by_expiry ON tokens (expires);"
    "CREATE TABLE settings (name TEXT PRIMARY KEY, value TEXT NOT NULL) WITHOUT ROWID;"
    "CREATE TABLE counters (name TEXT PRIMARY KEY, value INTEGER NOT NULL) WITHOUT ROWID;"
    "INSERT INTO counters VALUES ('token', 1);",
};

enum gc_err gc_as_db_open(struct gc_as_db **out, const char *path, bool create, char why[static GC_AS_DB_WHY_LEN])
{
  struct gc_as_db *db = calloc(1, sizeof *db);
  *out = NULL;
  strcpy(why, "no memory left");
  if (!db || gc_crypto_init()) {
    free(db);
    return GC_E_MEMORY;
  }
  db->lock_fd = -1;
  db->path = path ? strdup(path) : NULL;
  enum gc_err err = path && !db->path ? GC_E_MEMORY : gc_database_open(&db->database, &kind, path, create, why);
  if (err)
    gc_as_db_close(&db);
  *out = db;
  return err;
}

void gc_as_db_close(struct gc_as_db **db)
{
  if (*db) {
    sqlite3_close((*db)->database);
    if ((*db)->lock_fd >= 0)
      close((*db)->lock_fd);
    free((*db)->path);
    free(*db);
  }
  *db = NULL;
}

enum gc_err gc_as_db_serve(struct gc_as_db *db)
{
  return db->path ? gc_database_serve(db->path, &db->lock_fd) : GC_E_STATE;
}

/* One line of printable text. */
static bool is_name(struct gc_bytes name)
{
  for (size_t i = 0; i < name.len; i++)
    if (name.ptr[i] < ' ')
      return false;
  return name.len > 0 && name.len <= GC_AS_NAME_MAX && gc_text_is_printable(name);
}

/* The row as a Sender ID, in as few bytes as it needs; 0 is the Authorization Server's own. */
static void set_ids(struct gc_as_peer *peer)
{
  peer->own_id[0] = 0;
  peer->peer_id_len = 1;
  while (peer->peer_id_len < GC_ID_MAX_LEN && peer->row >> 8 * peer->peer_id_len)
    peer->peer_id_len++;
  for (size_t i = 0; i < peer->peer_id_len; i++)
    peer->peer_id[i] = (uint8_t)(peer->row >> 8 * (peer->peer_id_len - 1 - i));
  peer->token_key.kid_len = peer->peer_id_len;
  memcpy(peer->token_key.kid, peer->peer_id, peer->peer_id_len);
}

enum gc_err gc_as_db_add_peer(struct gc_as_db *db, struct gc_as_peer *out, enum gc_as_peer_kind peer_kind, struct gc_bytes name)
{
  if (!is_name(name))
    return GC_E_RANGE;
  *out = (struct gc_as_peer){ .kind = peer_kind, .name_len = name.len, .token_key = { .alg = GC_ALG_CCM_16_64_128, .key_len = 16 } };
  memcpy(out->name, name.ptr, name.len);
  gc_random(out->master_secret, sizeof out->master_secret);
  gc_random(out->master_salt, sizeof out->master_salt);
  if (peer_kind == GC_AS_SERVER)
    gc_random(out->token_key.key, out->token_key.key_len);
  else
    out->token_key.key_len = 0;
  enum gc_err err = gc_database_run(db->database, "INSERT INTO peers (kind, name, master_secret, master_salt, token_alg, token_key) VALUES (?, ?, ?, ?, ?, ?)",
                                    "itbbib", (int64_t)peer_kind, name, gc_bytes(out->master_secret, sizeof out->master_secret),
                                    gc_bytes(out->master_salt, sizeof out->master_salt), (int64_t)out->token_key.alg,
                                    gc_bytes(out->token_key.key, out->token_key.key_len));
  if (err) {
    gc_wipe(out, sizeof *out);
    return err;
  }
  out->row = sqlite3_last_insert_rowid(db->database);
  set_ids(out);
  return GC_OK;
}

/* What may have changed nothing. */
static enum gc_err tolerate(enum gc_err err)
{
  return err == GC_E_NOT_FOUND ? GC_OK : err;
}

enum gc_err gc_as_db_remove_peer(struct gc_as_db *db, enum gc_as_peer_kind peer_kind, struct gc_bytes name)
{
  const bool is_client = peer_kind == GC_AS_CLIENT;
  enum gc_err err = gc_database_begin(db->database);
  if (err)
    return err;
  err = gc_database_run(db->database, "DELETE FROM peers WHERE kind = ? AND name = ?", "it", (int64_t)peer_kind, name);
  if (!err)
    err = tolerate(gc_database_run(db->database, is_client ? "DELETE FROM policies WHERE client = ?" : "DELETE FROM policies WHERE audience = ?", "t", name));
  if (!err)
    err = tolerate(gc_database_run(db->database, is_client ? "DELETE FROM tokens WHERE client = ?" : "DELETE FROM tokens WHERE audience = ?", "t", name));
  return gc_database_end(db->database, err);
}

static bool copy(uint8_t *out, size_t cap, size_t *len, struct gc_bytes from)
{
  if (from.len > cap)
    return false;
  if (from.len)
    memcpy(out, from.ptr, from.len);
  *len = from.len;
  return true;
}

static bool read_peer(sqlite3_stmt *row, struct gc_as_peer *peer)
{
  size_t secret_len, salt_len;
  *peer = (struct gc_as_peer){ .row = sqlite3_column_int64(row, 0), .kind = (enum gc_as_peer_kind)sqlite3_column_int(row, 1) };
  bool is_whole = copy(peer->name, sizeof peer->name, &peer->name_len, gc_database_bytes(row, 2)) &&
                  copy(peer->master_secret, sizeof peer->master_secret, &secret_len, gc_database_bytes(row, 3)) &&
                  copy(peer->master_salt, sizeof peer->master_salt, &salt_len, gc_database_bytes(row, 4)) &&
                  copy(peer->token_key.key, sizeof peer->token_key.key, &peer->token_key.key_len, gc_database_bytes(row, 6));
  peer->token_key.alg = sqlite3_column_int(row, 5);
  set_ids(peer);
  return is_whole && secret_len == sizeof peer->master_secret && salt_len == sizeof peer->master_salt;
}

enum gc_err gc_as_db_each_peer(struct gc_as_db *db, enum gc_err (*each)(void *ctx, const struct gc_as_peer *peer), void *ctx)
{
  enum gc_err err;
  struct gc_as_peer peer;
  sqlite3_stmt *rows = gc_database_query(db->database, &err, "SELECT id, kind, name, master_secret, master_salt, token_alg, token_key FROM peers ORDER BY kind, name", "");
  while (rows && !err && gc_database_row(rows, &err)) {
    err = read_peer(rows, &peer) ? each(ctx, &peer) : GC_E_MALFORMED;
    gc_wipe(&peer, sizeof peer);
  }
  sqlite3_finalize(rows);
  return err;
}

/* --- policies ------------------------------------------------------------------------------------------------------------- */

static enum gc_err has_peer(struct gc_as_db *db, enum gc_as_peer_kind peer_kind, struct gc_bytes name)
{
  enum gc_err err;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT 1 FROM peers WHERE kind = ? AND name = ?", "it", (int64_t)peer_kind, name);
  if (row && !gc_database_row(row, &err) && !err)
    err = GC_E_NOT_FOUND;
  sqlite3_finalize(row);
  return err;
}

enum gc_err gc_as_db_add_policy(struct gc_as_db *db, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, uint64_t roles)
{
  if (!is_name(group) || group.len > GC_GROUP_NAME_MAX_LEN || !roles || (roles & ~(uint64_t)GC_ROLES_ALL))
    return GC_E_RANGE;
  enum gc_err err = has_peer(db, GC_AS_CLIENT, client);
  if (!err && audience.len)
    err = has_peer(db, GC_AS_SERVER, audience);
  return err ? err : gc_database_run(db->database, "INSERT OR REPLACE INTO policies VALUES (?, ?, ?, ?)", "ttti", client, audience, group, (int64_t)roles);
}

enum gc_err gc_as_db_remove_policy(struct gc_as_db *db, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group)
{
  enum gc_err err = gc_database_begin(db->database);
  if (err)
    return err;
  err = gc_database_run(db->database, "DELETE FROM policies WHERE client = ? AND audience = ? AND name = ?", "ttt", client, audience, group);
  if (!err)
    err = tolerate(gc_database_run(db->database, "DELETE FROM tokens WHERE client = ?1 AND (?2 = '' OR audience = ?2)", "tt", client, audience));
  return gc_database_end(db->database, err);
}

enum gc_err gc_as_db_each_policy(struct gc_as_db *db,
                                 enum gc_err (*each)(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, uint64_t roles),
                                 void *ctx)
{
  enum gc_err err;
  sqlite3_stmt *rows = gc_database_query(db->database, &err, "SELECT client, audience, name, roles FROM policies ORDER BY 1, 2, 3", "");
  while (rows && !err && gc_database_row(rows, &err))
    err = each(ctx, gc_database_bytes(rows, 0), gc_database_bytes(rows, 1), gc_database_bytes(rows, 2), (uint64_t)sqlite3_column_int64(rows, 3));
  sqlite3_finalize(rows);
  return err;
}

enum gc_err gc_as_db_set_uri(struct gc_as_db *db, const char *uri)
{
  if (strlen(uri) >= GC_AS_URI_MAX)
    return GC_E_RANGE;
  return gc_database_run(db->database, "INSERT OR REPLACE INTO settings VALUES ('uri', ?)", "t", gc_bytes_str(uri));
}

enum gc_err gc_as_db_uri(struct gc_as_db *db, char out[static GC_AS_URI_MAX])
{
  enum gc_err err;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT value FROM settings WHERE name = 'uri'", "");
  bool is_there = row && gc_database_row(row, &err);
  const struct gc_bytes value = is_there ? gc_database_bytes(row, 0) : gc_bytes(NULL, 0);
  if (!err && (!is_there || value.len >= GC_AS_URI_MAX))
    err = GC_E_NOT_FOUND;
  if (!err) {
    memcpy(out, value.ptr, value.len);
    out[value.len] = '\0';
  }
  sqlite3_finalize(row);
  return err;
}

int64_t gc_as_db_version(struct gc_as_db *db)
{
  return gc_database_changes(db->database);
}
