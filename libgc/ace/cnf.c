#include "ace/cnf.h"

enum { KCCS_EARLY = 14, CREDENTIAL_EARLY = 15 };

static const struct {
  uint8_t method;
  const char *name;
} names[] = {
  { GC_CNF_COSE_KEY, "COSE_Key" }, { GC_CNF_ENCRYPTED_COSE_KEY, "Encrypted_COSE_Key" },
  { GC_CNF_KID, "kid" },           { GC_CNF_OSC, "osc" },
  { GC_CNF_X5T, "x5t" },           { GC_CNF_X5U, "x5u" },
  { GC_CNF_C5T, "c5t" },           { GC_CNF_C5U, "c5u" },
  { GC_CNF_KCWT, "kcwt" },         { GC_CNF_KCCS, "kccs" },
  { GC_CNF_X5CHAIN, "x5chain" },   { GC_CNF_X5BAG, "x5bag" },
  { GC_CNF_C5C, "c5c" },           { GC_CNF_C5B, "c5b" },
};

const char *gc_cnf_method_name(int64_t method)
{
  for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
    if (names[i].method == method)
      return names[i].name;
  return NULL;
}

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

/* --- reading ------------------------------------------------------------------------------------------------------------ */

/* one certificate, or an array whose first is that of the end entity (RFC 9360, Section 2) */
static enum gc_err read_chain(struct gc_cbor_reader *reader, struct gc_bytes *out)
{
  struct gc_cbor_item item;
  struct gc_cbor_list list;
  struct gc_bytes other;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err || item.type == GC_CBOR_BYTES)
    return err ? err : gc_cbor_read_bytes(reader, out);
  err = gc_cbor_read_array(reader, &list);
  size_t count = 0;
  for (; !err && gc_cbor_list_next(reader, &list); count++)
    err = gc_cbor_read_bytes(reader, count ? &other : out);
  return err || count ? err : bad(reader, "a chain without a certificate", GC_E_MALFORMED);
}

static enum gc_err read_osc(struct gc_cbor_reader *reader, struct gc_cnf *out)
{
  size_t at = reader->pos;
  struct gc_where where = { 0, NULL };
  enum gc_err err = gc_cbor_read_raw(reader, &out->value);
  if (err)
    return err;
  err = gc_material_parse(&out->osc, out->value, GC_MATERIAL_CURRENT, &where);
  return err ? gc_fail(&reader->where, at + where.offset, where.phrase, err) : GC_OK;
}

/* a CCS is a map, a CWT an array, whatever number early texts gave them */
static enum gc_cnf_method normal(int64_t label, const struct gc_cbor_item *value)
{
  if (label == KCCS_EARLY || label == CREDENTIAL_EARLY)
    return value->type == GC_CBOR_MAP ? GC_CNF_KCCS : GC_CNF_KCWT;
  return (enum gc_cnf_method)label;
}

static enum gc_err read_value(struct gc_cbor_reader *reader, int64_t label, struct gc_cnf *out)
{
  struct gc_cbor_item item;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (err)
    return err;
  out->method = normal(label, &item);
  switch (out->method) {
  case GC_CNF_COSE_KEY:
    err = gc_cose_key_parse(reader, &out->key);
    break;
  case GC_CNF_OSC:
    err = read_osc(reader, out);
    break;
  case GC_CNF_KCWT:
  case GC_CNF_KCCS:
    if (item.type != (out->method == GC_CNF_KCCS ? GC_CBOR_MAP : GC_CBOR_ARRAY) && item.type != GC_CBOR_TAG)
      return bad(reader, "not a credential of that kind", GC_E_MALFORMED);
    err = gc_cbor_read_raw(reader, &out->credential);
    break;
  case GC_CNF_X5CHAIN:
    err = read_chain(reader, &out->credential);
    break;
  default:
    err = gc_cbor_skip(reader);
  }
  if (!err)
    out->value = gc_bytes_slice(reader->bytes, at, reader->pos - at);
  return err;
}

struct found {
  bool value, kid, other;
};

static enum gc_err read_pair(struct gc_cbor_reader *reader, struct gc_cnf *out, struct found *found)
{
  int64_t label;
  enum gc_err err = gc_cbor_read_label(reader, &label);
  if (err)
    return err;
  if (label != KCCS_EARLY && label != CREDENTIAL_EARLY && !gc_cnf_method_name(label)) {
    found->other = true;
    return gc_cbor_skip(reader);
  }
  bool *once = label == GC_CNF_KID ? &found->kid : &found->value;
  if (*once)
    return bad(reader, "more than one key to confirm with", GC_E_MALFORMED);
  *once = true;
  return label == GC_CNF_KID ? gc_cbor_read_bytes(reader, &out->kid) : read_value(reader, label, out);
}

static void settle_kid(struct gc_cnf *cnf, const struct found *found)
{
  if (!found->value)
    cnf->method = GC_CNF_KID;
  else if (cnf->method == GC_CNF_COSE_KEY && found->kid && !cnf->key.has_kid) {
    cnf->key.has_kid = true;
    cnf->key.kid = cnf->kid;
  }
}

enum gc_err gc_cnf_parse(struct gc_cnf *out, struct gc_bytes map, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(map);
  struct gc_cnf cnf = { .method = GC_CNF_KID };
  struct found found = { false, false, false };
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_read_map(&reader, &list);
  while (!err && gc_cbor_list_next(&reader, &list))
    err = read_pair(&reader, &cnf, &found);
  if (!err && !found.value && !found.kid)
    err = found.other ? bad(&reader, "no confirmation method that is known", GC_E_UNSUPPORTED)
                      : bad(&reader, "no confirmation method", GC_E_MALFORMED);
  if (!err)
    settle_kid(&cnf, &found);
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *out = cnf;
  return err;
}

/* --- writing ------------------------------------------------------------------------------------------------------------ */

static struct gc_cbor_writer begin(struct gc_buf *out, enum gc_cnf_method method)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_map(&writer, 1);
  gc_cbor_uint(&writer, (uint64_t)method);
  return writer;
}

enum gc_err gc_cnf_write_key(struct gc_buf *out, const struct gc_cose_key *key)
{
  struct gc_cbor_writer writer = begin(out, GC_CNF_COSE_KEY);
  gc_cose_key_put(&writer, key);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_cnf_write_kid(struct gc_buf *out, struct gc_bytes kid)
{
  struct gc_cbor_writer writer = begin(out, GC_CNF_KID);
  gc_cbor_bytes(&writer, kid);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_cnf_write_osc(struct gc_buf *out, const struct gc_group_material *osc)
{
  struct gc_cbor_writer writer = begin(out, GC_CNF_OSC);
  gc_material_write(&writer, osc);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_cnf_write_credential(struct gc_buf *out, struct gc_bytes credential, enum gc_cred_fmt fmt)
{
  if (fmt != GC_CRED_CCS && fmt != GC_CRED_CWT && fmt != GC_CRED_X509)
    return GC_E_UNSUPPORTED;
  struct gc_cbor_writer writer = begin(out, fmt == GC_CRED_CCS ? GC_CNF_KCCS : fmt == GC_CRED_CWT ? GC_CNF_KCWT : GC_CNF_X5CHAIN);
  if (fmt == GC_CRED_X509)
    gc_cbor_bytes(&writer, credential);
  else
    gc_cbor_raw(&writer, credential);
  return gc_cbor_finish(&writer);
}
