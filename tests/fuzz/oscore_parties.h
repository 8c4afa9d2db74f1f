/* Two members for the fuzz targets of protected messages, and what holds for every message. */
#ifndef GC_TESTS_OSCORE_PARTIES_H
#define GC_TESTS_OSCORE_PARTIES_H

#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "oscore/message.h"

struct parties {
  struct gc_oscore_context *client, *server;
  struct gc_oscore_binding request; /* of a request of the client's, in group mode or OSCORE */
  struct gc_oscore_binding pairwise;
  struct gc_oscore_binding its;     /* the same at the server */
};

static struct gc_oscore_context *party(enum gc_oscore_profile profile, int own)
{
  struct gc_oscore_params p = gc_oscore_params_default(profile);
  struct gc_oscore_context *c;
  uint8_t store[2][128];
  struct gc_bytes creds[2];
  struct gc_key_pair pairs[2];
  bool is_plain = profile == GC_OSCORE_PLAIN;
  p.master_secret = gc_bytes("0123456789abcdef", 16);
  p.id_context = gc_bytes("gid", 3);
  p.has_id_context = true;
  for (int i = 0; i < 2; i++) {
    uint8_t seed[32];
    struct gc_buf out = gc_buf(store[i], sizeof store[i]);
    memset(seed, i + 1, sizeof seed);
    if (gc_key_pair_set(&pairs[i], GC_CURVE_ED25519, gc_bytes(seed, 32)) || gc_credential_write_ccs(&out, &pairs[i].public_key, gc_bytes(NULL, 0)))
      abort();
    creds[i] = is_plain ? gc_bytes(NULL, 0) : gc_buf_bytes(&out);
  }
  p.gm_cred = creds[0];
  if (gc_oscore_context_new(&c, &p, NULL) ||
      gc_oscore_context_set_sender(c, gc_bytes(own ? "\2" : "\1", 1), creds[own], is_plain ? gc_bytes(NULL, 0) : gc_bytes(pairs[own].private_key, 32),
                                   (struct gc_oscore_numbers){ NULL, NULL }, NULL) ||
      gc_oscore_context_add_recipient(c, gc_bytes(own ? "\1" : "\2", 1), creds[1 - own], NULL, NULL))
    abort();
  return c;
}

/* "code ‖ options ‖ payload" as a message. */
static inline bool as_message(struct gc_message *out, struct gc_bytes body)
{
  *out = (struct gc_message){ .version = 1, .type = GC_TYPE_NON };
  if (!body.len || gc_options_split(&out->options, &out->payload, gc_bytes(body.ptr + 1, body.len - 1), 1, NULL))
    return false;
  out->code = body.ptr[0];
  return true;
}

static struct parties *parties_of(uint8_t choice)
{
  static struct parties all[3];
  struct parties *p = &all[choice % 3];
  if (p->client)
    return p;
  if (gc_crypto_init())
    abort();
  p->client = party((enum gc_oscore_profile)(choice % 3), 0);
  p->server = party((enum gc_oscore_profile)(choice % 3), 1);
  uint8_t store[512], plain[1100];
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_oscore_send how = { 0 };
  struct gc_oscore_opened opened;
  struct gc_message outer;
  struct gc_bytes get = gc_bytes("\1", 1);
  if (gc_oscore_protect_request(p->client, get, &how, &out, &p->request) || !as_message(&outer, gc_buf_bytes(&out)) ||
      gc_oscore_open_request(p->server, &outer, GC_OPEN_NO_REPLAY, gc_buf(plain, sizeof plain), &opened, &p->its))
    abort();
  if (gc_oscore_context_has_mode(p->client, GC_MODE_PAIRWISE)) {
    how = (struct gc_oscore_send){ .is_pairwise = true, .peer = gc_bytes("\2", 1) };
    out.len = 0;
    if (gc_oscore_protect_request(p->client, get, &how, &out, &p->pairwise))
      abort();
  }
  return p;
}

/* Exactly as much memory as is promised to suffice, so that the sanitizers see a byte too much. */
static inline struct gc_buf exact(size_t len)
{
  void *memory = malloc(len ? len : 1);
  if (!memory)
    abort();
  return gc_buf(memory, len);
}

#endif
