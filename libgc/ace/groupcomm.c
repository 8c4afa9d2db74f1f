#include "ace/groupcomm.h"

#define AT(member) offsetof(struct gc_groupcomm, member)
#define KEY(label) { label, GC_PARAM_NO_KEY }

/* registry "ACE Groupcomm Parameters", and what draft-ietf-ace-key-groupcomm-oscore suggests for it */
static const struct gc_param rows[GC_GROUPCOMM_PARAMS] = {
  [GC_GROUPCOMM_GID] = { KEY(0), GC_PARAM_ARRAY, AT(gid), "gid", NULL },
  [GC_GROUPCOMM_GNAME] = { KEY(1), GC_PARAM_ARRAY, AT(gname), "gname", NULL },
  [GC_GROUPCOMM_GURI] = { KEY(2), GC_PARAM_ARRAY, AT(guri), "guri", NULL },
  [GC_GROUPCOMM_SCOPE] = { KEY(3), GC_PARAM_BYTES, AT(scope), "scope", NULL },
  [GC_GROUPCOMM_GET_CREDS] = { KEY(4), GC_PARAM_ARRAY_OR_NULL, AT(get_creds), "get_creds", NULL },
  [GC_GROUPCOMM_CLIENT_CRED] = { KEY(5), GC_PARAM_BYTES, AT(client_cred), "client_cred", NULL },
  [GC_GROUPCOMM_CNONCE] = { KEY(6), GC_PARAM_BYTES, AT(cnonce), "cnonce", NULL },
  [GC_GROUPCOMM_GKTY] = { KEY(7), GC_PARAM_INT_OR_TEXT, AT(gkty), "gkty", NULL },
  [GC_GROUPCOMM_KEY] = { KEY(8), GC_PARAM_MAP, AT(key), "key", NULL },
  [GC_GROUPCOMM_NUM] = { KEY(9), GC_PARAM_UINT, AT(num), "num", NULL },
  [GC_GROUPCOMM_PROFILE] = { KEY(10), GC_PARAM_UINT, AT(profile), "ace_groupcomm_profile", NULL },
  [GC_GROUPCOMM_EXP] = { KEY(11), GC_PARAM_DATE, AT(exp), "exp", NULL },
  [GC_GROUPCOMM_EXI] = { KEY(12), GC_PARAM_UINT, AT(exi), "exi", NULL },
  [GC_GROUPCOMM_CREDS] = { KEY(13), GC_PARAM_ARRAY, AT(creds), "creds", NULL },
  [GC_GROUPCOMM_PEER_ROLES] = { KEY(14), GC_PARAM_ARRAY, AT(peer_roles), "peer_roles", NULL },
  [GC_GROUPCOMM_PEER_IDENTIFIERS] = { KEY(15), GC_PARAM_ARRAY, AT(peer_identifiers), "peer_identifiers", NULL },
  [GC_GROUPCOMM_GROUP_POLICIES] = { KEY(16), GC_PARAM_MAP, AT(group_policies), "group_policies", NULL },
  [GC_GROUPCOMM_KDC_CRED] = { KEY(17), GC_PARAM_BYTES, AT(kdc_cred), "kdc_cred", NULL },
  [GC_GROUPCOMM_KDC_NONCE] = { KEY(18), GC_PARAM_BYTES, AT(kdc_nonce), "kdc_nonce", NULL },
  [GC_GROUPCOMM_KDC_CRED_VERIFY] = { KEY(19), GC_PARAM_BYTES, AT(kdc_cred_verify), "kdc_cred_verify", NULL },
  [GC_GROUPCOMM_REKEYING_SCHEME] = { KEY(20), GC_PARAM_INT, AT(rekeying_scheme), "rekeying_scheme", NULL },
  [GC_GROUPCOMM_GROUP_SENDER_ID] = { KEY(21), GC_PARAM_BYTES, AT(group_sender_id), "group_senderId", NULL },
  [GC_GROUPCOMM_CLIENT_CRED_VERIFY] = { KEY(24), GC_PARAM_BYTES, AT(client_cred_verify), "client_cred_verify", NULL },
  [GC_GROUPCOMM_CREDS_REPO] = { KEY(25), GC_PARAM_TEXT, AT(creds_repo), "creds_repo", NULL },
  [GC_GROUPCOMM_CONTROL_URI] = { KEY(26), GC_PARAM_TEXT, AT(control_uri), "control_uri", NULL },
  [GC_GROUPCOMM_MGT_KEY_MATERIAL] = { KEY(27), GC_PARAM_BYTES, AT(mgt_key_material), "mgt_key_material", NULL },
  [GC_GROUPCOMM_CONTROL_GROUP_URI] = { KEY(28), GC_PARAM_TEXT, AT(control_group_uri), "control_group_uri", NULL },
  [GC_GROUPCOMM_SIGN_INFO] = { KEY(29), GC_PARAM_ARRAY_OR_NULL, AT(sign_info), "sign_info", NULL },
  [GC_GROUPCOMM_KDCCHALLENGE] = { KEY(30), GC_PARAM_BYTES, AT(kdcchallenge), "kdcchallenge", NULL },
  [GC_GROUPCOMM_ECDH_INFO] = { KEY(31), GC_PARAM_ARRAY_OR_NULL, AT(ecdh_info), "ecdh_info", NULL },
  [GC_GROUPCOMM_KDC_DH_CREDS] = { KEY(32), GC_PARAM_ARRAY_OR_NULL, AT(kdc_dh_creds), "kdc_dh_creds", NULL },
  [GC_GROUPCOMM_SIGN_ENC_KEY] = { KEY(33), GC_PARAM_BYTES, AT(sign_enc_key), "sign_enc_key", NULL },
  [GC_GROUPCOMM_STALE_NODE_IDS] = { KEY(34), GC_PARAM_ARRAY, AT(stale_node_ids), "stale_node_ids", NULL },
};
static const struct gc_param_table table = {
  .rows = rows, .count = GC_GROUPCOMM_PARAMS, .is_ordered = true, .dates_unsigned = { true },
};

