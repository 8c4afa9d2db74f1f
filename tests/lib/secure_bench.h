/* A client and a group of servers, all protected, connected in memory. Every datagram is watched: no pair of key and nonce
 * may be used for two different messages, in any test that uses this. */
#ifndef GC_TESTS_SECURE_BENCH_H
#define GC_TESTS_SECURE_BENCH_H

#include "../tests/lib/oscore_rig.h"
#include "coap/builder.h"
#include "group/client.h"
#include "group/server.h"
#include "iana/options.h"

enum { SECURE_MEMBERS = 4, SECURE_KEPT = 2048, SECURE_EVENTS = 256, SECURE_CLIENT = -1, SECURE_GROUP = -2 };

/* One datagram as it was sent. */
struct secure_packet {
  int from, to;          /* index of a server, SECURE_CLIENT, SECURE_GROUP */
  struct gc_addr remote, local; /* as the receiver sees them */
  size_t len;
  uint8_t bytes[2000];
  struct gc_message message; /* points into bytes */
};

struct secure_setup {
  struct sec_options options;   /* of the group; name "g" where there is none */
  size_t servers;               /* 0: 3 */
  enum gc_answer_mode answer;
  const struct gc_server_params *server_params; /* NULL: leisure of 1 s, 1024-byte blocks, nothing limited by size */
  bool silent_servers;
};

struct secure {
  struct secure_setup setup;
  struct gc_client *client;
  struct gc_oscore_ring *client_ring;
  struct gc_oscore_context *client_context;      /* member 0 of the group */
  struct gc_server *server;
  size_t server_count;
  struct gc_member *members[SECURE_MEMBERS];     /* server i is member i + 1 of the group */
  struct gc_oscore_ring *rings[SECURE_MEMBERS];
  struct gc_oscore_context *contexts[SECURE_MEMBERS];
  struct gc_resource *value;
  struct gc_addr client_addr, group_addr;
  uint64_t now_ms, client_seed, server_seed;
  struct secure_packet *wire;                    /* all that was sent, in order */
  size_t wire_count, delivered;
  bool (*filter)(struct secure *s, struct secure_packet *packet); /* false: lost. NULL: all pass */
  bool (*hold)(const struct gc_oscore_context *context, struct gc_bytes kid); /* of the client. NULL: nothing is kept */
  bool has_redirections;                         /* a member may answer from another one's address */
  char events[SECURE_EVENTS][120];               /* "response 1 2.05 on group": what, which server, code, payload, protection */
  size_t event_count;
  unsigned ends;
  struct gc_exchange *end_on_event;              /* the application ends it in the next event */
  char value_text[32];
  size_t big_len;
  uint8_t sink[6000];
  size_t sink_len;
  unsigned calls;                                /* of handlers */
  void *nonces;
};

void secure_start(struct secure *s, const struct secure_setup *setup);
/** Let all time pass, see that nothing is left and that no event is unexpected, give everything back. */
void secure_stop(struct secure *s);

/** Deliver what is on its way, let the time pass, do what is due. */
void secure_run(struct secure *s, uint64_t ms);

/** An exchange with group (SECURE_GROUP) or server: method, path; set what else is wanted, then secure_go. */
struct gc_request secure_request(struct secure *s, int to, uint8_t code, const char *path);
struct gc_exchange *secure_go(struct secure *s, const struct gc_request *request);

/** An event with exactly this text has happened: it is taken away. Fails the test otherwise, with all that happened. */
void secure_expect(struct secure *s, const char *text);
/** The same, any event that begins with the text. */
void secure_expect_like(struct secure *s, const char *text);
/** No event is left. */
void secure_expect_none(struct secure *s);
/** How many events begin with the text; they are taken away. */
unsigned secure_count(struct secure *s, const char *text);

/** The index-th datagram from … to …; NULL: there is none. */
const struct secure_packet *secure_sent(const struct secure *s, int from, int to, size_t index);
size_t secure_sent_count(const struct secure *s, int from, int to);
/** Bytes as if they came from an address, now. */
void secure_inject(struct secure *s, int to, struct gc_addr from, struct gc_bytes bytes);
/** A packet again, with another Message ID where one is given (it is not deduplicated then). */
void secure_replay(struct secure *s, const struct secure_packet *packet, int new_mid);

struct gc_addr secure_addr(int who); /* of a server or the client */
/** A newer context of the same group for everybody: Gid and secret change. */
void secure_rekey(struct secure *s, const char *gid, bool client_too, bool servers_too);

struct gc_oscore_option secure_option(const struct secure *s, const struct secure_packet *packet);

#endif
