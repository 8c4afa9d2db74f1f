#include <stdio.h>
#include <string.h>

#include "base/hex.h"
#include "coap/library.h"
#include "common/arg.h"
#include "common/coap_option.h"
#include "gc-send.h"

enum key {
  KEY_HEX = 0x100, KEY_CBOR, KEY_CON, KEY_OBSERVE, KEY_NO_RESPONSE, KEY_REPEAT, KEY_SAME_MID, KEY_ROSTER, KEY_EACH, KEY_SCOPE,
  KEY_HOP_LIMIT, KEY_OUT, KEY_FORCE, KEY_RAW, KEY_PORT, KEY_DRY_RUN, KEY_MID, KEY_TOKEN, KEY_PIV, KEY_SHELL, KEY_PAIRWISE,
  KEY_KEEP_OLD,
};

static const struct gc_opt rows[] = {
  { .name = "method", .letter = 'm', .arg = "METHOD", .group = "Request", .complete = GC_COMPLETE_METHOD,
    .help = "get, put, post, delete, fetch, patch, ipatch (default: get; put with a payload)" },
  { .name = "payload", .letter = 'p', .arg = "TEXT", .group = "Request", .complete = GC_COMPLETE_FILE, .help = "payload: text, @FILE, or - for stdin" },
  { .name = "hex", .arg = "HEX", .group = "Request", .key = KEY_HEX, .help = "payload in hexadecimal (or @FILE, -)" },
  { .name = "cbor", .arg = "DIAG", .group = "Request", .key = KEY_CBOR, .help = "payload in CBOR diagnostic notation (or @FILE, -)" },
  { .name = "format", .letter = 'f', .arg = "FORMAT", .group = "Request", .complete = GC_COMPLETE_FORMAT,
    .help = "content format of the payload, name or number" },
  { .name = "accept", .letter = 'a', .arg = "FORMAT", .group = "Request", .complete = GC_COMPLETE_FORMAT, .help = "content format wanted" },
  { .name = "option", .letter = 'O', .arg = "OPTION=VALUE", .group = "Request", .complete = GC_COMPLETE_OPTION,
    .help = "any option by name or number (0x… for bytes), repeatable" },
  { .name = "observe", .group = "Request", .key = KEY_OBSERVE, .help = "register for notifications, until -t or Ctrl-C" },
  { .name = "block", .letter = 'b', .arg = "SIZE", .group = "Request", .complete = GC_COMPLETE_WORDS, .words = "16 32 64 128 256 512 1024",
    .help = "block size wanted, 16 to 1024 bytes" },
  { .name = "no-response", .arg = "CLASSES", .group = "Request", .key = KEY_NO_RESPONSE, .complete = GC_COMPLETE_WORDS,
    .words = "none success errors 2.xx 4.xx 5.xx all",
    .help = "answers not wanted: success (2.xx), 4.xx, 5.xx, errors, all; none: all are wanted" },
  { .name = "con", .group = "Request", .key = KEY_CON, .help = "confirmable (default for one server)" },
  { .name = "non", .letter = 'N', .group = "Request", .help = "non-confirmable (always so for a group)" },
  { .name = "time", .letter = 't', .arg = "SECONDS", .group = "Request", .help = "how long to wait (default: 6 for a group, 5 with -N, else 93)" },
  { .name = "pairwise", .arg = "ID", .group = "Security", .key = KEY_PAIRWISE, .help = "protect for the member with this Sender ID (hex) alone" },
  { .name = "keep-old", .arg = "SECONDS", .group = "Security", .key = KEY_KEEP_OLD,
    .help = "after a rekeying, receive under the previous keys for so long (default 300)" },
  { .name = "expect", .letter = 'n', .arg = "N", .group = "Group", .help = "end after N responders; fewer is status 1" },
  { .name = "roster", .arg = "FILE", .group = "Group", .key = KEY_ROSTER, .complete = GC_COMPLETE_FILE,
    .help = "who should answer: ADDRESS or Sender ID [NAME] a line, or the word members: those of the context" },
  { .name = "each", .group = "Group", .key = KEY_EACH,
    .help = "find the responders (or take the roster), then ask each by unicast, block-wise" },
  { .name = "repeat", .arg = "N[@SECONDS]", .group = "Group", .key = KEY_REPEAT, .help = "send again N times (at this distance)" },
  { .name = "same-mid", .group = "Group", .key = KEY_SAME_MID, .help = "repeat with the same Message ID" },
  { .name = "scope", .arg = "SCOPE", .group = "Group", .key = KEY_SCOPE, .complete = GC_COMPLETE_WORDS,
    .words = "interface link realm admin site organization global", .help = "scope of all-coap over IPv6 (default: link)" },
  { .name = "hop-limit", .arg = "N", .group = "Group", .key = KEY_HOP_LIMIT, .help = "hop limit of multicast (default: the system's, 1)" },
  { .name = "ipv4", .letter = '4', .group = "Network", .help = "only IPv4 addresses of a name or of all-coap" },
  { .name = "ipv6", .letter = '6', .group = "Network", .help = "only IPv6 addresses" },
  { .name = "port", .arg = "N", .group = "Network", .key = KEY_PORT, .help = "own UDP port" },
  { .name = "out", .arg = "DIR", .group = "Output", .key = KEY_OUT, .complete = GC_COMPLETE_DIR, .help = "write each responder's body to a file of its own" },
  { .name = "force", .group = "Output", .key = KEY_FORCE, .help = "overwrite files of --out" },
  { .name = "raw", .group = "Output", .key = KEY_RAW, .help = "print nothing but the body's bytes (one server)" },
  { .name = "dry-run", .group = "Test", .key = KEY_DRY_RUN, .help = "print the message in hexadecimal, send nothing" },
  { .name = "mid", .arg = "N", .group = "Test", .key = KEY_MID, .help = "Message ID for --dry-run" },
  { .name = "token", .arg = "HEX", .group = "Test", .key = KEY_TOKEN, .help = "token for --dry-run" },
  { .name = "piv", .arg = "N", .group = "Test", .key = KEY_PIV, .help = "Sender Sequence Number for --dry-run" },
  { .name = "shell", .group = "Shell", .key = KEY_SHELL, .help = "interactive, or commands from stdin (default on a terminal without URI)" },
  { .name = NULL },
};

