/* An Authorization Server for group communication: gc-as(1). */
#include "gc-as.h"

#include <errno.h>
#include <string.h>

#include "common/context.h"
#include "common/node.h"
#include "crypto/secret.h"

const struct gc_as_command gc_as_commands[] = {
  { "client", "add", "NAME", 1, 1, gc_as_client_add },
  { "client", "list", "", 0, 0, gc_as_client_list },
  { "client", "remove", "NAME", 1, 1, gc_as_client_remove },
  { "rs", "add", "AUDIENCE", 1, 1, gc_as_rs_add },
  { "rs", "list", "", 0, 0, gc_as_rs_list },
  { "rs", "remove", "AUDIENCE", 1, 1, gc_as_rs_remove },
  { "policy", "add", "CLIENT GROUP ROLES", 3, 3, gc_as_policy_add },
  { "policy", "list", "", 0, 0, gc_as_policy_list },
  { "policy", "remove", "CLIENT GROUP", 2, 2, gc_as_policy_remove },
  { "token", "list", "", 0, 0, gc_as_token_list },
  { "token", "revoke", "CLIENT", 1, 1, gc_as_token_revoke },
  { 0 },
};

enum gc_status gc_as_explain(enum gc_err err, const char *subject)
{
  switch (err) {
  case GC_OK: return GC_STATUS_OK;
  case GC_E_EXISTS: gc_error("%s: registered already; remove it first, or take another name", subject); return GC_STATUS_INPUT;
  case GC_E_NOT_FOUND: gc_error("%s: nothing of that name is registered", subject); return GC_STATUS_INPUT;
  case GC_E_RANGE: gc_error("%s: a name is 1 to %d bytes of printable text (of a group %d)", subject, GC_AS_NAME_MAX, GC_GROUP_NAME_MAX_LEN); return GC_STATUS_INPUT;
  case GC_E_LIMIT: gc_error("%s: the database is locked by another process", subject); return GC_STATUS_SYSTEM;
  case GC_E_MALFORMED: gc_error("%s: the database is damaged", subject); return GC_STATUS_INPUT;
  case GC_E_SYSTEM: gc_error("%s: the database cannot be written: %s", subject, strerror(errno)); return GC_STATUS_SYSTEM;
  default: gc_error("%s: %s", subject, gc_err_str(err)); return GC_STATUS_SYSTEM;
  }
}

int64_t gc_as_now_s(void)
{
  return (int64_t)(gc_wall_us() / 1000000);
}

static enum gc_status run(struct gc_as_db *db, const struct gc_as_params *params)
{
  char uri[GC_AS_URI_MAX];
  enum gc_err err = params->uri ? gc_as_db_set_uri(db, params->uri) : gc_as_db_uri(db, uri);
  if (err == GC_E_NOT_FOUND)
    err = gc_as_db_set_uri(db, "coap://localhost");
  if (err)
    return gc_as_explain(err, params->db);
  return params->command ? params->command->run(db, params) : gc_as_serve(db, params);
}

int main(int argc, char **argv)
{
  struct gc_as_params params;
  struct gc_as_db *db;
  char why[GC_AS_DB_WHY_LEN];
  gc_keep_secrets();
  gc_as_params_parse(&params, argc, argv);
  if (gc_crypto_init()) {
    gc_error("no source of randomness");
    return GC_STATUS_SYSTEM;
  }
  const bool creates = !params.command || params.out; /* a server, or who registers: others ask about what is there */
  enum gc_err err = gc_as_db_open(&db, params.db, creates, why);
  if (err) {
    gc_error("%s: %s", params.db, why);
    return err == GC_E_SYSTEM || err == GC_E_LIMIT || err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_INPUT;
  }
  enum gc_status status = run(db, &params);
  gc_as_db_close(&db);
  return (int)status;
}
