/* An informative response for showing: as much of it as can be read. */
#ifndef GC_TOOLS_INFORMATIVE_VIEW_H
#define GC_TOOLS_INFORMATIVE_VIEW_H

#include "coap/message.h"
#include "observe/informative.h"

struct gc_informative_view {
  struct gc_informative response; /* where it is damaged, the parameters in front of the damage */
  const char *error;              /* NULL: whole */
  size_t error_at;                /* bytes into the payload */
  uint8_t *owned;
};

/** Read a payload, which must live as long as the view. Free it with gc_informative_view_free in any case. */
void gc_informative_view_read(struct gc_informative_view *view, struct gc_bytes payload);
void gc_informative_view_free(struct gc_informative_view *view);

/** Does the message carry an informative response, by its Content-Format? */
bool gc_informative_is_in(const struct gc_message *message);

/**
 * The message of a ph_req or last_notif.
 * @param[out] fault what makes it unusable as such, also where it could be read; NULL: nothing. Static
 * @return false: not even code and options could be read
 */
bool gc_informative_view_message(struct gc_message *out, struct gc_bytes bytes, bool is_request, const char **fault);

/** Where a parameter's value is in the structure that it was read into. */
static inline const void *gc_param_value(const void *base, const struct gc_param *param)
{
  return (const char *)base + param->offset;
}

/** What a number stands for: "EdDSA", "kccs"; NULL: nothing known, or the parameter is no algorithm or format. */
const char *gc_informative_meaning(const struct gc_param *param, const void *value);

/** "flat", "nested", "05", "05-untagged" */
const char *gc_informative_form(enum gc_tp_form form);

#endif
