/* The entries of a plan, sorted into units. */
#include "tests/support/unit.h"
#include "shared/core/grantunit.h"

#define CAP "S-1-5-21-1-2-3-2147483652"
#define CAP2 "S-1-5-21-5-6-7-2147483656"
#define GROUP "S-1-5-21-9-9-9-1005"

static struct sbx_error err;
static struct sbx_plan plan;
static struct sbx_plan_root roots[2];
static struct sbx_plan_ace aces[32];
static struct sbx_grant_units units;

static char *text(const char *literal)
{
    return (char *)(uintptr_t)literal; /* only read */
}

static void add(const char *path, const char *sid, uint8_t type, uint8_t flags, uint32_t mask)
{
    struct sbx_plan_ace *ace = &aces[plan.ace_count++];

    ace->path = text(path);
    ace->sid = text(sid);
    ace->type = type;
    ace->flags = flags;
    ace->mask = mask;
}

static void setup(void)
{
    sbx_error_init(&err);
    memset(&plan, 0, sizeof(plan));
    memset(&units, 0, sizeof(units));
    memset(roots, 0, sizeof(roots));
    roots[0].path = text("C:\\ws");
    roots[0].capability_sid = text(CAP);
    roots[0].writable = true;
    roots[1].path = text("C:\\ws\\out");
    roots[1].capability_sid = text(CAP2);
    roots[1].writable = true;
    plan.roots = roots;
    plan.root_count = 2;
    plan.cwd = text("C:\\ws\\src");
    plan.aces = aces;
    add("C:\\ws", CAP, SBX_ACE_ALLOW, 11, SBX_MASK_RWXD);
    add("C:\\ws\\out", CAP2, SBX_ACE_ALLOW, 11, SBX_MASK_RWXD);
}

static void teardown(void)
{
    sbx_grant_units_done(&units);
}

static void make(void)
{
    sbx_grant_units_done(&units);
    ck_assert_sbx_ok(sbx_grant_units_make(&plan, &units, &err), &err);
}

static const struct sbx_grant_unit *unit_at(const char *path)
{
    size_t i;

    for (i = 0; i < units.count; i++) {
        if (strcmp(units.items[i].targets[0].path, path) == 0)
            return &units.items[i];
    }
    ck_abort_msg("no unit for %s", path);
    return NULL;
}

static const struct sbx_grant_target *target_at(const struct sbx_grant_unit *unit, const char *path)
{
    size_t i;

    for (i = 0; i < unit->count; i++) {
        if (strcmp(unit->targets[i].path, path) == 0)
            return &unit->targets[i];
    }
    ck_abort_msg("no target %s", path);
    return NULL;
}

