/* tp_info: whence and whither the multicast notifications go, and with which Token (draft-ietf-core-observe-multicast-
 * notifications, Section 4.2.1; version -05, Section 2.2.1). Only CoAP over UDP. */
#ifndef GC_OBSERVE_TP_INFO_H
#define GC_OBSERVE_TP_INFO_H

#include "base/addr.h"
#include "cbor/reader.h"
#include "cbor/writer.h"

/** How tp_info is written; reading knows each by itself. */
enum gc_tp_form {
  GC_TP_FLAT,        /* CRIs as in the draft's examples: [-1, h'..', port] */
  GC_TP_NESTED,      /* CRIs as in the draft's CDDL: [-1, [h'..', port]] */
  GC_TP_05,          /* [1, 260(h'..'), port, token, 260(h'..'), port] */
  GC_TP_05_UNTAGGED, /* the same without tags, as in the figures of -05 */
};

struct gc_tp_info {
  enum gc_tp_form form;
  struct gc_addr server;  /* SRV_ADDR:SRV_PORT, the source of notifications */
  bool has_details;       /* false: group and token are not given (a server may know that clients have them otherwise) */
  struct gc_addr group;   /* GRP_ADDR:GRP_PORT, their destination */
  struct gc_bytes token;  /* T: 0 … GC_TOKEN_MAX_LEN bytes, borrowed */
};

/**
 * Can notifications come that way? The server's address is unicast, the group's multicast of the same family; neither is
 * bound to one link or to a (deprecated) site-local unicast prefix; ports are not 0; the token is not too long. Multicast of
 * site-local scope is allowed: Section 4.4 recommends it.
 * @return NULL, or the fault: lower case, static
 */
const char *gc_tp_info_fault(const struct gc_tp_info *info);

/**
 * Read a tp_info array of either format.
 * @return GC_OK; GC_E_TRUNCATED; GC_E_MALFORMED: no tp_info, or gc_tp_info_fault; GC_E_UNSUPPORTED: another transport than UDP,
 *         a host name. On an error the reader is where it was and reader->where says why.
 */
enum gc_err gc_tp_info_read(struct gc_cbor_reader *reader, struct gc_tp_info *out) GC_MUST_CHECK;

/** Write one in info->form. GC_E_RANGE sticks to the writer where gc_tp_info_fault finds one, or details are missing in -05. */
void gc_tp_info_write(struct gc_cbor_writer *writer, const struct gc_tp_info *info);

#endif
