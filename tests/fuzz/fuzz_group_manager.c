/* Any request of anybody to a Group Manager: the first byte says who, the second which resource, the third the method, the rest is
 * the payload. What is refused changes nothing and says why in CBOR; whatever happens, no two members have one Sender ID. */
#include "../lib/exact.c"
#include "../lib/gm_rig.c"
#include "../lib/hexval.c"
#include "fuzz.h"

enum { NOBODY, JOINER, MEMBER, VERIFIER, EVERYBODY };

static struct gm_rig fuzzed;
static struct gm_node joiner, member, verifier;

static void begin(void)
{
  gm_rig_start(&fuzzed, 2);
  fuzzed.configs[0].has_backward_security = true;
  gm_rig_run(&fuzzed);
  gm_node_make(&joiner, &fuzzed, 0x11, "client1", "[[\"group1\", 14]]");
  gm_node_make(&member, &fuzzed, 0x44, "member", "[[\"group1\", 6]]");
  gm_node_make(&verifier, &fuzzed, 0x55, "verifier", "[[\"group1\", 16]]");
  must(gm_rig_join(&fuzzed, &member, "group1", GC_ROLE_REQUESTER | GC_ROLE_RESPONDER) == 201, "a member");
  must(gc_gm_rekey(fuzzed.gm, "group1", &fuzzed.time) == GC_OK, "a rekeying");
}

static void group_of(struct gc_gm_group *out)
{
  must(fuzzed.store.ops->group_get(fuzzed.store.ctx, "group1", out) == GC_OK, "a group");
}

static uint64_t count_members(void)
{
  uint64_t count = 0;
  must(fuzzed.store.ops->member_count(fuzzed.store.ctx, "group1", &count) == GC_OK, "a count");
  return count;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const char *const paths[] = {
    "ace-group", "ace-group/group1", "ace-group/group1/active", "ace-group/group1/verif-data", "ace-group/group1/creds",
    "ace-group/group1/kdc-cred", "ace-group/group1/stale-sids", "ace-group/group1/policies", "ace-group/group1/num",
    "ace-group/group1/nodes/n1", "ace-group/group1/nodes/n1/cred", "ace-group/group2", "ace-group/group1/nodes/n2/x", "x",
  };
  struct gm_node *const nodes[EVERYBODY] = { [JOINER] = &joiner, [MEMBER] = &member, [VERIFIER] = &verifier };
  struct gc_gm_group before, after;
  if (size < 3)
    return 0;
  if (!fuzzed.gm)
    begin();
  memcpy(joiner.client.challenge, "\xa3\xb1\xc5\xd7\xe9\xf1\x02\x13", 8); /* of the worked example, whose request is in the corpus */
  group_of(&before);
  const uint64_t members = count_members();
  const int code = gm_rig_ask(&fuzzed, nodes[data[0] % EVERYBODY], (uint8_t)(1 + data[2] % 7), paths[data[1] % (sizeof paths / sizeof paths[0])], -1,
                              gc_bytes(data + 3, size - 3));
  group_of(&after);
  must(fuzzed.result == GC_OK, "an error of the store");
  if (code >= 400) {
    must(memcmp(&before, &after, sizeof before) == 0 && members == count_members(), "a refused request has changed something");
    must(fuzzed.response.content_format == -1 || gc_cbor_check(gc_buf_bytes(&fuzzed.response.payload), 0, NULL) == GC_OK,
         "a refusal that is no CBOR");
    must(fuzzed.response.payload.len, "a refusal that does not say why");
    return 0;
  }
  if (fuzzed.response.payload.len)
    must(gc_cbor_check(gc_buf_bytes(&fuzzed.response.payload), 0, NULL) == GC_OK, "an answer that is no CBOR");
  if (memcmp(&before, &after, sizeof before) != 0 || fuzzed.event_count)
    gm_rig_stop(&fuzzed);
  return 0;
}
