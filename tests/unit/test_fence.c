/*
 * The network fence: the installed filters against what offline, online and everybody else must
 * get, at every layer, in both families, for every token that a child can make of its own; the
 * table itself, what it is made of, and what a comparison sees. Filters that were broken on purpose
 * are in test_fence_mutants.c.
 */
#include "tests/support/fencecase.h"
#include "tests/support/unit.h"

static struct sbx_error err;

/* --- what must come out ----------------------------------------------------------------------- */

START_TEST(plain__every_layer_family_and_token_of_a_run__as_it_must_be)
{
    ck_assert_uint_eq(fence.count, 24);
    ck_assert_msg(fence_holds(false), "%s", fence_wrong);
}
END_TEST

START_TEST(complement__derived_tokens_too__as_it_must_be)
{
    fence_make(true);
    ck_assert_uint_eq(fence.count, 2 * sbx_fence_row_count);
    ck_assert_msg(fence_holds(true), "%s", fence_wrong);
}
END_TEST

/* Why the complement form exists, and why the proof runs with derived tokens. */
START_TEST(plain__derived_tokens__are_not_blocked)
{
    struct sbx_fence_packet packet = {.layer = SBX_FENCE_CONNECT,
        .protocol = SBX_FENCE_TCP,
        .remote = {8, 8, 8, 8},
        .remote_port = 443};
    struct fence_subject s;

    fence_subject_make(&s, OFFLINE, 0, RECIPE);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_BLOCK);
    fence_subject_make(&s, OFFLINE, 0, DENY_ONLY);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_NONE);
    fence_subject_make(&s, OFFLINE, 0, RESTRICTED);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_NONE);
}
END_TEST

/* What the complement form costs, so that nobody is surprised. */
START_TEST(complement__a_restricted_token_of_another_user_with_sids_of_its_own__is_blocked)
{
    struct sbx_fence_packet packet = {.layer = SBX_FENCE_CONNECT, .protocol = SBX_FENCE_TCP};
    struct fence_subject s;

    fence_make(true);
    fence_subject_make(&s, OTHER, 0, NARROWED);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_BLOCK);
}
END_TEST

/* An online run may not serve where an offline one may call, whatever the two try. */
START_TEST(relay__no_port_that_offline_reaches_can_be_served_by_a_sandboxed_account)
{
    struct sbx_fence_packet call = {
        .layer = SBX_FENCE_CONNECT, .protocol = SBX_FENCE_TCP, .flags = SBX_FENCE_FLAG_LOOPBACK};
    struct fence_subject caller, server;
    unsigned port, serving, reached = 0;
    int v6;

    fence_subject_make(&caller, OFFLINE, 0, STANDARD);
    fence_subject_make(&server, ONLINE, 1, STANDARD);
    call.users = sbx_fence_users_of(&fence, &caller.token, true);
    serving = sbx_fence_users_of(&fence, &server.token, true);
    for (v6 = 0; v6 < 2; v6++)
        for (port = 1; port <= 65535; port++) {
            struct sbx_fence_packet serve = {.layer = SBX_FENCE_LISTEN,
                .v6 = v6 != 0,
                .protocol = SBX_FENCE_TCP,
                .local_port = (uint16_t)port,
                .users = serving};

            call.v6 = v6 != 0;
            memcpy(call.remote, fence_remotes[v6][0], 16);
            call.remote_port = (uint16_t)port;
            if (sbx_fence_decide(&fence, &call).action == SBX_FENCE_BLOCK)
                continue;
            reached++;
            ck_assert_int_eq(sbx_fence_decide(&fence, &serve).action, SBX_FENCE_BLOCK);
            serve.layer = SBX_FENCE_ASSIGN;
            ck_assert_int_eq(sbx_fence_decide(&fence, &serve).action, SBX_FENCE_BLOCK);
        }
    ck_assert_uint_eq(reached, 2 * (FENCE_LAST - FENCE_FIRST + 1));
}
END_TEST

START_TEST(table__permit_of_the_proxy__is_bound_to_account_address_port_and_protocol)
{
    size_t i, j, permits = 0;

    for (i = 0; i < fence.count; i++) {
        const struct sbx_fence_filter *filter = &fence.filters[i];
        unsigned fields = 0;

        if (filter->action != SBX_FENCE_PERMIT)
            continue;
        permits++;
        ck_assert(filter->hard);
        for (j = 0; j < filter->condition_count; j++)
            fields |= 1u << filter->conditions[j].field;
        ck_assert_uint_eq(fields, 1u << SBX_FENCE_FIELD_USER | 1u << SBX_FENCE_FIELD_PROTOCOL |
                                      1u << SBX_FENCE_FIELD_REMOTE_ADDRESS |
                                      1u << SBX_FENCE_FIELD_REMOTE_PORT);
    }
    ck_assert_uint_eq(permits, 2);
}
END_TEST

