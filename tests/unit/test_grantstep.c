/*
 * What a granted directory passes on to existing children: properties over random access lists.
 * The lists are built from few SIDs, so that what is already there often looks like ours.
 */
#include "tests/support/unit.h"
#include "shared/core/accesscheck.h"
#include "shared/core/grantstep.h"

#define ROUNDS 4000

static struct sbx_error err;
static uint64_t rng;

static const struct sbx_sid cap = {5, 5, {21, 11, 22, 33, 0x80000044u}};
static const struct sbx_sid user = {5, 5, {21, 1, 2, 3, 1001}};
static const struct sbx_sid group = {5, 5, {21, 1, 2, 3, 1005}};

/* As the plan makes them; `group` in elevated mode only. */
#define WRITE_BITS 0x000D0156u
static struct sbx_ace root_aces[7];
static struct sbx_ace deny_aces[2];
static struct sbx_ace inner_aces[1];
static struct sbx_ace allow_read_aces[1];

static struct sbx_grant_block root_block, deny_block, inner_block, allow_read_block;

static uint32_t pick(uint32_t below)
{
    return (uint32_t)(unit_random(&rng) % below);
}

static void make_block(const struct sbx_ace *aces, size_t count, struct sbx_grant_block *block)
{
    memset(block, 0, sizeof(*block));
    ck_assert_sbx_ok(sbx_grant_block_make(aces, count, block, &err), &err);
}

static void setup(void)
{
    sbx_error_init(&err);
    rng = unit_seed();
    root_aces[0] = sbx_ace_make(SBX_ACE_DENY, 0, SBX_FILE_DELETE_CHILD, &cap);
    root_aces[1] = sbx_ace_make(SBX_ACE_ALLOW, 0, 0x001201BF, &cap);
    root_aces[2] = sbx_ace_make(SBX_ACE_ALLOW, 11, 0x001301BF, &cap);
    root_aces[3] = sbx_ace_make(SBX_ACE_ALLOW, 0, 0x001201BF, &group);
    root_aces[4] = sbx_ace_make(SBX_ACE_ALLOW, 11, 0x001301BF, &group);
    root_aces[5] = sbx_ace_make(SBX_ACE_ALLOW, 3, SBX_FILE_ALL, &user);
    root_aces[6] = sbx_ace_make(SBX_ACE_ALLOW, 11, SBX_READ_CONTROL, &sbx_sid_owner_rights);
    deny_aces[0] = sbx_ace_make(SBX_ACE_DENY, 3, WRITE_BITS, &cap);
    deny_aces[1] = sbx_ace_make(SBX_ACE_DENY, 3, WRITE_BITS, &group);
    inner_aces[0] = sbx_ace_make(SBX_ACE_DENY, 3, 0x000C0029, &group);
    allow_read_aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 3, 0x001200A9, &group);
    make_block(root_aces, countof(root_aces), &root_block);
    make_block(deny_aces, countof(deny_aces), &deny_block);
    make_block(inner_aces, countof(inner_aces), &inner_block);
    make_block(allow_read_aces, countof(allow_read_aces), &allow_read_block);
}

static void teardown(void)
{
    sbx_grant_block_done(&root_block);
    sbx_grant_block_done(&deny_block);
    sbx_grant_block_done(&inner_block);
    sbx_grant_block_done(&allow_read_block);
}

/* --- random children --------------------------------------------------------------------------
 */

/* Never `cap`: nothing on a machine has it before the first grant. */
static const struct sbx_sid *const known[] = {&sbx_sid_everyone, &sbx_sid_users, &user, &group,
    &sbx_sid_owner_rights, &sbx_sid_authenticated};
static const uint32_t masks[] = {
    SBX_FILE_ALL, 0x001301BF, 0x001200A9, SBX_READ_CONTROL, WRITE_BITS, 2, SBX_GENERIC_ALL};

static void add_ace(struct sbx_acl *acl, bool ordered)
{
    struct sbx_ace ace = sbx_ace_make((uint8_t)(pick(4) ? SBX_ACE_ALLOW : SBX_ACE_DENY),
        (uint8_t)pick(32), masks[pick(countof(masks))], known[pick(countof(known))]);
    uint8_t bytes[12] = {1, 2, 3};
    size_t at = ordered ? acl->count : pick((uint32_t)acl->count + 1);

    if (!pick(12)) {
        ace.type = (uint8_t)(2 + pick(20));
        ace.mask = 0;
        memset(&ace.sid, 0, sizeof(ace.sid));
        ace.rest = bytes;
        ace.rest_bytes = sizeof(bytes);
    }
    /* What came from a parent that has the same entries as our roots. */
    if (!pick(3) && root_block.file.count) {
        const struct sbx_acl *form = pick(2) ? &root_block.file : &root_block.directory;

        ace = form->aces[pick((uint32_t)form->count)];
        if (sbx_sid_equal(&ace.sid, &cap))
            ace.sid = user;
    }
    ck_assert_sbx_ok(sbx_acl_insert(acl, at, &ace, &err), &err);
}