enum gc_err gc_groupcomm_parse(struct gc_groupcomm *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_groupcomm message = { .present = 0 };
  enum gc_err err = gc_params_parse(&table, 0, payload, &message, &message.present, &message.unknown, where);
  if (!err)
    *out = message;
  return err;
}

enum gc_err gc_groupcomm_write(struct gc_buf *out, const struct gc_groupcomm *message)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_params_write(&table, 0, &writer, message, message->present, &message->unknown);
  return gc_cbor_finish(&writer);
}

const struct gc_param *gc_groupcomm_param_at(size_t index)
{
  return index < table.count ? &rows[index] : NULL;
}

/* --- arrays of strings --------------------------------------------------------------------------------------------------- */

enum gc_err gc_strings_begin(struct gc_cbor_reader *reader, struct gc_cbor_list *list, struct gc_bytes encoded)
{
  *reader = gc_cbor_reader(encoded);
  return gc_cbor_read_array(reader, list);
}

enum gc_err gc_strings_next(struct gc_cbor_reader *reader, struct gc_cbor_list *list, bool is_text, struct gc_bytes *out)
{
  if (!gc_cbor_list_next(reader, list))
    return GC_E_END;
  enum gc_err err = is_text ? gc_cbor_read_text(reader, out) : gc_cbor_read_bytes(reader, out);
  return err == GC_E_END ? GC_E_TRUNCATED : err; /* the input's end is not the array's */
}

enum gc_err gc_strings_check(struct gc_bytes encoded, bool is_text, size_t *count, struct gc_where *where)
{
  struct gc_cbor_reader reader;
  struct gc_cbor_list list;
  struct gc_bytes string;
  size_t found = 0;
  enum gc_err err = gc_strings_begin(&reader, &list, encoded);
  for (; !err; found += !err)
    err = gc_strings_next(&reader, &list, is_text, &string);
  err = gc_cbor_whole(&reader, err == GC_E_END ? GC_OK : err, where);
  if (!err && count)
    *count = found;
  return err;
}

