/* winpath: one spelling per path, nothing that Windows redirects, "inside" never fooled. */
#include "shared/core/winpath.h"

#include <stdio.h>

#include "tests/support/unit.h"

#define GUID_UPPER "{0AB1C2D3-0000-1111-2222-ABCDEF012345}"
#define GUID_LOWER "{0ab1c2d3-0000-1111-2222-abcdef012345}"

struct kind_row {
    const char *path;
    enum sbx_winpath_kind kind;
};

static const struct kind_row kind_rows[] = {
    {"", SBX_WINPATH_EMPTY},
    {"a", SBX_WINPATH_RELATIVE},
    {"..\\a", SBX_WINPATH_RELATIVE},
    {"1:\\a", SBX_WINPATH_RELATIVE},
    {"\xC3\x84:\\a", SBX_WINPATH_RELATIVE},
    {"C:", SBX_WINPATH_DRIVE_RELATIVE},
    {"C:a", SBX_WINPATH_DRIVE_RELATIVE},
    {"\\a", SBX_WINPATH_ROOTED},
    {"/", SBX_WINPATH_ROOTED},
    {"c:/", SBX_WINPATH_DRIVE},
    {"Z:\\a", SBX_WINPATH_DRIVE},
    {"\\\\s\\h", SBX_WINPATH_UNC},
    {"//s/h", SBX_WINPATH_UNC},
    {"\\/s\\h", SBX_WINPATH_UNC},
    {"\\\\", SBX_WINPATH_UNC},
    {"\\\\?\\C:\\", SBX_WINPATH_VERBATIM_DRIVE},
    {"\\\\?\\C:", SBX_WINPATH_VERBATIM_OTHER},
    {"\\\\?\\C:/a", SBX_WINPATH_VERBATIM_OTHER},
    {"\\\\?\\unc\\s\\h", SBX_WINPATH_VERBATIM_UNC},
    {"\\\\?\\Volume" GUID_UPPER "\\", SBX_WINPATH_VOLUME},
    {"\\\\?\\VOLUME" GUID_LOWER "\\a", SBX_WINPATH_VOLUME},
    {"\\\\?\\Volume" GUID_LOWER, SBX_WINPATH_VERBATIM_OTHER},
    {"\\\\?\\Volume{0ab1c2d3}\\", SBX_WINPATH_VERBATIM_OTHER},
    {"\\\\?\\GLOBALROOT\\Device\\Null", SBX_WINPATH_GLOBALROOT},
    {"\\\\?\\globalroot", SBX_WINPATH_GLOBALROOT},
    {"\\\\?\\HarddiskVolume1\\a", SBX_WINPATH_VERBATIM_OTHER},
    {"\\\\?\\", SBX_WINPATH_VERBATIM_OTHER},
    {"\\\\.\\C:", SBX_WINPATH_DEVICE},
    {"\\\\.\\pipe\\x", SBX_WINPATH_DEVICE},
    {"//./nul", SBX_WINPATH_DEVICE},
    {"//?/C:/a", SBX_WINPATH_DEVICE},
    {"\\\\?/C:\\a", SBX_WINPATH_DEVICE},
    {"\\\\.", SBX_WINPATH_DEVICE},
    {"\\\\?", SBX_WINPATH_DEVICE},
    {"\\?\?\\C:\\a", SBX_WINPATH_NT},
    {"/?\?/C:\\a", SBX_WINPATH_NT},
};

START_TEST(winpath__classify__by_prefix)
{
    const struct kind_row *row = &kind_rows[_i];

    ck_assert_msg(sbx_winpath_classify(row->path) == row->kind, "%s: %s", row->path,
        sbx_winpath_kind_name(sbx_winpath_classify(row->path)));
}
END_TEST

struct normal_row {
    const char *path;
    const char *want;
};

