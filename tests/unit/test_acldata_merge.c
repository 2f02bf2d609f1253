/* Entries put into lists, and taken out again. Properties run over random lists. */
#include "tests/support/aclrandom.h"
#include "tests/support/unit.h"

#define ROUNDS 3000

static struct sbx_error err;

static void setup(void)
{
    sbx_error_init(&err);
    aclrandom_begin();
}

static void ck_same_acl_bytes(const struct sbx_acl *a, const struct sbx_acl *b)
{
    struct sbx_buf x, y;

    sbx_buf_init(&x, SBX_ACL_MAX_BYTES);
    sbx_buf_init(&y, SBX_ACL_MAX_BYTES);
    ck_assert_sbx_ok(sbx_acl_serialise(a, &x, &err), &err);
    ck_assert_sbx_ok(sbx_acl_serialise(b, &y, &err), &err);
    ck_assert_uint_eq(x.length_bytes, y.length_bytes);
    ck_assert_int_eq(memcmp(x.data, y.data, x.length_bytes), 0);
    sbx_buf_done(&x);
    sbx_buf_done(&y);
}

START_TEST(merge__random_lists__idempotent_and_removable)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl x, merged = {0};
        struct sbx_ace ours[6];
        size_t count = aclrandom_ours(ours);
        size_t added = 99;
        bool was_canonical;

        aclrandom_list(&x, SBX_ACL_LIST);
        was_canonical = sbx_acl_is_canonical(&x);
        ck_assert_sbx_ok(sbx_acl_copy(&x, &merged, &err), &err);
        ck_assert(!sbx_acl_has_all(&merged, ours, count));
        ck_assert_sbx_ok(sbx_acl_merge(&merged, ours, count, &added, &err), &err);
        ck_assert_uint_ge(added, 1);
        ck_assert_uint_eq(merged.count, x.count + added);
        ck_assert(sbx_acl_has_all(&merged, ours, count));
        ck_assert(!was_canonical || sbx_acl_is_canonical(&merged));
        ck_assert_sbx_ok(sbx_acl_merge(&merged, ours, count, &added, &err), &err);
        ck_assert_uint_eq(added, 0);
        ck_assert_uint_ge(sbx_acl_remove(&merged, ours, count), 1);
        ck_same_acl_bytes(&x, &merged);
        sbx_acl_done(&x);
        sbx_acl_done(&merged);
    }
}
END_TEST

START_TEST(merge__every_deny_of_ours__before_every_allow)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_acl x;
        struct sbx_ace ours[6];
        size_t count = aclrandom_ours(ours);
        size_t added, i;
        bool allow_seen = false;

        aclrandom_list(&x, SBX_ACL_LIST);
        ck_assert_sbx_ok(sbx_acl_merge(&x, ours, count, &added, &err), &err);
        for (i = 0; i < x.count; i++) {
            allow_seen = allow_seen || x.aces[i].type == SBX_ACE_ALLOW;
            if (x.aces[i].type == SBX_ACE_DENY &&
                sbx_sid_equal(&x.aces[i].sid, &aclrandom_capability))
                ck_assert(!allow_seen);
        }
        sbx_acl_done(&x);
    }
}
END_TEST

/* Somebody's tool moved our deny behind an allow: it no longer protects and must be put back. */
START_TEST(merge__deny_behind_allow__added_again_in_front)
{
    struct sbx_acl x = {0};
    struct sbx_ace allow = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &sbx_sid_everyone);
    struct sbx_ace deny = sbx_ace_make(SBX_ACE_DENY, 0, SBX_DELETE, &aclrandom_capability);
    size_t added = 0;

    ck_assert_sbx_ok(sbx_acl_insert(&x, 0, &allow, &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&x, 1, &deny, &err), &err);
    ck_assert(!sbx_acl_has_all(&x, &deny, 1));
    ck_assert_sbx_ok(sbx_acl_merge(&x, &deny, 1, &added, &err), &err);
    ck_assert_uint_eq(added, 1);
    ck_assert(sbx_ace_equal(&x.aces[0], &deny));
    ck_assert(sbx_acl_has_all(&x, &deny, 1));
    ck_assert_uint_eq(sbx_acl_remove(&x, &deny, 1), 2);
    ck_assert_uint_eq(x.count, 1);
    sbx_acl_done(&x);
}
END_TEST

