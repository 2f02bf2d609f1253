/* plan_aces, plan_objects: the ACEs of design 4, by what they must and must never contain. */
#include "shared/core/plan.h"

#include "shared/core/winpath.h"
#include "tests/support/unit.h"
#include "tests/support/world.h"

#define ALLOW SBX_ACE_ALLOW
#define DENY SBX_ACE_DENY
#define TREE (SBX_ACE_OI | SBX_ACE_CI)
#define CHILDREN (SBX_ACE_OI | SBX_ACE_CI | SBX_ACE_IO)

static struct world w;
static char *cap; /* capability SID of the working directory in the last plan; borrowed */

static void setup(void)
{
    world_open(&w);
}

static void teardown(void)
{
    world_close(&w);
}

static void plan(void)
{
    world_must_plan(&w);
    cap = w.plan.roots[0].capability_sid;
}

START_TEST(aces__unelevated_root__has_the_table_for_the_capability)
{
    plan();
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, cap, ALLOW, 0, SBX_MASK_RWX), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, cap, ALLOW, CHILDREN, SBX_MASK_RWXD), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, cap, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, WORLD_CALLER, ALLOW, TREE, SBX_MASK_FULL), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, "S-1-3-4", ALLOW, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, WORLD_CALLER, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(w.plan.ace_count, 5);
}
END_TEST

START_TEST(aces__elevated_root__has_the_table_for_the_group_too)
{
    world_install(&w);
    plan();
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, cap, ALLOW, 0, SBX_MASK_RWX), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, WORLD_GROUP, ALLOW, 0, SBX_MASK_RWX), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, WORLD_GROUP, ALLOW, CHILDREN, SBX_MASK_RWXD), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, WORLD_GROUP, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(
        world_count(&w, WORLD_CWD, "S-1-3-4", ALLOW, CHILDREN, SBX_MASK_READ_CONTROL), 1);
    ck_assert_uint_eq(w.plan.ace_count, 8);
}
END_TEST

START_TEST(aces__masks__are_those_of_the_design)
{
    ck_assert_uint_eq(SBX_MASK_RWX & (SBX_DELETE | SBX_FILE_DELETE_CHILD), 0);
    ck_assert_uint_eq(SBX_MASK_RWXD & SBX_FILE_DELETE_CHILD, 0);
    ck_assert_uint_eq(SBX_MASK_RWXD, SBX_MASK_RWX | SBX_DELETE);
    ck_assert_uint_eq(SBX_MASK_RWXD & (SBX_WRITE_DAC | SBX_WRITE_OWNER), 0);
    ck_assert_uint_eq(SBX_MASK_DENY_WRITE,
        SBX_FILE_WRITE_DATA | SBX_FILE_APPEND_DATA | SBX_FILE_WRITE_EA | SBX_FILE_WRITE_ATTRIBUTES |
            SBX_DELETE | SBX_FILE_DELETE_CHILD | SBX_WRITE_DAC | SBX_WRITE_OWNER);
    ck_assert_uint_eq(SBX_MASK_DENY_REPLACE,
        SBX_DELETE | SBX_FILE_DELETE_CHILD | SBX_WRITE_DAC | SBX_WRITE_OWNER);
    ck_assert_uint_eq(SBX_MASK_DENY_READ,
        SBX_FILE_READ_DATA | SBX_FILE_READ_EA | SBX_FILE_EXECUTE | SBX_WRITE_DAC | SBX_WRITE_OWNER);
    ck_assert_uint_eq(SBX_MASK_RX, SBX_FILE_GENERIC_READ | SBX_FILE_GENERIC_EXECUTE);
    /* A deny must not take reads away, nor the SYNCHRONIZE that every open asks for. */
    ck_assert_uint_eq(SBX_MASK_DENY_WRITE & SBX_MASK_RX, 0);
}
END_TEST

