/* What a Group Manager remembers, and how: records of groups and members, prefixes of Gids, Sender IDs that became stale.
 * store/manager_db.h keeps them in a file; nothing here knows of it. */
#ifndef GC_ACE_GM_STORE_H
#define GC_ACE_GM_STORE_H

#include "oscore/context.h"
#include "oscore/option.h"

#define GC_GM_NEVER INT64_MAX       /* of a time: not at all */
#define GC_GM_IDENTITY_MAX_LEN 256  /* bytes */
#define GC_GM_CRED_MAX_LEN 1024     /* of a member, bytes */
#define GC_GM_JOIN_SCOPE_MAX_LEN 80 /* of a Join Request, bytes: a group name and roles */
#define GC_GM_URI_MAX_LEN 255       /* control_uri, bytes */
#define GC_GM_NODE_MAX 24           /* characters of a node name with its NUL */
#define GC_GM_SECRET_MAX_LEN 32     /* Master Secret, Master Salt */
#define GC_GM_CNONCE_MAX_LEN 64

/** A group as it stands. Secret: wipe it. Texts end with NUL. */
struct gc_gm_group {
  char name[GC_GROUP_NAME_MAX_LEN + 1];
  uint64_t num;                              /* version of the keying material */
  uint8_t gid[GC_ID_CONTEXT_MAX_LEN];
  uint8_t gid_len;
  uint8_t master_secret[GC_GM_SECRET_MAX_LEN], master_salt[GC_GM_SECRET_MAX_LEN];
  uint8_t master_secret_len, master_salt_len;
  int64_t expires_s;                         /* UTC, of the keying material */
  bool is_active;
  uint64_t next_sender_id;                   /* index of the Sender ID to look at next: all below are not to be had */
  uint64_t next_node;                        /* number of the next new member */
};

/** A member. Texts end with NUL. */
struct gc_gm_member {
  char group[GC_GROUP_NAME_MAX_LEN + 1];
  uint64_t node;                             /* number, never given twice: the node name is "n" and the number */
  uint8_t identity[GC_GM_IDENTITY_MAX_LEN];
  size_t identity_len;
  uint64_t roles;
  bool has_sender_id;                        /* no: a monitor */
  uint8_t sender_id[GC_ID_MAX_LEN];
  uint8_t sender_id_len;
  uint8_t cred[GC_GM_CRED_MAX_LEN];
  size_t cred_len;
  uint8_t scope[GC_GM_JOIN_SCOPE_MAX_LEN];   /* of its latest Join Request, for the proof of a later credential */
  size_t scope_len;
  uint8_t cnonce[GC_GM_CNONCE_MAX_LEN];      /* N_C of it, for kdc_cred_verify */
  size_t cnonce_len;
  uint8_t birth_gid[GC_ID_CONTEXT_MAX_LEN];
  uint8_t birth_gid_len;
  uint64_t join_num;                         /* generation that its latest Join Response gave it */
  bool is_new;                               /* that joining was its first: a rekeying on the occasion names it */
  char control_uri[GC_GM_URI_MAX_LEN + 1];   /* "": none */
  int64_t expires_s;                         /* UTC, of its token; GC_GM_NEVER */
};

/** By what a member is looked up. */
enum gc_gm_key { GC_GM_BY_NODE_AFTER, GC_GM_BY_NODE, GC_GM_BY_IDENTITY, GC_GM_BY_SENDER_ID };

/** What is looked for; of number and bytes the one that the kind needs. */
struct gc_gm_find {
  enum gc_gm_key by;
  uint64_t number;       /* BY_NODE; BY_NODE_AFTER: the member with the lowest greater one */
  struct gc_bytes bytes; /* BY_IDENTITY, BY_SENDER_ID */
};

/**
 * A store. Everything between begin and commit is there after a crash, or nothing of it. Functions answer GC_OK or
 *   GC_E_NOT_FOUND  no such record (get, delete)
 *   GC_E_EXISTS     prefix_take: it begins with one that is taken, or one that is taken begins with it; member_put: another member
 *                   has the identity or the Sender ID
 *   GC_E_LIMIT      locked by another process for too long
 *   GC_E_MALFORMED  damaged
 *   GC_E_SYSTEM     not to be read or written (errno; ENOSPC: no room on the disk)
 */
struct gc_gm_store_ops {
  enum gc_err (*begin)(void *ctx);
  enum gc_err (*commit)(void *ctx);  /* on an error nothing has happened; rollback follows */
  void (*rollback)(void *ctx);
  enum gc_err (*group_get)(void *ctx, const char *name, struct gc_gm_group *out);
  enum gc_err (*group_put)(void *ctx, const struct gc_gm_group *group);
  /** All Gids that begin so are this group's: its epochs count up, so none is had twice. */
  enum gc_err (*prefix_take)(void *ctx, const char *group, struct gc_bytes prefix);
  enum gc_err (*member_get)(void *ctx, const char *group, const struct gc_gm_find *find, struct gc_gm_member *out);
  enum gc_err (*member_put)(void *ctx, const struct gc_gm_member *member);               /* new, or instead of the one of its node */
  enum gc_err (*member_delete)(void *ctx, const char *group, uint64_t node);
  enum gc_err (*member_count)(void *ctx, const char *group, uint64_t *out);
  /** The member of any group whose token expires first; NOT_FOUND: none does. */
  enum gc_err (*member_expiring)(void *ctx, struct gc_gm_member *out);
  enum gc_err (*stale_add)(void *ctx, const char *group, uint64_t num, struct gc_bytes sender_id);
  enum gc_err (*stale_has)(void *ctx, const char *group, uint64_t num, struct gc_bytes sender_id); /* NOT_FOUND: no */
  /** Each different Sender ID of the sets first … last once. */
  enum gc_err (*stale_each)(void *ctx, const char *group, uint64_t first, uint64_t last, enum gc_err (*each)(void *, struct gc_bytes), void *each_ctx);
  enum gc_err (*stale_drop)(void *ctx, const char *group, uint64_t below);               /* sets of earlier generations */
  /** Members evicted because their Birth Gid came round again, until the next rekeying. */
  enum gc_err (*elder_add)(void *ctx, const char *group, struct gc_bytes identity);
  enum gc_err (*elder_has)(void *ctx, const char *group, struct gc_bytes identity);      /* NOT_FOUND: no */
  enum gc_err (*elder_drop)(void *ctx, const char *group);
};

struct gc_gm_store {
  const struct gc_gm_store_ops *ops;
  void *ctx;
};

/** "n12" */
const char *gc_gm_node_name(char out[static GC_GM_NODE_MAX], uint64_t node);

#endif
