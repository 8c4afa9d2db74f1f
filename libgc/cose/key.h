/* COSE_Key (RFC 9052, Section 7; RFC 9053, Section 7): public keys in, public keys out. */
#ifndef GC_COSE_KEY_H
#define GC_COSE_KEY_H

#include "cbor/reader.h"
#include "cbor/writer.h"
#include "crypto/key.h"

/**
 * Read a COSE_Key with a public key; labels that are not needed are skipped.
 * @return GC_OK; GC_E_MALFORMED, GC_E_TRUNCATED; GC_E_UNSUPPORTED: key type or curve; GC_E_RANGE: a coordinate's length;
 *         reader->where says where
 */
enum gc_err gc_cose_key_read(struct gc_cbor_reader *reader, struct gc_public_key *out) GC_MUST_CHECK;

/** {1: kty, -1: crv, -2: x, -3: y} with an algorithm (label 3) where alg is not 0. */
void gc_cose_key_write(struct gc_cbor_writer *writer, const struct gc_public_key *key, int32_t alg);

#endif
