/* The display filter of -Y: a small expression over one message, parsed into a tree of fixed size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "common/arg.h"
#include "common/show.h"
#include "gc-decode.h"
#include "iana/options.h"

enum { NODES_MAX = 256, DEPTH_MAX = 64, TEXT_MAX = 4096 };

enum kind { KIND_AND, KIND_OR, KIND_NOT, KIND_FLAG, KIND_COMPARE };
enum op { OP_EQ, OP_NE, OP_LT, OP_LE, OP_GT, OP_GE, OP_CONTAINS };

enum field {
  FIELD_CODE, FIELD_TYPE, FIELD_MID, FIELD_TOKEN, FIELD_SRC, FIELD_DST, FIELD_HOST, FIELD_PORT, FIELD_PATH, FIELD_QUERY,
  FIELD_OPTION, FIELD_PAYLOAD, FIELD_SIZE, FIELD_N,
};
static const char *const field_names[] = { "code", "type", "mid", "token", "src", "dst", "host", "port", "path", "query",
                                           "option", "payload", "size", "n", NULL };

enum flag {
  FLAG_REQUEST, FLAG_RESPONSE, FLAG_EMPTY, FLAG_CON, FLAG_NON, FLAG_ACK, FLAG_RST, FLAG_MCAST, FLAG_ERROR, FLAG_DUPLICATE, FLAG_PAIRED,
  FLAG_PROTECTED, FLAG_VERIFIED, FLAG_REFUSED,
};
static const char *const flag_names[] = { "request", "response", "empty", "con", "non", "ack", "rst", "mcast", "error", "duplicate",
                                          "paired", "protected", "verified", "refused", NULL };

struct node {
  uint8_t kind, op, what;       /* what: enum field or enum flag */
  uint16_t left, right;
  uint64_t number, number_max;  /* code==2.xx is a range */
  struct gc_addr addr;          /* port 0: any */
  const char *text;             /* in the filter's own store */
  size_t len;
};

struct decode_filter {
  struct node nodes[NODES_MAX];
  uint16_t count, root;
  uint8_t store[TEXT_MAX];      /* values: text and bytes */
  size_t stored;
};

struct parser {
  struct decode_filter *filter;
  const char *text, *pos;
  unsigned depth;
  char *why; /* 256 bytes */
};

static int fail(struct parser *parser, const char *at, const char *phrase)
{
  if (!*parser->why)
    snprintf(parser->why, 256, "character %zu: %s", (size_t)(at - parser->text) + 1, phrase);
  return -1;
}

static void skip_blanks(struct parser *parser)
{
  while (*parser->pos == ' ' || *parser->pos == '\t' || *parser->pos == '\n')
    parser->pos++;
}

static bool is_word(char c)
{
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' || c == '-' || c == '.';
}

/* Take a word or sign that stands here. */
static bool take(struct parser *parser, const char *what)
{
  size_t len = strlen(what);
  skip_blanks(parser);
  if (strncmp(parser->pos, what, len) != 0 || (is_word(what[0]) && is_word(parser->pos[len])))
    return false;
  parser->pos += len;
  return true;
}

static int add_node(struct parser *parser, struct node node)
{
  if (parser->filter->count == NODES_MAX)
    return fail(parser, parser->pos, "the filter is too long");
  parser->filter->nodes[parser->filter->count] = node;
  return parser->filter->count++;
}

/* A value: in quotes (\" and \\ inside), or up to a blank or parenthesis. */
static bool take_value(struct parser *parser, struct gc_bytes *out)
{
  struct decode_filter *filter = parser->filter;
  size_t start = filter->stored;
  skip_blanks(parser);
  const char *at = parser->pos;
  char quote = *at == '"' || *at == '\'' ? *at : 0;
  const char *p = at + (quote != 0);
  for (; *p && (quote ? *p != quote : *p != ' ' && *p != '\t' && *p != '\n' && *p != ')' && *p != '('); p++) {
    if (quote && *p == '\\' && p[1])
      p++;
    if (filter->stored == TEXT_MAX)
      return fail(parser, at, "the filter is too long"), false;
    filter->store[filter->stored++] = (uint8_t)*p;
  }
  if (quote && *p != quote)
    return fail(parser, at, "the closing quote is missing"), false;
  if (!quote && p == at)
    return fail(parser, at, "a value is missing"), false;
  parser->pos = p + (quote != 0);
  *out = gc_bytes(filter->store + start, filter->stored - start);
  return true;
}

/* --- values by field --------------------------------------------------------------------------------------------------- */

static bool is_digit(int c)
{
  return c >= '0' && c <= '9';
}

