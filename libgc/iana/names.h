/* Names of registered numbers: codes, content formats, URI schemes, ports and well-known groups. One table each. */
#ifndef GC_IANA_NAMES_H
#define GC_IANA_NAMES_H

#include "base/addr.h"

/* --- ports (RFC 7252, Section 6) --- */
enum { GC_PORT_COAP = 5683, GC_PORT_COAPS = 5684 };

/* --- codes (RFC 7252, Section 12.1; RFC 7959, 8132, 8516, 8768) --- */
enum gc_code {
  GC_CODE_GET = 1,
  GC_CODE_POST = 2,
  GC_CODE_PUT = 3,
  GC_CODE_DELETE = 4,
  GC_CODE_FETCH = 5,
  GC_CODE_PATCH = 6,
  GC_CODE_IPATCH = 7,
  GC_CODE_CREATED = 65,
  GC_CODE_DELETED = 66,
  GC_CODE_VALID = 67,
  GC_CODE_CHANGED = 68,
  GC_CODE_CONTENT = 69,
  GC_CODE_CONTINUE = 95,
  GC_CODE_BAD_REQUEST = 128,
  GC_CODE_UNAUTHORIZED = 129,
  GC_CODE_BAD_OPTION = 130,
  GC_CODE_FORBIDDEN = 131,
  GC_CODE_NOT_FOUND = 132,
  GC_CODE_METHOD_NOT_ALLOWED = 133,
  GC_CODE_NOT_ACCEPTABLE = 134,
  GC_CODE_REQUEST_ENTITY_INCOMPLETE = 136,
  GC_CODE_CONFLICT = 137,
  GC_CODE_PRECONDITION_FAILED = 140,
  GC_CODE_REQUEST_ENTITY_TOO_LARGE = 141,
  GC_CODE_UNSUPPORTED_CONTENT_FORMAT = 143,
  GC_CODE_UNPROCESSABLE_ENTITY = 150,
  GC_CODE_TOO_MANY_REQUESTS = 157,
  GC_CODE_INTERNAL_SERVER_ERROR = 160,
  GC_CODE_NOT_IMPLEMENTED = 161,
  GC_CODE_BAD_GATEWAY = 162,
  GC_CODE_SERVICE_UNAVAILABLE = 163,
  GC_CODE_GATEWAY_TIMEOUT = 164,
  GC_CODE_PROXYING_NOT_SUPPORTED = 165,
  GC_CODE_HOP_LIMIT_REACHED = 168,
};

struct gc_code_info {
  uint8_t code;
  const char *name; /* "GET", "Not Found" */
};

/** "GET", "iPATCH", "Content", "Too Many Requests", "Empty", "CSM"; NULL: not registered. */
const char *gc_code_name(uint8_t code);

/** All registered codes in their order; NULL past the end. Those with code < 32 (and > 0) are the methods. */
const struct gc_code_info *gc_code_at(size_t index);

/** A method by name (letter case ignored), number ("5") or code ("0.05"). false: no registered method. */
bool gc_method_parse(uint8_t *out, struct gc_bytes text) GC_MUST_CHECK;

/** Any code written as "c.dd", or as a registered name (letter case ignored). false: neither. */
bool gc_code_parse(uint8_t *out, struct gc_bytes text) GC_MUST_CHECK;

/** "2.05", "0.01"; returns out. */
char *gc_code_format(char out[static 5], uint8_t code);

/* --- content formats (RFC 7252, Section 12.3 and the IANA registry) --- */

/** How a body of the format can be shown. */
enum gc_body_kind { GC_BODY_OPAQUE, GC_BODY_TEXT, GC_BODY_LINKS, GC_BODY_JSON, GC_BODY_CBOR, GC_BODY_CBOR_SEQ };

