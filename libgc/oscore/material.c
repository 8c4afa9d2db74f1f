#include "oscore/material.h"

#include "crypto/alg.h"

#define NONE GC_PARAM_NO_KEY
#define AT(member) offsetof(struct gc_group_material, member)

/* OSCORE Security Context Parameters, with the values that draft-ietf-ace-key-groupcomm-oscore and draft-ietf-core-cacheable-oscore
 * suggest; those of -05 were unassigned in its time, the values are those of this project's table of code points. In the order
 * of the bits of enum gc_material_param. */
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
  { { 0, 0 }, GC_PARAM_BYTES, AT(id), "id", NULL },
  { { 1, 1 }, GC_PARAM_UINT, AT(version), "version", NULL },
  { { 7, 7 }, GC_PARAM_BYTES, AT(group_sender_id), "group_senderId", "group_SenderId" },
  { { 12, 12 }, GC_PARAM_INT_OR_TEXT, AT(ecdh_alg), "ecdh_alg", NULL },
  { { 13, 13 }, GC_PARAM_ARRAY, AT(ecdh_params), "ecdh_params", NULL },
  { { NONE, 14 }, GC_PARAM_ARRAY, AT(ecdh_key_params), "ecdh_key_params", NULL },
};
static const struct gc_param_table table = { .rows = rows, .count = sizeof rows / sizeof rows[0] };

enum gc_err gc_material_parse(struct gc_group_material *out, struct gc_bytes map, unsigned format, struct gc_where *where)
{
  struct gc_group_material material = { .format = format };
  enum gc_err err = gc_params_parse(&table, format, map, &material, &material.present, &material.unknown, where);
  if (!err)
    *out = material;
  return err;
}

void gc_material_write(struct gc_cbor_writer *writer, const struct gc_group_material *material)
{
  gc_params_write(&table, material->format, writer, material, material->present, &material->unknown);
}

enum gc_err gc_material_alg(const struct gc_group_material *material, uint64_t bit, const struct gc_int_or_text *value, int32_t *out)
{
  if (!(material->present & bit))
    return GC_OK;
  if (value->is_text || value->number < INT32_MIN || value->number > INT32_MAX || !gc_alg_by_id((int32_t)value->number))
    return GC_E_UNSUPPORTED;
  *out = (int32_t)value->number;
  return GC_OK;
}

const struct gc_param *gc_material_param_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}
