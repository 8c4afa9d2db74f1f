#include "ace/cwt.h"

#include "ace/scope.h"
#include "crypto/secret.h"
#include "iana/names.h"

enum { TAG_CWT = 61 };

#define AT(member) offsetof(struct gc_cwt_claims, member)
#define KEY(label) { label, GC_PARAM_NO_KEY }

/* registry "CWT Claims" */
static const struct gc_param rows[GC_CWT_CLAIMS] = {
  [GC_CWT_ISS] = { KEY(1), GC_PARAM_TEXT, AT(iss), "iss", NULL },
  [GC_CWT_SUB] = { KEY(2), GC_PARAM_TEXT, AT(sub), "sub", NULL },
  [GC_CWT_AUD] = { KEY(3), GC_PARAM_TEXT, AT(aud), "aud", NULL },
  [GC_CWT_EXP] = { KEY(4), GC_PARAM_DATE, AT(exp), "exp", NULL },
  [GC_CWT_NBF] = { KEY(5), GC_PARAM_DATE, AT(nbf), "nbf", NULL },
  [GC_CWT_IAT] = { KEY(6), GC_PARAM_DATE, AT(iat), "iat", NULL },
  [GC_CWT_CTI] = { KEY(7), GC_PARAM_BYTES, AT(cti), "cti", NULL },
  [GC_CWT_CNF] = { KEY(8), GC_PARAM_MAP, AT(cnf), "cnf", NULL },
  [GC_CWT_SCOPE] = { KEY(9), GC_PARAM_OTHER, AT(scope), "scope", NULL },
  [GC_CWT_PROFILE] = { KEY(38), GC_PARAM_INT, AT(profile), "ace_profile", NULL },
  [GC_CWT_CNONCE] = { KEY(39), GC_PARAM_BYTES, AT(cnonce), "cnonce", NULL },
  [GC_CWT_EXI] = { KEY(40), GC_PARAM_UINT, AT(exi), "exi", NULL },
  [GC_CWT_EDHOC_INFO] = { KEY(41), GC_PARAM_MAP, AT(edhoc_info), "edhoc_info", NULL },
  [GC_CWT_CONTEXT_ID] = { KEY(51), GC_PARAM_BYTES, AT(context_id), "context_id", NULL },
  [GC_CWT_SALT_INPUT] = { KEY(52), GC_PARAM_BYTES, AT(salt_input), "salt_input", NULL },
};

/* a text, a byte string, or a byte string under the tag that says what is in it */
static enum gc_err read_scope(struct gc_cbor_reader *reader, void *value)
{
  struct gc_text_or_bytes *scope = value;
  struct gc_cbor_item item;
  uint64_t tag;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  *scope = (struct gc_text_or_bytes){ .is_text = item.type == GC_CBOR_TEXT };
  if (item.type == GC_CBOR_TAG && item.number == GC_SCOPE_TAG)
    err = gc_cbor_read_tag(reader, &tag);
  if (err)
    return err;
  return scope->is_text ? gc_cbor_read_text(reader, &scope->value) : gc_cbor_read_bytes(reader, &scope->value);
}

static void write_scope(struct gc_cbor_writer *writer, const void *value)
{
  const struct gc_text_or_bytes *scope = value;
  if (scope->is_text)
    gc_cbor_text(writer, scope->value);
  else
    gc_cbor_bytes(writer, scope->value);
}

static const struct gc_param_other scope_claim = { read_scope, write_scope };
static const struct gc_param_table table = { .rows = rows, .count = GC_CWT_CLAIMS, .other = &scope_claim, .is_ordered = true };

enum gc_err gc_cwt_claims_parse(struct gc_cwt_claims *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_cwt_claims claims = { .present = 0 };
  enum gc_err err = gc_params_parse(&table, 0, payload, &claims, &claims.present, &claims.unknown, where);
  if (!err)
    *out = claims;
  return err;
}

