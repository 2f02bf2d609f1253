/*
 * Set-up's steps without those of the network, for a machine that has no filter engine: the same
 * step code, engine and journal as sandbox-setup.exe, linked here because set-up itself refuses
 * such a machine and has no switch to do without. No record is written, so no agent uses the
 * result. tests/suite drives this; tests/probe/hopdriver.c uses what it makes.
 *
 *   setupsteps apply PROGRAMS [OPERATOR-SID]   as administrator; PROGRAMS = where the programs lie
 *   setupsteps open PROGRAMS [OPERATOR-SID]    the same on a platform whose network logons never
 *                                              work: the gate is opened without its proof by logon
 *   setupsteps remove PROGRAMS
 *   setupsteps logons NAME...                  unseals as this user, and logs on with the password
 *
 * Prints one line per fact. Exit code: 0, 125 when a step failed, 2 usage.
 */
#include "setup/journalfile.h"
#include "setup/prepare.h"
#include "setup/steps.h"
#include "shared/win/account.h"
#include "shared/core/credential.h"
#include "shared/win/handle.h"
#include "shared/win/hardening.h"
#include "shared/win/logon.h"
#include "shared/win/seal.h"
#include "shared/win/sid.h"
#include "shared/win/statefile.h"
#include "shared/win/token.h"

#include <stdio.h>

/* The order of setup/table.c. */
static const struct sbx_step *const steps[] = {&sbx_step_folders, &sbx_step_programs,
    &sbx_step_eventlog, &sbx_step_group, &sbx_step_access, &sbx_step_accounts, &sbx_step_rights,
    &sbx_step_hidden, &sbx_step_secrets, &sbx_step_enable};

static struct sbx_error err;
static struct sbx_setup setup;

static int fail(const char *what)
{
    char text[1400];

    sbx_error_format(&err, text, sizeof(text));
    fprintf(stderr, "setupsteps: %s: %s: %s\n", what, setup.object, text);
    return 125;
}

static enum sbx_status journal(void *context, enum sbx_journal_kind kind, const char *step,
    const char *object, struct sbx_error *why)
{
    enum sbx_status status = sbx_setup_journal_line(context, kind, step, object, why);

    if (!status && kind == SBX_JOURNAL_BEGIN && setup.request.mode == SBX_SETUP_INSTALL)
        status = sbx_setup_keep_settings(context, why);
    return status;
}

static void event(
    void *context, const struct sbx_step *step, size_t index, enum sbx_step_event what)
{
    (void)context;
    (void)index;
    printf("step %s %s\n", step->name, sbx_step_event_name(what));
    fflush(stdout);
}

static enum sbx_status begin(enum sbx_setup_mode mode, const char *programs)
{
    enum sbx_status status;

    setup.request.mode = mode;
    status = sbx_setup_prepare(&setup, true, &err);
    if (!status)
        status = sbx_setup_set(&setup.source_folder, programs, &err);
    if (!status)
        status = sbx_setup_want(&setup, &err);
    return status;
}

/* The accounts enabled by hand: what step "enable" does, without what it proves afterwards. */
static int open_gate(void)
{
    struct sbx_sid sid;
    size_t i;

    for (i = 0; i < setup.wanted.account_count; i++) {
        const char *name = setup.wanted.accounts[i].name;

        if (sbx_sid_parse(setup.wanted.accounts[i].sid, &sid, &err) ||
            sbx_account_user_enable(name, &sid, true, &err))
            return fail(name);
    }
    printf("opened %zu\n", setup.wanted.account_count);
    return 0;
}

static int apply(const char *programs, const char *operator, bool by_hand)
{
    const struct sbx_engine engine = {.steps = steps,
        .count = countof(steps) - by_hand,
        .context = &setup,
        .journal = journal,
        .event = event};
    struct sbx_engine_outcome outcome = {0};

    if (operator? sbx_sid_parse(operator, & setup.operator_sid, &err)
                : sbx_sid_of_current_user(&setup.operator_sid, &err))
        return fail("operator");
    setup.has_operator = true;
    if (begin(SBX_SETUP_INSTALL, programs))
        return fail("prepare");
    if (sbx_engine_build(&engine, "install", &outcome, &err))
        return fail(outcome.failed_step ? outcome.failed_step : "journal");
    printf("changed %d\n", outcome.changed);
    return by_hand ? open_gate() : 0;
}

