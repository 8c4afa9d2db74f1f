/* gc-decode's parts: parameters, sources, pairing, filter, output. */
#ifndef GC_DECODE_H
#define GC_DECODE_H

#include "base/addr.h"
#include "coap/message.h"
#include "common/informative_view.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/show_ace.h"
#include "common/status.h"
#include "iana/names.h"
#include "oscore/message.h"

enum { DECODE_PORTS_MAX = 64, DECODE_PHANTOM_FILES = 64 };
enum decode_time { DECODE_TIME_RELATIVE, DECODE_TIME_ABSOLUTE, DECODE_TIME_EPOCH };

struct decode_filter;
struct decode_security;
struct gc_show_opened;

struct decode_params {
  struct gc_common common;
  bool is_hex;
  int time;                   /* enum decode_time */
  uint64_t count;             /* stop after so many messages shown; 0: all */
  bool any_port;
  uint16_t ports[DECODE_PORTS_MAX];
  size_t port_count;
  const char *capture_filter; /* libpcap's language; NULL: none */
  uint32_t jobs;              /* threads that verify; 0: not given */
  const char *phantoms[DECODE_PHANTOM_FILES]; /* --phantom, in order */
  size_t phantom_count;
  const char *token_keys[GC_TOKEN_KEYS];      /* --token-key, in order */
  size_t token_key_count;
  bool show_secrets;
  struct decode_filter *filter;
  char **files;               /* "-": standard input */
  size_t file_count;
};

/** argv to *params; wrong use ends the program with status 2. */
void decode_params_parse(struct decode_params *params, int argc, char **argv);
void decode_params_clear(struct decode_params *params);

/** Is the datagram on a port that carries CoAP (or, with --port any, does it look like CoAP)? */
bool decode_params_wants(const struct decode_params *params, uint16_t from, uint16_t to, struct gc_bytes payload);

/** One message, and what is known about it. */
struct decode_record {
  uint64_t n;                 /* 1, 2, … over all inputs */
  uint64_t frame;             /* packet number in its capture; --hex: the line */
  const char *file;           /* NULL: the only one */
  bool has_place;             /* time and addresses are known (not with --hex) */
  uint64_t wall_us;
  struct gc_addr from, to;
  struct gc_bytes datagram;
  struct gc_message message;
  bool is_header_read;        /* type, code and Message ID are good */
  const char *error;          /* NULL: whole */
  size_t error_at;            /* bytes into the datagram */
  /* from pairing; numbers are `n`, 0: none */
  uint64_t request;           /* of a response */
  uint64_t acknowledges, resets; /* of an empty ACK or RST */
  uint64_t duplicate_of;
  uint64_t rtt_us;            /* since `request`, `acknowledges` or `resets` */
  bool is_other_address;      /* the response to a unicast request comes from another address */
  const struct decode_security *security; /* NULL: the message is not protected */
  /* of group observations: the informative response with the phantom request that a notification answers, or whose notifications
   * a request confirms interest in; its number, or the file it was given in (0 and NULL: none) */
  uint64_t phantom;
  const char *phantom_file;
  const struct gc_show_opened *parts; /* of an informative response: what was opened; NULL: not tried */
  const struct gc_ace_message *ace;   /* what message of ACE it is; NULL: none */
};

/* --- pairing: gc-decode_match.c ------------------------------------------------------------------------------------ */

/** Requests and messages remembered, oldest out: memory does not grow with the capture. */
enum { DECODE_REMEMBERED = 8192 };

struct decode_match;
struct decode_match *decode_match_new(void);
void decode_match_free(struct decode_match **match);

/** Fill the pairing fields of a record whose header and token are good, and remember it. */
void decode_match_add(struct decode_match *match, struct decode_record *record);

/** Requests (without duplicates) that got no response so far. */
uint64_t decode_match_unanswered(const struct decode_match *match);

/* --- security: gc-decode_secure.h; gc-decode_reason.c -------------------------------------------- */

enum decode_outcome {
  DECODE_OPENED,              /* verified and decrypted */
  DECODE_VERIFIED,            /* by a signature checker's context: not decrypted */
  DECODE_REFUSED,             /* a context that was given should open it, and does not */
  DECODE_UNOPENED,            /* no context that was given could open it */
};

/** Why a message was not opened: enum gc_sec, and */
enum { DECODE_NOT_OURS = GC_SEC_COUNT, DECODE_NEEDS_MEMBER, DECODE_DAMAGED, DECODE_REASONS };

/** What a protected message turned out to be. */
struct decode_security {
  enum decode_outcome outcome;
  unsigned reason;            /* 0: opened */
  bool is_option_read, is_02; /* the OSCORE option; as draft -02 has it */
  bool is_request;
  bool is_gid_known;          /* a context has the Gid in question */
  bool lacks_contexts;        /* no -g at all */
  bool is_05_cancellation;    /* bound to a phantom cancellation request, as in -05 */
  struct gc_oscore_option option;
  struct gc_oscore_opened opened; /* what was found before it failed, if it did */
  struct gc_bytes kid, gid, piv; /* in effect: of option, request or context; ptr NULL: not known */
  uint64_t seen_in;           /* replays: number of the message that had the same Partial IV */
};

