/* sbx_buf: the cap, what a refused append leaves behind, and the comparison. */
#include "tests/support/unit.h"
#include "shared/core/buf.h"

#define MAX_BYTES 8u

static struct sbx_error err;
static struct sbx_buf buf;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&buf, MAX_BYTES);
}

static void teardown(void)
{
    sbx_buf_done(&buf);
}

START_TEST(to_the_cap__taken__one_byte_more_refused_and_nothing_changed)
{
    ck_assert_sbx_ok(sbx_buf_puts(&buf, "12345678", &err), &err);
    ck_assert_int_eq(sbx_buf_putc(&buf, '9', &err), SBX_INVALID);
    ck_assert_uint_eq(buf.length_bytes, MAX_BYTES);
    ck_assert_str_eq(buf.data, "12345678");
}
END_TEST

START_TEST(formatted_over_the_cap__refused_and_nothing_changed)
{
    ck_assert_sbx_ok(sbx_buf_puts(&buf, "1234", &err), &err);
    ck_assert_int_eq(sbx_buf_printf(&buf, &err, "%d", 56789), SBX_INVALID);
    ck_assert_str_eq(buf.data, "1234");
}
END_TEST

START_TEST(is__same_bytes__only)
{
    ck_assert(sbx_buf_is(&buf, "", 0));
    ck_assert(!sbx_buf_is(&buf, "a", 1));
    ck_assert_sbx_ok(sbx_buf_add(&buf, "a\0b", 3, &err), &err);
    ck_assert(sbx_buf_is(&buf, "a\0b", 3));
    ck_assert(!sbx_buf_is(&buf, "a\0b", 2));
    ck_assert(!sbx_buf_is(&buf, "a\0c", 3));
    ck_assert(!sbx_buf_is(&buf, "a\0bc", 4));
}
END_TEST

START_TEST(steal__empty__an_empty_text_and_the_buffer_is_empty)
{
    char *text = NULL;

    ck_assert_sbx_ok(sbx_buf_steal(&buf, &text, &err), &err);
    ck_assert_str_eq(text, "");
    ck_assert_uint_eq(buf.length_bytes, 0);
    free(text);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, to_the_cap__taken__one_byte_more_refused_and_nothing_changed);
    tcase_add_test(tcase, formatted_over_the_cap__refused_and_nothing_changed);
    tcase_add_test(tcase, is__same_bytes__only);
    tcase_add_test(tcase, steal__empty__an_empty_text_and_the_buffer_is_empty);
}

UNIT_MAIN("buf", add_tests)
