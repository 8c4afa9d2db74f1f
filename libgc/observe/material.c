#include "observe/material.h"

_Static_assert((int)GC_OMN_CURRENT == GC_MATERIAL_CURRENT && (int)GC_OMN_05 == GC_MATERIAL_OMN_05, "one format for both maps");

const char *gc_group_material_fault(const struct gc_group_material *material)
{
  static const uint64_t needed[GC_OMN_FORMATS] = {
    [GC_OMN_CURRENT] = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_CRED_FMT | GC_GM_GP_ENC_ALG | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS,
    [GC_OMN_05] = GC_GM_MS | GC_GM_CONTEXT_ID | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS | GC_GM_CS_KEY_PARAMS | GC_GM_CS_KEY_ENC,
  };
  static const uint64_t forbidden[GC_OMN_FORMATS] = {
    [GC_OMN_CURRENT] = GC_GM_GROUP_SENDER_ID,
    [GC_OMN_05] = GC_GM_GROUP_SENDER_ID | GC_GM_ECDH_ALG | GC_GM_ECDH_PARAMS | GC_GM_ECDH_KEY_PARAMS,
  };
  uint64_t missing = needed[material->format] & ~material->present;
  if (missing & GC_GM_MS)
    return "the keying material has no Master Secret";
  if (missing & GC_GM_CONTEXT_ID)
    return "the keying material has no Gid";
  if (missing)
    return "the keying material lacks an algorithm or a format";
  return material->present & forbidden[material->format] ? "an element that a group managed by its server must not hand out" : NULL;
}

enum gc_err gc_group_material_parse(struct gc_group_material *out, struct gc_bytes map, enum gc_omn_format format, struct gc_where *where)
{
  struct gc_group_material material;
  enum gc_err err = gc_material_parse(&material, map, format, where);
  const char *fault = err ? NULL : gc_group_material_fault(&material);
  if (fault)
    err = gc_fail(where, 0, fault, GC_E_MALFORMED);
  if (!err)
    *out = material;
  return err;
}

enum gc_err gc_group_material_write(struct gc_buf *out, const struct gc_group_material *material)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (gc_group_material_fault(material))
    return GC_E_STATE;
  gc_material_write(&writer, material);
  return gc_cbor_finish(&writer);
}
