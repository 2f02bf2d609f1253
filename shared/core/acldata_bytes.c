/*
 * Descriptors from and to their binary self-relative form. See acldata.h.
 *
 * MUSTs: every read is inside [bytes, bytes + length); offsets are checked before they are added
 * to anything; a size field never exceeds what holds it; nothing is allocated from a number in the
 * input, only from bytes that are there.
 */
#include "acldata_internal.h"

#define HEADER_BYTES 20u
#define ACL_HEADER_BYTES 8u
#define ACE_HEADER_BYTES 4u
#define CONTROL_DACL_PRESENT 0x0004u
#define CONTROL_SACL_PRESENT 0x0010u
#define CONTROL_SELF_RELATIVE 0x8000u
#define CONTROL_STRUCTURAL (CONTROL_DACL_PRESENT | CONTROL_SACL_PRESENT | CONTROL_SELF_RELATIVE)

static uint16_t get16(const uint8_t *p)
{
    return (uint16_t)(p[0] | p[1] << 8);
}

static uint32_t get32(const uint8_t *p)
{
    return (uint32_t)get16(p) | (uint32_t)get16(p + 2) << 16;
}

static void put16(uint8_t *p, size_t value)
{
    p[0] = (uint8_t)value;
    p[1] = (uint8_t)(value >> 8);
}

static void put32(uint8_t *p, size_t value)
{
    put16(p, value);
    put16(p + 2, value >> 16);
}

/* --- parse --------------------------------------------------------------------------------- */

/* One entry that lies completely in p[0..size_bytes). Borrows `rest` from the input. */
static enum sbx_status parse_ace(
    uint8_t *p, size_t size_bytes, struct sbx_ace *ret_ace, struct sbx_error *err)
{
    struct sbx_ace ace;
    size_t used = ACE_HEADER_BYTES;

    memset(&ace, 0, sizeof(ace));
    ace.type = p[0];
    ace.flags = p[1];
    if (ace.type == SBX_ACE_ALLOW || ace.type == SBX_ACE_DENY) {
        size_t sid_bytes =
            size_bytes < 8 ? 0 : sbx_sid_from_prefix(p + 8, size_bytes - 8, &ace.sid);

        if (!sid_bytes)
            return sbx_fail(err, SBX_INVALID, "access list entry with a malformed SID");
        ace.mask = get32(p + 4);
        used = 8 + sid_bytes;
    }
    ace.rest = size_bytes > used ? p + used : NULL;
    ace.rest_bytes = (uint16_t)(size_bytes - used);
    *ret_ace = ace;
    return SBX_OK;
}

static enum sbx_status parse_entries(
    uint8_t *p, size_t acl_bytes, size_t count, struct sbx_acl *acl, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t at = ACL_HEADER_BYTES;
    size_t i;

    for (i = 0; i < count; i++) {
        struct sbx_ace ace;
        size_t size_bytes = acl_bytes - at >= ACE_HEADER_BYTES ? get16(p + at + 2) : 0;

        if (size_bytes < ACE_HEADER_BYTES || size_bytes > acl_bytes - at)
            return sbx_fail(err, SBX_INVALID, "access list entry %zu of %zu is cut off", i, count);
        status = parse_ace(p + at, size_bytes, &ace, err);
        if (!status)
            status = sbx_acl_append_unsized(acl, &ace, err);
        if (status)
            return status;
        at += size_bytes;
    }
    acl->slack_bytes = acl_bytes - at;
    if (acl->slack_bytes) {
        status = sbx_calloc(acl->slack_bytes, 1, &acl->slack, err);
        if (status) {
            acl->slack_bytes = 0;
            return status;
        }
        memcpy(acl->slack, p + at, acl->slack_bytes);
    }
    return SBX_OK;
}

