/* Base64: the vectors of RFC 4648, round trips, and that no second spelling is accepted. */
#include "tests/support/unit.h"
#include "shared/core/base64.h"

static struct sbx_error err;
static struct sbx_buf out;

static void setup(void)
{
    sbx_error_init(&err);
    sbx_buf_init(&out, 8192);
}

static void teardown(void)
{
    sbx_buf_done(&out);
}

/* RFC 4648, section 10. */
static const char *const vectors[][2] = {{"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"},
    {"foob", "Zm9vYg=="}, {"fooba", "Zm9vYmE="}, {"foobar", "Zm9vYmFy"}, {"\xFB\xEF\xFF", "++//"}};

START_TEST(vectors__both_ways)
{
    const char *plain = vectors[_i][0];
    const char *text = vectors[_i][1];

    ck_assert_sbx_ok(sbx_base64_encode(plain, strlen(plain), &out, &err), &err);
    ck_assert_str_eq(out.data, text);
    sbx_buf_clear(&out);
    ck_assert_sbx_ok(sbx_base64_decode(text, strlen(text), &out, &err), &err);
    ck_assert_uint_eq(out.length_bytes, strlen(plain));
    ck_assert_mem_eq(out.data, plain, strlen(plain));
}
END_TEST

START_TEST(empty__both_ways__nothing)
{
    ck_assert_sbx_ok(sbx_base64_encode(NULL, 0, &out, &err), &err);
    ck_assert_sbx_ok(sbx_base64_decode("", 0, &out, &err), &err);
    ck_assert_uint_eq(out.length_bytes, 0);
}
END_TEST

static const char *const refused[] = {"Z", "Zg", "Zg=", "Zg===", "Zg==Zg==", "Zm=v", "=Zm9",
    "Zm9v\n", "Zm 9", "Zm9-", "Zm9_", "Zh==", "Zm9=", "Zm8=AAAA", "====", "A===", "Zm9\xC3",
    "Zm9v Zm9v"};

START_TEST(decode__anything_else__refused_and_unchanged)
{
    const char *text = refused[_i];

    ck_assert_sbx_ok(sbx_buf_puts(&out, "before", &err), &err);
    ck_assert_int_eq(sbx_base64_decode(text, strlen(text), &out, &err), SBX_INVALID);
    ck_assert_uint_eq(out.length_bytes, 6);
    ck_assert_str_eq(out.data, "before");
}
END_TEST

START_TEST(decode__embedded_nul__refused)
{
    ck_assert_int_eq(sbx_base64_decode("Zm\0v", 4, &out, &err), SBX_INVALID);
}
END_TEST

START_TEST(random_bytes__round_trip)
{
    uint64_t rng = unit_seed();
    int round;

    for (round = 0; round < 2000; round++) {
        uint8_t bytes[64];
        size_t count = unit_random(&rng) % sizeof(bytes);
        struct sbx_buf text;
        size_t i;

        for (i = 0; i < count; i++)
            bytes[i] = (uint8_t)unit_random(&rng);
        sbx_buf_init(&text, 256);
        sbx_buf_clear(&out);
        ck_assert_sbx_ok(sbx_base64_encode(bytes, count, &text, &err), &err);
        ck_assert_uint_eq(text.length_bytes, (count + 2) / 3 * 4);
        ck_assert_sbx_ok(
            sbx_base64_decode(count ? text.data : "", text.length_bytes, &out, &err), &err);
        ck_assert_uint_eq(out.length_bytes, count);
        if (count)
            ck_assert_mem_eq(out.data, bytes, count);
        sbx_buf_done(&text);
    }
}
END_TEST

START_TEST(cap__reached__refused_and_unchanged)
{
    struct sbx_buf small;

    sbx_buf_init(&small, 6);
    ck_assert_sbx_ok(sbx_base64_encode("abc", 3, &small, &err), &err);
    ck_assert_int_eq(sbx_base64_encode("abcdef", 6, &small, &err), SBX_INVALID);
    ck_assert_str_eq(small.data, "YWJj");
    ck_assert_int_eq(sbx_base64_decode("YWJjYWJj", 8, &small, &err), SBX_INVALID);
    ck_assert_str_eq(small.data, "YWJj");
    sbx_buf_done(&small);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, vectors__both_ways, 0, (int)countof(vectors));
    tcase_add_test(tcase, empty__both_ways__nothing);
    tcase_add_loop_test(
        tcase, decode__anything_else__refused_and_unchanged, 0, (int)countof(refused));
    tcase_add_test(tcase, decode__embedded_nul__refused);
    tcase_add_test(tcase, random_bytes__round_trip);
    tcase_add_test(tcase, cap__reached__refused_and_unchanged);
}

UNIT_MAIN("base64", add_tests)
