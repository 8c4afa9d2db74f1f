/* Within gc-as: the command line as a struct, the commands, and the parts of the server. */
#ifndef GC_TOOLS_AS_H
#define GC_TOOLS_AS_H

#include "common/binds.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"
#include "group/server.h"
#include "store/as_db.h"

struct gc_as_params {
  struct gc_common common;
  const struct gc_as_command *command; /* NULL: serve */
  char **operands;                     /* behind the command */
  int operand_count;
  const char *db, *uri, *out, *audience;
  bool force, is_reference;
  struct gc_binds binds;
  uint32_t ifindex;
  uint32_t lifetime_s;
};

/** "client add": two words, and what is behind them. */
struct gc_as_command {
  const char *noun, *verb, *operands;
  int min_operands, max_operands;
  enum gc_status (*run)(struct gc_as_db *db, const struct gc_as_params *params);
};

extern const struct gc_tool gc_as_tool;
extern const struct gc_as_command gc_as_commands[]; /* ends in a row without a noun */

/** argv to struct; wrong use does not return. */
void gc_as_params_parse(struct gc_as_params *params, int argc, char **argv);

/* gc-as_register.c */
enum gc_status gc_as_client_add(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_rs_add(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_client_remove(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_rs_remove(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_policy_add(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_policy_remove(struct gc_as_db *db, const struct gc_as_params *params);

enum gc_status gc_as_token_revoke(struct gc_as_db *db, const struct gc_as_params *params);

/* gc-as_list.c */
enum gc_status gc_as_client_list(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_rs_list(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_policy_list(struct gc_as_db *db, const struct gc_as_params *params);
enum gc_status gc_as_token_list(struct gc_as_db *db, const struct gc_as_params *params);

/** Seconds since 1970-01-01T00:00:00Z. */
int64_t gc_as_now_s(void);

/** What an error of the database means, said; subject: what it was about. */
enum gc_status gc_as_explain(enum gc_err err, const char *subject);

/* gc-as_peers.c */
struct gc_as_peers;

/** The Security Contexts with all registered clients and resource servers. NULL: no memory */
struct gc_as_peers *gc_as_peers_new(struct gc_as_db *db);
/** Take over what has been registered or removed since; the server forgets those who are gone. 4: said */
enum gc_status gc_as_peers_refresh(struct gc_as_peers *peers, struct gc_server *server);
struct gc_oscore_ring *gc_as_peers_ring(struct gc_as_peers *peers);
/** Whose context it is; NULL: nobody's. */
const struct gc_as_peer *gc_as_peers_find(const struct gc_as_peers *peers, const struct gc_oscore_context *context);
/** After the server has been freed. */
void gc_as_peers_free(struct gc_as_peers **peers);

/* gc-as_log.c */
void gc_as_log(struct gc_out *out, bool json, const char *event, const struct gc_as_peer *peer, const struct gc_addr *from, const struct gc_as_answer *answer);

/* gc-as_serve.c */
enum gc_status gc_as_serve(struct gc_as_db *db, const struct gc_as_params *params);

#endif
