/*
 * What `why` says a run would make true, against what the grant engine then writes; what it reads
 * from disk; and the search of `audit writable`.
 *
 * On stock Wine descriptors live in the fixture (tests/support/grant/grantworld.h).
 */
#include "tests/support/unit.h"
#include "tests/support/grant/grantworld.h"
#include "tests/support/win/scratch.h"

#include "agent/auditwalk.h"
#include "agent/grants.h"
#include "agent/revoke.h"
#include "agent/whyread.h"
#include "shared/core/winpath.h"
#include "shared/win/clock.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/wstr.h"

#include <stdio.h>

#define TESTS 11u

static struct sbx_error err;
static DWORD link_error; /* why a test could not be made; it does not count as passed */
static struct sbx_plan plan;
static char state[700];
static struct sbx_grant_report report;
static struct sbx_why_place place;
static struct sbx_audit audit;

/* A token of the user with the root's capability and Everyone, write-restricted. */
static struct sbx_access_group groups[2];
static struct sbx_sid restricting[2];
static struct sbx_access_token token;
static struct sbx_creator creator;

static void setup(void)
{
    sbx_error_init(&err);
    grant_world_begin();
    grant_plan_make(&plan, false, false);
    snprintf(state, sizeof(state), "%s", grant_path("state"));
    memset(&token, 0, sizeof(token));
    ck_assert_sbx_ok(sbx_sid_of_current_user(&token.user, &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse(grant_capability(), &restricting[0], &err), &err);
    restricting[1] = sbx_sid_everyone;
    groups[0].sid = sbx_sid_everyone;
    groups[0].attributes = SBX_GROUP_ENABLED;
    token.groups = groups;
    token.group_count = 1;
    token.restricting = restricting;
    token.restricting_count = 2;
    token.restricted = token.write_restricted = true;
    creator.owner = creator.group = token.user;
}

static void teardown(void)
{
    sbx_audit_done(&audit);
    sbx_why_place_done(&place);
    sbx_grant_report_done(&report);
    grant_plan_done(&plan);
    grant_world_end();
}

static void apply(void)
{
    const struct sbx_grant_options options = {.state_directory = state};

    ck_assert_sbx_ok(sbx_grants_apply(&plan, &options, &report, &err), &err);
}

static void read_place(const char *path, enum sbx_why_op op)
{
    sbx_why_place_done(&place);
    ck_assert_sbx_ok(sbx_why_read(grant_path("ws"), path, op, &plan, state, &place, &err), &err);
    place.question.token = &token;
    place.question.creator = &creator;
}

static struct sbx_why_answer ask(const char *path, enum sbx_why_op op)
{
    struct sbx_why_answer answer;

    read_place(path, op);
    ck_assert_sbx_ok(sbx_why_ask(&place.question, &answer, &err), &err);
    return answer;
}

/* Every object of the tree: roots, directories, files, protected ones, one that was moved in. */
static const char *const objects[] = {"ws", "ws\\a.txt", "ws\\sub", "ws\\sub\\b.txt",
    "ws\\sub\\deep", "ws\\sub\\deep\\c.txt", "ws\\.git", "ws\\.git\\config", "ws\\.git\\hooks",
    "ws\\.git\\hooks\\pre-commit", "ws\\prot", "ws\\prot\\d.txt", "ws\\.mcp.json", "outside",
    "outside\\o.txt"};

START_TEST(why__planned_list__is_what_the_engine_writes)
{
    struct sbx_descriptor planned[countof(objects)];
    bool changed = false;
    size_t i;

    memset(planned, 0, sizeof(planned));
    for (i = 0; i < countof(objects); i++) {
        read_place(grant_path(objects[i]), SBX_WHY_WRITE);
        ck_assert_sbx_ok(
            sbx_why_planned(&place.question, &place.question.object, false, &planned[i], &err),
            &err);
        changed |= !sbx_acl_same_aces(&planned[i].dacl, &place.object.dacl);
    }
    ck_assert(changed);
    apply();
    for (i = 0; i < countof(objects); i++) {
        struct sbx_descriptor real;

        grant_get(objects[i], &real);
        ck_assert_msg(sbx_acl_same_aces(&planned[i].dacl, &real.dacl),
            "'%s' was written otherwise than planned (%zu entries, planned %zu)", objects[i],
            real.dacl.count, planned[i].dacl.count);
        sbx_descriptor_done(&real);
        sbx_descriptor_done(&planned[i]);
    }
}
END_TEST

START_TEST(why__before_and_after_a_run__says_what_changed)
{
    struct sbx_why_answer a = ask("a.txt", SBX_WHY_WRITE);

    ck_assert(!a.now.granted && a.planned.granted && a.will_change);
    a = ask(".git\\config", SBX_WHY_WRITE);
    ck_assert(!a.planned.granted); /* Everyone may write it now: the deny goes before that */
    ck_assert(a.now.granted && a.will_change);
    apply();
    a = ask("a.txt", SBX_WHY_WRITE);
    ck_assert(a.now.granted && a.planned.granted && !a.will_change && !a.moved_in);
    a = ask(".git\\config", SBX_WHY_WRITE);
    ck_assert(!a.now.granted && !a.planned.granted && !a.will_change);
    a = ask("new.txt", SBX_WHY_WRITE);
    ck_assert(!a.exists && a.planned.granted && a.planned.on_parent);
}
END_TEST

/* The ledger of a real run says that the walk is done, so what lacks the entries came later. */
START_TEST(why__file_that_came_after_the_walk__is_named_as_moved_in)
{
    struct sbx_ace ace = sbx_ace_make(SBX_ACE_ALLOW, 0, SBX_FILE_ALL, &token.user);
    struct sbx_descriptor d = {.control = 0};
    struct sbx_why_answer a;

    apply();
    scratch_write("ws\\came.txt", "x");
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 0, &ace, &err), &err);
    grant_set("ws\\came.txt", &d);
    sbx_descriptor_done(&d);
    a = ask("came.txt", SBX_WHY_WRITE);
    ck_assert(!a.planned.granted && a.moved_in && !a.will_change);
    a = ask("a.txt", SBX_WHY_WRITE);
    ck_assert(a.planned.granted && !a.moved_in);
}
END_TEST

