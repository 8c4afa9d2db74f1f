#include "observe/material.h"

#define NONE GC_PARAM_NO_KEY
#define AT(member) offsetof(struct gc_group_material, member)

/* OSCORE Security Context Parameters; those of -05 were unassigned in its time, the values are those of this project's table
 * of code points. In the order of the bits of enum gc_material_param. */
static const struct gc_param rows[] = {
  { { 2, 2 }, GC_PARAM_BYTES, AT(ms), "ms", NULL },
  { { 3, 3 }, GC_PARAM_INT_OR_TEXT, AT(hkdf), "hkdf", NULL },
  { { 4, 4 }, GC_PARAM_INT_OR_TEXT, AT(alg), "alg", NULL },
  { { 5, 5 }, GC_PARAM_BYTES, AT(salt), "salt", NULL },
  { { 6, 6 }, GC_PARAM_BYTES, AT(context_id), "contextId", NULL },
  { { 8, NONE }, GC_PARAM_INT, AT(cred_fmt), "cred_fmt", NULL },
  { { 9, NONE }, GC_PARAM_INT_OR_TEXT, AT(gp_enc_alg), "gp_enc_alg", NULL },
  { { 10, 8 }, GC_PARAM_INT_OR_TEXT, AT(sign_alg), "sign_alg", "cs_alg" },
  { { 11, 9 }, GC_PARAM_ARRAY, AT(sign_params), "sign_params", "cs_params" },
  { { NONE, 10 }, GC_PARAM_ARRAY, AT(cs_key_params), "cs_key_params", NULL },
  { { NONE, 11 }, GC_PARAM_INT, AT(cs_key_enc), "cs_key_enc", NULL },
  { { 14, NONE }, GC_PARAM_BYTES, AT(det_sender_id), "det_senderId", NULL },
  { { 15, NONE }, GC_PARAM_INT_OR_TEXT, AT(det_hash_alg), "det_hash_alg", NULL },
};
static const struct gc_param_table table = { .rows = rows, .count = sizeof rows / sizeof rows[0] };

const struct gc_param *gc_group_material_param_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}

enum { GROUP_SENDER_ID = 7, ECDH_ALG_05 = 12, ECDH_KEY_PARAMS_05 = 14 };

const char *gc_group_material_fault(const struct gc_group_material *material)
{
  static const uint32_t needed[GC_OMN_FORMATS] = {
    [GC_OMN_CURRENT] = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_CRED_FMT | GC_GM_GP_ENC_ALG | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS,
    [GC_OMN_05] = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS | GC_GM_CS_KEY_PARAMS | GC_GM_CS_KEY_ENC,
  };
  uint64_t missing = needed[material->format] & ~material->present;
  if (missing & GC_GM_MS)
    return "the keying material has no Master Secret";
  if (missing & GC_GM_CONTEXT_ID)
    return "the keying material has no Gid";
  return missing ? "the keying material lacks an algorithm or a format" : NULL;
}

/* group_senderId, and in -05 the parameters of the pairwise mode, are not for this use (Appendix C) */
static bool is_forbidden(struct gc_bytes pair, enum gc_omn_format format)
{
  struct gc_cbor_reader reader = gc_cbor_reader(pair);
  struct gc_cbor_item key;
  if (gc_cbor_next(&reader, &key) || key.type != GC_CBOR_UINT)
    return false;
  return key.number == GROUP_SENDER_ID || (format == GC_OMN_05 && key.number >= ECDH_ALG_05 && key.number <= ECDH_KEY_PARAMS_05);
}

static const char *unknown_fault(const struct gc_group_material *material)
{
  if (material->unknown.count > GC_PARAMS_UNKNOWN_MAX) /* those beyond were not kept, so cannot be looked at */
    return "too many unknown elements in the keying material";
  for (size_t i = 0; i < material->unknown.count; i++)
    if (is_forbidden(material->unknown.pairs[i], material->format))
      return "an element that a group managed by its server must not hand out";
  return NULL;
}

enum gc_err gc_group_material_parse(struct gc_group_material *out, struct gc_bytes map, enum gc_omn_format format, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(map);
  struct gc_group_material material = { .format = format };
  enum gc_err err = gc_params_read(&table, format, &reader, &material, &material.present, &material.unknown);
  if (!err && !gc_cbor_at_end(&reader))
    err = gc_fail(&reader.where, reader.pos, "bytes behind the map", GC_E_MALFORMED);
  const char *fault = err ? NULL : gc_group_material_fault(&material);
  if (!err && !fault)
    fault = unknown_fault(&material);
  if (fault)
    err = gc_fail(&reader.where, 0, fault, GC_E_MALFORMED);
  if (!err)
    *out = material;
  else if (where)
    *where = reader.where;
  return err;
}

enum gc_err gc_group_material_write(struct gc_buf *out, const struct gc_group_material *material)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (gc_group_material_fault(material) || unknown_fault(material))
    return GC_E_STATE;
  gc_params_write(&table, material->format, &writer, material, material->present, &material->unknown);
  return gc_cbor_finish(&writer);
}
