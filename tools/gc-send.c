/* gc-send: a CoAP request to one server or to a group, and who answers what. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gc-send.h"

int main(int argc, char **argv)
{
  static struct gc_send send;
  char why[GC_WHY_LEN];
  gc_send_init(&send);
  const int first = gc_opt_parse(argc, argv, &gc_send_tool, &send.common, gc_send_set, &send);
  if (argc - first > 1)
    gc_usage("one URI only, and '%s' is a second one", argv[first + 1]);
  send.uri = first < argc ? argv[first] : NULL;
  if (!send.uri && !send.shell && !isatty(STDIN_FILENO))
    gc_usage("a URI is needed (coap://HOST/PATH)");
  if (!gc_send_check(&send, why))
    gc_usage("%s", why);

  struct gc_out *out = gc_out_new(STDOUT_FILENO, (enum gc_color_when)send.common.color, false);
  if (!out) {
    gc_error("%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  enum gc_status status = send.shell || !send.uri ? gc_send_shell(&send, out) : gc_send_run(&send, out);
  if (!gc_out_close(&out)) {
    if (errno != EPIPE)
      gc_error("standard output: %s", strerror(errno));
    status = gc_status_max(status, GC_STATUS_SYSTEM);
  }
  return (int)status;
}
