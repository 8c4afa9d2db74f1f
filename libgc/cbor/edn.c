#include <math.h>
#include <string.h>

#include "base/text.h"
#include "cbor/diag.h"
#include "cbor/edn_parts.h"
#include "cbor/reader.h"
#include "cbor/writer.h"

enum gc_err gc_edn_fail(const struct edn *edn, size_t at, const char *phrase, enum gc_err err)
{
  return gc_fail(edn->where, at, phrase, err);
}

uint8_t gc_edn_peek(const struct edn *edn, size_t ahead)
{
  return edn->pos + ahead < edn->text.len ? edn->text.ptr[edn->pos + ahead] : 0;
}

bool gc_edn_take(struct edn *edn, const char *word)
{
  if (!gc_bytes_equal(gc_bytes_slice(edn->text, edn->pos, strlen(word)), gc_bytes_str(word)))
    return false;
  edn->pos += strlen(word);
  return true;
}

enum gc_err gc_edn_skip(struct edn *edn)
{
  for (;;) {
    const uint8_t c = gc_edn_peek(edn, 0);
    if (c == ' ' || c == '\t' || c == '\n' || c == '\r') {
      edn->pos++;
    } else if (c == '#') {
      while (edn->pos < edn->text.len && edn->text.ptr[edn->pos] != '\n')
        edn->pos++;
    } else if (c == '/') {
      const uint8_t *rest = edn->text.ptr + edn->pos + 1;
      const uint8_t *end = memchr(rest, '/', edn->text.len - edn->pos - 1);
      if (!end)
        return gc_edn_fail(edn, edn->pos, "the closing / of a comment is missing", GC_E_MALFORMED);
      edn->pos += (size_t)(end - rest) + 2;
    } else {
      return GC_OK;
    }
  }
}

uint8_t gc_edn_indicator(struct edn *edn)
{
  static const uint8_t widths[4] = { 1, 2, 4, 8 };
  if (gc_edn_peek(edn, 0) != '_')
    return EDN_PREFERRED;
  edn->pos++;
  const uint8_t c = gc_edn_peek(edn, 0);
  if (c < '0' || c > '3')
    return EDN_INDEFINITE;
  edn->pos++;
  return widths[c - '0'];
}

enum gc_err gc_edn_head(struct edn *edn, size_t start, uint8_t major, uint64_t value, uint8_t width)
{
  uint8_t store[9];
  struct gc_buf head = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&head);
  gc_cbor_head(&writer, major, value, width == EDN_PREFERRED ? gc_cbor_width(value) : width);
  if (gc_cbor_finish(&writer) != GC_OK)
    return gc_edn_fail(edn, edn->pos, "too large for the encoding indicator", GC_E_RANGE);
  const size_t len = edn->out->len - start;
  if (gc_buf_add(edn->out, gc_buf_bytes(&head)) != GC_OK)
    return gc_edn_fail(edn, edn->pos, "too long", GC_E_SPACE);
  memmove(edn->out->ptr + start + head.len, edn->out->ptr + start, len);
  memcpy(edn->out->ptr + start, store, head.len);
  return GC_OK;
}

static enum gc_err item(struct edn *edn);

static enum gc_err put_byte(struct edn *edn, uint8_t byte)
{
  return gc_buf_add_u8(edn->out, byte) ? gc_edn_fail(edn, edn->pos, "too long", GC_E_SPACE) : GC_OK;
}

/* Items up to `close`, each with a value behind ":" where they are pairs. */
static enum gc_err list(struct edn *edn, const char *close, bool pairs, uint64_t *count)
{
  for (*count = 0;; ++*count) {
    enum gc_err err = gc_edn_skip(edn);
    if (err)
      return err;
    if (gc_edn_take(edn, close))
      return GC_OK;
    err = item(edn);
    if (!err)
      err = gc_edn_skip(edn);
    if (!err && pairs) {
      if (!gc_edn_take(edn, ":"))
        return gc_edn_fail(edn, edn->pos, "a : must follow the key", GC_E_MALFORMED);
      err = gc_edn_skip(edn);
      if (!err)
        err = item(edn);
      if (!err)
        err = gc_edn_skip(edn);
    }
    if (err)
      return err;
    if (!gc_edn_take(edn, ",") && !gc_bytes_equal(gc_bytes_slice(edn->text, edn->pos, strlen(close)), gc_bytes_str(close)))
      return gc_edn_fail(edn, edn->pos, "a comma or the closing bracket is missing", GC_E_MALFORMED);
  }
}

