/* Requests to a Group Manager: a join, a look-up, a fetch of credentials, a credential to be replaced. */
#include "ace/creds.h"
#include "ace/scope.h"
#include "fuzz.h"
#include "groupcomm_round.h"

static void look_at_filter(struct gc_bytes get_creds)
{
  static uint8_t store[1 << 15];
  struct gc_creds_filter filter, again;
  struct gc_buf out = gc_buf(store, sizeof store);
  if (gc_creds_filter_parse(&filter, get_creds, NULL))
    return;
  (void)gc_creds_filter_join_fault(&filter);
  (void)gc_creds_filter_fetch_fault(&filter);
  (void)gc_creds_filter_matches(&filter, GC_ROLE_REQUESTER, gc_bytes("x", 1));
  if (gc_creds_filter_write(&out, &filter) || gc_creds_filter_parse(&again, gc_buf_bytes(&out), NULL) || again.role_count != filter.role_count ||
      again.id_count != filter.id_count)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_groupcomm request;
  struct gc_scope_entry entry;
  uint64_t num;
  if (!gc_num_parse(&num, gc_bytes(data, size), NULL) && size > 9)
    abort();
  if (!groupcomm_round(&request, gc_bytes(data, size)))
    return 0;
  if (!gc_join_request_fault(&request, false) && (gc_scope_entry_parse(&entry, request.scope, NULL) || gc_roles_join_fault(entry.permissions)))
    abort();
  (void)gc_join_request_fault(&request, true);
  (void)gc_cred_upload_fault(&request);
  if (gc_groupcomm_has(&request, GC_GROUPCOMM_GET_CREDS))
    look_at_filter(request.get_creds);
  size_t gids = 0;
  if (gc_groupcomm_has(&request, GC_GROUPCOMM_GID) && !gc_strings_check(request.gid, false, &gids, NULL) && gids > size)
    abort();
  return 0;
}
