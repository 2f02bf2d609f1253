/* Sealed passwords: round trip, and that a blob opens only as what it was sealed as. */
#include "tests/support/unit.h"

#include "shared/win/random.h"
#include "shared/win/seal.h"

#include <stdio.h>
#include <wincrypt.h>

static struct sbx_error err;
static struct sbx_buf blob;
static char password[SBX_PASSWORD_SIZE];
static char opened[SBX_PASSWORD_SIZE];
static const struct sbx_sid account = {5, 5, {21, 1, 2, 3, 1001}};
static const struct sbx_sid other = {5, 5, {21, 1, 2, 3, 1002}};

static void setup(void)
{
    uint8_t random[SBX_PASSWORD_RANDOM_BYTES];

    sbx_error_init(&err);
    sbx_buf_init(&blob, 4096);
    ck_assert_sbx_ok(sbx_random_bytes(random, sizeof(random), &err), &err);
    ck_assert_sbx_ok(sbx_password_make(random, sizeof(random), password, &err), &err);
    memset(opened, 'x', sizeof(opened));
}

static void teardown(void)
{
    sbx_buf_wipe(&blob);
}

static void assert_wiped(void)
{
    size_t i;

    for (i = 0; i < sizeof(opened); i++)
        ck_assert_int_eq(opened[i], 0);
}

static bool contains(const void *bytes, size_t size_bytes, const void *what, size_t what_bytes)
{
    size_t i;

    for (i = 0; i + what_bytes <= size_bytes; i++)
        if (memcmp((const char *)bytes + i, what, what_bytes) == 0)
            return true;
    return false;
}

START_TEST(seal_and_open__same_account__same_password)
{
    ck_assert_sbx_ok(sbx_seal_password(&account, password, &blob, &err), &err);
    ck_assert_uint_gt(blob.length_bytes, SBX_PASSWORD_LENGTH);
    ck_assert(!contains(blob.data, blob.length_bytes, password, 8));
    ck_assert_sbx_ok(sbx_seal_open(&account, blob.data, blob.length_bytes, opened, &err), &err);
    ck_assert_str_eq(opened, password);
}
END_TEST

START_TEST(open__another_accounts_blob__refused)
{
    ck_assert_sbx_ok(sbx_seal_password(&account, password, &blob, &err), &err);
    ck_assert_int_eq(sbx_seal_open(&other, blob.data, blob.length_bytes, opened, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.hint, "repair"));
    assert_wiped();
}
END_TEST

START_TEST(open__damaged__refused_and_wiped)
{
    size_t i;

    ck_assert_sbx_ok(sbx_seal_password(&account, password, &blob, &err), &err);
    for (i = 0; i < blob.length_bytes; i += 7) {
        enum sbx_status status;

        blob.data[i] = (char)(blob.data[i] ^ 0x55);
        memset(opened, 'x', sizeof(opened));
        status = sbx_seal_open(&account, blob.data, blob.length_bytes, opened, &err);
        /* A byte that carries nothing may be changed; then the password must be the right one. */
        if (status)
            assert_wiped();
        else
            ck_assert_str_eq(opened, password);
        blob.data[i] = (char)(blob.data[i] ^ 0x55);
    }
    for (i = 0; i < blob.length_bytes; i += 31) {
        ck_assert_int_ne(sbx_seal_open(&account, blob.data, i, opened, &err), SBX_OK);
        assert_wiped();
    }
    ck_assert_sbx_ok(sbx_seal_open(&account, blob.data, blob.length_bytes, opened, &err), &err);
}
END_TEST

/* What DPAPI opens is still asked whether it is a password of ours. */
START_TEST(open__sealed_by_somebody_else__refused)
{
    char sid[SBX_SID_TEXT_SIZE];
    char entropy_text[256];
    DATA_BLOB in = {5, (BYTE *)(uintptr_t) "hello"};
    DATA_BLOB out = {0, NULL};
    DATA_BLOB entropy;

    sbx_sid_format(&account, sid);
    entropy.cbData =
        (DWORD)snprintf(entropy_text, sizeof(entropy_text), "AgentSandbox password 1 %s", sid);
    entropy.pbData = (BYTE *)entropy_text;
    ck_assert(CryptProtectData(&in, NULL, &entropy, NULL, NULL,
        CRYPTPROTECT_LOCAL_MACHINE | CRYPTPROTECT_UI_FORBIDDEN, &out));
    ck_assert_int_eq(sbx_seal_open(&account, out.pbData, out.cbData, opened, &err), SBX_INVALID);
    assert_wiped();
    LocalFree(out.pbData);
}
END_TEST

START_TEST(seal__no_password_of_ours__refused)
{
    ck_assert_int_eq(sbx_seal_password(&account, "hello", &blob, &err), SBX_INTERNAL);
    ck_assert_ptr_null(strstr(err.context, "hello"));
    ck_assert_uint_eq(blob.length_bytes, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, seal_and_open__same_account__same_password);
    tcase_add_test(tcase, open__another_accounts_blob__refused);
    tcase_add_test(tcase, open__damaged__refused_and_wiped);
    tcase_add_test(tcase, open__sealed_by_somebody_else__refused);
    tcase_add_test(tcase, seal__no_password_of_ours__refused);
}

UNIT_MAIN("seal", add_tests)
