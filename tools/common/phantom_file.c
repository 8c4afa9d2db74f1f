#include "common/phantom_file.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "base/hex.h"
#include "cbor/diag.h"
#include "coap/message.h"
#include "common/payload.h"
#include "crypto/secret.h"
#include "observe/phantom.h"
#include "store/private_file.h"

enum { TEXT_MAX = 1 << 20, WHY_LEN = 320 };

static enum gc_status fail(char why[static WHY_LEN], const char *place, const char *reason)
{
  snprintf(why, WHY_LEN, "%s%s%s", place, *place ? ": " : "", reason);
  return GC_STATUS_INPUT;
}

/* --- text ------------------------------------------------------------------------------------------------------ */

/* "3:14" of a character, for people and editors */
static enum gc_status fail_in_text(char why[static WHY_LEN], struct gc_bytes text, const struct gc_where *where)
{
  char place[48];
  size_t line = 1, column = 1;
  for (size_t i = 0; i < where->offset && i < text.len; i++) {
    bool is_end = text.ptr[i] == '\n';
    line += is_end;
    column = is_end ? 1 : column + 1;
  }
  snprintf(place, sizeof place, "line %zu, character %zu", line, column);
  return fail(why, place, where->phrase);
}

/* A map begins with 0xa0 … 0xbf, which no text does; hexadecimal never with a brace or the beginning of a comment. */
enum kind { KIND_CBOR, KIND_HEX, KIND_DIAG };

static enum kind kind_of(struct gc_bytes bytes)
{
  size_t at = 0;
  if (bytes.len && bytes.ptr[0] >= 0x80)
    return KIND_CBOR;
  while (at < bytes.len && memchr(" \t\r\n", bytes.ptr[at], 4))
    at++;
  return at < bytes.len && memchr("{/#", bytes.ptr[at], 3) ? KIND_DIAG : KIND_HEX;
}

static enum gc_status decode_text(struct gc_phantom_file *file, struct gc_bytes text, enum kind kind, char why[static WHY_LEN])
{
  struct gc_where where = { 0, "" };
  struct gc_buf out = gc_buf(file->owned, GC_MESSAGE_MAX_LEN);
  enum gc_err err;
  if (text.len > TEXT_MAX)
    return fail(why, "", "larger than an informative response can be");
  if (kind == KIND_DIAG) {
    err = gc_cbor_from_diag(&out, text, &where);
  } else {
    char *line = malloc(text.len + 1);
    if (!line)
      return fail(why, "", "out of memory"), GC_STATUS_SYSTEM;
    for (size_t i = 0; i < text.len; i++) /* line by line is how hexadecimal comes */
      line[i] = text.ptr[i] == '\n' || text.ptr[i] == '\r' ? ' ' : (char)text.ptr[i];
    size_t len = text.len;
    while (len && line[len - 1] == ' ')
      len--;
    err = gc_hex_decode(&out, line, len, &where);
    gc_wipe(line, text.len);
    free(line);
  }
  if (err == GC_E_SPACE)
    return fail(why, "", "larger than an informative response can be");
  file->payload = gc_buf_bytes(&out);
  return err ? fail_in_text(why, text, &where) : GC_STATUS_OK;
}

/* --- content --------------------------------------------------------------------------------------------------- */

static enum gc_status check(struct gc_informative *response, struct gc_bytes payload, char why[static WHY_LEN])
{
  struct gc_where where = { 0, "" };
  struct gc_message phantom;
  char place[48];
  if (gc_informative_parse(response, payload, GC_OMN_CURRENT, &where)) {
    snprintf(place, sizeof place, "byte %zu of the informative response", where.offset);
    return fail(why, place, where.phrase);
  }
  const char *fault = gc_informative_fault(response);
  if (fault)
    return fail(why, "", fault);
  if (!(response->present & GC_IR_PH_REQ))
    return fail(why, "", "ph_req is missing");
  if (gc_phantom_read(&phantom, response->tp_info.token, response->ph_req, &where)) {
    snprintf(place, sizeof place, "ph_req, byte %zu", where.offset);
    return fail(why, place, where.phrase);
  }
  return GC_STATUS_OK;
}

