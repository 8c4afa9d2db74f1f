#include "iana/names.h"

#include <ctype.h>
#include <string.h>
#include <strings.h>

static bool same_word(const char *name, struct gc_bytes word)
{
  return strlen(name) == word.len && strncasecmp(name, (const char *)word.ptr, word.len) == 0;
}

/* a decimal number of at most 5 digits */
static bool decimal(uint32_t *out, struct gc_bytes text)
{
  uint32_t value = 0;
  if (text.len == 0 || text.len > 5)
    return false;
  for (size_t i = 0; i < text.len; i++) {
    if (text.ptr[i] < '0' || text.ptr[i] > '9')
      return false;
    value = value * 10 + text.ptr[i] - '0';
  }
  *out = value;
  return true;
}

/* sorted by code; 7.xx: RFC 8323, Section 5 */
static const struct gc_code_info codes[] = {
  { 0, "Empty" },
  { GC_CODE_GET, "GET" },
  { GC_CODE_POST, "POST" },
  { GC_CODE_PUT, "PUT" },
  { GC_CODE_DELETE, "DELETE" },
  { GC_CODE_FETCH, "FETCH" },
  { GC_CODE_PATCH, "PATCH" },
  { GC_CODE_IPATCH, "iPATCH" },
  { GC_CODE_CREATED, "Created" },
  { GC_CODE_DELETED, "Deleted" },
  { GC_CODE_VALID, "Valid" },
  { GC_CODE_CHANGED, "Changed" },
  { GC_CODE_CONTENT, "Content" },
  { GC_CODE_CONTINUE, "Continue" },
  { GC_CODE_BAD_REQUEST, "Bad Request" },
  { GC_CODE_UNAUTHORIZED, "Unauthorized" },
  { GC_CODE_BAD_OPTION, "Bad Option" },
  { GC_CODE_FORBIDDEN, "Forbidden" },
  { GC_CODE_NOT_FOUND, "Not Found" },
  { GC_CODE_METHOD_NOT_ALLOWED, "Method Not Allowed" },
  { GC_CODE_NOT_ACCEPTABLE, "Not Acceptable" },
  { GC_CODE_REQUEST_ENTITY_INCOMPLETE, "Request Entity Incomplete" },
  { GC_CODE_CONFLICT, "Conflict" },
  { GC_CODE_PRECONDITION_FAILED, "Precondition Failed" },
  { GC_CODE_REQUEST_ENTITY_TOO_LARGE, "Request Entity Too Large" },
  { GC_CODE_UNSUPPORTED_CONTENT_FORMAT, "Unsupported Content-Format" },
  { GC_CODE_UNPROCESSABLE_ENTITY, "Unprocessable Entity" },
  { GC_CODE_TOO_MANY_REQUESTS, "Too Many Requests" },
  { GC_CODE_INTERNAL_SERVER_ERROR, "Internal Server Error" },
  { GC_CODE_NOT_IMPLEMENTED, "Not Implemented" },
  { GC_CODE_BAD_GATEWAY, "Bad Gateway" },
  { GC_CODE_SERVICE_UNAVAILABLE, "Service Unavailable" },
  { GC_CODE_GATEWAY_TIMEOUT, "Gateway Timeout" },
  { GC_CODE_PROXYING_NOT_SUPPORTED, "Proxying Not Supported" },
  { GC_CODE_HOP_LIMIT_REACHED, "Hop Limit Reached" },
  { 225, "CSM" },
  { 226, "Ping" },
  { 227, "Pong" },
  { 228, "Release" },
  { 229, "Abort" },
};
enum { CODE_COUNT = sizeof codes / sizeof codes[0] };

const struct gc_code_info *gc_code_at(size_t index)
{
  return index < CODE_COUNT ? &codes[index] : NULL;
}

const char *gc_code_name(uint8_t code)
{
  for (size_t i = 0; i < CODE_COUNT; i++)
    if (codes[i].code == code)
      return codes[i].name;
  return NULL;
}

bool gc_code_parse(uint8_t *out, struct gc_bytes text)
{
  const uint8_t *p = text.ptr;
  if (text.len == 4 && p[1] == '.') {
    if (p[0] < '0' || p[0] > '7' || p[2] < '0' || p[2] > '9' || p[3] < '0' || p[3] > '9')
      return false;
    unsigned detail = (p[2] - '0') * 10u + p[3] - '0';
    if (detail > 31)
      return false;
    *out = (uint8_t)((unsigned)(p[0] - '0') << 5 | detail);
    return true;
  }
  for (size_t i = 0; i < CODE_COUNT; i++)
    if (same_word(codes[i].name, text)) {
      *out = codes[i].code;
      return true;
    }
  return false;
}

