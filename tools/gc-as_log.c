/* One line an event: who asked for what, and what became of it; never a key, never a token. */
#include "common/show_address.h"
#include "gc-as.h"

static void show(struct gc_out *out, const char *event, const struct gc_as_peer *peer, const struct gc_addr *from, const struct gc_as_answer *answer)
{
  char who[GC_ADDR_STR_MAX];
  gc_outf(out, "%s ", event);
  gc_out_text(out, peer ? gc_bytes(peer->name, peer->name_len) : gc_bytes_str("?"));
  gc_outf(out, " %s", gc_show_address(who, from));
  if (answer->audience.len) {
    gc_out_str(out, " audience=");
    gc_out_text(out, answer->audience);
  }
  if (answer->number)
    gc_outf(out, " token=%llu", (unsigned long long)answer->number);
  if (answer->error)
    gc_outf(out, " %s", gc_token_error_name(answer->error));
  if (answer->why)
    gc_outf(out, " (%s)", answer->why);
  gc_out_char(out, '\n');
}

static void show_json(struct gc_out *out, const char *event, const struct gc_as_peer *peer, const struct gc_addr *from, const struct gc_as_answer *answer)
{
  char who[GC_ADDR_STR_MAX];
  gc_json_object(out, NULL);
  gc_json_str(out, "event", event);
  if (peer)
    gc_json_text(out, peer->kind == GC_AS_CLIENT ? "client" : "resource_server", gc_bytes(peer->name, peer->name_len));
  gc_json_str(out, "from", gc_show_address(who, from));
  if (answer->audience.len)
    gc_json_text(out, "audience", answer->audience);
  if (answer->number)
    gc_json_uint(out, "token", answer->number);
  if (answer->error)
    gc_json_str(out, "error", gc_token_error_name(answer->error));
  if (answer->why)
    gc_json_str(out, "reason", answer->why);
  gc_json_end(out);
}

void gc_as_log(struct gc_out *out, bool json, const char *event, const struct gc_as_peer *peer, const struct gc_addr *from, const struct gc_as_answer *answer)
{
  if (json)
    show_json(out, event, peer, from, answer);
  else
    show(out, event, peer, from, answer);
  gc_out_flush(out);
}
