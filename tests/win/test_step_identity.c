/*
 * The steps that make accounts, through the real engine, journal and folders, against the double:
 * built, built again, damaged and mended, rotated, undone. Failures: test_step_failures.c.
 */
#include "tests/support/setup/machine.h"

/* --- install, again, uninstall ------------------------------------------------------------------
 */

START_TEST(build__empty_machine__everything_there_and_usable)
{
    struct sbx_rights rights;
    struct sbx_sid group;
    char password[SBX_PASSWORD_SIZE];
    uint32_t value = 1;
    bool exists = false;

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    ck_assert(outcome.changed);
    ck_states(SBX_STEP_PRESENT);
    ck_account(OFFLINE, true);
    ck_account(ONLINE, true);
    ck_assert_sbx_ok(runner_logon(OFFLINE, password), &err);
    ck_assert_sbx_ok(sbx_logon_network_is_denied(OFFLINE, password, &err), &err);
    ck_assert_sbx_ok(runner_logon(ONLINE, password), &err);
    ck_assert_sbx_ok(sbx_account_group_read(SBX_GROUP_NAME, &group, &err), &err);
    ck_assert_sbx_ok(sbx_rights_read(&group, &rights, &err), &err);
    ck_assert_uint_eq(rights.count, 5);
    ck_assert_sbx_ok(sbx_regvalue_get(USER_LIST, OFFLINE, &exists, &value, &err), &err);
    ck_assert(exists && value == 0);
    ck_assert_sbx_ok(take_away(), &err);
    ck_nothing_left();
}
END_TEST

START_TEST(build__twice__second_changes_nothing)
{
    char first[SBX_PASSWORD_SIZE], second[SBX_PASSWORD_SIZE];
    unsigned calls = 0;

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    ck_assert_sbx_ok(runner_logon(OFFLINE, first), &err);
    if (doubles_present())
        calls = doubles_calls("NetUserSetInfo") + doubles_calls("NetUserAdd") +
                doubles_calls("LsaAddAccountRights") + doubles_calls("NetLocalGroupAddMembers");
    ck_assert_sbx_ok(build(), &err);
    ck_assert(!outcome.changed);
    ck_assert_sbx_ok(runner_logon(OFFLINE, second), &err);
    ck_assert_str_eq(first, second);
    if (doubles_present())
        ck_assert_uint_eq(calls, doubles_calls("NetUserSetInfo") + doubles_calls("NetUserAdd") +
                                     doubles_calls("LsaAddAccountRights") +
                                     doubles_calls("NetLocalGroupAddMembers"));
}
END_TEST

/* --- a second operator --------------------------------------------------------------------------
 */

static bool may_read(const char *path, const struct sbx_sid *sid)
{
    struct sbx_descriptor descriptor = {0};
    bool found = false;
    size_t i;

    ck_assert_sbx_ok(sbx_statefile_descriptor(path, &descriptor, &err), &err);
    ck_assert(descriptor.control & SBX_SD_DACL_PROTECTED);
    ck_assert_uint_eq(descriptor.dacl.aces[0].type, SBX_ACE_DENY); /* the group, before all */
    for (i = 0; i < descriptor.dacl.count; i++)
        found = found || (descriptor.dacl.aces[i].type == SBX_ACE_ALLOW &&
                             sbx_sid_equal(&descriptor.dacl.aces[i].sid, sid));
    sbx_descriptor_done(&descriptor);
    return found;
}

START_TEST(second_operator__only_the_list_of_readers_changes)
{
    char first[SBX_PASSWORD_SIZE], second[SBX_PASSWORD_SIZE];
    struct sbx_buf before, after;

    DOUBLES_NEED();
    sbx_buf_init(&before, 65536);
    sbx_buf_init(&after, 65536);
    ck_assert_sbx_ok(build(), &err);
    keep();
    ck_assert(may_read(setup_context.credentials_path, &operators[0]));
    ck_assert(!may_read(setup_context.credentials_path, &operators[1]));
    ck_assert_sbx_ok(runner_logon(OFFLINE, first), &err);
    ck_assert_sbx_ok(
        sbx_statefile_read(setup_context.credentials_path, SBX_STATEFILE_ANY, &before, &err), &err);
    ck_assert_sbx_ok(build_as(SBX_SETUP_INSTALL, 0, 1), &err);
    ck_assert(outcome.changed);
    keep();
    ck_assert(may_read(setup_context.credentials_path, &operators[0]));
    ck_assert(may_read(setup_context.credentials_path, &operators[1]));
    ck_assert_sbx_ok(runner_logon(OFFLINE, second), &err);
    ck_assert_str_eq(first, second);
    ck_assert_sbx_ok(
        sbx_statefile_read(setup_context.credentials_path, SBX_STATEFILE_ANY, &after, &err), &err);
    ck_assert_uint_eq(before.length_bytes, after.length_bytes);
    ck_assert_mem_eq(before.data, after.data, before.length_bytes);
    sbx_buf_done(&before);
    sbx_buf_done(&after);
}
END_TEST

