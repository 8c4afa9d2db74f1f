#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "cbor/diag.h"
#include "common/hide.h"
#include "common/show.h"
#include "common/show_informative.h"
#include "observe/material.h"

static bool put_piece(void *ctx, struct gc_bytes piece)
{
  gc_json_text_piece(ctx, piece);
  return true;
}

/* Diagnostic notation as a text; hex of what is not text in it. */
static void json_diag(struct gc_out *out, const char *key, struct gc_bytes items)
{
  if (gc_cbor_check(items, GC_CBOR_CHECK_SEQUENCE | GC_CBOR_CHECK_UTF8, NULL)) {
    gc_json_hex(out, key, items);
    return;
  }
  gc_json_text_begin(out, key);
  if (gc_cbor_print(items, put_piece, out, NULL)) { /* (it was checked) */
  }
  gc_json_text_end(out);
}

static void json_address(struct gc_out *out, const char *key, const struct gc_addr *addr)
{
  char text[GC_ADDR_STR_MAX];
  gc_json_str(out, key, gc_addr_format(text, addr));
}

static void json_tp_info(struct gc_out *out, const char *key, const struct gc_tp_info *info)
{
  gc_json_object(out, key);
  gc_json_str(out, "form", gc_informative_form(info->form));
  json_address(out, "server", &info->server);
  if (info->has_details) {
    json_address(out, "group", &info->group);
    gc_json_hex(out, "token", info->token);
  }
  gc_json_end(out);
}

static void json_parts(struct gc_out *out, const struct gc_message *message)
{
  gc_json_str(out, "code", gc_show_code_number(message->code));
  gc_json_options(out, "options", message->options);
  gc_json_payload(out, "payload", message->payload, gc_show_content_format(message->options));
}

static void json_message(struct gc_out *out, const char *key, struct gc_bytes bytes, bool is_request, const struct gc_show_protected *opened)
{
  struct gc_message message;
  const char *fault;
  gc_json_object(out, key);
  gc_json_hex(out, "hex", bytes);
  if (gc_informative_view_message(&message, bytes, is_request, &fault))
    json_parts(out, &message);
  if (opened && opened->verdict)
    gc_json_bool(out, "verified", opened->is_verified);
  if (opened && opened->inner) {
    gc_json_object(out, "inner");
    json_parts(out, opened->inner);
    gc_json_end(out);
  }
  if (fault)
    gc_json_str(out, "error", fault);
  else if (opened && opened->verdict && !opened->is_verified)
    gc_json_str(out, "error", opened->verdict);
  gc_json_end(out);
}

static void json_date(struct gc_out *out, const char *key, const struct gc_numeric_date *date)
{
  char text[40];
  if (!date->is_real) {
    gc_json_int(out, key, date->number);
    return;
  }
  snprintf(text, sizeof text, "\"%s\":%.15g", key, date->real);
  gc_json_comma(out);
  gc_out_str(out, text);
}

/* Everything but byte strings with a meaning of their own, tp_info and gp_material. */
static void json_value(struct gc_out *out, const char *key, const struct gc_param *param, const void *value)
{
  const struct gc_int_or_text *name = value;
  switch (param->type) {
  case GC_PARAM_UINT:
    gc_json_uint(out, key, *(const uint64_t *)value);
    break;
  case GC_PARAM_INT:
    gc_json_int(out, key, *(const int64_t *)value);
    break;
  case GC_PARAM_DATE:
    json_date(out, key, value);
    break;
  case GC_PARAM_TEXT:
    gc_json_text(out, key, *(const struct gc_bytes *)value);
    break;
  case GC_PARAM_BYTES:
    gc_json_hex(out, key, *(const struct gc_bytes *)value);
    break;
  case GC_PARAM_ARRAY:
    json_diag(out, key, *(const struct gc_bytes *)value);
    break;
  default:
    if (name->is_text)
      gc_json_text(out, key, name->text);
    else
      gc_json_int(out, key, name->number);
  }
}

static void json_unknown(struct gc_out *out, const struct gc_params_unknown *unknown)
{
  if (!unknown->count)
    return;
  gc_json_array(out, "unknown");
  for (size_t i = 0; i < unknown->count && i < GC_PARAMS_UNKNOWN_MAX; i++) {
    struct gc_cbor_reader reader = gc_cbor_reader(unknown->pairs[i]);
    struct gc_bytes key, value;
    if (gc_cbor_read_raw(&reader, &key) || gc_cbor_read_raw(&reader, &value))
      continue;
    gc_json_object(out, NULL);
    json_diag(out, "key", key);
    json_diag(out, "value", value);
    gc_json_end(out);
  }
  gc_json_end(out);
}

static void json_material(struct gc_out *out, struct gc_bytes map, enum gc_omn_format format, bool show_secrets)
{
  struct gc_group_material material;
  struct gc_where where = { 0, NULL };
  const struct gc_param *param;
  gc_json_object(out, "gp_material");
  if (gc_group_material_parse(&material, map, format, &where)) {
    struct gc_hidden hidden = gc_hide_material(map);
    json_diag(out, "cbor", show_secrets ? map : hidden.bytes);
    gc_json_str(out, "error", where.phrase);
    gc_hidden_free(&hidden);
  } else {
    for (size_t i = 0; (param = gc_material_param_at(i)) != NULL; i++) {
      if (!(material.present & 1u << i))
        continue;
      if (1u << i == GC_GM_MS && !show_secrets)
        gc_json_str(out, gc_param_name(param, format), GC_HIDDEN);
      else
        json_value(out, gc_param_name(param, format), param, gc_param_value(&material, param));
    }
    json_unknown(out, &material.unknown);
  }
  gc_json_end(out);
}

void gc_json_informative_opened(struct gc_out *out, const char *key, struct gc_bytes payload, const struct gc_show_opened *opened,
                                bool show_secrets)
{
  struct gc_informative_view view;
  const struct gc_param *param;
  gc_informative_view_read(&view, payload);
  const struct gc_informative *response = &view.response;
  gc_json_object(out, key);
  gc_json_str(out, "format", response->format == GC_OMN_05 ? "05" : "current");
  for (size_t i = 0; (param = gc_informative_param_at(i)) != NULL; i++) {
    const char *name = gc_param_name(param, response->format);
    const void *value = gc_param_value(response, param);
    const uint32_t bit = 1u << i;
    if (!(response->present & bit))
      continue;
    if (bit == GC_IR_TP_INFO)
      json_tp_info(out, name, value);
    else if (bit == GC_IR_PH_REQ)
      json_message(out, name, *(const struct gc_bytes *)value, true, opened ? &opened->ph_req : NULL);
    else if (bit == GC_IR_LAST_NOTIF)
      json_message(out, name, *(const struct gc_bytes *)value, false, opened ? &opened->last_notif : NULL);
    else if (bit == GC_IR_GP_MATERIAL)
      json_material(out, *(const struct gc_bytes *)value, response->format, show_secrets);
    else
      json_value(out, name, param, value);
  }
  json_unknown(out, &response->unknown);
  if (view.error) {
    gc_json_str(out, "error", view.error);
    gc_json_uint(out, "offset", view.error_at);
  }
  gc_json_end(out);
  gc_informative_view_free(&view);
}

void gc_json_informative(struct gc_out *out, const char *key, struct gc_bytes payload, bool show_secrets)
{
  gc_json_informative_opened(out, key, payload, NULL, show_secrets);
}
