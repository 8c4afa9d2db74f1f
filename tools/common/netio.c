#include "common/netio.h"

#include <errno.h>
#include <stdlib.h>

#include "net/iface.h"
#include "net/loop.h"

struct gc_netio {
  struct gc_pcap_writer *pcap; /* NULL: no tap */
  struct gc_addr last_remote, last_source; /* of the last question to the routing table */
  int failed;                              /* errno of the first write that failed */
};

enum gc_err gc_netio_new(struct gc_netio **out, const char *pcap)
{
  struct gc_netio *netio = calloc(1, sizeof *netio);
  if (!netio)
    return GC_E_MEMORY;
  enum gc_err err = pcap ? gc_pcap_writer_open(&netio->pcap, pcap) : GC_OK;
  if (err) {
    free(netio);
    return err;
  }
  *out = netio;
  return GC_OK;
}

enum gc_err gc_netio_free(struct gc_netio **netio)
{
  if (!*netio)
    return GC_OK;
  enum gc_err err = gc_pcap_writer_close(&(*netio)->pcap);
  free(*netio);
  *netio = NULL;
  return err;
}

static struct gc_addr source_of(struct gc_netio *netio, const struct gc_udp *udp, const struct gc_datagram *datagram)
{
  const struct gc_addr bound = gc_udp_address(udp);
  struct gc_addr source = datagram->local, remote = datagram->remote;
  uint32_t ifindex;
  if (source.family == GC_FAMILY_NONE || gc_addr_is_any(&source) || gc_addr_is_multicast(&source))
    source = bound;
  if (gc_addr_is_any(&source) || gc_addr_is_multicast(&source)) {
    if (datagram->ifindex && (gc_addr_is_multicast(&remote) || gc_addr_is_link_local(&remote)))
      remote.zone = datagram->ifindex;
    if (netio->last_remote.zone != remote.zone || !gc_addr_same_host(&remote, &netio->last_remote)) {
      netio->last_remote = remote;
      if (gc_route_lookup(&ifindex, &netio->last_source, &remote))
        netio->last_source = (struct gc_addr){ .family = remote.family }; /* unknown: 0.0.0.0 */
    }
    source = netio->last_source;
  }
  source.port = bound.port;
  return source;
}

/* a full disk does not stop the exchange */
static void record(struct gc_netio *netio, const struct gc_addr *from, const struct gc_addr *to, struct gc_bytes bytes)
{
  if (!netio->failed && gc_pcap_writer_udp(netio->pcap, from, to, bytes, gc_wall_us()) == GC_E_SYSTEM)
    netio->failed = errno;
}

enum gc_err gc_netio_send(struct gc_netio *netio, struct gc_udp *udp, const struct gc_datagram *datagram)
{
  enum gc_err err = gc_udp_send(udp, datagram);
  if (err || !netio->pcap)
    return err;
  const struct gc_addr source = source_of(netio, udp, datagram);
  record(netio, &source, &datagram->remote, datagram->bytes);
  return GC_OK;
}

bool gc_netio_ok(const struct gc_netio *netio)
{
  if (netio->failed)
    errno = netio->failed;
  return !netio->failed;
}

struct tap {
  struct gc_netio *netio;
  void (*receive)(void *ctx, const struct gc_datagram *datagram);
  void *ctx;
};

static void receive_and_write(void *ctx, const struct gc_datagram *datagram)
{
  const struct tap *tap = ctx;
  record(tap->netio, &datagram->remote, &datagram->local, datagram->bytes);
  tap->receive(tap->ctx, datagram);
}

enum gc_err gc_netio_receive(struct gc_netio *netio, struct gc_udp *udp, void (*receive)(void *ctx, const struct gc_datagram *datagram),
                             void *ctx)
{
  struct tap tap = { netio, receive, ctx };
  return netio->pcap ? gc_udp_receive(udp, receive_and_write, &tap) : gc_udp_receive(udp, receive, ctx);
}
