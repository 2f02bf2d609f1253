/*
 * The Windows Filtering Platform: put the fence on the machine, read it back, take it away.
 *
 * What is installed is shared/core/fence.h, filter for filter; nothing here decides anything.
 * fwpuclnt.dll is loaded late and from System32 only, so that setup starts, and can say so, on a
 * system without it. Needs an administrator (FWPM_ACTRL_ADD, FWPM_ACTRL_READ, DELETE).
 *
 * Memory: what BFE returns is one block per call, released by FwpmFreeMemory0 and by nothing else;
 * what is passed in is only read during the call.
 *
 * @see https://learn.microsoft.com/windows/win32/fwp/object-management
 *      https://learn.microsoft.com/windows/win32/fwp/access-control
 */
#ifndef SBX_WFP_H
#define SBX_WFP_H

#include "win.h"
#include "../core/fence.h"
#include "../core/finding.h"

enum sbx_wfp_state {
    SBX_WFP_ABSENT = 1, /* no provider, no sub-layer, no filter of ours */
    SBX_WFP_PRESENT,    /* exactly the fence */
    SBX_WFP_DIFFERENT   /* some of it, more than it, or something in it is not as it should be */
};

/**
 * Compare the machine with the fence, field by field, in one read-only transaction: provider,
 * sub-layer, each filter by its key, and that there is no other filter of our provider or in our
 * sub-layer.
 * @param fence NULL: the answer is ABSENT or DIFFERENT
 * @param findings may be NULL; each difference ("WfpFilter": name and field)
 * @return SBX_UNSUPPORTED without fwpuclnt.dll; SBX_DENIED; SBX_OS when the Base Filtering Engine
 *         does not answer (1753, 1764, ...)
 * @see https://learn.microsoft.com/windows/win32/api/fwpmu/nf-fwpmu-fwpmfiltergetbykey0
 */
SBX_MUST_CHECK enum sbx_status sbx_wfp_compare(const struct sbx_fence *fence,
    enum sbx_wfp_state *ret_state, struct sbx_findings *findings, struct sbx_error *err);

/**
 * Replace whatever of ours is there by the fence, in one transaction: after a failure the machine
 * is as it was. Does not read back; sbx_wfp_compare does.
 * @see https://learn.microsoft.com/windows/win32/api/fwpmu/nf-fwpmu-fwpmfilteradd0
 */
SBX_MUST_CHECK enum sbx_status sbx_wfp_install(
    const struct sbx_fence *fence, struct sbx_error *err);

/**
 * Delete every filter of our provider or in our sub-layer, then both, in one transaction. Nothing
 * there is SBX_OK.
 * @see https://learn.microsoft.com/windows/win32/fwp/uninstalling-a-provider
 */
SBX_MUST_CHECK enum sbx_status sbx_wfp_remove(struct sbx_error *err);

#endif
