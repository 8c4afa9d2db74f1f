#include "capture/pcap_reader.h"

#include <errno.h>
#include <pcap.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "capture/packet.h"

#define STREAM_BUFFER_LEN (256 * 1024)
#define LIVE_SNAP_LEN 262144
#define LIVE_TIMEOUT_MS 200

struct gc_pcap_reader {
  pcap_t *pcap;
  uint64_t number;
  bool is_live;
  volatile sig_atomic_t is_interrupted;
  char *stream_buffer;
};

/* libpcap reads none of these itself; the first byte tells them from every capture format it knows. */
static const char *compression(int first)
{
  switch (first) {
  case 0x1f: return "compressed with gzip: unpack it first (gzip -dc FILE | gc-decode -)";
  case 0x28: return "compressed with zstd: unpack it first (zstd -dc FILE | gc-decode -)";
  case 0xfd: return "compressed with xz: unpack it first (xz -dc FILE | gc-decode -)";
  case 'B':  return "compressed with bzip2: unpack it first (bzip2 -dc FILE | gc-decode -)";
  default:   return NULL;
  }
}

static enum gc_err check_link_type(const struct gc_pcap_reader *reader, char why[static 256])
{
  int link_type = pcap_datalink(reader->pcap);
  if (gc_packet_link_type_known(link_type))
    return GC_OK;
  const char *name = pcap_datalink_val_to_name(link_type);
  snprintf(why, 256, "link type %d (%s) is not supported: Ethernet, Linux cooked, raw IP and loopback are", link_type, name ? name : "unknown");
  return GC_E_UNSUPPORTED;
}

static enum gc_err open_stream(struct gc_pcap_reader *reader, FILE *file, char why[static 256])
{
  char error[PCAP_ERRBUF_SIZE] = "";
  if (file != stdin) /* whose buffer would have to outlive the reader */
    reader->stream_buffer = malloc(STREAM_BUFFER_LEN);
  if (reader->stream_buffer)
    setvbuf(file, reader->stream_buffer, _IOFBF, STREAM_BUFFER_LEN);
  errno = 0;
  int first = getc(file);
  if (first == EOF) {
    int saved = errno;
    snprintf(why, 256, "%s", ferror(file) ? strerror(saved) : "it is empty");
    enum gc_err err = ferror(file) ? GC_E_SYSTEM : GC_E_MALFORMED;
    fclose(file);
    errno = saved;
    return err;
  }
  ungetc(first, file);
  if (compression(first)) {
    snprintf(why, 256, "%s", compression(first));
    fclose(file);
    return GC_E_UNSUPPORTED;
  }
  reader->pcap = pcap_fopen_offline_with_tstamp_precision(file, PCAP_TSTAMP_PRECISION_MICRO, error);
  if (!reader->pcap) {
    snprintf(why, 256, "no capture that can be read: %.200s", error);
    fclose(file);
    return GC_E_MALFORMED;
  }
  return check_link_type(reader, why);
}

static enum gc_err open_live(struct gc_pcap_reader *reader, const char *name, char why[static 256])
{
  char error[PCAP_ERRBUF_SIZE] = "";
  reader->is_live = true;
  reader->pcap = pcap_create(name, error);
  if (!reader->pcap) {
    snprintf(why, 256, "%.255s", error);
    return GC_E_SYSTEM;
  }
  pcap_set_snaplen(reader->pcap, LIVE_SNAP_LEN);
  pcap_set_timeout(reader->pcap, LIVE_TIMEOUT_MS);
  pcap_set_immediate_mode(reader->pcap, 1); /* each packet is shown when it comes */
  int result = pcap_activate(reader->pcap);
  if (result < 0) {
    const char *status = pcap_statustostr(result), *detail = pcap_geterr(reader->pcap);
    bool adds = *detail && strcmp(status, detail) != 0;
    snprintf(why, 256, "%.60s%s%.180s", status, adds ? ": " : "", adds ? detail : "");
    return GC_E_SYSTEM;
  }
  return check_link_type(reader, why);
}

static enum gc_err finish_open(struct gc_pcap_reader **out, struct gc_pcap_reader *reader, enum gc_err err)
{
  int saved = errno;
  if (err)
    gc_pcap_reader_close(&reader);
  *out = reader;
  errno = saved;
  return err;
}

