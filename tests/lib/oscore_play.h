/* Vectors of other implementations: read from JSON and played through protect and open, both directions. */
#ifndef GC_TESTS_OSCORE_PLAY_H
#define GC_TESTS_OSCORE_PLAY_H

#include <jansson.h>

#include "../tests/lib/hexval.h"
#include "oscore/message.h"

/** The whole file; aborts where it cannot be read. */
json_t *play_load(const char *path);

/** The bytes of a hex member; none where it is absent or null. */
struct gc_bytes play_hex(const json_t *object, const char *key);
int64_t play_int(const json_t *object, const char *key);
const char *play_str(const json_t *object, const char *key);

/** The context of a member of the group that a file of californium's describes; the caller frees it. */
struct gc_oscore_context *play_member(const json_t *json, const char *name);

/** One protected message with its intermediate values; absent ones are empty. */
struct play_step {
  const char *id;
  bool is_request, is_pairwise, is_group_mode, has_piv;
  uint64_t number;           /* Sender Sequence Number */
  struct gc_bytes peer;      /* pairwise request: for whom */
  struct gc_bytes plain, protected_message;
  struct gc_bytes option, aad_array, enc_structure, nonce, plaintext, ciphertext, countersigned, signature, keystream, keystream_info;
  bool is_random;            /* the signature is not deterministic */
  bool keep_observe;
};

/** Protect plain with the sender's context and compare everything. */
void play_protect(const struct play_step *step, struct gc_oscore_context *sender, struct gc_oscore_binding *binding);

/** Open the protected message with the receiver's context, compare, and make the binding of a request. */
void play_open(const struct play_step *step, struct gc_oscore_context *receiver, unsigned flags, struct gc_oscore_binding *binding);

/** The same, and what comes of it. */
enum gc_sec play_try_open(struct gc_bytes datagram, bool is_request, struct gc_oscore_context *receiver, unsigned flags,
                          struct gc_oscore_binding *binding, struct gc_oscore_opened *opened);

/** A source of Sender Sequence Numbers that the step sets. */
struct gc_oscore_numbers play_numbers(void);

/** Messages protected and opened so far. */
extern unsigned play_protected, play_opened;

#endif