static const struct normal_row normal_rows[] = {
    {"c:\\", "C:\\"},
    {"C:/", "C:\\"},
    {"c:\\a", "C:\\a"},
    {"C:\\a\\", "C:\\a"},
    {"C:\\a//\\b/", "C:\\a\\b"},
    {"C:\\.\\a\\.\\b", "C:\\a\\b"},
    {"C:\\a\\..\\b", "C:\\b"},
    {"C:\\a\\b\\..\\..", "C:\\"},
    {"C:\\a\\...b", "C:\\a\\...b"},
    {"C:\\.git\\a.b.c", "C:\\.git\\a.b.c"},
    {"C:\\ lead", "C:\\ lead"},
    {"C:\\null\\com\\com0\\com10\\conx\\lpt\\auxx.y",
        "C:\\null\\com\\com0\\com10\\conx\\lpt\\auxx.y"},
    {"C:\\\xC3\xA4\\\xF0\x9F\x98\x80", "C:\\\xC3\xA4\\\xF0\x9F\x98\x80"},
    {"\\\\s\\h", "\\\\s\\h\\"},
    {"//S/h/", "\\\\S\\h\\"},
    {"\\\\s\\c$\\a\\..\\b", "\\\\s\\c$\\b"},
    {"\\\\?\\c:\\", "C:\\"},
    {"\\\\?\\c:\\a\\b\\", "C:\\a\\b"},
    {"\\\\?\\UNC\\s\\h\\a", "\\\\s\\h\\a"},
    {"\\\\?\\unc\\s\\h", "\\\\s\\h\\"},
    {"\\\\?\\VOLUME" GUID_UPPER "\\Ab", "\\\\?\\Volume" GUID_LOWER "\\Ab"},
    {"\\\\?\\Volume" GUID_LOWER "\\", "\\\\?\\Volume" GUID_LOWER "\\"},
};

START_TEST(winpath__normalise__one_spelling)
{
    const struct normal_row *row = &normal_rows[_i];
    char *path = NULL, *again = NULL;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_winpath_normalise(row->path, &path, NULL, &err), &err);
    ck_assert_str_eq(path, row->want);
    ck_assert(sbx_winpath_is_normal(path));
    ck_assert_sbx_ok(sbx_winpath_normalise(path, &again, NULL, &err), &err);
    ck_assert_str_eq(again, path);
    ck_assert(sbx_winpath_is_normal(row->path) == (strcmp(row->path, row->want) == 0));
    free(path);
    free(again);
}
END_TEST

struct bad_row {
    const char *path;
    const char *want; /* part of the error */
};

static const struct bad_row bad_rows[] = {
    {"", "empty path"},
    {"a\\b", "relative path"},
    {"C:a", "drive-relative"},
    {"C:", "drive-relative"},
    {"\\a", "path on the current drive"},
    {"\\\\.\\C:\\a", "device path"},
    {"\\\\.\\pipe\\x", "device path"},
    {"//?/C:/a", "device path"},
    {"\\?\?\\C:\\a", "NT path"},
    {"\\\\?\\GLOBALROOT\\Device\\HarddiskVolume1\\a", "GLOBALROOT"},
    {"\\\\?\\C:", "verbatim device"},
    {"\\\\?\\Volume" GUID_LOWER, "verbatim device"},
    {"C:\\..", "above the root"},
    {"C:\\a\\..\\..\\b", "above the root"},
    {"\\\\s\\h\\..\\x", "above the root"},
    {"\\\\s", "empty component"},
    {"\\\\s\\", "share"},
    {"\\\\\\s\\h", "server"},
    {"\\\\..\\h", "server"},
    {"\\\\s\\..\\h", "share"},
    {"\\\\s\\pipe\\x", "pipes"},
    {"\\\\s\\IPC$", "pipes"},
    {"//s/PIPE/x", "pipes"},
    {"\\\\?\\UNC\\s\\Pipe\\x", "pipes"},
    {"\\\\?\\C:\\a\\..\\b", "Windows drops"},
    {"\\\\?\\C:\\a\\.", "Windows drops"},
    {"\\\\?\\C:\\a/b", "cannot have"},
    {"\\\\?\\C:\\a\\\\b", "empty component"},
    {"\\\\?\\C:\\\\", "empty component"},
    {"C:\\a:b", "alternate streams"},
    {"C:\\a::$DATA", "alternate streams"},
    {"C:\\a:$I30:$INDEX_ALLOCATION\\b", "alternate streams"},
    {"C:\\C:\\a", "alternate streams"},
    {"C:\\a.", "Windows drops"},
    {"C:\\a ", "Windows drops"},
    {"C:\\a \\b", "Windows drops"},
    {"C:\\a. .\\b", "Windows drops"},
    {"C:\\...", "Windows drops"},
    {"C:\\.. \\b", "Windows drops"},
    {"C:\\a\x01", "control character"},
    {"C:\\a\nb", "control character"},
    {"C:\\a*", "cannot have"},
    {"C:\\a?", "cannot have"},
    {"C:\\<a", "cannot have"},
    {"C:\\a>", "cannot have"},
    {"C:\\a\"", "cannot have"},
    {"C:\\a|b", "cannot have"},
    {"C:\\nul", "reserved"},
    {"C:\\NUL.txt", "reserved"},
    {"C:\\a\\CoN\\b", "reserved"},
    {"C:\\prn.a.b", "reserved"},
    {"C:\\aux .txt", "reserved"},
    {"C:\\com1", "reserved"},
    {"C:\\LPT9.log", "reserved"},
    {"C:\\com\xC2\xB9", "reserved"},
    {"C:\\lpt\xC2\xB2.x", "reserved"},
    {"C:\\COM\xC2\xB3", "reserved"},
    {"C:\\conin$", "reserved"},
    {"C:\\CONOUT$", "reserved"},
    {"C:\\nul\\..\\a", "reserved"},
    {"C:\\a\xC0\xAE\xC0\xAE\\b", "ill-formed"},
    {"C:\\\xED\xA0\x80", "ill-formed"},
};

