/* What became of a message at the security layer: small, precise, and the same for every tool. */
#ifndef GC_OSCORE_RESULT_H
#define GC_OSCORE_RESULT_H

#include <stdbool.h>
#include <stdint.h>

enum gc_sec {
  GC_SEC_OK = 0,
  GC_SEC_NOT_PROTECTED,    /* the message has no OSCORE option */
  GC_SEC_BAD_OPTION,       /* the OSCORE option is malformed, or lacks what a request must carry */
  GC_SEC_BAD_PAYLOAD,      /* too short for what the mode appends to the ciphertext */
  GC_SEC_NO_CONTEXT,       /* no security context for this kid context (Gid) and kid */
  GC_SEC_MODE,             /* the context has no group mode, or no pairwise mode, or is not a group's */
  GC_SEC_NO_CREDENTIAL,    /* Gid known, and no authentication credential for this kid */
  GC_SEC_ROLE,             /* a request of a member that is no requester, a response of one that is no responder */
  GC_SEC_OWN_KID,          /* the kid is this endpoint's own Sender ID */
  GC_SEC_REPLAY,           /* received before */
  GC_SEC_TOO_OLD,          /* below the Replay Window: cannot be told from a replay */
  GC_SEC_WINDOW_INVALID,   /* verified; an Echo exchange must come first */
  GC_SEC_BAD_SIGNATURE,    /* the countersignature does not verify */
  GC_SEC_BAD_TAG,          /* decryption failed */
  GC_SEC_BAD_PLAINTEXT,    /* it verified, and what was inside is no CoAP message */
  GC_SEC_NO_REQUEST,       /* a response without its request */
  GC_SEC_WRONG_SERVER,     /* a response from another than the server that was asked */
  GC_SEC_UNEXPECTED,       /* a second response where one was due, a second one without Partial IV, Observe not asked for */
  GC_SEC_NOT_DECRYPTED,    /* the countersignature verifies, and this context (a signature checker's) cannot decrypt */
  GC_SEC_OLD_P256,         /* verifies only with the key agreement number -7 that older implementations put there */
  GC_SEC_SILENT,           /* cannot protect: no Sender Context (a silent server, a checker) */
  GC_SEC_EXHAUSTED,        /* cannot protect: Sender Sequence Numbers used up, a new context is needed */
  GC_SEC_STATE,            /* cannot protect: the source of Sender Sequence Numbers failed */
  GC_SEC_KEY,              /* a public key that cannot be used (low order, wrong curve) */
  GC_SEC_INPUT,            /* cannot protect: malformed message, or it has an OSCORE option already */
  GC_SEC_SPACE,            /* the caller's buffer is too small, or the message would be too long */
  GC_SEC_COUNT
};

/** A lower-case phrase ("countersignature wrong"); never NULL. */
const char *gc_sec_str(enum gc_sec result);

/** How far opening came, for the best of several tries: the larger says more about the message. */
int gc_sec_rank(enum gc_sec result);

/** The symbol for programs ("bad_signature"); never NULL. */
const char *gc_sec_name(enum gc_sec result);

/**
 * The unprotected error response that a server may send to a unicast request (never to a group request).
 * @param[out] diagnostic static text, what the payload may say
 * @return false: no response (RFC 8613, Sections 7.4 and 8.2; draft-ietf-core-oscore-groupcomm, Sections 7.2 and 8.4)
 */
bool gc_sec_error_response(enum gc_sec result, uint8_t *code, const char **diagnostic);

#endif
