#include "common/ace_text.h"

#include <inttypes.h>

#include "ace/creds.h"
#include "ace/key_info.h"
#include "common/ace_names.h"
#include "common/hide.h"
#include "common/show.h"
#include "common/show_param.h"

/* --- scopes and roles ---------------------------------------------------------------------------------------------------- */

bool gc_ace_scope_read(struct gc_scope_list *out, const struct gc_ace_value *value)
{
  const struct gc_bytes bytes = value->string.ptr ? value->string : value->item;
  if (!gc_scope_parse(out, bytes, NULL))
    return true;
  out->count = 1;
  return !gc_scope_entry_parse(&out->entries[0], bytes, NULL);
}

static void put_bits(struct gc_out *out, uint64_t bits, const char *const *names, size_t count)
{
  const char *separator = "";
  for (size_t i = 0; i < count; i++)
    if (bits >> i & 1 && names[i]) {
      gc_outf(out, "%s%s", separator, names[i]);
      separator = ",";
      bits ^= (uint64_t)1 << i;
    }
  if (bits || !*separator)
    gc_outf(out, "%s0x%" PRIx64, separator, bits);
}

static void put_roles(struct gc_out *out, uint64_t roles)
{
  static const char *const names[] = { NULL, "requester", "responder", "monitor", "verifier" };
  put_bits(out, roles, names, sizeof names / sizeof names[0]);
}

static void put_permissions(struct gc_out *out, uint64_t permissions)
{
  static const char *const names[] = { "list", "create", "read", "write", "delete" };
  GC_OUT_LITERAL(out, "admin ");
  put_bits(out, permissions, names, sizeof names / sizeof names[0]);
}

static void put_scope(struct gc_out *out, const struct gc_ace_value *value)
{
  struct gc_scope_list list;
  if (value->item.len && value->item.ptr[0] >> 5 == GC_CBOR_TEXT) {
    gc_out_text(out, value->string);
    return;
  }
  if (!gc_ace_scope_read(&list, value)) {
    gc_out_hex(out, value->string.ptr ? value->string : value->item);
    return;
  }
  for (size_t i = 0; i < list.count; i++) {
    const struct gc_scope_entry *entry = &list.entries[i];
    if (i)
      GC_OUT_LITERAL(out, "; ");
    if (entry->kind == GC_SCOPE_ADMIN_ANY)
      GC_OUT_LITERAL(out, "any group");
    else if (entry->kind == GC_SCOPE_ADMIN_PATTERN)
      gc_show_diag(out, entry->name);
    else
      gc_out_text(out, entry->name);
    GC_OUT_LITERAL(out, ": ");
    if (entry->kind == GC_SCOPE_USER)
      put_roles(out, entry->permissions);
    else
      put_permissions(out, entry->permissions);
  }
}

/* --- arrays -------------------------------------------------------------------------------------------------------------- */

static void put_strings(struct gc_out *out, struct gc_bytes array)
{
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes string;
  const bool is_text = !gc_strings_check(array, true, NULL, NULL);
  if (gc_strings_check(array, is_text, NULL, NULL) || gc_strings_begin(&reader, &list, array)) {
    gc_show_diag(out, array);
    return;
  }
  for (bool is_first = true; !gc_strings_next(&reader, &list, is_text, &string); is_first = false) {
    if (!is_first)
      GC_OUT_LITERAL(out, ", ");
    if (is_text)
      gc_out_text(out, string);
    else if (string.len)
      gc_out_hex(out, string);
    else
      GC_OUT_LITERAL(out, "(empty)");
  }
}

static void put_role_array(struct gc_out *out, struct gc_bytes array)
{
  struct gc_cbor_reader reader = gc_cbor_reader(array);
  struct gc_cbor_list list;
  struct gc_cbor_item item;
  uint64_t roles;
  if (gc_cbor_read_array(&reader, &list))
    return;
  for (bool is_first = true; gc_cbor_list_next(&reader, &list); is_first = false) {
    if (!is_first)
      GC_OUT_LITERAL(out, "; ");
    if (!gc_cbor_peek(&reader, &item) && item.type == GC_CBOR_UINT && !gc_cbor_read_uint(&reader, &roles)) {
      put_roles(out, roles);
      continue;
    }
    if (gc_cbor_skip(&reader))
      return;
    GC_OUT_LITERAL(out, "?");
  }
}

static void put_get_creds(struct gc_out *out, struct gc_bytes item)
{
  static struct gc_creds_filter filter; /* large */
  if (gc_creds_filter_parse(&filter, item, NULL)) {
    gc_show_diag(out, item);
    return;
  }
  if (filter.is_all) {
    GC_OUT_LITERAL(out, "all that are relevant");
    return;
  }
  gc_out_str(out, filter.is_inclusive ? "those with" : filter.id_count ? "all but" : "those with");
  for (size_t i = 0; i < filter.role_count; i++) {
    gc_out_str(out, i ? " or " : " roles ");
    put_roles(out, filter.roles[i]);
  }
  for (size_t i = 0; i < filter.id_count; i++) {
    gc_out_str(out, i ? "," : filter.role_count ? filter.is_inclusive ? " or ids " : " without ids " : " ids ");
    gc_out_hex(out, filter.ids[i]);
  }
}

static void put_names(struct gc_out *out, const struct gc_bytes *names, size_t count)
{
  for (size_t i = 0; i < count; i++) {
    if (i)
      gc_out_char(out, ',');
    gc_out_text(out, names[i]);
  }
  GC_OUT_LITERAL(out, ": ");
}

