/*
 * Descriptors of real objects. Registry keys and events keep theirs on every platform; files do
 * not on stock Wine, where the read-back proof must therefore fail.
 */
#include "tests/support/unit.h"
#include "tests/support/win/scratch.h"
#include "shared/win/acl.h"
#include "shared/win/file.h"
#include "shared/win/handle.h"
#include "shared/win/sd.h"
#include "shared/win/sid.h"

#define KEY_NAME L"Software\\sbx-test-acl"

static struct sbx_error err;
static const struct sbx_sid cap_sid = {5, 5, {21, 11, 22, 33, 0x80000044u}};
static struct sbx_sid user_sid;
static HKEY key;
static HANDLE event;
static struct sbx_descriptor d;
static struct sbx_acl_counts counts;

static void setup(void)
{
    DWORD disposition = 0;

    sbx_error_init(&err);
    memset(&d, 0, sizeof(d));
    memset(&counts, 0, sizeof(counts));
    scratch_begin();
    ck_assert_sbx_ok(sbx_sid_of_current_user(&user_sid, &err), &err);
    RegDeleteKeyW(HKEY_CURRENT_USER, KEY_NAME);
    ck_assert_int_eq(RegCreateKeyExW(HKEY_CURRENT_USER, KEY_NAME, 0, NULL, REG_OPTION_VOLATILE,
                         KEY_ALL_ACCESS, NULL, &key, &disposition),
        0);
    event = CreateEventW(NULL, TRUE, FALSE, NULL);
    ck_assert_ptr_nonnull(event);
}

static void teardown(void)
{
    sbx_descriptor_done(&d);
    sbx_handle_close(&event);
    RegCloseKey(key);
    RegDeleteKeyW(HKEY_CURRENT_USER, KEY_NAME);
    scratch_end();
}

/* Rights that no generic mapping changes, valid for keys and events alike. */
static void make_wanted(uint16_t control)
{
    const struct sbx_ace aces[] = {
        sbx_ace_make(SBX_ACE_DENY, SBX_ACE_OI | SBX_ACE_CI, SBX_DELETE, &cap_sid),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 0x000F003F, &user_sid),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 0x000F003F, &sbx_sid_system),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_CI | SBX_ACE_IO, SBX_READ_CONTROL, &cap_sid),
    };
    size_t i;

    d.control = control;
    for (i = 0; i < countof(aces); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, i, &aces[i], &err), &err);
}

static void ck_round_trip(HANDLE handle)
{
    struct sbx_descriptor now = {0};

    ck_assert_sbx_ok(sbx_acl_set_dacl(handle, &d, &counts, &err), &err);
    ck_assert_sbx_ok(sbx_acl_get(handle, &counts, &now, &err), &err);
    ck_assert(sbx_acl_same_aces(&now.dacl, &d.dacl));
    ck_assert(now.has_owner);
    sbx_descriptor_done(&now);
}

START_TEST(key__set_dacl__read_back_exactly)
{
    make_wanted(0);
    ck_round_trip((HANDLE)key);
    ck_assert_uint_eq(counts.writes, 1);
    ck_assert_uint_eq(counts.proofs, 1);
    ck_assert_uint_eq(counts.reads, 1);
}
END_TEST

START_TEST(event__protected_and_auto_inherited__kept)
{
    struct sbx_descriptor now = {0};

    make_wanted(SBX_SD_DACL_PROTECTED | SBX_SD_DACL_AUTO_INHERITED);
    ck_round_trip(event);
    ck_assert_sbx_ok(sbx_acl_get(event, NULL, &now, &err), &err);
    ck_assert_uint_eq(now.control & (SBX_SD_DACL_PROTECTED | SBX_SD_DACL_AUTO_INHERITED),
        SBX_SD_DACL_PROTECTED | SBX_SD_DACL_AUTO_INHERITED);
    sbx_descriptor_done(&now);
}
END_TEST

START_TEST(event__null_and_empty_dacl__kept_apart)
{
    d.dacl.kind = SBX_ACL_NULL;
    ck_round_trip(event);
    d.dacl.kind = SBX_ACL_LIST; /* nobody; we still hold the handle */
    ck_round_trip(event);
}
END_TEST

