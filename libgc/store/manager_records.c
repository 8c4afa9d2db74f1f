/* The store of a Group Manager over SQLite: one function an operation. */
#include "store/manager_sql.h"

#include <string.h>

#include "crypto/secret.h"

/* --- transactions ------------------------------------------------------------------------------------------------------------ */

static enum gc_err run(struct gc_manager_db *db, enum gc_sql which)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(db, which, &err);
  return statement ? gc_sql_run(db, statement) : err;
}

static enum gc_err begin(void *ctx)
{
  return run(ctx, GC_SQL_BEGIN);
}

static enum gc_err commit(void *ctx)
{
  return run(ctx, GC_SQL_COMMIT);
}

/* SQLite has rolled back by itself after some errors. */
static void rollback(void *ctx)
{
  struct gc_manager_db *db = ctx;
  if (!sqlite3_get_autocommit(db->sqlite) && run(db, GC_SQL_ROLLBACK))
    db->version = -1;
}

/* --- groups ------------------------------------------------------------------------------------------------------------------ */

static enum gc_err read_bytes8(sqlite3_stmt *statement, int column, uint8_t *out, size_t cap, uint8_t *len)
{
  size_t there = 0;
  enum gc_err err = gc_sql_bytes_out(statement, column, out, cap, &there);
  *len = (uint8_t)there;
  return err;
}

static enum gc_err read_group(sqlite3_stmt *statement, struct gc_gm_group *out)
{
  *out = (struct gc_gm_group){ .num = (uint64_t)sqlite3_column_int64(statement, 1), .expires_s = sqlite3_column_int64(statement, 5),
                               .is_active = sqlite3_column_int64(statement, 6) != 0,
                               .next_sender_id = (uint64_t)sqlite3_column_int64(statement, 7),
                               .next_node = (uint64_t)sqlite3_column_int64(statement, 8) };
  enum gc_err err = gc_sql_text_out(statement, 0, out->name, sizeof out->name);
  if (!err)
    err = read_bytes8(statement, 2, out->gid, sizeof out->gid, &out->gid_len);
  if (!err)
    err = read_bytes8(statement, 3, out->master_secret, sizeof out->master_secret, &out->master_secret_len);
  return err ? err : read_bytes8(statement, 4, out->master_salt, sizeof out->master_salt, &out->master_salt_len);
}

static enum gc_err group_get(void *ctx, const char *name, struct gc_gm_group *out)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_GROUP_GET, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, name);
  err = gc_sql_row(ctx, statement);
  return gc_sql_end(statement, err ? err : read_group(statement, out));
}

enum gc_err gc_manager_db_each_group(struct gc_manager_db *db, enum gc_err (*each)(void *ctx, const struct gc_gm_group *group), void *ctx)
{
  struct gc_gm_group group;
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(db, GC_SQL_GROUP_EACH, &err);
  if (!statement)
    return err;
  while (!(err = gc_sql_row(db, statement))) {
    err = read_group(statement, &group);
    if (!err)
      err = each(ctx, &group);
    if (err)
      break;
  }
  gc_wipe(&group, sizeof group);
  return gc_sql_end(statement, err == GC_E_NOT_FOUND ? GC_OK : err);
}

static enum gc_err group_put(void *ctx, const struct gc_gm_group *group)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_GROUP_PUT, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group->name);
  gc_sql_number_in(statement, 2, (int64_t)group->num);
  gc_sql_bytes_in(statement, 3, gc_bytes(group->gid, group->gid_len));
  gc_sql_bytes_in(statement, 4, gc_bytes(group->master_secret, group->master_secret_len));
  gc_sql_bytes_in(statement, 5, gc_bytes(group->master_salt, group->master_salt_len));
  gc_sql_number_in(statement, 6, group->expires_s);
  gc_sql_number_in(statement, 7, group->is_active);
  gc_sql_number_in(statement, 8, (int64_t)group->next_sender_id);
  gc_sql_number_in(statement, 9, (int64_t)group->next_node);
  return gc_sql_run(ctx, statement);
}

static enum gc_err prefix_take(void *ctx, const char *group, struct gc_bytes prefix)
{
  enum gc_err err;
  sqlite3_stmt *like = gc_sql_begin(ctx, GC_SQL_PREFIX_LIKE, &err);
  if (!like)
    return err;
  gc_sql_bytes_in(like, 1, prefix);
  err = gc_sql_end(like, gc_sql_row(ctx, like));
  if (err != GC_E_NOT_FOUND)
    return err ? err : GC_E_EXISTS;
  sqlite3_stmt *put = gc_sql_begin(ctx, GC_SQL_PREFIX_PUT, &err);
  if (!put)
    return err;
  gc_sql_bytes_in(put, 1, prefix);
  gc_sql_text_in(put, 2, group);
  return gc_sql_run(ctx, put);
}

