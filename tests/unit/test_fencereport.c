/* The probe's report: its one line, and every judgement that it can lead to. */
#include "tests/support/unit.h"
#include "shared/core/fencereport.h"

static struct sbx_error err;
static struct sbx_fence_report report;
static struct sbx_findings findings;

static void all_blocked(void)
{
    size_t i;

    memset(&report, 0, sizeof(report));
    report.derived = true;
    for (i = 0; i < SBX_TRY_COUNT; i++) {
        report.tries[i].made = true;
        report.tries[i].code = SBX_FENCE_CODE_BLOCKED;
    }
}

static void works(enum sbx_fence_try try_)
{
    report.tries[try_].done = true;
    report.tries[try_].code = 0;
}

static void setup(void)
{
    sbx_error_init(&err);
    sbx_findings_init(&findings);
    all_blocked();
    works(SBX_TRY_PROXY_TCP4);
    works(SBX_TRY_PROXY_TCP6);
}

static enum sbx_fence_proof judge(enum sbx_fence_account account, bool has_v6)
{
    sbx_findings_init(&findings);
    return sbx_fence_report_judge(&report, account, has_v6, &findings);
}

START_TEST(offline__all_blocked_but_the_proxy__held)
{
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_HELD);
    ck_assert_uint_eq(findings.count, 0);
}
END_TEST

START_TEST(offline__any_one_thing_that_works__open_and_named)
{
    struct sbx_fence_report kept = report;
    size_t i;

    for (i = 0; i < SBX_TRY_COUNT; i++) {
        if (i == SBX_TRY_PROXY_TCP4 || i == SBX_TRY_PROXY_TCP6)
            continue;
        works((enum sbx_fence_try)i);
        ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_OPEN);
        ck_assert_uint_eq(findings.count, 1);
        ck_assert_ptr_nonnull(
            strstr(findings.items[0].text, sbx_fence_try_name((enum sbx_fence_try)i)));
        report = kept;
    }
}
END_TEST

START_TEST(offline__a_failure_that_no_fence_causes__cannot_tell)
{
    static const uint32_t codes[] = {10061, 10060, 10049, 5};
    size_t i, j;

    for (i = 0; i < countof(codes); i++)
        for (j = 0; j < SBX_TRY_COUNT; j++) {
            setup();
            if (report.tries[j].done)
                continue;
            report.tries[j].code = codes[i];
            ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_CANNOT_TELL);
        }
}
END_TEST

START_TEST(any_try__not_made__is_never_held)
{
    size_t i;

    for (i = 0; i < SBX_TRY_COUNT; i++) {
        setup();
        memset(&report.tries[i], 0, sizeof(report.tries[i]));
        ck_assert_int_ne(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_HELD);
        ck_assert_int_ne(judge(SBX_FENCE_FOR_OFFLINE, false), SBX_FENCE_HELD);
    }
}
END_TEST

START_TEST(offline__proxy_out_of_reach__is_not_held)
{
    report.tries[SBX_TRY_PROXY_TCP4].done = false;
    report.tries[SBX_TRY_PROXY_TCP4].code = SBX_FENCE_CODE_BLOCKED;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_OPEN);
}
END_TEST

/* An open door and an unclear one: the open one counts, in either order. */
START_TEST(open_and_unclear__is_open)
{
    works(SBX_TRY_CONNECT_TCP4);
    report.tries[SBX_TRY_PROXY_UDP6].code = 10061;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_OPEN);
    setup();
    works(SBX_TRY_PROXY_UDP6);
    report.tries[SBX_TRY_CONNECT_TCP4].code = 10061;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_OPEN);
    ck_assert_uint_eq(findings.count, 2);
}
END_TEST

START_TEST(machine_without_ipv6__failures_of_that_family_are_no_matter_but_success_is)
{
    report.tries[SBX_TRY_CONNECT_TCP6].code = 10047;
    report.tries[SBX_TRY_PROXY_TCP6].done = false;
    report.tries[SBX_TRY_PROXY_TCP6].code = 10047;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, false), SBX_FENCE_HELD);
    ck_assert_int_ne(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_HELD);
    works(SBX_TRY_CONNECT_TCP6);
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, false), SBX_FENCE_OPEN);
}
END_TEST

START_TEST(online__loopback_and_proxy_ports_closed_listening_its_own_business)
{
    ck_assert_int_eq(judge(SBX_FENCE_FOR_ONLINE, true), SBX_FENCE_OPEN); /* reaches the proxy */
    all_blocked();
    ck_assert_int_eq(judge(SBX_FENCE_FOR_ONLINE, true), SBX_FENCE_HELD);
    works(SBX_TRY_LISTEN_TCP4);
    works(SBX_TRY_LISTEN_TCP6);
    works(SBX_TRY_BIND_UDP4);
    works(SBX_TRY_BIND_UDP6);
    ck_assert_int_eq(judge(SBX_FENCE_FOR_ONLINE, true), SBX_FENCE_HELD);
    works(SBX_TRY_SQUAT_TCP4);
    ck_assert_int_eq(judge(SBX_FENCE_FOR_ONLINE, true), SBX_FENCE_OPEN);
}
END_TEST