static void random_child(struct sbx_descriptor *d)
{
    uint32_t count = pick(9);

    memset(d, 0, sizeof(*d));
    d->control = pick(3) ? SBX_SD_DACL_AUTO_INHERITED : 0;
    if (!pick(4))
        d->control |= SBX_SD_DACL_PROTECTED;
    d->has_owner = true;
    d->owner = user;
    d->dacl.kind = SBX_ACL_LIST;
    d->dacl.revision = (uint8_t)(2 + 2 * pick(2));
    while (count--)
        add_ace(&d->dacl, pick(4) != 0);
    if (!pick(4)) {
        ck_assert_sbx_ok(sbx_calloc(8, 1, &d->dacl.slack, &err), &err);
        d->dacl.slack_bytes = 8;
    }
}

/* One to three targets above the child. */
struct chain {
    struct sbx_grant_level levels[3];
    const struct sbx_grant_level *nearest;
    const struct sbx_grant_block *blocks[3];
    size_t count;
};

static void make_chain(struct chain *chain, const struct sbx_grant_block *const *blocks, size_t n)
{
    size_t i;

    memset(chain, 0, sizeof(*chain));
    for (i = 0; i < n; i++) {
        chain->levels[i].block = blocks[i];
        chain->levels[i].parent = i + 1 < n ? &chain->levels[i + 1] : NULL;
        chain->blocks[i] = blocks[i];
    }
    chain->nearest = chain->levels;
    chain->count = n;
}

static void random_chain(struct chain *chain)
{
    static const struct sbx_grant_block *const chains[][3] = {{&root_block},
        {&deny_block, &root_block}, {&inner_block, &deny_block, &root_block},
        {&allow_read_block, &inner_block}, {&deny_block}, {&inner_block, &root_block}};
    static const size_t lengths[] = {1, 2, 3, 2, 1, 2};
    uint32_t i = pick(countof(lengths));

    make_chain(chain, chains[i], lengths[i]);
}

/* --- helpers ---------------------------------------------------------------------------------- */

static bool add(struct sbx_descriptor *d, bool is_directory, const struct chain *chain)
{
    struct sbx_grant_child child = {.descriptor = d, .is_directory = is_directory};
    struct sbx_acl dacl;
    bool changed = false;

    memset(&dacl, 0, sizeof(dacl));
    ck_assert_sbx_ok(sbx_grant_step_add(&child, chain->nearest, &dacl, &changed, &err), &err);
    if (changed) {
        sbx_acl_done(&d->dacl);
        d->dacl = dacl;
    }
    return changed;
}

static size_t remove_all(struct sbx_descriptor *d, bool is_directory, const struct chain *chain)
{
    struct sbx_grant_removal removal = {
        .blocks = chain->blocks, .block_count = chain->count, .capability = &cap};
    struct sbx_acl dacl;
    size_t irregular = 0;
    bool changed = false;

    memset(&dacl, 0, sizeof(dacl));
    ck_assert_sbx_ok(
        sbx_grant_step_remove(d, is_directory, &removal, &dacl, &changed, &irregular, &err), &err);
    if (changed) {
        sbx_acl_done(&d->dacl);
        d->dacl = dacl;
    }
    return irregular;
}

/* Every entry of `before` is in `after`, in the same order. */
static bool keeps_order(const struct sbx_acl *before, const struct sbx_acl *after)
{
    size_t i = 0;
    size_t k;

    for (k = 0; k < after->count && i < before->count; k++) {
        if (sbx_ace_equal(&before->aces[i], &after->aces[k]))
            i++;
    }
    return i == before->count;
}

