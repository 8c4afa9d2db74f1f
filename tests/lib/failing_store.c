#include "failing_store.h"

static enum gc_err count(struct failing_store *store)
{
  if (store->calls_left == UNLIMITED_CALLS)
    return GC_OK;
  return store->calls_left-- > 0 ? GC_OK : GC_E_SPACE;
}

#define PASS(operation, ...) \
  struct failing_store *store = ctx; \
  enum gc_err err = count(store); \
  return err ? err : store->inner.ops->operation(store->inner.ctx, __VA_ARGS__)

static enum gc_err begin(void *ctx)
{
  struct failing_store *store = ctx;
  enum gc_err err = count(store);
  return err ? err : store->inner.ops->begin(store->inner.ctx);
}

static enum gc_err commit(void *ctx)
{
  struct failing_store *store = ctx;
  enum gc_err err = count(store);
  return err ? err : store->inner.ops->commit(store->inner.ctx);
}

static void rollback(void *ctx)
{
  const struct failing_store *store = ctx;
  store->inner.ops->rollback(store->inner.ctx);
}

static enum gc_err group_get(void *ctx, const char *name, struct gc_gm_group *out)
{
  PASS(group_get, name, out);
}

static enum gc_err group_put(void *ctx, const struct gc_gm_group *group)
{
  PASS(group_put, group);
}

static enum gc_err prefix_take(void *ctx, const char *group, struct gc_bytes prefix)
{
  PASS(prefix_take, group, prefix);
}

static enum gc_err member_get(void *ctx, const char *group, const struct gc_gm_find *find, struct gc_gm_member *out)
{
  PASS(member_get, group, find, out);
}

static enum gc_err member_put(void *ctx, const struct gc_gm_member *member)
{
  PASS(member_put, member);
}

static enum gc_err member_delete(void *ctx, const char *group, uint64_t node)
{
  PASS(member_delete, group, node);
}

static enum gc_err member_count(void *ctx, const char *group, uint64_t *out)
{
  PASS(member_count, group, out);
}

static enum gc_err member_expiring(void *ctx, struct gc_gm_member *out)
{
  PASS(member_expiring, out);
}

static enum gc_err stale_add(void *ctx, const char *group, uint64_t num, struct gc_bytes sender_id)
{
  PASS(stale_add, group, num, sender_id);
}

static enum gc_err stale_has(void *ctx, const char *group, uint64_t num, struct gc_bytes sender_id)
{
  PASS(stale_has, group, num, sender_id);
}

static enum gc_err stale_each(void *ctx, const char *group, uint64_t first, uint64_t last, enum gc_err (*each)(void *, struct gc_bytes), void *each_ctx)
{
  PASS(stale_each, group, first, last, each, each_ctx);
}

static enum gc_err stale_drop(void *ctx, const char *group, uint64_t below)
{
  PASS(stale_drop, group, below);
}

static enum gc_err elder_add(void *ctx, const char *group, struct gc_bytes identity)
{
  PASS(elder_add, group, identity);
}

static enum gc_err elder_has(void *ctx, const char *group, struct gc_bytes identity)
{
  PASS(elder_has, group, identity);
}

static enum gc_err elder_drop(void *ctx, const char *group)
{
  PASS(elder_drop, group);
}

struct gc_gm_store failing_store(struct failing_store *store, const struct gc_gm_store *inner)
{
  static const struct gc_gm_store_ops ops = {
    .begin = begin, .commit = commit, .rollback = rollback, .group_get = group_get, .group_put = group_put, .prefix_take = prefix_take,
    .member_get = member_get, .member_put = member_put, .member_delete = member_delete, .member_count = member_count,
    .member_expiring = member_expiring, .stale_add = stale_add, .stale_has = stale_has, .stale_each = stale_each,
    .stale_drop = stale_drop, .elder_add = elder_add, .elder_has = elder_has, .elder_drop = elder_drop };
  *store = (struct failing_store){ *inner, UNLIMITED_CALLS };
  return (struct gc_gm_store){ &ops, store };
}
