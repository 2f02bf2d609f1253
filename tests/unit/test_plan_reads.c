/*
 * plan_reads: what the account of an elevated run may read. The planned entries are put on a small
 * profile as NT would inherit them, and the access-check model is asked, as the account.
 */
#include <stdio.h>

#include "shared/core/accesscheck.h"
#include "shared/core/inherit.h"
#include "shared/core/plan.h"
#include "shared/core/winpath.h"
#include "tests/support/unit.h"
#include "tests/support/world.h"

#define ME "C:\\Users\\me"
#define READ 0x00120089u    /* FILE_GENERIC_READ */
#define EXECUTE 0x001200A0u /* FILE_GENERIC_EXECUTE */
#define STAT 0x00100080u    /* FILE_READ_ATTRIBUTES and SYNCHRONIZE */
#define LIST 0x00100001u    /* FILE_LIST_DIRECTORY and SYNCHRONIZE */

/* Parents before children. */
static const struct node {
    const char *path;
    bool is_directory;
} nodes[] = {
    {ME, true},
    {ME "\\.ssh", true},
    {ME "\\.ssh\\id", false},
    {ME "\\.rustup", true},
    {ME "\\.rustup\\toolchains", true},
    {ME "\\.rustup\\toolchains\\rustc.exe", false},
    {ME "\\data", true},
    {ME "\\data\\a.txt", false},
    {ME "\\data\\inner", true},
    {ME "\\data\\inner\\b.txt", false},
    {ME "\\src", true},
    {ME "\\src\\notes.txt", false},
    {ME "\\src\\proj", true},
    {ME "\\src\\proj\\main.c", false},
    {ME "\\src\\proj\\keys", true},
    {ME "\\src\\proj\\keys\\k.pem", false},
};

static struct world w;
static struct sbx_descriptor descriptors[countof(nodes)];

static void setup(void)
{
    world_open(&w);
    world_install(&w);
    world_set(&w.facts.cwd, ME "\\src\\proj");
    world_set(&w.facts.roots[0].path, ME "\\src\\proj");
    world_set(&w.facts.roots[0].asked, ME "\\src\\proj");
    world_set(&w.facts.roots[0].asked_path, ME "\\src\\proj");
}

static void clear(void)
{
    size_t i;

    for (i = 0; i < countof(nodes); i++)
        sbx_descriptor_done(&descriptors[i]);
    memset(descriptors, 0, sizeof(descriptors));
}

static void teardown(void)
{
    clear();
    world_close(&w);
}

static struct sbx_sid sid(const char *text)
{
    struct sbx_sid parsed;
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_sid_parse(text, &parsed, &err), &err);
    return parsed;
}

static void append(
    struct sbx_descriptor *d, uint8_t type, uint8_t flags, uint32_t mask, const char *who)
{
    struct sbx_sid parsed = sid(who);
    struct sbx_ace ace = sbx_ace_make(type, flags, mask, &parsed);
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_acl_insert(&d->dacl, d->dacl.count, &ace, &err), &err);
}

/* The explicit entries of one object: denies before allows, as they are merged. */
static void put_planned(struct sbx_descriptor *d, const char *path)
{
    static const uint8_t order[] = {SBX_ACE_DENY, SBX_ACE_ALLOW};
    size_t k, i;

    for (k = 0; k < countof(order); k++)
        for (i = 0; i < w.plan.ace_count; i++) {
            const struct sbx_plan_ace *ace = &w.plan.aces[i];

            if (ace->type == order[k] && sbx_winpath_equal(ace->path, path))
                append(d, ace->type, ace->flags, ace->mask, ace->sid);
        }
}

static size_t find(const char *path)
{
    size_t i;

    for (i = 0; i < countof(nodes); i++)
        if (!strcmp(nodes[i].path, path))
            return i;
    return SIZE_MAX;
}

static size_t parent_of(size_t index)
{
    struct sbx_error err;
    char *parent = NULL;
    size_t found;

    ck_assert_sbx_ok(sbx_winpath_parent(nodes[index].path, &parent, &err), &err);
    found = find(parent);
    free(parent);
    return found;
}

