/* See fence.h: what the filters decide, and whether filters are what they should be. */
#include "fence.h"

unsigned sbx_fence_users_of(
    const struct sbx_fence *fence, const struct sbx_access_token *token, bool match_is_write)
{
    const struct sbx_generic_mapping mapping = {.write = match_is_write ? SBX_FENCE_MATCH_RIGHT : 0,
        .read = match_is_write ? 0 : SBX_FENCE_MATCH_RIGHT,
        .all = SBX_FENCE_MATCH_RIGHT};
    const struct sbx_access_request request = {
        .desired = SBX_FENCE_MATCH_RIGHT, .mapping = &mapping};
    unsigned users = 0, who;

    for (who = 0; who < SBX_FENCE_WHO_COUNT; who++) {
        struct sbx_access_result result;

        sbx_access_check(&fence->users[who], token, &request, &result);
        if (result.granted)
            users |= 1u << who;
    }
    return users;
}

static bool number_matches(const struct sbx_fence_condition *condition, uint32_t value)
{
    switch (condition->match) {
    case SBX_FENCE_EQUAL:
        return value == condition->low;
    case SBX_FENCE_NOT_EQUAL:
        return value != condition->low;
    case SBX_FENCE_RANGE:
        return value >= condition->low && value <= condition->high;
    case SBX_FENCE_ALL_SET:
        return (value & condition->low) == condition->low;
    default:
        return false;
    }
}

static bool address_matches(
    const struct sbx_fence_condition *condition, const uint8_t *address, size_t size_bytes)
{
    size_t bits = condition->prefix_bits;

    if (bits > size_bytes * 8 || bits % 8 || condition->match != SBX_FENCE_EQUAL)
        return false;
    return memcmp(condition->address, address, bits / 8) == 0;
}

/* A field that a layer does not have, or that is empty, satisfies no condition. */
static bool matches(
    const struct sbx_fence_condition *condition, const struct sbx_fence_packet *packet)
{
    bool flows = packet->layer == SBX_FENCE_CONNECT || packet->layer == SBX_FENCE_ACCEPT;

    switch (condition->field) {
    case SBX_FENCE_FIELD_USER:
        return condition->who < SBX_FENCE_WHO_COUNT && (packet->users & 1u << condition->who);
    case SBX_FENCE_FIELD_PROTOCOL:
        return packet->layer != SBX_FENCE_LISTEN && number_matches(condition, packet->protocol);
    case SBX_FENCE_FIELD_REMOTE_ADDRESS:
        return flows && address_matches(condition, packet->remote, packet->v6 ? 16 : 4);
    case SBX_FENCE_FIELD_REMOTE_PORT:
        return flows && number_matches(condition, packet->remote_port);
    case SBX_FENCE_FIELD_LOCAL_PORT:
        return packet->local_port && number_matches(condition, packet->local_port);
    case SBX_FENCE_FIELD_FLAGS:
        return number_matches(condition, packet->flags);
    default:
        return false;
    }
}

static bool filter_matches(
    const struct sbx_fence_filter *filter, const struct sbx_fence_packet *packet)
{
    size_t i;

    if (filter->layer != packet->layer || filter->v6 != packet->v6)
        return false;
    for (i = 0; i < filter->condition_count; i++)
        if (!matches(&filter->conditions[i], packet))
            return false;
    return true;
}

struct sbx_fence_verdict sbx_fence_decide(
    const struct sbx_fence *fence, const struct sbx_fence_packet *packet)
{
    struct sbx_fence_verdict verdict = {SBX_FENCE_NONE, false, NULL};
    const struct sbx_fence_filter *best = NULL;
    size_t i;

    for (i = 0; i < fence->count; i++) {
        const struct sbx_fence_filter *filter = &fence->filters[i];

        if (best && (filter->weight < best->weight ||
                        (filter->weight == best->weight && best->action == SBX_FENCE_PERMIT)))
            continue;
        if (filter_matches(filter, packet))
            best = filter;
    }
    if (best) {
        verdict.action = (enum sbx_fence_action)best->action;
        verdict.hard = best->hard || best->action == SBX_FENCE_BLOCK;
        verdict.by = best;
    }
    return verdict;
}

bool sbx_fence_key_equal(const struct sbx_fence_key *a, const struct sbx_fence_key *b)
{
    return a->a == b->a && a->b == b->b && a->c == b->c && memcmp(a->d, b->d, sizeof(a->d)) == 0;
}

static bool same_condition(const struct sbx_fence_condition *a, const struct sbx_descriptor *users,
    const struct sbx_fence_condition *b, const struct sbx_descriptor *got_users)
{
    if (a->field != b->field || a->match != b->match)
        return false;
    switch (a->field) {
    case SBX_FENCE_FIELD_USER:
        return sbx_acl_same_aces(&users[a->who].dacl, &got_users[b->who].dacl);
    case SBX_FENCE_FIELD_REMOTE_ADDRESS:
        return a->prefix_bits == b->prefix_bits && memcmp(a->address, b->address, 16) == 0;
    default:
        return a->low == b->low && a->high == b->high;
    }
}

/* Every wanted condition once; the counts are equal, and no two wanted ones are the same. */
static bool same_conditions(const struct sbx_fence_filter *wanted,
    const struct sbx_descriptor *users, const struct sbx_fence_filter *got,
    const struct sbx_descriptor *got_users)
{
    size_t i, j;

    if (wanted->condition_count != got->condition_count)
        return false;
    for (i = 0; i < wanted->condition_count; i++) {
        for (j = 0; j < got->condition_count; j++)
            if (same_condition(&wanted->conditions[i], users, &got->conditions[j], got_users))
                break;
        if (j == got->condition_count)
            return false;
    }
    return true;
}

const char *sbx_fence_filter_differs(const struct sbx_fence_filter *wanted,
    const struct sbx_descriptor *users, const struct sbx_fence_filter *got,
    const struct sbx_descriptor *got_users)
{
    if (!sbx_fence_key_equal(&wanted->key, &got->key))
        return "key";
    if (wanted->layer != got->layer || wanted->v6 != got->v6)
        return "layer";
    if (wanted->action != got->action)
        return "action";
    if (wanted->weight != got->weight)
        return "weight";
    if (wanted->hard != got->hard)
        return "action right";
    if (strcmp(wanted->name, got->name) != 0)
        return "name";
    if (!same_conditions(wanted, users, got, got_users))
        return "conditions";
    return NULL;
}

const char *sbx_fence_layer_name(enum sbx_fence_layer layer)
{
    static const char *const names[] = {"connect", "listen", "accept", "assign"};

    return (size_t)layer < countof(names) ? names[layer] : "unknown";
}
