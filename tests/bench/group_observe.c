/* What one notification of a resource with N observers costs the server: as a multicast notification of a group observation,
 * and as N notifications of traditional observations; plain, and protected with Group OSCORE in group mode. CPU time of the
 * server without the system calls, which the datagrams beside it cost. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "coap/builder.h"
#include "cose/credential.h"
#include "group/group_observe.h"
#include "iana/names.h"
#include "iana/options.h"

enum { OBSERVERS_MAX = 1000, ROUNDS_US = 200000, INTERVAL_MS = 3000 };

static struct gc_server *server;
static struct gc_member *member;
static struct gc_resource *resource;
static struct gc_oscore_context *server_context, *client_context;
static struct gc_oscore_ring *ring;
static uint64_t now_ms, seed;
static unsigned long sent;
static uint16_t next_mid;
static struct {
  struct gc_addr from;
  uint8_t ack[4];
} acks[OBSERVERS_MAX];
static size_t ack_count;

static void check(bool is_good, const char *what)
{
  if (is_good)
    return;
  fprintf(stderr, "group_observe bench: %s\n", what);
  exit(1);
}

static double now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static enum gc_err send(void *ctx, struct gc_member *from, const struct gc_datagram *datagram)
{
  (void)ctx;
  (void)from;
  sent++;
  if ((datagram->bytes.ptr[0] >> 4 & 3) == GC_TYPE_CON && ack_count < OBSERVERS_MAX) {
    const uint8_t ack[4] = { 0x60, 0, datagram->bytes.ptr[2], datagram->bytes.ptr[3] };
    acks[ack_count].from = datagram->remote;
    memcpy(acks[ack_count++].ack, ack, sizeof ack);
  }
  return GC_OK;
}

static enum gc_err value(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  (void)ctx;
  (void)request;
  return gc_buf_add(&response->body, gc_bytes_str("21.5"));
}

static void receive(struct gc_addr from, struct gc_bytes bytes)
{
  const struct gc_datagram datagram = { .remote = from, .local = *gc_member_address(member), .bytes = bytes };
  gc_server_receive(server, member, &datagram, now_ms);
}

static void acknowledge(void)
{
  const size_t count = ack_count;
  ack_count = 0;
  for (size_t i = 0; i < count; i++)
    receive(acks[i].from, gc_bytes(acks[i].ack, 4));
}

static struct gc_oscore_context *context_of(bool is_server, const struct gc_key_pair pairs[2])
{
  static const uint8_t secret[16] = { 1 }, ids[2][1] = { { 1 }, { 2 } };
  uint8_t creds[2][128];
  struct gc_bytes cred[2];
  struct gc_oscore_context *context;
  for (size_t i = 0; i < 2; i++) {
    struct gc_buf out = gc_buf(creds[i], sizeof creds[i]);
    check(gc_credential_write_ccs(&out, &pairs[i].public_key, gc_bytes(NULL, 0)) == GC_OK, "credential");
    cred[i] = gc_buf_bytes(&out);
  }
  struct gc_oscore_params p = gc_oscore_params_default(GC_OSCORE_GROUP);
  p.master_secret = gc_bytes(secret, sizeof secret);
  p.has_id_context = true;
  p.id_context = gc_bytes_str("gid");
  p.gm_cred = cred[0];
  check(gc_oscore_context_new(&context, &p, NULL) == GC_OK, "context");
  check(gc_oscore_context_set_sender(context, gc_bytes(ids[is_server], 1), cred[is_server],
                                     gc_bytes(pairs[is_server].private_key, pairs[is_server].private_len), (struct gc_oscore_numbers){ 0 }, NULL) == GC_OK,
        "Sender Context");
  check(gc_oscore_context_add_recipient(context, gc_bytes(ids[!is_server], 1), cred[!is_server], NULL, NULL) == GC_OK, "Recipient Context");
  return context;
}

static void start(bool is_multicast, bool is_protected)
{
  const struct gc_server_ops ops = { .send = send };
  const struct gc_resource_def def = { .path = "temp", .methods = 1u << GC_CODE_GET, .handler = value, .content_format = 0, .consumes = -1, .is_observable = true };
  const struct gc_addr address = gc_addr_ipv4(192, 0, 2, 1, 5683);
  struct gc_server_params params = gc_server_params_default();
  params.max_observers_per_member = OBSERVERS_MAX;
  params.con_notify_every = UINT32_MAX; /* the cheapest way: all non-confirmable */
  seed = 1;
  server = gc_server_new(&params, &ops, gc_rng_seeded(&seed));
  check(server && gc_server_add_member(server, &member, &address, NULL) == GC_OK && gc_server_add_resource(server, &resource, &def) == GC_OK, "server");
  struct gc_key_pair pairs[2];
  check(gc_key_pair_generate(&pairs[0], GC_CURVE_ED25519) == GC_OK && gc_key_pair_generate(&pairs[1], GC_CURVE_ED25519) == GC_OK, "keys");
  server_context = context_of(true, pairs);
  client_context = context_of(false, pairs);
  ring = gc_oscore_ring_new();
  check(ring && gc_oscore_ring_add(ring, server_context) == GC_OK && gc_member_secure(member, ring, GC_ANSWER_AS_ASKED) == GC_OK, "ring");
  struct gc_group_observe_params group = gc_group_observe_params_default();
  group.group = gc_addr_ipv4(239, 1, 2, 3, 5683);
  group.notify_interval_ms = INTERVAL_MS;
  group.lifetime_s = 0;
  group.counting.period = UINT32_MAX; /* nobody here confirms anything */
  group.protection = is_protected ? GC_GROUP_OSCORE : GC_GROUP_PLAIN;
  if (is_multicast)
    check(gc_server_observe_by_group(server, resource, &group, NULL) == GC_OK, "group observation");
}

