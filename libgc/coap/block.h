/* Block options (RFC 7959, Section 2): the value, and which part of a body it names. */
#ifndef GC_COAP_BLOCK_H
#define GC_COAP_BLOCK_H

#include "coap/builder.h"

#define GC_BLOCK_SZX_MAX 6          /* 1024 bytes; 7 is reserved over UDP */
#define GC_BLOCK_NUM_MAX 0xfffffu   /* 20 bits */

struct gc_block {
  uint32_t num;  /* 0 … GC_BLOCK_NUM_MAX */
  bool more;
  uint8_t szx;   /* 0 … 6: blocks of 16 << szx bytes */
};

/** 16 … 1024 bytes. */
static inline size_t gc_block_size(uint8_t szx)
{
  return (size_t)16 << szx;
}

/** Where in the body the block begins, bytes (below 2^30). */
static inline size_t gc_block_offset(struct gc_block block)
{
  return (size_t)block.num << (block.szx + 4);
}

/** The value of Block1, Block2, Q-Block1 or Q-Block2. GC_E_RANGE: more than 3 bytes; GC_E_MALFORMED: SZX 7. On error *out is unchanged. */
enum gc_err gc_block_decode(struct gc_block *out, struct gc_bytes value) GC_MUST_CHECK;

/** The first option of `number`: as gc_block_decode; GC_E_NOT_FOUND: absent. */
enum gc_err gc_block_find(struct gc_block *out, struct gc_bytes options, uint16_t number) GC_MUST_CHECK;

/** As the uint that goes into the option. */
uint32_t gc_block_value(struct gc_block block);

/** Add the option in its shortest form; a number or size out of range makes the builder fail with GC_E_RANGE. */
void gc_builder_add_block(struct gc_builder *builder, uint16_t number, struct gc_block block);

/** The largest block size that is at most max_len bytes, as szx; 0 where even 16 is too large. */
uint8_t gc_block_szx_for(size_t max_len);

/**
 * The same place in the body, counted in blocks of another size (Section 2.4: a peer asks for smaller ones).
 * @return GC_OK; GC_E_RANGE: the place is no multiple of the new size, the number exceeds 20 bits, or szx is above 6
 */
enum gc_err gc_block_resize(struct gc_block *block, uint8_t szx) GC_MUST_CHECK;

/**
 * The bytes of body in this block; sets block->more.
 * @return GC_OK; GC_E_RANGE: the block begins behind the end (an empty body has one empty block)
 */
enum gc_err gc_block_slice(struct gc_bytes *out, struct gc_block *block, struct gc_bytes body) GC_MUST_CHECK;

/** Does the payload of a message with this block have the length it must have: the full size where more follow,
 *  at most that in the last one (Section 2.2). */
bool gc_block_fits(struct gc_block block, size_t payload_len);

#endif
