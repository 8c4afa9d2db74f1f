#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "capture/pcap_reader.h"
#include "coap/library.h"
#include "common/arg.h"
#include "gc-decode.h"

enum key { KEY_HEX = 256, KEY_PORT, KEY_TIME, KEY_CAPTURE_FILTER, KEY_PHANTOM, KEY_TOKEN_KEY, KEY_SHOW_SECRETS };

static const struct gc_opt options[] = {
  { .name = "hex", .key = KEY_HEX, .group = "Input", .help = "each input line is one CoAP message in hex" },
  { .name = "port", .key = KEY_PORT, .arg = "N", .group = "Input", .help = "UDP port that carries CoAP besides 5683, repeatable; any: guess",
    .complete = GC_COMPLETE_WORDS, .words = "5683 any" },
  { .name = "interface", .letter = 'i', .arg = "IF", .group = "Input", .help = "capture live on this interface", .complete = GC_COMPLETE_INTERFACE },
  { .name = "capture-filter", .key = KEY_CAPTURE_FILTER, .arg = "EXPR", .group = "Input", .help = "look only at packets that match (libpcap's language)" },
  { .name = "filter", .letter = 'Y', .arg = "FILTER", .group = "Selection", .help = "show only messages that match, as in 'code==2.05 and src==10.0.0.1'" },
  { .name = "count", .letter = 'c', .arg = "N", .group = "Selection", .help = "stop after N messages shown" },
  { .name = "jobs", .letter = 'j', .arg = "N", .group = "Selection", .help = "threads that verify (default: one a core; live: 1)" },
  { .name = "phantom", .key = KEY_PHANTOM, .arg = "FILE", .group = "Security", .help = "group observation learned elsewhere, repeatable",
    .complete = GC_COMPLETE_FILE },
  { .name = "token-key", .key = KEY_TOKEN_KEY, .arg = "FILE", .group = "Security", .help = "COSE_Key that access tokens are opened with, repeatable",
    .complete = GC_COMPLETE_FILE },
  { .name = "show-secrets", .key = KEY_SHOW_SECRETS, .group = "Security", .help = "show keys and access tokens in payloads" },
  { .name = "time", .key = KEY_TIME, .arg = "FORM", .group = "Output", .help = "relative (to the first message), absolute (UTC) or epoch",
    .complete = GC_COMPLETE_WORDS, .words = "relative absolute epoch" },
  { 0 },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : index == 1 ? gc_pcap_library() : NULL;
}

static const struct gc_tool tool = {
  .name = "gc-decode",
  .usage = "[OPTION]... [FILE|-]...",
  .summary = "Show the CoAP messages of captures (pcap, pcapng, live) or of hex lines",
  .options = options,
  .footer = "FILTER: FIELD OP VALUE with and, or, not and parentheses.\n"
            "  code type mid token src dst host port path query option payload size n\n"
            "  == != < <= > >= and ~ (contains); alone: request response empty con non ack rst\n"
            "  mcast error duplicate paired protected verified refused\n"
            "\n"
            "Examples:\n"
            "  gc-decode capture.pcap\n"
            "  gc-decode -Y 'mcast or code==2.xx' --json capture.pcapng\n"
            "  tcpdump -U -w - udp | gc-decode -\n"
            "  echo 40010001b57465737402 | gc-decode --hex -v\n"
            "  gc-decode -g lights.json -Y refused capture.pcap\n",
  .without = GC_WITHOUT_PCAP,
  .has_contexts = true,
  .library = library,
};

static const char *add_port(struct decode_params *params, const char *arg)
{
  if (strcmp(arg, "any") == 0) {
    params->any_port = true;
    return NULL;
  }
  if (params->port_count == DECODE_PORTS_MAX)
    return "too many ports (say any)";
  uint16_t port;
  const char *wrong = gc_arg_port(&port, arg);
  if (!wrong)
    params->ports[params->port_count++] = port;
  return wrong ? "a port is a number from 1 to 65535, or any" : NULL;
}

