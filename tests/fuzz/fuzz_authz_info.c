/* What goes to authz-info, the token endpoint and introspection, and hints: what is read is written, and reads the same. */
#include <stdlib.h>

#include "ace/cnf.h"
#include "ace/key_info.h"
#include "ace/oscore_profile.h"
#include "ace/token.h"
#include "fuzz.h"

static uint8_t store[1 << 16];

static void look_inside(const struct gc_ace_params *params)
{
  const struct {
    unsigned row;
    struct gc_bytes value;
  } infos[] = { { GC_ACE_SIGN_INFO, params->sign_info }, { GC_ACE_ECDH_INFO, params->ecdh_info } };
  struct gc_key_info_walk walk;
  struct gc_key_info info;
  struct gc_kdc_dh_cred cred;
  struct gc_cnf cnf;
  for (size_t i = 0; i < 2; i++)
    if (gc_param_has(params->present, infos[i].row) && !gc_key_info_begin(&walk, infos[i].value))
      while (!gc_key_info_next(&walk, &info))
        if (!info.group_count)
          abort();
  if (gc_ace_has(params, GC_ACE_KDC_DH_CREDS) && !gc_key_info_begin(&walk, params->kdc_dh_creds))
    while (!gc_kdc_dh_cred_next(&walk, &cred))
      if (!cred.group_count)
        abort();
  if (gc_ace_has(params, GC_ACE_CNF) && !gc_cnf_parse(&cnf, params->cnf, NULL) && cnf.method == GC_CNF_OSC) {
    struct gc_oscore_profile_context context;
    struct gc_oscore_exchange_ids ids = { .nonce1 = params->nonce1, .id2 = gc_bytes("x", 1) };
    if (!gc_oscore_profile_derive(&context, &cnf.osc, &ids, true) && context.params.master_salt.len < 3)
      abort();
  }
  (void)gc_token_request_check(params, NULL);
  (void)gc_token_response_fault(params, params);
  (void)gc_oscore_profile_request_fault(params, false);
  (void)gc_oscore_profile_response_fault(params, params->client_recipientid);
}

static void hints_and_introspection(struct gc_bytes bytes)
{
  struct gc_as_hints hints, hints2;
  struct gc_introspection intro, intro2;
  struct gc_buf out = gc_buf(store, sizeof store);
  if (!gc_as_hints_parse(&hints, bytes, NULL) &&
      (gc_as_hints_write(&out, &hints) || gc_as_hints_parse(&hints2, gc_buf_bytes(&out), NULL) || hints.present != hints2.present))
    abort();
  out.len = 0;
  if (!gc_introspection_parse(&intro, bytes, NULL) &&
      (gc_introspection_write(&out, &intro) || gc_introspection_parse(&intro2, gc_buf_bytes(&out), NULL) || intro.present != intro2.present))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_bytes bytes = gc_bytes(data, size);
  if (size > sizeof store / 2)
    return 0;
  hints_and_introspection(bytes);
  for (int place = GC_ACE_AT_AS; place <= GC_ACE_AT_AUTHZ_INFO; place++) {
    struct gc_ace_params params, again;
    struct gc_where where = { 0, NULL };
    struct gc_buf out = gc_buf(store, sizeof store);
    if (gc_ace_params_parse(&params, bytes, (enum gc_ace_place)place, &where)) {
      if (!where.phrase || where.offset > size)
        abort();
      continue;
    }
    look_inside(&params);
    if (gc_ace_params_write(&out, &params) || gc_ace_params_parse(&again, gc_buf_bytes(&out), params.place, NULL) || again.present != params.present)
      abort();
    if (place == GC_ACE_AT_AUTHZ_INFO && !gc_authz_info_parse(&again, bytes, 19, NULL) && !again.access_token.len)
      abort();
  }
  return 0;
}