static enum gc_status load(struct gc_phantom_file *file, const char *path, char why[static WHY_LEN])
{
  struct gc_payload raw;
  char reason[GC_PAYLOAD_WHY_LEN], *at = NULL;
  bool is_stdin = strcmp(path, "-") == 0;
  if (!is_stdin && asprintf(&at, "@%s%s", path[0] == '@' ? "./" : "", path) < 0)
    return fail(why, "", "out of memory"), GC_STATUS_SYSTEM;
  errno = 0;
  bool ok = gc_payload_read(&raw, GC_PAYLOAD_TEXT, is_stdin ? path : at, reason);
  enum gc_status status = errno && errno != ENOENT && errno != ENOTDIR && errno != EISDIR ? GC_STATUS_SYSTEM : GC_STATUS_INPUT;
  free(at);
  if (!ok) {
    const char *detail = strstr(reason, ": ");
    return fail(why, "", detail ? detail + 2 : reason), status;
  }
  if (raw.bytes.len == 0) {
    gc_payload_free(&raw);
    return fail(why, "", "it is empty");
  }
  file->owned = malloc(GC_MESSAGE_MAX_LEN);
  enum kind kind = kind_of(raw.bytes);
  if (!file->owned) {
    fail(why, "", "out of memory");
    status = GC_STATUS_SYSTEM;
  } else if (kind != KIND_CBOR) {
    status = decode_text(file, raw.bytes, kind, why);
  } else if (raw.bytes.len > GC_MESSAGE_MAX_LEN) {
    status = fail(why, "", "larger than an informative response can be");
  } else {
    memcpy(file->owned, raw.bytes.ptr, raw.bytes.len);
    file->payload = gc_bytes(file->owned, raw.bytes.len);
    status = GC_STATUS_OK;
  }
  if (raw.owned)
    gc_wipe(raw.owned, raw.bytes.len);
  gc_payload_free(&raw);
  return status ? status : check(&file->response, file->payload, why);
}

/* Keys that others may read. */
static enum gc_status check_mode(const struct gc_phantom_file *file, bool strict)
{
  struct stat st;
  if (!(file->response.present & GC_IR_GP_MATERIAL) || strcmp(file->path, "-") == 0 || stat(file->path, &st) || !S_ISREG(st.st_mode) ||
      !(st.st_mode & 077))
    return GC_STATUS_OK;
  (strict ? gc_error : gc_warn)("%s: mode %04o lets others read or change the keys; use chmod 600", file->path, (unsigned)(st.st_mode & 07777));
  return strict ? GC_STATUS_INPUT : GC_STATUS_OK;
}

enum gc_status gc_phantom_file_read(struct gc_phantom_file *file, const char *path, bool strict)
{
  char why[WHY_LEN];
  *file = (struct gc_phantom_file){ .path = path };
  enum gc_status status = load(file, path, why);
  if (!status)
    return check_mode(file, strict);
  gc_error("%s: %s", path, why);
  return status;
}

void gc_phantom_file_close(struct gc_phantom_file *file)
{
  if (file->owned)
    gc_wipe(file->owned, GC_MESSAGE_MAX_LEN);
  free(file->owned);
  *file = (struct gc_phantom_file){ .path = NULL };
}

/* Is there no file (*exists tells), or one of a group observation? */
static bool may_replace(const char *path, bool *exists)
{
  struct gc_phantom_file old = { .path = path };
  struct stat st;
  char why[WHY_LEN];
  *exists = lstat(path, &st) == 0;
  if (!*exists)
    return true;
  bool is_such = S_ISREG(st.st_mode) && strcmp(path, "-") != 0 && load(&old, path, why) == GC_STATUS_OK;
  gc_phantom_file_close(&old);
  return is_such;
}

enum gc_status gc_phantom_file_write(const char *path, struct gc_bytes payload)
{
  struct gc_informative response;
  char why[WHY_LEN];
  bool exists;
  if (check(&response, payload, why)) {
    gc_error("%s: not written: %s", path, why);
    return GC_STATUS_INPUT;
  }
  if (!may_replace(path, &exists)) {
    gc_error("%s: not replaced: it is no file of a group observation", path);
    return GC_STATUS_INPUT;
  }
  enum gc_err err = gc_private_file_write(path, payload, exists);
  if (err)
    gc_error("%s: %s", path, err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return gc_status_of(err);
}
