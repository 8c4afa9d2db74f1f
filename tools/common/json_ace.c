#include "ace/creds.h"
#include "ace/key_info.h"
#include "common/ace_names.h"
#include "common/ace_text.h"
#include "common/hide.h"
#include "common/show_ace.h"
#include "common/show_param.h"

struct json {
  struct gc_out *out;
  bool show_secrets;
};

static void json_null(struct gc_out *out, const char *key)
{
  gc_json_comma(out);
  gc_outf(out, "\"%s\":null", key);
}

/* --- scopes and roles ---------------------------------------------------------------------------------------------------- */

static void json_bits(struct gc_out *out, const char *key, uint64_t bits, const char *const *names, size_t count)
{
  gc_json_array(out, key);
  for (unsigned i = 0; i < 64; i++)
    if (bits >> i & 1) {
      if (i < count && names[i])
        gc_json_str(out, NULL, names[i]);
      else
        gc_json_uint(out, NULL, i); /* its bit */
    }
  gc_json_end(out);
}

static void json_roles(struct gc_out *out, const char *key, uint64_t roles)
{
  static const char *const names[] = { NULL, "requester", "responder", "monitor", "verifier" };
  json_bits(out, key, roles, names, sizeof names / sizeof names[0]);
}

static void json_entry(struct gc_out *out, const struct gc_scope_entry *entry)
{
  static const char *const names[] = { "list", "create", "read", "write", "delete" };
  gc_json_object(out, NULL);
  if (entry->kind == GC_SCOPE_ADMIN_PATTERN)
    gc_json_diag(out, "pattern", entry->name);
  else if (entry->kind != GC_SCOPE_ADMIN_ANY)
    gc_json_text(out, "name", entry->name);
  if (entry->kind == GC_SCOPE_USER)
    json_roles(out, "roles", entry->permissions);
  else
    json_bits(out, "permissions", entry->permissions, names, sizeof names / sizeof names[0]);
  gc_json_end(out);
}

static void json_scope(struct gc_out *out, const char *key, const struct gc_ace_value *value)
{
  struct gc_scope_list list;
  gc_json_object(out, key);
  if (value->item.len && value->item.ptr[0] >> 5 == GC_CBOR_TEXT) {
    gc_json_text(out, "text", value->string);
  } else if (gc_ace_scope_read(&list, value)) {
    gc_json_array(out, "groups");
    for (size_t i = 0; i < list.count; i++)
      json_entry(out, &list.entries[i]);
    gc_json_end(out);
  } else {
    gc_json_hex(out, "hex", value->string.ptr ? value->string : value->item);
  }
  gc_json_end(out);
}

/* --- arrays -------------------------------------------------------------------------------------------------------------- */

static void json_strings(struct gc_out *out, const char *key, struct gc_bytes array, bool are_credentials)
{
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes string;
  const bool is_text = !gc_strings_check(array, true, NULL, NULL);
  if (gc_strings_check(array, is_text, NULL, NULL) || gc_strings_begin(&reader, &list, array)) {
    gc_json_diag(out, key, array);
    return;
  }
  gc_json_array(out, key);
  while (!gc_strings_next(&reader, &list, is_text, &string))
    if (is_text)
      gc_json_text(out, NULL, string);
    else if (are_credentials)
      gc_json_diag(out, NULL, string);
    else
      gc_json_hex(out, NULL, string);
  gc_json_end(out);
}

static void json_role_array(struct gc_out *out, const char *key, struct gc_bytes array)
{
  struct gc_cbor_reader reader = gc_cbor_reader(array);
  struct gc_cbor_list list;
  struct gc_bytes item;
  uint64_t roles;
  if (gc_cbor_read_array(&reader, &list))
    return;
  gc_json_array(out, key);
  while (gc_cbor_list_next(&reader, &list) && !gc_cbor_read_raw(&reader, &item)) {
    struct gc_cbor_reader element = gc_cbor_reader(item);
    if (gc_cbor_read_uint(&element, &roles))
      gc_json_diag(out, NULL, item);
    else
      json_roles(out, NULL, roles);
  }
  gc_json_end(out);
}

