/* What a child inherits, and what it is left with. Properties run over random descriptors. */
#include "tests/support/aclrandom.h"
#include "tests/support/unit.h"

#define ROUNDS 3000

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
    aclrandom_begin();
}

#define OI SBX_ACE_OI
#define CI SBX_ACE_CI
#define NP SBX_ACE_NP
#define IO SBX_ACE_IO
#define ID SBX_ACE_INHERITED
#define NONE 0xFF

/* Rows of the table on Learn's "ACE inheritance rules"; NONE = nothing is inherited. */
static const struct {
    uint8_t parent, file, directory;
} rules[] = {
    {0, NONE, NONE},
    {OI, ID, OI | IO | ID},
    {OI | NP, ID, NONE},
    {CI, NONE, CI | ID},
    {CI | NP, NONE, ID},
    {OI | CI, ID, OI | CI | ID},
    {OI | CI | NP, ID, ID},
    {OI | IO, ID, OI | IO | ID},
    {CI | IO, NONE, CI | ID},
    {OI | CI | IO, ID, OI | CI | ID},
    {OI | CI | IO | NP, ID, ID},
    {OI | CI | IO | ID, ID, OI | CI | ID},
    {IO, NONE, NONE},
    {ID, NONE, NONE},
};

START_TEST(inherit__flag_table__as_documented)
{
    bool directory = _i % 2;
    uint8_t wanted = directory ? rules[_i / 2].directory : rules[_i / 2].file;
    struct sbx_ace ace =
        sbx_ace_make(SBX_ACE_DENY, rules[_i / 2].parent, 0x116, &aclrandom_capability);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(
        sbx_acl_inherit(&parent, directory, &aclrandom_user, &aclrandom_group, &got, &err), &err);
    ck_assert_int_eq(got.kind, SBX_ACL_LIST);
    ck_assert_uint_eq(got.count, wanted == NONE ? 0 : 1);
    if (wanted != NONE) {
        ck_assert_uint_eq(got.aces[0].flags, wanted);
        ck_assert_uint_eq(got.aces[0].mask, 0x116);
        ck_assert_uint_eq(got.aces[0].type, SBX_ACE_DENY);
        ck_assert(sbx_sid_equal(&got.aces[0].sid, &aclrandom_capability));
    }
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(inherit__creator_owner_generic_all__file_gets_resolved_entry)
{
    struct sbx_ace ace =
        sbx_ace_make(SBX_ACE_ALLOW, OI | CI | IO, SBX_GENERIC_ALL, &sbx_sid_creator_owner);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(
        sbx_acl_inherit(&parent, false, &aclrandom_user, &aclrandom_group, &got, &err), &err);
    ck_assert_uint_eq(got.count, 1);
    ck_assert(sbx_sid_equal(&got.aces[0].sid, &aclrandom_user));
    ck_assert_uint_eq(got.aces[0].mask, SBX_FILE_ALL);
    ck_assert_uint_eq(got.aces[0].flags, ID);
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(inherit__creator_group_directory__resolved_and_passed_on)
{
    struct sbx_ace ace =
        sbx_ace_make(SBX_ACE_ALLOW, OI | CI | IO, SBX_GENERIC_READ, &sbx_sid_creator_group);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(
        sbx_acl_inherit(&parent, true, &aclrandom_user, &aclrandom_group, &got, &err), &err);
    ck_assert_uint_eq(got.count, 2);
    ck_assert(sbx_sid_equal(&got.aces[0].sid, &aclrandom_group));
    ck_assert_uint_eq(got.aces[0].mask, SBX_FILE_GENERIC_READ);
    ck_assert_uint_eq(got.aces[0].flags, ID);
    ck_assert(sbx_sid_equal(&got.aces[1].sid, &sbx_sid_creator_group));
    ck_assert_uint_eq(got.aces[1].mask, SBX_GENERIC_READ);
    ck_assert_uint_eq(got.aces[1].flags, OI | CI | IO | ID);
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(inherit__creator_no_propagate__effective_only)
{
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, CI | NP, 0x1F01FF, &sbx_sid_creator_owner);
    struct sbx_acl parent = {0}, got = {0};

    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &ace, &err), &err);
    ck_assert_sbx_ok(
        sbx_acl_inherit(&parent, true, &aclrandom_user, &aclrandom_group, &got, &err), &err);
    ck_assert_uint_eq(got.count, 1);
    ck_assert(sbx_sid_equal(&got.aces[0].sid, &aclrandom_user));
    ck_assert_uint_eq(got.aces[0].flags, ID);
    sbx_acl_done(&got);
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, true, NULL, NULL, &got, &err), &err);
    ck_assert_uint_eq(got.count, 0);
    sbx_acl_done(&parent);
    sbx_acl_done(&got);
}
END_TEST