START_TEST(aces__read_only_root__is_readable_in_elevated_mode_only)
{
    world_policy(&w, "{\"profile\":\"read-only\"}");
    plan();
    ck_assert_uint_eq(w.plan.ace_count, 0);
    world_install(&w);
    plan();
    ck_assert_uint_eq(w.plan.ace_count, 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, WORLD_GROUP, ALLOW, TREE, SBX_MASK_RX), 1);
}
END_TEST

START_TEST(aces__read_only_root_in_a_writable_one__needs_no_entry)
{
    world_install(&w);
    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"in\"],\"denyWrite\":[\"in\"]}}");
    world_root(&w, "D:\\proj\\in");
    world_object(&w, SBX_OBJECT_DENY_WRITE, "D:\\proj\\in");
    plan();
    ck_assert(!w.plan.roots[1].writable);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\in", NULL, ALLOW, -1, 0), 0);
}
END_TEST

START_TEST(aces__read_only_profile_folder__gets_nothing)
{
    world_install(&w);
    world_policy(&w, "{\"profile\":\"read-only\"}");
    world_set(&w.facts.roots[0].path, "C:\\Users\\me");
    plan();
    ck_assert_uint_eq(w.plan.ace_count, 0);
    ck_assert_uint_eq(w.plan.warnings.count, 1);
}
END_TEST

/* --- nested roots ---------------------------------------------------------------------------- */

START_TEST(aces__nested_root__cannot_be_renamed_by_the_outer_one)
{
    const char *inner;

    world_install(&w);
    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"a\\\\b\\\\inner\"]}}");
    world_root(&w, "D:\\proj\\a\\b\\inner");
    plan();
    inner = w.plan.roots[1].capability_sid;
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a\\b\\inner", cap, DENY, 0, SBX_MASK_DELETE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\a\\b\\inner", WORLD_GROUP, DENY, 0, SBX_MASK_DELETE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a\\b", cap, DENY, 0, SBX_MASK_DENY_ABOVE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a", cap, DENY, 0, SBX_MASK_DENY_ABOVE), 1);
    ck_assert_uint_eq(world_count(&w, WORLD_CWD, NULL, DENY, 0, SBX_MASK_DELETE), 0);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a\\b\\inner", inner, ALLOW, 0, SBX_MASK_RWX), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj", inner, ALLOW, -1, 0), 0);
}
END_TEST

START_TEST(aces__sibling_with_the_same_start__is_not_nested)
{
    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"D:\\\\project\"]}}");
    world_root(&w, "D:\\project");
    plan();
    ck_assert_uint_eq(w.plan.ace_count, 10);
    ck_assert_uint_eq(world_count(&w, "D:\\project", NULL, DENY, 0, SBX_MASK_DELETE), 0);
}
END_TEST

/* --- protected and denied objects ------------------------------------------------------------ */

START_TEST(aces__protected_object__is_denied_to_p)
{
    world_install(&w);
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.mcp.json")->is_directory = false;
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.git", WORLD_GROUP, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.mcp.json", cap, DENY, 0, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(w.plan.ace_count, 12);
}
END_TEST

START_TEST(aces__object_in_two_roots__is_denied_to_both)
{
    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"inner\"]}}");
    world_root(&w, "D:\\proj\\inner");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\inner\\.git");
    plan();
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\inner\\.git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\inner\\.git", w.plan.roots[1].capability_sid, DENY,
                          TREE, SBX_MASK_DENY_WRITE),
        1);
}
END_TEST

/* Only the machine's policy may shorten the list of protected names. */
START_TEST(aces__root_in_a_protected_folder__is_not_writable)
{
    static const char *const inside[] = {"D:\\proj\\.vscode", "D:\\proj\\.vscode\\x",
        "D:\\proj\\.git\\x", "D:\\proj\\.git\\hooks\\x"};
    bool git_write = _i > 3;
    size_t n = (size_t)_i % 4;
    struct sbx_error err;

    world_policy(&w, git_write ? "{\"git\":\"write\"}" : "{}");
    ck_assert_sbx_ok(sbx_strings_add(&w.policy.allow_write, inside[n], &err), &err);
    world_root(&w, inside[n]);
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.vscode");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    if (git_write)
        world_object(&w, SBX_OBJECT_GIT_INNER, "D:\\proj\\.git\\hooks");
    plan();
    ck_assert_int_eq(w.plan.roots[1].writable, git_write && n == 2);
    ck_assert_uint_eq(w.plan.warnings.count, git_write && n == 2 ? 0 : 1);
}
END_TEST

