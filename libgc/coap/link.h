/* CoRE Link Format (RFC 6690): reading without allocation, filtering, writing. */
#ifndef GC_COAP_LINK_H
#define GC_COAP_LINK_H

#include "base/bytes.h"

/** A link-value; points into the text and lives as long as it does. */
struct gc_link_value {
  struct gc_bytes target; /* between "<" and ">" */
  struct gc_bytes params; /* ";rt=\"x\";obs", checked */
  struct gc_bytes text;   /* the whole link-value */
};

/** A link-param (attribute). */
struct gc_link_param {
  struct gc_bytes name;
  struct gc_bytes value;  /* as written, without the quotes; empty where there is none */
  bool has_value;
  bool is_quoted;         /* value may hold "\" escapes: gc_link_unquote */
};

struct gc_link_reader {
  struct gc_bytes text;
  size_t pos;
};

struct gc_link_reader gc_link_reader(struct gc_bytes text);

/**
 * The next link. Blanks and line breaks between links and attributes are tolerated, as is "name=" without a value.
 * @return GC_OK; GC_E_END; GC_E_MALFORMED: where says what, and the reader stays at its end
 */
enum gc_err gc_link_next(struct gc_link_reader *reader, struct gc_link_value *out, struct gc_where *where) GC_MUST_CHECK;

/** Take the attribute at the front of *params (which begins as link->params); false at the end. */
bool gc_link_param_next(struct gc_bytes *params, struct gc_link_param *out);

/** The first attribute of this name, letter case ignored; later ones of osc, gosc, … do not count. out may be NULL. */
bool gc_link_param_find(const struct gc_link_value *link, const char *name, struct gc_link_param *out);

/** Append the value with its escapes resolved. */
enum gc_err gc_link_unquote(struct gc_buf *out, const struct gc_link_param *param) GC_MUST_CHECK;

/** Is `value` the attribute's value, or one of its blank-separated values where it can have several (rt, if, rel, rev, ct)? */
bool gc_link_param_has(const struct gc_link_param *param, struct gc_bytes value);

/** A search of RFC 6690, Section 4.1; points into the query. */
struct gc_link_filter {
  struct gc_bytes name;  /* "rt", "href", … */
  struct gc_bytes value; /* without the "*" */
  bool is_prefix;        /* there was a "*": any value that begins so */
};

/** From the value of a Uri-Query option, percent-decoded already: "rt=g.*". A name alone asks for its presence. */
struct gc_link_filter gc_link_filter(struct gc_bytes query);

bool gc_link_matches(const struct gc_link_value *link, const struct gc_link_filter *filter);

/** All Uri-Query options of a request; true where there are none. */
bool gc_link_matches_options(const struct gc_link_value *link, struct gc_bytes options);

/** Links being written, in the caller's buffer. Errors stick; finish reports the first and takes everything back. */
struct gc_link_writer {
  struct gc_buf *out;
  size_t start, link_at;
  enum gc_err err;
};

/** @param out appended to; a comma comes first where it is not empty */
struct gc_link_writer gc_link_writer(struct gc_buf *out);
void gc_link_begin(struct gc_link_writer *writer, struct gc_bytes target);

/** name="value" with escapes where they are needed. */
void gc_link_add(struct gc_link_writer *writer, const char *name, struct gc_bytes value);

/** name=value */
void gc_link_add_uint(struct gc_link_writer *writer, const char *name, uint64_t value);

/** name alone (obs, osc, gosc, gp-obs); a second time in one link adds nothing (RFC 8613, Section 9). */
void gc_link_add_flag(struct gc_link_writer *writer, const char *name);

/** GC_OK; GC_E_SPACE; GC_E_MALFORMED: a target or value that cannot stand in a link; GC_E_STATE: attribute before a link */
enum gc_err gc_link_finish(struct gc_link_writer *writer) GC_MUST_CHECK;

#endif