enum gc_err gc_strings_write(struct gc_buf *out, const struct gc_bytes *strings, size_t count, bool is_text)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_array(&writer, count);
  for (size_t i = 0; i < count; i++)
    if (is_text)
      gc_cbor_text(&writer, strings[i]);
    else
      gc_cbor_bytes(&writer, strings[i]);
  return gc_cbor_finish(&writer);
}

/* --- group_policies ------------------------------------------------------------------------------------------------------ */

#undef AT
#define AT(member) offsetof(struct gc_group_policies, member)
enum { SN_SYNC, KEY_UPDATE, EXPIRATION_DELTA, POLICIES };
static const struct gc_param policy_rows[POLICIES] = {
  [SN_SYNC] = { KEY(0), GC_PARAM_INT_OR_TEXT, AT(sn_sync), "Sequence Number Synchronization Method", NULL },
  [KEY_UPDATE] = { KEY(1), GC_PARAM_UINT, AT(key_update_check_interval_s), "Key Update Check Interval", NULL },
  [EXPIRATION_DELTA] = { KEY(2), GC_PARAM_UINT, AT(expiration_delta_s), "Expiration Delta", NULL },
};
static const struct gc_param_table policy_table = { .rows = policy_rows, .count = POLICIES, .is_ordered = true };

struct gc_group_policies gc_group_policies_default(void)
{
  return (struct gc_group_policies){ .key_update_check_interval_s = 3600 };
}

enum gc_err gc_group_policies_parse(struct gc_group_policies *out, struct gc_bytes map, struct gc_where *where)
{
  struct gc_group_policies policies = gc_group_policies_default();
  struct gc_params_unknown unknown;
  uint64_t present;
  enum gc_err err = gc_params_parse(&policy_table, 0, map, &policies, &present, &unknown, where);
  if (err)
    return err;
  policies.has_sn_sync = gc_param_has(present, SN_SYNC);
  *out = policies;
  return GC_OK;
}

const struct gc_param *gc_group_policy_at(size_t index)
{
  return index < policy_table.count ? &policy_rows[index] : NULL;
}

enum gc_err gc_group_policies_write(struct gc_buf *out, const struct gc_group_policies *policies)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  uint64_t present = GC_PARAM_BIT(KEY_UPDATE) | GC_PARAM_BIT(EXPIRATION_DELTA) | (policies->has_sn_sync ? GC_PARAM_BIT(SN_SYNC) : 0);
  gc_params_write(&policy_table, 0, &writer, policies, present, NULL);
  return gc_cbor_finish(&writer);
}

/* --- single items -------------------------------------------------------------------------------------------------------- */

enum gc_err gc_num_parse(uint64_t *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(payload);
  uint64_t num = 0;
  enum gc_err err = gc_cbor_read_uint(&reader, &num);
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *out = num;
  return err;
}

enum gc_err gc_num_write(struct gc_buf *out, uint64_t num)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_uint(&writer, num);
  return gc_cbor_finish(&writer);
}

enum gc_err gc_active_parse(bool *out, struct gc_bytes payload, struct gc_where *where)
{
  struct gc_cbor_reader reader = gc_cbor_reader(payload);
  bool is_active = false;
  enum gc_err err = gc_cbor_read_bool(&reader, &is_active);
  err = gc_cbor_whole(&reader, err, where);
  if (!err)
    *out = is_active;
  return err;
}

enum gc_err gc_active_write(struct gc_buf *out, bool is_active)
{
  struct gc_cbor_writer writer = gc_cbor_writer(out);
  gc_cbor_bool(&writer, is_active);
  return gc_cbor_finish(&writer);
}

bool gc_is_nothing_found(struct gc_bytes payload)
{
  return payload.len == 1 && payload.ptr[0] == 0x40;
}
