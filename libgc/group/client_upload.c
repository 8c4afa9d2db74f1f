/* A request's body in blocks (RFC 7959, Sections 2.5 and 2.9.2): towards one peer only. */
#include "group/client_internal.h"

void gc_upload_start(struct gc_leg *leg)
{
  const struct gc_request *request = &leg->exchange->request;
  leg->upload_szx = request->block_szx > GC_BLOCK_SZX_MAX ? GC_BLOCK_SZX_MAX : request->block_szx;
  leg->is_upload = request->payload.len > gc_block_size(leg->upload_szx);
}

static enum gc_upload send_from(struct gc_leg *leg, size_t offset)
{
  leg->upload_at = offset;
  return gc_leg_send(leg) == GC_OK ? GC_UPLOAD_GOES_ON : GC_UPLOAD_DONE;
}

/* The server wants smaller blocks: from the start (RFC 7959, Section 2.9.3). */
static enum gc_upload refused_size(struct gc_leg *leg, const struct gc_block *block)
{
  bool is_smaller = leg->is_upload ? block->szx < leg->upload_szx : gc_block_size(block->szx) < leg->exchange->request.payload.len;
  if (!is_smaller)
    return GC_UPLOAD_DONE;
  leg->is_upload = true;
  leg->upload_szx = block->szx;
  return send_from(leg, 0);
}

enum gc_upload gc_upload_answer(struct gc_leg *leg, const struct gc_message *message)
{
  struct gc_block block;
  bool is_last = leg->upload_at + leg->upload_len >= leg->exchange->request.payload.len;
  enum gc_err has_none = gc_block_find(&block, message->options, GC_OPTION_BLOCK1);
  if (message->code == GC_CODE(4, 13) && !has_none)
    return refused_size(leg, &block);
  if (!leg->is_upload)
    return GC_UPLOAD_DONE;
  if (message->code == GC_CODE(4, 8) && leg->upload_restarts < GC_BLOCK_RESTARTS) {
    leg->upload_restarts++;
    return send_from(leg, 0);
  }
  if (GC_CODE_CLASS(message->code) != 2 || has_none)
    return GC_UPLOAD_DONE;
  /* NUM counts in the size of the request, or already in the smaller one that the server asks for */
  if (gc_block_offset(block) != leg->upload_at && (size_t)block.num << (leg->upload_szx + 4) != leg->upload_at)
    return is_last ? GC_UPLOAD_DONE : GC_UPLOAD_GOES_ON; /* about another block: an answer that was overtaken */
  if (is_last)
    return GC_UPLOAD_DONE;
  size_t next = leg->upload_at + leg->upload_len;
  if (block.szx < leg->upload_szx)
    leg->upload_szx = block.szx;
  return send_from(leg, next);
}
