#include "observe/phantom.h"

#include <string.h>

#include "coap/cache_key.h"
#include "coap/observe.h"
#include "iana/names.h"
#include "iana/options.h"

enum gc_err gc_transport_independent_write(struct gc_buf *out, const struct gc_message *message)
{
  size_t need = 1 + message->options.len + (message->payload.len ? 1 + message->payload.len : 0), start = out->len;
  if (out->cap - out->len < need)
    return GC_E_SPACE;
  enum gc_err err = gc_buf_add_u8(out, message->code);
  if (!err)
    err = gc_buf_add(out, message->options);
  if (!err && message->payload.len)
    err = gc_buf_add_u8(out, 0xff);
  if (!err && message->payload.len)
    err = gc_buf_add(out, message->payload);
  if (err)
    out->len = start;
  return err;
}

static enum gc_err rebuild(struct gc_message *out, struct gc_bytes token, struct gc_bytes bytes, struct gc_where *where)
{
  struct gc_message message = { .version = 1, .type = GC_TYPE_NON, .token = token };
  if (token.len > GC_TOKEN_MAX_LEN)
    return gc_fail(where, 0, "the token is longer than 8 bytes", GC_E_RANGE);
  if (bytes.len == 0)
    return gc_fail(where, 0, "a message without a code", GC_E_TRUNCATED);
  message.code = bytes.ptr[0];
  enum gc_err err = gc_options_split(&message.options, &message.payload, gc_bytes_slice(bytes, 1, SIZE_MAX), 1, where);
  if (!err)
    *out = message;
  return err;
}

/* The Observe option, once and with at most 3 bytes. 1: there; 0: absent; -1: not usable */
static int find_observe(struct gc_bytes options, uint32_t *value)
{
  struct gc_option_iter iter = gc_option_iter(options);
  struct gc_option option;
  int found = 0;
  while (gc_option_next(&iter, &option))
    if (option.number == GC_OPTION_OBSERVE) {
      if (found || option.value.len > 3 || !gc_uint_decode(option.value, value))
        return -1;
      found = 1;
    }
  return found;
}

static enum gc_err check_phantom(const struct gc_message *message, struct gc_where *where)
{
  uint32_t observe;
  if (message->code != GC_CODE_GET && message->code != GC_CODE_FETCH)
    return gc_fail(where, 0, "a phantom request is a GET or a FETCH", GC_E_MALFORMED);
  if (find_observe(message->options, &observe) != 1 || observe != GC_OBSERVE_REGISTER)
    return gc_fail(where, 1, "a phantom request has Observe 0", GC_E_MALFORMED);
  return GC_OK;
}

enum gc_err gc_phantom_read(struct gc_message *out, struct gc_bytes token, struct gc_bytes ph_req, struct gc_where *where)
{
  struct gc_message message;
  enum gc_err err = rebuild(&message, token, ph_req, where);
  if (!err)
    err = check_phantom(&message, where);
  if (!err)
    *out = message;
  return err;
}

enum gc_err gc_phantom_from_request(struct gc_message *out, struct gc_bytes token, const struct gc_message *original, struct gc_where *where)
{
  struct gc_message message = *original;
  if (token.len > GC_TOKEN_MAX_LEN)
    return gc_fail(where, 0, "the token is longer than 8 bytes", GC_E_RANGE);
  message.type = GC_TYPE_NON;
  message.mid = 0;
  message.token = token;
  enum gc_err err = check_phantom(&message, where);
  if (!err)
    *out = message;
  return err;
}

enum gc_err gc_last_notif_read(struct gc_message *out, struct gc_bytes token, struct gc_bytes last_notif, struct gc_where *where)
{
  struct gc_message message;
  enum gc_err err = rebuild(&message, token, last_notif, where);
  if (!err && !GC_CODE_IS_RESPONSE(message.code))
    err = gc_fail(where, 0, "a notification is a response", GC_E_MALFORMED);
  if (!err)
    *out = message;
  return err;
}

/* --- the comparison -------------------------------------------------------------------------------------------- */

static bool next_compared(struct gc_option_iter *iter, struct gc_option *option, bool with_host, bool with_port)
{
  while (gc_option_next(iter, option))
    if (gc_cache_key_has(option->number) && option->number != GC_OPTION_NO_RESPONSE &&
        (option->number != GC_OPTION_URI_HOST || with_host) && (option->number != GC_OPTION_URI_PORT || with_port))
      return true;
  return false;
}

bool gc_phantom_answers(const struct gc_message *phantom, const struct gc_message *original)
{
  struct gc_option_iter a = gc_option_iter(phantom->options), b = gc_option_iter(original->options);
  bool with_host = gc_option_find(phantom->options, GC_OPTION_URI_HOST, NULL);
  bool with_port = gc_option_find(phantom->options, GC_OPTION_URI_PORT, NULL);
  struct gc_option x, y;
  bool has_x, has_y;
  if (phantom->code != original->code)
    return false;
  do {
    has_x = next_compared(&a, &x, with_host, with_port);
    has_y = next_compared(&b, &y, with_host, with_port);
    if (has_x != has_y || (has_x && (x.number != y.number || !gc_bytes_equal(x.value, y.value))))
      return false;
  } while (has_x);
  return phantom->code != GC_CODE_FETCH || gc_bytes_equal(phantom->payload, original->payload);
}

/* --- what arrives ---------------------------------------------------------------------------------------------- */

enum gc_err gc_group_observation_init(struct gc_group_observation *observation, const struct gc_addr *server, const struct gc_addr *group,
                                      struct gc_bytes token)
{
  if (token.len > GC_TOKEN_MAX_LEN)
    return GC_E_RANGE;
  *observation = (struct gc_group_observation){ .server = *server, .group = *group, .token_len = (uint8_t)token.len };
  if (token.len)
    memcpy(observation->token, token.ptr, token.len);
  return GC_OK;
}

bool gc_group_observation_matches(const struct gc_group_observation *observation, const struct gc_addr *from, const struct gc_addr *to,
                                  const struct gc_message *message)
{
  return message->type == GC_TYPE_NON && GC_CODE_IS_RESPONSE(message->code) &&
         gc_bytes_equal(message->token, gc_bytes(observation->token, observation->token_len)) &&
         gc_addr_equal(from, &observation->server) && (!to || gc_addr_equal(to, &observation->group));
}

enum gc_notification gc_group_observation_take(struct gc_group_observation *observation, const struct gc_message *message, uint64_t now_ms)
{
  uint32_t observe;
  int found = find_observe(message->options, &observe);
  if (found < 0 || !GC_CODE_IS_RESPONSE(message->code))
    return GC_NOTIFICATION_UNUSABLE;
  if (!found)
    return message->code == GC_CODE_SERVICE_UNAVAILABLE && message->payload.len ? GC_NOTIFICATION_NEW_KEYS : GC_NOTIFICATION_ENDED;
  if (observation->has_baseline && !gc_observe_is_newer(observation->observe, observation->observe_ms, observe, now_ms))
    return GC_NOTIFICATION_OLD;
  observation->has_baseline = true;
  observation->observe = observe;
  observation->observe_ms = now_ms;
  return GC_NOTIFICATION_NEW;
}
