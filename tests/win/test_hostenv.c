/* What a command is given when the host gave the agent next to nothing. */
#include "tests/support/unit.h"
#include "tests/support/win/child.h"
#include "tests/support/win/scratch.h"

#include <stdio.h>

#include "shared/core/envblock.h"

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
    scratch_begin();
}

static void teardown(void)
{
    scratch_end();
}

/* What the MCP libraries for TypeScript hand on from their own environment, all of it. */
static const char *const handed_on[] = {"APPDATA", "HOMEDRIVE", "HOMEPATH", "LOCALAPPDATA", "PATH",
    "PROCESSOR_ARCHITECTURE", "SYSTEMDRIVE", "SYSTEMROOT", "TEMP", "USERNAME", "USERPROFILE",
    "PROGRAMFILES", "WINEPREFIX"};

static sbx_char16 *small_environment(void)
{
    sbx_char16 *block_w = NULL;
    struct sbx_env env;
    char value[32768];
    size_t i;

    sbx_env_init(&env);
    for (i = 0; i < countof(handed_on); i++)
        if (GetEnvironmentVariableA(handed_on[i], value, sizeof(value)))
            ck_assert_sbx_ok(sbx_env_set(&env, handed_on[i], value, &err), &err);
    ck_assert_sbx_ok(sbx_env_emit(&env, &block_w, NULL, &err), &err);
    sbx_env_done(&env);
    return block_w;
}

START_TEST(host_with_few_variables__command_has_the_system_s)
{
    static const char *const wanted[] = {
        "\nComSpec=", "\nPATHEXT=", "\nwindir=", "\nProgramData=", "\nALLUSERSPROFILE=", "\nOS="};
    const char *argv[16] = {"agent", "run", "--quiet", "--cwd", NULL};
    struct sbx_spawn spawn = child_request(argv, 0);
    char image[800], cwd[800], shell[800];
    static char output[65536];
    sbx_char16 *block_w = small_environment();
    size_t argc = 5, i;

    scratch_mkdir("ws");
    snprintf(cwd, sizeof(cwd), "%s", scratch_path("ws"));
    snprintf(image, sizeof(image), "%s", child_directory());
    snprintf(strrchr(image, '\\'), 20, "\\agent.exe");
    ck_assert(GetSystemDirectoryA(shell, sizeof(shell) - 10));
    strcat(shell, "\\cmd.exe");
    argv[4] = cwd;
    if (platform_is_stock_wine())
        argv[argc++] = "--wine-unconfined";
    argv[argc++] = shell;
    argv[argc++] = "/c";
    argv[argc++] = "set";
    spawn.image = image;
    spawn.argc = argc;
    spawn.environment_w = (const wchar_t *)block_w;
    spawn.options &= ~(unsigned)SBX_SPAWN_OUR_ENVIRONMENT;
    output[0] = '\n';
    ck_assert_uint_eq(child_run(&spawn, output + 1, sizeof(output) - 1), 0);
    for (i = 0; i < countof(wanted); i++)
        ck_assert_msg(strstr(output, wanted[i]) != NULL, "%s in '%s'", wanted[i] + 1, output);
    free(block_w);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_set_timeout(tcase, 120);
    tcase_add_test(tcase, host_with_few_variables__command_has_the_system_s);
}

UNIT_MAIN("hostenv", add_tests)
