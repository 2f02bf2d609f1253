/*
 * agent setup, repair, uninstall (design 5): looked at before the prompt, done by
 * sandbox-setup.exe, looked at again afterwards.
 */
#include "verbs.h"

#include "auditevents.h"
#include "facts.h"
#include "granting.h"
#include "grants.h"
#include "installed.h"
#include "preflight.h"
#include "revoke.h"
#include "setupstart.h"
#include "workdirs.h"

#include <stdio.h>

#include "shared/core/jsonwrite.h"
#include "shared/core/winpath.h"

#define ANSWER_MAX_BYTES (1024u * 1024u)
#define SETUP_NAME "sandbox-setup.exe"

/* One of the three commands, from what is asked to what came of it. */
struct setup {
    const struct sbx_cli *cli;
    const struct sbx_say *say;
    struct sbx_facts facts;
    struct sbx_preflight_facts machine;
    struct sbx_preflight_report preflight;
    struct sbx_setup_request request;
    struct sbx_setup_event result;
    size_t grants_left; /* uninstall: ledgers that could not be taken back */
    bool have_result;
};

/* --- what is asked -----------------------------------------------------------------------------
 */

static enum sbx_setup_mode mode_of(const struct sbx_cli *cli)
{
    switch (cli->verb) {
    case SBX_VERB_REPAIR:
        return cli->operands.count ? SBX_SETUP_REPAIR_OWNER : SBX_SETUP_REPAIR;
    case SBX_VERB_UNINSTALL:
        return cli->verify ? SBX_SETUP_VERIFY_UNINSTALLED : SBX_SETUP_UNINSTALL;
    default:
        return SBX_SETUP_INSTALL;
    }
}

static enum sbx_status make_request(struct setup *setup, struct sbx_error *err)
{
    const struct sbx_cli *cli = setup->cli;
    struct sbx_setup_request *request = &setup->request;
    enum sbx_status status = SBX_OK;

    request->mode = mode_of(cli);
    request->accounts = cli->accounts;
    request->fence = cli->fence;
    if (request->mode == SBX_SETUP_REPAIR_OWNER)
        status = sbx_facts_resolve(&setup->facts, cli->operands.items[0], &request->path, err);
    return status ? status : sbx_setup_request_check(request, err);
}

/* --- before ------------------------------------------------------------------------------------
 */

static void say_finding(const struct setup *setup, const struct sbx_preflight_finding *item)
{
    struct sbx_error err;

    if (!item->fatal) {
        sbx_say_warning(setup->say, "%s: %s", item->text, item->remedy);
        return;
    }
    sbx_error_init(&err);
    (void)sbx_fail(&err, SBX_UNSUPPORTED, "%s", item->text);
    sbx_error_hint(&err, "%s", item->remedy);
    sbx_say_error(setup->say, &err);
}

/* Everything that is wrong is said at once: nobody wants to find it one prompt after the other. */
static enum sbx_status look_before(struct setup *setup, struct sbx_error *err)
{
    size_t i;

    sbx_preflight_gather(&setup->facts, &setup->machine);
    sbx_preflight_judge(&setup->machine, setup->request.mode, &setup->preflight);
    for (i = 0; i < setup->preflight.count; i++)
        say_finding(setup, &setup->preflight.items[i]);
    return setup->preflight.fatal
               ? sbx_fail(err, SBX_UNSUPPORTED, "nothing was started, nothing was changed")
               : SBX_OK;
}

/*
 * The entries of the group and of accounts that are about to go: only the user's own ledgers say
 * where they are. What stays is told and does not keep the machine's state in place.
 */
static void revoke_grants(struct setup *setup)
{
    const struct sbx_grant_options options = {.state_directory = setup->facts.state_directory,
        .tty_progress = !setup->say->quiet && !setup->say->json};
    struct sbx_grant_report report = {0};
    struct sbx_error err;
    size_t i;

    sbx_error_init(&err);
    if (sbx_revoke_all(&options, &report, &err))
        sbx_say_error(setup->say, &err);
    setup->grants_left = report.failure_count;
    for (i = 0; i < report.failure_count; i++)
        sbx_say_warning(setup->say, "not taken back: '%s': %s", report.failures[i].path,
            report.failures[i].error.context);
    sbx_granting_say_notes(setup->say, &report);
    sbx_grant_report_done(&report);
}

/* --- during ------------------------------------------------------------------------------------
 */

