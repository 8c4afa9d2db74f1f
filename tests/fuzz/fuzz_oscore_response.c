/* Protected responses from anywhere; and any response protected and opened again.
 * Input: a choice (profile; top bit: protect; next: to a pairwise request), then a datagram or a body. */
#include "coap/builder.h"
#include "fuzz.h"
#include "oscore_parties.h"

static void round_trip(struct parties *p, struct gc_bytes body)
{
  struct gc_message plain, outer;
  struct gc_oscore_send how = { 0 };
  struct gc_oscore_opened opened;
  struct gc_buf out = exact(body.len + GC_OSCORE_GROWTH_MAX);
  enum gc_sec result = gc_oscore_protect_response(p->server, body, &how, &p->its, &out);
  if (!result) {
    struct gc_buf storage = exact(GC_OSCORE_STORAGE_LEN(out.len));
    if (!as_message(&plain, body) || !as_message(&outer, gc_buf_bytes(&out)))
      abort();
    result = gc_oscore_open_response(p->client, &outer, 0, &p->request, storage, &opened);
    if (result && result != GC_SEC_UNEXPECTED) /* Observe without an observation */
      abort();
    if (!result && (opened.inner.code != plain.code || !gc_bytes_equal(opened.inner.payload, plain.payload)))
      abort();
    free(storage.ptr);
  } else if (result != GC_SEC_INPUT && result != GC_SEC_SPACE) {
    abort();
  }
  free(out.ptr);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (!size || size > 65000)
    return 0;
  struct parties *p = parties_of(data[0] & 0x3f);
  struct gc_bytes rest = gc_bytes(data + 1, size - 1);
  struct gc_message outer;
  struct gc_oscore_opened opened;
  if (data[0] & 0x80) {
    round_trip(p, rest);
  } else if (!gc_message_parse(&outer, rest, NULL)) {
    struct gc_buf storage = exact(GC_OSCORE_STORAGE_LEN(rest.len));
    bool is_pairwise = data[0] & 0x40 && p->pairwise.context;
    (void)!gc_oscore_open_response(p->client, &outer, GC_OPEN_DIAGNOSE, is_pairwise ? &p->pairwise : &p->request, storage, &opened);
    free(storage.ptr);
  }
  return 0;
}
