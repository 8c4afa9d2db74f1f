#include <string.h>

#include "common/arg.h"
#include "crypto/secret.h"
#include "gc-keygen.h"

enum {
  KEY_ALG = 256, KEY_CURVE, KEY_SUBJECT, KEY_OUT, KEY_FORCE, KEY_MEMBERS, KEY_GID, KEY_HKDF, KEY_AEAD, KEY_GROUP_ENC,
  KEY_ECDH, KEY_PROFILE, KEY_ID, KEY_CRED, KEY_NAME, KEY_SECRETS, KEY_FORMAT,
  KEY_STRICT,
};

#define ENC_ALGS "AES-CCM-16-64-128 AES-CCM-16-64-256 AES-CCM-64-64-128 AES-CCM-64-64-256 AES-CCM-16-128-128 " \
  "AES-CCM-16-128-256 AES-CCM-64-128-128 AES-CCM-64-128-256 A128GCM A192GCM A256GCM ChaCha20/Poly1305"

static const struct gc_opt options[] = {
  { "alg", 0, "ALG", false, "Keys", "signature algorithm: EdDSA (default), ES256, ES384, ES512", GC_COMPLETE_WORDS, "EdDSA ES256 ES384 ES512", KEY_ALG },
  { "curve", 0, "CURVE", false, "Keys", "Ed25519 (default) or Ed448, for EdDSA", GC_COMPLETE_WORDS, "Ed25519 Ed448", KEY_CURVE },
  { "subject", 0, "NAME", false, "Keys", "the subject in the credential; for group and member the name's beginning", GC_COMPLETE_NONE, NULL, KEY_SUBJECT },
  { "members", 0, "N", false, "Group", "so many members: 1 to 9999", GC_COMPLETE_NONE, NULL, KEY_MEMBERS },
  { "profile", 0, "PROFILE", false, "Group", "group-oscore (default), oscore (two members, or one shared context), group-oscore-02", GC_COMPLETE_WORDS, "group-oscore oscore group-oscore-02", KEY_PROFILE },
  { "gid", 0, "HEX", false, "Group", "the Gid (default: four random bytes)", GC_COMPLETE_NONE, NULL, KEY_GID },
  { "hkdf", 0, "ALG", false, "Group", "HMAC 256/256 (default) or HMAC 512/512", GC_COMPLETE_WORDS, NULL, KEY_HKDF },
  { "aead-alg", 0, "ALG", false, "Group", "pairwise mode and OSCORE (default AES-CCM-16-64-128); none: no pairwise mode", GC_COMPLETE_WORDS, ENC_ALGS " none", KEY_AEAD },
  { "group-enc-alg", 0, "ALG", false, "Group", "group mode (default AES-CCM-16-64-128); none: no group mode", GC_COMPLETE_WORDS, ENC_ALGS " A128CTR A192CTR A256CTR none", KEY_GROUP_ENC },
  { "id", 0, "HEX", false, "Member", "its Sender ID (default: the next free one)", GC_COMPLETE_NONE, NULL, KEY_ID },
  { "cred", 0, "HEX|@FILE", false, "Member", "its credential, for a member whose key is kept elsewhere", GC_COMPLETE_FILE, NULL, KEY_CRED },
  { "secrets", 0, NULL, false, "Show", "the secrets and every derived key too", GC_COMPLETE_NONE, NULL, KEY_SECRETS },
  { "format", 0, "FORMAT", false, "Import and export", "aiocoap, libcoap, wireshark (export only), vectors", GC_COMPLETE_WORDS, "aiocoap libcoap wireshark vectors", KEY_FORMAT },
  { "name", 0, "NAME", false, "Import and export", "the member to become (vectors)", GC_COMPLETE_NONE, NULL, KEY_NAME },
  { "out", 'o', "PATH", false, "Output", "file (for group: folder) to write, mode 0600", GC_COMPLETE_FILE, NULL, KEY_OUT },
  { "force", 0, NULL, false, "Output", "overwrite what is there", GC_COMPLETE_NONE, NULL, KEY_FORCE },
  { "strict", 0, NULL, false, "Output", "context files that others may read, and unknown keys in them, are errors", GC_COMPLETE_NONE, NULL, KEY_STRICT },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_crypto_versions() : NULL;
}

const struct gc_tool gc_keygen_tool = {
  .name = "gc-keygen",
  .without = GC_WITHOUT_INTERFACE | GC_WITHOUT_PCAP,
  .library = library,
  .speaks = "RFC 8613 (OSCORE), draft-ietf-core-oscore-groupcomm-28 (Group OSCORE) and -02 of it,\nRFC 9052, RFC 9053 (COSE), RFC 8392 (CWT Claims Sets)",
  .usage = "key|group|member|show|import|export [OPTION]… [NAME|FILE|DIR]",
  .summary = "keys, credentials and security contexts",
  .options = options,
  .footer = "  gc-keygen key --alg ES256 --subject lamp-7 --out lamp-7.key     a key pair and its credential\n"
            "  gc-keygen group lights --members 3 --out demo/                 demo/01.json … 03.json\n"
            "  gc-keygen member demo/                                         demo/04.json, known to the others\n"
            "  gc-keygen show demo/01.json --secrets                          all derived keys\n"
            "  gc-keygen export demo/01.json --format wireshark               a line for Wireshark's OSCORE table\n",
};

static const char *set_option(void *ctx, int key, const char *arg)
{
  struct gc_keygen_params *params = ctx;
  switch (key) {
  case KEY_ALG: params->alg = arg; break;
  case KEY_CURVE: params->curve = arg; break;
  case KEY_SUBJECT: params->subject = arg; break;
  case KEY_OUT: params->out = arg; break;
  case KEY_FORCE: params->force = true; break;
  case KEY_MEMBERS: return gc_arg_u32(&params->members, arg, 1, 9999);
  case KEY_GID: params->gid = arg; break;
  case KEY_HKDF: params->hkdf = arg; break;
  case KEY_AEAD: params->aead_alg = arg; break;
  case KEY_GROUP_ENC: params->group_enc_alg = arg; break;
  case KEY_PROFILE: params->profile = arg; break;
  case KEY_ID: params->id = arg; break;
  case KEY_CRED: params->cred = arg; break;
  case KEY_NAME: params->name = arg; break;
  case KEY_SECRETS: params->secrets = true; break;
  case KEY_FORMAT: params->format = arg; break;
  case KEY_STRICT: params->common.strict = true; break;
  default: return "not handled";
  }
  return NULL;
}

void gc_keygen_params_parse(struct gc_keygen_params *params, int argc, char **argv)
{
  *params = (struct gc_keygen_params){ .alg = "EdDSA" };
  int first = gc_opt_parse(argc, argv, &gc_keygen_tool, &params->common, set_option, params);
  if (first == argc)
    gc_usage("what to do is missing: key, group, member, show, import or export");
  for (params->verb = gc_keygen_verbs; params->verb->name; params->verb++)
    if (strcmp(params->verb->name, argv[first]) == 0)
      break;
  if (!params->verb->name)
    gc_usage("unknown command '%s': key, group, member, show, import or export", argv[first]);
  params->operands = argv + first + 1;
  params->operand_count = argc - first - 1;
  if (params->operand_count < params->verb->min_operands)
    gc_usage("%s: %s is missing", params->verb->name, params->verb->operands);
  if (params->operand_count > params->verb->max_operands)
    gc_usage("%s: one argument too many: '%s'", params->verb->name, params->operands[params->verb->max_operands]);
}
