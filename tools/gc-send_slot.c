#include <stdlib.h>
#include <string.h>

#include "gc-send.h"

bool gc_send_slot_note(struct gc_send_slot *slot, uint32_t responder)
{
  uint64_t *word = &slot->seen_first;
  const uint64_t bit = (uint64_t)1 << responder % 64;
  if (responder >= 64) {
    size_t at = responder / 64 - 1;
    if (at >= slot->seen_words) {
      size_t words = 2 * at + 16;
      uint64_t *grown = realloc(slot->seen, words * sizeof *grown);
      if (!grown)
        return true; /* rather counted twice than not at all */
      memset(grown + slot->seen_words, 0, (words - slot->seen_words) * sizeof *grown);
      slot->seen = grown;
      slot->seen_words = words;
    }
    word = &slot->seen[at];
  }
  const bool is_first = !(*word & bit);
  *word |= bit;
  return is_first;
}

void gc_send_slot_free(struct gc_send_slot *slot)
{
  free(slot->seen);
  slot->seen = NULL;
  slot->seen_words = 0;
}
