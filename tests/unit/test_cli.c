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
        "--tty", "--tty-size", "132x43", "--tty-escapes=pass", "--result", "r.json", "--json",
        "--debug", "--wine-unconfined", "--policy", "p.json", "--policy", "-", "--", "prog",
        "--help"};
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
    ck_assert(cli.tty && cli.tty_pass && cli.tty_size.columns == 132 && cli.tty_size.rows == 43);
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

static size_t count_args(const char *const *args, size_t max)
{
    size_t argc = 0;

    while (argc < max && args[argc])
        argc++;
    return argc;
}

static const struct {
    const char *args[6];
    const char *says;
} refused[] = {
    {{"run"}, "no program"},
    {{"run", "--"}, "no program"},
    {{"run", "--nope", "x"}, "unknown option '--nope'"},
    {{"setup", "x"}, "one argument too many"},
    {{"setup", "--accounts", "0"}, "from 1 to 9"},
    {{"setup", "--accounts", "10"}, "from 1 to 9"},
    {{"setup", "--fence", "none"}, "unknown value 'none'"},
    {{"setup", "--verify"}, "unknown option '--verify'"},
    {{"repair", "a", "b"}, "one argument too many"},
    {{"uninstall", "C:\\x"}, "one argument too many"},
    {{"status", "x"}, "one argument too many"},
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
    {{"run", "--tty", "--background", "x"}, "exclude"},
    {{"run", "--tty-size", "80x25", "x"}, "need --tty"},
    {{"run", "--tty", "--tty-size", "80", "x"}, "COLSxROWS"},
    {{"run", "--tty", "--tty-size", "80x0", "x"}, "COLSxROWS"},
    {{"run", "--tty", "--tty-size", "80x10000", "x"}, "COLSxROWS"},
    {{"run", "--tty", "--tty-escapes", "all", "x"}, "unknown value"},
    {{"run", "--quiet", "--debug", "x"}, "exclude"},
    {{"run", "--dry-run", "--result", "r", "x"}, "exclude"},
    {{"run", "--policy=-", "--policy=-", "x"}, "twice"},
    {{"why"}, "needs: PATH"},
    {{"why", "C:\\x"}, "--op is missing"},
    {{"why", "C:\\x", "--op", "look"}, "unknown value 'look'"},
    {{"why", "C:\\x", "C:\\y", "--op", "read"}, "'C:\\y' is one argument too many"},
    {{"why", "", "--op", "read"}, "empty"},
    {{"why", "C:\\x", "--op", "read", "--dry-run"}, "unknown option '--dry-run'"},
    {{"run", "--op", "read", "x"}, "unknown option '--op'"},
    {{"revoke"}, "one PATH, or --all"},
    {{"revoke", "C:\\x", "--all"}, "one PATH, or --all"},
    {{"revoke", "--all", "--all"}, "given twice"},
    {{"grants"}, "'grants' needs a second word"},
    {{"grants", "lost"}, "'grants' needs a second word"},
    {{"grants", "list", "x"}, "too many"},
    {{"audit", "writable", "--seconds", "0"}, "not a time"},
    {{"policy", "validate"}, "needs: FILE"},
    {{"policy", "show", "x"}, "too many"},
    {{"why", "--quiet", "--debug", "x", "--op=read"}, "exclude"},
    {{"list"}, "unknown command"},
    {{"grants list"}, "unknown command"},
    {{"frobnicate"}, "unknown command"},
    {{NULL}, "no command"},
};

START_TEST(cli__bad_usage__is_refused_with_reason_and_hint)
{
    struct sbx_error err;
    struct sbx_cli cli;
    ck_assert_int_eq(
        sbx_cli_parse(refused[_i].args, count_args(refused[_i].args, 6), &cli, &err), SBX_INVALID);
    ck_assert_msg(strstr(err.context, refused[_i].says), "'%s' does not say '%s'", err.context,
        refused[_i].says);
    ck_assert_msg(strstr(err.hint, "--help"), "hint: '%s'", err.hint);
}
END_TEST

/* The rows of all commands; a loop test over them. */
START_TEST(cli__help__names_every_option_once)
{
    const struct sbx_verb_row *verb = &sbx_verb_rows[_i];
    struct sbx_error err;
    struct sbx_buf text;
    size_t i;

    sbx_buf_init(&text, 65536);
    ck_assert_sbx_ok(sbx_cli_help(verb->name, &text, &err), &err);
    ck_assert_uint_le(verb->option_count, SBX_OPTIONS_MAX);
    for (i = 0; i < verb->option_count; i++) {
        char row[80];
        const char *first;

        snprintf(row, sizeof(row), "\n  %s ", verb->options[i].name);
        first = strstr(text.data, row);
        ck_assert_msg(first, "%s is not in --help of %s", verb->options[i].name, verb->name);
        ck_assert_msg(!strstr(first + 1, row), "%s is twice in --help of %s", verb->options[i].name,
            verb->name);
    }
    ck_assert_msg(strstr(text.data, "Exit codes:"), "%s", text.data);
    sbx_buf_done(&text);
}
END_TEST

