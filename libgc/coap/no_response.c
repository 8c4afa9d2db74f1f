#include "coap/no_response.h"

#include "coap/message.h"
#include "iana/options.h"

bool gc_no_response_covers(uint8_t value, uint8_t code)
{
  const unsigned class = GC_CODE_CLASS(code);
  return class > 0 && (value >> (class - 1) & 1) != 0;
}

bool gc_no_response_find(struct gc_bytes options, uint8_t *value)
{
  struct gc_option option;
  if (!gc_option_find(options, GC_OPTION_NO_RESPONSE, &option) || option.value.len > 1)
    return false;
  *value = option.value.len ? option.value.ptr[0] : 0;
  return true;
}
