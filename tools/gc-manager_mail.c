/* Requests to members at their control URIs, each over its secure association: rekeying messages, and the end of a membership
 * (RFC 9594, Sections 4.3.1 and 6; draft-ietf-ace-key-groupcomm-oscore, Sections 10 and 11.1). */
#include <stdlib.h>
#include <string.h>

#include "base/table.h"
#include "base/timers.h"
#include "coap/uri.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "iana/options.h"

enum {
  LETTERS_MAX = 8192,
  WINDOW_MIN = 32,     /* exchanges under way: one more with each that is answered, half of it with each that is not */
  WINDOW_MAX = 256,
  TRIES = 4,           /* each with the retransmissions of CoAP */
  PAUSE_MS = 10000,    /* before the next one */
  WAIT_MS = 5000,      /* for an answer after the acknowledgement */
};

/** What a member is to be told: the latest rekeying (which it gets as it is then), or its end. It waits, or is under way. */
struct letter {
  struct gc_timer due;          /* it waits */
  struct gc_link by_member;     /* it waits, and says of a rekeying */
  struct gc_manager_mail *mail;
  struct gc_gm_member member;
  bool is_eviction, is_done;
  unsigned tries;
  size_t place;                 /* among those under way */
  struct gc_exchange *exchange; /* NULL: it waits */
};

struct gc_manager_mail {
  struct gc_gm *gm;
  struct gc_manager_tokens *tokens;
  struct gc_manager_news *news;
  struct gc_manager_mail_ops ops;
  struct gc_client *client;
  struct gc_timers due;
  struct gc_table by_member;
  uint64_t hash_key;
  struct letter *sent[WINDOW_MAX]; /* under way */
  size_t count, under_way, window;
  uint64_t now_ms;
};

static void log_line(const struct letter *letter, const char *what, const char *why)
{
  letter->mail->ops.log(letter->mail->ops.ctx, what, letter->member.group, &letter->member, why);
}

/* --- those that wait ------------------------------------------------------------------------------------------------------------ */

static uint64_t hash_of(const struct gc_manager_mail *mail, const struct gc_gm_member *member)
{
  return gc_hash_u64(member->node ^ gc_hash_bytes(member->group, strlen(member->group), mail->hash_key), mail->hash_key);
}

static bool is_about(const struct letter *letter, const struct gc_gm_member *member)
{
  return letter->member.node == member->node && strcmp(letter->member.group, member->group) == 0;
}

static struct letter *find(const struct gc_manager_mail *mail, const struct gc_gm_member *member)
{
  for (struct gc_link *link = gc_table_find(&mail->by_member, hash_of(mail, member)); link; link = gc_table_find_next(link)) {
    struct letter *letter = GC_CONTAINER(link, struct letter, by_member);
    if (is_about(letter, member))
      return letter;
  }
  return NULL;
}

static void take_out(struct letter *letter)
{
  gc_timers_clear(&letter->mail->due, &letter->due);
  gc_table_remove(&letter->mail->by_member, &letter->by_member);
}

static void drop(struct letter *letter)
{
  struct gc_manager_mail *mail = letter->mail;
  take_out(letter);
  free(letter);
  if (--mail->count == 0)
    mail->window = WINDOW_MIN;
}

static void put_in(struct letter *letter, uint64_t due_ms)
{
  struct gc_manager_mail *mail = letter->mail;
  if (gc_timers_set(&mail->due, &letter->due, due_ms) == GC_OK &&
      (letter->is_eviction || gc_table_add(&mail->by_member, &letter->by_member, hash_of(mail, &letter->member)) == GC_OK))
    return;
  log_line(letter, "not-told", "no memory left");
  drop(letter);
}

/* --- writing them ---------------------------------------------------------------------------------------------------------------- */

/* One letter a member: what it would have said is in the one that comes now. */
static void write_letter(struct gc_manager_mail *mail, const struct gc_gm_member *member, bool is_eviction)
{
  if (!member->control_uri[0])
    return;
  struct letter *letter = find(mail, member);
  if (letter)
    drop(letter);
  letter = mail->count < LETTERS_MAX ? calloc(1, sizeof *letter) : NULL;
  if (!letter) {
    mail->ops.log(mail->ops.ctx, "not-told", member->group, member, "no room for the message");
    return;
  }
  letter->mail = mail;
  letter->member = *member;
  letter->is_eviction = is_eviction;
  mail->count++;
  put_in(letter, mail->now_ms);
}