/* An unelevated child: the user, write-restricted, with the capability and Everyone. */
static bool may(const struct sbx_descriptor *d, uint32_t desired)
{
    const struct sbx_access_group groups[] = {
        {sbx_sid_everyone, 7}, {sbx_sid_users, 7}, {sbx_sid_authenticated, 7}};
    const struct sbx_sid restricting[] = {cap, sbx_sid_everyone};
    const struct sbx_access_token token = {.user = user,
        .groups = groups,
        .group_count = countof(groups),
        .restricting = restricting,
        .restricting_count = countof(restricting),
        .write_restricted = true};
    const struct sbx_access_request request = {.desired = desired};
    struct sbx_access_result result;

    sbx_access_check(d, &token, &request, &result);
    return result.granted;
}

/* --- properties ------------------------------------------------------------------------------- */

START_TEST(random_child__add_then_remove__same_bytes)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor before, now;
        struct chain chain;
        bool is_directory = pick(2) != 0;

        random_child(&now);
        random_chain(&chain);
        memset(&before, 0, sizeof(before));
        ck_assert_sbx_ok(sbx_descriptor_copy(&now, &before, &err), &err);
        /* The group is not unique: a chain without the capability may find its block there. */
        if (add(&now, is_directory, &chain))
            ck_assert(keeps_order(&before.dacl, &now.dacl));
        if (chain.levels[chain.count - 1].block == &root_block) {
            ck_assert_uint_eq(remove_all(&now, is_directory, &chain), 0);
            ck_assert(sbx_descriptor_equal(&before, &now));
        }
        sbx_descriptor_done(&before);
        sbx_descriptor_done(&now);
    }
}
END_TEST

START_TEST(random_child__add_twice__second_changes_nothing)
{
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor d;
        struct chain chain;
        bool is_directory = pick(2) != 0;

        random_child(&d);
        random_chain(&chain);
        add(&d, is_directory, &chain);
        ck_assert_msg(!add(&d, is_directory, &chain), "round %d", round);
        sbx_descriptor_done(&d);
    }
}
END_TEST

/* The root was walked before `.git` was replaced: the nearer block comes second in time. */
START_TEST(random_child__blocks_added_one_by_one__deny_still_holds)
{
    static const struct sbx_grant_block *const outer[] = {&root_block};
    static const struct sbx_grant_block *const inner[] = {&deny_block};
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor d;
        struct chain first, second;
        bool is_directory = pick(2) != 0;

        random_child(&d);
        make_chain(&first, outer, 1);
        make_chain(&second, inner, 1);
        add(&d, is_directory, &first);
        add(&d, is_directory, &second);
        ck_assert(!may(&d, SBX_FILE_WRITE_DATA));
        ck_assert(!may(&d, SBX_DELETE));
        ck_assert(!may(&d, SBX_WRITE_DAC));
        sbx_descriptor_done(&d);
    }
}
END_TEST

START_TEST(random_child_below_deny__write__denied_whatever_it_holds)
{
    static const struct sbx_grant_block *const blocks[] = {&deny_block, &root_block};
    int round;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor d;
        struct chain chain;

        random_child(&d);
        make_chain(&chain, blocks, 2);
        add(&d, pick(2) != 0, &chain);
        ck_assert(!may(&d, SBX_FILE_WRITE_DATA));
        ck_assert(!may(&d, SBX_FILE_WRITE_ATTRIBUTES));
        ck_assert(!may(&d, SBX_DELETE));
        sbx_descriptor_done(&d);
    }
}
END_TEST

static bool has_deny(const struct sbx_acl *acl)
{
    size_t i;

    for (i = 0; i < acl->count; i++) {
        if (acl->aces[i].type == SBX_ACE_DENY)
            return true;
    }
    return false;
}

START_TEST(random_child_of_root__write__granted_unless_somebody_denies)
{
    static const struct sbx_grant_block *const blocks[] = {&root_block};
    int round, tried = 0;

    for (round = 0; round < ROUNDS; round++) {
        struct sbx_descriptor d;
        struct chain chain;

        random_child(&d);
        make_chain(&chain, blocks, 1);
        if (!has_deny(&d.dacl)) {
            add(&d, pick(2) != 0, &chain);
            ck_assert(may(&d, SBX_FILE_WRITE_DATA | SBX_DELETE));
            ck_assert(!may(&d, SBX_WRITE_DAC) || sbx_grant_lets(&d.dacl, NULL, 0, SBX_WRITE_DAC));
            tried++;
        }
        sbx_descriptor_done(&d);
    }
    ck_assert_int_gt(tried, ROUNDS / 10);
}
END_TEST

/* --- cases -------------------------------------------------------------------------------------
 */

