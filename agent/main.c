/*
 * agent.exe: the entry, the verbs and the exit codes (design 9).
 */
#include "cli.h"
#include "run.h"
#include "say.h"
#include "verbs.h"

#include "shared/core/jsonwrite.h"
#include "shared/win/attachtry.h"
#include "shared/win/hardening.h"

#define HELP_MAX_BYTES 65536u

static int print(const struct sbx_buf *text)
{
    return sbx_say_write(STD_OUTPUT_HANDLE, text->data, text->length_bytes) ? 0 : 1;
}

static int show_help(const char *topic, const struct sbx_say *say)
{
    struct sbx_buf text;
    struct sbx_error err;
    int code = SBX_EXIT_USAGE;

    sbx_error_init(&err);
    sbx_buf_init(&text, HELP_MAX_BYTES);
    if (sbx_cli_help(topic, &text, &err))
        sbx_say_error(say, &err);
    else
        code = print(&text);
    sbx_buf_done(&text);
    return code;
}

static int show_version(void)
{
    static const char version[] = "agent " SBX_VERSION "\n";

    return sbx_say_write(STD_OUTPUT_HANDLE, version, sizeof(version) - 1) ? 0 : 1;
}

static int dispatch(const char *const *argv, size_t argc)
{
    struct sbx_say say = {0};
    struct sbx_error err;
    struct sbx_cli cli;
    int code;

    sbx_error_init(&err);
    if (sbx_cli_parse(argv, argc, &cli, &err)) {
        sbx_say_error(&say, &err);
        return SBX_EXIT_USAGE;
    }
    say.json = cli.json;
    say.quiet = cli.quiet;
    say.debug = cli.debug;
    if (cli.verb == SBX_VERB_HELP)
        code = show_help(cli.help_topic, &say);
    else if (cli.verb == SBX_VERB_VERSION)
        code = show_version();
    else if (cli.verb == SBX_VERB_RUN)
        code = sbx_run_command(&cli, &say);
    else
        code = sbx_verbs_command(&cli, &say);
    sbx_cli_done(&cli);
    return code;
}

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    struct sbx_say say = {0};
    struct sbx_error err;
    char **argv = NULL;
    int code;

    sbx_hardening_apply();
    sbx_error_init(&err);
    if (sbx_hardening_args(argc, argv_w, &argv, &err)) {
        sbx_say_error(&say, &err);
        return SBX_EXIT_USAGE;
    }
    if (argc == 3 && strcmp(argv[1], SBX_ATTACH_AGENT_VERB) == 0)
        code = sbx_attach_try(argv[2]);
    else
        code = dispatch((const char *const *)argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    sbx_hardening_free_args(argc, argv);
    return code;
}
