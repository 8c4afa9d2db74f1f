/* The part of CRIs that tp_info needs: a scheme and an address (draft-ietf-core-href, Section 5.1). */
#ifndef GC_OBSERVE_CRI_H
#define GC_OBSERVE_CRI_H

#include "base/addr.h"
#include "cbor/reader.h"
#include "cbor/writer.h"
#include "iana/names.h"

struct gc_cri {
  enum gc_scheme scheme;
  struct gc_addr addr; /* a port that is not given is the scheme's */
  bool is_nested;      /* the authority is an array of its own: [-1, [h'..', port]], as the CDDL says; else [-1, h'..', port], as
                        * the examples of draft-ietf-core-observe-multicast-notifications show */
};

/**
 * Read [scheme-id, host-ip, ?port] with the authority flat or nested, whichever it is.
 * @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED: no such CRI, with a path or more, port 0; GC_E_UNSUPPORTED: a scheme that is
 *         not CoAP's, a host name, user information, a zone. On an error the reader is where it was
 *         and reader->where says why.
 */
enum gc_err gc_cri_read(struct gc_cbor_reader *reader, struct gc_cri *out) GC_MUST_CHECK;

/** Write one; the scheme's own port is left out. GC_E_RANGE sticks to the writer where the address has no family. */
void gc_cri_write(struct gc_cbor_writer *writer, const struct gc_cri *cri);

#endif
