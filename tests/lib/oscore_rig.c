/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include "../tests/lib/oscore_rig.h"

#include <stdio.h>
#include <string.h>

#include "crypto/hkdf.h"

const struct gc_bytes sec_get = { (const uint8_t *)"\x01\xb4temp", 6 };
const struct gc_bytes sec_content = { (const uint8_t *)"\x45\xc0\xff" "21.5", 7 };

struct gc_bytes sec_id(size_t member)
{
  static uint8_t ids[70000][2];
  ids[member][0] = (uint8_t)((member + 1) >> 8);
  ids[member][1] = (uint8_t)(member + 1);
  return member < 255 ? gc_bytes(&ids[member][1], 1) : gc_bytes(ids[member], 2);
}

struct gc_key_pair sec_pair(int32_t curve, size_t member)
{
  struct gc_key_pair pair;
  uint8_t seed[GC_PRIVATE_KEY_MAX_LEN];
  struct gc_bytes ikm = gc_bytes(&member, sizeof member);
  gc_hkdf(GC_HASH_SHA256, gc_bytes(NULL, 0), &ikm, 1, gc_bytes("rig", 3), seed, sizeof seed);
  if (curve == GC_CURVE_P521)
    seed[0] = 0;
  assert_int_equal(gc_key_pair_set(&pair, curve, gc_bytes(seed, gc_curve_by_id(curve)->coord_len)), GC_OK);
  return pair;
}

struct gc_bytes sec_cred(int32_t curve, size_t member)
{
  static uint8_t stores[8][256];
  static unsigned turn;
  char subject[24];
  struct gc_key_pair pair = sec_pair(curve, member);
  struct gc_buf out = gc_buf(stores[turn++ % 8], 256);
  snprintf(subject, sizeof subject, "m%zu", member);
  assert_int_equal(gc_credential_write_ccs(&out, &pair.public_key, gc_bytes_str(subject)), GC_OK);
  return gc_buf_bytes(&out);
}

static struct gc_oscore_params params_of(const struct sec_options *o)
{
  static uint8_t secret[16];
  struct gc_oscore_params p = gc_oscore_params_default(o->profile);
  memset(secret, o->secret + 1, sizeof secret);
  p.master_secret = gc_bytes(secret, sizeof secret);
  p.id_context = gc_bytes_str(o->gid ? o->gid : "gid");
  p.has_id_context = o->profile != GC_OSCORE_PLAIN || o->gid;
  p.name = gc_bytes_str(o->name ? o->name : "");
  int32_t curve = o->curve ? o->curve : GC_CURVE_ED25519;
  if (p.sign_alg)
    p.sign_alg = gc_curve_by_id(curve)->sign_alg;
  p.aead_alg = o->aead_alg ? o->aead_alg : p.aead_alg;
  p.group_enc_alg = o->group_enc_alg ? o->group_enc_alg : p.group_enc_alg;
  p.hkdf_alg = o->hkdf_alg ? o->hkdf_alg : p.hkdf_alg;
  p.ecdh_alg = o->ecdh_alg ? o->ecdh_alg : p.ecdh_alg;
  if (o->no_group_mode)
    p.group_enc_alg = p.sign_alg = 0;
  if (o->no_pairwise_mode)
    p.ecdh_alg = p.aead_alg = 0;
  if (o->window)
    p.replay_window = o->window;
  if (o->max_recipients)
    p.max_recipients = o->max_recipients;
  if (o->profile != GC_OSCORE_PLAIN)
    p.gm_cred = sec_cred(curve, 60000);
  return p;
}

struct gc_oscore_context *sec_context(const struct sec_options *options, size_t own, size_t members)
{
  return sec_context_of(options, own, 0, members - 1);
}

static enum gc_err add_member(struct gc_oscore_context *c, const struct sec_options *options, size_t own, size_t i, const char **why)
{
  int32_t curve = options->curve ? options->curve : GC_CURVE_ED25519;
  bool is_plain = options->profile == GC_OSCORE_PLAIN;
  struct gc_bytes none = { NULL, 0 }, cred = is_plain ? none : sec_cred(curve, i);
  if (i != own)
    return gc_oscore_context_add_recipient(c, sec_id(i), cred, NULL, why);
  struct gc_key_pair pair = sec_pair(curve, i);
  return options->is_silent ? GC_OK
                            : gc_oscore_context_set_sender(c, sec_id(i), cred, is_plain ? none : gc_bytes(pair.private_key, pair.private_len),
                                                           (struct gc_oscore_numbers){ NULL, NULL }, why);
}

