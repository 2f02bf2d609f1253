/*
 * The network fence: the installed filters against what offline, online and everybody else must
 * get, at every layer, in both families, for every token that a child can make of its own. And the
 * same judgement of filters that were broken on purpose, which must not pass.
 */
#include "tests/support/unit.h"
#include "shared/core/fence.h"

#include <stdio.h>

#define FIRST 48620u
#define LAST 48627u

static struct sbx_error err;
static struct sbx_fence fence;
static struct sbx_sid offline[2], online[2], person, logon, run_sid;

static struct sbx_sid sid(const char *text)
{
    struct sbx_sid ret;

    ck_assert_sbx_ok(sbx_sid_parse(text, &ret, &err), &err);
    return ret;
}

static void make(bool complement)
{
    struct sbx_fence_input input = {.complement = complement,
        .proxy_first = FIRST,
        .proxy_last = LAST,
        .offline = offline,
        .offline_count = 2,
        .online = online,
        .online_count = 2};

    sbx_fence_done(&fence);
    ck_assert_sbx_ok(sbx_fence_make(&input, &fence, &err), &err);
}

static void setup(void)
{
    sbx_error_init(&err);
    offline[0] = sid("S-1-5-21-1-2-3-1001");
    offline[1] = sid("S-1-5-21-1-2-3-1003");
    online[0] = sid("S-1-5-21-1-2-3-1002");
    online[1] = sid("S-1-5-21-1-2-3-1004");
    person = sid("S-1-5-21-1-2-3-500");
    logon = sid("S-1-5-5-0-4711");
    run_sid = sid("S-1-5-21-9-9-9-4000000000");
    make(false);
}

static void teardown(void)
{
    sbx_fence_done(&fence);
}

/* --- tokens ---------------------------------------------------------------------------------- */

enum whose { OFFLINE, ONLINE, OTHER };

/* How a token was made from the account's. */
enum derived {
    ACCOUNT,
    RECIPE,
    STANDARD,
    DENY_ONLY,
    RESTRICTED,
    RESTRICTED_RC,
    NARROWED,
    DERIVEDS
};

struct subject {
    enum whose whose;
    enum derived derived;
    struct sbx_access_token token;
    struct sbx_access_group groups[6];
    struct sbx_sid restricting[5];
};

static void restricting(struct subject *s, const struct sbx_sid *one)
{
    s->restricting[s->token.restricting_count++] = *one;
}

static void subject(struct subject *s, enum whose whose, size_t which, enum derived derived)
{
    const struct sbx_sid *groups[] = {
        &sbx_sid_everyone, &sbx_sid_users, &sbx_sid_authenticated, &sbx_sid_interactive, &logon};
    size_t i;

    memset(s, 0, sizeof(*s));
    s->whose = whose;
    s->derived = derived;
    s->token.user = whose == OFFLINE ? offline[which] : whose == ONLINE ? online[which] : person;
    for (i = 0; i < countof(groups); i++) {
        s->groups[i].sid = *groups[i];
        s->groups[i].attributes = SBX_GROUP_MANDATORY | SBX_GROUP_ENABLED;
    }
    s->token.groups = s->groups;
    s->token.group_count = countof(groups);
    s->token.restricting = s->restricting;
    s->token.write_restricted = derived == RECIPE || derived == STANDARD || derived == DENY_ONLY;
    s->token.user_deny_only = derived == DENY_ONLY;
    if (derived == RECIPE || derived == STANDARD || derived == DENY_ONLY || derived == NARROWED) {
        restricting(s, &run_sid);
        restricting(s, &s->token.user);
    }
    if (derived == STANDARD || derived == DENY_ONLY) {
        restricting(s, &sbx_sid_everyone);
        restricting(s, &logon);
    }
    if (derived == RESTRICTED)
        restricting(s, &sbx_sid_everyone);
    if (derived == RESTRICTED_RC) {
        restricting(s, &sbx_sid_restricted);
        restricting(s, &sbx_sid_write_restricted);
    }
    s->token.restricted = s->token.restricting_count > 0;
}

/* Tokens that runs have, and in the complement form those that a child can derive. */
static bool promised(enum derived derived, bool complement)
{
    return derived <= STANDARD || complement;
}

