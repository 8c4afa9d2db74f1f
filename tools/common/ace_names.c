#include "common/ace_names.h"

#include <ctype.h>
#include <string.h>

#include "ace/cnf.h"
#include "ace/groupcomm.h"
#include "ace/problem.h"
#include "ace/token.h"
#include "common/show.h"
#include "common/show_param.h"
#include "crypto/alg.h"
#include "iana/names.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])
#define KEY(label) { label, GC_PARAM_NO_KEY }

/* --- rows ---------------------------------------------------------------------------------------------------------------- */

static const struct gc_param methods[] = {
  { KEY(1), GC_PARAM_MAP, 0, "COSE_Key", NULL },   { KEY(2), GC_PARAM_ARRAY, 0, "Encrypted_COSE_Key", NULL },
  { KEY(3), GC_PARAM_BYTES, 0, "kid", NULL },      { KEY(4), GC_PARAM_MAP, 0, "osc", NULL },
  { KEY(6), GC_PARAM_OTHER, 0, "x5t", NULL },      { KEY(7), GC_PARAM_OTHER, 0, "x5u", NULL },
  { KEY(8), GC_PARAM_OTHER, 0, "c5t", NULL },      { KEY(9), GC_PARAM_OTHER, 0, "c5u", NULL },
  { KEY(10), GC_PARAM_OTHER, 0, "kcwt", NULL },    { KEY(11), GC_PARAM_OTHER, 0, "kccs", NULL },
  { KEY(14), GC_PARAM_OTHER, 0, "kccs", NULL }, { KEY(15), GC_PARAM_OTHER, 0, "kccs", NULL }, /* of early texts */
  { KEY(24), GC_PARAM_OTHER, 0, "x5chain", NULL }, { KEY(25), GC_PARAM_OTHER, 0, "x5bag", NULL },
  { KEY(26), GC_PARAM_OTHER, 0, "c5c", NULL },     { KEY(27), GC_PARAM_OTHER, 0, "c5b", NULL },
};

/* RFC 9052, Section 7.1; RFC 9053, Section 7 */
static const struct gc_param cose_key[] = {
  { KEY(1), GC_PARAM_INT_OR_TEXT, 0, "kty", NULL }, { KEY(2), GC_PARAM_BYTES, 0, "kid", NULL },
  { KEY(3), GC_PARAM_INT_OR_TEXT, 0, "alg", NULL }, { KEY(4), GC_PARAM_ARRAY, 0, "key_ops", NULL },
  { KEY(5), GC_PARAM_BYTES, 0, "Base IV", NULL },   { KEY(-1), GC_PARAM_BYTES, 0, "k", NULL },
  { KEY(-1), GC_PARAM_INT_OR_TEXT, 0, "crv", NULL }, { KEY(-2), GC_PARAM_BYTES, 0, "x", NULL },
  { KEY(-3), GC_PARAM_OTHER, 0, "y", NULL },        { KEY(-4), GC_PARAM_BYTES, 0, "d", NULL },
};

const struct gc_param *gc_ace_method_at(size_t index)
{
  return index < COUNT(methods) ? &methods[index] : NULL;
}

const struct gc_param *gc_ace_cose_key_at(size_t index)
{
  return index < COUNT(cose_key) ? &cose_key[index] : NULL;
}

/* --- what a name says ---------------------------------------------------------------------------------------------------- */

static bool is_one_of(const char *name, const char *const *names, size_t count)
{
  for (size_t i = 0; i < count; i++)
    if (strcmp(names[i], name) == 0)
      return true;
  return false;
}

enum gc_ace_sense gc_ace_name_sense(const char *name)
{
  static const struct {
    const char *name;
    enum gc_ace_sense sense;
  } senses[] = {
    { "exp", GC_ACE_DATE }, { "nbf", GC_ACE_DATE }, { "iat", GC_ACE_DATE },
    { "expires_in", GC_ACE_SECONDS }, { "exi", GC_ACE_SECONDS }, { "Key Update Check Interval", GC_ACE_SECONDS },
    { "Expiration Delta", GC_ACE_SECONDS },
    { "scope", GC_ACE_SCOPE_TEXT }, { "response-code", GC_ACE_CODE_POINT },
    { "client_cred", GC_ACE_CREDENTIAL }, { "kdc_cred", GC_ACE_CREDENTIAL }, { "creds", GC_ACE_CREDENTIALS },
    { "gid", GC_ACE_STRINGS }, { "gname", GC_ACE_STRINGS }, { "guri", GC_ACE_STRINGS }, { "peer_identifiers", GC_ACE_STRINGS },
    { "stale_node_ids", GC_ACE_STRINGS }, { "peer_roles", GC_ACE_ROLES }, { "get_creds", GC_ACE_GET_CREDS },
    { "sign_info", GC_ACE_KEY_INFO }, { "ecdh_info", GC_ACE_KEY_INFO }, { "kdc_dh_creds", GC_ACE_DH_CREDS },
  };
  for (size_t i = 0; i < COUNT(senses); i++)
    if (strcmp(senses[i].name, name) == 0)
      return senses[i].sense;
  return GC_ACE_PLAIN;
}

bool gc_ace_name_is_token(const char *name)
{
  static const char *const names[] = { "access_token", "token" };
  return is_one_of(name, names, COUNT(names));
}

/* d: a private key, which nobody should send */
bool gc_ace_name_is_secret(const char *name)
{
  static const char *const names[] = { "ms", "k", "d", "access_token", "token", "refresh_token", "client_secret", "password", "code",
                                       "mgt_key_material", "sign_enc_key" };
  return is_one_of(name, names, COUNT(names));
}

