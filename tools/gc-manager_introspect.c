/* Questions to the Authorization Server about tokens (RFC 9200, Section 5.9): of uploads, and again of those in use. One is under
 * way at a time (NSTART of RFC 7252 is 1), nobody waits for it, and neither kind keeps the other from its turn. */
#include <stdlib.h>
#include <string.h>

#include "coap/message.h"
#include "common/context.h"
#include "common/destination.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "iana/options.h"

enum {
  UPLOADS_MAX = 64,     /* tokens that are asked about before they are taken */
  WAITING_MS = 120000,  /* an upload that nobody repeats is forgotten, … */
  SETTLED_MS = 30000,   /* … and so is the answer: who comes later is asked about anew */
  ANSWER_MS = 5000,     /* for an answer */
  RETRY_MS = 10000,     /* after none */
  BUSY_S = 5,
};

struct gc_manager_question {
  struct gc_manager_question *next;
  struct gc_manager_token *owner; /* that is in use; NULL: an upload */
  uint64_t due_ms;                /* UINT64_MAX: not to be asked */
  uint64_t asked_ms, end_ms;      /* end_ms: of an upload */
  bool is_read, is_settled;       /* is_read: it is the Authorization Server's beyond doubt */
  enum gc_introspected said;      /* settled */
  const char *why;
  int64_t said_s;
  uint8_t *answer;                /* secret: active, of an upload */
  size_t answer_len, token_len;
  uint8_t token[];
};

struct gc_manager_introspect {
  const struct gc_manager_introspection *config;
  struct gc_manager_introspect_ops ops;
  struct gc_context context;
  struct gc_oscore_ring *ring;
  struct gc_destination as;
  struct gc_client *client;
  struct gc_exchange *exchange;        /* NULL: none under way */
  struct gc_manager_question *asking;  /* NULL: none, or it was forgotten meanwhile */
  struct gc_manager_question *first;
  size_t upload_count;
  const char *fault;                   /* of the exchange, so far */
  bool is_answered, is_down, was_upload;
  uint64_t retry_ms, now_ms;
};

/* --- the questions ------------------------------------------------------------------------------------------------------------ */

static void drop_answer(struct gc_manager_question *question)
{
  if (question->answer)
    gc_wipe(question->answer, question->answer_len);
  free(question->answer);
  question->answer = NULL;
  question->answer_len = 0;
}

static void remove_at(struct gc_manager_introspect *all, struct gc_manager_question **at)
{
  struct gc_manager_question *question = *at;
  *at = question->next;
  if (all->asking == question)
    all->asking = NULL;
  all->upload_count -= !question->owner;
  drop_answer(question);
  gc_wipe(question->token, question->token_len);
  free(question);
}

static struct gc_manager_question *find_upload(const struct gc_manager_introspect *all, struct gc_bytes token)
{
  struct gc_manager_question *question = all->first;
  while (question && (question->owner || !gc_bytes_equal(gc_bytes(question->token, question->token_len), token)))
    question = question->next;
  return question;
}

/* Anybody can send what looks like a reference: such a one gives way to a token that can be read, and to none while it waits. */
static bool make_room(struct gc_manager_introspect *all, bool is_read)
{
  struct gc_manager_question **oldest = NULL;
  if (all->upload_count < UPLOADS_MAX)
    return true;
  for (struct gc_manager_question **at = &all->first; *at; at = &(*at)->next)
    if (!(*at)->owner && *at != all->asking && ((*at)->is_settled || (is_read && !(*at)->is_read)))
      oldest = at; /* the newest are in front */
  if (oldest)
    remove_at(all, oldest);
  return oldest != NULL;
}

static struct gc_manager_question *add_upload(struct gc_manager_introspect *all, struct gc_bytes token, bool is_read)
{
  struct gc_manager_question *question = make_room(all, is_read) ? calloc(1, sizeof *question + token.len) : NULL;
  if (!question)
    return NULL;
  question->is_read = is_read;
  question->token_len = token.len;
  memcpy(question->token, token.ptr, token.len);
  question->next = all->first;
  all->first = question;
  all->upload_count++;
  return question;
}

