#include "cose/structure.h"

static const char encrypt0[] = "\x83\x68" "Encrypt0" "\x40";
static const char countersign5[] = "\x85\x71" "CounterSignature0" "\x40\x40";
static const char countersign4[] = "\x84\x71" "CounterSignature0" "\x40";

/* prefix ‖ bstr(external_aad), the prefix written before it */
static uint8_t *frame(struct gc_cose_aad *aad, const char *prefix, size_t prefix_len)
{
  uint8_t head[GC_COSE_HEAD_MAX_LEN];
  size_t head_len = (size_t)(gc_cose_put_head(head, GC_COSE_BSTR, aad->len) - head);
  uint8_t *start = gc_cose_aad_begin(aad) - head_len - prefix_len;
  memcpy(start, prefix, prefix_len);
  memcpy(start + prefix_len, head, head_len);
  return start;
}

struct gc_bytes gc_cose_enc_structure(struct gc_cose_aad *aad)
{
  uint8_t *start = frame(aad, encrypt0, sizeof encrypt0 - 1);
  return gc_bytes(start, (size_t)(gc_cose_aad_begin(aad) - start) + aad->len);
}

struct gc_bytes gc_cose_countersign_structure(struct gc_cose_aad *aad, struct gc_bytes ciphertext, enum gc_cose_countersign form)
{
  size_t used = GC_COSE_AAD_HEADROOM + aad->len;
  if (aad->cap < used || aad->cap - used < gc_cose_bstr_len(ciphertext.len))
    return gc_bytes(NULL, 0);
  uint8_t *start = form == GC_COUNTERSIGN_FIVE ? frame(aad, countersign5, sizeof countersign5 - 1)
                                               : frame(aad, countersign4, sizeof countersign4 - 1);
  uint8_t *end = gc_cose_put_bstr(gc_cose_aad_begin(aad) + aad->len, ciphertext);
  return gc_bytes(start, (size_t)(end - start));
}

struct gc_bytes gc_cose_countersign_bare(struct gc_cose_aad *aad, struct gc_bytes ciphertext, enum gc_cose_countersign form)
{
  struct gc_cose_aad empty = { aad->room, aad->cap, 0 };
  return gc_cose_countersign_structure(&empty, ciphertext, form);
}
