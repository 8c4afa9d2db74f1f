/* From parameters to effect: every input in turn, then the summary. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/pcap_reader.h"
#include "gc-decode.h"

static volatile sig_atomic_t has_signal;
static struct gc_pcap_reader *volatile signal_reader;

static void on_signal(int signal_number)
{
  (void)signal_number;
  has_signal = 1;
  if (signal_reader)
    gc_pcap_reader_interrupt(signal_reader);
}

bool decode_interrupted(void)
{
  return has_signal != 0;
}

void decode_interrupts(struct gc_pcap_reader *reader)
{
  signal_reader = reader;
  if (reader && has_signal)
    gc_pcap_reader_interrupt(reader);
}

void decode_run_datagram(struct decode_run *run, struct decode_record *record)
{
  struct gc_where where = { 0, NULL };
  struct gc_message *message = &record->message;
  const char *outer_error = record->error;
  record->n = ++run->messages;
  enum gc_err err = gc_message_parse(message, record->datagram, &where);
  /* version 1 and a token that is there: enough to name the message */
  record->is_header_read = record->datagram.len >= 4 && message->version == 1;
  if (outer_error == NULL && err) {
    record->error = where.phrase;
    record->error_at = where.offset;
  } else if (outer_error) { /* what the capture lacks explains what the message lacks */
    record->error_at = err ? where.offset : record->datagram.len;
  }
  /* a token has been read where the damage lies behind it */
  bool is_token_read = !err || message->options.ptr != NULL;
  if (record->is_header_read && is_token_read)
    decode_match_add(run->match, record);
  run->damaged += record->error != NULL;
  run->duplicates += record->duplicate_of != 0;
  if (record->is_header_read) {
    run->requests += GC_CODE_IS_REQUEST(message->code);
    run->responses += GC_CODE_IS_RESPONSE(message->code);
  }
  if (run->params->filter && !decode_filter_matches(run->params->filter, record))
    return;
  if (run->params->common.json)
    decode_json(&run->printer, record);
  else
    decode_print(&run->printer, record);
  run->whole += record->error == NULL;
  run->shown++;
  run->is_done = run->is_done || run->shown == run->params->count || !gc_out_ok(run->printer.out);
}

enum gc_status decode_open_status(enum gc_err err, int system_errno)
{
  if (err == GC_E_MEMORY)
    return GC_STATUS_SYSTEM;
  if (err == GC_E_SYSTEM && system_errno != ENOENT && system_errno != ENOTDIR && system_errno != EISDIR)
    return GC_STATUS_SYSTEM;
  return GC_STATUS_INPUT;
}

/* Regular files at full speed; whatever may make us wait, a record at a time. */
static bool is_batch(const struct decode_params *params)
{
  struct stat st;
  if (params->common.interface)
    return false;
  for (size_t i = 0; i < params->file_count; i++) {
    bool is_stdin = strcmp(params->files[i], "-") == 0;
    if ((is_stdin ? fstat(STDIN_FILENO, &st) : stat(params->files[i], &st)) == 0 && !S_ISREG(st.st_mode))
      return false;
  }
  return true;
}

static void summary(const struct decode_run *run)
{
  gc_info(1, "%llu message%s: %llu request%s, %llu response%s, %llu damaged, %llu duplicate%s, %llu request%s without a response",
          (unsigned long long)run->messages, run->messages == 1 ? "" : "s", (unsigned long long)run->requests, run->requests == 1 ? "" : "s",
          (unsigned long long)run->responses, run->responses == 1 ? "" : "s", (unsigned long long)run->damaged,
          (unsigned long long)run->duplicates, run->duplicates == 1 ? "" : "s", (unsigned long long)decode_match_unanswered(run->match),
          decode_match_unanswered(run->match) == 1 ? "" : "s");
  if (run->damaged_frames)
    gc_info(1, "%llu damaged packet%s without a message", (unsigned long long)run->damaged_frames, run->damaged_frames == 1 ? "" : "s");
  if (run->incomplete)
    gc_warn("%llu datagram%s with missing or refused IP fragments", (unsigned long long)run->incomplete, run->incomplete == 1 ? "" : "s");
  if (run->dtls)
    gc_warn("%llu datagram%s on port 5684 (coaps, DTLS) not decoded", (unsigned long long)run->dtls, run->dtls == 1 ? "" : "s");
}

static void run_inputs(struct decode_run *run)
{
  const struct decode_params *params = run->params;
  if (params->common.interface)
    decode_run_capture(run, params->common.interface, true);
  for (size_t i = 0; i < params->file_count && !run->is_done && !decode_interrupted(); i++)
    if (params->is_hex)
      decode_run_hex(run, params->files[i]);
    else
      decode_run_capture(run, params->files[i], false);
}

enum gc_status decode_run(const struct decode_params *params)
{
  struct decode_run run = { .params = params, .printer = { .time = (enum decode_time)params->time, .verbose = params->common.verbose } };
  struct sigaction action = { .sa_handler = on_signal }; /* without SA_RESTART */
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  run.match = decode_match_new();
  run.printer.out = gc_out_new(STDOUT_FILENO, (enum gc_color_when)params->common.color, is_batch(params));
  if (!run.match || !run.printer.out) {
    gc_error("out of memory");
    run.status = GC_STATUS_SYSTEM;
  } else {
    run_inputs(&run);
    summary(&run);
    if (run.params->filter ? run.shown == 0 : run.whole == 0)
      run.status = gc_status_max(run.status, GC_STATUS_NO);
  }
  if (!gc_out_close(&run.printer.out)) {
    gc_error("standard output: %s", strerror(errno));
    run.status = gc_status_max(run.status, GC_STATUS_SYSTEM);
  }
  decode_match_free(&run.match);
  return run.status;
}