static void say_later(struct gc_manager_said *said, int64_t max_age_s, const char *why)
{
  said->code = GC_CODE(5, 3);
  said->max_age_s = max_age_s;
  said->why = why;
}

static void say_settled(const struct gc_manager_introspect *all, struct gc_manager_question *question, struct gc_manager_said *said)
{
  if (question->said == GC_INTROSPECTED_ACTIVE && gc_introspection_parse(&said->answer, gc_bytes(question->answer, question->answer_len), NULL) == GC_OK) {
    said->question = question;
    said->until_s = question->said_s + all->config->keep_s;
    return;
  }
  said->code = question->said == GC_INTROSPECTED_INACTIVE ? GC_CODE(4, 1) : GC_CODE(4, 0);
  said->why = question->why ? question->why : "the Authorization Server's answer cannot be read";
}

void gc_manager_introspect_upload(struct gc_manager_introspect *all, struct gc_bytes token, bool is_read, struct gc_manager_said *said)
{
  struct gc_manager_question *question = find_upload(all, token);
  *said = (struct gc_manager_said){ .max_age_s = -1 };
  all->now_ms = gc_manager_time().now_ms;
  if (!question)
    question = add_upload(all, token, is_read);
  if (!question) {
    say_later(said, BUSY_S, "too many tokens are being asked about");
  } else if (question->is_settled) {
    say_settled(all, question, said);
  } else {
    question->end_ms = all->now_ms + WAITING_MS;
    say_later(said, all->is_down ? RETRY_MS / 1000 : 1, all->is_down ? "the Authorization Server cannot be asked" : NULL);
  }
}

void gc_manager_introspect_watch(struct gc_manager_introspect *all, struct gc_manager_question *question, struct gc_manager_token *token)
{
  gc_manager_introspect_forget(all, token);
  drop_answer(question);
  question->owner = token;
  all->upload_count--;
  question->due_ms = all->now_ms + (uint64_t)all->config->interval_s * 1000;
}

void gc_manager_introspect_forget(struct gc_manager_introspect *all, const struct gc_manager_token *token)
{
  for (struct gc_manager_question **at = &all->first; *at; at = &(*at)->next)
    if ((*at)->owner == token) {
      remove_at(all, at);
      return;
    }
}

/* --- the answers -------------------------------------------------------------------------------------------------------------- */

static void come_up(struct gc_manager_introspect *all)
{
  if (all->is_down)
    all->ops.log(all->ops.ctx, "introspection-works", &all->as.targets[0], NULL);
  all->is_down = false;
  all->retry_ms = 0;
}

/* Said once, until it works again. */
static void go_down(struct gc_manager_introspect *all, const char *why)
{
  if (!all->is_down)
    all->ops.log(all->ops.ctx, "introspection-failed", &all->as.targets[0], why);
  all->is_down = true;
  all->retry_ms = all->now_ms + RETRY_MS;
}

static void settle_upload(struct gc_manager_introspect *all, struct gc_manager_question *question, struct gc_bytes answer)
{
  question->is_settled = true;
  question->due_ms = UINT64_MAX;
  question->end_ms = all->now_ms + SETTLED_MS;
  if (question->said != GC_INTROSPECTED_ACTIVE)
    return;
  question->answer = malloc(answer.len);
  if (!question->answer)
    return; /* cannot be read */
  memcpy(question->answer, answer.ptr, answer.len);
  question->answer_len = answer.len;
}

/* Of one in use that cannot be read any more nothing is known: it lasts as long as the last answer. */
static void settle_owned(struct gc_manager_introspect *all, struct gc_manager_question *question)
{
  question->due_ms = question->said == GC_INTROSPECTED_INACTIVE ? UINT64_MAX : all->now_ms + (uint64_t)all->config->interval_s * 1000;
  if (question->said != GC_INTROSPECTED_UNREADABLE)
    all->ops.said(all->ops.ctx, question->owner, question->said == GC_INTROSPECTED_ACTIVE, question->said_s + all->config->keep_s);
}

