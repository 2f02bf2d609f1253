/* The firewall's rules as data, and what counts as the same when they are read back. */
#include "tests/support/unit.h"
#include "shared/core/fwrule.h"

#include <stdio.h>

static struct sbx_error err;
static struct sbx_sid accounts[2];

static void setup(void)
{
    sbx_error_init(&err);
    ck_assert_sbx_ok(sbx_sid_parse("S-1-5-21-1-2-3-1001", &accounts[0], &err), &err);
    ck_assert_sbx_ok(sbx_sid_parse("S-1-5-21-1-2-3-1003", &accounts[1], &err), &err);
}

START_TEST(table__out_and_in__once_each_with_names_that_the_firewall_takes)
{
    unsigned directions = 0;
    size_t i;

    ck_assert_uint_eq(sbx_fwrule_count, 2);
    for (i = 0; i < sbx_fwrule_count; i++) {
        directions |= 1u << sbx_fwrules[i].direction;
        ck_assert_ptr_null(strchr(sbx_fwrules[i].name, '|'));
        ck_assert_ptr_null(strchr(sbx_fwrules[i].description, '|'));
        ck_assert_ptr_null(strchr(sbx_fwrules[i].remote_addresses, ' '));
    }
    ck_assert_uint_eq(directions, 1u << SBX_FWRULE_IN | 1u << SBX_FWRULE_OUT);
    ck_assert_str_ne(sbx_fwrules[0].name, sbx_fwrules[1].name);
}
END_TEST

/* Together with loopback it is everything, and without it something is missing. */
START_TEST(table__outbound_addresses__are_all_but_loopback)
{
    const char *list = NULL;
    char all[300];
    size_t i;

    for (i = 0; i < sbx_fwrule_count; i++)
        if (sbx_fwrules[i].direction == SBX_FWRULE_OUT)
            list = sbx_fwrules[i].remote_addresses;
    ck_assert_ptr_nonnull(list);
    snprintf(all, sizeof(all), "%s,127.0.0.0/8,::1", list);
    ck_assert(sbx_fwrule_same_addresses("0.0.0.0/0,::/0", all));
    snprintf(all, sizeof(all), "%s,127.0.0.0/8", list);
    ck_assert(!sbx_fwrule_same_addresses("0.0.0.0/0,::/0", all));
    ck_assert(!sbx_fwrule_same_addresses("0.0.0.0/0,::/0", list));
}
END_TEST

START_TEST(users__each_account_once__and_nobody_else)
{
    struct sbx_buf sddl;

    sbx_buf_init(&sddl, SBX_FWRULE_USERS_MAX_BYTES);
    ck_assert_sbx_ok(sbx_fwrule_users(accounts, 2, &sddl, &err), &err);
    ck_assert_str_eq(sddl.data, "O:LSD:(A;;CC;;;S-1-5-21-1-2-3-1001)(A;;CC;;;S-1-5-21-1-2-3-1003)");
    ck_assert(sbx_fwrule_same_users(accounts, 2, sddl.data));
    ck_assert(!sbx_fwrule_same_users(accounts, 1, sddl.data));
    sbx_buf_done(&sddl);
}
END_TEST

START_TEST(same_users__another_order_owner_or_group__is_the_same)
{
    ck_assert(sbx_fwrule_same_users(
        accounts, 2, "O:LSG:SYD:(A;;CC;;;S-1-5-21-1-2-3-1003)(A;;CC;;;S-1-5-21-1-2-3-1001)"));
    ck_assert(sbx_fwrule_same_users(accounts, 1, "D:(A;;CC;;;S-1-5-21-1-2-3-1001)"));
}
END_TEST

START_TEST(same_users__anything_else__is_not)
{
    static const char *const others[] = {"", "D:", "O:LS", "D:(A;;CC;;;WD)",
        "D:(D;;CC;;;S-1-5-21-1-2-3-1001)", "D:(A;;GA;;;S-1-5-21-1-2-3-1001)",
        "D:(A;OI;CC;;;S-1-5-21-1-2-3-1001)", "D:(A;;CC;;;S-1-5-21-1-2-3-1001",
        "D:(A;;CC;;;S-1-5-21-1-2-3-1001)x", "D:(A;;CC;;;S-1-5-21-1-2-3-1002)",
        "D:(A;;CC;;;S-1-5-21-1-2-3-1001)(A;;CC;;;WD)", "D:P(A;;CC;;;S-1-5-21-1-2-3-1001)"};
    size_t i;

    for (i = 0; i < countof(others); i++)
        ck_assert_msg(!sbx_fwrule_same_users(accounts, 1, others[i]), "%s", others[i]);
}
END_TEST