/** As the columns of the registry where they matter as numbers. */
enum {
  GC_FORMAT_TEXT_PLAIN = 0,
  GC_FORMAT_COSE_ENCRYPT0 = 16,
  GC_FORMAT_COSE_MAC0 = 17,
  GC_FORMAT_COSE_SIGN1 = 18,
  GC_FORMAT_ACE_CBOR = 19,
  GC_FORMAT_LINK_FORMAT = 40,
  GC_FORMAT_OCTET_STREAM = 42,
  GC_FORMAT_APPLICATION_JSON = 50,
  GC_FORMAT_APPLICATION_CBOR = 60,
  GC_FORMAT_CWT = 61,
  GC_FORMAT_APPLICATION_CBOR_SEQ = 63,
  GC_FORMAT_COSE_KEY = 101,
  GC_FORMAT_CONCISE_PROBLEM_DETAILS = 257,
  GC_FORMAT_ACE_GROUPCOMM = 261,
  GC_FORMAT_AIF_CBOR = 290,
  GC_FORMAT_AIF_GROUPS = 295, /* suggested by draft-ietf-ace-key-groupcomm-oscore, as is 296 for the same in JSON */
  GC_FORMAT_INFORMATIVE_RESPONSE = 65060, /* TBD in draft-ietf-core-observe-multicast-notifications: experimental range */
  GC_FORMAT_CORAL = 65087,                /* TBD; the value of the draft's examples */
};

struct gc_content_format {
  uint16_t number;
  uint8_t kind;           /* enum gc_body_kind */
  const char *name;       /* short and unique: "text", "cbor", "senml+cbor" */
  const char *media_type; /* with its parameters, as registered */
};

/** The row of a number; NULL: not in the table. */
const struct gc_content_format *gc_content_format_info(uint16_t number);

/** How bodies of this Content-Format are shown; OPAQUE for -1 and what is not in the table. */
enum gc_body_kind gc_content_format_kind(int32_t number);

/** All rows in the order of their numbers; NULL past the end. */
const struct gc_content_format *gc_content_format_at(size_t index);

/**
 * A content format by short name, media type (letter case, blanks and quotes ignored; parameters may be left out where
 * that names one row only) or number. Numbers need not be in the table.
 * @return GC_OK; GC_E_NOT_FOUND: no such name, or several; GC_E_RANGE: a number above 65535
 */
enum gc_err gc_content_format_parse(uint16_t *out, struct gc_bytes text) GC_MUST_CHECK;

/** Give a format whose number is still TBD another one for this process. GC_E_EXISTS: taken; GC_E_NOT_FOUND */
enum gc_err gc_content_format_renumber(uint16_t from, uint16_t to) GC_MUST_CHECK;

/** The number that now stands for application/informative-response+cbor. */
uint16_t gc_format_informative_response(void);

/* --- URI schemes (RFC 7252, Section 6; RFC 8323, Section 8; draft-ietf-core-href) --- */
enum gc_scheme { GC_SCHEME_COAP, GC_SCHEME_COAPS, GC_SCHEME_COAP_TCP, GC_SCHEME_COAPS_TCP, GC_SCHEME_COAP_WS, GC_SCHEME_COAPS_WS, GC_SCHEME_COUNT };

struct gc_scheme_info {
  const char *name;      /* "coap+tcp" */
  uint16_t default_port;
  uint8_t cri_number;    /* of draft-ietf-core-href; a scheme-id is -1 - number */
  bool is_secure, is_udp;
};

/** Never NULL for a value of the enum. */
const struct gc_scheme_info *gc_scheme_info(enum gc_scheme scheme);

/** Letter case ignored; false: not a CoAP scheme. */
bool gc_scheme_by_name(enum gc_scheme *out, struct gc_bytes name) GC_MUST_CHECK;

/* --- groups (RFC 7252, Section 12.8; RFC 9176, Section 9.5) --- */

/** Scopes of IPv6 multicast addresses (RFC 7346). */
enum { GC_SCOPE_INTERFACE = 1, GC_SCOPE_LINK = 2, GC_SCOPE_REALM = 3, GC_SCOPE_ADMIN = 4, GC_SCOPE_SITE = 5, GC_SCOPE_ORGANIZATION = 8, GC_SCOPE_GLOBAL = 14 };

/** All CoAP Nodes: 224.0.1.187, or ff0X::fd of the scope (which IPv4 ignores); port 5683. */
struct gc_addr gc_all_coap_nodes(enum gc_family family, uint8_t scope);

/** All CoRE Resource Directories: 224.0.1.190, or ff0X::fe; port 5683. */
struct gc_addr gc_all_resource_directories(enum gc_family family, uint8_t scope);

#endif
