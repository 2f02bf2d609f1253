/*
 * The Windows Firewall through its COM interfaces: our rules, and whether they have any effect.
 *
 * Each function enters a single-threaded apartment and leaves it again. Needs an administrator for
 * changes. BSTRs that a property returns are ours and freed; what is put is copied by the firewall.
 *
 * @see https://learn.microsoft.com/windows/win32/api/netfw/nn-netfw-inetfwpolicy2
 *      https://learn.microsoft.com/windows/win32/api/netfw/nn-netfw-inetfwrule3
 *      https://learn.microsoft.com/windows/win32/api/combaseapi/nf-combaseapi-coinitializeex
 */
#ifndef SBX_FIREWALL_H
#define SBX_FIREWALL_H

#include "win.h"
#include "../core/finding.h"
#include "../core/fwrule.h"

enum sbx_firewall_state {
    SBX_FIREWALL_ABSENT = 1, /* no rule of ours */
    SBX_FIREWALL_PRESENT,    /* every rule, as it should be */
    SBX_FIREWALL_DIFFERENT
};

/**
 * Compare the machine with the rules for these accounts.
 * @param findings may be NULL; each difference ("FirewallRule": name and property)
 * @return SBX_UNSUPPORTED without the firewall's COM classes or without INetFwRule3
 */
SBX_MUST_CHECK enum sbx_status sbx_firewall_compare(const struct sbx_sid *accounts, size_t count,
    enum sbx_firewall_state *ret_state, struct sbx_findings *findings, struct sbx_error *err);

/**
 * Add what is missing, and replace a rule of ours that is not as it should be. All properties are
 * set before the rule is added, so there is never half a rule.
 * @see https://learn.microsoft.com/windows/win32/api/netfw/nf-netfw-inetfwrules-add
 */
SBX_MUST_CHECK enum sbx_status sbx_firewall_install(
    const struct sbx_sid *accounts, size_t count, struct sbx_error *err);

/**
 * Remove every rule with one of our names; absent is SBX_OK.
 * @see https://learn.microsoft.com/windows/win32/api/netfw/nf-netfw-inetfwrules-remove
 */
SBX_MUST_CHECK enum sbx_status sbx_firewall_remove(struct sbx_error *err);

/* Whether local rules count. */
struct sbx_firewall_effect {
    bool effective;
    char note[SBX_FINDING_TEXT_MAX]; /* "" or why not: for the record and `status` */
};

/**
 * Ask whether local rules take effect: LocalPolicyModifyState (group policy; S_FALSE means that the
 * answer holds for some of the current profiles only) and FirewallEnabled of each profile.
 * @see
 * https://learn.microsoft.com/windows/win32/api/netfw/nf-netfw-inetfwpolicy2-get_localpolicymodifystate
 *      https://learn.microsoft.com/windows/win32/api/netfw/nf-netfw-inetfwpolicy2-get_firewallenabled
 */
SBX_MUST_CHECK enum sbx_status sbx_firewall_effect(
    struct sbx_firewall_effect *ret_effect, struct sbx_error *err);

#endif