/* --- members ----------------------------------------------------------------------------------------------------------------- */

static enum gc_err read_member_bytes(sqlite3_stmt *statement, struct gc_gm_member *out)
{
  enum gc_err err = gc_sql_text_out(statement, 0, out->group, sizeof out->group);
  if (!err)
    err = gc_sql_bytes_out(statement, 2, out->identity, sizeof out->identity, &out->identity_len);
  if (!err)
    err = read_bytes8(statement, 4, out->sender_id, sizeof out->sender_id, &out->sender_id_len);
  if (!err)
    err = gc_sql_bytes_out(statement, 5, out->cred, sizeof out->cred, &out->cred_len);
  if (!err)
    err = gc_sql_bytes_out(statement, 6, out->scope, sizeof out->scope, &out->scope_len);
  if (!err)
    err = gc_sql_bytes_out(statement, 7, out->cnonce, sizeof out->cnonce, &out->cnonce_len);
  if (!err)
    err = read_bytes8(statement, 8, out->birth_gid, sizeof out->birth_gid, &out->birth_gid_len);
  return err ? err : gc_sql_text_out(statement, 11, out->control_uri, sizeof out->control_uri);
}

static enum gc_err read_member(sqlite3_stmt *statement, struct gc_gm_member *out)
{
  *out = (struct gc_gm_member){ .node = (uint64_t)sqlite3_column_int64(statement, 1), .roles = (uint64_t)sqlite3_column_int64(statement, 3),
                                .has_sender_id = sqlite3_column_type(statement, 4) != SQLITE_NULL,
                                .join_num = (uint64_t)sqlite3_column_int64(statement, 9), .is_new = sqlite3_column_int64(statement, 10) != 0,
                                .expires_s = GC_GM_NEVER };
  if (sqlite3_column_type(statement, 12) != SQLITE_NULL)
    out->expires_s = sqlite3_column_int64(statement, 12);
  return read_member_bytes(statement, out);
}

static enum gc_err member_get(void *ctx, const char *group, const struct gc_gm_find *find, struct gc_gm_member *out)
{
  static const enum gc_sql by[] = { [GC_GM_BY_NODE_AFTER] = GC_SQL_MEMBER_AFTER, [GC_GM_BY_NODE] = GC_SQL_MEMBER_BY_NODE,
                                    [GC_GM_BY_IDENTITY] = GC_SQL_MEMBER_BY_IDENTITY, [GC_GM_BY_SENDER_ID] = GC_SQL_MEMBER_BY_SENDER_ID };
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, by[find->by], &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group);
  if (find->by == GC_GM_BY_IDENTITY || find->by == GC_GM_BY_SENDER_ID)
    gc_sql_bytes_in(statement, 2, find->bytes);
  else
    gc_sql_number_in(statement, 2, (int64_t)find->number);
  err = gc_sql_row(ctx, statement);
  return gc_sql_end(statement, err ? err : read_member(statement, out));
}

static enum gc_err member_put(void *ctx, const struct gc_gm_member *member)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_MEMBER_PUT, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, member->group);
  gc_sql_number_in(statement, 2, (int64_t)member->node);
  gc_sql_bytes_in(statement, 3, gc_bytes(member->identity, member->identity_len));
  gc_sql_number_in(statement, 4, (int64_t)member->roles);
  if (member->has_sender_id)
    gc_sql_bytes_in(statement, 5, gc_bytes(member->sender_id, member->sender_id_len));
  gc_sql_bytes_in(statement, 6, gc_bytes(member->cred, member->cred_len));
  gc_sql_bytes_in(statement, 7, gc_bytes(member->scope, member->scope_len));
  gc_sql_bytes_in(statement, 8, gc_bytes(member->cnonce, member->cnonce_len));
  gc_sql_bytes_in(statement, 9, gc_bytes(member->birth_gid, member->birth_gid_len));
  gc_sql_number_in(statement, 10, (int64_t)member->join_num);
  gc_sql_number_in(statement, 11, member->is_new);
  gc_sql_text_in(statement, 12, member->control_uri);
  if (member->expires_s != GC_GM_NEVER)
    gc_sql_number_in(statement, 13, member->expires_s);
  return gc_sql_run(ctx, statement);
}

