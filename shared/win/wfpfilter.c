/*
 * See wfp_internal.h. Each field is written as fencetable.c says and read back to the same form;
 * the comparison itself is pure (fencejudge.c).
 *
 * @see https://learn.microsoft.com/windows/win32/api/fwpmtypes/ns-fwpmtypes-fwpm_filter0
 *      https://learn.microsoft.com/windows/win32/api/fwptypes/ns-fwptypes-fwp_condition_value0
 *      https://learn.microsoft.com/windows/win32/fwp/management-filtering-layer-identifiers-
 *      https://learn.microsoft.com/windows/win32/fwp/filtering-condition-identifiers-
 */
#include "wfp_internal.h"

/* FWPM_LAYER_ALE_AUTH_CONNECT, _AUTH_LISTEN, _AUTH_RECV_ACCEPT, _RESOURCE_ASSIGNMENT; V4, V6. */
static const GUID layers[SBX_FENCE_LAYERS][2] = {
    {{0xc38d57d1, 0x05a7, 0x4c33, {0x90, 0x4f, 0x7f, 0xbc, 0xee, 0xe6, 0x0e, 0x82}},
        {0x4a72393b, 0x319f, 0x44bc, {0x84, 0xc3, 0xba, 0x54, 0xdc, 0xb3, 0xb6, 0xb4}}},
    {{0x88bb5dad, 0x76d7, 0x4227, {0x9c, 0x71, 0xdf, 0x0a, 0x3e, 0xd7, 0xbe, 0x7e}},
        {0x7ac9de24, 0x17dd, 0x4814, {0xb4, 0xbd, 0xa9, 0xfb, 0xc9, 0x5a, 0x32, 0x1b}}},
    {{0xe1cd9fe7, 0xf4b5, 0x4273, {0x96, 0xc0, 0x59, 0x2e, 0x48, 0x7b, 0x86, 0x50}},
        {0xa3b42c97, 0x9f04, 0x4672, {0xb8, 0x7e, 0xce, 0xe9, 0xc4, 0x83, 0x25, 0x7f}}},
    {{0x1247d66d, 0x0b60, 0x4a15, {0x8d, 0x44, 0x71, 0x55, 0xd0, 0xf5, 0x3a, 0x0c}},
        {0x55a650e1, 0x5f0a, 0x4eca, {0xa6, 0x53, 0x88, 0xf5, 0x3b, 0x26, 0xaa, 0x8c}}},
};

/* FWPM_CONDITION_ALE_USER_ID, IP_PROTOCOL, IP_REMOTE_ADDRESS, IP_REMOTE_PORT, IP_LOCAL_PORT, FLAGS:
 * in the order of enum sbx_fence_field. */
static const GUID fields[] = {
    {0xaf043a0a, 0xb34d, 0x4f86, {0x97, 0x9c, 0xc9, 0x03, 0x71, 0xaf, 0x6e, 0x66}},
    {0x3971ef2b, 0x623e, 0x4f9a, {0x8c, 0xb1, 0x6e, 0x79, 0xb8, 0x06, 0xb9, 0xa7}},
    {0xb235ae9a, 0x1d64, 0x49b8, {0xa4, 0x4c, 0x5f, 0xf3, 0xd9, 0x09, 0x50, 0x45}},
    {0xc35a604d, 0xd22b, 0x4e1a, {0x91, 0xb4, 0x68, 0xf6, 0x74, 0xee, 0x67, 0x4b}},
    {0x0c1ba1af, 0x5765, 0x453f, {0xaf, 0x22, 0xa8, 0xf7, 0x91, 0xac, 0x77, 0x5b}},
    {0x632ce23b, 0x5167, 0x435c, {0x86, 0xd7, 0xe9, 0x03, 0x68, 0x4a, 0xa8, 0x0c}},
};

/* In the order of enum sbx_fence_match. */
static const FWP_MATCH_TYPE matches[] = {
    FWP_MATCH_EQUAL, FWP_MATCH_NOT_EQUAL, FWP_MATCH_RANGE, FWP_MATCH_FLAGS_ALL_SET};

