/* Within gc-send: the security contexts of -g. */
#ifndef GC_TOOLS_GC_SEND_SECURITY_H
#define GC_TOOLS_GC_SEND_SECURITY_H

#include "common/context.h"
#include "gc-send.h"
#include "oscore/ring.h"

struct gc_send_security {
  struct gc_context *contexts;  /* of -g, in order */
  size_t count;
  struct gc_oscore_ring *ring;  /* all of them */
  struct gc_context *own;       /* the first: protects what is sent */
  bool is_pairwise;
  uint8_t peer[GC_ID_MAX_LEN];
  size_t peer_len;
  uint64_t fixed_number;        /* --piv */
};

/**
 * Open the contexts of the command line; *out is NULL where there are none. In a dry run with --piv the state file is not
 * touched.
 * @return 2: the context cannot do what was asked; 3: a bad file; 4; said on stderr or in why
 */
enum gc_status gc_send_security_open(struct gc_send_security **out, const struct gc_send *send, bool is_group, char why[static GC_WHY_LEN]);
enum gc_status gc_send_security_close(struct gc_send_security **security);

/** Protect the request: with `kid` for that member alone, where the group can do that. */
void gc_send_security_apply(const struct gc_send_security *security, struct gc_request *request, struct gc_bytes kid);

/** Why a request could not be protected, and the exit status that it means. */
enum gc_status gc_send_security_explain(enum gc_sec result, char why[static GC_WHY_LEN]);

#endif