START_TEST(rotate__every_password_new_and_working)
{
    char first[2][SBX_PASSWORD_SIZE], second[2][SBX_PASSWORD_SIZE];

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    keep();
    ck_assert_sbx_ok(runner_logon(OFFLINE, first[0]), &err);
    ck_assert_sbx_ok(runner_logon(ONLINE, first[1]), &err);
    ck_assert_sbx_ok(build_as(SBX_SETUP_ROTATE, 0, 0), &err);
    ck_assert(outcome.changed && !setup_context.rotate);
    ck_assert_sbx_ok(runner_logon(OFFLINE, second[0]), &err);
    ck_assert_sbx_ok(runner_logon(ONLINE, second[1]), &err);
    ck_assert_str_ne(first[0], second[0]);
    ck_assert_str_ne(first[1], second[1]);
    ck_assert_str_ne(second[0], second[1]);
    ck_assert_sbx_ok(build(), &err);
    ck_assert(!outcome.changed);
}
END_TEST

/* The new file cannot be written: the old passwords are good again. */
START_TEST(rotate__sealing_or_writing_fails__old_passwords_again)
{
    char first[SBX_PASSWORD_SIZE], second[SBX_PASSWORD_SIZE];

    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(build(), &err);
    keep();
    ck_assert_sbx_ok(runner_logon(OFFLINE, first), &err);
    /* The second account's password cannot be set: the first one's was. */
    doubles_fail("NetUserSetInfo", 2, ERROR_GEN_FAILURE);
    ck_assert_int_ne(build_as(SBX_SETUP_ROTATE, 0, 0), SBX_OK);
    ck_assert_str_eq(outcome.failed_step, "secrets");
    doubles_clear();
    ck_assert_sbx_ok(runner_logon(OFFLINE, second), &err);
    ck_assert_str_eq(first, second);
    ck_assert_sbx_ok(runner_logon(ONLINE, second), &err);
}
END_TEST

/* --- damage, and repair -------------------------------------------------------------------------
 */

static void damage_user_deleted(void)
{
    ck_assert_uint_eq(NetUserDel(NULL, L"" ONLINE), 0);
}

static void damage_password_changed(void)
{
    USER_INFO_1003 info = {(wchar_t *)(uintptr_t)L"Something-Else-1"};

    ck_assert_uint_eq(NetUserSetInfo(NULL, L"" OFFLINE, 1003, (LPBYTE)&info, NULL), 0);
}

static void damage_flags(void)
{
    USER_INFO_1008 info = {UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_PASSWD_NOTREQD};

    ck_assert_uint_eq(NetUserSetInfo(NULL, L"" OFFLINE, 1008, (LPBYTE)&info, NULL), 0);
}

static void damage_disabled(void)
{
    USER_INFO_1008 info = {
        UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD | UF_ACCOUNTDISABLE};

    ck_assert_uint_eq(NetUserSetInfo(NULL, L"" ONLINE, 1008, (LPBYTE)&info, NULL), 0);
}

