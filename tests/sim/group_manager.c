/* A Group Manager and 260 nodes that join, leave, are evicted, sleep through rekeyings, renew and replace what is theirs, while the
 * Group Manager crashes at any operation of its store and messages are lost and doubled. Members read the Group Manager's own
 * messages and use the Security Contexts that come of them; former members keep all they ever had, and try with it. */
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

#include "../lib/gm_world.h"
#include "../lib/oscore_rig.h"
#include "crypto/secret.h"

enum { STEPS = 2500, SEEDS = 8 };

static const struct gc_bytes nothing = { NULL, 0 };

static enum gc_err next_number(void *ctx, uint64_t *number)
{
  *number = (*(uint64_t *)ctx)++;
  return GC_OK;
}

/* --- messages to the group ------------------------------------------------------------------------------------------------------------------ */

static struct gc_oscore_context *context_of(const struct node *node, const struct gc_bytes *other_gid)
{
  struct gc_oscore_params params = node->membership.params;
  struct gc_oscore_context *context = NULL;
  const char *why = NULL;
  params.max_recipients = NODES;
  if (other_gid)
    params.id_context = *other_gid;
  if (gc_oscore_context_new(&context, &params, &why))
    fail_msg("%s", why);
  return context;
}

/* Can whoever has this node's keys read it? With the Gid of the message too, whatever its own is. */
static bool reads_with(struct world *world, size_t at, const struct kept *kept, struct gc_bytes cred, bool forges)
{
  const struct gc_oscore_option option = sec_option(gc_bytes(kept->bytes, kept->len));
  struct gc_oscore_context *context = context_of(&world->nodes[at], forges ? &option.kid_context : NULL);
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  bool is_read = false;
  if (!gc_oscore_context_add_recipient(context, option.kid, cred, NULL, NULL))
    is_read = sec_open_request(context, gc_bytes(kept->bytes, kept->len), GC_OPEN_NO_REPLAY, &opened, &binding) == GC_SEC_OK;
  gc_oscore_context_free(&context);
  return is_read;
}

static bool reads(struct world *world, size_t at, const struct kept *kept)
{
  const struct gc_bytes cred = world->nodes[kept->from].at_gm.cred;
  return reads_with(world, at, kept, cred, false) || reads_with(world, at, kept, cred, true);
}

static bool is_current(struct world *world, size_t at)
{
  return world->nodes[at].is_in && !world->nodes[at].is_unsure && world_is_member(world, at) && world->nodes[at].membership.num == world_group(world).num;
}

static struct kept *say(struct world *world, size_t from)
{
  struct node *node = &world->nodes[from];
  struct gc_oscore_context *context = context_of(node, NULL);
  struct kept *kept = &world->kept[world->kept_count++ % KEPT_MESSAGES];
  struct gc_oscore_binding binding;
  const struct gc_oscore_send how = { .is_pairwise = false };
  assert_int_equal(gc_oscore_context_set_sender(context, gc_bytes(node->sender_id, node->sender_id_len), node->at_gm.cred,
                                                gc_bytes(node->at_gm.pair.private_key, node->at_gm.pair.private_len),
                                                (struct gc_oscore_numbers){ next_number, &node->sent }, NULL), GC_OK);
  const struct gc_bytes datagram = sec_request(context, sec_get, &how, &binding);
  assert_true(datagram.len <= sizeof kept->bytes);
  memcpy(kept->bytes, datagram.ptr, datagram.len);
  kept->len = datagram.len;
  kept->num = node->membership.num;
  kept->from = (uint16_t)from;
  gc_oscore_context_free(&context);
  return kept;
}

static void hear(struct world *world, const struct kept *kept, size_t at)
{
  const bool is_read = reads(world, at, kept);
  if (is_current(world, at)) {
    world->opened += is_read;
    if (!is_read)
      world_violation(world, "a current member cannot read", at);
  } else if (!world_is_member(world, at)) {
    world->forward_checks++;
    if (is_read)
      world_violation(world, "a former member reads", at);
  }
}

static void talk(struct world *world)
{
  size_t from = world_below(world, NODES);
  for (int tries = 0; tries < 20 && !is_current(world, from); tries++)
    from = world_below(world, NODES);
  struct node *node = &world->nodes[from];
  if (!is_current(world, from) || !gc_roles_send(node->roles) || world->holder[world_id_index(node->sender_id, node->sender_id_len)] != from)
    return;
  const struct kept *kept = say(world, from);
  for (int i = 0; i < 8; i++) {
    const size_t at = world_below(world, NODES);
    if (at != from && world->nodes[at].membership.params.master_secret.len)
      hear(world, kept, at);
  }
}

/* A new member, with all that was said before it came. */
static void look_back(struct world *world, size_t at)
{
  for (size_t i = 0; i < KEPT_MESSAGES && i < world->kept_count; i++) {
    const struct kept *kept = &world->kept[i];
    if (kept->from == at || (world->has_batches && kept->num >= world->nodes[at].membership.num))
      continue;
    world->backward_checks++;
    if (reads(world, at, kept))
      world_violation(world, "a new member reads what was before it", at);
  }
}