enum gc_err gc_cwt_claims_write(struct gc_buf *out, const struct gc_cwt_claims *claims)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_params_write(&table, 0, &writer, claims, claims->present, &claims->unknown);
  return gc_cbor_finish(&writer);
}

const struct gc_param *gc_cwt_claim_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}

enum gc_err gc_cwt_make(struct gc_buf *out, const struct gc_cwt_claims *claims, const struct gc_cwt_key *key, struct gc_bytes iv)
{
  uint8_t store[GC_CWT_MAX_LEN];
  struct gc_buf payload = gc_buf(store, sizeof store);
  struct gc_cose_header header = { key->alg, key->kid, iv };
  enum gc_err err = gc_cwt_claims_write(&payload, claims);
  if (err == GC_E_SPACE)
    err = GC_E_RANGE;
  if (!err && key->kind == GC_COSE_ENCRYPT0)
    err = gc_encrypt0_make(out, &header, key->secret, gc_buf_bytes(&payload));
  else if (!err && key->kind == GC_COSE_MAC0)
    err = gc_mac0_make(out, &header, key->secret, gc_buf_bytes(&payload));
  else if (!err)
    err = gc_sign1_make(out, &header, key->pair, gc_buf_bytes(&payload));
  gc_wipe(store, sizeof store);
  return err;
}

enum gc_err gc_cwt_parse(struct gc_cose_message *out, struct gc_bytes token, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(token);
  struct gc_cbor_item item;
  uint64_t tag = 0;
  if (!gc_cbor_peek(&reader, &item) && item.type == GC_CBOR_TAG && item.number == TAG_CWT && !gc_cbor_read_tag(&reader, &tag))
    token = gc_bytes_slice(token, reader.pos, token.len);
  size_t skipped = tag ? reader.pos : 0;
  enum gc_err err = gc_cose_message_parse(out, token, where);
  if (err && where)
    where->offset += skipped;
  return err;
}

static enum gc_cwt_verdict verdict_of(enum gc_cose_result result)
{
  switch (result) {
  case GC_COSE_OPENED:
    return GC_CWT_VALID;
  case GC_COSE_FORGED:
    return GC_CWT_FORGED;
  case GC_COSE_NO_ROOM:
    return GC_CWT_NO_CLAIMS;
  default:
    return GC_CWT_WRONG_KEY;
  }
}

/* the key, not the token, says which algorithm protects */
static bool is_key_of(const struct gc_cwt_key *key, const struct gc_cose_message *message)
{
  if (message->kind != key->kind || !message->has_alg || message->alg != key->alg)
    return false;
  return !message->has_kid || !key->kid.len || gc_bytes_equal(message->kid, key->kid);
}

enum gc_cwt_verdict gc_cwt_open(struct gc_cwt_claims *claims, struct gc_bytes token, const struct gc_cwt_key *key, struct gc_buf *room,
                                struct gc_where *where)
{
  struct gc_cose_message message;
  enum gc_cwt_verdict verdict;
  size_t start = room->len;
  if (gc_cwt_parse(&message, token, where))
    return GC_CWT_NOT_PARSED;
  if (!is_key_of(key, &message))
    verdict = GC_CWT_WRONG_KEY;
  else if (key->kind == GC_COSE_ENCRYPT0)
    verdict = verdict_of(gc_encrypt0_open(&message, key->secret, room));
  else if (key->kind == GC_COSE_MAC0)
    verdict = verdict_of(gc_mac0_verify(&message, key->secret));
  else
    verdict = verdict_of(gc_sign1_verify(&message, key->public_key));
  if (verdict) {
    gc_fail(where, 0, gc_cwt_verdict_str(verdict), GC_E_MALFORMED);
    return verdict;
  }
  struct gc_bytes payload = key->kind == GC_COSE_ENCRYPT0 ? gc_bytes_slice(gc_buf_bytes(room), start, room->len) : message.content;
  return gc_cwt_claims_parse(claims, payload, where) ? GC_CWT_NO_CLAIMS : GC_CWT_VALID;
}