static void damage_membership(void)
{
    struct sbx_account_facts facts;

    ck_assert_sbx_ok(sbx_account_user_read(OFFLINE, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_remove(SBX_GROUP_NAME, &facts.sid, &err), &err);
}

static void damage_right_missing(void)
{
    static const char *const names[] = {"SeDenyNetworkLogonRight"};
    struct sbx_sid group;

    ck_assert_sbx_ok(sbx_account_group_read(SBX_GROUP_NAME, &group, &err), &err);
    ck_assert_sbx_ok(sbx_rights_remove(&group, names, 1, &err), &err);
}

static void damage_right_more(void)
{
    static const char *const names[] = {"SeDebugPrivilege"};
    struct sbx_sid group;

    ck_assert_sbx_ok(sbx_account_group_read(SBX_GROUP_NAME, &group, &err), &err);
    ck_assert_sbx_ok(sbx_rights_add(&group, names, 1, &err), &err);
}

static void damage_account_right(void)
{
    static const char *const names[] = {"SeBackupPrivilege"};
    struct sbx_account_facts facts;

    ck_assert_sbx_ok(sbx_account_user_read(OFFLINE, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_rights_add(&facts.sid, names, 1, &err), &err);
}

static void damage_file_gone(void)
{
    ck_assert_sbx_ok(sbx_statefile_delete(setup_context.credentials_path, &err), &err);
}

static void damage_file_content(void)
{
    ck_assert_sbx_ok(
        sbx_statefile_write(setup_context.credentials_path, NULL, "{\"version\":", 11, &err), &err);
}

static void damage_file_descriptor(void)
{
    struct sbx_descriptor open = {0};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_everyone);

    ck_assert_sbx_ok(sbx_acl_insert(&open.dacl, 0, &ace, &err), &err);
    open.control = SBX_SD_DACL_PROTECTED;
    ck_assert_sbx_ok(
        sbx_statefile_set_descriptor(setup_context.credentials_path, &open, &err), &err);
    sbx_descriptor_done(&open);
}

static void damage_shown(void)
{
    ck_assert_sbx_ok(sbx_regvalue_set(USER_LIST, OFFLINE, 1, &err), &err);
    ck_assert_sbx_ok(sbx_regvalue_delete(USER_LIST, ONLINE, &err), &err);
}

/* Its rights stay behind, under a SID that nobody has any more. */
static void damage_group_deleted(void)
{
    ck_assert_uint_eq(NetLocalGroupDel(NULL, L"" SBX_GROUP_NAME), 0);
}

static void damage_locked(void)
{
    if (doubles_present())
        doubles_set("user", ONLINE, "flags", "0x10211");
}

static void damage_expiry(void)
{
    if (!doubles_present())
        return;
    doubles_set("user", ONLINE, "account_expired", "1");
    doubles_set("user", OFFLINE, "password_expired", "1");
}

static const struct {
    const char *name;
    void (*damage)(void);
} damages[] = {{"user deleted", damage_user_deleted}, {"password", damage_password_changed},
    {"flags", damage_flags}, {"disabled", damage_disabled}, {"membership", damage_membership},
    {"right missing", damage_right_missing}, {"right more", damage_right_more},
    {"account right", damage_account_right}, {"file gone", damage_file_gone},
    {"file content", damage_file_content}, {"file descriptor", damage_file_descriptor},
    {"group deleted", damage_group_deleted}, {"shown", damage_shown}, {"expiry", damage_expiry},
    {"locked", damage_locked}};

START_TEST(damage__each__found_and_mended)
{
    char password[SBX_PASSWORD_SIZE];
    struct sbx_engine e = engine();
    bool found = false;
    size_t i;

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    keep();
    damages[_i].damage();
    ck_assert_sbx_ok(sbx_engine_examine(&e, states, &outcome, &err), &err);
    for (i = 0; i < countof(steps); i++)
        found = found || states[i] != SBX_STEP_PRESENT;
    ck_assert_msg(found || (_i >= (int)countof(damages) - 2 && !doubles_present()),
        "'%s' was not noticed", damages[_i].name);
    ck_assert_sbx_ok(build_as(SBX_SETUP_REPAIR, 0, 0), &err);
    ck_states(SBX_STEP_PRESENT);
    ck_account(OFFLINE, true);
    ck_account(ONLINE, true);
    ck_assert_sbx_ok(runner_logon(OFFLINE, password), &err);
    ck_assert_sbx_ok(runner_logon(ONLINE, password), &err);
    ck_assert_sbx_ok(sbx_logon_network_is_denied(ONLINE, password, &err), &err);
    keep();
    ck_assert_sbx_ok(take_away(), &err);
    ck_nothing_left();
}
END_TEST

START_TEST(damage__each_and_no_repair__uninstall_takes_all_away)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    keep();
    damages[_i].damage();
    ck_assert_sbx_ok(take_away(), &err);
    ck_nothing_left();
}
END_TEST

START_TEST(repair__one_password_lost__the_other_is_kept)
{
    char first[SBX_PASSWORD_SIZE], second[SBX_PASSWORD_SIZE];

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    keep();
    ck_assert_sbx_ok(runner_logon(ONLINE, first), &err);
    damage_password_changed();
    ck_assert_int_eq(runner_logon(OFFLINE, second), SBX_DENIED);
    ck_assert_sbx_ok(build_as(SBX_SETUP_REPAIR, 0, 0), &err);
    ck_assert_sbx_ok(runner_logon(OFFLINE, second), &err);
    ck_assert_sbx_ok(runner_logon(ONLINE, second), &err);
    ck_assert_str_eq(first, second);
}
END_TEST

