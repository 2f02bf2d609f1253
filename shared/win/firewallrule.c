/* See firewall_internal.h: one rule. */
#include "firewall_internal.h"

#include "latenet.h"
#include "wstr.h"

static const GUID class_rule = {
    0x2c5bc43e, 0x3369, 0x4c33, {0xab, 0x0c, 0xbe, 0x94, 0x69, 0x67, 0x7a, 0xf4}};
static const GUID iid_rule3 = {
    0xb21563ff, 0xd696, 0x4222, {0xab, 0x46, 0x4e, 0x89, 0xb7, 0x3a, 0xb3, 0x4a}};

#define HR_NOT_FOUND ((HRESULT)0x80070002L) /* HRESULT_FROM_WIN32(ERROR_FILE_NOT_FOUND) */
#define SAME_NAME_MAX 64u                   /* rules of one name that are removed */

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
    status = sbx_firewall_check(put(rule, value), property, err);
    sbx_latenet_bstr_free()(value);
    return status;
}

/* A property without a value comes as NULL, which is an empty BSTR. */
static enum sbx_status get_text(INetFwRule3 *rule, get_text_fn get, const char *property,
    char **ret_text, struct sbx_error *err)
{
    BSTR value = NULL;
    enum sbx_status status = sbx_firewall_check(get(rule, &value), property, err);

    if (!status)
        status = sbx_wstr_to_utf8(value ? value : L"", ret_text, err);
    if (value)
        sbx_latenet_bstr_free()(value);
    return status;
}

/* --- one rule -----------------------------------------------------------------------------------
 */

/* @param ret_rule NULL when there is none of that name */
static enum sbx_status find_rule(const struct sbx_firewall_session *session, const char *name,
    INetFwRule3 **ret_rule, struct sbx_error *err)
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
    status = sbx_firewall_check(hr, "find the rule", err);
    if (status)
        return status;
    status =
        sbx_firewall_check(INetFwRule_QueryInterface(found, &iid_rule3, &rule), "INetFwRule3", err);
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

    status = sbx_firewall_check(INetFwRule3_get_Direction(rule, &direction), "Direction", err);
    if (!status)
        status = sbx_firewall_check(INetFwRule3_get_Action(rule, &action), "Action", err);
    if (!status)
        status = sbx_firewall_check(INetFwRule3_get_Enabled(rule, &enabled), "Enabled", err);
    if (!status)
        status = sbx_firewall_check(INetFwRule3_get_Profiles(rule, &profiles), "Profiles", err);
    if (!status)
        status = sbx_firewall_check(INetFwRule3_get_Protocol(rule, &protocol), "Protocol", err);
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

static bool text_fits(size_t property, const struct sbx_fwrule *wanted,
    const struct sbx_firewall_accounts *accounts, const char *got)
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
    const struct sbx_firewall_accounts *accounts, const char **ret, struct sbx_error *err)
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
enum sbx_status sbx_firewall_rule_differs(const struct sbx_firewall_session *session,
    const struct sbx_fwrule *wanted, const struct sbx_firewall_accounts *accounts, const char **ret,
    struct sbx_error *err)
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
enum sbx_status sbx_firewall_rule_remove(
    const struct sbx_firewall_session *session, const char *name, struct sbx_error *err)
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
        status =
            sbx_firewall_check(INetFwRules_Remove(session->rules, value), "remove the rule", err);
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
        status =
            sbx_firewall_check(v->put_Protocol(rule, SBX_FWRULE_PROTOCOL_ANY), "Protocol", err);
    if (!status)
        status = sbx_firewall_check(
            v->put_Direction(rule, (NET_FW_RULE_DIRECTION)wanted->direction), "Direction", err);
    if (!status)
        status = sbx_firewall_check(v->put_Action(rule, NET_FW_ACTION_BLOCK), "Action", err);
    if (!status)
        status =
            sbx_firewall_check(v->put_Profiles(rule, SBX_FWRULE_PROFILES_ALL), "Profiles", err);
    if (!status)
        status = put_text(
            rule, v->put_RemoteAddresses, wanted->remote_addresses, "RemoteAddresses", err);
    if (!status)
        status =
            put_text(rule, v->put_LocalUserAuthorizedList, users, "LocalUserAuthorizedList", err);
    if (!status)
        status = sbx_firewall_check(v->put_Enabled(rule, VARIANT_TRUE), "Enabled", err);
    return status;
}

enum sbx_status sbx_firewall_rule_add(const struct sbx_firewall_session *session,
    const struct sbx_fwrule *wanted, const char *users, struct sbx_error *err)
{
    enum sbx_status status;
    INetFwRule3 *rule = NULL;
    void *made = NULL;

    status = sbx_firewall_check(
        CoCreateInstance(&class_rule, NULL, CLSCTX_INPROC_SERVER, &iid_rule3, &made),
        "create NetFwRule", err);
    rule = made;
    if (!status)
        status = fill_rule(rule, wanted, users, err);
    if (!status)
        status = sbx_firewall_check(
            INetFwRules_Add(session->rules, (INetFwRule *)rule), "add the rule", err);
    if (rule)
        INetFwRule3_Release(rule);
    if (status)
        sbx_error_context(err, "firewall rule '%s'", wanted->name);
    return status;
}
