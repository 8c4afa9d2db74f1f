/* Informative responses for people and programs (draft-ietf-core-observe-multicast-notifications, Section 4.2; version -05). */
#ifndef GC_TOOLS_SHOW_INFORMATIVE_H
#define GC_TOOLS_SHOW_INFORMATIVE_H

#include "common/informative_view.h"
#include "common/out.h"

/** What became of a protected message inside an informative response. All zero: it was not tried. */
struct gc_show_protected {
  const struct gc_message *inner; /* decrypted; NULL: not */
  bool is_verified;
  const char *verdict;            /* by whom it was verified, or why not; NULL: nothing to say */
};

struct gc_show_opened {
  struct gc_show_protected ph_req, last_notif;
};

/**
 * A tree: one parameter a line, by the names of its format. ph_req and last_notif as messages, what is an array or map in
 * diagnostic notation, unknown parameters too. A damaged payload as far as it goes, with the reason.
 * @param show_secrets else the Master Secret of gp_material is "(hidden)"
 */
void gc_show_informative(struct gc_out *out, struct gc_bytes payload, unsigned indent, bool show_secrets);

/** The same with what was opened (NULL: nothing). */
void gc_show_informative_opened(struct gc_out *out, struct gc_bytes payload, const struct gc_show_opened *opened, unsigned indent,
                                bool show_secrets);

/** In a line: "{informative response: [2001:db8::ab]:5683 → [ff35::1]:5683 token=7b, ph_req, last_notif}", "(-05)" behind
 *  the first words where it follows that; a damaged one with the reason. */
void gc_show_informative_line(struct gc_out *out, struct gc_bytes payload);

/**
 * JSON: {"format":"current","tp_info":{"form":"flat","server":…,"group":…,"token":…},"ph_req":{"hex":…,"code":…,"options":[…]},…}:
 * parameters by the names of their format; numbers as numbers, byte strings in hex, arrays in diagnostic notation. "unknown" has
 * key and value in diagnostic notation. "error" and "offset": it is damaged there. "format" is "current" or "05".
 */
void gc_json_informative(struct gc_out *out, const char *key, struct gc_bytes payload, bool show_secrets);

/** The same with what was opened (NULL: nothing): "verified", "inner" and "error" within ph_req and last_notif. */
void gc_json_informative_opened(struct gc_out *out, const char *key, struct gc_bytes payload, const struct gc_show_opened *opened,
                                bool show_secrets);

#endif
