/* The structures that COSE encrypts and signs over, written into the caller's memory without the heap. */
#ifndef GC_COSE_STRUCTURE_H
#define GC_COSE_STRUCTURE_H

#include <string.h>

#include "base/bytes.h"

/* CBOR for hot paths: each writes at p, for which the caller has made room, and returns the position after it. */

#define GC_COSE_HEAD_MAX_LEN 9

enum { GC_COSE_UINT = 0, GC_COSE_NEGATIVE = 1, GC_COSE_BSTR = 2, GC_COSE_TSTR = 3, GC_COSE_ARRAY = 4 };

/** The shortest head of a data item (RFC 8949, Section 4.2.1). */
static inline uint8_t *gc_cose_put_head(uint8_t *p, uint8_t major, uint64_t value)
{
  major = (uint8_t)(major << 5);
  if (value < 24) {
    *p++ = (uint8_t)(major | value);
    return p;
  }
  int bytes = value <= 0xff ? 1 : value <= 0xffff ? 2 : value <= 0xffffffff ? 4 : 8;
  *p++ = (uint8_t)(major | (bytes == 1 ? 24 : bytes == 2 ? 25 : bytes == 4 ? 26 : 27));
  while (bytes--)
    *p++ = (uint8_t)(value >> 8 * bytes);
  return p;
}

static inline uint8_t *gc_cose_put_bstr(uint8_t *p, struct gc_bytes bytes)
{
  p = gc_cose_put_head(p, GC_COSE_BSTR, bytes.len);
  if (bytes.len)
    memcpy(p, bytes.ptr, bytes.len);
  return p + bytes.len;
}

static inline uint8_t *gc_cose_put_int(uint8_t *p, int64_t value)
{
  return value < 0 ? gc_cose_put_head(p, GC_COSE_NEGATIVE, (uint64_t)(-1 - value)) : gc_cose_put_head(p, GC_COSE_UINT, (uint64_t)value);
}

/* bytes that a byte string of this length takes */
static inline size_t gc_cose_bstr_len(size_t len)
{
  return len + (len < 24 ? 1u : len <= 0xff ? 2u : len <= 0xffff ? 3u : 5u);
}

/**
 * An external_aad in memory that has room for the structures around it, so that one copy serves encryption and
 * countersignature: first write it at gc_cose_aad_begin(), then ask for the structures, in any order and again.
 */
struct gc_cose_aad {
  uint8_t *room; /* the caller's memory */
  size_t cap;    /* of room */
  size_t len;    /* of the external_aad */
};

#define GC_COSE_AAD_HEADROOM 32 /* bytes of room before the external_aad */

static inline uint8_t *gc_cose_aad_begin(const struct gc_cose_aad *aad)
{
  return aad->room + GC_COSE_AAD_HEADROOM;
}

/** ["Encrypt0", h'', external_aad]: valid until the next call. @see RFC 9052, Section 5.3 */
struct gc_bytes gc_cose_enc_structure(struct gc_cose_aad *aad);

/** What stands between external_aad and context in the countersigned array. */
enum gc_cose_countersign {
  GC_COUNTERSIGN_FIVE, /* body_protected and an empty sign_protected: what all known implementations sign */
  GC_COUNTERSIGN_FOUR, /* body_protected alone: one reading of RFC 9338, Section 3.3 */
};

/**
 * ["CounterSignature0", h'', h'', external_aad, ciphertext]; valid until the next call.
 * @return empty: room too small
 * @see RFC 9338, Section 3.3
 */
struct gc_bytes gc_cose_countersign_structure(struct gc_cose_aad *aad, struct gc_bytes ciphertext, enum gc_cose_countersign form);

/** The same with h'' in the place of external_aad (early implementations of draft -02). */
struct gc_bytes gc_cose_countersign_bare(struct gc_cose_aad *aad, struct gc_bytes ciphertext, enum gc_cose_countersign form);

#endif
