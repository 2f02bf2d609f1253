/*
 * See firewall.h.
 *
 * COM in C: an interface pointer is released once for each function that returned it, in reverse
 * order, at the one cleanup of the function that asked for it. The GUIDs stand here because
 * mingw-w64's libuuid lacks them.
 */
#include "firewall.h"

#include "latenet.h"
#include "wstr.h"

#include <stdio.h>

#define COBJMACROS
#include <objbase.h>
#include <netfw.h>

static const GUID class_policy = {
    0xe2b3c97f, 0x6ae1, 0x41ac, {0x81, 0x7a, 0xf6, 0xf9, 0x21, 0x66, 0xd7, 0xdd}};
static const GUID class_rule = {
    0x2c5bc43e, 0x3369, 0x4c33, {0xab, 0x0c, 0xbe, 0x94, 0x69, 0x67, 0x7a, 0xf4}};
static const GUID iid_policy2 = {
    0x98325047, 0xc671, 0x4174, {0x8d, 0x81, 0xde, 0xfc, 0xd3, 0xf0, 0x31, 0x86}};
static const GUID iid_rule3 = {
    0xb21563ff, 0xd696, 0x4222, {0xab, 0x46, 0x4e, 0x89, 0xb7, 0x3a, 0xb3, 0x4a}};

#define HR_NOT_FOUND ((HRESULT)0x80070002L) /* HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND) */
#define SAME_NAME_MAX 64u                   /* rules of one name that are removed */

struct session {
    bool entered; /* the apartment is to be left */
    INetFwPolicy2 *policy;
    INetFwRules *rules;
};

static enum sbx_status check(HRESULT hr, const char *what, struct sbx_error *err)
{
    return SUCCEEDED(hr) ? SBX_OK : sbx_fail_hr(err, (uint32_t)hr, "%s", what);
}

static void session_end(struct session *session)
{
    if (session->rules)
        INetFwRules_Release(session->rules);
    if (session->policy)
        INetFwPolicy2_Release(session->policy);
    if (session->entered)
        CoUninitialize();
    memset(session, 0, sizeof(*session));
}

static enum sbx_status session_begin(struct session *session, struct sbx_error *err)
{
    enum sbx_status status;
    void *policy = NULL;

    memset(session, 0, sizeof(*session));
    status = sbx_latenet_need(SBX_LATENET_bstr_new, SBX_LATENET_bstr_free, err);
    if (!status) /* S_FALSE: the thread was in one already; it is to be left all the same */
        status = check(CoInitializeEx(NULL, COINIT_APARTMENTTHREADED), "enter an apartment", err);
    if (status)
        return status;
    session->entered = true;
    status =
        check(CoCreateInstance(&class_policy, NULL, CLSCTX_INPROC_SERVER, &iid_policy2, &policy),
            "create NetFwPolicy2", err);
    session->policy = policy;
    if (!status)
        status = check(INetFwPolicy2_get_Rules(session->policy, &session->rules), "rules", err);
    if (status)
        session_end(session);
    return status;
}

/* --- texts --------------------------------------------------------------------------------------
 */

static enum sbx_status bstr_new(const char *text, BSTR *ret, struct sbx_error *err)
{
    wchar_t *text_w = NULL;
    enum sbx_status status = sbx_wstr_from_utf8(text, &text_w, err);

    if (status)
        return status;
    *ret = sbx_latenet_bstr_new()(text_w);
    free(text_w);
    return *ret ? SBX_OK : sbx_fail_oom(err);
}

typedef HRESULT(STDMETHODCALLTYPE *put_text_fn)(INetFwRule3 *rule, BSTR text);
typedef HRESULT(STDMETHODCALLTYPE *get_text_fn)(INetFwRule3 *rule, BSTR *ret_text);

static enum sbx_status put_text(INetFwRule3 *rule, put_text_fn put, const char *text,
    const char *property, struct sbx_error *err)
{
    BSTR value = NULL;
    enum sbx_status status = bstr_new(text, &value, err);

    if (status)
        return status;
    status = check(put(rule, value), property, err);
    sbx_latenet_bstr_free()(value);
    return status;
}

/* A property without a value comes as NULL, which is an empty BSTR. */
static enum sbx_status get_text(INetFwRule3 *rule, get_text_fn get, const char *property,
    char **ret_text, struct sbx_error *err)
{
    BSTR value = NULL;
    enum sbx_status status = check(get(rule, &value), property, err);

    if (!status)
        status = sbx_wstr_to_utf8(value ? value : L"", ret_text, err);
    if (value)
        sbx_latenet_bstr_free()(value);
    return status;
}

/* --- one rule -----------------------------------------------------------------------------------
 */

