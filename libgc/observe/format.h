/* Which text of multicast notifications a map follows. */
#ifndef GC_OBSERVE_FORMAT_H
#define GC_OBSERVE_FORMAT_H

#include "cbor/params.h"

/** The numberings of the tables of this room. */
enum gc_omn_format {
  GC_OMN_CURRENT, /* draft-ietf-core-observe-multicast-notifications */
  GC_OMN_05,      /* draft-tiloca-core-observe-multicast-notifications-05 */
  GC_OMN_FORMATS
};

#endif
