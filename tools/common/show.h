/* Messages for people and programs: options by name, payloads, one line a message. */
#ifndef GC_TOOLS_SHOW_H
#define GC_TOOLS_SHOW_H

#include "coap/message.h"
#include "common/out.h"

/** How much of a payload is printed in one line; 0: all. */
#define GC_SHOW_LINE_PAYLOAD 64

/** "GET", "2.05", "7.31"; a code in a static buffer per thread. */
const char *gc_show_code(uint8_t code);

/** The value of an option by its format: text, number, hex, "NUM/M/SIZE" for blocks, names of content formats. */
void gc_show_option_value(struct gc_out *out, const struct gc_option *option);

/** "[Uri-Path:light, Accept:cbor]" */
void gc_show_options(struct gc_out *out, struct gc_bytes options);

/** The payload as text, CBOR diagnostic notation (by content_format, -1 unknown) or hex; max bytes of it, 0: all. */
void gc_show_payload(struct gc_out *out, struct gc_bytes payload, int32_t content_format, size_t max);

/** JSON: "options":[{"number":11,"name":"Uri-Path","value":"light"},…] */
void gc_json_options(struct gc_out *out, const char *key, struct gc_bytes options);

/** JSON: "payload":{"text":…} or {"cbor":…} or {"hex":…}; no key where there is none. */
void gc_json_payload(struct gc_out *out, const char *key, struct gc_bytes payload, int32_t content_format);

/** The whole message as an indented tree (-v, -vv), with a hex dump where `hex`. */
void gc_show_tree(struct gc_out *out, const struct gc_message *message, struct gc_bytes datagram, unsigned indent, bool hex);

#endif
