#include <string.h>

#include "coap/library.h"
#include "common/arg.h"
#include "common/coap_option.h"
#include "gc-observe.h"
#include "iana/options.h"

enum key {
  KEY_CON = 0x100, KEY_COUNT, KEY_STAY, KEY_RETRY, KEY_LEISURE, KEY_PHANTOM, KEY_SAVE_PHANTOM, KEY_FORMAT_OF, KEY_PLAIN_KEYS, KEY_PAIRWISE,
  KEY_SCOPE, KEY_PORT, KEY_HOP_LIMIT, KEY_KEEP_OLD, KEY_JOIN, KEY_JOIN_OUT,
};

static const struct gc_opt rows[] = {
  { .name = "count", .letter = 'n', .arg = "N", .group = "End", .key = KEY_COUNT, .help = "end after N notifications; fewer is status 1" },
  { .name = "time", .letter = 't', .arg = "SECONDS", .group = "End", .help = "end after this time (default: on Ctrl-C)" },
  { .name = "stay", .group = "End", .key = KEY_STAY, .help = "register again when a server ends the observation, instead of leaving" },
  { .name = "accept", .letter = 'a', .arg = "FORMAT", .group = "Request", .complete = GC_COMPLETE_FORMAT, .help = "content format wanted" },
  { .name = "option", .letter = 'O', .arg = "OPTION=VALUE", .group = "Request", .complete = GC_COMPLETE_OPTION,
    .help = "any option by name or number (0x… for bytes), repeatable" },
  { .name = "con", .group = "Request", .key = KEY_CON, .help = "confirmable registration (default for one server)" },
  { .name = "non", .letter = 'N', .group = "Request", .help = "non-confirmable registration (always so for a group)" },
  { .name = "retry", .arg = "SECONDS", .group = "Request", .key = KEY_RETRY,
    .help = "register again so long after the last representation is no longer fresh (default: a random time, 5 to 15)" },
  { .name = "phantom", .arg = "FILE", .group = "Multicast notifications", .key = KEY_PHANTOM, .complete = GC_COMPLETE_FILE,
    .help = "group, token and phantom request as learned elsewhere: an informative response's payload" },
  { .name = "save-phantom", .arg = "FILE", .group = "Multicast notifications", .key = KEY_SAVE_PHANTOM, .complete = GC_COMPLETE_FILE,
    .help = "keep them, for --phantom here and in gc-decode" },
  { .name = "omn-format", .arg = "FORMAT", .group = "Multicast notifications", .key = KEY_FORMAT_OF, .complete = GC_COMPLETE_WORDS,
    .words = "current 05", .help = "of informative responses that do not tell it: current (default), 05" },
  { .name = "leisure", .arg = "SECONDS", .group = "Multicast notifications", .key = KEY_LEISURE,
    .help = "confirm interest within so long, when a server asks (default 5)" },
  { .name = "pairwise", .arg = "ID", .group = "Security", .key = KEY_PAIRWISE, .help = "protect for the member with this Sender ID (hex) alone" },
  { .name = "keep-old", .arg = "SECONDS", .group = "Security", .key = KEY_KEEP_OLD,
    .help = "after a rekeying, receive under the previous keys for so long (default 300)" },
  { .name = "join", .arg = "FILE", .group = "Security", .key = KEY_JOIN, .complete = GC_COMPLETE_FILE,
    .help = "join the group that notifications are protected for, as a monitor; FILE: context with your Authorization Server" },
  { .name = "join-out", .arg = "FILE", .group = "Security", .key = KEY_JOIN_OUT, .complete = GC_COMPLETE_FILE,
    .help = "where the group's context goes (default: the group's name and .json); what is there is used" },
  { .name = "trust-plain-keys", .group = "Security", .key = KEY_PLAIN_KEYS,
    .help = "take keys from an informative response that nothing protects: for tests" },
  { .name = "scope", .arg = "SCOPE", .group = "Network", .key = KEY_SCOPE, .complete = GC_COMPLETE_WORDS,
    .words = "interface link realm admin site organization global", .help = "scope of all-coap over IPv6 (default: link)" },
  { .name = "hop-limit", .arg = "N", .group = "Network", .key = KEY_HOP_LIMIT, .help = "hop limit of multicast (default: the system's, 1)" },
  { .name = "ipv4", .letter = '4', .group = "Network", .help = "only IPv4 addresses of a name or of all-coap" },
  { .name = "ipv6", .letter = '6', .group = "Network", .help = "only IPv6 addresses" },
  { .name = "port", .arg = "N", .group = "Network", .key = KEY_PORT, .help = "own UDP port" },
  { .name = NULL },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : NULL;
}

const struct gc_tool gc_observe_tool = {
  .name = "gc-observe",
  .usage = "[OPTION]... URI",
  .summary = "watch a resource of one server or of all in a group, by unicast or multicast notifications",
  .options = rows,
  .footer = "Examples:\n"
            "  gc-observe coap://192.0.2.7/time\n"
            "  gc-observe -g member.json -n 10 --json coap://192.0.2.7/light\n"
            "  gc-observe --join alice.as.json coap://192.0.2.7/light\n"
            "  gc-observe --phantom light.phantom -t 60\n",
  .library = library,
  .has_contexts = true,
  .speaks = GC_SPEAKS ",\ndraft-ietf-core-observe-multicast-notifications-15, draft-tiloca-core-observe-multicast-notifications-05,\n"
            "RFC 8613 (OSCORE), draft-ietf-core-oscore-groupcomm-28 (Group OSCORE)",
};

