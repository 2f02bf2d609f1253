/*
 * See verifycheck.h: grants of earlier runs, of other roots, and of files with several names - what
 * needs more than one run, or the user's own hand between two.
 */
#include "verifychecks.h"

#include "repair.h"
#include "shared/win/known.h"
#include "shared/win/wstr.h"

#include <stdio.h>

/* A run that must do its work first; nothing is known without it. */
static enum sbx_status run_first(const struct sbx_verify_check *check, const char *options,
    const char *program, struct sbx_error *err)
{
    struct sbx_verify_ran ran = {0};
    enum sbx_status status = sbx_verify_run_words(check, options, program, &ran, err);

    if (!status && sbx_verify_ran_outcome(&ran) != SBX_VERIFY_SUCCEEDED)
        status = sbx_fail(err, SBX_UNPROVEN, "the run before it did not work: %s",
            ran.began ? "the probe failed in it" : ran.error);
    if (!status)
        check->result->seen.confined = ran.confined;
    sbx_verify_ran_done(&ran);
    return status;
}

enum sbx_status sbx_verify_check_wider_run(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char words[] = "write|{extra}\\target.txt";
    enum sbx_status status =
        run_first(check, "--allow-write|{extra}", "{probe}|create|{extra}\\wider.txt", err);

    if (!status)
        status = sbx_verify_attack(check, NULL, words, err);
    return status ? status : sbx_verify_outside(check->run, words, &check->result->seen, err);
}

enum sbx_status sbx_verify_check_other_root(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char words[] = "create|{extra}\\new.txt";
    /* An account may execute only what lies in a root. */
    enum sbx_status status = sbx_verify_copy_probe(check, "{extra}\\probe.exe", err);

    if (!status)
        status =
            run_first(check, "--cwd|{extra}", "{extra}\\probe.exe|create|{extra}\\own.txt", err);
    if (!status)
        status = sbx_verify_attack(check, NULL, words, err);
    return status ? status : sbx_verify_outside(check->run, words, &check->result->seen, err);
}

/* Whoever ended last may hold the folder for a moment. */
static enum sbx_status move_away(const struct sbx_verify_check *check, struct sbx_error *err)
{
    enum sbx_status status = SBX_INTERNAL;
    size_t i;

    for (i = 0; status && i < 20; i++) {
        if (i)
            Sleep(50);
        sbx_error_init(err);
        status = sbx_verify_must(check, "rename|{extra}|{extra}-moved", err);
    }
    return status;
}

enum sbx_status sbx_verify_check_moved_root(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    char *moved = NULL;
    enum sbx_status status = sbx_verify_path(check, "{extra}-moved", &moved, err);

    if (!status)
        status = run_first(check, "--allow-write|{extra}", "{probe}|create|{extra}\\one.txt", err);
    if (!status)
        status = move_away(check, err);
    if (!status)
        status = sbx_verify_must(check, "mkdir|{extra}", err);
    if (!status)
        status =
            sbx_verify_attack(check, "--allow-write|{extra}", "create|{extra}-moved\\two.txt", err);
    if (!status)
        status = sbx_verify_outside(check->run,
            "seq|rename|{extra}|{extra}-moved|+|create|{extra}-moved\\two.txt",
            &check->result->seen, err);
    if (moved)
        sbx_verify_revoke_path(moved);
    free(moved);
    return status;
}

/* --- files with several names ----------------------------------------------------------------- */

/* What the look between the two walks of a repair found, and what it tried. */
struct looking {
    const wchar_t *from_w, *to_w; /* NULL: only looked */
    size_t cleared;
    bool moved;
    DWORD code;
};

static void look(void *context, const struct sbx_linkset *links)
{
    struct looking *looking = context;
    size_t i;

    for (i = 0; i < links->count; i++)
        looking->cleared += links->files[i].is_cleared;
    if (!looking->from_w || !looking->cleared)
        return;
    looking->moved = MoveFileExW(looking->from_w, looking->to_w, 0);
    looking->code = looking->moved ? 0 : GetLastError();
}

/* `agent grants repair --include-links` of the root. */
static enum sbx_status repair_links(
    const struct sbx_verify_check *check, struct looking *looking, struct sbx_error *err)
{
    struct sbx_repair repair = {.include_links = true, .look = look, .ctx = looking};
    struct sbx_grant_options options = {0};
    struct sbx_grant_report report;
    char state[SBX_VERIFY_PATH_MAX];
    char *local = NULL, *root = NULL;
    enum sbx_status status = sbx_known_folder(SBX_KNOWN_LOCAL, &local, err);

    if (!status)
        status = sbx_verify_path(check, "{ws}", &root, err);
    if (!status) {
        snprintf(state, sizeof(state), "%s\\AgentSandbox", local);
        options.state_directory = state;
        repair.path_or_name = root;
        status = sbx_grants_repair(&repair, &options, &report, err);
        sbx_grant_report_done(&report);
    }
    free(local);
    free(root);
    return status;
}

enum sbx_status sbx_verify_check_repaired_link(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char words[] = "write|{ws}\\linked.txt";
    struct looking looking = {0};
    enum sbx_status status = run_first(check, NULL, "{probe}|create|{free}\\one.txt", err);

    if (!status)
        status = repair_links(check, &looking, err);
    if (!status)
        status = sbx_verify_attack(check, NULL, words, err);
    return status ? status : sbx_verify_outside(check->run, words, &check->result->seen, err);
}

