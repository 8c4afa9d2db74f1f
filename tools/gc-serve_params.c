#include "gc-serve.h"

#include <stdlib.h>
#include <string.h>

#include "coap/library.h"
#include "common/arg.h"
#include "common/context_watch.h"
#include "iana/names.h"
#include "net/iface.h"

enum {
  KEY_GROUP = 256, KEY_NO_GROUP, KEY_BIND, KEY_MEMBERS, KEY_RESOURCE, KEY_LINK, KEY_LARGE, KEY_TICK,
  KEY_HOP_LIMIT, KEY_LEISURE, KEY_SUPPRESS, KEY_AMPLIFICATION, KEY_ECHO, KEY_PUBLIC, KEY_BLOCK, KEY_CON_EVERY, KEY_COUNT, KEY_ANSWER, KEY_ALSO_PLAIN, KEY_KEEP_OLD,
};

static const struct gc_opt options[] = {
  { "group", 0, "ADDR[:PORT]", false, "Group", "listen to this multicast address; all-coap: all CoAP nodes (default); repeatable", GC_COMPLETE_WORDS, "all-coap 224.0.1.187 ff02::fd ff05::fd", KEY_GROUP },
  { "no-group", 0, NULL, false, "Group", "listen to no group at all", GC_COMPLETE_NONE, NULL, KEY_NO_GROUP },
  { "bind", 0, "ADDR[:PORT]", false, "Group", "the (first) member's own address; once for IPv4, once for IPv6 (default: any)", GC_COMPLETE_NONE, NULL, KEY_BIND },
  { "members", 0, "N", false, "Group", "so many members, at consecutive addresses from --bind on", GC_COMPLETE_NONE, NULL, KEY_MEMBERS },
  { "hop-limit", 0, "N", false, "Group", "hop limit (TTL) of multicast notifications: 1 … 255 (default: the system's, 1)", GC_COMPLETE_NONE, NULL, KEY_HOP_LIMIT },
  { "resource", 0, "PATH=VALUE[;obs][;ct=FORMAT][;rt=TYPE]", false, "Resources", "one more resource (GET, PUT); VALUE @FILE: the file's content; repeatable", GC_COMPLETE_NONE, NULL, KEY_RESOURCE },
  { "link", 0, "URI[;rt=TYPE]", false, "Resources", "one more link in /.well-known/core, to a group's own URI; repeatable", GC_COMPLETE_URI, NULL, KEY_LINK },
  { "large", 0, "BYTES", false, "Resources", "size of /large (default 2048)", GC_COMPLETE_NONE, NULL, KEY_LARGE },
  { "tick", 0, "SECONDS", false, "Resources", "how often /time changes for those who watch it (default 1)", GC_COMPLETE_NONE, NULL, KEY_TICK },
  { "leisure", 0, "SECONDS", false, "Answers", "answer a group request after a random time up to this (default 5)", GC_COMPLETE_NONE, NULL, KEY_LEISURE },
  { "suppress", 0, "CLASSES", false, "Answers", "answers kept back from groups: none, 2.xx, 4.xx, 5.xx, errors (default), all; comma separated", GC_COMPLETE_WORDS, "none 2.xx 4.xx 5.xx errors all", KEY_SUPPRESS },
  { "amplification", 0, "N|off", false, "Answers", "answer an unknown address that asked a group with at most N times the request's size (default 3)", GC_COMPLETE_WORDS, "off", KEY_AMPLIFICATION },
  { "echo", 0, NULL, false, "Answers", "challenge with 4.01 and Echo instead of a smaller block; unicast clients too", GC_COMPLETE_NONE, NULL, KEY_ECHO },
  { "public", 0, NULL, false, "Answers", "answer groups also when the request comes from the public Internet", GC_COMPLETE_NONE, NULL, KEY_PUBLIC },
  { "block", 0, "SIZE", false, "Answers", "largest block of a large body: 16, 32 … 1024 (default)", GC_COMPLETE_WORDS, "16 32 64 128 256 512 1024", KEY_BLOCK },
  { "con-every", 0, "N", false, "Answers", "each N-th notification is confirmable (default 8)", GC_COMPLETE_NONE, NULL, KEY_CON_EVERY },
  { "group-observe", 0, "ADDR[:PORT]", false, "Observe", "notify this multicast address once for all who observe a resource", GC_COMPLETE_NONE, NULL, GC_SERVE_GROUP_OBSERVE },
  { "group-observe-after", 0, "N", false, "Observe", "only where more than N observe a resource of a member (default 0)", GC_COMPLETE_NONE, NULL, GC_SERVE_AFTER },
  { "group-observe-for", 0, "SECONDS", false, "Observe", "end a group observation after this time; 0: never (default 86400)", GC_COMPLETE_NONE, NULL, GC_SERVE_FOR },
  { "notify-interval", 0, "SECONDS", false, "Observe", "notify a group no faster than this (default 3)", GC_COMPLETE_NONE, NULL, GC_SERVE_INTERVAL },
  { "confirm", 0, "N", false, "Observe", "ask for about N confirmations of interest at a time (default 8)", GC_COMPLETE_NONE, NULL, GC_SERVE_CONFIRM },
  { "confirm-wait", 0, "SECONDS", false, "Observe", "wait so long for them (default 452)", GC_COMPLETE_NONE, NULL, GC_SERVE_CONFIRM_WAIT },
  { "omn-format", 0, "FORMAT", false, "Observe", "informative responses as in the current draft (default) or its version 05", GC_COMPLETE_WORDS, "current 05", GC_SERVE_FORMAT },
  { "cri", 0, "FORM", false, "Observe", "addresses in them flat (default) or nested", GC_COMPLETE_WORDS, "flat nested", GC_SERVE_CRI },
  { "self-managed", 0, NULL, false, "Observe", "protect notifications in a group of the member's own, with keys told to protected clients", GC_COMPLETE_NONE, NULL, GC_SERVE_SELF_MANAGED },
  { "self-managed-for", 0, "SECONDS", false, "Observe", "new keys after this time (default 3600)", GC_COMPLETE_NONE, NULL, GC_SERVE_SELF_MANAGED_FOR },
  { "allow-plain-keys", 0, NULL, false, "Observe", "tell unprotected clients the keys too, for all to read: for tests only", GC_COMPLETE_NONE, NULL, GC_SERVE_ALLOW_PLAIN_KEYS },
  { "join-uri", 0, "URI", false, "Observe", "where clients join the security group of the notifications", GC_COMPLETE_URI, NULL, GC_SERVE_JOIN_URI },
  { "sec-gp", 0, "NAME", false, "Observe", "the name of that group", GC_COMPLETE_NONE, NULL, GC_SERVE_SEC_GP },
  { "as-uri", 0, "URI", false, "Observe", "the authorization server of its Group Manager", GC_COMPLETE_URI, NULL, GC_SERVE_AS_URI },
  { "answer", 0, "MODE", false, "Security", "protected requests are answered in this mode: as-asked (default), group, pairwise", GC_COMPLETE_WORDS, "as-asked group pairwise", KEY_ANSWER },
  { "also-plain", 0, NULL, false, "Security", "answer unprotected requests too, although there is a context", GC_COMPLETE_NONE, NULL, KEY_ALSO_PLAIN },
  { "keep-old", 0, "SECONDS", false, "Security", "after a rekeying, receive under the previous keys for so long (default 300)", GC_COMPLETE_NONE, NULL, KEY_KEEP_OLD },
  { "time", 't', "SECONDS", false, "End", "end after this time", GC_COMPLETE_NONE, NULL, 0 },
  { "count", 0, "N", false, "End", "end after so many requests, once they are answered", GC_COMPLETE_NONE, NULL, KEY_COUNT },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : NULL;
}

