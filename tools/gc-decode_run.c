/* From parameters to effect: every input in turn, then the summary. */
#include <errno.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "capture/pcap_reader.h"
#include "gc-decode_ace.h"
#include "gc-decode_phantom.h"

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

/* One message from end to end. */
static void open_now(struct decode_run *run, struct decode_record *record)
{
  struct decode_task task;
  if (!decode_security_look(&task.security, record)) {
    decode_run_finish(run, record, NULL);
    return;
  }
  task.record = *record;
  decode_task_init(&task, gc_buf(run->secure->storage, GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN)));
  decode_secure_begin(run->secure, &task);
  if (task.is_waiting)
    decode_secure_open(run->secure, &task);
  decode_secure_end(run->secure, &task);
  decode_run_finish(run, &task.record, &task.security);
}

void decode_run_datagram(struct decode_run *run, struct decode_record *record)
{
  struct gc_where where = { 0, NULL };
  struct decode_security security;
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
  if (record->is_header_read && decode_is_informative(message))
    decode_informative_learn(run, record, message);
  if (record->is_header_read && decode_association_may_be(message))
    decode_association_learn(run, record, message);
  if (run->phantoms)
    decode_phantoms_match(run->phantoms, record);
  run->damaged += record->error != NULL;
  run->duplicates += record->duplicate_of != 0;
  if (record->is_header_read) {
    run->requests += GC_CODE_IS_REQUEST(message->code);
    run->responses += GC_CODE_IS_RESPONSE(message->code);
  }
  if (run->batch)
    decode_batch_add(run, record);
  else if (run->secure)
    open_now(run, record);
  else
    decode_run_finish(run, record, decode_security_look(&security, record) ? &security : NULL);
}

/* What is done with a message where group observations are concerned. */
static void look_for_observations(struct decode_run *run, struct decode_record *record)
{
  const struct gc_message *message = decode_shown_message(record);
  if (!record->is_header_read)
    return;
  if (run->phantoms)
    decode_informative_confirm(run, record, message);
  if (!decode_is_informative(message))
    return;
  if (message != &record->message)
    decode_informative_learn(run, record, message);
  if (run->params->common.json || run->params->common.verbose)
    record->parts = decode_informative_open(run, record, message);
}

void decode_run_finish(struct decode_run *run, struct decode_record *record, struct decode_security *security)
{
  if (security) {
    security->lacks_contexts = !run->secure;
    record->security = security;
    run->is_protected++;
    run->decrypted += security->outcome == DECODE_OPENED;
    run->verified += security->outcome <= DECODE_VERIFIED;
    run->not_opened[security->reason] += security->outcome > DECODE_VERIFIED;
    if (security->outcome == DECODE_REFUSED)
      run->status = gc_status_max(run->status, GC_STATUS_SECURITY);
  }
  look_for_observations(run, record);
  if (security && security->outcome == DECODE_OPENED && decode_association_may_be(decode_shown_message(record)))
    decode_association_learn(run, record, decode_shown_message(record));
  if (decode_ace_may_be(run, record))
    decode_ace_look(run, record);
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

/* Nobody expects that they open: other groups' messages, and those between other members. */
static bool is_unopened(unsigned reason)
{
  return reason == GC_SEC_NO_CONTEXT || reason >= GC_SEC_COUNT;
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

/* " (3 no credential for kid, 1 replay)": why messages were refused, or not opened. */
static const char *reasons(const struct decode_run *run, bool of_unopened, char text[static 1024])
{
  size_t at = 0;
  text[0] = '\0';
  for (unsigned i = 0; i < DECODE_REASONS && at < 900; i++)
    if (run->not_opened[i] && is_unopened(i) == of_unopened)
      at += (size_t)snprintf(text + at, 1024 - at, "%s%llu %s", at ? ", " : " (", (unsigned long long)run->not_opened[i],
                             i == GC_SEC_NO_CONTEXT && !run->secure ? "without -g" : decode_reason_str(i));
  if (at)
    snprintf(text + at, 1024 - at, ")");
  return text;
}

static void security_summary(const struct decode_run *run)
{
  char refused[1024], unopened[1024];
  unsigned long long count = run->is_protected, not_opened = 0;
  if (!count)
    return;
  for (unsigned i = 0; i < DECODE_REASONS; i++)
    not_opened += is_unopened(i) ? run->not_opened[i] : 0;
  unsigned long long bad = count - run->verified - not_opened;
  reasons(run, false, refused);
  reasons(run, true, unopened);
  gc_info(1, "%llu protected: %llu decrypted, %llu verified, %llu refused%s, %llu not opened%s", count, (unsigned long long)run->decrypted,
          (unsigned long long)run->verified, bad, refused, not_opened, unopened);
  if (run->secure && bad)
    gc_warn("%llu of %llu protected message%s refused%s", bad, count, count == 1 ? "" : "s", refused);
  else if (run->secure && !run->verified)
    gc_warn("none of %llu protected message%s opened%s", count, count == 1 ? "" : "s", unopened);
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

/* The threads that verify: all cores for files, one where the next message may be long in coming. */
static unsigned jobs_of(const struct decode_params *params)
{
  if (params->jobs)
    return params->common.interface ? 1 : params->jobs;
  long cores = sysconf(_SC_NPROCESSORS_ONLN);
  return !is_batch(params) || cores < 1 ? 1 : cores > 64 ? 64 : (unsigned)cores;
}

bool decode_run_begin_security(struct decode_run *run)
{
  run->secure = decode_secure_new(run->params, &run->status);
  unsigned jobs = jobs_of(run->params);
  if (run->secure && jobs > 1)
    run->batch = decode_batch_new(jobs); /* without memory for it: one at a time */
  return run->secure != NULL;
}

static bool begin(struct decode_run *run)
{
  if (run->params->common.context_count && !decode_run_begin_security(run))
    return false;
  enum gc_status status = decode_ace_begin(run);
  if (!status)
    status = decode_informative_files(run);
  run->status = gc_status_max(run->status, status);
  return status == GC_STATUS_OK;
}

enum gc_status decode_run(const struct decode_params *params)
{
  struct decode_run run = { .params = params, .printer = { .time = (enum decode_time)params->time, .verbose = params->common.verbose,
                                                         .show_secrets = params->show_secrets } };
  struct sigaction action = { .sa_handler = on_signal }; /* without SA_RESTART */
  sigaction(SIGINT, &action, NULL);
  sigaction(SIGTERM, &action, NULL);
  run.match = decode_match_new();
  run.printer.out = gc_out_new(STDOUT_FILENO, (enum gc_color_when)params->common.color, is_batch(params));
  if (!run.match || !run.printer.out) {
    gc_error("out of memory");
    run.status = GC_STATUS_SYSTEM;
  } else if (begin(&run)) {
    run_inputs(&run);
    if (run.batch)
      decode_batch_flush(&run);
    summary(&run);
    security_summary(&run);
    if (run.params->filter ? run.shown == 0 : run.whole == 0)
      run.status = gc_status_max(run.status, GC_STATUS_NO);
  }
  if (!gc_out_close(&run.printer.out)) {
    gc_error("standard output: %s", strerror(errno));
    run.status = gc_status_max(run.status, GC_STATUS_SYSTEM);
  }
  decode_match_free(&run.match);
  decode_batch_free(&run.batch);
  decode_secure_free(&run.secure);
  decode_phantoms_free(&run.phantoms);
  free(run.parts_storage);
  decode_ace_end(&run);
  return run.status;
}