START_TEST(merge__full_example__exact_order)
{
    struct sbx_acl x = {0};
    const struct sbx_ace list[] = {
        sbx_ace_make(SBX_ACE_DENY, 0, 2, &aclrandom_user),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &aclrandom_user),
        sbx_ace_make(SBX_ACE_DENY, SBX_ACE_INHERITED, 2, &sbx_sid_users),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, 1, &sbx_sid_users),
    };
    const struct sbx_ace ours[] = {
        sbx_ace_make(SBX_ACE_ALLOW, 0, 0x001201BF, &aclrandom_capability),
        sbx_ace_make(SBX_ACE_DENY, 0, SBX_FILE_DELETE_CHILD, &aclrandom_capability),
        sbx_ace_make(
            SBX_ACE_ALLOW, 0, 0x001201BF, &aclrandom_capability), /* given twice, added once */
    };
    size_t added = 0;
    size_t i;

    for (i = 0; i < countof(list); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&x, i, &list[i], &err), &err);
    ck_assert_sbx_ok(sbx_acl_merge(&x, ours, countof(ours), &added, &err), &err);
    ck_assert_uint_eq(added, 2);
    ck_assert(sbx_ace_equal(&x.aces[0], &list[0]));
    ck_assert(sbx_ace_equal(&x.aces[1], &ours[1]));
    ck_assert(sbx_ace_equal(&x.aces[2], &list[1]));
    ck_assert(sbx_ace_equal(&x.aces[3], &ours[0]));
    ck_assert(sbx_ace_equal(&x.aces[4], &list[2]));
    ck_assert(sbx_ace_equal(&x.aces[5], &list[3]));
    sbx_acl_done(&x);
}
END_TEST

START_TEST(merge__null_or_absent__refused)
{
    struct sbx_acl null = {.kind = SBX_ACL_NULL};
    struct sbx_acl absent = {.kind = SBX_ACL_ABSENT};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, 1, &aclrandom_capability);
    size_t added = 0;

    ck_assert_int_eq(sbx_acl_merge(&null, &ace, 1, &added, &err), SBX_UNSUPPORTED);
    ck_assert_int_eq(sbx_acl_merge(&absent, &ace, 1, &added, &err), SBX_UNSUPPORTED);
    ck_assert_int_eq(null.kind, SBX_ACL_NULL);
    ck_assert_int_eq(absent.kind, SBX_ACL_ABSENT);
    ck_assert_int_eq(sbx_acl_insert(&null, 0, &ace, &err), SBX_UNSUPPORTED);
}
END_TEST

START_TEST(merge__inherited_or_foreign_entry__refused)
{
    struct sbx_acl x = {.kind = SBX_ACL_LIST};
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, 1, &aclrandom_capability);
    size_t added = 0;

    ck_assert_int_eq(sbx_acl_merge(&x, &ace, 1, &added, &err), SBX_INTERNAL);
    ace = sbx_ace_make(9, 0, 1, &aclrandom_capability);
    ck_assert_int_eq(sbx_acl_merge(&x, &ace, 1, &added, &err), SBX_INTERNAL);
    ck_assert_uint_eq(x.count, 0);
}
END_TEST

