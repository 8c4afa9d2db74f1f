/* The Security Context of OSCORE and Group OSCORE: what is common, the own side, the others (RFC 8613, Section 3;
 * draft-ietf-core-oscore-groupcomm, Section 2). No I/O: files are read by store/. */
#ifndef GC_OSCORE_CONTEXT_H
#define GC_OSCORE_CONTEXT_H

#include "cose/credential.h"
#include "cose/structure.h"
#include "oscore/option.h"
#include "oscore/replay_window.h"
#include "oscore/result.h"

/** What a context speaks. */
enum gc_oscore_profile {
  GC_OSCORE_PLAIN,    /* RFC 8613 */
  GC_OSCORE_GROUP,    /* draft-ietf-core-oscore-groupcomm, current */
  GC_OSCORE_GROUP_02, /* its version -02 */
};

/** How one message is protected. */
enum gc_oscore_mode {
  GC_MODE_PLAIN,    /* OSCORE */
  GC_MODE_GROUP,    /* countersigned */
  GC_MODE_PAIRWISE, /* for one other member */
};

/** "oscore", "group", "pairwise" */
const char *gc_oscore_mode_name(enum gc_oscore_mode mode);

#define GC_ID_CONTEXT_MAX_LEN 64 /* of an own ID Context (Gid), bytes */
#define GC_GROUP_NAME_MAX_LEN 64
#define GC_MASTER_SECRET_MAX_LEN 255

/** What a context is made of. Everything is copied. Algorithms are COSE numbers, 0: not set. */
struct gc_oscore_params {
  enum gc_oscore_profile profile;
  struct gc_bytes name;                       /* of the group, the same for all its contexts; at most 64 bytes; may be empty */
  struct gc_bytes master_secret, master_salt; /* no secret: a signature checker's */
  bool has_id_context;
  struct gc_bytes id_context;                 /* the Gid of a group */
  int32_t hkdf_alg;                           /* HMAC 256/256, 384/384 or 512/512 */
  int32_t aead_alg;                           /* OSCORE; pairwise mode */
  int32_t group_enc_alg, sign_alg;            /* group mode */
  int32_t ecdh_alg;                           /* pairwise mode */
  struct gc_bytes gm_cred;
  enum gc_cred_fmt cred_fmt;                  /* of all credentials but the Group Manager's; GC_CRED_ANY: any */
  uint8_t sign_curve;                         /* EdDSA: enum gc_curve_id; 0: that of the first credential */
  unsigned replay_window;                     /* 1 … 64 */
  size_t max_recipients;
  struct gc_bytes signature_encryption_key;   /* a signature checker's, which has no master_secret */
  enum gc_cose_countersign countersign;       /* the form that is signed; five by default */
  int32_t aad_ecdh_alg;                       /* another number in the AAD, for peers that put -7 there; 0: ecdh_alg */
};

/** The defaults of a profile: RFC 8613, Section 3.2, for the groups what every implementation must support with Ed25519. */
struct gc_oscore_params gc_oscore_params_default(enum gc_oscore_profile profile);

struct gc_oscore_context;
struct gc_oscore_recipient;

/**
 * @param[out] why  static phrase on an error ("hkdf_alg and ecdh_alg name different hashes"); NULL allowed
 * @return GC_OK; GC_E_UNSUPPORTED: an algorithm unknown, forbidden or of another kind; GC_E_RANGE: a length;
 *         GC_E_MALFORMED: values that do not fit together; GC_E_MEMORY
 */
enum gc_err gc_oscore_context_new(struct gc_oscore_context **out, const struct gc_oscore_params *params, const char **why) GC_MUST_CHECK;

/** Wipes every key. Bindings and exchanges made with the context must be gone. */
void gc_oscore_context_free(struct gc_oscore_context **context);

/** A source of Sender Sequence Numbers: *number has never been given out before and is on disk, where there is a disk. */
struct gc_oscore_numbers {
  /** GC_OK; GC_E_LIMIT: used up; others: none can be had now. NULL: the context counts by itself from 0. */
  enum gc_err (*next)(void *ctx, uint64_t *number);
  void *ctx;
};

/**
 * The Sender Context; once, and again with a new Sender ID (sequence numbers start anew: draft, Section 2.6.3.1).
 * @param cred, private_key empty with GC_OSCORE_PLAIN
 * @return GC_OK; GC_E_RANGE: ID or key of wrong length; GC_E_MALFORMED: credential unreadable, or private key and
 *         credential do not belong together, or the key does not suit the algorithms; GC_E_EXISTS: a recipient has the ID
 */
enum gc_err gc_oscore_context_set_sender(struct gc_oscore_context *context, struct gc_bytes id, struct gc_bytes cred,
                                         struct gc_bytes private_key, struct gc_oscore_numbers numbers, const char **why) GC_MUST_CHECK;

/**
 * A Recipient Context. Keys are derived when first needed, or by gc_oscore_context_prepare.
 * @param cred empty with GC_OSCORE_PLAIN
 * @param[out] out NULL allowed; valid until removed
 * @return as gc_oscore_context_set_sender; GC_E_LIMIT: max_recipients reached
 */
enum gc_err gc_oscore_context_add_recipient(struct gc_oscore_context *context, struct gc_bytes id, struct gc_bytes cred,
                                            struct gc_oscore_recipient **out, const char **why) GC_MUST_CHECK;

