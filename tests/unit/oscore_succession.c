/* What goes on when a context takes another one's place: windows, numbers, bindings. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "../tests/lib/oscore_rig.h"
#include "oscore/exchange.h"
#include "oscore/ring.h"
#include "oscore/succession.h"

static const struct sec_options group = { .profile = GC_OSCORE_GROUP, .name = "lights" };
static const struct gc_oscore_numbers own_numbers = { NULL, NULL };

/* a datagram that outlives the next ones */
static struct gc_bytes copy(struct gc_bytes datagram, uint8_t store[static 256])
{
  assert_in_range(datagram.len, 1, 256);
  memcpy(store, datagram.ptr, datagram.len);
  return gc_bytes(store, datagram.len);
}

static struct gc_oscore_recipient *recipient(const struct gc_oscore_context *context, size_t member)
{
  return gc_oscore_context_find(context, sec_id(member));
}

static void kinship(void **state)
{
  (void)state;
  struct sec_options other = group;
  struct gc_oscore_context *a = sec_context(&group, 0, 3), *b = sec_context(&group, 1, 5);
  assert_int_equal(gc_oscore_context_compare(a, b), GC_OSCORE_SAME); /* members do not count */
  assert_false(gc_oscore_context_has_same_members(a, b));
  assert_true(gc_oscore_context_has_same_members(a, a));
  gc_oscore_context_free(&b);
  b = sec_context(&group, 0, 3);
  assert_true(gc_oscore_context_has_same_members(a, b));
  gc_oscore_context_free(&b);
  other.name = "other";
  b = sec_context(&other, 0, 3);
  assert_int_equal(gc_oscore_context_compare(a, b), GC_OSCORE_SAME_KEYS);
  gc_oscore_context_free(&b);
  other = group;
  other.no_pairwise_mode = true;
  b = sec_context(&other, 0, 3);
  assert_int_equal(gc_oscore_context_compare(a, b), GC_OSCORE_SAME_KEYS);
  gc_oscore_context_free(&b);
  other = group;
  other.gid = "dig";
  b = sec_context(&other, 0, 3);
  assert_int_equal(gc_oscore_context_compare(a, b), GC_OSCORE_OTHER);
  gc_oscore_context_free(&b);
  other = group;
  other.secret = 7;
  b = sec_context(&other, 0, 3);
  assert_int_equal(gc_oscore_context_compare(a, b), GC_OSCORE_OTHER);
  gc_oscore_context_free(&b);
  gc_oscore_context_free(&a);
}

/* A member's new credential, one more member, one that is gone: windows and numbers go on. @req C80 */
static void members_change_and_windows_stay(void **state)
{
  (void)state;
  struct gc_oscore_context *server = sec_context(&group, 1, 4), *client = sec_context(&group, 0, 4);
  struct gc_oscore_context *from = sec_context_of(&group, 1, 0, 0);
  struct gc_oscore_binding mine, its;
  struct gc_oscore_opened opened;
  uint8_t store[256];
  const struct gc_bytes first = copy(sec_request(client, sec_get, NULL, &mine), store);
  assert_int_equal(sec_open_request(server, first, 0, &opened, &its), GC_SEC_OK);
  for (int i = 0; i < 3; i++) /* numbers 0 to 2 of the server are used */
    (void)sec_response(server, sec_content, &(struct gc_oscore_send){ .with_piv = true }, &its);
  /* member 2 has another credential, 3 is gone, 9 is new */
  assert_int_equal(gc_oscore_context_add_recipient(from, sec_id(2), sec_cred(GC_CURVE_ED25519, 50), NULL, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(from, sec_id(9), sec_cred(GC_CURVE_ED25519, 9), NULL, NULL), GC_OK);
  gc_oscore_recipient_window(recipient(server, 2))->next = 77;
  gc_oscore_recipient_set_roles(recipient(from, 0), false, true);
  assert_int_equal(gc_oscore_context_compare(server, from), GC_OSCORE_SAME);
  assert_int_equal(gc_oscore_context_update(server, from, own_numbers), GC_OK);
  assert_true(gc_oscore_context_has_same_members(server, from));
  assert_int_equal(gc_oscore_context_count(server), 3);
  assert_null(recipient(server, 3));
  assert_int_equal(gc_oscore_recipient_window(recipient(server, 2))->next, 77);
  assert_true(gc_bytes_equal(gc_oscore_recipient_cred(recipient(server, 2)), sec_cred(GC_CURVE_ED25519, 50)));
  const struct gc_key_pair new_pair = sec_pair(GC_CURVE_ED25519, 50);
  assert_true(gc_public_key_equal(gc_oscore_recipient_key(recipient(server, 2)), &new_pair.public_key));
  assert_false(gc_oscore_recipient_window(recipient(server, 9))->is_valid); /* after a deletion (Section 2.6.1.2) */
  assert_int_equal(sec_open_request(server, first, 0, &opened, &its), GC_SEC_ROLE);
  gc_oscore_recipient_set_roles(recipient(server, 0), true, true);
  assert_false(gc_oscore_context_has_same_members(server, from));
  assert_int_equal(sec_open_request(server, first, 0, &opened, &its), GC_SEC_REPLAY);
  assert_int_equal(gc_oscore_piv_decode(sec_option(sec_response(server, sec_content, NULL, &its)).piv), 3);
  gc_oscore_context_free(&from);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&server);
}

