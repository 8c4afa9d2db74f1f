/* What decode_secure.sh compares.
 *   decode_secure make CONTEXT N CAPTURE SIGNED   N requests in group mode, and the bytes that are signed in them
 *   decode_secure verify SIGNED                   only crypto_sign_verify_detached on the same bytes */
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "capture/pcap_writer.h"
#include "coap/builder.h"
#include "common/context.h"
#include "iana/options.h"
#include "oscore/message.h"

enum { SIGNED_MAX = 2048 };

struct signed_message {
  uint8_t key[32], signature[64];
  uint32_t len;
  uint8_t bytes[SIGNED_MAX];
};

static void check(bool is_good, const char *what)
{
  if (is_good)
    return;
  fprintf(stderr, "decode_secure: %s\n", what);
  exit(1);
}

static int make(char **argv)
{
  struct gc_context context;
  struct gc_pcap_writer *writer;
  struct gc_addr from, to;
  static struct signed_message out;
  static uint8_t datagram[1024];
  uint8_t private_key[64], body[128];
  const unsigned long count = strtoul(argv[1], NULL, 10);
  check(gc_context_open_state(&context, argv[0], false, 0) == GC_STATUS_OK, "context");
  check(gc_pcap_writer_open(&writer, argv[2]) == GC_OK, "capture");
  FILE *file = fopen(argv[3], "wb");
  check(file != NULL, "file for what is signed");
  check(!gc_addr_parse(&from, gc_bytes_str("10.0.0.1:40000"), 0, NULL, NULL) &&
        !gc_addr_parse(&to, gc_bytes_str("224.0.1.187:5683"), 0, NULL, NULL), "addresses");
  check(crypto_sign_seed_keypair(out.key, private_key, context.file->private_key.ptr) == 0, "key");
  struct gc_oscore_trace trace = { .countersigned = gc_buf(out.bytes, SIGNED_MAX), .signature = gc_buf(out.signature, 64) };
  gc_oscore_context_trace(context.oscore, &trace);
  size_t len = 0;
  body[len++] = GC_CODE(0, 2);
  body[len++] = 0xb5;
  memcpy(body + len, "light\xff", 6);
  memset(body + len + 6, 'x', 64);
  len += 70;
  for (unsigned long i = 0; i < count; i++) {
    struct gc_oscore_binding binding;
    struct gc_oscore_send how = { 0 };
    struct gc_buf protected = gc_buf(datagram + 7, sizeof datagram - 7); /* its first byte is the code */
    check(gc_oscore_protect_request(context.oscore, gc_bytes(body, len), &how, &protected, &binding) == GC_SEC_OK, "protect");
    uint8_t code = datagram[7];
    const uint8_t header[8] = { 0x54, code, (uint8_t)(i >> 8), (uint8_t)i, 0, (uint8_t)(i >> 16), (uint8_t)(i >> 8), (uint8_t)i };
    memcpy(datagram, header, sizeof header);
    check(gc_pcap_writer_udp(writer, &from, &to, gc_bytes(datagram, protected.len + 7), 1700000000000000ull + i * 1000) == GC_OK, "write");
    out.len = (uint32_t)trace.countersigned.len;
    check(fwrite(&out, sizeof out - SIGNED_MAX + out.len, 1, file) == 1, "write");
  }
  check(gc_pcap_writer_close(&writer) == GC_OK && fclose(file) == 0 && gc_context_close(&context) == GC_STATUS_OK, "close");
  return 0;
}

static int verify(const char *path)
{
  static struct signed_message m;
  FILE *file = fopen(path, "rb");
  check(file && sodium_init() >= 0, "open");
  while (fread(&m, sizeof m - SIGNED_MAX, 1, file) == 1) {
    check(m.len <= SIGNED_MAX && fread(m.bytes, m.len, 1, file) == 1, "read");
    check(crypto_sign_verify_detached(m.signature, m.bytes, m.len, m.key) == 0, "verify");
  }
  fclose(file);
  return 0;
}

int main(int argc, char **argv)
{
  if (argc == 6 && strcmp(argv[1], "make") == 0)
    return make(argv + 2);
  if (argc == 3 && strcmp(argv[1], "verify") == 0)
    return verify(argv[2]);
  return 2;
}