/* behind "[" or "{" */
static enum gc_err container(struct edn *edn, uint8_t major, const char *close)
{
  const size_t start = edn->out->len;
  const uint8_t width = gc_edn_indicator(edn);
  uint64_t count;
  enum gc_err err = width == EDN_INDEFINITE ? put_byte(edn, (uint8_t)(major << 5 | 31)) : GC_OK;
  if (!err)
    err = list(edn, close, major == 5, &count);
  if (err)
    return err;
  return width == EDN_INDEFINITE ? put_byte(edn, 0xff) : gc_edn_head(edn, start, major, count, width);
}

/* behind "(": "_" and strings of one type */
static enum gc_err chunks(struct edn *edn)
{
  const size_t at = edn->pos, start = edn->out->len;
  enum gc_err err = gc_edn_indicator(edn) == EDN_INDEFINITE ? put_byte(edn, 0x5f) : gc_edn_fail(edn, at, "a _ must follow the (", GC_E_MALFORMED);
  uint64_t count;
  if (!err)
    err = list(edn, ")", false, &count);
  if (err)
    return err;
  if (count == 0)
    return gc_edn_fail(edn, at, "write ''_ or \"\"_ for a string of no chunks", GC_E_MALFORMED);
  edn->out->ptr[start] = edn->out->ptr[start + 1] | 0x1f;
  err = put_byte(edn, 0xff);
  struct gc_bytes encoded = gc_bytes_slice(gc_buf_bytes(edn->out), start, SIZE_MAX);
  if (!err && ((encoded.ptr[0] != 0x5f && encoded.ptr[0] != 0x7f) || gc_cbor_check(encoded, 0, NULL) != GC_OK))
    return gc_edn_fail(edn, at, "the chunks of a string must be strings of one type", GC_E_MALFORMED);
  return err;
}

/* behind "<<" */
static enum gc_err embedded(struct edn *edn)
{
  const size_t start = edn->out->len;
  uint64_t count;
  enum gc_err err = list(edn, ">>", false, &count);
  return err ? err : gc_edn_head(edn, start, 2, edn->out->len - start, EDN_PREFERRED);
}

static enum gc_err string(struct edn *edn)
{
  const size_t start = edn->out->len;
  uint8_t major = 0;
  enum gc_err err = gc_edn_string(edn, &major);
  if (err)
    return err;
  const size_t at = edn->pos, len = edn->out->len - start;
  const uint8_t width = gc_edn_indicator(edn);
  if (width != EDN_INDEFINITE)
    return gc_edn_head(edn, start, major, len, width);
  if (len > 0)
    return gc_edn_fail(edn, at, "only an empty string may be followed by a bare _", GC_E_MALFORMED);
  err = put_byte(edn, (uint8_t)(major << 5 | 31));
  return err ? err : put_byte(edn, 0xff);
}

static enum gc_err number(struct edn *edn)
{
  bool is_tag = false;
  uint64_t tag = 0;
  uint8_t width = EDN_PREFERRED;
  enum gc_err err = gc_edn_number(edn, &is_tag, &tag, &width);
  if (err || !is_tag)
    return err;
  err = gc_edn_head(edn, edn->out->len, 6, tag, width);
  edn->pos++;
  if (!err)
    err = gc_edn_skip(edn);
  if (!err)
    err = item(edn);
  if (!err)
    err = gc_edn_skip(edn);
  if (err)
    return err;
  return gc_edn_take(edn, ")") ? GC_OK : gc_edn_fail(edn, edn->pos, "the ) of a tag is missing", GC_E_MALFORMED);
}

