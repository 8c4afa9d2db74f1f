/* A peer that does as it is told, right or wrong: scripted BIND:PORT ANSWER [DESTINATION:PORT DATAGRAM]…
 * Each request is answered Confirmable with the request's Token and ANSWER, "code ‖ options ‖ [ff ‖ payload]" in hexadecimal; behind the
 * first one the datagrams (hexadecimal) go out as they are, 50 ms apart. Every message received is printed, a line of hexadecimal each.
 * Prints "ready" on stderr; ends on SIGTERM. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/hex.h"
#include "coap/builder.h"
#include "iana/names.h"
#include "net/loop.h"
#include "net/udp.h"

struct peer {
  struct gc_udp *udp;
  struct gc_loop *loop;
  uint8_t answer[2048];
  size_t answer_len;
  char **rest;
  uint64_t next_ms;
  uint16_t mid;
};

static void die(const char *what)
{
  perror(what);
  exit(4);
}

static size_t unhex(uint8_t *out, size_t cap, const char *hex)
{
  struct gc_buf buf = gc_buf(out, cap);
  if (gc_hex_decode(&buf, hex, strlen(hex), NULL))
    die(hex);
  return buf.len;
}

static struct gc_addr address(const char *text)
{
  struct gc_addr addr;
  if (gc_addr_parse(&addr, gc_bytes_str(text), GC_PORT_COAP, NULL, NULL))
    die(text);
  return addr;
}

static void on_datagram(void *ctx, const struct gc_datagram *datagram)
{
  struct peer *peer = ctx;
  struct gc_message message;
  char hex[4096];
  uint8_t store[2100];
  if (datagram->bytes.len < sizeof hex / 2) {
    puts(gc_hex_encode(hex, datagram->bytes));
    fflush(stdout);
  }
  if (gc_message_parse(&message, datagram->bytes, NULL) || !GC_CODE_IS_REQUEST(message.code))
    return;
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_CON, peer->answer[0], peer->mid++, message.token);
  if (gc_buf_add(&builder.buf, gc_bytes(peer->answer + 1, peer->answer_len - 1)))
    die("answer");
  const struct gc_datagram out = { .remote = datagram->remote, .bytes = gc_buf_bytes(&builder.buf) };
  if (gc_udp_send(peer->udp, &out))
    die("send");
  if (peer->next_ms == UINT64_MAX && peer->rest[0])
    peer->next_ms = gc_now_ms() + 50;
}

static void on_ready(void *ctx, int fd)
{
  struct peer *peer = ctx;
  (void)fd;
  (void)!gc_udp_receive(peer->udp, on_datagram, peer);
}

static uint64_t deadline(void *ctx)
{
  const struct peer *peer = ctx;
  return peer->next_ms;
}

static void tick(void *ctx, uint64_t now_ms)
{
  struct peer *peer = ctx;
  uint8_t bytes[2048];
  if (now_ms < peer->next_ms)
    return;
  const struct gc_datagram out = { .remote = address(peer->rest[0]), .bytes = gc_bytes(bytes, unhex(bytes, sizeof bytes, peer->rest[1])) };
  if (gc_udp_send(peer->udp, &out))
    die(peer->rest[0]);
  peer->rest += 2;
  peer->next_ms = peer->rest[0] ? now_ms + 50 : UINT64_MAX;
}

int main(int argc, char **argv)
{
  struct peer peer = { .next_ms = UINT64_MAX, .mid = 0x4000 };
  if (argc < 3 || argc % 2 == 0) {
    fputs("usage: scripted BIND:PORT ANSWER [DESTINATION:PORT DATAGRAM]...\n", stderr);
    return 2;
  }
  const struct gc_udp_options options = { .bind = address(argv[1]), .hop_limit = -1, .loop = true };
  peer.answer_len = unhex(peer.answer, sizeof peer.answer, argv[2]);
  peer.rest = argv + 3;
  if (gc_udp_open(&peer.udp, &options) || gc_loop_new(&peer.loop) || gc_loop_catch_signals(peer.loop) ||
      gc_loop_add(peer.loop, gc_udp_fd(peer.udp), on_ready, &peer))
    die(argv[1]);
  fputs("ready\n", stderr);
  if (gc_loop_run(peer.loop, deadline, tick, &peer, NULL))
    die("loop");
  gc_loop_free(&peer.loop);
  gc_udp_close(&peer.udp);
  return 0;
}