/* --- what must come out, said without looking at the table ------------------------------------ */

static bool in_range(uint16_t port)
{
    return port >= FIRST && port <= LAST;
}

static bool is_host(const struct sbx_fence_packet *packet)
{
    static const uint8_t v4[4] = {127, 0, 0, 1}, v6[16] = {[15] = 1};

    return packet->v6 ? memcmp(packet->remote, v6, 16) == 0 : memcmp(packet->remote, v4, 4) == 0;
}

static bool is_loop(const struct sbx_fence_packet *packet)
{
    return (packet->flags & SBX_FENCE_FLAG_LOOPBACK) || is_host(packet) ||
           (!packet->v6 && packet->remote[0] == 127);
}

/* 'B': must be blocked. '-': ours must not block, and not overrule others. 'P': must be permitted
 * for good. '?': either. */
static char expected(const struct subject *s, const struct sbx_fence_packet *p)
{
    bool flows = p->layer == SBX_FENCE_CONNECT || p->layer == SBX_FENCE_ACCEPT;

    if (s->whose == OTHER)
        return '-';
    if (!flows && in_range(p->local_port))
        return 'B';
    if (s->whose == ONLINE)
        return flows && is_loop(p) ? 'B' : '-';
    if (p->layer == SBX_FENCE_CONNECT && p->protocol == SBX_FENCE_TCP && is_host(p) &&
        in_range(p->remote_port))
        return s->derived <= STANDARD ? 'P' : '?';
    if (p->layer == SBX_FENCE_ASSIGN && p->protocol == SBX_FENCE_TCP &&
        !(p->flags & SBX_FENCE_FLAG_RAW))
        return '-';
    return 'B';
}

static bool right(const struct subject *s, const struct sbx_fence_packet *p)
{
    struct sbx_fence_verdict verdict = sbx_fence_decide(&fence, p);

    switch (expected(s, p)) {
    case 'B':
        return verdict.action == SBX_FENCE_BLOCK && verdict.hard;
    case 'P':
        return verdict.action == SBX_FENCE_PERMIT && verdict.hard;
    case '-':
        return verdict.action != SBX_FENCE_BLOCK && !verdict.hard;
    default:
        return true;
    }
}

/* --- every packet that makes a difference ------------------------------------------------------
 */

static const uint8_t remotes[2][5][16] = {
    {{127, 0, 0, 1}, {127, 0, 0, 2}, {127, 255, 255, 255}, {8, 8, 8, 8}, {0}},
    {{[15] = 1}, {[15] = 2}, {0xfe, 0x80, [15] = 1}, {0x20, 0x01, 0x0d, 0xb8, [15] = 1},
        {[10] = 0xff, 0xff, 127, 0, 0, 1}}};
static const uint16_t ports[] = {0, 1, 80, FIRST - 1, FIRST, FIRST + 1, LAST, LAST + 1, 50000};
static const uint8_t protocols[] = {SBX_FENCE_TCP, SBX_FENCE_UDP, 1, 58, 255};
static const uint32_t flags[] = {
    0, SBX_FENCE_FLAG_LOOPBACK, SBX_FENCE_FLAG_RAW, SBX_FENCE_FLAG_RAW | SBX_FENCE_FLAG_LOOPBACK};

static char wrong_text[200];

static void tell(const struct subject *s, const struct sbx_fence_packet *p)
{
    struct sbx_fence_verdict verdict = sbx_fence_decide(&fence, p);

    snprintf(wrong_text, sizeof(wrong_text),
        "whose %d derived %d %s v6=%d protocol %u flags %u ports %u,%u: expected %c, got %d by %s",
        s->whose, s->derived, sbx_fence_layer_name((enum sbx_fence_layer)p->layer), p->v6,
        p->protocol, p->flags, p->remote_port, p->local_port, expected(s, p), verdict.action,
        verdict.by ? verdict.by->name : "nobody");
}

static bool right_at(const struct subject *s, struct sbx_fence_packet *p)
{
    size_t i, j;

    for (i = 0; i < countof(ports); i++) {
        if (p->layer == SBX_FENCE_LISTEN || p->layer == SBX_FENCE_ASSIGN) {
            p->local_port = ports[i];
            if (!right(s, p))
                return tell(s, p), false;
            continue;
        }
        p->remote_port = ports[i];
        for (j = 0; j < countof(remotes[0]); j++) {
            memcpy(p->remote, remotes[p->v6][j], 16);
            if (!right(s, p))
                return tell(s, p), false;
        }
    }
    return true;
}

