/* Does a message match the display filter? */
#include <string.h>

#include "gc-decode_filter.h"
#include "iana/options.h"

static bool compare_number(const struct filter_node *node, uint64_t value)
{
  switch ((enum filter_op)node->op) {
  case OP_EQ: return value >= node->number && value <= node->number_max;
  case OP_NE: return value < node->number || value > node->number_max;
  case OP_LT: return value < node->number;
  case OP_LE: return value <= node->number_max;
  case OP_GT: return value > node->number_max;
  case OP_GE: return value >= node->number;
  default:    return false;
  }
}

static bool compare_bytes(const struct filter_node *node, struct gc_bytes value)
{
  struct gc_bytes wanted = gc_bytes(node->text, node->len);
  if (node->op == OP_CONTAINS)
    return wanted.len == 0 || (value.len > 0 && memmem(value.ptr, value.len, wanted.ptr, wanted.len));
  return gc_bytes_equal(value, wanted) == (node->op == OP_EQ);
}

static bool is_address(const struct filter_node *node, const struct gc_addr *addr)
{
  return node->addr.port ? gc_addr_equal(&node->addr, addr) : gc_addr_same_host(&node->addr, addr);
}

/* "/a/b" or "x=1&y": the values of all options of the number */
static bool compare_joined(const struct filter_node *node, const struct decode_record *record, uint16_t number, char separator, bool leads)
{
  uint8_t text[FILTER_TEXT_MAX];
  struct gc_buf joined = gc_buf(text, sizeof text);
  struct gc_option_iter iter = gc_option_iter(decode_shown_message(record)->options);
  struct gc_option option;
  bool is_there = false, fits = true;
  while (gc_option_next(&iter, &option) && option.number <= number)
    if (option.number == number) {
      fits = fits && (!(leads || is_there) || gc_buf_add_u8(&joined, (uint8_t)separator) == GC_OK) &&
             gc_buf_add(&joined, option.value) == GC_OK;
      is_there = true;
    }
  if (!is_there && leads && GC_CODE_IS_REQUEST(decode_shown_message(record)->code)) /* no Uri-Path is the path "/" */
    is_there = fits = gc_buf_add_u8(&joined, (uint8_t)separator) == GC_OK;
  if (!is_there)
    return node->op == OP_NE;
  return fits && compare_bytes(node, gc_buf_bytes(&joined));
}

static bool compare(const struct filter_node *node, const struct decode_record *record)
{
  const struct gc_message *message = decode_shown_message(record);
  bool negate = node->op == OP_NE;
  switch ((enum filter_field)node->what) {
  case FIELD_N:    return compare_number(node, record->n);
  case FIELD_SIZE: return compare_number(node, record->datagram.len);
  case FIELD_SRC:  return record->has_place && is_address(node, &record->from) != negate;
  case FIELD_DST:  return record->has_place && is_address(node, &record->to) != negate;
  case FIELD_HOST: return record->has_place && (is_address(node, &record->from) || is_address(node, &record->to)) != negate;
  case FIELD_PORT:
    if (!record->has_place)
      return false;
    if (negate)
      return compare_number(node, record->from.port) && compare_number(node, record->to.port);
    return compare_number(node, record->from.port) || compare_number(node, record->to.port);
  default:
    break;
  }
  if (!record->is_header_read)
    return false;
  switch ((enum filter_field)node->what) {
  case FIELD_CODE:    return compare_number(node, message->code);
  case FIELD_TYPE:    return compare_number(node, message->type);
  case FIELD_MID:     return compare_number(node, message->mid);
  case FIELD_TOKEN:   return compare_bytes(node, message->token);
  case FIELD_PATH:    return compare_joined(node, record, GC_OPTION_URI_PATH, '/', true);
  case FIELD_QUERY:   return compare_joined(node, record, GC_OPTION_URI_QUERY, '&', false);
  case FIELD_OPTION:  return gc_option_find(message->options, (uint16_t)node->number, NULL) != negate;
  case FIELD_PAYLOAD: return compare_bytes(node, message->payload);
  default:            return false;
  }
}

static bool has_flag(enum filter_flag flag, const struct decode_record *record)
{
  const struct gc_message *message = &record->message;
  switch (flag) {
  case FLAG_MCAST:     return record->has_place && gc_addr_is_multicast(&record->to);
  case FLAG_ERROR:     return record->error != NULL;
  case FLAG_DUPLICATE: return record->duplicate_of != 0;
  case FLAG_PAIRED:    return record->request || record->acknowledges || record->resets;
  case FLAG_PROTECTED: return record->security != NULL;
  case FLAG_VERIFIED:  return record->security && record->security->outcome <= DECODE_VERIFIED;
  case FLAG_REFUSED:   return record->security && record->security->outcome == DECODE_REFUSED;
  default:             break;
  }
  if (!record->is_header_read)
    return false;
  switch (flag) {
  case FLAG_REQUEST:  return GC_CODE_IS_REQUEST(message->code);
  case FLAG_RESPONSE: return GC_CODE_IS_RESPONSE(message->code);
  case FLAG_EMPTY:    return message->code == GC_CODE_EMPTY;
  case FLAG_CON:      return message->type == GC_TYPE_CON;
  case FLAG_NON:      return message->type == GC_TYPE_NON;
  case FLAG_ACK:      return message->type == GC_TYPE_ACK;
  case FLAG_RST:      return message->type == GC_TYPE_RST;
  default:            return false;
  }
}

static bool matches(const struct decode_filter *filter, uint16_t at, const struct decode_record *record)
{
  const struct filter_node *node = &filter->nodes[at];
  switch ((enum filter_kind)node->kind) {
  case KIND_AND:  return matches(filter, node->left, record) && matches(filter, node->right, record);
  case KIND_OR:   return matches(filter, node->left, record) || matches(filter, node->right, record);
  case KIND_NOT:  return !matches(filter, node->left, record);
  case KIND_FLAG: return has_flag(node->what, record);
  default:        return compare(node, record);
  }
}

bool decode_filter_matches(const struct decode_filter *filter, const struct decode_record *record)
{
  return matches(filter, filter->root, record);
}
