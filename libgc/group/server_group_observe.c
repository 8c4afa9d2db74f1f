#include <stdlib.h>
#include <string.h>

#include "group/server_group.h"
#include "observe/phantom.h"

enum { TOKEN_TRIES = 64, LIFETIME_MAX_S = 366 * 86400 };

struct gc_group_observe_params gc_group_observe_params_default(void)
{
  return (struct gc_group_observe_params){ .format = GC_OMN_CURRENT, .form = GC_TP_FLAT, .token_len = 4, .notify_interval_ms = 3000,
                                           .counting = gc_counting_params_default(), .lifetime_s = 86400, .material_lifetime_s = 3600 };
}

/* --- which resources ----------------------------------------------------------------------------------------------- */

static const char *range_fault(const struct gc_group_observe_params *params)
{
  struct gc_counting counting;
  struct gc_tp_info info = { .form = params->form, .server = { .family = params->group.family, .ip = { 192, 0, 2, 1 }, .port = 1 },
                             .has_details = true, .group = params->group };
  if (params->group.family == GC_FAMILY_IPV6)
    info.server.ip[0] = 0x20; /* some global address */
  const char *fault = gc_tp_info_fault(&info);
  if (fault)
    return fault;
  if (params->token_len == 0 || params->token_len > GC_TOKEN_MAX_LEN)
    return "a token has 1 to 8 bytes";
  if (gc_counting_init(&counting, &params->counting))
    return "the counting cannot work that way";
  if (params->lifetime_s > LIFETIME_MAX_S || params->material_lifetime_s == 0 || params->material_lifetime_s > LIFETIME_MAX_S)
    return "a lifetime is out of range: a year at most";
  return NULL;
}

static const char *state_fault(const struct gc_resource *resource, const struct gc_group_observe_params *params)
{
  if (!resource->def.is_observable || !(resource->def.methods & 1u << GC_CODE_GET))
    return "the resource is not observable";
  if ((params->form >= GC_TP_05) != (params->format == GC_OMN_05))
    return "tp_info follows another text than the format";
  if (!params->join_uri != !params->sec_gp)
    return "join_uri and sec_gp go together";
  if (params->join_uri && params->protection != GC_GROUP_OSCORE)
    return "a group to join is told with Group OSCORE only";
  if (params->protection == GC_GROUP_SELF_MANAGED && params->format == GC_OMN_05 && !params->has_utc)
    return "keys expire at a time of day in -05, which is not known";
  return NULL;
}

/* The same for all members: GET, Observe 0, Uri-Path (MN-03). */
static bool write_phantom(struct gc_group_policy *policy, const struct gc_resource *resource)
{
  struct gc_builder builder = gc_builder_body(policy->phantom, sizeof policy->phantom, GC_CODE_GET);
  struct gc_bytes bytes;
  gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, GC_OBSERVE_REGISTER);
  for (size_t i = 0; i < resource->segment_count; i++)
    gc_builder_add(&builder, GC_OPTION_URI_PATH, resource->segments[i]);
  if (gc_builder_finish(&builder, &bytes))
    return false;
  policy->phantom_len = bytes.len;
  return true;
}

/* Its texts are the policy's own from here on. */
static bool own_texts(struct gc_group_observe_params *params)
{
  const char **texts[] = { &params->join_uri, &params->sec_gp, &params->as_uri, &params->note };
  bool is_done = true;
  for (size_t i = 0; i < sizeof texts / sizeof *texts; i++)
    if (*texts[i] && !(*texts[i] = strdup(*texts[i])))
      is_done = false;
  return is_done;
}

void gc_group_policy_free(struct gc_group_policy **pointer)
{
  struct gc_group_policy *policy = *pointer;
  *pointer = NULL;
  if (!policy)
    return;
  free((void *)(uintptr_t)policy->params.join_uri);
  free((void *)(uintptr_t)policy->params.sec_gp);
  free((void *)(uintptr_t)policy->params.as_uri);
  free((void *)(uintptr_t)policy->params.note);
  free(policy);
}