START_TEST(why__places_that_are_not_there__are_told_apart)
{
    ck_assert_int_eq(
        sbx_why_read(grant_path("ws"), "none\\x", SBX_WHY_READ, &plan, state, &place, &err),
        SBX_NOT_FOUND);
    sbx_why_place_done(&place);
    ck_assert_int_eq(
        sbx_why_read(grant_path("ws"), "a<b", SBX_WHY_READ, &plan, state, &place, &err),
        SBX_INVALID);
    sbx_why_place_done(&place);
    read_place("missing.txt", SBX_WHY_READ);
    ck_assert_ptr_null(place.question.object.descriptor);
    ck_assert_ptr_nonnull(place.question.parent.descriptor);
    read_place(grant_path("ws\\sub"), SBX_WHY_READ);
    ck_assert(place.question.object.is_directory);
    ck_assert_str_eq(sbx_winpath_base_name(place.parent_path), "ws");
}
END_TEST

START_TEST(why__second_name_and_read_only__are_seen)
{
    wchar_t existing_w[800];
    struct sbx_why_answer a;

    wcscpy(existing_w, scratch_path_w("ws\\a.txt"));
    ck_assert(CreateHardLinkW(scratch_path_w("ws\\second.txt"), existing_w, NULL));
    read_place("a.txt", SBX_WHY_WRITE);
    ck_assert_uint_eq(place.question.object.links, 2);
    a = ask("a.txt", SBX_WHY_WRITE);
    ck_assert(!a.planned.granted && !a.will_change); /* the engine leaves it alone */
    ck_assert(!place.question.object.read_only);
    ck_assert(SetFileAttributesW(existing_w, FILE_ATTRIBUTE_READONLY));
    read_place("a.txt", SBX_WHY_WRITE);
    ck_assert(place.question.object.read_only);
}
END_TEST