START_TEST(derived__need_not_reach_the_proxy_and_nothing_else)
{
    report.token = SBX_FENCE_TOKEN_DENY_ONLY;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_HELD);
    all_blocked();
    report.token = SBX_FENCE_TOKEN_RESTRICTED;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_HELD);
    works(SBX_TRY_SEND_UDP6);
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_OPEN);
}
END_TEST

START_TEST(derived__token_refused__held_only_when_access_was_denied)
{
    memset(&report, 0, sizeof(report));
    report.token = SBX_FENCE_TOKEN_DENY_ONLY;
    report.derive_code = 5;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_HELD);
    report.derive_code = 87;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_CANNOT_TELL);
    report.token = SBX_FENCE_TOKEN_OWN;
    report.derive_code = 5;
    ck_assert_int_eq(judge(SBX_FENCE_FOR_OFFLINE, true), SBX_FENCE_CANNOT_TELL);
}
END_TEST

START_TEST(line__format_and_parse__give_the_same_report)
{
    struct sbx_fence_report back;
    struct sbx_buf line;
    size_t i;

    report.token = SBX_FENCE_TOKEN_RESTRICTED;
    memset(&report.tries[SBX_TRY_SQUAT_TCP6], 0, sizeof(report.tries[0]));
    report.tries[SBX_TRY_BIND_UDP4].code = 0xFFFFFFFFu;
    sbx_buf_init(&line, SBX_FENCE_REPORT_MAX_BYTES);
    ck_assert_sbx_ok(sbx_fence_report_format(&report, &line, &err), &err);
    ck_assert_ptr_eq(strchr(line.data, '\n'), line.data + line.length_bytes - 1);
    ck_assert_sbx_ok(sbx_fence_report_parse(line.data, line.length_bytes, &back, &err), &err);
    ck_assert_int_eq(back.token, report.token);
    ck_assert_int_eq(back.derived, report.derived);
    for (i = 0; i < SBX_TRY_COUNT; i++) {
        ck_assert_int_eq(back.tries[i].made, report.tries[i].made);
        ck_assert_int_eq(back.tries[i].done, report.tries[i].done);
        ck_assert_uint_eq(back.tries[i].code, report.tries[i].code);
    }
    sbx_buf_done(&line);
}
END_TEST

START_TEST(line__from_the_sandbox__is_read_strictly)
{
    static const char *const bad[] = {"", "{}", "null", "[]",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0}",
        "{\"token\":\"root\",\"derived\":true,\"deriveCode\":0,\"tries\":{}}",
        "{\"token\":\"own\",\"derived\":1,\"deriveCode\":0,\"tries\":{}}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":-1,\"tries\":{}}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0,\"tries\":[]}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0,\"tries\":{\"x\":0}}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0,\"tries\":{\"squat-tcp4\":null}}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0,\"tries\":{\"squat-tcp4\":4294967296}"
        "}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0,\"tries\":{},\"more\":1}",
        "{\"token\":\"own\",\"derived\":true,\"deriveCode\":0,\"tries\":{}} x"};
    struct sbx_fence_report back;
    size_t i;

    for (i = 0; i < countof(bad); i++)
        ck_assert_msg(sbx_fence_report_parse(bad[i], strlen(bad[i]), &back, &err) == SBX_INVALID,
            "%s", bad[i]);
}
END_TEST

START_TEST(names__of_tokens_and_tries__are_unique_and_read_back)
{
    enum sbx_fence_token token = SBX_FENCE_TOKEN_COUNT;
    int i, j;

    for (i = 0; i < SBX_FENCE_TOKEN_COUNT; i++) {
        ck_assert(sbx_fence_token_parse(sbx_fence_token_name((enum sbx_fence_token)i), &token));
        ck_assert_int_eq(token, i);
    }
    ck_assert(!sbx_fence_token_parse("owner", &token));
    ck_assert_ptr_null(sbx_fence_token_name(SBX_FENCE_TOKEN_COUNT));
    ck_assert_ptr_null(sbx_fence_try_name(SBX_TRY_COUNT));
    for (i = 0; i < SBX_TRY_COUNT; i++)
        for (j = 0; j < i; j++)
            ck_assert_str_ne(sbx_fence_try_name((enum sbx_fence_try)i),
                sbx_fence_try_name((enum sbx_fence_try)j));
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, offline__all_blocked_but_the_proxy__held);
    tcase_add_test(tcase, offline__any_one_thing_that_works__open_and_named);
    tcase_add_test(tcase, offline__a_failure_that_no_fence_causes__cannot_tell);
    tcase_add_test(tcase, any_try__not_made__is_never_held);
    tcase_add_test(tcase, offline__proxy_out_of_reach__is_not_held);
    tcase_add_test(tcase, open_and_unclear__is_open);
    tcase_add_test(
        tcase, machine_without_ipv6__failures_of_that_family_are_no_matter_but_success_is);
    tcase_add_test(tcase, online__loopback_and_proxy_ports_closed_listening_its_own_business);
    tcase_add_test(tcase, derived__need_not_reach_the_proxy_and_nothing_else);
    tcase_add_test(tcase, derived__token_refused__held_only_when_access_was_denied);
    tcase_add_test(tcase, line__format_and_parse__give_the_same_report);
    tcase_add_test(tcase, line__from_the_sandbox__is_read_strictly);
    tcase_add_test(tcase, names__of_tokens_and_tries__are_unique_and_read_back);
}

UNIT_MAIN("fencereport", add_tests)
