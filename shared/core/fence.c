/* See fence.h: from the table's rows to filters. */
#include "fence.h"
#include "list.h"

#include <stdio.h>

#define PORT_MIN 1024u
#define PORT_MAX 49151u
#define PORTS_MAX 64u

/* Key of every filter: the row's id in d[6], the family (4 or 6) in d[7]. */
static const struct sbx_fence_key filter_key = {
    0xb7b0fdb8, 0xc80f, 0x4b08, {0xb6, 0x39, 0x14, 0x5a, 0xc6, 0xcf, 0, 0}};

/* AppContainers: S-1-15-2-1 stands for all of them, S-1-15-2-2 also for those with less. */
static const struct sbx_sid all_packages = {15, 2, {2, 1}};
static const struct sbx_sid all_restricted_packages = {15, 2, {2, 2}};
static const struct sbx_sid anonymous = {5, 1, {7}};

enum sbx_status sbx_fence_check_ports(uint16_t first, uint16_t last, struct sbx_error *err)
{
    if (first < PORT_MIN || last > PORT_MAX || first >= last)
        return sbx_fail(err, SBX_INVALID, "proxy ports %u-%u: not two or more within %u-%u",
            (unsigned)first, (unsigned)last, PORT_MIN, PORT_MAX);
    if ((unsigned)(last - first) >= PORTS_MAX)
        return sbx_fail(err, SBX_INVALID, "proxy ports %u-%u: more than %u", (unsigned)first,
            (unsigned)last, PORTS_MAX);
    return SBX_OK;
}

static bool has_sid(const struct sbx_sid *sids, size_t count, const struct sbx_sid *sid)
{
    size_t i;

    for (i = 0; i < count; i++)
        if (sbx_sid_equal(&sids[i], sid))
            return true;
    return false;
}

static enum sbx_status check_accounts(const struct sbx_fence_input *input, struct sbx_error *err)
{
    size_t i;

    if (!input->offline_count)
        return sbx_fail(err, SBX_INVALID, "the fence has no offline account");
    if (input->offline_count + input->online_count > SBX_FENCE_ACCOUNTS_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u accounts", SBX_FENCE_ACCOUNTS_MAX);
    for (i = 0; i < input->offline_count; i++) {
        const struct sbx_sid *sid = &input->offline[i];

        if (!sbx_sid_is_set(sid) || has_sid(input->offline, i, sid) ||
            has_sid(input->online, input->online_count, sid))
            return sbx_fail(err, SBX_INVALID, "offline account %zu is no SID, or there twice", i);
    }
    for (i = 0; i < input->online_count; i++)
        if (!sbx_sid_is_set(&input->online[i]) || has_sid(input->online, i, &input->online[i]))
            return sbx_fail(err, SBX_INVALID, "online account %zu is no SID, or there twice", i);
    return SBX_OK;
}

static enum sbx_status add_aces(struct sbx_acl *acl, uint8_t type, const struct sbx_sid *sids,
    size_t count, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < count; i++) {
        struct sbx_ace ace = sbx_ace_make(type, 0, SBX_FENCE_MATCH_RIGHT, &sids[i]);

        status = sbx_acl_insert(acl, acl->count, &ace, err);
    }
    return status;
}

/*
 * Everybody: the SIDs one of which every token has, in both of its passes. RESTRICTED and
 * WRITE RESTRICTED are in the lists of ordinary restricted tokens (services, browsers).
 */
static enum sbx_status allow_everybody(struct sbx_acl *acl, struct sbx_error *err)
{
    const struct sbx_sid all[] = {sbx_sid_everyone, anonymous, all_packages,
        all_restricted_packages, sbx_sid_restricted, sbx_sid_write_restricted};

    return add_aces(acl, SBX_ACE_ALLOW, all, countof(all), err);
}

static enum sbx_status make_user(const struct sbx_fence_input *input, enum sbx_fence_who who,
    struct sbx_descriptor *user, struct sbx_error *err)
{
    bool denies = who == SBX_FENCE_OTHERS || who == SBX_FENCE_NOT_OFFLINE;
    uint8_t type = denies ? SBX_ACE_DENY : SBX_ACE_ALLOW;
    enum sbx_status status = SBX_OK;

    /* Nobody of them is a sandbox account, so the owner's implicit rights concern none. */
    user->has_owner = user->has_group = true;
    user->owner = user->group = sbx_sid_system;
    user->dacl.kind = SBX_ACL_LIST; /* with no online account: nobody, not everybody */
    if (who != SBX_FENCE_ONLINE)
        status = add_aces(&user->dacl, type, input->offline, input->offline_count, err);
    if (!status && who != SBX_FENCE_OFFLINE && who != SBX_FENCE_NOT_OFFLINE)
        status = add_aces(&user->dacl, type, input->online, input->online_count, err);
    if (!status && denies)
        status = allow_everybody(&user->dacl, err);
    /* An online run's token may be restricted to SIDs of its own, of which this is the only one
     * that can stand here. */
    if (!status && who == SBX_FENCE_NOT_OFFLINE)
        status = add_aces(&user->dacl, SBX_ACE_ALLOW, input->online, input->online_count, err);
    return status;
}

static void add_condition(
    struct sbx_fence_filter *filter, const struct sbx_fence_condition *condition)
{
    filter->conditions[filter->condition_count++] = *condition;
}

