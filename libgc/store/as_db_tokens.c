/* What the rules of an Authorization Server ask of its database, and sequence numbers. */
#include <string.h>

#include "oscore/option.h"
#include "store/as_db_internal.h"

enum { TOKENS_AT_ONCE = 32 };

/* --- numbers -------------------------------------------------------------------------------------------------------------- */

/* A counter grown by count: where it stood before. */
static enum gc_err grown(enum gc_err err, sqlite3_stmt *row, uint32_t count, uint64_t *first)
{
  bool is_there = row && gc_database_row(row, &err);
  if (is_there)
    *first = (uint64_t)sqlite3_column_int64(row, 0) - count;
  if (is_there && !err)
    (void)gc_database_row(row, &err); /* it is on the disk only now */
  sqlite3_finalize(row);
  return err || is_there ? err : GC_E_NOT_FOUND;
}

enum gc_err gc_as_db_take(struct gc_as_db *db, int64_t row, uint64_t *first, uint32_t count)
{
  static const char sql[] = "UPDATE peers SET next_number = next_number + ? WHERE id = ? RETURNING next_number";
  enum gc_err err;
  sqlite3_stmt *changed = gc_database_query(db->database, &err, sql, "ii", (int64_t)count, row);
  err = grown(err, changed, count, first);
  return !err && *first + count > (uint64_t)1 << 40 ? GC_E_LIMIT : err;
}

static enum gc_err next_number(void *ctx, uint64_t *number)
{
  static const char sql[] = "UPDATE counters SET value = value + ? WHERE name = 'token' RETURNING value";
  struct gc_as_db *db = ctx;
  enum gc_err err = GC_OK;
  if (!db->tokens_left) {
    sqlite3_stmt *changed = gc_database_query(db->database, &err, sql, "i", (int64_t)TOKENS_AT_ONCE);
    err = grown(err, changed, TOKENS_AT_ONCE, &db->next_token);
    db->tokens_left = err ? 0 : TOKENS_AT_ONCE;
  }
  if (err)
    return err;
  *number = db->next_token++;
  db->tokens_left--;
  return GC_OK;
}

/* --- who and what --------------------------------------------------------------------------------------------------------- */

static enum gc_err read_server(sqlite3_stmt *row, struct gc_as_token_key *key, struct gc_buf *name)
{
  const struct gc_bytes stored = gc_database_bytes(row, 3);
  const int64_t id = sqlite3_column_int64(row, 0);
  *key = (struct gc_as_token_key){ .alg = sqlite3_column_int(row, 2), .key_len = stored.len };
  if (stored.len == 0 || stored.len > sizeof key->key)
    return GC_E_MALFORMED;
  memcpy(key->key, stored.ptr, stored.len);
  for (key->kid_len = 1; key->kid_len < GC_ID_MAX_LEN && id >> 8 * key->kid_len;)
    key->kid_len++;
  for (size_t i = 0; i < key->kid_len; i++)
    key->kid[i] = (uint8_t)(id >> 8 * (key->kid_len - 1 - i));
  return gc_buf_add(name, gc_database_bytes(row, 1));
}

static enum gc_err find_server(void *ctx, struct gc_bytes audience, struct gc_as_token_key *key, struct gc_buf *name)
{
  const struct gc_as_db *db = ctx;
  enum gc_err err, more;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT id, name, token_alg, token_key FROM peers WHERE kind = 1 AND (?1 = '' OR name = ?1)", "t", audience);
  if (row && gc_database_row(row, &err)) {
    err = read_server(row, key, name);
    if (!err && gc_database_row(row, &more))
      err = GC_E_NOT_FOUND; /* which one? */
  } else if (!err) {
    err = GC_E_NOT_FOUND;
  }
  sqlite3_finalize(row);
  return err;
}

/* One more entry, or more roles of the last: those for every audience come beside those for this one. */
static enum gc_err add_entry(struct gc_scope_list *list, struct gc_buf *room, struct gc_bytes name, uint64_t roles)
{
  struct gc_scope_entry *last = list->count ? &list->entries[list->count - 1] : NULL;
  if (last && gc_bytes_equal(last->name, name)) {
    last->permissions |= roles;
    return GC_OK;
  }
  const size_t at = room->len;
  if (list->count == GC_SCOPE_ENTRIES_MAX || gc_buf_add(room, name))
    return GC_E_LIMIT;
  list->entries[list->count++] = (struct gc_scope_entry){ GC_SCOPE_USER, gc_bytes(room->ptr + at, name.len), roles };
  return GC_OK;
}

