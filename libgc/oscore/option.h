/* The value of the CoAP OSCORE option: flags, Partial IV, kid context, kid; in draft -02 also the countersignature. */
#ifndef GC_OSCORE_OPTION_H
#define GC_OSCORE_OPTION_H

#include <stdbool.h>

#include "base/bytes.h"

#define GC_ID_MAX_LEN 7          /* Sender ID: nonce length - 6, bytes */
#define GC_PIV_MAX_LEN 5         /* Partial IV, bytes */
#define GC_PIV_MAX 0xffffffffffu /* Sender Sequence Number: 2^40 - 1 */
#define GC_OSCORE_OPTION_MAX_LEN 255

enum {
  GC_OSCORE_FLAG_GROUP = 0x20, /* group mode; draft -02: a countersignature is there */
  GC_OSCORE_FLAG_KID_CONTEXT = 0x10,
  GC_OSCORE_FLAG_KID = 0x08,
};

struct gc_oscore_option {
  bool is_group;         /* Group Flag */
  bool has_kid;          /* an empty kid differs from none */
  bool has_kid_context;
  struct gc_bytes piv;   /* 1 … 5 bytes; empty: none */
  struct gc_bytes kid_context;
  struct gc_bytes signature; /* draft -02 only */
  struct gc_bytes kid;
};

/**
 * Parse the value of an OSCORE option.
 * @param[out] out      fields point into value and live as long as it does; unchanged on error
 * @param value         0 … 255 bytes
 * @param signature_len 0: RFC 8613 and the current Group OSCORE; else the draft -02 format with signatures of this length
 * @return GC_OK; GC_E_TRUNCATED: a length runs past the end; GC_E_MALFORMED: reserved bit or length, bytes after the
 *         end, a Partial IV with leading zeros, a zero flag byte that should not be there
 * @see RFC 8613, Section 6.1; draft-ietf-core-oscore-groupcomm, Section 4.1; -02 of it, Section 3
 */
enum gc_err gc_oscore_option_parse(struct gc_oscore_option *out, struct gc_bytes value, size_t signature_len,
                                   struct gc_where *where) GC_MUST_CHECK;

/**
 * Parse a value without knowing which profile it is of: the current format, or draft -02 with signatures of 64 bytes, where only
 * that makes sense. There is no version field; what follows the Group Flag's fields is a kid of at most 7 bytes, or a signature.
 * @param[out] is_02 the value is in the format of draft -02
 * @return as gc_oscore_option_parse, of the current format
 */
enum gc_err gc_oscore_option_guess(struct gc_oscore_option *out, struct gc_bytes value, bool *is_02, struct gc_where *where) GC_MUST_CHECK;

/**
 * Append the value; nothing at all where nothing is set.
 * @return GC_OK; GC_E_RANGE: a field too long, or more than 255 bytes together; GC_E_SPACE
 */
enum gc_err gc_oscore_option_encode(struct gc_buf *out, const struct gc_oscore_option *option) GC_MUST_CHECK;

/** The Partial IV of a sequence number in its shortest form; returns its length, 1 … 5 bytes. */
size_t gc_oscore_piv_encode(uint8_t out[static GC_PIV_MAX_LEN], uint64_t number);

/** The number of a Partial IV of 1 … 5 bytes. */
uint64_t gc_oscore_piv_decode(struct gc_bytes piv);

#endif
