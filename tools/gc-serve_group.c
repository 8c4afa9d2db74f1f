/* Group observations: what the options ask for, whether this host can do it, and for which resources. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#include "common/arg.h"
#include "gc-serve.h"
#include "iana/names.h"
#include "net/iface.h"
#include "net/loop.h"

#define YEAR_S (366u * 86400u)

struct gc_serve_observe gc_serve_observe_default(void)
{
  return (struct gc_serve_observe){ .params = gc_group_observe_params_default() };
}

static const char *set_group(struct gc_group_observe_params *params, const char *arg)
{
  struct gc_addr group = { 0 };
  if (params->group.family != GC_FAMILY_NONE)
    return "a second one: all resources notify the same group";
  const char *wrong = gc_serve_read_address(&group, &params->ifindex, arg);
  if (wrong)
    return wrong;
  if (!gc_addr_is_multicast(&group))
    return "not a multicast address: 224.0.0.0/4 or ff00::/8 is";
  if (group.port == GC_PORT_COAPS)
    return "port 5684 is never used for groups";
  if (group.port == 0)
    return "port 0 is no port";
  /* informative responses tell no address that is meaningful on one link only (Section 4.2) */
  if (gc_addr_is_link_local(&group) || (group.family == GC_FAMILY_IPV6 && (group.ip[1] & 0x0f) <= 1))
    return "a link-local group cannot be told to clients: take a wider scope, as 239.0.0.0/8 or ff05::/16";
  params->group = group;
  return NULL;
}

static const char *set_seconds(uint64_t *out_s, const char *arg, uint64_t least)
{
  return gc_arg_uint(out_s, arg, least, YEAR_S);
}

static const char *set_interval(struct gc_group_observe_params *params, const char *arg)
{
  uint64_t interval_ms;
  const char *wrong = gc_arg_seconds(&interval_ms, arg, 86400000);
  if (!wrong)
    params->notify_interval_ms = (uint32_t)interval_ms;
  return wrong;
}

static const char *set_format(struct gc_group_observe_params *params, const char *arg)
{
  static const char *const words[] = { "current", "05", NULL };
  int word = 0;
  const char *wrong = gc_arg_word(&word, arg, words);
  params->format = word ? GC_OMN_05 : GC_OMN_CURRENT;
  return wrong;
}

static const char *set_cri(struct gc_group_observe_params *params, const char *arg)
{
  static const char *const words[] = { "flat", "nested", NULL };
  int word = 0;
  const char *wrong = gc_arg_word(&word, arg, words);
  params->form = word ? GC_TP_NESTED : GC_TP_FLAT;
  return wrong;
}

static const char *set_text(const char **to, const char *arg)
{
  *to = arg;
  return *arg && strlen(arg) <= 255 ? NULL : "1 to 255 bytes are accepted";
}

static const char *set_wait(struct gc_group_observe_params *params, const char *arg)
{
  const char *wrong = gc_arg_seconds(&params->counting.wait_ms, arg, (uint64_t)YEAR_S * 1000);
  return wrong ? wrong : params->counting.wait_ms == 0 ? "a time above 0 is accepted" : NULL;
}

static const char *name_of(int key)
{
  for (const struct gc_opt *option = gc_serve_tool.options; option->name; option++)
    if (option->key == key)
      return option->name;
  return "";
}

const char *gc_serve_observe_set(struct gc_serve_observe *observe, int key, const char *arg)
{
  struct gc_group_observe_params *params = &observe->params;
  if (key != GC_SERVE_GROUP_OBSERVE && !observe->first)
    observe->first = name_of(key);
  switch ((enum gc_serve_group_key)key) {
  case GC_SERVE_GROUP_OBSERVE: return set_group(params, arg);
  case GC_SERVE_AFTER: return gc_arg_u32(&params->after, arg, 0, UINT32_MAX);
  case GC_SERVE_FOR: return set_seconds(&params->lifetime_s, arg, 0);
  case GC_SERVE_INTERVAL: return set_interval(params, arg);
  case GC_SERVE_FORMAT: return set_format(params, arg);
  case GC_SERVE_CRI: observe->has_cri = true; return set_cri(params, arg);
  case GC_SERVE_CONFIRM: return gc_arg_u32(&params->counting.wanted, arg, 1, UINT32_MAX);
  case GC_SERVE_CONFIRM_WAIT: return set_wait(params, arg);
  case GC_SERVE_SELF_MANAGED: params->protection = GC_GROUP_SELF_MANAGED; return NULL;
  case GC_SERVE_SELF_MANAGED_FOR: observe->has_lifetime = true; return set_seconds(&params->material_lifetime_s, arg, 1);
  case GC_SERVE_ALLOW_PLAIN_KEYS: params->allow_plain_keys = true; return NULL;
  case GC_SERVE_JOIN_URI: return set_text(&params->join_uri, arg);
  case GC_SERVE_SEC_GP: return set_text(&params->sec_gp, arg);
  case GC_SERVE_AS_URI: return set_text(&params->as_uri, arg);
  }
  return "option not handled";
}