/* @param ret_rule NULL when there is none of that name */
static enum sbx_status find_rule(
    const struct session *session, const char *name, INetFwRule3 **ret_rule, struct sbx_error *err)
{
    INetFwRule *found = NULL;
    enum sbx_status status;
    void *rule = NULL;
    BSTR value = NULL;
    HRESULT hr;

    *ret_rule = NULL;
    status = bstr_new(name, &value, err);
    if (status)
        return status;
    hr = INetFwRules_Item(session->rules, value, &found);
    sbx_latenet_bstr_free()(value);
    if (hr == HR_NOT_FOUND)
        return SBX_OK;
    status = check(hr, "find the rule", err);
    if (status)
        return status;
    status = check(INetFwRule_QueryInterface(found, &iid_rule3, &rule), "INetFwRule3", err);
    INetFwRule_Release(found);
    *ret_rule = rule;
    return status;
}

/* Everything that narrows or undoes a rule, so that a rule that was edited by hand is seen. */
static enum sbx_status numbers_differ(
    INetFwRule3 *rule, const struct sbx_fwrule *wanted, const char **ret, struct sbx_error *err)
{
    NET_FW_RULE_DIRECTION direction = NET_FW_RULE_DIR_MAX;
    NET_FW_ACTION action = NET_FW_ACTION_MAX;
    VARIANT_BOOL enabled = VARIANT_FALSE;
    LONG profiles = 0, protocol = 0;
    enum sbx_status status;

    status = check(INetFwRule3_get_Direction(rule, &direction), "Direction", err);
    if (!status)
        status = check(INetFwRule3_get_Action(rule, &action), "Action", err);
    if (!status)
        status = check(INetFwRule3_get_Enabled(rule, &enabled), "Enabled", err);
    if (!status)
        status = check(INetFwRule3_get_Profiles(rule, &profiles), "Profiles", err);
    if (!status)
        status = check(INetFwRule3_get_Protocol(rule, &protocol), "Protocol", err);
    if (status)
        return status;
    if ((int)direction != (int)wanted->direction)
        *ret = "Direction";
    else if (action != NET_FW_ACTION_BLOCK)
        *ret = "Action";
    else if (enabled != VARIANT_TRUE)
        *ret = "Enabled";
    else if (profiles != SBX_FWRULE_PROFILES_ALL)
        *ret = "Profiles";
    else if (protocol != SBX_FWRULE_PROTOCOL_ANY)
        *ret = "Protocol";
    return SBX_OK;
}

struct accounts {
    const struct sbx_sid *sids;
    size_t count;
};

static bool text_fits(size_t property, const struct sbx_fwrule *wanted,
    const struct accounts *accounts, const char *got)
{
    switch (property) {
    case 0:
        return strcmp(got, wanted->description) == 0;
    case 1:
        return strcmp(got, SBX_FWRULE_GROUPING) == 0;
    case 2:
        return sbx_fwrule_same_addresses(wanted->remote_addresses, got);
    case 3:
        return sbx_fwrule_same_users(accounts->sids, accounts->count, got);
    default: /* at its default */
        return got[0] == '\0' || strcmp(got, "*") == 0 || _stricmp(got, "All") == 0;
    }
}

static enum sbx_status texts_differ(INetFwRule3 *rule, const struct sbx_fwrule *wanted,
    const struct accounts *accounts, const char **ret, struct sbx_error *err)
{
    const INetFwRule3Vtbl *v = rule->lpVtbl;
    const struct {
        const char *name;
        get_text_fn get;
    } properties[] = {{"Description", v->get_Description}, {"Grouping", v->get_Grouping},
        {"RemoteAddresses", v->get_RemoteAddresses},
        {"LocalUserAuthorizedList", v->get_LocalUserAuthorizedList},
        {"ApplicationName", v->get_ApplicationName}, {"ServiceName", v->get_ServiceName},
        {"LocalAddresses", v->get_LocalAddresses}, {"InterfaceTypes", v->get_InterfaceTypes},
        {"LocalAppPackageId", v->get_LocalAppPackageId}};
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && !*ret && i < countof(properties); i++) {
        char *got = NULL;

        status = get_text(rule, properties[i].get, properties[i].name, &got, err);
        if (!status && !text_fits(i, wanted, accounts, got))
            *ret = properties[i].name;
        free(got);
    }
    return status;
}

/* @param ret what is different; NULL when nothing is; "missing" without a rule */
static enum sbx_status rule_differs(const struct session *session, const struct sbx_fwrule *wanted,
    const struct accounts *accounts, const char **ret, struct sbx_error *err)
{
    INetFwRule3 *rule = NULL;
    enum sbx_status status = find_rule(session, wanted->name, &rule, err);

    *ret = NULL;
    if (!status && !rule) {
        *ret = "missing";
        return SBX_OK;
    }
    if (!status)
        status = numbers_differ(rule, wanted, ret, err);
    if (!status && !*ret)
        status = texts_differ(rule, wanted, accounts, ret, err);
    if (rule)
        INetFwRule3_Release(rule);
    if (status)
        sbx_error_context(err, "firewall rule '%s'", wanted->name);
    return status;
}

/*
 * Item finds one of several rules with a name, Remove takes one away, and says nothing when there
 * is none: so both are asked until there is none left.
 */