/* A new Sender ID is a new key with numbers of its own; a new credential alone is neither. @req C87 C109 */
static void own_side_changes(void **state)
{
  (void)state;
  struct gc_oscore_context *server = sec_context(&group, 1, 3), *from = sec_context(&group, 5, 3), *client = sec_context(&group, 0, 6);
  struct gc_oscore_binding mine, its;
  struct gc_oscore_opened opened;
  uint8_t stores[2][256];
  assert_int_equal(sec_open_request(server, sec_request(client, sec_get, NULL, &mine), 0, &opened, &its), GC_SEC_OK);
  const struct gc_bytes before = copy(sec_request(server, sec_get, NULL, &mine), stores[0]);
  assert_int_equal(gc_oscore_context_remove_recipient(from, sec_id(1), false), GC_OK);
  assert_int_equal(gc_oscore_context_update(server, from, own_numbers), GC_OK);
  assert_true(gc_bytes_equal(gc_oscore_context_sender_id(server), sec_id(5)));
  const struct gc_bytes after = copy(sec_request(server, sec_get, NULL, &mine), stores[1]);
  assert_int_equal(gc_oscore_piv_decode(sec_option(before).piv), 0);
  assert_int_equal(gc_oscore_piv_decode(sec_option(after).piv), 0); /* another key */
  assert_int_equal(sec_open_request(client, after, 0, &opened, &mine), GC_SEC_OK);
  /* what was asked before is answered with a number of its own, by the new ID */
  const struct gc_oscore_option option = sec_option(sec_response(server, sec_content, NULL, &its));
  assert_int_equal(option.piv.len, 1);
  assert_true(gc_bytes_equal(option.kid, sec_id(5)));
  /* a pairwise request to an older ID is understood, and answered with the new one (Section 8.5) */
  struct gc_oscore_binding to_old, its_own;
  assert_int_equal(gc_oscore_context_add_recipient(client, sec_id(60), sec_cred(GC_CURVE_ED25519, 5), NULL, NULL), GC_OK);
  const struct gc_oscore_send pairwise = { .is_pairwise = true, .peer = sec_id(60) };
  assert_int_equal(sec_open_request(server, sec_request(client, sec_get, &pairwise, &to_old), 0, &opened, &its_own), GC_SEC_OK);
  assert_true(gc_bytes_equal(sec_option(sec_response(server, sec_content, NULL, &its_own)).kid, sec_id(5)));
  /* the same ID under another credential: the key is the same, so the numbers go on */
  const struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 60);
  assert_int_equal(gc_oscore_context_set_sender(from, sec_id(5), sec_cred(GC_CURVE_ED25519, 60), gc_bytes(pair.private_key, pair.private_len),
                                                own_numbers, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_update(server, from, own_numbers), GC_OK);
  assert_int_equal(gc_oscore_piv_decode(sec_option(sec_request(server, sec_get, NULL, &mine)).piv), 2);
  /* and none at all */
  struct sec_options silent = group;
  silent.is_silent = true;
  struct gc_oscore_context *mute = sec_context(&silent, 5, 3);
  assert_int_equal(gc_oscore_context_update(server, mute, own_numbers), GC_OK);
  uint8_t store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_oscore_protect_request(server, sec_get, &(struct gc_oscore_send){ 0 }, &out, &mine), GC_SEC_SILENT);
  gc_oscore_context_free(&mute);
  gc_oscore_context_free(&from);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&server);
}

