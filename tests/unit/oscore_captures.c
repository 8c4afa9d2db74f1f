/* Real traffic of two other implementations, decrypted and verified with their groups' keys. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "capture/packet.h"
#include "capture/pcap_reader.h"
#include "crypto/secret.h"
#include "oscore/ring.h"
#include "store/foreign.h"
#include "store/secure_context.h"

#define CAPTURES "tests/captures/"
#define OPEN_REQUESTS_MAX 64

/* What is in each capture. refused: all with the result named (a credential that is not the file's). */
static const struct row {
  const char *capture, *group;
  unsigned requests, responses, opened, refused, plain;
  enum gc_sec result;
} rows[] = {
  { "ed25519-ccm-answer-group.pcap", "tests/vectors/captures/ed25519-ccm-ccm.json", 9, 14, 21, 2, 4, GC_SEC_NO_REQUEST },
  { "ed25519-chacha-answer-pairwise.pcap", "tests/vectors/captures/ed25519-chacha-chacha.json", 10, 14, 22, 2, 4, GC_SEC_NO_REQUEST },
  { "p256-gcm-ccm-answer-group.pcap", "tests/vectors/captures/p256-gcm-ccm.json", 8, 13, 21, 0, 4, GC_SEC_OK },
  { "group-mcast-2servers.pcap", "tests/vectors/californium/ed25519-ccm-ccm-set1.json", 1, 2, 2, 1, 0, GC_SEC_BAD_SIGNATURE },
  { "group-mcast-pairwise-responses.pcap", "tests/vectors/californium/ed25519-ccm-ccm-set1.json", 1, 2, 2, 1, 0, GC_SEC_BAD_TAG },
  { "pairwise-unicast.pcap", "tests/vectors/californium/ed25519-ccm-ccm-set1.json", 1, 1, 2, 0, 0, GC_SEC_OK },
  { "observe-group.pcap", "tests/vectors/californium/ed25519-ccm-ccm-set1.json", 1, 7, 4, 4, 0, GC_SEC_BAD_SIGNATURE },
  { "group-mcast-a128gcm.pcap", "tests/vectors/californium/ed25519-ccm-a128gcm-set1.json", 1, 2, 2, 1, 0, GC_SEC_BAD_SIGNATURE },
};

struct open_request {
  struct gc_addr from;
  uint8_t token[8], token_len;
  struct gc_oscore_binding binding;
};

struct run {
  struct gc_oscore_ring *ring;
  struct open_request open[OPEN_REQUESTS_MAX];
  size_t open_count;
  unsigned requests, responses, opened, refused, plain;
  enum gc_sec refusal;
};

static void tell(void *ctx, bool is_error, const struct gc_context_problem *p)
{
  (void)ctx;
  if (is_error)
    print_message("# %s: %s: %s\n", p->path, p->key, p->phrase);
}

static enum gc_sec open_response(struct run *run, const struct gc_udp_packet *packet, const struct gc_message *m, struct gc_buf storage,
                                 struct gc_oscore_opened *opened)
{
  enum gc_sec result = GC_SEC_NO_REQUEST;
  for (size_t i = run->open_count; i-- > 0 && result;)
    if (gc_addr_equal(&run->open[i].from, &packet->to) && gc_bytes_equal(m->token, gc_bytes(run->open[i].token, run->open[i].token_len)))
      result = gc_oscore_ring_open_response(run->ring, m, GC_OPEN_NO_REPLAY | GC_OPEN_OWN | GC_OPEN_DIAGNOSE, &run->open[i].binding, storage, opened);
  return result;
}

