/* CoAP options: one table. Numbers that are still TBD in their drafts can be changed at run time. */
#ifndef GC_IANA_OPTIONS_H
#define GC_IANA_OPTIONS_H

#include <stdbool.h>
#include <stdint.h>

#include "base/bytes.h"

enum gc_option_number {
  GC_OPTION_IF_MATCH = 1,
  GC_OPTION_MULTICAST_TIMEOUT = 2, /* TBD, 2 suggested: draft-ietf-core-groupcomm-proxy */
  GC_OPTION_URI_HOST = 3,
  GC_OPTION_ETAG = 4,
  GC_OPTION_IF_NONE_MATCH = 5,
  GC_OPTION_OBSERVE = 6,
  GC_OPTION_URI_PORT = 7,
  GC_OPTION_LOCATION_PATH = 8,
  GC_OPTION_OSCORE = 9,
  GC_OPTION_URI_PATH = 11,
  GC_OPTION_CONTENT_FORMAT = 12,
  GC_OPTION_URI_PATH_ABBREV = 13, /* suggested by its draft */
  GC_OPTION_MAX_AGE = 14,
  GC_OPTION_URI_QUERY = 15,
  GC_OPTION_HOP_LIMIT = 16,
  GC_OPTION_ACCEPT = 17,
  GC_OPTION_FEEDBACK_DIVIDER = 18, /* TBD, 18 preferred: draft-ietf-core-observe-multicast-notifications */
  GC_OPTION_Q_BLOCK1 = 19,
  GC_OPTION_LOCATION_QUERY = 20,
  GC_OPTION_EDHOC = 21,
  GC_OPTION_BLOCK2 = 23,
  GC_OPTION_GROUP_ETAG = 24, /* TBD, 24 suggested: draft-ietf-core-groupcomm-proxy */
  GC_OPTION_BLOCK1 = 27,
  GC_OPTION_SIZE2 = 28,
  GC_OPTION_Q_BLOCK2 = 31,
  GC_OPTION_PROXY_URI = 35,
  GC_OPTION_PROXY_SCHEME = 39,
  GC_OPTION_LISTEN_TO_MULTICAST_RESPONSES = 47, /* TBD, 47 preferred: draft-ietf-core-multicast-notifications-proxy */
  GC_OPTION_SIZE1 = 60,
  GC_OPTION_PROXY_CRI = 235,           /* suggested: draft-ietf-core-href */
  GC_OPTION_PROXY_SCHEME_NUMBER = 239, /* suggested: draft-ietf-core-href */
  GC_OPTION_REPLY_FROM = 248, /* TBD, 248 suggested: draft-ietf-core-groupcomm-proxy */
  GC_OPTION_ECHO = 252,
  GC_OPTION_NO_RESPONSE = 258,
  GC_OPTION_REQUEST_TAG = 292,
  GC_OPTION_REQUEST_HASH = 548, /* TBD, 548 suggested: draft-ietf-core-cacheable-oscore */
  GC_OPTION_PADDING = 64988,    /* TBD, 64988 suggested: draft-ietf-core-cacheable-oscore */
};

enum gc_option_format {
  GC_FORMAT_EMPTY,
  GC_FORMAT_UINT,
  GC_FORMAT_STRING, /* UTF-8 */
  GC_FORMAT_OPAQUE,
  GC_FORMAT_BLOCK,  /* uint with the fields of RFC 7959, Section 2.2 */
  GC_FORMAT_CBOR,   /* opaque bytes that hold CBOR */
};

/** Protection classes of RFC 8613, Section 4.1, as bits: Observe is E and U. */
enum { GC_CLASS_E = 1, GC_CLASS_U = 2, GC_CLASS_I = 4 };

struct gc_option_info {
  uint16_t number;
  uint8_t format;     /* enum gc_option_format */
  uint8_t oscore;     /* GC_CLASS_ bits */
  bool is_repeatable;
  uint16_t min_len, max_len; /* of the value, bytes */
  const char *name;   /* as in the registry: "Uri-Path" */
};

/** The row of a number; NULL: this library does not know the option. */
const struct gc_option_info *gc_option_info(uint16_t number);

/** The row of a name, letter case ignored; NULL: none. */
const struct gc_option_info *gc_option_by_name(struct gc_bytes name);

/** All rows in the order of their numbers (completions, fuzzers); NULL past the end. */
const struct gc_option_info *gc_option_at(size_t index);

/** Give a TBD option another number for this process (before any message is handled). GC_E_EXISTS: taken; GC_E_NOT_FOUND */
enum gc_err gc_option_renumber(uint16_t from, uint16_t to) GC_MUST_CHECK;

/* What the number itself says (RFC 7252, Section 5.4.6). */
static inline bool gc_option_is_critical(uint16_t number)
{
  return (number & 1) != 0;
}

static inline bool gc_option_is_unsafe(uint16_t number)
{
  return (number & 2) != 0;
}

static inline bool gc_option_is_no_cache_key(uint16_t number)
{
  return (number & 0x1e) == 0x1c;
}

#endif
