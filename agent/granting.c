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

enum sbx_status sbx_granting_name_accounts(const struct sbx_say *say, const char *program_files,
    struct sbx_granting_accounts *accounts, struct sbx_grant_options *options,
    struct sbx_error *err)
{
    const struct sbx_installation *record = &accounts->installed.record;
    enum sbx_status status = sbx_installed_read(program_files, &accounts->installed, err);
    size_t i;

    if (status)
        return status;
    if (accounts->installed.found && !accounts->installed.read)
        sbx_say_warning(
            say, "the sandbox accounts are not known: %s", accounts->installed.problem.context);
    for (i = 0; accounts->installed.read && i < record->account_count; i++)
        if (options->account_sid_count < countof(accounts->sids))
            accounts->sids[options->account_sid_count++] = record->accounts[i].sid;
    options->account_sids = accounts->sids;
    return SBX_OK;
}

void sbx_granting_accounts_done(struct sbx_granting_accounts *accounts)
{
    sbx_installed_done(&accounts->installed);
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

void sbx_granting_say_notes(const struct sbx_say *say, const struct sbx_grant_report *report)
{
    size_t i;

    for (i = 0; i < report->note_count; i++)
        sbx_say_warning(say, "'%s': %s", report->notes[i].path, report->notes[i].reason);
    if (report->notes_left_out)
        sbx_say_warning(say, "%llu more of these", (unsigned long long)report->notes_left_out);
}

static void format_list(
    const char *key, const struct sbx_grant_skip *items, size_t count, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, key);
    for (i = 0; i < count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", items[i].path);
        sbx_json_key_string(w, "reason", items[i].reason);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
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
    format_list("skips", report->skips, report->skip_count, w);
    sbx_json_key_uint64(w, "skipsLeftOut", report->skips_left_out);
    format_list("notes", report->notes, report->note_count, w);
    sbx_json_key_uint64(w, "notesLeftOut", report->notes_left_out);
    sbx_json_key_uint64(w, "ownersTaken", report->owners_taken);
    sbx_json_end_object(w);
}
