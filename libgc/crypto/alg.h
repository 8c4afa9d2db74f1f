/* COSE algorithms and curves as rows of tables: numbers, names, sizes. */
#ifndef GC_CRYPTO_ALG_H
#define GC_CRYPTO_ALG_H

#include <stdbool.h>

#include "base/bytes.h"

/** What an algorithm is for; each place of a security context takes one kind. */
enum gc_alg_kind {
  GC_ALG_AEAD,      /* AEAD Algorithm or Group Encryption Algorithm */
  GC_ALG_CIPHER,    /* without integrity: Group Encryption Algorithm only */
  GC_ALG_FORBIDDEN, /* known, and never to be used: AES-CBC (draft-ietf-core-oscore-groupcomm, Section 2.1.7) */
  GC_ALG_HKDF,      /* HKDF, named by its HMAC algorithm */
  GC_ALG_SIGN,      /* Signature Algorithm */
  GC_ALG_ECDH,      /* Pairwise Key Agreement Algorithm */
};

enum gc_hash { GC_HASH_NONE, GC_HASH_SHA256, GC_HASH_SHA384, GC_HASH_SHA512 };

/** Numbers of the IANA registry "COSE Algorithms". */
enum gc_alg_id {
  GC_ALG_A128GCM = 1,
  GC_ALG_A192GCM = 2,
  GC_ALG_A256GCM = 3,
  GC_ALG_HMAC_256 = 5,
  GC_ALG_HMAC_384 = 6,
  GC_ALG_HMAC_512 = 7,
  GC_ALG_CCM_16_64_128 = 10,
  GC_ALG_CCM_16_64_256 = 11,
  GC_ALG_CCM_64_64_128 = 12,
  GC_ALG_CCM_64_64_256 = 13,
  GC_ALG_CHACHA20_POLY1305 = 24,
  GC_ALG_CCM_16_128_128 = 30,
  GC_ALG_CCM_16_128_256 = 31,
  GC_ALG_CCM_64_128_128 = 32,
  GC_ALG_CCM_64_128_256 = 33,
  GC_ALG_ES256 = -7,
  GC_ALG_EDDSA = -8,
  GC_ALG_ECDH_SS_256 = -27,
  GC_ALG_ECDH_SS_512 = -28,
  GC_ALG_ES384 = -35,
  GC_ALG_ES512 = -36,
  GC_ALG_A256CBC = -65529,
  GC_ALG_A192CBC = -65530,
  GC_ALG_A128CBC = -65531,
  GC_ALG_A256CTR = -65532,
  GC_ALG_A192CTR = -65533,
  GC_ALG_A128CTR = -65534,
};

#define GC_KEY_MAX_LEN 32   /* of a symmetric key, bytes */
#define GC_NONCE_MAX_LEN 13
#define GC_TAG_MAX_LEN 16
#define GC_HASH_MAX_LEN 64

struct gc_alg {
  int32_t id;
  uint8_t kind;      /* enum gc_alg_kind */
  uint8_t hash;      /* enum gc_hash of an HKDF, key agreement or ECDSA */
  uint8_t key_len;   /* encryption, bytes */
  uint8_t nonce_len; /* encryption, bytes */
  uint8_t tag_len;   /* encryption, bytes; 0: no integrity */
  const char *name;  /* as in the registry: "AES-CCM-16-64-128" */
  const char *alias; /* another usual name; NULL: none */
};

/** The row of a number; NULL: unknown here. */
const struct gc_alg *gc_alg_by_id(int32_t id);

/** The row of a name or alias, letter case ignored, or of a decimal number; NULL: none. */
const struct gc_alg *gc_alg_by_name(struct gc_bytes name);

/** All rows, for completions and tests; NULL past the end. */
const struct gc_alg *gc_alg_at(size_t index);

/** Numbers of the IANA registry "COSE Elliptic Curves". */
enum gc_curve_id {
  GC_CURVE_NONE = 0,
  GC_CURVE_P256 = 1,
  GC_CURVE_P384 = 2,
  GC_CURVE_P521 = 3,
  GC_CURVE_X25519 = 4,
  GC_CURVE_X448 = 5,
  GC_CURVE_ED25519 = 6,
  GC_CURVE_ED448 = 7,
};

enum gc_kty { GC_KTY_OKP = 1, GC_KTY_EC2 = 2, GC_KTY_SYMMETRIC = 4 }; /* "COSE Key Types" */

#define GC_COORD_MAX_LEN 66
#define GC_PUBLIC_KEY_MAX_LEN (2 * GC_COORD_MAX_LEN)
#define GC_PRIVATE_KEY_MAX_LEN 66
#define GC_SIGNATURE_MAX_LEN 132
#define GC_SHARED_SECRET_MAX_LEN 66

struct gc_curve {
  uint8_t id;            /* enum gc_curve_id */
  uint8_t kty;           /* enum gc_kty */
  uint8_t coord_len;     /* of a coordinate or encoded point, and of the private key, bytes */
  uint8_t signature_len; /* bytes; 0: not for signing */
  uint8_t shared_len;    /* of the ECDH shared secret, bytes */
  int32_t sign_alg;      /* the COSE algorithm; 0: not for signing */
  const char *name;      /* "Ed25519" */
};

const struct gc_curve *gc_curve_by_id(int32_t id);
const struct gc_curve *gc_curve_by_name(struct gc_bytes name);
const struct gc_curve *gc_curve_at(size_t index);

#endif
