#include "cose/message.h"

#include "cose/structure.h"
#include "crypto/aead.h"
#include "crypto/hkdf.h"
#include "crypto/secret.h"

enum { HEADER_ALG = 1, HEADER_CRIT = 2, HEADER_KID = 4, HEADER_IV = 5 };

/* HMAC algorithms (RFC 9053, Section 3.1): those of the table of HKDF names and one with a shorter tag */
static const struct {
  int32_t alg;
  uint8_t hash, tag_len;
} macs[] = {
  { 4, GC_HASH_SHA256, 8 },
  { GC_ALG_HMAC_256, GC_HASH_SHA256, 32 },
  { GC_ALG_HMAC_384, GC_HASH_SHA384, 48 },
  { GC_ALG_HMAC_512, GC_HASH_SHA512, 64 },
};
enum { MACS = sizeof macs / sizeof macs[0] };

static size_t mac_by_id(int64_t alg)
{
  size_t i = 0;
  while (i < MACS && macs[i].alg != alg)
    i++;
  return i;
}

static const struct gc_alg *alg_by_id(int64_t alg)
{
  return alg < INT32_MIN || alg > INT32_MAX ? NULL : gc_alg_by_id((int32_t)alg);
}

/* --- parsing --------------------------------------------------------------------------------------------------------- */

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

struct seen {
  bool alg, kid, iv;
};

static enum gc_err read_alg(struct gc_cbor_reader *reader, struct gc_cose_message *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (!err && item.type == GC_CBOR_TEXT)
    return bad(reader, "algorithm with a text as its name", GC_E_UNSUPPORTED);
  out->has_alg = true;
  return err ? err : gc_cbor_read_int(reader, &out->alg);
}

static enum gc_err read_parameter(struct gc_cbor_reader *reader, struct gc_cose_message *out, struct seen *seen)
{
  int64_t label;
  enum gc_err err = gc_cbor_read_label(reader, &label);
  if (err)
    return err;
  bool *once = label == HEADER_ALG ? &seen->alg : label == HEADER_KID ? &seen->kid : label == HEADER_IV ? &seen->iv : NULL;
  if (once && *once)
    return bad(reader, "header parameter twice", GC_E_MALFORMED);
  if (once)
    *once = true;
  switch (label) {
  case HEADER_ALG:
    return read_alg(reader, out);
  case HEADER_CRIT: /* what must be understood is not */
    return bad(reader, "critical header parameters", GC_E_UNSUPPORTED);
  case HEADER_KID:
    out->has_kid = true;
    return gc_cbor_read_bytes(reader, &out->kid);
  case HEADER_IV:
    return gc_cbor_read_bytes(reader, &out->iv);
  default:
    return gc_cbor_skip(reader);
  }
}

static enum gc_err read_map(struct gc_cbor_reader *reader, struct gc_cose_message *out, struct seen *seen)
{
  struct gc_cbor_list map;
  enum gc_err err = gc_cbor_read_map(reader, &map);
  while (!err && gc_cbor_list_next(reader, &map))
    err = read_parameter(reader, out, seen);
  return err;
}

static enum gc_err read_protected(struct gc_cbor_reader *reader, struct gc_cose_message *out, struct seen *seen)
{
  enum gc_err err = gc_cbor_read_bytes(reader, &out->protected_header);
  if (err || !out->protected_header.len) /* an empty map may be left out of its byte string */
    return err;
  if (out->protected_header.len > GC_COSE_PROTECTED_MAX_LEN)
    return bad(reader, "protected header too long", GC_E_LIMIT);
  struct gc_cbor_reader inner = gc_cbor_reader(out->protected_header);
  err = gc_cbor_whole(&inner, read_map(&inner, out, seen), NULL);
  if (err)
    reader->where = (struct gc_where){ (size_t)(out->protected_header.ptr - reader->bytes.ptr) + inner.where.offset, inner.where.phrase };
  return err;
}

static enum gc_err read_content(struct gc_cbor_reader *reader, struct gc_bytes *out)
{
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (!err && item.type == GC_CBOR_SIMPLE)
    return bad(reader, "detached payload", GC_E_UNSUPPORTED);
  return err ? err : gc_cbor_read_bytes(reader, out);
}