static void windows_move(void **state)
{
  (void)state;
  struct sec_options other = group;
  other.name = "renamed";
  struct gc_oscore_context *before = sec_context(&group, 1, 3), *after = sec_context(&other, 1, 4);
  *gc_oscore_recipient_window(recipient(before, 0)) = (struct gc_replay_window){ 41, 5, 32, true };
  gc_oscore_context_take_windows(after, before);
  assert_int_equal(gc_oscore_recipient_window(recipient(after, 0))->next, 41);
  assert_int_equal(gc_oscore_recipient_window(recipient(after, 0))->received, 5);
  assert_true(gc_oscore_recipient_window(recipient(after, 3))->is_valid);
  gc_oscore_context_lose_windows(before);
  gc_oscore_context_take_windows(after, before);
  assert_false(gc_oscore_recipient_window(recipient(after, 0))->is_valid);
  assert_false(gc_oscore_recipient_window(recipient(after, 3))->is_valid);
  gc_oscore_context_free(&after);
  gc_oscore_context_free(&before);
}

/* Without keys a context protects and opens nothing; who it was about is still known. @req C110 */
static void retired(void **state)
{
  (void)state;
  struct sec_options newer = group;
  newer.gid = "new";
  newer.secret = 3;
  struct gc_oscore_context *client = sec_context(&group, 0, 30), *server = sec_context(&group, 1, 30), *new_server = sec_context(&newer, 1, 30);
  struct gc_oscore_context *new_client = sec_context(&newer, 0, 30);
  struct gc_oscore_binding mine, its, none;
  struct gc_oscore_opened opened;
  uint8_t stores[2][256], store[256];
  struct gc_buf out = gc_buf(store, sizeof store);
  assert_int_equal(gc_oscore_context_prepare(server), GC_OK);
  assert_int_equal(sec_open_request(server, sec_request(client, sec_get, NULL, &mine), 0, &opened, &its), GC_SEC_OK);
  const struct gc_bytes late = copy(sec_request(client, sec_get, NULL, &none), stores[0]);
  const struct gc_bytes answer = copy(sec_response(server, sec_content, &(struct gc_oscore_send){ .with_piv = true }, &its), stores[1]);
  gc_oscore_context_retire(server);
  gc_oscore_context_retire(client);
  assert_int_equal(sec_open_request(server, late, 0, &opened, &none), GC_SEC_NO_CONTEXT);
  assert_int_equal(sec_open_response(client, answer, 0, &mine, &opened), GC_SEC_NO_CONTEXT);
  assert_int_equal(gc_oscore_protect_request(server, sec_get, &(struct gc_oscore_send){ 0 }, &out, &none), GC_SEC_SILENT);
  assert_int_equal(gc_oscore_protect_response(server, sec_content, &(struct gc_oscore_send){ 0 }, &its, &out), GC_SEC_SILENT);
  /* what is bound to it is answered under the new keys, and understood */
  assert_true(gc_oscore_is_same_member(server, sec_id(0), new_server, sec_id(0)));
  assert_int_equal(sec_open_response(new_client, sec_response(new_server, sec_content, NULL, &its), 0, &mine, &opened), GC_SEC_OK);
  assert_int_equal(gc_oscore_context_compare(server, new_server), GC_OSCORE_OTHER);
  assert_int_equal(gc_oscore_context_compare(server, server), GC_OSCORE_OTHER);
  gc_oscore_context_free(&new_client);
  gc_oscore_context_free(&new_server);
  gc_oscore_context_free(&client);
  gc_oscore_context_free(&server);
}

