/* The Authorization Server: what its token and introspection endpoints answer (RFC 9200, Sections 5.8 and 5.9; RFC 9203, Section
 * 3; draft-ietf-ace-key-groupcomm-oscore, Section 5.2). No I/O: who asks is authenticated already, and clock, randomness and the
 * store are passed in. */
#ifndef GC_ACE_AUTHORIZATION_SERVER_H
#define GC_ACE_AUTHORIZATION_SERVER_H

#include "ace/cwt.h"
#include "ace/scope.h"
#include "ace/token.h"
#include "base/rng.h"

#define GC_AS_NAME_MAX 128          /* bytes of a client's name, of an audience */
#define GC_AS_MATERIAL_ID_MAX_LEN 8 /* bytes of the id of an OSCORE_Input_Material */
#define GC_AS_RESPONSE_MAX_LEN 8192

/** How tokens for one resource server are protected: COSE_Encrypt0. Secret. */
struct gc_as_token_key {
  int32_t alg;                 /* an AEAD, COSE number */
  uint8_t kid[16], key[GC_KEY_MAX_LEN];
  size_t kid_len, key_len;
};

/** A token as it is remembered until it expires; its number is its cti, and it was never another one's. */
struct gc_as_issued {
  uint64_t number;
  struct gc_bytes client, audience;
  struct gc_bytes material_id; /* of the OSCORE_Input_Material it is bound to */
  int64_t expires_s;           /* UTC */
};

/** What is kept. Each function answers GC_OK; GC_E_NOT_FOUND where it says so; another error: the request fails, nothing is changed. */
struct gc_as_store {
  /** GC_E_NOT_FOUND: no resource server with this audience. audience empty: the only one there is. name: GC_AS_NAME_MAX bytes. */
  enum gc_err (*server)(void *ctx, struct gc_bytes audience, struct gc_as_token_key *key, struct gc_buf *name);
  /** What policies allow a client at an audience: entries of groups, whose names are put into room. group: only this one; empty: all. */
  enum gc_err (*policies)(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, struct gc_scope_list *out,
                          struct gc_buf *room);
  /** A number that was never given before and is on the disk. */
  enum gc_err (*number)(void *ctx, uint64_t *number);
  /** Remember a token, on the disk when it returns; those that have expired by now_s may be forgotten. */
  enum gc_err (*issue)(void *ctx, const struct gc_as_issued *token, int64_t now_s);
  /** GC_E_NOT_FOUND: no token of that number for that audience that is valid at now_s. */
  enum gc_err (*find)(void *ctx, uint64_t number, struct gc_bytes audience, int64_t now_s);
  /** GC_E_NOT_FOUND: this material was not given to this client for this audience in a token that is valid at now_s. */
  enum gc_err (*material)(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes material_id, int64_t now_s);
  void *ctx;
};

struct gc_as {
  const char *issuer;          /* iss */
  uint32_t lifetime_s;         /* of tokens */
  struct gc_as_store store;
  struct gc_rng rng;
};

/** A response, and what a log may say of it. */
struct gc_as_answer {
  uint8_t code;
  struct gc_buf *body;         /* the caller's, at least GC_AS_RESPONSE_MAX_LEN bytes; secret */
  enum gc_token_error error;   /* 0: none */
  const char *why;             /* static phrase; NULL: nothing to say */
  struct gc_bytes audience;    /* as asked for; borrows from the request */
  uint64_t number;             /* of the token given or looked at; 0: none */
  bool is_update;              /* token: of access rights, bound to material given before */
  bool is_active;              /* introspection */
};

/**
 * Answer POST /token of a client.
 * @param payload of Content-Format 19
 * @return GC_OK: answer is a response (of an error too); else the store failed, or there is no room: 5.00
 */
enum gc_err gc_as_token(const struct gc_as *as, struct gc_as_answer *answer, struct gc_bytes client, struct gc_bytes payload, int64_t now_s) GC_MUST_CHECK;

/**
 * Answer POST /introspect of a resource server.
 * @param audience of the resource server that asks: of tokens for others it learns nothing
 */
enum gc_err gc_as_introspect(const struct gc_as *as, struct gc_as_answer *answer, struct gc_bytes audience, struct gc_bytes payload, int64_t now_s) GC_MUST_CHECK;

#endif
