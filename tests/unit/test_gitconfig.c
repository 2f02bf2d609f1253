/* gitconfig: every key that runs a program is named, whatever the file's layout; no key is made up.
 */
#include "shared/core/gitconfig.h"

#include <stdio.h>

#include "tests/support/unit.h"

struct row {
    const char *text;
    const char *keys; /* joined with ',' */
    uint32_t bad_line;
};

static const struct row rows[] = {
    {"", "", 0},
    {"[core]\n\tbare = false\n\tsymlinks = false\n", "", 0},
    {"[core]\n\thooksPath = x\n", "core.hookspath", 0},
    {"[CORE]\nHOOKSPATH=x", "core.hookspath", 0},
    {"[core] hooksPath = x\r\n", "core.hookspath", 0},
    {"\xEF\xBB\xBF[core]\neditor=x\n", "core.editor", 0},
    {"[core]\nfsmonitor = true\n", "", 0},
    {"[core]\nfsmonitor\n", "", 0},
    {"[core]\nfsmonitor = \"true\"  # built in\n", "", 0},
    {"[core]\nfsmonitor = evil.exe\n", "core.fsmonitor", 0},
    {"[core]\nfsmonitor = tr\\\nuex\n", "core.fsmonitor", 0},
    {"[core]\nfsmonitor = true\\tx\n", "core.fsmonitor", 0},
    {"[core]\nsshCommand=a\npager=b\naskPass=c\n", "core.sshcommand,core.pager,core.askpass", 0},
    {"[core]\npager=b\n[core]\npager=c\n", "core.pager", 0},
    {"[core \"x\"]\npager=b\n", "", 0}, /* core.x.pager is no key of git's */
    {"[alias]\nst = status\n", "", 0},
    {"[alias]\nst = !evil\n", "alias.st", 0},
    {"[alias]\nst = \"!evil\"\n", "alias.st", 0},
    {"[alias]\nst = \"\"   !evil\n", "alias.st", 0},
    {"[alias]\nst = \\\n  !evil\n", "alias.st", 0},
    {"[alias]\nst = x # !evil\n", "", 0},
    {"[alias \"st\"]\ncommand = !evil\n", "alias.st.command", 0},
    {"[filter \"lfs\"]\nclean = a\nsmudge = b\nprocess = c\nrequired = true\n",
        "filter.lfs.clean,filter.lfs.smudge,filter.lfs.process", 0},
    {"[filter.LFS]\nclean = a\n", "filter.lfs.clean", 0},
    {"[filter \"a\\\"]b\\\\\"]\nclean = a\n", "filter.a\\\"]b\\\\.clean", 0},
    {"[diff]\nexternal=x\n[diff \"y\"]\ncommand=x\ntextconv=z\n",
        "diff.external,diff.y.command,diff.y.textconv", 0},
    {"[merge \"y\"]\ndriver=x\n[merge]\ntool=x\n", "merge.y.driver", 0},
    {"[include]\npath=/x\n[includeIf \"gitdir:/x\"]\npath=y\n",
        "include.path,includeif.gitdir:/x.path", 0},
    {"[credential]\nhelper=\n", "credential.helper", 0},
    {"[credential \"https://x\"]\nhelper=y\n", "credential.https://x.helper", 0},
    {"[gpg]\nprogram=x\n[gpg \"ssh\"]\nprogram=x\ndefaultKeyCommand=x\n",
        "gpg.program,gpg.ssh.program,gpg.ssh.defaultkeycommand", 0},
    {"[sequence]\neditor=x\n[pager]\nlog=less\ndiff=false\n", "sequence.editor,pager.log", 0},
    {"[remote \"o\"]\nurl = https://x\nfetch = +refs/*\n", "", 0},
    {"[remote \"o\"]\nurl = ext::sh\nuploadpack=x\n", "remote.o.url,remote.o.uploadpack", 0},
    {"[uploadpack]\npackObjectsHook = x\n", "uploadpack.packobjectshook", 0},
    {"[submodule \"s\"]\nupdate = !x\nurl = ext::y\n", "submodule.s.update,submodule.s.url", 0},
    {"[hook \"x\"]\ncommand = y\nevent = z\n", "hook.x.command,hook.x.event", 0},
    {"# [core]\n; pager=x\n", "", 0},
    {"[core]\n# pager=x\n", "", 0},
    {"[core]\nx = \"a\n", "", 2},
    {"[core]\nx = a\\qb\n[alias]\ny = !z\n", "", 2},
    {"pager = x\n", "", 1},
    {"[core\npager=x\n", "", 1},
    {"[core \"a\npager=x\n", "", 1},
    {"[core] pager=x\n\n[co re]\n", "core.pager", 3},
    {"[core]\n1x=y\n", "", 2},
    {"[core]\npager x\n", "", 2},
    {"[core]\npa_ger=x\n", "", 2},
    {"[core]\n\\\npager=x\n", "", 2},
};

