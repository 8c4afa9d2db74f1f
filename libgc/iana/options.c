#include "iana/options.h"

#include <string.h>
#include <strings.h>

#define E GC_CLASS_E
#define U GC_CLASS_U
#define I GC_CLASS_I

/* RFC 7252, Section 5.10 and the documents named in options.h; sorted by number. Not const: the TBD numbers can move. */
static struct gc_option_info options[] = {
  { 1, GC_FORMAT_OPAQUE, E, true, 0, 8, "If-Match" },
  { 2, GC_FORMAT_UINT, U, false, 0, 4, "Multicast-Timeout" },
  { 3, GC_FORMAT_STRING, U, false, 1, 255, "Uri-Host" },
  { 4, GC_FORMAT_OPAQUE, E, true, 1, 8, "ETag" },
  { 5, GC_FORMAT_EMPTY, E, false, 0, 0, "If-None-Match" },
  { 6, GC_FORMAT_UINT, E | U, false, 0, 3, "Observe" },
  { 7, GC_FORMAT_UINT, U, false, 0, 2, "Uri-Port" },
  { 8, GC_FORMAT_STRING, E, true, 0, 255, "Location-Path" },
  { 9, GC_FORMAT_OPAQUE, U, false, 0, 255, "OSCORE" },
  { 11, GC_FORMAT_STRING, E, true, 0, 255, "Uri-Path" },
  { 12, GC_FORMAT_UINT, E, false, 0, 2, "Content-Format" },
  { 13, GC_FORMAT_UINT, E, false, 0, 4, "Uri-Path-Abbrev" },
  { 14, GC_FORMAT_UINT, E | U, false, 0, 4, "Max-Age" },
  { 15, GC_FORMAT_STRING, E, true, 0, 255, "Uri-Query" },
  { 16, GC_FORMAT_UINT, U, false, 1, 1, "Hop-Limit" },
  { 17, GC_FORMAT_UINT, E, false, 0, 2, "Accept" },
  { 18, GC_FORMAT_UINT, E, false, 0, 1, "Feedback-Divider" },
  { 19, GC_FORMAT_BLOCK, E | U, false, 0, 3, "Q-Block1" },
  { 20, GC_FORMAT_STRING, E, true, 0, 255, "Location-Query" },
  { 21, GC_FORMAT_EMPTY, U, false, 0, 0, "EDHOC" },
  { 23, GC_FORMAT_BLOCK, E | U, false, 0, 3, "Block2" },
  { 24, GC_FORMAT_OPAQUE, U, true, 1, 8, "Group-ETag" },
  { 27, GC_FORMAT_BLOCK, E | U, false, 0, 3, "Block1" },
  { 28, GC_FORMAT_UINT, E | U, false, 0, 4, "Size2" },
  { 31, GC_FORMAT_BLOCK, E | U, true, 0, 3, "Q-Block2" },
  { 35, GC_FORMAT_STRING, U, false, 1, 1034, "Proxy-Uri" },
  { 39, GC_FORMAT_STRING, U, false, 1, 255, "Proxy-Scheme" },
  { 47, GC_FORMAT_CBOR, U, false, 3, 1024, "Listen-To-Multicast-Responses" },
  { 60, GC_FORMAT_UINT, E | U, false, 0, 4, "Size1" },
  { 235, GC_FORMAT_CBOR, U, false, 1, 1023, "Proxy-Cri" },
  { 239, GC_FORMAT_UINT, U, false, 0, 3, "Proxy-Scheme-Number" },
  { 248, GC_FORMAT_CBOR, U, false, 5, 1034, "Reply-From" },
  { 252, GC_FORMAT_OPAQUE, E | U, false, 1, 40, "Echo" },
  { 258, GC_FORMAT_UINT, E | U, false, 0, 1, "No-Response" },
  { 292, GC_FORMAT_OPAQUE, E | U, true, 0, 8, "Request-Tag" },
  { 548, GC_FORMAT_OPAQUE, U | I, false, 0, 65535, "Request-Hash" },
  { 64988, GC_FORMAT_OPAQUE, E, true, 0, 65535, "Padding" },
};
enum { OPTION_COUNT = sizeof options / sizeof options[0] };

const struct gc_option_info *gc_option_info(uint16_t number)
{
  size_t low = 0, high = OPTION_COUNT;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (options[mid].number < number)
      low = mid + 1;
    else
      high = mid;
  }
  return low < OPTION_COUNT && options[low].number == number ? &options[low] : NULL;
}

const struct gc_option_info *gc_option_by_name(struct gc_bytes name)
{
  for (size_t i = 0; i < OPTION_COUNT; i++)
    if (strlen(options[i].name) == name.len && strncasecmp(options[i].name, (const char *)name.ptr, name.len) == 0)
      return &options[i];
  return NULL;
}

const struct gc_option_info *gc_option_at(size_t index)
{
  return index < OPTION_COUNT ? &options[index] : NULL;
}

enum gc_err gc_option_renumber(uint16_t from, uint16_t to)
{
  size_t at = 0;
  if (gc_option_info(to))
    return GC_E_EXISTS;
  while (at < OPTION_COUNT && options[at].number != from)
    at++;
  if (at == OPTION_COUNT)
    return GC_E_NOT_FOUND;
  struct gc_option_info row = options[at];
  row.number = to;
  for (; at + 1 < OPTION_COUNT && options[at + 1].number < to; at++)
    options[at] = options[at + 1];
  for (; at > 0 && options[at - 1].number > to; at--)
    options[at] = options[at - 1];
  options[at] = row;
  return GC_OK;
}
