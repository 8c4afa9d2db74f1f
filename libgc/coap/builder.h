/* Building a message: options in any order, into memory of the caller. */
#ifndef GC_COAP_BUILDER_H
#define GC_COAP_BUILDER_H

#include "coap/message.h"

/** A message being built. Errors stick: every call after one does nothing, gc_builder_finish reports the first. */
struct gc_builder {
  struct gc_buf buf;
  size_t options_at;   /* where the options begin */
  uint16_t last;       /* the highest option number so far */
  bool has_payload;
  enum gc_err err;
};

/** A message with header and token. storage belongs to the caller and must outlive the builder. token: 0 … 8 bytes */
struct gc_builder gc_builder_message(void *storage, size_t cap, enum gc_type type, uint8_t code, uint16_t mid, struct gc_bytes token);

/** Without header: "code ‖ options ‖ [ff ‖ payload]", what OSCORE encrypts and `ph_req` carries (RFC 8613, Section 5.3). */
struct gc_builder gc_builder_body(void *storage, size_t cap, uint8_t code);

/** Only "options ‖ [ff ‖ payload]", to be joined to a message later. */
struct gc_builder gc_builder_options(void *storage, size_t cap);

/** Add an option, in any order; those with equal numbers keep the order in which they were added. */
void gc_builder_add(struct gc_builder *builder, uint16_t number, struct gc_bytes value);
void gc_builder_add_str(struct gc_builder *builder, uint16_t number, const char *value);

/** In the shortest form: 0 is the empty value (RFC 7252, Section 3.2). */
void gc_builder_add_uint(struct gc_builder *builder, uint16_t number, uint32_t value);

/** All options of an encoded list. */
void gc_builder_add_all(struct gc_builder *builder, struct gc_bytes options);

/** The payload, after the last option; empty adds nothing, not even the marker. Once. */
void gc_builder_payload(struct gc_builder *builder, struct gc_bytes payload);

/**
 * @param[out] out the finished bytes, in the caller's storage
 * @return GC_OK; GC_E_SPACE: storage too small; GC_E_RANGE: token or option value too long; GC_E_STATE: an option or a
 *         second payload after the payload
 */
enum gc_err gc_builder_finish(struct gc_builder *builder, struct gc_bytes *out) GC_MUST_CHECK;

/** The shortest encoding of value into out[4]; returns its length, 0 … 4 bytes. */
size_t gc_uint_encode(uint8_t out[static 4], uint32_t value);

#endif
