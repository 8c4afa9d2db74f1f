/* The rekeying message of each group: the same for all its members, and made once a second, for it says how long the keying
 * material lasts from now. */
#include <stdlib.h>
#include <string.h>

#include "crypto/secret.h"
#include "gc-manager.h"

struct item {
  uint8_t *bytes; /* secret; NULL: none */
  size_t len;
  int64_t made_s;
};

struct gc_manager_news {
  struct gc_gm *gm;
  struct item items[GC_GM_GROUPS_MAX]; /* in the order of the configurations */
  uint8_t room[GC_GM_REKEYING_MAX_LEN];
};

struct gc_manager_news *gc_manager_news_new(struct gc_gm *gm)
{
  struct gc_manager_news *news = calloc(1, sizeof *news);
  if (news)
    news->gm = gm;
  return news;
}

static void forget(struct item *item)
{
  if (item->bytes)
    gc_wipe(item->bytes, item->len);
  free(item->bytes);
  *item = (struct item){ NULL, 0, 0 };
}

void gc_manager_news_free(struct gc_manager_news **pointer)
{
  struct gc_manager_news *news = *pointer;
  if (!news)
    return;
  *pointer = NULL;
  for (size_t i = 0; i < GC_GM_GROUPS_MAX; i++)
    forget(&news->items[i]);
  free(news);
}

static struct item *find(struct gc_manager_news *news, const char *group)
{
  const struct gc_gm_config *config;
  for (size_t i = 0; (config = gc_gm_config_at(news->gm, i)); i++)
    if (strcmp(config->name, group) == 0)
      return &news->items[i];
  return NULL;
}

void gc_manager_news_event(struct gc_manager_news *news, const struct gc_gm_event *event)
{
  struct item *item = event->kind == GC_GM_REKEYED ? find(news, event->group) : NULL;
  if (item)
    forget(item);
}

void gc_manager_news_tick(struct gc_manager_news *news)
{
  const int64_t now_s = gc_manager_time().now_s;
  for (size_t i = 0; i < GC_GM_GROUPS_MAX; i++)
    if (news->items[i].bytes && news->items[i].made_s != now_s)
      forget(&news->items[i]);
}

static enum gc_err make(struct gc_manager_news *news, const char *group, struct item *item, const struct gc_gm_time *time)
{
  struct gc_buf room = gc_buf(news->room, sizeof news->room);
  enum gc_err err = gc_gm_rekeying_message(news->gm, group, time, &room);
  if (!err && !(item->bytes = malloc(room.len)))
    err = GC_E_MEMORY;
  if (!err) {
    memcpy(item->bytes, room.ptr, room.len);
    item->len = room.len;
    item->made_s = time->now_s;
  }
  gc_wipe(news->room, room.len);
  return err;
}

enum gc_err gc_manager_news_of(struct gc_manager_news *news, const char *group, struct gc_bytes *out)
{
  const struct gc_gm_time time = gc_manager_time();
  struct item *item = find(news, group);
  enum gc_err err = item ? GC_OK : GC_E_NOT_FOUND;
  if (item && (!item->bytes || item->made_s != time.now_s)) {
    forget(item);
    err = make(news, group, item, &time);
  }
  if (!err)
    *out = gc_bytes(item->bytes, item->len);
  return err;
}