START_TEST(stranger_in_the_group__taken_out_and_told)
{
    struct sbx_account_members members;
    USER_INFO_1 info = {0};
    struct sbx_account_facts facts;

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    keep();
    info.usri1_name = (wchar_t *)(uintptr_t)L"SbxStranger";
    info.usri1_password = (wchar_t *)(uintptr_t)L"Stranger-Pass-1";
    info.usri1_priv = USER_PRIV_USER;
    info.usri1_flags = UF_SCRIPT;
    NetUserAdd(NULL, 1, (LPBYTE)&info, NULL);
    ck_assert_sbx_ok(sbx_account_user_read("SbxStranger", &facts, &err), &err);
    ck_assert_sbx_ok(sbx_account_group_add(SBX_GROUP_NAME, &facts.sid, &err), &err);
    ck_assert_sbx_ok(build_as(SBX_SETUP_REPAIR, 0, 0), &err);
    ck_assert_sbx_ok(sbx_account_group_members(SBX_GROUP_NAME, &members, &err), &err);
    ck_assert_uint_eq(members.count, 2);
    ck_assert_uint_eq(setup_context.notes.count, 1);
    ck_assert_sbx_ok(sbx_account_user_read("SbxStranger", &facts, &err), &err);
    NetUserDel(NULL, L"SbxStranger");
}
END_TEST

START_TEST(accounts__two_of_each__made_and_all_removed)
{
    char password[SBX_PASSWORD_SIZE];

    DOUBLES_NEED();
    ck_assert_sbx_ok(build_as(SBX_SETUP_INSTALL, 2, 0), &err);
    ck_account(OFFLINE "2", true);
    ck_account(ONLINE "2", true);
    ck_assert_sbx_ok(runner_logon(ONLINE "2", password), &err);
    /* The record is lost, and nobody says how many there were: the journal does. */
    ck_assert_sbx_ok(take_away(), &err);
    ck_nothing_left();
}
END_TEST

/* --- what is not ours ---------------------------------------------------------------------------
 */

static void make_foreign_user(const wchar_t *name_w)
{
    USER_INFO_1 info = {0};

    info.usri1_name = (wchar_t *)(uintptr_t)name_w;
    info.usri1_password = (wchar_t *)(uintptr_t)L"Foreign-Pass-1";
    info.usri1_priv = USER_PRIV_USER;
    /* Our own comment proves nothing. */
    info.usri1_comment = (wchar_t *)(uintptr_t)L"Agent Sandbox: sandboxed commands run as this "
                                               L"account. Removed by sandbox-setup.";
    info.usri1_flags = UF_SCRIPT;
    ck_assert_uint_eq(NetUserAdd(NULL, 1, (LPBYTE)&info, NULL), 0);
}

START_TEST(foreign_account__before_install__nothing_is_changed)
{
    struct sbx_account_facts before, after;

    DOUBLES_NEED();
    make_foreign_user(L"" ONLINE);
    ck_assert_sbx_ok(sbx_account_user_read(ONLINE, &before, &err), &err);
    ck_assert_int_eq(build(), SBX_EXISTS);
    ck_assert(!outcome.changed);
    ck_assert_str_eq(setup_context.object, "account '" ONLINE "'");
    ck_assert_int_eq(sbx_account_user_read(OFFLINE, &after, &err), SBX_NOT_FOUND);
    ck_assert_sbx_ok(take_away(), &err);
    ck_assert_sbx_ok(sbx_account_user_read(ONLINE, &after, &err), &err);
    ck_assert(sbx_sid_equal(&before.sid, &after.sid) && before.flags == after.flags);
}
END_TEST

START_TEST(foreign_group__before_install__nothing_is_changed)
{
    struct sbx_account_facts facts;
    struct sbx_sid before, after;

    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_account_group_create(SBX_GROUP_NAME, "x", &before, &err), &err);
    ck_assert_int_eq(build(), SBX_EXISTS);
    ck_assert(!outcome.changed);
    ck_assert_int_eq(sbx_account_user_read(OFFLINE, &facts, &err), SBX_NOT_FOUND);
    ck_assert_sbx_ok(take_away(), &err);
    ck_assert_sbx_ok(sbx_account_group_read(SBX_GROUP_NAME, &after, &err), &err);
    ck_assert(sbx_sid_equal(&before, &after));
}
END_TEST

