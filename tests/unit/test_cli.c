/* The command line: what each option does to the policy, what is refused, and that help, table and
 * README name the same options. */
#include "agent/cli.h"
#include "agent/options.h"

#include "tests/support/unit.h"

#include <stdio.h>

START_TEST(cli__run_with_every_option__lands_in_policy)
{
    const char *const argv[] = {"run", "--profile", "read-only", "--allow-write", "C:\\a",
        "--allow-write=C:\\b", "--deny-write", "x", "--network", "full", "--mode", "unelevated",
        "--token", "standard", "--desktop", "private", "--cwd", "D:\\", "--env", "A=1", "--env",
        "B", "--timeout", "1.5", "--max-processes", "7", "--max-memory", "64", "--cpu", "50",
        "--background", "--result", "r.json", "--json", "--debug", "--wine-unconfined", "--policy",
        "p.json", "--policy", "-", "--", "prog", "--help"};
    struct sbx_error err;
    struct sbx_cli cli;

    ck_assert_sbx_ok(sbx_cli_parse(argv, countof(argv), &cli, &err), &err);
    ck_assert_int_eq(cli.verb, SBX_VERB_RUN);
    ck_assert_int_eq(cli.policy.profile, SBX_PROFILE_READ_ONLY);
    ck_assert_uint_eq(cli.policy.allow_write.count, 2);
    ck_assert_str_eq(cli.policy.allow_write.items[1], "C:\\b");
    ck_assert_str_eq(cli.policy.deny_write.items[0], "x");
    ck_assert_int_eq(cli.policy.network, SBX_NETWORK_FULL);
    ck_assert_int_eq(cli.policy.mode, SBX_MODE_UNELEVATED);
    ck_assert_int_eq(cli.policy.token, SBX_TOKEN_STANDARD);
    ck_assert_int_eq(cli.policy.desktop, SBX_DESKTOP_PRIVATE);
    ck_assert_str_eq(cli.cwd, "D:\\");
    ck_assert_str_eq(cli.policy.env_set.items[0], "A=1");
    ck_assert_str_eq(cli.policy.env_pass.items[0], "B");
    ck_assert_uint_eq(cli.policy.limits.timeout_ms, 1500);
    ck_assert_uint_eq(cli.policy.limits.processes, 7);
    ck_assert_uint_eq(cli.policy.limits.memory_bytes, 64u * 1024 * 1024);
    ck_assert_uint_eq(cli.policy.limits.cpu_percent, 50);
    ck_assert_int_eq(cli.policy.background, SBX_FLAG_YES);
    ck_assert_str_eq(cli.result, "r.json");
    ck_assert(cli.json && cli.debug && cli.wine_unconfined && !cli.quiet && !cli.dry_run);
    ck_assert_uint_eq(cli.policy_files.count, 2);
    ck_assert_uint_eq(cli.program_count, 2);
    ck_assert_str_eq(cli.program[1], "--help");
    sbx_cli_done(&cli);
}
END_TEST

START_TEST(cli__program_without_dashes__ends_options)
{
    const char *const argv[] = {"exec", "--quiet", "cmd", "/c", "--json"};
    struct sbx_error err;
    struct sbx_cli cli;

    ck_assert_sbx_ok(sbx_cli_parse(argv, countof(argv), &cli, &err), &err);
    ck_assert(cli.quiet && !cli.json);
    ck_assert_uint_eq(cli.program_count, 3);
    sbx_cli_done(&cli);
}
END_TEST