static void stop(void)
{
  gc_server_free(&server);
  gc_oscore_ring_free(&ring);
  gc_oscore_context_free(&server_context);
  gc_oscore_context_free(&client_context);
}

static void observe(unsigned client, bool is_protected)
{
  static const uint8_t body[] = { GC_CODE_GET, 0x60, 0x54, 't', 'e', 'm', 'p' };
  uint8_t sealed[256], datagram[300];
  struct gc_buf out = gc_buf(sealed, sizeof sealed);
  struct gc_oscore_binding binding;
  const struct gc_addr from = gc_addr_ipv4(10, 0, (uint8_t)(client >> 8), (uint8_t)client, 40000);
  const enum gc_err plain = is_protected ? GC_OK : gc_buf_add(&out, gc_bytes(body, sizeof body));
  const enum gc_sec result = is_protected ? gc_oscore_protect_request(client_context, gc_bytes(body, sizeof body), &(struct gc_oscore_send){ 0 }, &out, &binding)
                                          : GC_SEC_OK;
  check(!plain && !result, "registration");
  const uint8_t header[5] = { 0x51, sealed[0], (uint8_t)(next_mid >> 8), (uint8_t)next_mid, 0x74 };
  next_mid++;
  memcpy(datagram, header, sizeof header);
  memcpy(datagram + sizeof header, sealed + 1, out.len - 1);
  receive(from, gc_bytes(datagram, out.len + 4));
}

static void notify(void)
{
  now_ms += INTERVAL_MS;
  gc_server_changed(server, NULL, resource, now_ms);
  gc_server_tick(server, now_ms);
}

/* CPU time of one notification to all, in µs, and its datagrams. */
static double measure(unsigned observers, bool is_multicast, bool is_protected, double *datagrams)
{
  now_ms = 1000000;
  start(is_multicast, is_protected);
  for (unsigned i = 0; i < observers; i++) {
    observe(i, is_protected);
    acknowledge();
  }
  const struct gc_server_state state = gc_server_state(server);
  check(is_multicast ? state.group_observations == 1 && state.observers == 0 : state.observers == observers, "not all of them observe");
  for (unsigned i = 0; i < 2; i++) { /* the first one is confirmable: the round-trip time is not known */
    notify();
    acknowledge();
  }
  unsigned rounds = 0;
  sent = 0;
  const double begun_us = now_us();
  double spent_us;
  do {
    notify();
    acknowledge(); /* once in 24 h of the server's clock, which runs fast here (RFC 7641, Section 4.5) */
    rounds++;
    spent_us = now_us() - begun_us;
  } while (spent_us < ROUNDS_US);
  *datagrams = (double)sent / rounds;
  stop();
  return spent_us / rounds;
}

int main(void)
{
  static const unsigned counts[] = { 1, 10, 100, 1000 };
  bool is_good = true;
  puts("group observation: one notification to N observers, CPU time of the server and datagrams");
  puts("                          multicast              unicast Observe");
  puts("                N         µs  datagrams         µs  datagrams    times");
  for (int is_protected = 0; is_protected < 2; is_protected++)
    for (size_t i = 0; i < sizeof counts / sizeof counts[0]; i++) {
      double datagrams[2];
      const double multicast_us = measure(counts[i], true, is_protected, &datagrams[0]);
      const double unicast_us = measure(counts[i], false, is_protected, &datagrams[1]);
      printf("%-12s %4u %10.2f %10.0f %10.2f %10.0f %8.1f\n", is_protected ? "Group OSCORE" : "plain", counts[i], multicast_us, datagrams[0],
             unicast_us, datagrams[1], unicast_us / multicast_us);
      is_good &= datagrams[0] == 1 && datagrams[1] >= counts[i] && datagrams[1] < counts[i] * 1.01 && (counts[i] < 100 || multicast_us * 10 < unicast_us);
    }
  puts(is_good ? "ok - one datagram for all, and with a hundred observers a tenth of the time at most" : "not ok - multicast does not pay");
  return !is_good;
}
