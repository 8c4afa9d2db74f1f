#include "coap/block.h"

enum gc_err gc_block_decode(struct gc_block *out, struct gc_bytes value)
{
  uint32_t number;
  if (value.len > 3 || !gc_uint_decode(value, &number))
    return GC_E_RANGE;
  if ((number & 7) > GC_BLOCK_SZX_MAX)
    return GC_E_MALFORMED;
  *out = (struct gc_block){ number >> 4, (number & 8) != 0, number & 7 };
  return GC_OK;
}

enum gc_err gc_block_find(struct gc_block *out, struct gc_bytes options, uint16_t number)
{
  struct gc_option option;
  return gc_option_find(options, number, &option) ? gc_block_decode(out, option.value) : GC_E_NOT_FOUND;
}

uint32_t gc_block_value(struct gc_block block)
{
  return block.num << 4 | (block.more ? 8u : 0u) | (block.szx & 7u);
}

void gc_builder_add_block(struct gc_builder *builder, uint16_t number, struct gc_block block)
{
  if (block.num <= GC_BLOCK_NUM_MAX && block.szx <= GC_BLOCK_SZX_MAX)
    gc_builder_add_uint(builder, number, gc_block_value(block));
  else if (!builder->err)
    builder->err = GC_E_RANGE;
}

uint8_t gc_block_szx_for(size_t max_len)
{
  uint8_t szx = GC_BLOCK_SZX_MAX;
  while (szx > 0 && gc_block_size(szx) > max_len)
    szx--;
  return szx;
}

enum gc_err gc_block_resize(struct gc_block *block, uint8_t szx)
{
  const size_t offset = gc_block_offset(*block);
  if (szx > GC_BLOCK_SZX_MAX || offset % gc_block_size(szx) != 0 || offset / gc_block_size(szx) > GC_BLOCK_NUM_MAX)
    return GC_E_RANGE;
  block->num = (uint32_t)(offset / gc_block_size(szx));
  block->szx = szx;
  return GC_OK;
}

enum gc_err gc_block_slice(struct gc_bytes *out, struct gc_block *block, struct gc_bytes body)
{
  const size_t offset = gc_block_offset(*block), size = gc_block_size(block->szx);
  if (offset >= body.len && offset > 0)
    return GC_E_RANGE;
  *out = gc_bytes_slice(body, offset, size);
  block->more = body.len - offset > size;
  return GC_OK;
}

bool gc_block_fits(struct gc_block block, size_t payload_len)
{
  const size_t size = gc_block_size(block.szx);
  return block.more ? payload_len == size : payload_len <= size;
}
