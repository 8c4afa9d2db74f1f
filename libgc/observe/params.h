/* CBOR maps of numbered parameters, read and written by a table: informative responses and group keying material have the
 * same shape and two numberings each. For this room; other rooms use informative.h and material.h. */
#ifndef GC_OBSERVE_PARAMS_H
#define GC_OBSERVE_PARAMS_H

#include "base/bytes.h"
#include "cbor/reader.h"
#include "cbor/writer.h"
#include "observe/tp_info.h"

/** Which text a map follows. */
enum gc_omn_format {
  GC_OMN_CURRENT, /* draft-ietf-core-observe-multicast-notifications */
  GC_OMN_05,      /* draft-tiloca-core-observe-multicast-notifications-05 */
  GC_OMN_FORMATS
};

/** A COSE algorithm or the like: an integer or a text string. */
struct gc_int_or_text {
  bool is_text;
  int64_t number;
  struct gc_bytes text;
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
  GC_PARAM_UINT,        /* uint64_t */
  GC_PARAM_INT,         /* int64_t */
  GC_PARAM_DATE,        /* struct gc_numeric_date; in -05 an unsigned integer */
  GC_PARAM_INT_OR_TEXT, /* struct gc_int_or_text */
  GC_PARAM_TEXT,        /* struct gc_bytes, UTF-8 */
  GC_PARAM_BYTES,       /* struct gc_bytes */
  GC_PARAM_ARRAY,       /* struct gc_bytes: the encoded array */
  GC_PARAM_MAP,         /* struct gc_bytes: the encoded map */
  GC_PARAM_TP_INFO,     /* struct gc_tp_info */
};

#define GC_PARAM_NO_KEY INT8_MIN

struct gc_param {
  int8_t keys[GC_OMN_FORMATS]; /* GC_PARAM_NO_KEY: the text does not have it */
  uint8_t type;                /* enum gc_param_type */
  uint16_t offset;             /* of the value, in the structure read into or written from */
  const char *name;            /* as in the current text, or as in -05 where only that has it */
  const char *name_05;         /* where -05 calls it otherwise, else NULL */
};

#define GC_PARAMS_UNKNOWN_MAX 16

/** Parameters that no table has: key and value as encoded, one after the other. */
struct gc_params_unknown {
  struct gc_bytes pairs[GC_PARAMS_UNKNOWN_MAX];
  size_t count; /* all that were met; those beyond GC_PARAMS_UNKNOWN_MAX are not kept */
};

/** What gc_params_read reads with. */
struct gc_param_table {
  const struct gc_param *rows;
  size_t count; /* at most 32 */
};

/**
 * Read one map whose keys are integers or text strings.
 * @param[out] base    where the rows' offsets count from; values borrow from the input
 * @param[out] present bit i: row i was there
 * @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED: a value of the wrong type, a known key twice, a key of another type;
 *         GC_E_RANGE: an integer beyond 64 bits; GC_E_UNSUPPORTED: a string in chunks, or as gc_tp_info_read
 */
enum gc_err gc_params_read(const struct gc_param_table *table, enum gc_omn_format format, struct gc_cbor_reader *reader, void *base,
                           uint32_t *present, struct gc_params_unknown *unknown) GC_MUST_CHECK;

/** Write the map of the rows in `present` that have a key in this format, by ascending keys, and then the unknown pairs
 *  (NULL: none). Errors stick to the writer; GC_E_RANGE: a value that the format cannot hold. */
void gc_params_write(const struct gc_param_table *table, enum gc_omn_format format, struct gc_cbor_writer *writer, const void *base,
                     uint32_t present, const struct gc_params_unknown *unknown);

#endif
