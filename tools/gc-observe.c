/* gc-observe: watch a resource, by traditional observations or by multicast notifications: gc-observe(1). */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "gc-observe.h"

int main(int argc, char **argv)
{
  static struct gc_observe observe;
  gc_observe_params_parse(&observe, argc, argv);
  struct gc_out *out = gc_out_new(STDOUT_FILENO, (enum gc_color_when)observe.common.color, false);
  if (!out) {
    gc_error("%s", gc_err_str(GC_E_MEMORY));
    return GC_STATUS_SYSTEM;
  }
  enum gc_status status = gc_observe_run(&observe, out);
  if (!gc_out_close(&out)) {
    if (errno != EPIPE)
      gc_error("standard output: %s", strerror(errno));
    status = gc_status_max(status, GC_STATUS_SYSTEM);
  }
  return (int)status;
}
