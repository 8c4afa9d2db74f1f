/* Within oscore/: the insides of a Security Context. */
#ifndef GC_OSCORE_INTERNAL_H
#define GC_OSCORE_INTERNAL_H

#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "oscore/context.h"

#define GC_AAD_HEAD_MAX_LEN 32

/** Where the profiles differ, beyond what a context's algorithms say. */
struct gc_oscore_rules {
  const char *name;
  bool is_group;
  bool has_group_aad;        /* request_kid_context, OSCORE_option, sender_cred, gm_cred */
  bool signs_in_option;      /* the countersignature lies in the option, plain */
  bool kid_in_responses;     /* always */
  bool kid_context_required; /* in requests */
};

struct gc_oscore_keys {
  uint8_t base[GC_KEY_MAX_LEN];        /* Sender or Recipient Key: salt of the pairwise keys */
  struct gc_aead_key main;             /* the same, prepared; not set in a group without group mode */
  struct gc_aead_key pairwise_sender, pairwise_recipient; /* not set where the public key cannot be used */
};

struct gc_oscore_recipient {
  uint8_t id[GC_ID_MAX_LEN], id_len;
  bool has_pairwise;          /* keys->pairwise_… are derived */
  bool is_pairwise_refused;   /* its public key cannot be used */
  bool is_no_requester, is_no_responder;
  struct gc_public_key public_key;
  struct gc_replay_window window;
  struct gc_oscore_keys *keys; /* secret memory; NULL: not yet derived */
  size_t index;                /* among the context's recipients */
  uint8_t *cred;
  size_t cred_len, subject_at, subject_len;
};

#define GC_OSCORE_INLINE_KEYS 3 /* recipients that fit the context's own page of secret memory */
#define GC_OSCORE_SLAB_KEYS 16  /* and those of a further region */

struct gc_oscore_region {
  struct gc_oscore_keys sender;
  struct gc_key_pair pair;
  uint8_t signature_encryption_key[GC_KEY_MAX_LEN];
  uint8_t common_iv[GC_NONCE_MAX_LEN];
  struct gc_oscore_keys recipients[GC_OSCORE_INLINE_KEYS];
  uint8_t master[]; /* Master Secret ‖ Master Salt */
};

struct gc_oscore_context {
  const struct gc_oscore_rules *rules;
  enum gc_oscore_profile profile;
  const struct gc_alg *hkdf, *aead, *group_enc, *sign, *ecdh; /* NULL: not set */
  const struct gc_alg *key_alg;   /* the one that Sender and Recipient Keys are derived for */
  uint8_t common_iv_len, max_id_len;
  uint8_t sign_curve;             /* enum gc_curve_id, 0: not known yet */
  bool has_id_context, has_sender, is_checker, is_retired;
  bool new_windows_invalid;
  unsigned replay_window;
  size_t max_recipients;
  enum gc_cose_countersign countersign;
  enum gc_cred_fmt cred_fmt;
  uint8_t name[GC_GROUP_NAME_MAX_LEN];
  size_t name_len;
  uint8_t id_context[GC_ID_CONTEXT_MAX_LEN];
  size_t id_context_len;
  uint8_t *gm_cred;
  size_t gm_cred_len;
  uint8_t aad_head[GC_AAD_HEAD_MAX_LEN], old_aad_head[GC_AAD_HEAD_MAX_LEN]; /* [version, algorithms; old: key agreement -7 */
  uint8_t aad_head_len, old_aad_head_len;

  struct gc_oscore_region *secret;
  size_t master_secret_len, master_salt_len;
  struct gc_oscore_keys **slabs;  /* further regions */
  size_t slab_count, keys_used;
  struct gc_oscore_keys **spare;  /* of recipients that were removed */
  size_t spare_count;

  uint8_t sender_id[GC_ID_MAX_LEN], sender_id_len;
  uint8_t *sender_cred;
  size_t sender_cred_len;
  uint64_t sender_generation;     /* counts new Sender IDs */
  bool had_other_id;              /* under these keys: clients may still know it by that one */
  struct gc_oscore_numbers numbers;
  uint64_t next_number;

  struct gc_oscore_recipient **recipients;
  size_t recipient_count, recipient_cap;
  uint32_t *index;                /* hash of ID to recipient + 1 */
  size_t index_cap;
  struct gc_oscore_resolver resolver;
  struct gc_oscore_trace *trace;
};

/** HKDF with the info of RFC 8613, Section 3.2.1. type: "Key", "IV" or "SEKey" */
void gc_oscore_derive(const struct gc_oscore_context *context, struct gc_bytes salt, const struct gc_bytes *ikm, size_t ikm_count,
                      struct gc_bytes id, int32_t alg, const char *type, uint8_t *out, size_t len);

/** Give a recipient another credential, its Replay Window kept: pairwise keys are derived anew. GC_E_MEMORY */
enum gc_err gc_oscore_recipient_set_cred(struct gc_oscore_recipient *recipient, const struct gc_oscore_recipient *from) GC_MUST_CHECK;

/** Bytes of the countersignature; 0: no group mode, or EdDSA with a curve that is not known yet. */
size_t gc_oscore_signature_len(const struct gc_oscore_context *context);

/** Derive what a recipient needs for this mode, unless it is there. */
enum gc_sec gc_oscore_recipient_ready(struct gc_oscore_context *context, struct gc_oscore_recipient *recipient, bool pairwise);

/** The next Sender Sequence Number. */
enum gc_sec gc_oscore_next_number(struct gc_oscore_context *context, uint64_t *number);

#endif
