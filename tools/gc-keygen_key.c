#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cose/credential.h"
#include "crypto/secret.h"
#include "gc-keygen.h"

int32_t gc_keygen_curve(const char *alg_name, const char *curve_name)
{
  const struct gc_alg *alg = gc_alg_by_name(gc_bytes_str(alg_name));
  if (!alg || alg->kind != GC_ALG_SIGN)
    gc_usage("--alg %s: no signature algorithm; EdDSA, ES256, ES384 and ES512 are", alg_name);
  for (size_t i = 0; gc_curve_at(i); i++) {
    const struct gc_curve *curve = gc_curve_at(i);
    if (curve->sign_alg != alg->id)
      continue;
    if (!curve_name ? curve->id != GC_CURVE_ED448 : gc_curve_by_name(gc_bytes_str(curve_name)) == curve)
      return curve->id;
  }
  gc_usage("--curve %s: not a curve of %s", curve_name, alg->name);
}

enum gc_err gc_keygen_identity_new(struct gc_keygen_identity *identity, int32_t curve, const char *subject)
{
  struct gc_buf cred = gc_buf(identity->cred, sizeof identity->cred);
  enum gc_err err = gc_key_pair_generate(&identity->pair, curve);
  if (!err)
    err = gc_credential_write_ccs(&cred, &identity->pair.public_key, gc_bytes_str(subject ? subject : ""));
  identity->cred_len = cred.len;
  return err;
}

static void print(struct gc_out *out, const struct gc_keygen_params *params, const struct gc_keygen_identity *identity)
{
  const struct gc_curve *curve = gc_curve_by_id(identity->pair.public_key.curve);
  char secret[2 * GC_PRIVATE_KEY_MAX_LEN + 1];
  gc_json_object(out, NULL);
  gc_json_str(out, "alg", gc_alg_by_id(curve->sign_alg)->name);
  gc_json_str(out, "curve", curve->name);
  if (params->subject)
    gc_json_str(out, "subject", params->subject);
  gc_json_str(out, "cred_fmt", "CCS");
  gc_json_hex(out, "cred", gc_bytes(identity->cred, identity->cred_len));
  gc_json_hex(out, "public_key", gc_bytes(identity->pair.public_key.bytes, identity->pair.public_key.len));
  gc_json_str(out, "private_key", gc_secret_hex_encode(secret, identity->pair.private_key, identity->pair.private_len));
  gc_json_end(out);
  gc_wipe(secret, sizeof secret);
}

enum gc_status gc_keygen_key(const struct gc_keygen_params *params)
{
  struct gc_keygen_identity *identity = gc_secret_new(sizeof *identity);
  const int32_t curve = gc_keygen_curve(params->alg, params->curve);
  enum gc_err err = identity ? gc_keygen_identity_new(identity, curve, params->subject) : GC_E_MEMORY;
  enum gc_status status = GC_STATUS_SYSTEM;
  int fd = STDOUT_FILENO;
  if (err) {
    gc_error("%s", err == GC_E_SPACE ? "--subject is too long" : gc_err_str(err));
    status = err == GC_E_SPACE ? GC_STATUS_USAGE : GC_STATUS_SYSTEM;
    goto out;
  }
  if (params->out && (fd = gc_keygen_create(params->out, params->force)) < 0)
    goto out;
  struct gc_out *out = gc_out_new(fd, GC_COLOR_NEVER, false);
  if (!out)
    goto out;
  print(out, params, identity);
  gc_out_flush(out);
  if (gc_out_close(&out) && (!params->out || fsync(fd) == 0)) {
    status = GC_STATUS_OK;
  } else {
    gc_error("%s: %s", params->out ? params->out : "standard output", strerror(errno));
    if (params->out)
      unlink(params->out);
  }
out:
  if (params->out && fd >= 0)
    close(fd);
  gc_secret_free(&identity);
  return status;
}
