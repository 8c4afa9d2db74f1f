/* Contexts of other tools, in and out. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hex.h"
#include "gc-keygen.h"
#include "store/foreign.h"

static enum gc_foreign format_of(const struct gc_keygen_params *params)
{
  enum gc_foreign format;
  if (!params->format)
    gc_usage("%s: --format is missing: aiocoap, libcoap, wireshark or vectors", params->verb->name);
  if (!gc_foreign_by_name(&format, params->format))
    gc_usage("--format %s: aiocoap, libcoap, wireshark or vectors is expected", params->format);
  return format;
}

enum gc_status gc_keygen_import(const struct gc_keygen_params *params)
{
  struct gc_context_file *file;
  const enum gc_foreign format = format_of(params);
  if (!params->out)
    gc_usage("import: --out FILE is missing");
  enum gc_err err = gc_foreign_read(&file, format, params->operands[0], params->name, gc_context_tell, NULL);
  if (err)
    return err == GC_E_UNSUPPORTED ? GC_STATUS_USAGE : err == GC_E_MEMORY ? GC_STATUS_SYSTEM : GC_STATUS_INPUT;
  uint8_t gid_bytes[64];
  struct gc_buf gid = gc_buf(gid_bytes, sizeof gid_bytes);
  if (params->gid && gc_hex_decode(&gid, params->gid, strlen(params->gid), NULL))
    gc_usage("--gid %s: hexadecimal digits, at most %zu bytes", params->gid, sizeof gid_bytes);
  if (params->gid) {
    file->has_gid = true;
    file->gid = gc_buf_bytes(&gid);
  }
  enum gc_status status = gc_keygen_write(file, params->out, params->force);
  gc_context_file_free(&file);
  return status;
}

/* One file of an export: to standard output, to --out, or into the folder --out. */
static enum gc_err write_file(void *ctx, const char *name, struct gc_bytes text)
{
  const struct gc_keygen_params *params = ctx;
  char path[4096];
  if (!params->out)
    return fwrite(text.ptr, 1, text.len, stdout) == text.len && fflush(stdout) == 0 ? GC_OK : GC_E_SYSTEM;
  if (name[0] && mkdir(params->out, 0700) < 0 && errno != EEXIST)
    return GC_E_SYSTEM;
  if ((size_t)snprintf(path, sizeof path, "%s%s%s", params->out, name[0] ? "/" : "", name) >= sizeof path)
    return GC_E_RANGE;
  int fd = gc_keygen_create(path, params->force);
  if (fd < 0)
    return GC_E_EXISTS; /* said */
  ssize_t n = write(fd, text.ptr, text.len);
  if (n >= 0 && (size_t)n != text.len)
    errno = ENOSPC;
  bool is_written = n >= 0 && (size_t)n == text.len && fsync(fd) == 0;
  int kept = errno;
  close(fd);
  if (!is_written)
    unlink(path);
  errno = kept;
  return is_written ? GC_OK : GC_E_SYSTEM;
}

enum gc_status gc_keygen_export(const struct gc_keygen_params *params)
{
  const enum gc_foreign format = format_of(params);
  enum gc_status status;
  if (format == GC_FOREIGN_AIOCOAP && !params->out)
    gc_usage("export: --out DIR is missing: aiocoap's context is a folder");
  struct gc_context_file *file = gc_context_read(params->operands[0], params->common.strict, &status);
  if (!file)
    return status;
  enum gc_err err = gc_foreign_write(file, format, write_file, (void *)(uintptr_t)params);
  gc_context_file_free(&file);
  if (!err)
    return GC_STATUS_OK;
  if (err == GC_E_EXISTS)
    return GC_STATUS_SYSTEM;
  if (err == GC_E_UNSUPPORTED)
    gc_error("%s: this context cannot be said in the format %s", params->operands[0], params->format);
  else
    gc_error("%s: %s", params->out ? params->out : "standard output",
             err == GC_E_SYSTEM ? strerror(errno) : gc_err_str(err));
  return err == GC_E_UNSUPPORTED ? GC_STATUS_INPUT : GC_STATUS_SYSTEM;
}