const struct gc_tool gc_serve_tool = {
  .name = "gc-serve",
  .usage = "[OPTION]…",
  .summary = "a member of a CoAP group that answers",
  .options = options,
  .has_contexts = true,
  .library = library,
  .footer = "Resources: /hello, /time (observable), /light (GET, PUT on, off or 0 … 100; observable), /large (block-wise),\n"
            "/.well-known/core, and what --resource adds. Prints \"ready\" on stderr when all sockets are bound.\n"
            "\n"
            "  gc-serve -i lo --bind 127.0.0.2 --members 3 --leisure 0.5      three members on this host\n"
            "  gc-serve -i eth0 --group '[ff35:30:2001:db8::1]' --resource 'temp=21.5;obs;ct=text'\n",
};

static const char *one_more(const char ***list, size_t *count, const char *arg)
{
  const char **grown = realloc(*list, (*count + 1) * sizeof *grown);
  if (!grown)
    return "no memory left";
  *list = grown;
  grown[(*count)++] = arg;
  return NULL;
}

const char *gc_serve_read_address(struct gc_addr *address, uint32_t *ifindex, const char *arg)
{
  struct gc_bytes zone = { 0 };
  struct gc_where where = { 0 };
  if (gc_addr_parse(address, gc_bytes_str(arg), GC_PORT_COAP, &zone, &where))
    return where.phrase ? where.phrase : "not an IP address";
  if (zone.len > 0 && gc_iface_index(ifindex, zone))
    return "its zone is no interface of this host";
  if (zone.len > 0 && address->family == GC_FAMILY_IPV6)
    address->zone = *ifindex;
  return NULL;
}

