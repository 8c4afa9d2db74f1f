/* Within gc-keygen: the command line as a struct, and the verbs. */
#ifndef GC_TOOLS_KEYGEN_H
#define GC_TOOLS_KEYGEN_H

#include "common/context.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"
#include "crypto/key.h"
#include "store/context_file.h"

struct gc_keygen_params {
  struct gc_common common;
  const struct gc_keygen_verb *verb;
  char **operands;             /* behind the verb */
  int operand_count;
  const char *alg;             /* of the key: "EdDSA" */
  const char *curve;           /* where the algorithm has several: "Ed448" */
  const char *subject, *out, *format, *profile, *name, *cred;
  const char *gid, *id;        /* hex; NULL: chosen here */
  const char *hkdf, *aead_alg, *group_enc_alg, *ecdh_alg; /* names; NULL: the default */
  uint32_t members;            /* 0: not given */
  bool force, secrets;
};

struct gc_keygen_verb {
  const char *name, *operands, *help;
  int min_operands, max_operands;
  enum gc_status (*run)(const struct gc_keygen_params *params);
};

extern const struct gc_tool gc_keygen_tool;
extern const struct gc_keygen_verb gc_keygen_verbs[]; /* ends in a row without a name */

/** argv to struct; wrong use does not return. */
void gc_keygen_params_parse(struct gc_keygen_params *params, int argc, char **argv);

enum gc_status gc_keygen_key(const struct gc_keygen_params *params);
enum gc_status gc_keygen_group(const struct gc_keygen_params *params);
enum gc_status gc_keygen_member(const struct gc_keygen_params *params);
enum gc_status gc_keygen_show(const struct gc_keygen_params *params);
enum gc_status gc_keygen_import(const struct gc_keygen_params *params);
enum gc_status gc_keygen_export(const struct gc_keygen_params *params);

/** A fresh key pair and its CCS. The pair is secret: wipe it. */
struct gc_keygen_identity {
  struct gc_key_pair pair;
  uint8_t cred[256];
  size_t cred_len;
};

/** The curve of a signature or key agreement algorithm; ends the program (2) where it is none. */
int32_t gc_keygen_curve(const char *alg, const char *curve);
enum gc_err gc_keygen_identity_new(struct gc_keygen_identity *identity, int32_t curve, const char *subject) GC_MUST_CHECK;

/** Create a file of mode 0600; with force in the place of a regular file. -1: said why not. */
int gc_keygen_create(const char *path, bool force);

/** Write a context file and say so with -v, or say why not. */
enum gc_status gc_keygen_write(const struct gc_context_file *file, const char *path, bool replace);

#endif