START_TEST(winpath__normalise__refuses_other_spellings)
{
    const struct bad_row *row = &bad_rows[_i];
    struct sbx_error err;
    char *path = NULL;

    ck_assert_msg(
        sbx_winpath_normalise(row->path, &path, NULL, &err) == SBX_INVALID, "%s", row->path);
    ck_assert_ptr_null(path);
    ck_assert_msg(strstr(err.context, row->want) != NULL, "%s: %s", row->path, err.context);
    ck_assert_int_eq(strncmp(err.context, "path '", 6), 0);
    ck_assert(!sbx_winpath_is_normal(row->path));
    ck_assert(!sbx_winpath_is_inside("C:\\", row->path));
    ck_assert(!sbx_winpath_is_inside(row->path, row->path));
}
END_TEST

START_TEST(winpath__length__limits_in_utf16_units)
{
    char name[1024] = "C:\\", *path = NULL;
    char *large = malloc(80000);
    struct sbx_error err;
    size_t i;

    ck_assert_ptr_nonnull(large);
    for (i = 0; i < 255; i++)
        memcpy(name + 3 + 2 * i, "\xC3\xA4", 3);
    ck_assert_sbx_ok(sbx_winpath_normalise(name, &path, NULL, &err), &err);
    free(path);
    path = NULL;
    memcpy(name + 3 + 2 * i, "x", 2);
    ck_assert_int_eq(sbx_winpath_normalise(name, &path, NULL, &err), SBX_INVALID);
    /* 128 pairs are 256 units. */
    for (i = 0; i < 128; i++)
        memcpy(name + 3 + 4 * i, "\xF0\x9F\x98\x80", 5);
    ck_assert_int_eq(sbx_winpath_normalise(name, &path, NULL, &err), SBX_INVALID);
    memcpy(large, "C:", 3);
    for (i = 0; i < 16382; i++)
        memcpy(large + 2 + 2 * i, "\\a", 3);
    ck_assert_sbx_ok(sbx_winpath_normalise(large, &path, NULL, &err), &err);
    ck_assert_uint_eq(strlen(path), SBX_WINPATH_MAX_CCH);
    ck_assert_int_eq(sbx_winpath_join(path, "b", &large, &err), SBX_INVALID);
    free(path);
    path = NULL;
    memcpy(large + 2 + 2 * i, "x", 2);
    ck_assert_int_eq(sbx_winpath_normalise(large, &path, NULL, &err), SBX_INVALID);
    ck_assert_msg(strstr(err.context, "longer than 32766") != NULL, "%s", err.context);
    ck_assert_ptr_null(path);
    free(large);
}
END_TEST

