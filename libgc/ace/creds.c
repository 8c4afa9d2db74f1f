#include "ace/creds.h"

#include "ace/scope.h"

#define ALL_THREE (GC_PARAM_BIT(GC_GROUPCOMM_CREDS) | GC_PARAM_BIT(GC_GROUPCOMM_PEER_ROLES) | GC_PARAM_BIT(GC_GROUPCOMM_PEER_IDENTIFIERS))

static enum gc_err bad(struct gc_cbor_reader *reader, const char *phrase, enum gc_err err)
{
  return gc_fail(&reader->where, reader->pos, phrase, err);
}

/* --- get_creds ----------------------------------------------------------------------------------------------------------- */

static enum gc_err read_roles(struct gc_cbor_reader *reader, struct gc_creds_filter *out)
{
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_read_array(reader, &list);
  while (!err && gc_cbor_list_next(reader, &list))
    err = out->role_count == GC_CREDS_FILTER_MAX ? bad(reader, "too many roles", GC_E_LIMIT)
                                                 : gc_cbor_read_uint(reader, &out->roles[out->role_count++]);
  return err;
}

static enum gc_err read_ids(struct gc_cbor_reader *reader, struct gc_creds_filter *out)
{
  struct gc_cbor_list list;
  enum gc_err err = gc_cbor_read_array(reader, &list);
  while (!err && gc_cbor_list_next(reader, &list))
    err = out->id_count == GC_CREDS_FILTER_MAX ? bad(reader, "too many identifiers", GC_E_LIMIT)
                                               : gc_cbor_read_bytes(reader, &out->ids[out->id_count++]);
  return err;
}

static enum gc_err read_filter(struct gc_cbor_reader *reader, struct gc_creds_filter *out)
{
  struct gc_cbor_item item;
  struct gc_cbor_list list;
  size_t count = 0;
  enum gc_err err = gc_cbor_peek(reader, &item);
  if (!err && item.type == GC_CBOR_SIMPLE) {
    out->is_all = true;
    return gc_cbor_read_null(reader);
  }
  if (!err)
    err = gc_cbor_read_array(reader, &list);
  for (; !err && gc_cbor_list_next(reader, &list); count++)
    err = count == 0 ? gc_cbor_read_bool(reader, &out->is_inclusive)
        : count == 1 ? read_roles(reader, out)
        : count == 2 ? read_ids(reader, out)
                     : bad(reader, "get_creds has three elements", GC_E_MALFORMED);
  return err || count == 3 ? err : bad(reader, "get_creds has three elements", GC_E_MALFORMED);
}

enum gc_err gc_creds_filter_parse(struct gc_creds_filter *out, struct gc_bytes get_creds, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(get_creds);
  struct gc_creds_filter filter = { .is_all = false };
  enum gc_err err = gc_cbor_whole(&reader, read_filter(&reader, &filter), where);
  if (!err)
    *out = filter;
  return err;
}

enum gc_err gc_creds_filter_write(struct gc_buf *out, const struct gc_creds_filter *filter)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (filter->is_all) {
    gc_cbor_null(&writer);
    return gc_cbor_finish(&writer);
  }
  gc_cbor_array(&writer, 3);
  gc_cbor_bool(&writer, filter->is_inclusive);
  gc_cbor_array(&writer, filter->role_count);
  for (size_t i = 0; i < filter->role_count; i++)
    gc_cbor_uint(&writer, filter->roles[i]);
  gc_cbor_array(&writer, filter->id_count);
  for (size_t i = 0; i < filter->id_count; i++)
    gc_cbor_bytes(&writer, filter->ids[i]);
  return gc_cbor_finish(&writer);
}

const char *gc_creds_filter_join_fault(const struct gc_creds_filter *filter)
{
  if (filter->is_all)
    return NULL;
  if (!filter->is_inclusive || filter->id_count)
    return "get_creds of a Join Request selects by roles only";
  return filter->role_count ? NULL : "get_creds without a role";
}

const char *gc_creds_filter_fetch_fault(const struct gc_creds_filter *filter)
{
  return filter->is_all || filter->role_count || filter->id_count ? NULL : "get_creds with neither roles nor identifiers";
}

bool gc_creds_filter_matches(const struct gc_creds_filter *filter, uint64_t roles, struct gc_bytes id)
{
  bool has_role = false, has_id = false;
  for (size_t i = 0; i < filter->role_count; i++)
    has_role = has_role || (roles & filter->roles[i]) == filter->roles[i];
  for (size_t i = 0; i < filter->id_count; i++)
    has_id = has_id || gc_bytes_equal(filter->ids[i], id);
  if (filter->is_all)
    return true;
  return filter->is_inclusive ? has_role || has_id : (has_role || !filter->role_count) && !has_id;
}

