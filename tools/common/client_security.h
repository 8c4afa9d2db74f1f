/* The security contexts of a client: those of -g, the first of which protects what is sent. */
#ifndef GC_TOOLS_CLIENT_SECURITY_H
#define GC_TOOLS_CLIENT_SECURITY_H

#include "common/context.h"
#include "common/opt.h"
#include "group/client.h"

struct gc_client_security {
  struct gc_context *contexts;  /* of -g, in order */
  size_t count;
  struct gc_oscore_ring *ring;  /* all of them */
  struct gc_context *own;       /* the first: protects what is sent */
  bool is_pairwise;
  uint8_t peer[GC_ID_MAX_LEN];
  size_t peer_len;
};

/** What is asked of the contexts. */
struct gc_client_security_use {
  const char *pairwise;    /* --pairwise: Sender ID in hex of the one member; NULL: none named */
  bool is_group;           /* requests go to a group */
  bool without_state;      /* no sequence number is taken from a state file */
  bool only_receives;      /* nothing is sent: a context without Sender Context will do */
};

/**
 * Open the contexts of the command line; *out is NULL where there are none.
 * @return 2: the first context cannot do what is asked; 3: a bad file; 4; said on stderr or in why. Close it in any case
 */
enum gc_status gc_client_security_open(struct gc_client_security **out, const struct gc_common *common, const struct gc_client_security_use *use,
                                       char why[static GC_WHY_LEN]);
enum gc_status gc_client_security_close(struct gc_client_security **security);

/** Protect the request: with `kid` for that member alone, where the group can do that. NULL: nothing happens. */
void gc_client_security_apply(const struct gc_client_security *security, struct gc_request *request, struct gc_bytes kid);

/** Why a request could not be protected, and the exit status that it means. */
enum gc_status gc_client_security_explain(enum gc_sec result, char why[static GC_WHY_LEN]);

#endif
