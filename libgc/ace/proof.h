/* Proof of possession between a joining node and the Group Manager, both ways (RFC 9594, Section 4.3.1; draft-ietf-ace-key-
 * groupcomm-oscore, Sections 6.1 to 6.4). */
#ifndef GC_ACE_PROOF_H
#define GC_ACE_PROOF_H

#include "crypto/key.h"

#define GC_PROOF_NONCE_LEN 8      /* bytes of N_S, N_C, N_KDC that we make (recommended) */
#define GC_PROOF_NONCE_MAX_LEN 64 /* bytes that we take */
#define GC_PROOF_MAC_LEN 8
#define GC_PROOF_INPUT_MAX_LEN 1024

/** With what possession is proved. */
enum gc_proof_kind {
  GC_PROOF_SIGNATURE, /* groups that use the group mode */
  GC_PROOF_MAC,       /* pairwise-only groups: both sides have key agreement keys */
};

/**
 * Append the input of client_cred_verify: bstr(scope) ‖ bstr(N_S) ‖ bstr(N_C).
 * @param scope what is in the byte string of the request's scope (of the latest Join Request, where a credential is replaced)
 * @param n_s   latest kdcchallenge, or the value of an exporter (Section 6.1.1)
 * @return GC_OK; GC_E_SPACE
 */
enum gc_err gc_proof_client_input(struct gc_buf *out, struct gc_bytes scope, struct gc_bytes n_s, struct gc_bytes n_c) GC_MUST_CHECK;

/** Append the input of kdc_cred_verify: bstr(N_C) ‖ bstr(N_KDC). */
enum gc_err gc_proof_kdc_input(struct gc_buf *out, struct gc_bytes n_c, struct gc_bytes n_kdc) GC_MUST_CHECK;

/**
 * Append the evidence.
 * @param peer GC_PROOF_MAC: the other side's public key; else NULL
 * @return GC_OK; GC_E_SPACE; GC_E_UNSUPPORTED: the key is for key agreement only; GC_E_RANGE, GC_E_MALFORMED: as gc_shared_secret
 */
enum gc_err gc_proof_make(struct gc_buf *out, enum gc_proof_kind kind, const struct gc_key_pair *own, const struct gc_public_key *peer,
                          struct gc_bytes input) GC_MUST_CHECK;

/**
 * Is it the evidence of whoever has the private key of `prover`?
 * @param own GC_PROOF_MAC: the verifier's key pair; else NULL
 * @return false: wrong, of the wrong length, or keys that cannot be used
 */
bool gc_proof_verify(enum gc_proof_kind kind, const struct gc_public_key *prover, const struct gc_key_pair *own, struct gc_bytes input,
                     struct gc_bytes evidence) GC_MUST_CHECK;

#endif