/* A profile as Windows makes it: the user, SYSTEM and Administrators, inherited by everything. */
static void apply(void)
{
    struct sbx_error err;
    size_t i;

    ck_assert_sbx_ok(world_plan(&w, &err), &err);
    clear();
    for (i = 0; i < countof(nodes); i++) {
        struct sbx_descriptor own;

        memset(&own, 0, sizeof(own));
        own.owner = sid(WORLD_CALLER);
        own.dacl.kind = SBX_ACL_LIST;
        put_planned(&own, nodes[i].path);
        if (i == 0) {
            append(&own, SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI, SBX_MASK_FULL, "S-1-5-18");
            append(&own, SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI, SBX_MASK_FULL, WORLD_CALLER);
            descriptors[i] = own;
            continue;
        }
        ck_assert_sbx_ok(sbx_inherit_existing(&descriptors[parent_of(i)], &own,
                             nodes[i].is_directory, &descriptors[i], &err),
            &err);
        sbx_descriptor_done(&own);
    }
}

static bool may(const char *path, uint32_t desired)
{
    struct sbx_access_group groups[] = {{sid(WORLD_GROUP), SBX_GROUP_ENABLED},
        {sid("S-1-1-0"), SBX_GROUP_ENABLED}, {sid("S-1-5-32-545"), SBX_GROUP_ENABLED},
        {sid("S-1-5-11"), SBX_GROUP_ENABLED}};
    struct sbx_sid restricting[] = {sid(w.plan.run_sid), sid("S-1-1-0"), sid(WORLD_OFFLINE),
        w.plan.capability_sids.count ? sid(w.plan.capability_sids.items[0]) : sid("S-1-1-0")};
    struct sbx_access_token token = {.user = sid(WORLD_OFFLINE),
        .groups = groups,
        .group_count = countof(groups),
        .restricting = restricting,
        .restricting_count = countof(restricting),
        .restricted = true,
        .write_restricted = true};
    size_t index = find(path), parent;
    struct sbx_access_request request = {.desired = desired};
    struct sbx_access_result result;

    ck_assert_msg(index != SIZE_MAX, "no node '%s'", path);
    parent = index ? parent_of(index) : SIZE_MAX;
    request.parent = parent != SIZE_MAX ? &descriptors[parent] : NULL;
    sbx_access_check(&descriptors[index], &token, &request, &result);
    return result.granted;
}

#define ck_may(path, mask) ck_assert_msg(may(ME path, mask), "%s is refused %s", path, #mask)
#define ck_may_not(path, mask) ck_assert_msg(!may(ME path, mask), "%s is given %s", path, #mask)

/* --- without a word of the policy
 * ------------------------------------------------------------------ */

START_TEST(reads__profile__is_closed_but_for_the_root)
{
    apply();
    ck_may("\\src\\proj", LIST);
    ck_may("\\src\\proj\\main.c", READ);
    ck_may_not("", LIST);
    ck_may_not("", STAT);
    ck_may_not("\\.ssh\\id", READ);
    ck_may_not("\\src", STAT);
    ck_may_not("\\src\\notes.txt", READ);
    ck_may_not("\\.rustup\\toolchains\\rustc.exe", EXECUTE);
}
END_TEST

START_TEST(reads__ancestors__can_be_asked_for_and_not_listed)
{
    world_object(&w, SBX_OBJECT_ANCESTOR, ME);
    world_object(&w, SBX_OBJECT_ANCESTOR, ME "\\src");
    apply();
    ck_may("", STAT);
    ck_may("\\src", STAT);
    ck_may_not("", LIST);
    ck_may_not("\\src", LIST);
    /* this object only */
    ck_may_not("\\src\\notes.txt", STAT);
    ck_may_not("\\.ssh", STAT);
    ck_may_not("\\data", STAT);
    ck_assert_uint_eq(world_count(&w, ME, WORLD_GROUP, SBX_ACE_ALLOW, 0, SBX_MASK_ANCESTOR), 1);
}
END_TEST

START_TEST(reads__tool_home__is_read_and_run_not_written)
{
    world_object(&w, SBX_OBJECT_TOOL_HOME, ME "\\.rustup");
    apply();
    ck_may("\\.rustup\\toolchains", LIST);
    ck_may("\\.rustup\\toolchains\\rustc.exe", READ | EXECUTE);
    ck_may_not("\\.rustup\\toolchains\\rustc.exe", 0x00120116u); /* FILE_GENERIC_WRITE */
    ck_may_not("\\.rustup\\toolchains\\rustc.exe", 0x00010000u); /* DELETE */
    ck_may_not("\\.ssh\\id", READ);
}
END_TEST

static const char *const never_tools[] = {ME, ME "\\.ssh", ME "\\AppData\\Local",
    ME "\\AppData\\Local\\AgentSandbox", "C:\\Users", "C:\\", ME "\\.cargo"};

