#include "coap/library.h"

#include <coap3/coap.h>

const char *gc_coap_library(void)
{
  return coap_package_version();
}
