/* leasechoice: names of leases read back, and which account a run takes. */
#include "shared/core/leasechoice.h"

#include <stdio.h>

#include "tests/support/unit.h"
#include "tests/support/world.h"

#define KEY_A "00112233445566778899aabbccddeeff"
#define KEY_B "ffeeddccbbaa99887766554433221100"
#define ID "0123456789abcdef0123456789abcdef"

START_TEST(leasechoice__name__survives_a_round_trip)
{
    struct sbx_lease_name name = {"AgentSandboxOffline9", KEY_A, ID}, again;
    char text[SBX_LEASE_NAME_MAX];

    sbx_lease_name_format(&name, text, sizeof(text));
    ck_assert(strlen(text) + 1 < sizeof(text));
    ck_assert(sbx_lease_name_parse(text, &again));
    ck_assert_str_eq(again.account, name.account);
    ck_assert_str_eq(again.key, KEY_A);
    ck_assert_str_eq(again.id, ID);
}
END_TEST

static const char *const strangers[] = {
    "",
    "lease-",
    "home-" KEY_A,
    "lease-AgentSandboxOffline",
    "lease-AgentSandboxOffline-" KEY_A,
    "lease-AgentSandboxOffline-" KEY_A "-",
    "lease--" KEY_A "-" ID,
    "lease-Agent Sandbox-" KEY_A "-" ID,
    "lease-AgentSandboxOffline-" KEY_A "-" ID "x",
    "lease-AgentSandboxOffline-" KEY_A "-" ID "-",
    "lease-AgentSandboxOffline-" KEY_A "0-" ID,
    "lease-AgentSandboxOffline-0" KEY_A,
    "lease-AgentSandboxOffline-00112233445566778899AABBCCDDEEFF-" ID,
    "LEASE-AgentSandboxOffline-" KEY_A "-" ID,
    "lease-AgentSandboxOfflineeeeeeeeeeeeeee-" KEY_A "-" ID,
};

START_TEST(leasechoice__other_name__is_no_lease)
{
    struct sbx_lease_name name;

    ck_assert_msg(!sbx_lease_name_parse(strangers[_i], &name), "'%s'", strangers[_i]);
}
END_TEST

/* Live leases as ACCOUNT/KEY, one letter each: "1a" = account 1, key a. Our key is a. */
static const struct choice_row {
    const char *live;
    int plain;  /* account taken without sharing; -1 = none */
    int shared; /* account that would be shared */
} choices[] = {
    {"", 0, 0}, {"1a", 1, 0}, {"0a", 0, 0}, {"0b", 1, 1}, {"0b 1a", 1, 1}, {"0a 0b", 1, 1},
    {"0a 0b 1b", 2, 2}, {"0b 1b", 2, 2}, {"0b 1b 2b", -1, 0}, {"0b 0b 1b 2b 2b", -1, 1},
    {"0b 0b 1b 1b 2b", -1, 2}, {"0a 0b 1b 2b", -1, 0}, {"0a 0b 1a 1b 2a", 2, 2},
    {"9b 9b", 0, 0}, /* an account that is no longer ours */
};

START_TEST(leasechoice__account__own_then_free_then_least_shared)
{
    static const char *const names[] = {
        "AgentSandboxOffline", "AgentSandboxOffline2", "AgentSandboxOffline3"};
    const struct choice_row *row = &choices[_i];
    struct sbx_lease_account accounts[countof(names)];
    struct sbx_lease_name live[8];
    const char *at = row->live;
    size_t count = 0, i;

    for (i = 0; i < countof(names); i++)
        accounts[i] = (struct sbx_lease_account){names[i], 77, 77};
    for (; *at; at += at[2] ? 3 : 2, count++) {
        memset(&live[count], 0, sizeof(live[count]));
        /* Account names compare without case, as Windows compares them. */
        snprintf(live[count].account, sizeof(live[count].account), "%s",
            at[0] == '9'   ? "AgentSandboxOffline9"
            : at[0] == '1' ? "AGENTSANDBOXOFFLINE2"
                           : names[at[0] - '0']);
        snprintf(live[count].key, sizeof(live[count].key), "%s", at[1] == 'a' ? KEY_A : KEY_B);
    }
    sbx_lease_count(accounts, countof(names), live, count, KEY_A);
    ck_assert_msg(sbx_lease_choose(accounts, countof(names)) ==
                      (row->plain < 0 ? SIZE_MAX : (size_t)row->plain),
        "'%s': %zu", row->live, sbx_lease_choose(accounts, countof(names)));
    ck_assert_msg(sbx_lease_choose_shared(accounts, countof(names)) == (size_t)row->shared,
        "'%s': %zu", row->live, sbx_lease_choose_shared(accounts, countof(names)));
}
END_TEST

START_TEST(leasechoice__no_account__none_is_chosen)
{
    ck_assert_uint_eq(sbx_lease_choose(NULL, 0), SIZE_MAX);
    ck_assert_uint_eq(sbx_lease_choose_shared(NULL, 0), SIZE_MAX);
}
END_TEST

/* Whatever tells two runs apart must tell their keys apart. */
START_TEST(leasechoice__key__is_of_caller_policy_and_folders)
{
    char first[SBX_LEASE_HEX_SIZE], other[SBX_LEASE_HEX_SIZE];
    struct world w;

    world_open(&w);
    world_must_plan(&w);
    sbx_lease_key(&w.plan, WORLD_CALLER, first);
    ck_assert_uint_eq(strlen(first), 32);
    w.facts.random[0] ^= 1; /* another run of the same */
    world_must_plan(&w);
    sbx_lease_key(&w.plan, WORLD_CALLER, other);
    ck_assert_str_eq(first, other);
    sbx_lease_key(&w.plan, "S-1-5-21-1-2-3-1002", other);
    ck_assert_str_ne(first, other);
    world_policy(&w, "{\"limits\":{\"processes\":7}}");
    world_must_plan(&w);
    sbx_lease_key(&w.plan, WORLD_CALLER, other);
    ck_assert_str_ne(first, other);
    world_policy(&w, "{}");
    w.facts.roots[0].file_id[5] ^= 1; /* the same policy in another folder */
    world_must_plan(&w);
    sbx_lease_key(&w.plan, WORLD_CALLER, other);
    ck_assert_str_ne(first, other);
    world_close(&w);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_add_test(tcase, leasechoice__name__survives_a_round_trip);
    tcase_add_loop_test(tcase, leasechoice__other_name__is_no_lease, 0, (int)countof(strangers));
    tcase_add_loop_test(
        tcase, leasechoice__account__own_then_free_then_least_shared, 0, (int)countof(choices));
    tcase_add_test(tcase, leasechoice__no_account__none_is_chosen);
    tcase_add_test(tcase, leasechoice__key__is_of_caller_policy_and_folders);
}

UNIT_MAIN("leasechoice", add_tests)
