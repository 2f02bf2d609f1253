/* `agent grants repair`: see verbs.h and repair.h. */
#include "verbs.h"

#include "facts.h"
#include "granting.h"
#include "repair.h"
#include "shared/core/jsonwrite.h"
#include "shared/core/winpath.h"

#define ANSWER_MAX_BYTES (16u * 1024u * 1024u)

/* One call of the command. */
struct answer {
    const struct sbx_cli *cli;
    const struct sbx_say *say;
    struct sbx_json_writer json; /* open in the array "links" while it works */
    struct sbx_buf text;
};

/* --- the look -----------------------------------------------------------------------------------
 */

static void look_json(struct answer *answer, const struct sbx_linkset_file *file)
{
    struct sbx_json_writer *w = &answer->json;

    sbx_json_begin_object(w);
    sbx_json_key_uint64(w, "names", file->links);
    sbx_json_key_strings(w, "paths", (const char *const *)file->names.items, file->names.count);
    sbx_json_key_bool(w, "included", file->is_cleared);
    sbx_json_key_string(w, "reason", file->is_cleared ? NULL : file->reason);
    sbx_json_end_object(w);
}

/* Said at once, not at the end: this is the look before it is done. */
static void look_text(const struct sbx_say *say, const struct sbx_linkset_file *file)
{
    enum sbx_status status;
    struct sbx_buf text;
    size_t i;

    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    status = sbx_buf_printf(&text, NULL, "file with %u names, %s%s:\n", (unsigned)file->links,
        file->is_cleared ? "all in the root" : "left: ", file->is_cleared ? "" : file->reason);
    for (i = 0; i < file->names.count && !status; i++)
        status = sbx_buf_printf(&text, NULL, "  %s\n", file->names.items[i]);
    if (!status)
        sbx_verbs_print(say, &text);
    sbx_buf_done(&text);
}

static void look(void *context, const struct sbx_linkset *links)
{
    struct answer *answer = context;
    size_t i;

    for (i = 0; i < links->count; i++) {
        if (answer->cli->json)
            look_json(answer, &links->files[i]);
        else
            look_text(answer->say, &links->files[i]);
    }
    if (links->left_out)
        sbx_say_warning(answer->say, "%llu names of files with several were not noted",
            (unsigned long long)links->left_out);
}

/* --- the repair ---------------------------------------------------------------------------------
 */

static enum sbx_status repair_at(struct answer *answer, const char *path,
    const struct sbx_grant_options *options, struct sbx_grant_report *report, struct sbx_error *err)
{
    const struct sbx_repair repair = {.path_or_name = path,
        .include_links = answer->cli->include_links,
        .look = look,
        .ctx = answer};

    return sbx_grants_repair(&repair, options, report, err);
}

/* The path where it is now first; a root that was moved has its old one. */
static enum sbx_status repair_named(struct answer *answer, const struct sbx_facts *facts,
    const struct sbx_grant_options *options, struct sbx_grant_report *report, struct sbx_error *err)
{
    char *path = NULL, *final = NULL;
    enum sbx_status status =
        sbx_verbs_grant_path(facts, answer->cli->operands.items[0], &path, &final, err);

    if (!status)
        status = repair_at(answer, final ? final : path, options, report, err);
    if (status == SBX_NOT_FOUND && final && !sbx_winpath_equal(final, path)) {
        sbx_grant_report_done(report);
        status = repair_at(answer, path, options, report, err);
    }
    free(path);
    free(final);
    return status;
}

static enum sbx_status repair(
    struct answer *answer, struct sbx_grant_report *report, bool *ret_placed, struct sbx_error *err)
{
    struct sbx_granting_accounts accounts = {0};
    struct sbx_grant_options options;
    struct sbx_facts facts = {0};
    enum sbx_status status = sbx_facts_places(NULL, &facts, err);

    *ret_placed = !status;
    if (!status)
        status = sbx_granting_begin(answer->say, facts.state_directory, &options, err);
    if (!status)
        status =
            sbx_granting_name_accounts(answer->say, facts.program_files, &accounts, &options, err);
    if (!status)
        status = answer->cli->operands.count ? repair_named(answer, &facts, &options, report, err)
                                             : repair_at(answer, NULL, &options, report, err);
    sbx_granting_accounts_done(&accounts);
    sbx_facts_done(&facts);
    return status;
}

static enum sbx_status finish(struct answer *answer, const struct sbx_grant_report *report,
    enum sbx_status result, struct sbx_error *err)
{
    struct sbx_json_writer *w = &answer->json;
    enum sbx_status status;

    if (!answer->cli->json)
        return sbx_buf_printf(&answer->text, err,
            "%llu access lists were put back, %llu objects looked at, %llu left as they are\n",
            (unsigned long long)report->counts.writes, (unsigned long long)report->files_walked,
            (unsigned long long)(report->skip_count + report->skips_left_out));
    sbx_json_end_array(w);
    sbx_json_key_bool(w, "ok", !result);
    sbx_granting_format("repair", report, w);
    sbx_json_end_object(w);
    status = sbx_json_writer_end(w, err);
    return status ? status : sbx_buf_putc(&answer->text, '\n', err);
}

int sbx_grants_repair_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct answer answer = {.cli = cli, .say = say};
    struct sbx_grant_report report = {0};
    struct sbx_error err, err2;
    enum sbx_status status;
    bool placed = false;

    sbx_error_init(&err);
    sbx_error_init(&err2);
    sbx_buf_init(&answer.text, ANSWER_MAX_BYTES);
    sbx_json_writer_begin(&answer.json, &answer.text, false);
    if (cli->json) {
        sbx_json_begin_object(&answer.json);
        sbx_json_key_uint64(&answer.json, "version", 1);
        sbx_json_key_array(&answer.json, "links");
    }
    status = repair(&answer, &report, &placed, &err);
    if (status)
        sbx_say_error(say, &err);
    sbx_granting_say(say, &report);
    sbx_granting_say_notes(say, &report);
    if (finish(&answer, &report, status, &err2))
        sbx_say_error(say, &err2);
    else if (cli->json)
        sbx_verbs_print_json(say, &answer.text);
    else if (placed && status != SBX_NOT_FOUND)
        sbx_verbs_print(say, &answer.text);
    sbx_buf_done(&answer.text);
    sbx_grant_report_done(&report);
    return placed ? sbx_verbs_grant_exit(status) : SBX_EXIT_SANDBOX;
}
