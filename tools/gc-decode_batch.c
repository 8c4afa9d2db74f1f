/* Messages are gathered, those that cost a signature are opened on several threads, and all are printed in their order. */
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <string.h>

#include "gc-decode_phantom.h"

/* Many at once: all wait for the thread that comes last. */
enum { TASKS = 1024, WORTH_IT = 4, ARENA_LEN = 1 << 20 };

struct decode_batch {
  struct decode_task tasks[TASKS];
  size_t count, waiting;
  size_t used;                    /* bytes of the arena */
  const struct decode_secure *secure;
  unsigned jobs, threads;         /* threads that run, besides the one that reads and prints */
  bool is_started;
  pthread_t *ids;
  pthread_mutex_t mutex;
  pthread_cond_t begin, end;
  uint64_t round;                 /* counts batches */
  unsigned busy;
  bool is_over;
  int home;                       /* core of the thread that reads, when the batch begins */
  atomic_uint arrived;            /* threads that have begun */
  atomic_size_t next;             /* task to look at */
  uint8_t arena[ARENA_LEN];       /* datagrams and what they decrypt to */
};

struct decode_batch *decode_batch_new(unsigned jobs)
{
  struct decode_batch *batch = malloc(sizeof *batch);
  if (!batch)
    return NULL;
  memset(batch, 0, offsetof(struct decode_batch, arena));
  batch->jobs = jobs;
  pthread_mutex_init(&batch->mutex, NULL);
  pthread_cond_init(&batch->begin, NULL);
  pthread_cond_init(&batch->end, NULL);
  return batch;
}

static void work(struct decode_batch *batch)
{
  for (size_t i; (i = atomic_fetch_add(&batch->next, 1)) < batch->count;)
    if (batch->tasks[i].is_waiting)
      decode_secure_open(batch->secure, &batch->tasks[i]);
}

/* Away from the core of the thread that reads: not every kernel (or its configuration) sees to that soon. From then on the
 * scheduler may move it. */
static void spread(int home, unsigned index)
{
  cpu_set_t allowed, one;
  size_t cpu = (size_t)home;
  if (home < 0 || sched_getaffinity(0, sizeof allowed, &allowed) || CPU_COUNT(&allowed) < 2)
    return;
  for (unsigned steps = 0; steps < index;) {
    cpu = (cpu + 1) % CPU_SETSIZE;
    steps += CPU_ISSET(cpu, &allowed) != 0;
  }
  CPU_ZERO(&one);
  CPU_SET(cpu, &one);
  if (sched_setaffinity(0, sizeof one, &one) == 0)
    sched_setaffinity(0, sizeof allowed, &allowed);
}

static void *thread(void *arg)
{
  struct decode_batch *batch = arg;
  uint64_t round = 0;
  const unsigned index = 1 + atomic_fetch_add(&batch->arrived, 1);
  pthread_mutex_lock(&batch->mutex);
  for (;;) {
    while (batch->round == round && !batch->is_over)
      pthread_cond_wait(&batch->begin, &batch->mutex);
    if (batch->is_over)
      break;
    const int home = batch->home;
    round = batch->round;
    pthread_mutex_unlock(&batch->mutex);
    if (sched_getcpu() == home)
      spread(home, index);
    work(batch);
    pthread_mutex_lock(&batch->mutex);
    if (--batch->busy == 0)
      pthread_cond_signal(&batch->end);
  }
  pthread_mutex_unlock(&batch->mutex);
  return NULL;
}

/* As many as there can be; signals stay with the thread that reads. */
static void start_threads(struct decode_batch *batch)
{
  sigset_t all, before;
  batch->is_started = true;
  batch->ids = calloc(batch->jobs, sizeof *batch->ids);
  if (!batch->ids)
    return;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &before);
  while (batch->threads + 1 < batch->jobs && pthread_create(&batch->ids[batch->threads], NULL, thread, batch) == 0)
    batch->threads++;
  pthread_sigmask(SIG_SETMASK, &before, NULL);
}

