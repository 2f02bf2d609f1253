/* Facts of a run: what a policy names by another name than the volume does. */
#include "tests/support/protect/protectcase.h"
#include "shared/core/winpath.h"

#include <stdio.h>

/* JSON text of a path. */
static void quote(const char *path, char *ret_text)
{
    for (; *path; path++) {
        if (*path == '\\')
            *ret_text++ = '\\';
        *ret_text++ = *path;
    }
    *ret_text = '\0';
}

static void gather(const char *key, const char *path)
{
    struct sbx_strings none = {0};
    char quoted[3000], json[3200];

    quote(path, quoted);
    snprintf(json, sizeof(json), "{\"mode\":\"unelevated\",\"filesystem\":{\"%s\":[\"%s\"]}}", key,
        quoted);
    use_policy(json);
    ck_assert_sbx_ok(sbx_facts_places(root, &facts, &err), &err);
    ck_assert_sbx_ok(sbx_facts_roots(&run_policy, &none, &facts, &err), &err);
}

static bool has_denied(const char *path)
{
    size_t i;

    for (i = 0; i < facts.object_count; i++)
        if (facts.objects[i].kind == SBX_OBJECT_DENY_WRITE &&
            strcmp(facts.objects[i].path, path) == 0)
            return true;
    return false;
}

START_TEST(deny_write__by_another_name_of_the_root__is_denied)
{
    char name[1100];

    other_name_of_root(name, sizeof(name));
    strcat(name, "\\src");
    gather("denyWrite", name);
    ck_assert_msg(has_denied(scratch_path("ws\\src")), "%s", name);
}
END_TEST

START_TEST(deny_write__another_name_of_the_root_itself__no_root)
{
    char name[1100];

    other_name_of_root(name, sizeof(name));
    gather("denyWrite", name);
    if (!platform_is_wine()) /* a junction is the object there, and is told as a link */
        return;
    ck_assert(has_denied(root));
    ck_assert_sbx_ok(sbx_plan_make(&run_policy, &facts, &plan, &err), &err);
    have_plan = true;
    ck_assert(!plan.roots[0].writable);
}
END_TEST

START_TEST(deny_write__short_name__is_the_long_one)
{
    wchar_t short_w[600];
    char name[1000];
    size_t i;
    DWORD cch;

    scratch_mkdir("ws\\a long directory name");
    scratch_write("ws\\a long directory name\\secret.file.txt", "x");
    cch = GetShortPathNameW(
        scratch_path_w("ws\\a long directory name\\secret.file.txt"), short_w, 600);
    ck_assert_uint_gt(cch, 0);
    for (i = 0; i <= cch; i++)
        name[i] = (char)short_w[i];
    gather("denyWrite", name);
    ck_assert_msg(
        has_denied(scratch_path("ws\\a long directory name\\secret.file.txt")), "%s", name);
}
END_TEST

START_TEST(deny_write__other_case_of_no_ascii_letter__is_denied)
{
    char name[1000];

    scratch_mkdir("ws\\\xC3\xA4");
    scratch_mkdir("ws\\\xC3\xA4\\inner");
    snprintf(name, sizeof(name), "%s\\\xC3\x84\\INNER", root);
    gather("denyWrite", name);
    ck_assert(has_denied(scratch_path("ws\\\xC3\xA4\\inner")));
}
END_TEST

START_TEST(deny_write__what_is_not_there_or_elsewhere__says_nothing)
{
    char name[1000];

    snprintf(name, sizeof(name), "%s\\no such\\name", root);
    gather("denyWrite", name);
    ck_assert_uint_eq(facts.object_count, 0);
    sbx_facts_done(&facts);
    sbx_policy_done(&run_policy);
    gather("denyWrite", scratch_path("outside"));
    ck_assert_uint_eq(facts.object_count, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, protect_case_setup, protect_case_teardown);
    tcase_add_test(tcase, deny_write__by_another_name_of_the_root__is_denied);
    tcase_add_test(tcase, deny_write__another_name_of_the_root_itself__no_root);
    tcase_add_test(tcase, deny_write__short_name__is_the_long_one);
    tcase_add_test(tcase, deny_write__other_case_of_no_ascii_letter__is_denied);
    tcase_add_test(tcase, deny_write__what_is_not_there_or_elsewhere__says_nothing);
}

UNIT_MAIN("protect_facts", add_tests)