static void child_with(struct sbx_descriptor *d, uint16_t control, uint8_t type, uint8_t flags,
    const struct sbx_sid *sid)
{
    struct sbx_ace ace = sbx_ace_make(type, flags, SBX_FILE_ALL, sid);

    memset(d, 0, sizeof(*d));
    d->control = control;
    ck_assert_sbx_ok(sbx_acl_insert(&d->dacl, 0, &ace, &err), &err);
}

START_TEST(same_entry_from_elsewhere__add__block_is_whole_and_removal_leaves_it)
{
    static const struct sbx_grant_block *const blocks[] = {&root_block};
    struct sbx_descriptor d;
    struct chain chain;

    /* user:(I)(F), as everything in a profile has */
    child_with(&d, 0, SBX_ACE_ALLOW, SBX_ACE_INHERITED, &user);
    make_chain(&chain, blocks, 1);
    ck_assert(add(&d, false, &chain));
    ck_assert_uint_eq(d.dacl.count, 1 + root_block.file.count);
    remove_all(&d, false, &chain);
    ck_assert_uint_eq(d.dacl.count, 1);
    ck_assert(sbx_sid_equal(&d.dacl.aces[0].sid, &user));
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(made_by_the_system_below_the_root__add__nothing_to_do)
{
    static const struct sbx_grant_block *const blocks[] = {&root_block};
    struct sbx_descriptor d;
    struct sbx_acl parent;
    struct chain chain;
    size_t added = 0;

    memset(&d, 0, sizeof(d));
    memset(&parent, 0, sizeof(parent));
    child_with(&d, 0, SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI, &sbx_sid_users);
    ck_assert_sbx_ok(sbx_acl_merge(&d.dacl, root_aces, countof(root_aces), &added, &err), &err);
    parent = d.dacl;
    memset(&d.dacl, 0, sizeof(d.dacl));
    ck_assert_sbx_ok(sbx_acl_inherit(&parent, true, &user, NULL, &d.dacl, &err), &err);
    make_chain(&chain, blocks, 1);
    ck_assert(!add(&d, true, &chain));
    sbx_acl_done(&parent);
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(protected_child__add__gets_explicit_entries)
{
    static const struct sbx_grant_block *const blocks[] = {&deny_block, &root_block};
    struct sbx_descriptor d;
    struct chain chain;
    size_t i;

    child_with(&d, SBX_SD_DACL_PROTECTED, SBX_ACE_ALLOW, 0, &sbx_sid_everyone);
    make_chain(&chain, blocks, 2);
    ck_assert(add(&d, false, &chain));
    for (i = 0; i < d.dacl.count; i++)
        ck_assert(!(d.dacl.aces[i].flags & SBX_ACE_INHERITED));
    ck_assert(sbx_acl_is_canonical(&d.dacl));
    ck_assert_uint_eq(d.dacl.aces[0].type, SBX_ACE_DENY);
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(allow_read_inside_deny_read__add__not_denied_again)
{
    static const struct sbx_grant_block *const blocks[] = {&inner_block};
    struct sbx_descriptor d;
    struct sbx_grant_child child = {.descriptor = &d,
        .is_directory = true,
        .own = allow_read_aces,
        .own_count = countof(allow_read_aces)};
    struct sbx_acl dacl;
    struct chain chain;
    size_t added = 0;
    bool changed = false;

    memset(&dacl, 0, sizeof(dacl));
    child_with(&d, 0, SBX_ACE_ALLOW, SBX_ACE_INHERITED, &user);
    ck_assert_sbx_ok(
        sbx_acl_merge(&d.dacl, allow_read_aces, countof(allow_read_aces), &added, &err), &err);
    make_chain(&chain, blocks, 1);
    ck_assert_sbx_ok(sbx_grant_step_add(&child, chain.nearest, &dacl, &changed, &err), &err);
    ck_assert(changed);
    ck_assert_uint_eq(dacl.aces[0].type, SBX_ACE_ALLOW); /* explicit: decides first */
    ck_assert_uint_eq(dacl.aces[1].type, SBX_ACE_DENY);
    sbx_acl_done(&dacl);
    sbx_descriptor_done(&d);
}
END_TEST

START_TEST(null_dacl__add__unsupported)
{
    struct sbx_descriptor d;
    struct sbx_grant_child child = {.descriptor = &d};
    struct sbx_acl dacl;
    bool changed = true;

    memset(&d, 0, sizeof(d));
    memset(&dacl, 0, sizeof(dacl));
    d.dacl.kind = SBX_ACL_NULL;
    ck_assert_int_eq(sbx_grant_step_add(&child, NULL, &dacl, &changed, &err), SBX_UNSUPPORTED);
    ck_assert(!changed);
}
END_TEST

START_TEST(block_torn_apart_by_another_tool__remove__capability_goes_and_is_counted)
{
    static const struct sbx_grant_block *const blocks[] = {&root_block};
    struct sbx_descriptor d;
    struct chain chain;
    struct sbx_ace foreign = sbx_ace_make(SBX_ACE_ALLOW, 0x10, 1, &sbx_sid_users);
    size_t i;

    child_with(&d, 0, SBX_ACE_ALLOW, SBX_ACE_INHERITED, &sbx_sid_users);
    make_chain(&chain, blocks, 1);
    add(&d, false, &chain);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 1, &foreign, &err), &err);
    ck_assert_uint_eq(remove_all(&d, false, &chain), 1);
    for (i = 0; i < d.dacl.count; i++)
        ck_assert(!sbx_sid_equal(&d.dacl.aces[i].sid, &cap));
    sbx_descriptor_done(&d);
}
END_TEST

/* The same root granted unelevated, then elevated: [deny cap] is the start of [deny cap, group]. */
START_TEST(block_that_begins_another__remove__both_are_gone)
{
    static const struct sbx_grant_block *outer[2];
    struct sbx_grant_block small;
    struct sbx_descriptor before, d;
    struct chain first, second, both;

    memset(&before, 0, sizeof(before));
    make_block(deny_aces, 1, &small);
    outer[0] = &small;
    outer[1] = &deny_block;
    child_with(&d, 0, SBX_ACE_ALLOW, SBX_ACE_INHERITED, &sbx_sid_users);
    ck_assert_sbx_ok(sbx_descriptor_copy(&d, &before, &err), &err);
    make_chain(&first, outer, 1);
    make_chain(&second, outer + 1, 1);
    make_chain(&both, outer, 2);
    add(&d, true, &first);
    add(&d, true, &second);
    ck_assert_uint_eq(remove_all(&d, true, &both), 0);
    ck_assert(sbx_descriptor_equal(&before, &d));
    sbx_descriptor_done(&before);
    sbx_descriptor_done(&d);
    sbx_grant_block_done(&small);
}
END_TEST

START_TEST(lets__deny_before_and_behind__order_decides)
{
    struct sbx_ace aces[] = {
        sbx_ace_make(SBX_ACE_DENY, 0, 2, &cap), sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &cap)};
    struct sbx_acl acl;

    memset(&acl, 0, sizeof(acl));
    ck_assert_sbx_ok(sbx_acl_insert(&acl, 0, &aces[0], &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&acl, 1, &aces[1], &err), &err);
    ck_assert(!sbx_grant_lets(&acl, &cap, 1, 2));
    ck_assert(sbx_grant_lets(&acl, &cap, 1, 6));
    ck_assert(!sbx_grant_lets(&acl, &group, 1, 6));
    acl.aces[0].flags = SBX_ACE_IO;
    ck_assert(sbx_grant_lets(&acl, &cap, 1, 2));
    sbx_acl_done(&acl);
    acl.kind = SBX_ACL_NULL;
    ck_assert(sbx_grant_lets(&acl, &cap, 1, 2));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, random_child__add_then_remove__same_bytes);
    tcase_add_test(tcase, random_child__add_twice__second_changes_nothing);
    tcase_add_test(tcase, random_child__blocks_added_one_by_one__deny_still_holds);
    tcase_add_test(tcase, random_child_below_deny__write__denied_whatever_it_holds);
    tcase_add_test(tcase, random_child_of_root__write__granted_unless_somebody_denies);
    tcase_add_test(tcase, same_entry_from_elsewhere__add__block_is_whole_and_removal_leaves_it);
    tcase_add_test(tcase, made_by_the_system_below_the_root__add__nothing_to_do);
    tcase_add_test(tcase, protected_child__add__gets_explicit_entries);
    tcase_add_test(tcase, allow_read_inside_deny_read__add__not_denied_again);
    tcase_add_test(tcase, null_dacl__add__unsupported);
    tcase_add_test(tcase, block_torn_apart_by_another_tool__remove__capability_goes_and_is_counted);
    tcase_add_test(tcase, block_that_begins_another__remove__both_are_gone);
    tcase_add_test(tcase, lets__deny_before_and_behind__order_decides);
}

UNIT_MAIN("grantstep", add_tests)
