/* gp_material: the keying material of a group that its server manages itself (draft-ietf-core-observe-multicast-
 * notifications, Appendices C and D; version -05, Appendix C). A subset of Group_OSCORE_Input_Material. */
#ifndef GC_OBSERVE_MATERIAL_H
#define GC_OBSERVE_MATERIAL_H

#include "observe/format.h"

/** Bits of gc_group_material.present. */
enum gc_material_param {
  GC_GM_MS = 1u << 0,
  GC_GM_HKDF = 1u << 1,
  GC_GM_ALG = 1u << 2,  /* current: with deterministic phantom requests only */
  GC_GM_SALT = 1u << 3,
  GC_GM_CONTEXT_ID = 1u << 4,
  GC_GM_CRED_FMT = 1u << 5,      /* not in -05 */
  GC_GM_GP_ENC_ALG = 1u << 6,    /* not in -05 */
  GC_GM_SIGN_ALG = 1u << 7,      /* -05: cs_alg */
  GC_GM_SIGN_PARAMS = 1u << 8,   /* -05: cs_params */
  GC_GM_CS_KEY_PARAMS = 1u << 9, /* only in -05, as the next one */
  GC_GM_CS_KEY_ENC = 1u << 10,
  GC_GM_DET_SENDER_ID = 1u << 11, /* not in -05, as the next one */
  GC_GM_DET_HASH_ALG = 1u << 12,
};

struct gc_group_material {
  enum gc_omn_format format;
  uint64_t present; /* enum gc_material_param */
  struct gc_bytes ms, salt, context_id; /* ms: secret */
  struct gc_int_or_text hkdf, alg, gp_enc_alg, sign_alg, det_hash_alg;
  int64_t cred_fmt, cs_key_enc;
  struct gc_bytes sign_params, cs_key_params; /* encoded CBOR arrays */
  struct gc_bytes det_sender_id;
  struct gc_params_unknown unknown;
};

/**
 * Is all there that makes a Security Context (Appendix C)?
 * @return NULL, or the fault: lower case, static
 */
const char *gc_group_material_fault(const struct gc_group_material *material);

/**
 * Parse a gp_material map. The numberings overlap, so the caller names the format: that of the informative response.
 * @param[out] out  borrows from map; unchanged on an error
 * @return GC_OK; errors as gc_params_read; GC_E_MALFORMED too: gc_group_material_fault, a Sender ID for the receiver
 */
enum gc_err gc_group_material_parse(struct gc_group_material *out, struct gc_bytes map, enum gc_omn_format format,
                                    struct gc_where *where) GC_MUST_CHECK;

/** Append the map in material->format. GC_E_STATE: gc_group_material_fault; GC_E_SPACE. The output is secret. */
enum gc_err gc_group_material_write(struct gc_buf *out, const struct gc_group_material *material) GC_MUST_CHECK;

/** Name, type, keys and place of an element, in the order of their bits (to show them all); NULL past the end. */
const struct gc_param *gc_group_material_param_at(size_t index);

#endif
