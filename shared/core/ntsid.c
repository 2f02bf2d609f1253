/* See ntsid.h. */
#include "ntsid.h"

const struct sbx_sid sbx_sid_everyone = {1, 1, {0}};
const struct sbx_sid sbx_sid_creator_owner = {3, 1, {0}};
const struct sbx_sid sbx_sid_creator_group = {3, 1, {1}};
const struct sbx_sid sbx_sid_owner_rights = {3, 1, {4}};
const struct sbx_sid sbx_sid_interactive = {5, 1, {4}};
const struct sbx_sid sbx_sid_authenticated = {5, 1, {11}};
const struct sbx_sid sbx_sid_restricted = {5, 1, {12}};
const struct sbx_sid sbx_sid_system = {5, 1, {18}};
const struct sbx_sid sbx_sid_local_service = {5, 1, {19}};
const struct sbx_sid sbx_sid_network_service = {5, 1, {20}};
const struct sbx_sid sbx_sid_write_restricted = {5, 1, {33}};
const struct sbx_sid sbx_sid_administrators = {5, 2, {32, 544}};
const struct sbx_sid sbx_sid_users = {5, 2, {32, 545}};
const struct sbx_sid sbx_sid_trusted_installer = {
    5, 6, {80, 956008885u, 3418522649u, 1831038044u, 1853292631u, 2271478464u}};
const struct sbx_sid sbx_sid_medium_label = {16, 1, {8192}};

bool sbx_sid_is_set(const struct sbx_sid *sid)
{
    return sid->authority != 0 || sid->count != 0;
}

size_t sbx_sid_length_bytes(const struct sbx_sid *sid)
{
    return 8u + 4u * (size_t)sid->count;
}

size_t sbx_sid_from_prefix(const void *bytes, size_t available_bytes, struct sbx_sid *ret_sid)
{
    const uint8_t *p = bytes;
    struct sbx_sid sid;
    size_t i;

    memset(&sid, 0, sizeof(sid));
    if (available_bytes < 8 || p[0] != 1 || p[1] > SBX_SID_MAX_SUBAUTHORITIES ||
        available_bytes < 8u + 4u * (size_t)p[1])
        return 0;
    sid.count = p[1];
    for (i = 2; i < 8; i++)
        sid.authority = sid.authority << 8 | p[i];
    for (i = 0; i < sid.count; i++) {
        const uint8_t *q = p + 8 + 4 * i;

        sid.sub[i] =
            (uint32_t)q[0] | (uint32_t)q[1] << 8 | (uint32_t)q[2] << 16 | (uint32_t)q[3] << 24;
    }
    *ret_sid = sid;
    return sbx_sid_length_bytes(&sid);
}