static void join(const struct sbx_strings *list, char *ret_text, size_t size)
{
    size_t i, at = 0;

    ret_text[0] = '\0';
    for (i = 0; i < list->count && at < size; i++)
        at += (size_t)snprintf(ret_text + at, size - at, "%s%s", i ? "," : "", list->items[i]);
}

START_TEST(gitconfig__scan__names_what_runs_programs)
{
    const struct row *row = &rows[_i];
    struct sbx_gitconfig config;
    char keys[400];

    ck_assert_int_eq(sbx_gitconfig_scan(row->text, strlen(row->text), &config, NULL), SBX_OK);
    join(&config.keys, keys, sizeof(keys));
    ck_assert_msg(strcmp(keys, row->keys) == 0, "<%s>: %s", row->text, keys);
    ck_assert_msg(
        config.bad_line == row->bad_line, "<%s>: line %u", row->text, (unsigned)config.bad_line);
    ck_assert_int_eq(sbx_gitconfig_is_clean(&config), !row->keys[0] && !row->bad_line);
    sbx_gitconfig_done(&config);
}
END_TEST

START_TEST(gitconfig__nul_and_control__printed_or_refused)
{
    static const char nul[] = "[alias]\nx\0 = !y\n", sub[] = "[filter \"a\x1B[2J\"]\nclean=x\n";
    struct sbx_gitconfig config;

    ck_assert_int_eq(sbx_gitconfig_scan(nul, sizeof(nul) - 1, &config, NULL), SBX_OK);
    ck_assert_uint_eq(config.bad_line, 2);
    sbx_gitconfig_done(&config);
    ck_assert_int_eq(sbx_gitconfig_scan(sub, sizeof(sub) - 1, &config, NULL), SBX_OK);
    ck_assert_uint_eq(config.keys.count, 1);
    ck_assert_str_eq(config.keys.items[0], "filter.a?[2J.clean");
    sbx_gitconfig_done(&config);
}
END_TEST

START_TEST(gitconfig__very_many_keys__counted_not_kept)
{
    struct sbx_gitconfig config;
    struct sbx_buf text;
    int i;

    sbx_buf_init(&text, 1u << 20);
    ck_assert_int_eq(sbx_buf_puts(&text, "[alias]\n", NULL), SBX_OK);
    for (i = 0; i < 200; i++)
        ck_assert_int_eq(sbx_buf_printf(&text, NULL, "a%d = !x\n", i), SBX_OK);
    ck_assert_int_eq(sbx_gitconfig_scan(text.data, text.length_bytes, &config, NULL), SBX_OK);
    ck_assert_uint_eq(config.keys.count, SBX_GITCONFIG_MAX_KEYS);
    ck_assert(config.more);
    sbx_gitconfig_done(&config);
    sbx_buf_done(&text);
}
END_TEST

/* A dangerous line stays named behind any harmless, well-formed lines. */
START_TEST(gitconfig__random_harmless_prefix__key_is_found)
{
    static const char *const parts[] = {"[core]\n", "\tbare = true\n", "[user] name = \"a # b\"\n",
        "# c\n", "\n", "[branch \"x]\\\"y\"]\n", "[remote \"o\"]\r\n", "x = a\\\nb ; c\n",
        "y = \"a\\\\\"\n", "z\n", " \t w = q\\tq\n"};
    uint64_t state = unit_seed();
    int round;

    for (round = 0; round < 5000; round++) {
        size_t n = (size_t)(unit_random(&state) % 12), i;
        struct sbx_gitconfig config;
        struct sbx_buf text;

        sbx_buf_init(&text, 4096);
        ck_assert_int_eq(sbx_buf_puts(&text, "[core]\n", NULL), SBX_OK);
        for (i = 0; i < n; i++)
            ck_assert_int_eq(
                sbx_buf_puts(&text, parts[unit_random(&state) % countof(parts)], NULL), SBX_OK);
        ck_assert_int_eq(sbx_buf_puts(&text, "[Core]PAGER=x", NULL), SBX_OK);
        ck_assert_int_eq(sbx_gitconfig_scan(text.data, text.length_bytes, &config, NULL), SBX_OK);
        ck_assert_msg(config.keys.count == 1 && !config.bad_line, "<%s>", text.data);
        ck_assert_str_eq(config.keys.items[0], "core.pager");
        sbx_gitconfig_done(&config);
        sbx_buf_done(&text);
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, gitconfig__scan__names_what_runs_programs, 0, (int)countof(rows));
    tcase_add_test(tcase, gitconfig__nul_and_control__printed_or_refused);
    tcase_add_test(tcase, gitconfig__very_many_keys__counted_not_kept);
    tcase_add_test(tcase, gitconfig__random_harmless_prefix__key_is_found);
}

UNIT_MAIN("gitconfig", add_tests)
