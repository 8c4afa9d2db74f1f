/* Groups made up for a test: member i has ID i + 1 (one byte), a key from a fixed seed and a CCS with subject "mI". */
#ifndef GC_TESTS_OSCORE_RIG_H
#define GC_TESTS_OSCORE_RIG_H

#include "oscore/message.h"


struct sec_options {
  enum gc_oscore_profile profile;
  int32_t curve;                /* 0: Ed25519 */
  const char *gid;              /* text; NULL: "gid" */
  const char *name;             /* NULL: none */
  uint8_t secret;               /* fills the Master Secret */
  bool no_group_mode, no_pairwise_mode, is_silent;
  int32_t aead_alg, group_enc_alg, hkdf_alg, ecdh_alg;
  unsigned window;
  size_t max_recipients;
};

/** The context of member `own` of a group of `members`. */
struct gc_oscore_context *sec_context(const struct sec_options *options, size_t own, size_t members);

/** The same, and it knows only the members from `first` to `last`: large groups would take long to set up. */
struct gc_oscore_context *sec_context_of(const struct sec_options *options, size_t own, size_t first, size_t last);

/** Its Sender ID. */
struct gc_bytes sec_id(size_t member);

struct gc_key_pair sec_pair(int32_t curve, size_t member);
struct gc_bytes sec_cred(int32_t curve, size_t member);

/** Protect body; the datagram (NON, Message ID 1, token 74) lies in one of 16 static buffers. */
struct gc_bytes sec_request(struct gc_oscore_context *context, struct gc_bytes body, const struct gc_oscore_send *how, struct gc_oscore_binding *binding);
struct gc_bytes sec_response(struct gc_oscore_context *context, struct gc_bytes body, const struct gc_oscore_send *how, struct gc_oscore_binding *binding);

/** A datagram around a body. */
struct gc_bytes sec_datagram(struct gc_bytes body);

/** Open; the plaintext lies in a static buffer. */
enum gc_sec sec_open_request(struct gc_oscore_context *context, struct gc_bytes datagram, unsigned flags, struct gc_oscore_opened *opened, struct gc_oscore_binding *binding);
enum gc_sec sec_open_response(struct gc_oscore_context *context, struct gc_bytes datagram, unsigned flags, const struct gc_oscore_binding *binding, struct gc_oscore_opened *opened);

/** The value of the OSCORE option, parsed (current format). */
struct gc_oscore_option sec_option(struct gc_bytes datagram);

/** GET /temp, 2.05 "21.5" as bodies. */
extern const struct gc_bytes sec_get, sec_content;

#endif
