/* A client under test with a scripted peer: what it sends is kept, what it tells is kept as text. */
#ifndef GC_TESTS_CLIENT_BENCH_H
#define GC_TESTS_CLIENT_BENCH_H

#include "coap/builder.h"
#include "group/client.h"
#include "iana/options.h"

enum { BENCH_SENT = 64, BENCH_EVENTS = 64 };

struct bench_sent {
  struct gc_addr remote;
  uint8_t bytes[1500];
  struct gc_message message; /* points into bytes */
};

struct client_bench {
  struct gc_client *client;
  uint64_t seed, now_ms;
  bool fails;                         /* the network is down */
  struct bench_sent sent[BENCH_SENT];
  size_t sent_count, looked_at;
  char events[BENCH_EVENTS][120];     /* "kind from-host-byte code payload|phrase" */
  size_t event_count, told;
  struct gc_exchange *end_on_event;   /* the application ends this exchange in its next event */
  uint16_t next_mid;
};

void bench_start(struct client_bench *bench, const struct gc_client_params *params);
/** Let all time pass, see that nothing is left, and give everything back. */
void bench_finish(struct client_bench *bench);
void bench_tick(struct client_bench *bench, uint64_t until_ms);

/** 10.0.0.host, port 5683 */
struct gc_addr bench_host(uint8_t host);
struct gc_addr bench_group(void);

/** The next message the client has sent; fails the test where there is none. */
const struct bench_sent *bench_next(struct client_bench *bench);
bool bench_sent_none(const struct client_bench *bench);
/** The next event is exactly this text. */
void bench_expect(struct client_bench *bench, const char *text);
void bench_expect_none(struct client_bench *bench);

/** Options of a reply: number and value, number 0 ends. */
struct bench_option {
  uint16_t number;
  const char *value;
  size_t len;
};
#define BENCH_UINT(number, hex, len) { number, hex, len }

/** Host sends a message of `type`; an ACK takes the Message ID of `to`, others get their own. Token of `to`. */
void bench_answer(struct client_bench *bench, uint8_t host, const struct bench_sent *to, enum gc_type type, uint8_t code,
                  const struct bench_option *options, const void *payload, size_t payload_len);
void bench_answer_text(struct client_bench *bench, uint8_t host, const struct bench_sent *to, enum gc_type type, uint8_t code, const char *text);
void bench_receive(struct client_bench *bench, struct gc_addr from, struct gc_addr to, const uint8_t *bytes, size_t len);

/** GET to remote with a wait of 2 s. */
struct gc_request bench_get(struct gc_addr remote);
struct gc_exchange *bench_request(struct client_bench *bench, const struct gc_request *request);

#endif
