/*
 * sandbox-setup.exe: the only program of this project that will ever be started elevated.
 *
 * In this version it reads and reports. Accounts, rights, firewall and filters come with the
 * elevated mode; until then there is nothing here that changes a machine, and no verb that
 * pretends to.
 */
#include "status.h"

#include "shared/win/hardening.h"
#include "shared/win/winerr.h"

#include <stdio.h>

#define EXIT_FAILED 125
#define EXIT_BAD_USAGE 2
#define OUTPUT_MAX_BYTES 65536u

static const char help[] =
    "usage: sandbox-setup status | --help | --version\n"
    "\n"
    "  status   what of an installation is on this machine, as JSON; changes nothing\n"
    "\n"
    "Exit codes: 0, 2 usage error, 125 the state could not be read.\n";

static int complain(const struct sbx_error *error)
{
    struct sbx_buf text;

    sbx_buf_init(&text, OUTPUT_MAX_BYTES);
    if (sbx_winerr_describe(error, &text, NULL) || !text.data)
        fprintf(stderr, "sandbox-setup: %s\n", error->context);
    else
        fprintf(stderr, "sandbox-setup: %s\n", text.data);
    sbx_buf_done(&text);
    return error->status == SBX_INVALID ? EXIT_BAD_USAGE : EXIT_FAILED;
}

static int show_status(void)
{
    struct sbx_error err;
    struct sbx_buf json;
    int code = 0;

    sbx_error_init(&err);
    sbx_buf_init(&json, OUTPUT_MAX_BYTES);
    if (sbx_setup_status(&json, &err))
        code = complain(&err);
    else
        fputs(json.data, stdout);
    sbx_buf_done(&json);
    return code;
}

static int dispatch(const char *const *argv, size_t argc)
{
    struct sbx_error err;
    const char *verb = argc == 1 ? argv[0] : "";

    if (strcmp(verb, "status") == 0)
        return show_status();
    if (strcmp(verb, "--help") == 0)
        return fputs(help, stdout) < 0;
    if (strcmp(verb, "--version") == 0)
        return fputs("sandbox-setup " SBX_VERSION "\n", stdout) < 0;
    sbx_error_init(&err);
    if (!argc)
        return complain((sbx_fail(&err, SBX_INVALID, "no command is given; try --help"), &err));
    return complain(
        (sbx_fail(&err, SBX_INVALID, "unknown command '%.64s'; try --help", argv[0]), &err));
}

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    struct sbx_error err;
    char **argv = NULL;
    int code;

    sbx_hardening_apply();
    sbx_error_init(&err);
    if (sbx_hardening_args(argc, argv_w, &argv, &err))
        return complain(&err);
    code = dispatch((const char *const *)argv + 1, argc > 0 ? (size_t)argc - 1 : 0);
    sbx_hardening_free_args(argc, argv);
    return code;
}
