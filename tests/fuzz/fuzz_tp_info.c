/* tp_info of both formats: what is read can be used, is written, and reads the same. */
#include <stdlib.h>

#include "coap/message.h"
#include "fuzz.h"
#include "observe/tp_info.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  struct gc_cbor_reader reader = gc_cbor_reader(gc_bytes(data, size));
  struct gc_tp_info info, again;
  if (gc_tp_info_read(&reader, &info)) {
    if (reader.pos != 0 || !reader.where.phrase || reader.where.offset > size)
      abort();
    return 0;
  }
  if (reader.pos == 0 || reader.pos > size || gc_tp_info_fault(&info) || info.token.len > GC_TOKEN_MAX_LEN)
    abort();
  for (int form = GC_TP_FLAT; form <= GC_TP_05_UNTAGGED; form++) {
    uint8_t store[128];
    struct gc_buf out = gc_buf(store, sizeof store);
    struct gc_cbor_writer writer = gc_cbor_writer(&out);
    info.form = (enum gc_tp_form)form;
    gc_tp_info_write(&writer, &info);
    if (gc_cbor_finish(&writer)) {
      if (form < GC_TP_05 || info.has_details)
        abort();
      continue;
    }
    reader = gc_cbor_reader(gc_buf_bytes(&out));
    if (gc_tp_info_read(&reader, &again) || !gc_cbor_at_end(&reader) || again.form != info.form || again.has_details != info.has_details ||
        !gc_addr_equal(&again.server, &info.server) ||
        (info.has_details && (!gc_addr_equal(&again.group, &info.group) || !gc_bytes_equal(again.token, info.token))))
      abort();
  }
  return 0;
}
