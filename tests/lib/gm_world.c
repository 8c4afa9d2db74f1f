#include "gm_world.h"

/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

uint32_t world_below(struct world *world, uint32_t bound)
{
  return gc_rng_below(gc_rng_seeded(&world->seed), bound);
}

void world_violation(struct world *world, const char *what, size_t node)
{
  world->violations++;
  fprintf(stderr, "# violation at step %llu, node %zu: %s\n", (unsigned long long)world->steps, node, what);
}

/* --- what is seen from above ---------------------------------------------------------------------------------------------------------- */

size_t world_id_index(const uint8_t *id, size_t len)
{
  return len == 1 ? id[0] : len == 2 ? 256u + (size_t)(id[0] << 8 | id[1]) : 0;
}

static size_t node_of(const struct gc_gm_member *member)
{
  const char *name = memchr(member->identity, 0, member->identity_len);
  return (size_t)atoi(name + 2); /* "\0m12" */
}

struct gc_gm_group world_group(struct world *world)
{
  struct gc_gm_group group;
  assert_int_equal(world->inner.ops->group_get(world->inner.ctx, "group1", &group), GC_OK);
  return group;
}

/* A Sender ID is given: nobody may have had it under this Gid. */
static void see_given(struct world *world, const struct gc_gm_member *member)
{
  const size_t at = world_id_index(member->sender_id, member->sender_id_len);
  if (!member->has_sender_id)
    return;
  if (world->holder[at] != NONE)
    world_violation(world, "a Sender ID twice under one Gid", node_of(member));
  world->holder[at] = (uint16_t)node_of(member);
}

/* A new Gid: never seen before; its Sender IDs are those of who was there. Who joined with it is told of by itself. */
void world_see_gid(struct world *world)
{
  const struct gc_gm_group group = world_group(world);
  struct gc_gm_find find = { .by = GC_GM_BY_NODE_AFTER };
  struct gc_gm_member member;
  for (size_t i = 0; i < world->gid_count; i++)
    if (memcmp(world->gids[i], group.gid, group.gid_len) == 0)
      world_violation(world, "a Gid twice", 0);
  memcpy(world->gids[world->gid_count++], group.gid, group.gid_len);
  memset(world->holder, 0xff, sizeof world->holder);
  for (; !world->inner.ops->member_get(world->inner.ctx, "group1", &find, &member); find.number = member.node)
    if (member.has_sender_id && member.join_num < group.num)
      world->holder[world_id_index(member.sender_id, member.sender_id_len)] = (uint16_t)node_of(&member);
}

/* --- rekeying messages ------------------------------------------------------------------------------------------------------------------- */

static void post(struct world *world, const struct letter *letter)
{
  if (world->letter_count < QUEUE)
    world->letters[world->letter_count++] = *letter;
}

struct mailing {
  struct world *world;
  struct gc_bytes body;
  uint64_t num;
};

static bool mail(void *ctx, const struct gc_gm_member *member, bool needs_rekeying)
{
  struct mailing *mailing = ctx;
  const uint64_t now_ms = mailing->world->rig.time.now_ms;
  if (needs_rekeying)
    post(mailing->world, &(struct letter){ .at_ms = now_ms + 1 + world_below(mailing->world, 400), .to = (uint16_t)node_of(member), .body = mailing->body,
                                           .num = mailing->num });
  return true;
}

static void send_rekeying(struct world *world, uint64_t num)
{
  uint8_t room[16384];
  struct gc_buf out = gc_buf(room, sizeof room);
  if (gc_gm_rekeying_message(world->rig.gm, "group1", &world->rig.time, &out) || world->body_count == 4096)
    return;
  uint8_t *copy = malloc(out.len);
  assert_non_null(copy);
  memcpy(copy, room, out.len);
  world->bodies[world->body_count].bytes = copy;
  world->bodies[world->body_count++].len = out.len;
  struct mailing mailing = { world, gc_bytes(copy, out.len), num };
  assert_int_equal(gc_gm_members(world->rig.gm, "group1", mail, &mailing), GC_OK);
}

/* Whatever happens in one transaction is told in order, and all of it is in the store by then. */
void world_event(void *ctx, const struct gc_gm_event *event)
{
  struct world *world = ctx;
  const bool is_given = event->kind == GC_GM_JOINED || event->kind == GC_GM_REJOINED || event->kind == GC_GM_RENEWED;
  const struct gc_gm_group group = world_group(world);
  const bool is_new_gid = memcmp(world->gids[world->gid_count - 1], group.gid, group.gid_len) != 0;
  if (is_new_gid && (is_given || event->kind == GC_GM_REKEYED))
    world_see_gid(world);
  if (is_given && !(is_new_gid && event->kind == GC_GM_RENEWED))
    see_given(world, event->member);
  if (event->kind == GC_GM_REKEYED && !world->is_crashing)
    send_rekeying(world, event->num);
}

/* --- a node's side ------------------------------------------------------------------------------------------------------------------------ */