enum gc_cwt_verdict gc_cwt_check(const struct gc_cwt_claims *claims, const struct gc_cwt_expected *expected)
{
  if (expected->issuer.len && gc_cwt_has(claims, GC_CWT_ISS) && !gc_bytes_equal(claims->iss, expected->issuer))
    return GC_CWT_WRONG_ISSUER;
  if (expected->has_clock && gc_cwt_has(claims, GC_CWT_EXP) && gc_numeric_date_seconds(&claims->exp) <= expected->now_s)
    return GC_CWT_EXPIRED;
  if (expected->has_clock && gc_cwt_has(claims, GC_CWT_NBF) && gc_numeric_date_seconds(&claims->nbf) > expected->now_s)
    return GC_CWT_NOT_YET;
  if (expected->audience.len && (!gc_cwt_has(claims, GC_CWT_AUD) || !gc_bytes_equal(claims->aud, expected->audience)))
    return GC_CWT_WRONG_AUDIENCE;
  return GC_CWT_VALID;
}

enum gc_err gc_cti_write(struct gc_buf *out, struct gc_bytes rs_id, uint64_t number)
{
  uint8_t digits[8];
  size_t len = 0, start = out->len;
  do
    digits[sizeof digits - ++len] = (uint8_t)number;
  while (number >>= 8);
  enum gc_err err = gc_buf_add(out, rs_id);
  if (!err)
    err = gc_buf_add(out, gc_bytes(digits + sizeof digits - len, len));
  if (err)
    out->len = start;
  return err;
}

enum gc_err gc_cti_parse(uint64_t *number, struct gc_bytes cti, struct gc_bytes rs_id)
{
  uint64_t value = 0;
  if (cti.len <= rs_id.len || !gc_bytes_equal(gc_bytes_slice(cti, 0, rs_id.len), rs_id))
    return GC_E_MALFORMED;
  for (size_t i = rs_id.len; i < cti.len; i++) {
    if (value >> 56)
      return GC_E_RANGE;
    value = value << 8 | cti.ptr[i];
  }
  *number = value;
  return GC_OK;
}

static const struct {
  const char *phrase;
  uint8_t code;
} verdicts[GC_CWT_VERDICTS] = {
  [GC_CWT_VALID] = { "the token is valid", GC_CODE_CREATED },
  [GC_CWT_NOT_PARSED] = { "the token is no CWT", GC_CODE_BAD_REQUEST },
  [GC_CWT_WRONG_KEY] = { "the token is not protected with the key of this Authorization Server", GC_CODE_UNAUTHORIZED },
  [GC_CWT_FORGED] = { "the protection of the token does not verify", GC_CODE_UNAUTHORIZED },
  [GC_CWT_NO_CLAIMS] = { "the claims of the token cannot be read", GC_CODE_BAD_REQUEST },
  [GC_CWT_WRONG_ISSUER] = { "the token is of another issuer", GC_CODE_UNAUTHORIZED },
  [GC_CWT_EXPIRED] = { "the token has expired", GC_CODE_UNAUTHORIZED },
  [GC_CWT_NOT_YET] = { "the token is not valid yet", GC_CODE_UNAUTHORIZED },
  [GC_CWT_WRONG_AUDIENCE] = { "the token is for another audience", GC_CODE_FORBIDDEN },
};

const char *gc_cwt_verdict_str(enum gc_cwt_verdict verdict)
{
  return (unsigned)verdict < GC_CWT_VERDICTS ? verdicts[verdict].phrase : "unknown verdict";
}

uint8_t gc_cwt_verdict_code(enum gc_cwt_verdict verdict)
{
  return (unsigned)verdict < GC_CWT_VERDICTS ? verdicts[verdict].code : GC_CODE_INTERNAL_SERVER_ERROR;
}
