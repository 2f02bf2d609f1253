/*
 * The steps "fence" and "firewall" through the real engine: made, mended after damage, removed; and
 * with a failure of every function that they use, after which no filter and no rule
 * stands without the rest, and one more run ends the work.
 */
#define MACHINE_STEPS &sbx_step_fence, &sbx_step_firewall
#include "tests/support/setup/machine.h"

/* The accounts are not these steps' business: a record says who they are. */
static void with_accounts(void)
{
    char text[SBX_SID_TEXT_SIZE];
    size_t i;

    setup();
    if (doubles_why_not())
        return;
    ck_assert_sbx_ok(begin(SBX_SETUP_INSTALL, 0, 0), &err);
    for (i = 0; i < setup_context.wanted.account_count; i++) {
        struct sbx_sid sid = {5, 5, {21, 7, 7, 7, 1001}};

        sid.sub[4] += (uint32_t)i;
        sbx_sid_format(&sid, text);
        ck_assert_sbx_ok(sbx_setup_set(&setup_context.wanted.accounts[i].sid, text, &err), &err);
    }
    ck_assert_sbx_ok(
        sbx_setup_set(&setup_context.wanted.group_sid, "S-1-5-21-7-7-7-1000", &err), &err);
    keep();
    ck_assert_sbx_ok(take_away(), &err);
}

static void ck_no_network_objects(void)
{
    ck_assert_uint_eq(doubles_count("wfp-provider"), 0);
    ck_assert_uint_eq(doubles_count("wfp-sublayer"), 0);
    ck_assert_uint_eq(doubles_count("wfp-filter"), 0);
    ck_assert_uint_eq(doubles_count("firewall-rule"), 0);
}

START_TEST(install_and_uninstall__both_forms__there_and_gone)
{
    DOUBLES_NEED_NTWINE();
    kept.fence_complement = _i != 0;
    ck_assert_sbx_ok(build(), &err);
    ck_states(SBX_STEP_PRESENT);
    ck_assert_uint_eq(doubles_count("wfp-filter"), _i ? 62 : 24);
    ck_assert_uint_eq(doubles_count("firewall-rule"), 2);
    ck_assert(setup_context.wanted.firewall_effective);
    ck_assert_sbx_ok(take_away(), &err);
    ck_no_network_objects();
    ck_nothing_left();
}
END_TEST

/* An operator finds in the record why the second line does not count; nothing fails by it. */
START_TEST(firewall__overridden__is_noted_and_not_fatal)
{
    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(build(), &err);
    doubles_set("machine", NULL, "modify_state", "1");
    ck_assert_sbx_ok(build(), &err);
    doubles_set("machine", NULL, "modify_state", "0");
    ck_assert(!setup_context.wanted.firewall_effective);
    ck_assert_ptr_nonnull(strstr(setup_context.wanted.firewall_note, "group policy"));
}
END_TEST

START_TEST(damage__of_each_kind__is_mended_and_forgets_the_proof)
{
    static const struct {
        const char *kind, *name, *field, *value;
        bool fence;
    } rows[] = {{"wfp-filter", "offline: no accepting (IPv6)", "action", "0x1002", true},
        {"wfp-filter", "offline: TCP to the proxy (IPv4)", "conditions", "", true},
        {"wfp-sublayer", "Agent Sandbox", "weight", "1", true},
        {"wfp-provider", "Agent Sandbox", "flags", "0x11", true},
        {"firewall-rule", "Agent Sandbox: offline accounts, inbound", "enabled", "0", false}};
    size_t i;

    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(build(), &err);
    for (i = 0; i < countof(rows); i++) {
        doubles_forget_calls();
        kept.fence_proved = true;
        doubles_set(rows[i].kind, rows[i].name, rows[i].field, rows[i].value);
        ck_assert_sbx_ok(build(), &err);
        ck_assert(outcome.changed);
        ck_assert_msg(setup_context.wanted.fence_proved == !rows[i].fence, "%s", rows[i].name);
        ck_states(SBX_STEP_PRESENT);
        ck_assert_sbx_ok(build(), &err);
        ck_assert(!outcome.changed);
    }
}
END_TEST