static void say_step(void *context, const struct sbx_setup_event *event)
{
    const struct setup *setup = context;
    struct sbx_buf line;

    sbx_buf_init(&line, SBX_SETUP_EVENT_MAX_BYTES);
    if (setup->say->json) {
        if (!sbx_setup_event_line(event, &line, NULL))
            sbx_say_write(STD_ERROR_HANDLE, line.data, line.length_bytes);
    } else if (!setup->say->quiet &&
               !sbx_buf_printf(&line, NULL, "agent: [%lu/%lu] %s: %s\n",
                   (unsigned long)event->index + 1, (unsigned long)event->count, event->name,
                   sbx_setup_step_state_name(event->state))) {
        sbx_say_write(STD_ERROR_HANDLE, line.data, line.length_bytes);
    }
    sbx_buf_done(&line);
}

static enum sbx_status talk(struct setup *setup, struct sbx_error *err)
{
    struct sbx_setup_call call = {.request = &setup->request,
        .elevated = setup->machine.elevation == SBX_ELEVATION_FULL,
        .step = say_step,
        .context = setup};
    enum sbx_status status;
    char *path = NULL;

    status = sbx_winpath_join(setup->facts.own_directory, SETUP_NAME, &path, err);
    call.setup = path;
    if (!status)
        status = sbx_setup_talk(&call, &setup->result, err);
    setup->have_result = !status;
    if (!status && !setup->result.ok) {
        *err = setup->result.error;
        status = err->status ? err->status : (err->status = SBX_INTERNAL);
        if (setup->result.object[0])
            sbx_error_context(err, "%s", setup->result.object);
        if (setup->result.failed_step[0])
            sbx_error_context(err, "step '%s'", setup->result.failed_step);
    }
    free(path);
    return status;
}

/* --- after -------------------------------------------------------------------------------------
 */

/* What setup says is a report; what elevated mode will rest on is asked by the code of `run`. */
static enum sbx_status look_after(struct setup *setup, struct sbx_error *err)
{
    bool removes = setup->request.mode == SBX_SETUP_UNINSTALL;
    struct sbx_installed installed = {0};
    enum sbx_status status;

    if (setup->request.mode != SBX_SETUP_INSTALL && !removes)
        return SBX_OK;
    status = sbx_installed_read(setup->facts.program_files, &installed, err);
    if (!status && removes && installed.found)
        status = sbx_fail(err, SBX_UNPROVEN, "setup reports success, and a record is still there");
    if (!status && !removes && !installed.current) {
        *err = installed.problem;
        if (!err->status)
            sbx_fail(err, SBX_UNPROVEN, "there is no record");
        status = err->status;
        sbx_error_context(err, "setup reports success, and the installation is not usable");
    }
    if (!status && !removes &&
        !sbx_installation_is_operator(&installed.record, setup->facts.caller_sid)) {
        status = sbx_fail(
            err, SBX_UNPROVEN, "setup reports success, and this user is not among the operators");
        sbx_error_hint(err, "was it run as another user? an administrator can run: sandbox-setup "
                            "provision --operator DOMAIN\\USER");
    }
    sbx_installed_done(&installed);
    return status;
}

/* What was done to the machine is done: a log that fails is said, and nothing else. */
static void record(const struct setup *setup, const struct sbx_error *failure)
{
    struct sbx_error err;
    enum sbx_status status = SBX_OK;

    if (setup->request.mode == SBX_SETUP_VERIFY_UNINSTALLED)
        return; /* nothing is changed */
    sbx_error_init(&err);
    if (setup->request.mode != SBX_SETUP_UNINSTALL) /* which leaves no new folder behind */
        status = sbx_workdirs_state(&setup->facts, &err);
    if (!status)
        status = sbx_audit_setup(&setup->facts, setup->request.mode,
            setup->have_result ? &setup->result : NULL, failure, &err);
    if (status && status != SBX_NOT_FOUND)
        sbx_say_warning(setup->say, "not recorded: %s", err.context);
}

static enum sbx_status run(struct setup *setup, struct sbx_error *err)
{
    enum sbx_status status = sbx_facts_places(NULL, &setup->facts, err);

    if (!status)
        status = make_request(setup, err);
    if (!status)
        status = look_before(setup, err);
    if (!status && setup->request.mode == SBX_SETUP_UNINSTALL)
        revoke_grants(setup);
    if (status)
        return status;
    status = talk(setup, err);
    if (!status)
        status = look_after(setup, err);
    record(setup, status ? err : NULL);
    return status;
}

/* --- the answer --------------------------------------------------------------------------------
 */

static const char *sentence(const struct setup *setup)
{
    bool changed = setup->result.changed;

    switch (setup->request.mode) {
    case SBX_SETUP_INSTALL:
        return changed ? "elevated mode is set up, and this user is an operator"
                       : "elevated mode was set up already; nothing was changed";
    case SBX_SETUP_REPAIR:
        return changed ? "the installation was put right"
                       : "the installation is in order; nothing was changed";
    case SBX_SETUP_REPAIR_OWNER:
        return changed ? "it is yours" : "it was yours already; nothing was changed";
    case SBX_SETUP_UNINSTALL:
        return changed ? "the installation was removed" : "nothing was installed";
    case SBX_SETUP_VERIFY_UNINSTALLED:
        return "nothing of an installation is left";
    default:
        return "done";
    }
}

