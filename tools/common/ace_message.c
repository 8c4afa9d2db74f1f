#include "common/ace_message.h"

#include <string.h>

#include "ace/groupcomm.h"
#include "coap/block.h"
#include "common/show.h"
#include "iana/names.h"
#include "iana/options.h"

/* --- paths --------------------------------------------------------------------------------------------------------------- */

enum { SEGMENTS_MAX = 5 };

struct path {
  struct gc_bytes segments[SEGMENTS_MAX];
  size_t count; /* more than SEGMENTS_MAX: those are not kept */
  struct gc_bytes last;
};

static struct path path_of(struct gc_bytes options)
{
  struct path path = { .count = 0 };
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  while (gc_option_next(&iter, &option) && option.number <= GC_OPTION_URI_PATH)
    if (option.number == GC_OPTION_URI_PATH) {
      if (path.count < SEGMENTS_MAX)
        path.segments[path.count] = option.value;
      path.count++;
      path.last = option.value;
    }
  return path;
}

static bool is(struct gc_bytes segment, const char *name)
{
  return segment.len == strlen(name) && memcmp(segment.ptr, name, segment.len) == 0;
}

static enum gc_ace_resource below_group(const struct path *path)
{
  static const struct {
    const char *name;
    enum gc_ace_resource resource;
  } names[] = { { "active", GC_ACE_RES_ACTIVE }, { "verif-data", GC_ACE_RES_VERIF_DATA }, { "creds", GC_ACE_RES_CREDS },
                { "kdc-cred", GC_ACE_RES_KDC_CRED }, { "stale-sids", GC_ACE_RES_STALE_SIDS }, { "policies", GC_ACE_RES_POLICIES },
                { "num", GC_ACE_RES_NUM }, { "node", GC_ACE_RES_CONTROL } };
  if (is(path->segments[2], "nodes"))
    return path->count == 4 ? GC_ACE_RES_NODE : path->count == 5 && is(path->segments[4], "cred") ? GC_ACE_RES_NODE_CRED : GC_ACE_RES_OTHER;
  for (size_t i = 0; path->count == 3 && i < sizeof names / sizeof names[0]; i++)
    if (is(path->segments[2], names[i].name))
      return names[i].resource;
  return GC_ACE_RES_OTHER;
}

enum gc_ace_resource gc_ace_resource(const struct gc_message *request)
{
  const struct path path = path_of(request->options);
  if (path.count && path.count <= SEGMENTS_MAX && is(path.segments[0], "ace-group"))
    return path.count == 1 ? GC_ACE_RES_GROUPS : path.count == 2 ? GC_ACE_RES_GROUP : below_group(&path);
  if (request->code != GC_CODE_POST || !path.count)
    return GC_ACE_RES_OTHER;
  return is(path.last, "authz-info")   ? GC_ACE_RES_AUTHZ_INFO
         : is(path.last, "token")      ? GC_ACE_RES_TOKEN
         : is(path.last, "introspect") ? GC_ACE_RES_INTROSPECT
                                       : GC_ACE_RES_OTHER;
}

int32_t gc_ace_content_format(const struct gc_message *message)
{
  int32_t format = gc_show_content_format(message->options);
  return format < 0 && message->code == GC_CODE_POST && gc_ace_resource(message) == GC_ACE_RES_AUTHZ_INFO ? GC_FORMAT_CWT : format;
}

/* --- payloads ------------------------------------------------------------------------------------------------------------ */

/* Which labels a map of Content-Format 19 has, those that tell. */
struct labels {
  bool is_first_text; /* 1: the URI of an Authorization Server or of an issuer; else a token */
  bool active, token, error, authz;
};

