/* A member of a group that answers: gc-serve(1). */
#include "gc-serve.h"

int main(int argc, char **argv)
{
  struct gc_serve_params params;
  gc_serve_params_parse(&params, argc, argv);
  const enum gc_status status = gc_serve_run(&params);
  gc_serve_params_free(&params);
  return (int)status;
}
