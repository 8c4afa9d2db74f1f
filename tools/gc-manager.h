/* Within gc-manager: the command line as a struct, the commands, and the parts of the server. */
#ifndef GC_TOOLS_MANAGER_H
#define GC_TOOLS_MANAGER_H

#include "ace/group_manager.h"
#include "ace/introspection.h"
#include "base/table.h"
#include "common/binds.h"
#include "common/node.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/status.h"
#include "group/client.h"
#include "group/server.h"
#include "store/manager_db.h"
#include "store/manager_file.h"

struct gc_manager_params {
  struct gc_common common;
  const struct gc_manager_verb *verb; /* NULL: serve */
  char **operands;                    /* behind the verb */
  const char *config, *db;
  struct gc_binds binds;
  uint32_t ifindex;
  uint32_t max_tokens;
};

struct gc_manager_verb {
  const char *name, *operands;
  int min_operands, max_operands;
  enum gc_status (*run)(struct gc_manager_db *db, const struct gc_manager_params *params);
};

extern const struct gc_tool gc_manager_tool;
extern const struct gc_manager_verb gc_manager_verbs[]; /* ends in a row without a name */

/** argv to struct; wrong use does not return. */
void gc_manager_params_parse(struct gc_manager_params *params, int argc, char **argv);

/** What an error of the database means, said. */
enum gc_status gc_manager_explain(const struct gc_manager_db *db, enum gc_err err, const char *subject);

/** Both clocks now. */
struct gc_gm_time gc_manager_time(void);

/** Read the configuration and make the Group Manager; problems are said. */
enum gc_status gc_manager_make(struct gc_manager_file **file, struct gc_gm **gm, struct gc_manager_db *db, const struct gc_manager_params *params,
                               const struct gc_gm_ops *ops);

/* gc-manager_status.c, gc-manager_command.c */
enum gc_status gc_manager_status(struct gc_manager_db *db, const struct gc_manager_params *params);
enum gc_status gc_manager_rekey(struct gc_manager_db *db, const struct gc_manager_params *params);
enum gc_status gc_manager_activate(struct gc_manager_db *db, const struct gc_manager_params *params);
enum gc_status gc_manager_deactivate(struct gc_manager_db *db, const struct gc_manager_params *params);
enum gc_status gc_manager_evict(struct gc_manager_db *db, const struct gc_manager_params *params);
/** Do what other processes have asked for. */
void gc_manager_do_commands(struct gc_manager_db *db, struct gc_gm *gm, const struct gc_gm_time *time);

/* gc-manager_serve.c */
enum gc_status gc_manager_serve(struct gc_manager_db *db, const struct gc_manager_params *params);

/* --- introspection: what the Authorization Server says of tokens, without anybody waiting for it --------------------------------- */

struct gc_manager_token;
struct gc_manager_introspect;
struct gc_manager_question; /* about one token, until it is forgotten */

struct gc_manager_introspect_ops {
  enum gc_err (*send)(void *ctx, const struct gc_datagram *datagram);
  /** Of a token in use: it is active, and may be taken for that until until_s (UTC); or it is not. */
  void (*said)(void *ctx, struct gc_manager_token *token, bool is_active, int64_t until_s);
  void (*log)(void *ctx, const char *what, const struct gc_addr *server, const char *why);
  void *ctx;
};

/** What is known of a token that is uploaded. */
struct gc_manager_said {
  uint8_t code;                   /* 0: it is active; else that of the response */
  int64_t max_age_s;              /* with 5.03: it is being asked about, come back; else -1 */
  const char *why;                /* static phrase; NULL: nothing to say yet */
  struct gc_introspection answer; /* active: borrowed from the question until it is watched or time passes. Secret */
  int64_t until_s;                /* active: it may be taken for that so long, UTC */
  struct gc_manager_question *question;
};

/** The Security Context with the Authorization Server is that of the configuration. 3, 4: said; free it in any case */
enum gc_status gc_manager_introspect_new(struct gc_manager_introspect **out, const struct gc_manager_file *file, const struct gc_common *common,
                                         const struct gc_manager_introspect_ops *ops);
void gc_manager_introspect_free(struct gc_manager_introspect **introspect);

/** The Authorization Server's address. */
struct gc_addr gc_manager_introspect_server(const struct gc_manager_introspect *introspect);

/** is_read: the token could be read here, and is the Authorization Server's beyond doubt. */
void gc_manager_introspect_upload(struct gc_manager_introspect *introspect, struct gc_bytes token, bool is_read, struct gc_manager_said *said);

/** The token is taken: it is asked about again, in the place of an earlier one of the same association. */
void gc_manager_introspect_watch(struct gc_manager_introspect *introspect, struct gc_manager_question *question, struct gc_manager_token *token);
void gc_manager_introspect_forget(struct gc_manager_introspect *introspect, const struct gc_manager_token *token);

