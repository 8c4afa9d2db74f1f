/* What gc-decode makes of informative responses: phantom requests and keys to remember, the messages inside opened. */
#include <stdlib.h>
#include <string.h>

#include "coap/builder.h"
#include "common/phantom_file.h"
#include "common/show_informative.h"
#include "gc-decode_phantom.h"
#include "iana/options.h"
#include "observe/counting.h"
#include "observe/phantom.h"

/* ph_req and last_notif together are shorter than a datagram. */
enum { STORAGE_LEN = GC_OSCORE_STORAGE_LEN(GC_MESSAGE_MAX_LEN) + 16 };

/* --- learning -------------------------------------------------------------------------------------------------- */

static bool have_phantoms(struct decode_run *run)
{
  if (!run->phantoms)
    run->phantoms = decode_phantoms_new();
  if (run->secure)
    run->secure->phantoms = run->phantoms;
  return run->phantoms != NULL;
}

static void learn_keys(struct decode_run *run, const struct gc_informative *response, uint64_t n, uint64_t observation)
{
  if (!(response->present & GC_IR_GP_MATERIAL))
    return;
  if (!run->secure && !decode_run_begin_security(run))
    return;
  run->secure->phantoms = run->phantoms;
  decode_secure_learn(run->secure, response, n, observation);
}

enum gc_status decode_informative_files(struct decode_run *run)
{
  const struct decode_params *params = run->params;
  enum gc_status worst = GC_STATUS_OK;
  for (size_t i = 0; i < params->phantom_count; i++) {
    struct gc_phantom_file file;
    enum gc_status status = gc_phantom_file_read(&file, params->phantoms[i], params->common.strict);
    if (!status && !have_phantoms(run)) {
      gc_error("out of memory");
      status = GC_STATUS_SYSTEM;
    }
    if (!status) {
      uint64_t observation = decode_phantoms_add(run->phantoms, &file.response, 0, file.path, !params->is_hex);
      if (!observation)
        gc_warn("%s: its phantom request is longer than %d bytes and not used", file.path, DECODE_PH_REQ_MAX);
      learn_keys(run, &file.response, 0, observation);
    }
    gc_phantom_file_close(&file);
    worst = gc_status_max(worst, status);
  }
  return worst;
}

void decode_informative_learn(struct decode_run *run, const struct decode_record *record, const struct gc_message *message)
{
  struct gc_informative response;
  if (record->error || gc_informative_parse(&response, message->payload, GC_OMN_CURRENT, NULL) || !have_phantoms(run))
    return;
  uint64_t observation = decode_phantoms_add(run->phantoms, &response, record->n, NULL, record->has_place);
  if (!observation) { /* the next keys of a group, sent to it */
    const struct decode_phantom *phantom = decode_phantoms_find(run->phantoms, record);
    observation = phantom ? phantom->id : 0;
  }
  learn_keys(run, &response, record->n, observation);
}

/* --- opening what is inside ------------------------------------------------------------------------------------ */

/* One message, as a task of its own: neither replays nor pairing are looked at. */
static bool open_message(struct decode_run *run, struct decode_task *task, const struct gc_message *message, uint64_t n,
                         const struct decode_request *request, struct gc_buf storage)
{
  task->record = (struct decode_record){ .n = n, .is_header_read = true, .message = *message };
  if (!decode_security_look(&task->security, &task->record) || !task->security.is_option_read)
    return false;
  decode_task_init(task, storage);
  task->request.context = -1;
  if (request)
    task->request = *request;
  else
    decode_request_read(&task->request, &task->security.option, n, true);
  decode_secure_open(run->secure, task);
  return true;
}

static void describe(struct gc_show_protected *part, const struct decode_task *task, struct gc_message *inner, char verdict[static 200])
{
  const struct decode_security *security = &task->security;
  part->is_verified = security->outcome <= DECODE_VERIFIED;
  part->verdict = part->is_verified ? decode_security_ids(verdict, security) : decode_security_error(verdict, security);
  if (security->outcome != DECODE_OPENED)
    return;
  *inner = security->opened.inner;
  part->inner = inner;
}

