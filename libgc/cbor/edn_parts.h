/* Shared by the parser of diagnostic notation and its strings and numbers; for this room only. */
#ifndef GC_CBOR_EDN_PARTS_H
#define GC_CBOR_EDN_PARTS_H

#include "base/bytes.h"

struct edn {
  struct gc_bytes text;
  size_t pos;
  struct gc_buf *out;
  struct gc_where *where;
  unsigned depth;
};

#define EDN_PREFERRED 255  /* no indicator: the shortest head */
#define EDN_INDEFINITE 254 /* a bare "_" */

/** Fill the place, at this character. */
enum gc_err gc_edn_fail(const struct edn *edn, size_t at, const char *phrase, enum gc_err err);

/** The character `ahead` of the current one; 0 beyond the end. */
uint8_t gc_edn_peek(const struct edn *edn, size_t ahead);
bool gc_edn_take(struct edn *edn, const char *word);

/** Blanks and comments. GC_E_MALFORMED: a comment without an end. */
enum gc_err gc_edn_skip(struct edn *edn) GC_MUST_CHECK;

/** "_0" … "_3" as the width of the argument in bytes, "_" as EDN_INDEFINITE, nothing as EDN_PREFERRED. */
uint8_t gc_edn_indicator(struct edn *edn);

/** A head at the end of the output, or in front of what has been written since `start`. */
enum gc_err gc_edn_head(struct edn *edn, size_t start, uint8_t major, uint64_t value, uint8_t width) GC_MUST_CHECK;

/** At "\"", "'", "h'" or "b64'". */
enum gc_err gc_edn_string(struct edn *edn, uint8_t *major) GC_MUST_CHECK;

/** At a digit or "-"; *is_tag: an unsigned integer below 2^64 and "(" follows: nothing has been written, it is in *tag. */
enum gc_err gc_edn_number(struct edn *edn, bool *is_tag, uint64_t *tag, uint8_t *width) GC_MUST_CHECK;

/** A floating-point number with its indicator. */
enum gc_err gc_edn_real(struct edn *edn, size_t at, double value, uint8_t width) GC_MUST_CHECK;

#endif