void gc_manager_introspect_receive(struct gc_manager_introspect *introspect, const struct gc_datagram *datagram, uint64_t now_ms);
void gc_manager_introspect_tick(struct gc_manager_introspect *introspect, uint64_t now_ms);
uint64_t gc_manager_introspect_deadline(const struct gc_manager_introspect *introspect);

/* --- the claims of a token that is uploaded -------------------------------------------------------------------------------- */

enum { GC_MANAGER_GRACE_S = 120 }; /* after its token has expired a member can still be told that it is evicted */

struct gc_manager_claims_rules {
  struct gc_cwt_key key;           /* secret empty: nothing can be read here */
  struct gc_cwt_expected expected;
  void (*ask)(void *ctx, struct gc_bytes token, bool is_read, struct gc_manager_said *said); /* introspection; NULL: there is none */
  void *ctx;
};

/** Read a token, ask about it, and check iss, exp and aud. *claims: of zeros before; borrows as gc_cwt_open, and from said.
 *  said->code: it is refused, or not known yet */
void gc_manager_claims_learn(struct gc_cwt_claims *claims, struct gc_manager_said *said, struct gc_bytes token, const struct gc_manager_claims_rules *rules,
                             struct gc_buf *room);

/** exp, UTC, rounded down; far in the future where there is none. */
int64_t gc_manager_claims_end(const struct gc_cwt_claims *claims);

/* --- tokens: who has uploaded one, and the Security Context that came of it --------------------------------------------- */

struct gc_manager_tokens;

/** One client's secure association. */
struct gc_manager_token {
  struct gc_manager_token *next;
  struct gc_link by_context, by_material, by_identity;
  uint64_t number;             /* in the order of their uploads */
  struct gc_oscore_context *context;
  struct gc_oscore_ring *own_ring; /* of context alone: answers to what is said to the client */
  bool is_over;                /* it has expired, and opens no request any more (RFC 9203, Sections 4.3 and 6) */
  uint8_t material_id[64];     /* of the token's cnf */
  size_t material_id_len;
  uint8_t recipient_id[2], recipient_id_len;
  struct gc_gm_client client;
  struct gc_addr from;         /* where the last request that it opened came from; family NONE: none has come yet */
  bool is_confirmed;           /* … so that its owner has shown that it has the key */
  int64_t exp_s;               /* UTC, of the token; with introspection the client's rights may end before */
  int64_t issued_s;            /* UTC, where it says so; 0: it does not */
};

/** Where tokens are found without looking at all of them (gc-manager_index.c). */
struct gc_manager_index {
  struct gc_table by_context, by_material, by_identity; /* the last: of those that are confirmed */
  uint64_t hash_key, last_number;
  uint8_t taken_ids[0x10000 / 8]; /* a bit for each Recipient ID */
};

void gc_manager_index_start(struct gc_manager_index *index);
void gc_manager_index_free(struct gc_manager_index *index);

/** context, material_id and recipient_id of the token are set, and stay. number is set. GC_E_MEMORY: not added */
enum gc_err gc_manager_index_add(struct gc_manager_index *index, struct gc_manager_token *token) GC_MUST_CHECK;
/** From now on it is found by its identity. GC_E_MEMORY */
enum gc_err gc_manager_index_confirm(struct gc_manager_index *index, struct gc_manager_token *token) GC_MUST_CHECK;
void gc_manager_index_remove(struct gc_manager_index *index, struct gc_manager_token *token);

/** Is the Recipient ID of this token another's? */
bool gc_manager_index_has_id(struct gc_manager_index *index, const struct gc_manager_token *token);

/** NULL: none. By identity: the newest one. */
struct gc_manager_token *gc_manager_index_by_context(const struct gc_manager_index *index, const struct gc_oscore_context *context);
struct gc_manager_token *gc_manager_index_by_identity(const struct gc_manager_index *index, struct gc_bytes identity);

/** Let those expire that are of the same material and were uploaded earlier. Were there any? */
bool gc_manager_index_end_older(const struct gc_manager_index *index, const struct gc_manager_token *token);

struct gc_manager_tokens_ops {
  /** Introspection; NULL: there is none. */
  void (*ask)(void *ctx, struct gc_bytes token, bool is_read, struct gc_manager_said *said);
  void (*watch)(void *ctx, struct gc_manager_question *question, struct gc_manager_token *token);
  /** Somebody has proved that it holds the key of its token: rights may have changed, messages may be sent. */
  void (*confirmed)(void *ctx, struct gc_manager_token *token, const struct gc_gm_time *time);
  /** The context is about to be freed. */
  void (*forget)(void *ctx, struct gc_manager_token *token);
  void (*log)(void *ctx, const char *what, const struct gc_addr *from, struct gc_bytes identity, const char *why);
  void *ctx;
};

/** ring: contexts are put into it, and taken out of it. NULL: no memory */
struct gc_manager_tokens *gc_manager_tokens_new(struct gc_gm *gm, const struct gc_context_ace *ace, struct gc_oscore_ring *ring, uint32_t max_tokens,
                                                const struct gc_manager_tokens_ops *ops);