START_TEST(set__absent_dacl__refused)
{
    ck_assert_int_eq(sbx_acl_set_dacl(event, &d, &counts, &err), SBX_INVALID);
    ck_assert_uint_eq(counts.writes, 0);
}
END_TEST

START_TEST(key__merge_and_remove__descriptor_as_before)
{
    const struct sbx_ace ours[] = {
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_CI, 0x00020019, &cap_sid),
        sbx_ace_make(SBX_ACE_DENY, 0, SBX_DELETE, &cap_sid),
    };
    struct sbx_descriptor before = {0}, after = {0};
    size_t added = 0;

    /* A key has no descriptor of its own on Wine until it is set once. */
    make_wanted(0);
    ck_assert_uint_eq(sbx_acl_remove_sid(&d.dacl, &cap_sid), 2);
    ck_round_trip((HANDLE)key);
    ck_assert_sbx_ok(sbx_acl_get((HANDLE)key, NULL, &before, &err), &err);
    sbx_descriptor_done(&d);
    ck_assert_sbx_ok(sbx_descriptor_copy(&before, &d, &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&d.dacl, ours, countof(ours), &added, &err), &err);
    ck_assert_uint_eq(added, 2);
    ck_round_trip((HANDLE)key);
    ck_assert_uint_eq(sbx_acl_remove(&d.dacl, ours, countof(ours)), 2);
    ck_round_trip((HANDLE)key);
    ck_assert_sbx_ok(sbx_acl_get((HANDLE)key, NULL, &after, &err), &err);
    ck_assert(sbx_descriptor_equal(&before, &after));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&after);
}
END_TEST

START_TEST(get__without_read_control__denied)
{
    HANDLE weak = NULL;

    make_wanted(0);
    ck_round_trip(event);
    ck_assert(DuplicateHandle(
        GetCurrentProcess(), event, GetCurrentProcess(), &weak, EVENT_MODIFY_STATE, FALSE, 0));
    sbx_descriptor_done(&d);
    ck_assert_int_eq(sbx_acl_get(weak, &counts, &d, &err), SBX_DENIED);
    sbx_handle_close(&weak);
}
END_TEST

START_TEST(set__without_write_dac__denied)
{
    HANDLE weak = NULL;

    make_wanted(0);
    ck_assert(DuplicateHandle(
        GetCurrentProcess(), event, GetCurrentProcess(), &weak, READ_CONTROL, FALSE, 0));
    ck_assert_int_eq(sbx_acl_set_dacl(weak, &d, &counts, &err), SBX_DENIED);
    ck_assert_uint_eq(counts.writes, 0);
    sbx_handle_close(&weak);
}
END_TEST

START_TEST(get__bad_handle__error)
{
    ck_assert_int_ne(sbx_acl_get(NULL, NULL, &d, &err), SBX_OK);
    ck_assert_int_ne(sbx_acl_get((HANDLE)(uintptr_t)0x7FFFFFF0, NULL, &d, &err), SBX_OK);
}
END_TEST

START_TEST(get__large_descriptor__complete)
{
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 0x000F003F, &user_sid);
    size_t i;

    for (i = 0; i < 200; i++) {
        ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, i, &ace, &err), &err);
        ace.sid.sub[4]++;
    }
    ck_round_trip(event);
}
END_TEST

START_TEST(set_owner__self__proved)
{
    struct sbx_descriptor now = {0};

    ck_assert_sbx_ok(sbx_acl_set_owner(event, &user_sid, &counts, &err), &err);
    ck_assert_uint_eq(counts.writes, 1);
    ck_assert_sbx_ok(sbx_acl_get(event, NULL, &now, &err), &err);
    ck_assert(sbx_sid_equal(&now.owner, &user_sid));
    sbx_descriptor_done(&now);
}
END_TEST

/* --- files --------------------------------------------------------------------------------- */