bool gc_method_parse(uint8_t *out, struct gc_bytes text)
{
  uint32_t number;
  uint8_t code;
  if (decimal(&number, text))
    code = number < 32 ? (uint8_t)number : 0;
  else if (!gc_code_parse(&code, text))
    return false;
  if (code == 0 || code >= 32 || !gc_code_name(code))
    return false;
  *out = code;
  return true;
}

char *gc_code_format(char out[static 5], uint8_t code)
{
  const unsigned detail = code & 31;
  out[0] = (char)('0' + (code >> 5));
  out[1] = '.';
  out[2] = (char)('0' + detail / 10);
  out[3] = (char)('0' + detail % 10);
  out[4] = '\0';
  return out;
}

/* sorted by number; not const: the TBD numbers can move */
static struct gc_content_format formats[] = {
  { 0, GC_BODY_TEXT, "text", "text/plain; charset=utf-8" },
  { 16, GC_BODY_CBOR, "cose-encrypt0", "application/cose; cose-type=\"cose-encrypt0\"" },
  { 17, GC_BODY_CBOR, "cose-mac0", "application/cose; cose-type=\"cose-mac0\"" },
  { 18, GC_BODY_CBOR, "cose-sign1", "application/cose; cose-type=\"cose-sign1\"" },
  { 19, GC_BODY_CBOR, "ace+cbor", "application/ace+cbor" },
  { 21, GC_BODY_OPAQUE, "gif", "image/gif" },
  { 22, GC_BODY_OPAQUE, "jpeg", "image/jpeg" },
  { 23, GC_BODY_OPAQUE, "png", "image/png" },
  { 40, GC_BODY_LINKS, "link-format", "application/link-format" },
  { 41, GC_BODY_TEXT, "xml", "application/xml" },
  { 42, GC_BODY_OPAQUE, "octet-stream", "application/octet-stream" },
  { 47, GC_BODY_OPAQUE, "exi", "application/exi" },
  { 50, GC_BODY_JSON, "json", "application/json" },
  { 51, GC_BODY_JSON, "json-patch+json", "application/json-patch+json" },
  { 52, GC_BODY_JSON, "merge-patch+json", "application/merge-patch+json" },
  { 60, GC_BODY_CBOR, "cbor", "application/cbor" },
  { 61, GC_BODY_CBOR, "cwt", "application/cwt" },
  { 62, GC_BODY_CBOR, "multipart-core", "application/multipart-core" },
  { 63, GC_BODY_CBOR_SEQ, "cbor-seq", "application/cbor-seq" },
  { 64, GC_BODY_CBOR_SEQ, "edhoc+cbor-seq", "application/edhoc+cbor-seq" },
  { 65, GC_BODY_CBOR_SEQ, "cid-edhoc+cbor-seq", "application/cid-edhoc+cbor-seq" },
  { 96, GC_BODY_CBOR, "cose-encrypt", "application/cose; cose-type=\"cose-encrypt\"" },
  { 97, GC_BODY_CBOR, "cose-mac", "application/cose; cose-type=\"cose-mac\"" },
  { 98, GC_BODY_CBOR, "cose-sign", "application/cose; cose-type=\"cose-sign\"" },
  { 101, GC_BODY_CBOR, "cose-key", "application/cose-key" },
  { 102, GC_BODY_CBOR, "cose-key-set", "application/cose-key-set" },
  { 110, GC_BODY_JSON, "senml+json", "application/senml+json" },
  { 111, GC_BODY_JSON, "sensml+json", "application/sensml+json" },
  { 112, GC_BODY_CBOR, "senml+cbor", "application/senml+cbor" },
  { 113, GC_BODY_CBOR, "sensml+cbor", "application/sensml+cbor" },
  { 114, GC_BODY_OPAQUE, "senml-exi", "application/senml-exi" },
  { 115, GC_BODY_OPAQUE, "sensml-exi", "application/sensml-exi" },
  { 140, GC_BODY_CBOR, "yang-data+cbor-sid", "application/yang-data+cbor; id=sid" },
  { 256, GC_BODY_JSON, "coap-group+json", "application/coap-group+json" },
  { 257, GC_BODY_CBOR, "concise-problem-details+cbor", "application/concise-problem-details+cbor" },
  { 258, GC_BODY_CBOR, "swid+cbor", "application/swid+cbor" },
  { 259, GC_BODY_OPAQUE, "pkixcmp", "application/pkixcmp" },
  { 260, GC_BODY_JSON, "yang-sid+json", "application/yang-sid+json" },
  { 261, GC_BODY_CBOR, "ace-groupcomm+cbor", "application/ace-groupcomm+cbor" },
  { 262, GC_BODY_CBOR, "ace-trl+cbor", "application/ace-trl+cbor" },
  { 271, GC_BODY_CBOR, "dots+cbor", "application/dots+cbor" },
  { 272, GC_BODY_CBOR_SEQ, "missing-blocks+cbor-seq", "application/missing-blocks+cbor-seq" },
  { 280, GC_BODY_OPAQUE, "pkcs7-server-key", "application/pkcs7-mime; smime-type=server-generated-key" },
  { 281, GC_BODY_OPAQUE, "pkcs7-certs", "application/pkcs7-mime; smime-type=certs-only" },
  { 284, GC_BODY_OPAQUE, "pkcs8", "application/pkcs8" },
  { 285, GC_BODY_OPAQUE, "csrattrs", "application/csrattrs" },
  { 286, GC_BODY_OPAQUE, "pkcs10", "application/pkcs10" },
  { 287, GC_BODY_OPAQUE, "pkix-cert", "application/pkix-cert" },
  { 290, GC_BODY_CBOR, "aif+cbor", "application/aif+cbor" },
  { 291, GC_BODY_JSON, "aif+json", "application/aif+json" },
  { GC_FORMAT_AIF_GROUPS, GC_BODY_CBOR, "aif+cbor-oscore-group", "application/aif+cbor; Toid=oscore-gname; Tperm=oscore-gperm" },
  { 296, GC_BODY_JSON, "aif+json-oscore-group", "application/aif+json; Toid=oscore-gname; Tperm=oscore-gperm" },
  { 310, GC_BODY_TEXT, "senml+xml", "application/senml+xml" },
  { 311, GC_BODY_TEXT, "sensml+xml", "application/sensml+xml" },
  { 320, GC_BODY_JSON, "senml-etch+json", "application/senml-etch+json" },
  { 322, GC_BODY_CBOR, "senml-etch+cbor", "application/senml-etch+cbor" },
  { 340, GC_BODY_CBOR, "yang-data+cbor", "application/yang-data+cbor" },
  { 341, GC_BODY_CBOR, "yang-data+cbor-name", "application/yang-data+cbor; id=name" },
  { 432, GC_BODY_JSON, "td+json", "application/td+json" },
  { 10000, GC_BODY_CBOR, "vnd.ocf+cbor", "application/vnd.ocf+cbor" },
  { 10001, GC_BODY_OPAQUE, "oscore", "application/oscore" },
  { 10002, GC_BODY_TEXT, "javascript", "application/javascript" },
  { 11542, GC_BODY_OPAQUE, "lwm2m+tlv", "application/vnd.oma.lwm2m+tlv" },
  { 11543, GC_BODY_JSON, "lwm2m+json", "application/vnd.oma.lwm2m+json" },
  { 11544, GC_BODY_CBOR, "lwm2m+cbor", "application/vnd.oma.lwm2m+cbor" },
  { 20000, GC_BODY_TEXT, "css", "text/css" },
  { 30000, GC_BODY_TEXT, "svg", "image/svg+xml" },
  { GC_FORMAT_INFORMATIVE_RESPONSE, GC_BODY_CBOR, "informative-response+cbor", "application/informative-response+cbor" },
  { GC_FORMAT_CORAL, GC_BODY_CBOR, "coral+cbor", "application/coral+cbor" },
};
enum { FORMAT_COUNT = sizeof formats / sizeof formats[0] };
static uint16_t informative_response = GC_FORMAT_INFORMATIVE_RESPONSE;

