#include "observe/informative.h"

#define NONE GC_PARAM_NO_KEY
#define AT(member) offsetof(struct gc_informative, member)

/* Sections 11 of both texts; in the order of the bits of enum gc_informative_param */
static const struct gc_param rows[] = {
  { { 0, 1 }, GC_PARAM_OTHER, AT(tp_info), "tp_info", NULL },
  { { 1, 2 }, GC_PARAM_BYTES, AT(ph_req), "ph_req", NULL },
  { { 2, 3 }, GC_PARAM_BYTES, AT(last_notif), "last_notif", NULL },
  { { 3, NONE }, GC_PARAM_UINT, AT(next_not_before), "next_not_before", NULL },
  { { 4, NONE }, GC_PARAM_DATE, AT(ending), "ending", NULL },
  { { 5, 4 }, GC_PARAM_TEXT, AT(join_uri), "join_uri", NULL },
  { { 6, 5 }, GC_PARAM_TEXT, AT(sec_gp), "sec_gp", NULL },
  { { 7, 6 }, GC_PARAM_TEXT, AT(as_uri), "as_uri", NULL },
  { { 8, 12 }, GC_PARAM_INT_OR_TEXT, AT(hkdf), "hkdf", NULL },
  { { 9, NONE }, GC_PARAM_INT, AT(cred_fmt), "cred_fmt", NULL },
  { { 10, NONE }, GC_PARAM_INT_OR_TEXT, AT(gp_enc_alg), "gp_enc_alg", NULL },
  { { 11, 7 }, GC_PARAM_INT_OR_TEXT, AT(sign_alg), "sign_alg", "cs_alg" },
  { { 12, NONE }, GC_PARAM_ARRAY, AT(sign_params), "sign_params", NULL },
  { { 13, 13 }, GC_PARAM_MAP, AT(gp_material), "gp_material", NULL },
  { { 14, 14 }, GC_PARAM_BYTES, AT(srv_cred), "srv_cred", "srv_pub_key" },
  { { 15, 15 }, GC_PARAM_BYTES, AT(srv_identifier), "srv_identifier", NULL },
  { { 16, NONE }, GC_PARAM_UINT, AT(exi), "exi", NULL },
  { { 17, 16 }, GC_PARAM_DATE, AT(exp), "exp", NULL },
  { { NONE, 8 }, GC_PARAM_INT_OR_TEXT, AT(cs_crv), "cs_crv", NULL },
  { { NONE, 9 }, GC_PARAM_INT_OR_TEXT, AT(cs_kty), "cs_kty", NULL },
  { { NONE, 10 }, GC_PARAM_INT, AT(cs_kenc), "cs_kenc", NULL },
  { { NONE, 11 }, GC_PARAM_INT_OR_TEXT, AT(alg), "alg", NULL },
};

static enum gc_err read_tp_info(struct gc_cbor_reader *reader, void *value)
{
  return gc_tp_info_read(reader, value);
}

static void write_tp_info(struct gc_cbor_writer *writer, const void *value)
{
  gc_tp_info_write(writer, value);
}

static const struct gc_param_other tp_info = { read_tp_info, write_tp_info };
static const struct gc_param_table table = { rows, sizeof rows / sizeof rows[0], &tp_info, false, { [GC_OMN_05] = true } };

const struct gc_param *gc_informative_param_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}

const char *gc_param_name(const struct gc_param *param, enum gc_omn_format format)
{
  return format == GC_OMN_05 && param->name_old ? param->name_old : param->name;
}

/* --- reading --------------------------------------------------------------------------------------------------- */

/* what keys 0, 1 and 4 hold decides; anything else, damage too, is left to the reading proper */
struct hints {
  bool has_key_0, is_key_1_05, is_key_1_current, is_key_4_text;
};

static void hint(struct hints *hints, uint64_t key, struct gc_cbor_reader value)
{
  struct gc_cbor_item item, first;
  struct gc_cbor_list list;
  if (gc_cbor_peek(&value, &item))
    return;
  if (key == 0)
    hints->has_key_0 = true;
  if (key == 1 && item.type == GC_CBOR_BYTES)
    hints->is_key_1_current = true;
  if (key == 1 && item.type == GC_CBOR_ARRAY && !gc_cbor_read_array(&value, &list) && !gc_cbor_peek(&value, &first))
    hints->is_key_1_05 = first.type == GC_CBOR_UINT;
  if (key == 4 && item.type == GC_CBOR_TEXT)
    hints->is_key_4_text = true;
}