static void take_answer(struct gc_manager_introspect *all, const struct gc_message *message)
{
  struct gc_introspection answer;
  uint32_t format;
  const char *why;
  const int32_t content_format = gc_option_find_uint(message->options, GC_OPTION_CONTENT_FORMAT, &format) ? (int32_t)format : -1;
  const enum gc_introspected said = gc_introspection_take(&answer, message->code, content_format, message->payload, &why);
  struct gc_manager_question *question = all->asking;
  all->is_answered = true;
  all->asking = NULL;
  if (said == GC_INTROSPECTED_UNAVAILABLE) {
    go_down(all, why);
    return;
  }
  come_up(all);
  if (!question)
    return;
  question->said = said;
  question->why = why;
  question->said_s = gc_manager_time().now_s;
  if (question->owner)
    settle_owned(all, question);
  else
    settle_upload(all, question, message->payload);
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  struct gc_manager_introspect *all = ctx;
  if (!event->exchange || event->exchange != all->exchange)
    return;
  all->now_ms = event->now_ms;
  if (event->kind == GC_CLIENT_RESPONSE && event->security && !all->is_answered)
    take_answer(all, &event->message);
  else if (event->kind == GC_CLIENT_INSECURE)
    all->fault = "what comes back is not protected with the keys of the Authorization Server";
  else if (event->kind == GC_CLIENT_END) {
    all->exchange = NULL;
    all->asking = NULL;
    if (!all->is_answered)
      go_down(all, all->fault);
  }
}

/* --- asking ------------------------------------------------------------------------------------------------------------------- */

/* Of uploads those that can be read come first, whatever else comes. */
static bool is_before(const struct gc_manager_question *a, const struct gc_manager_question *b)
{
  return !a->owner && a->is_read != b->is_read ? a->is_read : a->asked_ms <= b->asked_ms;
}

/* The one that has waited longest, of the other kind than the last if there is one. */
static struct gc_manager_question *next_question(const struct gc_manager_introspect *all)
{
  struct gc_manager_question *best[2] = { NULL, NULL };
  for (struct gc_manager_question *question = all->first; question; question = question->next) {
    struct gc_manager_question **of_kind = &best[!question->owner];
    if (question->due_ms <= all->now_ms && (!*of_kind || is_before(question, *of_kind)))
      *of_kind = question;
  }
  return best[!all->was_upload] ? best[!all->was_upload] : best[all->was_upload];
}

static void ask(struct gc_manager_introspect *all, struct gc_manager_question *question)
{
  uint8_t options_room[1200], room[GC_INTROSPECTION_REQUEST_MAX_LEN(GC_CWT_MAX_LEN)];
  struct gc_builder options = gc_builder_options(options_room, sizeof options_room);
  struct gc_buf payload = gc_buf(room, sizeof room);
  struct gc_request request = { .remote = all->as.targets[0], .ifindex = all->as.ifindex, .code = GC_CODE_POST, .is_con = true, .block_szx = 7,
                                .wait_ms = ANSWER_MS, .max_responders = 1, .context = all->context.oscore, .ring = all->ring };
  gc_uri_add_options(&options, &all->as.uri);
  gc_builder_add_uint(&options, GC_OPTION_CONTENT_FORMAT, GC_FORMAT_ACE_CBOR);
  question->asked_ms = all->now_ms;
  all->was_upload = !question->owner;
  all->asking = question;
  all->is_answered = false;
  all->fault = "no answer";
  if (gc_builder_finish(&options, &request.options) || gc_introspection_ask(&payload, gc_bytes(question->token, question->token_len)) ||
      ((request.payload = gc_buf_bytes(&payload)).len && gc_client_request(all->client, &all->exchange, &request, NULL, all->now_ms))) {
    all->exchange = NULL;
    all->asking = NULL;
    go_down(all, "a request cannot be sent");
  }
  gc_wipe(room, sizeof room);
}

