/* Files of group observations: three notations told apart, what is missing or damaged named with its place, careful writing. */
/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "../tests/lib/hexval.h"
#include "cbor/diag.h"
#include "common/phantom_file.h"
#include "observe_examples.h"

#define COUNT(array) (sizeof(array) / sizeof(array)[0])

static char directory[] = "/tmp/phantom.XXXXXX", path[64], messages[64];

static int setup(void **state)
{
  (void)state;
  if (!mkdtemp(directory))
    return -1;
  snprintf(path, sizeof path, "%s/file", directory);
  snprintf(messages, sizeof messages, "%s/stderr", directory);
  gc_diag_init("test", 0);
  return 0;
}

static int teardown(void **state)
{
  (void)state;
  unlink(path);
  unlink(messages);
  return rmdir(directory);
}

static void write_file(const void *bytes, size_t len)
{
  unlink(path);
  int fd = open(path, O_WRONLY | O_CREAT | O_EXCL, 0600);
  assert_true(fd >= 0);
  assert_int_equal(write(fd, bytes, len), (ssize_t)len);
  close(fd);
}

/* what a call says on stderr */
static char said[1024];
static int saved_stderr;

static void listen(void)
{
  fflush(stderr);
  saved_stderr = dup(2);
  int fd = open(messages, O_RDWR | O_CREAT | O_TRUNC, 0600);
  assert_true(fd >= 0);
  dup2(fd, 2);
  close(fd);
}

static const char *heard(void)
{
  fflush(stderr);
  lseek(2, 0, SEEK_SET);
  ssize_t n = read(2, said, sizeof said - 1);
  said[n > 0 ? n : 0] = '\0';
  dup2(saved_stderr, 2);
  close(saved_stderr);
  return said;
}

static enum gc_status read_quietly(struct gc_phantom_file *file, bool strict)
{
  listen();
  enum gc_status status = gc_phantom_file_read(file, path, strict);
  (void)heard();
  return status;
}

static void expect_good(const char *example)
{
  struct gc_phantom_file file;
  assert_int_equal(read_quietly(&file, false), GC_STATUS_OK);
  assert_string_equal(said, "");
  assert_true(gc_bytes_equal(file.payload, hexval(example)));
  assert_true(file.response.present & GC_IR_PH_REQ);
  assert_true(file.response.tp_info.has_details);
  gc_phantom_file_close(&file);
  assert_null(file.owned);
}

static void three_notations(void **state)
{
  (void)state;
  static const char *const examples[] = { EXAMPLE_IR_CURRENT, EXAMPLE_IR_05, EXAMPLE_SELF_CURRENT };
  for (size_t i = 0; i < COUNT(examples); i++) {
    struct gc_bytes payload = hexval(examples[i]);
    char text[4096];
    struct gc_buf diag = gc_buf(text, sizeof text);
    write_file(payload.ptr, payload.len);
    expect_good(examples[i]);
    write_file(examples[i], strlen(examples[i]));
    expect_good(examples[i]);
    snprintf(text, sizeof text, "  %.20s\n%.10s\r\n%s\n\n", examples[i], examples[i] + 20, examples[i] + 30);
    write_file(text, strlen(text));
    expect_good(examples[i]);
    strcpy(text, " # learned\n/ elsewhere / ");
    diag.len = strlen(text);
    assert_int_equal(gc_cbor_to_diag(&diag, payload, NULL), GC_OK);
    write_file(text, diag.len);
    expect_good(examples[i]);
  }
}

static void refused(void **state)
{
  (void)state;
  static const struct {
    const char *content, *reason;
  } cases[] = {
    { "", "it is empty" },
    { "\n", "byte 0 of the informative response: " },
    { "a5zz", "line 1, character 3: " },
    { "a500\n8382205", "line 2, character " },
    { "{1: h'01605172',\n 0: [}", "line 2, character 6: " },
    { "{1: h'01605172'}", "tp_info is missing" },
    { "{0: [[-1, h'0a000001']], 1: h'01605172'}", "tp_info names no group" },
    { "{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b']}", "ph_req is missing" },
    { "{0: [[-1, h'0a000001'], [-1, h'0a000002'], h'7b'], 1: h'01605172'}", "byte 2 of the informative response: the group's address is not a multicast address" },
    { "{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b'], 1: h'02605172'}", "ph_req, byte 0: a phantom request is a GET or a FETCH" },
    { "{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b'], 1: h'0161'}", "ph_req, byte 1: " },
    { "{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b'], 1: h'01605172', 2: 5}", "of the informative response: a byte string is expected" },
    { "{0: [[-1, h'0a000001'], [-1, h'e0000105'], h'7b'], 1: h'01605172'} 1", "line 1, character " },
  };
  for (size_t i = 0; i < COUNT(cases); i++) {
    struct gc_phantom_file file;
    char begin[96];
    write_file(cases[i].content, strlen(cases[i].content));
    assert_int_equal(read_quietly(&file, false), GC_STATUS_INPUT);
    gc_phantom_file_close(&file);
    snprintf(begin, sizeof begin, "test: %s: ", path);
    if (strncmp(said, begin, strlen(begin)) != 0 || !strstr(said, cases[i].reason))
      fail_msg("%s: \"%s\" instead of \"%s\"", cases[i].content, said, cases[i].reason);
  }
}

