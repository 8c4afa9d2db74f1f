/* gc-decode: CoAP messages out of captures and hex. */
#include "gc-decode.h"

int main(int argc, char **argv)
{
  struct decode_params params;
  decode_params_parse(&params, argc, argv);
  enum gc_status status = decode_run(&params);
  decode_params_clear(&params);
  return (int)status;
}
