/* Messages of ACE: which of them a message is, for which a response needs the path of its request. */
#include <stdlib.h>

#include "common/hide.h"
#include "common/show.h"
#include "gc-decode_ace.h"

/* A cache: a request makes room for another whose number ends alike. */
struct decode_ace {
  struct {
    uint64_t n; /* 0: empty */
    struct gc_ace_request request;
  } requests[DECODE_ACE_REQUESTS];
};

static void remember(struct decode_run *run, const struct decode_record *record, const struct gc_message *request)
{
  if (!run->ace && !(run->ace = calloc(1, sizeof *run->ace))) /* without memory for it: responses are told by what they hold */
    return;
  run->ace->requests[record->n % DECODE_ACE_REQUESTS].n = record->n;
  run->ace->requests[record->n % DECODE_ACE_REQUESTS].request = (struct gc_ace_request){ gc_ace_resource(request), request->code };
}

static const struct gc_ace_request *request_of(const struct decode_run *run, const struct decode_record *record)
{
  const size_t at = record->request % DECODE_ACE_REQUESTS;
  return run->ace && record->request && run->ace->requests[at].n == record->request ? &run->ace->requests[at].request : NULL;
}

void decode_ace_look(struct decode_run *run, struct decode_record *record)
{
  const struct gc_message *message = decode_shown_message(record);
  if (!record->is_header_read || (record->security && message == &record->message))
    return;
  if (!gc_ace_look(&run->ace_message, message, request_of(run, record)))
    return;
  record->ace = &run->ace_message;
  if (GC_CODE_IS_REQUEST(message->code))
    remember(run, record, message);
}

enum gc_status decode_ace_begin(struct decode_run *run)
{
  const struct decode_params *params = run->params;
  for (size_t i = 0; i < params->token_key_count; i++) {
    enum gc_status status = gc_token_keys_add(&run->printer.ace.keys_store, params->token_keys[i], params->common.strict);
    if (status)
      return status;
  }
  run->printer.ace.how = (struct gc_show_ace){ &run->printer.ace.keys_store, params->show_secrets };
  return GC_STATUS_OK;
}

void decode_ace_end(struct decode_run *run)
{
  free(run->ace);
  run->ace = NULL;
  decode_associations_free(run);
  gc_token_keys_free(&run->printer.ace.keys_store);
}

bool decode_holds_secret(const struct decode_record *record)
{
  const int32_t format = record->is_header_read ? gc_ace_content_format(&record->message) : -1;
  if (!gc_hide_concerns(format))
    return false;
  if (record->error && !record->message.payload.len && format != gc_format_informative_response())
    return true; /* the payload was not found, which does not mean that it is not there */
  return gc_hide_holds_secret(&record->message);
}