static enum sbx_status format_text(
    const struct setup *setup, struct sbx_buf *text, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_printf(text, err, "%s\n", sentence(setup));
    size_t i;

    for (i = 0; !status && i < setup->result.notes.count; i++)
        status = sbx_buf_printf(text, err, "note: %s\n", setup->result.notes.items[i]);
    return status;
}

static void write_findings(const struct setup *setup, struct sbx_json_writer *w)
{
    size_t i;

    sbx_json_key_array(w, "preflight");
    for (i = 0; i < setup->preflight.count; i++) {
        const struct sbx_preflight_finding *item = &setup->preflight.items[i];

        sbx_json_begin_object(w);
        sbx_json_key_string(w, "check", item->check);
        sbx_json_key_bool(w, "fatal", item->fatal);
        sbx_json_key_string(w, "message", item->text);
        sbx_json_key_string(w, "remedy", item->remedy);
        sbx_json_end_object(w);
    }
    sbx_json_end_array(w);
}

static enum sbx_status format_json(const struct setup *setup, const struct sbx_error *failure,
    struct sbx_buf *json, struct sbx_error *err)
{
    const struct sbx_strings *notes = &setup->result.notes;
    struct sbx_json_writer w;
    enum sbx_status status;

    sbx_json_writer_begin(&w, json, false);
    sbx_json_begin_object(&w);
    sbx_json_key_uint64(&w, "version", 1);
    sbx_json_key_string(&w, "mode", sbx_setup_mode_name(setup->request.mode));
    sbx_json_key_bool(&w, "ok", !failure);
    sbx_json_key_bool(&w, "changed", setup->have_result && setup->result.changed);
    sbx_json_key_uint64(&w, "grantsLeft", setup->grants_left);
    write_findings(setup, &w);
    sbx_json_key_strings(&w, "notes", (const char *const *)notes->items, notes->count);
    if (failure) {
        sbx_json_key_object(&w, "error");
        sbx_json_key_string(&w, "step", setup->have_result ? setup->result.failed_step : NULL);
        sbx_json_key_string(&w, "object", setup->have_result ? setup->result.object : NULL);
        sbx_json_key_string(&w, "status", sbx_status_name(failure->status));
        sbx_json_key_string(&w, "domain", sbx_domain_name(failure->domain));
        sbx_json_key_uint64(&w, "code", failure->code);
        sbx_json_key_string(&w, "name", sbx_code_name(failure->domain, failure->code));
        sbx_json_key_string(&w, "message", failure->context);
        sbx_json_key_string(&w, "hint", failure->hint[0] ? failure->hint : NULL);
        sbx_json_end_object(&w);
    } else {
        sbx_json_key_null(&w, "error");
    }
    sbx_json_end_object(&w);
    status = sbx_json_writer_end(&w, err);
    return status ? status : sbx_buf_putc(json, '\n', err);
}

static void answer(const struct setup *setup, const struct sbx_error *failure)
{
    enum sbx_status status = SBX_OK;
    struct sbx_error err;
    struct sbx_buf text;

    sbx_error_init(&err);
    sbx_buf_init(&text, ANSWER_MAX_BYTES);
    if (failure)
        sbx_say_error(setup->say, failure);
    if (setup->cli->json) {
        status = format_json(setup, failure, &text, &err);
        if (!status)
            sbx_verbs_print_json(setup->say, &text);
    } else if (!failure) {
        status = format_text(setup, &text, &err);
        if (!status)
            sbx_verbs_print(setup->say, &text);
    }
    if (status)
        sbx_say_error(setup->say, &err);
    sbx_buf_done(&text);
}

static int exit_code(const struct setup *setup, enum sbx_status status)
{
    if (!status)
        return setup->grants_left ? SBX_EXIT_SANDBOX : 0;
    if (status == SBX_CANCELLED)
        return SBX_EXIT_CANCELLED;
    if (setup->preflight.fatal)
        return SBX_EXIT_REFUSED;
    if (status == SBX_INVALID && !setup->have_result)
        return SBX_EXIT_USAGE;
    return SBX_EXIT_SANDBOX;
}

int sbx_setup_command(const struct sbx_cli *cli, const struct sbx_say *say)
{
    struct setup setup = {.cli = cli, .say = say};
    struct sbx_error err;
    enum sbx_status status;
    int code;

    sbx_error_init(&err);
    status = run(&setup, &err);
    answer(&setup, status ? &err : NULL);
    code = exit_code(&setup, status);
    sbx_setup_event_done(&setup.result);
    sbx_setup_request_done(&setup.request);
    sbx_facts_done(&setup.facts);
    return code;
}