/** What a member may send, by its roles in the group (draft-ietf-ace-key-groupcomm-oscore, Section 6.4): requests, responses. Both
 *  where nothing was said. What it may not is dropped: GC_SEC_ROLE. */
void gc_oscore_recipient_set_roles(struct gc_oscore_recipient *recipient, bool is_requester, bool is_responder);

/**
 * Forget a recipient and wipe its keys. deliberately: the Replay Windows of all recipients added from now on start
 * invalid (draft, Section 2.6.1.2). GC_E_NOT_FOUND
 */
enum gc_err gc_oscore_context_remove_recipient(struct gc_oscore_context *context, struct gc_bytes id, bool deliberately) GC_MUST_CHECK;

/** What was received before is not known: no request is delivered before an Echo exchange with its client, of the recipients
 *  there are and of those to come. */
void gc_oscore_context_lose_windows(struct gc_oscore_context *context);

/** NULL: none with this ID. */
struct gc_oscore_recipient *gc_oscore_context_find(const struct gc_oscore_context *context, struct gc_bytes id);

size_t gc_oscore_context_count(const struct gc_oscore_context *context);
struct gc_oscore_recipient *gc_oscore_context_at(const struct gc_oscore_context *context, size_t index);

/** Derive all keys of all recipients now. Afterwards opening messages changes nothing but Replay Windows, so that threads
 *  may open messages of one context with GC_OPEN_NO_REPLAY at the same time. GC_E_MEMORY */
enum gc_err gc_oscore_context_prepare(struct gc_oscore_context *context) GC_MUST_CHECK;

/** The same for OSCORE and group mode only, which is quick with a thousand recipients: pairwise keys are still derived when
 *  first needed, by one thread at a time; others may meanwhile open messages in group mode. GC_E_MEMORY */
enum gc_err gc_oscore_context_prepare_group(struct gc_oscore_context *context) GC_MUST_CHECK;

/**
 * Called for a kid that is unknown under a known Gid: give its credential (empty with GC_OSCORE_PLAIN) and return true,
 * and a Recipient Context is made; false refuses. NULL: unknown senders are refused.
 */
struct gc_oscore_resolver {
  bool (*resolve)(void *ctx, struct gc_oscore_context *context, struct gc_bytes kid, struct gc_bytes *cred);
  void *ctx;
};
void gc_oscore_context_set_resolver(struct gc_oscore_context *context, struct gc_oscore_resolver resolver);

/* What a context and its members are, for showing. Borrowed from the context. */
enum gc_oscore_profile gc_oscore_context_profile(const struct gc_oscore_context *context);
struct gc_bytes gc_oscore_context_name(const struct gc_oscore_context *context);
struct gc_bytes gc_oscore_context_id_context(const struct gc_oscore_context *context);
bool gc_oscore_context_has_sender(const struct gc_oscore_context *context);
struct gc_bytes gc_oscore_context_sender_id(const struct gc_oscore_context *context);
bool gc_oscore_context_has_mode(const struct gc_oscore_context *context, enum gc_oscore_mode mode);
/** COSE numbers, 0: not set. */
struct gc_oscore_algorithms {
  int32_t hkdf, aead, group_enc, sign, ecdh;
  enum gc_cred_fmt cred_fmt; /* GC_CRED_ANY: not said */
  uint8_t sign_curve;        /* enum gc_curve_id; 0: not known */
};
struct gc_oscore_algorithms gc_oscore_context_algorithms(const struct gc_oscore_context *context);
size_t gc_oscore_context_overhead(const struct gc_oscore_context *context, enum gc_oscore_mode mode); /* bytes a payload grows by, at most, the option not counted */
struct gc_bytes gc_oscore_recipient_id(const struct gc_oscore_recipient *recipient);
struct gc_bytes gc_oscore_recipient_cred(const struct gc_oscore_recipient *recipient);
struct gc_bytes gc_oscore_recipient_subject(const struct gc_oscore_recipient *recipient);
const struct gc_public_key *gc_oscore_recipient_key(const struct gc_oscore_recipient *recipient);
struct gc_replay_window *gc_oscore_recipient_window(struct gc_oscore_recipient *recipient);

/** The derived values in the terms of the documents, for `gc-keygen show --secrets`: each is written where its name says.
 *  len 0: there is none. Wipe it afterwards. */
struct gc_oscore_secrets {
  uint8_t common_iv[GC_NONCE_MAX_LEN], signature_encryption_key[GC_KEY_MAX_LEN], sender_key[GC_KEY_MAX_LEN];
  uint8_t common_iv_len, signature_encryption_key_len, sender_key_len;
};
void gc_oscore_context_secrets(const struct gc_oscore_context *context, struct gc_oscore_secrets *out);

struct gc_oscore_recipient_secrets {
  uint8_t recipient_key[GC_KEY_MAX_LEN], pairwise_sender_key[GC_KEY_MAX_LEN], pairwise_recipient_key[GC_KEY_MAX_LEN];
  uint8_t shared_secret[GC_SHARED_SECRET_MAX_LEN];
  uint8_t recipient_key_len, pairwise_key_len, shared_secret_len;
};
enum gc_err gc_oscore_recipient_secrets(const struct gc_oscore_context *context, const struct gc_oscore_recipient *recipient,
                                        struct gc_oscore_recipient_secrets *out) GC_MUST_CHECK;

#endif
