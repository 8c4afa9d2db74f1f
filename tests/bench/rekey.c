/* Members of a group in one process, over the real gc-manager: each has a socket of its own on the loopback, a token (made here
 * with the key of the Authorization Server), an OSCORE association, and answers its own rekeying. One joins, leaves and joins
 * again; each time the others have to be rekeyed, by a request to their control URI or by a notification.
 *   rekey MEMBERS control|observe GM_PORT GM_PID AS_FILE
 * prints a row of joining and a row of rekeying (medians). Fails where a member does not end with the keys of all. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>

#include "ace/cnf.h"
#include "ace/cwt.h"
#include "cbor/writer.h"
#include "coap/message.h"
#include "cose/credential.h"
#include "crypto/secret.h"
#include "group/join_client.h"
#include "group/server.h"
#include "iana/names.h"
#include "net/loop.h"
#include "net/udp.h"
#include "oscore/material.h"
#include "store/context_file.h"

enum { MEMBERS_MAX = 4096, AT_ONCE = 8, ROUNDS = 3, PATIENCE_MS = 120000, ROLES = 6 };

struct node {
  struct gc_addr address;
  struct gc_udp *socket; /* to ask from, and where the control URI is */
  struct gc_client *client;
  struct gc_join *join;
  struct gc_member *member;
  struct gc_oscore_context *context;
  struct gc_oscore_ring *ring;
  struct gc_key_pair pair;
  uint8_t cred[128];
  char control_uri[64];
  uint64_t num;
  bool is_joined, is_rekeyed;
};

static struct node *nodes;
static size_t count; /* the last one is who comes and goes */
static bool observes;
static int gm_pid;
static struct gc_addr gm_addr;
static struct gc_context_file *as;
static struct gc_loop *loop;
static struct gc_server *server;
static size_t open_operations, rekeyed;
static unsigned long datagrams, bytes;
static uint8_t newest_key[256]; /* of the latest generation, encoded */
static size_t newest_key_len;
static uint64_t give_up_ms, tick_ms;

static void check(bool is_good, const char *what)
{
  if (is_good)
    return;
  fprintf(stderr, "rekey bench: %s\n", what);
  exit(1);
}

/* --- figures ------------------------------------------------------------------------------------------------------------- */

