/* Rough counting against the pseudo-code of Appendix B, the draws with a scripted source of randomness. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <math.h>
#include <string.h>

#include "../tests/lib/hexval.h"
#include "coap/observe.h"
#include "iana/names.h"
#include "iana/options.h"
#include "observe/counting.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static struct gc_counting counting_of(double count, struct gc_counting_params params)
{
  struct gc_counting counting;
  assert_int_equal(gc_counting_init(&counting, &params), GC_OK);
  assert_true(counting.count == 0);
  while (counting.count < count)
    gc_counting_add(&counting);
  return counting;
}

static struct gc_counting_params at_once(uint32_t wanted, uint32_t dampener)
{
  struct gc_counting_params params = gc_counting_params_default();
  params.wanted = wanted;
  params.dampener = dampener;
  params.period = 1;
  return params;
}

/* @req RC-02 */
static void divider_is_the_rounded_up_logarithm(void **state)
{
  (void)state;
  static const uint32_t counts[] = { 0, 1, 2, 7, 8, 9, 15, 16, 17, 31, 32, 33, 63, 64, 65, 1000, 1023, 1024, 1025, 10000 };
  static const uint32_t wanteds[] = { 1, 2, 3, 7, 8, 10, 100, 20000, UINT32_MAX };
  for (size_t i = 0; i < COUNT(counts); i++)
    for (size_t k = 0; k < COUNT(wanteds); k++) {
      struct gc_counting counting = counting_of(counts[i], at_once(wanteds[k], 1));
      uint8_t divider = 99;
      double n = fmax(counts[i], 1);
      assert_true(gc_counting_notify(&counting, true, 0, &divider));
      assert_int_equal(divider, (int)fmax(ceil(log2(n / wanteds[k])), 0));
    }
}

/* @req RC-10 RC-13 RC-09 */
static void the_example_of_the_text(void **state)
{
  (void)state;
  struct gc_counting counting = counting_of(32, at_once(8, 1));
  uint8_t divider;
  assert_true(gc_counting_notify(&counting, true, 1000, &divider));
  assert_int_equal(divider, 2);
  for (int i = 0; i < 4; i++)
    gc_counting_confirm(&counting, 2000);
  assert_int_equal(gc_counting_deadline(&counting), 1000 + 452000);
  assert_int_equal(gc_counting_tick(&counting, 452999), GC_COUNTING_NOTHING);
  assert_int_equal(gc_counting_tick(&counting, 453000), GC_COUNTING_UPDATED);
  assert_true(counting.last_estimate == 16);
  assert_true(counting.count == 16);
  assert_int_equal(gc_counting_deadline(&counting), UINT64_MAX);
}

/* @req RC-08 RC-10 RC-12 MN-02 */
static void follows_the_pseudo_code(void **state)
{
  (void)state;
  static const uint32_t starts[] = { 0, 1, 5, 32, 100, 1000 }, replies[] = { 0, 1, 2, 7, 8, 40 }, joins[] = { 0, 1, 30 };
  for (size_t a = 0; a < COUNT(starts); a++)
    for (size_t b = 0; b < COUNT(replies); b++)
      for (size_t c = 0; c < COUNT(joins); c++) {
        struct gc_counting_params params = gc_counting_params_default();
        struct gc_counting counting = counting_of(starts[a], params);
        uint8_t divider;
        for (int i = 1; i < 10; i++)
          assert_false(gc_counting_notify(&counting, true, 0, &divider));
        assert_true(gc_counting_notify(&counting, true, 0, &divider));
        for (uint32_t i = 0; i < replies[b]; i++)
          gc_counting_confirm(&counting, 451999);
        gc_counting_confirm(&counting, 452000); /* too late */
        for (uint32_t i = 0; i < joins[c]; i++)
          gc_counting_add(&counting);
        enum gc_counting_verdict verdict = gc_counting_tick(&counting, 452000);
        /* Appendix B.3, with D = 4, RETRY_NEXT_THRESHOLD = 4, CANCEL_THRESHOLD = 0.2 */
        double n = fmax(starts[a], 1), q = fmax(ceil(log2(n / 8)), 0), e = replies[b] * pow(2, q);
        bool is_next = replies[b] == 0 || fmax(e / n, n / e) > 4;
        double count = starts[a] + joins[c] + (e - n) / 4;
        assert_int_equal(verdict, count < 0.2 ? GC_COUNTING_CANCEL : GC_COUNTING_UPDATED);
        assert_true(fabs(counting.count - (count < 0.2 ? 0 : count)) < 1e-9);
        assert_int_equal(gc_counting_notify(&counting, true, 460000, &divider), is_next);
      }
}

