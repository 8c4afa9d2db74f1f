/* The security contexts of a client: those of -g, the first of which protects what is sent. */
#ifndef GC_TOOLS_CLIENT_SECURITY_H
#define GC_TOOLS_CLIENT_SECURITY_H

#include "common/context_watch.h"
#include "common/opt.h"
#include "group/client.h"

/** What the tool does when a file of -g changes. */
struct gc_client_security_ops {
  /** From now on this context protects what is sent. NULL: not wanted */
  void (*rekeyed)(void *ctx, struct gc_oscore_context *context);
  /** The keys are the same, and other members are known. NULL: not wanted */
  void (*updated)(void *ctx);
  /** No context is left, as was said on stderr: status 5. */
  void (*lost)(void *ctx);
  /** gc_client_release or its kin. */
  bool (*release)(void *ctx, const struct gc_oscore_context *old);
  void *ctx;
};

struct gc_client_security {
  struct gc_context *contexts;  /* of -g, in order */
  size_t count;
  struct gc_oscore_ring *ring;  /* all of them */
  struct gc_context *own;       /* protects what is sent: the first, while its file is there */
  bool is_pairwise;
  uint8_t peer[GC_ID_MAX_LEN];
  size_t peer_len;
  const struct gc_oscore_context *peer_context; /* that the peer's ID is of */
  bool only_receives, is_read_only, is_strict, is_over; /* is_over: no context is left that could be used */
  struct gc_context_watch *watch;
  struct gc_client_security_ops ops;
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

/**
 * Notice from now on when a file is replaced or removed (gc_context_watch_start); again with another loop after _unwatch. NULL: nothing
 * happens. 4: said in why
 */
enum gc_status gc_client_security_watch(struct gc_client_security *security, const struct gc_client_security_ops *ops, uint64_t overlap_ms,
                                        struct gc_loop *loop, char why[static GC_WHY_LEN]);
void gc_client_security_unwatch(struct gc_client_security *security); /* before the loop goes, and whom ops are about */
void gc_client_security_tick(struct gc_client_security *security, uint64_t now_ms);
uint64_t gc_client_security_deadline(const struct gc_client_security *security);

/** For gc_client_ops.hold: may the member that sent a response under this context be known soon? */
bool gc_client_security_may_know(const struct gc_client_security *security, const struct gc_oscore_context *context, struct gc_bytes kid);

/** Protect the request: with `kid` for that member alone, where the group can do that. NULL: nothing happens. Not after ops.lost. */
void gc_client_security_apply(const struct gc_client_security *security, struct gc_request *request, struct gc_bytes kid);

/** Why a request could not be protected, and the exit status that it means. */
enum gc_status gc_client_security_explain(enum gc_sec result, char why[static GC_WHY_LEN]);

#endif