START_TEST(reads__secret_place_as_tool_home__gets_nothing)
{
    const char *path = never_tools[_i];

    world_object(&w, SBX_OBJECT_TOOL_HOME, path);
    apply();
    ck_assert_msg(
        world_count(&w, path, WORLD_GROUP, SBX_ACE_ALLOW, -1, 0) == 0, "'%s' is given", path);
    ck_assert_uint_eq(w.plan.warnings.count, 1);
}
END_TEST

START_TEST(reads__link_as_tool_home__gets_nothing)
{
    world_object(&w, SBX_OBJECT_TOOL_HOME, ME "\\.rustup")->is_reparse = true;
    world_object(&w, SBX_OBJECT_ANCESTOR, ME)->is_reparse = true;
    apply();
    ck_assert_uint_eq(world_count(&w, ME "\\.rustup", NULL, SBX_ACE_ALLOW, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, ME, NULL, SBX_ACE_ALLOW, -1, 0), 0);
}
END_TEST

/* --- allowRead and denyRead
 * ------------------------------------------------------------------------ */

START_TEST(reads__allow_read__opens_that_folder)
{
    world_policy(&w, "{\"filesystem\":{\"allowRead\":[\"~\\\\data\"]}}");
    world_object(&w, SBX_OBJECT_ALLOW_READ, ME "\\data");
    apply();
    ck_may("\\data\\inner\\b.txt", READ);
    ck_may_not("\\data\\inner\\b.txt", 0x00120116u);
    ck_may_not("\\src\\notes.txt", READ);
}
END_TEST

static const char *const never_allowed[] = {ME, "C:\\Users", "C:\\", "C:\\Users\\other",
    ME "\\AppData\\Local", "C:\\Windows", "C:\\Program Files\\x", "C:\\ProgramData",
    "C:\\ProgramData\\AgentSandbox\\work", ME "\\AppData\\Local\\AgentSandbox"};

START_TEST(reads__whole_profile_and_state__are_never_given)
{
    const char *path = never_allowed[_i];

    world_object(&w, SBX_OBJECT_ALLOW_READ, path);
    apply();
    ck_assert_msg(world_count(&w, path, WORLD_GROUP, SBX_ACE_ALLOW, -1, 0) == 0, "'%s'", path);
    ck_assert_uint_eq(w.plan.warnings.count, 1);
}
END_TEST

START_TEST(reads__deny_read__closes_what_is_open)
{
    world_policy(&w, "{\"filesystem\":{\"denyRead\":[\"keys\"]}}");
    world_object(&w, SBX_OBJECT_DENY_READ, ME "\\src\\proj\\keys");
    apply();
    ck_may("\\src\\proj\\main.c", READ);
    ck_may_not("\\src\\proj\\keys", LIST);
    ck_may_not("\\src\\proj\\keys\\k.pem", READ);
    ck_may_not("\\src\\proj\\keys\\k.pem", 0x00000001u);
    /* nor can the child take the deny away */
    ck_may_not("\\src\\proj\\keys", SBX_WRITE_DAC);
    ck_may_not("\\src\\proj\\keys\\k.pem", SBX_WRITE_OWNER);
}
END_TEST

START_TEST(reads__allow_inside_deny__is_open)
{
    world_policy(&w, "{\"filesystem\":{\"denyRead\":[\"~\\\\data\"],"
                     "\"allowRead\":[\"~\\\\data\\\\inner\"]}}");
    world_object(&w, SBX_OBJECT_DENY_READ, ME "\\data");
    world_object(&w, SBX_OBJECT_ALLOW_READ, ME "\\data\\inner");
    apply();
    ck_may_not("\\data\\a.txt", READ);
    ck_may("\\data\\inner\\b.txt", READ);
}
END_TEST

START_TEST(reads__deny_of_the_machine__beats_allow_inside_and_around)
{
    world_object(&w, SBX_OBJECT_DENY_READ_MACHINE, ME "\\data\\inner");
    world_object(&w, SBX_OBJECT_ALLOW_READ, ME "\\data");
    apply();
    ck_may_not("\\data\\inner\\b.txt", READ);
    world_set(&w.facts.objects[0].path, ME "\\data");
    world_set(&w.facts.objects[1].path, ME "\\data\\inner");
    apply();
    ck_may_not("\\data\\inner\\b.txt", READ);
}
END_TEST