enum gc_err gc_pcap_reader_open_stream(struct gc_pcap_reader **out, FILE *file, char why[static 256])
{
  struct gc_pcap_reader *reader = calloc(1, sizeof *reader);
  *out = NULL;
  if (!reader) {
    fclose(file);
    snprintf(why, 256, "no memory");
    return GC_E_MEMORY;
  }
  return finish_open(out, reader, open_stream(reader, file, why));
}

enum gc_err gc_pcap_reader_open(struct gc_pcap_reader **out, const char *name, bool live, char why[static 256])
{
  *out = NULL;
  if (!live) {
    FILE *file = strcmp(name, "-") == 0 ? stdin : fopen(name, "rbe");
    if (!file) {
      int saved = errno;
      snprintf(why, 256, "%s", strerror(saved));
      errno = saved;
      return GC_E_SYSTEM;
    }
    return gc_pcap_reader_open_stream(out, file, why);
  }
  struct gc_pcap_reader *reader = calloc(1, sizeof *reader);
  if (!reader) {
    snprintf(why, 256, "no memory");
    return GC_E_MEMORY;
  }
  return finish_open(out, reader, open_live(reader, name, why));
}

enum gc_err gc_pcap_reader_filter(struct gc_pcap_reader *reader, const char *filter, char why[static 256])
{
  struct bpf_program program;
  if (pcap_compile(reader->pcap, &program, filter, 1, PCAP_NETMASK_UNKNOWN) != 0) {
    snprintf(why, 256, "%.255s", pcap_geterr(reader->pcap));
    return GC_E_MALFORMED;
  }
  int result = pcap_setfilter(reader->pcap, &program);
  pcap_freecode(&program);
  if (result != 0) {
    snprintf(why, 256, "%.255s", pcap_geterr(reader->pcap));
    return GC_E_MALFORMED;
  }
  return GC_OK;
}

int gc_pcap_reader_link_type(const struct gc_pcap_reader *reader)
{
  return pcap_datalink(reader->pcap);
}

/* libpcap has one error code and a phrase; the phrase decides. */
static enum gc_err explain(const struct gc_pcap_reader *reader, char why[static 256])
{
  const char *phrase = pcap_geterr(reader->pcap);
  unsigned long long number = reader->number + 1;
  if (reader->is_live) {
    snprintf(why, 256, "%.255s", phrase);
    return GC_E_SYSTEM;
  }
  if (strstr(phrase, "different from the type of the first interface")) {
    snprintf(why, 256, "packet %llu: the capture mixes link types: give each a file of its own "
             "(editcap -F pcap -T ether -r IN OUT FIRST-LAST; join those of one type with mergecap)", number);
    return GC_E_UNSUPPORTED;
  }
  snprintf(why, 256, "packet %llu: %.200s", number, phrase);
  return strstr(phrase, "truncated") || strstr(phrase, "only got") ? GC_E_TRUNCATED : GC_E_MALFORMED;
}

enum gc_err gc_pcap_reader_next(struct gc_pcap_reader *reader, struct gc_frame *out, char why[static 256])
{
  struct pcap_pkthdr *header;
  const u_char *bytes;
  if (reader->is_interrupted)
    return GC_E_END;
  int result = pcap_next_ex(reader->pcap, &header, &bytes);
  if (result == 0)
    return GC_E_TIMEOUT;
  if (result == PCAP_ERROR_BREAK || (result < 0 && reader->is_interrupted))
    return GC_E_END;
  if (result < 0)
    return explain(reader, why);
  out->bytes = gc_bytes(bytes, header->caplen);
  out->wire_len = header->len > header->caplen ? header->len : header->caplen;
  out->wall_us = (uint64_t)header->ts.tv_sec * 1000000u + (uint64_t)header->ts.tv_usec;
  out->number = ++reader->number;
  return GC_OK;
}

void gc_pcap_reader_interrupt(struct gc_pcap_reader *reader)
{
  reader->is_interrupted = 1;
  pcap_breakloop(reader->pcap);
}

void gc_pcap_reader_close(struct gc_pcap_reader **reader)
{
  if (!*reader)
    return;
  if ((*reader)->pcap)
    pcap_close((*reader)->pcap); /* closes the stream, unless that is standard input */
  free((*reader)->stream_buffer);
  free(*reader);
  *reader = NULL;
}

const char *gc_pcap_library(void)
{
  return pcap_lib_version();
}
