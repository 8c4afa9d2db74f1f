/* Keys, credentials and security contexts: gc-keygen(1). */
#include "crypto/secret.h"
#include "gc-keygen.h"

const struct gc_keygen_verb gc_keygen_verbs[] = {
  { "key", "", "a key pair and its CCS credential", 0, 0, gc_keygen_key },
  { "group", "NAME", "a whole ready group: --out DIR gets one context file a member", 1, 1, gc_keygen_group },
  { "member", "DIR|FILE", "one more member for every context file of DIR, or with --cred one more recipient in FILE", 1, 1, gc_keygen_member },
  { "show", "FILE", "what a context holds; --secrets: every derived key", 1, 1, gc_keygen_show },
  { "import", "FILE|DIR", "another tool's context as a context file", 1, 1, gc_keygen_import },
  { "export", "FILE", "a context file as another tool's context", 1, 1, gc_keygen_export },
  { 0 },
};

int main(int argc, char **argv)
{
  struct gc_keygen_params params;
  gc_keep_secrets();
  gc_keygen_params_parse(&params, argc, argv);
  if (gc_crypto_init()) {
    gc_error("no source of randomness");
    return GC_STATUS_SYSTEM;
  }
  return (int)params.verb->run(&params);
}