static bool right_for(const struct subject *s, bool match_is_write)
{
    unsigned users = sbx_fence_users_of(&fence, &s->token, match_is_write);
    size_t i, j;
    uint8_t layer;
    int v6;

    for (layer = 0; layer < SBX_FENCE_LAYERS; layer++)
        for (v6 = 0; v6 < 2; v6++)
            for (i = 0; i < countof(protocols); i++)
                for (j = 0; j < countof(flags); j++) {
                    struct sbx_fence_packet packet = {.layer = layer,
                        .v6 = v6 != 0,
                        .protocol = protocols[i],
                        .flags = flags[j],
                        .users = users};

                    if (!right_at(s, &packet))
                        return false;
                    if (layer == SBX_FENCE_LISTEN)
                        i = countof(protocols), j = countof(flags); /* TCP, no flags */
                }
    return true;
}

static bool fence_holds(bool complement)
{
    struct subject s;
    int whose, derived, reading;

    for (whose = OFFLINE; whose <= OTHER; whose++)
        for (derived = ACCOUNT; derived < DERIVEDS; derived++)
            for (reading = 0; reading < 2; reading++) {
                if (!promised((enum derived)derived, complement))
                    continue;
                /* Another user's token that is restricted to nothing we name is the stated cost. */
                if (whose == OTHER && (derived == NARROWED || derived == RECIPE) && complement)
                    continue;
                subject(&s, (enum whose)whose, (size_t)reading, (enum derived)derived);
                if (!right_for(&s, reading != 0))
                    return false;
            }
    return true;
}

/* --- tests --------------------------------------------------------------------------------------
 */

START_TEST(plain__every_layer_family_and_token_of_a_run__as_it_must_be)
{
    ck_assert_uint_eq(fence.count, 24);
    ck_assert_msg(fence_holds(false), "%s", wrong_text);
}
END_TEST

START_TEST(complement__derived_tokens_too__as_it_must_be)
{
    make(true);
    ck_assert_uint_eq(fence.count, 2 * sbx_fence_row_count);
    ck_assert_msg(fence_holds(true), "%s", wrong_text);
}
END_TEST

/* Why the complement form exists, and why the proof runs with derived tokens. */
START_TEST(plain__derived_tokens__are_not_blocked)
{
    struct sbx_fence_packet packet = {.layer = SBX_FENCE_CONNECT,
        .protocol = SBX_FENCE_TCP,
        .remote = {8, 8, 8, 8},
        .remote_port = 443};
    struct subject s;

    subject(&s, OFFLINE, 0, RECIPE);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_BLOCK);
    subject(&s, OFFLINE, 0, DENY_ONLY);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_NONE);
    subject(&s, OFFLINE, 0, RESTRICTED);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_NONE);
}
END_TEST

/* What the complement form costs, so that nobody is surprised. */
START_TEST(complement__a_restricted_token_of_another_user_with_sids_of_its_own__is_blocked)
{
    struct sbx_fence_packet packet = {.layer = SBX_FENCE_CONNECT, .protocol = SBX_FENCE_TCP};
    struct subject s;

    make(true);
    subject(&s, OTHER, 0, NARROWED);
    packet.users = sbx_fence_users_of(&fence, &s.token, true);
    ck_assert_int_eq(sbx_fence_decide(&fence, &packet).action, SBX_FENCE_BLOCK);
}
END_TEST