START_TEST(aces__object_of_a_read_only_root__needs_no_deny)
{
    world_policy(&w, "{\"profile\":\"read-only\"}");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    plan();
    ck_assert_uint_eq(w.plan.ace_count, 0);
}
END_TEST

START_TEST(aces__deep_denied_object__cannot_be_walked_around)
{
    world_object(&w, SBX_OBJECT_DENY_WRITE, "D:\\proj\\a\\b\\secret");
    world_object(&w, SBX_OBJECT_DENY_WRITE, "D:\\proj\\a\\b\\other")->is_directory = false;
    plan();
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\a\\b\\secret", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\a\\b\\other", cap, DENY, 0, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a\\b", cap, DENY, 0, SBX_MASK_DENY_ABOVE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a", cap, DENY, 0, SBX_MASK_DENY_ABOVE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj", cap, DENY, 0, SBX_MASK_DELETE), 0);
}
END_TEST

/* Pass 2 of a write-restricted token does not see FILE_DELETE_CHILD: it is the user's own. */
START_TEST(aces__unelevated__callers_delete_child_is_denied_where_something_must_stay)
{
    world_policy(&w, "{\"filesystem\":{\"allowWrite\":[\"n\\\\inner\"]}}");
    world_root(&w, "D:\\proj\\n\\inner");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    world_object(&w, SBX_OBJECT_DENY_WRITE, "D:\\proj\\a\\b\\file")->is_directory = false;
    world_object(&w, SBX_OBJECT_DENY_WRITE, "D:\\proj\\a\\b\\other")->is_directory = false;
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj", WORLD_CALLER, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\n", WORLD_CALLER, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\n\\inner", WORLD_CALLER, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\a", WORLD_CALLER, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\a\\b", WORLD_CALLER, DENY, 0, SBX_MASK_DELETE_CHILD), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.git", WORLD_CALLER, DENY, SBX_ACE_CI, SBX_MASK_DELETE_CHILD),
        1);
    /* on a file it would only take FILE_ALL_ACCESS away from the user */
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\a\\b\\file", WORLD_CALLER, DENY, -1, 0), 0);
}
END_TEST

START_TEST(aces__callers_delete_child__stays_in_elevated_mode_and_outside)
{
    struct sbx_object_fact *object;
    size_t i;

    object = world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");
    object->is_directory = false;
    world_set(&object->gitdir_target, "D:\\main\\.git");
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\main\\.git", WORLD_CALLER, DENY, -1, 0), 0);
    world_install(&w);
    plan();
    for (i = 0; i < w.plan.ace_count; i++)
        ck_assert(w.plan.aces[i].type != DENY || strcmp(w.plan.aces[i].sid, WORLD_CALLER) != 0);
}
END_TEST

START_TEST(aces__gitdir_inside__cannot_be_walked_around)
{
    struct sbx_object_fact *object = world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");

    object->is_directory = false;
    world_set(&object->gitdir_target, "D:\\proj\\.real\\git");
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.real", cap, DENY, 0, SBX_MASK_DENY_ABOVE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.real\\git", WORLD_CALLER, DENY, SBX_ACE_CI,
                          SBX_MASK_DELETE_CHILD),
        1);
}
END_TEST

START_TEST(aces__link_and_hard_link__are_left_alone)
{
    struct sbx_object_fact *object;

    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.vscode")->is_reparse = true;
    object = world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.envrc");
    object->is_directory = false;
    object->link_count = 2;
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.vscode", NULL, DENY, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.envrc", NULL, DENY, -1, 0), 0);
    ck_assert_uint_eq(w.plan.warnings.count, 2);
}
END_TEST

