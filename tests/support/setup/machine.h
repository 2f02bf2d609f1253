/*
 * Set-up's steps of the accounts through the real engine, journal and folders, for the programs
 * tests/win/test_step_*.c: one run, what is there afterwards, and wiping whatever a test left.
 * Definitions, not declarations: each program has its own copy.
 */
#ifndef SBX_TESTS_SETUP_MACHINE_H
#define SBX_TESTS_SETUP_MACHINE_H

#include "tests/support/win/doubles.h"

#include "setup/identity.h"
#include "setup/place.h"
#include "setup/journalfile.h"
#include "setup/prepare.h"
#include "setup/steps.h"

#include "shared/core/credential.h"
#include "shared/win/logon.h"
#include "shared/win/handle.h"
#include "shared/win/privilege.h"
#include "shared/win/regvalue.h"
#include "shared/win/rights.h"
#include "shared/win/seal.h"
#include "shared/win/sid.h"
#include "shared/win/statefile.h"
#include "shared/win/token.h"

#include <lm.h>
#include <stdio.h>

#define OFFLINE SBX_OFFLINE_NAME
#define ONLINE SBX_ONLINE_NAME
#define USER_LIST                                                                                  \
    "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts\\UserList"

/* A program may define another list before it includes this. */
#ifndef MACHINE_STEPS
#define MACHINE_STEPS                                                                              \
    &sbx_step_folders, &sbx_step_group, &sbx_step_access, &sbx_step_accounts, &sbx_step_rights,    \
        &sbx_step_hidden, &sbx_step_secrets, &sbx_step_enable
#endif
static const struct sbx_step *const steps[] = {MACHINE_STEPS};

static struct sbx_error err;
static struct sbx_setup setup_context;
static struct sbx_engine_outcome outcome;
static enum sbx_step_state states[countof(steps)];
static const struct sbx_sid operators[] = {
    {5, 5, {21, 1, 2, 3, 1500}}, {5, 5, {21, 1, 2, 3, 1501}}};

/* --- one run -----------------------------------------------------------------------------------
 */

static inline struct sbx_engine engine(void)
{
    struct sbx_engine e = {0};

    e.steps = steps;
    e.count = countof(steps);
    e.context = &setup_context;
    e.journal = sbx_setup_journal_line;
    return e;
}

static inline enum sbx_status begin(
    enum sbx_setup_mode mode, uint32_t accounts, size_t operator_index)
{
    enum sbx_status status;

    sbx_setup_done(&setup_context);
    sbx_error_init(&err);
    memset(&outcome, 0, sizeof(outcome));
    setup_context.request.mode = mode;
    setup_context.request.accounts = accounts;
    setup_context.has_operator = mode == SBX_SETUP_INSTALL;
    setup_context.operator_sid = operators[operator_index];
    setup_context.rotate = mode == SBX_SETUP_ROTATE;
    status = sbx_setup_prepare(&setup_context, true, &err);
    return status ? status : sbx_setup_want(&setup_context, &err);
}

/* The record step is not part of this: what it would keep is carried over by hand. */
static struct sbx_installation kept;
static bool has_kept;

static inline void keep(void)
{
    sbx_installation_done(&kept);
    ck_assert_sbx_ok(sbx_installation_copy(&setup_context.wanted, &kept, &err), &err);
    has_kept = true;
}

static inline enum sbx_status build_as(
    enum sbx_setup_mode mode, uint32_t accounts, size_t operator_index)
{
    struct sbx_engine e = engine();
    enum sbx_status status;

    status = begin(mode, accounts, operator_index);
    if (!status && has_kept) {
        sbx_installation_done(&setup_context.wanted);
        status = sbx_installation_copy(&kept, &setup_context.found, &err);
        setup_context.has_found = true;
        if (!status)
            status = sbx_setup_want(&setup_context, &err);
    }
    return status ? status : sbx_engine_build(&e, "install", &outcome, &err);
}

static inline enum sbx_status build(void)
{
    return build_as(SBX_SETUP_INSTALL, 0, 0);
}

static inline enum sbx_status take_away(void)
{
    struct sbx_engine e = engine();
    enum sbx_status status = begin(SBX_SETUP_UNINSTALL, 0, 0);
    bool left = false;

    if (!status && has_kept) {
        sbx_installation_done(&setup_context.wanted);
        status = sbx_installation_copy(&kept, &setup_context.found, &err);
        setup_context.has_found = true;
        if (!status)
            status = sbx_setup_want(&setup_context, &err);
    }
    if (!status)
        status = sbx_engine_remove(&e, &outcome, &err);
    if (!status)
        status = sbx_setup_journal_remove(&setup_context, &left, &err);
    sbx_setup_journal_close(&setup_context);
    return status;
}

