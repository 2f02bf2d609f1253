/*
 * Gathers what shared/core/preflight.h judges: this machine, this user, the way to administrator's
 * rights. Reads only and fails on nothing: what cannot be asked is unknown.
 */
#ifndef SBX_AGENT_PREFLIGHT_H
#define SBX_AGENT_PREFLIGHT_H

#include "shared/core/plan.h"
#include "shared/core/preflight.h"

/**
 * @param facts places and installation of the caller (sbx_facts_places); borrowed
 * @see https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-osversioninfoexw
 *      https://learn.microsoft.com/windows/win32/api/lmaccess/nf-lmaccess-netusermodalsget
 *      https://learn.microsoft.com/windows/security/application-security/application-control/user-account-control/settings-and-configuration
 *      https://learn.microsoft.com/windows-hardware/drivers/install/hklm-system-currentcontrolset-services-registry-tree
 */
void sbx_preflight_gather(const struct sbx_facts *facts, struct sbx_preflight_facts *ret_facts);

#endif
