/* Within gc-join: the command line as a struct, a session with Group Manager and Authorization Server, the commands. */
#ifndef GC_TOOLS_JOIN_H
#define GC_TOOLS_JOIN_H

#include "ace/problem.h"
#include "common/context.h"
#include "common/destination.h"
#include "common/node.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"
#include "group/join_client.h"
#include "store/join_file.h"
#include "store/key_file.h"

#define GC_JOIN_ALLOW_MAX 16
#define GC_JOIN_PATH_LEN 1024
#define GC_JOIN_RETIRED_MAX 4 /* associations that have been replaced and may still be in use */

struct gc_join_options {
  struct gc_common common;
  const struct gc_join_command *command;
  char **operands;
  int operand_count;
  const char *gm, *as, *key, *roles, *out, *audience, *control_uri, *context; /* context: of -g */
  const char *allowed[GC_JOIN_ALLOW_MAX];
  size_t allowed_count;
  bool force, no_creds, new_id, once;
  uint64_t wait_ms, time_ms;
};

struct gc_join_command {
  const char *name, *operands, *help;
  int min_operands, max_operands;
  enum gc_status (*run)(const struct gc_join_options *options);
};

extern const struct gc_tool gc_join_tool;
extern const struct gc_join_command gc_join_commands[]; /* ends in a row without a name; the first is the default */

/** argv to struct; wrong use does not return. */
void gc_join_options_parse(struct gc_join_options *options, int argc, char **argv);

enum gc_status gc_join_run_join(const struct gc_join_options *options);
enum gc_status gc_join_run_status(const struct gc_join_options *options);
enum gc_status gc_join_run_rekey(const struct gc_join_options *options);
enum gc_status gc_join_run_creds(const struct gc_join_options *options);
enum gc_status gc_join_run_policies(const struct gc_join_options *options);
enum gc_status gc_join_run_cred(const struct gc_join_options *options);
enum gc_status gc_join_run_leave(const struct gc_join_options *options);
enum gc_status gc_join_run_watch(const struct gc_join_options *options);

/* gc-join_lock.c: one at a time changes the files */

struct gc_join_lock {
  int fd;
  bool is_held;
};

#define GC_JOIN_LOCK_MS 30000 /* for another one's request and its answer */

/** Wait for the lock of the context file `path`, which is not held yet. 1: another has it all the time, said; 4: said */
enum gc_status gc_join_lock(struct gc_join_lock *lock, const char *path, unsigned wait_ms);
void gc_join_unlock(struct gc_join_lock *lock);

/** The membership is over: the file of the lock goes with it. By who has the lock. */
void gc_join_lock_forget(const char *path);

/* one run with its files, sockets and state machine */

struct gc_join_session {
  const struct gc_join_options *options;
  struct gc_out *out;
  char path[GC_JOIN_PATH_LEN];               /* FILE: the context file */
  char record_path[GC_JOIN_PATH_LEN + 16], gm_path[GC_JOIN_PATH_LEN + 16]; /* FILE.join, FILE.gm */
  struct gc_join_file *record;
  struct gc_key_file *key;                   /* NULL: a pure monitor */
  struct gc_destination gm, as;
  char gname[GC_GROUP_NAME_MAX_LEN + 1], gm_uri_path[GC_JOIN_PATH_MAX], as_uri_path[GC_JOIN_PATH_MAX];
  struct gc_context as_context, association, retired[GC_JOIN_RETIRED_MAX];
  struct gc_oscore_ring *as_ring, *ring;
  unsigned association_uses;                 /* 0, or GC_SECURE_WINDOWS: requests of the Group Manager are received */
  struct gc_node *node;
  size_t sockets[2];                         /* IPv4, IPv6; SIZE_MAX: not open */
  struct gc_client *client;
  struct gc_join *join;
  const struct gc_join_watch *watch;         /* what else wants datagrams and time; NULL: nothing */
  void *watch_ctx;
  enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx);
  void *take_ctx;
  enum gc_status status;
  bool is_waiting, is_interrupted;
  bool is_unreachable;                       /* ICMP has said so of a server */
  bool hides_refusal;                        /* that the Group Manager refuses is no news: 5, and nothing said */
};

/** What a command that stays adds to a session. */
struct gc_join_watch {
  void (*receive)(void *ctx, size_t socket, const struct gc_datagram *datagram, uint64_t now_ms);
  uint64_t (*deadline)(void *ctx);
  void (*tick)(void *ctx, uint64_t now_ms);
  void (*news)(void *ctx, const struct gc_join_answer *answer); /* of observations */
  void (*retire)(void *ctx, struct gc_oscore_context *context); /* an association that has been replaced */
};

/* gc-join_session.c: its sockets and state machine */

/** Open the node, without sockets yet. */
enum gc_status gc_join_session_open(struct gc_join_session *session);
/** A socket for this destination's address family, where there is none yet. */
enum gc_status gc_join_session_socket(struct gc_join_session *session, const struct gc_destination *to);
/** Make the client and the state machine; 4: said */
enum gc_status gc_join_session_start(struct gc_join_session *session, const struct gc_join_params *params);

/** One operation from its request to its end; `take` is given what came where it is done, and its status is the result.
 *  Everything else is said, and its status returned. */
enum gc_status gc_join_session_ask(struct gc_join_session *session, enum gc_join_operation operation, const struct gc_join_question *question,
                                   enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx), void *ctx);

/** The same where a refusal is an answer too: 5, and nothing is said of it. */
enum gc_status gc_join_session_probe(struct gc_join_session *session, enum gc_join_operation operation,
                                     enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx), void *ctx);

/** The same for what not every Group Manager has: refused, it is left. */
enum gc_status gc_join_session_try(struct gc_join_session *session, enum gc_join_operation operation,
                                   enum gc_status (*take)(struct gc_join_session *session, const struct gc_join_answer *answer, void *ctx), void *ctx);

