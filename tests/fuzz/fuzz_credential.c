/* Authentication credentials in every format; what is read is written and read again. */
#include <stdlib.h>

#include "cose/credential.h"
#include "crypto/secret.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  static const enum gc_cred_fmt formats[] = { GC_CRED_ANY, GC_CRED_CCS, GC_CRED_CWT, GC_CRED_X509 };
  if (gc_crypto_init())
    abort();
  for (size_t i = 0; i < sizeof formats / sizeof formats[0]; i++) {
    struct gc_credential credential, again;
    struct gc_where where = { 0, NULL };
    if (gc_credential_read(&credential, gc_bytes(data, size), formats[i], &where)) {
      if (!where.phrase || where.offset > size)
        abort();
      continue;
    }
    if (credential.bytes.ptr < data || credential.bytes.ptr + credential.bytes.len != data + size || credential.subject.len > size)
      abort();
    uint8_t store[GC_CREDENTIAL_MAX_LEN + 256];
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_bytes subject = credential.fmt == GC_CRED_X509 ? gc_bytes(NULL, 0) : credential.subject;
    if (gc_credential_write_ccs(&out, &credential.public_key, subject))
      abort();
    if (out.len <= GC_CREDENTIAL_MAX_LEN &&
        (gc_credential_read(&again, gc_buf_bytes(&out), GC_CRED_CCS, NULL) || !gc_public_key_equal(&again.public_key, &credential.public_key)))
      abort();
  }
  return 0;
}
