/* gc-decode on messages of ACE with addresses: responses by the path of their request, associations between their two hosts only. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <stdlib.h>
#include <string.h>

#include "../tests/lib/expect.h"
#include "../tests/lib/hexval.h"
#include "ace_examples.h"
#include "crypto/secret.h"
#include "gc-decode_ace.h"
#include "gc-decode_phantom.h"

#define TRANSFER "4402000201020304ba617574687a2d696e666f1113ff" EXAMPLE_AUTHZ_REQUEST
#define TAKEN "6441000201020304c113ff" EXAMPLE_AUTHZ_RESPONSE
#define TOKEN_REQUEST "4402000101020304b5746f6b656e1113ff" EXAMPLE_TOKEN_REQUEST
#define TOKEN_RESPONSE "6441000101020304c113ff" EXAMPLE_TOKEN_RESPONSE
/* GET ace-group/group1/num, by the client of the association in REQUIREMENTS-management.md, 9.2, with Partial IV 0 */
#define GET_NUM "420200090a0b93090000ff9e60cc553dbc8a3d49f49bbbb8dd915171454cf14225483a468da952756e"
/* the same with another Message ID and Token */
#define GET_NUM_AGAIN "420200100a0c93090000ff9e60cc553dbc8a3d49f49bbbb8dd915171454cf14225483a468da952756e"

enum { CLIENT = 1, SERVER, AS, OTHER };

static struct decode_params params;
static struct decode_run run;
static uint64_t frames;

static int begin(void **state)
{
  (void)state;
  params = (struct decode_params){ .ports = { 5683 }, .port_count = 1, .jobs = 1 };
  run = (struct decode_run){ .params = &params };
  run.match = decode_match_new();
  run.printer.out = gc_out_new(-1, GC_COLOR_NEVER, false);
  frames = 0;
  return run.match && run.printer.out ? 0 : -1;
}

static int end(void **state)
{
  (void)state;
  gc_out_close(&run.printer.out);
  decode_batch_free(&run.batch);
  decode_match_free(&run.match);
  decode_secure_free(&run.secure);
  decode_phantoms_free(&run.phantoms);
  free(run.parts_storage);
  decode_ace_end(&run);
  return 0;
}

/* What is printed of a datagram. */
static const char *decode(int from, int to, const char *hex)
{
  static char text[16384];
  frames++;
  struct decode_record record = { .frame = frames, .has_place = true, .wall_us = 1000 * frames, .datagram = hexval(hex),
                                  .from = gc_addr_ipv4(10, 0, 0, (uint8_t)from, from == CLIENT ? 40000 : 5683),
                                  .to = gc_addr_ipv4(10, 0, 0, (uint8_t)to, to == CLIENT ? 40000 : 5683) };
  decode_run_datagram(&run, &record);
  struct gc_bytes all = gc_out_content(run.printer.out);
  assert_true(all.len < sizeof text);
  memcpy(text, all.ptr, all.len);
  text[all.len] = '\0';
  gc_out_reset(run.printer.out);
  return text;
}

#define NUM_PATH "b96163652d67726f75700667726f757031036e756d"

static void by_the_request(void **state)
{
  (void)state;
  expect_has(decode(CLIENT, SERVER, "41010001aa" NUM_PATH), "{request for the Key Generation Number}");
  expect_has(decode(CLIENT, SERVER, "41010002bbb56c69676874"), "Uri-Path:light]");
  expect_has(decode(SERVER, CLIENT, "61450001aac13cff05"), "{Key Generation Number: num=5}  (response to #1");
  /* the same bytes as an answer to something else, or to nothing that was seen, are plain CBOR */
  expect_has(decode(SERVER, CLIENT, "61450002bbc13cff05"), "Content-Format:60] 5  (response to #2");
  expect_has(decode(SERVER, CLIENT, "61450003ccc13cff05"), "Content-Format:60] 5\n");
  /* with -Y a request that is not shown is remembered all the same */
  char why[256];
  params.filter = decode_filter_parse("response", why);
  assert_non_null(params.filter);
  assert_string_equal(decode(CLIENT, SERVER, "41010004dd" NUM_PATH), "");
  expect_has(decode(SERVER, CLIENT, "61450004ddc13cff05"), "{Key Generation Number: num=5}");
  decode_filter_free(&params.filter);
}

