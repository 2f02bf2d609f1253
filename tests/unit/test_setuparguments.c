/* The command line of sandbox-setup. */
#include "tests/support/unit.h"
#include "setup/arguments.h"

static struct sbx_error err;
static struct sbx_setup_arguments arguments;

static void setup(void)
{
    sbx_error_init(&err);
    memset(&arguments, 0, sizeof(arguments));
}

static void teardown(void)
{
    sbx_setup_request_done(&arguments.request);
}

static enum sbx_status parse(const char *a, const char *b, const char *c, const char *d)
{
    const char *argv[] = {a, b, c, d};
    size_t argc = 0;

    while (argc < countof(argv) && argv[argc])
        argc++;
    sbx_setup_request_done(&arguments.request);
    memset(&arguments, 0, sizeof(arguments));
    return sbx_setup_arguments_parse(argv, argc, &arguments, &err);
}

START_TEST(parse__every_command__is_understood)
{
    ck_assert_sbx_ok(parse("install", "--accounts", "3", "--json"), &err);
    ck_assert_int_eq(arguments.request.mode, SBX_SETUP_INSTALL);
    ck_assert_uint_eq(arguments.request.accounts, 3);
    ck_assert(arguments.json);
    ck_assert_sbx_ok(parse("provision", "--operator", "D\\u", NULL), &err);
    ck_assert_str_eq(arguments.operator, "D\\u");
    ck_assert_sbx_ok(parse("repair", "--fence", "complement", NULL), &err);
    ck_assert_int_eq(arguments.request.fence, SBX_SETUP_FENCE_COMPLEMENT);
    ck_assert_sbx_ok(parse("repair", "--proxy-range", "40000-40003", NULL), &err);
    ck_assert_uint_eq(arguments.request.proxy_first, 40000);
    ck_assert_uint_eq(arguments.request.proxy_last, 40003);
    ck_assert_sbx_ok(parse("uninstall", NULL, NULL, NULL), &err);
    ck_assert_int_eq(arguments.request.mode, SBX_SETUP_UNINSTALL);
    ck_assert_sbx_ok(parse("uninstall", "--verify", NULL, NULL), &err);
    ck_assert_int_eq(arguments.request.mode, SBX_SETUP_VERIFY_UNINSTALLED);
    ck_assert_sbx_ok(parse("repair-owner", "C:\\a/b", NULL, NULL), &err);
    ck_assert_str_eq(arguments.request.path, "C:\\a\\b");
    ck_assert_sbx_ok(parse("--pipe", "x", NULL, NULL), &err);
    ck_assert_int_eq(arguments.verb, SBX_SETUP_VERB_PIPE);
    ck_assert_sbx_ok(parse("status", "--json", NULL, NULL), &err);
    ck_assert_sbx_ok(parse("rotate", NULL, NULL, NULL), &err);
}
END_TEST

static const char *const bad[][4] = {
    {NULL},
    {"Install"},
    {"install", "x"},
    {"install", "--verify"},
    {"install", "--operator", "x"},
    {"install", "--accounts"},
    {"install", "--accounts", "0"},
    {"install", "--accounts", "10"},
    {"install", "--accounts", "+1"},
    {"install", "--accounts", "1 "},
    {"install", "--proxy-range", "80-81"},
    {"install", "--proxy-range", "5000"},
    {"install", "--proxy-range", "0-0"},
    {"install", "--proxy-range", "70000-70001"},
    {"install", "--fence", "none"},
    {"provision"},
    {"provision", "--operator"},
    {"uninstall", "--accounts", "1"},
    {"rotate", "--fence", "plain"},
    {"repair-owner"},
    {"repair-owner", "x"},
    {"repair-owner", "\\\\server\\share\\x"},
    {"repair-owner", "C:\\a", "C:\\b"},
    {"repair-owner", "C:\\"},
    {"--pipe"},
    {"--pipe", "a", "b"},
    {"status", "--verify"},
};

START_TEST(parse__bad_usage__refused_with_a_pointer_to_help)
{
    ck_assert_msg(
        parse(bad[_i][0], bad[_i][1], bad[_i][2], bad[_i][3]) == SBX_INVALID, "row %d", _i);
    ck_assert_str_ne(err.hint, "");
}
END_TEST

START_TEST(help__every_command_and_option__is_in_it)
{
    static const char *const words[] = {"install", "provision", "--operator", "repair", "rotate",
        "uninstall", "--verify", "repair-owner", "status", "steps", "--pipe", "--accounts",
        "--proxy-range", "--fence", "--json", "--help", "--version", "125"};
    size_t i;

    for (i = 0; i < countof(words); i++)
        ck_assert_msg(strstr(sbx_setup_help, words[i]) != NULL, "%s", words[i]);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, parse__every_command__is_understood);
    tcase_add_loop_test(
        tcase, parse__bad_usage__refused_with_a_pointer_to_help, 0, (int)countof(bad));
    tcase_add_test(tcase, help__every_command_and_option__is_in_it);
}

UNIT_MAIN("setuparguments", add_tests)
