/* A Group Manager: gc-manager(1). */
#include "gc-manager.h"

#include <errno.h>
#include <string.h>

#include "common/context.h"
#include "crypto/secret.h"

const struct gc_manager_verb gc_manager_verbs[] = {
  { "status", "", 0, 0, gc_manager_status },
  { "rekey", "GROUP", 1, 1, gc_manager_rekey },
  { "activate", "GROUP", 1, 1, gc_manager_activate },
  { "deactivate", "GROUP", 1, 1, gc_manager_deactivate },
  { "evict", "GROUP MEMBER", 2, 2, gc_manager_evict },
  { 0 },
};

enum gc_status gc_manager_explain(const struct gc_manager_db *db, enum gc_err err, const char *subject)
{
  switch (err) {
  case GC_OK: return GC_STATUS_OK;
  case GC_E_NOT_FOUND: gc_error("%s: no such group or member", subject); return GC_STATUS_NO;
  case GC_E_LIMIT: gc_error("%s: the database is locked, or the group has no Gid left", subject); return GC_STATUS_SYSTEM;
  case GC_E_MALFORMED: gc_error("%s: the database is damaged", subject); return GC_STATUS_INPUT;
  case GC_E_SYSTEM: gc_error("%s: the database: %s", subject, gc_manager_db_why(db)[0] ? gc_manager_db_why(db) : strerror(errno)); return GC_STATUS_SYSTEM;
  default: gc_error("%s: %s", subject, gc_err_str(err)); return GC_STATUS_SYSTEM;
  }
}

struct gc_gm_time gc_manager_time(void)
{
  return (struct gc_gm_time){ gc_now_ms(), (int64_t)(gc_wall_us() / 1000000) };
}

enum gc_status gc_manager_make(struct gc_manager_file **file, struct gc_gm **gm, struct gc_manager_db *db, const struct gc_manager_params *params,
                               const struct gc_gm_ops *ops)
{
  const struct gc_gm_store store = gc_manager_db_store(db);
  const struct gc_gm_time time = gc_manager_time();
  const char *why;
  size_t count;
  enum gc_err err = gc_manager_file_read(file, params->config, gc_context_tell, NULL);
  if (err)
    return gc_status_of(err);
  const struct gc_gm_config *groups = gc_manager_file_groups(*file, &count);
  err = gc_gm_new(gm, groups, count, &store, ops, gc_rng_system(), &time, &why);
  if (err == GC_E_EXISTS) {
    gc_error("%s: two groups of one name, or two that begin their Gids alike", params->config);
    return GC_STATUS_INPUT;
  }
  return err ? gc_manager_explain(db, err, params->db) : GC_STATUS_OK;
}

int main(int argc, char **argv)
{
  struct gc_manager_params params;
  struct gc_manager_db *db;
  char why[256];
  gc_keep_secrets();
  gc_manager_params_parse(&params, argc, argv);
  if (gc_crypto_init()) {
    gc_error("no source of randomness");
    return GC_STATUS_SYSTEM;
  }
  enum gc_err err = gc_manager_db_open(&db, params.db, why);
  if (err) {
    gc_error("%s: %s", params.db, why[0] ? why : gc_err_str(err));
    return err == GC_E_SYSTEM || err == GC_E_LIMIT || err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_INPUT;
  }
  const enum gc_status status = params.verb ? params.verb->run(db, &params) : gc_manager_serve(db, &params);
  gc_manager_db_close(&db);
  return (int)status;
}