/* Rule 1: an explicit allow of ours inside the folder must not open it again. */
START_TEST(reads__deny_above_root_and_tool__holds)
{
    world_policy(&w, "{\"filesystem\":{\"denyRead\":[\"~\\\\src\",\"~\\\\.rustup\"]}}");
    world_object(&w, SBX_OBJECT_DENY_READ, ME "\\src");
    world_object(&w, SBX_OBJECT_DENY_READ, ME "\\.rustup");
    world_object(&w, SBX_OBJECT_TOOL_HOME, ME "\\.rustup\\toolchains");
    apply();
    ck_may_not("\\src\\proj\\main.c", READ);
    ck_may_not("\\src\\proj", LIST);
    ck_may_not("\\.rustup\\toolchains\\rustc.exe", EXECUTE);
    /* and what the policy allows again is open */
    world_object(&w, SBX_OBJECT_ALLOW_READ, ME "\\src\\proj");
    apply();
    ck_may("\\src\\proj\\main.c", READ);
    ck_may_not("\\src\\notes.txt", READ);
}
END_TEST

START_TEST(reads__deny_of_the_machine_above_the_root__holds)
{
    world_object(&w, SBX_OBJECT_DENY_READ_MACHINE, ME "\\src");
    world_object(&w, SBX_OBJECT_ALLOW_READ, ME "\\src\\proj");
    apply();
    ck_may_not("\\src\\proj\\main.c", READ);
}
END_TEST

START_TEST(reads__deny_that_cannot_be__is_an_error)
{
    struct sbx_error err;
    struct sbx_object_fact *object;

    world_policy(&w, "{\"filesystem\":{\"denyRead\":[\"a.txt\"]}}");
    object = world_object(&w, SBX_OBJECT_DENY_READ, ME "\\data\\a.txt");
    object->is_directory = false;
    object->link_count = 2;
    ck_assert_int_eq(world_plan(&w, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "2 names"));
    ck_assert_str_ne(err.hint, "");
    object->link_count = 1;
    object->is_reparse = true;
    ck_assert_int_eq(world_plan(&w, &err), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "link"));
    object->is_reparse = false;
    ck_assert_sbx_ok(world_plan(&w, &err), &err);
}
END_TEST

START_TEST(reads__unelevated__get_no_entry)
{
    w.facts.is_operator = false;
    world_object(&w, SBX_OBJECT_TOOL_HOME, ME "\\.rustup");
    world_object(&w, SBX_OBJECT_ANCESTOR, ME);
    world_object(&w, SBX_OBJECT_ALLOW_READ, ME "\\data");
    world_must_plan(&w);
    ck_assert_uint_eq(world_count(&w, ME "\\.rustup", NULL, SBX_ACE_ALLOW, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, ME, NULL, SBX_ACE_ALLOW, -1, 0), 0);
    ck_assert_uint_eq(world_count(&w, ME "\\data", NULL, SBX_ACE_ALLOW, -1, 0), 0);
}
END_TEST

START_TEST(reads__notes__become_warnings)
{
    struct sbx_error err;

    ck_assert_sbx_ok(sbx_strings_add(&w.facts.read_notes, "3 matches", &err), &err);
    apply();
    ck_assert_uint_eq(w.plan.warnings.count, 1);
    ck_assert_str_eq(w.plan.warnings.items[0], "3 matches");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, reads__profile__is_closed_but_for_the_root);
    tcase_add_test(tcase, reads__ancestors__can_be_asked_for_and_not_listed);
    tcase_add_test(tcase, reads__tool_home__is_read_and_run_not_written);
    tcase_add_loop_test(
        tcase, reads__secret_place_as_tool_home__gets_nothing, 0, (int)countof(never_tools));
    tcase_add_test(tcase, reads__link_as_tool_home__gets_nothing);
    tcase_add_test(tcase, reads__allow_read__opens_that_folder);
    tcase_add_loop_test(
        tcase, reads__whole_profile_and_state__are_never_given, 0, (int)countof(never_allowed));
    tcase_add_test(tcase, reads__deny_read__closes_what_is_open);
    tcase_add_test(tcase, reads__allow_inside_deny__is_open);
    tcase_add_test(tcase, reads__deny_of_the_machine__beats_allow_inside_and_around);
    tcase_add_test(tcase, reads__deny_above_root_and_tool__holds);
    tcase_add_test(tcase, reads__deny_of_the_machine_above_the_root__holds);
    tcase_add_test(tcase, reads__deny_that_cannot_be__is_an_error);
    tcase_add_test(tcase, reads__unelevated__get_no_entry);
    tcase_add_test(tcase, reads__notes__become_warnings);
}

UNIT_MAIN("plan_reads", add_tests)
