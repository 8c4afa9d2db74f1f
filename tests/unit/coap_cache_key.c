#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
#include <string.h>

#include "coap/builder.h"
#include "coap/cache_key.h"
#include "iana/names.h"
#include "iana/options.h"

struct pair {
  uint16_t number;
  const char *value;
};

static struct gc_message request(uint8_t *store, uint8_t code, const struct pair *options, const char *payload)
{
  struct gc_builder builder = gc_builder_options(store, 256);
  struct gc_message message = { .version = 1, .code = code, .payload = gc_bytes_str(payload) };
  for (; options->number; options++)
    gc_builder_add_str(&builder, options->number, options->value);
  assert_int_equal(gc_builder_finish(&builder, &message.options), GC_OK);
  return message;
}

/* @req A70 */
static void compares_what_belongs_to_the_key(void **state)
{
  (void)state;
  static const struct {
    uint8_t code_a, code_b;
    struct pair a[4], b[4];
    const char *payload_a, *payload_b;
    bool equal;
  } cases[] = {
    { 1, 1, { { 11, "a" } }, { { 11, "a" } }, "", "", true },
    { 1, 5, { { 11, "a" } }, { { 11, "a" } }, "", "", false },
    { 1, 1, { { 11, "a" } }, { { 11, "b" } }, "", "", false },
    { 1, 1, { { 11, "a" }, { 11, "b" } }, { { 11, "b" }, { 11, "a" } }, "", "", false },
    { 1, 1, { { 11, "a" } }, { { 11, "a" }, { 11, "b" } }, "", "", false },
    { 1, 1, { { 3, "h" }, { 11, "a" } }, { { 11, "a" } }, "", "", false },
    { 1, 1, { { 11, "a" }, { 17, "<" } }, { { 11, "a" } }, "", "", false },                          /* Accept */
    { 1, 1, { { 6, "" }, { 11, "a" } }, { { 11, "a" } }, "", "", true },                             /* Observe */
    { 1, 1, { { 4, "x" }, { 11, "a" } }, { { 11, "a" } }, "", "", true },                            /* ETag */
    { 1, 1, { { 11, "a" }, { 28, "" }, { 60, "x" } }, { { 11, "a" } }, "", "", true },               /* Size2, Size1: NoCacheKey */
    { 1, 1, { { 11, "a" }, { 252, "x" } }, { { 11, "a" }, { 252, "y" } }, "", "", true },            /* Echo: NoCacheKey */
    { 1, 1, { { 11, "a" }, { 258, "\x02" } }, { { 11, "a" } }, "", "", false },                      /* No-Response */
    { 1, 1, { { 11, "a" }, { 2000, "" } }, { { 11, "a" } }, "", "", false },                         /* unknown, by its number */
    { 1, 1, { { 11, "a" }, { 2044, "x" } }, { { 11, "a" } }, "", "", true },                         /* unknown, NoCacheKey */
    { 5, 5, { { 11, "a" } }, { { 11, "a" } }, "x", "y", false },                                     /* FETCH: payload too */
    { 5, 5, { { 11, "a" } }, { { 11, "a" } }, "x", "x", true },
    { 1, 1, { { 11, "a" } }, { { 11, "a" } }, "x", "y", true },
  };
  for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
    uint8_t store_a[256], store_b[256];
    struct gc_message a = request(store_a, cases[i].code_a, cases[i].a, cases[i].payload_a);
    struct gc_message b = request(store_b, cases[i].code_b, cases[i].b, cases[i].payload_b);
    assert_int_equal(gc_cache_key_equal(&a, &b), cases[i].equal);
    assert_int_equal(gc_cache_key_equal(&b, &a), cases[i].equal);
    assert_int_equal(gc_cache_key_hash(&a, 7) == gc_cache_key_hash(&b, 7), cases[i].equal);
    assert_int_not_equal(gc_cache_key_hash(&a, 7), gc_cache_key_hash(&a, 8));
  }
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(compares_what_belongs_to_the_key),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