/* An online run may not serve where an offline one may call, whatever the two try. */
START_TEST(relay__no_port_that_offline_reaches_can_be_served_by_a_sandboxed_account)
{
    struct sbx_fence_packet call = {
        .layer = SBX_FENCE_CONNECT, .protocol = SBX_FENCE_TCP, .flags = SBX_FENCE_FLAG_LOOPBACK};
    struct subject caller, server;
    unsigned port, serving, reached = 0;
    int v6;

    subject(&caller, OFFLINE, 0, STANDARD);
    subject(&server, ONLINE, 1, STANDARD);
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
            memcpy(call.remote, remotes[v6][0], 16);
            call.remote_port = (uint16_t)port;
            if (sbx_fence_decide(&fence, &call).action == SBX_FENCE_BLOCK)
                continue;
            reached++;
            ck_assert_int_eq(sbx_fence_decide(&fence, &serve).action, SBX_FENCE_BLOCK);
            serve.layer = SBX_FENCE_ASSIGN;
            ck_assert_int_eq(sbx_fence_decide(&fence, &serve).action, SBX_FENCE_BLOCK);
        }
    ck_assert_uint_eq(reached, 2 * (LAST - FIRST + 1));
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

    make(true);
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
    make(true);
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

/* --- broken on purpose --------------------------------------------------------------------------
 */

static void caught(bool complement, const char *what, size_t index, size_t part)
{
    ck_assert_msg(!fence_holds(complement), "%s: filter %zu '%s' (%zu) was not missed", what, index,
        fence.filters[index].name, part);
}

/* In the complement form the plain rows are a second line, so only its own rows are looked at. */
static bool own_row(size_t index, bool complement)
{
    return complement == (fence.filters[index].key.d[6] >= 20);
}

START_TEST(mutants__each_filter_left_out__is_noticed)
{
    bool complement = _i != 0;
    size_t i, mutants = 0;

    make(complement);
    for (i = 0; i < fence.count; i++) {
        uint8_t layer = fence.filters[i].layer;

        if (!own_row(i, complement))
            continue;
        fence.filters[i].layer = SBX_FENCE_LAYERS;
        caught(complement, "left out", i, 0);
        fence.filters[i].layer = layer;
        mutants++;
    }
    ck_assert_uint_eq(mutants, complement ? 38 : 24);
    ck_assert_msg(fence_holds(complement), "%s", wrong_text);
}
END_TEST

START_TEST(mutants__each_condition_left_out__is_noticed)
{
    bool complement = _i != 0;
    size_t i, j, mutants = 0;

    make(complement);
    for (i = 0; i < fence.count; i++)
        for (j = 0; own_row(i, complement) && j < fence.filters[i].condition_count; j++) {
            struct sbx_fence_filter kept = fence.filters[i];

            fence.filters[i].conditions[j] =
                fence.filters[i].conditions[--fence.filters[i].condition_count];
            caught(complement, "condition left out", i, j);
            fence.filters[i] = kept;
            mutants++;
        }
    ck_assert_uint_eq(mutants, complement ? 32 : 46);
}
END_TEST

START_TEST(mutants__action_or_family_turned__is_noticed)
{
    bool complement = _i != 0;
    size_t i;

    make(complement);
    for (i = 0; i < fence.count; i++) {
        struct sbx_fence_filter *filter = &fence.filters[i];

        if (!own_row(i, complement))
            continue;
        filter->action = (uint8_t)(SBX_FENCE_BLOCK + SBX_FENCE_PERMIT - filter->action);
        caught(complement, "action", i, 0);
        filter->action = (uint8_t)(SBX_FENCE_BLOCK + SBX_FENCE_PERMIT - filter->action);
        filter->v6 = !filter->v6;
        caught(complement, "family", i, 0);
        filter->v6 = !filter->v6;
    }
    for (i = 0; i < fence.count; i++)
        if (fence.filters[i].action == SBX_FENCE_PERMIT) {
            fence.filters[i].hard = !fence.filters[i].hard;
            caught(complement, "action right", i, 0);
            fence.filters[i].hard = !fence.filters[i].hard;
        }
}
END_TEST

START_TEST(mutants__weights_of_a_block_and_a_permit_swapped__is_noticed)
{
    bool complement = _i != 0;
    size_t i, j, mutants = 0;

    make(complement);
    for (i = 0; i < fence.count; i++)
        for (j = 0; j < i; j++) {
            struct sbx_fence_filter *a = &fence.filters[i], *b = &fence.filters[j];
            uint64_t weight = a->weight;

            if (!own_row(i, complement) || !own_row(j, complement) || a->layer != b->layer ||
                a->v6 != b->v6 || a->action == b->action)
                continue;
            if (!complement && a->conditions[0].who != b->conditions[0].who)
                continue; /* no token matches both */
            a->weight = b->weight;
            b->weight = weight;
            caught(complement, "weights", i, j);
            b->weight = a->weight;
            a->weight = weight;
            mutants++;
        }
    ck_assert_uint_eq(mutants, complement ? 44 : 2);
}
END_TEST

