/* Requests to members at their control URIs, each over its secure association: rekeying messages, and the end of a membership
 * (RFC 9594, Sections 4.3.1 and 6; draft-ietf-ace-key-groupcomm-oscore, Sections 10 and 11.1). */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "coap/uri.h"
#include "crypto/secret.h"
#include "gc-manager.h"
#include "iana/options.h"

enum {
  LETTERS_MAX = 8192,
  AT_ONCE = 32,        /* exchanges under way */
  TRIES = 4,           /* each with the retransmissions of CoAP */
  PAUSE_MS = 10000,    /* before the next one */
  WAIT_MS = 5000,      /* for an answer after the acknowledgement */
};

/** What a member is to be told: the latest rekeying (which it gets as it is then), or its end. */
struct letter {
  struct letter *next;
  struct gc_manager_mail *mail;
  struct gc_gm_member member;
  bool is_eviction;
  uint64_t due_ms;              /* UINT64_MAX: under way */
  unsigned tries;
  struct gc_exchange *exchange; /* NULL: none */
  bool is_done;
};

struct gc_manager_mail {
  struct gc_gm *gm;
  struct gc_manager_tokens *tokens;
  struct gc_manager_mail_ops ops;
  struct gc_client *client;
  struct letter *first, **end;
  size_t count, under_way;
  uint8_t payload[GC_GM_PAYLOAD_MAX_LEN]; /* secret: the message of a group at a second, the same for all its members */
  size_t payload_len;                     /* 0: none */
  char payload_group[GC_GROUP_NAME_MAX_LEN + 1];
  int64_t payload_s;
  uint64_t now_ms;
};

static void log_line(const struct letter *letter, const char *what, const char *why)
{
  letter->mail->ops.log(letter->mail->ops.ctx, what, letter->member.group, &letter->member, why);
}

/* --- writing them ---------------------------------------------------------------------------------------------------------------- */

static bool is_same(const struct letter *letter, const struct gc_gm_member *member)
{
  return letter->member.node == member->node && strcmp(letter->member.group, member->group) == 0;
}

/* One letter a member: what it would have said is in the one that comes now. */
static void write_letter(struct gc_manager_mail *mail, const struct gc_gm_member *member, bool is_eviction)
{
  struct letter *letter;
  if (!member->control_uri[0])
    return;
  for (letter = mail->first; letter; letter = letter->next)
    if (is_same(letter, member) && !letter->is_eviction && !letter->exchange && !letter->is_done)
      break;
  if (!letter) {
    letter = mail->count < LETTERS_MAX ? calloc(1, sizeof *letter) : NULL;
    if (!letter) {
      mail->ops.log(mail->ops.ctx, "not-told", member->group, member, "no room for the message");
      return;
    }
    letter->mail = mail;
    *mail->end = letter;
    mail->end = &letter->next;
    mail->count++;
  }
  letter->member = *member;
  letter->is_eviction = is_eviction;
  letter->due_ms = 0;
  letter->tries = 0;
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
  for (struct letter *letter = mail->first; letter; letter = letter->next) {
    if (!is_same(letter, member) || letter->is_eviction)
      continue;
    letter->is_done = true;
    if (letter->exchange)
      gc_client_end(mail->client, letter->exchange, false, mail->now_ms);
  }
}

void gc_manager_mail_event(struct gc_manager_mail *mail, const struct gc_gm_event *event, bool is_told)
{
  if (event->kind == GC_GM_REKEYED)
    mail->payload_s = 0;
  if (event->kind == GC_GM_LEFT || event->kind == GC_GM_EVICTED)
    drop_letters(mail, event->member);
  if (event->kind == GC_GM_EVICTED && !is_told)
    write_letter(mail, event->member, true);
  else if (event->kind == GC_GM_REKEYED && gc_gm_members(mail->gm, event->group, write_each, mail))
    gc_warn("%s: the members of the group cannot be read: they will have to ask", event->group);
}

struct one {
  struct gc_manager_mail *mail;
  struct gc_bytes identity;
};

static bool write_one(void *ctx, const struct gc_gm_member *member, bool needs_rekeying)
{
  const struct one *one = ctx;
  if (!gc_bytes_equal(gc_bytes(member->identity, member->identity_len), one->identity))
    return true;
  if (needs_rekeying)
    write_letter(one->mail, member, false);
  return false;
}

