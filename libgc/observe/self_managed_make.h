/* A group that a server manages itself, the server's side: the context it protects with, and what an informative response tells
 * of it (draft-ietf-core-observe-multicast-notifications, Appendix C; version -05, Appendix C). */
#ifndef GC_OBSERVE_SELF_MANAGED_MAKE_H
#define GC_OBSERVE_SELF_MANAGED_MAKE_H

#include "observe/informative.h"
#include "oscore/context.h"

/** What a group is made of. Copied. */
struct gc_self_managed_params {
  enum gc_omn_format format;
  struct gc_bytes sender_id;    /* the server's, 1 … GC_ID_MAX_LEN bytes */
  struct gc_bytes private_key;  /* Ed25519, 32 bytes */
  struct gc_bytes cred;         /* the CCS with the public key; empty: one without a subject is made. -05 knows no CCS */
  struct gc_bytes master_secret, master_salt; /* fresh, 16 … 64 bytes and 0 … 64 bytes */
  struct gc_bytes gid;          /* never used before with these or other keys, 1 … GC_ID_CONTEXT_MAX_LEN bytes */
};

/** Lies in secret memory. */
struct gc_self_managed;

/**
 * Group mode only, AES-CCM-16-64-128 and EdDSA with Ed25519; AEAD Algorithm and Pairwise Key Agreement Algorithm stay unset, and
 * the server's credential stands for the Group Manager's too. -05: a context of draft -02, the public key as a COSE_Key with kid.
 * Sender Sequence Numbers begin at 0.
 * @param[out] why  static phrase on an error; NULL allowed
 * @return GC_OK; GC_E_RANGE, GC_E_MALFORMED: as gc_oscore_context_new and gc_oscore_context_set_sender; GC_E_MEMORY
 */
enum gc_err gc_self_managed_make(struct gc_self_managed **out, const struct gc_self_managed_params *params, const char **why) GC_MUST_CHECK;

/** Wipes every key. Bindings made with its context must be gone. */
void gc_self_managed_free(struct gc_self_managed **group);

struct gc_oscore_context *gc_self_managed_context(const struct gc_self_managed *group);

/** gp_material, srv_cred and srv_identifier of an informative response in the group's format; borrowed from the group. What is
 *  written from it is secret. exi and exp are the caller's. */
void gc_self_managed_tell(const struct gc_self_managed *group, struct gc_informative *response);

#endif
