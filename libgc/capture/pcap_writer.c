#include "capture/pcap_writer.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>
#include <unistd.h>

/* LINKTYPE_RAW: the frame begins with the IP header, whose first nibble tells IPv4 from IPv6 */
enum { LINKTYPE_RAW = 101, SNAP_LEN = 262144, UDP_HEADER_LEN = 8, IPV4_HEADER_LEN = 20, IPV6_HEADER_LEN = 40, UDP = 17, HOP_LIMIT = 64 };

struct gc_pcap_writer {
  int fd;
  int failed;     /* errno of the first write that failed; nothing is written after it */
  bool is_ours;   /* fd is to be closed */
  uint16_t ipv4_id;
};

static void put_u16(uint8_t *at, uint32_t value)
{
  at[0] = (uint8_t)(value >> 8);
  at[1] = (uint8_t)value;
}

static uint32_t sum_words(uint32_t sum, struct gc_bytes bytes)
{
  size_t i = 0;
  for (; i + 1 < bytes.len; i += 2)
    sum += gc_read_u16(bytes.ptr + i);
  if (i < bytes.len)
    sum += (uint32_t)bytes.ptr[i] << 8;
  return sum; /* 65535 bytes: less than 2^15 words, no overflow */
}

static uint32_t fold(uint32_t sum)
{
  while (sum >> 16)
    sum = (sum & 0xffff) + (sum >> 16);
  return ~sum & 0xffff;
}

/* writev as a whole: a record is either all there, or the last one */
static enum gc_err write_all(struct gc_pcap_writer *writer, struct iovec *parts, int count)
{
  if (writer->failed) {
    errno = writer->failed;
    return GC_E_SYSTEM;
  }
  while (count > 0) {
    const ssize_t n = writev(writer->fd, parts, count);
    if (n < 0 && errno == EINTR)
      continue;
    if (n <= 0) {
      writer->failed = n < 0 ? errno : ENOSPC;
      errno = writer->failed;
      return GC_E_SYSTEM;
    }
    size_t done = (size_t)n;
    while (count > 0 && done >= parts->iov_len) {
      done -= parts->iov_len;
      parts++;
      count--;
    }
    if (count > 0) {
      parts->iov_base = (uint8_t *)parts->iov_base + done;
      parts->iov_len -= done;
    }
  }
  return GC_OK;
}

enum gc_err gc_pcap_writer_open(struct gc_pcap_writer **out, const char *path)
{
  /* in the host's byte order: the magic number says which */
  struct {
    uint32_t magic;
    uint16_t major, minor;
    uint32_t zone, accuracy, snap_len, link_type;
  } header = { 0xa1b2c3d4, 2, 4, 0, 0, SNAP_LEN, LINKTYPE_RAW };
  _Static_assert(sizeof header == 24, "no padding");
  struct gc_pcap_writer *writer = calloc(1, sizeof *writer);
  if (!writer)
    return GC_E_MEMORY;
  writer->is_ours = strcmp(path, "-") != 0;
  writer->fd = writer->is_ours ? open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666) : STDOUT_FILENO;
  if (writer->fd < 0) {
    const int saved = errno;
    free(writer);
    errno = saved;
    return GC_E_SYSTEM;
  }
  struct iovec part = { &header, sizeof header };
  if (write_all(writer, &part, 1)) {
    const int saved = errno;
    enum gc_err err = gc_pcap_writer_close(&writer);
    errno = saved;
    return err;
  }
  *out = writer;
  return GC_OK;
}

/* IP and UDP headers; returns their length. RFC 791, RFC 8200, RFC 768 */
static size_t make_headers(uint8_t head[static IPV6_HEADER_LEN + UDP_HEADER_LEN], struct gc_pcap_writer *writer, const struct gc_addr *from,
                           const struct gc_addr *to, struct gc_bytes payload)
{
  const bool is_v4 = to->family == GC_FAMILY_IPV4;
  const size_t ip_len = is_v4 ? IPV4_HEADER_LEN : IPV6_HEADER_LEN, addr_len = is_v4 ? 4 : 16;
  const uint32_t udp_len = (uint32_t)(UDP_HEADER_LEN + payload.len);
  uint8_t *udp = head + ip_len, *source = head + (is_v4 ? 12 : 8);
  memset(head, 0, ip_len + UDP_HEADER_LEN);
  memcpy(source, from->ip, addr_len);
  memcpy(source + addr_len, to->ip, addr_len);
  if (is_v4) {
    head[0] = 0x45;
    put_u16(head + 2, (uint32_t)ip_len + udp_len);
    put_u16(head + 4, writer->ipv4_id++);
    head[8] = HOP_LIMIT;
    head[9] = UDP;
    put_u16(head + 10, fold(sum_words(0, gc_bytes(head, ip_len))));
  } else {
    head[0] = 0x60;
    put_u16(head + 4, udp_len);
    head[6] = UDP;
    head[7] = HOP_LIMIT;
  }
  put_u16(udp, from->port);
  put_u16(udp + 2, to->port);
  put_u16(udp + 4, udp_len);
  uint32_t sum = sum_words(UDP + udp_len, gc_bytes(source, 2 * addr_len)); /* the pseudo header */
  sum = fold(sum_words(sum_words(sum, gc_bytes(udp, UDP_HEADER_LEN)), payload));
  put_u16(udp + 6, sum ? sum : 0xffff); /* 0 would mean: no checksum */
  return ip_len + UDP_HEADER_LEN;
}

enum gc_err gc_pcap_writer_udp(struct gc_pcap_writer *writer, const struct gc_addr *from, const struct gc_addr *to,
                               struct gc_bytes payload, uint64_t wall_us)
{
  uint8_t head[IPV6_HEADER_LEN + UDP_HEADER_LEN];
  const size_t most = to->family == GC_FAMILY_IPV4 ? 65535 - IPV4_HEADER_LEN - UDP_HEADER_LEN : 65535 - UDP_HEADER_LEN;
  if (to->family == GC_FAMILY_NONE || from->family != to->family || payload.len > most)
    return GC_E_RANGE;
  const size_t head_len = make_headers(head, writer, from, to, payload);
  const uint32_t len = (uint32_t)(head_len + payload.len);
  uint32_t record[4] = { (uint32_t)(wall_us / 1000000), (uint32_t)(wall_us % 1000000), len, len };
  struct iovec parts[] = { { record, sizeof record }, { head, head_len }, { (void *)(uintptr_t)payload.ptr, payload.len } };
  return write_all(writer, parts, payload.len ? 3 : 2);
}

enum gc_err gc_pcap_writer_close(struct gc_pcap_writer **writer)
{
  struct gc_pcap_writer *w = *writer;
  if (!w)
    return GC_OK;
  *writer = NULL;
  int failed = w->failed;
  if (w->is_ours && close(w->fd) < 0 && !failed)
    failed = errno;
  free(w);
  errno = failed;
  return failed ? GC_E_SYSTEM : GC_OK;
}