void decode_batch_free(struct decode_batch **batch)
{
  struct decode_batch *b = *batch;
  if (!b)
    return;
  pthread_mutex_lock(&b->mutex);
  b->is_over = true;
  pthread_cond_broadcast(&b->begin);
  pthread_mutex_unlock(&b->mutex);
  for (unsigned i = 0; i < b->threads; i++)
    pthread_join(b->ids[i], NULL);
  pthread_mutex_destroy(&b->mutex);
  pthread_cond_destroy(&b->begin);
  pthread_cond_destroy(&b->end);
  free(b->ids);
  free(b);
  *batch = NULL;
}

static void open_all(struct decode_batch *batch)
{
  if (batch->waiting >= WORTH_IT && !batch->is_started)
    start_threads(batch);
  atomic_store(&batch->next, 0);
  if (batch->waiting < WORTH_IT || !batch->threads) {
    work(batch);
    return;
  }
  pthread_mutex_lock(&batch->mutex);
  batch->busy = batch->threads;
  batch->home = sched_getcpu();
  batch->round++;
  pthread_cond_broadcast(&batch->begin);
  pthread_mutex_unlock(&batch->mutex);
  work(batch);
  pthread_mutex_lock(&batch->mutex);
  while (batch->busy)
    pthread_cond_wait(&batch->end, &batch->mutex);
  pthread_mutex_unlock(&batch->mutex);
}

/* A message of this very batch, decrypted meanwhile, may have brought the phantom request that another answers, or its keys. */
static bool knows_more(struct decode_run *run, struct decode_task *task, size_t contexts)
{
  bool is_matched = run->phantoms && decode_phantoms_match(run->phantoms, &task->record);
  return task->is_protected && (is_matched || (contexts != run->secure->count && task->security.outcome > DECODE_VERIFIED));
}

static void open_again(struct decode_run *run, struct decode_task *task)
{
  decode_security_look(&task->security, &task->record);
  decode_task_init(task, task->storage);
  decode_secure_begin(run->secure, task);
  if (task->is_waiting)
    decode_secure_open(run->secure, task);
}

void decode_batch_flush(struct decode_run *run)
{
  struct decode_batch *batch = run->batch;
  const size_t contexts = run->secure->count;
  batch->secure = run->secure;
  if (batch->waiting)
    open_all(batch);
  for (size_t i = 0; i < batch->count && !run->is_done; i++) {
    struct decode_task *task = &batch->tasks[i];
    if (knows_more(run, task, contexts))
      open_again(run, task);
    if (task->is_protected)
      decode_secure_end(run->secure, task);
    decode_run_finish(run, &task->record, task->is_protected ? &task->security : NULL);
  }
  batch->count = batch->waiting = batch->used = 0;
}

/* The message's parts point into the datagram: so do those of the copy. */
static void move(struct gc_bytes *part, struct gc_bytes from, const uint8_t *to)
{
  if (part->ptr && part->ptr >= from.ptr && part->ptr <= from.ptr + from.len)
    part->ptr = to + (part->ptr - from.ptr);
}

static uint8_t *take(struct decode_batch *batch, size_t len)
{
  uint8_t *at = batch->arena + batch->used;
  batch->used += len;
  return at;
}

void decode_batch_add(struct decode_run *run, const struct decode_record *record)
{
  struct decode_batch *batch = run->batch;
  const struct gc_bytes from = record->datagram;
  size_t storage = GC_OSCORE_STORAGE_LEN(from.len);
  if (batch->count == TASKS || ARENA_LEN - batch->used < from.len + storage) {
    decode_batch_flush(run);
    if (run->is_done)
      return;
  }
  struct decode_task *task = &batch->tasks[batch->count++];
  task->record = *record;
  if (from.len) {
    uint8_t *to = take(batch, from.len);
    memcpy(to, from.ptr, from.len);
    task->record.datagram.ptr = to;
    move(&task->record.message.token, from, to);
    move(&task->record.message.options, from, to);
    move(&task->record.message.payload, from, to);
  }
  task->is_waiting = false;
  task->is_protected = decode_security_look(&task->security, &task->record);
  if (!task->is_protected)
    return;
  decode_task_init(task, gc_buf(take(batch, storage), storage));
  decode_secure_begin(run->secure, task);
  batch->waiting += task->is_waiting;
}
