/*
 * Policies: whatever arrives is refused or survives format and parse unchanged, and merged with a
 * bounding machine policy above and as a workspace below it never gains anything.
 */
#include "shared/core/policy.h"

#include "tests/fuzz/fuzz.h"

static const char machine_text[] =
    "{\"profile\":\"workspace-write\",\"filesystem\":{\"allowWrite\":[\"C:\\\\w\"]},"
    "\"network\":{\"access\":\"none\"},\"limits\":{\"processes\":10,\"timeoutSeconds\":60},"
    "\"git\":\"deny\",\"background\":false,\"desktop\":\"private\",\"environment\":{\"pass\":[]}}";

static void format(const struct sbx_policy *policy, struct sbx_buf *ret)
{
    sbx_buf_init(ret, 64u << 20);
    FUZZ_CHECK(!sbx_policy_format(policy, ret, NULL));
}

static void check_round_trip(const struct sbx_policy *policy)
{
    char hash[65], hash_again[65];
    struct sbx_policy again;
    struct sbx_buf first, second;

    format(policy, &first);
    if (first.length_bytes <= SBX_POLICY_MAX_BYTES) { /* indentation may outgrow the cap */
        FUZZ_CHECK(!sbx_policy_parse(
            first.data, first.length_bytes, policy->layer, "again", &again, NULL));
        format(&again, &second);
        FUZZ_CHECK(!strcmp(first.data, second.data));
        FUZZ_CHECK(!sbx_policy_hash(policy, hash, NULL));
        FUZZ_CHECK(!sbx_policy_hash(&again, hash_again, NULL));
        FUZZ_CHECK(!strcmp(hash, hash_again));
        sbx_policy_done(&again);
        sbx_buf_done(&second);
    }
    sbx_buf_done(&first);
}

/* What the machine of this test forbids must not come out, whatever the other layer says. */
static void check_bounds(const struct sbx_policy *policy)
{
    const struct sbx_policy *layers[2];
    struct sbx_policy machine, merged;

    FUZZ_CHECK(!sbx_policy_parse(
        machine_text, sizeof(machine_text) - 1, SBX_LAYER_MACHINE, "machine", &machine, NULL));
    layers[0] = policy;
    layers[1] = &machine;
    if (!sbx_policy_merge(layers, 2, &merged, NULL)) {
        FUZZ_CHECK(merged.network == SBX_NETWORK_NONE);
        FUZZ_CHECK(merged.git == SBX_GIT_DENY);
        FUZZ_CHECK(merged.background == SBX_FLAG_NO);
        FUZZ_CHECK(merged.desktop == SBX_DESKTOP_PRIVATE);
        FUZZ_CHECK(merged.limits.processes >= 1 && merged.limits.processes <= 10);
        FUZZ_CHECK(merged.limits.timeout_ms >= 1 && merged.limits.timeout_ms <= 60000);
        FUZZ_CHECK(merged.env_pass.count == 0);
        FUZZ_CHECK(merged.write_bound.written && merged.write_bound.count == 1);
        FUZZ_CHECK(merged.protect_remove.count == 0);
        FUZZ_CHECK(merged.allow_unelevated != SBX_FLAG_YES);
        sbx_policy_done(&merged);
    }
    sbx_policy_done(&machine);
}

static void check_workspace(const char *text, size_t size)
{
    struct sbx_policy workspace, merged;
    const struct sbx_policy *layers[1] = {&workspace};

    if (sbx_policy_parse(text, size, SBX_LAYER_WORKSPACE, "workspace", &workspace, NULL))
        return;
    if (!sbx_policy_merge(layers, 1, &merged, NULL)) {
        FUZZ_CHECK(merged.network <= SBX_NETWORK_NONE);
        FUZZ_CHECK(merged.mode != SBX_MODE_UNELEVATED);
        FUZZ_CHECK(merged.git == SBX_GIT_DENY && merged.background == SBX_FLAG_NO);
        FUZZ_CHECK(merged.limits.processes <= 512);
        FUZZ_CHECK(merged.limits.ui == SBX_UI_ENFORCE);
        FUZZ_CHECK(merged.audit == SBX_FLAG_YES);
        FUZZ_CHECK(!merged.allow_read.count && !merged.allowed_domains.count);
        FUZZ_CHECK(!merged.env_pass.count && !merged.env_set.count);
        sbx_policy_done(&merged);
    }
    sbx_policy_done(&workspace);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    const char *text = (const char *)data;
    struct sbx_policy policy;

    check_workspace(text, size);
    if (!sbx_policy_parse(text, size, SBX_LAYER_COMMAND, "fuzz", &policy, NULL)) {
        check_round_trip(&policy);
        check_bounds(&policy);
        sbx_policy_done(&policy);
    }
    if (!sbx_policy_parse(text, size, SBX_LAYER_MACHINE, "fuzz", &policy, NULL)) {
        check_round_trip(&policy);
        sbx_policy_done(&policy);
    }
    return 0;
}