/* --- audit ------------------------------------------------------------------------------------ */

static void open_to_everyone(const char *name, uint8_t flags)
{
    const struct sbx_ace aces[] = {
        sbx_ace_make(SBX_ACE_ALLOW, SBX_ACE_OI | SBX_ACE_CI, SBX_FILE_ALL, &token.user),
        sbx_ace_make(SBX_ACE_ALLOW, flags, SBX_MASK_RWXD, &sbx_sid_everyone)};
    struct sbx_descriptor d = {.control = SBX_SD_DACL_PROTECTED};
    size_t i;

    for (i = 0; i < countof(aces); i++)
        ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, i, &aces[i], &err), &err);
    grant_set(name, &d);
    sbx_descriptor_done(&d);
}

static void search(const char *name, uint32_t budget_ms)
{
    sbx_audit_done(&audit);
    audit.plan = &plan;
    audit.token = &token;
    audit.deadline_ms = sbx_clock_ms() + budget_ms;
    ck_assert_sbx_ok(sbx_audit_add_place(&audit, grant_path(name), &err), &err);
    ck_assert_sbx_ok(sbx_audit_exclude(&audit, grant_path("ws"), &err), &err);
    ck_assert_sbx_ok(sbx_audit_run(&audit, &err), &err);
}

static const struct sbx_audit_finding *found(const char *name)
{
    size_t i;

    for (i = 0; i < audit.finding_count; i++)
        if (sbx_winpath_equal(audit.findings[i].path, grant_path(name)))
            return &audit.findings[i];
    return NULL;
}

static void make_outside(void)
{
    static const char *const directories[] = {
        "outside\\d1", "outside\\d1\\d2", "outside\\d1\\d2\\d3", "outside\\quiet"};
    size_t i;

    for (i = 0; i < countof(directories); i++)
        scratch_mkdir(directories[i]);
    scratch_write("outside\\plain.txt", "x");
    open_to_everyone("outside", 0);
}

START_TEST(audit__deep_directory_for_everyone__is_found_with_its_entry)
{
    const struct sbx_audit_finding *finding;

    make_outside();
    ck_assert(!audit.finding_count);
    open_to_everyone("outside\\d1\\d2", 0);
    search("outside", 60000);
    finding = found("outside\\d1\\d2");
    ck_assert_ptr_nonnull(finding);
    ck_assert(sbx_sid_equal(&finding->hole.verdict.step.sid, &sbx_sid_everyone));
    ck_assert_int_eq(finding->hole.verdict.pass, SBX_PASS_RESTRICTED);
    ck_assert(finding->hole.rights & SBX_FILE_WRITE_DATA);
    ck_assert_ptr_nonnull(found("outside"));
    ck_assert_ptr_null(found("outside\\quiet"));
    ck_assert_ptr_null(found("outside\\plain.txt"));
    ck_assert_uint_eq(audit.finding_count, 2); /* each once */
    ck_assert(audit.places[0].opened && audit.places[0].finished);
    ck_assert_uint_eq(audit.directories, 5);
    ck_assert_uint_eq(audit.files, 2);
}
END_TEST

START_TEST(audit__file_and_inherited_files__are_found)
{
    const struct sbx_audit_finding *finding;

    make_outside();
    open_to_everyone("outside\\plain.txt", 0);
    open_to_everyone("outside\\d1", SBX_ACE_OI | SBX_ACE_IO);
    search("outside", 60000);
    finding = found("outside\\plain.txt");
    ck_assert_ptr_nonnull(finding);
    ck_assert(!finding->is_directory);
    finding = found("outside\\d1");
    ck_assert_ptr_nonnull(finding);
    ck_assert(finding->hole.files_in_it);
}
END_TEST