START_TEST(same_addresses__other_spellings__are_the_same)
{
    static const char *const pairs[][2] = {{"10.0.0.0/8", "10.0.0.0/255.0.0.0"},
        {"10.0.0.0/8", "10.0.0.0-10.255.255.255"}, {"1.2.3.4", "1.2.3.4/255.255.255.255"},
        {"1.2.3.4", "1.2.3.4/32"}, {"1.2.3.4", "1.2.3.4-1.2.3.4"}, {"::", "::/128"},
        {"::2", "0:0:0:0:0:0:0:2"}, {"fe80::/10", "FE80::-febf:ffff:ffff:ffff:ffff:ffff:ffff:ffff"},
        {"1.1.1.1,::1", "::1,1.1.1.1"}, {"1.0.0.0-1.0.0.9", "1.0.0.5-1.0.0.9,1.0.0.0-1.0.0.4"},
        {"0.0.0.0/0", "0.0.0.0-255.255.255.255"}, {"*", "*"}, {"LocalSubnet", "LocalSubnet"},
        {"2001:db8::1", "2001:db8:0:0::1"}, {"1::", "1:0:0:0:0:0:0:0"}};
    size_t i;

    for (i = 0; i < countof(pairs); i++) {
        ck_assert_msg(sbx_fwrule_same_addresses(pairs[i][0], pairs[i][1]), "%s", pairs[i][1]);
        ck_assert_msg(sbx_fwrule_same_addresses(pairs[i][1], pairs[i][0]), "%s", pairs[i][1]);
    }
}
END_TEST

START_TEST(same_addresses__others_and_nonsense__are_not)
{
    static const char *const pairs[][2] = {{"10.0.0.0/8", "10.0.0.0/9"}, {"1.2.3.4", "1.2.3.5"},
        {"1.2.3.4", "*"}, {"*", "0.0.0.0/0"}, {"1.2.3.4", "1.2.3.4,"}, {"1.2.3.4", ""},
        {"1.2.3.4", "1.2.3.4 "}, {"1.2.3.4", "1.2.3.04"}, {"1.2.3.4", "1.2.3.4.5"},
        {"1.2.3.4", "1.2.3.4/33"}, {"1.2.3.4", "1.2.3.4-1.2.3.3"}, {"1.2.3.4", "1.2.3.4-::1"},
        {"::1", "0.0.0.1"}, {"::1", ":::1"}, {"::1", "1::1::1"}, {"::1", "0:0:0:0:0:0:0:0:1"},
        {"::1", "::10000"}, {"::1", "::1/129"}, {"::1", "0:0:0:0:0:0:1"}, {"::1", "::g"},
        {"1.2.3.4", "999.2.3.4"}, {"1.2.3.4", "1.2.3"}, {"1.2.3.4", "-1.2.3.4"}};
    size_t i;

    for (i = 0; i < countof(pairs); i++)
        ck_assert_msg(!sbx_fwrule_same_addresses(pairs[i][0], pairs[i][1]), "%s", pairs[i][1]);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_checked_fixture(tcase, setup, NULL);
    tcase_add_test(tcase, table__out_and_in__once_each_with_names_that_the_firewall_takes);
    tcase_add_test(tcase, table__outbound_addresses__are_all_but_loopback);
    tcase_add_test(tcase, users__each_account_once__and_nobody_else);
    tcase_add_test(tcase, same_users__another_order_owner_or_group__is_the_same);
    tcase_add_test(tcase, same_users__anything_else__is_not);
    tcase_add_test(tcase, same_addresses__other_spellings__are_the_same);
    tcase_add_test(tcase, same_addresses__others_and_nonsense__are_not);
}

UNIT_MAIN("fwrule", add_tests)
