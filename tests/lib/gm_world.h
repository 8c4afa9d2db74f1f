/* The world of a simulated Group Manager: nodes, and the letters between them; what is seen of it from above, where every Gid and
 * every Sender ID that is given is checked. */
#ifndef GC_TESTS_GM_WORLD_H
#define GC_TESTS_GM_WORLD_H

#include "../tests/lib/failing_store.h"
#include "../tests/lib/gm_rig.h"
#include "ace/membership.h"

enum {
  NODES = 260,
  MEMBERS = 200,
  KEPT_MESSAGES = 48,
  QUEUE = 1 << 15,
  RETRIES = 4,
  RETRY_MS = 3000,
  NONE = 0xffff,
};

/** What a node believes and has. */
struct node {
  struct gm_node at_gm;          /* its key, and what the Group Manager knows of its token */
  bool is_in;                    /* a member as far as it knows */
  bool is_unsure;                /* of its Sender ID: it asked for another one and has no answer */
  uint64_t roles;
  char path[64];
  uint8_t join[2048], rekeying[2][4096]; /* what its membership borrows from */
  unsigned turn;
  struct gc_membership membership;
  uint8_t sender_id[GC_ID_MAX_LEN], sender_id_len;
  uint64_t sent;                 /* Sender Sequence Numbers used */
};

/** A rekeying message on its way. */
struct letter {
  uint64_t at_ms;
  uint16_t to;
  uint8_t tries;
  bool is_copy; /* the network's: no retry comes of it */
  struct gc_bytes body; /* shared */
  uint64_t num;
};

/** A message to the group, as it went over the air. */
struct kept {
  uint8_t bytes[512];
  size_t len;
  uint64_t num;
  uint16_t from;
};

struct world {
  struct gm_rig rig;
  struct failing_store failing;
  struct gc_gm_store inner;
  struct node *nodes;
  struct letter *letters;
  size_t letter_count;
  struct {
    uint8_t *bytes;
    size_t len;
  } bodies[4096];
  size_t body_count;
  struct kept kept[KEPT_MESSAGES];
  size_t kept_count;
  bool is_crashing;              /* what the Group Manager tells is lost with it */
  uint16_t holder[65536 + 256];  /* of a Sender ID under the current Gid; NONE: never given */
  uint8_t (*gids)[8];
  size_t gid_count;
  uint64_t seed, violations, steps, members_max, delivered, opened, crashes, joins, backward_checks, forward_checks;
  bool is_backward_secure, has_batches;
};

/** A number below bound. */
uint32_t world_below(struct world *world, uint32_t bound);

/** Something that must never be: said, and counted. */
void world_violation(struct world *world, const char *what, size_t node);

/** The place of a Sender ID in holder. */
size_t world_id_index(const uint8_t *id, size_t len);

/** The group as the store has it. */
struct gc_gm_group world_group(struct world *world);

/** A new Gid: never seen before; its Sender IDs are those of who was there. Who joined with it is told of by itself. */
void world_see_gid(struct world *world);

/** What a Group Manager tells: checked, and rekeying messages are sent. */
void world_event(void *ctx, const struct gc_gm_event *event);

/** Is the node a member, by the store? */
bool world_is_member(struct world *world, size_t node);

/** Take over a Join Response, or the answer of GET to nodes/N. */
void world_take_membership(struct node *node, struct gc_bytes bytes, struct gc_bytes gm_cred);

/** Its token is uploaded again where the Group Manager lost it. */
void world_meet(struct world *world, struct node *node);

/** Does the answer arrive? */
bool world_is_answered(struct world *world);

/** Ask the Group Manager. */
int world_ask(struct world *world, struct node *node, uint8_t method, const char *path, struct gc_bytes payload);

/** It knows that it is no member; what it has it keeps. */
void world_note_evicted(struct node *node);

/** Is there something new? Stale Sender IDs first, then its own keys (Section 11.3). */
void world_poll(struct world *world, struct node *node);

/** Letters that are due: delivered, lost and sent again, or doubled. */
void world_deliver(struct world *world);

#endif
