/* What a text has in it. */
#ifndef GC_TESTS_EXPECT_H
#define GC_TESTS_EXPECT_H

/** The test fails where part is not in whole. */
void expect_has(const char *whole, const char *part);
/** … where it is. */
void expect_lacks(const char *whole, const char *part);

#endif