/* gp-obs (Section 6), grp_obs in -05: no value, once. */
static enum gc_err mark_link(struct gc_resource *resource, enum gc_omn_format format)
{
  if (!resource->link.text) /* hidden */
    return GC_OK;
  const struct gc_bytes mark = gc_bytes_str(format == GC_OMN_05 ? ";grp_obs" : ";gp-obs");
  uint8_t *text = realloc(resource->link.text, resource->link.len + mark.len);
  if (!text)
    return GC_E_MEMORY;
  memcpy(text + resource->link.len, mark.ptr, mark.len);
  resource->link.text = text;
  resource->link.len += mark.len;
  return GC_OK;
}

static enum gc_err add_introspection(struct gc_server *server)
{
  const struct gc_resource_def def = { .path = ".well-known/core/mc-sender", .methods = 1u << GC_CODE_GET, .handler = gc_server_introspect,
                                       .ctx = server, .content_format = gc_format_informative_response(), .consumes = -1,
                                       .suppress = server->params.suppress, .obey_no_response = true };
  const enum gc_err err = gc_server_add_resource(server, NULL, &def);
  return err == GC_E_EXISTS ? GC_OK : err;
}

enum gc_err gc_server_observe_by_group(struct gc_server *server, struct gc_resource *resource, const struct gc_group_observe_params *params,
                                       const char **why)
{
  const char *ignored, *range = range_fault(params), *state = state_fault(resource, params);
  *(why ? why : &ignored) = range ? range : state;
  if (range || state)
    return range ? GC_E_RANGE : GC_E_STATE;
  if (resource->policy)
    return GC_E_EXISTS;
  struct gc_group_policy *policy = calloc(1, sizeof *policy);
  if (!policy)
    return GC_E_MEMORY;
  policy->params = *params;
  policy->params.group.zone = 0; /* ifindex says it */
  enum gc_err err = own_texts(&policy->params) ? GC_OK : GC_E_MEMORY;
  if (!err && !write_phantom(policy, resource)) {
    *(why ? why : &ignored) = "the path is too long for a phantom request";
    err = GC_E_RANGE;
  }
  if (!err)
    err = add_introspection(server);
  if (!err)
    err = mark_link(resource, params->format);
  if (err)
    gc_group_policy_free(&policy);
  resource->policy = policy;
  return err;
}

double gc_server_group_count(const struct gc_server *server, const struct gc_resource *resource)
{
  double count = 0;
  for (size_t i = 0; i < server->member_count; i++)
    for (const struct gc_group_source *source = server->members[i]->sources; source; source = source->next)
      if (source->resource == resource)
        count += source->counting.count;
  return count;
}

void gc_server_group_cancel_all(struct gc_server *server, uint64_t now_ms)
{
  for (size_t i = 0; i < server->member_count; i++)
    while (server->members[i]->sources)
      gc_group_cancel(server->members[i]->sources, now_ms, "group observation cancelled: the server ends");
}

/* --- a group observation begins and is forgotten ----------------------------------------------------------------- */

/* Whoever registers under other keys than those of the phantom request may not have these, and could not verify it. */
static struct gc_group_source *find(const struct gc_server_exchange *exchange)
{
  struct gc_group_source *source = exchange->member->sources;
  while (source && !(source->resource == exchange->resource && gc_addr_equal(&source->local, &exchange->ref.local) &&
                     gc_group_has_keys(source, exchange)))
    source = source->next;
  return source;
}

static bool is_token_free(const struct gc_group_source *wanted)
{
  for (const struct gc_group_source *source = wanted->member->sources; source; source = source->next)
    if (gc_bytes_equal(gc_group_token(source), gc_group_token(wanted)) && gc_addr_equal(&source->local, &wanted->local) &&
        gc_addr_equal(&source->resource->policy->params.group, &wanted->resource->policy->params.group))
      return false;
  return true;
}

/* A Token of the space that belongs to group and server address (MN-04). */
static bool choose_token(struct gc_group_source *source)
{
  const struct gc_rng rng = source->member->server->rng;
  for (unsigned i = 0; i < TOKEN_TRIES; i++) {
    rng.fill(rng.ctx, source->token, source->resource->policy->params.token_len);
    if (is_token_free(source))
      return true;
  }
  return false;
}

void gc_group_source_free(struct gc_group_source *source)
{
  struct gc_server *server = source->member->server;
  gc_timers_clear(&server->timers, &source->due.timer);
  if (source->link) {
    *source->link = source->next;
    if (source->next)
      source->next->link = source->link;
    source->resource->sources--;
    server->state.group_observations--;
  }
  free(source);
}

