/* Protected requests from anywhere; and any request protected, opened again, and the same as before.
 * Input: a choice (profile; top bit: protect), then a datagram or a body. */
#include "coap/builder.h"
#include "fuzz.h"
#include "oscore_parties.h"

static void round_trip(struct parties *p, bool is_pairwise, struct gc_bytes body)
{
  struct gc_message plain, outer;
  struct gc_oscore_send how = { .is_pairwise = is_pairwise, .peer = gc_bytes("\2", 1) };
  struct gc_oscore_binding mine, its;
  struct gc_oscore_opened opened;
  struct gc_buf out = exact(body.len + GC_OSCORE_GROWTH_MAX);
  enum gc_sec result = gc_oscore_protect_request(p->client, body, &how, &out, &mine);
  if (!result) {
    struct gc_buf storage = exact(GC_OSCORE_STORAGE_LEN(out.len));
    if (!as_message(&plain, body) || !as_message(&outer, gc_buf_bytes(&out)))
      abort();
    if (gc_oscore_open_request(p->server, &outer, GC_OPEN_NO_REPLAY, storage, &opened, &its))
      abort();
    if (opened.inner.code != plain.code || !gc_bytes_equal(opened.inner.payload, plain.payload))
      abort();
    struct gc_option_iter a = gc_option_iter(opened.inner.options), b = gc_option_iter(plain.options);
    struct gc_option x, y;
    while (gc_option_next(&b, &y))
      if (!gc_option_next(&a, &x) || x.number != y.number || !gc_bytes_equal(x.value, y.value))
        abort();
    if (gc_option_next(&a, &x))
      abort();
    free(storage.ptr);
  } else if (result != GC_SEC_INPUT && result != GC_SEC_MODE && result != GC_SEC_SPACE) {
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
  struct gc_oscore_binding binding;
  if (data[0] & 0x80) {
    round_trip(p, data[0] & 0x40, rest);
  } else if (!gc_message_parse(&outer, rest, NULL)) {
    struct gc_buf storage = exact(GC_OSCORE_STORAGE_LEN(rest.len));
    (void)!gc_oscore_open_request(p->server, &outer, GC_OPEN_NO_REPLAY | (data[0] & 0x40 ? GC_OPEN_DIAGNOSE | GC_OPEN_OWN : 0), storage, &opened, &binding);
    free(storage.ptr);
  }
  return 0;
}
