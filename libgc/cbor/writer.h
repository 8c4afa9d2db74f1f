/* Writing CBOR in its preferred form (RFC 8949, Section 4.1) into the caller's buffer. */
#ifndef GC_CBOR_WRITER_H
#define GC_CBOR_WRITER_H

#include "base/bytes.h"

/** Errors stick: after one, calls do nothing; gc_cbor_finish reports it and takes everything back. */
struct gc_cbor_writer {
  struct gc_buf *out;
  size_t start;
  enum gc_err err;
};

/** @param out appended to; must outlive the writer, and nobody else writes to it meanwhile */
struct gc_cbor_writer gc_cbor_writer(struct gc_buf *out);

void gc_cbor_uint(struct gc_cbor_writer *writer, uint64_t value);
void gc_cbor_int(struct gc_cbor_writer *writer, int64_t value);
void gc_cbor_nint(struct gc_cbor_writer *writer, uint64_t number); /* -1 - number */
void gc_cbor_bytes(struct gc_cbor_writer *writer, struct gc_bytes value);
void gc_cbor_text(struct gc_cbor_writer *writer, struct gc_bytes utf8);
void gc_cbor_str(struct gc_cbor_writer *writer, const char *utf8);
void gc_cbor_array(struct gc_cbor_writer *writer, size_t count);  /* that many items must follow */
void gc_cbor_map(struct gc_cbor_writer *writer, size_t pairs);    /* twice as many; keys in order are the caller's matter */
void gc_cbor_tag(struct gc_cbor_writer *writer, uint64_t number); /* an item must follow */
void gc_cbor_bool(struct gc_cbor_writer *writer, bool value);
void gc_cbor_null(struct gc_cbor_writer *writer);
void gc_cbor_undefined(struct gc_cbor_writer *writer);
void gc_cbor_simple(struct gc_cbor_writer *writer, uint8_t number); /* 24 … 31: GC_E_RANGE */
void gc_cbor_float(struct gc_cbor_writer *writer, double value);

/** Items that are encoded already. */
void gc_cbor_raw(struct gc_cbor_writer *writer, struct gc_bytes items);

/** GC_OK; GC_E_SPACE; GC_E_RANGE */
enum gc_err gc_cbor_finish(struct gc_cbor_writer *writer) GC_MUST_CHECK;

/**
 * A head with its argument in a given number of bytes, for encodings that are not the preferred one.
 * @param major 0 … 7
 * @param width 0, 1, 2, 4 or 8 bytes; GC_E_RANGE: value does not fit
 */
void gc_cbor_head(struct gc_cbor_writer *writer, uint8_t major, uint64_t value, uint8_t width);


/** A float in 2, 4 or 8 bytes; GC_E_RANGE: it does not fit exactly. */
void gc_cbor_float_in(struct gc_cbor_writer *writer, double value, uint8_t width);

/** The fewest bytes for an argument: 0, 1, 2, 4 or 8. */
uint8_t gc_cbor_width(uint64_t value);

#endif
