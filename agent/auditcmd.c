/* `agent audit writable`: see verbs.h and auditwalk.h. */
#include "verbs.h"

#include "auditwalk.h"
#include "protect.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/wow64.h"
#include "shared/win/sid.h"

#define ANSWER_MAX_BYTES (16u * 1024u * 1024u)
#define DEFAULT_BUDGET_MS 10000u

/* --- what is searched ------------------------------------------------------------------------- */

static enum sbx_status add_asked(const struct sbx_cli *cli, const struct sbx_facts *facts,
    struct sbx_audit *audit, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < cli->operands.count; i++) {
        char *path = NULL;

        status = sbx_winpath_resolve(facts->cwd, cli->operands.items[i], &path, NULL, err);
        if (!status)
            status = sbx_audit_add_place(audit, path, err);
        free(path);
    }
    return status;
}

/* What the policy makes writable is no finding: roots, and the folders that a run gets. */
static enum sbx_status add_exclusions(
    const struct sbx_prepared *prepared, struct sbx_audit *audit, struct sbx_error *err)
{
    const struct sbx_facts *facts = &prepared->facts;
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < prepared->plan.root_count; i++)
        if (prepared->plan.roots[i].writable)
            status = sbx_audit_exclude(audit, prepared->plan.roots[i].path, err);
    if (!status && facts->home_directory)
        status = sbx_audit_exclude(audit, facts->home_directory, err);
    return status;
}

/* --- text ------------------------------------------------------------------------------------- */

static char *account_of(const struct sbx_why_verdict *verdict)
{
    char *name = NULL;

    if (!verdict->has_ace || sbx_capsid_is_ours(&verdict->step.sid) ||
        sbx_sid_to_account(&verdict->step.sid, &name, NULL))
        return NULL;
    return name;
}

static const char *kind_of(const struct sbx_audit_finding *finding)
{
    if (finding->hole.files_in_it)
        return "files in it";
    return finding->is_directory ? "directory" : "file";
}

static enum sbx_status finding_text(const struct sbx_audit *audit,
    const struct sbx_audit_finding *finding, struct sbx_buf *text, struct sbx_error *err)
{
    char *account = account_of(&finding->hole.verdict);
    enum sbx_status status;

    status = sbx_buf_printf(text, err, "%s\n  %s: 0x%08X by ", finding->path, kind_of(finding),
        (unsigned)finding->hole.rights);
    if (!status)
        status =
            sbx_why_verdict_text(&finding->hole.verdict, audit->plan, NULL, account, text, err);
    if (!status && finding->below)
        status = sbx_buf_printf(
            text, err, "; %llu more below it by inheritance", (unsigned long long)finding->below);
    free(account);
    return status ? status : sbx_buf_putc(text, '\n', err);
}

/* What the figures leave open is said with them: "none found" alone would claim too much. */
static enum sbx_status coverage_text(
    const struct sbx_audit *audit, uint64_t took_ms, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status;
    size_t i;

    status = sbx_buf_printf(text, err,
        "%s: %zu found%s; looked at %llu directories and %llu files from %zu places in %llu.%llu "
        "s\n",
        audit->finding_count ? "FOUND" : "none found", audit->finding_count,
        audit->findings_left_out ? " and more" : "", (unsigned long long)audit->directories,
        (unsigned long long)audit->files, audit->place_count, (unsigned long long)(took_ms / 1000),
        (unsigned long long)(took_ms % 1000 / 100));
    for (i = 0; !status && i < audit->reason_count; i++)
        status = sbx_buf_printf(text, err, "  not looked at: %llu (%s)\n",
            (unsigned long long)audit->reasons[i].count, audit->reasons[i].text);
    for (i = 0; !status && i < audit->place_count; i++)
        if (!audit->places[i].finished)
            status = sbx_buf_printf(text, err, "  %s: %s\n",
                audit->places[i].opened ? "not finished in time" : "not reached",
                audit->places[i].path);
    if (!status && audit->in_roots)
        status = sbx_buf_printf(text, err, "  left out: %llu writable by policy\n",
            (unsigned long long)audit->in_roots);
    if (!status && audit->delete_child)
        status = sbx_buf_printf(text, err,
            "  residual: in %llu directories a command may delete what is in them, by the user's "
            "own right\n  FILE_DELETE_CHILD, which a write-restricted token is not asked for in "
            "pass 2\n",
            (unsigned long long)audit->delete_child);
    return status;
}

/* What background runs left at the top of the roots: protected names, each a finding. */
static enum sbx_status left_text(
    const struct sbx_protect_report *left, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i, k;

    for (i = 0; !status && i < left->item_count; i++) {
        status = sbx_buf_printf(text, err, "%s\n", left->items[i].path);
        for (k = 0; !status && k < left->items[i].details.count; k++)
            status = sbx_buf_printf(text, err, "  %s\n", left->items[i].details.items[k]);
    }
    if (!status && left->unwatched)
        status = sbx_buf_printf(text, err,
            "%zu root%s had background runs since this machine was started: what they left may "
            "still write there\n",
            left->unwatched, left->unwatched == 1 ? "" : "s");
    return status;
}

static enum sbx_status format_text(const struct sbx_audit *audit,
    const struct sbx_protect_report *left, uint64_t took_ms, struct sbx_buf *text,
    struct sbx_error *err)
{
    enum sbx_status status = left_text(left, text, err);
    size_t i;

    for (i = 0; !status && i < audit->finding_count; i++)
        status = finding_text(audit, &audit->findings[i], text, err);
    return status ? status : coverage_text(audit, took_ms, text, err);
}

/* --- JSON ------------------------------------------------------------------------------------- */

