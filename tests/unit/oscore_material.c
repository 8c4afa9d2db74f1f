/* Keying material: every parameter under both numberings, and what each has of its own. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/exact.h"
#include "../tests/lib/hexval.h"
#include "crypto/alg.h"
#include "oscore/material.h"

#define COUNT(a) (sizeof(a) / sizeof(a)[0])

static uint8_t store[512];

static struct gc_bytes written(const struct gc_group_material *material)
{
  struct gc_buf out = gc_buf(store, sizeof store);
  struct gc_cbor_writer writer = gc_cbor_writer(&out);
  gc_material_write(&writer, material);
  assert_int_equal(gc_cbor_finish(&writer), GC_OK);
  return gc_buf_bytes(&out);
}

static void take_hostile(struct gc_bytes bytes, void *ctx)
{
  struct gc_group_material material;
  struct gc_where where = { 0, NULL };
  (void)ctx;
  if (gc_material_parse(&material, bytes, GC_MATERIAL_CURRENT, &where))
    assert_true(where.phrase && where.offset <= bytes.len);
}

/* @req JN-26 OP-02 */
static void everything_both_ways(void **state)
{
  (void)state;
  static const struct {
    const char *edn;
    unsigned format;
    uint64_t present;
  } rows[] = {
    { "{0:h'01',1:1,2:h'02',3:5,4:10,5:h'03',6:h'04',7:h'',8:14,9:10,10:-8,11:[[1],[1,6]],12:-27,13:[[1],[1,4]],14:h'dc',15:-16}", GC_MATERIAL_CURRENT,
      GC_GM_ID | GC_GM_VERSION | GC_GM_MS | GC_GM_HKDF | GC_GM_ALG | GC_GM_SALT | GC_GM_CONTEXT_ID | GC_GM_GROUP_SENDER_ID | GC_GM_CRED_FMT | GC_GM_GP_ENC_ALG |
        GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS | GC_GM_ECDH_ALG | GC_GM_ECDH_PARAMS | GC_GM_DET_SENDER_ID | GC_GM_DET_HASH_ALG },
    { "{2:h'02',5:h'03',6:h'04',8:-8,9:[1,6],10:[1],11:1,12:-27,13:[],14:[]}", GC_MATERIAL_OMN_05,
      GC_GM_MS | GC_GM_SALT | GC_GM_CONTEXT_ID | GC_GM_SIGN_ALG | GC_GM_SIGN_PARAMS | GC_GM_CS_KEY_PARAMS | GC_GM_CS_KEY_ENC | GC_GM_ECDH_ALG | GC_GM_ECDH_PARAMS |
        GC_GM_ECDH_KEY_PARAMS },
    { "{}", GC_MATERIAL_CURRENT, 0 },
    { "{3:\"own\",99:1}", GC_MATERIAL_CURRENT, GC_GM_HKDF },
  };
  for (size_t i = 0; i < COUNT(rows); i++) {
    struct gc_group_material material;
    struct gc_where where = { 0, "" };
    if (gc_material_parse(&material, edn(rows[i].edn), rows[i].format, &where))
      fail_msg("%s: %s", rows[i].edn, where.phrase);
    assert_int_equal(material.present, rows[i].present);
    assert_true(gc_bytes_equal(written(&material), edn(rows[i].edn)));
    hostile(edn(rows[i].edn), take_hostile, NULL);
  }
}

static void algorithms(void **state)
{
  (void)state;
  struct gc_group_material m;
  int32_t alg = 77;
  assert_int_equal(gc_material_parse(&m, edn("{3:5,4:\"x\",9:999,10:-4294967296}"), GC_MATERIAL_CURRENT, NULL), GC_OK);
  assert_int_equal(gc_material_alg(&m, GC_GM_ECDH_ALG, &m.ecdh_alg, &alg), GC_OK); /* not there */
  assert_int_equal(alg, 77);
  assert_int_equal(gc_material_alg(&m, GC_GM_ALG, &m.alg, &alg), GC_E_UNSUPPORTED);
  assert_int_equal(gc_material_alg(&m, GC_GM_GP_ENC_ALG, &m.gp_enc_alg, &alg), GC_E_UNSUPPORTED);
  assert_int_equal(gc_material_alg(&m, GC_GM_SIGN_ALG, &m.sign_alg, &alg), GC_E_UNSUPPORTED);
  assert_int_equal(alg, 77);
  assert_int_equal(gc_material_alg(&m, GC_GM_HKDF, &m.hkdf, &alg), GC_OK);
  assert_int_equal(alg, GC_ALG_HMAC_256);
}

static void the_table_can_be_shown(void **state)
{
  (void)state;
  size_t count = 0;
  for (const struct gc_param *row; (row = gc_material_param_at(count)); count++)
    assert_non_null(row->name);
  assert_int_equal(count, 19);
  assert_string_equal(gc_material_param_at(0)->name, "ms");
}

int main(void)
{
  const struct CMUnitTest tests[] = { cmocka_unit_test(everything_both_ways), cmocka_unit_test(algorithms), cmocka_unit_test(the_table_can_be_shown) };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
