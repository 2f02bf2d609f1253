/* The filtering platform against the double: what is written is what is read back, and every call
 * that fails leaves the machine as it was. */
#include "tests/support/win/doubles.h"

#include "shared/win/wfp.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_findings findings;
static struct sbx_fence fence;
static struct sbx_sid offline = {5, 5, {21, 7, 7, 7, 1001}}, online = {5, 5, {21, 7, 7, 7, 1002}};

static void make(bool complement)
{
    struct sbx_fence_input input = {.complement = complement,
        .proxy_first = 48620,
        .proxy_last = 48627,
        .offline = &offline,
        .offline_count = 1,
        .online = &online,
        .online_count = 1};

    sbx_fence_done(&fence);
    ck_assert_sbx_ok(sbx_fence_make(&input, &fence, &err), &err);
}

static void setup(void)
{
    sbx_error_init(&err);
    doubles_clear();
    make(false);
    if (!doubles_why_not())
        ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
    if (doubles_present())
        doubles_forget_calls();
}

static void teardown(void)
{
    doubles_clear();
    sbx_fence_done(&fence);
}

static enum sbx_wfp_state state_of(const struct sbx_fence *wanted)
{
    enum sbx_wfp_state state = 0;

    sbx_findings_init(&findings);
    ck_assert_sbx_ok(sbx_wfp_compare(wanted, &state, &findings, &err), &err);
    return state;
}

static bool found(const char *text)
{
    size_t i;

    for (i = 0; i < findings.count; i++)
        if (strstr(findings.items[i].text, text))
            return true;
    return false;
}

START_TEST(install__plain_and_complement__read_back_equal)
{
    bool complement = _i != 0;

    DOUBLES_NEED();
    make(complement);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_ABSENT);
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_PRESENT);
    ck_assert_uint_eq(findings.count, 0);
    if (doubles_present())
        ck_assert_uint_eq(doubles_count("wfp-filter"), fence.count);
    ck_assert_int_eq(state_of(NULL), SBX_WFP_DIFFERENT);
    ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_ABSENT);
    ck_assert_int_eq(state_of(NULL), SBX_WFP_ABSENT);
}
END_TEST

START_TEST(remove__nothing_there__is_fine)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
    ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
}
END_TEST

/* From one form to the other and back, and with other accounts: nothing of the old one stays. */
START_TEST(install__over_another_fence__replaces_it)
{
    DOUBLES_NEED();
    make(true);
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    make(false);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_DIFFERENT);
    ck_assert(found("not one of the fence"));
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_PRESENT);
    offline.sub[4] = 1005;
    make(false);
    offline.sub[4] = 1001;
    ck_assert_int_eq(state_of(&fence), SBX_WFP_DIFFERENT);
    ck_assert(found("conditions"));
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_PRESENT);
}
END_TEST

/* Every field of the stored objects, changed behind our back, is a difference. */
START_TEST(compare__damaged_objects__are_seen_and_named)
{
    static const char filter[] = "offline: no connecting (IPv6)";
    static const struct {
        const char *kind, *name, *field, *value, *finding;
    } rows[] = {{"wfp-provider", "Agent Sandbox", "flags", "0x0", "flags"},
        {"wfp-provider", "Agent Sandbox", "flags", "0x11", "disabled"},
        {"wfp-sublayer", "Agent Sandbox", "weight", "32768", "weight"},
        {"wfp-sublayer", "Agent Sandbox", "flags", "0x0", "flags"},
        {"wfp-sublayer", "Agent Sandbox", "provider", "", "provider"},
        {"wfp-filter", filter, "flags", "0x0", "flags"},
        {"wfp-filter", filter, "flags", "0x9", "action right"},
        {"wfp-filter", filter, "flags", "0x21", "disabled"},
        {"wfp-filter", filter, "action", "0x1002", "action"},
        {"wfp-filter", filter, "weight", "4:0100000000000000", "weight"},
        {"wfp-filter", filter, "weight", "1:0f", "weight"},
        {"wfp-filter", filter, "layer", "c38d57d1-05a7-4c33-904f-7fbceee60e82", "layer"},
        {"wfp-filter", filter, "sublayer", "eebecc03-ced4-4380-819a-2734397b2b74", "sub-layer"},
        {"wfp-filter", filter, "provider", "", "provider"},
        {"wfp-filter", filter, "conditions", "", "conditions"},
        {"wfp-filter", filter, "name", "something else", "name"}};
    size_t i;

    DOUBLES_NEED_NTWINE();
    for (i = 0; i < countof(rows); i++) {
        doubles_forget_calls();
        ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
        doubles_set(rows[i].kind, rows[i].name, rows[i].field, rows[i].value);
        ck_assert_msg(state_of(&fence) == SBX_WFP_DIFFERENT, "%s %s", rows[i].kind, rows[i].field);
        ck_assert_msg(found(rows[i].finding), "%s %s", rows[i].kind, rows[i].value);
    }
    /* An object that only carries our sub-layer or only our provider goes too. */
    ck_assert_sbx_ok(sbx_wfp_remove(&err), &err);
    ck_assert_int_eq(state_of(NULL), SBX_WFP_ABSENT);
    ck_assert_uint_eq(doubles_count("wfp-filter"), 0);
}
END_TEST

