/*
 * Leases on real folders: who gets which account, what a dead holder leaves, what sharing says.
 * Other agents are played by further leases of this process: a folder held without sharing is as
 * closed to its own process as to any other.
 */
#include <stdio.h>

#include "agent/installed.h"
#include "agent/lease.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"

#define KEY_A "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define KEY_B "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
#define KEY_C "cccccccccccccccccccccccccccccccc"

static struct sbx_error err;
static struct sbx_installation record;
static struct sbx_lease leases[6];
static struct sbx_lease_options options;
static char caller[SBX_SID_TEXT_SIZE], work[300];

static void add_account(const char *name, bool offline, const char *sid)
{
    ck_assert_sbx_ok(sbx_installation_add_account(&record, name, offline, &err), &err);
    ck_assert_sbx_ok(sbx_strdup(sid, &sbx_installation_account(&record, name)->sid, &err), &err);
}

static void setup(void)
{
    struct sbx_sid user;

    sbx_error_init(&err);
    memset(&record, 0, sizeof(record));
    memset(leases, 0, sizeof(leases));
    snprintf(work, sizeof(work), "%s", scratch_begin());
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user, &err), &err);
    sbx_sid_format(&user, caller);
    add_account("AgentSandboxOffline", true, "S-1-5-21-1-2-3-2001");
    add_account("AgentSandboxOnline", false, "S-1-5-21-1-2-3-2002");
    add_account("AgentSandboxOffline2", true, "S-1-5-21-1-2-3-2003");
    ck_assert_sbx_ok(sbx_strings_add(&record.operators, caller, &err), &err);
    memset(&options, 0, sizeof(options));
    options.work_directory = work;
    options.record = &record;
    options.caller_sid = caller;
    options.sharing = SBX_SHARING_REFUSE;
}

static void teardown(void)
{
    size_t i;

    for (i = 0; i < countof(leases); i++)
        sbx_lease_end(&leases[i]);
    sbx_installation_done(&record);
    scratch_end();
}

static enum sbx_status take(size_t index, const char *key)
{
    options.key = key;
    return sbx_lease_take(&options, &leases[index], &err);
}

static unsigned folders(void)
{
    WIN32_FIND_DATAW found;
    HANDLE find = FindFirstFileW(scratch_path_w("lease-*"), &found);
    unsigned count = 0;

    if (find == INVALID_HANDLE_VALUE)
        return 0;
    do
        count++;
    while (FindNextFileW(find, &found));
    FindClose(find);
    return count;
}

START_TEST(lease__same_key__shares_an_account_without_a_word)
{
    ck_assert_sbx_ok(take(0, KEY_A), &err);
    ck_assert_sbx_ok(take(1, KEY_A), &err);
    ck_assert_str_eq(leases[0].account->name, "AgentSandboxOffline");
    ck_assert_str_eq(leases[1].account->name, "AgentSandboxOffline");
    ck_assert(!leases[0].shared && !leases[1].shared);
    ck_assert_uint_eq(folders(), 2);
    sbx_lease_end(&leases[0]);
    sbx_lease_end(&leases[1]);
    ck_assert(!leases[0].shared);
    ck_assert_uint_eq(folders(), 0);
}
END_TEST

START_TEST(lease__another_key__takes_another_account)
{
    ck_assert_sbx_ok(take(0, KEY_A), &err);
    ck_assert_sbx_ok(take(1, KEY_B), &err);
    ck_assert_str_eq(leases[1].account->name, "AgentSandboxOffline2");
    /* the first key goes on with its own, although the second account is nearer to nobody */
    ck_assert_sbx_ok(take(2, KEY_A), &err);
    ck_assert_str_eq(leases[2].account->name, "AgentSandboxOffline");
    ck_assert_sbx_ok(take(3, KEY_B), &err);
    ck_assert_str_eq(leases[3].account->name, "AgentSandboxOffline2");
    ck_assert(!leases[1].shared && !leases[2].shared && !leases[3].shared);
}
END_TEST