static struct labels labels_of(struct gc_bytes payload)
{
  struct labels labels = { .is_first_text = false };
  struct gc_cbor_reader reader = gc_cbor_reader(payload);
  struct gc_cbor_item head, key, value;
  if (gc_cbor_next(&reader, &head) || head.type != GC_CBOR_MAP)
    return labels;
  struct gc_cbor_list list = { head.number, head.is_indefinite }; /* of a map cut short: more than there is */
  while (gc_cbor_list_next(&reader, &list)) {
    if (gc_cbor_peek(&reader, &key) || gc_cbor_skip(&reader) || gc_cbor_peek(&reader, &value))
      break;
    uint64_t label = key.type == GC_CBOR_UINT ? key.number : UINT64_MAX;
    labels.is_first_text = labels.is_first_text || (label == 1 && value.type == GC_CBOR_TEXT);
    labels.active = labels.active || label == 10;
    labels.token = labels.token || label == 11;
    labels.error = labels.error || label == 30;
    labels.authz = labels.authz || label == 40 || (label >= 42 && label <= 46) || label == 48 || (label == 47 && value.type != GC_CBOR_MAP);
    if (gc_cbor_skip(&reader))
      break;
  }
  return labels;
}

static enum gc_ace_kind kind_of_params(struct gc_bytes payload)
{
  const struct labels labels = labels_of(payload);
  if (labels.active || labels.token)
    return GC_ACE_KIND_INTROSPECTION;
  if (labels.is_first_text && !labels.error)
    return GC_ACE_KIND_HINTS;
  return labels.authz ? GC_ACE_KIND_AUTHZ_INFO : GC_ACE_KIND_AS;
}

enum gc_ace_kind gc_ace_kind_of(struct gc_bytes payload, int32_t content_format)
{
  switch (content_format) {
  case GC_FORMAT_ACE_CBOR:
    return kind_of_params(payload);
  case GC_FORMAT_ACE_GROUPCOMM:
    return gc_is_nothing_found(payload) ? GC_ACE_KIND_NOTHING : GC_ACE_KIND_GROUPCOMM;
  case GC_FORMAT_CONCISE_PROBLEM_DETAILS:
    return GC_ACE_KIND_PROBLEM;
  case GC_FORMAT_CWT:
    return GC_ACE_KIND_TOKEN;
  case GC_FORMAT_AIF_CBOR:
  case GC_FORMAT_AIF_GROUPS:
    return GC_ACE_KIND_SCOPE;
  case GC_FORMAT_COSE_KEY:
    return GC_ACE_KIND_COSE_KEY;
  default:
    return GC_ACE_KIND_NONE;
  }
}

/* application/cbor, or no Content-Format, where the path tells */
static enum gc_ace_kind kind_of_item(struct gc_bytes payload, enum gc_ace_resource resource, bool is_request)
{
  switch (resource) {
  case GC_ACE_RES_NUM:
    return GC_ACE_KIND_NUM;
  case GC_ACE_RES_ACTIVE:
    return GC_ACE_KIND_ACTIVE;
  case GC_ACE_RES_STALE_SIDS:
    return is_request ? GC_ACE_KIND_NUM : GC_ACE_KIND_STALE_IDS;
  case GC_ACE_RES_CREDS:
  case GC_ACE_RES_GROUPS:
    return gc_is_nothing_found(payload) ? GC_ACE_KIND_NOTHING : GC_ACE_KIND_NONE;
  default:
    return GC_ACE_KIND_NONE;
  }
}

static enum gc_ace_kind kind_at(const struct gc_message *message, enum gc_ace_resource resource)
{
  const bool is_request = GC_CODE_IS_REQUEST(message->code);
  const int32_t format = gc_ace_content_format(message);
  const bool is_success = GC_CODE_CLASS(message->code) == 2;
  if (!message->payload.len)
    return GC_ACE_KIND_NONE;
  if ((format == GC_FORMAT_APPLICATION_CBOR || format < 0) && (is_request || is_success))
    return kind_of_item(message->payload, resource, is_request);
  const enum gc_ace_kind kind = gc_ace_kind_of(message->payload, format);
  if (format != GC_FORMAT_ACE_CBOR)
    return kind;
  if (message->code == GC_CODE_UNAUTHORIZED && !labels_of(message->payload).error)
    return GC_ACE_KIND_HINTS;
  if (message->code == GC_CODE_FORBIDDEN || message->code == GC_CODE_METHOD_NOT_ALLOWED) /* hints are possible too */
    return kind;
  return resource == GC_ACE_RES_TOKEN        ? GC_ACE_KIND_AS
         : resource == GC_ACE_RES_INTROSPECT ? GC_ACE_KIND_INTROSPECTION
         : resource == GC_ACE_RES_AUTHZ_INFO ? GC_ACE_KIND_AUTHZ_INFO
                                             : kind;
}

