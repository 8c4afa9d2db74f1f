/* gp_material: the keying material of a group that its server manages itself (draft-ietf-core-observe-multicast-
 * notifications, Appendices C and D; version -05, Appendix C). A subset of Group_OSCORE_Input_Material. */
#ifndef GC_OBSERVE_MATERIAL_H
#define GC_OBSERVE_MATERIAL_H

#include "observe/format.h"
#include "oscore/material.h"

/**
 * Is all there that makes a Security Context (Appendix C), and nothing that is not for this use: a Sender ID for the receiver,
 * in -05 the parameters of the pairwise mode?
 * @return NULL, or the fault: lower case, static
 */
const char *gc_group_material_fault(const struct gc_group_material *material);

/**
 * Parse a gp_material map. The numberings overlap, so the caller names the format: that of the informative response.
 * @param[out] out  borrows from map; unchanged on an error
 * @return GC_OK; errors as gc_params_read; GC_E_MALFORMED too: gc_group_material_fault
 */
enum gc_err gc_group_material_parse(struct gc_group_material *out, struct gc_bytes map, enum gc_omn_format format,
                                    struct gc_where *where) GC_MUST_CHECK;

/** Append the map in material->format. GC_E_STATE: gc_group_material_fault; GC_E_SPACE. The output is secret. */
enum gc_err gc_group_material_write(struct gc_buf *out, const struct gc_group_material *material) GC_MUST_CHECK;

#endif