#define V4_LOOPBACK_MASK 0xFF000000u

GUID sbx_wfp_guid(const struct sbx_fence_key *key)
{
    GUID guid;

    _Static_assert(sizeof(guid) == sizeof(*key), "a key is a GUID");
    memcpy(&guid, key, sizeof(guid));
    return guid;
}

bool sbx_wfp_same_guid(const GUID *a, const GUID *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

void sbx_wfp_wide(const char *text, wchar_t text_w[SBX_WFP_WIDE_MAX])
{
    size_t i;

    for (i = 0; i + 1 < SBX_WFP_WIDE_MAX && text[i]; i++)
        text_w[i] = (unsigned char)text[i];
    text_w[i] = L'\0';
}

enum sbx_status sbx_wfp_users_make(
    const struct sbx_fence *fence, struct sbx_wfp_users *ret_users, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; i < SBX_FENCE_WHO_COUNT; i++)
        sbx_buf_init(&ret_users->bytes[i], SBX_DESCRIPTOR_MAX_BYTES);
    for (i = 0; !status && i < SBX_FENCE_WHO_COUNT; i++)
        status = sbx_descriptor_serialise(&fence->users[i], &ret_users->bytes[i], err);
    if (status)
        sbx_wfp_users_done(ret_users);
    return status;
}

void sbx_wfp_users_done(struct sbx_wfp_users *users)
{
    size_t i;

    for (i = 0; i < SBX_FENCE_WHO_COUNT; i++)
        sbx_buf_done(&users->bytes[i]);
}

/* Addresses are integers in host order here, as the platform wants them. */
static void address_to_native(const struct sbx_fence_condition *condition, bool v6,
    FWP_CONDITION_VALUE0 *value, struct sbx_wfp_native *native)
{
    const uint8_t *a = condition->address;
    UINT32 v4 = (UINT32)a[0] << 24 | (UINT32)a[1] << 16 | (UINT32)a[2] << 8 | a[3];

    if (v6) {
        memcpy(native->address.byteArray16, a, 16);
        value->type = FWP_BYTE_ARRAY16_TYPE;
        value->byteArray16 = &native->address;
    } else if (condition->prefix_bits == 32) {
        value->type = FWP_UINT32;
        value->uint32 = v4;
    } else {
        native->network.addr = v4;
        native->network.mask = V4_LOOPBACK_MASK;
        value->type = FWP_V4_ADDR_MASK;
        value->v4AddrMask = &native->network;
    }
}

static void port_to_native(
    const struct sbx_fence_condition *condition, FWP_CONDITION_VALUE0 *value, FWP_RANGE0 *range)
{
    value->type = FWP_UINT16;
    value->uint16 = (UINT16)condition->low;
    if (condition->match != SBX_FENCE_RANGE)
        return;
    range->valueLow.type = range->valueHigh.type = FWP_UINT16;
    range->valueLow.uint16 = (UINT16)condition->low;
    range->valueHigh.uint16 = (UINT16)condition->high;
    value->type = FWP_RANGE_TYPE;
    value->rangeValue = range;
}

static void condition_to_native(const struct sbx_fence_condition *condition, bool v6,
    const struct sbx_wfp_users *users, size_t index, struct sbx_wfp_native *native)
{
    FWPM_FILTER_CONDITION0 *out = &native->conditions[index];
    FWP_CONDITION_VALUE0 *value = &out->conditionValue;

    out->fieldKey = fields[condition->field];
    out->matchType = matches[condition->match];
    switch (condition->field) {
    case SBX_FENCE_FIELD_USER:
        native->descriptor.size = (UINT32)users->bytes[condition->who].length_bytes;
        native->descriptor.data = (UINT8 *)users->bytes[condition->who].data;
        value->type = FWP_SECURITY_DESCRIPTOR_TYPE;
        value->sd = &native->descriptor;
        break;
    case SBX_FENCE_FIELD_PROTOCOL:
        value->type = FWP_UINT8;
        value->uint8 = (UINT8)condition->low;
        break;
    case SBX_FENCE_FIELD_REMOTE_ADDRESS:
        address_to_native(condition, v6, value, native);
        break;
    case SBX_FENCE_FIELD_FLAGS:
        value->type = FWP_UINT32;
        value->uint32 = condition->low;
        break;
    default:
        port_to_native(condition, value, &native->ranges[index]);
    }
}