static double now_s(void)
{
  struct timespec t;
  clock_gettime(CLOCK_MONOTONIC, &t);
  return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static double gm_cpu_s(void)
{
  char path[64];
  unsigned long long ns = 0;
  snprintf(path, sizeof path, "/proc/%d/schedstat", gm_pid);
  FILE *file = fopen(path, "r");
  check(file && fscanf(file, "%llu", &ns) == 1, "the CPU time of gc-manager cannot be read");
  fclose(file);
  return (double)ns / 1e9;
}

static int compare(const void *a, const void *b)
{
  const double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

static double median(double values[ROUNDS])
{
  qsort(values, ROUNDS, sizeof *values, compare);
  return values[ROUNDS / 2];
}

/* --- what a member is told ------------------------------------------------------------------------------------------------- */

static void take_rekeying(struct node *node, const struct gc_groupcomm *message)
{
  check(!gc_rekeying_fault(message), "a rekeying message lacks something");
  const enum gc_rekeying_step step = gc_rekeying_judge(node->num, message->num);
  check(step != GC_REKEYING_MISSED, "a rekeying was missed");
  if (step == GC_REKEYING_IGNORE)
    return;
  if (!rekeyed) {
    newest_key_len = message->key.len;
    check(newest_key_len <= sizeof newest_key, "a large key");
    memcpy(newest_key, message->key.ptr, newest_key_len);
  }
  check(gc_bytes_equal(message->key, gc_bytes(newest_key, newest_key_len)), "two members have two keys");
  node->num = message->num;
  node->is_rekeyed = true;
  if (++rekeyed == count - 1)
    gc_loop_stop(loop);
}

static enum gc_err on_control(void *ctx, const struct gc_server_request *request, struct gc_server_response *response)
{
  struct gc_groupcomm message;
  (void)ctx;
  (void)response;
  check(gc_groupcomm_parse(&message, request->payload, NULL) == GC_OK, "a rekeying message cannot be read");
  take_rekeying(gc_member_user(request->member), &message);
  return GC_OK;
}

static void on_done(void *ctx, const struct gc_join_answer *answer)
{
  struct node *node = ctx;
  if (answer->result)
    fprintf(stderr, "%s: %s %d.%02d %s\n", gc_join_operation_name(answer->operation), gc_join_result_str(answer->result), answer->code >> 5,
            answer->code & 31, answer->detail);
  check(!answer->result && !answer->is_end, "an operation failed");
  if (answer->is_notification && node->is_joined && answer->message->num > node->num) {
    take_rekeying(node, answer->message);
    return;
  }
  if (answer->operation == GC_JOIN_JOIN)
    node->num = answer->membership.num;
  node->is_joined = answer->operation != GC_JOIN_LEAVE;
  if (--open_operations < AT_ONCE)
    gc_loop_stop(loop);
}

/* --- datagrams ------------------------------------------------------------------------------------------------------------- */

static void count_datagram(const struct node *node, const struct gc_datagram *datagram)
{
  if (node == &nodes[count - 1])
    return;
  datagrams++;
  bytes += datagram->bytes.len;
}

static enum gc_err on_client_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct node *node = ctx;
  count_datagram(node, datagram);
  return gc_udp_send(node->socket, datagram);
}

static enum gc_err on_server_send(void *ctx, struct gc_member *member, const struct gc_datagram *datagram)
{
  (void)ctx;
  return on_client_send(gc_member_user(member), datagram);
}

static void on_datagram(void *ctx, const struct gc_datagram *datagram)
{
  struct node *node = ctx;
  const uint64_t now_ms = gc_now_ms();
  count_datagram(node, datagram);
  if (datagram->bytes.len > 1 && GC_CODE_IS_REQUEST(datagram->bytes.ptr[1])) {
    gc_server_receive(server, node->member, datagram, now_ms);
    return;
  }
  gc_client_receive(node->client, datagram, now_ms);
  gc_join_tick(node->join, now_ms);
}

static void on_ready(void *ctx, int fd)
{
  const struct node *node = ctx;
  (void)fd;
  (void)!gc_udp_receive(node->socket, on_datagram, ctx);
}

/* Retransmissions are looked after ten times a second: on the loopback they are rare. */
static void on_tick(void *ctx, uint64_t now_ms)
{
  (void)ctx;
  tick_ms = now_ms + 100;
  check(now_ms < give_up_ms, "not all were told in time");
  gc_server_tick(server, now_ms);
  for (size_t i = 0; i < count; i++) {
    gc_client_tick(nodes[i].client, now_ms);
    gc_join_tick(nodes[i].join, now_ms);
  }
}

static uint64_t on_deadline(void *ctx)
{
  (void)ctx;
  return tick_ms;
}

static void run(void)
{
  check(gc_loop_run(loop, on_deadline, on_tick, NULL, NULL) == GC_OK, "the loop");
}

/* --- members ----------------------------------------------------------------------------------------------------------------- */

static void on_client_event(void *ctx, const struct gc_client_event *event)
{
  const struct node *node = ctx;
  (void)gc_join_event(node->join, event);
}

static enum gc_err on_associate(void *ctx, const struct gc_oscore_profile_context *derived, struct gc_oscore_context **context,
                                struct gc_oscore_ring **ring)
{
  struct node *node = ctx;
  const struct gc_bytes none = { NULL, 0 };
  check(gc_oscore_context_new(&node->context, &derived->params, NULL) == GC_OK &&
          gc_oscore_context_set_sender(node->context, derived->sender_id, none, none, (struct gc_oscore_numbers){ NULL, NULL }, NULL) == GC_OK &&
          gc_oscore_context_add_recipient(node->context, derived->recipient_id, none, NULL, NULL) == GC_OK &&
          gc_oscore_ring_add(node->ring, node->context) == GC_OK,
        "an association");
  *context = node->context;
  *ring = node->ring;
  return GC_OK;
}

static struct gc_bytes make_scope(uint8_t room[64])
{
  struct gc_buf out = gc_buf(room, 64);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_cbor_array(&writer, 1);
  gc_cbor_array(&writer, 2);
  gc_cbor_text(&writer, gc_bytes_str("lights"));
  gc_cbor_uint(&writer, ROLES);
  check(gc_cbor_finish(&writer) == GC_OK, "a scope");
  return gc_buf_bytes(&out);
}

/* What the Authorization Server would have answered. */
static void give_token(struct node *node, const char *name)
{
  uint8_t cnf_room[128], token_room[512], scope_room[64], secret[16], id[4], iv[13];
  struct gc_buf cnf = gc_buf(cnf_room, sizeof cnf_room), token = gc_buf(token_room, sizeof token_room);
  struct gc_cnf parsed;
  gc_random(secret, sizeof secret);
  gc_random(id, sizeof id);
  gc_random(iv, sizeof iv);
  const struct gc_group_material osc = { .present = GC_GM_ID | GC_GM_MS, .id = gc_bytes(id, sizeof id), .ms = gc_bytes(secret, sizeof secret) };
  check(gc_cnf_write_osc(&cnf, &osc) == GC_OK && gc_cnf_parse(&parsed, gc_buf_bytes(&cnf), NULL) == GC_OK, "input material");
  const struct gc_cwt_claims claims = {
    .present = GC_PARAM_BIT(GC_CWT_ISS) | GC_PARAM_BIT(GC_CWT_SUB) | GC_PARAM_BIT(GC_CWT_AUD) | GC_PARAM_BIT(GC_CWT_EXP) | GC_PARAM_BIT(GC_CWT_CNF) |
               GC_PARAM_BIT(GC_CWT_SCOPE),
    .iss = gc_bytes_str(as->ace.issuer), .sub = gc_bytes_str(name), .aud = gc_bytes_str(as->ace.audience), .exp = { .number = time(NULL) + 86400 },
    .cnf = gc_buf_bytes(&cnf), .scope = { .value = make_scope(scope_room) },
  };
  const struct gc_cwt_key key = { .kind = GC_COSE_ENCRYPT0, .alg = as->ace.token_alg, .kid = as->ace.token_kid, .secret = as->ace.token_key };
  check(gc_cwt_make(&token, &claims, &key, gc_bytes(iv, sizeof iv)) == GC_OK, "a token");
  const struct gc_join_kept kept = { .token = gc_buf_bytes(&token), .material = parsed.value };
  check(gc_join_resume(node->join, &kept) == GC_OK, "a token is kept");
}

static void make_node(struct node *node, size_t index)
{
  const struct gc_client_params client_params = gc_client_params_default();
  const struct gc_client_ops client_ops = { .send = on_client_send, .event = on_client_event, .ctx = node };
  const struct gc_join_ops join_ops = { .done = on_done, .associate = on_associate, .ctx = node };
  struct gc_join_params params = gc_join_params_default();
  struct gc_buf cred = gc_buf(node->cred, sizeof node->cred);
  char name[24];
  snprintf(name, sizeof name, "m%zu", index);
  const struct gc_udp_options options = { .bind = gc_addr_ipv4(127, 0, 0, 1, 0), .hop_limit = -1 };
  check(gc_udp_open(&node->socket, &options) == GC_OK && gc_loop_add(loop, gc_udp_fd(node->socket), on_ready, node) == GC_OK, "a socket");
  node->address = gc_udp_address(node->socket);
  check(gc_key_pair_generate(&node->pair, GC_CURVE_ED25519) == GC_OK && gc_credential_write_ccs(&cred, &node->pair.public_key, gc_bytes_str(name)) == GC_OK,
        "a key");
  snprintf(node->control_uri, sizeof node->control_uri, "coap://127.0.0.1:%u/r", node->address.port);
  params.gm = (struct gc_join_server){ .addr = gm_addr, .path = "/ace-group/lights" };
  params.gname = gc_bytes_str("lights");
  params.roles = ROLES;
  params.pair = &node->pair;
  params.cred = gc_buf_bytes(&cred);
  params.cred_fmt = GC_CRED_CCS;
  params.wants_creds = !observes;
  params.control_uri = gc_bytes_str(observes || index == count - 1 ? "" : node->control_uri);
  node->ring = gc_oscore_ring_new();
  node->client = gc_client_new(&client_params, &client_ops, gc_rng_system());
  node->join = node->client ? gc_join_new(&params, &join_ops, node->client, gc_rng_system()) : NULL;
  check(node->ring && node->join && gc_server_add_member(server, &node->member, &node->address, node) == GC_OK &&
          gc_member_secure(node->member, node->ring, GC_ANSWER_AS_ASKED) == GC_OK,
        "no memory");
  give_token(node, name);
}

static void set_up(void)
{
  const struct gc_server_params params = gc_server_params_default();
  const struct gc_server_ops ops = { .send = on_server_send };
  const struct gc_resource_def def = { .path = "r", .methods = 1u << GC_CODE_POST, .handler = on_control, .content_format = -1, .consumes = -1,
                                       .is_oscore = true, .needs_protection = true, .max_body_len = 65536 };
  struct gc_resource *resource;
  const struct rlimit files = { count + 64, count + 64 };
  check(setrlimit(RLIMIT_NOFILE, &files) == 0, "so many sockets cannot be");
  server = gc_server_new(&params, &ops, gc_rng_system());
  nodes = calloc(count, sizeof *nodes);
  check(server && nodes && gc_server_add_resource(server, &resource, &def) == GC_OK && gc_loop_new(&loop) == GC_OK, "no memory");
  for (size_t i = 0; i < count; i++)
    make_node(&nodes[i], i);
}

static void ask(struct node *node, enum gc_join_operation operation)
{
  check(gc_join_ask(node->join, operation, NULL) == GC_OK, "an operation cannot begin");
  open_operations++;
  gc_join_tick(node->join, gc_now_ms());
}

/* The first so many do it, a few at a time. */
static void ask_all(enum gc_join_operation operation, size_t many)
{
  give_up_ms = gc_now_ms() + PATIENCE_MS;
  for (size_t i = 0; i < many; i++) {
    ask(&nodes[i], operation);
    while (open_operations >= AT_ONCE)
      run();
  }
  while (open_operations)
    run();
}

/* --- the two figures ----------------------------------------------------------------------------------------------------------- */

static void join_all(void)
{
  const double began_s = now_s(), cpu_s = gm_cpu_s();
  ask_all(GC_JOIN_JOIN, count);
  const double s = now_s() - began_s;
  printf("joins %5zu, %d at a time, %s: %6.0f a second, %5.0f us of gc-manager each\n", count, AT_ONCE,
         observes ? "without the others' credentials" : "with the others' credentials   ", (double)count / s,
         (gm_cpu_s() - cpu_s) * 1e6 / (double)count);
  if (observes)
    ask_all(GC_JOIN_OBSERVE, count - 1);
}

static void rekey_all(void)
{
  double s[ROUNDS], cpu[ROUNDS], sent[ROUNDS], len[ROUNDS];
  struct node *guest = &nodes[count - 1];
  for (size_t round = 0; round < ROUNDS; round++) {
    datagrams = bytes = rekeyed = 0;
    give_up_ms = gc_now_ms() + PATIENCE_MS;
    const double began_s = now_s(), cpu_s = gm_cpu_s();
    ask(guest, GC_JOIN_LEAVE);
    while (rekeyed < count - 1 || open_operations)
      run();
    s[round] = now_s() - began_s;
    for (size_t i = 0; i < count - 1; i++) {
      check(nodes[i].is_rekeyed && nodes[i].num == nodes[0].num, "a member has old keys");
      nodes[i].is_rekeyed = false;
    }
    struct timespec rest = { .tv_nsec = 20000000 }; /* what is still on its way belongs to it */
    nanosleep(&rest, NULL);
    for (size_t i = 0; i < count; i++)
      on_ready(&nodes[i], 0);
    sent[round] = (double)datagrams;
    len[round] = (double)bytes;
    cpu[round] = gm_cpu_s() - cpu_s;
    ask(guest, GC_JOIN_JOIN);
    while (open_operations)
      run();
  }
  const double n = (double)(count - 1), cpu_s = median(cpu);
  printf("%-9s %7zu %9.4f %9.0f %9.1f %9.0f %9.1f %9.0f\n", observes ? "notified" : "requested", count - 1, median(s), median(sent), median(sent) / n,
         median(len) / n, cpu_s * 1e3, cpu_s * 1e6 / n);
}

static void say(void *ctx, bool is_error, const struct gc_context_problem *problem)
{
  (void)ctx;
  if (is_error)
    fprintf(stderr, "%s: %s: %s\n", problem->path, problem->key, problem->phrase);
}

int main(int argc, char **argv)
{
  check(argc == 6 && gc_crypto_init() == GC_OK, "rekey MEMBERS control|observe GM_PORT GM_PID AS_FILE");
  count = strtoul(argv[1], NULL, 10) + 1;
  observes = strcmp(argv[2], "observe") == 0;
  gm_addr = gc_addr_ipv4(127, 0, 0, 1, (uint16_t)strtoul(argv[3], NULL, 10));
  gm_pid = atoi(argv[4]);
  check(count > 1 && count <= MEMBERS_MAX, "so many members cannot be");
  check(gc_context_file_read(&as, argv[5], false, say, NULL) == GC_OK, "the file of the Authorization Server");
  set_up();
  join_all();
  rekey_all();
  return 0;
}
