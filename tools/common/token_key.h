/* Keys of Authorization Servers and resource servers, to look into access tokens: COSE_Keys of files. */
#ifndef GC_TOOLS_TOKEN_KEY_H
#define GC_TOOLS_TOKEN_KEY_H

#include "ace/cwt.h"
#include "common/status.h"
#include "cose/key.h"

enum { GC_TOKEN_KEYS = 16, GC_TOKEN_KEY_FILE_MAX = 1024 };

/** All zero: none. Secret memory: see gc_token_keys_free. */
struct gc_token_keys {
  struct gc_cose_key *keys;   /* borrow from bytes */
  uint8_t *bytes;             /* GC_TOKEN_KEY_FILE_MAX for each */
  size_t count;
};

/**
 * Add the COSE_Key of a file: CBOR, hexadecimal or diagnostic notation, told apart by itself. What is wrong is said on stderr.
 * @param strict a file that others may read is refused, not only warned of
 * @return GC_STATUS_OK; 2: too many; 3: the file; 4
 */
enum gc_status gc_token_keys_add(struct gc_token_keys *keys, const char *path, bool strict);

/** Wipe and free. */
void gc_token_keys_free(struct gc_token_keys *keys);

/**
 * Open a token with whichever of the keys fits.
 * @param[out] payload the encoded claims: borrows from room (COSE_Encrypt0) or from the token
 * @param room         GC_CWT_MAX_LEN bytes; secret afterwards
 * @return VALID; WRONG_KEY: none fits; FORGED
 */
enum gc_cwt_verdict gc_token_open(struct gc_bytes *payload, const struct gc_token_keys *keys, const struct gc_cose_message *token,
                                  struct gc_buf *room);

#endif
