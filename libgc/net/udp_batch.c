#include "net/udp_batch.h"

#include <stdlib.h>
#include <sys/mman.h>

/* One batch serves all sockets of a thread: a thousand members need no thousand buffers. A receive inside the callback of
 * another finds none and makes its own. */
static _Thread_local struct gc_udp_batch *idle_batch;

static void reset_message(struct gc_udp_batch *batch, size_t i)
{
  struct msghdr *m = &batch->messages[i].msg_hdr;
  m->msg_namelen = sizeof batch->names[i];
  m->msg_controllen = sizeof batch->controls[i].bytes;
  m->msg_flags = 0;
}

static void batch_free(struct gc_udp_batch *batch)
{
  if (!batch)
    return;
  munmap(batch->slots, (size_t)GC_UDP_BATCH * GC_UDP_SLOT_LEN);
  free(batch);
}

struct gc_udp_batch *gc_udp_batch_take(void)
{
  struct gc_udp_batch *batch = idle_batch;
  idle_batch = NULL;
  if (batch)
    return batch;
  batch = calloc(1, sizeof *batch);
  if (!batch)
    return NULL;
  void *slots = mmap(NULL, (size_t)GC_UDP_BATCH * GC_UDP_SLOT_LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
  if (slots == MAP_FAILED) {
    free(batch);
    return NULL;
  }
  batch->slots = slots;
  for (size_t i = 0; i < GC_UDP_BATCH; i++) {
    batch->vectors[i] = (struct iovec){ batch->slots + i * GC_UDP_SLOT_LEN, GC_UDP_SLOT_LEN };
    batch->messages[i].msg_hdr.msg_iov = &batch->vectors[i];
    batch->messages[i].msg_hdr.msg_iovlen = 1;
    batch->messages[i].msg_hdr.msg_name = &batch->names[i];
    batch->messages[i].msg_hdr.msg_control = batch->controls[i].bytes;
    reset_message(batch, i);
  }
  return batch;
}

void gc_udp_batch_give(struct gc_udp_batch *batch, size_t used)
{
  for (size_t i = 0; i < used; i++)
    reset_message(batch, i);
  if (idle_batch)
    batch_free(batch);
  else
    idle_batch = batch;
}

void gc_udp_batch_clear(void)
{
  batch_free(idle_batch);
  idle_batch = NULL;
}