static void take(struct run *run, const struct gc_udp_packet *packet)
{
  static uint8_t store[GC_OSCORE_STORAGE_LEN(65536)];
  struct gc_buf storage = gc_buf(store, sizeof store);
  struct gc_message m;
  struct gc_bytes value;
  struct gc_oscore_opened opened = { 0 };
  if (gc_message_parse(&m, packet->payload, NULL))
    return;
  if (!gc_oscore_option_of(&m, &value)) {
    run->plain++;
    return;
  }
  bool is_request = GC_CODE_IS_REQUEST(m.code);
  *(is_request ? &run->requests : &run->responses) += 1;
  enum gc_sec result;
  if (is_request) {
    struct open_request *r = &run->open[run->open_count];
    assert_true(run->open_count < OPEN_REQUESTS_MAX && m.token.len <= 8);
    result = gc_oscore_ring_open_request(run->ring, &m, GC_OPEN_NO_REPLAY | GC_OPEN_OWN | GC_OPEN_DIAGNOSE, storage, &opened, &r->binding);
    r->from = packet->from;
    r->token_len = (uint8_t)m.token.len;
    memcpy(r->token, m.token.ptr, m.token.len);
    run->open_count += result == GC_SEC_OK;
  } else {
    result = open_response(run, packet, &m, storage, &opened);
  }
  *(result ? &run->refused : &run->opened) += 1;
  if (result) {
    char from[GC_ADDR_STR_MAX];
    run->refusal = result;
    print_message("#   %s from %s: %s\n", is_request ? "request" : "response", gc_addr_format(from, &packet->from), gc_sec_str(result));
  }
}

static void play(const struct row *row)
{
  struct run run = { .ring = gc_oscore_ring_new() };
  struct gc_secure_context *contexts[2];
  static const char *const members[] = { "client", "server1" };
  char path[256], why[256];
  for (size_t i = 0; i < 2; i++) {
    struct gc_context_file *file;
    assert_int_equal(gc_foreign_read(&file, GC_FOREIGN_VECTORS, row->group, members[i], tell, NULL), GC_OK);
    if (strstr(row->group, "californium"))
      file->gid = gc_bytes("Dal", 3); /* in the captures */
    assert_int_equal(gc_secure_context_make(&contexts[i], file, row->group, GC_SECURE_READ_ONLY, tell, NULL), GC_OK);
    gc_context_file_free(&file);
    assert_int_equal(gc_oscore_ring_add(run.ring, gc_secure_context_oscore(contexts[i])), GC_OK);
  }
  struct gc_pcap_reader *reader;
  struct gc_reassembler *reassembler;
  struct gc_frame frame;
  snprintf(path, sizeof path, CAPTURES "%s", row->capture);
  if (gc_pcap_reader_open(&reader, path, false, why))
    fail_msg("%s", why);
  assert_int_equal(gc_reassembler_new(&reassembler), GC_OK);
  while (gc_pcap_reader_next(reader, &frame, why) == GC_OK) {
    struct gc_udp_packet packet;
    if (!gc_packet_udp(&packet, reassembler, gc_pcap_reader_link_type(reader), frame.bytes, frame.wire_len, frame.wall_us, NULL))
      take(&run, &packet);
  }
  print_message("# %s: %u requests, %u responses: %u opened, %u refused; %u not protected\n", row->capture, run.requests, run.responses, run.opened,
                run.refused, run.plain);
  assert_int_equal(run.requests, row->requests);
  assert_int_equal(run.responses, row->responses);
  assert_int_equal(run.opened, row->opened);
  assert_int_equal(run.refused, row->refused);
  assert_int_equal(run.plain, row->plain);
  assert_int_equal(run.refusal, row->result);
  gc_reassembler_free(&reassembler);
  gc_pcap_reader_close(&reader);
  gc_oscore_ring_free(&run.ring);
  for (size_t i = 0; i < 2; i++)
    assert_int_equal(gc_secure_context_close(&contexts[i]), GC_OK);
}

static void captures(void **state)
{
  (void)state;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    play(&rows[i]);
}

int main(void)
{
  if (gc_crypto_init())
    return 1;
  const struct CMUnitTest tests[] = { cmocka_unit_test(captures) };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
