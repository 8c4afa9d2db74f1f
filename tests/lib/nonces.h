/* Pairs of key and nonce seen on a wire: none may protect two different messages. */
#ifndef GC_TESTS_NONCES_H
#define GC_TESTS_NONCES_H

#include "coap/message.h"
#include "oscore/option.h"

void *nonces_new(void);
void nonces_free(void *nonces);

/**
 * A protected message that `sender` sent. With a Partial IV the pair is (sender, Partial IV) under its Gid, whatever the
 * mode: all keys of a sender share its sequence numbers. Without one it is a response with its request's nonce: at most
 * one for each request that went out under its token. Fails the test where a pair is used a second time.
 */
void nonces_add(void *nonces, const struct gc_message *message, const struct gc_oscore_option *option, struct gc_bytes sender);

/** A request under this token that others than the ones watched sent: it may be answered too. */
void nonces_allow(void *nonces, struct gc_bytes token);

size_t nonces_count(const void *nonces);

#endif
