/* toolhome: what a folder on PATH gives, and what is never given. */
#include "shared/core/toolhome.h"

#include <stdio.h>

#include "shared/core/winpath.h"
#include "tests/support/unit.h"

#define ME "C:\\Users\\me"

static const struct home_row {
    const char *on_path;
    const char *homes; /* below the profile, ';' between; "" = none */
} homes[] = {
    {ME "\\.cargo\\bin", ".cargo\\bin;.rustup"},
    {ME "\\.CARGO\\Bin", ".CARGO\\Bin;.rustup"},
    {ME "\\.cargo", ""},
    {ME "\\.cargo\\bin2", ""},
    {ME "\\scoop\\shims", "scoop\\shims;scoop\\apps"},
    {ME "\\scoop\\apps\\git\\current\\bin", "scoop\\apps\\git"},
    {ME "\\scoop", ""},
    {ME "\\AppData\\Roaming\\npm", "AppData\\Roaming\\npm"},
    {ME "\\AppData\\Roaming\\nvm\\v20.1.0", "AppData\\Roaming\\nvm"},
    {ME "\\AppData\\Local\\Programs\\Python\\Python312",
        "AppData\\Local\\Programs\\Python\\Python312"},
    {ME "\\AppData\\Local\\Programs\\Python\\Python312\\Scripts",
        "AppData\\Local\\Programs\\Python\\Python312"},
    {ME "\\AppData\\Local\\Programs\\Microsoft VS Code\\bin",
        "AppData\\Local\\Programs\\Microsoft VS Code"},
    {ME "\\AppData\\Local\\Programs", ""},
    {ME "\\AppData\\Local\\Microsoft\\WindowsApps", ""},
    {ME "\\go\\bin", "go\\bin"},
    {ME "\\sdk\\go1.22.1\\bin", "sdk\\go1.22.1"},
    {ME "\\miniconda3\\Library\\bin", "miniconda3"},
    {ME "\\bin", ""},
    {ME "\\Documents", ""},
    {ME "", ""},
    {"C:\\Users\\other\\.cargo\\bin", ""},
    {"C:\\Users", ""},
    {"C:\\Windows\\system32", ""},
    {"D:\\tools\\.cargo\\bin", ""},
};

START_TEST(toolhome__path_directory__gives_its_row)
{
    const struct home_row *row = &homes[_i];
    struct sbx_strings found = {0};
    const char *at = row->homes;
    struct sbx_error err;
    size_t count = 0;

    ck_assert_sbx_ok(sbx_toolhome_find(ME, row->on_path, &found, &err), &err);
    for (; *at; count++) {
        size_t length = strcspn(at, ";");
        char wanted[200];

        snprintf(wanted, sizeof(wanted), ME "\\%.*s", (int)length, at);
        ck_assert_msg(count < found.count, "'%s' lacks '%s'", row->on_path, wanted);
        ck_assert_str_eq(found.items[count], wanted);
        at += length + (at[length] == ';');
    }
    ck_assert_msg(found.count == count, "'%s' gives %zu", row->on_path, found.count);
    sbx_strings_done(&found);
}
END_TEST

START_TEST(toolhome__twice__is_found_once)
{
    struct sbx_strings found = {0};
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_toolhome_find(ME, ME "\\.cargo\\bin", &found, &err), &err);
    ck_assert_sbx_ok(sbx_toolhome_find(ME, ME "\\.cargo\\BIN", &found, &err), &err);
    ck_assert_uint_eq(found.count, 2);
    ck_assert_sbx_ok(sbx_toolhome_find(NULL, ME "\\.cargo\\bin", &found, &err), &err);
    ck_assert_uint_eq(found.count, 2);
    sbx_strings_done(&found);
}
END_TEST

static const struct denied_row {
    const char *path;
    const char *place; /* NULL: may be given */
} places[] = {
    {ME "\\.ssh", ".ssh"},
    {ME "\\.SSH\\keys", ".ssh"},
    {ME "\\.config\\gh", ".config"},
    {ME "\\.cargo", ".cargo\\credentials"}, /* holds it */
    {ME "\\AppData", "AppData\\Roaming\\gcloud"},
    {ME "\\AppData\\Roaming\\Microsoft\\Protect", "AppData\\Roaming\\Microsoft\\Protect"},
    {ME "\\AppData\\Local\\Google\\Chrome\\User Data\\Default",
        "AppData\\Local\\Google\\Chrome\\User Data"},
    {ME "\\AppData\\Local\\AgentSandbox\\ledger", "AppData\\Local\\AgentSandbox"},
    {ME "\\.sshx", NULL},
    {ME "\\.cargo\\bin", NULL},
    {ME "\\src\\.ssh", NULL},
    {"D:\\.ssh", NULL},
    {"C:\\Users\\other\\.ssh", NULL},
};

START_TEST(toolhome__secret_place__is_denied)
{
    const struct denied_row *row = &places[_i];
    const char *place = sbx_toolhome_denied(ME, row->path);

    if (!row->place)
        ck_assert_msg(!place, "'%s' is denied for '%s'", row->path, place);
    else
        ck_assert_msg(place && !strcmp(place, row->place), "'%s': '%s'", row->path,
            place ? place : "not denied");
}
END_TEST

/* Whatever row gives it: no home is, holds or lies in a secret place, and none is the profile. */
START_TEST(toolhome__no_row__gives_a_secret)
{
    const struct home_row *row = &homes[_i];
    struct sbx_strings found = {0};
    struct sbx_error err;
    size_t i;

    ck_assert_sbx_ok(sbx_toolhome_find(ME, row->on_path, &found, &err), &err);
    for (i = 0; i < found.count; i++) {
        ck_assert_ptr_null(sbx_toolhome_denied(ME, found.items[i]));
        ck_assert(sbx_winpath_is_inside(ME, found.items[i]));
        ck_assert(!sbx_winpath_equal(ME, found.items[i]));
    }
    sbx_strings_done(&found);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, toolhome__path_directory__gives_its_row, 0, (int)countof(homes));
    tcase_add_test(tcase, toolhome__twice__is_found_once);
    tcase_add_loop_test(tcase, toolhome__secret_place__is_denied, 0, (int)countof(places));
    tcase_add_loop_test(tcase, toolhome__no_row__gives_a_secret, 0, (int)countof(homes));
}

UNIT_MAIN("toolhome", add_tests)