START_TEST(merge__list_full__refused_and_unchanged)
{
    struct sbx_acl x = {0}, before = {0};
    struct sbx_ace ours[2] = {sbx_ace_make(SBX_ACE_DENY, 0, 1, &aclrandom_capability),
        sbx_ace_make(SBX_ACE_DENY, 0, 2, &aclrandom_capability)};
    struct sbx_ace filler = sbx_ace_make(SBX_ACE_ALLOW, 0, 0, &sbx_sid_everyone);
    size_t added = 77;

    while (sbx_acl_size_bytes(&x) + 20 + 36 <= SBX_ACL_MAX_BYTES) {
        filler.mask++;
        ck_assert_sbx_ok(sbx_acl_insert(&x, x.count, &filler, &err), &err);
    }
    ck_assert_sbx_ok(sbx_acl_copy(&x, &before, &err), &err);
    ck_assert_int_eq(sbx_acl_merge(&x, ours, 2, &added, &err), SBX_INVALID);
    ck_assert(sbx_acl_equal(&x, &before));
    sbx_acl_done(&x);
    sbx_acl_done(&before);
}
END_TEST

START_TEST(remove_sid__only_explicit_entries_of_that_sid)
{
    struct sbx_acl x = {0};
    const struct sbx_ace list[] = {
        sbx_ace_make(SBX_ACE_DENY, 0, 2, &aclrandom_capability),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI, 1, &aclrandom_user),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 77, &aclrandom_capability),
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_INHERITED, 1, &aclrandom_capability),
    };
    size_t i;

    for (i = 0; i < countof(list); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&x, i, &list[i], &err), &err);
    ck_assert_uint_eq(sbx_acl_remove_sid(&x, &aclrandom_capability), 2);
    ck_assert_uint_eq(x.count, 2);
    ck_assert(sbx_ace_equal(&x.aces[0], &list[1]));
    ck_assert(sbx_ace_equal(&x.aces[1], &list[3]));
    sbx_acl_done(&x);
}
END_TEST

START_TEST(remove_first__equal_entries__one_goes_the_others_stay)
{
    struct sbx_acl x = {0};
    const struct sbx_ace list[] = {
        sbx_ace_make(SBX_ACE_ALLOW, 0, 2, &aclrandom_user),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 77, &aclrandom_capability),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 77, &aclrandom_capability),
        sbx_ace_make(SBX_ACE_ALLOW, 0, 78, &aclrandom_capability),
    };
    size_t i;

    ck_assert_uint_eq(sbx_acl_remove_first(&x, &list[1]), 0);
    for (i = 0; i < countof(list); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&x, i, &list[i], &err), &err);
    ck_assert_uint_eq(sbx_acl_count_equal(&x, &list[1]), 2);
    ck_assert_uint_eq(sbx_acl_remove_first(&x, &list[1]), 1);
    ck_assert_uint_eq(sbx_acl_count_equal(&x, &list[1]), 1);
    ck_assert_uint_eq(x.count, 3);
    ck_assert(sbx_ace_equal(&x.aces[0], &list[0]));
    ck_assert(sbx_ace_equal(&x.aces[2], &list[3]));
    ck_assert_uint_eq(sbx_acl_remove_first(&x, &list[1]), 1);
    ck_assert_uint_eq(sbx_acl_remove_first(&x, &list[1]), 0);
    ck_assert_uint_eq(x.count, 2);
    sbx_acl_done(&x);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, merge__random_lists__idempotent_and_removable);
    tcase_add_test(tcase, merge__every_deny_of_ours__before_every_allow);
    tcase_add_test(tcase, merge__deny_behind_allow__added_again_in_front);
    tcase_add_test(tcase, merge__full_example__exact_order);
    tcase_add_test(tcase, merge__null_or_absent__refused);
    tcase_add_test(tcase, merge__inherited_or_foreign_entry__refused);
    tcase_add_test(tcase, merge__list_full__refused_and_unchanged);
    tcase_add_test(tcase, remove_sid__only_explicit_entries_of_that_sid);
    tcase_add_test(tcase, remove_first__equal_entries__one_goes_the_others_stay);
}

UNIT_MAIN("acldata_merge", add_tests)