START_TEST(nested_roots__make__inner_first_and_own_objects_each)
{
    add("C:\\ws\\.git", CAP, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
    add("C:\\ws\\out\\.git", CAP2, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
    add("C:\\ws\\out", CAP, SBX_ACE_DENY, 0, SBX_MASK_DELETE);
    make();
    ck_assert_uint_eq(units.count, 2);
    ck_assert_str_eq(units.items[0].targets[0].path, "C:\\ws\\out");
    ck_assert_uint_eq(units.items[0].count, 2);
    ck_assert_uint_eq(units.items[1].count, 2);
    ck_assert_str_eq(target_at(&units.items[1], "C:\\ws\\.git")->relative, ".git");
    ck_assert_str_eq(units.items[1].targets[0].relative, "");
    ck_assert(units.items[0].needed && units.items[1].needed);
}
END_TEST

/* The walk that allows must know the denies: one unit. */
START_TEST(root_that_is_not_writable_in_one_that_is__make__belongs_to_the_outer)
{
    roots[1].writable = false;
    plan.ace_count = 1;
    add("C:\\ws\\out", CAP, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
    make();
    ck_assert_uint_eq(units.count, 1);
    ck_assert_uint_eq(unit_at("C:\\ws")->count, 2);
}
END_TEST

START_TEST(deny_after_allow_in_the_plan__make__denies_come_first)
{
    const struct sbx_grant_target *target;

    add("C:\\ws", CAP, SBX_ACE_DENY, 0, SBX_MASK_DELETE_CHILD);
    add("C:\\ws", GROUP, SBX_ACE_ALLOW, 11, SBX_MASK_RWXD);
    add("C:\\ws", GROUP, SBX_ACE_ALLOW, 11, SBX_MASK_RWXD); /* twice in the plan, once here */
    make();
    target = &unit_at("C:\\ws")->targets[0];
    ck_assert_uint_eq(target->count, 3);
    ck_assert_uint_eq(target->aces[0].type, SBX_ACE_DENY);
    ck_assert_uint_eq(target->deny_mask, SBX_MASK_DELETE_CHILD);
    ck_assert_uint_eq(target->block.directory.count, 2); /* the deny is not passed on */
    ck_assert(!target->block.denies);
}
END_TEST

/* What a .git file names lies elsewhere; its deny belongs to the root it is made for. */
START_TEST(gitdir_target_outside__make__belongs_to_the_root_of_its_capability)
{
    const struct sbx_grant_target *target;

    add("D:\\repo\\.git", GROUP, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
    add("D:\\repo\\.git", CAP, SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE);
    make();
    ck_assert_uint_eq(units.count, 2);
    target = target_at(unit_at("C:\\ws"), "D:\\repo\\.git");
    ck_assert_uint_eq(target->count, 2);
    ck_assert_ptr_null(target->relative);
}
END_TEST

START_TEST(outside_all_roots__make__own_unit_needed_only_with_a_deny_or_capability)
{
    add("C:\\Users\\me\\.cargo", GROUP, SBX_ACE_ALLOW, 3, SBX_MASK_RX);
    add("C:\\Users\\me\\.ssh", GROUP, SBX_ACE_DENY, 3, SBX_MASK_DENY_READ);
    add("C:\\work\\home", "S-1-5-21-4-4-4-2147483999", SBX_ACE_ALLOW, 3, SBX_MASK_RWXD);
    make();
    ck_assert_uint_eq(units.count, 5);
    ck_assert(!unit_at("C:\\Users\\me\\.cargo")->needed);
    ck_assert(unit_at("C:\\Users\\me\\.ssh")->needed);
    ck_assert(unit_at("C:\\work\\home")->needed);
    ck_assert(sbx_sid_is_set(&unit_at("C:\\work\\home")->capability));
    ck_assert(!sbx_sid_is_set(&unit_at("C:\\Users\\me\\.ssh")->capability));
}
END_TEST

START_TEST(read_only_root_elsewhere__make__not_needed)
{
    roots[1].path = text("D:\\ref");
    roots[1].writable = false;
    plan.ace_count = 1;
    add("D:\\ref", GROUP, SBX_ACE_ALLOW, 3, SBX_MASK_RX);
    make();
    ck_assert(!unit_at("D:\\ref")->needed);
    plan.cwd = text("D:\\ref\\x");
    make();
    ck_assert(unit_at("D:\\ref")->needed);
}
END_TEST

START_TEST(entry_that_cannot_be_granted__make__internal)
{
    add("C:\\ws", CAP, SBX_ACE_ALLOW,
        (uint8_t)(_i == 0   ? SBX_ACE_NP | 3
                  : _i == 1 ? 0x13
                            : 3),
        _i == 2 ? 0x80000000u : 1);
    ck_assert_int_eq(sbx_grant_units_make(&plan, &units, &err), SBX_INTERNAL);
    ck_assert_uint_eq(units.count, 0);
}
END_TEST

START_TEST(name__volume_id_or_sid_differs__another_name)
{
    static const struct sbx_sid cap = {5, 5, {21, 1, 2, 3, 0x80000004u}};
    static const struct sbx_sid none;
    static const uint8_t id[16] = {1}, other[16] = {2};
    char a[SBX_LEDGER_NAME_SIZE], b[SBX_LEDGER_NAME_SIZE];

    sbx_ledger_name("\\\\?\\Volume{ABC}\\", id, &cap, a);
    ck_assert_uint_eq(strlen(a), 36);
    sbx_ledger_name("\\\\?\\Volume{abc}\\", id, &cap, b);
    ck_assert_str_eq(a, b);
    sbx_ledger_name("\\\\?\\Volume{abd}\\", id, &cap, b);
    ck_assert_str_ne(a, b);
    sbx_ledger_name("\\\\?\\Volume{abc}\\", other, &cap, b);
    ck_assert_str_ne(a, b);
    sbx_ledger_name("\\\\?\\Volume{abc}\\", id, &none, b);
    ck_assert_str_ne(a, b);
}
END_TEST

/* --- from a ledger ------------------------------------------------------------------------------
 */

static struct sbx_ledger_record items[8];
static struct sbx_ledger_records records = {.items = items};

static void record(enum sbx_ledger_kind kind, const char *path, uint8_t id, struct sbx_ace *ace)
{
    struct sbx_ledger_record *r = &items[records.count++];

    memset(r, 0, sizeof(*r));
    r->kind = kind;
    r->path = text(path);
    r->volume_guid = text("");
    r->capability = text(CAP);
    r->file_id[0] = id;
    r->aces = ace;
    r->ace_count = ace != NULL;
}

/* The newest of each path counts, and nothing that was taken back. */
START_TEST(ledger__make__last_state_of_each_path)
{
    struct sbx_ace all = sbx_ace_make(SBX_ACE_ALLOW, 3, SBX_MASK_RWX, &sbx_sid_everyone);
    struct sbx_ace deny = sbx_ace_make(SBX_ACE_DENY, 3, SBX_MASK_DENY_WRITE, &sbx_sid_everyone);
    struct sbx_ace less = sbx_ace_make(SBX_ACE_DENY, 3, SBX_MASK_DELETE, &sbx_sid_everyone);
    struct sbx_plan_root from;

    records.count = 0;
    ck_assert_int_eq(sbx_grant_units_from_ledger(&records, &from, &units, &err), SBX_NOT_FOUND);
    record(SBX_LEDGER_ROOT, "C:\\ws", 1, NULL);
    record(SBX_LEDGER_TARGET, "C:\\ws", 1, &all);
    record(SBX_LEDGER_TARGET, "C:\\ws\\.git", 2, &deny);
    record(SBX_LEDGER_TARGET, "C:\\WS\\.GIT", 3, &less);
    record(SBX_LEDGER_DONE, "C:\\ws", 1, &all);
    record(SBX_LEDGER_TARGET, "D:\\gitdir", 4, &deny);
    record(SBX_LEDGER_TARGET, "C:\\ws\\gone", 5, &deny);
    record(SBX_LEDGER_GONE, "C:\\ws\\gone", 5, NULL);
    ck_assert_sbx_ok(sbx_grant_units_from_ledger(&records, &from, &units, &err), &err);
    ck_assert_uint_eq(units.count, 1);
    ck_assert(units.items[0].needed);
    ck_assert_ptr_eq(units.items[0].root, &from);
    ck_assert(sbx_sid_is_set(&units.items[0].capability));
    ck_assert_ptr_null(from.volume_guid);
    ck_assert_uint_eq(units.items[0].count, 3);
    ck_assert_str_eq(units.items[0].targets[0].path, "C:\\ws");
    ck_assert(units.items[0].targets[0].block.allows);
    ck_assert_str_eq(units.items[0].targets[1].relative, ".GIT");
    ck_assert_uint_eq(units.items[0].targets[1].deny_mask, SBX_MASK_DELETE);
    ck_assert_ptr_null(units.items[0].targets[2].relative);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, nested_roots__make__inner_first_and_own_objects_each);
    tcase_add_test(tcase, root_that_is_not_writable_in_one_that_is__make__belongs_to_the_outer);
    tcase_add_test(tcase, deny_after_allow_in_the_plan__make__denies_come_first);
    tcase_add_test(tcase, gitdir_target_outside__make__belongs_to_the_root_of_its_capability);
    tcase_add_test(tcase, outside_all_roots__make__own_unit_needed_only_with_a_deny_or_capability);
    tcase_add_test(tcase, read_only_root_elsewhere__make__not_needed);
    tcase_add_loop_test(tcase, entry_that_cannot_be_granted__make__internal, 0, 3);
    tcase_add_test(tcase, ledger__make__last_state_of_each_path);
    tcase_add_test(tcase, name__volume_id_or_sid_differs__another_name);
}

UNIT_MAIN("grantunit", add_tests)
