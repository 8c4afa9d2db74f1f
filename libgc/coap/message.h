/* A CoAP message as it lies in memory: a view, and the walk over its options. */
#ifndef GC_COAP_MESSAGE_H
#define GC_COAP_MESSAGE_H

#include "base/bytes.h"

enum gc_type { GC_TYPE_CON = 0, GC_TYPE_NON = 1, GC_TYPE_ACK = 2, GC_TYPE_RST = 3 };

#define GC_CODE(class, detail) ((uint8_t)((class) << 5 | (detail)))
#define GC_CODE_EMPTY 0
#define GC_CODE_CLASS(code) ((code) >> 5)
#define GC_CODE_DETAIL(code) ((code) & 31)
#define GC_CODE_IS_REQUEST(code) ((code) >= 1 && (code) < 32)
#define GC_CODE_IS_RESPONSE(code) ((code) >= 64 && (code) < 192)

#define GC_MESSAGE_MAX_LEN 65507 /* the largest UDP payload over IPv4 */
#define GC_TOKEN_MAX_LEN 8       /* what this library sends; longer ones (RFC 8974) are accepted */
#define GC_TOKEN_EXT_MAX_LEN 65804

/** A message over UDP, parsed; everything points into the datagram and lives as long as it does. */
struct gc_message {
  uint8_t version; /* 1 */
  uint8_t type;    /* enum gc_type */
  uint8_t code;
  uint16_t mid;    /* Message ID, host byte order */
  struct gc_bytes token;
  struct gc_bytes options; /* encoded options, without the payload marker */
  struct gc_bytes payload; /* empty: no payload marker */
};

struct gc_option {
  uint16_t number;
  struct gc_bytes value;
};

/** A walk over encoded options. */
struct gc_option_iter {
  struct gc_bytes rest;
  uint16_t number; /* of the option before */
};

/**
 * Parse one datagram: every format rule of RFC 7252, Section 3 (option lengths and repetition are the receiver's
 * matter: gc_option_check), token lengths of RFC 8974.
 * @param[out] out   on an error it holds what was read before the damage, the rest is zero
 * @param[out] where NULL allowed
 * @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED; GC_E_UNSUPPORTED: version other than 1
 */
enum gc_err gc_message_parse(struct gc_message *out, struct gc_bytes datagram, struct gc_where *where) GC_MUST_CHECK;

/**
 * Split "options ‖ [ff ‖ payload]": the part of a message that does not depend on the transport.
 * @param base added to where->offset
 */
enum gc_err gc_options_split(struct gc_bytes *options, struct gc_bytes *payload, struct gc_bytes bytes, size_t base,
                             struct gc_where *where) GC_MUST_CHECK;

struct gc_option_iter gc_option_iter(struct gc_bytes options);

/** The next option; false at the end (and at damage, which gc_options_split has excluded). */
bool gc_option_next(struct gc_option_iter *iter, struct gc_option *out);

/** The first option with the number; false: absent. out may be NULL. */
bool gc_option_find(struct gc_bytes options, uint16_t number, struct gc_option *out);

/** The value of an option of format uint; false: absent, or longer than 4 bytes (leading zeros are accepted). */
bool gc_option_find_uint(struct gc_bytes options, uint16_t number, uint32_t *out);

/** RFC 7252, Section 3.2: the value of a uint, at most 4 significant bytes. false: too large. */
bool gc_uint_decode(struct gc_bytes value, uint32_t *out);

/**
 * Is the option of this number usable with this value, as the table in iana/options.h says (length, UTF-8)? An option
 * that is not is treated like an unknown one (RFC 7252, Sections 5.4.1, 5.4.3 and 5.4.5).
 * @param repeats how often the number occurred before in the same message
 * @return NULL: usable; else why not, lower case, static
 */
const char *gc_option_check(const struct gc_option *option, unsigned repeats);

/**
 * The first critical option of the message that is unknown to the table, or not usable, or not in `known` (a list ending
 * in 0; NULL: the table alone decides).
 * @return its number; 0: none, the message may be processed
 */
uint16_t gc_options_first_unusable(struct gc_bytes options, const uint16_t *known);

#endif