enum sbx_status sbx_verify_check_held_names(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct looking looking = {0};
    char *from = NULL, *to = NULL;
    wchar_t *from_w = NULL, *to_w = NULL;
    enum sbx_status status = run_first(check, NULL, "{probe}|create|{free}\\one.txt", err);

    /* Moved in from outside, so that its list is without the root's entries. */
    if (!status)
        status = sbx_verify_must(check,
            "seq|create|{out}\\two.txt|+|rename|{out}\\two.txt|{ws}\\two-a.txt|+|"
            "hardlink|{ws}\\two-b.txt|{ws}\\two-a.txt",
            err);
    if (!status)
        status = sbx_verify_path(check, "{ws}\\two-b.txt", &from, err);
    if (!status)
        status = sbx_verify_path(check, "{out}\\two-b.txt", &to, err);
    if (!status)
        status = sbx_wstr_from_utf8(from, &from_w, err);
    if (!status)
        status = sbx_wstr_from_utf8(to, &to_w, err);
    looking.from_w = from_w;
    looking.to_w = to_w;
    if (!status)
        status = repair_links(check, &looking, err);
    if (!status) {
        seen->inside_ran = true;
        seen->ping = looking.cleared ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
        seen->inside = looking.moved                             ? SBX_VERIFY_SUCCEEDED
                       : looking.code == ERROR_SHARING_VIOLATION ? SBX_VERIFY_DENIED
                                                                 : SBX_VERIFY_ODD;
        /* The same move when no repair holds it. */
        seen->twin_ran = true;
        seen->twin =
            looking.moved || MoveFileExW(from_w, to_w, 0) ? SBX_VERIFY_SUCCEEDED : SBX_VERIFY_ODD;
    }
    free(from);
    free(to);
    free(from_w);
    free(to_w);
    return status;
}

/* --- links and late names --------------------------------------------------------------------- */

enum sbx_status sbx_verify_check_link_untouched(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    struct sbx_descriptor before = {0}, after = {0};
    struct sbx_verify_ran plan = {0}, ran = {0};
    enum sbx_status status = sbx_verify_must(check, "junction|{ws}\\.idea|{out}", err);

    /* The twin: what is done through the link happens outside. */
    if (!status)
        status = sbx_verify_must(check, "seq|create|{ws}\\.idea\\x|+|read|{out}\\x", err);
    if (!status)
        status = sbx_verify_descriptor(check, "{out}", &before, err);
    if (!status)
        status = sbx_verify_run_words(check, "--dry-run", "{probe}|ping", &plan, err);
    if (!status)
        status = sbx_verify_run_words(check, NULL, "{probe}|ping", &ran, err);
    if (!status)
        status = sbx_verify_descriptor(check, "{out}", &after, err);
    if (!status) {
        /* A warning names the link, too; an entry's path ends with it. */
        const bool planned = strstr(plan.json.data, "\\.idea\"");

        seen->inside_ran = seen->twin_ran = true;
        seen->confined = check->report->confined;
        seen->twin = SBX_VERIFY_SUCCEEDED;
        seen->ping = planned ? SBX_VERIFY_SUCCEEDED : sbx_verify_ran_outcome(&ran);
        seen->inside = planned || !sbx_descriptor_equal(&before, &after) ? SBX_VERIFY_SUCCEEDED
                       : plan.exit_code == 0                             ? SBX_VERIFY_DENIED
                                                                         : SBX_VERIFY_ODD;
    }
    sbx_verify_ran_done(&plan);
    sbx_verify_ran_done(&ran);
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&after);
    return status;
}

/*
 * Everything in the root is open to Everyone, as on some data volumes: with recipes that carry
 * Everyone only the deny stands between the command and the list of a protected folder.
 */
enum sbx_status sbx_verify_check_open_root(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    static const char words[] = "setdacl|{ws}\\.git|D:P(A;OICI;FA;;;WD)";
    enum sbx_status status = sbx_verify_must(check, "setdacl|{ws}\\.git|D:(A;OICI;FA;;;WD)", err);

    if (!status)
        status = sbx_verify_attack(check, NULL, words, err);
    return status ? status : sbx_verify_outside(check->run, words, &check->result->seen, err);
}

/* A name made between two runs, by whatever the first one left: told by the second one or not. */
static enum sbx_status late_name(const struct sbx_verify_check *check, const char *options,
    const char *name, bool *ret_told, struct sbx_error *err)
{
    struct sbx_verify_ran ran = {0};
    char words[64];
    enum sbx_status status = run_first(check, options, "{probe}|ping", err);

    snprintf(words, sizeof(words), "mkdir|{ws}\\%s", name);
    if (!status)
        status = sbx_verify_must(check, words, err);
    if (!status)
        status = sbx_verify_run_words(check, NULL, "{probe}|ping", &ran, err);
    if (!status && sbx_verify_ran_outcome(&ran) != SBX_VERIFY_SUCCEEDED)
        status = sbx_fail(err, SBX_UNPROVEN, "the run after it did not work: %s", ran.error);
    *ret_told = !status && strstr(ran.json.data, name);
    sbx_verify_ran_done(&ran);
    return status;
}

enum sbx_status sbx_verify_check_late_name(
    const struct sbx_verify_check *check, struct sbx_error *err)
{
    struct sbx_verify_seen *seen = &check->result->seen;
    bool told_plain = false, told_late = false;
    /* First without anything left running: a name of the user's own, which nobody reports. */
    enum sbx_status status = late_name(check, NULL, ".idea", &told_plain, err);

    if (!status)
        status = late_name(check, "--background", ".cursor", &told_late, err);
    if (status)
        return status;
    seen->inside_ran = seen->twin_ran = true;
    seen->ping = SBX_VERIFY_SUCCEEDED;
    seen->twin = told_plain ? SBX_VERIFY_ODD : SBX_VERIFY_SUCCEEDED;
    seen->inside = told_late ? SBX_VERIFY_DENIED : SBX_VERIFY_SUCCEEDED;
    return SBX_OK;
}