START_TEST(mutants__a_user_condition_for_other_accounts__is_noticed)
{
    size_t i;

    for (i = 0; i < fence.count; i++) {
        struct sbx_fence_condition *user = &fence.filters[i].conditions[0];
        uint8_t who = user->who, other;

        ck_assert_uint_eq(user->field, SBX_FENCE_FIELD_USER);
        for (other = 0; other < SBX_FENCE_WHO_COUNT; other++) {
            if (other == who)
                continue;
            /* Offline accounts may not listen anywhere: there the first row is a second line. */
            if (fence.filters[i].key.d[6] == 1 && other == SBX_FENCE_ONLINE)
                continue;
            if (who == SBX_FENCE_ONLINE && other == SBX_FENCE_SANDBOXED)
                continue; /* and here the rows of the offline accounts are the first line */
            user->who = other;
            caught(false, "user", i, other);
        }
        user->who = who;
    }
}
END_TEST

/* --- input and comparison -----------------------------------------------------------------------
 */

static enum sbx_status try_make(
    size_t offline_count, size_t online_count, unsigned first, unsigned last)
{
    struct sbx_fence_input input = {.proxy_first = (uint16_t)first,
        .proxy_last = (uint16_t)last,
        .offline = offline,
        .offline_count = offline_count,
        .online = online,
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
    ck_assert_int_eq(try_make(0, 2, FIRST, LAST), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, LAST, FIRST), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 80, 90), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 49150, 49152), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 40000, 40064), SBX_INVALID);
    ck_assert_int_eq(try_make(2, 2, 40000, 40063), SBX_OK);
    ck_assert_int_eq(try_make(1, 0, 40000, 40001), SBX_OK);
    ck_assert_int_eq(try_make(1, 0, 40000, 40000), SBX_INVALID);
    online[1] = offline[0];
    ck_assert_int_eq(try_make(2, 2, FIRST, LAST), SBX_INVALID);
    online[1] = online[0];
    ck_assert_int_eq(try_make(2, 2, FIRST, LAST), SBX_INVALID);
    memset(&online[1], 0, sizeof(online[1]));
    ck_assert_int_eq(try_make(2, 2, FIRST, LAST), SBX_INVALID);
}
END_TEST

START_TEST(make__no_online_account__its_descriptor_allows_nobody)
{
    struct sbx_fence_input input = {.proxy_first = FIRST,
        .proxy_last = LAST,
        .offline = offline,
        .offline_count = 1,
        .online = NULL};
    struct sbx_fence made = {0};
    struct subject s;

    ck_assert_sbx_ok(sbx_fence_make(&input, &made, &err), &err);
    subject(&s, OTHER, 0, ACCOUNT);
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
    struct sbx_fence_input one = {.proxy_first = FIRST,
        .proxy_last = LAST,
        .offline = offline,
        .offline_count = 1,
        .online = online,
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
    tcase_add_checked_fixture(tcase, setup, teardown);
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
    tcase_add_loop_test(tcase, mutants__each_filter_left_out__is_noticed, 0, 2);
    tcase_add_loop_test(tcase, mutants__each_condition_left_out__is_noticed, 0, 2);
    tcase_add_loop_test(tcase, mutants__action_or_family_turned__is_noticed, 0, 2);
    tcase_add_loop_test(tcase, mutants__weights_of_a_block_and_a_permit_swapped__is_noticed, 0, 2);
    tcase_add_test(tcase, mutants__a_user_condition_for_other_accounts__is_noticed);
    tcase_add_test(tcase, make__bad_input__is_refused);
    tcase_add_test(tcase, make__no_online_account__its_descriptor_allows_nobody);
    tcase_add_test(tcase, make__user_descriptors__survive_their_binary_form);
    tcase_add_test(tcase, differs__every_field__is_seen_and_named);
    tcase_add_test(tcase, differs__a_user_condition_with_one_account_missing__is_seen);
}

UNIT_MAIN("fence", add_tests)
