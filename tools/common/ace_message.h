/* Which message of ACE it is: by path, code and Content-Format (RFC 9200; RFC 9203; RFC 9594; draft-ietf-ace-key-groupcomm-oscore). */
#ifndef GC_TOOLS_ACE_MESSAGE_H
#define GC_TOOLS_ACE_MESSAGE_H

#include "coap/message.h"

/** What a path with its default names stands for (REQUIREMENTS: the resources of an Authorization Server, a resource server, a Group
 *  Manager and a member). */
enum gc_ace_resource {
  GC_ACE_RES_OTHER,
  GC_ACE_RES_TOKEN,
  GC_ACE_RES_INTROSPECT,
  GC_ACE_RES_AUTHZ_INFO,
  GC_ACE_RES_GROUPS,     /* ace-group */
  GC_ACE_RES_GROUP,      /* ace-group/G */
  GC_ACE_RES_ACTIVE,     /* ace-group/G/active, and so on */
  GC_ACE_RES_VERIF_DATA,
  GC_ACE_RES_CREDS,
  GC_ACE_RES_KDC_CRED,
  GC_ACE_RES_STALE_SIDS,
  GC_ACE_RES_POLICIES,
  GC_ACE_RES_NUM,
  GC_ACE_RES_NODE,       /* ace-group/G/nodes/N */
  GC_ACE_RES_NODE_CRED,  /* ace-group/G/nodes/N/cred */
  GC_ACE_RES_CONTROL,    /* ace-group/G/node: the default of control_uri, at a member */
};

/** What a payload is. */
enum gc_ace_kind {
  GC_ACE_KIND_NONE,
  GC_ACE_KIND_AS,         /* parameters of the token endpoint */
  GC_ACE_KIND_AUTHZ_INFO, /* parameters of the transfer of a token */
  GC_ACE_KIND_HINTS,
  GC_ACE_KIND_INTROSPECTION,
  GC_ACE_KIND_GROUPCOMM,
  GC_ACE_KIND_PROBLEM,
  GC_ACE_KIND_TOKEN,      /* a CWT alone */
  GC_ACE_KIND_SCOPE,      /* AIF */
  GC_ACE_KIND_COSE_KEY,
  GC_ACE_KIND_NUM,        /* a number alone */
  GC_ACE_KIND_ACTIVE,     /* a truth value alone */
  GC_ACE_KIND_STALE_IDS,  /* an array of byte strings alone */
  GC_ACE_KIND_NOTHING,    /* an empty byte string: nothing was found */
};

/** What a response needs to know of its request. */
struct gc_ace_request {
  enum gc_ace_resource resource;
  uint8_t method;
};

struct gc_ace_message {
  enum gc_ace_kind kind;
  const char *title;       /* "Join Request"; static */
  bool is_begun_elsewhere; /* a block that is not the first: not looked into, kind is NONE */
  bool goes_on;            /* a first block, and more follow */
};

/** The resource of a request; OTHER: of none of these. */
enum gc_ace_resource gc_ace_resource(const struct gc_message *request);

/**
 * What a request or response is.
 * @param request of a response: what it answers; NULL: not known, or it is a request
 * @return false: none of ACE
 */
bool gc_ace_look(struct gc_ace_message *out, const struct gc_message *message, const struct gc_ace_request *request);

/** What a payload of this Content-Format is when neither path nor code are known. */
enum gc_ace_kind gc_ace_kind_of(struct gc_bytes payload, int32_t content_format);

/** The Content-Format of a payload, also where the place says what the option does not: a token alone that is sent to authz-info (RFC 9200,
 *  Section 5.10.1). -1: none */
int32_t gc_ace_content_format(const struct gc_message *message);

#endif
