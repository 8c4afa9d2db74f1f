/* What an Authorization Server keeps, in one SQLite file: the clients and resource servers it knows, policies, tokens that are
 * valid still. Several processes may use it at once, one of them may serve. Names are UTF-8 of 1 to GC_AS_NAME_MAX bytes. */
#ifndef GC_STORE_AS_DB_H
#define GC_STORE_AS_DB_H

#include "ace/authorization_server.h"
#include "oscore/context.h"

#define GC_AS_DB_WHY_LEN 256
#define GC_AS_DB_TOKENS_MAX 65536 /* valid at once; more: GC_E_LIMIT */
#define GC_AS_DB_TOKENS_OF_CLIENT_MAX 1024 /* … of one client, whatever they are for */

enum { GC_AS_PEER_SECRET_LEN = 16, GC_AS_PEER_SALT_LEN = 8 };

struct gc_as_db;

/** @param[out] why for people. @return as gc_database_open: GC_E_NOT_FOUND, GC_E_UNSUPPORTED, GC_E_MALFORMED, GC_E_SYSTEM, GC_E_LIMIT */
enum gc_err gc_as_db_open(struct gc_as_db **out, const char *path, bool create, char why[static GC_AS_DB_WHY_LEN]) GC_MUST_CHECK;
void gc_as_db_close(struct gc_as_db **db);

/**
 * Be the one that answers with the Security Contexts of the database, until it is closed: answers use the nonces of their requests, so
 * two that were sent the same request would use them twice.
 * @return GC_OK; GC_E_EXISTS: another process is; GC_E_SYSTEM (errno); GC_E_STATE: in memory
 */
enum gc_err gc_as_db_serve(struct gc_as_db *db) GC_MUST_CHECK;

#define GC_AS_URI_MAX 256 /* characters with the NUL */

/** The URI by which this Authorization Server is reached, and which is iss of its tokens: "coap://as.example". */
enum gc_err gc_as_db_set_uri(struct gc_as_db *db, const char *uri) GC_MUST_CHECK;
enum gc_err gc_as_db_uri(struct gc_as_db *db, char out[static GC_AS_URI_MAX]) GC_MUST_CHECK; /* GC_E_NOT_FOUND: not set */

enum gc_as_peer_kind { GC_AS_CLIENT = 0, GC_AS_SERVER = 1 };

/** A client or resource server: its Security Context with the Authorization Server. Secret. */
struct gc_as_peer {
  int64_t row;
  enum gc_as_peer_kind kind;
  uint8_t name[GC_AS_NAME_MAX];  /* of a server: its audience */
  size_t name_len;
  uint8_t master_secret[GC_AS_PEER_SECRET_LEN], master_salt[GC_AS_PEER_SALT_LEN];
  uint8_t peer_id[GC_ID_MAX_LEN]; /* Sender ID of the peer: no two have the same */
  size_t peer_id_len;
  uint8_t own_id[1];              /* Sender ID of the Authorization Server */
  struct gc_as_token_key token_key; /* SERVER */
};

/** Register one, with fresh keys. GC_E_EXISTS; GC_E_RANGE: a name that is none */
enum gc_err gc_as_db_add_peer(struct gc_as_db *db, struct gc_as_peer *out, enum gc_as_peer_kind kind, struct gc_bytes name) GC_MUST_CHECK;

/** Forget one, its policies and its tokens. GC_E_NOT_FOUND */
enum gc_err gc_as_db_remove_peer(struct gc_as_db *db, enum gc_as_peer_kind kind, struct gc_bytes name) GC_MUST_CHECK;

/** All of them, clients first, by name. An error of each ends it. */
enum gc_err gc_as_db_each_peer(struct gc_as_db *db, enum gc_err (*each)(void *ctx, const struct gc_as_peer *peer), void *ctx) GC_MUST_CHECK;

/** Allow a client roles in a group at an audience (empty: at every one), instead of what was allowed there. GC_E_NOT_FOUND: no such client */
enum gc_err gc_as_db_add_policy(struct gc_as_db *db, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, uint64_t roles) GC_MUST_CHECK;

/** Take that back; the client's tokens are not valid any more for who asks (introspection). GC_E_NOT_FOUND */
enum gc_err gc_as_db_remove_policy(struct gc_as_db *db, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group) GC_MUST_CHECK;

enum gc_err gc_as_db_each_policy(struct gc_as_db *db,
                                 enum gc_err (*each)(void *ctx, struct gc_bytes client, struct gc_bytes audience, struct gc_bytes group, uint64_t roles),
                                 void *ctx) GC_MUST_CHECK;

/** Sender Sequence Numbers of a peer's context: *first and the next count - 1 are nobody else's, whatever happens. GC_E_LIMIT: used up */
enum gc_err gc_as_db_take(struct gc_as_db *db, int64_t row, uint64_t *first, uint32_t count) GC_MUST_CHECK;

/** Greater or less than before once another process has changed something. */
int64_t gc_as_db_version(struct gc_as_db *db);

/** The client's tokens (audience empty: for every resource server) are not valid any more for who asks. GC_E_NOT_FOUND: it has none */
enum gc_err gc_as_db_revoke(struct gc_as_db *db, struct gc_bytes client, struct gc_bytes audience, int64_t now_s) GC_MUST_CHECK;

/** All tokens that are valid at now_s, in the order in which they were issued. An error of each ends it. */
enum gc_err gc_as_db_each_token(struct gc_as_db *db, int64_t now_s, enum gc_err (*each)(void *ctx, const struct gc_as_issued *token), void *ctx) GC_MUST_CHECK;

/** How many tokens are valid at now_s. */
enum gc_err gc_as_db_count_tokens(struct gc_as_db *db, int64_t now_s, uint64_t *count) GC_MUST_CHECK;

/** The interface of the Authorization Server's rules. */
struct gc_as_store gc_as_db_store(struct gc_as_db *db);

#endif
