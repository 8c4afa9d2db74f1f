/* Within gc-decode: group observations (draft-ietf-core-observe-multicast-notifications), by the informative responses that were
 * seen or given with --phantom. */
#ifndef GC_DECODE_PHANTOM_H
#define GC_DECODE_PHANTOM_H

#include "gc-decode_secure.h"
#include "observe/informative.h"

enum { DECODE_PHANTOMS = 1024, DECODE_PH_REQ_MAX = 1024 }; /* remembered, oldest out; bytes of a ph_req, longer ones are not used */

/** One of them. */
struct decode_phantom {
  uint64_t id;                /* of server, group and Token; what decode_task.observation has */
  uint64_t n;                 /* number of the informative response; 0: of a file */
  const char *file;           /* --phantom; NULL: seen */
  bool has_place;             /* found by server, group and Token; else (--hex) by the Token alone */
  bool is_protected;
  struct gc_addr server, group;
  uint8_t token[GC_TOKEN_MAX_LEN], token_len;
  struct decode_request request; /* what protected notifications are bound to; n is 0 */
  uint8_t ph_req[DECODE_PH_REQ_MAX], plain[DECODE_PH_REQ_MAX]; /* code ‖ options ‖ [ff ‖ payload], or nothing; plain: decrypted */
  uint16_t ph_req_len, plain_len;
  size_t tried_with;          /* contexts there were when it was last tried to decrypt it */
};

/* --- gc-decode_phantom.c: the table ------------------------------------------------------------------------------------------ */

struct decode_phantoms;
struct decode_phantoms *decode_phantoms_new(void);
void decode_phantoms_free(struct decode_phantoms **phantoms);

/**
 * Remember the phantom request of an informative response, once however often it comes.
 * @param n    number of the message that it came in; 0: from file
 * @return id; 0: it names no group, or its phantom request cannot be used
 */
uint64_t decode_phantoms_add(struct decode_phantoms *phantoms, const struct gc_informative *response, uint64_t n, const char *file,
                             bool has_place);

/** What a notification of a group observation answers: the latest phantom request seen before it. NULL: it is none. */
const struct decode_phantom *decode_phantoms_find(struct decode_phantoms *phantoms, const struct decode_record *record);

/** Do so for a response without a request. true: it answers another one than it did so far */
bool decode_phantoms_match(struct decode_phantoms *phantoms, struct decode_record *record);

/** One after the other, in no order: *at begins with 0. NULL: there are no more */
struct decode_phantom *decode_phantoms_next(struct decode_phantoms *phantoms, size_t *at);

/* --- gc-decode_informative.c ------------------------------------------------------------------------------------------------- */

/** Every --phantom FILE. */
enum gc_status decode_informative_files(struct decode_run *run);

/** Learn from an informative response: its phantom request, and its keys where it has them. message: decrypted */
void decode_informative_learn(struct decode_run *run, const struct decode_record *record, const struct gc_message *message);

/** Whose notifications the client of a request still wants, where it says so (Section 8.2). message: decrypted */
void decode_informative_confirm(struct decode_run *run, struct decode_record *record, const struct gc_message *message);

/** ph_req and last_notif of an informative response, opened. The memory is that of the run, until the next call. */
const struct gc_show_opened *decode_informative_open(struct decode_run *run, const struct decode_record *record,
                                                     const struct gc_message *message);

#endif
