/* What the values of ACE's messages are, by their names: how they are shown, which are secret, what their numbers stand for. Names are
 * those of the tables of libgc/ace; each has one meaning wherever it occurs. */
#ifndef GC_TOOLS_ACE_NAMES_H
#define GC_TOOLS_ACE_NAMES_H

#include "cbor/params.h"
#include "common/ace_walk.h"

/* Rows that libgc has no table of, for their names only: confirmation methods, and the labels of a COSE_Key. NULL past the end. */
const struct gc_param *gc_ace_method_at(size_t index);
const struct gc_param *gc_ace_cose_key_at(size_t index);

enum gc_ace_sense gc_ace_name_sense(const char *name);
bool gc_ace_name_is_secret(const char *name);

/** Is the byte string a token? */
bool gc_ace_name_is_token(const char *name);

/** "invalid_scope" of error 6, "coap_oscore" of ace_profile 2; NULL: nothing known. */
const char *gc_ace_meaning(const char *name, int64_t number);

/** A name as JSON has it: "response_code", "key_update_check_interval". Returns out. */
#define GC_ACE_KEY_MAX 64
char *gc_ace_json_key(char out[static GC_ACE_KEY_MAX], const char *name);

/** Why an item is none of the type (enum gc_param_type); NULL: it is. */
const char *gc_ace_type_fault(uint8_t type, struct gc_bytes item);

#endif