static const char *set(void *ctx, int key, const char *arg)
{
  static const char *const times[] = { "relative", "absolute", "epoch", NULL };
  static char why[256];
  struct decode_params *params = ctx;
  switch (key) {
  case KEY_HEX:
    params->is_hex = true;
    return NULL;
  case KEY_PORT:
    return add_port(params, arg);
  case KEY_TIME:
    return gc_arg_word(&params->time, arg, times);
  case KEY_CAPTURE_FILTER:
    params->capture_filter = arg;
    return NULL;
  case KEY_PHANTOM:
    if (params->phantom_count == DECODE_PHANTOM_FILES)
      return "too many files";
    params->phantoms[params->phantom_count++] = arg;
    return NULL;
  case KEY_TOKEN_KEY:
    if (params->token_key_count == GC_TOKEN_KEYS)
      return "too many files";
    params->token_keys[params->token_key_count++] = arg;
    return NULL;
  case KEY_SHOW_SECRETS:
    params->show_secrets = true;
    return NULL;
  case 'i':
    params->common.interface = arg;
    return *arg ? NULL : "an interface is needed";
  case 'c':
    return gc_arg_uint(&params->count, arg, 1, UINT64_MAX);
  case 'j':
    return gc_arg_u32(&params->jobs, arg, 1, 1024);
  case 'Y':
    decode_filter_free(&params->filter);
    params->filter = decode_filter_parse(arg, why);
    return params->filter ? NULL : why;
  default:
    return "not handled";
  }
}

void decode_params_parse(struct decode_params *params, int argc, char **argv)
{
  static char dash[] = "-", *standard_input[] = { dash, NULL };
  struct gc_common common;
  *params = (struct decode_params){ .ports = { 5683 }, .port_count = 1 };
  int first = gc_opt_parse(argc, argv, &tool, &common, set, params);
  common.interface = params->common.interface;
  params->common = common;
  params->files = argv + first;
  params->file_count = (size_t)(argc - first);
  if (params->common.interface && params->is_hex)
    gc_usage("--hex reads text, -i an interface: one of them");
  if (params->common.interface && params->file_count)
    gc_usage("-i captures live: no file besides it");
  if (params->is_hex && params->capture_filter)
    gc_usage("--capture-filter needs a capture, not --hex");
  if (!params->common.interface && params->file_count == 0) {
    if (isatty(STDIN_FILENO))
      gc_usage("a capture file is needed, or - for standard input, or -i for an interface");
    params->files = standard_input;
    params->file_count = 1;
  }
}

void decode_params_clear(struct decode_params *params)
{
  decode_filter_free(&params->filter);
  free(params->common.contexts);
}

/* Ports that are well known for something else: their datagrams often pass for CoAP. */
static bool is_other_protocol(uint16_t port)
{
  static const uint16_t others[] = { 53, 67, 68, 69, 123, 137, 138, 161, 162, 443, 500, 1900, 4500, 5353, 5355, 5684 };
  for (size_t i = 0; i < sizeof others / sizeof others[0]; i++)
    if (others[i] == port)
      return true;
  return false;
}

/* Well-formed, and a code of a class that RFC 7252, Section 12.1 gives out. */
static bool looks_like_coap(struct gc_bytes payload)
{
  struct gc_message message;
  if (payload.len < 4 || (payload.ptr[0] & 0xc0) != 0x40 || gc_message_parse(&message, payload, NULL) != GC_OK)
    return false;
  unsigned class = GC_CODE_CLASS(message.code), detail = GC_CODE_DETAIL(message.code);
  if (class == 0)
    return detail <= 7 && (detail == 0 || message.type <= GC_TYPE_NON);
  return class == 2 || class == 4 || class == 5;
}

bool decode_params_wants(const struct decode_params *params, uint16_t from, uint16_t to, struct gc_bytes payload)
{
  for (size_t i = 0; i < params->port_count; i++)
    if (params->ports[i] == from || params->ports[i] == to)
      return true;
  return params->any_port && !is_other_protocol(from) && !is_other_protocol(to) && looks_like_coap(payload);
}
