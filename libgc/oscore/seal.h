/* Within oscore/: the cryptography of one message, whatever its profile and mode. */
#ifndef GC_OSCORE_SEAL_H
#define GC_OSCORE_SEAL_H

#include "oscore/internal.h"
#include "oscore/message.h"

struct gc_oscore_job {
  struct gc_oscore_context *context;
  enum gc_oscore_mode mode;
  bool is_request;
  bool is_old_p256;                    /* AAD with key agreement -7 */
  struct gc_bytes option_value;        /* of this message, as the AAD covers it */
  struct gc_bytes request_kid, request_piv, request_kid_context;
  struct gc_bytes nonce_piv, nonce_id; /* the Partial IV of the nonce and who generated it */
  struct gc_bytes sender_cred;
  const struct gc_public_key *sender_key;
  const struct gc_aead_key *key;       /* NULL: a signature checker's */
};

/** Bytes that sealing adds to the plaintext in the payload, and whether the signature is among them. */
size_t gc_oscore_job_tag_len(const struct gc_oscore_job *job);
size_t gc_oscore_job_signature_len(const struct gc_oscore_job *job);

/**
 * Encrypt the plaintext at text, in place; countersign.
 * @param text room for plaintext, tag and, unless signature is given, the signature
 * @param signature where the signature goes plain (draft -02); NULL: encrypted, behind the tag
 */
enum gc_sec gc_oscore_seal(const struct gc_oscore_job *job, uint8_t *text, size_t plain_len, uint8_t *signature);

/**
 * Verify, then decrypt to out.
 * @param sealed ciphertext ‖ tag
 * @param signature as it lies in the message (empty where the mode has none)
 * @param[in,out] form tried first; the one that verified
 */
enum gc_sec gc_oscore_unseal(const struct gc_oscore_job *job, struct gc_bytes sealed, struct gc_bytes signature,
                             enum gc_cose_countersign *form, bool try_other_form, uint8_t *out);

#endif
