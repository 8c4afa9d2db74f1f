/* The tree of a display filter. Within gc-decode_filter*.c.
 *
 *   gc-decode_filter.c        the language: from text to a tree
 *   gc-decode_filter_match.c  a tree and a message
 */
#ifndef GC_TOOLS_DECODE_FILTER_H
#define GC_TOOLS_DECODE_FILTER_H

#include "gc-decode.h"

enum { FILTER_NODES_MAX = 256, FILTER_TEXT_MAX = 4096 };

enum filter_kind { KIND_AND, KIND_OR, KIND_NOT, KIND_FLAG, KIND_COMPARE };
enum filter_op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_CONTAINS };

enum filter_field {
  FIELD_CODE, FIELD_TYPE, FIELD_MID, FIELD_TOKEN, FIELD_SRC, FIELD_DST, FIELD_HOST, FIELD_PORT, FIELD_PATH, FIELD_QUERY,
  FIELD_OPTION, FIELD_PAYLOAD, FIELD_SIZE, FIELD_N,
};

enum filter_flag {
  FLAG_REQUEST, FLAG_RESPONSE, FLAG_EMPTY, FLAG_CON, FLAG_NON, FLAG_ACK, FLAG_RST, FLAG_MCAST, FLAG_ERROR, FLAG_DUPLICATE, FLAG_PAIRED,
  FLAG_PROTECTED, FLAG_VERIFIED, FLAG_REFUSED,
};

struct filter_node {
  uint8_t kind, op, what;       /* what: enum filter_field or enum filter_flag */
  uint16_t left, right;
  uint64_t number, number_max;  /* code==2.xx is a range */
  struct gc_addr addr;          /* port 0: any */
  const char *text;             /* in the filter's own store */
  size_t len;
};

struct decode_filter {
  struct filter_node nodes[FILTER_NODES_MAX];
  uint16_t count, root;
  uint8_t store[FILTER_TEXT_MAX]; /* values: text and bytes */
  size_t stored;
};

#endif
