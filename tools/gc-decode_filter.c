/* The display filter of -Y: a small expression over one message, parsed into a tree of fixed size. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "base/hex.h"
#include "common/arg.h"
#include "common/show.h"
#include "gc-decode_filter.h"
#include "iana/options.h"

enum { DEPTH_MAX = 64 };

static const char *const field_names[] = { "code", "type", "mid", "token", "src", "dst", "host", "port", "path", "query",
                                           "option", "payload", "size", "n", NULL };
static const char *const flag_names[] = { "request", "response", "empty", "con", "non", "ack", "rst", "mcast", "error", "duplicate",
                                          "paired", "protected", "verified", "refused", NULL };

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

static int add_node(struct parser *parser, struct filter_node node)
{
  if (parser->filter->count == FILTER_NODES_MAX)
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
    if (filter->stored == FILTER_TEXT_MAX)
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
static bool parse_code(struct filter_node *node, const char *text)
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

static bool parse_type(struct filter_node *node, const char *text)
{
  for (uint8_t type = 0; type < 4; type++)
    if (strcasecmp(text, gc_show_type(type)) == 0) {
      node->number = node->number_max = type;
      return true;
    }
  return false;
}

static bool parse_option(struct filter_node *node, struct gc_bytes value, const char *text)
{
  const struct gc_option_info *info = gc_option_by_name(value);
  if (!info)
    return gc_arg_uint(&node->number, text, 0, 65535) == NULL;
  node->number = info->number;
  return true;
}

/* Bytes in hex, kept where the text was. */
static bool parse_hex(struct decode_filter *filter, struct filter_node *node, struct gc_bytes value)
{
  struct gc_buf buf = gc_buf(filter->store + (value.ptr - filter->store), value.len);
  uint8_t bytes[FILTER_TEXT_MAX];
  struct gc_buf out = gc_buf(bytes, sizeof bytes);
  if (value.len > 0 && gc_hex_decode(&out, (const char *)value.ptr, value.len, NULL) != GC_OK)
    return false;
  node->len = out.len;
  return gc_buf_add(&buf, gc_buf_bytes(&out)) == GC_OK;
}

static const char *wrong_value(struct decode_filter *filter, struct filter_node *node, struct gc_bytes value)
{
  char text[128] = "";
  if (value.len < sizeof text)
    memcpy(text, value.ptr, value.len);
  node->text = (const char *)value.ptr;
  node->len = value.len;
  switch ((enum filter_field)node->what) {
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

static bool is_op_allowed(enum filter_field field, enum filter_op op)
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

static int parse_comparison(struct parser *parser, enum filter_field field)
{
  static const char *const ops[] = { "==", "!=", "<=", ">=", "<", ">", "~" };
  static const uint8_t op_values[] = { OP_EQ, OP_NE, OP_LE, OP_GE, OP_LT, OP_GT, OP_CONTAINS };
  struct filter_node node = { .kind = KIND_COMPARE, .what = (uint8_t)field };
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
      return add_node(parser, (struct filter_node){ .kind = KIND_FLAG, .what = i });
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
    result = inner < 0 ? inner : add_node(parser, (struct filter_node){ .kind = KIND_NOT, .left = (uint16_t)inner });
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
    left = right < 0 ? right : add_node(parser, (struct filter_node){ .kind = KIND_AND, .left = (uint16_t)left, .right = (uint16_t)right });
  }
  return left;
}

static int parse_or(struct parser *parser)
{
  int left = parse_and(parser);
  while (left >= 0 && (take(parser, "or") || take(parser, "||"))) {
    int right = parse_and(parser);
    left = right < 0 ? right : add_node(parser, (struct filter_node){ .kind = KIND_OR, .left = (uint16_t)left, .right = (uint16_t)right });
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
