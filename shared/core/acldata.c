/* Lists of access control entries as values: copy, compare, insert. See acldata.h. */
#include "acldata_internal.h"

static void ace_done(struct sbx_ace *ace)
{
    free(ace->rest);
    ace->rest = NULL;
    ace->rest_bytes = 0;
}

void sbx_acl_done(struct sbx_acl *acl)
{
    size_t i;

    if (!acl)
        return;
    for (i = 0; i < acl->count; i++)
        ace_done(&acl->aces[i]);
    free(acl->aces);
    free(acl->slack);
    memset(acl, 0, sizeof(*acl));
}

void sbx_descriptor_done(struct sbx_descriptor *descriptor)
{
    if (!descriptor)
        return;
    sbx_acl_done(&descriptor->dacl);
    sbx_acl_done(&descriptor->sacl);
    memset(descriptor, 0, sizeof(*descriptor));
}

struct sbx_ace sbx_ace_make(uint8_t type, uint8_t flags, uint32_t mask, const struct sbx_sid *sid)
{
    struct sbx_ace ace;

    memset(&ace, 0, sizeof(ace));
    ace.type = type;
    ace.flags = flags;
    ace.mask = mask;
    ace.sid = *sid;
    return ace;
}

static bool is_plain(const struct sbx_ace *ace)
{
    return ace->type == SBX_ACE_ALLOW || ace->type == SBX_ACE_DENY;
}

static size_t ace_size_bytes(const struct sbx_ace *ace)
{
    size_t fixed = is_plain(ace) ? 8u + sbx_sid_length_bytes(&ace->sid) : 4u;

    return fixed + ace->rest_bytes;
}

size_t sbx_acl_size_bytes(const struct sbx_acl *acl)
{
    size_t total = 8u + acl->slack_bytes;
    size_t i;

    if (acl->kind != SBX_ACL_LIST)
        return 0;
    for (i = 0; i < acl->count; i++)
        total += ace_size_bytes(&acl->aces[i]);
    return total;
}

static enum sbx_status copy_bytes(
    const uint8_t *bytes, size_t length_bytes, uint8_t **ret_copy, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    *ret_copy = NULL;
    if (!length_bytes)
        return SBX_OK;
    status = sbx_calloc(length_bytes, 1, ret_copy, err);
    if (!status)
        memcpy(*ret_copy, bytes, length_bytes);
    return status;
}

/* Room for one more entry. Entries are moved by value; what they own does not move. */
static enum sbx_status reserve(struct sbx_acl *acl, struct sbx_error *err)
{
    size_t capacity = acl->capacity ? acl->capacity * 2 : 8;
    struct sbx_ace *aces = NULL;
    enum sbx_status status = SBX_OK;

    if (acl->count < acl->capacity)
        return SBX_OK;
    status = sbx_calloc(capacity, sizeof(*aces), &aces, err);
    if (status)
        return status;
    if (acl->count)
        memcpy(aces, acl->aces, acl->count * sizeof(*aces));
    free(acl->aces);
    acl->aces = aces;
    acl->capacity = capacity;
    return SBX_OK;
}

static enum sbx_status insert(
    struct sbx_acl *acl, size_t index, const struct sbx_ace *ace, struct sbx_error *err)
{
    struct sbx_ace copy = *ace; /* `ace` may lie in the array that reserve() moves */
    uint8_t *rest = NULL;
    enum sbx_status status = reserve(acl, err);

    if (!status)
        status = copy_bytes(copy.rest, copy.rest_bytes, &rest, err);
    if (status)
        return status;
    copy.rest = rest;
    memmove(&acl->aces[index + 1], &acl->aces[index], (acl->count - index) * sizeof(copy));
    acl->aces[index] = copy;
    acl->count++;
    acl->kind = SBX_ACL_LIST;
    return SBX_OK;
}

enum sbx_status sbx_acl_append_unsized(
    struct sbx_acl *acl, const struct sbx_ace *ace, struct sbx_error *err)
{
    return insert(acl, acl->count, ace, err);
}

enum sbx_status sbx_acl_check_size(size_t size_bytes, struct sbx_error *err)
{
    if (size_bytes > SBX_ACL_MAX_BYTES)
        return sbx_fail(
            err, SBX_INVALID, "the access list would exceed %u bytes", (unsigned)SBX_ACL_MAX_BYTES);
    return SBX_OK;
}

enum sbx_status sbx_acl_insert(
    struct sbx_acl *acl, size_t index, const struct sbx_ace *ace, struct sbx_error *err)
{
    size_t size_bytes = acl->kind == SBX_ACL_LIST ? sbx_acl_size_bytes(acl) : 8;
    enum sbx_status status = SBX_OK;