/* The order of equal weights is not documented, so it must not matter. */
START_TEST(table__no_weight_holds_blocks_and_permits_and_none_is_below_automatic_ones)
{
    size_t i, j;

    fence_make(true);
    for (i = 0; i < fence.count; i++) {
        ck_assert(fence.filters[i].weight >> 60);
        for (j = 0; j < i; j++)
            ck_assert(fence.filters[i].weight != fence.filters[j].weight ||
                      fence.filters[i].action == fence.filters[j].action);
    }
}
END_TEST

START_TEST(table__keys_and_names__are_unique_and_complement_keeps_the_plain_ones)
{
    struct sbx_fence plain = fence;
    size_t i, j;

    memset(&fence, 0, sizeof(fence));
    fence_make(true);
    for (i = 0; i < fence.count; i++)
        for (j = 0; j < i; j++) {
            ck_assert(!sbx_fence_key_equal(&fence.filters[i].key, &fence.filters[j].key));
            ck_assert_str_ne(fence.filters[i].name, fence.filters[j].name);
        }
    for (i = 0; i < plain.count; i++)
        ck_assert_ptr_null(sbx_fence_filter_differs(
            &plain.filters[i], plain.users, &fence.filters[i], fence.users));
    sbx_fence_done(&plain);
}
END_TEST

/* --- input and comparison --------------------------------------------------------------------- */

static enum sbx_status try_make(
    size_t offline_count, size_t online_count, unsigned first, unsigned last)
{
    struct sbx_fence_input input = {.proxy_first = (uint16_t)first,
        .proxy_last = (uint16_t)last,
        .offline = fence_offline,
        .offline_count = offline_count,
        .online = fence_online,
        .online_count = online_count};
    struct sbx_fence made = {0};
    enum sbx_status status = sbx_fence_make(&input, &made, &err);

    ck_assert(status || made.count);
    ck_assert(!status || !made.count);
    sbx_fence_done(&made);
    return status;
}

START_TEST(make__bad_input__is_refused)
{
    ck_assert_int_eq(try_make(0, 2, FENCE_FIRST, FENCE_LAST), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, FENCE_LAST, FENCE_FIRST), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 80, 90), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 49150, 49152), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 40000, 40064), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 40000, 40063), SBX_OK);
    ck_assert_int_eq(try_make(1, 0, 40000, 40001), SBX_OK);
    ck_assert_int_eq(try_make(1, 0, 40000, 40000), SBX_INVALID);
    fence_online[1] = fence_offline[0];
    ck_assert_int_eq(try_make(2, 2, FENCE_FIRST, FENCE_LAST), SBX_INVALID);
    fence_online[1] = fence_online[0];
    ck_assert_int_eq(try_make(2, 2, FENCE_FIRST, FENCE_LAST), SBX_INVALID);
    memset(&fence_online[1], 0, sizeof(fence_online[1]));
    ck_assert_int_eq(try_make(2, 2, FENCE_FIRST, FENCE_LAST), SBX_INVALID);
}
END_TEST

START_TEST(make__no_online_account__its_descriptor_allows_nobody)
{
    struct sbx_fence_input input = {.proxy_first = FENCE_FIRST,
        .proxy_last = FENCE_LAST,
        .offline = fence_offline,
        .offline_count = 1,
        .online = NULL};
    struct sbx_fence made = {0};
    struct fence_subject s;

    ck_assert_sbx_ok(sbx_fence_make(&input, &made, &err), &err);
    fence_subject_make(&s, OTHER, 0, ACCOUNT);
    ck_assert_uint_eq(sbx_fence_users_of(&made, &s.token, false),
        1u << SBX_FENCE_OTHERS | 1u << SBX_FENCE_NOT_OFFLINE);
    sbx_fence_done(&made);
}
END_TEST

