/* Protected messages against the bare primitives on the same bytes, in turn: verify+decrypt and protect in group mode
 * (Ed25519, AES-CCM-16-64-128, 64-byte payload), pairwise and OSCORE decryption; and heap allocations per message. */
#include <nettle/aes.h>
#include <nettle/ccm.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "coap/builder.h"
#include "oscore/message.h"

extern void *__libc_malloc(size_t size);
extern void *__libc_realloc(void *ptr, size_t size);
extern void *__libc_calloc(size_t count, size_t size);

static unsigned long allocations;

void *malloc(size_t size)
{
  allocations++;
  return __libc_malloc(size);
}

void *calloc(size_t count, size_t size)
{
  allocations++;
  return __libc_calloc(count, size);
}

void *realloc(void *ptr, size_t size)
{
  allocations++;
  return __libc_realloc(ptr, size);
}

static double now_us(void)
{
  struct timespec t;
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &t);
  return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void check(bool is_good, const char *what)
{
  if (!is_good) {
    fprintf(stderr, "oscore bench: %s\n", what);
    exit(1);
  }
}

static uint8_t store[4096], signed_bytes[2048], signature[64], plaintext[256], nonce[13], aad[1024], body_store[256];
static struct gc_bytes body, countersigned, enc_structure;
static struct gc_oscore_context *client, *server, *plain_client, *plain_server;
static struct gc_message group_message, pairwise_message, plain_message;
static struct gc_key_pair pair;
static uint8_t expanded[64];
static struct aes128_ctx aes;

static struct gc_oscore_context *context(enum gc_oscore_profile profile, int own)
{
  struct gc_oscore_params p = gc_oscore_params_default(profile);
  struct gc_oscore_context *c;
  p.master_secret = gc_bytes("0123456789abcdef", 16);
  p.master_salt = gc_bytes("01234567", 8);
  p.id_context = gc_bytes("Dal", 3);
  p.has_id_context = true;
  uint8_t creds[3][128];
  struct gc_bytes cred[3];
  struct gc_key_pair keys[3];
  for (int i = 0; i < 3; i++) {
    uint8_t seed[32];
    memset(seed, i + 1, sizeof seed);
    struct gc_buf out = gc_buf(creds[i], sizeof creds[i]);
    check(!gc_key_pair_set(&keys[i], GC_CURVE_ED25519, gc_bytes(seed, 32)) && !gc_credential_write_ccs(&out, &keys[i].public_key, gc_bytes(NULL, 0)), "keys");
    cred[i] = profile == GC_OSCORE_PLAIN ? gc_bytes(NULL, 0) : gc_buf_bytes(&out);
  }
  p.gm_cred = cred[2];
  pair = keys[0];
  struct gc_bytes key = profile == GC_OSCORE_PLAIN ? gc_bytes(NULL, 0) : gc_bytes(keys[own].private_key, 32);
  check(!gc_oscore_context_new(&c, &p, NULL), "context");
  check(!gc_oscore_context_set_sender(c, gc_bytes(own ? "\x52" : "\x25", 1), cred[own], key, (struct gc_oscore_numbers){ NULL, NULL }, NULL), "sender");
  check(!gc_oscore_context_add_recipient(c, gc_bytes(own ? "\x25" : "\x52", 1), cred[1 - own], NULL, NULL), "recipient");
  return c;
}

static void make_message(struct gc_oscore_context *from, bool is_pairwise, struct gc_message *out)
{
  struct gc_oscore_send how = { .is_pairwise = is_pairwise, .peer = gc_bytes("\x52", 1) };
  struct gc_oscore_binding binding;
  uint8_t *at = malloc(1024);
  struct gc_buf buf = gc_buf(at + 4, 1000);
  check(gc_oscore_protect_request(from, body, &how, &buf, &binding) == GC_SEC_OK, "protect");
  const uint8_t header[4] = { 0x50, at[4], 0, 1 };
  memmove(at + 4, at + 5, buf.len - 1);
  memcpy(at, header, 4);
  check(!gc_message_parse(out, gc_bytes(at, buf.len + 3), NULL), "parse");
}

static void bare_verify(void)
{
  check(crypto_sign_verify_detached(signature, countersigned.ptr, countersigned.len, pair.public_key.bytes) == 0, "bare verify");
}

static void bare_sign(void)
{
  uint8_t out[64];
  check(crypto_sign_detached(out, NULL, countersigned.ptr, countersigned.len, expanded) == 0, "bare sign");
}

static void bare_ccm(void)
{
  static uint8_t out[512];
  ccm_decrypt_message(&aes, (nettle_cipher_func *)nettle_aes128_encrypt, 13, nonce, enc_structure.len, enc_structure.ptr, 8,
                      pairwise_message.payload.len - 8, out, pairwise_message.payload.ptr);
}

static void open_one(struct gc_oscore_context *to, const struct gc_message *message)
{
  struct gc_oscore_opened opened;
  struct gc_oscore_binding binding;
  check(gc_oscore_open_request(to, message, GC_OPEN_NO_REPLAY, gc_buf(store, sizeof store), &opened, &binding) == GC_SEC_OK, "open");
}

