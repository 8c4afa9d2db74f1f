/* A security context as a JSON file (the command-line contract, "The context file"): reading with errors that name line,
 * column and key, and writing so that nobody else can read it. What the values mean is oscore/'s matter. */
#ifndef GC_STORE_CONTEXT_FILE_H
#define GC_STORE_CONTEXT_FILE_H

#include "base/bytes.h"

enum gc_context_profile { GC_PROFILE_GROUP_OSCORE, GC_PROFILE_OSCORE, GC_PROFILE_GROUP_OSCORE_02 };

#define GC_ALG_UNSET INT32_MIN /* null or absent: the group does not use it */
#define GC_CONTEXT_FILE_MAX_LEN (16u << 20) /* bytes */

struct gc_context_member {
  const char *name;           /* for people; NULL: none */
  struct gc_bytes id;         /* Sender ID; may be empty */
  struct gc_bytes cred;       /* authentication credential; empty: none */
  struct gc_bytes public_key; /* bare public key (profile group-oscore-02); empty: none */
  uint64_t roles;             /* of a recipient: GC_ROLE_ bits (ace/scope.h); 0: not known, and so any */
};

/** Where a context comes from, and what an Authorization Server gives to those it knows: the object "ace". NULL, empty: absent. */
struct gc_context_ace {
  const char *as_uri;           /* token endpoint of the Authorization Server */
  const char *introspect_uri;   /* a resource server's: introspection endpoint */
  const char *issuer;           /* iss of its tokens */
  const char *audience;         /* a resource server's: aud of the tokens for it */
  const char *group_uri;        /* a group's: group-membership resource at its Group Manager */
  int32_t token_alg;            /* what protects the tokens for a resource server, COSE_Encrypt0; GC_ALG_UNSET: nothing given */
  struct gc_bytes token_kid, token_key; /* token_key: secret */
};

/** Everything points into one region of secret memory and lives until gc_context_file_free. */
struct gc_context_file {
  enum gc_context_profile profile;
  const char *name;                      /* NULL: none */
  const char *cred_fmt;                  /* "CCS", "CWT", "X.509" …; NULL: none */
  struct gc_bytes gid;                   /* Gid, or ID Context of OSCORE */
  bool has_gid;
  struct gc_bytes master_secret, master_salt;
  struct gc_bytes signature_encryption_key; /* a signature checker's; empty: derived */
  struct gc_bytes gm_cred;
  int32_t hkdf, aead_alg, group_enc_alg, sign_alg, ecdh_alg; /* COSE numbers or GC_ALG_UNSET */
  uint32_t replay_window;                /* 1 … 64; 32 where the file says nothing */
  uint32_t countersign_elements;         /* of the signed structure: 5, or 4 (requirement C49b) */
  uint64_t expires_s;                    /* UTC: the keys are not used from then on; 0: not known */
  bool is_inactive;                      /* so says the Group Manager: nobody sends, nobody listens */
  bool has_ace;
  struct gc_context_ace ace;
  bool has_sender;
  struct gc_context_member sender;
  struct gc_bytes private_key;           /* of the sender; empty: none */
  struct gc_context_member *recipients;
  size_t recipient_count;
  size_t region_len;                     /* bytes of secret memory in use; the struct itself is at its front */
};

/** What is wrong, or only remarkable, in a file. */
struct gc_context_problem {
  const char *path;        /* as the caller gave it */
  int line, column;        /* from 1; 0: the file as a whole */
  const char *key;         /* "recipients[2].cred"; "": none */
  const char *phrase;      /* what was found and what was expected */
};

/**
 * Read and check a context file.
 * @param strict   a file that others may read, and a key that is not known, are errors instead of warnings
 * @param problem  told each warning, and the error (last); must not be NULL
 * @return GC_OK; GC_E_MALFORMED, GC_E_RANGE, GC_E_UNSUPPORTED: told; GC_E_SYSTEM (errno): told; GC_E_MEMORY
 */
enum gc_err gc_context_file_read(struct gc_context_file **out, const char *path, bool strict,
                                 void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem),
                                 void *ctx) GC_MUST_CHECK;

/** The same from memory (fuzzers, standard input); nothing is said about permissions. */
enum gc_err gc_context_file_parse(struct gc_context_file **out, struct gc_bytes json, const char *path, bool strict,
                                  void (*problem)(void *ctx, bool is_error, const struct gc_context_problem *problem),
                                  void *ctx) GC_MUST_CHECK;

/** Why messages must be neither protected nor opened with it now (RFC 9594, Section 4.3.1: exp; draft-ietf-ace-key-groupcomm-oscore,
 *  Section 9.9: inactive groups). A static phrase; NULL: they may. */
const char *gc_context_file_fault(const struct gc_context_file *file, uint64_t now_s);

/** Wipes; sets *file NULL. */
void gc_context_file_free(struct gc_context_file **file);

/**
 * Write a context file, mode 0600, all or nothing (temporary file, fsync, rename).
 * @param replace an existing file may be replaced
 * @return GC_OK; GC_E_EXISTS; GC_E_SYSTEM (errno); GC_E_MEMORY
 */
enum gc_err gc_context_file_write(const struct gc_context_file *file, const char *path, bool replace) GC_MUST_CHECK;

/** Line and column (from 1) of a value in JSON text that is known to be well-formed, by its path ("sender.id",
 *  "recipients[2].cred"); of the nearest enclosing value that is there. */
void gc_json_locate(struct gc_bytes json, const char *path, int *line, int *column);

#endif