/* "2.05", "2.xx", "GET" */
static bool parse_code(struct node *node, const char *text)
{
  if (is_digit(text[0]) && text[0] <= '7' && text[1] == '.') {
    uint64_t class = (uint64_t)(text[0] - '0') << 5;
    if (strcasecmp(text + 2, "xx") == 0) {
      node->number = class;
      node->number_max = class | 31;
      return true;
    }
    if (!is_digit(text[2]) || !is_digit(text[3]) || text[4])
      return false;
    uint64_t detail = (uint64_t)(text[2] - '0') * 10 + (uint64_t)(text[3] - '0');
    node->number = node->number_max = class | detail;
    return detail < 32;
  }
  for (uint8_t code = 0; code < 8; code++)
    if (strcasecmp(text, gc_show_code(code)) == 0) {
      node->number = node->number_max = code;
      return true;
    }
  return false;
}

static bool parse_type(struct node *node, const char *text)
{
  for (uint8_t type = 0; type < 4; type++)
    if (strcasecmp(text, gc_show_type(type)) == 0) {
      node->number = node->number_max = type;
      return true;
    }
  return false;
}

static bool parse_option(struct node *node, struct gc_bytes value, const char *text)
{
  const struct gc_option_info *info = gc_option_by_name(value);
  if (!info)
    return gc_arg_uint(&node->number, text, 0, 65535) == NULL;
  node->number = info->number;
  return true;
}

/* Bytes in hex, kept where the text was. */
static bool parse_hex(struct decode_filter *filter, struct node *node, struct gc_bytes value)
{
  struct gc_buf buf = gc_buf(filter->store + (value.ptr - filter->store), value.len);
  uint8_t bytes[TEXT_MAX];
  struct gc_buf out = gc_buf(bytes, sizeof bytes);
  if (value.len > 0 && gc_hex_decode(&out, (const char *)value.ptr, value.len, NULL) != GC_OK)
    return false;
  node->len = out.len;
  return gc_buf_add(&buf, gc_buf_bytes(&out)) == GC_OK;
}

static const char *wrong_value(struct decode_filter *filter, struct node *node, struct gc_bytes value)
{
  char text[128] = "";
  if (value.len < sizeof text)
    memcpy(text, value.ptr, value.len);
  node->text = (const char *)value.ptr;
  node->len = value.len;
  switch ((enum field)node->what) {
  case FIELD_CODE:
    return parse_code(node, text) ? NULL : "a code is 2.05, 2.xx or a method's name";
  case FIELD_TYPE:
    return parse_type(node, text) ? NULL : "a type is CON, NON, ACK or RST";
  case FIELD_MID: case FIELD_PORT:
    node->number_max = 65535;
    if (gc_arg_uint(&node->number, text, 0, 65535))
      return "a number from 0 to 65535 is needed";
    break;
  case FIELD_SIZE: case FIELD_N:
    if (gc_arg_uint(&node->number, text, 0, UINT64_MAX))
      return "a number is needed";
    break;
  case FIELD_TOKEN:
    return parse_hex(filter, node, value) ? NULL : "a token is hex";
  case FIELD_SRC: case FIELD_DST: case FIELD_HOST:
    return gc_addr_parse(&node->addr, value, 0, NULL, NULL) == GC_OK ? NULL : "an IP address is needed, with a port or without";
  case FIELD_OPTION:
    return parse_option(node, value, text) ? NULL : "an option is a name as Uri-Path or a number";
  case FIELD_PATH: case FIELD_QUERY: case FIELD_PAYLOAD:
    return NULL;
  }
  node->number_max = node->number;
  return NULL;
}

static bool is_op_allowed(enum field field, enum op op)
{
  switch (field) {
  case FIELD_MID: case FIELD_PORT: case FIELD_SIZE: case FIELD_N: case FIELD_CODE:
    return op != OP_CONTAINS;
  case FIELD_PATH: case FIELD_QUERY: case FIELD_PAYLOAD: case FIELD_TOKEN:
    return op == OP_EQ || op == OP_NE || op == OP_CONTAINS;
  default:
    return op == OP_EQ || op == OP_NE;
  }
}

static int parse_comparison(struct parser *parser, enum field field)
{
  static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">", "~" };
  static const uint8_t op_values[] = { OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT, OP_CONTAINS };
  struct node node = { .kind = KIND_COMPARE, .what = (uint8_t)field };
  struct gc_bytes value;
  size_t i = 0, count = sizeof ops / sizeof ops[0];
  skip_blanks(parser);
  const char *at = parser->pos;
  while (i < count && !take(parser, ops[i]))
    i++;
  if (i == count)
    return fail(parser, at, "== != < <= > >= or ~ is missing");
  node.op = op_values[i];
  if (!is_op_allowed(field, node.op))
    return fail(parser, at, "this comparison makes no sense for the field");
  skip_blanks(parser);
  at = parser->pos;
  if (!take_value(parser, &value))
    return -1;
  const char *wrong = wrong_value(parser->filter, &node, value);
  return wrong ? fail(parser, at, wrong) : add_node(parser, node);
}

