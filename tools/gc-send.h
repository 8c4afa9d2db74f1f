/* gc-send: what its files share. argv → struct gc_send (params) → struct gc_send_plan (plan) → network (run) → lines (report). */
#ifndef GC_TOOLS_GC_SEND_H
#define GC_TOOLS_GC_SEND_H

#include "common/client_security.h"
#include "common/destination.h"
#include "common/opt.h"
#include "common/out.h"
#include "common/payload.h"
#include "common/status.h"
#include "group/client.h"

#define GC_SEND_OPTIONS_MAX 4096  /* bytes of -O options */
#define GC_SEND_GROUP_WAIT_MS 6000 /* DEFAULT_LEISURE (RFC 7252, Section 8.2) and a second for the way */
#define GC_SEND_NON_WAIT_MS 5000  /* unicast, Non-confirmable */

/* --- gc-send_params.c: the command line --- */

enum gc_send_type { GC_SEND_AUTO, GC_SEND_CON, GC_SEND_NON };

/** The command line as a struct. Strings are borrowed from argv. */
struct gc_send {
  struct gc_common common;
  const char *uri;             /* NULL: none */
  uint8_t method;              /* 0: GET, or PUT with a payload */
  enum gc_payload_kind payload_kind;
  const char *payload;
  int32_t format, accept;      /* -1: none */
  struct gc_builder options;   /* -O, encoded in options_store */
  enum gc_send_type type;
  bool observe, same_mid, each, force, raw, dry_run, shell;
  int no_response;             /* -1: no option; else its value */
  bool has_wait;
  uint32_t wait_ms;
  uint32_t expect;             /* 0: no number */
  uint32_t repeats, repeat_ms; /* repeat_ms 0: spread over the wait */
  uint8_t szx;                 /* 7: no preference */
  uint8_t family;              /* enum gc_family */
  uint8_t scope;               /* of all-coap over IPv6; 0: not given */
  int hop_limit;               /* -1: the system's */
  uint16_t port;               /* own; 0: any */
  const char *roster, *out_dir;
  bool has_mid, has_token;
  uint16_t mid;
  uint8_t token[GC_TOKEN_MAX_LEN];
  size_t token_len;
  const char *pairwise;        /* Sender ID in hex of the one member; NULL: group mode, or OSCORE */
  uint64_t keep_old_ms;        /* how long the keys before a rekeying are received under */
  bool has_piv;
  uint64_t piv;
  void (*on_links)(void *ctx, struct gc_bytes links); /* the shell learns from link-format bodies; NULL: nobody does */
  void *links_ctx;
  uint8_t options_store[GC_SEND_OPTIONS_MAX]; /* last: not cleared */
};

extern const struct gc_tool gc_send_tool;

/** The state before any option. */
void gc_send_init(struct gc_send *send);

/** The callback for gc_opt_parse; ctx: struct gc_send. */
const char *gc_send_set(void *ctx, int key, const char *arg);

/** Options that contradict each other; false: why (GC_WHY_LEN) says which. */
bool gc_send_check(const struct gc_send *send, char why[static GC_WHY_LEN]);

/* --- gc-send_roster.c: who should answer --- */

struct gc_roster_entry {
  struct gc_addr addr;  /* port 0: any port */
  char name[64];        /* "" where the file gives none */
  bool answered;
};

/** A member by its Sender ID, of a secured group. */
struct gc_roster_member {
  uint8_t id[GC_ID_MAX_LEN], id_len;
  char name[64];
  bool answered;
};

struct gc_roster {
  struct gc_roster_entry *entries; /* sorted by address */
  size_t count, answered;          /* of both kinds answered */
  struct gc_roster_member *members;
  size_t member_count;
};

/** Read "ADDRESS[:PORT] [NAME]" or "SENDER-ID [NAME]" (hex) a line, # comments. false: why (GC_WHY_LEN) names file, line and reason. */
bool gc_roster_read(struct gc_roster *out, const char *path, char why[static GC_WHY_LEN]);
void gc_roster_free(struct gc_roster *roster);

/** One more member by its Sender ID. GC_E_EXISTS; GC_E_LIMIT; GC_E_MEMORY */
enum gc_err gc_roster_add_member(struct gc_roster *roster, struct gc_bytes id, struct gc_bytes name) GC_MUST_CHECK;

/** Mark the member that answered, by its kid. */
void gc_roster_mark_member(struct gc_roster *roster, struct gc_bytes kid);

