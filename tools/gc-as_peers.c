/* The Security Contexts of an Authorization Server with those it knows, as the database has them. Sender Sequence Numbers come
 * from there in blocks; what was received before the start is unknown, so a first request is answered with an Echo challenge
 * (RFC 8613, Appendix B). */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "gc-as.h"

enum { NUMBERS_AT_ONCE = 64 };

struct peer {
  struct peer *next;
  struct gc_as_peers *all;
  struct gc_as_peer *as;            /* secret memory */
  struct gc_oscore_context *context;
  uint64_t next_number;
  uint32_t numbers_left;
  bool is_seen;                     /* in the refresh under way */
};

struct gc_as_peers {
  struct gc_as_db *db;
  struct gc_oscore_ring *ring;
  struct peer *first;
  int64_t version;
  bool is_loaded;
};

static enum gc_err next_number(void *ctx, uint64_t *number)
{
  struct peer *peer = ctx;
  if (!peer->numbers_left) {
    enum gc_err err = gc_as_db_take(peer->all->db, peer->as->row, &peer->next_number, NUMBERS_AT_ONCE);
    if (err)
      return err;
    peer->numbers_left = NUMBERS_AT_ONCE;
  }
  *number = peer->next_number++;
  peer->numbers_left--;
  return GC_OK;
}

static void free_peer(struct peer *peer)
{
  if (peer->context)
    gc_oscore_context_free(&peer->context);
  gc_secret_free(&peer->as);
  free(peer);
}

static enum gc_err make_context(struct peer *peer)
{
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_PLAIN);
  params.master_secret = gc_bytes(peer->as->master_secret, sizeof peer->as->master_secret);
  params.master_salt = gc_bytes(peer->as->master_salt, sizeof peer->as->master_salt);
  params.max_recipients = 1;
  enum gc_err err = gc_oscore_context_new(&peer->context, &params, NULL);
  if (!err)
    err = gc_oscore_context_set_sender(peer->context, gc_bytes(peer->as->own_id, sizeof peer->as->own_id), gc_bytes(NULL, 0), gc_bytes(NULL, 0),
                                       (struct gc_oscore_numbers){ next_number, peer }, NULL);
  if (!err)
    err = gc_oscore_context_add_recipient(peer->context, gc_bytes(peer->as->peer_id, peer->as->peer_id_len), gc_bytes(NULL, 0), NULL, NULL);
  if (!err)
    gc_oscore_context_lose_windows(peer->context);
  return err;
}

static enum gc_err add(struct gc_as_peers *peers, const struct gc_as_peer *as)
{
  struct peer *peer = calloc(1, sizeof *peer);
  if (!peer || !(peer->as = gc_secret_new(sizeof *peer->as))) {
    free(peer);
    return GC_E_MEMORY;
  }
  *peer->as = *as;
  peer->all = peers;
  peer->is_seen = true;
  enum gc_err err = make_context(peer);
  if (!err)
    err = gc_oscore_ring_add(peers->ring, peer->context);
  if (err) {
    free_peer(peer);
    return err;
  }
  peer->next = peers->first;
  peers->first = peer;
  return GC_OK;
}

static enum gc_err see(void *ctx, const struct gc_as_peer *as)
{
  struct gc_as_peers *peers = ctx;
  for (struct peer *peer = peers->first; peer; peer = peer->next)
    if (peer->as->row == as->row) {
      peer->is_seen = true;
      return GC_OK;
    }
  return add(peers, as);
}

static void drop_unseen(struct gc_as_peers *peers, struct gc_server *server)
{
  for (struct peer **at = &peers->first, *peer; (peer = *at);) {
    if (peer->is_seen) {
      at = &peer->next;
      continue;
    }
    *at = peer->next;
    gc_oscore_ring_remove(peers->ring, peer->context);
    gc_server_forget_context(server, peer->context);
    free_peer(peer);
  }
}

enum gc_status gc_as_peers_refresh(struct gc_as_peers *peers, struct gc_server *server)
{
  const int64_t version = gc_as_db_version(peers->db);
  if (peers->is_loaded && version == peers->version)
    return GC_STATUS_OK;
  for (struct peer *peer = peers->first; peer; peer = peer->next)
    peer->is_seen = false;
  enum gc_err err = gc_as_db_each_peer(peers->db, see, peers);
  if (err)
    return gc_as_explain(err, "reading the registrations");
  drop_unseen(peers, server);
  peers->version = version;
  peers->is_loaded = true;
  return GC_STATUS_OK;
}

struct gc_as_peers *gc_as_peers_new(struct gc_as_db *db)
{
  struct gc_as_peers *peers = calloc(1, sizeof *peers);
  if (!peers || !(peers->ring = gc_oscore_ring_new())) {
    free(peers);
    return NULL;
  }
  peers->db = db;
  return peers;
}

struct gc_oscore_ring *gc_as_peers_ring(struct gc_as_peers *peers)
{
  return peers->ring;
}

const struct gc_as_peer *gc_as_peers_find(const struct gc_as_peers *peers, const struct gc_oscore_context *context)
{
  for (const struct peer *peer = peers->first; peer && context; peer = peer->next)
    if (peer->context == context)
      return peer->as;
  return NULL;
}

static void free_all(struct peer *peer)
{
  for (struct peer *next; peer; peer = next) {
    next = peer->next;
    free_peer(peer);
  }
}

void gc_as_peers_free(struct gc_as_peers **pointer)
{
  struct gc_as_peers *peers = *pointer;
  if (!peers)
    return;
  gc_oscore_ring_free(&peers->ring);
  free_all(peers->first);
  free(peers);
  *pointer = NULL;
}
