#include "common/hide.h"
#include "common/show.h"
#include "common/show_informative.h"
#include "common/show_param.h"
#include "observe/material.h"

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
    gc_json_date(out, key, value);
    break;
  case GC_PARAM_TEXT:
    gc_json_text(out, key, *(const struct gc_bytes *)value);
    break;
  case GC_PARAM_BYTES:
    gc_json_hex(out, key, *(const struct gc_bytes *)value);
    break;
  case GC_PARAM_ARRAY:
    gc_json_diag(out, key, *(const struct gc_bytes *)value);
    break;
  default:
    if (name->is_text)
      gc_json_text(out, key, name->text);
    else
      gc_json_int(out, key, name->number);
  }
}

static void json_material(struct gc_out *out, struct gc_bytes map, enum gc_omn_format format, bool show_secrets)
{
  struct gc_group_material material;
  struct gc_where where = { 0, NULL };
  const struct gc_param *param;
  gc_json_object(out, "gp_material");
  if (gc_group_material_parse(&material, map, format, &where)) {
    struct gc_hidden hidden = gc_hide_material(map);
    gc_json_diag(out, "cbor", show_secrets ? map : hidden.bytes);
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
    gc_json_unknown(out, &material.unknown);
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
  gc_json_unknown(out, &response->unknown);
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