START_TEST(make__user_descriptors__survive_their_binary_form)
{
    struct sbx_descriptor back = {0};
    struct sbx_buf bytes;
    size_t i;

    for (i = 0; i < SBX_FENCE_WHO_COUNT; i++) {
        sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
        ck_assert_sbx_ok(sbx_descriptor_serialise(&fence.users[i], &bytes, &err), &err);
        ck_assert_sbx_ok(sbx_descriptor_parse(bytes.data, bytes.length_bytes, &back, &err), &err);
        ck_assert(sbx_descriptor_equal(&fence.users[i], &back));
        ck_assert(sbx_acl_is_canonical(&back.dacl));
        sbx_descriptor_done(&back);
        sbx_buf_done(&bytes);
    }
}
END_TEST

START_TEST(differs__every_field__is_seen_and_named)
{
    struct sbx_fence_filter got = fence.filters[4];
    struct sbx_fence_condition first;
    size_t i;

    ck_assert_ptr_null(sbx_fence_filter_differs(&fence.filters[4], fence.users, &got, fence.users));
    for (i = 0; i < got.condition_count; i++) { /* another order is no difference */
        first = got.conditions[0];
        memmove(got.conditions, got.conditions + 1, sizeof(first) * (got.condition_count - 1));
        got.conditions[got.condition_count - 1] = first;
        ck_assert_ptr_null(
            sbx_fence_filter_differs(&fence.filters[4], fence.users, &got, fence.users));
    }
#define DIFFERS(change, word)                                                                      \
    do {                                                                                           \
        struct sbx_fence_filter kept = got;                                                        \
        change;                                                                                    \
        ck_assert_str_eq(                                                                          \
            sbx_fence_filter_differs(&fence.filters[4], fence.users, &got, fence.users), word);    \
        got = kept;                                                                                \
    } while (0)
    DIFFERS(got.key.d[7]++, "key");
    DIFFERS(got.layer++, "layer");
    DIFFERS(got.v6 = !got.v6, "layer");
    DIFFERS(got.action = SBX_FENCE_BLOCK, "action");
    DIFFERS(got.weight--, "weight");
    DIFFERS(got.hard = false, "action right");
    DIFFERS(got.name[0] = 'x', "name");
    DIFFERS(got.condition_count--, "conditions");
    for (i = 0; i < got.condition_count; i++) {
        struct sbx_fence_condition *condition = &got.conditions[i];

        DIFFERS(condition->field = SBX_FENCE_FIELD_FLAGS, "conditions");
        DIFFERS(condition->match = SBX_FENCE_NOT_EQUAL, "conditions");
        DIFFERS((condition->who++, condition->prefix_bits--, condition->low++), "conditions");
    }
}
END_TEST

START_TEST(differs__a_user_condition_with_one_account_missing__is_seen)
{
    struct sbx_fence_input one = {.proxy_first = FENCE_FIRST,
        .proxy_last = FENCE_LAST,
        .offline = fence_offline,
        .offline_count = 1,
        .online = fence_online,
        .online_count = 2};
    struct sbx_fence less = {0};

    ck_assert_sbx_ok(sbx_fence_make(&one, &less, &err), &err);
    ck_assert_str_eq(
        sbx_fence_filter_differs(&fence.filters[4], fence.users, &less.filters[4], less.users),
        "conditions");
    sbx_fence_done(&less);
}
END_TEST

static void add_tests(TCase *tcase)
{
    tcase_set_timeout(tcase, 120);
    tcase_add_checked_fixture(tcase, fence_case_setup, fence_case_teardown);
    tcase_add_test(tcase, plain__every_layer_family_and_token_of_a_run__as_it_must_be);
    tcase_add_test(tcase, complement__derived_tokens_too__as_it_must_be);
    tcase_add_test(tcase, plain__derived_tokens__are_not_blocked);
    tcase_add_test(
        tcase, complement__a_restricted_token_of_another_user_with_sids_of_its_own__is_blocked);
    tcase_add_test(tcase, relay__no_port_that_offline_reaches_can_be_served_by_a_sandboxed_account);
    tcase_add_test(
        tcase, table__permit_of_the_proxy__is_bound_to_account_address_port_and_protocol);
    tcase_add_test(
        tcase, table__no_weight_holds_blocks_and_permits_and_none_is_below_automatic_ones);
    tcase_add_test(tcase, table__keys_and_names__are_unique_and_complement_keeps_the_plain_ones);
    tcase_add_test(tcase, make__bad_input__is_refused);
    tcase_add_test(tcase, make__no_online_account__its_descriptor_allows_nobody);
    tcase_add_test(tcase, make__user_descriptors__survive_their_binary_form);
    tcase_add_test(tcase, differs__every_field__is_seen_and_named);
    tcase_add_test(tcase, differs__a_user_condition_with_one_account_missing__is_seen);
}

UNIT_MAIN("fence", add_tests)