static void sweep(struct gc_manager_introspect *all)
{
  for (struct gc_manager_question **at = &all->first; *at;)
    if (!(*at)->owner && (*at)->end_ms <= all->now_ms)
      remove_at(all, at);
    else
      at = &(*at)->next;
}

void gc_manager_introspect_tick(struct gc_manager_introspect *all, uint64_t now_ms)
{
  all->now_ms = now_ms;
  gc_client_tick(all->client, now_ms);
  sweep(all);
  struct gc_manager_question *question = all->exchange || all->retry_ms > now_ms ? NULL : next_question(all);
  if (question)
    ask(all, question);
}

void gc_manager_introspect_receive(struct gc_manager_introspect *all, const struct gc_datagram *datagram, uint64_t now_ms)
{
  all->now_ms = now_ms;
  gc_client_receive(all->client, datagram, now_ms);
}

uint64_t gc_manager_introspect_deadline(const struct gc_manager_introspect *all)
{
  uint64_t first = gc_client_deadline(all->client);
  for (const struct gc_manager_question *question = all->first; question; question = question->next) {
    const uint64_t ask_ms = all->exchange ? UINT64_MAX : question->due_ms < all->retry_ms ? all->retry_ms : question->due_ms;
    const uint64_t own_ms = !question->owner && question->end_ms < ask_ms ? question->end_ms : ask_ms;
    first = own_ms < first ? own_ms : first;
  }
  return first;
}

/* --- beginning and end ----------------------------------------------------------------------------------------------------------- */

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct gc_manager_introspect *all = ctx;
  return all->ops.send(all->ops.ctx, datagram);
}

/* The name is looked up once, here: later nothing may wait for that. */
static enum gc_status find_as(struct gc_manager_introspect *all, const struct gc_common *common)
{
  const struct gc_destination_query query = { .uri = all->config->uri, .interface = common->interface };
  char why[GC_WHY_LEN];
  const enum gc_status status = gc_destination_find(&all->as, &query, why);
  if (status)
    gc_error("introspection: %s", why);
  if (status || (all->as.uri.scheme == GC_SCHEME_COAP && !all->as.is_group))
    return status == GC_STATUS_USAGE ? GC_STATUS_INPUT : status;
  gc_error("introspection: %s: a coap URI of one server is expected", all->config->uri);
  return GC_STATUS_INPUT;
}

enum gc_status gc_manager_introspect_new(struct gc_manager_introspect **out, const struct gc_manager_file *file, const struct gc_common *common,
                                         const struct gc_manager_introspect_ops *ops)
{
  struct gc_manager_introspect *all = *out = calloc(1, sizeof *all);
  const struct gc_client_params params = gc_client_params_default();
  const struct gc_client_ops client_ops = { .send = on_send, .event = on_event, .ctx = all };
  enum gc_status status = GC_STATUS_SYSTEM;
  if (all) {
    all->config = gc_manager_file_introspection(file);
    all->ops = *ops;
    status = gc_context_open_as(&all->context, gc_manager_file_as_path(file), common->strict);
  }
  if (!status)
    status = find_as(all, common);
  if (status && all)
    return status;
  if (all && (all->ring = gc_oscore_ring_new()) && gc_oscore_ring_add(all->ring, all->context.oscore) == GC_OK &&
      (all->client = gc_client_new(&params, &client_ops, gc_rng_system())))
    return GC_STATUS_OK;
  gc_error("no memory left");
  return GC_STATUS_SYSTEM;
}

struct gc_addr gc_manager_introspect_server(const struct gc_manager_introspect *all)
{
  return all->as.targets[0];
}

void gc_manager_introspect_free(struct gc_manager_introspect **pointer)
{
  struct gc_manager_introspect *all = *pointer;
  if (!all)
    return;
  *pointer = NULL;
  gc_client_free(&all->client);
  while (all->first)
    remove_at(all, &all->first);
  gc_oscore_ring_free(&all->ring);
  if (all->context.path)
    (void)gc_context_close(&all->context);
  free(all);
}
