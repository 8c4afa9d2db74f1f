/* Messages for people and programs: options by name, payloads, one line a message. */
#ifndef GC_TOOLS_SHOW_H
#define GC_TOOLS_SHOW_H

#include "coap/message.h"
#include "common/out.h"

/** How much of a payload is printed in one line; 0: all. */
#define GC_SHOW_LINE_PAYLOAD 64

/** "GET", "2.05", "7.31", "EMPTY"; a code in a static buffer per thread. */
const char *gc_show_code(uint8_t code);

/** "0.01", "2.05": always the number, as in JSON; in a static buffer per thread, another one. */
const char *gc_show_code_number(uint8_t code);

/** "CON" "NON" "ACK" "RST" */
const char *gc_show_type(uint8_t type);

/** The value of an option by its format: text, number, hex, "NUM/M/SIZE" for blocks, names of content formats. */
void gc_show_option_value(struct gc_out *out, const struct gc_option *option);

/** "Uri-Path:light", "2049:0a" for an unknown number, "If-None-Match" without a value */
void gc_show_option(struct gc_out *out, const struct gc_option *option);

/** "[Uri-Path:light, Accept:cbor]"; nothing at all where there is no option. */
void gc_show_options(struct gc_out *out, struct gc_bytes options);

/** The payload as text (made printable, on one line), CBOR diagnostic notation (by content_format, -1 unknown) or 0x and hex;
 *  max bytes of it, 0: all. What is cut ends in "... (N bytes)". Secrets that are known by the Content-Format are hidden, here
 *  and in JSON. */
void gc_show_payload(struct gc_out *out, struct gc_bytes payload, int32_t content_format, size_t max);

/** Content-Format of a message; -1: none, or not a number of 16 bits. */
int32_t gc_show_content_format(struct gc_bytes options);

/** JSON: "options":[{"number":11,"name":"Uri-Path","value":"light"},…]. The value is a number for uint, text for strings
 *  ("hex" has the bytes beside it where they are not UTF-8), "NUM/M/SIZE" for blocks, hex for all else (also for a value
 *  that is too long for its format); no name where the number is unknown. No key where there is no option. */
void gc_json_options(struct gc_out *out, const char *key, struct gc_bytes options);

/** JSON: "payload":{"text":…} or {"cbor":…} or {"hex":…}; no key where there is none. */
void gc_json_payload(struct gc_out *out, const char *key, struct gc_bytes payload, int32_t content_format);

/** JSON: "type":"NON","code":"0.05","mid":…,"token":…,"options":[…],"payload":…: members of the object that is open. */
void gc_json_message(struct gc_out *out, const struct gc_message *message);

/** A datagram in one line, "NON GET mid=7 token=0a [Uri-Path:light]" and a line feed, or what is malformed about it; with `hex`
 *  its bytes too, unless they hold a Master Secret. */
void gc_show_datagram(struct gc_out *out, struct gc_bytes datagram, bool hex);

/** Options and payload of a message, one a line: what gc_show_tree has below its first. */
void gc_show_parts(struct gc_out *out, const struct gc_message *message, unsigned indent);

/** The whole message as an indented tree (-v, -vv), with a hex dump where `hex`. */
void gc_show_tree(struct gc_out *out, const struct gc_message *message, struct gc_bytes datagram, unsigned indent, bool hex);

/** Blanks in front of a line. */
void gc_show_indent(struct gc_out *out, unsigned indent);

/** "0000  40 01 04 d2 …  @...": 16 bytes a line. */
void gc_show_hexdump(struct gc_out *out, struct gc_bytes bytes, unsigned indent);

#endif
