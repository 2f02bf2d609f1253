/* See granting.h. */
#include "granting.h"

#include "shared/win/consolectl.h"

#define EVENT_MAX_BYTES 16384u

/* --- while it works -----------------------------------------------------------------------------
 */

/* Paths of a walk are shown, not used: they arrive with odd characters replaced. */
static void say_progress(void *context, const struct sbx_grant_progress *progress)
{
    const struct sbx_say *say = context;
    struct sbx_json_writer w;
    struct sbx_buf line;

    sbx_buf_init(&line, EVENT_MAX_BYTES);
    sbx_json_writer_begin(&w, &line, false);
    sbx_json_begin_object(&w);
    sbx_json_key_string(&w, "event", "progress");
    sbx_json_key_string(&w, "stage", "grants");
    sbx_json_key_string(&w, "root", progress->root);
    sbx_json_key_string(&w, "path", progress->path);
    sbx_json_key_uint64(&w, "files", progress->files_done);
    sbx_json_key_uint64(&w, "written", progress->written);
    sbx_json_key_uint64(&w, "filesPerSecond", progress->files_per_second);
    sbx_json_key_uint64(&w, "elapsedMs", progress->elapsed_ms);
    sbx_json_key_bool(&w, "waiting", progress->waiting);
    sbx_json_end_object(&w);
    if (!sbx_json_writer_end(&w, NULL)) /* else only this line is missing */
        sbx_say_progress(say, &line);
    sbx_buf_done(&line);
}

void sbx_granting_options(const struct sbx_say *say, const char *state_directory,
    const volatile LONG *cancel, struct sbx_grant_options *ret_options)
{
    bool as_events = say->json || say->sink;

    memset(ret_options, 0, sizeof(*ret_options));
    ret_options->state_directory = state_directory;
    ret_options->cancel = cancel;
    ret_options->tty_progress = !say->quiet && !as_events;
    if (as_events && !say->quiet) {
        ret_options->progress = say_progress;
        ret_options->ctx = (void *)(uintptr_t)say;
    }
}

enum sbx_status sbx_granting_begin(const struct sbx_say *say, const char *state_directory,
    struct sbx_grant_options *ret_options, struct sbx_error *err)
{
    HANDLE event = NULL;

    sbx_granting_options(say, state_directory, sbx_consolectl_counter(), ret_options);
    return sbx_consolectl_install(&event, err);
}

/* --- afterwards ---------------------------------------------------------------------------------
 */

void sbx_granting_say(const struct sbx_say *say, const struct sbx_grant_report *report)
{
    size_t i;

    for (i = 0; i < report->skip_count; i++)
        sbx_say_warning(
            say, "not granted: '%s': %s", report->skips[i].path, report->skips[i].reason);
    if (report->skips_left_out)
        sbx_say_warning(say, "not granted: %llu more", (unsigned long long)report->skips_left_out);
    for (i = 0; i < report->failure_count; i++) {
        const struct sbx_grant_failure *failure = &report->failures[i];

        if (!failure->fatal)
            sbx_say_warning(say, "not granted: '%s': %s%s%s", failure->path, failure->error.context,
                failure->error.hint[0] ? "; " : "", failure->error.hint);
    }
}

static void format_failures(const struct sbx_grant_report *report, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, "failures");
    for (i = 0; i < report->failure_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", report->failures[i].path);
        sbx_json_key_bool(w, "needed", report->failures[i].fatal);
        sbx_json_key_error(w, "error", &report->failures[i].error);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

void sbx_granting_format(
    const char *key, const struct sbx_grant_report *report, struct sbx_json_writer *w)
{
    size_t i;

    if (!report) {
        sbx_json_key_null(w, key);
        return;
    }
    sbx_json_key_object(w, key);
    sbx_json_key_bool(w, "warm", report->warm);
    sbx_json_key_uint64(w, "reads", report->counts.reads);
    sbx_json_key_uint64(w, "writes", report->counts.writes);
    sbx_json_key_uint64(w, "filesWalked", report->files_walked);
    sbx_json_key_uint64(w, "filesStamped", report->files_stamped);
    sbx_json_key_uint64(w, "ledgersRepaired", report->ledgers_repaired);
    format_failures(report, w);
    sbx_json_key_array(w, "skips");
    for (i = 0; i < report->skip_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", report->skips[i].path);
        sbx_json_key_string(w, "reason", report->skips[i].reason);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_uint64(w, "skipsLeftOut", report->skips_left_out);
    sbx_json_end_object(w);
}
