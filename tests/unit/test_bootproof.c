/* When a proof of the network fence speaks for this moment, and its file. */
#include "tests/support/unit.h"

#include "shared/core/bootproof.h"

#include <stdio.h>

#define HASH "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define OTHER "1123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
#define SID "S-1-5-21-1-2-3-1001"

static struct sbx_error err;

static struct sbx_bootproof at(uint64_t up_ms, uint64_t started_ms, const char *hash)
{
    struct sbx_bootproof proof = {.up_ms = up_ms, .started_ms = started_ms};

    memcpy(proof.installation, hash, sizeof(proof.installation));
    return proof;
}

static const struct {
    const char *name;
    uint64_t up_ms, started_ms;
    const char *hash;
    bool holds;
} rows[] = {
    {"the same moment", 60000, 1000000, HASH, true},
    {"later in the same boot", 90000000, 1000000, HASH, true},
    {"clocks read a little apart", 60001, 1000000 + SBX_BOOTPROOF_SLACK_MS, HASH, true},
    {"clocks apart the other way", 60001, 1000000 - SBX_BOOTPROOF_SLACK_MS, HASH, true},
    {"started later", 60001, 1000001 + SBX_BOOTPROOF_SLACK_MS, HASH, false},
    {"started earlier: the clock was set back", 60001, 999999 - SBX_BOOTPROOF_SLACK_MS, HASH,
        false},
    {"up for less time: started again", 59999, 1000000, HASH, false},
    {"another installation", 60000, 1000000, OTHER, false},
};

START_TEST(holds__row__as_the_row_says)
{
    struct sbx_bootproof then = at(60000, 1000000, HASH);
    struct sbx_bootproof now = at(rows[_i].up_ms, rows[_i].started_ms, rows[_i].hash);

    sbx_bootproof_add(&then, SID);
    ck_assert_msg(sbx_bootproof_holds(&then, &now, SID) == rows[_i].holds, "%s", rows[_i].name);
    ck_assert(!sbx_bootproof_holds(&then, &now, "S-1-5-21-1-2-3-1002"));
}
END_TEST

START_TEST(holds__nothing_remembered__no)
{
    struct sbx_bootproof then = {0}, now = {0};

    ck_assert(!sbx_bootproof_is_now(&then, &now));
    sbx_bootproof_add(&then, SID);
    ck_assert(!sbx_bootproof_holds(&then, &now, SID));
}
END_TEST

START_TEST(add__twice_and_too_many__counted_once_and_capped)
{
    struct sbx_bootproof proof = at(1, 2, HASH);
    char sid[SBX_SID_TEXT_SIZE];
    unsigned i;

    for (i = 0; i < 2 * SBX_BOOTPROOF_ACCOUNTS_MAX; i++) {
        snprintf(sid, sizeof(sid), "S-1-5-21-1-2-3-%u", 1000 + i / 2);
        sbx_bootproof_add(&proof, sid);
        ck_assert_uint_eq(proof.count, 1 + i / 2);
    }
    sbx_bootproof_add(&proof, "S-1-5-21-1-2-3-9999");
    ck_assert_uint_eq(proof.count, SBX_BOOTPROOF_ACCOUNTS_MAX);
}
END_TEST

START_TEST(parse__what_format_wrote__the_same)
{
    struct sbx_bootproof proof = at(123456789012, 1790000000000, HASH), again;
    struct sbx_buf text;

    sbx_buf_init(&text, SBX_BOOTPROOF_MAX_BYTES);
    sbx_bootproof_add(&proof, SID);
    sbx_bootproof_add(&proof, "S-1-5-21-1-2-3-1002");
    ck_assert_sbx_ok(sbx_bootproof_format(&proof, &text, &err), &err);
    ck_assert_sbx_ok(sbx_bootproof_parse(text.data, text.length_bytes, &again, &err), &err);
    ck_assert(sbx_bootproof_holds(&again, &proof, SID));
    ck_assert_uint_eq(again.count, 2);
    ck_assert_uint_eq(again.started_ms, proof.started_ms);
    sbx_buf_done(&text);
}
END_TEST

#define GOOD                                                                                       \
    "{\"schema\":1,\"upMs\":5,\"startedMs\":6,\"installation\":\"" HASH "\",\"accounts\":[\"" SID  \
    "\"]}"

static const char *const bad[] = {"", "{}", "[]", "null", " " GOOD, GOOD " ", GOOD GOOD,
    "{\"schema\":2,\"upMs\":5,\"startedMs\":6,\"installation\":\"" HASH "\",\"accounts\":[]}",
    "{\"schema\":1,\"upMs\":-5,\"startedMs\":6,\"installation\":\"" HASH "\",\"accounts\":[]}",
    "{\"schema\":1,\"upMs\":5.5,\"startedMs\":6,\"installation\":\"" HASH "\",\"accounts\":[]}",
    "{\"schema\":1,\"upMs\":5,\"startedMs\":6,\"installation\":\"short\",\"accounts\":[]}",
    "{\"schema\":1,\"upMs\":5,\"startedMs\":6,\"installation\":\"" HASH
    "\",\"accounts\":[\"Everyone\"]}",
    "{\"schema\":1,\"upMs\":5,\"startedMs\":6,\"installation\":\"" HASH "\",\"accounts\":[\"" SID
    "\",\"" SID "\"]}",
    "{\"schema\":1,\"upMs\":5,\"startedMs\":6,\"installation\":\"" HASH
    "\",\"accounts\":[],\"more\":1}"};

START_TEST(parse__anything_else__refused_and_nothing_kept)
{
    struct sbx_bootproof proof;

    memset(&proof, 0xAA, sizeof(proof));
    sbx_error_init(&err);
    ck_assert_int_ne(sbx_bootproof_parse(bad[_i], strlen(bad[_i]), &proof, &err), SBX_OK);
    ck_assert_uint_eq(proof.count, 0);
    ck_assert_str_eq(proof.installation, "");
}
END_TEST

START_TEST(parse__cut_anywhere__refused)
{
    struct sbx_bootproof proof;
    size_t i;

    ck_assert_sbx_ok(sbx_bootproof_parse(GOOD, strlen(GOOD), &proof, &err), &err);
    for (i = 0; i < strlen(GOOD); i++)
        ck_assert_int_ne(sbx_bootproof_parse(GOOD, i, &proof, &err), SBX_OK);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, holds__row__as_the_row_says, 0, countof(rows));
    tcase_add_test(tcase, holds__nothing_remembered__no);
    tcase_add_test(tcase, add__twice_and_too_many__counted_once_and_capped);
    tcase_add_test(tcase, parse__what_format_wrote__the_same);
    tcase_add_loop_test(tcase, parse__anything_else__refused_and_nothing_kept, 0, countof(bad));
    tcase_add_test(tcase, parse__cut_anywhere__refused);
}

UNIT_MAIN("bootproof", add_tests)
