/*
 * See firewall.h: the session, all rules at once, and whether they count.
 *
 * COM in C: an interface pointer is released once for each function that returned it, in reverse
 * order, at the one cleanup of the function that asked for it. The GUIDs stand here because
 * mingw-w64's libuuid lacks them.
 */
#include "firewall_internal.h"

#include "latenet.h"

#include <stdio.h>

static const GUID class_policy = {
    0xe2b3c97f, 0x6ae1, 0x41ac, {0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd}};
static const GUID iid_policy2 = {
    0x98325047, 0xc671, 0x4174, {0x8d, 0x81, 0xde, 0xfc, 0xd3, 0xf0, 0x31, 0x86}};

enum sbx_status sbx_firewall_check(HRESULT hr, const char *what, struct sbx_error *err)
{
    return SUCCEEDED(hr) ? SBX_OK : sbx_fail_hr(err, (uint32_t)hr, "%s", what);
}

static void session_end(struct sbx_firewall_session *session)
{
    if (session->rules)
        INetFwRules_Release(session->rules);
    if (session->policy)
        INetFwPolicy2_Release(session->policy);
    if (session->entered)
        CoUninitialize();
    memset(session, 0, sizeof(*session));
}

static enum sbx_status session_begin(struct sbx_firewall_session *session, struct sbx_error *err)
{
    enum sbx_status status;
    void *policy = NULL;

    memset(session, 0, sizeof(*session));
    status = sbx_latenet_need(SBX_LATENET_bstr_new, SBX_LATENET_bstr_free, err);
    if (!status) /* S_FALSE: the thread was in one already; it is to be left all the same */
        status = sbx_firewall_check(
            CoInitializeEx(NULL, COINIT_APARTMENTTHREADED), "enter an apartment", err);
    if (status)
        return status;
    session->entered = true;
    status = sbx_firewall_check(
        CoCreateInstance(&class_policy, NULL, CLSCTX_INPROC_SERVER, &iid_policy2, &policy),
        "create NetFwPolicy2", err);
    session->policy = policy;
    if (!status)
        status = sbx_firewall_check(
            INetFwPolicy2_get_Rules(session->policy, &session->rules), "rules", err);
    if (status)
        session_end(session);
    return status;
}

/* --- all of them --------------------------------------------------------------------------------
 */

enum sbx_status sbx_firewall_compare(const struct sbx_sid *accounts, size_t count,
    enum sbx_firewall_state *ret_state, struct sbx_findings *findings, struct sbx_error *err)
{
    const struct sbx_firewall_accounts users = {accounts, count};
    struct sbx_firewall_session session;
    size_t i, missing = 0, wrong = 0;
    enum sbx_status status = session_begin(&session, err);

    for (i = 0; !status && i < sbx_fwrule_count; i++) {
        const char *what = NULL;

        status = sbx_firewall_rule_differs(&session, &sbx_fwrules[i], &users, &what, err);
        if (!what)
            continue;
        sbx_findings_add(findings, "FirewallRule", "'%s': %s", sbx_fwrules[i].name, what);
        wrong++;
        missing += strcmp(what, "missing") == 0;
    }
    session_end(&session);
    if (status) {
        sbx_error_context(err, "read the firewall rules");
        return status;
    }
    *ret_state = missing == sbx_fwrule_count ? SBX_FIREWALL_ABSENT
                 : wrong                     ? SBX_FIREWALL_DIFFERENT
                                             : SBX_FIREWALL_PRESENT;
    return SBX_OK;
}

enum sbx_status sbx_firewall_install(
    const struct sbx_sid *accounts, size_t count, struct sbx_error *err)
{
    const struct sbx_firewall_accounts users = {accounts, count};
    struct sbx_firewall_session session = {0};
    enum sbx_status status;
    struct sbx_buf list;
    size_t i;

    sbx_buf_init(&list, SBX_FWRULE_USERS_MAX_BYTES);
    status = sbx_fwrule_users(accounts, count, &list, err);
    if (!status)
        status = session_begin(&session, err);
    for (i = 0; !status && i < sbx_fwrule_count; i++) {
        const char *what = NULL;

        status = sbx_firewall_rule_differs(&session, &sbx_fwrules[i], &users, &what, err);
        if (status || !what)
            continue;
        status = sbx_firewall_rule_remove(&session, sbx_fwrules[i].name, err);
        if (!status)
            status = sbx_firewall_rule_add(&session, &sbx_fwrules[i], list.data, err);
    }
    session_end(&session);
    sbx_buf_done(&list);
    return status;
}

enum sbx_status sbx_firewall_remove(struct sbx_error *err)
{
    struct sbx_firewall_session session;
    enum sbx_status status = session_begin(&session, err);
    size_t i;

    for (i = 0; !status && i < sbx_fwrule_count; i++)
        status = sbx_firewall_rule_remove(&session, sbx_fwrules[i].name, err);
    session_end(&session);
    if (status)
        sbx_error_context(err, "remove the firewall rules");
    return status;
}

/* --- whether they count --------------------------------------------------------------------------
 */

static enum sbx_status modify_state(
    INetFwPolicy2 *policy, struct sbx_firewall_effect *effect, struct sbx_error *err)
{
    NET_FW_MODIFY_STATE state = NET_FW_MODIFY_STATE_OK;
    HRESULT hr = INetFwPolicy2_get_LocalPolicyModifyState(policy, &state);
    enum sbx_status status = sbx_firewall_check(hr, "LocalPolicyModifyState", err);
    const char *why = NULL;

    if (status)
        return status;
    if (state == NET_FW_MODIFY_STATE_GP_OVERRIDE)
        why = "group policy overrides local firewall rules";
    else if (state == NET_FW_MODIFY_STATE_INBOUND_BLOCKED)
        why = "all inbound traffic is blocked, whatever the rules say";
    else if (state != NET_FW_MODIFY_STATE_OK)
        why = "local firewall rules may have no effect";
    else if (hr != S_OK)
        why = "local firewall rules have an effect on some of the current profiles only";
    if (why) {
        effect->effective = false;
        snprintf(effect->note, sizeof(effect->note), "%s", why);
    }
    return SBX_OK;
}

enum sbx_status sbx_firewall_effect(struct sbx_firewall_effect *ret_effect, struct sbx_error *err)
{
    static const struct {
        NET_FW_PROFILE_TYPE2 profile;
        const char *why;
    } profiles[] = {{NET_FW_PROFILE2_DOMAIN, "the firewall is off for domain networks"},
        {NET_FW_PROFILE2_PRIVATE, "the firewall is off for private networks"},
        {NET_FW_PROFILE2_PUBLIC, "the firewall is off for public networks"}};
    struct sbx_firewall_effect effect = {.effective = true};
    struct sbx_firewall_session session;
    enum sbx_status status = session_begin(&session, err);
    size_t i;

    if (!status)
        status = modify_state(session.policy, &effect, err);
    for (i = 0; !status && i < countof(profiles); i++) {
        VARIANT_BOOL enabled = VARIANT_FALSE;

        status = sbx_firewall_check(
            INetFwPolicy2_get_FirewallEnabled(session.policy, profiles[i].profile, &enabled),
            "FirewallEnabled", err);
        if (!status && enabled == VARIANT_FALSE && effect.effective) {
            effect.effective = false;
            snprintf(effect.note, sizeof(effect.note), "%s", profiles[i].why);
        }
    }
    session_end(&session);
    if (status)
        sbx_error_context(err, "effect of the firewall rules");
    else
        *ret_effect = effect;
    return status;
}
