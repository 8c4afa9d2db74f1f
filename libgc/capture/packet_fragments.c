/* Reassembly of IP fragments: RFC 791, Section 3.2; RFC 8200, Section 4.5; overlaps as RFC 5722. */
#include <stdlib.h>
#include <string.h>

#include "capture/packet_parts.h"

#define DATAGRAM_MAX_LEN 65535

struct range {
  uint32_t from, to; /* bytes, `to` excluded */
};

struct datagram {
  struct gc_addr from, to;
  uint32_t id;
  uint8_t protocol;
  bool is_used;
  bool is_refused;         /* its fragments overlapped: later ones are dropped too */
  uint64_t first_us, seq;  /* seq: order of arrival, for pushing the oldest out */
  uint32_t total;          /* 0: the last fragment has not come */
  uint32_t filled, range_count;
  struct range ranges[GC_REASSEMBLER_FRAGMENTS];
  uint8_t *data;           /* DATAGRAM_MAX_LEN, allocated at the first use and kept */
};

struct gc_reassembler {
  struct datagram datagrams[GC_REASSEMBLER_DATAGRAMS];
  uint64_t seq, incomplete;
};

enum gc_err gc_reassembler_new(struct gc_reassembler **out)
{
  *out = calloc(1, sizeof **out);
  return *out ? GC_OK : GC_E_MEMORY;
}

void gc_reassembler_free(struct gc_reassembler **reassembler)
{
  if (!*reassembler)
    return;
  for (size_t i = 0; i < GC_REASSEMBLER_DATAGRAMS; i++)
    free((*reassembler)->datagrams[i].data);
  free(*reassembler);
  *reassembler = NULL;
}

uint64_t gc_reassembler_incomplete(const struct gc_reassembler *reassembler)
{
  uint64_t count = reassembler->incomplete;
  for (size_t i = 0; i < GC_REASSEMBLER_DATAGRAMS; i++)
    count += reassembler->datagrams[i].is_used;
  return count;
}

static bool is_same(const struct datagram *datagram, const struct gc_fragment *fragment)
{
  return datagram->is_used && datagram->id == fragment->id && gc_addr_equal(&datagram->from, &fragment->from) &&
         gc_addr_equal(&datagram->to, &fragment->to) &&
         (fragment->from.family == GC_FAMILY_IPV6 || datagram->protocol == fragment->protocol);
}

static void expire(struct gc_reassembler *reassembler, uint64_t wall_us)
{
  for (size_t i = 0; i < GC_REASSEMBLER_DATAGRAMS; i++) {
    struct datagram *datagram = &reassembler->datagrams[i];
    if (datagram->is_used && wall_us > datagram->first_us && wall_us - datagram->first_us > GC_REASSEMBLER_TIMEOUT_S * 1000000ull) {
      datagram->is_used = false;
      reassembler->incomplete++;
    }
  }
}

/* The datagram of a fragment, or a free place, or the oldest one's (*was_full). */
static struct datagram *place(struct gc_reassembler *reassembler, const struct gc_fragment *fragment, uint64_t wall_us, bool *was_full)
{
  struct datagram *best = NULL;
  for (size_t i = 0; i < GC_REASSEMBLER_DATAGRAMS; i++) {
    struct datagram *datagram = &reassembler->datagrams[i];
    if (is_same(datagram, fragment))
      return datagram;
    if (!best || (best->is_used && (!datagram->is_used || datagram->seq < best->seq)))
      best = datagram;
  }
  *was_full = best->is_used;
  reassembler->incomplete += best->is_used;
  uint8_t *data = best->data ? best->data : malloc(DATAGRAM_MAX_LEN);
  if (!data)
    return NULL;
  best->data = data;
  best->from = fragment->from;
  best->to = fragment->to;
  best->id = fragment->id;
  best->protocol = fragment->protocol;
  best->first_us = wall_us;
  best->seq = ++reassembler->seq;
  best->is_used = true;
  best->is_refused = false;
  best->total = best->filled = best->range_count = 0;
  return best;
}

static const char *check_shape(const struct datagram *datagram, const struct gc_fragment *fragment, size_t end)
{
  if (fragment->payload.len == 0)
    return "an empty fragment";
  if (fragment->has_more && fragment->payload.len % 8)
    return "a fragment's length is not a multiple of 8";
  if (end > DATAGRAM_MAX_LEN)
    return "a fragment runs past the largest datagram";
  if (datagram->total && (end > datagram->total || (!fragment->has_more && end != datagram->total)))
    return "a fragment runs past the last one";
  if (!fragment->has_more)
    for (uint32_t i = 0; i < datagram->range_count; i++)
      if (datagram->ranges[i].to > end)
        return "a fragment runs past the last one";
  return NULL;
}

enum fit { FIT_NEW, FIT_DUPLICATE, FIT_OVERLAP };

static enum fit find_fit(const struct datagram *datagram, const struct gc_fragment *fragment, size_t end)
{
  for (uint32_t i = 0; i < datagram->range_count; i++) {
    const struct range *range = &datagram->ranges[i];
    if (fragment->offset >= range->to || end <= range->from)
      continue;
    bool is_same_range = fragment->offset == range->from && end == range->to;
    return is_same_range && memcmp(datagram->data + range->from, fragment->payload.ptr, fragment->payload.len) == 0 ? FIT_DUPLICATE : FIT_OVERLAP;
  }
  return FIT_NEW;
}

enum gc_err gc_reassembler_add(struct gc_reassembler *reassembler, const struct gc_fragment *fragment, uint64_t wall_us,
                               struct gc_bytes *whole, uint8_t *protocol, const char **why)
{
  bool was_full = false;
  size_t end = fragment->offset + fragment->payload.len;
  expire(reassembler, wall_us);
  struct datagram *datagram = place(reassembler, fragment, wall_us, &was_full);
  if (!datagram) {
    *why = "no memory for fragments";
    return GC_E_MEMORY;
  }
  *why = "fragments overlap, the datagram is refused";
  if (datagram->is_refused)
    return GC_E_MALFORMED;
  const char *wrong = check_shape(datagram, fragment, end);
  enum fit fit = wrong ? FIT_OVERLAP : find_fit(datagram, fragment, end);
  if (fit == FIT_OVERLAP) {
    datagram->is_refused = true;
    if (wrong)
      *why = wrong;
    return GC_E_MALFORMED;
  }
  if (fit == FIT_NEW && datagram->range_count == GC_REASSEMBLER_FRAGMENTS) {
    datagram->is_refused = true;
    *why = "too many fragments, the datagram is refused";
    return GC_E_LIMIT;
  }
  if (fit == FIT_NEW) {
    datagram->ranges[datagram->range_count++] = (struct range){ (uint32_t)fragment->offset, (uint32_t)end };
    memcpy(datagram->data + fragment->offset, fragment->payload.ptr, fragment->payload.len);
    datagram->filled += (uint32_t)fragment->payload.len;
    if (fragment->offset == 0)
      datagram->protocol = fragment->protocol;
    if (!fragment->has_more)
      datagram->total = (uint32_t)end;
  }
  if (datagram->total && datagram->filled == datagram->total) {
    datagram->is_used = false; /* the bytes stay where they are until the next call */
    *whole = gc_bytes(datagram->data, datagram->total);
    *protocol = datagram->protocol;
    return GC_OK;
  }
  *why = was_full ? "a fragment; the oldest waiting datagram was dropped for it" : "a fragment";
  return was_full ? GC_E_LIMIT : GC_E_STATE;
}
