/*
 * The behavioural proof's sockets: without a fence every try works (the twin); behind the fence, as
 * the double judges sockets by the filters that were installed, they come to what the judgement
 * demands; and a fence with a hole in it is found open. The fence is put around the test's own
 * user.
 */
#include "tests/support/win/doubles.h"

#include "shared/win/fencetry.h"
#include "shared/win/sid.h"
#include "shared/win/wfp.h"

#define FIRST 48720u
#define LAST 48727u

static struct sbx_error err;
static struct sbx_fencetry_listeners listeners;
static struct sbx_fence_report report;
static struct sbx_findings findings;
static struct sbx_fence fence;
static struct sbx_sid me, stranger = {5, 5, {21, 7, 7, 7, 1001}};

static void setup(void)
{
    sbx_error_init(&err);
    doubles_clear();
    ck_assert_sbx_ok(sbx_fencetry_begin(&err), &err);
    ck_assert_sbx_ok(sbx_sid_of_current_user(&me, &err), &err);
    if (!doubles_why_not())
        ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
    ck_assert_sbx_ok(sbx_fencetry_listen(FIRST, LAST, &listeners, &err), &err);
}

static void teardown(void)
{
    RevertToSelf();
    if (!doubles_why_not())
        ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
    sbx_fencetry_close(&listeners);
    sbx_fence_done(&fence);
}

/* After the listeners are there: they belong to the same user. */
static void put_fence(bool offline, bool complement)
{
    struct sbx_fence_input input = {.complement = complement,
        .proxy_first = FIRST,
        .proxy_last = LAST,
        .offline = offline ? &me : &stranger,
        .offline_count = 1,
        .online = offline ? &stranger : &me,
        .online_count = 1};

    sbx_fence_done(&fence);
    ck_assert_sbx_ok(sbx_fence_make(&input, &fence, &err), &err);
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
}

static enum sbx_fence_proof prove(enum sbx_fence_account account, enum sbx_fence_token token)
{
    memset(&report, 0, sizeof(report));
    sbx_findings_init(&findings);
    report.token = token;
    report.derived = true;
    sbx_fencetry_all(&listeners.ports, &report);
    return sbx_fence_report_judge(&report, account, listeners.has_v6, &findings);
}

static const char *first_finding(void)
{
    return findings.count ? findings.items[0].text : "nothing found";
}

/* As the probe does it. */
static void impersonate(enum sbx_fence_token token)
{
    struct sbx_sid_native native;
    SID_AND_ATTRIBUTES entry = {NULL, 0};
    HANDLE base = NULL, made = NULL;
    bool deny = token == SBX_FENCE_TOKEN_DENY_ONLY;

    entry.Sid = sbx_sid_to_native(deny ? &me : &sbx_sid_everyone, &native);
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &base));
    ck_assert(CreateRestrictedToken(
        base, 0, deny, deny ? &entry : NULL, 0, NULL, !deny, deny ? NULL : &entry, &made));
    ck_assert(ImpersonateLoggedOnUser(made));
    CloseHandle(made);
    CloseHandle(base);
}

START_TEST(no_fence__every_try_works)
{
    size_t i;

    ck_assert_int_eq(prove(SBX_FENCE_FOR_OFFLINE, SBX_FENCE_TOKEN_OWN), SBX_FENCE_OPEN);
    for (i = 0; i < SBX_TRY_COUNT; i++)
        ck_assert_msg(report.tries[i].done || !listeners.has_v6, "%s: %u",
            sbx_fence_try_name((enum sbx_fence_try)i), report.tries[i].code);
}
END_TEST

/* A reserved range answers as a blocked one does: not in use, but denied. */
START_TEST(listen__range_that_is_denied__says_what_may_hold_it)
{
    struct sbx_fencetry_listeners other = {.count = 0};

    DOUBLES_NEED();
    put_fence(false, false);
    ck_assert_int_ne(sbx_fencetry_listen(FIRST, LAST, &other, &err), SBX_OK);
    ck_assert_uint_eq(err.code, WSAEACCES);
    ck_assert_ptr_nonnull(strstr(err.hint, "excludedportrange"));
}
END_TEST