static void json_names(struct gc_out *out, const struct gc_bytes *names, size_t count)
{
  gc_json_array(out, "groups");
  for (size_t i = 0; i < count; i++)
    gc_json_text(out, NULL, names[i]);
  gc_json_end(out);
}

static void json_info(struct gc_out *out, const struct gc_key_info *info)
{
  gc_json_object(out, NULL);
  json_names(out, info->groups, info->group_count);
  if (info->alg.is_text)
    gc_json_text(out, "alg", info->alg.text);
  else
    gc_json_int(out, "alg", info->alg.number);
  gc_json_diag(out, "alg_params", info->alg_params);
  gc_json_diag(out, "key_params", info->key_params);
  if (!info->cred_fmt.is_null)
    gc_json_int(out, "cred_fmt", info->cred_fmt.number);
  gc_json_end(out);
}

static void json_dh_cred(struct gc_out *out, const struct gc_kdc_dh_cred *cred)
{
  gc_json_object(out, NULL);
  json_names(out, cred->groups, cred->group_count);
  gc_json_int(out, "cred_fmt", cred->cred_fmt);
  gc_json_diag(out, "cred", cred->cred);
  gc_json_end(out);
}

/* null: asked for. What cannot be read so is left to diagnostic notation */
static void json_key_info(struct gc_out *out, const char *key, struct gc_bytes item, bool is_dh)
{
  struct gc_key_info_walk walk;
  struct gc_key_info info;
  struct gc_kdc_dh_cred cred;
  enum gc_err err = gc_key_info_begin(&walk, item);
  while (!err)
    err = is_dh ? gc_kdc_dh_cred_next(&walk, &cred) : gc_key_info_next(&walk, &info);
  if (gc_param_is_null(item)) {
    json_null(out, key);
    return;
  }
  if (err != GC_E_END || gc_key_info_begin(&walk, item)) {
    gc_json_diag(out, key, item);
    return;
  }
  gc_json_array(out, key);
  while (is_dh ? !gc_kdc_dh_cred_next(&walk, &cred) : !gc_key_info_next(&walk, &info))
    if (is_dh)
      json_dh_cred(out, &cred);
    else
      json_info(out, &info);
  gc_json_end(out);
}

static void json_get_creds(struct gc_out *out, const char *key, struct gc_bytes item)
{
  static struct gc_creds_filter filter; /* large */
  if (gc_param_is_null(item)) {
    json_null(out, key);
    return;
  }
  if (gc_creds_filter_parse(&filter, item, NULL)) {
    gc_json_diag(out, key, item);
    return;
  }
  gc_json_object(out, key);
  gc_json_bool(out, "inclusion_flag", filter.is_inclusive);
  gc_json_array(out, "roles");
  for (size_t i = 0; i < filter.role_count; i++)
    json_roles(out, NULL, filter.roles[i]);
  gc_json_end(out);
  gc_json_array(out, "ids");
  for (size_t i = 0; i < filter.id_count; i++)
    gc_json_hex(out, NULL, filter.ids[i]);
  gc_json_end(out);
  gc_json_end(out);
}

/* --- values -------------------------------------------------------------------------------------------------------------- */

static void json_number(struct gc_out *out, const char *key, struct gc_bytes item)
{
  struct gc_cbor_reader reader = gc_cbor_reader(item);
  struct gc_cbor_item head;
  int64_t number;
  if (gc_cbor_peek(&reader, &head))
    return;
  if (head.type == GC_CBOR_UINT)
    gc_json_uint(out, key, head.number);
  else if (!gc_cbor_read_int(&reader, &number))
    gc_json_int(out, key, number);
  else
    gc_json_diag(out, key, item);
}

