#include "ace/proof.h"

#include "cbor/writer.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

static enum gc_err strings(struct gc_buf *out, const struct gc_bytes *pieces, size_t count)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  for (size_t i = 0; i < count; i++)
    gc_cbor_bytes(&writer, pieces[i]);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_proof_client_input(struct gc_buf *out, struct gc_bytes scope, struct gc_bytes n_s, struct gc_bytes n_c)
{
  const struct gc_bytes pieces[] = { scope, n_s, n_c };
  return strings(out, pieces, 3);
}

enum gc_err gc_proof_kdc_input(struct gc_buf *out, struct gc_bytes n_c, struct gc_bytes n_kdc)
{
  const struct gc_bytes pieces[] = { n_c, n_kdc };
  return strings(out, pieces, 2);
}

/* HKDF-SHA-256 with an empty salt, the shared secret, and the input as info (Section 6.1) */
static enum gc_err mac(uint8_t out[static GC_PROOF_MAC_LEN], const struct gc_key_pair *own, const struct gc_public_key *peer,
                       struct gc_bytes input)
{
  uint8_t shared[GC_SHARED_SECRET_MAX_LEN];
  const struct gc_curve *curve = gc_curve_by_id(own->public_key.curve);
  if (!curve)
    return GC_E_UNSUPPORTED;
  enum gc_err err = gc_shared_secret(own, peer, shared);
  if (!err) {
    struct gc_bytes ikm = gc_bytes(shared, curve->shared_len);
    gc_hkdf(GC_HASH_SHA256, gc_bytes(NULL, 0), &ikm, 1, input, out, GC_PROOF_MAC_LEN);
  }
  gc_wipe(shared, sizeof shared);
  return err;
}

enum gc_err gc_proof_make(struct gc_buf *out, enum gc_proof_kind kind, const struct gc_key_pair *own, const struct gc_public_key *peer,
                          struct gc_bytes input)
{
  uint8_t evidence[GC_SIGNATURE_MAX_LEN];
  size_t len = kind == GC_PROOF_MAC ? GC_PROOF_MAC_LEN : gc_signature_len(own->public_key.curve);
  enum gc_err err = kind == GC_PROOF_MAC ? mac(evidence, own, peer, input) : gc_sign(own, input, evidence);
  if (!err)
    err = gc_buf_add(out, gc_bytes(evidence, len));
  gc_wipe(evidence, sizeof evidence);
  return err;
}

bool gc_proof_verify(enum gc_proof_kind kind, const struct gc_public_key *prover, const struct gc_key_pair *own, struct gc_bytes input,
                     struct gc_bytes evidence)
{
  uint8_t expected[GC_PROOF_MAC_LEN];
  if (kind == GC_PROOF_SIGNATURE)
    return gc_verify(prover, input, evidence);
  if (evidence.len != GC_PROOF_MAC_LEN || mac(expected, own, prover, input))
    return false;
  bool is_right = gc_secret_equal(expected, evidence.ptr, GC_PROOF_MAC_LEN);
  gc_wipe(expected, sizeof expected);
  return is_right;
}