static void link_in(struct gc_group_source *source)
{
  struct gc_member *member = source->member;
  source->next = member->sources;
  source->link = &member->sources;
  if (source->next)
    source->next->link = &source->next;
  member->sources = source;
  source->resource->sources++;
  member->server->state.group_observations++;
}

/* The planned end: that of the observation or of the keys, whichever comes first. */
static uint64_t ends_at(const struct gc_group_source *source, uint64_t now_ms)
{
  const struct gc_group_observe_params *params = &source->resource->policy->params;
  uint64_t ends_ms = params->lifetime_s ? now_ms + params->lifetime_s * 1000 : UINT64_MAX;
  if (params->protection == GC_GROUP_SELF_MANAGED && source->member->own_group->expires_ms < ends_ms)
    ends_ms = source->member->own_group->expires_ms;
  return ends_ms;
}

/* Steps 1 to 6 of Section 4.1. The handler is asked first: without a representation that fits nothing is begun. */
static struct gc_group_source *start(const struct gc_server_exchange *registration)
{
  struct gc_server *server = registration->server;
  const struct gc_group_policy *policy = registration->resource->policy;
  const uint64_t now_ms = registration->now_ms;
  struct gc_server_exchange exchange;
  struct gc_server_response response;
  struct gc_message message;
  if (server->state.group_observations >= server->params.max_group_observations)
    return NULL;
  struct gc_group_source *source = calloc(1, sizeof *source);
  if (!source)
    return NULL;
  *source = (struct gc_group_source){ .due.owner = GC_OWNER_GROUP_OBSERVATION, .member = registration->member,
                                      .resource = registration->resource, .local = registration->ref.local, .id = server->next_id++,
                                      .not_before_ms = now_ms + policy->params.notify_interval_ms };
  if (gc_counting_init(&source->counting, &policy->params.counting) || !choose_token(source) ||
      !gc_group_find_context(registration, &source->context) ||
      !gc_group_run(source, &exchange, &message, &response, now_ms) || !gc_group_protect_phantom(source) ||
      !gc_group_init_notif(source, &exchange, &response) || gc_timers_set(&server->timers, &source->due.timer, UINT64_MAX)) {
    gc_group_source_free(source);
    return NULL;
  }
  source->ends_ms = ends_at(source, now_ms);
  link_in(source);
  gc_group_schedule(source);
  return source;
}

/* --- who takes part ------------------------------------------------------------------------------------------------ */

/* What protects unicast: a plain registration has no place in a protected group observation, nor the other way round. */
static bool is_protected_alike(const struct gc_server_exchange *exchange)
{
  const struct gc_group_observe_params *params = &exchange->resource->policy->params;
  if (params->protection == GC_GROUP_PLAIN)
    return !exchange->binding;
  return exchange->is_authenticated || (params->protection == GC_GROUP_SELF_MANAGED && params->allow_plain_keys);
}

bool gc_group_suits(const struct gc_server_exchange *exchange)
{
  const struct gc_group_policy *policy = exchange->resource->policy;
  const struct gc_tp_info info = { .form = policy->params.form, .server = exchange->ref.local, .has_details = true,
                                   .group = policy->params.group };
  struct gc_message phantom;
  return is_protected_alike(exchange) && !gc_addr_is_link_local(&exchange->ref.remote) && !gc_tp_info_fault(&info) &&
         !gc_phantom_read(&phantom, gc_bytes(NULL, 0), gc_bytes(policy->phantom, policy->phantom_len), NULL) &&
         gc_phantom_answers(&phantom, exchange->message);
}

/* Traditional observations of others that would become part of a group observation for this one. */
static uint32_t count_others(const struct gc_server_exchange *exchange)
{
  const struct gc_observer *own = gc_server_observer_of(exchange);
  uint32_t count = 0;
  for (struct gc_observer *observer = exchange->member->observers; observer; observer = observer->next) {
    struct gc_server_exchange restored;
    struct gc_message message;
    if (observer != own && observer->resource == exchange->resource && gc_addr_equal(&observer->ref.local, &exchange->ref.local) &&
        gc_observer_restore(&restored, &message, observer, exchange->now_ms) && gc_group_suits(&restored))
      count++;
  }
  return count;
}

