/* The firewall's rules against the double: written, read back, mended, removed; and whether they
 * count. */
#include "tests/support/win/doubles.h"

#include "shared/win/firewall.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_findings findings;
static const struct sbx_sid accounts[2] = {
    {5, 5, {21, 7, 7, 7, 1001}}, {5, 5, {21, 7, 7, 7, 1003}}};

static void setup(void)
{
    sbx_error_init(&err);
    doubles_clear();
    if (!doubles_why_not())
        ck_assert_sbx_ok(sbx_firewall_remove(&err), &err);
}

static void teardown(void)
{
    setup();
}

static enum sbx_firewall_state state_of(size_t count)
{
    enum sbx_firewall_state state = 0;

    sbx_findings_init(&findings);
    ck_assert_sbx_ok(sbx_firewall_compare(accounts, count, &state, &findings, &err), &err);
    return state;
}

START_TEST(install__rules__read_back_equal_and_removed_without_a_trace)
{
    DOUBLES_NEED();
    ck_assert_int_eq(state_of(2), SBX_FIREWALL_ABSENT);
    ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
    ck_assert_int_eq(state_of(2), SBX_FIREWALL_PRESENT);
    ck_assert_uint_eq(findings.count, 0);
    if (doubles_present())
        ck_assert_uint_eq(doubles_count("firewall-rule"), sbx_fwrule_count);
    ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
    if (doubles_present()) /* a second time changes nothing */
        ck_assert_uint_eq(doubles_calls("INetFwRules_Add"), 2);
    ck_assert_sbx_ok(sbx_firewall_remove(&err), &err);
    ck_assert_int_eq(state_of(2), SBX_FIREWALL_ABSENT);
    ck_assert_sbx_ok(sbx_firewall_remove(&err), &err);
}
END_TEST

START_TEST(compare__other_accounts__is_different_and_install_replaces)
{
    DOUBLES_NEED();
    ck_assert_sbx_ok(sbx_firewall_install(accounts, 1, &err), &err);
    ck_assert_int_eq(state_of(2), SBX_FIREWALL_DIFFERENT);
    ck_assert_ptr_nonnull(strstr(findings.items[0].text, "LocalUserAuthorizedList"));
    ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
    ck_assert_int_eq(state_of(2), SBX_FIREWALL_PRESENT);
    if (doubles_present())
        ck_assert_uint_eq(doubles_count("firewall-rule"), sbx_fwrule_count);
}
END_TEST

START_TEST(compare__each_property_changed_by_hand__is_seen_named_and_mended)
{
    static const struct {
        const char *field, *value, *property;
    } rows[] = {{"enabled", "0", "Enabled"}, {"action", "1", "Action"},
        {"direction", "1", "Direction"}, {"profiles", "2", "Profiles"},
        {"protocol", "6", "Protocol"}, {"remote_addresses", "1.2.3.4", "RemoteAddresses"},
        {"local_users", "O:LSD:(A;;CC;;;S-1-5-21-7-7-7-1001)", "LocalUserAuthorizedList"},
        {"application", "C:\\\\x.exe", "ApplicationName"}, {"service", "x", "ServiceName"},
        {"local_addresses", "10.0.0.1", "LocalAddresses"},
        {"interface_types", "Wireless", "InterfaceTypes"}, {"grouping", "", "Grouping"},
        {"package", "S-1-15-2-1", "LocalAppPackageId"}, {"description", "x", "Description"}};
    const char *outbound = sbx_fwrules[0].name;
    size_t i;

    DOUBLES_NEED_NTWINE();
    ck_assert_int_eq(sbx_fwrules[0].direction, SBX_FWRULE_OUT);
    ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
    for (i = 0; i < countof(rows); i++) {
        doubles_set("firewall-rule", outbound, rows[i].field, rows[i].value);
        ck_assert_msg(state_of(2) == SBX_FIREWALL_DIFFERENT, "%s", rows[i].field);
        ck_assert_uint_eq(findings.count, 1);
        ck_assert_msg(
            strstr(findings.items[0].text, rows[i].property), "%s", findings.items[0].text);
        ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
        ck_assert_int_eq(state_of(2), SBX_FIREWALL_PRESENT);
    }
}
END_TEST

START_TEST(remove__several_rules_of_our_name__takes_all)
{
    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
    doubles_set("firewall-rule", sbx_fwrules[1].name, "name", sbx_fwrules[0].name);
    ck_assert_sbx_ok(sbx_firewall_remove(&err), &err);
    ck_assert_uint_eq(doubles_count("firewall-rule"), 0);
}
END_TEST

START_TEST(every_call__failing_once__is_reported)
{
    static const char *const calls[] = {
        "INetFwRules_Add", "INetFwRules_Remove", "INetFwRules_Item"};
    unsigned points = 0, nth;
    size_t i, operation;

    DOUBLES_NEED_NTWINE();
    for (operation = 0; operation < 3; operation++)
        for (i = 0; i < countof(calls); i++)
            for (nth = 1; nth < 20; nth++) {
                enum sbx_firewall_state state;
                enum sbx_status status;

                setup();
                if (operation == 1)
                    ck_assert_sbx_ok(sbx_firewall_install(accounts, 1, &err), &err);
                doubles_fail(calls[i], nth, 1722);
                status = operation == 0   ? sbx_firewall_install(accounts, 2, &err)
                         : operation == 1 ? sbx_firewall_remove(&err)
                                          : sbx_firewall_compare(accounts, 2, &state, NULL, &err);
                doubles_clear();
                if (!status)
                    break;
                points++;
                ck_assert_uint_eq(err.code & 0xFFFF, 1722);
                ck_assert_sbx_ok(sbx_firewall_install(accounts, 2, &err), &err);
                ck_assert_int_eq(state_of(2), SBX_FIREWALL_PRESENT);
            }
    printf("%u failures injected\n", points);
    ck_assert_uint_ge(points, 8);
}
END_TEST

START_TEST(effect__policy_and_profiles__are_told)
{
    struct sbx_firewall_effect effect;

    DOUBLES_NEED_NTWINE();
    ck_assert_sbx_ok(sbx_firewall_effect(&effect, &err), &err);
    ck_assert(effect.effective);
    ck_assert_str_eq(effect.note, "");
    doubles_set("machine", NULL, "modify_state", "1");
    ck_assert_sbx_ok(sbx_firewall_effect(&effect, &err), &err);
    ck_assert(!effect.effective);
    ck_assert_ptr_nonnull(strstr(effect.note, "group policy"));
    doubles_set("machine", NULL, "modify_state", "0");
    doubles_set("machine", NULL, "firewall_off", "1");
    ck_assert_sbx_ok(sbx_firewall_effect(&effect, &err), &err);
    ck_assert(!effect.effective);
    ck_assert_ptr_nonnull(strstr(effect.note, "off"));
    doubles_set("machine", NULL, "firewall_off", "0");
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, teardown);
    tcase_add_test(tcase, install__rules__read_back_equal_and_removed_without_a_trace);
    tcase_add_test(tcase, compare__other_accounts__is_different_and_install_replaces);
    tcase_add_test(tcase, compare__each_property_changed_by_hand__is_seen_named_and_mended);
    tcase_add_test(tcase, remove__several_rules_of_our_name__takes_all);
    tcase_add_test(tcase, every_call__failing_once__is_reported);
    tcase_add_test(tcase, effect__policy_and_profiles__are_told);
}

DOUBLES_MAIN("firewall", add_tests)
