/* Keys and an association for fuzz targets that speak ACE: always the same. */
#ifndef GC_TESTS_ACE_PARTIES_H
#define GC_TESTS_ACE_PARTIES_H

#include <stdlib.h>
#include <string.h>

#include "cose/credential.h"
#include "oscore/context.h"

struct ace_party {
  struct gc_key_pair pair;
  uint8_t cred[128];
  size_t cred_len;
};

/** A client with an Ed25519 key from a fixed seed. */
static inline const struct ace_party *ace_party(void)
{
  static struct ace_party party;
  uint8_t seed[32];
  struct gc_buf cred = gc_buf(party.cred, sizeof party.cred);
  memset(seed, 0x11, sizeof seed);
  if (!party.cred_len && (gc_key_pair_set(&party.pair, GC_CURVE_ED25519, gc_bytes(seed, sizeof seed)) ||
                          gc_credential_write_ccs(&cred, &party.pair.public_key, gc_bytes("client1", 7))))
    abort();
  party.cred_len = cred.len ? cred.len : party.cred_len;
  return &party;
}

/** One end of an OSCORE association; the client has the ID 01, the server 00. */
static inline struct gc_oscore_context *ace_context(bool is_client)
{
  struct gc_oscore_params params = gc_oscore_params_default(GC_OSCORE_PLAIN);
  struct gc_oscore_context *context;
  const struct gc_bytes ids[] = { gc_bytes("\0", 1), gc_bytes("\1", 1) }, none = { NULL, 0 };
  params.master_secret = gc_bytes("sixteen bytes of", 16);
  if (gc_oscore_context_new(&context, &params, NULL) ||
      gc_oscore_context_set_sender(context, ids[is_client], none, none, (struct gc_oscore_numbers){ NULL, NULL }, NULL) ||
      gc_oscore_context_add_recipient(context, ids[!is_client], none, NULL, NULL))
    return NULL;
  return context;
}

#endif
