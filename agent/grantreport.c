/* See grantreport.h. */
#include "grantreport.h"

#include <stdio.h>

#include "shared/core/list.h"
#include "shared/win/clock.h"
#include "shared/win/wstr.h"

#define QUIET_MS 1000u  /* nothing is said about work that takes less */
#define BETWEEN_MS 200u /* five times per second */
#define DISPLAY_BYTES 400
#define TTY_CCH 79

bool sbx_grant_cancelled(const struct sbx_grant_engine *engine)
{
    return engine->options->cancel && *engine->options->cancel;
}

enum sbx_status sbx_grant_engine_accounts(struct sbx_grant_engine *engine, struct sbx_error *err)
{
    const struct sbx_grant_options *options = engine->options;
    enum sbx_status status = SBX_OK;

    if (!options->account_sid_count)
        return SBX_OK;
    status =
        sbx_calloc(options->account_sid_count, sizeof(*engine->accounts), &engine->accounts, err);
    while (!status && engine->account_count < options->account_sid_count) {
        status = sbx_sid_parse(options->account_sids[engine->account_count],
            &engine->accounts[engine->account_count], err);
        engine->account_count += status == SBX_OK;
    }
    return status;
}

/* --- progress ----------------------------------------------------------------------------------
 */

void sbx_grant_progress_begin(struct sbx_grant_engine *engine, const char *root)
{
    engine->root = root;
    engine->root_started_ms = sbx_clock_ms();
    engine->root_files = 0;
    engine->root_writes = 0;
}

/* One line, overwritten in place; only on a console, where nobody parses it. */
static void write_tty(struct sbx_grant_engine *engine, const char *text)
{
    wchar_t line_w[TTY_CCH + 2];
    wchar_t *text_w = NULL;
    size_t cch = 0;
    DWORD written = 0;

    if (sbx_wstr_from_utf8(text, &text_w, NULL))
        return;
    line_w[cch++] = L'\r';
    while (cch <= TTY_CCH && text_w[cch - 1]) {
        line_w[cch] = text_w[cch - 1];
        cch++;
    }
    while (cch <= TTY_CCH)
        line_w[cch++] = L' ';
    WriteConsoleW(GetStdHandle(STD_ERROR_HANDLE), line_w, (DWORD)cch, &written, NULL);
    engine->tty_line = true;
    free(text_w);
}

void sbx_grant_progress_end(struct sbx_grant_engine *engine)
{
    if (!engine->tty_line)
        return;
    write_tty(engine, "");
    write_tty(engine, "");
    engine->tty_line = false;
}

static void tell(struct sbx_grant_engine *engine, const char *path, bool waiting)
{
    uint64_t now_ms = sbx_clock_ms();
    uint64_t elapsed_ms = now_ms - engine->root_started_ms;
    struct sbx_grant_progress progress;
    char line[DISPLAY_BYTES];

    if (elapsed_ms < QUIET_MS || (engine->told_ms && now_ms - engine->told_ms < BETWEEN_MS))
        return;
    engine->told_ms = now_ms;
    memset(&progress, 0, sizeof(progress));
    progress.root = engine->root;
    progress.path = path;
    progress.files_done = engine->root_files;
    progress.written = engine->root_writes;
    progress.files_per_second = (uint32_t)(engine->root_files * 1000u / elapsed_ms);
    progress.elapsed_ms = (uint32_t)elapsed_ms;
    progress.waiting = waiting;
    if (engine->options->progress)
        engine->options->progress(engine->options->ctx, &progress);
    if (!engine->options->tty_progress)
        return;
    if (waiting)
        snprintf(line, sizeof(line), "agent: waiting for another agent: %s", engine->root);
    else
        snprintf(line, sizeof(line), "agent: granting: %llu files, %u/s  %s",
            (unsigned long long)progress.files_done, (unsigned)progress.files_per_second, path);
    write_tty(engine, line);
}

void sbx_grant_progress_step(struct sbx_grant_engine *engine, const wchar_t *relative_w, size_t cch)
{
    char path[DISPLAY_BYTES] = "";

    engine->root_files++;
    engine->report->files_walked++;
    if (engine->options->met)
        engine->options->met(engine->options->ctx, relative_w, cch);
    if (engine->root_files % 16)
        return;
    if (relative_w)
        sbx_wstr_display(relative_w, cch, path, sizeof(path));
    tell(engine, path, false);
}

void sbx_grant_progress_waiting(void *context)
{
    tell(context, "", true);
}

/* --- lists -------------------------------------------------------------------------------------
 */