/* The order of contexts does not depend on those that were taken out. */
static void places_in_a_ring(void **state)
{
  (void)state;
  struct sec_options options[3] = { group, group, group };
  struct gc_oscore_context *c[3];
  struct gc_oscore_ring *ring = gc_oscore_ring_new();
  assert_int_equal(gc_oscore_ring_last_place(ring), 0);
  for (int i = 0; i < 3; i++) {
    options[i].secret = (uint8_t)(i + 1);
    c[i] = sec_context(&options[i], 0, 3);
    assert_int_equal(gc_oscore_ring_add(ring, c[i]), GC_OK);
    assert_int_equal(gc_oscore_ring_place(ring, c[i]), i + 1);
  }
  assert_true(gc_oscore_ring_remove(ring, c[0]));
  assert_false(gc_oscore_ring_remove(ring, c[0]));
  assert_int_equal(gc_oscore_ring_place(ring, c[0]), 0);
  assert_int_equal(gc_oscore_ring_place(ring, c[1]), 2);
  assert_int_equal(gc_oscore_ring_add(ring, c[0]), GC_OK);
  assert_int_equal(gc_oscore_ring_place(ring, c[0]), 4);
  assert_int_equal(gc_oscore_ring_last_place(ring), 4);
  assert_ptr_equal(gc_oscore_ring_by_name(ring, gc_bytes_str("lights")), c[0]);
  gc_oscore_ring_free(&ring);
  for (int i = 0; i < 3; i++)
    gc_oscore_context_free(&c[i]);
}

/* A member is found by its key where its Sender ID is another one now. @req C115 */
static void an_id_elsewhere(void **state)
{
  (void)state;
  struct sec_options newer = group;
  newer.gid = "new";
  struct gc_oscore_context *a = sec_context(&group, 0, 4), *b = sec_context_of(&newer, 0, 1, 1);
  assert_int_equal(gc_oscore_context_add_recipient(b, sec_id(2), sec_cred(GC_CURVE_ED25519, 3), NULL, NULL), GC_OK); /* 3 has 2's ID now */
  assert_true(gc_bytes_equal(gc_oscore_id_elsewhere(a, sec_id(1), b), sec_id(1)));
  assert_true(gc_bytes_equal(gc_oscore_id_elsewhere(a, sec_id(3), b), sec_id(2)));
  assert_null(gc_oscore_id_elsewhere(a, sec_id(2), b).ptr); /* gone: its ID does not make another one it */
  assert_null(gc_oscore_id_elsewhere(a, sec_id(40), b).ptr);
  gc_oscore_context_free(&b);
  gc_oscore_context_free(&a);
}