/* A text of one command under another's name is found by the options it speaks of. */
START_TEST(cli__intro__speaks_of_its_own_options_only)
{
    const struct sbx_verb_row *verb = &sbx_verb_rows[_i];
    const char *at = verb->intro;

    while ((at = strstr(at, "--")) != NULL) {
        size_t length = 2 + strspn(at + 2, "abcdefghijklmnopqrstuvwxyz-"), i;
        bool known = length == 2; /* "--" alone ends the options */

        for (i = 0; i < verb->option_count && !known; i++)
            known = strlen(verb->options[i].name) == length &&
                    memcmp(verb->options[i].name, at, length) == 0;
        ck_assert_msg(known, "help of %s speaks of %.*s", verb->name, (int)length, at);
        at += length;
    }
}
END_TEST

START_TEST(cli__overview_and_topics__lead_to_every_command)
{
    struct sbx_error err;
    struct sbx_buf text;
    size_t i;

    sbx_buf_init(&text, 65536);
    ck_assert_sbx_ok(sbx_cli_help(NULL, &text, &err), &err);
    for (i = 0; i < sbx_verb_row_count; i++) {
        char row[80];

        snprintf(row, sizeof(row), "\n  %s", sbx_verb_rows[i].name);
        ck_assert_msg(strstr(text.data, row), "%s is not in the overview", sbx_verb_rows[i].name);
        ck_assert_ptr_eq(strpbrk(sbx_verb_rows[i].name, "\t\n"), NULL);
    }
    sbx_buf_clear(&text);
    ck_assert_sbx_ok(sbx_cli_help("policy", &text, &err), &err);
    ck_assert_ptr_nonnull(strstr(text.data, "agent policy validate"));
    ck_assert_ptr_nonnull(strstr(text.data, "agent policy show"));
    ck_assert_int_eq(sbx_cli_help("pol", &text, &err), SBX_NOT_FOUND);
    ck_assert_int_eq(sbx_cli_help("", &text, &err), SBX_NOT_FOUND);
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

/* The part of README.md under "## agent NAME", up to the next heading; terminated in place. */
static char *section_of(char *readme, const char *name)
{
    char heading[80];
    char *at, *end;

    snprintf(heading, sizeof(heading), "\n## agent %s\n", name);
    at = strstr(readme, heading);
    ck_assert_msg(at, "README.md has no section 'agent %s'", name);
    end = strstr(at + 1, "\n## ");
    if (end)
        *end = '\0';
    return at;
}

static bool is_option_of(const struct sbx_verb_row *verb, const char *name, size_t length)
{
    size_t i;

    for (i = 0; i < verb->option_count; i++)
        if (strlen(verb->options[i].name) == length &&
            strncmp(verb->options[i].name, name, length) == 0)
            return true;
    return false;
}

/* In backticks, alone or with its value: `--json`, `--env NAME`, `--env[=...`. */
static bool mentions(const char *section, const char *name)
{
    char quoted[80];
    const char *at = section;

    snprintf(quoted, sizeof(quoted), "`%s", name);
    while ((at = strstr(at, quoted)) != NULL) {
        at += strlen(quoted);
        if (strchr("` =[", *at))
            return true;
    }
    return false;
}

/* Both directions: every option of a command is in its section, which names no other. */
START_TEST(cli__readme__names_every_option_and_no_other)
{
    const struct sbx_verb_row *verb = &sbx_verb_rows[_i];
    char *readme = read_readme();
    const char *section, *at;
    size_t i;

    ck_assert_ptr_nonnull(readme);
    section = section_of(readme, verb->name);
    for (i = 0; i < verb->option_count; i++) {
        ck_assert_msg(mentions(section, verb->options[i].name), "%s of '%s' is not in README.md",
            verb->options[i].name, verb->name);
    }
    for (at = section; (at = strstr(at, "`--")) != NULL; at++) {
        size_t length = strcspn(at + 1, " `=[");

        ck_assert_msg(is_option_of(verb, at + 1, length), "README.md names '%.*s' for '%s'",
            (int)length, at + 1, verb->name);
    }
    free(readme);
}
END_TEST

static const struct {
    const char *args[8];
    enum sbx_verb verb;
    size_t operands;
} parsed[] = {
    {{"why", "C:\\x", "--op", "read"}, SBX_VERB_WHY, 1},
    {{"why", "--op=write", "--cwd", "D:\\", "--json", "--", "--op"}, SBX_VERB_WHY, 1},
    {{"grants", "list", "--json"}, SBX_VERB_GRANTS_LIST, 0},
    {{"revoke", "C:\\x"}, SBX_VERB_REVOKE, 1},
    {{"revoke", "--all", "--quiet"}, SBX_VERB_REVOKE, 0},
    {{"audit", "writable"}, SBX_VERB_AUDIT_WRITABLE, 0},
    {{"audit", "writable", "a", "--seconds", "2.5", "b"}, SBX_VERB_AUDIT_WRITABLE, 2},
    {{"policy", "validate", "a", "-"}, SBX_VERB_POLICY_VALIDATE, 2},
    {{"policy", "show", "--profile", "read-only"}, SBX_VERB_POLICY_SHOW, 0},
    {{"setup"}, SBX_VERB_SETUP, 0},
    {{"setup", "--accounts", "9", "--fence=complement", "--json"}, SBX_VERB_SETUP, 0},
    {{"repair"}, SBX_VERB_REPAIR, 0},
    {{"repair", "C:\\x"}, SBX_VERB_REPAIR, 1},
    {{"uninstall"}, SBX_VERB_UNINSTALL, 0},
    {{"uninstall", "--verify", "--quiet"}, SBX_VERB_UNINSTALL, 0},
    {{"status", "--json"}, SBX_VERB_STATUS, 0},
    {{"why", "--help"}, SBX_VERB_HELP, 0},
    {{"help", "grants", "list"}, SBX_VERB_HELP, 0},
};

START_TEST(cli__other_commands__are_parsed_by_their_tables)
{
    struct sbx_error err;
    struct sbx_cli cli;

    ck_assert_sbx_ok(
        sbx_cli_parse(parsed[_i].args, count_args(parsed[_i].args, 8), &cli, &err), &err);
    ck_assert_int_eq(cli.verb, parsed[_i].verb);
    ck_assert_uint_eq(cli.operands.count, parsed[_i].operands);
    sbx_cli_done(&cli);
}
END_TEST

START_TEST(cli__values_of_other_commands__are_kept)
{
    const char *const why[] = {"why", "--op", "delete", "C:\\x", "--allow-write", "C:\\y"};
    const char *const audit[] = {"audit", "writable", "--seconds", "2.5"};
    const char *const help[] = {"help", "grants", "list"};
    const char *const set_up[] = {"setup", "--accounts", "3", "--fence", "complement"};
    const char *const verify[] = {"uninstall", "--verify"};
    struct sbx_error err;
    struct sbx_cli cli;

    ck_assert_sbx_ok(sbx_cli_parse(set_up, countof(set_up), &cli, &err), &err);
    ck_assert_uint_eq(cli.accounts, 3);
    ck_assert_int_eq(cli.fence, SBX_SETUP_FENCE_COMPLEMENT);
    ck_assert(!cli.verify);
    sbx_cli_done(&cli);
    ck_assert_sbx_ok(sbx_cli_parse(verify, countof(verify), &cli, &err), &err);
    ck_assert(cli.verify);
    sbx_cli_done(&cli);
    ck_assert_sbx_ok(sbx_cli_parse(why, countof(why), &cli, &err), &err);
    ck_assert_int_eq(cli.op, SBX_WHY_DELETE);
    ck_assert_str_eq(cli.operands.items[0], "C:\\x");
    ck_assert_str_eq(cli.policy.allow_write.items[0], "C:\\y");
    sbx_cli_done(&cli);
    ck_assert_sbx_ok(sbx_cli_parse(audit, countof(audit), &cli, &err), &err);
    ck_assert_uint_eq(cli.budget_ms, 2500);
    sbx_cli_done(&cli);
    ck_assert_sbx_ok(sbx_cli_parse(help, countof(help), &cli, &err), &err);
    ck_assert_str_eq(cli.help_topic, "grants list");
    sbx_cli_done(&cli);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, cli__run_with_every_option__lands_in_policy);
    tcase_add_test(tcase, cli__program_without_dashes__ends_options);
    tcase_add_loop_test(
        tcase, cli__bad_usage__is_refused_with_reason_and_hint, 0, (int)countof(refused));
    tcase_add_loop_test(tcase, cli__help__names_every_option_once, 0, (int)sbx_verb_row_count);
    tcase_add_loop_test(
        tcase, cli__intro__speaks_of_its_own_options_only, 0, (int)sbx_verb_row_count);
    tcase_add_test(tcase, cli__overview_and_topics__lead_to_every_command);
    tcase_add_loop_test(
        tcase, cli__readme__names_every_option_and_no_other, 0, (int)sbx_verb_row_count);
    tcase_add_loop_test(
        tcase, cli__other_commands__are_parsed_by_their_tables, 0, (int)countof(parsed));
    tcase_add_test(tcase, cli__values_of_other_commands__are_kept);
}

UNIT_MAIN("cli", add_tests)