START_TEST(winpath__short_names__are_flagged)
{
    static const char *const yes[] = {
        "C:\\PROGRA~1", "C:\\a\\LONGNA~2.TXT\\b", "C:\\x~1", "\\\\s\\h\\A~10", "C:\\a~b~1"};
    static const char *const no[] = {
        "C:\\a", "C:\\~", "C:\\a~b", "C:\\longername~1", "C:\\x~1.html", "C:\\PROGRA~1\\..\\x"};
    struct sbx_error err;
    char *path = NULL;
    bool is_short;
    size_t i;

    for (i = 0; i < countof(yes); i++) {
        is_short = false;
        ck_assert_sbx_ok(sbx_winpath_normalise(yes[i], &path, &is_short, &err), &err);
        ck_assert_msg(is_short, "%s", yes[i]);
        free(path);
    }
    for (i = 0; i < countof(no); i++) {
        is_short = true;
        ck_assert_sbx_ok(sbx_winpath_normalise(no[i], &path, &is_short, &err), &err);
        ck_assert_msg(!is_short, "%s", no[i]);
        free(path);
    }
}
END_TEST

struct inside_row {
    const char *root;
    const char *path;
    bool inside;
};

static const struct inside_row inside_rows[] = {
    {"C:\\root", "C:\\root", true},
    {"C:\\root", "C:\\ROOT\\a", true},
    {"C:\\root", "C:\\root\\a\\b", true},
    {"C:\\", "C:\\a", true},
    {"C:\\", "C:\\", true},
    {"\\\\s\\h\\", "\\\\S\\H\\a", true},
    {"\\\\?\\Volume" GUID_LOWER "\\", "\\\\?\\Volume" GUID_LOWER "\\a", true},
    {"C:\\root", "C:\\rootx", false},
    {"C:\\root", "C:\\rootx\\a", false},
    {"C:\\root", "C:\\root.x", false},
    {"C:\\root", "C:\\roo", false},
    {"C:\\root", "C:\\", false},
    {"C:\\root\\a", "C:\\root", false},
    {"C:\\root", "D:\\root\\a", false},
    {"\\\\s\\h\\", "\\\\s\\hx\\a", false},
    {"\\\\s\\h\\", "\\\\sx\\h\\a", false},
    /* Not normal: false, whatever they say. */
    {"C:\\root", "C:\\root\\..\\x", false},
    {"C:\\root", "C:\\root\\", false},
    {"C:\\root\\", "C:\\root\\a", false},
    {"C:\\root", "C:/root/a", false},
    {"c:\\root", "c:\\root\\a", false},
    {"C:\\root", "\\\\?\\C:\\root\\a", false},
    {"C:\\root", "C:\\root\\\\a", false},
    {"C:\\root", "C:\\root\\a:s", false},
    {"", "C:\\a", false},
    {"", "", false},
    {"C:", "C:\\a", false},
    {"\\\\s", "\\\\s\\h\\a", false},
    {"\\\\s\\h", "\\\\s\\h\\a", false},
    {"\\\\s\\pipe\\", "\\\\s\\pipe\\a", false},
};

START_TEST(winpath__is_inside__never_fooled)
{
    const struct inside_row *row = &inside_rows[_i];

    ck_assert_msg(sbx_winpath_is_inside(row->root, row->path) == row->inside, "'%s' in '%s'",
        row->path, row->root);
}
END_TEST