static enum sbx_status finding_json(const struct sbx_audit *audit,
    const struct sbx_audit_finding *finding, struct sbx_json_writer *w, struct sbx_error *err)
{
    char *account = account_of(&finding->hole.verdict);
    enum sbx_status status;

    sbx_json_begin_object(w);
    sbx_json_key_string(w, "path", finding->path);
    sbx_json_key_string(w, "kind", kind_of(finding));
    sbx_json_key_uint64(w, "rights", finding->hole.rights);
    sbx_json_key_uint64(w, "below", finding->below);
    status = sbx_why_verdict_json(
        &finding->hole.verdict, audit->plan, finding->path, "decidedBy", account, w, err);
    sbx_json_end_object(w);
    free(account);
    return status;
}

static void coverage_json(
    const struct sbx_audit *audit, uint64_t took_ms, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_object(w, "coverage");
    sbx_json_key_uint64(w, "milliseconds", took_ms);
    sbx_json_key_uint64(w, "directories", audit->directories);
    sbx_json_key_uint64(w, "files", audit->files);
    sbx_json_key_uint64(w, "writableByPolicy", audit->in_roots);
    sbx_json_key_uint64(w, "residualDeleteChild", audit->delete_child);
    sbx_json_key_array(w, "notLookedAt");
    for (i = 0; i < audit->reason_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "reason", audit->reasons[i].text);
        sbx_json_key_uint64(w, "count", audit->reasons[i].count);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_array(w, "places");
    for (i = 0; i < audit->place_count; i++) {
        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", audit->places[i].path);
        sbx_json_key_bool(w, "reached", audit->places[i].opened);
        sbx_json_key_bool(w, "finished", audit->places[i].finished);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_end_object(w);
}

static void left_json(const struct sbx_protect_report *left, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, "backgroundLeft");
    for (i = 0; i < left->item_count; i++) {
        const struct sbx_strings *details = &left->items[i].details;

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "path", left->items[i].path);
        sbx_json_key_strings(w, "details", (const char *const *)details->items, details->count);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
    sbx_json_key_uint64(w, "rootsUnwatchedNow", left->unwatched);
}

static enum sbx_status format_json(const struct sbx_audit *audit,
    const struct sbx_protect_report *left, uint64_t took_ms, struct sbx_buf *json,
    struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    struct sbx_json_writer w;
    size_t i;

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_array(&w, "findings");
    for (i = 0; !status && i < audit->finding_count; i++)
        status = finding_json(audit, &audit->findings[i], &w, err);
    sbx_json_end_array(&w);
    sbx_json_key_uint64(&w, "findingsLeftOut", audit->findings_left_out);
    left_json(left, &w);
    coverage_json(audit, took_ms, &w);
    sbx_json_end_object(&w);
    if (!status)
        status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(json, '\n', err);
}

/* --- the command ------------------------------------------------------------------------------ */

static enum sbx_status search(const struct sbx_cli *cli, const struct sbx_prepared *prepared,
    struct sbx_audit *audit, struct sbx_error *err)
{
    enum sbx_status status = cli->operands.count
                                 ? add_asked(cli, &prepared->facts, audit, err)
                                 : sbx_audit_usual_places(&prepared->facts, audit, err);

    if (!status)
        status = add_exclusions(prepared, audit, err);
    return status ? status : sbx_audit_run(audit, err);
}

static enum sbx_status print(const struct sbx_cli *cli, const struct sbx_say *say,
    const struct sbx_audit *audit, const struct sbx_protect_report *left, uint64_t took_ms,
    struct sbx_error *err)
{
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = cli->json ? format_json(audit, left, took_ms, &text, err)
                       : format_text(audit, left, took_ms, &text, err);
    if (!status && !sbx_verbs_show(cli, say, &text))
        status = sbx_fail(err, SBX_OS, "standard output cannot be written");
    sbx_buf_done(&text);
    return status;
}

/* Windows shows a 32-bit program another System32, whatever path it asks for. */
static void say_what_is_hidden(const struct sbx_say *say)
{
    bool wow64 = false;

    if (!sbx_wow64_of(GetCurrentProcess(), &wow64, NULL) && wow64)
        sbx_say_warning(say,
            "this is the 32-bit build: instead of System32 it looks into SysWOW64; use the 64-bit "
            "build here");
}

int sbx_audit_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    const uint64_t begun_ms = sbx_clock_ms();
    struct sbx_prepared prepared = {0};
    struct sbx_planned_token token = {0};
    struct sbx_audit audit = {0};
    struct sbx_protect_report left = {0};
    enum sbx_status status;
    struct sbx_error err;
    bool found = false;

    sbx_error_init(&err);
    say_what_is_hidden(say);
    status = sbx_verbs_prepare(cli, &prepared, &err);
    if (!status)
        status = sbx_verbs_token(&prepared.plan, &token, &err);
    if (!status) {
        audit.plan = &prepared.plan;
        audit.token = &token.why.token;
        audit.deadline_ms = begun_ms + (cli->budget_ms ? cli->budget_ms : DEFAULT_BUDGET_MS);
        status = search(cli, &prepared, &audit, &err);
    }
    if (!status) {
        const struct sbx_protect_options options = {
            .policy = &prepared.policy, .facts = &prepared.facts};

        status = sbx_protect_audit(&prepared.plan, &options, &left, &err);
    }
    if (!status)
        status = print(cli, say, &audit, &left, sbx_clock_ms() - begun_ms, &err);
    found = audit.finding_count != 0 || left.item_count != 0;
    sbx_protect_report_done(&left);
    sbx_audit_done(&audit);
    sbx_verbs_token_done(&token);
    sbx_verbs_prepared_done(&prepared);
    if (status)
        return sbx_verbs_failed(say, &err);
    return found ? SBX_EXIT_FOUND : 0;
}