/* --- git ------------------------------------------------------------------------------------- */

START_TEST(aces__git_write__denies_replacing_git_and_writing_hooks)
{
    world_policy(&w, "{\"git\":\"write\"}");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.GIT");
    world_object(&w, SBX_OBJECT_GIT_INNER, "D:\\proj\\.GIT\\hooks");
    world_object(&w, SBX_OBJECT_GIT_INNER, "D:\\proj\\.GIT\\config")->is_directory = false;
    world_object(&w, SBX_OBJECT_GIT_INNER, "D:\\proj\\.GIT\\modules\\m\\hooks");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.vscode");
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.GIT", cap, DENY, 0, SBX_MASK_DENY_REPLACE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.GIT", cap, DENY, -1, SBX_MASK_DENY_WRITE), 0);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.GIT\\hooks", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.GIT\\config", cap, DENY, 0, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.GIT\\modules\\m", cap, DENY, 0, SBX_MASK_DENY_ABOVE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.vscode", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
}
END_TEST

START_TEST(aces__git_file__stays_denied_with_git_write)
{
    world_policy(&w, "{\"git\":\"write\"}");
    world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git")->is_directory = false;
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.git", cap, DENY, 0, SBX_MASK_DENY_WRITE), 1);
}
END_TEST

static struct sbx_object_fact *git_file(const char *gitdir, const char *commondir)
{
    struct sbx_object_fact *object = world_object(&w, SBX_OBJECT_PROTECTED, "D:\\proj\\.git");

    object->is_directory = false;
    world_set(&object->gitdir_target, gitdir);
    world_set(&object->commondir_target, commondir);
    return object;
}