static void open_group(void)
{
  open_one(server, &group_message);
}

static void open_pairwise(void)
{
  open_one(server, &pairwise_message);
}

static void open_plain(void)
{
  open_one(plain_server, &plain_message);
}

static void protect_group(void)
{
  struct gc_oscore_send how = { 0 };
  struct gc_oscore_binding binding;
  struct gc_buf out = gc_buf(store, sizeof store);
  check(gc_oscore_protect_request(client, body, &how, &out, &binding) == GC_SEC_OK, "protect");
}

static int by_value(const void *a, const void *b)
{
  double x = *(const double *)a, y = *(const double *)b;
  return x < y ? -1 : x > y;
}

#define ROUNDS 601

/* Medians of microseconds per call, the two in turn; the ratio bare / ours. */
static double compare(const char *name, void (*bare)(void), void (*ours)(void), unsigned calls, const char *unit, double limit, bool is_time)
{
  static double a[ROUNDS], b[ROUNDS], ratio[ROUNDS];
  for (int round = 0; round < ROUNDS; round++) {
    double t0 = now_us();
    for (unsigned i = 0; i < calls; i++)
      bare();
    double t1 = now_us();
    for (unsigned i = 0; i < calls; i++)
      ours();
    double t2 = now_us();
    a[round] = (t1 - t0) / calls;
    b[round] = (t2 - t1) / calls;
    ratio[round] = is_time ? b[round] / a[round] : a[round] / b[round];
  }
  qsort(a, ROUNDS, sizeof *a, by_value);
  qsort(b, ROUNDS, sizeof *b, by_value);
  qsort(ratio, ROUNDS, sizeof *ratio, by_value);
  double r = ratio[ROUNDS / 2];
  printf("oscore: %s: %.2f us, bare %.2f us: %.3f %s (%s %.2f)\n", name, b[ROUNDS / 2], a[ROUNDS / 2], r, unit, is_time ? "at most" : "at least", limit);
  return is_time ? limit - r : r - limit;
}

static unsigned long count(void (*f)(void))
{
  unsigned long before = allocations;
  for (int i = 0; i < 100; i++)
    f();
  return allocations - before;
}

int main(void)
{
  check(sodium_init() >= 0, "sodium");
  struct gc_builder b = gc_builder_body(body_store, sizeof body_store, GC_CODE(0, 2));
  gc_builder_add_str(&b, 11, "light");
  gc_builder_payload(&b, gc_bytes("0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef", 64));
  check(!gc_builder_finish(&b, &body), "body");
  plain_client = context(GC_OSCORE_PLAIN, 0);
  plain_server = context(GC_OSCORE_PLAIN, 1);
  client = context(GC_OSCORE_GROUP, 0);
  server = context(GC_OSCORE_GROUP, 1);
  memcpy(expanded, pair.private_key, 32);
  memcpy(expanded + 32, pair.public_key.bytes, 32);
  struct gc_oscore_trace trace = { .countersigned = gc_buf(signed_bytes, sizeof signed_bytes), .signature = gc_buf(signature, 64) };
  gc_oscore_context_trace(client, &trace);
  make_message(client, false, &group_message);
  countersigned = gc_buf_bytes(&trace.countersigned);
  struct gc_oscore_trace second = { .enc_structure = gc_buf(aad, sizeof aad), .nonce = gc_buf(nonce, sizeof nonce), .plaintext = gc_buf(plaintext, sizeof plaintext) };
  gc_oscore_context_trace(client, &second);
  make_message(client, true, &pairwise_message);
  gc_oscore_context_trace(client, NULL);
  enc_structure = gc_buf_bytes(&second.enc_structure);
  make_message(plain_client, false, &plain_message);
  struct gc_oscore_recipient_secrets secrets;
  check(!gc_oscore_recipient_secrets(client, gc_oscore_context_at(client, 0), &secrets), "secrets");
  aes128_set_encrypt_key(&aes, secrets.pairwise_sender_key);

  open_group(); /* once, so that keys are derived */
  open_pairwise();
  open_plain();
  unsigned long a = count(open_group), p = count(protect_group), w = count(open_pairwise), o = count(open_plain);
  printf("oscore: heap allocations for 100 messages: group mode opened %lu, protected %lu; pairwise opened %lu, OSCORE opened %lu (none)\n", a, p, w, o);
  bool is_good = !a && !p && !w && !o;
  is_good = compare("group mode verify+decrypt", bare_verify, open_group, 10, "of the bare verify rate", 0.97, false) >= 0 && is_good;
  is_good = compare("group mode protect", bare_sign, protect_group, 20, "of the bare sign rate", 0.95, false) >= 0 && is_good;
  is_good = compare("pairwise mode verify+decrypt", bare_ccm, open_pairwise, 500, "times the bare CCM time", 4, true) >= 0 && is_good;
  is_good = compare("OSCORE verify+decrypt", bare_ccm, open_plain, 500, "times the bare CCM time", 4, true) >= 0 && is_good;
  return !is_good;
}