static enum gc_err find_policies(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, struct gc_scope_list *out,
                                 struct gc_buf *room)
{
  static const char sql[] = "SELECT name, roles FROM policies WHERE client = ?1 AND (audience = '' OR audience = ?2) AND (?3 = '' OR name = ?3) ORDER BY name";
  const struct gc_as_db *db = ctx;
  enum gc_err err;
  sqlite3_stmt *rows = gc_database_query(db->database, &err, sql, "ttt", client, audience, group);
  while (rows && !err && gc_database_row(rows, &err))
    err = add_entry(out, room, gc_database_bytes(rows, 0), (uint64_t)sqlite3_column_int64(rows, 1));
  sqlite3_finalize(rows);
  return err;
}

/* --- tokens --------------------------------------------------------------------------------------------------------------- */

/* The one number of a row. */
static enum gc_err take_count(enum gc_err err, sqlite3_stmt *row, uint64_t *count)
{
  if (row && gc_database_row(row, &err))
    *count = (uint64_t)sqlite3_column_int64(row, 0);
  sqlite3_finalize(row);
  return err;
}

enum gc_err gc_as_db_count_tokens(struct gc_as_db *db, int64_t now_s, uint64_t *count)
{
  enum gc_err err;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT count(*) FROM tokens WHERE expires > ?", "i", now_s);
  return take_count(err, row, count);
}

static enum gc_err count_of_client(struct gc_as_db *db, struct gc_bytes client, uint64_t *count)
{
  enum gc_err err;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT count(*) FROM tokens WHERE client = ?", "t", client);
  return take_count(err, row, count);
}

enum gc_err gc_as_db_each_token(struct gc_as_db *db, int64_t now_s, enum gc_err (*each)(void *ctx, const struct gc_as_issued *token), void *ctx)
{
  static const char sql[] = "SELECT number, client, audience, material, expires FROM tokens WHERE expires > ? ORDER BY number";
  enum gc_err err;
  sqlite3_stmt *rows = gc_database_query(db->database, &err, sql, "i", now_s);
  while (rows && !err && gc_database_row(rows, &err)) {
    const struct gc_as_issued token = { (uint64_t)sqlite3_column_int64(rows, 0), gc_database_bytes(rows, 1), gc_database_bytes(rows, 2),
                                        gc_database_bytes(rows, 3), sqlite3_column_int64(rows, 4) };
    err = each(ctx, &token);
  }
  sqlite3_finalize(rows);
  return err;
}

enum gc_err gc_as_db_revoke(struct gc_as_db *db, struct gc_bytes client, struct gc_bytes audience, int64_t now_s)
{
  return gc_database_run(db->database, "DELETE FROM tokens WHERE client = ?1 AND (?2 = '' OR audience = ?2) AND expires > ?3", "tti", client, audience, now_s);
}

static enum gc_err issue(void *ctx, const struct gc_as_issued *token, int64_t now_s)
{
  struct gc_as_db *db = ctx;
  uint64_t count = 0, own = 0;
  enum gc_err err = gc_database_begin(db->database);
  if (err)
    return err;
  err = gc_database_run(db->database, "DELETE FROM tokens WHERE expires <= ?", "i", now_s);
  if (!err || err == GC_E_NOT_FOUND)
    err = gc_as_db_count_tokens(db, now_s, &count);
  if (!err)
    err = count_of_client(db, token->client, &own);
  if (!err && (count >= GC_AS_DB_TOKENS_MAX || own >= GC_AS_DB_TOKENS_OF_CLIENT_MAX))
    err = GC_E_LIMIT;
  if (!err)
    err = gc_database_run(db->database, "INSERT INTO tokens VALUES (?, ?, ?, ?, ?)", "ittbi", (int64_t)token->number, token->client, token->audience,
                          token->material_id, token->expires_s);
  return gc_database_end(db->database, err);
}

static enum gc_err exists(enum gc_err err, sqlite3_stmt *row)
{
  if (row && !gc_database_row(row, &err) && !err)
    err = GC_E_NOT_FOUND;
  sqlite3_finalize(row);
  return err;
}

static enum gc_err find_token(void *ctx, uint64_t number, struct gc_bytes audience, int64_t now_s)
{
  const struct gc_as_db *db = ctx;
  enum gc_err err;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT 1 FROM tokens WHERE number = ? AND audience = ? AND expires > ?", "iti", (int64_t)number, audience, now_s);
  return exists(err, row);
}

static enum gc_err find_material(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes material_id, int64_t now_s)
{
  const struct gc_as_db *db = ctx;
  enum gc_err err;
  sqlite3_stmt *row = gc_database_query(db->database, &err, "SELECT 1 FROM tokens WHERE client = ? AND audience = ? AND material = ? AND expires > ?", "ttbi", client, audience, material_id, now_s);
  return exists(err, row);
}

struct gc_as_store gc_as_db_store(struct gc_as_db *db)
{
  return (struct gc_as_store){ find_server, find_policies, next_number, issue, find_token, find_material, db };
}