static void too_large(void **state)
{
  (void)state;
  struct gc_phantom_file file;
  char *text = malloc(200000);
  memset(text, 'a', 200000);
  for (int is_text = 0; is_text < 2; is_text++) {
    write_file(text, 200000);
    assert_int_equal(read_quietly(&file, false), GC_STATUS_INPUT);
    assert_non_null(strstr(said, "larger than an informative response can be"));
    gc_phantom_file_close(&file);
    memset(text, 0xa1, 200000);
  }
  free(text);
}

static void no_file(void **state)
{
  (void)state;
  struct gc_phantom_file file;
  unlink(path);
  assert_int_equal(read_quietly(&file, false), GC_STATUS_INPUT);
  assert_non_null(strstr(said, "/file: No such file or directory"));
  gc_phantom_file_close(&file);
}

/* only where it has keys */
static void readable_by_others(void **state)
{
  (void)state;
  struct gc_phantom_file file;
  write_file(EXAMPLE_SELF_CURRENT, strlen(EXAMPLE_SELF_CURRENT));
  chmod(path, 0644);
  assert_int_equal(read_quietly(&file, false), GC_STATUS_OK);
  assert_non_null(strstr(said, "mode 0644 lets others read or change the keys"));
  gc_phantom_file_close(&file);
  assert_int_equal(read_quietly(&file, true), GC_STATUS_INPUT);
  gc_phantom_file_close(&file);
  write_file(EXAMPLE_IR_CURRENT, strlen(EXAMPLE_IR_CURRENT));
  chmod(path, 0644);
  assert_int_equal(read_quietly(&file, true), GC_STATUS_OK);
  assert_string_equal(said, "");
  gc_phantom_file_close(&file);
}

static enum gc_status save(struct gc_bytes payload)
{
  listen();
  enum gc_status status = gc_phantom_file_write(path, payload);
  (void)heard();
  return status;
}

static void written(void **state)
{
  (void)state;
  struct stat st;
  unlink(path);
  assert_int_equal(save(hexval(EXAMPLE_SELF_CURRENT)), GC_STATUS_OK);
  assert_int_equal(stat(path, &st), 0);
  assert_int_equal(st.st_mode & 07777, 0600);
  assert_int_equal(st.st_size, (off_t)hexval(EXAMPLE_SELF_CURRENT).len);
  expect_good(EXAMPLE_SELF_CURRENT);
  /* one of its kind is replaced, also one that a person wrote */
  assert_int_equal(save(hexval(EXAMPLE_IR_05)), GC_STATUS_OK);
  expect_good(EXAMPLE_IR_05);
  write_file(EXAMPLE_IR_05, strlen(EXAMPLE_IR_05));
  assert_int_equal(save(hexval(EXAMPLE_IR_CURRENT)), GC_STATUS_OK);
  expect_good(EXAMPLE_IR_CURRENT);
  assert_string_equal(said, "");
}

static void not_written(void **state)
{
  (void)state;
  char target[80], content[16] = { 0 };
  snprintf(target, sizeof target, "%s/target", directory);
  write_file("precious", 8);
  assert_int_equal(save(hexval(EXAMPLE_IR_CURRENT)), GC_STATUS_INPUT);
  assert_non_null(strstr(said, "not replaced: it is no file of a group observation"));
  int fd = open(path, O_RDONLY);
  assert_int_equal(read(fd, content, sizeof content), 8);
  assert_string_equal(content, "precious");
  close(fd);
  unlink(path);
  assert_int_equal(symlink(target, path), 0);
  assert_int_equal(save(hexval(EXAMPLE_IR_CURRENT)), GC_STATUS_INPUT);
  assert_int_equal(access(target, F_OK), -1);
  unlink(path);
  /* what could not be read again is not written */
  assert_int_equal(save(hexval(EXAMPLE_JOIN_CURRENT)), GC_STATUS_INPUT);
  assert_non_null(strstr(said, "not written: tp_info is missing"));
  assert_int_equal(access(path, F_OK), -1);
  snprintf(target, sizeof target, "%s/none/file", directory);
  listen();
  assert_int_equal(gc_phantom_file_write(target, hexval(EXAMPLE_IR_CURRENT)), GC_STATUS_SYSTEM);
  assert_non_null(strstr(heard(), "No such file or directory"));
}

int main(void)
{
  const struct CMUnitTest tests[] = {
    cmocka_unit_test(three_notations),    cmocka_unit_test(refused), cmocka_unit_test(too_large),   cmocka_unit_test(no_file),
    cmocka_unit_test(readable_by_others), cmocka_unit_test(written), cmocka_unit_test(not_written),
  };
  return cmocka_run_group_tests(tests, setup, teardown);
}