/* --- the grammar: or < and < not < ( ) ------------------------------------------------------------------------------------ */

static int parse_or(struct parser *parser);

static int parse_term(struct parser *parser)
{
  skip_blanks(parser);
  const char *at = parser->pos;
  if (take(parser, "(")) {
    int inner = parse_or(parser);
    if (inner >= 0 && !take(parser, ")"))
      return fail(parser, parser->pos, ") is missing");
    return inner;
  }
  for (uint8_t i = 0; flag_names[i]; i++)
    if (take(parser, flag_names[i]))
      return add_node(parser, (struct node){ .kind = KIND_FLAG, .what = i });
  for (uint8_t i = 0; field_names[i]; i++)
    if (take(parser, field_names[i]))
      return parse_comparison(parser, i);
  return fail(parser, at, *at ? "no field of this name (code type mid token src dst host port path query option payload size n, "
                                "request response empty con non ack rst mcast error duplicate paired)"
                              : "something is missing at the end");
}

static int parse_not(struct parser *parser)
{
  if (++parser->depth > DEPTH_MAX)
    return fail(parser, parser->pos, "too deeply nested");
  int result;
  skip_blanks(parser);
  if (take(parser, "not") || (parser->pos[0] == '!' && take(parser, "!"))) {
    int inner = parse_not(parser);
    result = inner < 0 ? inner : add_node(parser, (struct node){ .kind = KIND_NOT, .left = (uint16_t)inner });
  } else {
    result = parse_term(parser);
  }
  parser->depth--;
  return result;
}

static int parse_and(struct parser *parser)
{
  int left = parse_not(parser);
  while (left >= 0 && (take(parser, "and") || take(parser, "&&"))) {
    int right = parse_not(parser);
    left = right < 0 ? right : add_node(parser, (struct node){ .kind = KIND_AND, .left = (uint16_t)left, .right = (uint16_t)right });
  }
  return left;
}

static int parse_or(struct parser *parser)
{
  int left = parse_and(parser);
  while (left >= 0 && (take(parser, "or") || take(parser, "||"))) {
    int right = parse_and(parser);
    left = right < 0 ? right : add_node(parser, (struct node){ .kind = KIND_OR, .left = (uint16_t)left, .right = (uint16_t)right });
  }
  return left;
}

struct decode_filter *decode_filter_parse(const char *text, char why[static 256])
{
  struct decode_filter *filter = calloc(1, sizeof *filter);
  struct parser parser = { filter, text, text, 0, why };
  why[0] = '\0';
  if (!filter) {
    snprintf(why, 256, "out of memory");
    return NULL;
  }
  int root = parse_or(&parser);
  skip_blanks(&parser);
  if (root >= 0 && *parser.pos)
    root = fail(&parser, parser.pos, "and, or, or the end is expected");
  if (root < 0)
    decode_filter_free(&filter);
  else
    filter->root = (uint16_t)root;
  return filter;
}

void decode_filter_free(struct decode_filter **filter)
{
  free(*filter);
  *filter = NULL;
}

/* --- evaluation ------------------------------------------------------------------------------------------------------------ */

static bool compare_number(const struct node *node, uint64_t value)
{
  switch ((enum op)node->op) {
  case OP_EQ: return value >= node->number && value <= node->number_max;
  case OP_NE: return value < node->number || value > node->number_max;
  case OP_LT: return value < node->number;
  case OP_LE: return value <= node->number_max;
  case OP_GT: return value > node->number_max;
  case OP_GE: return value >= node->number;
  default:    return false;
  }
}

static bool compare_bytes(const struct node *node, struct gc_bytes value)
{
  struct gc_bytes wanted = gc_bytes(node->text, node->len);
  if (node->op == OP_CONTAINS)
    return wanted.len == 0 || (value.len > 0 && memmem(value.ptr, value.len, wanted.ptr, wanted.len));
  return gc_bytes_equal(value, wanted) == (node->op == OP_EQ);
}

static bool is_address(const struct node *node, const struct gc_addr *addr)
{
  return node->addr.port ? gc_addr_equal(&node->addr, addr) : gc_addr_same_host(&node->addr, addr);
}

/* "/a/b" or "x=1&y": the values of all options of the number */
static bool compare_joined(const struct node *node, const struct decode_record *record, uint16_t number, char separator, bool leads)
{
  uint8_t text[TEXT_MAX];
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

static bool compare(const struct node *node, const struct decode_record *record)
{
  const struct gc_message *message = decode_shown_message(record);
  bool negate = node->op == OP_NE;
  switch ((enum field)node->what) {
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
  switch ((enum field)node->what) {
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

static bool has_flag(enum flag flag, const struct decode_record *record)
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
  const struct node *node = &filter->nodes[at];
  switch ((enum kind)node->kind) {
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
