/* Informative responses with all that is in them; what is read is written, reads the same and is written the same again. */
#include <stdlib.h>

#include "fuzz.h"
#include "observe/informative.h"
#include "observe/material.h"
#include "observe/phantom.h"

static uint8_t store[1 << 16], second[1 << 16];

static void look_inside(const struct gc_informative *response)
{
  struct gc_message message;
  struct gc_group_material material, again;
  const struct gc_bytes values[2] = { response->ph_req, response->last_notif };
  for (int i = 0; i < 2; i++) {
    struct gc_buf out = gc_buf(second, sizeof second);
    struct gc_where where = { 0, NULL };
    if (!(response->present & (i ? GC_IR_LAST_NOTIF : GC_IR_PH_REQ)))
      continue;
    if (i ? gc_last_notif_read(&message, gc_bytes("t", 1), values[i], &where) : gc_phantom_read(&message, gc_bytes("t", 1), values[i], &where)) {
      if (!where.phrase || where.offset > values[i].len)
        abort();
      continue;
    }
    if (gc_transport_independent_write(&out, &message) || !gc_bytes_equal(gc_buf_bytes(&out), values[i]))
      abort();
    if (!i && !gc_phantom_answers(&message, &message))
      abort();
    struct gc_group_observation observation = { .has_baseline = false };
    (void)gc_group_observation_take(&observation, &message, 1);
  }
  if (response->present & GC_IR_GP_MATERIAL)
    for (int format = 0; format < GC_OMN_FORMATS; format++) {
      struct gc_buf out = gc_buf(second, sizeof second);
      if (gc_group_material_parse(&material, response->gp_material, (enum gc_omn_format)format, NULL))
        continue;
      if (gc_group_material_write(&out, &material) ||
          gc_group_material_parse(&again, gc_buf_bytes(&out), (enum gc_omn_format)format, NULL) || again.present != material.present)
        abort();
    }
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
  if (size > sizeof store / 2)
    return 0;
  for (int format = 0; format < GC_OMN_FORMATS; format++) {
    struct gc_informative response, again;
    struct gc_where where = { 0, NULL };
    struct gc_buf out = gc_buf(store, sizeof store), out2 = gc_buf(second, sizeof second);
    if (gc_informative_parse(&response, gc_bytes(data, size), (enum gc_omn_format)format, &where)) {
      if (!where.phrase || where.offset > size)
        abort();
      continue;
    }
    look_inside(&response);
    (void)gc_informative_fault(&response);
    enum gc_err err = gc_informative_write(&out, &response);
    if (err == GC_E_STATE) /* what the text forbids to combine */
      continue;
    if (err || gc_informative_parse(&again, gc_buf_bytes(&out), response.format, NULL) || again.present != response.present)
      abort();
    if (gc_informative_write(&out2, &again) || !gc_bytes_equal(gc_buf_bytes(&out), gc_buf_bytes(&out2)))
      abort();
  }
  return 0;
}
