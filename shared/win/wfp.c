/*
 * See wfp.h.
 *
 * MUSTs:
 *  1. All changes of one call are one transaction; any failure aborts it, and a session that ends
 *     without commit is aborted by BFE itself.
 *  2. Reading happens in a transaction too, so that what is compared was there at one moment.
 *  3. What BFE allocated is given back by FwpmFreeMemory0, on every path.
 *
 * @see https://learn.microsoft.com/windows/win32/api/fwpmu/nf-fwpmu-fwpmengineopen0
 *      https://learn.microsoft.com/windows/win32/api/fwpmu/nf-fwpmu-fwpmtransactionbegin0
 *      https://learn.microsoft.com/windows/win32/api/fwpmu/nf-fwpmu-fwpmfreememory0
 */
#include "wfp_internal.h"

#include "latenet.h"

#define READ_ONLY 0x00000001u /* FWPM_TXN_READ_ONLY */
#define AUTHN_DEFAULT 0xFFFFFFFFu
#define BATCH 128u
/* https://learn.microsoft.com/windows/win32/fwp/wfp-error-codes */
#define E_FILTER_NOT_FOUND 0x80320003u
#define E_PROVIDER_NOT_FOUND 0x80320005u
#define E_SUBLAYER_NOT_FOUND 0x80320007u

/* These functions return FWP_E_* and RPC HRESULTs, and plain Win32 codes. */
static enum sbx_status check(DWORD code, const char *what, struct sbx_error *err)
{
    if (!code)
        return SBX_OK;
    if (code & 0x80000000u)
        return sbx_fail_hr(err, code, "%s", what);
    return sbx_fail_win32(err, code, "%s", what);
}

static enum sbx_status engine_open(UINT32 txn_flags, HANDLE *ret_engine, struct sbx_error *err)
{
    wchar_t name_w[SBX_WFP_WIDE_MAX];
    FWPM_SESSION0 session = {0};
    enum sbx_status status;
    HANDLE engine = NULL;

    status = sbx_latenet_need(SBX_LATENET_engine_open, SBX_LATENET_enum_close, err);
    if (status)
        return status;
    sbx_wfp_wide(sbx_fence_provider_name, name_w);
    session.displayData.name = name_w;
    status = check(sbx_latenet_engine_open()(NULL, AUTHN_DEFAULT, NULL, &session, &engine),
        "open the filter engine", err);
    /* Everybody may open a session; who may do nothing in it is told by the transaction. */
    if (!status) {
        status = check(sbx_latenet_txn_begin()(engine, txn_flags), "begin a transaction", err);
        if (status)
            (void)sbx_latenet_engine_close()(engine);
    }
    if (status) {
        sbx_error_hint(err, "the Base Filtering Engine service (BFE) must run, and this needs an "
                            "administrator");
        return status;
    }
    *ret_engine = engine;
    return SBX_OK;
}

/* Commit when all went well, else abort; then close, which aborts whatever is still open. */
static enum sbx_status engine_close(HANDLE engine, enum sbx_status status, struct sbx_error *err)
{
    if (!status)
        status = check(sbx_latenet_txn_commit()(engine), "commit the transaction", err);
    if (status)
        (void)sbx_latenet_txn_abort()(engine);
    (void)sbx_latenet_engine_close()(engine);
    return status;
}

/* --- walking the filters of ours -------------------------------------------------------------- */

struct walk {
    HANDLE engine;
    enum sbx_status (*visit)(struct walk *walk, const FWPM_FILTER0 *filter, struct sbx_error *err);
    const struct sbx_fence *fence; /* may be NULL */
    struct sbx_findings *findings;
    size_t seen;  /* filters of ours */
    size_t extra; /* of them such that the fence does not have */
};

static bool is_ours(const FWPM_FILTER0 *filter)
{
    const GUID provider = sbx_wfp_guid(&sbx_fence_provider_key);
    const GUID sublayer = sbx_wfp_guid(&sbx_fence_sublayer_key);

    return sbx_wfp_same_guid(&filter->subLayerKey, &sublayer) ||
           (filter->providerKey && sbx_wfp_same_guid(filter->providerKey, &provider));
}

static enum sbx_status visit_batch(
    struct walk *walk, void *const *filters, UINT32 count, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    UINT32 i;

    for (i = 0; !status && i < count; i++) {
        const FWPM_FILTER0 *filter = filters[i];

        if (!filter || !is_ours(filter))
            continue;
        walk->seen++;
        status = walk->visit(walk, filter, err);
    }
    return status;
}

/*
 * All filters of the machine, without a template: a template needs a layer, and ours must be found
 * at every layer. The list is that of the moment in which the handle was made, so deleting while
 * walking is safe.
 * https://learn.microsoft.com/windows/win32/api/fwpmu/nf-fwpmu-fwpmfiltercreateenumhandle0
 */
static enum sbx_status each_filter(struct walk *walk, struct sbx_error *err)
{
    HANDLE enumeration = NULL;
    void **filters = NULL;
    UINT32 count = BATCH;
    enum sbx_status status;