static const char *set_group(struct gc_serve_params *params, const char *arg)
{
  if (params->group_count + 4 > GC_SERVE_GROUPS_MAX)
    return "too many groups: 60 at most";
  if (strcmp(arg, "all-coap") == 0) {
    params->groups[params->group_count++] = (struct gc_serve_group){ gc_all_coap_nodes(GC_FAMILY_IPV4, 0), 0, true };
    static const uint8_t scopes[] = { GC_SCOPE_LINK, GC_SCOPE_ADMIN, GC_SCOPE_SITE }; /* groupcomm-bis, Section 3.9.1 */
    for (size_t i = 0; i < sizeof scopes; i++)
      params->groups[params->group_count++] = (struct gc_serve_group){ gc_all_coap_nodes(GC_FAMILY_IPV6, scopes[i]), 0, true };
    return NULL;
  }
  struct gc_serve_group group = { 0 };
  const char *wrong = gc_serve_read_address(&group.address, &group.ifindex, arg);
  if (wrong)
    return wrong;
  if (!gc_addr_is_multicast(&group.address))
    return "not a multicast address: 224.0.0.0/4 or ff00::/8 is";
  if (group.address.port == GC_PORT_COAPS)
    return "port 5684 is never used for groups";
  params->groups[params->group_count++] = group;
  return NULL;
}

static const char *set_bind(struct gc_serve_params *params, const char *arg)
{
  struct gc_addr address = { 0 };
  uint32_t ifindex = 0;
  const char *wrong = gc_serve_read_address(&address, &ifindex, arg);
  if (wrong)
    return wrong;
  if (gc_addr_is_multicast(&address))
    return "a multicast address: --group is for those";
  for (size_t i = 0; i < params->bind_count; i++)
    if (params->binds[i].family == address.family)
      return "one address of each family only: --members makes more";
  params->binds[params->bind_count++] = address;
  return NULL;
}