static HANDLE open_file(enum sbx_file_kind kind, const char *name)
{
    struct sbx_file_how how = {.kind = kind, .access = READ_CONTROL | WRITE_DAC};
    HANDLE handle = NULL;

    ck_assert_sbx_ok(sbx_file_open(scratch_path(name), &how, &handle, &err), &err);
    return handle;
}

/* Stock Wine says yes and stores something else: exactly what the read-back is for. */
START_TEST(file__grant_for_capability__round_trip_or_unproven)
{
    struct sbx_ace ours[] = {
        sbx_ace_make(SBX_ACE_ALLOW, 0, 0x001201BF, &cap_sid),
        sbx_ace_make(SBX_ACE_DENY, 0, SBX_FILE_DELETE_CHILD, &cap_sid),
    };
    struct sbx_descriptor before = {0}, after = {0};
    HANDLE handle;
    size_t added = 0;

    scratch_mkdir("root");
    handle = open_file(SBX_FILE_DIRECTORY, "root");
    ck_assert_sbx_ok(sbx_acl_get(handle, &counts, &before, &err), &err);
    ck_assert_sbx_ok(sbx_descriptor_copy(&before, &d, &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&d.dacl, ours, countof(ours), &added, &err), &err);
    if (platform_is_stock_wine()) {
        ck_assert_int_eq(sbx_acl_set_dacl(handle, &d, &counts, &err), SBX_UNPROVEN);
    } else {
        ck_assert_sbx_ok(sbx_acl_set_dacl(handle, &d, &counts, &err), &err);
        ck_assert_uint_eq(sbx_acl_remove(&d.dacl, ours, countof(ours)), 2);
        ck_assert_sbx_ok(sbx_acl_set_dacl(handle, &d, &counts, &err), &err);
        ck_assert_sbx_ok(sbx_acl_get(handle, &counts, &after, &err), &err);
        ck_assert(sbx_acl_equal(&before.dacl, &after.dacl));
        ck_assert_uint_eq(before.control, after.control);
    }
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&after);
    sbx_handle_close(&handle);
}
END_TEST

/* The list is kept, the flag is not: half a success is none. */
START_TEST(file__protected__kept_or_unproven)
{
    struct sbx_descriptor now = {0};
    HANDLE handle;

    scratch_write("file", "x");
    handle = open_file(SBX_FILE_PLAIN, "file");
    ck_assert_sbx_ok(sbx_acl_get(handle, NULL, &d, &err), &err);
    d.control |= SBX_SD_DACL_PROTECTED;
    if (platform_is_stock_wine()) {
        ck_assert_int_eq(sbx_acl_set_dacl(handle, &d, NULL, &err), SBX_UNPROVEN);
        ck_assert_sbx_ok(sbx_acl_get(handle, NULL, &now, &err), &err);
        ck_assert(sbx_acl_same_aces(&now.dacl, &d.dacl));
    } else {
        ck_assert_sbx_ok(sbx_acl_set_dacl(handle, &d, NULL, &err), &err);
        ck_assert_sbx_ok(sbx_acl_get(handle, NULL, &now, &err), &err);
        ck_assert(now.control & SBX_SD_DACL_PROTECTED);
    }
    sbx_descriptor_done(&now);
    sbx_handle_close(&handle);
}
END_TEST

/* Only the object itself: what is below keeps its descriptor until it is visited. */
START_TEST(file__directory_grant__children_untouched)
{
    struct sbx_ace ours =
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_IO, 0x001301BF, &cap_sid);
    struct sbx_descriptor before = {0}, after = {0};
    HANDLE root, file;
    size_t added = 0;

    scratch_mkdir("root");
    scratch_write("root\\file", "x");
    root = open_file(SBX_FILE_DIRECTORY, "root");
    file = open_file(SBX_FILE_PLAIN, "root\\file");
    ck_assert_sbx_ok(sbx_acl_get(file, NULL, &before, &err), &err);
    ck_assert_sbx_ok(sbx_acl_get(root, NULL, &d, &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&d.dacl, &ours, 1, &added, &err), &err);
    ck_assert_int_eq(
        sbx_acl_set_dacl(root, &d, NULL, &err), platform_is_stock_wine() ? SBX_UNPROVEN : SBX_OK);
    ck_assert_sbx_ok(sbx_acl_get(file, NULL, &after, &err), &err);
    ck_assert(sbx_descriptor_equal(&before, &after));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&after);
    sbx_handle_close(&file);
    sbx_handle_close(&root);
}
END_TEST