static void put_meaning(struct gc_out *out, const char *name, int64_t number)
{
  const char *meaning = gc_ace_meaning(name, number);
  gc_outf(out, "%" PRId64, number);
  if (meaning)
    gc_outf(out, " (%s)", meaning);
}

static bool put_key_info(struct gc_out *out, struct gc_bytes array)
{
  struct gc_key_info_walk walk;
  struct gc_key_info info;
  enum gc_err err = gc_key_info_begin(&walk, array);
  for (bool is_first = true; !err && !(err = gc_key_info_next(&walk, &info)); is_first = false) {
    if (!is_first)
      GC_OUT_LITERAL(out, "; ");
    put_names(out, info.groups, info.group_count);
    if (info.alg.is_text)
      gc_out_text(out, info.alg.text);
    else
      put_meaning(out, "alg", info.alg.number);
    GC_OUT_LITERAL(out, ", ");
    gc_show_diag(out, info.alg_params);
    GC_OUT_LITERAL(out, ", ");
    gc_show_diag(out, info.key_params);
    GC_OUT_LITERAL(out, ", ");
    if (info.cred_fmt.is_null)
      GC_OUT_LITERAL(out, "no credentials");
    else
      put_meaning(out, "cred_fmt", info.cred_fmt.number);
  }
  return err == GC_E_END;
}

static bool put_dh_creds(struct gc_out *out, struct gc_bytes array)
{
  struct gc_key_info_walk walk;
  struct gc_kdc_dh_cred cred;
  enum gc_err err = gc_key_info_begin(&walk, array);
  for (bool is_first = true; !err && !(err = gc_kdc_dh_cred_next(&walk, &cred)); is_first = false) {
    if (!is_first)
      GC_OUT_LITERAL(out, "; ");
    put_names(out, cred.groups, cred.group_count);
    put_meaning(out, "cred_fmt", cred.cred_fmt);
    GC_OUT_LITERAL(out, ", ");
    gc_show_diag(out, cred.cred);
  }
  return err == GC_E_END;
}

/* --- values -------------------------------------------------------------------------------------------------------------- */

bool gc_ace_is_bytes(const struct gc_ace_value *value)
{
  return !value->item.len || value->item.ptr[0] >> 5 == GC_CBOR_BYTES;
}

static void put_plain(struct gc_out *out, const struct gc_ace_value *value)
{
  if (gc_ace_is_bytes(value) && value->string.ptr)
    gc_out_hex(out, value->string);
  else if (value->item.len && value->item.ptr[0] >> 5 == GC_CBOR_TEXT && value->string.ptr)
    gc_out_text(out, value->string);
  else if (value->item.len)
    gc_show_diag(out, value->item);
  if (value->meaning)
    gc_outf(out, " (%s)", value->meaning);
}

static void put_date(struct gc_out *out, const struct gc_ace_value *value)
{
  struct gc_cbor_reader reader = gc_cbor_reader(value->item);
  struct gc_numeric_date date = { .is_real = value->item.ptr[0] >> 5 == GC_CBOR_SIMPLE };
  if (date.is_real ? gc_cbor_read_float(&reader, &date.real) : gc_cbor_read_int(&reader, &date.number))
    gc_show_diag(out, value->item);
  else
    gc_show_date(out, &date);
}

static void put_code(struct gc_out *out, const struct gc_ace_value *value)
{
  struct gc_cbor_reader reader = gc_cbor_reader(value->item);
  uint64_t code;
  if (gc_cbor_read_uint(&reader, &code) || code > UINT8_MAX) {
    gc_show_diag(out, value->item);
    return;
  }
  gc_out_str(out, gc_show_code_number((uint8_t)code));
  if (value->meaning)
    gc_outf(out, " (%s)", value->meaning);
}

void gc_ace_put_value(struct gc_out *out, const struct gc_ace_value *value, bool show_secrets)
{
  const bool is_null = gc_param_is_null(value->item);
  if (value->is_secret && !show_secrets) {
    gc_out_str(out, GC_HIDDEN);
    return;
  }
  switch (value->sense) {
  case GC_ACE_DATE:
    put_date(out, value);
    break;
  case GC_ACE_SECONDS:
    put_plain(out, value);
    GC_OUT_LITERAL(out, " s");
    break;
  case GC_ACE_SCOPE_TEXT:
    put_scope(out, value);
    break;
  case GC_ACE_CODE_POINT:
    put_code(out, value);
    break;
  case GC_ACE_CREDENTIAL:
    gc_show_diag(out, value->string);
    break;
  case GC_ACE_STRINGS:
    put_strings(out, value->item);
    break;
  case GC_ACE_ROLES:
    put_role_array(out, value->item);
    break;
  case GC_ACE_GET_CREDS:
    put_get_creds(out, value->item);
    break;
  case GC_ACE_KEY_INFO:
    if (is_null)
      GC_OUT_LITERAL(out, "asked for");
    else if (!put_key_info(out, value->item))
      GC_OUT_LITERAL(out, " (malformed)");
    break;
  case GC_ACE_DH_CREDS:
    if (is_null)
      GC_OUT_LITERAL(out, "asked for");
    else if (!put_dh_creds(out, value->item))
      GC_OUT_LITERAL(out, " (malformed)");
    break;
  default:
    put_plain(out, value);
  }
}