static const struct {
    const char *args[6];
    const char *says;
} refused[] = {
    {{"run"}, "no program"},
    {{"run", "--"}, "no program"},
    {{"run", "--nope", "x"}, "unknown option '--nope'"},
    {{"run", "--profile"}, "needs a value"},
    {{"run", "--profile", "rw", "x"}, "unknown value 'rw'"},
    {{"run", "--profile", "read-only", "--profile=read-only", "x"}, "given twice"},
    {{"run", "--cwd", "", "x"}, "empty"},
    {{"run", "--json=1", "x"}, "takes no value"},
    {{"run", "--timeout", "0", "x"}, "not a time"},
    {{"run", "--timeout", "1e9", "x"}, "not a time"},
    {{"run", "--timeout", "-1", "x"}, "not a time"},
    {{"run", "--timeout", "604801", "x"}, "not a time"},
    {{"run", "--timeout", "0.0001", "x"}, "not a time"},
    {{"run", "--max-processes", "0", "x"}, "whole number"},
    {{"run", "--max-processes", "65536", "x"}, "whole number"},
    {{"run", "--cpu", "101", "x"}, "whole number"},
    {{"run", "--max-memory", "99999999999999999999", "x"}, "whole number"},
    {{"run", "--env", "=x", "x"}, "no name"},
    {{"run", "--quiet", "--debug", "x"}, "exclude"},
    {{"run", "--dry-run", "--result", "r", "x"}, "exclude"},
    {{"run", "--policy=-", "--policy=-", "x"}, "twice"},
    {{"frobnicate"}, "unknown command"},
    {{NULL}, "no command"},
};

START_TEST(cli__bad_usage__is_refused_with_reason_and_hint)
{
    struct sbx_error err;
    struct sbx_cli cli;
    size_t argc = 0;

    while (argc < 6 && refused[_i].args[argc])
        argc++;
    ck_assert_int_eq(sbx_cli_parse(refused[_i].args, argc, &cli, &err), SBX_INVALID);
    ck_assert_msg(strstr(err.context, refused[_i].says), "'%s' does not say '%s'", err.context,
        refused[_i].says);
    ck_assert_msg(strstr(err.hint, "--help"), "hint: '%s'", err.hint);
}
END_TEST

START_TEST(cli__help__names_every_option_once)
{
    struct sbx_error err;
    struct sbx_buf text;
    size_t i;

    sbx_buf_init(&text, 65536);
    ck_assert_sbx_ok(sbx_cli_help("run", &text, &err), &err);
    for (i = 0; i < countof(sbx_run_options); i++) {
        char row[80];
        const char *first;

        snprintf(row, sizeof(row), "\n  %s ", sbx_run_options[i].name);
        first = strstr(text.data, row);
        ck_assert_msg(first, "%s is not in --help", sbx_run_options[i].name);
        ck_assert_msg(!strstr(first + 1, row), "%s is twice in --help", sbx_run_options[i].name);
    }
    sbx_buf_done(&text);
}
END_TEST

static char *read_readme(void)
{
    FILE *file = fopen("README.md", "rb");
    char *text = calloc(1, 262144);

    ck_assert_ptr_nonnull(text);
    if (!file) {
        free(text);
        return NULL;
    }
    ck_assert_uint_gt(fread(text, 1, 262143, file), 0);
    fclose(file);
    return text;
}

/* Both directions: every option is in README, and README names no option that does not exist. */
START_TEST(cli__readme__names_every_option_and_no_other)
{
    char *readme = read_readme();
    const char *at;
    size_t i;

    ck_assert_ptr_nonnull(readme);
    for (i = 0; i < countof(sbx_run_options); i++) {
        char cell[80];

        snprintf(cell, sizeof(cell), "| `%s", sbx_run_options[i].name);
        ck_assert_msg(strstr(readme, cell), "%s is not in README.md", sbx_run_options[i].name);
    }
    for (at = readme; (at = strstr(at, "\n| `--")) != NULL; at++) {
        size_t length = strcspn(at + 4, " `=");
        bool known = false;

        for (i = 0; i < countof(sbx_run_options); i++)
            known |= strlen(sbx_run_options[i].name) == length &&
                     strncmp(sbx_run_options[i].name, at + 4, length) == 0;
        ck_assert_msg(known, "README.md names '%.*s'", (int)length, at + 4);
    }
    free(readme);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, cli__run_with_every_option__lands_in_policy);
    tcase_add_test(tcase, cli__program_without_dashes__ends_options);
    tcase_add_loop_test(
        tcase, cli__bad_usage__is_refused_with_reason_and_hint, 0, (int)countof(refused));
    tcase_add_test(tcase, cli__help__names_every_option_once);
    tcase_add_test(tcase, cli__readme__names_every_option_and_no_other);
}

UNIT_MAIN("cli", add_tests)