const struct gc_show_opened *decode_informative_open(struct decode_run *run, const struct decode_record *record,
                                                     const struct gc_message *message)
{
  static struct gc_show_opened parts;
  static struct gc_message inner[2];
  static char verdicts[2][200];
  struct gc_informative response;
  struct gc_message ph_req, last_notif;
  struct decode_task task;
  if (!run->secure || gc_informative_parse(&response, message->payload, GC_OMN_CURRENT, NULL) || !(response.present & GC_IR_PH_REQ) ||
      gc_phantom_read(&ph_req, response.tp_info.token, response.ph_req, NULL))
    return NULL;
  if (!run->parts_storage && !(run->parts_storage = malloc(STORAGE_LEN)))
    return NULL;
  parts = (struct gc_show_opened){ .ph_req.inner = NULL };
  size_t used = GC_OSCORE_STORAGE_LEN(response.ph_req.len);
  if (!open_message(run, &task, &ph_req, record->n, NULL, gc_buf(run->parts_storage, used)))
    return NULL;
  describe(&parts.ph_req, &task, &inner[0], verdicts[0]);
  const struct decode_request request = task.request;
  if ((response.present & GC_IR_LAST_NOTIF) && !gc_last_notif_read(&last_notif, response.tp_info.token, response.last_notif, NULL) &&
      open_message(run, &task, &last_notif, record->n, &request, gc_buf(run->parts_storage + used, STORAGE_LEN - used)))
    describe(&parts.last_notif, &task, &inner[1], verdicts[1]);
  return &parts;
}

/* --- confirmations --------------------------------------------------------------------------------------------- */

/* The phantom request without protection; it is decrypted once with the contexts there are. false: not to be had */
static bool plain_phantom(struct decode_run *run, struct decode_phantom *phantom, struct gc_message *out)
{
  const struct gc_bytes token = gc_bytes(phantom->token, phantom->token_len);
  struct gc_bytes bytes = gc_bytes(phantom->ph_req, phantom->ph_req_len);
  if (!phantom->is_protected)
    return phantom->ph_req_len && gc_phantom_read(out, token, bytes, NULL) == GC_OK;
  if (run->secure && phantom->tried_with != run->secure->count && !phantom->plain_len) {
    struct decode_task task;
    struct gc_message message;
    uint8_t storage[GC_OSCORE_STORAGE_LEN(DECODE_PH_REQ_MAX)];
    struct gc_buf plain = gc_buf(phantom->plain, sizeof phantom->plain);
    phantom->tried_with = run->secure->count;
    if (!gc_phantom_read(&message, token, bytes, NULL) &&
        open_message(run, &task, &message, UINT64_MAX, NULL, gc_buf(storage, sizeof storage)) && task.security.outcome == DECODE_OPENED &&
        !gc_transport_independent_write(&plain, &task.security.opened.inner))
      phantom->plain_len = (uint16_t)plain.len;
  }
  return phantom->plain_len && !gc_phantom_read(out, token, gc_bytes(phantom->plain, phantom->plain_len), NULL);
}

/* The registration that is repeated: without what makes it a confirmation. */
static bool without_feedback(struct gc_message *out, const struct gc_message *message, uint8_t *store, size_t cap)
{
  struct gc_builder builder = gc_builder_options(store, cap);
  struct gc_option_iter iter = gc_option_iter(message->options);
  struct gc_option option;
  while (gc_option_next(&iter, &option))
    if (option.number != GC_OPTION_FEEDBACK_DIVIDER)
      gc_builder_add(&builder, option.number, option.value);
  *out = *message;
  return gc_builder_finish(&builder, &out->options) == GC_OK;
}

void decode_informative_confirm(struct decode_run *run, struct decode_record *record, const struct gc_message *message)
{
  uint8_t store[DECODE_PH_REQ_MAX];
  struct gc_message registration, plain;
  struct decode_phantom *phantom;
  size_t at = 0;
  if (!GC_CODE_IS_REQUEST(message->code) || record->error || message->options.len > sizeof store ||
      !gc_counting_is_confirmation(message->options) || !without_feedback(&registration, message, store, sizeof store))
    return;
  while ((phantom = decode_phantoms_next(run->phantoms, &at)) != NULL)
    if (phantom->n < record->n && phantom->n >= record->phantom && phantom->has_place == record->has_place &&
        (!record->has_place || gc_addr_equal(&phantom->server, &record->to)) && plain_phantom(run, phantom, &plain) &&
        gc_phantom_answers(&plain, &registration)) {
      record->phantom = phantom->n;
      record->phantom_file = phantom->file;
    }
}
