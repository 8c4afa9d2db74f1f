/* Within oscore/: which options go inside, which stay outside (RFC 8613, Section 4.1). */
#ifndef GC_OSCORE_CLASSES_H
#define GC_OSCORE_CLASSES_H

#include "coap/builder.h"

/** Is this option of an unprotected message put into the plaintext / left outside / taken over from outside on reception? */
bool gc_oscore_is_inner(uint16_t number);
bool gc_oscore_is_outer(uint16_t number);

/**
 * Proxy-Uri is split (RFC 8613, Section 4.1.3.3): what stays outside, and path and query that go inside.
 * @return false: no authority in it
 */
bool gc_oscore_split_proxy_uri(struct gc_bytes uri, struct gc_bytes *outside, struct gc_bytes *path, struct gc_bytes *query);

/** Append the Class E options of a message, with Observe as it is inside (empty_observe: without value). */
void gc_oscore_add_inner(struct gc_builder *builder, struct gc_bytes options, bool empty_observe);

/** Append the options that stay outside and the OSCORE option in its place; *value_at: where its value lies, in the builder. */
void gc_oscore_add_outer(struct gc_builder *builder, struct gc_bytes options, struct gc_bytes oscore_value, uint8_t **value_at);

/**
 * The options of the message as the application sees it: those inside and the outer ones of Class U only, in order.
 * observe: the value of an Observe option that is set anew (responses: from the Partial IV); NULL: as it is.
 * @return false: the builder has no room
 */
bool gc_oscore_merge(struct gc_builder *builder, struct gc_bytes inner, struct gc_bytes outer, const uint32_t *observe);

/** Does the outer message have options that the application gets to see? */
bool gc_oscore_has_outer(struct gc_bytes options);

#endif
