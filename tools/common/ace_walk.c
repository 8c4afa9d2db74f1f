#include "common/ace_walk.h"

#include <string.h>

#include "ace/cnf.h"
#include "ace/groupcomm.h"
#include "ace/problem.h"
#include "ace/token.h"
#include "common/ace_names.h"
#include "crypto/secret.h"

/* Messages are nested at most as token in parameters, claims, confirmation method, key. */
struct walk {
  const struct gc_ace_visitor *visitor;
  const struct gc_token_keys *keys;
  struct gc_bytes payload;
  size_t outside_at;     /* where the token is whose decrypted claims are walked through */
  struct gc_where fault; /* the first */
};

/* One kind of map. */
struct level {
  const struct gc_param *(*at)(size_t index);
  unsigned numbering;
};

static const struct level as_params = { gc_ace_param_at, GC_ACE_AT_AS }, authz_params = { gc_ace_param_at, GC_ACE_AT_AUTHZ_INFO },
                          hints = { gc_hint_at, 0 }, introspection = { gc_introspection_param_at, 0 },
                          groupcomm = { gc_groupcomm_param_at, 0 }, problem = { gc_problem_param_at, 0 },
                          groupcomm_error = { gc_groupcomm_error_param_at, 0 }, policies = { gc_group_policy_at, 0 },
                          material = { gc_material_param_at, GC_MATERIAL_CURRENT }, claims = { gc_cwt_claim_at, 0 },
                          methods = { gc_ace_method_at, 0 }, cose_key = { gc_ace_cose_key_at, 0 };

static void note_fault(struct walk *walk, const struct gc_cbor_reader *reader, size_t at, const char *phrase)
{
  const uint8_t *start = reader->bytes.ptr, *payload = walk->payload.ptr;
  const bool is_inside = start >= payload && start <= payload + walk->payload.len;
  if (!walk->fault.phrase)
    walk->fault = (struct gc_where){ is_inside ? (size_t)(start - payload) + at : walk->outside_at, phrase };
}

/* What the reader says; an input that ends is truncated. false, always */
static bool stop(struct walk *walk, const struct gc_cbor_reader *reader, enum gc_err err)
{
  if (err == GC_E_END)
    note_fault(walk, reader, reader->pos, "the payload ends here");
  else
    note_fault(walk, reader, reader->where.offset, reader->where.phrase ? reader->where.phrase : "malformed");
  return false;
}

/* --- single values ------------------------------------------------------------------------------------------------------- */

static struct gc_bytes string_of(struct gc_bytes item)
{
  struct gc_cbor_reader reader = gc_cbor_reader(item);
  struct gc_cbor_item head;
  bool is_string = !gc_cbor_next(&reader, &head) && (head.type == GC_CBOR_BYTES || head.type == GC_CBOR_TEXT) && !head.is_indefinite;
  return is_string ? head.string : gc_bytes(NULL, 0);
}

static void give(const struct walk *walk, const char *name, struct gc_bytes item, enum gc_ace_sense sense, bool is_secret)
{
  struct gc_cbor_reader reader = gc_cbor_reader(item);
  struct gc_ace_value value = { .name = name, .sense = sense, .is_secret = is_secret, .item = item, .string = string_of(item) };
  int64_t number;
  if (!gc_cbor_read_int(&reader, &number))
    value.meaning = gc_ace_meaning(name, number);
  walk->visitor->value(walk->visitor->ctx, &value);
}

/* What the row does not allow is told, and shown as what it is. */
static bool walk_item(struct walk *walk, struct gc_cbor_reader *reader, const struct gc_param *row, bool has_secrets)
{
  struct gc_bytes item;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_read_raw(reader, &item);
  if (err)
    return stop(walk, reader, err);
  const char *phrase = gc_ace_type_fault(row->type, item);
  if (phrase)
    note_fault(walk, reader, at, phrase);
  give(walk, row->name, item, phrase ? GC_ACE_PLAIN : gc_ace_name_sense(row->name), has_secrets || gc_ace_name_is_secret(row->name));
  return true;
}

