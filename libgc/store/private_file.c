#include "store/private_file.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

static enum gc_err write_all(int fd, struct gc_bytes bytes)
{
  while (bytes.len > 0) {
    ssize_t n = write(fd, bytes.ptr, bytes.len);
    if (n < 0 && errno != EINTR)
      return GC_E_SYSTEM;
    bytes = gc_bytes_slice(bytes, n > 0 ? (size_t)n : 0, SIZE_MAX);
  }
  return fsync(fd) < 0 ? GC_E_SYSTEM : GC_OK;
}

enum gc_err gc_private_file_write(const char *path, struct gc_bytes content, bool replace)
{
  char *temporary;
  if (asprintf(&temporary, "%s.XXXXXX", path) < 0)
    return GC_E_MEMORY;
  enum gc_err err = GC_E_SYSTEM;
  int fd = mkostemp(temporary, O_CLOEXEC); /* 0600 */
  if (fd < 0)
    goto out;
  err = write_all(fd, content);
  if (!err && replace && rename(temporary, path) < 0)
    err = GC_E_SYSTEM;
  else if (!err && !replace && link(temporary, path) < 0)
    err = errno == EEXIST ? GC_E_EXISTS : GC_E_SYSTEM;
  int kept = errno;
  if (err || !replace)
    unlink(temporary);
  close(fd);
  errno = kept;
out:
  free(temporary);
  return err;
}
