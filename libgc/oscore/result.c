#include "oscore/result.h"

#include <stddef.h>

#include "coap/message.h"

static const struct {
  const char *name, *phrase;
  uint8_t code; /* of an error response; 0: none */
  const char *diagnostic;
} rows[GC_SEC_COUNT] = {
  [GC_SEC_OK] = { "ok", "verified", 0, NULL },
  [GC_SEC_NOT_PROTECTED] = { "not_protected", "not protected", 0, NULL },
  [GC_SEC_BAD_OPTION] = { "bad_option", "OSCORE option malformed", GC_CODE(4, 2), "Failed to decode COSE" },
  [GC_SEC_BAD_PAYLOAD] = { "bad_payload", "payload too short", GC_CODE(4, 2), "Failed to decode COSE" },
  [GC_SEC_NO_CONTEXT] = { "no_context", "no security context", GC_CODE(4, 1), "Security context not found" },
  [GC_SEC_MODE] = { "mode", "mode not in use in this context", GC_CODE(4, 2), "Mode not supported" },
  [GC_SEC_NO_CREDENTIAL] = { "no_credential", "no credential for kid", GC_CODE(5, 3), NULL },
  [GC_SEC_ROLE] = { "role", "its sender has not the role for it", 0, NULL },
  [GC_SEC_OWN_KID] = { "own_kid", "own Sender ID as kid", 0, NULL },
  [GC_SEC_REPLAY] = { "replay", "replay", GC_CODE(4, 1), "Replay detected" },
  [GC_SEC_TOO_OLD] = { "too_old", "below the replay window", GC_CODE(4, 1), "Replay detected" },
  [GC_SEC_WINDOW_INVALID] = { "window_invalid", "replay window lost: Echo needed", 0, NULL },
  [GC_SEC_BAD_SIGNATURE] = { "bad_signature", "countersignature wrong", GC_CODE(4, 0), "Decryption failed" },
  [GC_SEC_BAD_TAG] = { "bad_tag", "tag wrong", GC_CODE(4, 0), "Decryption failed" },
  [GC_SEC_BAD_PLAINTEXT] = { "bad_plaintext", "plaintext malformed", GC_CODE(4, 0), "Decryption failed" },
  [GC_SEC_NO_REQUEST] = { "no_request", "response without its request", 0, NULL },
  [GC_SEC_WRONG_SERVER] = { "wrong_server", "response from another server than asked", 0, NULL },
  [GC_SEC_UNEXPECTED] = { "unexpected", "response not expected", 0, NULL },
  [GC_SEC_NOT_DECRYPTED] = { "not_decrypted", "signature verified, not decrypted", 0, NULL },
  [GC_SEC_OLD_P256] = { "old_p256", "old P-256 key agreement value -7 in use", GC_CODE(4, 0), "Decryption failed" },
  [GC_SEC_SILENT] = { "silent", "no Sender Context", 0, NULL },
  [GC_SEC_EXHAUSTED] = { "exhausted", "sender sequence numbers exhausted", 0, NULL },
  [GC_SEC_STATE] = { "state", "sender sequence number unavailable", 0, NULL },
  [GC_SEC_KEY] = { "key", "public key unusable", 0, NULL },
  [GC_SEC_INPUT] = { "input", "message cannot be protected", 0, NULL },
  [GC_SEC_SPACE] = { "space", "message too long", 0, NULL },
};

const char *gc_sec_str(enum gc_sec result)
{
  return (unsigned)result < GC_SEC_COUNT ? rows[result].phrase : "unknown";
}

const char *gc_sec_name(enum gc_sec result)
{
  return (unsigned)result < GC_SEC_COUNT ? rows[result].name : "unknown";
}

bool gc_sec_error_response(enum gc_sec result, uint8_t *code, const char **diagnostic)
{
  if ((unsigned)result >= GC_SEC_COUNT || !rows[result].code)
    return false;
  *code = rows[result].code;
  *diagnostic = rows[result].diagnostic;
  return true;
}

int gc_sec_rank(enum gc_sec result)
{
  static const enum gc_sec order[] = { GC_SEC_NOT_PROTECTED, GC_SEC_NO_CONTEXT,    GC_SEC_BAD_OPTION, GC_SEC_MODE,
                                       GC_SEC_NO_CREDENTIAL, GC_SEC_ROLE,          GC_SEC_WRONG_SERVER, GC_SEC_OWN_KID, GC_SEC_BAD_PAYLOAD,
                                       GC_SEC_KEY,           GC_SEC_BAD_SIGNATURE, GC_SEC_BAD_TAG,    GC_SEC_TOO_OLD,
                                       GC_SEC_REPLAY,        GC_SEC_BAD_PLAINTEXT, GC_SEC_OLD_P256 };
  for (size_t i = 0; i < sizeof order / sizeof order[0]; i++)
    if (order[i] == result)
      return (int)i;
  return 100;
}