/* --- maps ---------------------------------------------------------------------------------------------------------------- */

static bool walk_map(struct walk *walk, struct gc_cbor_reader *reader, const struct level *level);
static void walk_token(struct walk *walk, const char *name, struct gc_bytes item, struct gc_bytes token);

static const struct level *level_below(const struct level *level, const char *name)
{
  static const struct {
    const char *name;
    const struct level *level;
  } below[] = { { "cnf", &methods }, { "req_cnf", &methods }, { "rs_cnf", &methods }, { "key", &material },
                { "group_policies", &policies }, { "ace-groupcomm-error", &groupcomm_error }, { "COSE_Key", &cose_key }, { "osc", &material } };
  if (level == &cose_key)
    return NULL;
  for (size_t i = 0; i < sizeof below / sizeof below[0]; i++)
    if (strcmp(below[i].name, name) == 0)
      return below[i].level;
  return NULL;
}

static size_t length_of(struct gc_cbor_reader reader)
{
  struct gc_bytes item;
  return gc_cbor_read_raw(&reader, &item) ? SIZE_MAX : item.len;
}

static bool walk_value(struct walk *walk, struct gc_cbor_reader *reader, const struct level *level, const struct gc_param *row)
{
  struct gc_cbor_item head;
  const struct level *below = level_below(level, row->name);
  enum gc_err err = gc_cbor_peek(reader, &head);
  if (err)
    return stop(walk, reader, err);
  if (below && head.type == GC_CBOR_MAP) {
    walk->visitor->enter(walk->visitor->ctx, row->name, NULL, length_of(*reader));
    return walk_map(walk, reader, below);
  }
  if (head.type == GC_CBOR_BYTES && !head.is_indefinite && gc_ace_name_is_token(row->name)) {
    struct gc_bytes item;
    err = gc_cbor_read_raw(reader, &item);
    if (err)
      return stop(walk, reader, err);
    walk_token(walk, row->name, item, head.string);
    return true;
  }
  return walk_item(walk, reader, row, below != NULL); /* (where a map with a key should be) */
}

/* -1 of a COSE_Key is k or crv: by the type of the value */
static bool is_row(const struct gc_param *row, const struct gc_cbor_item *key, const struct gc_cbor_item *value, const struct level *level)
{
  if (key->number > INT8_MAX || row->keys[level->numbering] == GC_PARAM_NO_KEY)
    return false;
  int number = key->type == GC_CBOR_UINT ? (int)key->number : -1 - (int)key->number;
  if (row->keys[level->numbering] != number)
    return false;
  return level != &cose_key || number != -1 || (row->type == GC_PARAM_BYTES) == (value->type == GC_CBOR_BYTES);
}

static bool walk_pair(struct walk *walk, struct gc_cbor_reader *reader, const struct level *level, uint64_t *seen,
                      struct gc_params_unknown *unknown)
{
  struct gc_cbor_item key, head;
  const struct gc_param *row = NULL;
  size_t at = reader->pos, i = 0;
  enum gc_err err = gc_cbor_peek(reader, &key);
  if (!err)
    err = gc_cbor_skip(reader);
  if (!err)
    err = gc_cbor_peek(reader, &head);
  if (err)
    return stop(walk, reader, err);
  if (key.type == GC_CBOR_UINT || key.type == GC_CBOR_NINT)
    while ((row = level->at(i)) != NULL && !is_row(row, &key, &head, level))
      i++;
  else if (key.type != GC_CBOR_TEXT)
    note_fault(walk, reader, at, "a key is an integer or a text string");
  const bool is_twice = row && *seen >> i & 1;
  if (row && !is_twice) {
    *seen |= GC_PARAM_BIT(i);
    return walk_value(walk, reader, level, row);
  }
  if (is_twice)
    note_fault(walk, reader, at, "a parameter occurs twice");
  err = gc_cbor_skip(reader);
  if (err)
    return stop(walk, reader, err);
  if (!row && unknown->count++ < GC_PARAMS_UNKNOWN_MAX)
    unknown->pairs[unknown->count - 1] = gc_bytes_slice(reader->bytes, at, reader->pos - at);
  return true;
}