enum sbx_status sbx_acl_parse(
    const void *bytes, size_t length_bytes, struct sbx_acl *ret_acl, struct sbx_error *err)
{
    /* Only read; the entries' `rest` is not const, because lists own theirs. */
    uint8_t *p = (uint8_t *)(uintptr_t)bytes;
    enum sbx_status status = SBX_OK;
    struct sbx_acl acl;

    memset(&acl, 0, sizeof(acl));
    if (length_bytes < ACL_HEADER_BYTES)
        return sbx_fail(err, SBX_INVALID, "access list is cut off");
    if (p[0] < 2 || p[0] > 4)
        return sbx_fail(err, SBX_INVALID, "access list of revision %u", (unsigned)p[0]);
    if (get16(p + 2) < ACL_HEADER_BYTES || get16(p + 2) > length_bytes)
        return sbx_fail(err, SBX_INVALID, "access list of %u bytes in %zu bytes",
            (unsigned)get16(p + 2), length_bytes);
    acl.kind = SBX_ACL_LIST;
    acl.revision = p[0];
    acl.sbz1 = p[1];
    acl.sbz2 = get16(p + 6);
    status = parse_entries(p, get16(p + 2), get16(p + 4), &acl, err);
    if (status) {
        sbx_acl_done(&acl);
        return status;
    }
    *ret_acl = acl;
    return SBX_OK;
}

/* The part that the offset field at `field` points to; 0 = there is none. */
static enum sbx_status part_at(const uint8_t *bytes, size_t length_bytes, size_t field,
    size_t *ret_offset, struct sbx_error *err)
{
    uint32_t offset = get32(bytes + field);

    if (offset && (offset < HEADER_BYTES || offset >= length_bytes))
        return sbx_fail(
            err, SBX_INVALID, "descriptor part at %u of %zu bytes", (unsigned)offset, length_bytes);
    *ret_offset = offset;
    return SBX_OK;
}

static enum sbx_status parse_sid(const uint8_t *bytes, size_t length_bytes, size_t field,
    bool *ret_has, struct sbx_sid *ret_sid, struct sbx_error *err)
{
    size_t offset = 0;
    enum sbx_status status = part_at(bytes, length_bytes, field, &offset, err);

    if (status || !offset)
        return status;
    if (!sbx_sid_from_prefix(bytes + offset, length_bytes - offset, ret_sid))
        return sbx_fail(err, SBX_INVALID, "descriptor with a malformed owner or group SID");
    *ret_has = true;
    return SBX_OK;
}

static enum sbx_status parse_acl_part(const uint8_t *bytes, size_t length_bytes, size_t field,
    bool present, struct sbx_acl *ret_acl, struct sbx_error *err)
{
    size_t offset = 0;
    enum sbx_status status = SBX_OK;

    if (!present)
        return SBX_OK;
    status = part_at(bytes, length_bytes, field, &offset, err);
    if (status)
        return status;
    if (offset)
        return sbx_acl_parse(bytes + offset, length_bytes - offset, ret_acl, err);
    ret_acl->kind = SBX_ACL_NULL;
    return SBX_OK;
}

enum sbx_status sbx_descriptor_parse(const void *bytes, size_t length_bytes,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err)
{
    const uint8_t *p = bytes;
    struct sbx_descriptor d;
    enum sbx_status status = SBX_OK;
    uint16_t control;

    memset(&d, 0, sizeof(d));
    if (length_bytes < HEADER_BYTES)
        return sbx_fail(err, SBX_INVALID, "security descriptor of %zu bytes", length_bytes);
    control = get16(p + 2);
    if (p[0] != 1 || !(control & CONTROL_SELF_RELATIVE))
        return sbx_fail(err, SBX_INVALID,
            "security descriptor of revision %u, control 0x%04x: not self-relative", (unsigned)p[0],
            (unsigned)control);
    d.rm_control = p[1];
    d.control = (uint16_t)(control & ~CONTROL_STRUCTURAL);
    status = parse_sid(p, length_bytes, 4, &d.has_owner, &d.owner, err);
    if (!status)
        status = parse_sid(p, length_bytes, 8, &d.has_group, &d.group, err);
    if (!status)
        status = parse_acl_part(p, length_bytes, 12, control & CONTROL_SACL_PRESENT, &d.sacl, err);
    if (!status)
        status = parse_acl_part(p, length_bytes, 16, control & CONTROL_DACL_PRESENT, &d.dacl, err);
    if (status) {
        sbx_descriptor_done(&d);
        return status;
    }
    *ret_descriptor = d;
    return SBX_OK;
}

/* --- serialise ----------------------------------------------------------------------------- */

static enum sbx_status add_sid(
    const struct sbx_sid *sid, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    uint8_t bytes[SBX_SID_BINARY_MAX];

    return sbx_buf_add(ret_bytes, bytes, sbx_sid_to_bytes(sid, bytes), err);
}