void sbx_wfp_to_native(const struct sbx_fence_filter *filter, const struct sbx_wfp_users *users,
    struct sbx_wfp_native *native)
{
    FWPM_FILTER0 *out = &native->filter;
    size_t i;

    memset(native, 0, sizeof(*native));
    sbx_wfp_wide(filter->name, native->name_w);
    native->provider = sbx_wfp_guid(&sbx_fence_provider_key);
    native->weight = filter->weight;
    out->filterKey = sbx_wfp_guid(&filter->key);
    out->displayData.name = native->name_w;
    out->flags = SBX_FWPM_PERSISTENT | (filter->hard ? SBX_FWPM_FILTER_CLEAR_ACTION_RIGHT : 0);
    out->providerKey = &native->provider;
    out->layerKey = layers[filter->layer][filter->v6];
    out->subLayerKey = sbx_wfp_guid(&sbx_fence_sublayer_key);
    out->weight.type = FWP_UINT64;
    out->weight.uint64 = &native->weight;
    out->action.type = filter->action == SBX_FENCE_BLOCK ? FWP_ACTION_BLOCK : FWP_ACTION_PERMIT;
    out->filterCondition = native->conditions;
    out->numFilterConditions = (UINT32)filter->condition_count;
    for (i = 0; i < filter->condition_count; i++)
        condition_to_native(&filter->conditions[i], filter->v6, users, i, native);
}

static bool address_from_native(
    const FWP_CONDITION_VALUE0 *value, bool v6, struct sbx_fence_condition *ret)
{
    UINT32 v4 = 0;

    if (v6) {
        if (value->type != FWP_BYTE_ARRAY16_TYPE || !value->byteArray16)
            return false;
        memcpy(ret->address, value->byteArray16->byteArray16, 16);
        ret->prefix_bits = 128;
        return true;
    }
    if (value->type == FWP_UINT32) {
        v4 = value->uint32;
        ret->prefix_bits = 32;
    } else if (value->type == FWP_V4_ADDR_MASK && value->v4AddrMask &&
               value->v4AddrMask->mask == V4_LOOPBACK_MASK) {
        v4 = value->v4AddrMask->addr;
        ret->prefix_bits = 8;
    } else {
        return false;
    }
    ret->address[0] = (uint8_t)(v4 >> 24);
    ret->address[1] = (uint8_t)(v4 >> 16);
    ret->address[2] = (uint8_t)(v4 >> 8);
    ret->address[3] = (uint8_t)v4;
    return true;
}

static bool port_from_native(const FWP_CONDITION_VALUE0 *value, struct sbx_fence_condition *ret)
{
    const FWP_RANGE0 *range = value->rangeValue;

    if (ret->match != SBX_FENCE_RANGE) {
        ret->low = value->uint16;
        return value->type == FWP_UINT16;
    }
    if (value->type != FWP_RANGE_TYPE || !range || range->valueLow.type != FWP_UINT16 ||
        range->valueHigh.type != FWP_UINT16)
        return false;
    ret->low = range->valueLow.uint16;
    ret->high = range->valueHigh.uint16;
    return true;
}

/* False: not of a form that we write. */
static bool condition_from_native(const FWPM_FILTER_CONDITION0 *in, bool v6,
    struct sbx_fence_condition *ret, struct sbx_descriptor *user)
{
    const FWP_CONDITION_VALUE0 *value = &in->conditionValue;