/* @req RC-03 RC-02 */
static void asks_once_and_in_successful_ones_only(void **state)
{
  (void)state;
  struct gc_counting counting = counting_of(3, at_once(8, 4));
  uint8_t divider = 77;
  assert_false(gc_counting_notify(&counting, false, 0, &divider)); /* 5.03, 4.04 */
  assert_true(gc_counting_notify(&counting, true, 0, &divider));
  assert_int_equal(divider, 0);
  for (int i = 0; i < 20; i++)
    assert_false(gc_counting_notify(&counting, true, 10, &divider)); /* a burst */
  gc_counting_add(&counting); /* while answers come in, the counter goes on */
  assert_true(counting.count == 4);
  assert_int_equal(gc_counting_tick(&counting, 452000), GC_COUNTING_UPDATED);
  assert_int_equal(gc_counting_tick(&counting, 452000), GC_COUNTING_NOTHING); /* once */
  gc_counting_confirm(&counting, 452001);
  assert_int_equal(counting.confirmed, 0); /* outside a round */
}

/* @req RC-12 */
static void nobody_left_is_cancelled(void **state)
{
  (void)state;
  static const double starts[] = { 0, 1, 2, 3, 20, 1000 };
  for (size_t i = 0; i < COUNT(starts); i++) {
    struct gc_counting counting = counting_of(starts[i], gc_counting_params_default());
    enum gc_counting_verdict verdict = GC_COUNTING_NOTHING;
    uint64_t now_ms = 0;
    uint8_t divider;
    int rounds = 0;
    double before = counting.count;
    while (verdict != GC_COUNTING_CANCEL) {
      now_ms += 3000;
      if (!gc_counting_notify(&counting, true, now_ms, &divider))
        continue;
      assert_in_range(++rounds, 1, 40);
      now_ms = gc_counting_deadline(&counting);
      verdict = gc_counting_tick(&counting, now_ms);
      assert_true(counting.count < before || before == 0);
      before = counting.count;
    }
    assert_true(counting.count == 0);
  }
  struct gc_counting counting = counting_of(2, gc_counting_params_default());
  for (int i = 0; i < 5; i++)
    gc_counting_remove(&counting);
  assert_true(counting.count == 0);
}

/* @req RC-09 RC-05 */
static void tells_confirmations_from_registrations(void **state)
{
  (void)state;
  static const struct {
    int observe, divider; /* -1: absent */
    bool is_confirmation;
  } cases[] = { { 0, 0, true }, { 0, 1, false }, { 0, -1, false }, { -1, 0, false }, { 1, 0, false } };
  for (size_t i = 0; i < COUNT(cases); i++) {
    uint8_t store[32];
    struct gc_builder builder = gc_builder_options(store, sizeof store);
    struct gc_bytes options;
    if (cases[i].observe >= 0)
      gc_builder_add_uint(&builder, GC_OPTION_OBSERVE, (uint32_t)cases[i].observe);
    if (cases[i].divider >= 0)
      gc_builder_add_uint(&builder, GC_OPTION_FEEDBACK_DIVIDER, (uint32_t)cases[i].divider);
    assert_int_equal(gc_builder_finish(&builder, &options), GC_OK);
    assert_int_equal(gc_counting_is_confirmation(options), cases[i].is_confirmation);
  }
  struct gc_message message;
  uint8_t store[64];
  struct gc_bytes built;
  assert_int_equal(gc_message_parse(&message, hexval(EXAMPLE_FEEDBACK), NULL), GC_OK);
  assert_true(gc_counting_is_confirmation(message.options));
  struct gc_builder builder = gc_builder_message(store, sizeof store, GC_TYPE_NON, GC_CODE_GET, message.mid, message.token);
  gc_feedback_add_options(&builder);
  gc_builder_add_str(&builder, GC_OPTION_URI_PATH, "r");
  assert_int_equal(gc_builder_finish(&builder, &built), GC_OK);
  assert_true(gc_bytes_equal(built, hexval(EXAMPLE_FEEDBACK)));
}