START_TEST(listen__ports_in_use__are_passed_over_and_a_full_range_is_an_error)
{
    struct sbx_fencetry_listeners others[8] = {{.count = 0}};
    size_t i, made = 0;

    ck_assert_uint_eq(listeners.ports.proxy, FIRST);
    ck_assert_uint_eq(listeners.ports.squat, FIRST + 1);
    while (
        made < countof(others) && sbx_fencetry_listen(FIRST, LAST, &others[made], &err) == SBX_OK)
        made++;
    /* Eight ports, one taken by the fixture, and the last one has no second to be refused. */
    ck_assert_uint_eq(made, 6);
    ck_assert_int_eq(err.status, SBX_EXISTS);
    for (i = 0; i < made; i++) {
        ck_assert_uint_eq(others[i].ports.proxy, FIRST + 1 + i);
        sbx_fencetry_close(&others[i]);
    }
}
END_TEST

START_TEST(fence__around_an_offline_account__held_in_both_forms)
{
    DOUBLES_NEED_NTWINE();
    put_fence(true, _i != 0);
    ck_assert_msg(
        prove(SBX_FENCE_FOR_OFFLINE, SBX_FENCE_TOKEN_OWN) == SBX_FENCE_HELD, "%s", first_finding());
    ck_assert_uint_eq(report.tries[SBX_TRY_PROXY_TCP4].done, 1);
    ck_assert_uint_eq(report.tries[SBX_TRY_CONNECT_TCP4].code, SBX_FENCE_CODE_BLOCKED);
}
END_TEST

START_TEST(fence__around_an_online_account__held_in_both_forms)
{
    DOUBLES_NEED_NTWINE();
    put_fence(false, _i != 0);
    ck_assert_msg(
        prove(SBX_FENCE_FOR_ONLINE, SBX_FENCE_TOKEN_OWN) == SBX_FENCE_HELD, "%s", first_finding());
    ck_assert_uint_eq(report.tries[SBX_TRY_LISTEN_TCP4].done, 1);
}
END_TEST

START_TEST(fence__around_somebody_else__does_not_touch_us)
{
    struct sbx_fence_input input = {.complement = _i != 0,
        .proxy_first = FIRST,
        .proxy_last = LAST,
        .offline = &stranger,
        .offline_count = 1};
    size_t i;

    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(sbx_fence_make(&input, &fence, &err), &err);
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    prove(SBX_FENCE_FOR_OFFLINE, SBX_FENCE_TOKEN_OWN);
    for (i = 0; i < SBX_TRY_COUNT; i++)
        ck_assert_msg(report.tries[i].done || !listeners.has_v6, "%s: %u",
            sbx_fence_try_name((enum sbx_fence_try)i), report.tries[i].code);
}
END_TEST

/* Why the proof asks for derived tokens, and what the complement form is for. */
START_TEST(derived_tokens__get_out_of_the_plain_form_and_not_of_the_complement)
{
    enum sbx_fence_token token = _i ? SBX_FENCE_TOKEN_RESTRICTED : SBX_FENCE_TOKEN_DENY_ONLY;
    enum sbx_fence_proof plain, complement;

    DOUBLES_NEED_NTWINE();
    put_fence(true, false);
    impersonate(token);
    plain = prove(SBX_FENCE_FOR_OFFLINE, token);
    RevertToSelf();
    put_fence(true, true);
    impersonate(token);
    complement = prove(SBX_FENCE_FOR_OFFLINE, token);
    RevertToSelf();
    ck_assert_int_eq(plain, SBX_FENCE_OPEN);
    ck_assert_msg(complement == SBX_FENCE_HELD, "%s", first_finding());
}
END_TEST