/* Whatever a failed test left. Plain API, by name: this machine was offered. */
static inline void wipe_machine(void)
{
    static const wchar_t *const names_w[] = {
        L"" OFFLINE, L"" ONLINE, L"" OFFLINE L"2", L"" ONLINE L"2"};
    struct sbx_sid sid;
    HANDLE token = NULL;
    size_t i;

    doubles_clear();
    if (doubles_why_not())
        return;
    if (doubles_present())
        doubles_forget_calls();
    ck_assert_sbx_ok(
        sbx_token_open_self(TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token, &err), &err);
    (void)!sbx_privilege_set(token, "SeBackupPrivilege", true, NULL);
    (void)!sbx_privilege_set(token, "SeRestorePrivilege", true, NULL);
    sbx_handle_close(&token);
    (void)!take_away();
    if (sbx_account_group_read(SBX_GROUP_NAME, &sid, NULL) == SBX_OK)
        (void)!sbx_rights_remove_all(&sid, NULL);
    for (i = 0; i < countof(names_w); i++)
        NetUserDel(NULL, names_w[i]);
    NetLocalGroupDel(NULL, L"" SBX_GROUP_NAME);
    sbx_setup_done(&setup_context);
    sbx_installation_done(&kept);
    has_kept = false;
}

static inline void setup(void)
{
    sbx_error_init(&err);
    if (!doubles_why_not())
        wipe_machine();
}

static inline void teardown(void)
{
    if (!doubles_why_not())
        wipe_machine();
}

/* --- what is there -----------------------------------------------------------------------------
 */

static inline void ck_states(enum sbx_step_state wanted)
{
    struct sbx_engine e = engine();
    size_t i;

    ck_assert_sbx_ok(sbx_engine_examine(&e, states, &outcome, &err), &err);
    for (i = 0; i < countof(steps); i++)
        ck_assert_msg(
            states[i] == wanted, "step %s is %s", steps[i]->name, sbx_step_state_name(states[i]));
}

static inline void ck_account(const char *name, bool enabled)
{
    struct sbx_account_members members;
    struct sbx_account_facts facts;

    ck_assert_sbx_ok(sbx_account_user_read(name, &facts, &err), &err);
    ck_assert(facts.disabled == !enabled);
    ck_assert(sbx_account_is_sound(&facts));
    ck_assert_sbx_ok(sbx_account_group_members(SBX_GROUP_NAME, &members, &err), &err);
    ck_assert(sbx_account_is_member(&members, &facts.sid));
}

/* As the runner does it: the file, the blob, the logon. */
static inline enum sbx_status runner_logon(const char *name, char ret_password[SBX_PASSWORD_SIZE])
{
    struct sbx_credentials credentials = {0};
    const struct sbx_credential *found;
    struct sbx_buf text;
    struct sbx_sid sid;
    HANDLE token = NULL;
    enum sbx_status status;

    sbx_buf_init(&text, SBX_CREDENTIAL_FILE_MAX_BYTES);
    status = sbx_statefile_read(setup_context.credentials_path, SBX_STATEFILE_MACHINE, &text, &err);
    if (!status)
        status = sbx_credentials_parse(text.data, text.length_bytes, &credentials, &err);
    found = status ? NULL : sbx_credentials_find(&credentials, name);
    if (!status && !found)
        status = sbx_fail(&err, SBX_NOT_FOUND, "no entry");
    if (!status)
        status = sbx_sid_parse(found->sid, &sid, &err);
    if (!status)
        status = sbx_seal_open(&sid, found->blob, found->blob_bytes, ret_password, &err);
    if (!status)
        status = sbx_logon_user(name, ret_password, &token, &err);
    sbx_handle_close(&token);
    sbx_credentials_done(&credentials);
    sbx_buf_wipe(&text);
    return status;
}

static inline void ck_nothing_left(void)
{
    bool exists = true;

    ck_assert_uint_eq(NetUserDel(NULL, L"" OFFLINE), NERR_UserNotFound);
    ck_assert_uint_eq(NetUserDel(NULL, L"" ONLINE), NERR_UserNotFound);
    ck_assert_uint_eq(NetLocalGroupDel(NULL, L"" SBX_GROUP_NAME), NERR_GroupNotFound);
    ck_assert_sbx_ok(sbx_regvalue_key_exists(USER_LIST, &exists, &err), &err);
    ck_assert(!exists);
    ck_assert_uint_eq(
        GetFileAttributesW(L"C:\\Program Files\\AgentSandbox"), INVALID_FILE_ATTRIBUTES);
    ck_assert_uint_eq(
        GetFileAttributesW(L"C:\\ProgramData\\AgentSandbox"), INVALID_FILE_ATTRIBUTES);
    if (!doubles_present())
        return;
    ck_assert_uint_eq(doubles_count("user"), 0);
    ck_assert_uint_eq(doubles_count("group"), 0);
    ck_assert_uint_eq(doubles_count("member"), 0);
    ck_assert_uint_eq(doubles_count("right"), 0);
    ck_assert_uint_eq(doubles_count("profile"), 0);
}

#endif