static bool write_each(void *ctx, const struct gc_gm_member *member, bool needs_rekeying)
{
  if (needs_rekeying)
    write_letter(ctx, member, false);
  return true;
}

/* What a member was still to be told when it goes: keys that would not be its own any more when a letter is tried again. */
static void drop_letters(struct gc_manager_mail *mail, const struct gc_gm_member *member)
{
  struct letter *waiting = find(mail, member);
  if (waiting)
    drop(waiting);
  for (size_t i = mail->under_way; i-- > 0;) { /* backwards: one that ends is replaced by the last */
    struct letter *letter = mail->sent[i];
    if (letter->is_eviction || !letter->exchange || !is_about(letter, member))
      continue;
    letter->is_done = true;
    gc_client_end(mail->client, letter->exchange, false, mail->now_ms);
  }
}

void gc_manager_mail_event(struct gc_manager_mail *mail, const struct gc_gm_event *event, bool is_told)
{
  if (event->kind == GC_GM_LEFT || event->kind == GC_GM_EVICTED)
    drop_letters(mail, event->member);
  if (event->kind == GC_GM_EVICTED && !is_told)
    write_letter(mail, event->member, true);
  else if (event->kind == GC_GM_REKEYED && gc_gm_members(mail->gm, event->group, write_each, mail))
    gc_warn("%s: the members of the group cannot be read: they will have to ask", event->group);
}

void gc_manager_mail_catch_up(struct gc_manager_mail *mail, const struct gc_manager_token *token)
{
  const struct gc_bytes identity = gc_bytes(token->client.identity, token->client.identity_len);
  const struct gc_gm_config *config;
  for (size_t i = 0; (config = gc_gm_config_at(mail->gm, i)); i++) {
    const enum gc_err err = gc_gm_member(mail->gm, config->name, identity, write_each, mail);
    if (err && err != GC_E_NOT_FOUND) {
      gc_warn("%s: a member of the group cannot be read: it will have to ask", config->name);
      return;
    }
  }
}

/* --- sending them ---------------------------------------------------------------------------------------------------------------- */

/* A name is not looked up, which could take long: who asked from somewhere is taken to be there. */
static bool address_of(const struct letter *letter, const struct gc_manager_token *token, struct gc_uri *uri, struct gc_addr *out)
{
  if (gc_uri_parse(uri, gc_bytes_str(letter->member.control_uri), NULL) || uri->scheme != GC_SCHEME_COAP || gc_uri_is_group(uri))
    return false;
  *out = uri->host == GC_HOST_ADDRESS ? uri->addr : token->from;
  out->port = uri->port;
  return out->family != GC_FAMILY_NONE;
}

static void come_back(struct letter *letter)
{
  struct gc_manager_mail *mail = letter->mail;
  struct letter *last = mail->sent[--mail->under_way];
  mail->sent[letter->place] = last;
  last->place = letter->place;
  letter->exchange = NULL;
}

/* NULL: sent, or to be sent; else why that cannot be. */
static const char *post(struct gc_manager_mail *mail, struct letter *letter)
{
  struct gc_manager_token *token = gc_manager_tokens_by_identity(mail->tokens, gc_bytes(letter->member.identity, letter->member.identity_len));
  uint8_t room[512];
  struct gc_builder options = gc_builder_options(room, sizeof room);
  struct gc_request request = { .code = letter->is_eviction ? GC_CODE_DELETE : GC_CODE_POST, .is_con = true, .block_szx = 7, .wait_ms = WAIT_MS,
                                .max_responders = 1 };
  struct gc_uri uri;
  if (!token)
    return "it has no token here";
  if (!address_of(letter, token, &uri, &request.remote))
    return "its control URI leads nowhere";
  request.context = token->context;
  request.ring = token->own_ring;
  gc_uri_add_options(&options, &uri);
  if (!letter->is_eviction) {
    gc_builder_add_uint(&options, GC_OPTION_CONTENT_FORMAT, GC_FORMAT_ACE_GROUPCOMM);
    if (gc_manager_news_of(mail->news, letter->member.group, &request.payload))
      return "the message cannot be made";
  }
  if (gc_builder_finish(&options, &request.options))
    return "its control URI is too long";
  take_out(letter);
  letter->place = mail->under_way++;
  mail->sent[letter->place] = letter;
  if (!gc_client_request(mail->client, &letter->exchange, &request, letter, mail->now_ms))
    return NULL;
  come_back(letter);
  return "it cannot be sent";
}