static enum gc_err read_element(struct gc_cbor_reader *reader, size_t index, struct gc_cose_message *out, struct seen *seen)
{
  switch (index) {
  case 0:
    return read_protected(reader, out, seen);
  case 1:
    return read_map(reader, out, seen);
  case 2:
    return read_content(reader, &out->content);
  case 3:
    return gc_cbor_read_bytes(reader, &out->seal);
  default:
    return bad(reader, "too many elements for a COSE message without recipients", GC_E_MALFORMED);
  }
}

static enum gc_err read_array(struct gc_cbor_reader *reader, struct gc_cose_message *out, size_t *count)
{
  struct gc_cbor_list array;
  struct seen seen = { false, false, false };
  enum gc_err err = gc_cbor_read_array(reader, &array);
  for (*count = 0; !err && gc_cbor_list_next(reader, &array); ++*count)
    err = read_element(reader, *count, out, &seen);
  return err;
}

static enum gc_err settle_kind(struct gc_cbor_reader *reader, struct gc_cose_message *out, size_t count, uint64_t tag)
{
  const struct gc_alg *alg = alg_by_id(out->alg);
  if (count != 3 && count != 4)
    return bad(reader, "neither COSE_Encrypt0, COSE_Mac0 nor COSE_Sign1", GC_E_MALFORMED);
  if (tag && (tag == GC_COSE_ENCRYPT0) != (count == 3))
    return bad(reader, "the tag and the number of elements disagree", GC_E_MALFORMED);
  if (tag)
    out->kind = (enum gc_cose_kind)tag;
  else if (count == 3)
    out->kind = GC_COSE_ENCRYPT0;
  else if (out->has_alg && mac_by_id(out->alg) < MACS)
    out->kind = GC_COSE_MAC0;
  else if (out->has_alg && alg && alg->kind == GC_ALG_SIGN)
    out->kind = GC_COSE_SIGN1;
  else
    return bad(reader, "no tag, and no algorithm that tells what it is", GC_E_UNSUPPORTED);
  return GC_OK;
}

enum gc_err gc_cose_message_parse(struct gc_cose_message *out, struct gc_bytes bytes, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  struct gc_cose_message message = { .kind = GC_COSE_ENCRYPT0 };
  struct gc_cbor_item item;
  uint64_t tag = 0;
  size_t count = 0;
  if (bytes.len > GC_COSE_MESSAGE_MAX_LEN)
    return gc_fail(where, 0, "COSE message too long", GC_E_LIMIT);
  enum gc_err err = gc_cbor_peek(&reader, &item);
  if (!err && item.type == GC_CBOR_TAG) {
    err = gc_cbor_read_tag(&reader, &tag);
    if (!err && tag != GC_COSE_ENCRYPT0 && tag != GC_COSE_MAC0 && tag != GC_COSE_SIGN1)
      err = bad(&reader, "tag of something else", GC_E_UNSUPPORTED);
  }
  if (!err)
    err = read_array(&reader, &message, &count);
  if (!err)
    err = settle_kind(&reader, &message, count, tag);
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *out = message;
  return err;
}

/* --- what is encrypted or signed over -------------------------------------------------------------------------------- */

#define STRUCTURE_MAX_LEN (GC_COSE_MESSAGE_MAX_LEN + GC_COSE_PROTECTED_MAX_LEN + 32)

/* [context, protected, h'', payload], or without a payload; the caller has STRUCTURE_MAX_LEN bytes of room */
static struct gc_bytes structure(uint8_t *room, const char *context, struct gc_bytes protected_header, const struct gc_bytes *payload)
{
  struct gc_bytes name = gc_bytes_str(context);
  uint8_t *p = gc_cose_put_head(room, GC_COSE_ARRAY, payload ? 4 : 3);
  p = gc_cose_put_head(p, GC_COSE_TSTR, name.len);
  memcpy(p, name.ptr, name.len);
  p = gc_cose_put_bstr(p + name.len, protected_header);
  p = gc_cose_put_bstr(p, gc_bytes(NULL, 0));
  if (payload)
    p = gc_cose_put_bstr(p, *payload);
  return gc_bytes(room, (size_t)(p - room));
}

static const struct gc_alg *encryption(int64_t id)
{
  const struct gc_alg *alg = alg_by_id(id);
  return alg && alg->kind == GC_ALG_AEAD ? alg : NULL;
}

