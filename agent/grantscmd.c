/* `agent grants list` and `agent revoke`: see verbs.h and revoke.h. The repair is in repaircmd.c.
 */
#include "verbs.h"

#include "auditevents.h"
#include "facts.h"
#include "follow.h"
#include "granting.h"
#include "policyload.h"
#include "revoke.h"
#include "revokewalk.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/winpath.h"
#include "shared/win/handle.h"

#define ANSWER_MAX_BYTES (16u * 1024u * 1024u)

/* --- grants list ------------------------------------------------------------------------------ */

/* Not counted: what cannot be reached, which is not known to be gone. */
static bool is_gone(const struct sbx_grant_info *info)
{
    struct sbx_ledger_record root = {.path = info->path};
    HANDLE handle = NULL;
    bool gone = false;

    memcpy(root.file_id, info->file_id, sizeof(root.file_id));
    gone = info->records > 0 &&
           sbx_revoke_open(&root, info->volume_guid, READ_CONTROL, &handle, NULL) == SBX_NOT_FOUND;
    sbx_handle_close(&handle);
    return gone;
}

static const char *state_of(const struct sbx_grant_info *info)
{
    if (info->is_damaged)
        return "damaged";
    if (is_gone(info))
        return "not there any more";
    return info->is_complete ? "complete" : "incomplete";
}

static enum sbx_status list_text(
    const struct sbx_grant_info *infos, size_t count, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    if (!count)
        return sbx_buf_puts(text, "nothing is granted\n", err);
    for (i = 0; !status && i < count; i++)
        status = sbx_buf_printf(text, err, "%s\n  %s, %zu object%s with entries of their own, %s\n",
            infos[i].path[0] ? infos[i].path : "(unknown path)", state_of(&infos[i]),
            infos[i].objects, infos[i].objects == 1 ? "" : "s", infos[i].name);
    return status;
}

static enum sbx_status list_json(
    const struct sbx_grant_info *infos, size_t count, struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status;
    size_t i;

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_array(&w, "grants");
    for (i = 0; i < count; i++) {
        sbx_json_begin_object(&w);
        sbx_json_key_string(&w, "path", infos[i].path);
        sbx_json_key_string(&w, "capability", infos[i].capability);
        sbx_json_key_uint64(&w, "objects", infos[i].objects);
        sbx_json_key_bool(&w, "complete", infos[i].is_complete);
        sbx_json_key_bool(&w, "damaged", infos[i].is_damaged);
        sbx_json_key_bool(&w, "gone", is_gone(&infos[i]));
        sbx_json_key_string(&w, "ledger", infos[i].name);
        sbx_json_end_object(&w);
    }
    sbx_json_end_array(&w);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(json, '\n', err);
}

int sbx_grants_list_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_grant_info *infos = NULL;
    struct sbx_facts facts = {0};
    enum sbx_status status;
    struct sbx_error err;
    struct sbx_buf text;
    size_t count = 0;

    sbx_error_init(&err);
    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = sbx_facts_places(NULL, &facts, &err);
    if (!status)
        status = sbx_grants_list(facts.state_directory, &infos, &count, &err);
    if (!status)
        status =
            cli->json ? list_json(infos, count, &text, &err) : list_text(infos, count, &text, &err);
    if (!status && !sbx_verbs_show(cli, say, &text))
        status = sbx_fail(&err, SBX_OS, "standard output cannot be written");
    sbx_grants_list_free(infos, count);
    sbx_buf_done(&text);
    sbx_facts_done(&facts);
    return status ? sbx_verbs_failed(say, &err) : 0;
}

/* --- revoke ----------------------------------------------------------------------------------- */

enum sbx_status sbx_verbs_grant_path(const struct sbx_facts *facts, const char *asked,
    char **ret_path, char **ret_final, struct sbx_error *err)
{
    struct sbx_grant_info *infos = NULL;
    size_t i, count = 0;
    enum sbx_status status = sbx_grants_list(facts->state_directory, &infos, &count, err);

    for (i = 0; !status && !*ret_path && i < count; i++)
        if (strcmp(infos[i].name, asked) == 0)
            status = sbx_strdup(asked, ret_path, err);
    sbx_grants_list_free(infos, count);
    if (status || *ret_path)
        return status;
    status = sbx_winpath_resolve(facts->cwd, asked, ret_path, NULL, err);
    if (!status && sbx_follow_open(*ret_path, 0, NULL, ret_final, NULL))
        *ret_final = NULL;
    return status;
}

