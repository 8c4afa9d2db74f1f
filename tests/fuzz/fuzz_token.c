/* Tokens: COSE in three kinds, claims and what they confirm; what is read is written, and reads the same. */
#include <stdlib.h>

#include "ace/cnf.h"
#include "ace/cwt.h"
#include "fuzz.h"

static uint8_t room_store[GC_CWT_MAX_LEN], store[2 * GC_CWT_MAX_LEN];

static void look_at_claims(struct gc_bytes payload)
{
  struct gc_cwt_claims claims, again;
  struct gc_where where = { 0, NULL };
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cnf cnf;
  if (gc_cwt_claims_parse(&claims, payload, &where)) {
    if (!where.phrase || where.offset > payload.len)
      abort();
    return;
  }
  struct gc_cwt_expected expected = { gc_bytes_str("as"), gc_bytes_str("rs"), true, 1800000000 };
  if (gc_cwt_check(&claims, &expected) == GC_CWT_VALID && !gc_bytes_equal(claims.aud, expected.audience))
    abort();
  if (gc_cwt_has(&claims, GC_CWT_CNF) && gc_cnf_parse(&cnf, claims.cnf, &where) && (!where.phrase || where.offset > claims.cnf.len))
    abort();
  if (gc_cwt_claims_write(&out, &claims) || gc_cwt_claims_parse(&again, gc_buf_bytes(&out), NULL) || again.present != claims.present)
    abort();
}

/* with a key that cannot be the right one */
static void open_with(struct gc_bytes token, enum gc_cose_kind kind, int32_t alg)
{
  static const uint8_t secret[16] = { 1 };
  static const struct gc_public_key public_key = { .curve = GC_CURVE_ED25519, .len = 32 };
  struct gc_cwt_key key = { .kind = kind, .alg = alg, .secret = gc_bytes(secret, 16), .public_key = &public_key };
  struct gc_buf room = gc_buf(room_store, sizeof room_store);
  struct gc_cwt_claims claims;
  struct gc_where where = { 0, NULL };
  if (gc_cwt_open(&claims, token, &key, &room, &where) && !where.phrase)
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_bytes bytes = gc_bytes(data, size);
  struct gc_cose_message message;
  struct gc_where where = { 0, NULL };
  if (size > GC_CWT_MAX_LEN)
    return 0;
  look_at_claims(bytes);
  if (gc_cwt_parse(&message, bytes, &where)) {
    if (!where.phrase || where.offset > size)
      abort();
    return 0;
  }
  if (message.content.len > size || message.protected_header.len > GC_COSE_PROTECTED_MAX_LEN)
    abort();
  look_at_claims(message.content);
  open_with(bytes, GC_COSE_ENCRYPT0, GC_ALG_CCM_16_64_128);
  open_with(bytes, GC_COSE_MAC0, GC_ALG_HMAC_256);
  open_with(bytes, GC_COSE_SIGN1, GC_ALG_EDDSA);
  return 0;
}
