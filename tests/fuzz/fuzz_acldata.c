/*
 * acldata: what parses also serialises to the same; merging our entries is idempotent and taking
 * them out again restores every byte; recomputing inheritance is a fixed point.
 */
#include "shared/core/acldata.h"

#include "tests/fuzz/fuzz.h"

static const struct sbx_sid ours_sid = {5, 5, {21, 0xFEEDu, 0xBEEFu, 0xCAFEu, 0x80000001u}};

static bool mentions_ours(const struct sbx_acl *acl)
{
    size_t i;

    for (i = 0; i < acl->count; i++) {
        if (sbx_sid_equal(&acl->aces[i].sid, &ours_sid))
            return true;
    }
    return false;
}

static void check_bytes(const struct sbx_descriptor *d)
{
    struct sbx_descriptor again = {0};
    struct sbx_buf bytes;
    struct sbx_error err;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    FUZZ_CHECK(sbx_descriptor_serialise(d, &bytes, &err) == SBX_OK);
    FUZZ_CHECK(sbx_descriptor_parse(bytes.data, bytes.length_bytes, &again, &err) == SBX_OK);
    FUZZ_CHECK(sbx_descriptor_equal(d, &again));
    sbx_descriptor_done(&again);
    sbx_buf_done(&bytes);
}

static void check_merge(const struct sbx_descriptor *d, uint8_t choice)
{
    const struct sbx_ace ours[2] = {sbx_ace_make(SBX_ACE_ALLOW, choice & 15, 0x001301BF, &ours_sid),
        sbx_ace_make(SBX_ACE_DENY, (choice >> 4) & 15, SBX_DELETE, &ours_sid)};
    struct sbx_acl acl = {0};
    struct sbx_error err;
    size_t added = 0;

    if (d->dacl.kind != SBX_ACL_LIST || mentions_ours(&d->dacl))
        return;
    FUZZ_CHECK(sbx_acl_copy(&d->dacl, &acl, &err) == SBX_OK);
    if (sbx_acl_merge(&acl, ours, 2, &added, &err) == SBX_OK) {
        FUZZ_CHECK(added == 2 && sbx_acl_has_all(&acl, ours, 2));
        FUZZ_CHECK(!sbx_acl_is_canonical(&d->dacl) || sbx_acl_is_canonical(&acl));
        FUZZ_CHECK(sbx_acl_merge(&acl, ours, 2, &added, &err) == SBX_OK && added == 0);
        FUZZ_CHECK(sbx_acl_remove(&acl, ours, 2) == 2);
    }
    FUZZ_CHECK(sbx_acl_equal(&acl, &d->dacl));
    sbx_acl_done(&acl);
}

/* The descriptor as its own parent. */
static void check_inherit(struct sbx_descriptor *d, bool is_directory)
{
    struct sbx_acl once = {0}, twice = {0}, parent = {0};
    struct sbx_error err;

    FUZZ_CHECK(sbx_acl_copy(&d->dacl, &parent, &err) == SBX_OK);
    if (sbx_acl_reinherit(&parent, d, is_directory, &once, &err) == SBX_OK) {
        sbx_acl_done(&d->dacl);
        d->dacl = once;
        FUZZ_CHECK(sbx_acl_reinherit(&parent, d, is_directory, &twice, &err) == SBX_OK);
        FUZZ_CHECK(sbx_acl_equal(&d->dacl, &twice));
        sbx_acl_done(&twice);
    }
    sbx_acl_done(&parent);
}

/* One choice byte, then the descriptor. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct sbx_descriptor d = {0};
    struct sbx_error err;
    uint8_t *exact;

    if (size < 1)
        return 0;
    exact = malloc(size); /* its own allocation, so that reading past the end is seen */
    FUZZ_CHECK(exact != NULL);
    memcpy(exact, data, size);
    if (sbx_descriptor_parse(exact + 1, size - 1, &d, &err) == SBX_OK) {
        check_bytes(&d);
        check_merge(&d, exact[0]);
        check_inherit(&d, exact[0] & 1);
    } else {
        FUZZ_CHECK(d.dacl.kind == SBX_ACL_ABSENT && d.dacl.aces == NULL);
    }
    sbx_descriptor_done(&d);
    free(exact);
    return 0;
}
