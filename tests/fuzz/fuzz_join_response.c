/* Answers of a Group Manager: what passes for a Join Response makes a membership, and that the same keying material again. */
#include "ace/creds.h"
#include "ace/membership.h"
#include "ace/problem.h"
#include "fuzz.h"
#include "groupcomm_round.h"

static void walk_peers(const struct gc_groupcomm *response)
{
  struct gc_peers peers;
  struct gc_peer peer;
  enum gc_err err = gc_peers_begin(&peers, response);
  while (!err)
    err = gc_peers_next(&peers, &peer);
  if ((err == GC_E_END) != (gc_peers_check(response, NULL) == GC_OK))
    abort();
}

static void make_context(const struct gc_membership *membership)
{
  struct gc_oscore_context *context = NULL;
  struct gc_group_material key;
  struct gc_material_room room;
  if (gc_material_of(&key, &membership->params, GC_MATERIAL_JOIN, membership->has_sender_id ? &membership->sender_id : NULL, 0, &room))
    abort();
  if (!gc_oscore_context_new(&context, &membership->params, NULL))
    gc_oscore_context_free(&context);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_groupcomm response;
  struct gc_membership membership;
  struct gc_problem problem;
  struct gc_where where = { 0, NULL };
  const char *why = NULL;
  if (gc_problem_parse(&problem, gc_bytes(data, size), &where) && (!where.phrase || where.offset > size))
    abort();
  if (!groupcomm_round(&response, gc_bytes(data, size)))
    return 0;
  walk_peers(&response);
  (void)gc_join_response_fault(&response);
  if (gc_membership_read(&membership, &response, &why) == GC_OK)
    make_context(&membership);
  else if (!why)
    abort();
  why = NULL;
  if (gc_membership_read_verifier(&membership, &response, &why) ? !why : !membership.params.signature_encryption_key.len)
    abort();
  return 0;
}
