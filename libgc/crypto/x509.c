#include "crypto/x509.h"

#include <nettle/asn1.h>


static const struct {
  struct gc_bytes algorithm, parameter;
  uint8_t curve;
} rows[] = {
#define OID(text) { (const uint8_t *)(text), sizeof(text) - 1 }
  { OID("\x2b\x65\x70"), { 0 }, GC_CURVE_ED25519 },
  { OID("\x2b\x65\x71"), { 0 }, GC_CURVE_ED448 },
  { OID("\x2b\x65\x6e"), { 0 }, GC_CURVE_X25519 },
  { OID("\x2b\x65\x6f"), { 0 }, GC_CURVE_X448 },
  { OID("\x2a\x86\x48\xce\x3d\x02\x01"), OID("\x2a\x86\x48\xce\x3d\x03\x01\x07"), GC_CURVE_P256 },
  { OID("\x2a\x86\x48\xce\x3d\x02\x01"), OID("\x2b\x81\x04\x00\x22"), GC_CURVE_P384 },
  { OID("\x2a\x86\x48\xce\x3d\x02\x01"), OID("\x2b\x81\x04\x00\x23"), GC_CURVE_P521 },
#undef OID
};

static bool is(const struct asn1_der_iterator *i, enum asn1_type type)
{
  return i->type == type;
}

static bool enter(struct asn1_der_iterator *i, struct asn1_der_iterator *contents)
{
  return is(i, ASN1_SEQUENCE) && asn1_der_decode_constructed(i, contents) != ASN1_ITERATOR_ERROR;
}

static bool next(struct asn1_der_iterator *i)
{
  enum asn1_iterator_result result = asn1_der_iterator_next(i);
  return result == ASN1_ITERATOR_PRIMITIVE || result == ASN1_ITERATOR_CONSTRUCTED;
}

/* Name ::= SEQUENCE OF SET OF SEQUENCE { type OID, value } */
static struct gc_bytes common_name(struct asn1_der_iterator *name)
{
  struct gc_bytes found = { NULL, 0 };
  struct asn1_der_iterator rdn, pair, field;
  if (!is(name, ASN1_SEQUENCE) || asn1_der_decode_constructed(name, &rdn) != ASN1_ITERATOR_CONSTRUCTED)
    return found;
  do {
    if (!is(&rdn, ASN1_SET) || asn1_der_decode_constructed(&rdn, &pair) != ASN1_ITERATOR_CONSTRUCTED)
      break;
    if (!enter(&pair, &field) || !is(&field, ASN1_IDENTIFIER))
      break;
    bool is_cn = gc_bytes_equal(gc_bytes(field.data, field.length), gc_bytes("\x55\x04\x03", 3));
    if (next(&field) && is_cn)
      found = gc_bytes(field.data, field.length);
  } while (next(&rdn));
  return found;
}

static enum gc_err read_point(struct gc_public_key *out, const struct gc_curve *curve, struct gc_bytes point)
{
  size_t n = curve->coord_len;
  struct gc_bytes none = { NULL, 0 };
  if (curve->kty == GC_KTY_OKP)
    return gc_public_key_set(out, curve->id, point, none, false);
  if (point.len == 2 * n + 1 && point.ptr[0] == 4)
    return gc_public_key_set(out, curve->id, gc_bytes(point.ptr + 1, n), gc_bytes(point.ptr + 1 + n, n), false);
  if (point.len == n + 1 && (point.ptr[0] == 2 || point.ptr[0] == 3))
    return gc_public_key_set(out, curve->id, gc_bytes(point.ptr + 1, n), none, point.ptr[0] == 3);
  return GC_E_MALFORMED;
}

/* SubjectPublicKeyInfo ::= SEQUENCE { SEQUENCE { algorithm, parameters OPTIONAL }, BIT STRING } */
static enum gc_err read_spki(struct gc_public_key *out, struct asn1_der_iterator *spki)
{
  struct asn1_der_iterator fields, algorithm;
  struct gc_bytes parameter = { NULL, 0 };
  if (!enter(spki, &fields) || !enter(&fields, &algorithm) || !is(&algorithm, ASN1_IDENTIFIER))
    return GC_E_MALFORMED;
  struct gc_bytes oid = gc_bytes(algorithm.data, algorithm.length);
  if (next(&algorithm))
    parameter = gc_bytes(algorithm.data, algorithm.length);
  if (!next(&fields) || !is(&fields, ASN1_BITSTRING) || fields.length < 2 || fields.data[0] != 0)
    return GC_E_MALFORMED;
  for (size_t i = 0; i < sizeof rows / sizeof rows[0]; i++)
    if (gc_bytes_equal(rows[i].algorithm, oid) && gc_bytes_equal(rows[i].parameter, parameter))
      return read_point(out, gc_curve_by_id(rows[i].curve), gc_bytes(fields.data + 1, fields.length - 1));
  return GC_E_UNSUPPORTED;
}

enum gc_err gc_x509_public_key(struct gc_public_key *out, struct gc_bytes *subject, struct gc_bytes bytes)
{
  struct asn1_der_iterator top, certificate, tbs;
  *subject = gc_bytes(NULL, 0);
  if (asn1_der_iterator_first(&top, bytes.len, bytes.ptr) != ASN1_ITERATOR_CONSTRUCTED || !enter(&top, &certificate) ||
      top.pos != bytes.len || !enter(&certificate, &tbs))
    return GC_E_MALFORMED;
  /* [0] version OPTIONAL, serialNumber, signature, issuer, validity, subject, subjectPublicKeyInfo */
  if (tbs.type == (ASN1_CLASS_CONTEXT_SPECIFIC | ASN1_TYPE_CONSTRUCTED) && !next(&tbs))
    return GC_E_MALFORMED;
  for (int i = 0; i < 4; i++)
    if (!next(&tbs))
      return GC_E_MALFORMED;
  *subject = common_name(&tbs);
  return next(&tbs) ? read_spki(out, &tbs) : GC_E_MALFORMED;
}