START_TEST(lease__kinds__do_not_mix)
{
    options.online = true;
    ck_assert_sbx_ok(take(0, KEY_A), &err);
    ck_assert_str_eq(leases[0].account->name, "AgentSandboxOnline");
    ck_assert_int_eq(take(1, KEY_B), SBX_DENIED);
    ck_assert_str_ne(err.hint, "");
    options.online = false;
    ck_assert_sbx_ok(take(1, KEY_B), &err);
    ck_assert_str_eq(leases[1].account->name, "AgentSandboxOffline");
}
END_TEST

START_TEST(lease__all_in_use__refused_or_shared_and_said)
{
    ck_assert_sbx_ok(take(0, KEY_A), &err);
    ck_assert_sbx_ok(take(1, KEY_B), &err);
    ck_assert_int_eq(take(2, KEY_C), SBX_DENIED);
    ck_assert_uint_eq(folders(), 2); /* nothing of the refused one stays */
    options.sharing = SBX_SHARING_SHARE;
    ck_assert_sbx_ok(take(2, KEY_C), &err);
    ck_assert(leases[2].shared);
    /* and the one that was there first hears of it at its end */
    ck_assert(!leases[0].shared);
    sbx_lease_end(&leases[0]);
    ck_assert(leases[0].shared);
    sbx_lease_end(&leases[1]);
    ck_assert(!leases[1].shared);
}
END_TEST

START_TEST(lease__wait__ends_in_time_or_when_cancelled)
{
    volatile LONG cancel = 0;

    ck_assert_sbx_ok(take(0, KEY_A), &err);
    ck_assert_sbx_ok(take(1, KEY_B), &err);
    options.sharing = SBX_SHARING_WAIT;
    options.wait_ms = 300;
    ck_assert_int_eq(take(2, KEY_C), SBX_TIMEOUT);
    cancel = 1;
    options.cancel = &cancel;
    options.wait_ms = 60000;
    ck_assert_int_eq(take(2, KEY_C), SBX_CANCELLED);
    options.cancel = NULL;
    sbx_lease_end(&leases[0]);
    ck_assert_sbx_ok(take(2, KEY_C), &err);
    ck_assert_str_eq(leases[2].account->name, "AgentSandboxOffline");
    ck_assert(!leases[2].shared);
}
END_TEST

/* A process that died has closed its handle and removed nothing. */
START_TEST(lease__dead_holder__is_no_holder)
{
    ck_assert_sbx_ok(take(0, KEY_A), &err);
    ck_assert_sbx_ok(take(1, KEY_B), &err);
    sbx_handle_close(&leases[0].handle);
    ck_assert_uint_eq(folders(), 2);
    ck_assert_sbx_ok(take(2, KEY_C), &err);
    ck_assert_str_eq(leases[2].account->name, "AgentSandboxOffline");
    ck_assert(!leases[2].shared);
    ck_assert_uint_eq(folders(), 2); /* what the dead one left is gone */
}
END_TEST

START_TEST(lease__strangers_in_the_folder__are_left_alone)
{
    ck_assert(CreateDirectoryW(scratch_path_w("home-" KEY_A), NULL));
    ck_assert(CreateDirectoryW(scratch_path_w("lease-AgentSandboxOffline-short"), NULL));
    ck_assert_sbx_ok(take(0, KEY_A), &err);
    sbx_lease_end(&leases[0]);
    ck_assert_uint_eq(GetFileAttributesW(scratch_path_w("home-" KEY_A)) & FILE_ATTRIBUTE_DIRECTORY,
        FILE_ATTRIBUTE_DIRECTORY);
    ck_assert_uint_eq(folders(), 1);
}
END_TEST

START_TEST(lease__no_work_folder_or_account__is_not_set_up)
{
    options.work_directory = "C:\\there is no such folder";
    ck_assert_int_eq(take(0, KEY_A), SBX_NOT_SETUP);
    options.work_directory = work;
    record.account_count = 0;
    ck_assert_int_eq(take(0, KEY_A), SBX_NOT_SETUP);
    ck_assert_uint_eq(folders(), 0);
    record.account_count = 3;
}
END_TEST

/* --- the record
 * ------------------------------------------------------------------------------------ */