/* behind "simple(" */
static enum gc_err simple(struct edn *edn)
{
  const size_t at = edn->pos;
  unsigned value = 0;
  while (edn->pos - at < 3 && gc_edn_peek(edn, 0) >= '0' && gc_edn_peek(edn, 0) <= '9')
    value = value * 10 + edn->text.ptr[edn->pos++] - '0';
  if (edn->pos == at || !gc_edn_take(edn, ")"))
    return gc_edn_fail(edn, edn->pos, "simple(N) takes a number from 0 to 255", GC_E_MALFORMED);
  if (value > 255 || (value > 23 && value < 32))
    return gc_edn_fail(edn, at, "simple values are 0 to 23 and 32 to 255", GC_E_RANGE);
  return gc_edn_head(edn, edn->out->len, 7, value, EDN_PREFERRED);
}

static bool is_word(uint8_t c)
{
  return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '.' || c == '-' || c == '+';
}

static enum gc_err word(struct edn *edn)
{
  static const struct {
    const char *name;
    uint8_t byte; /* 0: the floating-point number in real */
    double real;
  } words[] = { { "false", 0xf4, 0 }, { "true", 0xf5, 0 }, { "null", 0xf6, 0 }, { "undefined", 0xf7, 0 },
                { "NaN", 0, (double)NAN }, { "Infinity", 0, (double)INFINITY }, { "-Infinity", 0, -(double)INFINITY } };
  const size_t at = edn->pos;
  size_t len = 0;
  while (is_word(gc_edn_peek(edn, len)))
    len++;
  struct gc_bytes name = gc_bytes_slice(edn->text, at, len);
  for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
    if (gc_bytes_equal(name, gc_bytes_str(words[i].name))) {
      edn->pos += len;
      return words[i].byte ? put_byte(edn, words[i].byte) : gc_edn_real(edn, at, words[i].real, gc_edn_indicator(edn));
    }
  if (gc_edn_take(edn, "simple("))
    return simple(edn);
  return gc_edn_fail(edn, at, at < edn->text.len ? "not a value of diagnostic notation" : "a value is missing", GC_E_MALFORMED);
}

static enum gc_err item(struct edn *edn)
{
  const uint8_t c = gc_edn_peek(edn, 0), after = gc_edn_peek(edn, 1);
  enum gc_err err;
  if (++edn->depth > GC_CBOR_MAX_DEPTH + 1)
    return gc_edn_fail(edn, edn->pos, "nested too deeply", GC_E_LIMIT);
  if (gc_edn_take(edn, "["))
    err = container(edn, 4, "]");
  else if (gc_edn_take(edn, "{"))
    err = container(edn, 5, "}");
  else if (gc_edn_take(edn, "("))
    err = chunks(edn);
  else if (gc_edn_take(edn, "<<"))
    err = embedded(edn);
  else if (c == '"' || c == '\'' || (c == 'h' && after == '\'') || (c == 'b' && after == '6'))
    err = string(edn);
  else if ((c >= '0' && c <= '9') || (c == '-' && after >= '0' && after <= '9'))
    err = number(edn);
  else
    err = word(edn);
  edn->depth--;
  return err;
}

enum gc_err gc_cbor_from_diag(struct gc_buf *out, struct gc_bytes text, struct gc_where *where)
{
  const size_t start = out->len;
  struct edn edn = { text, 0, out, where, 0 };
  enum gc_err err = gc_text_is_utf8(text) ? GC_OK : gc_edn_fail(&edn, 0, "not UTF-8 text", GC_E_MALFORMED);
  do {
    if (!err)
      err = gc_edn_skip(&edn);
    if (!err && edn.pos == text.len && out->len > start)
      break; /* a comma after the last item */
    if (!err)
      err = item(&edn);
    if (!err)
      err = gc_edn_skip(&edn);
  } while (!err && gc_edn_take(&edn, ","));
  if (!err && edn.pos < text.len)
    err = gc_edn_fail(&edn, edn.pos, "a comma must stand between items", GC_E_MALFORMED);
  if (err)
    out->len = start;
  return err;
}