static void json_simple(struct gc_out *out, const char *key, struct gc_bytes item)
{
  struct gc_cbor_reader reader = gc_cbor_reader(item);
  struct gc_cbor_item head;
  struct gc_numeric_date date = { .is_real = true };
  if (gc_cbor_peek(&reader, &head))
    return;
  if (head.type == GC_CBOR_SIMPLE && (head.number == GC_CBOR_FALSE || head.number == GC_CBOR_TRUE))
    gc_json_bool(out, key, head.number == GC_CBOR_TRUE);
  else if (gc_param_is_null(item))
    json_null(out, key);
  else if (head.type == GC_CBOR_FLOAT && head.real - head.real == 0) { /* finite */
    date.real = head.real;
    gc_json_date(out, key, &date);
  } else
    gc_json_diag(out, key, item);
}

static void json_plain(struct gc_out *out, const char *key, const struct gc_ace_value *value)
{
  const unsigned type = value->item.len ? value->item.ptr[0] >> 5 : GC_CBOR_BYTES;
  if (type <= GC_CBOR_NINT)
    json_number(out, key, value->item);
  else if (type == GC_CBOR_BYTES && value->string.ptr)
    gc_json_hex(out, key, value->string);
  else if (type == GC_CBOR_TEXT && value->string.ptr)
    gc_json_text(out, key, value->string);
  else if (type == GC_CBOR_SIMPLE)
    json_simple(out, key, value->item);
  else
    gc_json_diag(out, key, value->item);
}

static void json_value(void *ctx, const struct gc_ace_value *value)
{
  const struct json *json = ctx;
  struct gc_out *out = json->out;
  char key[GC_ACE_KEY_MAX];
  gc_ace_json_key(key, value->name);
  if (value->is_secret && !json->show_secrets) {
    gc_json_str(out, key, GC_HIDDEN);
    return;
  }
  switch (value->sense) {
  case GC_ACE_SCOPE_TEXT:
    json_scope(out, key, value);
    break;
  case GC_ACE_CREDENTIAL:
    gc_json_diag(out, key, value->string);
    break;
  case GC_ACE_CREDENTIALS:
  case GC_ACE_STRINGS:
    json_strings(out, key, value->item, value->sense == GC_ACE_CREDENTIALS);
    break;
  case GC_ACE_ROLES:
    json_role_array(out, key, value->item);
    break;
  case GC_ACE_GET_CREDS:
    json_get_creds(out, key, value->item);
    break;
  case GC_ACE_KEY_INFO:
  case GC_ACE_DH_CREDS:
    json_key_info(out, key, value->item, value->sense == GC_ACE_DH_CREDS);
    break;
  default:
    json_plain(out, key, value);
  }
}

static void json_enter(void *ctx, const char *name, const char *what, size_t len)
{
  const struct json *json = ctx;
  char key[GC_ACE_KEY_MAX];
  (void)len;
  gc_json_object(json->out, gc_ace_json_key(key, name));
  if (what)
    gc_json_str(json->out, "cose", what);
}

static void json_leave(void *ctx, const struct gc_params_unknown *unknown)
{
  const struct json *json = ctx;
  gc_json_unknown(json->out, unknown);
  gc_json_end(json->out);
}

static void json_note(void *ctx, const char *name, const char *text)
{
  const struct json *json = ctx;
  char key[GC_ACE_KEY_MAX];
  gc_json_str(json->out, gc_ace_json_key(key, name), text);
}

void gc_json_ace(struct gc_out *out, const char *key, const struct gc_ace_message *message, struct gc_bytes payload,
                 const struct gc_show_ace *how)
{
  struct json json = { out, how->show_secrets };
  const struct gc_ace_visitor visitor = { &json, json_value, json_enter, json_leave, json_note };
  struct gc_where fault = { 0, NULL };
  gc_json_object(out, key);
  gc_json_str(out, "message", message->title);
  if (message->kind != GC_ACE_KIND_NONE && message->kind != GC_ACE_KIND_NOTHING) {
    gc_json_object(out, "parameters");
    fault = gc_ace_walk(&visitor, message->kind, payload, how->keys);
  }
  if (message->is_begun_elsewhere || message->goes_on)
    gc_json_str(out, "part", message->is_begun_elsewhere ? "later" : "first");
  if (gc_ace_damage(message, &fault)) {
    gc_json_str(out, "error", fault.phrase);
    gc_json_uint(out, "offset", fault.offset);
  }
  gc_json_end(out);
}