START_TEST(winpath__resolve__against_a_base)
{
    static const struct {
        const char *base, *path, *want;
    } rows[] = {
        {"C:\\w", "a", "C:\\w\\a"},
        {"C:\\w", "..\\a", "C:\\a"},
        {"C:\\w", ".", "C:\\w"},
        {"C:\\w\\x", "/a/b", "C:\\a\\b"},
        {"C:\\", "a", "C:\\a"},
        {"C:\\w", "d:/x", "D:\\x"},
        {"\\\\s\\h\\w", "\\a", "\\\\s\\h\\a"},
        {"\\\\?\\Volume" GUID_LOWER "\\w", "../a/b", "\\\\?\\Volume" GUID_LOWER "\\a\\b"},
    };
    struct sbx_error err;
    char *path = NULL;
    size_t i;

    for (i = 0; i < countof(rows); i++) {
        ck_assert_sbx_ok(sbx_winpath_resolve(rows[i].base, rows[i].path, &path, NULL, &err), &err);
        ck_assert_str_eq(path, rows[i].want);
        free(path);
    }
    path = NULL;
    ck_assert_int_eq(sbx_winpath_resolve("C:\\w", "..\\..\\a", &path, NULL, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_resolve("C:\\w", "C:a", &path, NULL, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_resolve("C:\\w", "a:b", &path, NULL, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_resolve("C:\\w", "", &path, NULL, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_resolve("C:/w", "a", &path, NULL, &err), SBX_INTERNAL);
    ck_assert_ptr_null(path);
}
END_TEST

START_TEST(winpath__parts__of_normal_paths)
{
    struct sbx_error err;
    char *path = NULL;

    ck_assert_sbx_ok(sbx_winpath_parent("C:\\a\\b", &path, &err), &err);
    ck_assert_str_eq(path, "C:\\a");
    free(path);
    ck_assert_sbx_ok(sbx_winpath_parent("C:\\a", &path, &err), &err);
    ck_assert_str_eq(path, "C:\\");
    free(path);
    ck_assert_sbx_ok(sbx_winpath_parent("\\\\s\\h\\a", &path, &err), &err);
    ck_assert_str_eq(path, "\\\\s\\h\\");
    free(path);
    path = NULL;
    ck_assert_int_eq(sbx_winpath_parent("C:\\", &path, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_parent("C:\\a\\", &path, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_join("C:\\", "..", &path, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_join("C:\\", "a\\b", &path, &err), SBX_INVALID);
    ck_assert_int_eq(sbx_winpath_join("C:", "a", &path, &err), SBX_INVALID);
    ck_assert_ptr_null(path);
    ck_assert_sbx_ok(sbx_winpath_join("C:\\", "a", &path, &err), &err);
    ck_assert_str_eq(path, "C:\\a");
    free(path);
    ck_assert_sbx_ok(sbx_winpath_join("\\\\s\\h\\a", "b", &path, &err), &err);
    ck_assert_str_eq(path, "\\\\s\\h\\a\\b");
    free(path);
    ck_assert_str_eq(sbx_winpath_base_name("C:\\a\\b.c"), "b.c");
    ck_assert_str_eq(sbx_winpath_base_name("C:\\"), "");
    ck_assert_str_eq(sbx_winpath_extension("C:\\a.x\\b"), "");
    ck_assert_str_eq(sbx_winpath_extension("C:\\b.tar.gz"), ".gz");
    ck_assert_str_eq(sbx_winpath_extension("C:\\.git"), "");
    ck_assert(sbx_winpath_is_volume_root("C:\\") && sbx_winpath_is_volume_root("\\\\s\\h\\"));
    ck_assert(!sbx_winpath_is_volume_root("C:\\a") && !sbx_winpath_is_volume_root("C:"));
    ck_assert(!sbx_winpath_is_volume_root("c:\\") && !sbx_winpath_is_volume_root("\\\\s\\h"));
    ck_assert(sbx_winpath_is_volume_root("\\\\?\\Volume" GUID_LOWER "\\"));
    ck_assert(sbx_winpath_equal("C:\\A", "C:\\a") && !sbx_winpath_equal("C:\\a", "C:\\a\\"));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_loop_test(tcase, winpath__classify__by_prefix, 0, (int)countof(kind_rows));
    tcase_add_loop_test(tcase, winpath__normalise__one_spelling, 0, (int)countof(normal_rows));
    tcase_add_loop_test(
        tcase, winpath__normalise__refuses_other_spellings, 0, (int)countof(bad_rows));
    tcase_add_test(tcase, winpath__length__limits_in_utf16_units);
    tcase_add_test(tcase, winpath__short_names__are_flagged);
    tcase_add_loop_test(tcase, winpath__is_inside__never_fooled, 0, (int)countof(inside_rows));
    tcase_add_test(tcase, winpath__resolve__against_a_base);
    tcase_add_test(tcase, winpath__parts__of_normal_paths);
}

UNIT_MAIN("winpath", add_tests)
