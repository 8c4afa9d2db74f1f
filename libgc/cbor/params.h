/* CBOR maps of numbered parameters, read and written by a table: informative responses, keying material, tokens and the
 * messages of a Group Manager have the same shape, some of them two numberings. */
#ifndef GC_CBOR_PARAMS_H
#define GC_CBOR_PARAMS_H

#include "cbor/reader.h"
#include "cbor/writer.h"

#define GC_PARAM_NUMBERINGS 2 /* of one table: two texts, or two places where a number means different things */
#define GC_PARAM_ROWS_MAX 64

/** A COSE algorithm or the like: an integer or a text string. */
struct gc_int_or_text {
  bool is_text;
  int64_t number;
  struct gc_bytes text;
};

/** A scope or the like. */
struct gc_text_or_bytes {
  bool is_text;
  struct gc_bytes value;
};

/** An integer, or null where the value is asked for. */
struct gc_int_or_null {
  bool is_null;
  int64_t number;
};

/** Seconds since 1970-01-01T00:00:00Z: an integer or a floating-point number (never NaN or infinite). */
struct gc_numeric_date {
  bool is_real;
  int64_t number;
  double real;
};

static inline double gc_numeric_date_seconds(const struct gc_numeric_date *date)
{
  return date->is_real ? date->real : (double)date->number;
}

/** A value's CBOR type, and what holds it. */
enum gc_param_type {
  GC_PARAM_UINT,          /* uint64_t */
  GC_PARAM_INT,           /* int64_t */
  GC_PARAM_BOOL,          /* bool */
  GC_PARAM_DATE,          /* struct gc_numeric_date */
  GC_PARAM_INT_OR_TEXT,   /* struct gc_int_or_text */
  GC_PARAM_INT_OR_NULL,   /* struct gc_int_or_null */
  GC_PARAM_TEXT,          /* struct gc_bytes, UTF-8 */
  GC_PARAM_BYTES,         /* struct gc_bytes */
  GC_PARAM_TEXT_OR_BYTES, /* struct gc_text_or_bytes */
  GC_PARAM_ARRAY,         /* struct gc_bytes: the encoded array */
  GC_PARAM_ARRAY_OR_NULL, /* struct gc_bytes: the encoded array or null */
  GC_PARAM_MAP,           /* struct gc_bytes: the encoded map */
  GC_PARAM_OTHER,         /* what the table's `other` reads and writes */
};

#define GC_PARAM_NO_KEY INT8_MIN

struct gc_param {
  int8_t keys[GC_PARAM_NUMBERINGS]; /* GC_PARAM_NO_KEY: this numbering does not have it */
  uint8_t type;                     /* enum gc_param_type */
  uint16_t offset;                  /* of the value, in the structure read into or written from */
  const char *name;                 /* as in the current text, or as in the older where only that has it */
  const char *name_old;             /* where the second numbering's text calls it otherwise, else NULL */
};

#define GC_PARAMS_UNKNOWN_MAX 16

/** Parameters that no table has: key and value as encoded, one after the other. */
struct gc_params_unknown {
  struct gc_bytes pairs[GC_PARAMS_UNKNOWN_MAX];
  size_t count; /* all that were met; those beyond GC_PARAMS_UNKNOWN_MAX are not kept */
};

/** A type of value that only one table has. */
struct gc_param_other {
  enum gc_err (*read)(struct gc_cbor_reader *reader, void *value);
  void (*write)(struct gc_cbor_writer *writer, const void *value);
};

struct gc_param_table {
  const struct gc_param *rows;
  size_t count;                       /* at most GC_PARAM_ROWS_MAX */
  const struct gc_param_other *other; /* NULL: no row of that type */
  bool is_ordered;                    /* written in the order of the rows; else by ascending keys, which are then 0 … 127 */
  bool dates_unsigned[GC_PARAM_NUMBERINGS]; /* a date is an unsigned integer there */
};

/** The bit of a row in a `present`. */
#define GC_PARAM_BIT(row) ((uint64_t)1 << (row))

/** Is the row in it? */
static inline bool gc_param_has(uint64_t present, unsigned row)
{
  return present >> row & 1;
}

/** Is this encoded value null? */
static inline bool gc_param_is_null(struct gc_bytes encoded)
{
  return encoded.len == 1 && encoded.ptr[0] == 0xf6;
}

/** One such value, borrowed from the input. Errors as gc_params_read */
enum gc_err gc_cbor_read_int_or_text(struct gc_cbor_reader *reader, struct gc_int_or_text *out) GC_MUST_CHECK;
enum gc_err gc_cbor_read_int_or_null(struct gc_cbor_reader *reader, struct gc_int_or_null *out) GC_MUST_CHECK;

/** The encoding of null, for GC_PARAM_ARRAY_OR_NULL. */
struct gc_bytes gc_param_null(void);

/**
 * Read one map whose keys are integers or text strings.
 * @param[out] base    where the rows' offsets count from; values borrow from the input
 * @param[out] present bit i: row i was there
 * @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED: a value of the wrong type, a known key twice, a key of another type;
 *         GC_E_RANGE: an integer beyond 64 bits; GC_E_UNSUPPORTED: a string in chunks; GC_E_LIMIT: nested too deeply; what
 *         `other` says
 */
enum gc_err gc_params_read(const struct gc_param_table *table, unsigned numbering, struct gc_cbor_reader *reader, void *base,
                           uint64_t *present, struct gc_params_unknown *unknown) GC_MUST_CHECK;

/** gc_params_read of all of bytes: nothing may follow the map. @param[out] where NULL allowed */
enum gc_err gc_params_parse(const struct gc_param_table *table, unsigned numbering, struct gc_bytes bytes, void *base, uint64_t *present,
                            struct gc_params_unknown *unknown, struct gc_where *where) GC_MUST_CHECK;

/** Write the map of the rows in `present` that have a key in this numbering, and then the unknown pairs (NULL: none) but those whose
 *  key this numbering gives another meaning.
 *  Errors stick to the writer; GC_E_RANGE: a value that the numbering cannot hold. */
void gc_params_write(const struct gc_param_table *table, unsigned numbering, struct gc_cbor_writer *writer, const void *base,
                     uint64_t present, const struct gc_params_unknown *unknown);

#endif