/* A fence with one plain row of the offline account taken out is found open by behaviour alone. */
START_TEST(fence_with_a_hole__is_found_open)
{
    static const struct {
        const char *filter;
        bool noticed; /* false: another row stands behind it, or no try goes there */
    } rows[] = {{"offline: no connecting (IPv4)", true}, {"offline: no connecting (IPv6)", true},
        {"offline: no listening (IPv4)", true}, {"offline: no listening (IPv6)", true},
        {"offline: no UDP, ICMP or other sockets (IPv4)", true},
        {"offline: no UDP, ICMP or other sockets (IPv6)", true},
        {"offline: TCP to the proxy (IPv4)", true}, {"offline: TCP to the proxy (IPv6)", true},
        {"offline: no raw sockets (IPv4)", false},
        {"sandbox: no listening on proxy ports (IPv4)", false}};
    size_t i;

    DOUBLES_NEED_NTWINE();
    for (i = 0; i < countof(rows); i++) {
        put_fence(true, false);
        doubles_set("wfp-filter", rows[i].filter, "flags", "0x21"); /* disabled */
        ck_assert_msg(
            (prove(SBX_FENCE_FOR_OFFLINE, SBX_FENCE_TOKEN_OWN) != SBX_FENCE_HELD) ==
                (rows[i].noticed && (listeners.has_v6 || !strstr(rows[i].filter, "IPv6"))),
            "%s: %s", rows[i].filter, first_finding());
        doubles_forget_calls();
    }
}
END_TEST

/* The rows that keep an online run from relaying: each is there twice, by address and by what the
 * traffic is, or at binding and at listening; without both it is found open. */
START_TEST(online_fence_with_a_hole__is_found_open)
{
    static const char *const pairs[][2] = {{"online: no connecting to loopback (IPv4)",
                                               "online: no connecting to own addresses (IPv4)"},
        {"online: no connecting to loopback (IPv6)",
            "online: no connecting to own addresses (IPv6)"},
        {"sandbox: no listening on proxy ports (IPv4)",
            "sandbox: no binding of proxy ports (IPv4)"},
        {"sandbox: no listening on proxy ports (IPv6)",
            "sandbox: no binding of proxy ports (IPv6)"}};
    size_t i;

    DOUBLES_NEED_NTWINE();
    for (i = 0; i < countof(pairs); i++) {
        if (!listeners.has_v6 && strstr(pairs[i][0], "IPv6"))
            continue;
        put_fence(false, false);
        doubles_set("wfp-filter", pairs[i][0], "flags", "0x21"); /* disabled */
        ck_assert_msg(prove(SBX_FENCE_FOR_ONLINE, SBX_FENCE_TOKEN_OWN) == SBX_FENCE_HELD, "%s",
            first_finding());
        doubles_set("wfp-filter", pairs[i][1], "flags", "0x21");
        ck_assert_int_eq(prove(SBX_FENCE_FOR_ONLINE, SBX_FENCE_TOKEN_OWN), SBX_FENCE_OPEN);
        doubles_forget_calls();
    }
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, no_fence__every_try_works);
    tcase_add_test(tcase, listen__range_that_is_denied__says_what_may_hold_it);
    tcase_add_test(tcase, listen__ports_in_use__are_passed_over_and_a_full_range_is_an_error);
    tcase_add_loop_test(tcase, fence__around_an_offline_account__held_in_both_forms, 0, 2);
    tcase_add_loop_test(tcase, fence__around_an_online_account__held_in_both_forms, 0, 2);
    tcase_add_loop_test(tcase, fence__around_somebody_else__does_not_touch_us, 0, 2);
    tcase_add_loop_test(
        tcase, derived_tokens__get_out_of_the_plain_form_and_not_of_the_complement, 0, 2);
    tcase_add_test(tcase, fence_with_a_hole__is_found_open);
    tcase_add_test(tcase, online_fence_with_a_hole__is_found_open);
}

DOUBLES_MAIN("fencetry", add_tests)
