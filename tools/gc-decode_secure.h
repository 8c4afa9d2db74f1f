/* Within gc-decode: contexts that were given, requests that responses are bound to, and messages opened on several threads. */
#ifndef GC_DECODE_SECURE_H
#define GC_DECODE_SECURE_H

#include "common/context.h"
#include "gc-decode.h"

/** What a response needs to know of its request; read off the request, whether that verifies or not. */
struct decode_request {
  uint64_t n;                 /* number of the message; 0: none */
  uint8_t kid[GC_ID_MAX_LEN], kid_len;
  uint8_t piv[GC_PIV_MAX_LEN], piv_len;
  uint8_t gid[GC_ID_CONTEXT_MAX_LEN], gid_len; /* kid context */
  uint8_t target[GC_ID_MAX_LEN], target_len;   /* pairwise: whom it is for */
  bool has_gid, has_target, is_observe;
  uint8_t mode;               /* enum gc_oscore_mode */
  int context;                /* OSCORE: the context that opened it; -1: none */
};

/* --- gc-decode_seen.c: what is remembered, within bounds ------------------------------------------------------------------- */

enum { DECODE_REQUESTS = 8192, DECODE_NONCES = 32768 };

struct decode_phantoms;

struct decode_seen;
struct decode_seen *decode_seen_new(void);
void decode_seen_free(struct decode_seen **seen);

/** NULL: never there, or forgotten. Valid until the next is remembered. */
const struct decode_request *decode_seen_request(struct decode_seen *seen, uint64_t n);
void decode_seen_remember(struct decode_seen *seen, const struct decode_request *request);

/** The number of the message that had the same nonce; 0: none, and n is remembered as the one. */
uint64_t decode_seen_nonce(struct decode_seen *seen, const struct gc_bytes *parts, size_t count, uint64_t n);

/* --- gc-decode_secure.c ------------------------------------------------------------------------------------------------------ */

struct decode_context {
  struct gc_context file;
  int group;                  /* number of the first context with the same keys */
  bool is_checker;
  /* learned from an informative response or the transfer of a token, which have no file */
  uint64_t since;             /* number of the message with it: earlier ones do not have the context; 0: of a file */
  uint64_t observation;       /* id of the group observation; 0: not known */
  bool has_hosts;             /* of an association: who the two are, and their addresses are known */
  struct gc_addr client, server;
  uint8_t *material;          /* what it was made of, to know it again; secret memory */
  size_t material_len;
};

enum { DECODE_LEARNED = 64 }; /* contexts learned */

struct decode_secure {
  struct decode_context *contexts; /* members first, then signature checkers */
  size_t count, given;        /* given: with -g; those learned come last */
  struct decode_seen *seen;
  struct decode_phantoms *phantoms; /* NULL: none */
  uint8_t *storage;           /* for messages opened at once */
};

/** Read every -g file. NULL: *status says how it failed. */
struct decode_secure *decode_secure_new(const struct decode_params *params, enum gc_status *status);
void decode_secure_free(struct decode_secure **secure);

/**
 * Keep the Security Context of a self-managed group, once however often it comes; no message may be being opened meanwhile.
 * @param since as in struct decode_context
 */
struct gc_informative;
void decode_secure_learn(struct decode_secure *secure, const struct gc_informative *response, uint64_t since, uint64_t observation);

/**
 * Shall a Security Context be made of this and kept?
 * @param parts all that it is made of, to know it again; secret
 * @return GC_OK; GC_E_EXISTS: it is there, now for all that follows `since`; GC_E_LIMIT; GC_E_MEMORY
 */
enum gc_err decode_secure_wants(struct decode_secure *secure, const struct gc_bytes *parts, size_t count, uint64_t since) GC_MUST_CHECK;

/**
 * Keep one that is wanted; no message may be being opened meanwhile.
 * @param context taken over and set to NULL on success
 * @return GC_OK; GC_E_LIMIT; GC_E_MEMORY
 */
enum gc_err decode_secure_add(struct decode_secure *secure, struct gc_oscore_context **context, const struct gc_bytes *parts, size_t count,
                              uint64_t since, uint64_t observation) GC_MUST_CHECK;

/** What a protected request says of itself before it is opened; unchanged where it says too little. */
void decode_request_read(struct decode_request *request, const struct gc_oscore_option *option, uint64_t n, bool is_observe);

/** What was found on the way to opening. */
struct decode_task {
  struct decode_record record;
  struct decode_security security;
  struct decode_request request; /* of a response */
  uint64_t observation;          /* of a notification: id of its group observation; 0: it is none */
  struct gc_buf storage;
  bool is_protected, is_waiting;  /* is_waiting: to be opened by whichever thread is free */
};

/** A task of a record that is protected (what decode_security_look said). */
void decode_task_init(struct decode_task *task, struct gc_buf storage);

/** Find the request of a response, remember a request. Opens at once what is cheap, and what later messages depend on. */
void decode_secure_begin(struct decode_secure *secure, struct decode_task *task);

/** Verify and decrypt; changes only the task, so that several threads may do it. */
void decode_secure_open(const struct decode_secure *secure, struct decode_task *task);

/** In the order of the capture: replays. */
void decode_secure_end(struct decode_secure *secure, struct decode_task *task);

/* --- gc-decode_open.c -------------------------------------------------------------------------------------------------------- */

void decode_open(const struct decode_secure *secure, struct decode_task *task);

/* --- gc-decode_batch.c: many messages, several threads, one order ------------------------------------------------------------ */

struct decode_batch *decode_batch_new(unsigned jobs);
void decode_batch_free(struct decode_batch **batch);
void decode_batch_add(struct decode_run *run, const struct decode_record *record);
void decode_batch_flush(struct decode_run *run);

#endif
