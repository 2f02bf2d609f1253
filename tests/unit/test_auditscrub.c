/* Arguments without the secrets that may be in them. */
#include "tests/support/unit.h"
#include "shared/core/auditscrub.h"

static struct sbx_error err;
static struct sbx_env environment;
static struct sbx_strings patterns, scrubbed;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&patterns, 0, sizeof(patterns));
    memset(&scrubbed, 0, sizeof(scrubbed));
    sbx_env_init(&environment);
    ck_assert_sbx_ok(sbx_env_set(&environment, "GITHUB_TOKEN", "ghp_abcdefgh", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&environment, "MY_TOKEN", "yes", &err), &err);
    ck_assert_sbx_ok(sbx_env_set(&environment, "HOME", "C:\\Users\\ann", &err), &err);
    ck_assert_sbx_ok(sbx_strings_add(&patterns, "PIN*", &err), &err);
}

static void teardown(void)
{
    sbx_strings_done(&patterns);
    sbx_strings_done(&scrubbed);
    sbx_env_done(&environment);
}

#define S SBX_SCRUBBED

static const struct {
    const char *in[3], *out[3];
} rows[] = {
    {{"git", "commit", "-m"}, {"git", "commit", "-m"}},
    {{"C:\\a\\git.exe", "C:\\Users\\ann\\x", "a=b"},
        {"C:\\a\\git.exe", "C:\\Users\\ann\\x", "a=b"}},
    {{"x", "--api-key=abc", "y"}, {"x", "--api-key=" S, "y"}},
    {{"x", "--API-KEY=abc d", "y"}, {"x", "--API-KEY=" S " d", "y"}},
    {{"x", "--password", "hunter2"}, {"x", "--password", S}},
    {{"x", "--password", "-hunter2"}, {"x", "--password", S}},
    {{"x", "-token", "t"}, {"x", "-token", S}},
    {{"x", "--token", "--token"}, {"x", "--token", S}},
    {{"cmd", "/c", "set SECRET_X=1 2&& x"}, {"cmd", "/c", "set SECRET_X=" S " 2&& x"}},
    {{"cmd", "/c", "set A_TOKEN=\"1 2\"&& x"}, {"cmd", "/c", "set A_TOKEN=" S "&& x"}},
    {{"curl", "-H", "Authorization: Bearer abc def"}, {"curl", "-H", "Authorization:" S}},
    {{"curl", "-H", "X-Api-Key: abc"}, {"curl", "-H", "X-Api-Key:" S}},
    {{"git", "clone", "https://ann:pw@host/x"}, {"git", "clone", "https://" S "@host/x"}},
    {{"git", "clone", "https://host/x@1"}, {"git", "clone", "https://host/x@1"}},
    {{"x", "a://u@h b://v@i", "y"}, {"x", "a://" S "@h b://" S "@i", "y"}},
    {{"x", "see ghp_abcdefgh!", "ghp_abcdefghghp_abcdefgh"}, {"x", "see " S "!", S S}},
    {{"x", "yes", "y"}, {"x", "yes", "y"}},
    {{"x", "--pin-code=1234", "y"}, {"x", "--pin-code=" S, "y"}},
    {{"x", "PINCODE: 7", "y"}, {"x", "PINCODE:" S, "y"}},
    {{"x", "key=v", "monkey=v"}, {"x", "key=" S, "monkey=v"}},
    {{"x", "--token=", "y"}, {"x", "--token=", "y"}},
    {{"token", "a", "b"}, {"token", "a", "b"}},
    {{"x", "", "b"}, {"x", "", "b"}},
    {{"x", "://", "=:=:"}, {"x", "://", "=:=:"}},
};

START_TEST(scrub__row__is_as_listed)
{
    size_t i;

    ck_assert_sbx_ok(
        sbx_audit_scrub(rows[_i].in, 3, &patterns, &environment, &scrubbed, &err), &err);
    ck_assert_uint_eq(scrubbed.count, 3);
    for (i = 0; i < 3; i++)
        ck_assert_str_eq(scrubbed.items[i], rows[_i].out[i]);
}
END_TEST

START_TEST(scrub__without_environment_and_patterns__works)
{
    const char *const argv[] = {"x", "--pin=1", "a_token=2"};

    ck_assert_sbx_ok(sbx_audit_scrub(argv, 3, NULL, NULL, &scrubbed, &err), &err);
    ck_assert_str_eq(scrubbed.items[1], "--pin=1");
    ck_assert_str_eq(scrubbed.items[2], "a_token=" S);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, scrub__row__is_as_listed, 0, (int)countof(rows));
    tcase_add_test(tcase, scrub__without_environment_and_patterns__works);
}

UNIT_MAIN("auditscrub", add_tests)