static enum sbx_status add_ace(
    const struct sbx_ace *ace, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    bool plain = ace->type == SBX_ACE_ALLOW || ace->type == SBX_ACE_DENY;
    size_t size_bytes =
        (plain ? 8u + sbx_sid_length_bytes(&ace->sid) : ACE_HEADER_BYTES) + ace->rest_bytes;
    uint8_t head[8] = {ace->type, ace->flags};
    enum sbx_status status = SBX_OK;

    put16(head + 2, size_bytes);
    put32(head + 4, ace->mask);
    status = sbx_buf_add(ret_bytes, head, plain ? 8 : ACE_HEADER_BYTES, err);
    if (!status && plain)
        status = add_sid(&ace->sid, ret_bytes, err);
    if (!status && ace->rest_bytes)
        status = sbx_buf_add(ret_bytes, ace->rest, ace->rest_bytes, err);
    return status;
}

enum sbx_status sbx_acl_serialise(
    const struct sbx_acl *acl, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    size_t size_bytes = sbx_acl_size_bytes(acl);
    uint8_t head[ACL_HEADER_BYTES] = {0};
    enum sbx_status status = SBX_OK;
    size_t i;

    if (acl->kind != SBX_ACL_LIST)
        return sbx_fail(err, SBX_INTERNAL, "only a list of entries has bytes");
    if (size_bytes > SBX_ACL_MAX_BYTES)
        return sbx_fail(err, SBX_INVALID, "access list of %zu bytes", size_bytes);
    head[0] = sbx_acl_effective_revision(acl);
    head[1] = acl->sbz1;
    put16(head + 2, size_bytes);
    put16(head + 4, acl->count);
    put16(head + 6, acl->sbz2);
    status = sbx_buf_add(ret_bytes, head, sizeof(head), err);
    for (i = 0; i < acl->count && !status; i++)
        status = add_ace(&acl->aces[i], ret_bytes, err);
    if (!status && acl->slack_bytes)
        status = sbx_buf_add(ret_bytes, acl->slack, acl->slack_bytes, err);
    return status;
}

/* Pad to a multiple of four from `start`, as Windows wants its parts, and note the offset. */
static enum sbx_status begin_part(
    struct sbx_buf *bytes, size_t start, size_t field, struct sbx_error *err)
{
    size_t offset = bytes->length_bytes - start;
    enum sbx_status status = SBX_OK;

    while (offset % 4 && !status) {
        status = sbx_buf_putc(bytes, 0, err);
        offset++;
    }
    if (!status)
        put32((uint8_t *)bytes->data + start + field, offset);
    return status;
}

static enum sbx_status add_acl_part(const struct sbx_acl *acl, struct sbx_buf *bytes, size_t start,
    size_t field, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (acl->kind != SBX_ACL_LIST)
        return SBX_OK;
    status = begin_part(bytes, start, field, err);
    return status ? status : sbx_acl_serialise(acl, bytes, err);
}

static enum sbx_status add_sid_part(bool has, const struct sbx_sid *sid, struct sbx_buf *bytes,
    size_t start, size_t field, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    if (!has)
        return SBX_OK;
    status = begin_part(bytes, start, field, err);
    return status ? status : add_sid(sid, bytes, err);
}

enum sbx_status sbx_descriptor_serialise(
    const struct sbx_descriptor *d, struct sbx_buf *ret_bytes, struct sbx_error *err)
{
    uint8_t head[HEADER_BYTES] = {1, d->rm_control};
    uint32_t control = (d->control & ~CONTROL_STRUCTURAL) | CONTROL_SELF_RELATIVE;
    size_t start = ret_bytes->length_bytes;
    enum sbx_status status = SBX_OK;

    if (d->dacl.kind != SBX_ACL_ABSENT)
        control |= CONTROL_DACL_PRESENT;
    if (d->sacl.kind != SBX_ACL_ABSENT)
        control |= CONTROL_SACL_PRESENT;
    put16(head + 2, control);
    status = sbx_buf_add(ret_bytes, head, sizeof(head), err);
    if (!status)
        status = add_acl_part(&d->sacl, ret_bytes, start, 12, err);
    if (!status)
        status = add_acl_part(&d->dacl, ret_bytes, start, 16, err);
    if (!status)
        status = add_sid_part(d->has_owner, &d->owner, ret_bytes, start, 4, err);
    if (!status)
        status = add_sid_part(d->has_group, &d->group, ret_bytes, start, 8, err);
    return status;
}
