/* A server without a network: requests go in, what it sends is kept, the clock stands still unless it is told to move. */
#ifndef GC_TESTS_SERVER_RIG_H
#define GC_TESTS_SERVER_RIG_H

#include "group/server.h"
#include "iana/names.h"
#include "iana/options.h"

#define RIG_MEMBERS_MAX 8
#define RIG_SENT_MAX 4096
#define RIG_TO_GROUP (-1)
#define RIG_TO_OTHER_GROUP (-2)

struct rig_sent {
  int member;
  uint64_t at_ms;
  struct gc_addr remote, local;
  struct gc_message message; /* points into bytes */
  uint8_t bytes[1400];
  size_t len;
};

struct rig {
  struct gc_server *server;
  struct gc_member *members[RIG_MEMBERS_MAX];
  int member_count;
  uint64_t now_ms, seed;
  struct gc_addr client, group, other_group;
  uint16_t next_mid;
  uint8_t next_token;
  struct rig_sent *sent;
  size_t sent_count;
  const char *last_phrase;      /* of the last trace */
  uint8_t store[70000];         /* of the request being built */
  /* resources */
  struct gc_resource *value, *big;
  char values[RIG_MEMBERS_MAX][32]; /* "value": GET, PUT, observable, FETCH */
  uint8_t value_code;           /* what GET of "value" answers; 0: 2.05 */
  size_t big_len;               /* of "big": GET */
  uint8_t body[70000];          /* the last body handed to "sink": PUT, POST */
  size_t body_len;
  unsigned calls;               /* of any handler */
  uint8_t suppress;             /* of the resources added by rig_start */
  bool ignores_no_response;
};

/** params NULL: the defaults with a leisure time of 1 s. */
void rig_start(struct rig *rig, int members, const struct gc_server_params *params);
void rig_stop(struct rig *rig);
struct gc_server_params rig_params(void);

/** A request with a fresh Message ID and a fresh token of two bytes; path segments separated by "/", "" for none. */
struct gc_builder rig_request(struct rig *rig, enum gc_type type, uint8_t code, const char *path);

/** Finish it, and hand it to a member (0, 1, …) or to all by multicast. */
void rig_send(struct rig *rig, struct gc_builder *request, int to);
void rig_send_bytes(struct rig *rig, struct gc_bytes bytes, int to);

/** A GET without more. */
void rig_get(struct rig *rig, enum gc_type type, const char *path, int to);

/** Let the time pass, doing what is due when it is due. */
void rig_wait(struct rig *rig, uint64_t ms);

/** What was sent last; fails the test where there is nothing. */
const struct rig_sent *rig_last(const struct rig *rig);
void rig_forget(struct rig *rig);

/** Is an option of the number there, with this value (NULL: any)? */
bool rig_has(const struct rig_sent *sent, uint16_t number, const char *value);
uint32_t rig_uint(const struct rig_sent *sent, uint16_t number); /* fails the test where it is absent */
bool rig_payload_is(const struct rig_sent *sent, const char *text);

/** The client acknowledges, or resets, what was sent. */
void rig_empty(struct rig *rig, const struct rig_sent *sent, enum gc_type type);

#endif