/* Asked in pairwise mode, rekeyed, and the ID of the one who was asked is another member's: its answer is not taken. @req C77 C115 */
static void another_member_with_the_id(void **state)
{
  (void)state;
  struct sec_options newer = group;
  newer.gid = "new";
  newer.secret = 3;
  struct gc_oscore_context *client = sec_context(&group, 0, 4), *server = sec_context(&group, 2, 4);
  struct gc_oscore_context *new_client = sec_context_of(&newer, 0, 3, 3), *new_other = sec_context_of(&newer, 2, 0, 0);
  const struct gc_key_pair pair = sec_pair(GC_CURVE_ED25519, 1);
  struct gc_oscore_binding mine, its;
  struct gc_oscore_opened opened;
  /* member 1 has 2's ID, and member 2 that of 1 */
  assert_int_equal(gc_oscore_context_add_recipient(new_client, sec_id(2), sec_cred(GC_CURVE_ED25519, 1), NULL, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_add_recipient(new_client, sec_id(1), sec_cred(GC_CURVE_ED25519, 2), NULL, NULL), GC_OK);
  assert_int_equal(gc_oscore_context_set_sender(new_other, sec_id(2), sec_cred(GC_CURVE_ED25519, 1), gc_bytes(pair.private_key, pair.private_len),
                                                own_numbers, NULL), GC_OK);
  const struct gc_oscore_send pairwise = { .is_pairwise = true, .peer = sec_id(2) }, in_group = { .is_group = true };
  assert_int_equal(sec_open_request(server, sec_request(client, sec_get, &pairwise, &mine), 0, &opened, &its), GC_SEC_OK);
  assert_int_equal(sec_open_response(new_client, sec_response(new_other, sec_content, &in_group, &its), 0, &mine, &opened), GC_SEC_WRONG_SERVER);
  struct gc_oscore_context *new_server = sec_context_of(&newer, 1, 0, 0);
  const struct gc_key_pair own = sec_pair(GC_CURVE_ED25519, 2);
  assert_int_equal(gc_oscore_context_set_sender(new_server, sec_id(1), sec_cred(GC_CURVE_ED25519, 2), gc_bytes(own.private_key, own.private_len),
                                                own_numbers, NULL), GC_OK);
  assert_int_equal(sec_open_response(new_client, sec_response(new_server, sec_content, &in_group, &its), 0, &mine, &opened), GC_SEC_OK);
  gc_oscore_context_free(&new_server);
  gc_oscore_context_free(&new_other);
  gc_oscore_context_free(&new_client);
  gc_oscore_context_free(&server);
  gc_oscore_context_free(&client);
}

/* @req C88 C90 */
static void an_exchange_forgets_one_context(void **state)
{
  (void)state;
  struct sec_options newer = group;
  newer.gid = "new";
  struct gc_oscore_context *old = sec_context(&group, 0, 4), *new = sec_context(&newer, 0, 4);
  struct gc_oscore_exchange *seen = gc_oscore_exchange_new(true, 1, 32), *single = gc_oscore_exchange_new(false, 1, 32);
  struct gc_oscore_opened opened = { 0 };
  for (size_t i = 0; i < 6; i++) {
    opened.context = i % 2 ? new : old;
    opened.kid = sec_id(1 + i / 2);
    opened.sender = gc_oscore_context_find(opened.context, opened.kid);
    opened.option.piv = gc_bytes("\x05", 1);
    assert_int_equal(gc_oscore_exchange_accept(seen, &opened, NULL), GC_SEC_OK);
  }
  opened.context = old;
  opened.sender = gc_oscore_context_find(old, opened.kid);
  assert_int_equal(gc_oscore_exchange_accept(seen, &opened, NULL), GC_SEC_REPLAY);
  assert_int_equal(gc_oscore_exchange_accept(single, &opened, NULL), GC_SEC_OK);
  gc_oscore_exchange_forget(seen, old);
  gc_oscore_exchange_forget(single, old);
  assert_int_equal(gc_oscore_exchange_accept(seen, &opened, NULL), GC_SEC_OK); /* as if it had never been there */
  opened.context = new;
  opened.sender = gc_oscore_context_find(new, opened.kid);
  assert_int_equal(gc_oscore_exchange_accept(seen, &opened, NULL), GC_SEC_REPLAY); /* the other one's are kept */
  assert_int_equal(gc_oscore_exchange_accept(single, &opened, NULL), GC_SEC_UNEXPECTED); /* one answer was all */
  assert_int_equal(gc_oscore_exchange_count(seen), 7);
  gc_oscore_exchange_free(&single);
  gc_oscore_exchange_free(&seen);
  gc_oscore_context_free(&new);
  gc_oscore_context_free(&old);
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(kinship), cmocka_unit_test(members_change_and_windows_stay), cmocka_unit_test(own_side_changes),
    cmocka_unit_test(windows_move), cmocka_unit_test(retired), cmocka_unit_test(places_in_a_ring),
    cmocka_unit_test(an_id_elsewhere), cmocka_unit_test(another_member_with_the_id), cmocka_unit_test(an_exchange_forgets_one_context),
  };
  return cmocka_run_group_tests(tests, NULL, NULL);
}