static const char *set_suppress(struct gc_serve_params *params, const char *arg)
{
  static const struct {
    const char *word;
    uint8_t bits;
  } words[] = {
    { "none", 0 }, { "2.xx", GC_SUPPRESS_2XX }, { "4.xx", GC_SUPPRESS_4XX }, { "5.xx", GC_SUPPRESS_5XX },
    { "errors", GC_SUPPRESS_4XX | GC_SUPPRESS_5XX }, { "all", GC_SUPPRESS_2XX | GC_SUPPRESS_4XX | GC_SUPPRESS_5XX },
  };
  params->server.suppress = 0;
  while (*arg) {
    const size_t len = strcspn(arg, ",");
    size_t i = 0;
    while (i < sizeof words / sizeof *words && !(strlen(words[i].word) == len && strncmp(words[i].word, arg, len) == 0))
      i++;
    if (i == sizeof words / sizeof *words)
      return "accepted are none, 2.xx, 4.xx, 5.xx, errors and all";
    params->server.suppress |= words[i].bits;
    arg += len + (arg[len] == ',');
  }
  return NULL;
}

static const char *set_block(struct gc_serve_params *params, const char *arg)
{
  uint32_t size;
  if (gc_arg_u32(&size, arg, 16, 1024) || (size & (size - 1)) != 0)
    return "accepted are 16, 32, 64, 128, 256, 512 and 1024";
  params->server.block_szx = (uint8_t)(__builtin_ctz(size) - 4);
  return NULL;
}

static const char *set_answer(struct gc_serve_params *params, const char *arg)
{
  static const char *const words[] = { "as-asked", "group", "pairwise", NULL };
  int word = 0;
  const char *wrong = gc_arg_word(&word, arg, words);
  params->answer_mode = (enum gc_answer_mode)word;
  return wrong;
}

static const char *set_leisure(struct gc_serve_params *params, const char *arg)
{
  uint64_t leisure_ms;
  const char *wrong = gc_arg_seconds(&leisure_ms, arg, 3600000);
  if (!wrong)
    params->server.leisure_ms = (uint32_t)leisure_ms;
  return wrong;
}

static const char *set_tick(struct gc_serve_params *params, const char *arg)
{
  const char *wrong = gc_arg_seconds(&params->tick_ms, arg, 86400000);
  return wrong ? wrong : params->tick_ms == 0 ? "a time above 0 is accepted" : NULL;
}

static const char *set_hop_limit(struct gc_serve_params *params, const char *arg)
{
  uint32_t limit;
  const char *wrong = gc_arg_u32(&limit, arg, 1, 255);
  if (!wrong)
    params->hop_limit = (int)limit;
  return wrong;
}

static const char *set(void *ctx, int key, const char *arg)
{
  struct gc_serve_params *params = ctx;
  if (key >= GC_SERVE_GROUP_OBSERVE)
    return gc_serve_observe_set(&params->observe, key, arg);
  switch (key) {
  case KEY_HOP_LIMIT: return set_hop_limit(params, arg);
  case KEY_GROUP: return set_group(params, arg);
  case KEY_NO_GROUP: params->no_groups = true; return NULL;
  case KEY_BIND: return set_bind(params, arg);
  case KEY_MEMBERS: return gc_arg_u32(&params->members, arg, 1, GC_SERVE_MEMBERS_MAX);
  case KEY_RESOURCE: return one_more(&params->resources, &params->resource_count, arg);
  case KEY_LINK: return one_more(&params->links, &params->link_count, arg);
  case KEY_LARGE: return gc_arg_u32(&params->large_len, arg, 0, 65536);
  case KEY_TICK: return set_tick(params, arg);
  case KEY_LEISURE: return set_leisure(params, arg);
  case KEY_SUPPRESS: return set_suppress(params, arg);
  case KEY_AMPLIFICATION:
    params->server.amplification = 0;
    return strcmp(arg, "off") == 0 ? NULL : gc_arg_u32(&params->server.amplification, arg, 1, 65535);
  case KEY_ECHO: params->server.echo = true; return NULL;
  case KEY_PUBLIC: params->is_open = true; return NULL;
  case KEY_BLOCK: return set_block(params, arg);
  case KEY_CON_EVERY: return gc_arg_u32(&params->server.con_notify_every, arg, 1, 1000);
  case KEY_ANSWER: return set_answer(params, arg);
  case KEY_ALSO_PLAIN: params->also_plain = true; return NULL;
  case KEY_KEEP_OLD: return gc_arg_seconds(&params->keep_old_ms, arg, GC_CONTEXT_OVERLAP_MAX_MS);
  case KEY_COUNT: return gc_arg_uint(&params->count, arg, 1, UINT64_MAX);
  case 't': return gc_arg_seconds(&params->time_ms, arg, (uint64_t)UINT32_MAX * 1000);
  default: return "option not handled";
  }
}

