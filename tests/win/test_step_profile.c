/*
 * Where repair-owner finds profiles: stored texts put in full without the environment, and the
 * machine's own entries, of both registry types. Writing entries needs an administrator.
 */
#include "tests/support/win/doubles.h"

#include "setup/profilepath.h"
#include "shared/win/sid.h"

#include <stdio.h>

#define LIST "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\ProfileList"
#define NOBODY "S-1-5-21-94-95-96-4242"

static struct sbx_error err;
static char *path;

static void setup(void)
{
    sbx_error_init(&err);
    path = NULL;
}

static void teardown(void)
{
    free(path);
    RegDeleteKeyExW(HKEY_LOCAL_MACHINE, L"" LIST "\\" NOBODY, KEY_WOW64_64KEY, 0);
}

static const struct {
    const char *stored, *windows;
    const char *path; /* NULL: refused */
} texts[] = {
    {"C:\\Users\\anna", "C:\\Windows", "C:\\Users\\anna"},
    {"c:\\Users\\anna\\", "C:\\Windows", "C:\\Users\\anna"},
    {"%SystemDrive%\\Users\\anna", "D:\\Windows", "D:\\Users\\anna"},
    {"%systemdrive%\\Users", "D:\\WINNT", "D:\\Users"},
    {"%SystemRoot%\\system32\\config\\systemprofile", "D:\\WINNT",
        "D:\\WINNT\\system32\\config\\systemprofile"},
    {"%USERPROFILE%", "C:\\Windows", NULL},
    {"%SystemDrive%\\%USERNAME%", "C:\\Windows", NULL},
    {"%SystemDrive%%SystemDrive%\\Users", "C:\\Windows", NULL},
    {"C:\\Users\\%USERNAME%", "C:\\Windows", NULL},
    {"%SystemDrive%", "C:\\Windows", NULL}, /* "C:" is relative to a hidden folder */
    {"%SystemDrive%Users", "C:\\Windows", NULL},
    {"Users\\anna", "C:\\Windows", NULL},
    {"\\\\server\\profiles\\anna", "C:\\Windows", NULL},
    {"", "C:\\Windows", NULL},
};

START_TEST(expand__row__as_listed_and_nothing_of_the_environment)
{
    enum sbx_status status;

    SetEnvironmentVariableW(L"SystemDrive", L"X:");
    SetEnvironmentVariableW(L"SystemRoot", L"X:\\planted");
    status = sbx_profile_expand(texts[_i].stored, texts[_i].windows, &path, &err);
    if (!texts[_i].path) {
        ck_assert_int_eq(status, SBX_INVALID);
        ck_assert_ptr_null(path);
        return;
    }
    ck_assert_sbx_ok(status, &err);
    ck_assert_str_eq(path, texts[_i].path);
}
END_TEST

START_TEST(profile__of_this_user__lies_in_the_folder_of_all)
{
    struct sbx_sid me;
    char *all = NULL;

    ck_assert_sbx_ok(sbx_sid_of_current_user(&me, &err), &err);
    ck_assert_sbx_ok(sbx_profile_path(&me, &path, &err), &err);
    ck_assert_sbx_ok(sbx_profile_directory(&all, &err), &err);
    ck_assert(!_strnicmp(path, all, strlen(all)) && path[strlen(all)] == '\\');
    free(all);
}
END_TEST

START_TEST(profile__of_nobody__not_found)
{
    struct sbx_sid sid;

    ck_assert_sbx_ok(sbx_sid_parse(NOBODY, &sid, &err), &err);
    ck_assert_int_eq(sbx_profile_path(&sid, &path, &err), SBX_NOT_FOUND);
}
END_TEST

/* Windows stores REG_EXPAND_SZ; asked for by that type, RegGetValueW fails with 87 before it looks.
 */
START_TEST(profile__each_registry_type__read)
{
    static const struct {
        DWORD type;
        enum sbx_status status;
    } types[] = {{REG_SZ, SBX_OK}, {REG_EXPAND_SZ, SBX_OK}, {REG_BINARY, SBX_INVALID},
        {REG_MULTI_SZ, SBX_INVALID}};
    static const wchar_t text_w[] = L"C:\\Users\\nobody";
    struct sbx_sid sid;
    HKEY key = NULL;

    if (RegCreateKeyExW(HKEY_LOCAL_MACHINE, L"" LIST "\\" NOBODY, 0, NULL, 0,
            KEY_WRITE | KEY_WOW64_64KEY, NULL, &key, NULL)) {
        doubles_skip(__func__, "HKEY_LOCAL_MACHINE is not writable with this token");
        return;
    }
    RegSetValueExW(
        key, L"ProfileImagePath", 0, types[_i].type, (const BYTE *)text_w, sizeof(text_w));
    RegCloseKey(key);
    ck_assert_sbx_ok(sbx_sid_parse(NOBODY, &sid, &err), &err);
    ck_assert_int_eq(sbx_profile_path(&sid, &path, &err), types[_i].status);
    if (!types[_i].status)
        ck_assert_str_eq(path, "C:\\Users\\nobody");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(
        tcase, expand__row__as_listed_and_nothing_of_the_environment, 0, (int)countof(texts));
    tcase_add_test(tcase, profile__of_this_user__lies_in_the_folder_of_all);
    tcase_add_test(tcase, profile__of_nobody__not_found);
    tcase_add_loop_test(tcase, profile__each_registry_type__read, 0, 4);
}

DOUBLES_MAIN("profile", add_tests)