/* The path where it is now first; a root that was moved or replaced by a link has its old one. */
static enum sbx_status revoke_one(const struct sbx_facts *facts, const char *asked,
    const struct sbx_grant_options *options, struct sbx_grant_report *report, struct sbx_error *err)
{
    char *path = NULL, *final = NULL;
    enum sbx_status status = sbx_verbs_grant_path(facts, asked, &path, &final, err);

    if (!status && final) {
        status = sbx_revoke(final, options, report, err);
        if (status == SBX_NOT_FOUND && !sbx_winpath_equal(final, path)) {
            sbx_grant_report_done(report);
            status = sbx_revoke(path, options, report, err);
        }
    } else if (!status) {
        status = sbx_revoke(path, options, report, err);
    }
    free(path);
    free(final);
    return status;
}

static enum sbx_status report_json(const struct sbx_grant_report *report, enum sbx_status result,
    struct sbx_buf *json, struct sbx_error *err)
{
    struct sbx_json_writer w;
    enum sbx_status status;

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_bool(&w, "ok", !result);
    sbx_json_key_uint64(&w, "descriptorWrites", report->counts.writes);
    sbx_granting_format("revoke", report, &w);
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(json, '\n', err);
}

static enum sbx_status report_text(const struct sbx_grant_report *report, const struct sbx_say *say,
    struct sbx_buf *text, struct sbx_error *err)
{
    size_t i;

    for (i = 0; i < report->skip_count; i++)
        sbx_say_warning(
            say, "not restored: '%s': %s", report->skips[i].path, report->skips[i].reason);
    if (report->skips_left_out)
        sbx_say_warning(say, "not restored: %llu more", (unsigned long long)report->skips_left_out);
    sbx_granting_say_notes(say, report);
    return sbx_buf_printf(text, err, "%llu access lists were put back, %llu objects looked at\n",
        (unsigned long long)report->counts.writes, (unsigned long long)report->files_walked);
}

int sbx_verbs_grant_exit(enum sbx_status status)
{
    switch (status) {
    case SBX_OK:
        return 0;
    case SBX_INVALID:
        return SBX_EXIT_USAGE;
    case SBX_NOT_FOUND:
        return SBX_EXIT_NOT_FOUND;
    case SBX_CANCELLED:
        return SBX_EXIT_CANCELLED;
    default:
        return SBX_EXIT_SANDBOX;
    }
}

/* A policy that cannot be loaded stops runs; what a run was given is taken back all the same. */
static void record_revoked(const struct sbx_cli *cli, const struct sbx_say *say,
    const struct sbx_facts *facts, const struct sbx_grant_report *report)
{
    struct sbx_policy policy;
    struct sbx_error err;

    sbx_error_init(&err);
    sbx_policy_init(&policy, SBX_LAYER_COMMAND);
    (void)!sbx_policy_load(
        cli, facts->cwd, facts->state_directory, facts->program_files, &policy, &err);
    sbx_error_init(&err);
    if (sbx_audit_revoked(facts, &policy, cli->all ? NULL : cli->operands.items[0], report, &err))
        sbx_say_warning(say, "not recorded: %s", err.context);
    sbx_policy_done(&policy);
}

static enum sbx_status revoke(const struct sbx_cli *cli, const struct sbx_say *say,
    struct sbx_grant_report *report, bool *ret_placed, struct sbx_error *err)
{
    struct sbx_granting_accounts accounts = {0};
    struct sbx_grant_options options;
    struct sbx_facts facts = {0};
    enum sbx_status status = sbx_facts_places(NULL, &facts, err);
    *ret_placed = !status;
    if (!status)
        status = sbx_granting_begin(say, facts.state_directory, &options, err);
    if (!status)
        status = sbx_granting_name_accounts(say, facts.program_files, &accounts, &options, err);
    if (!status)
        status = cli->all ? sbx_revoke_all(&options, report, err)
                          : revoke_one(&facts, cli->operands.items[0], &options, report, err);
    if (report->counts.writes)
        record_revoked(cli, say, &facts, report);
    sbx_granting_accounts_done(&accounts);
    sbx_facts_done(&facts);
    return status;
}

int sbx_revoke_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct sbx_grant_report report = {0};
    struct sbx_error err, err2;
    enum sbx_status status;
    struct sbx_buf text;
    bool placed = false;

    sbx_error_init(&err);
    sbx_error_init(&err2);
    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = revoke(cli, say, &report, &placed, &err);
    if (status)
        sbx_say_error(say, &err);
    if (cli->json ? report_json(&report, status, &text, &err2)
                  : report_text(&report, say, &text, &err2))
        sbx_say_error(say, &err2);
    else if (cli->json)
        sbx_verbs_print_json(say, &text);
    else if (status != SBX_NOT_FOUND && status != SBX_INVALID)
        sbx_verbs_print(say, &text);
    sbx_buf_done(&text);
    sbx_grant_report_done(&report);
    return placed ? sbx_verbs_grant_exit(status) : SBX_EXIT_SANDBOX;
}