/* memory does not grow: the request was too long ago */
static void forgotten(void **state)
{
  (void)state;
  (void)decode(CLIENT, SERVER, "41010001aa" NUM_PATH);
  for (int i = 0; i < DECODE_ACE_REQUESTS - 1; i++)
    (void)decode(CLIENT, SERVER, "4000ffff");
  expect_has(decode(CLIENT, SERVER, "41010002ab" NUM_PATH), "{request for the Key Generation Number}"); /* in the same place */
  expect_has(decode(SERVER, CLIENT, "61450001aac13cff05"), "Content-Format:60] 5  (response to #1");
  expect_has(decode(SERVER, CLIENT, "61450002abc13cff05"), "{Key Generation Number: num=5}");
}

static void association(void **state)
{
  (void)state;
  (void)decode(CLIENT, SERVER, TRANSFER);
  (void)decode(SERVER, CLIENT, TAKEN);
  expect_lacks(decode(CLIENT, SERVER, GET_NUM), "verified"); /* nothing is known of the token yet */
  (void)decode(CLIENT, AS, TOKEN_REQUEST);
  (void)decode(AS, CLIENT, TOKEN_RESPONSE);
  expect_has(decode(CLIENT, SERVER, GET_NUM_AGAIN),
             "{request for the Key Generation Number}  {oscore kid=00 piv=00 verified}");
  assert_int_equal(run.secure->count, 1);
  assert_int_equal(run.status, GC_STATUS_OK);
}

/* an id of one byte is the same in many associations */
static void of_two_hosts(void **state)
{
  (void)state;
  (void)decode(CLIENT, AS, TOKEN_REQUEST);
  (void)decode(AS, CLIENT, TOKEN_RESPONSE);
  (void)decode(CLIENT, SERVER, TRANSFER);
  (void)decode(SERVER, CLIENT, TAKEN);
  expect_lacks(decode(CLIENT, OTHER, "420200110a0d93090100ff00112233445566778899"), "NOT VERIFIED");
  expect_lacks(decode(OTHER, SERVER, GET_NUM), "verified");
  assert_int_equal(run.status, GC_STATUS_OK);
  expect_has(decode(CLIENT, SERVER, "420200120a0e93090100ff00112233445566778899"), "{NOT VERIFIED: ");
  assert_int_equal(run.status, GC_STATUS_SECURITY);
  expect_has(decode(CLIENT, SERVER, GET_NUM), "verified}");
}

/* once however often it is seen, and no more than there is room for */
static void bounded(void **state)
{
  (void)state;
  (void)decode(CLIENT, AS, TOKEN_REQUEST);
  (void)decode(AS, CLIENT, TOKEN_RESPONSE);
  for (unsigned i = 0; i < 3; i++) {
    (void)decode(CLIENT, SERVER, TRANSFER);
    (void)decode(SERVER, CLIENT, TAKEN);
  }
  assert_int_equal(run.secure->count, 1);
  char transfer[] = TRANSFER, taken[] = TAKEN;
  for (unsigned i = 0; i < 100; i++) { /* other Message IDs and other nonces of the server */
    static const char digits[] = "0123456789abcdef";
    transfer[4] = taken[4] = 'a';
    transfer[6] = taken[6] = taken[30] = digits[i / 16];
    transfer[7] = taken[7] = taken[31] = digits[i % 16];
    (void)decode(CLIENT, SERVER, transfer);
    (void)decode(SERVER, CLIENT, taken);
  }
  assert_int_equal(run.secure->count, DECODE_LEARNED);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test_setup_teardown(by_the_request, begin, end), cmocka_unit_test_setup_teardown(forgotten, begin, end),
    cmocka_unit_test_setup_teardown(association, begin, end),    cmocka_unit_test_setup_teardown(of_two_hosts, begin, end),
    cmocka_unit_test_setup_teardown(bounded, begin, end),
  };
  if (gc_crypto_init())
    return 4;
  return cmocka_run_group_tests(tests, NULL, NULL);
}
