#include "cose/credential.h"

#include <string.h>
#include <strings.h>

#include "cose/key.h"
#include "crypto/x509.h"

enum { TAG_CWT = 61, TAG_SIGN = 98, TAG_SIGN1 = 18, TAG_MAC = 97, TAG_MAC0 = 17 };
enum { CLAIM_SUB = 2, CLAIM_CNF = 8, CNF_COSE_KEY = 1 };

static const struct {
  enum gc_cred_fmt fmt;
  const char *name, *alias, *label;
} formats[] = {
  { GC_CRED_CCS, "CCS", "kccs", "14" },
  { GC_CRED_CWT, "CWT", "kcwt", "13" },
  { GC_CRED_X509, "X.509", "x5chain", "33" },
  { GC_CRED_C509, "C509", "c5c", "25" },
};

const char *gc_cred_fmt_name(enum gc_cred_fmt fmt)
{
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
    if (formats[i].fmt == fmt)
      return formats[i].name;
  return NULL;
}

static bool same(const char *name, struct gc_bytes text)
{
  return strlen(name) == text.len && strncasecmp(name, (const char *)text.ptr, text.len) == 0;
}

enum gc_cred_fmt gc_cred_fmt_by_name(struct gc_bytes name)
{
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++)
    if (same(formats[i].name, name) || same(formats[i].alias, name) || same(formats[i].label, name))
      return formats[i].fmt;
  return GC_CRED_ANY;
}

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

static enum gc_err read_cnf(struct gc_cbor_reader *reader, struct gc_credential *out)
{
  struct gc_cbor_list map;
  enum gc_err err = gc_cbor_read_map(reader, &map);
  while (!err && gc_cbor_list_next(reader, &map)) {
    int64_t label;
    err = gc_cbor_read_label(reader, &label);
    if (!err && label == CNF_COSE_KEY && out->public_key.curve)
      err = bad(reader, "more than one key", GC_E_MALFORMED);
    if (!err)
      err = label == CNF_COSE_KEY ? gc_cose_key_read(reader, &out->public_key) : gc_cbor_skip(reader);
  }
  return err;
}

static enum gc_err read_claims(struct gc_cbor_reader *reader, struct gc_credential *out)
{
  struct gc_cbor_list map;
  enum gc_err err = gc_cbor_read_map(reader, &map);
  while (!err && gc_cbor_list_next(reader, &map)) {
    int64_t label;
    err = gc_cbor_read_label(reader, &label);
    if (err)
      break;
    if (label == CLAIM_CNF)
      err = read_cnf(reader, out);
    else if (label == CLAIM_SUB)
      err = gc_cbor_read_text(reader, &out->subject);
    else
      err = gc_cbor_skip(reader);
  }
  if (!err && !out->public_key.curve)
    err = bad(reader, "claims without a COSE_Key in cnf", GC_E_MALFORMED);
  return err;
}

/* [protected, unprotected, payload, signature or tag]: COSE_Sign1, COSE_Sign, COSE_Mac0 */
static enum gc_err read_cwt(struct gc_cbor_reader *reader, struct gc_credential *out)
{
  struct gc_cbor_list array;
  struct gc_bytes payload;
  size_t count = 0;
  enum gc_err err = gc_cbor_read_array(reader, &array);
  if (!err && !array.is_indefinite && array.left > 5)
    return bad(reader, "C509 certificates are not supported", GC_E_UNSUPPORTED);
  if (!err && !array.is_indefinite && array.left == 3)
    return bad(reader, "encrypted CWT", GC_E_UNSUPPORTED);
  for (; !err && gc_cbor_list_next(reader, &array); count++)
    err = count == 2 ? gc_cbor_read_bytes(reader, &payload) : gc_cbor_skip(reader);
  if (err)
    return err;
  if (count != 4 && count != 5)
    return bad(reader, "neither COSE_Sign1, COSE_Sign nor COSE_Mac0", GC_E_MALFORMED);
  struct gc_cbor_reader claims = gc_cbor_reader(payload);
  err = read_claims(&claims, out);
  if (!err && !gc_cbor_at_end(&claims))
    err = bad(&claims, "bytes after the claims", GC_E_MALFORMED);
  if (err)
    reader->where = (struct gc_where){ (size_t)(payload.ptr - reader->bytes.ptr) + claims.where.offset, claims.where.phrase };
  return err;
}