    if (acl->kind == SBX_ACL_NULL)
        return sbx_fail(err, SBX_UNSUPPORTED, "the access list is NULL (full access for everyone)");
    if (index > acl->count)
        return sbx_fail(err, SBX_INTERNAL, "entry %zu of %zu", index, acl->count);
    status = sbx_acl_check_size(size_bytes + ace_size_bytes(ace), err);
    return status ? status : insert(acl, index, ace, err);
}

enum sbx_status sbx_acl_copy(
    const struct sbx_acl *acl, struct sbx_acl *ret_copy, struct sbx_error *err)
{
    struct sbx_acl copy;
    enum sbx_status status = SBX_OK;
    size_t i;

    memset(&copy, 0, sizeof(copy));
    for (i = 0; i < acl->count && !status; i++)
        status = sbx_acl_append_unsized(&copy, &acl->aces[i], err);
    if (!status)
        status = copy_bytes(acl->slack, acl->slack_bytes, &copy.slack, err);
    if (status) {
        sbx_acl_done(&copy);
        return status;
    }
    copy.kind = acl->kind;
    copy.revision = acl->revision;
    copy.sbz1 = acl->sbz1;
    copy.sbz2 = acl->sbz2;
    copy.slack_bytes = acl->slack_bytes;
    *ret_copy = copy;
    return SBX_OK;
}

enum sbx_status sbx_descriptor_copy(
    const struct sbx_descriptor *descriptor, struct sbx_descriptor *ret_copy, struct sbx_error *err)
{
    struct sbx_descriptor copy = *descriptor;
    enum sbx_status status = SBX_OK;

    memset(&copy.dacl, 0, sizeof(copy.dacl));
    memset(&copy.sacl, 0, sizeof(copy.sacl));
    status = sbx_acl_copy(&descriptor->dacl, &copy.dacl, err);
    if (!status)
        status = sbx_acl_copy(&descriptor->sacl, &copy.sacl, err);
    if (status) {
        sbx_descriptor_done(&copy);
        return status;
    }
    *ret_copy = copy;
    return SBX_OK;
}

static bool same_bytes(const uint8_t *a, size_t a_bytes, const uint8_t *b, size_t b_bytes)
{
    return a_bytes == b_bytes && (!a_bytes || memcmp(a, b, a_bytes) == 0);
}

bool sbx_ace_equal(const struct sbx_ace *a, const struct sbx_ace *b)
{
    return a->type == b->type && a->flags == b->flags && a->mask == b->mask &&
           sbx_sid_equal(&a->sid, &b->sid) &&
           same_bytes(a->rest, a->rest_bytes, b->rest, b->rest_bytes);
}

bool sbx_acl_same_aces(const struct sbx_acl *a, const struct sbx_acl *b)
{
    size_t i;

    if (a->kind != b->kind || a->count != b->count)
        return false;
    for (i = 0; i < a->count; i++) {
        if (!sbx_ace_equal(&a->aces[i], &b->aces[i]))
            return false;
    }
    return true;
}

uint8_t sbx_acl_effective_revision(const struct sbx_acl *acl)
{
    size_t i;

    if (acl->revision)
        return acl->revision;
    for (i = 0; i < acl->count; i++) {
        /* Object types: 5-8, and the callback forms 0x0B, 0x0C, 0x0F, 0x10. */
        uint8_t type = acl->aces[i].type;

        if ((type >= 5 && type <= 8) || type == 0x0B || type == 0x0C || type == 0x0F ||
            type == 0x10)
            return 4;
    }
    return 2;
}

bool sbx_acl_equal(const struct sbx_acl *a, const struct sbx_acl *b)
{
    if (!sbx_acl_same_aces(a, b))
        return false;
    if (a->kind != SBX_ACL_LIST)
        return true;
    return sbx_acl_effective_revision(a) == sbx_acl_effective_revision(b) && a->sbz1 == b->sbz1 &&
           a->sbz2 == b->sbz2 && same_bytes(a->slack, a->slack_bytes, b->slack, b->slack_bytes);
}

bool sbx_descriptor_equal(const struct sbx_descriptor *a, const struct sbx_descriptor *b)
{
    return a->control == b->control && a->rm_control == b->rm_control &&
           a->has_owner == b->has_owner && a->has_group == b->has_group &&
           (!a->has_owner || sbx_sid_equal(&a->owner, &b->owner)) &&
           (!a->has_group || sbx_sid_equal(&a->group, &b->group)) &&
           sbx_acl_equal(&a->dacl, &b->dacl) && sbx_acl_equal(&a->sacl, &b->sacl);
}

const struct sbx_sid *sbx_acl_capability(const struct sbx_acl *acl)
{
    size_t i;

    for (i = 0; i < acl->count; i++)
        if (sbx_capsid_is_ours(&acl->aces[i].sid))
            return &acl->aces[i].sid;
    return NULL;
}
