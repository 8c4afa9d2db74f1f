/* CoAP options as people write them on a command line. */
#ifndef GC_TOOLS_COAP_OPTION_H
#define GC_TOOLS_COAP_OPTION_H

#include "coap/builder.h"

/** "Max-Age=60", "ETag=0x0a0b", "2049=text", "If-None-Match": add to builder. NULL, or what is wrong (till the next call). */
const char *gc_coap_option_add(struct gc_builder *builder, const char *text);

/** "none", "2.xx,5.xx", "errors", "26": the value of No-Response. NULL, or what is accepted. */
const char *gc_no_response_arg(int *out, const char *text);

/** "cbor", "text/plain", "60": a content format. NULL, or what is accepted (till the next call). */
const char *gc_content_format_arg(int32_t *out, const char *text);

#endif
