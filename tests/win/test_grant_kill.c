/*
 * The grant engine ended or cancelled at each of its writes: the ledger is true at every moment,
 * so the next run or `revoke --all` brings back the original descriptors, byte for byte.
 */
#include "tests/support/grant/grantcase.h"

#include <stdio.h>

#define WRITES_MAX 40u /* more than one grant of the tree needs */
#define FILES 12u      /* that a walk of the tree meets */

/* How many entries of one type the capability has on an object itself. */
static size_t count_entries(const char *name, uint8_t type)
{
    struct sbx_descriptor d;
    struct sbx_sid sid;
    size_t count = 0;
    size_t i;

    ck_assert_sbx_ok(sbx_sid_parse(grant_capability(), &sid, &err), &err);
    grant_get(name, &d);
    for (i = 0; i < d.dacl.count; i++)
        count += d.dacl.aces[i].type == type && sbx_sid_equal(&d.dacl.aces[i].sid, &sid);
    sbx_descriptor_done(&d);
    return count;
}

/* At no moment has the child more than it will have at the end. */
static void ck_never_wider(const char *when)
{
    static const char *const denied[] = {
        "ws\\.git", "ws\\.mcp.json", "ws\\.git\\config", "ws\\.git\\hooks\\pre-commit"};
    size_t i;

    for (i = 0; i < countof(denied); i++) {
        /* An allow without a deny on the same object, or a root given before its denies. */
        ck_assert_msg(
            !count_entries(denied[i], SBX_ACE_ALLOW) || count_entries(denied[i], SBX_ACE_DENY),
            "%s: '%s' is allowed and not denied", when, denied[i]);
        ck_assert_msg(
            i > 1 || !count_entries("ws", SBX_ACE_ALLOW) || count_entries(denied[i], SBX_ACE_DENY),
            "%s: the root is granted before '%s' is denied", when, denied[i]);
    }
}

/* Every write of a grant, before and after: the next run completes it, revoke restores it. */
START_TEST(killed_at_every_write__revoke__byte_for_byte)
{
    enum grant_kill when = _i ? GRANT_KILL_AFTER : GRANT_KILL_BEFORE;
    const char *what = _i ? "apply-elevated" : "apply";
    unsigned n;

    for (n = 1; n < WRITES_MAX; n++) {
        uint32_t code = grant_run_child(what, n, when);
        char text[80];

        snprintf(text, sizeof(text), "%s, killed at write %u", what, n);
        if (code == 0)
            break;
        ck_assert_msg(code == GRANT_KILLED, "%s: child ended with %u", text, (unsigned)code);
        ck_never_wider(text);
        ck_restored(text);
    }
    ck_assert_uint_ge(n, 12);
    ck_assert_uint_lt(n, WRITES_MAX);
    printf("grant (%s): killed %s each of its %u writes\n", what, _i ? "after" : "before", n - 1);
    ck_restored("not killed");
}
END_TEST

START_TEST(killed_at_every_write__apply_again__complete_then_warm_then_restored)
{
    unsigned n;

    for (n = 1; n < WRITES_MAX && grant_run_child("apply", n, GRANT_KILL_AFTER) == GRANT_KILLED;
         n++) {
        char text[80];

        snprintf(text, sizeof(text), "killed at write %u", n);
        ck_assert_sbx_ok(apply(), &err);
        ck_assert_uint_eq(report.skip_count, 0);
        ck_assert_sbx_ok(apply(), &err);
        ck_assert_msg(report.warm, "%s: not warm", text);
        ck_restored(text);
    }
    ck_assert_uint_ge(n, 12);
}
END_TEST

START_TEST(revoke_killed_at_every_write__revoke_again__byte_for_byte)
{
    unsigned n;

    for (n = 1; n < WRITES_MAX; n++) {
        char text[80];

        snprintf(text, sizeof(text), "revoke killed at write %u", n);
        ck_assert_sbx_ok(apply(), &err);
        if (grant_run_child("revoke", n, GRANT_KILL_BEFORE) != GRANT_KILLED)
            break;
        if (n % 3 == 0) { /* a run comes first: it must see that the tree is incomplete */
            ck_assert_sbx_ok(apply(), &err);
            ck_assert_sbx_ok(apply(), &err);
            ck_assert(report.warm);
        }
        ck_restored(text);
    }
    ck_assert_uint_ge(n, 12);
    printf("revoke: killed before each of its %u writes\n", n - 1);
}
END_TEST

/*
 * Ctrl-C is a flag that is looked at before each write: nothing is written after it, the ledger
 * calls the grant incomplete, and both ways out work.
 */
START_TEST(cancelled_at_every_write__ledger_is_true_and_both_ways_out_work)
{
    volatile LONG cancel = 0;
    unsigned n;

    options.cancel = &cancel;
    for (n = 1; n < WRITES_MAX; n++) {
        unsigned before = grant_writes();
        enum sbx_status status;
        char text[80];

        snprintf(text, sizeof(text), "cancelled at write %u", n);
        cancel = 0;
        grant_cancel_at(n, &cancel);
        status = apply();
        grant_cancel_at(0, NULL);
        if (!cancel)
            break;
        ck_assert_msg(grant_writes() - before == n, "%s: %u writes", text, grant_writes() - before);
        ck_assert_msg(status == SBX_CANCELLED || report.files_walked == FILES, "%s: %s after %u",
            text, sbx_status_name(status), (unsigned)report.files_walked);
        ck_assert_msg(is_complete() == !status, "%s: the ledger says otherwise", text);
        ck_never_wider(text);
        cancel = 0;
        if (n % 2) {
            ck_assert_sbx_ok(apply(), &err);
            ck_assert_sbx_ok(apply(), &err);
            ck_assert_msg(report.warm, "%s: not warm", text);
        }
        ck_restored(text);
    }
    ck_assert_uint_ge(n, 12);
    printf("grant: cancelled after each of its %u writes\n", n - 1);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, grant_case_setup, grant_case_teardown);
    tcase_add_loop_test(tcase, killed_at_every_write__revoke__byte_for_byte, 0, 2);
    tcase_add_test(tcase, killed_at_every_write__apply_again__complete_then_warm_then_restored);
    tcase_add_test(tcase, cancelled_at_every_write__ledger_is_true_and_both_ways_out_work);
    tcase_add_test(tcase, revoke_killed_at_every_write__revoke_again__byte_for_byte);
}

/*
 * child WHAT N WHEN SCRATCH: one apply or revoke that a write may end. As a test of its own,
 * because Check's assertions work nowhere else.
 */
static wchar_t **child_argv;

START_TEST(child__do_one_thing)
{
    char what[32], scratch[500];

    snprintf(what, sizeof(what), "%ls", child_argv[2]);
    snprintf(scratch, sizeof(scratch), "%ls", child_argv[5]);
    sbx_error_init(&err);
    grant_world_join(scratch);
    grant_case_use_state();
    grant_plan_make(&plan, strcmp(what, "apply-elevated") == 0, false);
    grant_kill_at((unsigned)wcstoul(child_argv[3], NULL, 10),
        (enum grant_kill)wcstol(child_argv[4], NULL, 10));
    ck_assert_sbx_ok(strcmp(what, "revoke") == 0 ? revoke_all() : apply(), &err);
}
END_TEST

static void add_child(TCase *tcase)
{
    tcase_add_test(tcase, child__do_one_thing);
}

int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    child_argv = argv;
    if (argc == 6 && wcscmp(argv[1], L"child") == 0)
        return unit_run("child", add_child);
    return unit_run("grant_kill", add_tests);
}