static void try_again(struct letter *letter, const char *why)
{
  take_out(letter);
  const bool is_needed = letter->is_eviction || !find(letter->mail, &letter->member); /* a later one says it too */
  if (is_needed && ++letter->tries < TRIES) {
    put_in(letter, letter->mail->now_ms + ((uint64_t)PAUSE_MS << (letter->tries - 1)));
    return;
  }
  if (is_needed)
    log_line(letter, "not-told", why);
  drop(letter);
}

static void change_window(struct gc_manager_mail *mail, bool is_answered)
{
  mail->window = is_answered ? mail->window + 1 : mail->window / 2;
  if (mail->window < WINDOW_MIN)
    mail->window = WINDOW_MIN;
  if (mail->window > WINDOW_MAX)
    mail->window = WINDOW_MAX;
}

static void on_event(void *ctx, const struct gc_client_event *event)
{
  struct gc_manager_mail *mail = ctx;
  struct letter *letter = event->user;
  if (!event->exchange || !letter)
    return;
  if (event->kind == GC_CLIENT_RESPONSE && GC_CODE_CLASS(event->message.code) == 2) {
    log_line(letter, letter->is_eviction ? "eviction-told" : "rekeying-told", NULL);
    letter->is_done = true;
  }
  if (event->kind != GC_CLIENT_END)
    return;
  come_back(letter);
  change_window(mail, letter->is_done);
  if (letter->is_done)
    drop(letter);
  else
    try_again(letter, "no answer");
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct gc_manager_mail *mail = ctx;
  return mail->ops.send(mail->ops.ctx, datagram);
}

struct gc_manager_mail *gc_manager_mail_new(struct gc_gm *gm, struct gc_manager_tokens *tokens, struct gc_manager_news *news,
                                            const struct gc_manager_mail_ops *ops)
{
  struct gc_manager_mail *mail = calloc(1, sizeof *mail);
  const struct gc_client_params params = gc_client_params_default();
  if (!mail)
    return NULL;
  mail->gm = gm;
  mail->tokens = tokens;
  mail->news = news;
  mail->ops = *ops;
  mail->window = WINDOW_MIN;
  gc_random((uint8_t *)&mail->hash_key, sizeof mail->hash_key);
  const struct gc_client_ops client_ops = { .send = on_send, .event = on_event, .ctx = mail };
  mail->client = gc_client_new(&params, &client_ops, gc_rng_system());
  if (!mail->client)
    gc_manager_mail_free(&mail);
  return mail;
}

void gc_manager_mail_free(struct gc_manager_mail **pointer)
{
  struct gc_manager_mail *mail = *pointer;
  if (!mail)
    return;
  *pointer = NULL;
  gc_client_free(&mail->client);
  while (mail->under_way)
    free(mail->sent[--mail->under_way]);
  for (struct gc_timer *timer; (timer = gc_timers_first(&mail->due));)
    drop(GC_CONTAINER(timer, struct letter, due));
  gc_timers_free(&mail->due);
  gc_table_free(&mail->by_member);
  free(mail);
}

/* Backwards: one that ends is replaced by the last. */
void gc_manager_mail_forget(struct gc_manager_mail *mail, const struct gc_manager_token *token)
{
  const struct gc_bytes identity = gc_bytes(token->client.identity, token->client.identity_len);
  for (size_t i = mail->under_way; i-- > 0;) {
    const struct letter *letter = mail->sent[i];
    if (letter->exchange && gc_bytes_equal(gc_bytes(letter->member.identity, letter->member.identity_len), identity))
      gc_client_end(mail->client, letter->exchange, false, mail->now_ms);
  }
}

void gc_manager_mail_receive(struct gc_manager_mail *mail, const struct gc_datagram *datagram, uint64_t now_ms)
{
  mail->now_ms = now_ms;
  gc_client_receive(mail->client, datagram, now_ms);
}

void gc_manager_mail_tick(struct gc_manager_mail *mail, uint64_t now_ms)
{
  struct gc_timer *timer;
  mail->now_ms = now_ms;
  gc_client_tick(mail->client, now_ms);
  while (mail->under_way < mail->window && (timer = gc_timers_first(&mail->due)) && timer->at_ms <= now_ms) {
    struct letter *letter = GC_CONTAINER(timer, struct letter, due);
    const char *why = post(mail, letter);
    if (why)
      try_again(letter, why);
  }
}

uint64_t gc_manager_mail_deadline(const struct gc_manager_mail *mail)
{
  const uint64_t client_ms = gc_client_deadline(mail->client), due_ms = gc_timers_next(&mail->due);
  return mail->under_way < mail->window && due_ms < client_ms ? due_ms : client_ms;
}