/* gc-join_setup.c: its beginning and end, from files and the command line */

/** A session for joining: from the command line alone. */
enum gc_status gc_join_session_begin(struct gc_join_session *session, const struct gc_join_options *options);
/** Is there a FILE.join? What else is said. */
bool gc_join_is_joined(const char *path);
/** A session of a member: from FILE.join, with what the command line says instead. */
enum gc_status gc_join_session_resume(struct gc_join_session *session, const struct gc_join_options *options, unsigned association_uses);
/** Close and free all of it, also where beginning or resuming has failed. 4: said */
enum gc_status gc_join_session_end(struct gc_join_session *session);

/** The Authorization Server at session->as: its address and token endpoint. */
enum gc_status gc_join_use_as(struct gc_join_session *session, struct gc_join_server *as);

/** Where another token is due the next operation gets it. */
void gc_join_session_renew(struct gc_join_session *session);

/** FILE.join as another command may have left it, for one that stays; with the lock. 5: it is gone, said; 3: said */
enum gc_status gc_join_session_reload(struct gc_join_session *session);

/** Write FILE.join; 4: said */
enum gc_status gc_join_session_save(struct gc_join_session *session);

/** The whole path, so that the file is found from any folder; false: too long. */
bool gc_join_keep_path(char out[static GC_JOIN_FILE_TEXT_MAX], const char *path);

/** The own context file; NULL: said, *status says how it failed. */
struct gc_context_file *gc_join_session_group(struct gc_join_session *session, enum gc_status *status);

/* gc-join_files.c: the association, tokens, and what is kept of them */
enum gc_err gc_join_associate(void *ctx, const struct gc_oscore_profile_context *derived, struct gc_oscore_context **context, struct gc_oscore_ring **ring);
enum gc_status gc_join_open_association(struct gc_join_session *session);

/** The group's file, NULL where it cannot be read: what is wrong with it is said by who needs it for more. */
struct gc_context_file *gc_join_peek_group(const struct gc_join_session *session);
enum gc_status gc_join_open_as(struct gc_join_session *session, const char *path, bool is_needed);
void gc_join_keep_token(void *ctx, const struct gc_join_token *token);
enum gc_err gc_join_find_as(void *ctx, const struct gc_as_hints *hints, struct gc_join_server *as, struct gc_oscore_context **context,
                            struct gc_oscore_ring **ring);
void gc_join_forget_files(const struct gc_join_session *session, bool is_evicted);

/* gc-join_install.c: keying material made into the context file */

/** A context file that is being made or changed. Borrows from what it was made of. */
struct gc_join_group {
  struct gc_context_file file;
  struct gc_context_member *recipients; /* owned */
  size_t cap;
};

/** Of a membership that was joined. Free it in any case. */
enum gc_status gc_join_group_make(struct gc_join_group *group, struct gc_join_session *session, const struct gc_join_answer *answer, const char *group_uri);
/** Of a context file that is there. */
enum gc_status gc_join_group_of(struct gc_join_group *group, const struct gc_context_file *file);
void gc_join_group_free(struct gc_join_group *group);

/** Take members of creds, peer_identifiers over: new ones, and those whose credential has changed. */
enum gc_status gc_join_group_add(struct gc_join_group *group, const struct gc_groupcomm *message);
/** Forget these Sender IDs; returns how many were there. */
size_t gc_join_group_remove(struct gc_join_group *group, struct gc_bytes encoded_ids);
void gc_join_group_clear(struct gc_join_group *group);
/** New Master Secret, Gid and salt of a rekeying; expires_s: UTC, 0: not known. */
void gc_join_group_rekey(struct gc_join_group *group, const struct gc_oscore_params *params, uint64_t expires_s);
/** When the keys end, UTC in seconds; 0: not known. */
uint64_t gc_join_expiry(const struct gc_membership *membership);
/** Can it be used? Members that cannot are left out, which is said. 1: what is left cannot, said; 4: said */
enum gc_status gc_join_group_check(struct gc_join_group *group, const struct gc_join_session *session);
/** Write FILE, if it can be used; 1, 4: said, and FILE is as it was */
enum gc_status gc_join_group_write(struct gc_join_group *group, const struct gc_join_session *session, bool replace);

/** Keep num and times of a membership in FILE.join. */
void gc_join_note(struct gc_join_session *session, const struct gc_membership *membership);

/* gc-join_update.c: follow a group that has been rekeyed */

/** Bring FILE and FILE.join to what the Group Manager has: GET nodes/N (or the group), stale Sender IDs, credentials.
 *  *changed: the Key Generation Number, or the own Sender ID, is another one. */
enum gc_status gc_join_update(struct gc_join_session *session, bool *changed);

/** A rekeying message that has come. *installed: FILE and FILE.join are new; *is_missed: nothing is done, because it does not follow what is
 *  there or lacks something: gc_join_update fetches it. 1: it is of no use, said; 3, 4: files, said */
enum gc_status gc_join_take_rekeying(struct gc_join_session *session, const struct gc_groupcomm *message, bool *is_missed, bool *installed);

/* gc-join_say.c */

/** Say what a result means, in a sentence a person can act on; --json: an event too. */
enum gc_status gc_join_say(const struct gc_join_session *session, const struct gc_join_answer *answer);

/** "event":NAME with the group, its Gid and Key Generation Number; the caller ends it with gc_join_event_end. */
void gc_join_event_begin(const struct gc_join_session *session, const char *event);
void gc_join_event_end(const struct gc_join_session *session);

/** After a context file was written: a line, or an event. */
void gc_join_say_group(const struct gc_join_session *session, const char *event, const struct gc_join_group *group);

#endif