static void params_have_bounds(void **state)
{
  (void)state;
  struct gc_counting counting;
  for (int i = 0; i < 7; i++) {
    struct gc_counting_params params = gc_counting_params_default();
    *(i == 0   ? &params.wanted
      : i == 1 ? &params.dampener
      : i == 2 ? &params.retry_ratio
               : &params.period) = i < 4 ? 0 : 1;
    params.wait_ms = i == 4 ? 0 : 1;
    params.lost_percent = i == 5 ? 100 : 99;
    params.cancel_below = i == 6 ? -1 : 0;
    assert_int_equal(gc_counting_init(&counting, &params), GC_E_RANGE);
  }
}

/* --- the client ------------------------------------------------------------------------------------------------ */

struct script {
  uint32_t words[10];
  size_t count, at;
};

static void scripted(void *ctx, uint8_t *out, size_t len)
{
  struct script *script = ctx;
  assert_int_equal(len, 4);
  assert_true(script->at < script->count);
  memcpy(out, &script->words[script->at++], 4);
}

/* @req RC-04 RC-14 */
static void draws_as_the_optimised_pseudo_code(void **state)
{
  (void)state;
  static const struct {
    uint8_t divider;
    uint32_t words[10];
    bool answers;
    size_t used;
  } cases[] = {
    { 0, { 1 }, true, 0 },           /* needs no draw */
    { 1, { 0xfffffffe }, true, 1 },  /* the mask has one bit */
    { 1, { 1 }, false, 1 },
    { 2, { 0xfffffffc }, true, 1 },
    { 2, { 2 }, false, 1 },
    { 31, { 0x80000000 }, true, 1 },
    { 31, { 0x40000000 }, false, 1 },
    { 32, { 0 }, true, 1 },
    { 32, { 0x80000000 }, false, 1 },
    { 33, { 0, 0xfffffffe }, true, 2 },
    { 33, { 0, 1 }, false, 2 },
    { 33, { 1, 0 }, false, 1 },
    { 64, { 0, 0 }, true, 2 },
    { 255, { 0, 0, 0, 0, 0, 0, 0, 0x80000000 }, true, 8 },
    { 255, { 0, 0, 0, 0, 0, 0, 0, 0x40000000 }, false, 8 },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct script script = { .count = 10 };
    memcpy(script.words, cases[i].words, sizeof script.words);
    assert_int_equal(gc_feedback_draw((struct gc_rng){ scripted, &script }, cases[i].divider), cases[i].answers);
    assert_int_equal(script.at, cases[i].used);
  }
  uint64_t seed = 7;
  for (uint8_t q = 0; q < 8; q++) { /* uniform: 2^-Q of 2^16 draws, within five standard deviations */
    double answers = 0, expected = 65536 / pow(2, q);
    for (int i = 0; i < 65536; i++)
      answers += gc_feedback_draw(gc_rng_seeded(&seed), q);
    assert_true(fabs(answers - expected) <= 5 * sqrt(expected));
  }
}

/* @req RC-05 RC-04 */
static void answers_notifications_that_ask(void **state)
{
  (void)state;
  struct gc_message message;
  uint64_t seed = 1;
  uint32_t delay_ms, least = UINT32_MAX, most = 0;
  assert_int_equal(gc_message_parse(&message, hexval(EXAMPLE_NOTIFICATION), NULL), GC_OK);
  assert_false(gc_feedback_wanted(&message, 5000, gc_rng_seeded(&seed), &delay_ms)); /* does not ask */
  assert_int_equal(gc_message_parse(&message, hexval(EXAMPLE_NOTIFICATION_ASKING), NULL), GC_OK); /* Q = 2 */
  unsigned answers = 0;
  for (int i = 0; i < 4000; i++)
    if (gc_feedback_wanted(&message, 5000, gc_rng_seeded(&seed), &delay_ms)) {
      answers++;
      assert_true(delay_ms <= 5000);
      least = delay_ms < least ? delay_ms : least;
      most = delay_ms > most ? delay_ms : most;
    }
  assert_in_range(answers, 850, 1150);
  assert_true(least < 100 && most > 4900);
  message.code = GC_CODE_NOT_FOUND;
  message.options = hexval("d005"); /* the option alone, empty, in an error response */
  assert_false(gc_feedback_wanted(&message, 5000, gc_rng_seeded(&seed), &delay_ms));
  message.code = GC_CODE_CONTENT;
  assert_true(gc_feedback_wanted(&message, 0, gc_rng_seeded(&seed), &delay_ms)); /* Q = 0: everyone */
  assert_int_equal(delay_ms, 0);
  message.options = hexval("d2050000"); /* two bytes: not a Feedback-Divider */
  assert_false(gc_feedback_wanted(&message, 0, gc_rng_seeded(&seed), &delay_ms));
}

