/* Context files read and written with the words that a user needs. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "gc-keygen.h"

enum gc_status gc_keygen_write(const struct gc_context_file *file, const char *path, bool replace)
{
  struct stat st;
  if (lstat(path, &st) == 0 && replace && !S_ISREG(st.st_mode)) { /* rename would put a file in the place of a device */
    gc_error("%s: not a regular file: not replaced", path);
    return GC_STATUS_SYSTEM;
  }
  enum gc_err err = gc_context_file_write(file, path, replace);
  if (!err) {
    gc_info(1, "%s written", path);
    return GC_STATUS_OK;
  }
  gc_error("%s: %s", path, err == GC_E_SYSTEM ? strerror(errno) : err == GC_E_EXISTS ? "exists already (--force overwrites it)" : gc_err_str(err));
  return GC_STATUS_SYSTEM;
}

int gc_keygen_create(const char *path, bool force)
{
  struct stat st;
  bool is_there = lstat(path, &st) == 0;
  if (is_there && (!force || !S_ISREG(st.st_mode))) {
    gc_error("%s: %s", path, force ? "not a regular file: not replaced" : "exists already (--force overwrites it)");
    return -1;
  }
  int fd = is_there && unlink(path) < 0 ? -1 : open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (fd < 0)
    gc_error("%s: %s", path, strerror(errno));
  return fd;
}
