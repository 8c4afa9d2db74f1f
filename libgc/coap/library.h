/* The library under this room, for --version. */
#ifndef GC_COAP_LIBRARY_H
#define GC_COAP_LIBRARY_H

/** "libcoap 4.3.1": the one this program runs with. */
const char *gc_coap_library(void);

#endif
