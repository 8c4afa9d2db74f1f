/* --piv: what a dry run is protected with. */
#include "gc-send_security.h"

static enum gc_err take_fixed(void *ctx, uint64_t *number)
{
  *number = *(const uint64_t *)ctx;
  return GC_OK;
}

/* The same number as often as it is wanted, for comparing messages; nothing of it is sent. */
static enum gc_status fix_number(struct gc_client_security *security, uint64_t *number)
{
  const struct gc_context_file *file = security->own->file;
  const struct gc_oscore_numbers numbers = { take_fixed, number };
  const char *reason = NULL;
  if (gc_oscore_context_set_sender(security->own->oscore, file->sender.id, file->sender.cred.len ? file->sender.cred : file->sender.public_key,
                                   file->private_key, numbers, &reason)) {
    gc_error("%s: %s", security->own->path, reason ? reason : "no \"sender\" in it");
    return GC_STATUS_INPUT;
  }
  return GC_STATUS_OK;
}

enum gc_status gc_send_security_open(struct gc_client_security **out, struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN])
{
  const struct gc_client_security_use use = { .pairwise = send->pairwise, .is_group = plan->to.is_group, .without_state = send->has_piv };
  enum gc_status status = gc_client_security_open(out, &send->common, &use, why);
  plan->fixed_number = send->piv;
  return status || !*out || !send->has_piv ? status : fix_number(*out, &plan->fixed_number);
}
