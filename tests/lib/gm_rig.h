/* A Group Manager without a network: one group or more over a store in memory, nodes with keys, requests and what they are answered. */
#ifndef GC_TESTS_GM_RIG_H
#define GC_TESTS_GM_RIG_H

#include "ace/group_manager.h"
#include "store/manager_db.h"

#define GM_RIG_EVENTS_MAX 64
#define GM_RIG_NOW_S 1800000000

enum { GM_GET = 1, GM_POST = 2, GM_PUT = 3, GM_DELETE = 4, GM_FETCH = 5 };

struct gm_rig_event {
  enum gc_gm_event_kind kind;
  char group[65], node[GC_GM_NODE_MAX];
  uint64_t num;
  const char *why;
  char control_uri[256];
};

struct gm_rig {
  struct gc_manager_db *db;
  struct gc_gm_store store;
  struct gc_gm_config configs[4];
  size_t config_count;
  struct gc_key_pair pair;
  uint8_t cred[256];
  struct gc_gm *gm;
  struct gc_gm_time time;
  uint64_t seed;
  uint8_t script[512];      /* what randomness gives first */
  size_t script_len, script_at;
  struct gm_rig_event events[GM_RIG_EVENTS_MAX];
  size_t event_count;       /* since the last request; those beyond the array are only counted */
  void (*hook)(void *ctx, const struct gc_gm_event *event); /* NULL: none */
  void *hook_ctx;
  struct gc_gm_response response;
  uint8_t payload[GC_GM_PAYLOAD_MAX_LEN];
  enum gc_err result;       /* of the last request */
};

struct gm_node {
  struct gc_key_pair pair;
  uint8_t cred_room[256];
  struct gc_bytes cred;
  struct gc_gm_client client;
  uint8_t n_c[8];
};

/** Groups "group1" (and with two, "group2") of the defaults, with the Group Manager's key of the worked examples. Change
 *  rig->configs before gm_rig_run. */
void gm_rig_start(struct gm_rig *rig, size_t groups);
void gm_rig_run(struct gm_rig *rig);
/** Drop what is volatile and begin again over the same store. */
void gm_rig_restart(struct gm_rig *rig);
void gm_rig_stop(struct gm_rig *rig);

/** Bytes that randomness is to give next, in hexadecimal. */
void gm_rig_random(struct gm_rig *rig, const char *hex);

/** A node with the key of seed ‖ seed ‖ …, and a token whose scope is written in CBOR diagnostic notation. */
void gm_node_make(struct gm_node *node, const struct gm_rig *rig, uint8_t seed, const char *name, const char *scope);

/** Ask; path segments are separated by "/". The answer is in rig->response. Returns its code as 201 for 2.01. */
int gm_rig_ask(struct gm_rig *rig, struct gm_node *node, uint8_t method, const char *path, int32_t format, struct gc_bytes payload);

/** A Join Request with all that is right, to be changed and written. Its scope and proof live in static memory. */
struct gc_groupcomm gm_rig_join_request(struct gm_rig *rig, struct gm_node *node, const char *group, uint64_t roles);
struct gc_bytes gm_rig_write(const struct gc_groupcomm *message);

/** Send it. */
int gm_rig_join(struct gm_rig *rig, struct gm_node *node, const char *group, uint64_t roles);

/** The path of a node that has joined last ("ace-group/group1/nodes/n1"), in static memory. */
const char *gm_rig_node_path(const struct gm_rig *rig);

/** The error-id of problem details, or -1: none; -2: no problem details. */
int gm_rig_error_id(const struct gm_rig *rig);

/** Number of events of a kind since the last request. */
size_t gm_rig_count(const struct gm_rig *rig, enum gc_gm_event_kind kind);

/** The member with a node name as the store has it; false: none. */
bool gm_rig_member(struct gm_rig *rig, const char *group, uint64_t number, struct gc_gm_member *out);

#endif
