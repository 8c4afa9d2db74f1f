/* A payload of ACE, value by value in the order in which it was sent, each by the name of the documents: what the line, the tree, JSON and
 * the hiding of secrets are made of. A damaged payload as far as it goes. */
#ifndef GC_TOOLS_ACE_WALK_H
#define GC_TOOLS_ACE_WALK_H

#include "cbor/params.h"
#include "common/ace_message.h"
#include "common/token_key.h"

/** How a value wants to be shown. */
enum gc_ace_sense {
  GC_ACE_PLAIN,       /* by its CBOR type */
  GC_ACE_DATE,
  GC_ACE_SECONDS,
  GC_ACE_SCOPE_TEXT,  /* a text, or AIF in a byte string (or alone) */
  GC_ACE_CODE_POINT,  /* a response code */
  GC_ACE_CREDENTIAL,  /* CBOR in a byte string, or a certificate */
  GC_ACE_CREDENTIALS, /* an array of those */
  GC_ACE_STRINGS,     /* an array of byte strings or of texts */
  GC_ACE_ROLES,       /* an array of roles */
  GC_ACE_GET_CREDS,
  GC_ACE_KEY_INFO,    /* sign_info, ecdh_info */
  GC_ACE_DH_CREDS,    /* kdc_dh_creds */
};

struct gc_ace_value {
  const char *name;
  enum gc_ace_sense sense;
  bool is_secret;
  struct gc_bytes item;   /* encoded, well-formed; empty: a byte string without encoding */
  struct gc_bytes string; /* what is in a byte string or text; else empty */
  const char *meaning;    /* of a number: "EdDSA"; NULL: nothing known. Static */
};

struct gc_ace_visitor {
  void *ctx;
  void (*value)(void *ctx, const struct gc_ace_value *value);
  /** A map, or a token: its values follow. what: "COSE_Encrypt0" of a token, else NULL; len: bytes, SIZE_MAX where it is cut short. */
  void (*enter)(void *ctx, const char *name, const char *what, size_t len);
  /** The end of it; for the outermost map too, which has no enter. */
  void (*leave)(void *ctx, const struct gc_params_unknown *unknown);
  /** Something about a token that is no value of it: protection, "(encrypted)". */
  void (*note)(void *ctx, const char *name, const char *text);
};

/**
 * Walk through a payload.
 * @param keys for tokens; NULL: none
 * @return where and why it is damaged; phrase NULL: it is not. Wrong types and repetitions are told and stepped over.
 */
struct gc_where gc_ace_walk(const struct gc_ace_visitor *visitor, enum gc_ace_kind kind, struct gc_bytes payload,
                            const struct gc_token_keys *keys);

/** May a payload of this kind hold a secret? */
bool gc_ace_kind_is_secret(enum gc_ace_kind kind);

#endif
