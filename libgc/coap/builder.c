#include "coap/builder.h"

#include <coap3/coap.h>
#include <string.h>

static void fail(struct gc_builder *builder, enum gc_err err)
{
  if (builder->err == GC_OK)
    builder->err = err;
}

struct gc_builder gc_builder_message(void *storage, size_t cap, enum gc_type type, uint8_t code, uint16_t mid, struct gc_bytes token)
{
  struct gc_builder builder = { .buf = gc_buf(storage, cap) };
  if (token.len > GC_TOKEN_MAX_LEN) {
    builder.err = GC_E_RANGE;
    return builder;
  }
  const uint8_t header[4] = { (uint8_t)(0x40 | (unsigned)type << 4 | (unsigned)token.len), code, (uint8_t)(mid >> 8), (uint8_t)mid };
  if (gc_buf_add(&builder.buf, gc_bytes(header, sizeof header)) || gc_buf_add(&builder.buf, token))
    builder.err = GC_E_SPACE;
  builder.options_at = builder.buf.len;
  return builder;
}

struct gc_builder gc_builder_body(void *storage, size_t cap, uint8_t code)
{
  struct gc_builder builder = { .buf = gc_buf(storage, cap), .options_at = 1 };
  builder.err = gc_buf_add_u8(&builder.buf, code);
  return builder;
}

struct gc_builder gc_builder_options(void *storage, size_t cap)
{
  return (struct gc_builder){ .buf = gc_buf(storage, cap) };
}

/* Replace `old` bytes at `at` by an option of `delta` and, where next is given, that option's new header. */
static enum gc_err splice(struct gc_buf *buf, size_t at, size_t old, uint16_t delta, struct gc_bytes value,
                          const struct gc_option *next, uint16_t next_delta)
{
  size_t own = coap_opt_encode_size(delta, value.len);
  size_t header = next ? coap_opt_encode_size(next_delta, next->value.len) - next->value.len : 0;
  if (own + header > old && own + header - old > buf->cap - buf->len)
    return GC_E_SPACE;
  size_t next_len = next ? next->value.len : 0;
  memmove(buf->ptr + at + own + header, buf->ptr + at + old, buf->len - at - old);
  buf->len = buf->len + own + header - old;
  if (coap_opt_encode(buf->ptr + at, own, delta, value.ptr, value.len) != own)
    return GC_E_RANGE;
  if (next && coap_opt_setheader(buf->ptr + at + own, header, next_delta, next_len) != header)
    return GC_E_RANGE;
  return GC_OK;
}

/* Where an option of `number` goes: behind all those that are not greater. */
static void insert(struct gc_builder *builder, uint16_t number, struct gc_bytes value)
{
  struct gc_bytes options = gc_bytes(builder->buf.ptr + builder->options_at, builder->buf.len - builder->options_at);
  struct gc_option_iter iter = gc_option_iter(options), before = iter;
  struct gc_option option = { 0 };
  while (gc_option_next(&iter, &option) && option.number <= number)
    before = iter;
  size_t at = builder->options_at + options.len - before.rest.len;
  size_t old_header = before.rest.len - iter.rest.len - option.value.len;
  fail(builder, splice(&builder->buf, at, old_header, (uint16_t)(number - before.number), value, &option,
                       (uint16_t)(option.number - number)));
}

void gc_builder_add(struct gc_builder *builder, uint16_t number, struct gc_bytes value)
{
  if (builder->err)
    return;
  if (builder->has_payload) {
    fail(builder, GC_E_STATE);
  } else if (value.len > UINT16_MAX) {
    fail(builder, GC_E_RANGE);
  } else if (number < builder->last) {
    insert(builder, number, value);
  } else {
    fail(builder, splice(&builder->buf, builder->buf.len, 0, (uint16_t)(number - builder->last), value, NULL, 0));
    if (!builder->err)
      builder->last = number;
  }
}

void gc_builder_add_str(struct gc_builder *builder, uint16_t number, const char *value)
{
  gc_builder_add(builder, number, gc_bytes_str(value));
}

size_t gc_uint_encode(uint8_t out[static 4], uint32_t value)
{
  size_t len = value > 0xffffff ? 4 : value > 0xffff ? 3 : value > 0xff ? 2 : value > 0;
  for (size_t i = 0; i < len; i++)
    out[i] = (uint8_t)(value >> 8 * (len - 1 - i));
  return len;
}

void gc_builder_add_uint(struct gc_builder *builder, uint16_t number, uint32_t value)
{
  uint8_t bytes[4];
  gc_builder_add(builder, number, gc_bytes(bytes, gc_uint_encode(bytes, value)));
}

void gc_builder_add_all(struct gc_builder *builder, struct gc_bytes options)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option))
    gc_builder_add(builder, option.number, option.value);
}

void gc_builder_payload(struct gc_builder *builder, struct gc_bytes payload)
{
  if (builder->err || payload.len == 0)
    return;
  if (builder->has_payload)
    fail(builder, GC_E_STATE);
  else if (payload.len + 1 > builder->buf.cap - builder->buf.len)
    fail(builder, GC_E_SPACE);
  else if (gc_buf_add_u8(&builder->buf, 0xff) || gc_buf_add(&builder->buf, payload))
    fail(builder, GC_E_SPACE);
  builder->has_payload = true;
}

enum gc_err gc_builder_finish(struct gc_builder *builder, struct gc_bytes *out)
{
  if (!builder->err)
    *out = gc_buf_bytes(&builder->buf);
  return builder->err;
}