START_TEST(compare__a_filter_missing__is_seen_and_install_mends_it)
{
    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    doubles_set("wfp-filter", "offline: no listening (IPv4)", "key",
        "11111111-2222-3333-4444-555555555555");
    ck_assert_int_eq(state_of(&fence), SBX_WFP_DIFFERENT);
    ck_assert(found("missing"));
    ck_assert(found("not one of the fence"));
    ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    ck_assert_int_eq(state_of(&fence), SBX_WFP_PRESENT);
}
END_TEST

static const char *const calls[] = {"FwpmEngineOpen0", "FwpmTransactionBegin0", "FwpmProviderAdd0",
    "FwpmSubLayerAdd0", "FwpmFilterAdd0", "FwpmTransactionCommit0", "FwpmFilterCreateEnumHandle0",
    "FwpmFilterEnum0", "FwpmFilterDeleteByKey0", "FwpmSubLayerDeleteByKey0",
    "FwpmProviderDeleteByKey0", "FwpmProviderGetByKey0", "FwpmSubLayerGetByKey0",
    "FwpmFilterGetByKey0"};

enum operation { INSTALL, REPLACE, REMOVE, COMPARE, OPERATIONS };

static enum sbx_status run_operation(enum operation operation)
{
    enum sbx_wfp_state state;

    switch (operation) {
    case REMOVE:
        return sbx_wfp_remove(&err);
    case COMPARE:
        return sbx_wfp_compare(&fence, &state, NULL, &err);
    default:
        return sbx_wfp_install(&fence, &err);
    }
}

/* Every call of every operation fails once: the operation fails with that code, and the machine
 * is as it was before. */
START_TEST(every_call__failing_once__is_reported_and_changes_nothing)
{
    enum operation operation = (enum operation)_i;
    unsigned points = 0, nth, before;
    size_t i;

    DOUBLES_NEED_NTWINE();
    if (operation != INSTALL)
        ck_assert_sbx_ok(sbx_wfp_install(&fence, &err), &err);
    before = doubles_count("wfp-filter");
    for (i = 0; i < countof(calls); i++)
        for (nth = 1; nth < 200; nth += nth == 2 && strstr(calls[i], "Filter") ? 21 : 1) {
            enum sbx_status status; /* 24 filters are alike: first, second and almost last */

            doubles_forget_calls();
            doubles_fail(calls[i], nth, 1722); /* RPC_S_SERVER_UNAVAILABLE */
            status = run_operation(operation);
            doubles_clear();
            if (!status) { /* the nth call was not made */
                if (operation == INSTALL || operation == REMOVE)
                    ck_assert_sbx_ok(
                        operation == INSTALL ? sbx_wfp_remove(&err) : sbx_wfp_install(&fence, &err),
                        &err);
                break;
            }
            points++;
            ck_assert_uint_eq(err.code, 1722);
            ck_assert_uint_eq(doubles_count("wfp-filter"), before);
            ck_assert_uint_eq(doubles_count("wfp-provider"), operation != INSTALL);
        }
    ck_assert_int_eq(state_of(&fence), operation == INSTALL ? SBX_WFP_ABSENT : SBX_WFP_PRESENT);
    printf("operation %d: %u failures injected\n", _i, points);
    ck_assert_uint_ge(points, 7);
}
END_TEST

START_TEST(ordinary_user__is_refused_with_a_hint)
{
    enum sbx_wfp_state state;

    if (!doubles_why_not()) {
        doubles_skip(__func__, "this token is an administrator's");
        return;
    }
    ck_assert_int_ne(sbx_wfp_compare(&fence, &state, NULL, &err), SBX_OK);
    ck_assert_uint_ne(err.code, 0);
    ck_assert_ptr_nonnull(strstr(err.hint, "Base Filtering Engine"));
}
END_TEST

/* Nothing stays behind. */
START_TEST(zz__last_of_all__nothing_is_left)
{
    DOUBLES_NEED();
    ck_assert_int_eq(state_of(NULL), SBX_WFP_ABSENT);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_loop_test(tcase, install__plain_and_complement__read_back_equal, 0, 2);
    tcase_add_test(tcase, remove__nothing_there__is_fine);
    tcase_add_test(tcase, install__over_another_fence__replaces_it);
    tcase_add_test(tcase, compare__damaged_objects__are_seen_and_named);
    tcase_add_test(tcase, compare__a_filter_missing__is_seen_and_install_mends_it);
    tcase_add_loop_test(
        tcase, every_call__failing_once__is_reported_and_changes_nothing, 0, OPERATIONS);
    tcase_add_test(tcase, ordinary_user__is_refused_with_a_hint);
    tcase_add_test(tcase, zz__last_of_all__nothing_is_left);
}

DOUBLES_MAIN("wfp", add_tests)