/*
 * Our computed inheritance against the system's: a file made after the grant has what
 * sbx_acl_reinherit says for a file made before it.
 */
START_TEST(file__new_child__inherits_what_we_compute)
{
    struct sbx_ace ours[] = {
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_IO, 0x001301BF, &cap_sid),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_IO, SBX_READ_CONTROL,
            &sbx_sid_owner_rights),
    };
    struct sbx_descriptor parent = {0}, child = {0};
    struct sbx_acl computed = {0};
    HANDLE handle;
    size_t added = 0;
    int i;

    if (platform_is_stock_wine())
        return; /* asserted above: it does not keep the grant at all */
    scratch_mkdir("root");
    handle = open_file(SBX_FILE_DIRECTORY, "root");
    ck_assert_sbx_ok(sbx_acl_get(handle, NULL, &parent, &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&parent.dacl, ours, countof(ours), &added, &err), &err);
    ck_assert_sbx_ok(sbx_acl_set_dacl(handle, &parent, NULL, &err), &err);
    sbx_handle_close(&handle);
    scratch_write("root\\file", "x");
    scratch_mkdir("root\\sub");
    for (i = 0; i < 2; i++) {
        handle = i ? open_file(SBX_FILE_DIRECTORY, "root\\sub")
                   : open_file(SBX_FILE_PLAIN, "root\\file");
        ck_assert_sbx_ok(sbx_acl_get(handle, NULL, &child, &err), &err);
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent.dacl, &child, i == 1, &computed, &err), &err);
        ck_assert(sbx_acl_same_aces(&computed, &child.dacl));
        ck_assert_uint_ge(child.dacl.count, 2);
        sbx_acl_done(&computed);
        sbx_descriptor_done(&child);
        sbx_handle_close(&handle);
    }
    sbx_descriptor_done(&parent);
}
END_TEST

/* An owner that was not stored must not be believed. */
START_TEST(file__owner_everyone__never_believed)
{
    struct sbx_file_how how = {
        .kind = SBX_FILE_PLAIN, .access = READ_CONTROL | WRITE_OWNER | WRITE_DAC};
    enum sbx_status status;
    HANDLE handle = NULL;

    scratch_write("file", "x");
    ck_assert_sbx_ok(sbx_file_open(scratch_path("file"), &how, &handle, &err), &err);
    status = sbx_file_set_owner(handle, &sbx_sid_everyone, &err);
    ck_assert_msg(status == SBX_DENIED || status == SBX_UNPROVEN || status == SBX_OS, "%s",
        sbx_status_name(status));
    ck_assert_sbx_ok(sbx_file_set_owner(handle, &user_sid, &err), &err);
    sbx_handle_close(&handle);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, key__set_dacl__read_back_exactly);
    tcase_add_test(tcase, event__protected_and_auto_inherited__kept);
    tcase_add_test(tcase, event__null_and_empty_dacl__kept_apart);
    tcase_add_test(tcase, set__absent_dacl__refused);
    tcase_add_test(tcase, key__merge_and_remove__descriptor_as_before);
    tcase_add_test(tcase, get__without_read_control__denied);
    tcase_add_test(tcase, set__without_write_dac__denied);
    tcase_add_test(tcase, get__bad_handle__error);
    tcase_add_test(tcase, get__large_descriptor__complete);
    tcase_add_test(tcase, set_owner__self__proved);
    tcase_add_test(tcase, file__grant_for_capability__round_trip_or_unproven);
    tcase_add_test(tcase, file__protected__kept_or_unproven);
    tcase_add_test(tcase, file__directory_grant__children_untouched);
    tcase_add_test(tcase, file__new_child__inherits_what_we_compute);
    tcase_add_test(tcase, file__owner_everyone__never_believed);
}

UNIT_MAIN("acl", add_tests)