void gc_manager_mail_catch_up(struct gc_manager_mail *mail, const struct gc_manager_token *token)
{
  struct one one = { mail, gc_bytes(token->client.identity, token->client.identity_len) };
  const struct gc_gm_config *config;
  for (size_t i = 0; (config = gc_gm_config_at(mail->gm, i)); i++)
    if (gc_gm_members(mail->gm, config->name, write_one, &one))
      return;
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

static enum gc_err make_message(struct gc_manager_mail *mail, const char *group)
{
  const struct gc_gm_time time = gc_manager_time();
  struct gc_buf payload = gc_buf(mail->payload, sizeof mail->payload);
  if (mail->payload_len && mail->payload_s == time.now_s && strcmp(mail->payload_group, group) == 0)
    return GC_OK;
  const enum gc_err err = gc_gm_rekeying_message(mail->gm, group, &time, &payload);
  mail->payload_len = err ? 0 : payload.len;
  mail->payload_s = time.now_s;
  snprintf(mail->payload_group, sizeof mail->payload_group, "%s", group);
  return err;
}

/* NULL: sent, or to be sent; else why that cannot be. */
static const char *post(struct gc_manager_mail *mail, struct letter *letter)
{
  struct gc_manager_token *token = gc_manager_tokens_by_identity(mail->tokens, gc_bytes(letter->member.identity, letter->member.identity_len));
  uint8_t room[512];
  struct gc_builder options = gc_builder_options(room, sizeof room);
  struct gc_request request = { .code = letter->is_eviction ? GC_CODE_DELETE : GC_CODE_POST, .is_con = true, .block_szx = 7, .wait_ms = WAIT_MS,
                                .max_responders = 1, .ring = token->own_ring };
  struct gc_uri uri;
  if (!token)
    return "it has no token here";
  if (!address_of(letter, token, &uri, &request.remote))
    return "its control URI leads nowhere";
  request.context = token->context;
  gc_uri_add_options(&options, &uri);
  if (!letter->is_eviction) {
    gc_builder_add_uint(&options, GC_OPTION_CONTENT_FORMAT, GC_FORMAT_ACE_GROUPCOMM);
    if (make_message(mail, letter->member.group))
      return "the message cannot be made";
    request.payload = gc_bytes(mail->payload, mail->payload_len);
  }
  if (gc_builder_finish(&options, &request.options))
    return "its control URI is too long";
  letter->due_ms = UINT64_MAX;
  mail->under_way++;
  if (!gc_client_request(mail->client, &letter->exchange, &request, letter, mail->now_ms))
    return NULL;
  mail->under_way--;
  letter->exchange = NULL;
  return "it cannot be sent";
}

static void try_again(struct letter *letter, const char *why)
{
  if (++letter->tries >= TRIES) {
    log_line(letter, "not-told", why);
    letter->is_done = true;
  } else {
    letter->due_ms = letter->mail->now_ms + ((uint64_t)PAUSE_MS << (letter->tries - 1));
  }
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
  letter->exchange = NULL;
  mail->under_way--;
  if (!letter->is_done)
    try_again(letter, "no answer");
}

static enum gc_err on_send(void *ctx, const struct gc_datagram *datagram)
{
  const struct gc_manager_mail *mail = ctx;
  return mail->ops.send(mail->ops.ctx, datagram);
}

struct gc_manager_mail *gc_manager_mail_new(struct gc_gm *gm, struct gc_manager_tokens *tokens,
                                            const struct gc_manager_mail_ops *ops)
{
  struct gc_manager_mail *mail = calloc(1, sizeof *mail);
  const struct gc_client_params params = gc_client_params_default();
  if (!mail)
    return NULL;
  mail->gm = gm;
  mail->tokens = tokens;
  mail->ops = *ops;
  mail->end = &mail->first;
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
  for (struct letter *letter = mail->first, *next; letter; letter = next) {
    next = letter->next;
    free(letter);
  }
  gc_wipe(mail->payload, sizeof mail->payload);
  free(mail);
}

void gc_manager_mail_forget(struct gc_manager_mail *mail, const struct gc_manager_token *token)
{
  const struct gc_bytes identity = gc_bytes(token->client.identity, token->client.identity_len);
  for (struct letter *letter = mail->first; letter; letter = letter->next)
    if (letter->exchange && gc_bytes_equal(gc_bytes(letter->member.identity, letter->member.identity_len), identity))
      gc_client_end(mail->client, letter->exchange, false, mail->now_ms);
}

void gc_manager_mail_receive(struct gc_manager_mail *mail, const struct gc_datagram *datagram, uint64_t now_ms)
{
  mail->now_ms = now_ms;
  gc_client_receive(mail->client, datagram, now_ms);
}

static void drop_message(struct gc_manager_mail *mail)
{
  gc_wipe(mail->payload, mail->payload_len);
  mail->payload_len = 0;
}

static void sweep(struct gc_manager_mail *mail)
{
  struct letter **at = &mail->first;
  for (struct letter *letter; (letter = *at);) {
    if (!letter->is_done || letter->exchange) {
      at = &letter->next;
      continue;
    }
    *at = letter->next;
    mail->count--;
    free(letter);
  }
  mail->end = at;
}

void gc_manager_mail_tick(struct gc_manager_mail *mail, uint64_t now_ms)
{
  mail->now_ms = now_ms;
  gc_client_tick(mail->client, now_ms);
  for (struct letter *letter = mail->first; letter && mail->under_way < AT_ONCE; letter = letter->next) {
    if (letter->is_done || letter->due_ms > now_ms)
      continue;
    const char *why = post(mail, letter);
    if (why)
      try_again(letter, why);
  }
  sweep(mail);
  if (!mail->first)
    drop_message(mail);
}

uint64_t gc_manager_mail_deadline(const struct gc_manager_mail *mail)
{
  uint64_t first = gc_client_deadline(mail->client);
  for (const struct letter *letter = mail->first; letter && mail->under_way < AT_ONCE; letter = letter->next)
    if (!letter->is_done && letter->due_ms < first)
      first = letter->due_ms;
  return first;
}
