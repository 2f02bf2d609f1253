/* `agent verify`: see verify.h. */
#include "verify.h"

#include "result.h"
#include "verbs.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/consolectl.h"
#include "shared/win/known.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define BUDGET_MS 60000u
#define REPORT_MAX_BYTES (4u * 1024u * 1024u)

enum sbx_status sbx_verify_find_beside(const char *name, char **ret_path, struct sbx_error *err)
{
    char *program = NULL, *folder = NULL;
    wchar_t *path_w = NULL;
    struct sbx_buf path;
    enum sbx_status status;
    DWORD code;

    sbx_buf_init(&path, 4096);
    status = sbx_known_program(&program, err);
    if (!status)
        status = sbx_winpath_parent(program, &folder, err);
    if (!status)
        status = sbx_buf_printf(&path, err, "%s\\%s", folder, name);
    if (!status)
        status = sbx_wstr_from_utf8(path.data, &path_w, err);
    if (!status && GetFileAttributesW(path_w) == INVALID_FILE_ATTRIBUTES) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "'%s'", path.data);
    }
    if (status)
        sbx_error_hint(err, "%s must lie beside agent.exe", name);
    else
        status = sbx_buf_steal(&path, ret_path, err);
    sbx_buf_done(&path);
    free(path_w);
    free(program);
    free(folder);
    return status;
}

/* "F1a" by "F1a", "F1" and "F". */
static bool wanted(const struct sbx_cli *cli, const char *id)
{
    size_t i, length;

    if (!cli->operands.count)
        return true;
    for (i = 0; i < cli->operands.count; i++) {
        const char *word = cli->operands.items[i];

        length = strlen(word);
        if (strncmp(id, word, length) == 0 &&
            !(id[length] >= '0' && id[length] <= '9' && length && word[length - 1] >= '0' &&
                word[length - 1] <= '9'))
            return true;
    }
    return false;
}

static enum sbx_status run_rows(struct sbx_verify_run *run, const char *runner,
    struct sbx_verify_report *report, size_t *ret_left, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    status = sbx_calloc(sbx_verify_row_count, sizeof(*report->results), &report->results, err);
    if (!status)
        status = sbx_verify_try_first(run, report, err);
    if (status)
        return status;
    for (i = 0; i < sbx_verify_row_count; i++)
        if (wanted(run->cli, sbx_verify_rows[i].id))
            report->results[report->count++].row = &sbx_verify_rows[i];
    return report->count ? sbx_verify_try_all(run, runner, report, ret_left, err)
                         : sbx_fail(err, SBX_INVALID, "no row has such an id");
}

static enum sbx_status write_report(
    const struct sbx_cli *cli, const struct sbx_buf *json, struct sbx_error *err)
{
    HANDLE handle = NULL;
    enum sbx_status status;

    if (!cli->result)
        return SBX_OK;
    status = sbx_result_open(cli->result, &handle, err);
    return status ? status : sbx_result_write(&handle, json, err);
}

static int show(const struct sbx_verify_run *run, const struct sbx_verify_report *report)
{
    struct sbx_buf text, json;
    enum sbx_status status;
    struct sbx_error err;
    bool said = true;

    sbx_error_init(&err);
    sbx_buf_init(&text, REPORT_MAX_BYTES);
    sbx_buf_init(&json, REPORT_MAX_BYTES);
    status = sbx_verify_json(report, &json, &err);
    if (!status)
        status = write_report(run->cli, &json, &err);
    if (!status && !run->cli->json)
        status = sbx_verify_print(report, &text, &err);
    if (!status)
        said = run->cli->json ? sbx_verbs_print_json(run->say, &json)
                              : sbx_verbs_print(run->say, &text);
    sbx_buf_done(&text);
    sbx_buf_done(&json);
    if (status)
        return sbx_verbs_failed(run->say, &err);
    if (!said)
        return SBX_EXIT_SANDBOX;
    return report->broken ? SBX_EXIT_FOUND : report->untried ? SBX_EXIT_TIMEOUT : 0;
}

int sbx_verify_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_verify_run run = {.cli = cli, .say = say, .mode = SBX_MODE_UNELEVATED};
    const uint64_t begun_us = sbx_clock_us();
    struct sbx_verify_report report = {0};
    enum sbx_status status;
    struct sbx_error err;
    char *runner = NULL;
    size_t left = 0, others_left = 0;
    int code;

    sbx_error_init(&err);
    status = sbx_verify_find_beside("sandbox-probe.exe", &run.probe, &err);
    if (!status)
        status = sbx_verify_find_beside("command-runner.exe", &runner, &err);
    if (!status)
        status = sbx_consolectl_install(&run.cancel.event, &err);
    run.cancel.count = sbx_consolectl_counter();
    if (!status)
        status = sbx_verify_prepare(&run, &err);
    run.until_ms = sbx_clock_ms() + (cli->budget_ms ? cli->budget_ms : BUDGET_MS);
    if (!status) {
        run.have_runners = !sbx_runner_pool_begin(&run.runners, runner, NULL);
        status = run_rows(&run, runner, &report, &others_left, &err);
        if (run.have_runners)
            sbx_runner_pool_end(&run.runners);
        sbx_verify_clean(&run, &left);
        left += others_left;
    }
    report.took_us = sbx_clock_us() - begun_us;
    if (left)
        sbx_say_warning(
            say, "%llu entries of the fixture could not be removed", (unsigned long long)left);
    code = status ? sbx_verbs_failed(say, &err) : show(&run, &report);
    free(report.results);
    free(run.probe);
    free(runner);
    return code;
}