static enum gc_err member_delete(void *ctx, const char *group, uint64_t node)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_MEMBER_DELETE, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group);
  gc_sql_number_in(statement, 2, (int64_t)node);
  return gc_sql_end(statement, gc_sql_row(ctx, statement));
}

static enum gc_err member_count(void *ctx, const char *group, uint64_t *out)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_MEMBER_COUNT, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group);
  err = gc_sql_row(ctx, statement);
  if (!err)
    *out = (uint64_t)sqlite3_column_int64(statement, 0);
  return gc_sql_end(statement, err);
}

static enum gc_err member_expiring(void *ctx, struct gc_gm_member *out)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_MEMBER_EXPIRING, &err);
  if (!statement)
    return err;
  err = gc_sql_row(ctx, statement);
  return gc_sql_end(statement, err ? err : read_member(statement, out));
}

/* --- stale Sender IDs, elders --------------------------------------------------------------------------------------------------- */

static enum gc_err stale(void *ctx, enum gc_sql which, const char *group, uint64_t num, struct gc_bytes sender_id, bool is_question)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, which, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group);
  gc_sql_number_in(statement, 2, (int64_t)num);
  if (sender_id.ptr)
    gc_sql_bytes_in(statement, 3, sender_id);
  return is_question ? gc_sql_end(statement, gc_sql_row(ctx, statement)) : gc_sql_run(ctx, statement);
}

static enum gc_err stale_add(void *ctx, const char *group, uint64_t num, struct gc_bytes sender_id)
{
  return stale(ctx, GC_SQL_STALE_ADD, group, num, sender_id, false);
}

static enum gc_err stale_has(void *ctx, const char *group, uint64_t num, struct gc_bytes sender_id)
{
  return stale(ctx, GC_SQL_STALE_HAS, group, num, sender_id, true);
}

static enum gc_err stale_drop(void *ctx, const char *group, uint64_t below)
{
  return stale(ctx, GC_SQL_STALE_DROP, group, below, gc_bytes(NULL, 0), false);
}

static enum gc_err stale_each(void *ctx, const char *group, uint64_t first, uint64_t last, enum gc_err (*each)(void *, struct gc_bytes), void *each_ctx)
{
  uint8_t sender_id[GC_ID_MAX_LEN];
  size_t len;
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, GC_SQL_STALE_EACH, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group);
  gc_sql_number_in(statement, 2, (int64_t)first);
  gc_sql_number_in(statement, 3, (int64_t)last);
  while (!(err = gc_sql_row(ctx, statement))) {
    err = gc_sql_bytes_out(statement, 0, sender_id, sizeof sender_id, &len);
    if (!err)
      err = each(each_ctx, gc_bytes(sender_id, len));
    if (err)
      break;
  }
  return gc_sql_end(statement, err == GC_E_NOT_FOUND ? GC_OK : err);
}

static enum gc_err elder(void *ctx, enum gc_sql which, const char *group, struct gc_bytes identity, bool is_question)
{
  enum gc_err err;
  sqlite3_stmt *statement = gc_sql_begin(ctx, which, &err);
  if (!statement)
    return err;
  gc_sql_text_in(statement, 1, group);
  if (identity.ptr)
    gc_sql_bytes_in(statement, 2, identity);
  return is_question ? gc_sql_end(statement, gc_sql_row(ctx, statement)) : gc_sql_run(ctx, statement);
}

static enum gc_err elder_add(void *ctx, const char *group, struct gc_bytes identity)
{
  return elder(ctx, GC_SQL_ELDER_ADD, group, identity, false);
}

static enum gc_err elder_has(void *ctx, const char *group, struct gc_bytes identity)
{
  return elder(ctx, GC_SQL_ELDER_HAS, group, identity, true);
}

static enum gc_err elder_drop(void *ctx, const char *group)
{
  return elder(ctx, GC_SQL_ELDER_DROP, group, gc_bytes(NULL, 0), false);
}

struct gc_gm_store gc_manager_db_store(struct gc_manager_db *db)
{
  static const struct gc_gm_store_ops ops = {
    .begin = begin, .commit = commit, .rollback = rollback, .group_get = group_get, .group_put = group_put, .prefix_take = prefix_take,
    .member_get = member_get, .member_put = member_put, .member_delete = member_delete, .member_count = member_count,
    .member_expiring = member_expiring, .stale_add = stale_add, .stale_has = stale_has, .stale_each = stale_each,
    .stale_drop = stale_drop, .elder_add = elder_add, .elder_has = elder_has, .elder_drop = elder_drop };
  return (struct gc_gm_store){ &ops, db };
}