const struct gc_content_format *gc_content_format_at(size_t index)
{
  return index < FORMAT_COUNT ? &formats[index] : NULL;
}

const struct gc_content_format *gc_content_format_info(uint16_t number)
{
  size_t low = 0, high = FORMAT_COUNT;
  while (low < high) {
    size_t mid = (low + high) / 2;
    if (formats[mid].number < number)
      low = mid + 1;
    else
      high = mid;
  }
  return low < FORMAT_COUNT && formats[low].number == number ? &formats[low] : NULL;
}

enum gc_body_kind gc_content_format_kind(int32_t number)
{
  const struct gc_content_format *info = number >= 0 && number <= UINT16_MAX ? gc_content_format_info((uint16_t)number) : NULL;
  return info ? (enum gc_body_kind)info->kind : GC_BODY_OPAQUE;
}

/* The next character of a media type that tells; 0 at the end. */
static int next_telling(const uint8_t **at, const uint8_t *end)
{
  while (*at < end && (**at == ' ' || **at == '"'))
    (*at)++;
  return *at < end ? tolower(*(*at)++) : 0;
}

enum match { MATCH_NONE, MATCH_TYPE, MATCH_ALL };

static enum match match_media_type(const char *media_type, struct gc_bytes text)
{
  const uint8_t *a = (const uint8_t *)media_type, *a_end = a + strlen(media_type), *b = text.ptr, *b_end = text.ptr + text.len;
  int x, y;
  do {
    x = next_telling(&a, a_end);
    y = next_telling(&b, b_end);
  } while (x == y && x != 0);
  if (x == y)
    return MATCH_ALL;
  return x == ';' && y == 0 ? MATCH_TYPE : MATCH_NONE;
}