struct gc_oscore_context *sec_context_of(const struct sec_options *options, size_t own, size_t first, size_t last)
{
  struct gc_oscore_params params = params_of(options);
  struct gc_oscore_context *c;
  const char *why = "";
  if (gc_oscore_context_new(&c, &params, &why))
    fail_msg("%s", why);
  for (size_t i = first; i <= last; i++)
    if (i != own && add_member(c, options, own, i, &why))
      fail_msg("member %zu: %s", i, why);
  if (add_member(c, options, own, own, &why))
    fail_msg("member %zu: %s", own, why);
  return c;
}

struct gc_bytes sec_datagram(struct gc_bytes body)
{
  static uint8_t stores[16][70000];
  static unsigned turn;
  uint8_t *d = stores[turn++ % 16];
  const uint8_t header[5] = { 0x51, body.ptr[0], 0, 1, 0x74 };
  memcpy(d, header, sizeof header);
  memcpy(d + sizeof header, body.ptr + 1, body.len - 1);
  return gc_bytes(d, body.len + 4);
}

static uint8_t protected_store[70000];

struct gc_bytes sec_request(struct gc_oscore_context *context, struct gc_bytes body, const struct gc_oscore_send *how, struct gc_oscore_binding *binding)
{
  struct gc_oscore_send plain = { 0 };
  struct gc_buf out = gc_buf(protected_store, sizeof protected_store);
  enum gc_sec result = gc_oscore_protect_request(context, body, how ? how : &plain, &out, binding);
  if (result)
    fail_msg("not protected: %s", gc_sec_str(result));
  return sec_datagram(gc_buf_bytes(&out));
}

struct gc_bytes sec_response(struct gc_oscore_context *context, struct gc_bytes body, const struct gc_oscore_send *how, struct gc_oscore_binding *binding)
{
  struct gc_oscore_send plain = { 0 };
  struct gc_buf out = gc_buf(protected_store, sizeof protected_store);
  enum gc_sec result = gc_oscore_protect_response(context, body, how ? how : &plain, binding, &out);
  if (result)
    fail_msg("not protected: %s", gc_sec_str(result));
  return sec_datagram(gc_buf_bytes(&out));
}

static uint8_t open_store[GC_OSCORE_STORAGE_LEN(70000)];

enum gc_sec sec_open_request(struct gc_oscore_context *context, struct gc_bytes datagram, unsigned flags, struct gc_oscore_opened *opened, struct gc_oscore_binding *binding)
{
  struct gc_message outer;
  if (gc_message_parse(&outer, datagram, NULL))
    return GC_SEC_NOT_PROTECTED;
  return gc_oscore_open_request(context, &outer, flags, gc_buf(open_store, GC_OSCORE_STORAGE_LEN(datagram.len)), opened, binding);
}

enum gc_sec sec_open_response(struct gc_oscore_context *context, struct gc_bytes datagram, unsigned flags, const struct gc_oscore_binding *binding, struct gc_oscore_opened *opened)
{
  struct gc_message outer;
  if (gc_message_parse(&outer, datagram, NULL))
    return GC_SEC_NOT_PROTECTED;
  return gc_oscore_open_response(context, &outer, flags, binding, gc_buf(open_store, GC_OSCORE_STORAGE_LEN(datagram.len)), opened);
}

struct gc_oscore_option sec_option(struct gc_bytes datagram)
{
  struct gc_message message;
  struct gc_bytes value;
  struct gc_oscore_option option;
  assert_int_equal(gc_message_parse(&message, datagram, NULL), GC_OK);
  assert_true(gc_oscore_option_of(&message, &value));
  assert_int_equal(gc_oscore_option_parse(&option, value, 0, NULL), GC_OK);
  return option;
}
