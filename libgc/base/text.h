/* Text from peers: is it text, and how is it shown without harm to a terminal. */
#ifndef GC_BASE_TEXT_H
#define GC_BASE_TEXT_H

#include "base/bytes.h"

/** Well-formed UTF-8 (no overlong form, no surrogate, at most U+10FFFF). */
bool gc_text_is_utf8(struct gc_bytes bytes);

/** gc_text_is_utf8, and no control character but TAB, LF, CR: C0, DEL, C1, U+2028/2029 and the bidirectional
 *  controls U+200E/F, U+202A–202E, U+2066–2069 are not printable. The empty string is printable. */
bool gc_text_is_printable(struct gc_bytes bytes);

/**
 * Length in bytes of the printable character at the front of bytes; 0 where it is a control character (TAB, LF and CR
 * included), not UTF-8, or bytes is empty.
 */
size_t gc_text_printable_len(struct gc_bytes bytes);

/**
 * Append bytes so that a terminal shows them and nothing happens: printable characters as they are, the backslash as
 * \\, TAB, LF, CR as \t \n \r, every other byte as \xHH. What does not fit is cut at a character.
 * @return false where something was cut
 */
bool gc_text_escape(struct gc_buf *out, struct gc_bytes bytes);

#endif
