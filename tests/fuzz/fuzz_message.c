/* A datagram: parsed, looked at from every side, and built again; the bytes must be the same, whatever the order of options. */
#include <stdlib.h>

#include "coap/block.h"
#include "coap/builder.h"
#include "coap/cache_key.h"
#include "coap/link.h"
#include "coap/no_response.h"
#include "coap/uri.h"
#include "fuzz.h"
#include "iana/options.h"

static void rebuild(const struct gc_message *message, struct gc_bytes datagram, unsigned rest_first)
{
  static uint8_t store[1 << 17];
  struct gc_builder builder = gc_builder_message(store, datagram.len, (enum gc_type)message->type, message->code, message->mid, message->token);
  struct gc_bytes out;
  for (unsigned turn = 0; turn < 2; turn++) {
    struct gc_option_iter iter = gc_option_iter(message->options);
    struct gc_option option;
    while (gc_option_next(&iter, &option))
      if ((option.number & 1) == (turn ^ rest_first))
        gc_builder_add(&builder, option.number, option.value);
    if (iter.rest.len != 0)
      abort();
  }
  gc_builder_payload(&builder, message->payload);
  if (gc_builder_finish(&builder, &out) != GC_OK || !gc_bytes_equal(out, datagram))
    abort();
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static uint8_t text[8192];
  struct gc_bytes datagram = gc_bytes(data, size);
  struct gc_message message;
  struct gc_where where = { 0, NULL };
  if (gc_message_parse(&message, datagram, &where) != GC_OK) {
    if (!where.phrase || where.offset > size)
      abort();
    return 0;
  }
  if (message.token.len <= GC_TOKEN_MAX_LEN && size <= GC_MESSAGE_MAX_LEN) {
    rebuild(&message, datagram, 0);
    rebuild(&message, datagram, 1);
  }
  struct gc_addr addr = gc_addr_ipv4(192, 0, 2, 1, 5683);
  struct gc_buf out = gc_buf(text, sizeof text);
  struct gc_uri uri;
  if (gc_uri_compose(&out, GC_SCHEME_COAP, message.options, &addr) == GC_OK)
    (void)!gc_uri_parse(&uri, gc_buf_bytes(&out), NULL);
  else if (out.len != 0)
    abort();
  struct gc_block block;
  struct gc_bytes part;
  if (gc_block_find(&block, message.options, GC_OPTION_BLOCK2) == GC_OK && gc_block_slice(&part, &block, message.payload) == GC_OK &&
      !gc_block_fits(block, part.len))
    abort();
  uint8_t bits;
  (void)gc_no_response_find(message.options, &bits);
  (void)gc_options_first_unusable(message.options, NULL);
  if (!gc_cache_key_equal(&message, &message) || gc_cache_key_hash(&message, 1) != gc_cache_key_hash(&message, 1))
    abort();
  struct gc_link_reader reader = gc_link_reader(message.payload);
  struct gc_link_value link;
  while (gc_link_next(&reader, &link, NULL) == GC_OK)
    (void)gc_link_matches_options(&link, message.options);
  return 0;
}