/* Also of one that was cut short and announces more than there is. */
static bool walk_map(struct walk *walk, struct gc_cbor_reader *reader, const struct level *level)
{
  struct gc_params_unknown unknown = { .count = 0 };
  struct gc_cbor_item head = { .type = GC_CBOR_MAP };
  uint64_t seen = 0;
  size_t at = reader->pos;
  enum gc_err err = gc_cbor_next(reader, &head);
  bool is_good = !err;
  if (err)
    stop(walk, reader, err);
  else if (head.type != GC_CBOR_MAP) {
    note_fault(walk, reader, at, "a map is expected");
    is_good = false;
  }
  struct gc_cbor_list list = { head.number, head.is_indefinite };
  while (is_good && gc_cbor_list_next(reader, &list))
    is_good = walk_pair(walk, reader, level, &seen, &unknown);
  walk->visitor->leave(walk->visitor->ctx, &unknown);
  return is_good;
}

static void walk_whole(struct walk *walk, struct gc_bytes bytes, const struct level *level)
{
  struct gc_cbor_reader reader = gc_cbor_reader(bytes);
  if (walk_map(walk, &reader, level) && !gc_cbor_at_end(&reader))
    note_fault(walk, &reader, reader.pos, "bytes behind the end");
}

/* --- tokens -------------------------------------------------------------------------------------------------------------- */

static void give_number(const struct walk *walk, const char *name, int64_t number)
{
  uint8_t store[9];
  struct gc_buf buf = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&buf);
  gc_cbor_int(&writer, number);
  if (!gc_cbor_finish(&writer))
    give(walk, name, gc_buf_bytes(&buf), GC_ACE_PLAIN, false);
}

static void give_string(const struct walk *walk, const char *name, struct gc_bytes string)
{
  const struct gc_ace_value value = { .name = name, .string = string };
  walk->visitor->value(walk->visitor->ctx, &value);
}

static void walk_claims(struct walk *walk, const struct gc_cose_message *message)
{
  uint8_t store[GC_CWT_MAX_LEN];
  struct gc_buf room = gc_buf(store, sizeof store);
  struct gc_bytes payload = message->kind == GC_COSE_ENCRYPT0 ? gc_bytes(NULL, 0) : message->content;
  enum gc_cwt_verdict verdict = GC_CWT_WRONG_KEY;
  if (walk->keys && walk->keys->count)
    verdict = gc_token_open(&payload, walk->keys, message, &room);
  walk->visitor->note(walk->visitor->ctx, "protection",
                      verdict == GC_CWT_VALID                    ? "verified"
                      : verdict == GC_CWT_FORGED                 ? "NOT VERIFIED: it does not fit the key given"
                      : !walk->keys || !walk->keys->count        ? "not verified: no key given"
                                                                 : "not verified: none of the keys given is for it");
  if (payload.ptr) {
    walk->visitor->enter(walk->visitor->ctx, "claims", NULL, payload.len);
    walk_whole(walk, payload, &claims);
  } else {
    walk->visitor->note(walk->visitor->ctx, "claims", "(encrypted)");
  }
  gc_wipe(store, room.len);
}