static void mac(size_t which, struct gc_bytes key, struct gc_bytes protected_header, struct gc_bytes payload, uint8_t *out)
{
  uint8_t room[STRUCTURE_MAX_LEN];
  struct gc_bytes input = structure(room, "MAC0", protected_header, &payload);
  gc_hmac((enum gc_hash)macs[which].hash, key, &input, 1, out);
  gc_wipe(room, input.len);
}

/* --- opening ------------------------------------------------------------------------------------------------------------ */

enum gc_cose_result gc_encrypt0_open(const struct gc_cose_message *message, struct gc_bytes key, struct gc_buf *plain)
{
  const struct gc_alg *alg = encryption(message->alg);
  struct gc_aead_key prepared;
  uint8_t room[GC_COSE_PROTECTED_MAX_LEN + 32];
  if (message->kind != GC_COSE_ENCRYPT0 || !message->has_alg || !alg || message->iv.len != alg->nonce_len)
    return GC_COSE_UNSUITABLE;
  if (gc_aead_set_key(&prepared, alg, key))
    return GC_COSE_UNSUITABLE;
  enum gc_cose_result result = GC_COSE_FORGED;
  struct gc_bytes aad = structure(room, "Encrypt0", message->protected_header, NULL);
  if (message->content.len < alg->tag_len)
    goto out;
  size_t len = message->content.len - alg->tag_len;
  result = GC_COSE_NO_ROOM;
  if (plain->cap - plain->len < len)
    goto out;
  result = GC_COSE_FORGED;
  if (!gc_aead_decrypt(&prepared, message->iv.ptr, aad, message->content, plain->ptr + plain->len))
    goto out;
  plain->len += len;
  result = GC_COSE_OPENED;
out:
  gc_wipe(&prepared, sizeof prepared);
  return result;
}

enum gc_cose_result gc_mac0_verify(const struct gc_cose_message *message, struct gc_bytes key)
{
  size_t which = mac_by_id(message->alg);
  uint8_t expected[GC_HASH_MAX_LEN];
  if (message->kind != GC_COSE_MAC0 || !message->has_alg || which == MACS || !key.len || message->content.len > GC_COSE_MESSAGE_MAX_LEN)
    return GC_COSE_UNSUITABLE;
  mac(which, key, message->protected_header, message->content, expected);
  bool is_right = message->seal.len == macs[which].tag_len && gc_secret_equal(expected, message->seal.ptr, message->seal.len);
  gc_wipe(expected, sizeof expected);
  return is_right ? GC_COSE_OPENED : GC_COSE_FORGED;
}

static bool signs_with(const struct gc_public_key *key, int64_t alg)
{
  const struct gc_curve *curve = gc_curve_by_id(key->curve);
  return curve && curve->sign_alg && curve->sign_alg == alg;
}

enum gc_cose_result gc_sign1_verify(const struct gc_cose_message *message, const struct gc_public_key *key)
{
  uint8_t room[STRUCTURE_MAX_LEN];
  if (message->kind != GC_COSE_SIGN1 || !message->has_alg || !signs_with(key, message->alg))
    return GC_COSE_UNSUITABLE;
  if (message->content.len > GC_COSE_MESSAGE_MAX_LEN)
    return GC_COSE_UNSUITABLE;
  struct gc_bytes input = structure(room, "Signature1", message->protected_header, &message->content);
  return gc_verify(key, input, message->seal) ? GC_COSE_OPENED : GC_COSE_FORGED;
}

/* --- making ------------------------------------------------------------------------------------------------------------- */

static struct gc_bytes protected_of(uint8_t room[static 16], int32_t alg)
{
  uint8_t *p = room;
  *p++ = 0xa1;
  *p++ = HEADER_ALG;
  return gc_bytes(room, (size_t)(gc_cose_put_int(p, alg) - room));
}