static void put(const char *relative, const char *text)
{
    HANDLE file = CreateFileW(scratch_path_w(relative), GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
        FILE_ATTRIBUTE_NORMAL, NULL);
    DWORD written = 0;

    ck_assert_ptr_ne(file, INVALID_HANDLE_VALUE);
    ck_assert(WriteFile(file, text, (DWORD)strlen(text), &written, NULL));
    CloseHandle(file);
}

START_TEST(installed__no_record__is_none_at_all)
{
    struct sbx_facts facts = {.caller_sid = caller};
    struct sbx_installed installed = {0};

    ck_assert_sbx_ok(sbx_installed_read(work, &installed, &err), &err);
    ck_assert(!installed.found && !installed.current);
    ck_assert_sbx_ok(sbx_installed_facts(&installed, &facts, &err), &err);
    ck_assert(!facts.is_operator && !facts.installation_current && !facts.installation_problem);
    sbx_installed_done(&installed);
    ck_assert_sbx_ok(sbx_installed_read(NULL, &installed, &err), &err);
    ck_assert(!installed.found);
}
END_TEST

/* MUST 3: whoever cannot be told from an operator is one. */
START_TEST(installed__record_that_cannot_be_believed__makes_operators)
{
    struct sbx_facts facts = {.caller_sid = caller};
    struct sbx_installed installed = {0};

    ck_assert(CreateDirectoryW(scratch_path_w("AgentSandbox"), NULL));
    put("AgentSandbox\\installation.json", "{}"); /* ours, not the machine's; and no record */
    ck_assert_sbx_ok(sbx_installed_read(work, &installed, &err), &err);
    ck_assert(installed.found && !installed.read && !installed.current);
    ck_assert_int_ne(installed.problem.status, SBX_OK);
    ck_assert_str_ne(installed.problem.hint, "");
    ck_assert_sbx_ok(sbx_installed_facts(&installed, &facts, &err), &err);
    ck_assert(facts.is_operator && !facts.installation_current);
    ck_assert_ptr_nonnull(facts.installation_problem);
    free(facts.installation_problem);
    sbx_installed_done(&installed);
}
END_TEST

START_TEST(installed__program__is_what_was_recorded_or_not)
{
    /* SHA-256 of "abc", FIPS 180-2 appendix B.1 */
    static const char abc[] = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad";
    struct sbx_installed installed = {.directory = work};

    put("runner.exe", "abc");
    ck_assert_sbx_ok(
        sbx_installation_set_program(&installed.record, "runner.exe", abc, &err), &err);
    ck_assert_sbx_ok(sbx_installed_check_program(&installed, "runner.exe", &err), &err);
    ck_assert_int_eq(sbx_installed_check_program(&installed, "other.exe", &err), SBX_UNPROVEN);
    put("runner.exe", "abd");
    ck_assert_int_eq(sbx_installed_check_program(&installed, "runner.exe", &err), SBX_UNPROVEN);
    ck_assert_str_ne(err.hint, "");
    ck_assert(DeleteFileW(scratch_path_w("runner.exe")));
    ck_assert_int_eq(sbx_installed_check_program(&installed, "runner.exe", &err), SBX_NOT_FOUND);
    sbx_installation_done(&installed.record);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, lease__same_key__shares_an_account_without_a_word);
    tcase_add_test(tcase, lease__another_key__takes_another_account);
    tcase_add_test(tcase, lease__kinds__do_not_mix);
    tcase_add_test(tcase, lease__all_in_use__refused_or_shared_and_said);
    tcase_add_test(tcase, lease__wait__ends_in_time_or_when_cancelled);
    tcase_add_test(tcase, lease__dead_holder__is_no_holder);
    tcase_add_test(tcase, lease__strangers_in_the_folder__are_left_alone);
    tcase_add_test(tcase, lease__no_work_folder_or_account__is_not_set_up);
    tcase_add_test(tcase, installed__no_record__is_none_at_all);
    tcase_add_test(tcase, installed__record_that_cannot_be_believed__makes_operators);
    tcase_add_test(tcase, installed__program__is_what_was_recorded_or_not);
}

UNIT_MAIN("lease", add_tests)