/* item: its encoding */
static void walk_token(struct walk *walk, const char *name, struct gc_bytes item, struct gc_bytes token)
{
  static const char *const kinds[] = { "COSE_Encrypt0", "COSE_Mac0", "COSE_Sign1" };
  struct gc_params_unknown none = { .count = 0 };
  struct gc_cose_message message;
  struct gc_where where = { 0, NULL };
  enum gc_err err = gc_cwt_parse(&message, token, &where);
  walk->visitor->enter(walk->visitor->ctx, name, err ? NULL : kinds[message.kind - GC_COSE_ENCRYPT0], token.len);
  give(walk, "token", item, GC_ACE_PLAIN, true);
  if (err) {
    /* a resource server may know tokens of other kinds: only a payload that is a token alone is damaged by it */
    walk->visitor->note(walk->visitor->ctx, "not a CWT", where.phrase ? where.phrase : gc_err_str(err));
  } else {
    walk->outside_at = (size_t)(token.ptr - walk->payload.ptr);
    if (message.has_alg)
      give_number(walk, "alg", message.alg);
    if (message.has_kid)
      give_string(walk, "kid", message.kid);
    if (message.iv.len)
      give_string(walk, "IV", message.iv);
    walk_claims(walk, &message);
  }
  walk->visitor->leave(walk->visitor->ctx, &none);
}

/* --- payloads ---------------------------------------------------------------------------------------------------------------- */

static void walk_alone(struct walk *walk, const char *name, uint8_t type)
{
  static const struct gc_params_unknown none = { .count = 0 };
  const struct gc_param row = { .type = type, .name = name };
  struct gc_cbor_reader reader = gc_cbor_reader(walk->payload);
  if (walk_item(walk, &reader, &row, false) && !gc_cbor_at_end(&reader))
    note_fault(walk, &reader, reader.pos, "bytes behind the end");
  walk->visitor->leave(walk->visitor->ctx, &none);
}

static void walk_token_alone(struct walk *walk)
{
  static const struct gc_params_unknown none = { .count = 0 };
  struct gc_cose_message message;
  struct gc_where where = { 0, "not a CWT" };
  if (gc_cwt_parse(&message, walk->payload, &where))
    walk->fault = where;
  walk_token(walk, "token", walk->payload, walk->payload);
  walk->visitor->leave(walk->visitor->ctx, &none);
}

struct gc_where gc_ace_walk(const struct gc_ace_visitor *visitor, enum gc_ace_kind kind, struct gc_bytes payload,
                            const struct gc_token_keys *keys)
{
  static const struct level *const levels[] = {
    [GC_ACE_KIND_AS] = &as_params,   [GC_ACE_KIND_AUTHZ_INFO] = &authz_params, [GC_ACE_KIND_HINTS] = &hints,
    [GC_ACE_KIND_INTROSPECTION] = &introspection, [GC_ACE_KIND_GROUPCOMM] = &groupcomm, [GC_ACE_KIND_PROBLEM] = &problem,
    [GC_ACE_KIND_COSE_KEY] = &cose_key,
  };
  struct walk walk = { .visitor = visitor, .keys = keys, .payload = payload };
  switch (kind) {
  case GC_ACE_KIND_NONE:
  case GC_ACE_KIND_NOTHING:
    break;
  case GC_ACE_KIND_TOKEN:
    walk_token_alone(&walk);
    break;
  case GC_ACE_KIND_SCOPE:
    walk_alone(&walk, "scope", GC_PARAM_ARRAY);
    break;
  case GC_ACE_KIND_NUM:
    walk_alone(&walk, "num", GC_PARAM_UINT);
    break;
  case GC_ACE_KIND_ACTIVE:
    walk_alone(&walk, "active", GC_PARAM_BOOL);
    break;
  case GC_ACE_KIND_STALE_IDS:
    walk_alone(&walk, "stale_node_ids", GC_PARAM_ARRAY);
    break;
  default:
    walk_whole(&walk, payload, levels[kind]);
  }
  return walk.fault;
}

bool gc_ace_kind_is_secret(enum gc_ace_kind kind)
{
  return kind == GC_ACE_KIND_AS || kind == GC_ACE_KIND_AUTHZ_INFO || kind == GC_ACE_KIND_INTROSPECTION || kind == GC_ACE_KIND_GROUPCOMM ||
         kind == GC_ACE_KIND_TOKEN || kind == GC_ACE_KIND_COSE_KEY;
}
