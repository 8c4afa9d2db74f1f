#include <stdlib.h>

#include "cbor/writer.h"
#include "common/ace_walk.h"
#include "common/hide.h"
#include "iana/names.h"

struct copy {
  struct gc_cbor_writer writer;
  struct gc_bytes payload;
  size_t copied; /* bytes of the payload that are written, or left out */
  bool is_secret;
};

static void leave_out(void *ctx, const struct gc_ace_value *value)
{
  struct copy *copy = ctx;
  const uint8_t *at = value->item.ptr, *start = copy->payload.ptr;
  /* what is inside a token is gone with it */
  if (!value->is_secret || at < start + copy->copied || at >= start + copy->payload.len)
    return;
  gc_cbor_raw(&copy->writer, gc_bytes_slice(copy->payload, copy->copied, (size_t)(at - start) - copy->copied));
  gc_cbor_str(&copy->writer, GC_HIDDEN);
  copy->copied = (size_t)(at - start) + value->item.len;
  copy->is_secret = true;
}

static void enter(void *ctx, const char *name, const char *what, size_t len)
{
  (void)ctx, (void)name, (void)what, (void)len;
}

static void leave(void *ctx, const struct gc_params_unknown *unknown)
{
  (void)ctx, (void)unknown;
}

static void note(void *ctx, const char *name, const char *text)
{
  (void)ctx, (void)name, (void)text;
}

struct gc_hidden gc_hide_ace(struct gc_bytes payload, int32_t content_format)
{
  static const uint8_t nothing[] = { 0x68, '(', 'h', 'i', 'd', 'd', 'e', 'n', ')' };
  const enum gc_ace_kind kind = gc_ace_kind_of(payload, content_format);
  if (!payload.len || !gc_ace_kind_is_secret(kind))
    return (struct gc_hidden){ .bytes = payload };
  const size_t cap = 5 * payload.len + 16; /* key and value have two bytes at least, key and text ten */
  struct gc_hidden hidden = { .owned = malloc(cap) };
  struct gc_buf out = gc_buf(hidden.owned, hidden.owned ? cap : 0);
  struct copy copy = { .writer = gc_cbor_writer(&out), .payload = payload };
  const struct gc_ace_visitor visitor = { &copy, leave_out, enter, leave, note };
  struct gc_where fault = gc_ace_walk(&visitor, kind, payload, NULL);
  gc_cbor_raw(&copy.writer, gc_bytes_slice(payload, copy.copied, SIZE_MAX));
  const bool is_whole = !gc_cbor_finish(&copy.writer) && !fault.phrase;
  hidden.is_secret = copy.is_secret || !is_whole;
  hidden.bytes = !is_whole ? gc_bytes(nothing, sizeof nothing) : copy.is_secret ? gc_buf_bytes(&out) : payload;
  return hidden;
}

bool gc_hide_looks_at(int32_t content_format)
{
  switch (content_format) {
  case GC_FORMAT_ACE_CBOR:
  case GC_FORMAT_ACE_GROUPCOMM:
  case GC_FORMAT_CWT:
  case GC_FORMAT_COSE_KEY:
    return true;
  default:
    return content_format == gc_format_informative_response();
  }
}

struct gc_hidden gc_hide_payload(struct gc_bytes payload, int32_t content_format)
{
  if (!gc_hide_concerns(content_format))
    return (struct gc_hidden){ .bytes = payload };
  return content_format == gc_format_informative_response() ? gc_hide_informative(payload) : gc_hide_ace(payload, content_format);
}
