/* A group that a server manages itself, for the observers of its group observations alone (draft-ietf-core-observe-multicast-
 * notifications, Appendix C; version -05, Appendix C): what a client makes of the keying material in an informative response. */
#ifndef GC_OBSERVE_SELF_MANAGED_H
#define GC_OBSERVE_SELF_MANAGED_H

#include "observe/informative.h"
#include "oscore/context.h"

/**
 * The Security Context of a client: a silent server's, without Sender Context, with the server as its only recipient. Group
 * mode only: AEAD Algorithm and Pairwise Key Agreement Algorithm stay unset, and the server's credential stands for the Group
 * Manager's too. Contexts from one server are of one group by their name, whatever their Gid. Keying material of -05 makes a context of draft -02, whose countersignatures belong to its time.
 * @param response with GC_IR_GP_MATERIAL; nothing of it is borrowed by the context
 * @param[out] why  static phrase on an error; NULL allowed
 * @return GC_OK; GC_E_STATE: no keying material, or gc_informative_fault; GC_E_MALFORMED, GC_E_TRUNCATED, GC_E_RANGE: the
 *         material, the credential or the Sender ID; GC_E_UNSUPPORTED: an algorithm or credential format; GC_E_MEMORY
 */
enum gc_err gc_self_managed_open(struct gc_oscore_context **out, const struct gc_informative *response, const char **why) GC_MUST_CHECK;

/**
 * Seconds until the keying material expires: of exp where it is given and the time of day is known, else of exi. 0: expired.
 * @param utc_s seconds since 1970-01-01T00:00:00Z; negative: not known
 */
double gc_self_managed_expires_in(const struct gc_informative *response, double utc_s);

#endif
