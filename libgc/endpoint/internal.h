/* What the files of this room share. Not for other rooms. */
#ifndef GC_ENDPOINT_INTERNAL_H
#define GC_ENDPOINT_INTERNAL_H

#include "base/table.h"
#include "base/timers.h"
#include "endpoint/endpoint.h"

/* A peer with confirmable messages under way or waiting for their turn (NSTART). */
struct gc_peer {
  struct gc_link link;
  struct gc_addr addr;
  uint32_t under_way, queued; /* queued: those too that wait */
  struct gc_sent *first, *last; /* waiting, in order */
};

enum gc_sent_state { GC_SENT_WAITING, GC_SENT_UNDER_WAY, GC_SENT_SETTLED };

/* A message of ours whose Message ID is still active (RFC 7252, Section 4.4). */
struct gc_sent {
  struct gc_link by_mid, by_cookie;
  struct gc_timer timer; /* under way: in `retransmit`; settled: in `forget_sent` */
  struct gc_addr remote, local;
  uint32_t ifindex;
  uint16_t mid;
  uint8_t state;     /* enum gc_sent_state */
  uint8_t attempts;  /* retransmissions done */
  bool is_con, has_response, has_cookie;
  uint64_t cookie, first_ms, timeout_ms;
  struct gc_peer *peer;  /* waiting and under way */
  struct gc_sent *next, *before; /* waiting */
  uint8_t *bytes;        /* NULL once settled */
  size_t len;
};

enum gc_answer { GC_ANSWER_NONE, GC_ANSWER_ACK, GC_ANSWER_RST, GC_ANSWER_REPLY };

/* A CON or NON of a peer, remembered for its duplicates (RFC 7252, Section 4.5). */
struct gc_seen {
  struct gc_link link;
  struct gc_timer timer;
  struct gc_addr remote;
  uint16_t mid;
  uint8_t answer;  /* enum gc_answer: what a duplicate of a CON gets */
  uint8_t *reply;  /* GC_ANSWER_REPLY */
  size_t reply_len;
};

struct gc_endpoint {
  struct gc_endpoint_params params;
  struct gc_endpoint_ops ops;
  struct gc_rng rng;
  uint64_t hash_key, now_ms;
  struct gc_table sent_by_mid, sent_by_cookie, peers, seen;
  struct gc_timers retransmit, forget_sent, forget_seen;
  size_t queued;   /* confirmable messages under way or waiting */
  size_t kept_len; /* bytes of replies kept */
  uint16_t next_mid;
  struct gc_endpoint_stats stats;
};

/* dedup.c */
struct gc_seen *gc_seen_find(const struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid);
/** Remember a message; NULL: no memory (it is then processed as new each time). */
struct gc_seen *gc_seen_add(struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid, bool is_con);
void gc_seen_keep_reply(struct gc_endpoint *endpoint, struct gc_seen *seen, struct gc_bytes reply);
void gc_seen_expire(struct gc_endpoint *endpoint, uint64_t now_ms);
void gc_seen_clear(struct gc_endpoint *endpoint);

/* mid.c */
struct gc_sent *gc_sent_find(const struct gc_endpoint *endpoint, const struct gc_addr *remote, uint16_t mid);
/** The multicast message with this Message ID; NULL: none. */
struct gc_sent *gc_sent_find_multicast(const struct gc_endpoint *endpoint, uint16_t mid);
enum gc_err gc_sent_add(struct gc_endpoint *endpoint, struct gc_sent **out, const struct gc_datagram *datagram, uint64_t cookie);
void gc_sent_set_cookie(struct gc_endpoint *endpoint, struct gc_sent *sent, uint64_t cookie);
/** No longer under way: its Message ID stays active for the rest of its lifetime. */
void gc_sent_settle(struct gc_endpoint *endpoint, struct gc_sent *sent);
void gc_sent_remove(struct gc_endpoint *endpoint, struct gc_sent *sent);
void gc_sent_expire(struct gc_endpoint *endpoint, uint64_t now_ms);
void gc_sent_clear(struct gc_endpoint *endpoint);

/* retransmit.c */
enum gc_err gc_con_submit(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, uint64_t cookie);
/** Take a message under way or waiting out of its peer's queue and send what waited for it. It stays in the tables. */
void gc_con_release(struct gc_endpoint *endpoint, struct gc_sent *sent);
void gc_con_tick(struct gc_endpoint *endpoint, uint64_t now_ms);

/* send.c */
enum gc_err gc_transmit(struct gc_endpoint *endpoint, const struct gc_datagram *datagram);
/** An Empty ACK or RST back to where `datagram` came from. */
void gc_transmit_empty(struct gc_endpoint *endpoint, const struct gc_datagram *datagram, enum gc_type type, uint16_t mid);

#endif