static const char *const functions[] = {"FwpmEngineOpen0", "FwpmTransactionBegin0",
    "FwpmProviderAdd0", "FwpmSubLayerAdd0", "FwpmFilterAdd0", "FwpmTransactionCommit0",
    "FwpmFilterCreateEnumHandle0", "FwpmFilterEnum0", "FwpmProviderGetByKey0",
    "FwpmSubLayerGetByKey0", "FwpmFilterGetByKey0", "INetFwRules_Add", "INetFwRules_Item"};

/*
 * Per function the first call, the second and, where the 24 filters are gone through, the last:
 * tests/win/test_wfp.c plays every one, below the steps.
 */
static unsigned after(const char *function, unsigned nth)
{
    return nth == 2 && (strstr(function, "FilterAdd") || strstr(function, "FilterDelete"))
               ? 24
               : nth + 1;
}

static bool more(unsigned nth)
{
    return nth <= 2 || nth == 24;
}

START_TEST(failure__of_every_function__fence_whole_or_gone_and_one_more_run_ends_it)
{
    const char *function = functions[_i];
    unsigned nth, total = 0;
    bool reached = true;

    DOUBLES_NEED_NTWINE();
    for (nth = 1; reached && more(nth); nth = after(function, nth)) {
        unsigned before;
        enum sbx_status status;

        doubles_forget_calls();
        before = doubles_calls(function);
        doubles_fail(function, nth, 1722);
        status = build();
        reached = doubles_calls(function) >= before + nth;
        doubles_clear();
        ck_assert_msg(!reached || status, "%s %u: nobody noticed", function, nth);
        ck_assert_msg(reached || !status, "%s %u: %s", function, nth, err.context);
        if (reached)
            ck_no_network_objects();
        total += reached;
        if (nth == 2) {
            ck_assert_sbx_ok(build(), &err);
            ck_states(SBX_STEP_PRESENT);
        }
        ck_assert_sbx_ok(take_away(), &err);
        ck_no_network_objects();
    }
    printf("%s: %u failures played\n", function, total);
    ck_assert_uint_gt(total, 0);
}
END_TEST

static const char *const undo_functions[] = {"FwpmEngineOpen0", "FwpmTransactionCommit0",
    "FwpmFilterEnum0", "FwpmFilterDeleteByKey0", "FwpmSubLayerDeleteByKey0",
    "FwpmProviderDeleteByKey0", "INetFwRules_Remove", "INetFwRules_Item"};

START_TEST(failure__of_every_function_of_uninstall__a_second_one_ends_it)
{
    const char *function = undo_functions[_i];
    unsigned nth, total = 0;
    bool reached = true;

    DOUBLES_NEED_NTWINE();
    for (nth = 1; reached && more(nth); nth = after(function, nth)) {
        unsigned before;
        enum sbx_status status;

        doubles_forget_calls();
        ck_assert_sbx_ok(build(), &err);
        before = doubles_calls(function);
        doubles_fail(function, nth, 1722);
        status = take_away();
        reached = doubles_calls(function) >= before + nth;
        doubles_clear();
        ck_assert_msg(!reached || status, "%s %u: nobody noticed", function, nth);
        total += reached;
        ck_assert_sbx_ok(take_away(), &err);
        ck_no_network_objects();
        ck_nothing_left();
    }
    printf("%s: %u failures of uninstall played\n", function, total);
    ck_assert_uint_gt(total, 0);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, with_accounts, teardown);
    tcase_add_loop_test(tcase, install_and_uninstall__both_forms__there_and_gone, 0, 2);
    tcase_add_test(tcase, firewall__overridden__is_noted_and_not_fatal);
    tcase_add_test(tcase, damage__of_each_kind__is_mended_and_forgets_the_proof);
    tcase_add_loop_test(tcase,
        failure__of_every_function__fence_whole_or_gone_and_one_more_run_ends_it, 0,
        (int)countof(functions));
    tcase_add_loop_test(tcase, failure__of_every_function_of_uninstall__a_second_one_ends_it, 0,
        (int)countof(undo_functions));
}

DOUBLES_MAIN("step_fence", add_tests)
