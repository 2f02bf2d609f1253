/* See aclrandom.h. */
#include "aclrandom.h"

#include "unit.h"

static struct sbx_error err;
static uint64_t rng;

const struct sbx_sid aclrandom_capability = {5, 5, {21, 11, 22, 33, 0x80000044u}};
const struct sbx_sid aclrandom_user = {5, 5, {21, 1, 2, 3, 1001}};
const struct sbx_sid aclrandom_group = {5, 5, {21, 1, 2, 3, 513}};

void aclrandom_begin(void)
{
    sbx_error_init(&err);
    rng = unit_seed();
}

uint32_t aclrandom_below(uint32_t below)
{
    return (uint32_t)(unit_random(&rng) % below);
}

struct sbx_sid aclrandom_sid(void)
{
    static const struct sbx_sid *const known[] = {&sbx_sid_everyone, &sbx_sid_creator_owner,
        &sbx_sid_creator_group, &sbx_sid_authenticated, &sbx_sid_users, &sbx_sid_owner_rights,
        &aclrandom_user, &aclrandom_group};
    struct sbx_sid sid;
    uint32_t i;

    if (aclrandom_below(4))
        return *known[aclrandom_below(countof(known))];
    memset(&sid, 0, sizeof(sid));
    sid.authority = unit_random(&rng) & 0xFFFFFFFFFFFFu;
    sid.count = (uint8_t)aclrandom_below(16);
    for (i = 0; i < sid.count; i++)
        sid.sub[i] = (uint32_t)unit_random(&rng);
    return sid;
}

static uint8_t *aclrandom_bytes(size_t length_bytes)
{
    uint8_t *bytes = NULL;
    size_t i;

    if (!length_bytes)
        return NULL;
    ck_assert_sbx_ok(sbx_calloc(length_bytes, 1, &bytes, &err), &err);
    for (i = 0; i < length_bytes; i++)
        bytes[i] = (uint8_t)aclrandom_below(256);
    return bytes;
}

static void add_random_ace(struct sbx_acl *acl)
{
    struct sbx_ace ace;

    memset(&ace, 0, sizeof(ace));
    ace.type =
        aclrandom_below(5) ? (uint8_t)aclrandom_below(2) : (uint8_t)(2 + aclrandom_below(20));
    ace.flags = (uint8_t)aclrandom_below(aclrandom_below(2) ? 32 : 256);
    if (ace.type <= SBX_ACE_DENY) {
        ace.mask = (uint32_t)unit_random(&rng);
        ace.sid = aclrandom_sid();
    }
    ace.rest_bytes = (uint16_t)(ace.type > 1 || !aclrandom_below(8) ? aclrandom_below(40) : 0);
    ace.rest = aclrandom_bytes(ace.rest_bytes);
    ck_assert_sbx_ok(
        sbx_acl_insert(acl, aclrandom_below((uint32_t)acl->count + 1), &ace, &err), &err);
    free(ace.rest);
}

void aclrandom_list(struct sbx_acl *acl, enum sbx_acl_kind kind)
{
    uint32_t count = aclrandom_below(12);

    memset(acl, 0, sizeof(*acl));
    acl->kind = kind;
    if (kind != SBX_ACL_LIST)
        return;
    acl->revision = (uint8_t)(2 + aclrandom_below(3));
    acl->sbz1 = (uint8_t)(aclrandom_below(8) ? 0 : aclrandom_below(256));
    acl->sbz2 = (uint16_t)(aclrandom_below(8) ? 0 : aclrandom_below(65536));
    while (count--)
        add_random_ace(acl);
    acl->slack_bytes = aclrandom_below(3) ? 0 : aclrandom_below(64);
    acl->slack = aclrandom_bytes(acl->slack_bytes);
}

void aclrandom_descriptor(struct sbx_descriptor *d)
{
    memset(d, 0, sizeof(*d));
    d->control = (uint16_t)(aclrandom_below(65536) & ~0x8014u);
    d->rm_control = (uint8_t)aclrandom_below(256);
    d->has_owner = aclrandom_below(4) != 0;
    d->has_group = aclrandom_below(4) != 0;
    if (d->has_owner)
        d->owner = aclrandom_sid();
    if (d->has_group)
        d->group = aclrandom_sid();
    aclrandom_list(
        &d->dacl, aclrandom_below(8) ? SBX_ACL_LIST : (enum sbx_acl_kind)aclrandom_below(2));
    aclrandom_list(&d->sacl, (enum sbx_acl_kind)aclrandom_below(3));
}

size_t aclrandom_ours(struct sbx_ace ours[6])
{
    size_t count = 1 + aclrandom_below(6);
    size_t i;

    for (i = 0; i < count; i++)
        ours[i] = sbx_ace_make((uint8_t)aclrandom_below(2), (uint8_t)aclrandom_below(16),
            1 + aclrandom_below(0x1F01FF), &aclrandom_capability);
    return count;
}