/* tag, array and headers, and the head of the byte string that comes next */
static void put_front(struct gc_cbor_writer *writer, enum gc_cose_kind kind, const struct gc_cose_header *header,
                      struct gc_bytes protected_header, size_t content_len)
{
  gc_cbor_tag(writer, (uint64_t)kind);
  gc_cbor_array(writer, kind == GC_COSE_ENCRYPT0 ? 3 : 4);
  gc_cbor_bytes(writer, protected_header);
  gc_cbor_map(writer, (size_t)(header->kid.len > 0) + (header->iv.len > 0));
  if (header->kid.len) {
    gc_cbor_int(writer, HEADER_KID);
    gc_cbor_bytes(writer, header->kid);
  }
  if (header->iv.len) {
    gc_cbor_int(writer, HEADER_IV);
    gc_cbor_bytes(writer, header->iv);
  }
  gc_cbor_head(writer, GC_COSE_BSTR, content_len, gc_cbor_width(content_len));
}

static bool is_too_long(const struct gc_cose_header *header, struct gc_bytes content)
{
  return content.len + header->kid.len + header->iv.len + 256 > GC_COSE_MESSAGE_MAX_LEN; /* 256: all heads and the longest seal */
}

enum gc_err gc_encrypt0_make(struct gc_buf *out, const struct gc_cose_header *header, struct gc_bytes key, struct gc_bytes plain)
{
  const struct gc_alg *alg = encryption(header->alg);
  struct gc_aead_key prepared;
  uint8_t protected_room[16], room[GC_COSE_PROTECTED_MAX_LEN + 32];
  size_t start = out->len;
  if (!alg)
    return GC_E_UNSUPPORTED;
  if (header->iv.len != alg->nonce_len || is_too_long(header, plain))
    return GC_E_RANGE;
  enum gc_err err = gc_aead_set_key(&prepared, alg, key);
  if (err)
    return err;
  struct gc_bytes protected_header = protected_of(protected_room, header->alg);
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  put_front(&writer, GC_COSE_ENCRYPT0, header, protected_header, plain.len + alg->tag_len);
  err = gc_cbor_finish(&writer);
  if (!err && out->cap - out->len < plain.len + alg->tag_len)
    err = GC_E_SPACE;
  if (!err)
    err = gc_aead_encrypt(&prepared, header->iv.ptr, structure(room, "Encrypt0", protected_header, NULL), plain, out->ptr + out->len);
  out->len = err ? start : out->len + plain.len + alg->tag_len;
  gc_wipe(&prepared, sizeof prepared);
  return err;
}

static enum gc_err put_sealed(struct gc_buf *out, enum gc_cose_kind kind, const struct gc_cose_header *header,
                              struct gc_bytes protected_header, struct gc_bytes payload, struct gc_bytes seal)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  put_front(&writer, kind, header, protected_header, payload.len);
  gc_cbor_raw(&writer, payload); /* the inside of the byte string */
  gc_cbor_bytes(&writer, seal);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_mac0_make(struct gc_buf *out, const struct gc_cose_header *header, struct gc_bytes key, struct gc_bytes payload)
{
  size_t which = mac_by_id(header->alg);
  uint8_t protected_room[16], seal[GC_HASH_MAX_LEN];
  if (which == MACS)
    return GC_E_UNSUPPORTED;
  if (!key.len || is_too_long(header, payload))
    return GC_E_RANGE;
  struct gc_bytes protected_header = protected_of(protected_room, header->alg);
  mac(which, key, protected_header, payload, seal);
  enum gc_err err = put_sealed(out, GC_COSE_MAC0, header, protected_header, payload, gc_bytes(seal, macs[which].tag_len));
  gc_wipe(seal, sizeof seal);
  return err;
}

enum gc_err gc_sign1_make(struct gc_buf *out, const struct gc_cose_header *header, const struct gc_key_pair *pair, struct gc_bytes payload)
{
  uint8_t protected_room[16], room[STRUCTURE_MAX_LEN], seal[GC_SIGNATURE_MAX_LEN];
  if (!signs_with(&pair->public_key, header->alg))
    return GC_E_UNSUPPORTED;
  if (is_too_long(header, payload))
    return GC_E_RANGE;
  struct gc_bytes protected_header = protected_of(protected_room, header->alg);
  enum gc_err err = gc_sign(pair, structure(room, "Signature1", protected_header, &payload), seal);
  if (err)
    return err;
  return put_sealed(out, GC_COSE_SIGN1, header, protected_header, payload, gc_bytes(seal, gc_signature_len(pair->public_key.curve)));
}
