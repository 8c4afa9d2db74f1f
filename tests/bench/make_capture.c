/* A capture of N packets of realistic plain CoAP, the same for the same seed: pcap on standard output.
 *   make_capture N [SEED]
 * Alone, without libgc: what it writes does not depend on the code that is measured. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { CLIENTS = 20, SERVERS = 40, FRAME_MAX = 1500 };

struct endpoint {
  int id;       /* last byte(s) of its address; 0: the group */
  int port;
  int is_ipv6;
};

struct message {
  uint8_t bytes[1200];
  size_t len;
  unsigned last;   /* option number */
};

static uint64_t state;
static uint64_t wall_us = 1700000000000000ull;
static unsigned long left;

static uint32_t rnd(uint32_t below)
{
  state += 0x9e3779b97f4a7c15ull;
  uint64_t z = (state ^ state >> 30) * 0xbf58476d1ce4e5b9ull;
  z = (z ^ z >> 27) * 0x94d049bb133111ebull;
  return (uint32_t)((z ^ z >> 31) >> 16) % below;
}

static void begin(struct message *m, int type, int code, int mid, const uint8_t *token, size_t token_len)
{
  m->bytes[0] = (uint8_t)(0x40 | type << 4 | (int)token_len);
  m->bytes[1] = (uint8_t)code;
  m->bytes[2] = (uint8_t)(mid >> 8);
  m->bytes[3] = (uint8_t)mid;
  memcpy(m->bytes + 4, token, token_len);
  m->len = 4 + token_len;
  m->last = 0;
}

static void option(struct message *m, unsigned number, const void *value, size_t len)
{
  unsigned delta = number - m->last;
  uint8_t *head = &m->bytes[m->len++];
  *head = (uint8_t)((delta < 13 ? delta : 13) << 4 | (len < 13 ? len : 13));
  if (delta >= 13)
    m->bytes[m->len++] = (uint8_t)(delta - 13);
  if (len >= 13)
    m->bytes[m->len++] = (uint8_t)(len - 13);
  memcpy(m->bytes + m->len, value, len);
  m->len += len;
  m->last = number;
}

static void payload(struct message *m, const char *text)
{
  size_t len = strlen(text);
  m->bytes[m->len++] = 0xff;
  memcpy(m->bytes + m->len, text, len);
  m->len += len;
}

static void put16(uint8_t *p, size_t value)
{
  p[0] = (uint8_t)(value >> 8);
  p[1] = (uint8_t)value;
}

static size_t ip_header(uint8_t *p, const struct endpoint *from, const struct endpoint *to, size_t udp_len)
{
  if (from->is_ipv6) {
    static const uint8_t group[16] = { 0xff, 0x35, 0x00, 0x30, 0xfd, 0x77, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xfd };
    memset(p, 0, 40);
    p[0] = 0x60;
    put16(p + 4, udp_len);
    p[6] = 17;
    p[7] = 64;
    p[8] = p[24] = 0xfd;
    p[9] = p[25] = 0x77;
    put16(p + 22, (size_t)from->id);
    put16(p + 38, (size_t)to->id);
    if (to->id == 0)
      memcpy(p + 24, group, 16);
    return 40;
  }
  memset(p, 0, 20);
  p[0] = 0x45;
  put16(p + 2, 20 + udp_len);
  put16(p + 4, rnd(65536));
  p[8] = 64;
  p[9] = 17;
  memcpy(p + 12, (uint8_t[]){ 10, 77, 0, (uint8_t)from->id }, 4);
  memcpy(p + 16, to->id ? (uint8_t[]){ 10, 77, 0, (uint8_t)to->id } : (uint8_t[]){ 224, 0, 1, 187 }, 4);
  uint32_t sum = 0;
  for (int i = 0; i < 20; i += 2)
    sum += (uint32_t)(p[i] << 8 | p[i + 1]);
  sum = (sum & 0xffff) + (sum >> 16);
  put16(p + 10, ~((sum & 0xffff) + (sum >> 16)) & 0xffff);
  return 20;
}