static const char *library(size_t index)
{
  return index == 0 ? gc_coap_library() : NULL;
}

const struct gc_tool gc_send_tool = {
  .name = "gc-send",
  .usage = "[OPTION]... URI",
  .summary = "send a CoAP request to one server or to a group, and show who answers what",
  .options = rows,
  .footer = "Examples:\n"
            "  gc-send coap://192.0.2.7/light\n"
            "  gc-send -i eth0 -n 3 coap://all-coap/hello\n"
            "  gc-send -i eth0 -p on --roster lights.txt 'coap://[ff15::7]/light'\n",
  .library = library,
  .has_contexts = true,
};

void gc_send_init(struct gc_send *send)
{
  memset(send, 0, offsetof(struct gc_send, options_store));
  send->options = gc_builder_options(send->options_store, sizeof send->options_store);
  send->format = send->accept = send->no_response = send->hop_limit = -1;
  send->szx = 7;
  send->keep_old_ms = GC_CONTEXT_OVERLAP_MS;
}

static _Thread_local char phrase[1024];

static const char *set_method(struct gc_send *send, const char *arg)
{
  if (gc_method_parse(&send->method, gc_bytes_str(arg)))
    return NULL;
  size_t n = (size_t)snprintf(phrase, sizeof phrase, "no such method; accepted:");
  const struct gc_code_info *info;
  for (size_t i = 0; (info = gc_code_at(i)) != NULL && info->code < 32 && n < sizeof phrase; i++)
    if (info->code > 0)
      n += (size_t)snprintf(phrase + n, sizeof phrase - n, " %s", info->name);
  return phrase;
}

static const char *set_payload(struct gc_send *send, enum gc_payload_kind kind, const char *arg)
{
  if (send->payload_kind != GC_PAYLOAD_NONE)
    return "there is a payload already";
  send->payload_kind = kind;
  send->payload = arg;
  return NULL;
}

static const char *set_block(struct gc_send *send, const char *arg)
{
  uint32_t size;
  if (gc_arg_u32(&size, arg, 16, 1024) || (size & (size - 1)))
    return "a block size is 16, 32, 64, 128, 256, 512 or 1024";
  for (send->szx = 0; size > 16u << send->szx; send->szx++)
    ;
  return NULL;
}

static const char *set_repeat(struct gc_send *send, const char *arg)
{
  char count[16];
  const char *at = strchr(arg, '@');
  uint64_t ms = 0;
  size_t len = at ? (size_t)(at - arg) : strlen(arg);
  if (len >= sizeof count)
    return "N or N@SECONDS, N from 1 to 1000";
  memcpy(count, arg, len);
  count[len] = '\0';
  if (gc_arg_u32(&send->repeats, count, 1, 1000) || (at && (gc_arg_seconds(&ms, at + 1, 86400000) || ms == 0)))
    return "N or N@SECONDS, N from 1 to 1000";
  send->repeat_ms = (uint32_t)ms;
  return NULL;
}

static const char *set_wait(struct gc_send *send, const char *arg)
{
  uint64_t ms;
  const char *wrong = gc_arg_seconds(&ms, arg, 86400000);
  if (wrong)
    return wrong;
  send->wait_ms = (uint32_t)ms;
  send->has_wait = true;
  return NULL;
}

static const char *set_token(struct gc_send *send, const char *arg)
{
  struct gc_buf token = gc_buf(send->token, sizeof send->token);
  if (gc_hex_decode(&token, arg, strlen(arg), NULL))
    return "a token is 0 to 8 bytes in hexadecimal";
  send->token_len = token.len;
  send->has_token = true;
  return NULL;
}