/** Is it protected, and what does its OSCORE option say? */
bool decode_security_look(struct decode_security *security, const struct decode_record *record);

/** In words, with the ids concerned; at most 200 bytes. */
const char *decode_security_error(char text[static 200], const struct decode_security *security);

/** Who protected it: "group 44616c kid=25 piv=05". */
const char *decode_security_ids(char text[static 200], const struct decode_security *security);
const char *decode_reason_str(unsigned reason);
const char *decode_reason_name(unsigned reason);

/** Who it was, by the credential's own words; empty: it has none, or the message is the context's own. */
struct gc_bytes decode_security_subject(const struct decode_security *security);

/** The message to show and to filter: the inner one where it was opened. */
static inline const struct gc_message *decode_shown_message(const struct decode_record *record)
{
  const struct decode_security *security = record->security;
  return security && security->outcome == DECODE_OPENED ? &security->opened.inner : &record->message;
}

/* --- display filter: gc-decode_filter.c ---------------------------------------------------------------------------- */

/** NULL: `why` says what is wrong and where. */
struct decode_filter *decode_filter_parse(const char *text, char why[static 256]);
bool decode_filter_matches(const struct decode_filter *filter, const struct decode_record *record);
void decode_filter_free(struct decode_filter **filter);

/* --- output: gc-decode_print.c, gc-decode_json.c ------------------------------------------------------------------- */

struct decode_printer {
  struct gc_out *out;
  enum decode_time time;
  int verbose;                /* 0 a line, 1 the tree, 3 hex too */
  bool show_secrets;
  struct {
    struct gc_token_keys keys_store;
    struct gc_show_ace how;   /* keys: NULL, or keys_store */
  } ace;
  bool has_first;
  uint64_t first_us;          /* relative times count from here */
};

void decode_print(struct decode_printer *printer, const struct decode_record *record);
void decode_json(struct decode_printer *printer, const struct decode_record *record);

/** Address and port as gc_addr_format has them, at most GC_ADDR_STR_MAX bytes; answers where they end. */
uint8_t *decode_put_address(uint8_t *at, const struct gc_addr *addr);

/** Is it an informative response? For all others this costs nothing. */
static inline bool decode_is_informative(const struct gc_message *message)
{
  return (message->code == GC_CODE_SERVICE_UNAVAILABLE || (message->code == GC_CODE_CONTENT && message->payload.len &&
                                                            (message->payload.ptr[0] & 0xe0) == 0xa0)) && /* (a map) */
         gc_informative_is_in(message);
}

/** Is there a key or a token in what of the datagram can be read without keys? */
bool decode_holds_secret(const struct decode_record *record);

/* --- the run: gc-decode_run.c, gc-decode_capture.c, gc-decode_hex.c -------------------------------------------------- */

struct decode_run {
  const struct decode_params *params;
  struct decode_match *match;
  struct decode_printer printer;
  enum gc_status status;      /* the worst so far */
  bool is_done;               /* --count reached, stdout closed, or interrupted */
  struct decode_secure *secure; /* NULL: no -g, and no keys were learned */
  struct decode_phantoms *phantoms; /* NULL: no group observation is known */
  uint8_t *parts_storage;     /* for those of an informative response */
  struct decode_batch *batch; /* NULL: one message at a time */
  struct decode_ace *ace;     /* NULL: no request of ACE was seen */
  struct decode_associations *associations; /* NULL: none has begun */
  struct gc_ace_message ace_message; /* of the record at hand */
  uint64_t is_protected, decrypted, verified, not_opened[DECODE_REASONS];
  uint64_t messages, shown, whole, requests, responses, damaged, duplicates, dtls, damaged_frames, incomplete;
};

enum gc_status decode_run(const struct decode_params *params);

/** Parse, pair, filter and print one datagram; record has what is known about where it came from, and error where the
 *  capture is damaged around it. */
void decode_run_datagram(struct decode_run *run, struct decode_record *record);

/** Make ready for protected messages: contexts of files, or those that informative responses will bring. false: told */
bool decode_run_begin_security(struct decode_run *run);

/** Everything but parsing and pairing: what is done with a message in its turn. */
void decode_run_finish(struct decode_run *run, struct decode_record *record, struct decode_security *security);

/** A name that is no file is bad input, as a capture that lies; permission and the like are the system's. */
enum gc_status decode_open_status(enum gc_err err, int system_errno);

void decode_run_capture(struct decode_run *run, const char *name, bool is_live);
void decode_run_hex(struct decode_run *run, const char *name);

/** SIGINT and SIGTERM: true once one came. The reader (a struct gc_pcap_reader, or NULL) is woken. */
bool decode_interrupted(void);
struct gc_pcap_reader;
void decode_interrupts(struct gc_pcap_reader *reader);

#endif
