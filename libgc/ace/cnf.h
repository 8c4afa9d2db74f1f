/* Confirmation methods: which key a token is bound to (RFC 8747, Section 3; RFC 9203, Section 3.2; the credentials of
 * draft-ietf-ace-edhoc-oscore-profile, Section 5). */
#ifndef GC_ACE_CNF_H
#define GC_ACE_CNF_H

#include "cose/credential.h"
#include "cose/key.h"
#include "oscore/material.h"

/** Numbers of the registry "CWT Confirmation Methods"; from 6 on suggested. */
enum gc_cnf_method {
  GC_CNF_COSE_KEY = 1,
  GC_CNF_ENCRYPTED_COSE_KEY = 2,
  GC_CNF_KID = 3,
  GC_CNF_OSC = 4, /* OSCORE_Input_Material */
  GC_CNF_X5T = 6,
  GC_CNF_X5U = 7,
  GC_CNF_C5T = 8,
  GC_CNF_C5U = 9,
  GC_CNF_KCWT = 10,
  GC_CNF_KCCS = 11,
  GC_CNF_X5CHAIN = 24,
  GC_CNF_X5BAG = 25,
  GC_CNF_C5C = 26,
  GC_CNF_C5B = 27,
};

/** Parsed: borrows from the map. */
struct gc_cnf {
  enum gc_cnf_method method;
  struct gc_bytes value;         /* encoded; of KID nothing */
  struct gc_cose_key key;        /* COSE_KEY */
  struct gc_bytes kid;           /* KID */
  struct gc_group_material osc;  /* OSC. Secret */
  struct gc_bytes credential;    /* KCWT, KCCS: the item; X5CHAIN: the certificate of the end entity */
};

/**
 * Read a cnf map: one method that is known, others ignored; a kid may stand beside a key and is then that key's.
 * kccs and kcwt are also taken under 14 and 15, as an example of the Group OSCORE profile and early code have them.
 * @return GC_OK; GC_E_MALFORMED: two keys, none, or a value of the wrong kind; GC_E_UNSUPPORTED: no method that is known, or its
 *         key cannot be used; GC_E_TRUNCATED; GC_E_RANGE. On an error *out is unchanged.
 */
enum gc_err gc_cnf_parse(struct gc_cnf *out, struct gc_bytes map, struct gc_where *where) GC_MUST_CHECK;

/* Append a cnf map of one method. GC_E_SPACE */
enum gc_err gc_cnf_write_key(struct gc_buf *out, const struct gc_cose_key *key) GC_MUST_CHECK;
enum gc_err gc_cnf_write_kid(struct gc_buf *out, struct gc_bytes kid) GC_MUST_CHECK;
enum gc_err gc_cnf_write_osc(struct gc_buf *out, const struct gc_group_material *osc) GC_MUST_CHECK;

/** A credential by value: kccs, kcwt, x5chain by its format. GC_E_UNSUPPORTED: another format */
enum gc_err gc_cnf_write_credential(struct gc_buf *out, struct gc_bytes credential, enum gc_cred_fmt fmt) GC_MUST_CHECK;

/** "COSE_Key", "kid", "osc", "kccs"; NULL: unknown. */
const char *gc_cnf_method_name(int64_t method);

#endif