static bool has_family(const struct gc_serve_params *params, uint8_t family)
{
  for (size_t i = 0; i < params->bind_count; i++)
    if (params->binds[i].family == family)
      return true;
  return false;
}

static void complete_binds(struct gc_serve_params *params)
{
  if (params->bind_count == 0) {
    if (params->members > 1)
      gc_usage("--members %u needs --bind with the first member's address", params->members);
    params->binds[0] = (struct gc_addr){ .family = GC_FAMILY_IPV4, .port = GC_PORT_COAP };
    params->binds[1] = (struct gc_addr){ .family = GC_FAMILY_IPV6, .port = GC_PORT_COAP };
    params->bind_count = 2;
  }
  for (size_t i = 0; i < params->bind_count; i++)
    if (params->members > 1 && gc_addr_is_any(&params->binds[i]))
      gc_usage("--members %u needs an address of its own for each member: --bind names none", params->members);
}

static void complete_groups(struct gc_serve_params *params)
{
  if (params->no_groups && params->group_count > 0)
    gc_usage("--no-group and --group contradict each other");
  if (!params->no_groups && params->group_count == 0)
    (void)!set_group(params, "all-coap");
  size_t kept = 0;
  for (size_t i = 0; i < params->group_count; i++) {
    struct gc_serve_group group = params->groups[i];
    if (!has_family(params, group.address.family)) {
      if (group.is_optional)
        continue;
      char text[GC_ADDR_STR_MAX];
      gc_usage("no member has an address of the family of --group %s: give one with --bind", gc_addr_format(text, &group.address));
    }
    if (params->ifindex != 0) { /* -i wins over a zone */
      group.ifindex = params->ifindex;
      if (group.address.family == GC_FAMILY_IPV6)
        group.address.zone = params->ifindex;
    }
    params->groups[kept++] = group;
  }
  params->group_count = kept;
}

void gc_serve_params_parse(struct gc_serve_params *params, int argc, char **argv)
{
  *params = (struct gc_serve_params){ .members = 1, .server = gc_server_params_default(), .large_len = 2048, .tick_ms = 1000,
                                      .observe = gc_serve_observe_default(), .hop_limit = -1, .keep_old_ms = GC_CONTEXT_OVERLAP_MS };
  const int operand = gc_opt_parse(argc, argv, &gc_serve_tool, &params->common, set, params);
  if (operand < argc)
    gc_usage("unexpected argument: %s", argv[operand]);
  if (params->common.interface && gc_iface_index(&params->ifindex, gc_bytes_str(params->common.interface))) {
    char list[256];
    gc_error("no such interface: %s (up: %s)", params->common.interface, gc_iface_list(list, sizeof list));
    exit(GC_STATUS_SYSTEM);
  }
  if (params->common.context_count == 0 && (params->answer_mode != GC_ANSWER_AS_ASKED || params->also_plain))
    gc_usage("--answer and --also-plain need a security context: -g FILE");
  complete_binds(params);
  complete_groups(params);
  gc_serve_observe_complete(params);
}

void gc_serve_params_free(struct gc_serve_params *params)
{
  free(params->resources);
  free(params->links);
  params->resources = params->links = NULL;
  free(params->common.contexts);
  params->common.contexts = NULL;
}