/* --- titles -------------------------------------------------------------------------------------------------------------- */

static const struct {
  uint8_t resource, method;
  const char *request, *response; /* of success */
} titles[] = {
  { GC_ACE_RES_TOKEN, GC_CODE_POST, "token request", "token response" },
  { GC_ACE_RES_INTROSPECT, GC_CODE_POST, "introspection request", "introspection response" },
  { GC_ACE_RES_AUTHZ_INFO, GC_CODE_POST, "transfer of a token", "token taken" },
  { GC_ACE_RES_GROUPS, GC_CODE_FETCH, "look-up of group names", "group names" },
  { GC_ACE_RES_GROUP, GC_CODE_POST, "Join Request", "Join Response" },
  { GC_ACE_RES_GROUP, GC_CODE_GET, "request for keying material", "keying material" },
  { GC_ACE_RES_ACTIVE, GC_CODE_GET, "request for the status of the group", "status of the group" },
  { GC_ACE_RES_VERIF_DATA, GC_CODE_GET, "request for verification data", "verification data" },
  { GC_ACE_RES_CREDS, GC_CODE_GET, "request for all credentials", "credentials" },
  { GC_ACE_RES_CREDS, GC_CODE_FETCH, "request for credentials", "credentials" },
  { GC_ACE_RES_KDC_CRED, GC_CODE_GET, "request for the Group Manager's credential", "the Group Manager's credential" },
  { GC_ACE_RES_KDC_CRED, GC_CODE_FETCH, "request for the Group Manager's credential", "the Group Manager's credential" },
  { GC_ACE_RES_STALE_SIDS, GC_CODE_FETCH, "request for stale Sender IDs", "stale Sender IDs" },
  { GC_ACE_RES_POLICIES, GC_CODE_GET, "request for policies", "policies" },
  { GC_ACE_RES_NUM, GC_CODE_GET, "request for the Key Generation Number", "Key Generation Number" },
  { GC_ACE_RES_NODE, GC_CODE_GET, "request for own keying material", "own keying material" },
  { GC_ACE_RES_NODE, GC_CODE_POST, "request for a new Sender ID", "new Sender ID" },
  { GC_ACE_RES_NODE, GC_CODE_PUT, "request for a new Sender ID", "new Sender ID" },
  { GC_ACE_RES_NODE, GC_CODE_DELETE, "leaving", "left" },
  { GC_ACE_RES_NODE_CRED, GC_CODE_POST, "replacement of a credential", "credential replaced" },
  { GC_ACE_RES_CONTROL, GC_CODE_POST, "rekeying", "rekeying taken" },
  { GC_ACE_RES_CONTROL, GC_CODE_DELETE, "eviction", "eviction taken" },
};

static const char *title_by_path(const struct gc_ace_request *request, bool is_request)
{
  for (size_t i = 0; i < sizeof titles / sizeof titles[0]; i++)
    if (titles[i].resource == request->resource && titles[i].method == request->method)
      return is_request ? titles[i].request : titles[i].response;
  return NULL;
}