static enum sbx_status remove_named(
    const struct session *session, const char *name, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    INetFwRule3 *rule = NULL;
    BSTR value = NULL;
    unsigned i;

    for (i = 0; !status && i < SAME_NAME_MAX; i++) {
        status = find_rule(session, name, &rule, err);
        if (status || !rule)
            break;
        INetFwRule3_Release(rule);
        status = bstr_new(name, &value, err);
        if (status)
            break;
        status = check(INetFwRules_Remove(session->rules, value), "remove the rule", err);
        sbx_latenet_bstr_free()(value);
    }
    if (!status && i == SAME_NAME_MAX)
        status = sbx_fail(err, SBX_UNPROVEN, "the rule is still there after it was removed");
    if (status)
        sbx_error_context(err, "firewall rule '%s'", name);
    return status;
}

static enum sbx_status fill_rule(
    INetFwRule3 *rule, const struct sbx_fwrule *wanted, const char *users, struct sbx_error *err)
{
    const INetFwRule3Vtbl *v = rule->lpVtbl;
    enum sbx_status status = put_text(rule, v->put_Name, wanted->name, "Name", err);

    if (!status)
        status = put_text(rule, v->put_Description, wanted->description, "Description", err);
    if (!status)
        status = put_text(rule, v->put_Grouping, SBX_FWRULE_GROUPING, "Grouping", err);
    if (!status)
        status = check(v->put_Protocol(rule, SBX_FWRULE_PROTOCOL_ANY), "Protocol", err);
    if (!status)
        status = check(
            v->put_Direction(rule, (NET_FW_RULE_DIRECTION)wanted->direction), "Direction", err);
    if (!status)
        status = check(v->put_Action(rule, NET_FW_ACTION_BLOCK), "Action", err);
    if (!status)
        status = check(v->put_Profiles(rule, SBX_FWRULE_PROFILES_ALL), "Profiles", err);
    if (!status)
        status = put_text(
            rule, v->put_RemoteAddresses, wanted->remote_addresses, "RemoteAddresses", err);
    if (!status)
        status =
            put_text(rule, v->put_LocalUserAuthorizedList, users, "LocalUserAuthorizedList", err);
    if (!status)
        status = check(v->put_Enabled(rule, VARIANT_TRUE), "Enabled", err);
    return status;
}

static enum sbx_status add_rule(const struct session *session, const struct sbx_fwrule *wanted,
    const char *users, struct sbx_error *err)
{
    enum sbx_status status;
    INetFwRule3 *rule = NULL;
    void *made = NULL;

    status = check(CoCreateInstance(&class_rule, NULL, CLSCTX_INPROC_SERVER, &iid_rule3, &made),
        "create NetFwRule", err);
    rule = made;
    if (!status)
        status = fill_rule(rule, wanted, users, err);
    if (!status)
        status = check(INetFwRules_Add(session->rules, (INetFwRule *)rule), "add the rule", err);
    if (rule)
        INetFwRule3_Release(rule);
    if (status)
        sbx_error_context(err, "firewall rule '%s'", wanted->name);
    return status;
}

/* --- all of them --------------------------------------------------------------------------------
 */

enum sbx_status sbx_firewall_compare(const struct sbx_sid *accounts, size_t count,
    enum sbx_firewall_state *ret_state, struct sbx_findings *findings, struct sbx_error *err)
{
    const struct accounts users = {accounts, count};
    struct session session;
    size_t i, missing = 0, wrong = 0;
    enum sbx_status status = session_begin(&session, err);

    for (i = 0; !status && i < sbx_fwrule_count; i++) {
        const char *what = NULL;

        status = rule_differs(&session, &sbx_fwrules[i], &users, &what, err);
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
    const struct accounts users = {accounts, count};
    struct session session = {0};
    enum sbx_status status;
    struct sbx_buf list;
    size_t i;

    sbx_buf_init(&list, SBX_FWRULE_USERS_MAX_BYTES);
    status = sbx_fwrule_users(accounts, count, &list, err);
    if (!status)
        status = session_begin(&session, err);
    for (i = 0; !status && i < sbx_fwrule_count; i++) {
        const char *what = NULL;

        status = rule_differs(&session, &sbx_fwrules[i], &users, &what, err);
        if (status || !what)
            continue;
        status = remove_named(&session, sbx_fwrules[i].name, err);
        if (!status)
            status = add_rule(&session, &sbx_fwrules[i], list.data, err);
    }
    session_end(&session);
    sbx_buf_done(&list);
    return status;
}

enum sbx_status sbx_firewall_remove(struct sbx_error *err)
{
    struct session session;
    enum sbx_status status = session_begin(&session, err);
    size_t i;

    for (i = 0; !status && i < sbx_fwrule_count; i++)
        status = remove_named(&session, sbx_fwrules[i].name, err);
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
    enum sbx_status status = check(hr, "LocalPolicyModifyState", err);
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
    struct session session;
    enum sbx_status status = session_begin(&session, err);
    size_t i;

    if (!status)
        status = modify_state(session.policy, &effect, err);
    for (i = 0; !status && i < countof(profiles); i++) {
        VARIANT_BOOL enabled = VARIANT_FALSE;

        status =
            check(INetFwPolicy2_get_FirewallEnabled(session.policy, profiles[i].profile, &enabled),
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