static int take_away(const char *programs)
{
    const struct sbx_engine engine = {.steps = steps,
        .count = countof(steps),
        .context = &setup,
        .journal = journal,
        .event = event};
    struct sbx_engine_outcome outcome = {0};
    bool left = false;

    if (begin(SBX_SETUP_UNINSTALL, programs))
        return fail("prepare");
    if (sbx_engine_remove(&engine, &outcome, &err))
        return fail(outcome.failed_step ? outcome.failed_step : "journal");
    if (sbx_setup_journal_remove(&setup, &left, &err))
        return fail("journal");
    printf("left %d\n", left);
    return 0;
}

/* --- logons ----------------------------------------------------------------------------------- */

static bool holds(const struct sbx_buf *text, const char *part, size_t step)
{
    size_t length = strlen(part), at, i;

    for (at = 0; at + length * step <= text->length_bytes; at++) {
        for (i = 0; i < length && text->data[at + i * step] == part[i]; i++)
            ;
        if (i == length)
            return true;
    }
    return false;
}

static enum sbx_status log_on(const struct sbx_credential *entry, const struct sbx_buf *file)
{
    char password[SBX_PASSWORD_SIZE];
    struct sbx_group user;
    struct sbx_sid sid;
    HANDLE token = NULL;
    enum sbx_status status = sbx_sid_parse(entry->sid, &sid, &err);

    if (!status)
        status = sbx_seal_open(&sid, entry->blob, entry->blob_bytes, password, &err);
    if (status)
        return status;
    printf("%s sealed-file-holds-password %d\n", entry->name,
        holds(file, password, 1) || holds(file, password, 2));
    status = sbx_logon_user(entry->name, password, &token, &err);
    if (!status)
        status = sbx_token_user(token, &user, &err);
    if (!status)
        printf("%s interactive %s\n", entry->name,
            sbx_sid_equal(&user.sid, &sid) ? "as-recorded" : "somebody-else");
    sbx_handle_close(&token);
    if (!status && !sbx_logon_network_is_denied(entry->name, password, &err))
        printf("%s network denied\n", entry->name);
    else if (!status)
        printf("%s network not-denied %s\n", entry->name, err.context);
    password[0] = password[0] == 'A' ? 'B' : 'A';
    if (!status && sbx_logon_user(entry->name, password, &token, &err))
        printf("%s wrong-password refused %lu\n", entry->name, (unsigned long)err.code);
    sbx_handle_close(&token);
    sbx_wipe(password, sizeof(password));
    return status;
}

static int logons(int count, char **names)
{
    struct sbx_credentials all = {0};
    struct sbx_buf text;
    int i;

    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    setup.request.mode = SBX_SETUP_STATUS;
    if (sbx_setup_prepare(&setup, false, &err) ||
        sbx_statefile_read(setup.credentials_path, SBX_STATEFILE_MACHINE, &text, &err) ||
        sbx_credentials_parse(text.data, text.length_bytes, &all, &err))
        return fail("credentials");
    for (i = 0; i < count; i++) {
        const struct sbx_credential *entry = sbx_credentials_find(&all, names[i]);

        if (!entry)
            printf("%s is not in the file\n", names[i]);
        else if (log_on(entry, &text))
            return fail(names[i]);
    }
    sbx_credentials_done(&all);
    sbx_buf_wipe(&text);
    return 0;
}

int wmain(int argc, wchar_t **argv_w);

int wmain(int argc, wchar_t **argv_w)
{
    char **argv = NULL;
    int code = 2;

    sbx_error_init(&err);
    if (sbx_hardening_args(argc, argv_w, &argv, &err))
        return fail("arguments");
    if (argc >= 3 && (!strcmp(argv[1], "apply") || !strcmp(argv[1], "open")))
        code = apply(argv[2], argc > 3 ? argv[3] : NULL, argv[1][0] == 'o');
    else if (argc == 3 && !strcmp(argv[1], "remove"))
        code = take_away(argv[2]);
    else if (argc >= 3 && !strcmp(argv[1], "logons"))
        code = logons(argc - 2, argv + 2);
    else
        fprintf(stderr, "setupsteps: usage, see setupsteps.c\n");
    sbx_setup_done(&setup);
    return code;
}
