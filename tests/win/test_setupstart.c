/*
 * Whom the agent listens to at the set-up pipe: the process that it started, and nobody else.
 * tests/probe/setupchild.c plays set-up.
 */
#include "tests/support/unit.h"

#include "agent/setupstart.h"
#include "tests/support/win/child.h"
#include "tests/support/win/scratch.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_setup_event result;
static char setup_image[800];

static void setup(void)
{
    sbx_error_init(&err);
    memset(&result, 0, sizeof(result));
    scratch_begin();
    snprintf(setup_image, sizeof(setup_image), "%s\\setupchild.exe", child_directory());
    SetEnvironmentVariableW(L"SBX_SETUPCHILD_FILE", scratch_path_w("got"));
}

static void teardown(void)
{
    SetEnvironmentVariableW(L"SBX_SETUPCHILD_FILE", NULL);
    SetEnvironmentVariableW(L"SBX_SETUPCHILD", NULL);
    sbx_setup_event_done(&result);
    scratch_end();
}

/* The prompt needs a person; the rest of the way is the same without one. */
static enum sbx_status talk(const wchar_t *what)
{
    struct sbx_setup_request request = {.mode = SBX_SETUP_INSTALL, .accounts = 1};
    struct sbx_setup_call call = {.setup = setup_image, .request = &request, .elevated = true};

    SetEnvironmentVariableW(L"SBX_SETUPCHILD", what);
    return sbx_setup_talk(&call, &result, &err);
}

static bool request_was_handed_over(void)
{
    return scratch_exists("got");
}

START_TEST(talk__the_started_one__is_heard)
{
    ck_assert_sbx_ok(talk(L"talk"), &err);
    ck_assert(result.ok);
    ck_assert(request_was_handed_over());
}
END_TEST

START_TEST(talk__another_process_comes__denied)
{
    ck_assert_int_eq(talk(L"other"), SBX_DENIED);
    ck_assert_ptr_nonnull(strstr(err.context, "came to the set-up pipe"));
    Sleep(500); /* for a stranger that was answered to put it down */
    ck_assert(!request_was_handed_over());
}
END_TEST

START_TEST(talk__the_started_one_leaves__said)
{
    ck_assert_int_eq(talk(L"leave"), SBX_INTERNAL);
    ck_assert_ptr_nonnull(strstr(err.context, "exit code 9"));
}
END_TEST

START_TEST(talk__no_program_there__not_found)
{
    snprintf(setup_image, sizeof(setup_image), "%s\\no-setup.exe", child_directory());
    ck_assert_int_eq(talk(L"talk"), SBX_NOT_FOUND);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, talk__the_started_one__is_heard);
    tcase_add_test(tcase, talk__another_process_comes__denied);
    tcase_add_test(tcase, talk__the_started_one_leaves__said);
    tcase_add_test(tcase, talk__no_program_there__not_found);
}

UNIT_MAIN("setupstart", add_tests)