/* A second name for the file is easily made, and must not open what the file names. */
START_TEST(aces__gitdir_of_a_hard_link__is_denied)
{
    git_file("D:\\proj\\x\\git", "D:\\main\\.git")->link_count = 2;
    plan();
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\.git", NULL, DENY, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, "D:\\proj\\x\\git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(world_count(&w, "D:\\main\\.git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
}
END_TEST

START_TEST(aces__gitdir_outside__only_ever_gets_denies)
{
    size_t i;

    world_install(&w);
    git_file("D:\\main\\.git\\worktrees\\proj", "D:\\main\\.git");
    plan();
    ck_assert_uint_eq(
        world_count(&w, "D:\\main\\.git\\worktrees\\proj", cap, DENY, TREE, SBX_MASK_DENY_WRITE),
        1);
    ck_assert_uint_eq(world_count(&w, "D:\\main\\.git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\main\\.git", WORLD_GROUP, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    for (i = 0; i < w.plan.ace_count; i++)
        ck_assert(
            w.plan.aces[i].type == DENY || sbx_winpath_is_inside(WORLD_CWD, w.plan.aces[i].path));
}
END_TEST

/* A `.git` file is content of the tree: it must not aim our own walk at the user's machine. */
START_TEST(aces__gitdir_at_a_wide_place__is_not_followed)
{
    static const char *const targets[] = {"C:\\", "D:\\", "C:\\Users\\me", "C:\\Windows",
        "C:\\Users\\me\\AppData\\Local\\AgentSandbox", "D:\\proj", "\\\\server\\share\\x",
        "C:\\Users\\me\\AppData\\Local", "relative", "D:\\tools\\sandbox"};

    git_file(targets[_i], NULL);
    plan();
    ck_assert_uint_eq(w.plan.ace_count, 6); /* the root's five and the `.git` file's own */
    ck_assert_uint_eq(w.plan.warnings.count, 1);
}
END_TEST

START_TEST(aces__gitdir_inside__may_be_written_with_git_write)
{
    git_file("D:\\proj\\.real\\git", NULL);
    plan();
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.real\\git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
    world_policy(&w, "{\"git\":\"write\"}");
    plan();
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.real\\git", cap, DENY, 0, SBX_MASK_DENY_REPLACE), 1);
    ck_assert_uint_eq(
        world_count(&w, "D:\\proj\\.real\\git", NULL, DENY, -1, SBX_MASK_DENY_WRITE), 0);
    /* outside every root git:write changes nothing */
    world_set(&w.facts.objects[0].gitdir_target, "D:\\elsewhere\\git");
    plan();
    ck_assert_uint_eq(
        world_count(&w, "D:\\elsewhere\\git", cap, DENY, TREE, SBX_MASK_DENY_WRITE), 1);
}
END_TEST

/* --- reads ----------------------------------------------------------------------------------- */

START_TEST(aces__deny_read__is_for_the_group)
{
    world_install(&w);
    world_policy(
        &w, "{\"filesystem\":{\"denyRead\":[\"C:\\\\k\"],\"allowRead\":[\"C:\\\\k\\\\a\"]}}");
    world_object(&w, SBX_OBJECT_DENY_READ, "C:\\k");
    world_object(&w, SBX_OBJECT_ALLOW_READ, "C:\\k\\a");
    plan();
    ck_assert_uint_eq(world_count(&w, "C:\\k", WORLD_GROUP, DENY, TREE, SBX_MASK_DENY_READ), 1);
    ck_assert_uint_eq(world_count(&w, "C:\\k", cap, DENY, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, "C:\\k\\a", WORLD_GROUP, ALLOW, TREE, SBX_MASK_RX), 1);
    world_set(&w.facts.objects[1].path, "C:\\k"); /* the same folder: allowRead wins */
    plan();
    ck_assert_uint_eq(world_count(&w, "C:\\k", WORLD_GROUP, DENY, -1, 0), 0);
}
END_TEST

START_TEST(aces__deny_read_of_the_machine__is_not_beaten)
{
    world_install(&w);
    world_object(&w, SBX_OBJECT_DENY_READ_MACHINE, "C:\\k");
    world_object(&w, SBX_OBJECT_ALLOW_READ, "C:\\k\\a");
    plan();
    ck_assert_uint_eq(world_count(&w, "C:\\k", WORLD_GROUP, DENY, TREE, SBX_MASK_DENY_READ), 1);
    ck_assert_uint_eq(world_count(&w, "C:\\k\\a", NULL, ALLOW, -1, 0), 0);
    ck_assert_uint_eq(w.plan.warnings.count, 1);
}
END_TEST

/* --- properties ------------------------------------------------------------------------------ */

/* Random roots and objects: what must hold of every plan, whatever they are. */
START_TEST(aces__random_worlds__keep_the_rules)
{
    static const char *const dirs[] = {
        "D:\\proj\\a", "D:\\proj\\a\\b", "D:\\q", "D:\\q\\r\\s", "D:\\proj\\a\\b\\c\\d", "D:\\qq"};
    static const char *const objects[] = {"D:\\proj\\.git", "D:\\proj\\a\\.git", "D:\\q\\.vscode",
        "D:\\q\\r\\s\\x", "D:\\proj\\a\\b\\c\\y", "D:\\else\\z"};
    uint64_t state = unit_seed();
    struct sbx_error err;
    int round;

    for (round = 0; round < 400; round++) {
        size_t i, k, n = (size_t)(unit_random(&state) % 4);

        world_close(&w);
        world_open(&w);
        if (unit_random(&state) % 2)
            world_install(&w);
        world_policy(&w, unit_random(&state) % 2 ? "{}" : "{\"git\":\"write\"}");
        for (i = 0; i < n; i++) {
            const char *path = dirs[unit_random(&state) % countof(dirs)];

            world_root(&w, path);
            ck_assert_sbx_ok(sbx_strings_add(&w.policy.allow_write, path, &err), &err);
        }
        n = (size_t)(unit_random(&state) % 5);
        for (i = 0; i < n; i++)
            world_object(&w, (enum sbx_object_kind)(unit_random(&state) % 3),
                objects[unit_random(&state) % countof(objects)]);
        plan();
        for (i = 0; i < w.plan.ace_count; i++) {
            const struct sbx_plan_ace *ace = &w.plan.aces[i];

            if (ace->type == DENY)
                continue;
            if (strcmp(ace->sid, WORLD_CALLER) != 0)
                ck_assert_uint_eq(
                    ace->mask & (SBX_FILE_DELETE_CHILD | SBX_WRITE_DAC | SBX_WRITE_OWNER), 0);
            for (k = 0; k < w.plan.root_count; k++) /* allows stand on roots and nowhere else */
                if (!strcmp(w.plan.roots[k].path, ace->path))
                    break;
            ck_assert_uint_lt(k, w.plan.root_count);
        }
        for (i = 0; i < w.facts.object_count; i++)
            for (k = 0; k < w.plan.root_count; k++) {
                const char *path = w.facts.objects[i].path;

                if (!sbx_winpath_is_inside(w.plan.roots[k].path, path))
                    continue;
                ck_assert_uint_ge(
                    world_count(&w, path, w.plan.roots[k].capability_sid, DENY, -1, 0), 1);
                if (w.plan.mode == SBX_MODE_ELEVATED)
                    ck_assert_uint_ge(world_count(&w, path, WORLD_GROUP, DENY, -1, 0), 1);
            }
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, aces__unelevated_root__has_the_table_for_the_capability);
    tcase_add_test(tcase, aces__elevated_root__has_the_table_for_the_group_too);
    tcase_add_test(tcase, aces__masks__are_those_of_the_design);
    tcase_add_test(tcase, aces__read_only_root__is_readable_in_elevated_mode_only);
    tcase_add_test(tcase, aces__read_only_root_in_a_writable_one__needs_no_entry);
    tcase_add_test(tcase, aces__read_only_profile_folder__gets_nothing);
    tcase_add_test(tcase, aces__nested_root__cannot_be_renamed_by_the_outer_one);
    tcase_add_test(tcase, aces__sibling_with_the_same_start__is_not_nested);
    tcase_add_test(tcase, aces__protected_object__is_denied_to_p);
    tcase_add_test(tcase, aces__object_in_two_roots__is_denied_to_both);
    tcase_add_loop_test(tcase, aces__root_in_a_protected_folder__is_not_writable, 0, 8);
    tcase_add_test(tcase, aces__object_of_a_read_only_root__needs_no_deny);
    tcase_add_test(tcase, aces__deep_denied_object__cannot_be_walked_around);
    tcase_add_test(
        tcase, aces__unelevated__callers_delete_child_is_denied_where_something_must_stay);
    tcase_add_test(tcase, aces__callers_delete_child__stays_in_elevated_mode_and_outside);
    tcase_add_test(tcase, aces__gitdir_inside__cannot_be_walked_around);
    tcase_add_test(tcase, aces__link_and_hard_link__are_left_alone);
    tcase_add_test(tcase, aces__git_write__denies_replacing_git_and_writing_hooks);
    tcase_add_test(tcase, aces__git_file__stays_denied_with_git_write);
    tcase_add_test(tcase, aces__gitdir_of_a_hard_link__is_denied);
    tcase_add_test(tcase, aces__gitdir_outside__only_ever_gets_denies);
    tcase_add_loop_test(tcase, aces__gitdir_at_a_wide_place__is_not_followed, 0, 10);
    tcase_add_test(tcase, aces__gitdir_inside__may_be_written_with_git_write);
    tcase_add_test(tcase, aces__deny_read__is_for_the_group);
    tcase_add_test(tcase, aces__deny_read_of_the_machine__is_not_beaten);
    tcase_add_test(tcase, aces__random_worlds__keep_the_rules);
}

UNIT_MAIN("plan_aces", add_tests)