static struct hints look_ahead(struct gc_bytes payload)
{
  struct gc_cbor_reader reader = gc_cbor_reader(payload);
  struct hints hints = { .has_key_0 = false };
  struct gc_cbor_list list;
  struct gc_cbor_item key;
  enum gc_err err = gc_cbor_read_map(&reader, &list);
  while (!err && gc_cbor_list_next(&reader, &list)) {
    err = gc_cbor_peek(&reader, &key);
    if (!err)
      err = gc_cbor_skip(&reader);
    if (!err && key.type == GC_CBOR_UINT)
      hint(&hints, key.number, reader);
    if (!err)
      err = gc_cbor_skip(&reader);
  }
  return hints;
}

static enum gc_omn_format format_of(const struct hints *hints, enum gc_omn_format otherwise)
{
  if (hints->has_key_0)
    return GC_OMN_CURRENT;
  return hints->is_key_1_05 ? GC_OMN_05 : hints->is_key_1_current ? GC_OMN_CURRENT : otherwise;
}

/* The example in Section 10 of the current text has join_uri and sec_gp under the keys of -05. "ending" (4) is never text, so
 * a text there tells who has copied it. */
static struct gc_param_table example_table(struct gc_param copy[static 32])
{
  for (size_t i = 0; i < table.count; i++) {
    copy[i] = rows[i];
    if (1u << i == GC_IR_ENDING)
      copy[i].keys[GC_OMN_CURRENT] = NONE;
    if (1u << i & (GC_IR_JOIN_URI | GC_IR_SEC_GP | GC_IR_AS_URI))
      copy[i].keys[GC_OMN_CURRENT] = rows[i].keys[GC_OMN_05];
  }
  struct gc_param_table used = table;
  used.rows = copy;
  return used;
}

enum gc_err gc_informative_parse(struct gc_informative *out, struct gc_bytes payload, enum gc_omn_format otherwise,
                                 struct gc_where *where)
{
  struct hints hints = look_ahead(payload);
  struct gc_informative response = { .format = format_of(&hints, otherwise) };
  struct gc_param copy[32];
  struct gc_param_table used = response.format == GC_OMN_CURRENT && hints.is_key_4_text ? example_table(copy) : table;
  enum gc_err err = gc_params_parse(&used, response.format, payload, &response, &response.present, &response.unknown, where);
  if (!err && (response.present & GC_IR_TP_INFO) && (response.tp_info.form >= GC_TP_05) != (response.format == GC_OMN_05))
    err = gc_fail(where, 0, "tp_info follows another text than the map", GC_E_MALFORMED);
  if (!err)
    *out = response;
  return err;
}

/* --- what belongs together ------------------------------------------------------------------------------------- */

static const char *combination_fault(const struct gc_informative *response)
{
  bool has_material = response->present & GC_IR_GP_MATERIAL, has_join = response->present & (GC_IR_JOIN_URI | GC_IR_SEC_GP);
  if (has_material && has_join)
    return "a group to join and keying material exclude each other";
  if (!has_material)
    return NULL;
  if (!(response->present & GC_IR_SRV_CRED))
    return "keying material without the server's credential";
  if (response->format == GC_OMN_05)
    return response->present & GC_IR_EXP ? NULL : "keying material without its expiration";
  if (!(response->present & GC_IR_SRV_IDENTIFIER))
    return "keying material without the server's Sender ID";
  return response->present & GC_IR_EXI ? NULL : "keying material without its lifetime";
}

const char *gc_informative_fault(const struct gc_informative *response)
{
  if (!(response->present & GC_IR_TP_INFO))
    return "tp_info is missing";
  if (!response->tp_info.has_details)
    return "tp_info names no group";
  if (response->format == GC_OMN_05 && !(response->present & GC_IR_PH_REQ))
    return "ph_req is missing";
  return combination_fault(response);
}

enum gc_err gc_informative_write(struct gc_buf *out, const struct gc_informative *response)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  if (combination_fault(response))
    return GC_E_STATE;
  if ((response->present & GC_IR_TP_INFO) && (response->tp_info.form >= GC_TP_05) != (response->format == GC_OMN_05))
    return GC_E_STATE;
  gc_params_write(&table, response->format, &writer, response, response->present, &response->unknown);
  return gc_cbor_finish(&writer);
}