bool world_is_member(struct world *world, size_t node)
{
  struct gc_gm_member member;
  const struct gc_gm_client *client = &world->nodes[node].at_gm.client;
  const struct gc_gm_find find = { .by = GC_GM_BY_IDENTITY, .bytes = gc_bytes(client->identity, client->identity_len) };
  return world->inner.ops->member_get(world->inner.ctx, "group1", &find, &member) == GC_OK;
}

void world_take_membership(struct node *node, struct gc_bytes bytes, struct gc_bytes gm_cred)
{
  struct gc_groupcomm message;
  const char *why = NULL;
  assert_true(bytes.len <= sizeof node->join);
  memcpy(node->join, bytes.ptr, bytes.len);
  assert_int_equal(gc_groupcomm_parse(&message, gc_bytes(node->join, bytes.len), NULL), GC_OK);
  const enum gc_err err = gc_membership_read(&node->membership, &message, &why);
  if (err)
    fail_msg("%s", why);
  node->membership.params.name = gc_bytes_str("group1");
  node->membership.params.gm_cred = gm_cred; /* is in Join Responses only, and stays */
  node->is_unsure = false;
  node->sender_id_len = (uint8_t)node->membership.sender_id.len;
  if (node->sender_id_len)
    memcpy(node->sender_id, node->membership.sender_id.ptr, node->sender_id_len);
  node->is_in = true;
}

static void take_rekeying(struct world *world, struct node *node, struct gc_bytes body, uint64_t num)
{
  struct gc_groupcomm message;
  if (!node->is_in || gc_rekeying_judge(node->membership.num, num) != GC_REKEYING_INSTALL)
    return; /* old, or after one that was missed: it will ask */
  uint8_t *room = node->rekeying[node->turn++ & 1];
  assert_true(body.len <= sizeof node->rekeying[0]);
  memcpy(room, body.ptr, body.len);
  assert_int_equal(gc_groupcomm_parse(&message, gc_bytes(room, body.len), NULL), GC_OK);
  assert_int_equal(message.num, num);
  assert_int_equal(gc_membership_rekey(&node->membership, &message, NULL), GC_OK);
  world->delivered++;
}

/* Its token is uploaded again where the Group Manager lost it. */
void world_meet(struct world *world, struct node *node)
{
  if (!node->at_gm.client.has_challenge)
    gc_gm_challenge(world->rig.gm, &node->at_gm.client);
}

bool world_is_answered(struct world *world)
{
  return !world->is_crashing && world_below(world, 100) >= 8;
}

int world_ask(struct world *world, struct node *node, uint8_t method, const char *path, struct gc_bytes payload)
{
  world_meet(world, node);
  return gm_rig_ask(&world->rig, &node->at_gm, method, path, -1, payload);
}

static const struct gc_bytes nothing = { NULL, 0 };

void world_note_evicted(struct node *node)
{
  node->is_in = false;
}

/* Its own word that it is a member no more is enough for it: what it has it keeps (Section 11.3 for those who are). */
void world_poll(struct world *world, struct node *node)
{
  uint64_t num = 0;
  uint8_t room[16];
  struct gc_buf old = gc_buf(room, sizeof room);
  if (!node->is_in)
    return;
  const int code = world_ask(world, node, GM_GET, "ace-group/group1/num", nothing);
  if (code == 403 || code == 401) {
    world_note_evicted(node);
    return;
  }
  if (code != 205 || !world_is_answered(world) || gc_num_parse(&num, gc_buf_bytes(&world->rig.response.payload), NULL))
    return;
  if (num == node->membership.num && !node->is_unsure)
    return;
  assert_int_equal(gc_num_write(&old, node->membership.num), GC_OK);
  if (num != node->membership.num && (world_ask(world, node, GM_FETCH, "ace-group/group1/stale-sids", gc_buf_bytes(&old)) != 205 || !world_is_answered(world)))
    return;
  const int own = world_ask(world, node, GM_GET, node->path, nothing);
  if (own == 403) /* it was evicted, and a member again by a join whose answer was lost */
    world_note_evicted(node);
  else if (own == 205 && world_is_answered(world))
    world_take_membership(node, gc_buf_bytes(&world->rig.response.payload), world->rig.configs[0].cred);
}

void world_deliver(struct world *world)
{
  for (size_t i = 0; i < world->letter_count;) {
    struct letter letter = world->letters[i];
    if (letter.at_ms > world->rig.time.now_ms) {
      i++;
      continue;
    }
    world->letters[i] = world->letters[--world->letter_count];
    const bool is_lost = world_below(world, 100) < 15;
    if (!is_lost)
      take_rekeying(world, &world->nodes[letter.to], letter.body, letter.num);
    if (!is_lost && world_below(world, 100) < 10) { /* twice */
      letter.is_copy = true;
      letter.at_ms = world->rig.time.now_ms + 1 + world_below(world, 5000);
      post(world, &letter);
    } else if (is_lost && !letter.is_copy && letter.tries < RETRIES) {
      letter.tries++;
      letter.at_ms = world->rig.time.now_ms + RETRY_MS;
      post(world, &letter);
    }
  }
}