    status = check(
        sbx_latenet_enum_open()(walk->engine, NULL, &enumeration), "enumerate the filters", err);
    if (status)
        return status;
    while (!status && count == BATCH) {
        count = 0;
        filters = NULL;
        status = check(sbx_latenet_enum_next()(walk->engine, enumeration, BATCH, &filters, &count),
            "enumerate the filters", err);
        if (!status)
            status = visit_batch(walk, filters, count, err);
        if (filters)
            sbx_latenet_fwp_free()((void **)&filters);
    }
    (void)sbx_latenet_enum_close()(walk->engine, enumeration);
    return status;
}

/* --- removing and installing ------------------------------------------------------------------ */

static enum sbx_status delete_filter(
    struct walk *walk, const FWPM_FILTER0 *filter, struct sbx_error *err)
{
    DWORD code = sbx_latenet_filter_delete()(walk->engine, &filter->filterKey);

    return code == E_FILTER_NOT_FOUND ? SBX_OK : check(code, "delete a filter", err);
}

/* Filters first: an object cannot be deleted while another refers to it. */
static enum sbx_status remove_all(HANDLE engine, struct sbx_error *err)
{
    const GUID provider = sbx_wfp_guid(&sbx_fence_provider_key);
    const GUID sublayer = sbx_wfp_guid(&sbx_fence_sublayer_key);
    struct walk walk = {.engine = engine, .visit = delete_filter};
    enum sbx_status status = each_filter(&walk, err);
    DWORD code;

    if (status)
        return status;
    code = sbx_latenet_sublayer_delete()(engine, &sublayer);
    if (code != E_SUBLAYER_NOT_FOUND)
        status = check(code, "delete the sub-layer", err);
    if (status)
        return status;
    code = sbx_latenet_provider_delete()(engine, &provider);
    return code == E_PROVIDER_NOT_FOUND ? SBX_OK : check(code, "delete the provider", err);
}

static enum sbx_status add_frame(HANDLE engine, struct sbx_error *err)
{
    GUID provider_key = sbx_wfp_guid(&sbx_fence_provider_key);
    wchar_t name_w[SBX_WFP_WIDE_MAX];
    FWPM_PROVIDER0 provider = {0};
    FWPM_SUBLAYER0 sublayer = {0};
    enum sbx_status status;

    sbx_wfp_wide(sbx_fence_provider_name, name_w);
    provider.providerKey = provider_key;
    provider.displayData.name = name_w;
    provider.flags = SBX_FWPM_PERSISTENT;
    status = check(sbx_latenet_provider_add()(engine, &provider, NULL), "add the provider", err);
    if (status)
        return status;
    sublayer.subLayerKey = sbx_wfp_guid(&sbx_fence_sublayer_key);
    sublayer.displayData.name = name_w;
    sublayer.flags = SBX_FWPM_PERSISTENT;
    sublayer.providerKey = &provider_key;
    sublayer.weight = SBX_FENCE_SUBLAYER_WEIGHT;
    return check(sbx_latenet_sublayer_add()(engine, &sublayer, NULL), "add the sub-layer", err);
}

static enum sbx_status add_filters(
    HANDLE engine, const struct sbx_fence *fence, struct sbx_error *err)
{
    struct sbx_wfp_users users;
    struct sbx_wfp_native native;
    enum sbx_status status = sbx_wfp_users_make(fence, &users, err);
    size_t i;

    if (status)
        return status;
    for (i = 0; !status && i < fence->count; i++) {
        sbx_wfp_to_native(&fence->filters[i], &users, &native);
        status = check(
            sbx_latenet_filter_add()(engine, &native.filter, NULL, NULL), "add a filter", err);
        if (status)
            sbx_error_context(err, "filter '%s'", fence->filters[i].name);
    }
    sbx_wfp_users_done(&users);
    return status;
}

enum sbx_status sbx_wfp_install(const struct sbx_fence *fence, struct sbx_error *err)
{
    HANDLE engine = NULL;
    enum sbx_status status = engine_open(0, &engine, err);

    if (!status) {
        status = remove_all(engine, err);
        if (!status)
            status = add_frame(engine, err);
        if (!status)
            status = add_filters(engine, fence, err);
        status = engine_close(engine, status, err);
    }
    if (status)
        sbx_error_context(err, "install the network fence");
    return status;
}

enum sbx_status sbx_wfp_remove(struct sbx_error *err)
{
    HANDLE engine = NULL;
    enum sbx_status status = engine_open(0, &engine, err);

    if (!status)
        status = engine_close(engine, remove_all(engine, err), err);
    if (status)
        sbx_error_context(err, "remove the network fence");
    return status;
}

/* --- reading back ------------------------------------------------------------------------------
 */

static bool same_name(const wchar_t *got_w, const char *name)
{
    wchar_t name_w[SBX_WFP_WIDE_MAX];

    sbx_wfp_wide(name, name_w);
    return got_w && wcscmp(got_w, name_w) == 0;
}