/* --- what belongs together ----------------------------------------------------------------------------------------- */

static void check_protection(const struct gc_serve_params *params)
{
  const struct gc_serve_observe *observe = &params->observe;
  const struct gc_group_observe_params *p = &observe->params;
  const bool is_self_managed = p->protection == GC_GROUP_SELF_MANAGED, has_context = params->common.context_count > 0;
  if (!is_self_managed && (observe->has_lifetime || p->allow_plain_keys))
    gc_usage("--self-managed-for and --allow-plain-keys are for --self-managed");
  if (is_self_managed && !has_context && !p->allow_plain_keys)
    gc_usage("--self-managed needs -g FILE: only clients that protect their requests are told the keys");
  if (!p->join_uri != !p->sec_gp || (p->as_uri && !p->join_uri))
    gc_usage("--join-uri and --sec-gp go together, and --as-uri with them");
  if (p->join_uri && (is_self_managed || !has_context))
    gc_usage("--join-uri is for notifications protected by a context of -g, without --self-managed");
}

/* The group has the family of a member, and not all of those members have link-local addresses. */
static void check_family(const struct gc_serve_params *params)
{
  const struct gc_addr *group = &params->observe.params.group;
  char text[GC_ADDR_STR_MAX];
  for (size_t i = 0; i < params->bind_count; i++) {
    if (params->binds[i].family != group->family)
      continue;
    if (gc_addr_is_link_local(&params->binds[i]))
      gc_usage("--group-observe %s: notifications do not come from link-local addresses: give another with --bind",
               gc_addr_format(text, group));
    return;
  }
  gc_usage("no member has an address of the family of --group-observe %s: give one with --bind", gc_addr_format(text, group));
}

void gc_serve_observe_complete(struct gc_serve_params *params)
{
  struct gc_serve_observe *observe = &params->observe;
  struct gc_group_observe_params *p = &observe->params;
  if (p->group.family == GC_FAMILY_NONE) {
    if (observe->first)
      gc_usage("--%s is for --group-observe", observe->first);
    return;
  }
  check_family(params);
  check_protection(params);
  if (p->format == GC_OMN_05 && observe->has_cri)
    gc_usage("--cri is for the current format: version 05 has no CRIs");
  if (p->format == GC_OMN_05)
    p->form = GC_TP_05;
  if (params->ifindex != 0) /* -i wins over a zone */
    p->ifindex = params->ifindex;
  if (p->protection == GC_GROUP_PLAIN && params->common.context_count > 0)
    p->protection = GC_GROUP_OSCORE;
  p->tells_algorithms = true;
  p->has_utc = true;
}

/* --- this host ----------------------------------------------------------------------------------------------------- */

enum gc_status gc_serve_observe_check(const struct gc_serve_params *params, const struct gc_serve_security *security)
{
  const struct gc_group_observe_params *p = &params->observe.params;
  struct gc_addr group = p->group, source;
  uint32_t ifindex;
  if (group.family == GC_FAMILY_NONE)
    return GC_STATUS_OK;
  if (p->protection == GC_GROUP_OSCORE && !gc_serve_security_has_group_mode(security)) {
    gc_error("--group-observe: a member has no context with group mode and a Sender Context; give it one, or --self-managed");
    return GC_STATUS_USAGE;
  }
  if (p->allow_plain_keys)
    gc_warn("--allow-plain-keys: whoever listens can read the keys of the notifications");
  group.zone = p->ifindex;
  if (gc_route_lookup(&ifindex, &source, &group)) {
    char text[GC_NET_EXPLAIN_MAX];
    gc_error("--group-observe: %s", gc_net_explain(text, GC_NET_SEND, errno, &p->group, p->ifindex));
    return GC_STATUS_SYSTEM;
  }
  return GC_STATUS_OK;
}

/* The time of day, as the clock of the server and this many milliseconds. */
static int64_t utc_offset(void)
{
  struct timespec now;
  clock_gettime(CLOCK_REALTIME, &now);
  return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 - (int64_t)gc_now_ms();
}

enum gc_status gc_serve_observe_enable(const struct gc_serve_params *params, struct gc_server *server, struct gc_resource *resource)
{
  struct gc_group_observe_params p = params->observe.params;
  char group[GC_ADDR_STR_MAX], note[GC_ADDR_STR_MAX + 32] = "notified by multicast to ";
  const char *why = NULL;
  if (p.group.family == GC_FAMILY_NONE)
    return GC_STATUS_OK;
  p.utc_ms = utc_offset();
  strcat(note, gc_addr_format(group, &p.group));
  p.note = note;
  const enum gc_err err = gc_server_observe_by_group(server, resource, &p, &why);
  if (err == GC_OK)
    return GC_STATUS_OK;
  gc_error("--group-observe: %s", why ? why : gc_err_str(err));
  return err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_USAGE;
}
