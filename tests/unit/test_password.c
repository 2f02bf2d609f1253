/* Passwords: form, evenness, and that a failure leaves nothing. */
#include "tests/support/unit.h"
#include "shared/core/buf.h"
#include "shared/core/password.h"

static struct sbx_error err;
static uint64_t rng;

static void setup(void)
{
    sbx_error_init(&err);
    rng = unit_seed();
}

static void fill(uint8_t *bytes, size_t size_bytes)
{
    size_t i;

    for (i = 0; i < size_bytes; i++)
        bytes[i] = (uint8_t)(unit_random(&rng) >> 32);
}

static bool is_zero(const char *text, size_t size_bytes)
{
    size_t i;

    for (i = 0; i < size_bytes; i++)
        if (text[i])
            return false;
    return true;
}

static unsigned classes_of(const char *text)
{
    unsigned classes = 0;

    for (; *text; text++)
        classes |= *text >= 'A' && *text <= 'Z'   ? 1u
                   : *text >= 'a' && *text <= 'z' ? 2u
                   : *text >= '0' && *text <= '9' ? 4u
                                                  : 8u;
    return classes;
}

START_TEST(make__random_bytes__64_characters_of_four_classes)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    char text[SBX_PASSWORD_SIZE];
    char last[SBX_PASSWORD_SIZE] = "";
    int round;

    for (round = 0; round < 3000; round++) {
        fill(random, sizeof(random));
        ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), text, &err), &err);
        ck_assert_uint_eq(strlen(text), SBX_PASSWORD_LENGTH);
        ck_assert_uint_eq(classes_of(text), 15u);
        ck_assert(sbx_password_is_ours(text));
        ck_assert_ptr_null(strpbrk(text, " \"'\\`%^&<>"));
        ck_assert_str_ne(text, last);
        memcpy(last, text, sizeof(last));
    }
}
END_TEST

/* Every byte value once, then a class check that fails: what each value stands for shows in the
 * first character of the next draw. 255 values over 85 characters is three each, none for 255. */
START_TEST(make__every_byte_value__each_character_three_times)
{
    unsigned seen[128] = {0};
    unsigned skipped = 0;
    unsigned kinds = 0;
    unsigned value;
    size_t i;

    for (value = 0; value < 256; value++) {
        /* The tail alone has all classes: A, a, 0 and ! are the letters 0, 26, 52 and 62. */
        uint8_t random[1 + SBX_PASSWORD_LENGTH];
        char text[SBX_PASSWORD_SIZE];

        random[0] = (uint8_t)value;
        for (i = 1; i < sizeof(random); i++)
            random[i] = (uint8_t)((const uint8_t[]){0, 26, 52, 62}[i % 4]);
        ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), text, &err), &err);
        if (value == 255 && text[0] == 'a' && text[63] == 'A')
            skipped++; /* thrown away: the draw begins with the tail */
        else
            seen[(unsigned char)text[0] & 127u]++;
    }
    ck_assert_uint_eq(skipped, 1);
    for (i = 0; i < countof(seen); i++) {
        ck_assert(seen[i] == 0 || seen[i] == 3);
        kinds += seen[i] != 0;
    }
    ck_assert_uint_eq(kinds, 85);
}
END_TEST

/* Chi-square over places and characters; the bound is far out (p below 1e-9) for 84 degrees. */
START_TEST(make__many__even_at_every_place)
{
    static unsigned counts[SBX_PASSWORD_LENGTH][128];
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    char text[SBX_PASSWORD_SIZE];
    const unsigned rounds = 8500;
    unsigned round;
    size_t place;
    size_t c;

    memset(counts, 0, sizeof(counts));
    for (round = 0; round < rounds; round++) {
        fill(random, sizeof(random));
        ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), text, &err), &err);
        for (place = 0; place < SBX_PASSWORD_LENGTH; place++)
            counts[place][(unsigned char)text[place] & 127u]++;
    }
    for (place = 0; place < SBX_PASSWORD_LENGTH; place++) {
        double expected = rounds / 85.0;
        double sum = 0;

        for (c = '!'; c <= '~'; c++)
            if (strchr("\"'\\`%^&<>", (int)c) == NULL)
                sum += (counts[place][c] - expected) * (counts[place][c] - expected) / expected;
        ck_assert_msg(sum < 190.0, "place %zu: chi-square %f", place, sum);
    }
}
END_TEST