/* --- numbers ------------------------------------------------------------------------------------------------------------- */

static const char *key_type(int64_t kty)
{
  return kty == GC_KTY_OKP ? "OKP" : kty == GC_KTY_EC2 ? "EC2" : kty == 3 ? "RSA" : kty == GC_KTY_SYMMETRIC ? "Symmetric" : NULL;
}

static const char *curve(int64_t crv)
{
  const struct gc_curve *row = crv > 0 && crv <= UINT8_MAX ? gc_curve_by_id((int32_t)crv) : NULL;
  return row ? row->name : NULL;
}

static const char *grant_type(int64_t type)
{
  static const char *const names[] = { "password", "authorization_code", "client_credentials", "refresh_token" };
  return type >= 0 && type < (int64_t)COUNT(names) ? names[type] : NULL;
}

static const char *token_type(int64_t type)
{
  return type == GC_TOKEN_BEARER ? "Bearer" : type == GC_TOKEN_POP ? "PoP" : NULL;
}

static const char *gkty(int64_t type)
{
  return type == GC_GKTY_GROUP_OSCORE ? "Group_OSCORE_Input_Material" : NULL;
}

static const char *groupcomm_profile(int64_t profile)
{
  return profile == GC_GROUPCOMM_PROFILE_OSCORE_APP ? "coap_group_oscore_app" : NULL;
}

static const char *rekeying_scheme(int64_t scheme)
{
  return scheme == GC_REKEYING_POINT_TO_POINT ? "Point-to-Point" : NULL;
}

static const char *response_code(int64_t code)
{
  return code > 0 && code <= UINT8_MAX ? gc_code_name((uint8_t)code) : NULL;
}

const char *gc_ace_meaning(const char *name, int64_t number)
{
  static const struct {
    const char *name;
    const char *(*meaning)(int64_t number);
  } meanings[] = { { "kty", key_type }, { "crv", curve }, { "error", gc_token_error_name }, { "grant_type", grant_type },
                   { "token_type", token_type }, { "token_type_hint", token_type }, { "ace_profile", gc_ace_profile_name }, { "gkty", gkty },
                   { "ace_groupcomm_profile", groupcomm_profile }, { "rekeying_scheme", rekeying_scheme },
                   { "error-id", gc_groupcomm_error_title }, { "response-code", response_code } };
  for (size_t i = 0; i < COUNT(meanings); i++)
    if (strcmp(meanings[i].name, name) == 0)
      return meanings[i].meaning(number);
  return gc_param_meaning(name, number);
}

/* --- JSON, types --------------------------------------------------------------------------------------------------------- */

char *gc_ace_json_key(char out[static GC_ACE_KEY_MAX], const char *name)
{
  const bool is_phrase = strchr(name, ' ');
  size_t len = 0;
  for (; *name && len < GC_ACE_KEY_MAX - 1; name++)
    out[len++] = *name == ' ' || *name == '-' ? '_' : is_phrase ? (char)tolower((unsigned char)*name) : *name;
  out[len] = '\0';
  return out;
}

static bool is_in(const struct gc_cbor_item *head, unsigned types)
{
  return types >> head->type & 1;
}

enum {
  UINT = 1 << GC_CBOR_UINT,
  INT = UINT | 1 << GC_CBOR_NINT,
  TEXT = 1 << GC_CBOR_TEXT,
  BYTES = 1 << GC_CBOR_BYTES,
  ARRAY = 1 << GC_CBOR_ARRAY,
  MAP = 1 << GC_CBOR_MAP,
  REAL = 1 << GC_CBOR_FLOAT,
};

const char *gc_ace_type_fault(uint8_t type, struct gc_bytes item)
{
  static const struct {
    unsigned types;
    bool is_null_good;
    const char *phrase;
  } kinds[] = {
    [GC_PARAM_UINT] = { UINT, false, "an unsigned integer is expected" },
    [GC_PARAM_INT] = { INT, false, "an integer is expected" },
    [GC_PARAM_DATE] = { INT | REAL, false, "a time is expected" },
    [GC_PARAM_INT_OR_TEXT] = { INT | TEXT, false, "an integer or a text string is expected" },
    [GC_PARAM_INT_OR_NULL] = { INT, true, "an integer or null is expected" },
    [GC_PARAM_TEXT] = { TEXT, false, "a text string is expected" },
    [GC_PARAM_BYTES] = { BYTES, false, "a byte string is expected" },
    [GC_PARAM_TEXT_OR_BYTES] = { TEXT | BYTES, false, "a text or byte string is expected" },
    [GC_PARAM_ARRAY] = { ARRAY, false, "an array is expected" },
    [GC_PARAM_ARRAY_OR_NULL] = { ARRAY, true, "an array or null is expected" },
    [GC_PARAM_MAP] = { MAP, false, "a map is expected" },
  };
  struct gc_cbor_reader reader = gc_cbor_reader(item);
  struct gc_cbor_item head;
  if (type == GC_PARAM_OTHER || gc_cbor_next(&reader, &head))
    return NULL;
  if (type == GC_PARAM_BOOL)
    return head.type == GC_CBOR_SIMPLE && (head.number == GC_CBOR_FALSE || head.number == GC_CBOR_TRUE) ? NULL : "true or false is expected";
  if (head.type == GC_CBOR_SIMPLE && head.number == GC_CBOR_NULL && kinds[type].is_null_good)
    return NULL;
  return is_in(&head, kinds[type].types) ? NULL : kinds[type].phrase;
}
