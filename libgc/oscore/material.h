/* OSCORE_Input_Material and Group_OSCORE_Input_Material: one map of numbered parameters that an Authorization Server, a Group
 * Manager or a server of a group observation hands out (RFC 9203, Section 3.2.1; draft-ietf-ace-key-groupcomm-oscore,
 * Section 6.3; draft-ietf-core-observe-multicast-notifications, Appendix C). What must be there is each user's matter. */
#ifndef GC_OSCORE_MATERIAL_H
#define GC_OSCORE_MATERIAL_H

#include "cbor/params.h"

/** The numberings. */
enum gc_material_format {
  GC_MATERIAL_CURRENT, /* the registry "OSCORE Security Context Parameters" and what is suggested for it */
  GC_MATERIAL_OMN_05,  /* draft-tiloca-core-observe-multicast-notifications-05 */
};

/** Bits of gc_group_material.present. */
enum gc_material_param {
  GC_GM_MS = 1u << 0,
  GC_GM_HKDF = 1u << 1,
  GC_GM_ALG = 1u << 2,
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
  GC_GM_ID = 1u << 13,            /* of the material at its Authorization Server */
  GC_GM_VERSION = 1u << 14,
  GC_GM_GROUP_SENDER_ID = 1u << 15,
  GC_GM_ECDH_ALG = 1u << 16,
  GC_GM_ECDH_PARAMS = 1u << 17,
  GC_GM_ECDH_KEY_PARAMS = 1u << 18, /* only in -05 */
};

/** Parsed: everything borrows from the map. */
struct gc_group_material {
  unsigned format;  /* enum gc_material_format */
  uint64_t present; /* enum gc_material_param */
  struct gc_bytes ms, salt, context_id; /* ms: secret */
  struct gc_int_or_text hkdf, alg, gp_enc_alg, sign_alg, ecdh_alg, det_hash_alg;
  int64_t cred_fmt, cs_key_enc;
  struct gc_bytes sign_params, cs_key_params, ecdh_params, ecdh_key_params; /* encoded CBOR arrays */
  struct gc_bytes det_sender_id, group_sender_id, id;
  uint64_t version;
  struct gc_params_unknown unknown;
};

/**
 * Read the map, whoever it is for.
 * @param format      a numbering: they overlap, so the caller knows
 * @param[out] out    unchanged on an error
 * @param[out] where  NULL allowed
 * @return as gc_params_parse
 */
enum gc_err gc_material_parse(struct gc_group_material *out, struct gc_bytes map, unsigned format, struct gc_where *where) GC_MUST_CHECK;

/** Write the map; errors stick to the writer. What is written is secret. */
void gc_material_write(struct gc_cbor_writer *writer, const struct gc_group_material *material);

/**
 * The number of an algorithm in it.
 * @param bit      its bit in present; not there: *out is left as it is
 * @param value    its member
 * @return GC_OK; GC_E_UNSUPPORTED: it is a text, or no algorithm that is known here
 */
enum gc_err gc_material_alg(const struct gc_group_material *material, uint64_t bit, const struct gc_int_or_text *value,
                            int32_t *out) GC_MUST_CHECK;

/** Name and place of a parameter, in the order of the bits (to show them all); NULL past the end. */
const struct gc_param *gc_material_param_at(size_t index);

#endif
