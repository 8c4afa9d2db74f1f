/* CoAP URIs and the options they become (RFC 7252, Sections 6.4 and 6.5; RFC 3986). */
#ifndef GC_COAP_URI_H
#define GC_COAP_URI_H

#include "coap/builder.h"
#include "iana/names.h"

#define GC_URI_MAX_LEN 8192       /* bytes; far more than what a request can carry sensibly */
#define GC_URI_SEGMENT_MAX_LEN 255 /* of a decoded path segment or query argument: one option */

enum gc_host_kind {
  GC_HOST_ADDRESS,  /* a literal, in addr */
  GC_HOST_NAME,     /* a name for the resolver, in name */
  GC_HOST_ALL_COAP, /* the shorthand "all-coap": take gc_all_coap_nodes of the family and scope wanted */
};

/** A URI, split. path, query and zone point into the text and live as long as it does. */
struct gc_uri {
  enum gc_scheme scheme;
  enum gc_host_kind host;
  struct gc_addr addr;     /* HOST_ADDRESS: with port, zone 0; else family NONE and the port */
  char name[256];          /* HOST_NAME: lower case, percent-decoded UTF-8 without NUL; else "" */
  struct gc_bytes zone;    /* "eth0" of "%eth0" and of "%25eth0" (RFC 6874); empty: none */
  uint16_t port;           /* as written, or the scheme's default */
  bool has_port, has_query;
  struct gc_bytes path;    /* as written: "", "/" or "/a/b%20c" */
  struct gc_bytes query;   /* as written, without "?" */
};

/**
 * Parse an absolute URI of one of the CoAP schemes. Path and query are checked completely: what gc_uri_add_options makes
 * of them fits into options.
 * @param[out] where NULL allowed; its phrase is meant for the person who typed the URI
 * @return GC_OK; GC_E_MALFORMED; GC_E_RANGE: a port, segment or URI beyond its bounds; GC_E_UNSUPPORTED: other scheme
 */
enum gc_err gc_uri_parse(struct gc_uri *out, struct gc_bytes text, struct gc_where *where) GC_MUST_CHECK;

/**
 * May the URI name a group? GC_OK for every URI whose host is not multicast, too.
 * @return GC_OK; GC_E_RANGE: port 5684; GC_E_UNSUPPORTED: a scheme other than coap
 * @see draft-ietf-core-groupcomm-bis, Sections 2.2.1 and 3.4
 */
enum gc_err gc_uri_check_group(const struct gc_uri *uri, struct gc_where *where) GC_MUST_CHECK;

/** A multicast literal or "all-coap". */
bool gc_uri_is_group(const struct gc_uri *uri);

/**
 * Add Uri-Host (for a name only: never for a literal, never the zone), Uri-Path and Uri-Query. Uri-Port is elided: the
 * datagram goes to the URI's port. Dot segments are resolved, percent-encodings too. Errors stick to the builder.
 */
void gc_uri_add_options(struct gc_builder *builder, const struct gc_uri *uri);

/**
 * Add one option of `number` (Uri-Path, Location-Path) for each segment of a path as it stands in a URI ("/a/b", "a/b");
 * none for "" and "/". A segment too long or a bad percent-encoding makes the builder fail with GC_E_RANGE/GC_E_MALFORMED.
 */
void gc_uri_add_path(struct gc_builder *builder, uint16_t number, struct gc_bytes path);

/** Add one option of `number` (Uri-Query, Location-Query) for each argument of a query without its "?"; none for "". */
void gc_uri_add_query(struct gc_builder *builder, uint16_t number, struct gc_bytes query);

/**
 * Append the URI that a request's options and destination stand for (RFC 7252, Section 6.5).
 * @return GC_OK; GC_E_SPACE; GC_E_MALFORMED: an option that cannot stand in a URI. Nothing is appended on error.
 */
enum gc_err gc_uri_compose(struct gc_buf *out, enum gc_scheme scheme, struct gc_bytes options, const struct gc_addr *destination) GC_MUST_CHECK;

/** Append "/a/b?x&y" of Uri-Path and Uri-Query: the resource alone. Errors as gc_uri_compose. */
enum gc_err gc_uri_compose_resource(struct gc_buf *out, struct gc_bytes options) GC_MUST_CHECK;

/**
 * Append the absolute form of a reference found in a response (RFC 3986, Section 5.2).
 * @param base      the request's URI
 * @param responder takes the place of the base's authority (RFC 7252, Section 8.2); NULL: the base's own
 * @return GC_OK; GC_E_SPACE; GC_E_MALFORMED. Nothing is appended on error.
 */
enum gc_err gc_uri_resolve(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder,
                           struct gc_bytes reference, struct gc_where *where) GC_MUST_CHECK;

/**
 * Append the absolute URI that Location-Path and Location-Query of a response mean (RFC 7252, Section 5.10.7).
 * @return as gc_uri_resolve; GC_E_NOT_FOUND: neither option is there
 */
enum gc_err gc_uri_location(struct gc_buf *out, const struct gc_uri *base, const struct gc_addr *responder, struct gc_bytes options) GC_MUST_CHECK;

#endif
