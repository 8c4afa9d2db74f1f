/* The informative response: what a server answers a registration with when it notifies a group (draft-ietf-core-observe-
 * multicast-notifications, Sections 4.2 and 11; version -05, Sections 2.2 and 11). One CBOR map. */
#ifndef GC_OBSERVE_INFORMATIVE_H
#define GC_OBSERVE_INFORMATIVE_H

#include "observe/format.h"
#include "observe/tp_info.h"

/** Bits of gc_informative.present. */
enum gc_informative_param {
  GC_IR_TP_INFO = 1u << 0,
  GC_IR_PH_REQ = 1u << 1,
  GC_IR_LAST_NOTIF = 1u << 2,
  GC_IR_NEXT_NOT_BEFORE = 1u << 3, /* not in -05 */
  GC_IR_ENDING = 1u << 4,          /* not in -05 */
  GC_IR_JOIN_URI = 1u << 5,
  GC_IR_SEC_GP = 1u << 6,
  GC_IR_AS_URI = 1u << 7,
  GC_IR_HKDF = 1u << 8,
  GC_IR_CRED_FMT = 1u << 9,    /* not in -05 */
  GC_IR_GP_ENC_ALG = 1u << 10, /* not in -05 */
  GC_IR_SIGN_ALG = 1u << 11,   /* -05: cs_alg */
  GC_IR_SIGN_PARAMS = 1u << 12, /* not in -05 */
  GC_IR_GP_MATERIAL = 1u << 13,
  GC_IR_SRV_CRED = 1u << 14,   /* -05: srv_pub_key */
  GC_IR_SRV_IDENTIFIER = 1u << 15,
  GC_IR_EXI = 1u << 16,        /* not in -05 */
  GC_IR_EXP = 1u << 17,
  GC_IR_CS_CRV = 1u << 18,     /* these four only in -05 */
  GC_IR_CS_KTY = 1u << 19,
  GC_IR_CS_KENC = 1u << 20,
  GC_IR_ALG = 1u << 21,
};

/** All of the signalling of a group to join (Section 9.1). */
#define GC_IR_JOIN                                                                                                                     \
  (GC_IR_JOIN_URI | GC_IR_SEC_GP | GC_IR_AS_URI | GC_IR_HKDF | GC_IR_CRED_FMT | GC_IR_GP_ENC_ALG | GC_IR_SIGN_ALG | GC_IR_SIGN_PARAMS | \
   GC_IR_CS_CRV | GC_IR_CS_KTY | GC_IR_CS_KENC | GC_IR_ALG)
/** All of a self-managed group (Appendix C). */
#define GC_IR_SELF_MANAGED (GC_IR_GP_MATERIAL | GC_IR_SRV_CRED | GC_IR_SRV_IDENTIFIER | GC_IR_EXI | GC_IR_EXP)

/** An informative response; what is not in `present` is not looked at. Parsed: everything borrows from the payload. */
struct gc_informative {
  enum gc_omn_format format;
  uint64_t present; /* enum gc_informative_param */
  struct gc_tp_info tp_info;
  struct gc_bytes ph_req, last_notif; /* code ‖ options ‖ [ff ‖ payload]: see phantom.h */
  uint64_t next_not_before;           /* seconds */
  struct gc_numeric_date ending, exp;
  struct gc_bytes join_uri, sec_gp, as_uri; /* text */
  struct gc_int_or_text hkdf, gp_enc_alg, sign_alg, cs_crv, cs_kty, alg;
  int64_t cred_fmt, cs_kenc;
  struct gc_bytes sign_params; /* encoded CBOR array */
  struct gc_bytes gp_material; /* encoded CBOR map: see material.h. Secret */
  struct gc_bytes srv_cred, srv_identifier;
  uint64_t exi;                /* seconds */
  struct gc_params_unknown unknown;
};

/**
 * Parse the payload of an informative response of either format. Which one is told by tp_info (the current text has it under
 * key 0, -05 under key 1), without it by ph_req under key 1.
 * @param otherwise   the format where the payload does not tell
 * @param[out] where  NULL allowed
 * @return GC_OK; errors as gc_params_read; GC_E_LIMIT: nested too deeply. On an error *out is unchanged.
 */
enum gc_err gc_informative_parse(struct gc_informative *out, struct gc_bytes payload, enum gc_omn_format otherwise,
                                 struct gc_where *where) GC_MUST_CHECK;

/**
 * Append the payload in response->format, with response->tp_info.form. Parameters that the format does not know are left out.
 * @return GC_OK; GC_E_STATE: gc_informative_fault with anything missing allowed, or a form of tp_info of the other format;
 *         GC_E_RANGE: tp_info is not usable (gc_tp_info_fault), or a time before 1970 in -05; GC_E_SPACE
 */
enum gc_err gc_informative_write(struct gc_buf *out, const struct gc_informative *response) GC_MUST_CHECK;

/**
 * Can a client take part with it (Sections 5.2, 9.1, 9.3.1 and Appendix C)? Group and token are given, -05 has ph_req, keying material
 * comes with all that belongs to it and never together with a group to join.
 * @return NULL, or the fault: lower case, static
 */
const char *gc_informative_fault(const struct gc_informative *response);

/** Is there enough to join a group at a Group Manager? Without, all of GC_IR_JOIN is to be ignored (Section 9.1). */
static inline bool gc_informative_has_join(const struct gc_informative *response)
{
  return (response->present & (GC_IR_JOIN_URI | GC_IR_SEC_GP)) == (GC_IR_JOIN_URI | GC_IR_SEC_GP);
}

/** Name, type, keys and place of a parameter, in the order of their bits (to show them all); NULL past the end. */
const struct gc_param *gc_informative_param_at(size_t index);

/** "join_uri", "cs_alg": what the text of the format calls it. */
const char *gc_param_name(const struct gc_param *param, enum gc_omn_format format);

#endif