/* --- steps ------------------------------------------------------------------------------------------------------------------------------------ */

static void join(struct world *world, size_t at)
{
  struct node *node = &world->nodes[at];
  const bool was_member = world_is_member(world, at), had_any = world->nodes[at].membership.params.master_secret.len != 0;
  world_meet(world, node);
  if (!node->is_in)
    node->roles = was_member ? node->roles : (uint64_t[]){ 6, 6, 6, 2, 4, 8 }[world_below(world, 6)];
  const int code = gm_rig_join(&world->rig, &node->at_gm, "group1", node->roles);
  if (code != 201 && code != 204)
    return;
  if (!world_is_answered(world))
    return;
  if (code != (was_member ? 204 : 201))
    world_violation(world, "joining was answered as if it was the other thing", at);
  world->joins++;
  snprintf(node->path, sizeof node->path, "%s", gm_rig_node_path(&world->rig));
  world_take_membership(node, gc_buf_bytes(&world->rig.response.payload), world->rig.configs[0].cred);
  if (world->is_backward_secure && code == 201 && !had_any)
    look_back(world, at);
}

static void leave(struct world *world, size_t at)
{
  struct node *node = &world->nodes[at];
  if (node->is_in && world_ask(world, node, GM_DELETE, node->path, nothing) == 202 && world_is_answered(world))
    world_note_evicted(node);
}

static void renew(struct world *world, size_t at)
{
  struct node *node = &world->nodes[at];
  struct gc_groupcomm answer;
  if (!node->is_in || world_ask(world, node, GM_POST, node->path, nothing) != 205)
    return;
  node->is_unsure = !world_is_answered(world);
  if (node->is_unsure)
    return;
  assert_int_equal(gc_groupcomm_parse(&answer, gc_buf_bytes(&world->rig.response.payload), NULL), GC_OK);
  node->sender_id_len = (uint8_t)answer.group_sender_id.len;
  memcpy(node->sender_id, answer.group_sender_id.ptr, node->sender_id_len);
}

static void evict(struct world *world, size_t at)
{
  char name[16];
  snprintf(name, sizeof name, "m%zu", at);
  const enum gc_err err = gc_gm_evict(world->rig.gm, "group1", name, &world->rig.time);
  assert_true(err == GC_OK || err == GC_E_NOT_FOUND || err == GC_E_SPACE);
}

/* The next minutes bring the end of its token, or a later one. */
static void set_expiry(struct world *world, size_t at)
{
  struct node *node = &world->nodes[at];
  node->at_gm.client.expires_s = world->rig.time.now_s + 30 + world_below(world, 600);
  if (gc_gm_authorize(world->rig.gm, &node->at_gm.client, &world->rig.time))
    return;
}

/* All that is volatile goes: tokens, challenges, letters on their way from the Group Manager. */
static void restart(struct world *world)
{
  world->crashes++;
  world->is_crashing = false;
  world->failing.calls_left = UNLIMITED_CALLS;
  gm_rig_restart(&world->rig);
  for (size_t i = 0; i < NODES; i++)
    world->nodes[i].at_gm.client.has_challenge = false;
  size_t kept = 0;
  for (size_t i = 0; i < world->letter_count; i++)
    if (world->letters[i].is_copy)
      world->letters[kept++] = world->letters[i];
  world->letter_count = kept;
}

static void act(struct world *world, size_t at)
{
  const uint32_t draw = world_below(world, 100);
  if (draw < 30)
    join(world, at);
  else if (draw < 33)
    leave(world, at);
  else if (draw < 36)
    evict(world, at);
  else if (draw < 38)
    assert_true(gc_gm_rekey(world->rig.gm, "group1", &world->rig.time) != GC_E_NOT_FOUND);
  else if (draw < 42)
    renew(world, at);
  else if (draw < 44)
    set_expiry(world, at);
  else if (draw < 60)
    world_poll(world, &world->nodes[at]);
  else
    talk(world);
}

/* The Group Manager dies at some operation of its store, or once all is on the disk and before anybody is told. */
static void act_and_crash(struct world *world, size_t at)
{
  world->is_crashing = true;
  world->failing.calls_left = world_below(world, 2) ? UNLIMITED_CALLS : (int)world_below(world, 12);
  const uint32_t draw = world_below(world, 4);
  if (draw < 2)
    join(world, at);
  else if (draw < 3)
    leave(world, at);
  else
    evict(world, at);
  restart(world);
}

static void pass_time(struct world *world, uint32_t ms)
{
  world->rig.time.now_ms += ms;
  world->rig.time.now_s = GM_RIG_NOW_S + (int64_t)(world->rig.time.now_ms / 1000) - 1000;
  assert_true(gc_gm_tick(world->rig.gm, &world->rig.time) == GC_OK);
  world_deliver(world);
}

/* --- from beginning to end ------------------------------------------------------------------------------------------------------------------ */