static enum gc_err read_cbor(struct gc_credential *out, struct gc_bytes bytes, enum gc_cred_fmt fmt, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  struct gc_cbor_item item;
  enum gc_err err = gc_cbor_peek(&reader, &item);
  for (int tags = 0; !err && item.type == GC_CBOR_TAG && tags < 2; tags++) {
    uint64_t tag;
    err = gc_cbor_read_tag(&reader, &tag);
    if (!err && tag != TAG_CWT && tag != TAG_SIGN && tag != TAG_SIGN1 && tag != TAG_MAC && tag != TAG_MAC0)
      err = bad(&reader, "not the tag of a CWT", tag == 16 || tag == 96 ? GC_E_UNSUPPORTED : GC_E_MALFORMED);
    if (!err)
      err = gc_cbor_peek(&reader, &item);
  }
  out->bytes = gc_bytes(bytes.ptr + reader.pos, bytes.len - reader.pos);
  if (!err && item.type == GC_CBOR_MAP && (fmt == GC_CRED_ANY || fmt == GC_CRED_CCS)) {
    out->fmt = GC_CRED_CCS;
    err = read_claims(&reader, out);
  } else if (!err && item.type == GC_CBOR_ARRAY && (fmt == GC_CRED_ANY || fmt == GC_CRED_CWT)) {
    out->fmt = GC_CRED_CWT;
    err = read_cwt(&reader, out);
  } else if (!err) {
    err = bad(&reader, "not a credential of the expected format", GC_E_MALFORMED);
  }
  if (!err && !gc_cbor_at_end(&reader))
    err = bad(&reader, "bytes after the credential", GC_E_MALFORMED);
  if (err)
    gc_fail(where, reader.where.offset, reader.where.phrase, err);
  return err;
}

enum gc_err gc_credential_read(struct gc_credential *out, struct gc_bytes bytes, enum gc_cred_fmt fmt, struct gc_where *where)
{
  struct gc_credential credential = { .fmt = GC_CRED_X509, .bytes = bytes };
  enum gc_err err;
  if (!bytes.len || bytes.len > GC_CREDENTIAL_MAX_LEN)
    return gc_fail(where, 0, bytes.len ? "credential too long" : "credential empty", GC_E_RANGE);
  if (fmt == GC_CRED_C509)
    return gc_fail(where, 0, "C509 certificates are not supported", GC_E_UNSUPPORTED);
  if (fmt == GC_CRED_X509 || (fmt == GC_CRED_ANY && bytes.ptr[0] == 0x30)) {
    err = gc_x509_public_key(&credential.public_key, &credential.subject, bytes);
    if (err)
      return gc_fail(where, 0, err == GC_E_UNSUPPORTED ? "certificate with a key of unsupported type" : "not an X.509 certificate", err);
  } else {
    err = read_cbor(&credential, bytes, fmt, where);
  }
  if (!err)
    *out = credential;
  return err;
}

enum gc_err gc_credential_write_ccs(struct gc_buf *out, const struct gc_public_key *key, struct gc_bytes subject)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_map(&writer, subject.len ? 2 : 1);
  if (subject.len) {
    gc_cbor_int(&writer, CLAIM_SUB);
    gc_cbor_text(&writer, subject);
  }
  gc_cbor_int(&writer, CLAIM_CNF);
  gc_cbor_map(&writer, 1);
  gc_cbor_int(&writer, CNF_COSE_KEY);
  gc_cose_key_write(&writer, key, 0);
  return gc_cbor_finish(&writer);
}