/* control_uri may have any path, and a capture may begin with a response */
static const char *title_of_groupcomm(struct gc_bytes payload, bool is_request)
{
  struct gc_groupcomm message;
  if (gc_groupcomm_parse(&message, payload, NULL))
    return "group communication";
  const bool has_key = gc_groupcomm_has(&message, GC_GROUPCOMM_KEY);
  if (is_request)
    return has_key                                        ? "rekeying"
           : gc_groupcomm_has(&message, GC_GROUPCOMM_SCOPE) ? "Join Request"
                                                          : "request of group communication";
  return has_key && gc_groupcomm_has(&message, GC_GROUPCOMM_KDC_CRED) ? "Join Response"
         : has_key                                                    ? "keying material"
         : gc_groupcomm_has(&message, GC_GROUPCOMM_CREDS)             ? "credentials"
         : gc_groupcomm_has(&message, GC_GROUPCOMM_GROUP_SENDER_ID)   ? "new Sender ID"
                                                                      : "response of group communication";
}

static bool is_refusal(const struct gc_message *message)
{
  return !GC_CODE_IS_REQUEST(message->code) && GC_CODE_CLASS(message->code) != 2;
}

static const char *title_by_kind(enum gc_ace_kind kind, const struct gc_message *message)
{
  const bool is_request = GC_CODE_IS_REQUEST(message->code);
  switch (kind) {
  case GC_ACE_KIND_HINTS:
    return "AS Request Creation Hints";
  case GC_ACE_KIND_PROBLEM:
    return "problem details";
  case GC_ACE_KIND_AS:
    return labels_of(message->payload).error ? "error of the token endpoint" : is_request ? "token request" : "token response";
  case GC_ACE_KIND_INTROSPECTION:
    return is_request ? "introspection request" : "introspection response";
  case GC_ACE_KIND_AUTHZ_INFO:
    return is_request ? "transfer of a token" : is_refusal(message) ? "token refused" : "token taken";
  case GC_ACE_KIND_GROUPCOMM:
    return is_refusal(message) ? "refusal with what to try again with" : title_of_groupcomm(message->payload, is_request);
  case GC_ACE_KIND_TOKEN:
    return "token";
  case GC_ACE_KIND_SCOPE:
    return "scope";
  case GC_ACE_KIND_COSE_KEY:
    return "COSE_Key";
  default:
    return NULL;
  }
}

static void look_at_blocks(struct gc_ace_message *out, const struct gc_message *message)
{
  const uint16_t number = GC_CODE_IS_REQUEST(message->code) ? GC_OPTION_BLOCK1 : GC_OPTION_BLOCK2;
  struct gc_block block;
  if (!message->payload.len || gc_block_find(&block, message->options, number))
    return;
  out->is_begun_elsewhere = block.num != 0;
  out->goes_on = block.more && !out->is_begun_elsewhere;
}

bool gc_ace_look(struct gc_ace_message *out, const struct gc_message *message, const struct gc_ace_request *request)
{
  struct gc_ace_message found = { .kind = GC_ACE_KIND_NONE };
  struct gc_ace_request own = { GC_ACE_RES_OTHER, message->code };
  const bool is_request = GC_CODE_IS_REQUEST(message->code);
  if (!is_request && !GC_CODE_IS_RESPONSE(message->code))
    return false;
  if (is_request) {
    own.resource = gc_ace_resource(message);
    request = &own;
  } else if (!request) {
    request = &own;
  }
  /* most messages end here */
  if (request->resource == GC_ACE_RES_OTHER && (!message->payload.len || message->payload.ptr[0] < 0x80) &&
      !(message->payload.len && gc_is_nothing_found(message->payload)))
    return false;
  look_at_blocks(&found, message);
  found.kind = kind_at(message, request->resource);
  if (!is_refusal(message))
    found.title = title_by_path(request, is_request);
  if (!found.title && found.kind == GC_ACE_KIND_NOTHING)
    found.title = "nothing found";
  if (!found.title)
    found.title = title_by_kind(found.kind, message);
  if (found.is_begun_elsewhere)
    found.kind = GC_ACE_KIND_NONE;
  if (found.title)
    *out = found;
  return found.title != NULL;
}