void gc_manager_tokens_free(struct gc_manager_tokens **tokens);

/** POST /authz-info. */
enum gc_err gc_manager_tokens_take(struct gc_manager_tokens *tokens, const struct gc_server_request *request, struct gc_server_response *response);

/** Whose request it is; NULL: nobody's. */
struct gc_manager_token *gc_manager_tokens_of(struct gc_manager_tokens *tokens, const struct gc_server_request *request);

/** The association by which a member is reached; NULL: there is none. */
struct gc_manager_token *gc_manager_tokens_by_identity(struct gc_manager_tokens *tokens, struct gc_bytes identity);

/** Drop what has expired or been replaced. Not from within a handler. */
void gc_manager_tokens_tick(struct gc_manager_tokens *tokens);

size_t gc_manager_tokens_count(const struct gc_manager_tokens *tokens);

/* --- news: what a rekeying says to each member ------------------------------------------------------------------------------ */

struct gc_manager_news;

struct gc_manager_news *gc_manager_news_new(struct gc_gm *gm); /* NULL: no memory */
void gc_manager_news_free(struct gc_manager_news **news);

/** The message of a group's latest rekeying (Section 11.1), valid until the next call. Errors as gc_gm_rekeying_message */
enum gc_err gc_manager_news_of(struct gc_manager_news *news, const char *group, struct gc_bytes *out) GC_MUST_CHECK;

/** REKEYED: there is another message now. */
void gc_manager_news_event(struct gc_manager_news *news, const struct gc_gm_event *event);

/** Wipe what is older than a second. */
void gc_manager_news_tick(struct gc_manager_news *news);

/* --- resources ---------------------------------------------------------------------------------------------------------- */

struct gc_manager_resources;

/** Everything below ace-group, as the groups and their members are now. NULL: said why not */
struct gc_manager_resources *gc_manager_resources_new(struct gc_server *server, struct gc_manager_db *db, struct gc_gm *gm,
                                                      struct gc_manager_tokens *tokens, struct gc_manager_news *news, const struct gc_context_ace *ace);
void gc_manager_resources_free(struct gc_manager_resources **resources); /* after the server */

/** A member has come, has gone, or everything of a group is new. */
void gc_manager_resources_event(struct gc_manager_resources *resources, const struct gc_gm_event *event);

/** Does an evicted member learn of it here, because it observes its own resource? Then nothing else may tell it (Section 10). */
bool gc_manager_resources_tell_end(const struct gc_manager_resources *resources, const struct gc_gm_event *event);

/** Take away what has gone. Not from within a handler. */
void gc_manager_resources_tick(struct gc_manager_resources *resources, uint64_t now_ms);

/* --- mail: requests to members -------------------------------------------------------------------------------------------- */

struct gc_manager_mail;

struct gc_manager_mail_ops {
  enum gc_err (*send)(void *ctx, const struct gc_datagram *datagram);
  void (*log)(void *ctx, const char *what, const char *group, const struct gc_gm_member *member, const char *why);
  void *ctx;
};

struct gc_manager_mail *gc_manager_mail_new(struct gc_gm *gm, struct gc_manager_tokens *tokens, struct gc_manager_news *news,
                                            const struct gc_manager_mail_ops *ops);
void gc_manager_mail_free(struct gc_manager_mail **mail);

/** REKEYED: to all who need it; EVICTED: to the one, if it is not told otherwise. It gets no keys any more, as after LEFT. */
void gc_manager_mail_event(struct gc_manager_mail *mail, const struct gc_gm_event *event, bool is_told);

/** A member can be reached (again): the latest rekeying of its groups goes to it. */
void gc_manager_mail_catch_up(struct gc_manager_mail *mail, const struct gc_manager_token *token);

/** The context is about to be freed: exchanges with its client end, and are begun anew over another association, if there is one. */
void gc_manager_mail_forget(struct gc_manager_mail *mail, const struct gc_manager_token *token);

void gc_manager_mail_receive(struct gc_manager_mail *mail, const struct gc_datagram *datagram, uint64_t now_ms);
void gc_manager_mail_tick(struct gc_manager_mail *mail, uint64_t now_ms);
uint64_t gc_manager_mail_deadline(const struct gc_manager_mail *mail);

/* --- log: one line an event, on stdout -------------------------------------------------------------------------------------- */

struct gc_manager_line {
  const char *event, *group, *why; /* NULL: absent */
  const struct gc_gm_member *member; /* NULL: none */
  struct gc_bytes identity;        /* of a token, where there is no member */
  const struct gc_addr *from;      /* NULL: none */
  bool has_num;
  uint64_t num;
};
void gc_manager_log(struct gc_out *out, bool json, const struct gc_manager_line *line);

/** The issuer and the subject of an identity. */
void gc_manager_identity_split(struct gc_bytes identity, struct gc_bytes *issuer, struct gc_bytes *subject);

#endif