static const char *set_number(struct gc_send *send, int key, const char *arg)
{
  uint32_t value = 0;
  const char *wrong = NULL;
  switch (key) {
  case 'n':
    return gc_arg_u32(&send->expect, arg, 1, 1000000);
  case KEY_HOP_LIMIT:
    if (!(wrong = gc_arg_u32(&value, arg, 0, 255)))
      send->hop_limit = (int)value;
    return wrong;
  case KEY_MID:
    if (!(wrong = gc_arg_u32(&value, arg, 0, 65535))) {
      send->mid = (uint16_t)value;
      send->has_mid = true;
    }
    return wrong;
  default:
    return gc_arg_port(&send->port, arg);
  }
}

/* Options that are a mark and nothing more; false: not one of those. */
static bool set_flag(struct gc_send *send, int key)
{
  switch (key) {
  case KEY_OBSERVE:
    return send->observe = true;
  case KEY_SAME_MID:
    return send->same_mid = true;
  case KEY_EACH:
    return send->each = true;
  case KEY_FORCE:
    return send->force = true;
  case KEY_RAW:
    return send->raw = true;
  case KEY_DRY_RUN:
    return send->dry_run = true;
  case KEY_SHELL:
    return send->shell = true;
  default:
    return false;
  }
}

static const char *set_type(struct gc_send *send, enum gc_send_type type)
{
  if (send->type != GC_SEND_AUTO && send->type != type)
    return "--con and --non exclude each other";
  send->type = type;
  return NULL;
}

static const char *set_family(struct gc_send *send, enum gc_family family)
{
  if (send->family != GC_FAMILY_NONE && send->family != family)
    return "-4 and -6 exclude each other";
  send->family = (uint8_t)family;
  return NULL;
}

const char *gc_send_set(void *ctx, int key, const char *arg)
{
  struct gc_send *send = ctx;
  if (set_flag(send, key))
    return NULL;
  switch (key) {
  case 'm':
    return set_method(send, arg);
  case 'p':
    return set_payload(send, GC_PAYLOAD_TEXT, arg);
  case KEY_HEX:
    return set_payload(send, GC_PAYLOAD_HEX, arg);
  case KEY_CBOR:
    return set_payload(send, GC_PAYLOAD_CBOR, arg);
  case 'f':
    return gc_content_format_arg(&send->format, arg);
  case 'a':
    return gc_content_format_arg(&send->accept, arg);
  case 'O':
    return gc_coap_option_add(&send->options, arg);
  case 'b':
    return set_block(send, arg);
  case KEY_NO_RESPONSE:
    return gc_no_response_arg(&send->no_response, arg);
  case KEY_CON:
    return set_type(send, GC_SEND_CON);
  case 'N':
    return set_type(send, GC_SEND_NON);
  case 't':
    return set_wait(send, arg);
  case KEY_ROSTER:
    send->roster = arg;
    return NULL;
  case KEY_REPEAT:
    return set_repeat(send, arg);
  case KEY_SCOPE:
    return gc_arg_scope(&send->scope, arg);
  case '4':
    return set_family(send, GC_FAMILY_IPV4);
  case '6':
    return set_family(send, GC_FAMILY_IPV6);
  case KEY_OUT:
    send->out_dir = arg;
    return *arg ? NULL : "a directory is needed";
  case KEY_TOKEN:
    return set_token(send, arg);
  case KEY_PIV:
    send->has_piv = true;
    return gc_arg_uint(&send->piv, arg, 0, GC_PIV_MAX);
  case KEY_PAIRWISE:
    send->pairwise = arg;
    return NULL;
  case KEY_KEEP_OLD:
    return gc_arg_seconds(&send->keep_old_ms, arg, GC_CONTEXT_OVERLAP_MAX_MS);
  default:
    return set_number(send, key, arg);
  }
}

bool gc_send_check(const struct gc_send *send, char why[static GC_WHY_LEN])
{
  const char *wrong = NULL;
  if ((send->has_mid || send->has_token || send->has_piv) && !send->dry_run)
    wrong = "--mid, --token and --piv are for --dry-run only: what is really sent gets fresh ones";
  else if (send->common.context_count == 0 && (send->pairwise || send->has_piv))
    wrong = "--pairwise and --piv need a security context: -g FILE";
  else if (send->raw && (send->common.json || send->out_dir))
    wrong = "--raw excludes --json and --out";
  else if (send->force && !send->out_dir)
    wrong = "--force is for --out only";
  else if (send->observe && send->method && send->method != GC_CODE_GET && send->method != GC_CODE_FETCH)
    wrong = "--observe needs GET or FETCH";
  else if (send->observe && send->each)
    wrong = "--observe and --each exclude each other";
  else if (send->each && send->dry_run)
    wrong = "--each and --dry-run exclude each other: who is asked is not known before";
  else if (send->same_mid && !send->repeats)
    wrong = "--same-mid needs --repeat";
  else if (send->scope && send->family == GC_FAMILY_IPV4)
    wrong = "--scope is for IPv6";
  else if (send->format >= 0 && send->payload_kind == GC_PAYLOAD_NONE)
    wrong = "-f is the format of a payload, and there is none (-a asks for a format)";
  if (wrong)
    snprintf(why, GC_WHY_LEN, "%s", wrong);
  return wrong == NULL;
}