static void sent(const struct message *m, const struct endpoint *from, const struct endpoint *to)
{
  uint8_t frame[FRAME_MAX] = { 2, 0, 0, 0, 0, (uint8_t)to->id, 2, 0, 0, 0, 0, (uint8_t)from->id };
  if (left == 0)
    return;
  left--;
  put16(frame + 12, from->is_ipv6 ? 0x86dd : 0x0800);
  size_t at = 14 + ip_header(frame + 14, from, to, 8 + m->len);
  put16(frame + at, (size_t)from->port);
  put16(frame + at + 2, (size_t)to->port);
  put16(frame + at + 4, 8 + m->len);
  put16(frame + at + 6, 0);
  memcpy(frame + at + 8, m->bytes, m->len);
  at += 8 + m->len;
  wall_us += 50 + rnd(2000);
  uint32_t record[4] = { (uint32_t)(wall_us / 1000000), (uint32_t)(wall_us % 1000000), (uint32_t)at, (uint32_t)at };
  fwrite(record, sizeof record, 1, stdout);
  fwrite(frame, at, 1, stdout);
}

static void answer(const struct message *request, int type, int mid, const struct endpoint *server, const struct endpoint *client, int kind)
{
  struct message m;
  char text[256];
  begin(&m, type, kind == 2 ? 0x44 : rnd(20) == 0 ? 0x84 : 0x45, mid, request->bytes + 4, request->bytes[0] & 15);
  if (kind == 1) {
    option(&m, 4, (uint8_t[]){ (uint8_t)rnd(256), (uint8_t)rnd(256), 7, 9 }, 4);
    option(&m, 12, "\x32", 1);
    option(&m, 14, (uint8_t[]){ (uint8_t)(1 + rnd(200)) }, 1);
    snprintf(text, sizeof text, "{\"temperature\":%u.%u,\"humidity\":%u,\"unit\":\"C\"}", 15 + rnd(15), rnd(10), 20 + rnd(60));
    payload(&m, text);
  } else if (kind == 0) {
    option(&m, 12, "", 0);
    snprintf(text, sizeof text, "%s", rnd(2) ? "on" : "off");
    payload(&m, text);
  }
  sent(&m, server, client);
}

static void exchange(void)
{
  static const char *const paths[] = { "light", "temperature", "status", "config", "actuator", "hello" };
  struct endpoint client = { 1 + (int)rnd(CLIENTS), 49152 + (int)rnd(500), rnd(3) == 0 };
  struct endpoint server = { 100 + (int)rnd(SERVERS), 5683, client.is_ipv6 };
  struct endpoint group = { 0, 5683, client.is_ipv6 };
  uint8_t token[8];
  struct message m;
  int kind = (int)rnd(3), is_group = rnd(10) == 0, mid = (int)rnd(65536);
  for (size_t i = 0; i < sizeof token; i++)
    token[i] = (uint8_t)rnd(256);
  begin(&m, is_group || rnd(4) == 0, kind == 2 ? 3 : 1, mid, token, rnd(2) ? 2 : 8);
  int is_con = (m.bytes[0] >> 4 & 3) == 0;
  if (rnd(8) == 0)
    option(&m, 3, "sensor.example.org", 18);
  option(&m, 11, "gp", 2);
  const char *path = paths[rnd(6)];
  option(&m, 11, path, strlen(path));
  if (rnd(4) == 0)
    option(&m, 15, "unit=C", 6);
  if (kind == 1)
    option(&m, 17, "\x32", 1);
  if (kind == 2)
    payload(&m, rnd(2) ? "on" : "off");
  sent(&m, &client, is_group ? &group : &server);
  if (!is_group) {
    if (rnd(50) > 0)
      answer(&m, is_con ? 2 : 1, is_con ? mid : (int)rnd(65536), &server, &client, kind);
    return;
  }
  for (uint32_t i = 2 + rnd(8); i > 0; i--) {
    server.id = 100 + (int)rnd(SERVERS);
    answer(&m, 1, (int)rnd(65536), &server, &client, kind);
  }
}

int main(int argc, char **argv)
{
  if (argc < 2)
    return 2;
  left = strtoul(argv[1], NULL, 10);
  state = argc > 2 ? strtoul(argv[2], NULL, 10) : 1;
  const uint32_t header[6] = { 0xa1b2c3d4, 2 | 4 << 16, 0, 0, 262144, 1 };
  fwrite(header, sizeof header, 1, stdout);
  while (left > 0)
    exchange();
  return fflush(stdout) || ferror(stdout) ? 4 : 0;
}