/* What is due ends before a registration is handled: an estimate too (Section 8.3.3). NULL: it has ended */
static struct gc_group_source *settle(struct gc_group_source *source, uint64_t now_ms)
{
  if (now_ms >= source->ends_ms) {
    gc_group_cancel(source, now_ms, "group observation cancelled: its time is over");
    return NULL;
  }
  if (gc_counting_tick(&source->counting, now_ms) == GC_COUNTING_CANCEL) {
    gc_group_cancel(source, now_ms, "group observation cancelled: too few take part");
    return NULL;
  }
  gc_group_schedule(source);
  return source;
}

/* Counted, never answered (RC-09). To a group, at a member that cannot tell its own address: whichever observation it has. Of several,
 * begun before and after a rekeying, it does not say which: one that is counted too high goes on for a while. */
static void confirm(const struct gc_server_exchange *exchange)
{
  const bool is_alike = is_protected_alike(exchange);
  bool is_counted = false;
  for (struct gc_group_source *source = exchange->member->sources, *next; source && is_alike; source = next) {
    next = source->next;
    if (source->resource != exchange->resource || (exchange->ref.local.family && !gc_addr_equal(&source->local, &exchange->ref.local)) ||
        !settle(source, exchange->now_ms))
      continue;
    gc_counting_confirm(&source->counting, exchange->now_ms);
    is_counted = true;
  }
  if (is_counted)
    exchange->server->state.confirmations++;
  gc_server_suppress(exchange, is_counted ? "confirms its interest" : "confirms interest in no group observation");
}

/* One client less. What only clients that are gone, or never were, have begun does not go on for nobody. */
static void count_out(struct gc_group_source *source, uint64_t now_ms)
{
  gc_counting_remove(&source->counting);
  if (source->counting.count < source->counting.params.cancel_below)
    gc_group_cancel(source, now_ms, "group observation cancelled: nobody is left");
}

/* The server keeps no list of who takes part. Where nothing protects the request, anybody may say that he has gone who never was
 * there: that alone ends nothing for those who are. */
static void withdraw(const struct gc_server_exchange *exchange)
{
  struct gc_group_source *source = find(exchange);
  if (!source || gc_server_observer_of(exchange) || !gc_group_suits(exchange))
    return;
  if (exchange->is_authenticated || source->counting.count - 1 >= source->counting.params.cancel_below)
    count_out(source, exchange->now_ms);
  else
    gc_counting_doubt(&source->counting);
}

/* Under keys that the group has no more: a new group observation, under the newest, would not serve this client. */
static bool is_outdated(const struct gc_server_exchange *exchange)
{
  const struct gc_oscore_binding *binding = exchange->binding;
  return exchange->resource->policy->params.protection == GC_GROUP_OSCORE && binding &&
         gc_member_newest_context(exchange->member, binding->context) != binding->context;
}

static bool take_registration(struct gc_server_exchange *exchange)
{
  const uint32_t after = exchange->resource->policy->params.after;
  struct gc_group_source *source = find(exchange);
  if (source)
    source = settle(source, exchange->now_ms);
  const bool is_new = !source;
  if (is_new && (is_outdated(exchange) || (after > 0 && count_others(exchange) < after)))
    return false;
  if (is_new)
    source = start(exchange);
  if (!source)
    return false;
  if (!gc_group_inform(exchange, source)) {
    if (is_new) /* begun for somebody who may not be there */
      gc_group_source_free(source);
  } else if (is_new && after > 0) {
    gc_group_convert(source, exchange->now_ms);
  }
  return true;
}

bool gc_group_take(struct gc_server_exchange *exchange)
{
  if (!exchange->resource->policy || !exchange->has_observe || !gc_server_is_safe(exchange->message->code))
    return false;
  if (gc_counting_is_confirmation(exchange->message->options)) {
    confirm(exchange);
    return true;
  }
  if (exchange->observe == GC_OBSERVE_DEREGISTER)
    withdraw(exchange);
  return exchange->observe == GC_OBSERVE_REGISTER && gc_group_suits(exchange) && take_registration(exchange);
}

void gc_group_delivery(struct gc_member *member, enum gc_delivery delivery, uint64_t id)
{
  struct gc_group_source *source = member->sources;
  while (source && source->id != id)
    source = source->next;
  if (source && delivery != GC_DELIVERY_ACKED)
    count_out(source, member->server->now_ms);
}