    for (ret->field = 0; ret->field < countof(fields); ret->field++)
        if (sbx_wfp_same_guid(&in->fieldKey, &fields[ret->field]))
            break;
    for (ret->match = 0; ret->match < countof(matches); ret->match++)
        if (in->matchType == matches[ret->match])
            break;
    if (ret->field == countof(fields) || ret->match == countof(matches))
        return false;
    switch (ret->field) {
    case SBX_FENCE_FIELD_USER:
        return value->type == FWP_SECURITY_DESCRIPTOR_TYPE && value->sd && value->sd->data &&
               user->dacl.kind == SBX_ACL_ABSENT &&
               sbx_descriptor_parse(value->sd->data, value->sd->size, user, NULL) == SBX_OK;
    case SBX_FENCE_FIELD_PROTOCOL:
        ret->low = value->uint8;
        return value->type == FWP_UINT8;
    case SBX_FENCE_FIELD_REMOTE_ADDRESS:
        return address_from_native(value, v6, ret);
    case SBX_FENCE_FIELD_FLAGS:
        ret->low = value->uint32;
        return value->type == FWP_UINT32;
    default:
        return port_from_native(value, ret);
    }
}

/* What is not as every filter of ours is; the rest goes into `ret`. */
static const char *filter_from_native(
    const FWPM_FILTER0 *in, struct sbx_fence_filter *ret, struct sbx_descriptor *user)
{
    const GUID provider = sbx_wfp_guid(&sbx_fence_provider_key);
    const GUID sublayer = sbx_wfp_guid(&sbx_fence_sublayer_key);
    size_t i;

    if (in->flags & SBX_FWPM_FILTER_DISABLED)
        return "disabled";
    if ((in->flags & ~(SBX_FWPM_FILTER_INDEXED | SBX_FWPM_FILTER_CLEAR_ACTION_RIGHT)) !=
        SBX_FWPM_PERSISTENT)
        return "flags";
    if (!in->providerKey || !sbx_wfp_same_guid(in->providerKey, &provider))
        return "provider";
    if (!sbx_wfp_same_guid(&in->subLayerKey, &sublayer))
        return "sub-layer";
    if (in->weight.type != FWP_UINT64 || !in->weight.uint64)
        return "weight";
    for (i = 0; i < 2 * (size_t)SBX_FENCE_LAYERS; i++)
        if (sbx_wfp_same_guid(&in->layerKey, &layers[i / 2][i % 2]))
            break;
    ret->layer = (uint8_t)(i / 2);
    ret->v6 = i % 2 != 0;
    memcpy(&ret->key, &in->filterKey, sizeof(ret->key));
    for (i = 0; in->displayData.name && in->displayData.name[i] && i + 1 < sizeof(ret->name); i++)
        ret->name[i] = in->displayData.name[i] < 128 ? (char)in->displayData.name[i] : '?';
    ret->action = in->action.type == FWP_ACTION_BLOCK    ? SBX_FENCE_BLOCK
                  : in->action.type == FWP_ACTION_PERMIT ? SBX_FENCE_PERMIT
                                                         : SBX_FENCE_NONE;
    ret->hard = (in->flags & SBX_FWPM_FILTER_CLEAR_ACTION_RIGHT) != 0;
    ret->weight = *in->weight.uint64;
    if (in->numFilterConditions > SBX_FENCE_CONDITIONS_MAX)
        return "conditions";
    for (i = 0; i < in->numFilterConditions; i++)
        if (!condition_from_native(&in->filterCondition[i], ret->v6, &ret->conditions[i], user))
            return "conditions";
    ret->condition_count = in->numFilterConditions;
    return NULL;
}

const char *sbx_wfp_differs(
    const struct sbx_fence *fence, const struct sbx_fence_filter *wanted, const FWPM_FILTER0 *got)
{
    struct sbx_fence_filter filter = {0};
    struct sbx_descriptor user = {0}; /* of its one user condition, whose `who` stays 0 */
    const char *what = filter_from_native(got, &filter, &user);

    if (!what)
        what = sbx_fence_filter_differs(wanted, fence->users, &filter, &user);
    sbx_descriptor_done(&user);
    return what;
}