START_TEST(audit__same_entry_below__is_counted_with_the_first)
{
    struct sbx_ace aces[2];
    struct sbx_descriptor d = {.control = SBX_SD_DACL_AUTO_INHERITED};
    const struct sbx_audit_finding *finding;

    make_outside();
    open_to_everyone("outside\\d1", SBX_ACE_OI | SBX_ACE_CI);
    aces[0] = sbx_ace_make(SBX_ACE_ALLOW, 0x13, SBX_FILE_ALL, &token.user);
    aces[1] = sbx_ace_make(SBX_ACE_ALLOW, 0x13, SBX_MASK_RWXD, &sbx_sid_everyone);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 0, &aces[0], &err), &err);
    ck_assert_sbx_ok(sbx_acl_insert(&d.dacl, 1, &aces[1], &err), &err);
    grant_set("outside\\d1\\d2", &d);
    grant_set("outside\\d1\\d2\\d3", &d);
    sbx_descriptor_done(&d);
    search("outside", 60000);
    finding = found("outside\\d1");
    ck_assert_ptr_nonnull(finding);
    ck_assert_ptr_null(found("outside\\d1\\d2"));
    ck_assert_ptr_null(found("outside\\d1\\d2\\d3"));
    ck_assert_uint_ge(finding->below, 2);
    /* From the place that gives it, all of it is one finding. */
    search("outside\\d1", 60000);
    ck_assert_uint_eq(audit.finding_count, 1);
    ck_assert_uint_ge(audit.findings[0].below, 2);
}
END_TEST

/* A root of the policy is no finding, and nothing else of the tree is missed for it. */
START_TEST(audit__writable_root__is_left_out)
{
    apply();
    open_to_everyone("outside", 0);
    sbx_audit_done(&audit);
    search("ws", 60000);
    ck_assert_uint_eq(audit.finding_count, 0);
    ck_assert_uint_eq(audit.directories, 0);
    ck_assert_uint_eq(audit.in_roots, 1);
}
END_TEST

START_TEST(audit__time_is_up__says_what_was_not_reached)
{
    make_outside();
    search("outside", 0);
    ck_assert_uint_eq(audit.finding_count, 0);
    ck_assert(!audit.places[0].opened && !audit.places[0].finished);
}
END_TEST

START_TEST(audit__link__is_not_followed)
{
    make_outside();
    if (!CreateSymbolicLinkW(
            scratch_path_w("outside\\link"), L"C:\\windows", SYMBOLIC_LINK_FLAG_DIRECTORY | 2u)) {
        link_error = GetLastError();
        return;
    }
    search("outside", 60000);
    ck_assert_uint_eq(audit.directories, 5);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, why__planned_list__is_what_the_engine_writes);
    tcase_add_test(tcase, why__before_and_after_a_run__says_what_changed);
    tcase_add_test(tcase, why__file_that_came_after_the_walk__is_named_as_moved_in);
    tcase_add_test(tcase, why__places_that_are_not_there__are_told_apart);
    tcase_add_test(tcase, why__second_name_and_read_only__are_seen);
    tcase_add_test(tcase, audit__deep_directory_for_everyone__is_found_with_its_entry);
    tcase_add_test(tcase, audit__file_and_inherited_files__are_found);
    tcase_add_test(tcase, audit__same_entry_below__is_counted_with_the_first);
    tcase_add_test(tcase, audit__writable_root__is_left_out);
    tcase_add_test(tcase, audit__time_is_up__says_what_was_not_reached);
    tcase_add_test(tcase, audit__link__is_not_followed);
}

int wmain(void);
int wmain(void)
{
    int code = unit_run("why_planned", add_tests);

    if (!code && link_error)
        printf("skipped: audit__link: no right to make one here (error %lu)\n"
               "%u passed, 0 failed, 1 skipped\n",
            link_error, TESTS - 1);
    return code;
}