/* A million forged confirmations a round: the count stays where it can be believed, and comes down again when that is over. */
static void forged_confirmations_have_a_bound(void **state)
{
  (void)state;
  struct gc_counting counting;
  struct gc_counting_params params = gc_counting_params_default();
  uint64_t now_ms = 0;
  uint8_t q;
  unsigned rounds = 0;
  params.period = 1;
  assert_int_equal(gc_counting_init(&counting, &params), GC_OK);
  gc_counting_add(&counting);
  for (int round = 0; round < 20; round++) {
    assert_true(gc_counting_notify(&counting, true, now_ms, &q));
    counting.confirmed = 1000000;
    now_ms += params.wait_ms;
    assert_int_equal(gc_counting_tick(&counting, now_ms), GC_COUNTING_UPDATED);
    assert_true(counting.count <= 1e6);
  }
  do {
    assert_true(gc_counting_notify(&counting, true, now_ms, &q));
    now_ms += params.wait_ms;
    rounds++;
  } while (gc_counting_tick(&counting, now_ms) != GC_COUNTING_CANCEL);
  assert_in_range(rounds, 1, 100);
}

/* Doubted: one round more, which nobody or somebody answers. */
static void a_doubt_is_settled_by_a_round(void **state)
{
  (void)state;
  for (uint32_t there = 0; there < 3; there++) {
    struct gc_counting counting;
    const struct gc_counting_params params = gc_counting_params_default();
    uint8_t q = 9;
    assert_int_equal(gc_counting_init(&counting, &params), GC_OK);
    gc_counting_add(&counting);
    gc_counting_doubt(&counting);
    assert_true(gc_counting_notify(&counting, true, 0, &q));
    assert_int_equal(q, 0); /* all answer */
    for (uint32_t i = 0; i < there; i++)
      gc_counting_confirm(&counting, 1);
    assert_int_equal(gc_counting_tick(&counting, params.wait_ms), there ? GC_COUNTING_UPDATED : GC_COUNTING_CANCEL);
  }
}

/* All of a hundred seem to withdraw while they are asked, and most are still there. */
static void withdrawals_in_a_round_cancel_nobody_who_is_there(void **state)
{
  (void)state;
  struct gc_counting counting;
  const struct gc_counting_params params = gc_counting_params_default();
  uint8_t q;
  assert_int_equal(gc_counting_init(&counting, &params), GC_OK);
  for (int i = 0; i < 100; i++)
    gc_counting_add(&counting);
  counting.to_go = 1;
  assert_true(gc_counting_notify(&counting, true, 0, &q));
  assert_int_equal(q, 4);
  for (int i = 0; i < 99; i++)
    gc_counting_remove(&counting);
  gc_counting_doubt(&counting);
  for (int i = 0; i < 5; i++)
    gc_counting_confirm(&counting, 1);
  assert_int_equal(gc_counting_tick(&counting, params.wait_ms), GC_COUNTING_UPDATED);
  assert_true(counting.count >= params.cancel_below);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(divider_is_the_rounded_up_logarithm),
    cmocka_unit_test(the_example_of_the_text),
    cmocka_unit_test(follows_the_pseudo_code),
    cmocka_unit_test(asks_once_and_in_successful_ones_only),
    cmocka_unit_test(nobody_left_is_cancelled),
    cmocka_unit_test(forged_confirmations_have_a_bound),
    cmocka_unit_test(a_doubt_is_settled_by_a_round),
    cmocka_unit_test(withdrawals_in_a_round_cancel_nobody_who_is_there),
    cmocka_unit_test(tells_confirmations_from_registrations),
    cmocka_unit_test(params_have_bounds),
    cmocka_unit_test(draws_as_the_optimised_pseudo_code),
    cmocka_unit_test(answers_notifications_that_ask),
  };
  cmocka_set_message_output(CM_OUTPUT_TAP);
  return cmocka_run_group_tests(tests, NULL, NULL);
}
