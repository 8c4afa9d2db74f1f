/* The public key of an X.509 certificate (RFC 5280); nothing in it is verified. */
#ifndef GC_CRYPTO_X509_H
#define GC_CRYPTO_X509_H

#include "crypto/key.h"

/**
 * @param[out] subject the common name, as it stands there (a text of unknown encoding); empty: none
 * @return GC_OK; GC_E_MALFORMED: no certificate in DER; GC_E_UNSUPPORTED: another kind of key; GC_E_RANGE: wrong length
 * @see RFC 8410 and RFC 5480 for the algorithm identifiers
 */
enum gc_err gc_x509_public_key(struct gc_public_key *out, struct gc_bytes *subject, struct gc_bytes der) GC_MUST_CHECK;

#endif