enum gc_err gc_content_format_parse(uint16_t *out, struct gc_bytes text)
{
  uint32_t number;
  size_t digits = 0, matches = 0;
  const struct gc_content_format *found = NULL;
  while (digits < text.len && text.ptr[digits] >= '0' && text.ptr[digits] <= '9')
    digits++;
  if (digits > 0 && digits == text.len) {
    if (!decimal(&number, text) || number > UINT16_MAX)
      return GC_E_RANGE;
    *out = (uint16_t)number;
    return GC_OK;
  }
  if (text.len == 0 || memchr(text.ptr, 0, text.len))
    return GC_E_NOT_FOUND;
  for (size_t i = 0; i < FORMAT_COUNT; i++) {
    enum match match = same_word(formats[i].name, text) ? MATCH_ALL : match_media_type(formats[i].media_type, text);
    if (match == MATCH_ALL) {
      *out = formats[i].number;
      return GC_OK;
    }
    if (match == MATCH_TYPE) {
      found = &formats[i];
      matches++;
    }
  }
  if (matches != 1)
    return GC_E_NOT_FOUND;
  *out = found->number;
  return GC_OK;
}

enum gc_err gc_content_format_renumber(uint16_t from, uint16_t to)
{
  size_t at = 0;
  if (gc_content_format_info(to))
    return GC_E_EXISTS;
  while (at < FORMAT_COUNT && formats[at].number != from)
    at++;
  if (at == FORMAT_COUNT)
    return GC_E_NOT_FOUND;
  struct gc_content_format row = formats[at];
  row.number = to;
  for (; at + 1 < FORMAT_COUNT && formats[at + 1].number < to; at++)
    formats[at] = formats[at + 1];
  for (; at > 0 && formats[at - 1].number > to; at--)
    formats[at] = formats[at - 1];
  formats[at] = row;
  if (from == informative_response)
    informative_response = to;
  return GC_OK;
}

uint16_t gc_format_informative_response(void)
{
  return informative_response;
}

static const struct gc_scheme_info schemes[GC_SCHEME_COUNT] = {
  [GC_SCHEME_COAP] = { "coap", 5683, 0, false, true },
  [GC_SCHEME_COAPS] = { "coaps", 5684, 1, true, true },
  [GC_SCHEME_COAP_TCP] = { "coap+tcp", 5683, 6, false, false },
  [GC_SCHEME_COAPS_TCP] = { "coaps+tcp", 5684, 7, true, false },
  [GC_SCHEME_COAP_WS] = { "coap+ws", 80, 24, false, false },
  [GC_SCHEME_COAPS_WS] = { "coaps+ws", 443, 25, true, false },
};

const struct gc_scheme_info *gc_scheme_info(enum gc_scheme scheme)
{
  return &schemes[scheme < GC_SCHEME_COUNT ? scheme : GC_SCHEME_COAP];
}

bool gc_scheme_by_name(enum gc_scheme *out, struct gc_bytes name)
{
  for (size_t i = 0; i < GC_SCHEME_COUNT; i++)
    if (same_word(schemes[i].name, name)) {
      *out = (enum gc_scheme)i;
      return true;
    }
  return false;
}

static struct gc_addr well_known_group(enum gc_family family, uint8_t scope, uint8_t ipv4, uint8_t ipv6)
{
  struct gc_addr addr = gc_addr_ipv4(224, 0, 1, ipv4, GC_PORT_COAP);
  if (family == GC_FAMILY_IPV6)
    addr = (struct gc_addr){ .family = GC_FAMILY_IPV6, .ip = { 0xff, scope & 15, [15] = ipv6 }, .port = GC_PORT_COAP };
  return addr;
}

struct gc_addr gc_all_coap_nodes(enum gc_family family, uint8_t scope)
{
  return well_known_group(family, scope, 187, 0xfd);
}

struct gc_addr gc_all_resource_directories(enum gc_family family, uint8_t scope)
{
  return well_known_group(family, scope, 190, 0xfe);
}
