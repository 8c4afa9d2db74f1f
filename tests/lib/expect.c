/* clang-format off */
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <setjmp.h>
#include <cmocka.h>
/* clang-format on */
#include <string.h>

#include "expect.h"

void expect_has(const char *whole, const char *part)
{
  if (!strstr(whole, part))
    fail_msg("\"%s\" is not in \"%s\"", part, whole);
}

void expect_lacks(const char *whole, const char *part)
{
  if (strstr(whole, part))
    fail_msg("\"%s\" is in \"%s\"", part, whole);
}