static const char *set_retry(struct gc_observe *observe, const char *arg)
{
  uint64_t ms;
  const char *wrong = gc_arg_seconds(&ms, arg, 3600000);
  if (!wrong)
    observe->client.retry_min_ms = observe->client.retry_max_ms = (uint32_t)ms;
  return wrong;
}

static const char *set_leisure(struct gc_observe *observe, const char *arg)
{
  uint64_t ms;
  const char *wrong = gc_arg_seconds(&ms, arg, 3600000);
  if (!wrong)
    observe->client.leisure_ms = (uint32_t)ms;
  return wrong;
}

static const char *set_format(struct gc_observe *observe, const char *arg)
{
  static const char *const words[] = { "current", "05", NULL };
  int at = 0;
  const char *wrong = gc_arg_word(&at, arg, words);
  observe->client.otherwise = at ? GC_OMN_05 : GC_OMN_CURRENT;
  return wrong;
}

static const char *set_type(struct gc_observe *observe, enum gc_observe_type type)
{
  if (observe->type != GC_OBSERVE_AUTO && observe->type != type)
    return "--con and --non exclude each other";
  observe->type = type;
  return NULL;
}

static const char *set_family(struct gc_observe *observe, enum gc_family family)
{
  if (observe->family != GC_FAMILY_NONE && observe->family != family)
    return "-4 and -6 exclude each other";
  observe->family = (uint8_t)family;
  return NULL;
}

static const char *set_time(struct gc_observe *observe, const char *arg)
{
  const char *wrong = gc_arg_seconds(&observe->wait_ms, arg, (uint64_t)UINT32_MAX * 1000);
  return wrong ? wrong : observe->wait_ms == 0 ? "a time above 0 is accepted" : NULL;
}

static const char *set_hop_limit(struct gc_observe *observe, const char *arg)
{
  uint32_t value = 0;
  const char *wrong = gc_arg_u32(&value, arg, 0, 255);
  observe->hop_limit = (int)value;
  return wrong;
}

static const char *set_option(struct gc_observe *observe, const char *arg)
{
  const char *wrong = gc_coap_option_add(&observe->options, arg);
  return wrong;
}

static const char *set(void *ctx, int key, const char *arg)
{
  struct gc_observe *observe = ctx;
  switch (key) {
  case KEY_COUNT: return gc_arg_uint(&observe->count, arg, 1, UINT64_MAX);
  case 't': return set_time(observe, arg);
  case KEY_STAY: observe->client.stays = true; return NULL;
  case 'a': return gc_content_format_arg(&observe->accept, arg);
  case 'O': return set_option(observe, arg);
  case KEY_CON: return set_type(observe, GC_OBSERVE_CON);
  case 'N': return set_type(observe, GC_OBSERVE_NON);
  case KEY_RETRY: return set_retry(observe, arg);
  case KEY_LEISURE: return set_leisure(observe, arg);
  case KEY_PHANTOM: observe->phantom = arg; return NULL;
  case KEY_SAVE_PHANTOM: observe->save_phantom = arg; return *arg ? NULL : "a file is needed";
  case KEY_FORMAT_OF: return set_format(observe, arg);
  case KEY_PAIRWISE: observe->pairwise = arg; return NULL;
  case KEY_KEEP_OLD: return gc_arg_seconds(&observe->keep_old_ms, arg, GC_CONTEXT_OVERLAP_MAX_MS);
  case KEY_JOIN: observe->join = arg; return NULL;
  case KEY_JOIN_OUT: observe->join_out = arg; return *arg ? strlen(arg) < 4000 ? NULL : "too long" : "a file is needed";
  case KEY_PLAIN_KEYS: observe->client.trust_plain_keys = true; return NULL;
  case KEY_SCOPE: return gc_arg_scope(&observe->scope, arg);
  case KEY_HOP_LIMIT: return set_hop_limit(observe, arg);
  case '4': return set_family(observe, GC_FAMILY_IPV4);
  case '6': return set_family(observe, GC_FAMILY_IPV6);
  case KEY_PORT: return gc_arg_port(&observe->port, arg);
  default: return "option not handled";
  }
}

static void check(const struct gc_observe *observe)
{
  if (!observe->uri && !observe->phantom)
    gc_usage("a URI is needed (coap://HOST/PATH), or --phantom");
  if (!observe->uri && (observe->accept >= 0 || observe->options.buf.len > 0 || observe->type != GC_OBSERVE_AUTO || observe->pairwise))
    gc_usage("-a, -O, --con, --non and --pairwise are about a registration: that needs a URI");
  if (observe->common.context_count == 0 && observe->pairwise)
    gc_usage("--pairwise needs a security context: -g FILE");
  if (observe->join && !observe->uri)
    gc_usage("--join is about the answer to a registration: that needs a URI");
  if (observe->join_out && !observe->join)
    gc_usage("--join-out goes with --join");
  if (observe->scope && observe->family == GC_FAMILY_IPV4)
    gc_usage("--scope is for IPv6");
}

void gc_observe_params_parse(struct gc_observe *observe, int argc, char **argv)
{
  memset(observe, 0, offsetof(struct gc_observe, options_store));
  observe->options = gc_builder_options(observe->options_store, sizeof observe->options_store);
  observe->accept = observe->hop_limit = -1;
  observe->keep_old_ms = GC_CONTEXT_OVERLAP_MS;
  observe->client = gc_observe_client_params_default();
  const int first = gc_opt_parse(argc, argv, &gc_observe_tool, &observe->common, set, observe);
  if (argc - first > 1)
    gc_usage("one URI only, and '%s' is a second one", argv[first + 1]);
  observe->uri = first < argc ? argv[first] : NULL;
  check(observe);
}