static void start(struct world *world, uint64_t seed)
{
  gm_rig_start(&world->rig, 1);
  world->seed = seed * 0x9e3779b97f4a7c15u + 1;
  world->rig.seed = seed + 77;
  world->is_backward_secure = seed % 3 != 2;
  world->has_batches = seed % 3 == 1;
  world->rig.configs[0].has_backward_security = world->is_backward_secure;
  world->rig.configs[0].batch_ms = world->has_batches ? 2000 : 0;
  world->rig.configs[0].max_members = MEMBERS;
  world->rig.configs[0].lifetime_s = 3600;
  world->inner = world->rig.store;
  world->rig.store = failing_store(&world->failing, &world->inner);
  world->rig.hook = world_event;
  world->rig.hook_ctx = world;
  gm_rig_run(&world->rig);
  world->nodes = calloc(NODES, sizeof *world->nodes);
  world->letters = calloc(QUEUE, sizeof *world->letters);
  world->gids = calloc(65536, sizeof *world->gids);
  assert_true(world->nodes && world->letters && world->gids);
  world_see_gid(world);
  for (size_t i = 0; i < NODES; i++) {
    char name[16];
    snprintf(name, sizeof name, "m%zu", i);
    gm_node_make(&world->nodes[i].at_gm, &world->rig, (uint8_t)(1 + i % 250), name, "[[\"group1\", 14]]");
  }
}

/* Everybody asks once more, and then all who belong to the group have its keys, and nobody else. */
static void settle(struct world *world)
{
  size_t speaker = NODES;
  pass_time(world, 60000);
  for (size_t i = 0; i < NODES; i++)
    for (int tries = 0; tries < 20 && world->nodes[i].is_in && !(is_current(world, i)); tries++)
      world_poll(world, &world->nodes[i]);
  for (size_t i = 0; i < NODES; i++) {
    if (!world_is_member(world, i))
      continue;
    for (int tries = 0; tries < 20 && !world->nodes[i].is_in; tries++) /* its join was done, and the answer lost */
      join(world, i);
  }
  for (size_t i = 0; i < NODES; i++) {
    world_poll(world, &world->nodes[i]);
    for (int tries = 0; tries < 20 && world->nodes[i].is_in && !is_current(world, i); tries++)
      world_poll(world, &world->nodes[i]);
    if (world_is_member(world, i) != world->nodes[i].is_in || (world->nodes[i].is_in && !is_current(world, i)))
      world_violation(world, "a member does not end with the current keys", i);
    if (is_current(world, i) && gc_roles_send(world->nodes[i].roles) && world->holder[world_id_index(world->nodes[i].sender_id, world->nodes[i].sender_id_len)] == i)
      speaker = i;
  }
  if (speaker == NODES)
    return;
  const struct kept *kept = say(world, speaker);
  for (size_t i = 0; i < NODES; i++)
    if (i != speaker && world->nodes[i].membership.params.master_secret.len)
      hear(world, kept, i);
}

static void finish(struct world *world)
{
  gm_rig_stop(&world->rig);
  for (size_t i = 0; i < world->body_count; i++)
    free(world->bodies[i].bytes);
  free(world->nodes);
  free(world->letters);
  free(world->gids);
}

static void run(struct world *world, uint64_t seed)
{
  start(world, seed);
  for (world->steps = 0; world->steps < STEPS; world->steps++) {
    uint64_t members = 0;
    const size_t at = world_below(world, NODES);
    if (world->steps < NODES)
      join(world, world->steps);
    else if (world_below(world, 100) < 4)
      act_and_crash(world, at);
    else
      act(world, at);
    pass_time(world, world_below(world, 1500));
    assert_int_equal(world->inner.ops->member_count(world->inner.ctx, "group1", &members), GC_OK);
    if (members > world->members_max)
      world->members_max = members;
  }
  settle(world);
  finish(world);
}

/* @req JN-20 JN-22 RK-01 RK-02 RK-04 RK-06 RK-07 MB-01 GR-17 */
static void random_sequences(void **state)
{
  (void)state;
  uint64_t steps = 0, members = 0, violations = 0, opened = 0, forward = 0, backward = 0, crashes = 0, delivered = 0;
  for (uint64_t seed = 0; seed < SEEDS; seed++) {
    struct world *world = calloc(1, sizeof *world);
    assert_non_null(world);
    run(world, seed);
    steps += world->steps;
    members = world->members_max > members ? world->members_max : members;
    violations += world->violations;
    opened += world->opened, forward += world->forward_checks, backward += world->backward_checks;
    crashes += world->crashes, delivered += world->delivered;
    free(world);
  }
  printf("# rekeyings delivered %llu, messages read %llu, refused to former members %llu, to new ones %llu; crashes %llu\n", (unsigned long long)delivered,
         (unsigned long long)opened, (unsigned long long)forward, (unsigned long long)backward, (unsigned long long)crashes);
  printf("# seeds %d, steps %llu, members %llu, violations %llu\n", SEEDS, (unsigned long long)steps, (unsigned long long)members,
         (unsigned long long)violations);
  assert_int_equal(violations, 0);
  assert_true(opened > 1000 && forward > 1000 && backward > 1000 && crashes > 100 && delivered > 1000);
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(random_sequences) };
  if (gc_crypto_init())
    return 1;
  return cmocka_run_group_tests_name("group_manager", tests, NULL, NULL);
}
