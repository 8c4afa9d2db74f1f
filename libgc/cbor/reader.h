/* Reading CBOR (RFC 8949) in place: nothing is allocated, no length is believed before its bytes are there. */
#ifndef GC_CBOR_READER_H
#define GC_CBOR_READER_H

#include "base/bytes.h"

#define GC_CBOR_MAX_DEPTH 32 /* arrays, maps, tags and chunked strings within one another */

enum gc_cbor_type {
  GC_CBOR_UINT,
  GC_CBOR_NINT,   /* the value is -1 - number */
  GC_CBOR_BYTES,
  GC_CBOR_TEXT,
  GC_CBOR_ARRAY,
  GC_CBOR_MAP,
  GC_CBOR_TAG,
  GC_CBOR_SIMPLE, /* number: 20 false, 21 true, 22 null, 23 undefined */
  GC_CBOR_FLOAT,
  GC_CBOR_BREAK,  /* the end of something of indefinite length */
};
enum { GC_CBOR_FALSE = 20, GC_CBOR_TRUE = 21, GC_CBOR_NULL = 22, GC_CBOR_UNDEFINED = 23 };

/** The head of a data item; for a string of definite length, the whole item. */
struct gc_cbor_item {
  enum gc_cbor_type type;
  uint64_t number;        /* UINT, NINT, TAG, SIMPLE; elements of an ARRAY, pairs of a MAP */
  struct gc_bytes string; /* BYTES, TEXT: into the input; text is not checked for UTF-8 here */
  double real;            /* FLOAT */
  uint8_t width;          /* bytes of the argument behind the initial byte: 0, 1, 2, 4, 8 */
  bool is_indefinite;     /* BYTES, TEXT: chunks and a break follow; ARRAY, MAP: elements and a break */
  bool is_preferred;      /* the shortest form (Section 4.1); of indefinite ones: true */
};

struct gc_cbor_reader {
  struct gc_bytes bytes;
  size_t pos;
  struct gc_where where;  /* of the last error */
};

struct gc_cbor_reader gc_cbor_reader(struct gc_bytes bytes);
bool gc_cbor_at_end(const struct gc_cbor_reader *reader);

/**
 * The next head. Errors of this and all functions below leave the reader where it was and say where and why in
 * reader->where.
 * @return GC_OK; GC_E_END: no bytes left; GC_E_TRUNCATED; GC_E_MALFORMED
 */
enum gc_err gc_cbor_next(struct gc_cbor_reader *reader, struct gc_cbor_item *out) GC_MUST_CHECK;

/** As gc_cbor_next, without moving on. */
enum gc_err gc_cbor_peek(struct gc_cbor_reader *reader, struct gc_cbor_item *out) GC_MUST_CHECK;

/* One item of the type named; GC_E_MALFORMED: it has another type (the phrase says which was expected). */
enum gc_err gc_cbor_read_uint(struct gc_cbor_reader *reader, uint64_t *out) GC_MUST_CHECK;
enum gc_err gc_cbor_read_int(struct gc_cbor_reader *reader, int64_t *out) GC_MUST_CHECK; /* GC_E_RANGE beyond 64 bits */
enum gc_err gc_cbor_read_label(struct gc_cbor_reader *reader, int64_t *out) GC_MUST_CHECK; /* int; 0 for a text string, which is skipped */
enum gc_err gc_cbor_read_tag(struct gc_cbor_reader *reader, uint64_t *out) GC_MUST_CHECK; /* its item follows */
enum gc_err gc_cbor_read_bool(struct gc_cbor_reader *reader, bool *out) GC_MUST_CHECK;
enum gc_err gc_cbor_read_null(struct gc_cbor_reader *reader) GC_MUST_CHECK;
enum gc_err gc_cbor_read_float(struct gc_cbor_reader *reader, double *out) GC_MUST_CHECK;

/** Strings are borrowed from the input: one in chunks is GC_E_UNSUPPORTED. Text is checked to be UTF-8. */
enum gc_err gc_cbor_read_bytes(struct gc_cbor_reader *reader, struct gc_bytes *out) GC_MUST_CHECK;
enum gc_err gc_cbor_read_text(struct gc_cbor_reader *reader, struct gc_bytes *out) GC_MUST_CHECK;

/** What is left of an array or a map, of definite length or not. */
struct gc_cbor_list {
  uint64_t left;      /* elements or pairs */
  bool is_indefinite;
};

/** Enter a container. A definite one announces no more elements than the input has bytes, else GC_E_TRUNCATED. */
enum gc_err gc_cbor_read_array(struct gc_cbor_reader *reader, struct gc_cbor_list *out) GC_MUST_CHECK;
enum gc_err gc_cbor_read_map(struct gc_cbor_reader *reader, struct gc_cbor_list *out) GC_MUST_CHECK;

/** Is there another element (or pair)? Takes the break at the end of an indefinite one. The caller then reads or skips
 *  the element; where the input ends too early, that reports it. */
bool gc_cbor_list_next(struct gc_cbor_reader *reader, struct gc_cbor_list *list);

/** A whole item, however nested. GC_E_LIMIT: deeper than GC_CBOR_MAX_DEPTH */
enum gc_err gc_cbor_skip(struct gc_cbor_reader *reader) GC_MUST_CHECK;

/** gc_cbor_skip, handing out the item's encoding. */
enum gc_err gc_cbor_read_raw(struct gc_cbor_reader *reader, struct gc_bytes *out) GC_MUST_CHECK;

/**
 * The last step of whoever reads an input that is one value: nothing may follow it, and an input that ended inside it is
 * truncated, not at its orderly end.
 * @param err        of the reading so far
 * @param[out] where filled on an error; NULL allowed
 * @return err; GC_E_TRUNCATED for GC_E_END; GC_E_MALFORMED: bytes are left
 */
enum gc_err gc_cbor_whole(struct gc_cbor_reader *reader, enum gc_err err, struct gc_where *where) GC_MUST_CHECK;

/** What gc_cbor_check looks at beside well-formedness. */
enum {
  GC_CBOR_CHECK_SEQUENCE = 1,  /* any number of items (RFC 8742), none too; else exactly one */
  GC_CBOR_CHECK_UTF8 = 2,      /* text is text */
  GC_CBOR_CHECK_PREFERRED = 4, /* shortest heads and floats (Section 4.1) */
  GC_CBOR_CHECK_DETERMINISTIC = 8 | 4, /* and definite lengths, keys in bytewise order, none twice (Section 4.2.1) */
};

/** @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED; GC_E_LIMIT: nested too deeply */
enum gc_err gc_cbor_check(struct gc_bytes bytes, unsigned checks, struct gc_where *where) GC_MUST_CHECK;

#endif