bool gc_creds_relevant(uint64_t joiner_roles, uint64_t peer_roles)
{
  bool wants_responders = joiner_roles & GC_ROLE_REQUESTER, wants_requesters = joiner_roles & (GC_ROLE_RESPONDER | GC_ROLE_MONITOR);
  return (wants_responders && (peer_roles & GC_ROLE_RESPONDER)) || (wants_requesters && (peer_roles & GC_ROLE_REQUESTER));
}

/* --- three arrays -------------------------------------------------------------------------------------------------------- */

enum gc_err gc_peers_begin(struct gc_peers *out, const struct gc_groupcomm *message)
{
  *out = (struct gc_peers){ .is_empty = !(message->present & ALL_THREE) };
  if (out->is_empty)
    return GC_OK;
  if ((message->present & ALL_THREE) != ALL_THREE)
    return GC_E_MALFORMED;
  out->creds = gc_cbor_reader(message->creds);
  out->roles = gc_cbor_reader(message->peer_roles);
  out->ids = gc_cbor_reader(message->peer_identifiers);
  enum gc_err err = gc_cbor_read_array(&out->creds, &out->creds_left);
  if (!err)
    err = gc_cbor_read_array(&out->roles, &out->roles_left);
  return err ? err : gc_cbor_read_array(&out->ids, &out->ids_left);
}

enum gc_err gc_peers_next(struct gc_peers *peers, struct gc_peer *out)
{
  struct gc_peer peer;
  if (peers->is_empty)
    return GC_E_END;
  bool has_cred = gc_cbor_list_next(&peers->creds, &peers->creds_left), has_roles = gc_cbor_list_next(&peers->roles, &peers->roles_left);
  bool has_id = gc_cbor_list_next(&peers->ids, &peers->ids_left);
  if (has_cred != has_roles || has_cred != has_id)
    return GC_E_MALFORMED;
  if (!has_cred)
    return gc_cbor_at_end(&peers->creds) && gc_cbor_at_end(&peers->roles) && gc_cbor_at_end(&peers->ids) ? GC_E_END : GC_E_MALFORMED;
  enum gc_err err = gc_cbor_read_bytes(&peers->creds, &peer.cred);
  if (!err)
    err = gc_cbor_read_uint(&peers->roles, &peer.roles);
  if (!err)
    err = gc_cbor_read_bytes(&peers->ids, &peer.id);
  if (!err)
    *out = peer;
  return err == GC_E_END ? GC_E_TRUNCATED : err;
}

enum gc_err gc_peers_check(const struct gc_groupcomm *message, size_t *count)
{
  struct gc_peers peers;
  struct gc_peer peer;
  size_t found = 0;
  enum gc_err err = gc_peers_begin(&peers, message);
  for (; !err; found += !err)
    err = gc_peers_next(&peers, &peer);
  if (err != GC_E_END)
    return err;
  if (count)
    *count = found;
  return GC_OK;
}

enum gc_err gc_peers_set(struct gc_groupcomm *message, struct gc_buf *room, const struct gc_peer *peers, size_t count)
{
  size_t start = room->len;
  struct gc_cbor_writer writer = gc_cbor_writer(room);
  gc_cbor_array(&writer, count);
  for (size_t i = 0; i < count; i++)
    gc_cbor_bytes(&writer, peers[i].cred);
  size_t roles_at = room->len;
  gc_cbor_array(&writer, count);
  for (size_t i = 0; i < count; i++)
    gc_cbor_uint(&writer, peers[i].roles);
  size_t ids_at = room->len;
  gc_cbor_array(&writer, count);
  for (size_t i = 0; i < count; i++)
    gc_cbor_bytes(&writer, peers[i].id);
  enum gc_err err = gc_cbor_finish(&writer);
  if (err)
    return err;
  message->creds = gc_bytes_slice(gc_buf_bytes(room), start, roles_at - start);
  message->peer_roles = gc_bytes_slice(gc_buf_bytes(room), roles_at, ids_at - roles_at);
  message->peer_identifiers = gc_bytes_slice(gc_buf_bytes(room), ids_at, room->len - ids_at);
  message->present |= ALL_THREE;
  return GC_OK;
}