static void add_number(struct sbx_fence_filter *filter, enum sbx_fence_field field,
    enum sbx_fence_match match, uint32_t low, uint32_t high)
{
    struct sbx_fence_condition condition = {
        .field = (uint8_t)field, .match = (uint8_t)match, .low = low, .high = high};

    if (match == SBX_FENCE_RANGE && low == high) {
        condition.match = SBX_FENCE_EQUAL;
        condition.high = 0;
    }
    add_condition(filter, &condition);
}

/* 127.0.0.1 or 127.0.0.0/8; ::1 is all there is in IPv6. */
static void add_loopback(struct sbx_fence_filter *filter, bool network)
{
    struct sbx_fence_condition condition = {
        .field = SBX_FENCE_FIELD_REMOTE_ADDRESS, .match = SBX_FENCE_EQUAL};

    if (filter->v6) {
        condition.prefix_bits = 128;
        condition.address[15] = 1;
    } else {
        condition.prefix_bits = network ? 8 : 32;
        condition.address[0] = 127;
        condition.address[3] = network ? 0 : 1;
    }
    add_condition(filter, &condition);
}

static void add_conditions(struct sbx_fence_filter *filter, const struct sbx_fence_row *row,
    const struct sbx_fence_input *input)
{
    const struct sbx_fence_condition user = {.field = SBX_FENCE_FIELD_USER, .who = row->who};

    if (row->who != SBX_FENCE_ANYONE)
        add_condition(filter, &user);
    if (row->when & SBX_FENCE_IF_TCP)
        add_number(filter, SBX_FENCE_FIELD_PROTOCOL, SBX_FENCE_EQUAL, SBX_FENCE_TCP, 0);
    if (row->when & SBX_FENCE_IF_NOT_TCP)
        add_number(filter, SBX_FENCE_FIELD_PROTOCOL, SBX_FENCE_NOT_EQUAL, SBX_FENCE_TCP, 0);
    if (row->when & SBX_FENCE_IF_RAW)
        add_number(filter, SBX_FENCE_FIELD_FLAGS, SBX_FENCE_ALL_SET, SBX_FENCE_FLAG_RAW, 0);
    if (row->when & SBX_FENCE_IF_LOOPED)
        add_number(filter, SBX_FENCE_FIELD_FLAGS, SBX_FENCE_ALL_SET, SBX_FENCE_FLAG_LOOPBACK, 0);
    if (row->when & (SBX_FENCE_IF_HOST | SBX_FENCE_IF_LOOPNET))
        add_loopback(filter, (row->when & SBX_FENCE_IF_LOOPNET) != 0);
    if (row->when & SBX_FENCE_IF_REMOTE_PORT)
        add_number(filter, SBX_FENCE_FIELD_REMOTE_PORT, SBX_FENCE_RANGE, input->proxy_first,
            input->proxy_last);
    if (row->when & SBX_FENCE_IF_LOCAL_PORT)
        add_number(filter, SBX_FENCE_FIELD_LOCAL_PORT, SBX_FENCE_RANGE, input->proxy_first,
            input->proxy_last);
}

static void make_filter(struct sbx_fence_filter *filter, const struct sbx_fence_row *row, bool v6,
    const struct sbx_fence_input *input)
{
    filter->key = filter_key;
    filter->key.d[6] = row->id;
    filter->key.d[7] = v6 ? 6 : 4;
    snprintf(filter->name, sizeof(filter->name), "%s (%s)", row->name, v6 ? "IPv6" : "IPv4");
    filter->layer = row->layer;
    filter->action = row->action;
    filter->v6 = v6;
    filter->hard = row->hard;
    filter->weight = (uint64_t)row->rank << 60;
    add_conditions(filter, row, input);
}

enum sbx_status sbx_fence_make(
    const struct sbx_fence_input *input, struct sbx_fence *ret, struct sbx_error *err)
{
    struct sbx_fence fence = {0};
    enum sbx_status status;
    size_t i;
    int who;

    status = sbx_fence_check_ports(input->proxy_first, input->proxy_last, err);
    if (!status)
        status = check_accounts(input, err);
    for (who = 0; !status && who < SBX_FENCE_WHO_COUNT; who++)
        status = make_user(input, (enum sbx_fence_who)who, &fence.users[who], err);
    if (!status)
        status = sbx_calloc(2 * sbx_fence_row_count, sizeof(*fence.filters), &fence.filters, err);
    for (i = 0; !status && i < sbx_fence_row_count; i++) {
        const struct sbx_fence_row *row = &sbx_fence_rows[i];

        if (row->complement && !input->complement)
            continue;
        make_filter(&fence.filters[fence.count++], row, false, input);
        make_filter(&fence.filters[fence.count++], row, true, input);
    }
    if (status) {
        sbx_error_context(err, "network fence");
        sbx_fence_done(&fence);
        return status;
    }
    *ret = fence;
    return SBX_OK;
}

void sbx_fence_done(struct sbx_fence *fence)
{
    size_t i;

    for (i = 0; i < SBX_FENCE_WHO_COUNT; i++)
        sbx_descriptor_done(&fence->users[i]);
    free(fence->filters);
    memset(fence, 0, sizeof(*fence));
}