static bool add_to(
    struct sbx_grant_skip **list, size_t *count, const char *path, const char *reason)
{
    char *copy = NULL;

    if (*count >= SBX_GRANT_SKIPS_MAX || sbx_strdup(path, &copy, NULL))
        return false;
    if (sbx_list_grow(list, *count, sizeof(**list), NULL)) {
        free(copy);
        return false;
    }
    (*list)[*count].path = copy;
    snprintf((*list)[*count].reason, SBX_GRANT_REASON_MAX, "%s", reason);
    ++*count;
    return true;
}

void sbx_grant_skip(struct sbx_grant_engine *engine, const char *path, const char *reason)
{
    struct sbx_grant_report *report = engine->report;

    report->skips_left_out += !add_to(&report->skips, &report->skip_count, path, reason);
}

/* "ROOT\relative"; owned. NULL: out of memory. */
static char *below(const char *root, const wchar_t *relative_w, size_t cch)
{
    size_t root_bytes = strlen(root);
    size_t size_bytes = root_bytes + 3 * cch + 3;
    char *path = NULL;

    if (sbx_calloc(size_bytes, 1, &path, NULL))
        return NULL;
    memcpy(path, root, root_bytes);
    if (root_bytes && root[root_bytes - 1] != '\\')
        path[root_bytes++] = '\\';
    sbx_wstr_display(relative_w, cch, path + root_bytes, size_bytes - root_bytes);
    return path;
}

void sbx_grant_skip_below(struct sbx_grant_engine *engine, const char *root,
    const wchar_t *relative_w, size_t cch, const char *reason)
{
    char *path =
        engine->report->skip_count < SBX_GRANT_SKIPS_MAX ? below(root, relative_w, cch) : NULL;

    if (path)
        sbx_grant_skip(engine, path, reason);
    else
        engine->report->skips_left_out++;
    free(path);
}

void sbx_grant_note(struct sbx_grant_engine *engine, const char *path, const char *text)
{
    struct sbx_grant_report *report = engine->report;

    report->notes_left_out += !add_to(&report->notes, &report->note_count, path, text);
}

void sbx_grant_note_below(struct sbx_grant_engine *engine, const char *root,
    const wchar_t *relative_w, size_t cch, const char *text)
{
    char *path =
        engine->report->note_count < SBX_GRANT_SKIPS_MAX ? below(root, relative_w, cch) : NULL;

    if (path)
        sbx_grant_note(engine, path, text);
    else
        engine->report->notes_left_out++;
    free(path);
}

void sbx_grant_reason(const struct sbx_error *error, char reason[SBX_GRANT_REASON_MAX])
{
    const char *name = sbx_code_name(error->domain, error->code);

    if (error->status == SBX_DENIED && error->domain != SBX_DOMAIN_NONE)
        snprintf(reason, SBX_GRANT_REASON_MAX, "access denied (5)");
    else if (error->domain == SBX_DOMAIN_NTSTATUS)
        snprintf(reason, SBX_GRANT_REASON_MAX, "%.32s (0x%08X)", name ? name : "error",
            (unsigned)error->code);
    else if (error->domain != SBX_DOMAIN_NONE)
        snprintf(reason, SBX_GRANT_REASON_MAX, "%.32s (%u)", name ? name : "error",
            (unsigned)error->code);
    else
        snprintf(reason, SBX_GRANT_REASON_MAX, "%s",
            error->context[0] ? error->context : sbx_status_name(error->status));
}

void sbx_grant_fail(
    struct sbx_grant_engine *engine, const char *path, bool fatal, const struct sbx_error *error)
{
    struct sbx_grant_report *report = engine->report;
    struct sbx_grant_failure *failure;

    if (sbx_list_grow(&report->failures, report->failure_count, sizeof(*report->failures), NULL))
        return; /* the caller still has the error itself */
    failure = &report->failures[report->failure_count];
    if (sbx_strdup(path, &failure->path, NULL))
        return;
    failure->fatal = fatal;
    failure->error = *error;
    report->failure_count++;
}

void sbx_grant_report_done(struct sbx_grant_report *report)
{
    size_t i;

    if (!report)
        return;
    for (i = 0; i < report->skip_count; i++)
        free(report->skips[i].path);
    for (i = 0; i < report->note_count; i++)
        free(report->notes[i].path);
    for (i = 0; i < report->failure_count; i++)
        free(report->failures[i].path);
    free(report->skips);
    free(report->notes);
    free(report->failures);
    memset(report, 0, sizeof(*report));
}