START_TEST(map_generic__each_bit__file_rights)
{
    ck_assert_uint_eq(sbx_file_map_generic(0x80000000u), 0x00120089u);
    ck_assert_uint_eq(sbx_file_map_generic(0x40000000u), 0x00120116u);
    ck_assert_uint_eq(sbx_file_map_generic(0x20000000u), 0x001200A0u);
    ck_assert_uint_eq(sbx_file_map_generic(0x10000000u), 0x001F01FFu);
    ck_assert_uint_eq(sbx_file_map_generic(0xA0010000u), 0x001300A9u);
    ck_assert_uint_eq(sbx_file_map_generic(0x001301BFu), 0x001301BFu);
}
END_TEST

START_TEST(reinherit__random__explicit_kept_and_stable)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl parent, once = {0}, twice = {0};
        struct sbx_descriptor child;
        bool directory = aclrandom_below(2);
        size_t i, at = 0;

        aclrandom_list(&parent, SBX_ACL_LIST);
        aclrandom_descriptor(&child);
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &once, &err), &err);
        if (child.dacl.kind != SBX_ACL_LIST || (child.control & SBX_SD_DACL_PROTECTED)) {
            ck_assert(sbx_acl_equal(&once, &child.dacl));
        } else {
            for (i = 0; i < child.dacl.count; i++) {
                if (!(child.dacl.aces[i].flags & ID))
                    ck_assert(sbx_ace_equal(&once.aces[at++], &child.dacl.aces[i]));
            }
            for (; at < once.count; at++)
                ck_assert(once.aces[at].flags & ID);
        }
        sbx_acl_done(&child.dacl);
        child.dacl = once;
        memset(&once, 0, sizeof(once));
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &twice, &err), &err);
        ck_assert(sbx_acl_equal(&twice, &child.dacl));
        sbx_acl_done(&parent);
        sbx_acl_done(&twice);
        sbx_descriptor_done(&child);
    }
}
END_TEST

/* Granting on the parent and revoking again brings every descendant back to its bytes. */
START_TEST(reinherit__grant_then_revoke__child_as_before)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl parent, first = {0}, granted = {0}, last = {0};
        struct sbx_descriptor child;
        struct sbx_ace ours[6];
        size_t count = aclrandom_ours(ours);
        size_t added;
        bool directory = aclrandom_below(2);

        aclrandom_list(&parent, SBX_ACL_LIST);
        aclrandom_descriptor(&child);
        /* The state that a tree is in before we touch it: inherited part up to date. */
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &first, &err), &err);
        sbx_acl_done(&child.dacl);
        child.dacl = first;
        ck_assert_sbx_ok(sbx_acl_merge(&parent, ours, count, &added, &err), &err);
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &granted, &err), &err);
        ck_assert_uint_eq(sbx_acl_remove(&parent, ours, count), added);
        first = child.dacl;
        child.dacl = granted;
        ck_assert_sbx_ok(sbx_acl_reinherit(&parent, &child, directory, &last, &err), &err);
        ck_assert(sbx_acl_equal(&first, &last));
        sbx_acl_done(&parent);
        sbx_acl_done(&first);
        sbx_acl_done(&last);
        sbx_descriptor_done(&child);
    }
}
END_TEST

/* Inheriting into a list that has no room left. */
START_TEST(reinherit__child_list_full__refused)
{
    struct sbx_acl parent = {0}, out = {0};
    struct sbx_descriptor child = {0};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &sbx_sid_everyone);
    struct sbx_ace down = sbx_ace_make(SBX_ACE_ALLOW, OI, 1, &aclrandom_capability);

    while (sbx_acl_size_bytes(&child.dacl) + 20 <= SBX_ACL_MAX_BYTES)
        ck_assert_sbx_ok(sbx_acl_insert(&child.dacl, child.dacl.count, &ace, &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&parent, 0, &down, &err), &err);
    ck_assert_int_eq(sbx_acl_reinherit(&parent, &child, false, &out, &err), SBX_INVALID);
    ck_assert_int_eq(out.kind, SBX_ACL_ABSENT);
    sbx_acl_done(&parent);
    sbx_descriptor_done(&child);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_loop_test(tcase, inherit__flag_table__as_documented, 0, 2 * (int)countof(rules));
    tcase_add_test(tcase, inherit__creator_owner_generic_all__file_gets_resolved_entry);
    tcase_add_test(tcase, inherit__creator_group_directory__resolved_and_passed_on);
    tcase_add_test(tcase, inherit__creator_no_propagate__effective_only);
    tcase_add_test(tcase, map_generic__each_bit__file_rights);
    tcase_add_test(tcase, reinherit__random__explicit_kept_and_stable);
    tcase_add_test(tcase, reinherit__grant_then_revoke__child_as_before);
    tcase_add_test(tcase, reinherit__child_list_full__refused);
}

UNIT_MAIN("acldata_inherit", add_tests)
