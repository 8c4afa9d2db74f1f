#include "common/destination.h"

#include <stdio.h>

#include "net/iface.h"

static enum gc_status fail(char why[static GC_WHY_LEN], enum gc_status status, const char *subject, const char *reason)
{
  snprintf(why, GC_WHY_LEN, "%.180s: %.130s", subject, reason);
  return status;
}

static enum gc_status find_interface(struct gc_destination *to, const struct gc_destination_query *query, char why[static GC_WHY_LEN])
{
  struct gc_bytes name = query->interface ? gc_bytes_str(query->interface) : to->uri.zone;
  char up[160];
  if (name.len == 0 || gc_iface_index(&to->ifindex, name) == GC_OK)
    return GC_STATUS_OK;
  snprintf(why, GC_WHY_LEN, "no interface '%.*s' (up: %s)", (int)(name.len < 60 ? name.len : 60), (const char *)name.ptr,
           gc_iface_list(up, sizeof up));
  return GC_STATUS_SYSTEM;
}

static enum gc_status resolve_name(struct gc_destination *to, const struct gc_destination_query *query, char why[static GC_WHY_LEN])
{
  const char *reason = NULL;
  enum gc_err err = gc_resolve(to->targets, GC_DESTINATION_ADDRESSES_MAX, &to->target_count, gc_bytes_str(to->uri.name), to->uri.port,
                               query->family, &reason);
  return err ? fail(why, GC_STATUS_SYSTEM, to->uri.name, reason ? reason : gc_err_str(err)) : GC_STATUS_OK;
}

/* A name may stand for several groups (draft-ietf-core-groupcomm-bis, Section 2.2.1): all of one family are asked. A
 * dual-stack member would otherwise be asked twice. Unicast addresses are tried one after the other. */
static void choose(struct gc_destination *to)
{
  const struct gc_addr first = to->targets[0];
  const bool is_group = gc_addr_is_multicast(&first);
  size_t kept = 1;
  for (size_t i = 1; i < to->target_count; i++)
    if (gc_addr_is_multicast(&to->targets[i]) == is_group && (!is_group || to->targets[i].family == first.family))
      to->targets[kept++] = to->targets[i];
  if (to->target_count > 1)
    gc_info(1, "%s has %zu addresses, %zu of them %s", to->uri.name, to->target_count, kept, is_group ? "asked" : "tried in turn");
  to->target_count = kept;
}

static enum gc_status find_targets(struct gc_destination *to, const struct gc_destination_query *query, char why[static GC_WHY_LEN])
{
  enum gc_status status;
  to->target_count = 1;
  if (to->uri.host == GC_HOST_ADDRESS) {
    to->targets[0] = to->uri.addr;
    if (query->family && query->family != to->uri.addr.family)
      return fail(why, GC_STATUS_USAGE, query->uri, query->family == GC_FAMILY_IPV4 ? "not an IPv4 address, as -4 asks for" : "not an IPv6 address, as -6 asks for");
  } else if (to->uri.host == GC_HOST_ALL_COAP) {
    enum gc_family family = query->family ? query->family : query->scope ? GC_FAMILY_IPV6 : GC_FAMILY_IPV4;
    to->targets[0] = gc_all_coap_nodes(family, query->scope ? query->scope : GC_SCOPE_LINK);
    to->targets[0].port = to->uri.port;
  } else if ((status = resolve_name(to, query, why)) != GC_STATUS_OK) {
    return status;
  } else {
    choose(to);
  }
  return GC_STATUS_OK;
}

static enum gc_status settle_zones(struct gc_destination *to, const struct gc_destination_query *query, char why[static GC_WHY_LEN])
{
  to->is_group = gc_addr_is_multicast(&to->targets[0]);
  for (size_t i = 0; i < to->target_count; i++) {
    struct gc_addr *target = &to->targets[i];
    if (gc_addr_is_any(target))
      return fail(why, GC_STATUS_USAGE, query->uri, "not the address of a server or group");
    if (target->family == GC_FAMILY_IPV6 && gc_addr_is_link_local(target)) {
      if (!to->is_group && !to->ifindex)
        return fail(why, GC_STATUS_USAGE, query->uri, "a link-local address needs its interface: -i IF, or %IF behind the address");
      target->zone = to->ifindex;
    }
  }
  if (!to->is_group && !gc_addr_is_link_local(&to->targets[0]))
    to->ifindex = 0; /* the routes know better */
  return GC_STATUS_OK;
}

enum gc_status gc_destination_find(struct gc_destination *out, const struct gc_destination_query *query, char why[static GC_WHY_LEN])
{
  struct gc_where where = { 0, "" };
  enum gc_status status;
  *out = (struct gc_destination){ 0 };
  if (gc_uri_parse(&out->uri, gc_bytes_str(query->uri), &where)) {
    snprintf(why, GC_WHY_LEN, "%.180s: %.90s at character %zu", query->uri, where.phrase, where.offset + 1);
    return GC_STATUS_USAGE;
  }
  if (gc_uri_check_group(&out->uri, &where))
    return fail(why, GC_STATUS_USAGE, query->uri, where.phrase);
  if (out->uri.scheme != GC_SCHEME_COAP)
    return fail(why, GC_STATUS_USAGE, query->uri, "only coap: URIs can be asked");
  if ((status = find_interface(out, query, why)) != GC_STATUS_OK || (status = find_targets(out, query, why)) != GC_STATUS_OK)
    return status;
  return settle_zones(out, query, why);
}