/** Mark who answered; NULL: not on the roster. */
const struct gc_roster_entry *gc_roster_mark(struct gc_roster *roster, const struct gc_addr *from);

/* --- gc-send_plan.c: what is to be sent, and where --- */

struct gc_send_plan {
  struct gc_destination to;
  uint8_t code;
  bool is_con;
  uint32_t wait_ms;
  struct gc_payload payload;
  struct gc_roster roster;
  struct gc_client_security *security; /* NULL: nothing is protected */
  uint64_t fixed_number;               /* --piv */
  struct gc_bytes options;
  uint8_t options_store[GC_SEND_OPTIONS_MAX + GC_URI_MAX_LEN + 512]; /* last: not cleared */
};

/** Resolve, read the payload and the roster, build the options. Not GC_STATUS_OK: why says why. Free it in any case. */
enum gc_status gc_send_plan_make(struct gc_send_plan *plan, const struct gc_send *send, char why[static GC_WHY_LEN]);
/** Status 4: a replay window could not be saved. */
enum gc_status gc_send_plan_free(struct gc_send_plan *plan);

/** The request to one target of the plan; kid: of the member there, ptr NULL where that is not known. */
struct gc_request gc_send_plan_request(const struct gc_send_plan *plan, const struct gc_send *send, const struct gc_addr *target,
                                       struct gc_bytes kid);

/* --- gc-send_report.c: lines for people and programs --- */

/** One exchange under way; what gc_client_request is given as user. */
struct gc_send_slot {
  struct gc_exchange *exchange;  /* NULL: over */
  struct gc_addr target;
  uint64_t seen_first, *seen;    /* bits: which responders have answered; seen has those from 64 on */
  size_t seen_words;
  bool has_news;                 /* anything was reported for it */
};

/** Note that a responder has answered; true: for the first time. */
bool gc_send_slot_note(struct gc_send_slot *slot, uint32_t responder);
void gc_send_slot_free(struct gc_send_slot *slot);

struct gc_send_report {
  struct gc_out *out;
  bool json, raw, force, is_group;
  bool is_tty;                 /* stdout is a terminal */
  bool progress;               /* stderr is one, and nobody minds */
  bool progress_shown;
  const char *out_dir;
  int out_fd;                  /* of out_dir, -1: none */
  uint64_t start_ms;
  struct gc_roster *roster;    /* NULL: none */
  const struct gc_uri *uri;
  uint64_t responses, failed, duplicates, late, unmatched, stale, malformed, missing, insecure;
  uint64_t responders;
  enum gc_status status;
};

/** Fill in what the command line says; opens --out. false: why says what is wrong (status 4). */
bool gc_send_report_init(struct gc_send_report *report, const struct gc_send *send, struct gc_send_plan *plan, struct gc_out *out,
                         uint64_t now_ms, char why[static GC_WHY_LEN]);

/** Everything the client says but GC_CLIENT_END. rtt_us: the response time. */
void gc_send_report_event(struct gc_send_report *report, const struct gc_client_event *event, uint64_t rtt_us);

/** One line on stderr that is written over; does nothing where progress is not wanted. */
void gc_send_report_progress(struct gc_send_report *report, uint64_t now_ms);
void gc_send_report_clear(struct gc_send_report *report);
void gc_send_report_free(struct gc_send_report *report);

/* --- gc-send_summary.c: the end of a run --- */

/** Somebody who did not answer. */
void gc_send_report_missing(struct gc_send_report *report, const struct gc_addr *addr, const char *name);
void gc_send_report_missing_member(struct gc_send_report *report, const struct gc_roster_member *member);

/** The last lines: who is missing, the summary; report->status is final after it. */
void gc_send_report_summary(struct gc_send_report *report, const struct gc_send *send, uint64_t now_ms);

/* --- gc-send_dry.c: --dry-run --- */

enum gc_status gc_send_dry(const struct gc_send *send, const struct gc_send_plan *plan, struct gc_out *out);

/* --- gc-send_run.c: one request, from start to finish --- */

/** Do it; the exit status. Diagnostics go to stderr. */
enum gc_status gc_send_run(const struct gc_send *send, struct gc_out *out);

/* --- gc-send_shell.c --- */

/** Commands from the terminal, or from stdin where that is none; the target is send->uri. */
enum gc_status gc_send_shell(const struct gc_send *send, struct gc_out *out);

#endif
