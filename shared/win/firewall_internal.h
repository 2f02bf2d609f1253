/* Between firewall.c (all rules, the policy) and firewallrule.c (one rule). */
#ifndef SBX_FIREWALL_INTERNAL_H
#define SBX_FIREWALL_INTERNAL_H

#include "firewall.h"

#define COBJMACROS
#include <objbase.h>
#include <netfw.h>

struct sbx_firewall_session {
    bool entered; /* the apartment is to be left */
    INetFwPolicy2 *policy;
    INetFwRules *rules;
};

struct sbx_firewall_accounts {
    const struct sbx_sid *sids;
    size_t count;
};

/** SBX_OK for every success code. */
SBX_MUST_CHECK enum sbx_status sbx_firewall_check(
    HRESULT hr, const char *what, struct sbx_error *err);

/** @param ret what is different; NULL when nothing is; "missing" without a rule */
SBX_MUST_CHECK enum sbx_status sbx_firewall_rule_differs(const struct sbx_firewall_session *session,
    const struct sbx_fwrule *wanted, const struct sbx_firewall_accounts *accounts, const char **ret,
    struct sbx_error *err);

/** Every rule of that name. */
SBX_MUST_CHECK enum sbx_status sbx_firewall_rule_remove(
    const struct sbx_firewall_session *session, const char *name, struct sbx_error *err);

/** @param users the LocalUserAuthorizedList */
SBX_MUST_CHECK enum sbx_status sbx_firewall_rule_add(const struct sbx_firewall_session *session,
    const struct sbx_fwrule *wanted, const char *users, struct sbx_error *err);

#endif
