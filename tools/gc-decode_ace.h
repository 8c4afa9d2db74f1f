/* Within gc-decode: messages of ACE. */
#ifndef GC_DECODE_ACE_H
#define GC_DECODE_ACE_H

#include "gc-decode.h"

enum { DECODE_ACE_REQUESTS = 1024 }; /* remembered */

/** Read every --token-key FILE. */
enum gc_status decode_ace_begin(struct decode_run *run);
void decode_ace_end(struct decode_run *run);

/** May a record be one? For most messages this is all that it costs. */
static inline bool decode_ace_may_be(const struct decode_run *run, const struct decode_record *record)
{
  const struct gc_message *message = decode_shown_message(record);
  if (message->payload.len && (message->payload.ptr[0] >= 0x80 || message->payload.ptr[0] == 0x40)) /* an array, a map, a tag; nothing found */
    return true;
  if (!GC_CODE_IS_REQUEST(message->code))
    return run->ace && record->request;
  return message->options.len > 11 && memchr(message->options.ptr, '-', message->options.len); /* ace-group/G */
}

/** See what message of ACE a record is (as decrypted), in the order of the capture. */
void decode_ace_look(struct decode_run *run, struct decode_record *record);

/* --- gc-decode_association.c --------------------------------------------------------------------------------------------- */

/** May a message be one of those? For all others this is all that it costs. */
static inline bool decode_association_may_be(const struct gc_message *message)
{
  return message->payload.len && (message->payload.ptr[0] & 0xe0) == 0xa0 && /* a map */
         (message->code == GC_CODE_POST || message->code == GC_CODE_CREATED);
}

/** Learn from the messages that make an OSCORE association; its Security Context is used for what follows. message: decrypted */
void decode_association_learn(struct decode_run *run, const struct decode_record *record, const struct gc_message *message);
void decode_associations_free(struct decode_run *run);

#endif
