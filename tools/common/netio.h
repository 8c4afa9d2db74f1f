/* Sockets with a tap: everything sent and received also goes to the --pcap file. */
#ifndef GC_TOOLS_NETIO_H
#define GC_TOOLS_NETIO_H

#include "capture/pcap_writer.h"
#include "net/udp.h"

struct gc_netio; /* the tap of a process; one for all its sockets */

/** @param pcap file of --pcap, NULL: none. GC_E_SYSTEM (errno); GC_E_MEMORY */
enum gc_err gc_netio_new(struct gc_netio **out, const char *pcap) GC_MUST_CHECK;

/** Close the pcap file; a write that failed on the way is told of now. GC_E_SYSTEM (errno) */
enum gc_err gc_netio_free(struct gc_netio **netio) GC_MUST_CHECK;

/** gc_udp_send and the tap. In the capture the source is datagram->local, the address the socket is bound to, or what the
 *  system's routes choose. */
enum gc_err gc_netio_send(struct gc_netio *netio, struct gc_udp *udp, const struct gc_datagram *datagram) GC_MUST_CHECK;

/** false once the capture could not be written (errno says how): it ends there, the exchange goes on. */
bool gc_netio_ok(const struct gc_netio *netio);

/** gc_udp_receive and the tap. */
enum gc_err gc_netio_receive(struct gc_netio *netio, struct gc_udp *udp, void (*receive)(void *ctx, const struct gc_datagram *datagram),
                             void *ctx) GC_MUST_CHECK;

#endif