static const char *provider_differs(const FWPM_PROVIDER0 *got)
{
    if (got->flags & SBX_FWPM_PROVIDER_DISABLED)
        return "disabled";
    if (got->flags != SBX_FWPM_PERSISTENT)
        return "flags";
    if (got->serviceName && got->serviceName[0])
        return "service name";
    return same_name(got->displayData.name, sbx_fence_provider_name) ? NULL : "name";
}

static const char *sublayer_differs(const FWPM_SUBLAYER0 *got)
{
    const GUID provider = sbx_wfp_guid(&sbx_fence_provider_key);

    if (got->flags != SBX_FWPM_PERSISTENT)
        return "flags";
    if (got->weight != SBX_FENCE_SUBLAYER_WEIGHT)
        return "weight";
    if (!got->providerKey || !sbx_wfp_same_guid(got->providerKey, &provider))
        return "provider";
    return same_name(got->displayData.name, sbx_fence_provider_name) ? NULL : "name";
}

/* What a comparison came to. */
struct compared {
    size_t found, wrong;
    struct sbx_findings *findings;
};

static void note(struct compared *compared, const char *fact, const char *name, const char *what)
{
    if (!what)
        return;
    compared->wrong++;
    sbx_findings_add(compared->findings, fact, "'%s': %s", name, what);
}

static enum sbx_status compare_frame(
    HANDLE engine, struct compared *compared, struct sbx_error *err)
{
    const GUID provider_key = sbx_wfp_guid(&sbx_fence_provider_key);
    const GUID sublayer_key = sbx_wfp_guid(&sbx_fence_sublayer_key);
    enum sbx_status status;
    void *got = NULL;
    DWORD code;

    code = sbx_latenet_provider_get()(engine, &provider_key, &got);
    if (code == E_PROVIDER_NOT_FOUND) {
        note(compared, "WfpProvider", sbx_fence_provider_name, "missing");
    } else {
        status = check(code, "read the provider", err);
        if (status)
            return status;
        compared->found++;
        note(compared, "WfpProvider", sbx_fence_provider_name, provider_differs(got));
        sbx_latenet_fwp_free()(&got);
    }
    got = NULL;
    code = sbx_latenet_sublayer_get()(engine, &sublayer_key, &got);
    if (code == E_SUBLAYER_NOT_FOUND) {
        note(compared, "WfpSubLayer", sbx_fence_provider_name, "missing");
        return SBX_OK;
    }
    status = check(code, "read the sub-layer", err);
    if (status)
        return status;
    compared->found++;
    note(compared, "WfpSubLayer", sbx_fence_provider_name, sublayer_differs(got));
    sbx_latenet_fwp_free()(&got);
    return SBX_OK;
}

static enum sbx_status compare_filters(
    HANDLE engine, const struct sbx_fence *fence, struct compared *compared, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < fence->count; i++) {
        const struct sbx_fence_filter *wanted = &fence->filters[i];
        const GUID key = sbx_wfp_guid(&wanted->key);
        void *got = NULL;
        DWORD code = sbx_latenet_filter_get()(engine, &key, &got);

        if (code == E_FILTER_NOT_FOUND) {
            note(compared, "WfpFilter", wanted->name, "missing");
            continue;
        }
        status = check(code, "read a filter", err);
        if (status)
            continue;
        compared->found++;
        note(compared, "WfpFilter", wanted->name, sbx_wfp_differs(fence, wanted, got));
        sbx_latenet_fwp_free()(&got);
    }
    return status;
}

/* A filter of ours that the fence does not have: left by an older version, or put beside ours. */
static enum sbx_status count_extra(
    struct walk *walk, const FWPM_FILTER0 *filter, struct sbx_error *err)
{
    size_t i;

    (void)err;
    for (i = 0; walk->fence && i < walk->fence->count; i++) {
        const GUID key = sbx_wfp_guid(&walk->fence->filters[i].key);

        if (sbx_wfp_same_guid(&key, &filter->filterKey))
            return SBX_OK;
    }
    walk->extra++;
    sbx_findings_add(walk->findings, "WfpFilter", "%08lx-...: not one of the fence",
        (unsigned long)filter->filterKey.Data1);
    return SBX_OK;
}

enum sbx_status sbx_wfp_compare(const struct sbx_fence *fence, enum sbx_wfp_state *ret_state,
    struct sbx_findings *findings, struct sbx_error *err)
{
    struct walk walk = {.visit = count_extra, .fence = fence, .findings = findings};
    struct compared compared = {.findings = findings};
    enum sbx_status status = engine_open(READ_ONLY, &walk.engine, err);

    if (status)
        goto out;
    status = compare_frame(walk.engine, &compared, err);
    if (!status && fence)
        status = compare_filters(walk.engine, fence, &compared, err);
    if (!status)
        status = each_filter(&walk, err);
    status = engine_close(walk.engine, status, err);
    if (!status) {
        if (!compared.found && !walk.seen)
            *ret_state = SBX_WFP_ABSENT;
        else if (fence && !compared.wrong && !walk.extra && walk.seen == fence->count)
            *ret_state = SBX_WFP_PRESENT;
        else
            *ret_state = SBX_WFP_DIFFERENT;
    }
out:
    if (status)
        sbx_error_context(err, "read the network fence back");
    return status;
}