START_TEST(make__a_class_is_missing__the_whole_draw_is_thrown_away)
{
    uint8_t random[2 * SBX_PASSWORD_LENGTH];
    char text[SBX_PASSWORD_SIZE];
    size_t i;

    /* First draw: no symbol until one too late. Second: all classes, starting afresh. */
    for (i = 0; i < SBX_PASSWORD_LENGTH; i++)
        random[i] = (uint8_t)((const uint8_t[]){0, 26, 52, 1}[i % 4]);
    for (; i < sizeof(random); i++)
        random[i] = (uint8_t)((const uint8_t[]){62, 27, 53, 2}[i % 4]);
    ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), text, &err), &err);
    ck_assert_mem_eq(text, "!b1C!b1C", 8);
    ck_assert_uint_eq(strlen(text), SBX_PASSWORD_LENGTH);
    /* One byte less and there is none. */
    ck_assert_int_eq(sbx_password_make(random, sizeof(random) - 1, text, &err), SBX_NOT_FOUND);
    ck_assert(is_zero(text, sizeof(text)));
}
END_TEST

/* What one draw had does not count for the next: here each draw lacks a class the other one has. */
START_TEST(make__classes_of_two_draws__do_not_add_up)
{
    uint8_t random[2 * SBX_PASSWORD_LENGTH];
    char text[SBX_PASSWORD_SIZE];
    size_t i;

    for (i = 0; i < SBX_PASSWORD_LENGTH; i++)
        random[i] = (uint8_t)((const uint8_t[]){0, 26, 52, 1}[i % 4]); /* no symbol */
    for (; i < sizeof(random); i++)
        random[i] = (uint8_t)((const uint8_t[]){62, 26, 52, 63}[i % 4]); /* no capital */
    ck_assert_int_eq(sbx_password_make(random, sizeof(random), text, &err), SBX_NOT_FOUND);
}
END_TEST

START_TEST(make__no_password_in_the_bytes__nothing_is_left)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    char text[SBX_PASSWORD_SIZE];

    memset(random, 255, sizeof(random));
    memset(text, 'x', sizeof(text));
    ck_assert_int_eq(sbx_password_make(random, sizeof(random), text, &err), SBX_NOT_FOUND);
    ck_assert(is_zero(text, sizeof(text)));
    memset(random, 0, sizeof(random));
    memset(text, 'x', sizeof(text));
    ck_assert_int_eq(sbx_password_make(random, sizeof(random), text, &err), SBX_NOT_FOUND);
    ck_assert(is_zero(text, sizeof(text)));
    ck_assert_int_eq(sbx_password_make(random, 0, text, &err), SBX_NOT_FOUND);
}
END_TEST

START_TEST(is_ours__anything_else__no)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];
    char text[SBX_PASSWORD_SIZE + 1];
    char copy[SBX_PASSWORD_SIZE + 1];
    size_t i;

    fill(random, sizeof(random));
    ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), text, &err), &err);
    for (i = 0; i < SBX_PASSWORD_LENGTH; i++) {
        memcpy(copy, text, sizeof(copy));
        copy[i] = '\0'; /* too short; nothing behind it is read */
        ck_assert(!sbx_password_is_ours(copy));
        copy[i] = ' ';
        ck_assert(!sbx_password_is_ours(copy));
        copy[i] = (char)0xC3;
        ck_assert(!sbx_password_is_ours(copy));
    }
    memcpy(copy, text, SBX_PASSWORD_LENGTH);
    memcpy(copy + SBX_PASSWORD_LENGTH, "a", 2);
    ck_assert(!sbx_password_is_ours(copy));
    memset(copy, 'a', SBX_PASSWORD_LENGTH);
    copy[SBX_PASSWORD_LENGTH] = '\0';
    ck_assert(!sbx_password_is_ours(copy));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, make__random_bytes__64_characters_of_four_classes);
    tcase_add_test(tcase, make__every_byte_value__each_character_three_times);
    tcase_add_test(tcase, make__many__even_at_every_place);
    tcase_add_test(tcase, make__a_class_is_missing__the_whole_draw_is_thrown_away);
    tcase_add_test(tcase, make__classes_of_two_draws__do_not_add_up);
    tcase_add_test(tcase, make__no_password_in_the_bytes__nothing_is_left);
    tcase_add_test(tcase, is_ours__anything_else__no);
}

UNIT_MAIN("password", add_tests)
