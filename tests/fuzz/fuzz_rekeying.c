/* Rekeying messages, taken over by a member of the worked example's group. */
#include "ace/membership.h"
#include "fuzz.h"
#include "groupcomm_round.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_groupcomm message;
  struct gc_membership membership = { .params = gc_oscore_params_default(GC_OSCORE_GROUP), .num = 7 };
  const char *why = NULL;
  if (!groupcomm_round(&message, gc_bytes(data, size)))
    return 0;
  enum gc_err err = gc_membership_rekey(&membership, &message, &why);
  if (err && (!why || membership.num != 7 || membership.params.master_secret.len))
    abort();
  if (!err && (!membership.params.master_secret.len || !membership.params.id_context.len || membership.num != message.num))
    abort();
  (void)gc_rekeying_judge(7, message.num);
  return 0;
}
