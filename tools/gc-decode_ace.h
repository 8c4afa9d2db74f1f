/* Within gc-decode: messages of ACE. */
#ifndef GC_DECODE_ACE_H
#define GC_DECODE_ACE_H

#include "gc-decode.h"

enum { DECODE_ACE_REQUESTS = 1024 }; /* remembered */

/** Read every --token-key FILE. */
enum gc_status decode_ace_begin(struct decode_run *run);
void decode_ace_end(struct decode_run *run);

/** See what message of ACE a record is (as decrypted), in the order of the capture. */
void decode_ace_look(struct decode_run *run, struct decode_record *record);

#endif