/* Ours was deleted, and an administrator made one of that name: neither adopted nor deleted. */
START_TEST(foreign_account__in_place_of_ours__neither_adopted_nor_deleted)
{
    struct sbx_account_facts before, after;

    DOUBLES_NEED();
    ck_assert_sbx_ok(build(), &err);
    if (_i == 0)
        keep(); /* with a record, and (1) with the journal alone */
    ck_assert_uint_eq(NetUserDel(NULL, L"" OFFLINE), 0);
    make_foreign_user(L"" OFFLINE);
    ck_assert_sbx_ok(sbx_account_user_read(OFFLINE, &before, &err), &err);
    ck_assert_int_eq(build_as(SBX_SETUP_REPAIR, 0, 0), SBX_EXISTS);
    ck_assert_sbx_ok(take_away(), &err);
    ck_assert_sbx_ok(sbx_account_user_read(OFFLINE, &after, &err), &err);
    ck_assert(sbx_sid_equal(&before.sid, &after.sid) && before.flags == after.flags);
    ck_assert_int_eq(sbx_account_user_read(ONLINE, &after, &err), SBX_NOT_FOUND);
}
END_TEST

/* No password is in anything but the sealed file. */
START_TEST(passwords__journal_and_errors__not_there)
{
    char password[2][SBX_PASSWORD_SIZE];
    struct sbx_buf journal;
    char path[400];
    char *state;
    size_t i;

    DOUBLES_NEED();
    sbx_buf_init(&journal, 1u << 20);
    ck_assert_sbx_ok(build(), &err);
    keep();
    ck_assert_sbx_ok(build_as(SBX_SETUP_ROTATE, 0, 0), &err);
    ck_assert_sbx_ok(runner_logon(OFFLINE, password[0]), &err);
    ck_assert_sbx_ok(runner_logon(ONLINE, password[1]), &err);
    snprintf(path, sizeof(path), "%s\\%s", setup_context.program_folder, SBX_JOURNAL_NAME);
    ck_assert_sbx_ok(sbx_statefile_read(path, SBX_STATEFILE_ANY, &journal, &err), &err);
    ck_assert_ptr_nonnull(strstr(journal.data, OFFLINE));
    for (i = 0; i < 2; i++) {
        ck_assert_uint_eq(strlen(password[i]), SBX_PASSWORD_LENGTH);
        ck_assert_ptr_null(strstr(journal.data, password[i]));
    }
    sbx_buf_done(&journal);
    if (!doubles_present())
        return;
    /* The double keeps passwords in its record of the user, and nowhere else: no argument. */
    doubles_set("user", OFFLINE, "password", "");
    state = doubles_state();
    ck_assert_ptr_nonnull(state);
    for (i = 0; i < 2; i++) {
        char *line = strtok(state, "\n");

        for (; line; line = strtok(NULL, "\n"))
            ck_assert(strstr(line, "\"kind\": \"user\"") || !strstr(line, password[i]));
        free(state);
        state = doubles_state();
    }
    free(state);
    sbx_setup_done(&setup_context);
    for (i = 0; i < sizeof(setup_context.secrets); i++)
        ck_assert_int_eq(((const char *)setup_context.secrets)[i], 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, build__empty_machine__everything_there_and_usable);
    tcase_add_test(tcase, build__twice__second_changes_nothing);
    tcase_add_test(tcase, second_operator__only_the_list_of_readers_changes);
    tcase_add_test(tcase, rotate__every_password_new_and_working);
    tcase_add_test(tcase, rotate__sealing_or_writing_fails__old_passwords_again);
    tcase_add_loop_test(tcase, damage__each__found_and_mended, 0, (int)countof(damages));
    tcase_add_loop_test(
        tcase, damage__each_and_no_repair__uninstall_takes_all_away, 0, (int)countof(damages));
    tcase_add_test(tcase, repair__one_password_lost__the_other_is_kept);
    tcase_add_test(tcase, stranger_in_the_group__taken_out_and_told);
    tcase_add_test(tcase, accounts__two_of_each__made_and_all_removed);
    tcase_add_test(tcase, foreign_account__before_install__nothing_is_changed);
    tcase_add_test(tcase, foreign_group__before_install__nothing_is_changed);
    tcase_add_loop_test(
        tcase, foreign_account__in_place_of_ours__neither_adopted_nor_deleted, 0, 2);
    tcase_add_test(tcase, passwords__journal_and_errors__not_there);
}

DOUBLES_MAIN("step_identity", add_tests)
