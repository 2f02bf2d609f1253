/*
 * Step "hidden": the sandbox accounts are not offered on the logon screen. For people's comfort;
 * nothing of the boundary depends on it.
 *
 * The value names are ours (account names of this product), so any value of such a name is taken
 * away by undo. The two keys may be somebody else's: they go only when the journal says that set-up
 * made them, and they are empty.
 */
#include "steps.h"

#include "identity.h"
#include "shared/win/regvalue.h"

#define STEP "hidden"
#define KEY_OUTER "SOFTWARE\\Microsoft\\Windows NT\\CurrentVersion\\Winlogon\\SpecialAccounts"
#define KEY_INNER KEY_OUTER "\\UserList"
#define OBJECT_OUTER "key SpecialAccounts"
#define OBJECT_INNER "key UserList"

struct seen {
    size_t hidden;  /* wanted, and there is the value 0 */
    size_t shown;   /* wanted, and there is another value or none */
    size_t surplus; /* a value for an account that is not wanted */
    size_t values;  /* of any of our names */
};

static enum sbx_status look(struct sbx_setup *setup, struct seen *seen, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    char name[32];
    size_t i;

    memset(seen, 0, sizeof(*seen));
    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        bool exists = false;
        uint32_t value = 1;

        (void)sbx_identity_name(setup, i, name, sizeof(name));
        sbx_setup_at(setup, "registry value '%s'", name);
        status = sbx_regvalue_get(KEY_INNER, name, &exists, &value, err);
        if (status == SBX_INVALID) { /* there, and no DWORD: to be replaced */
            exists = true;
            value = 1;
            status = SBX_OK;
        }
        seen->values += exists;
        if (!sbx_installation_account(&setup->wanted, name))
            seen->surplus += exists;
        else if (exists && value == 0)
            seen->hidden++;
        else
            seen->shown++;
    }
    return status;
}

static enum sbx_status examine(void *context, enum sbx_step_state *ret, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct seen seen;
    enum sbx_status status = look(setup, &seen, err);

    if (status)
        return status;
    if (!seen.values)
        *ret = SBX_STEP_ABSENT;
    else
        *ret = seen.shown || seen.surplus ? SBX_STEP_DIFFERENT : SBX_STEP_PRESENT;
    return SBX_OK;
}

static enum sbx_status intend_key(
    struct sbx_setup *setup, const char *key, const char *object, struct sbx_error *err)
{
    bool exists = false;
    enum sbx_status status = sbx_regvalue_key_exists(key, &exists, err);

    return status || exists ? status : sbx_setup_intend(setup, STEP, object, err);
}

static enum sbx_status apply(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = intend_key(setup, KEY_OUTER, OBJECT_OUTER, err);
    char name[32];
    size_t i;

    if (!status)
        status = intend_key(setup, KEY_INNER, OBJECT_INNER, err);
    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        (void)sbx_identity_name(setup, i, name, sizeof(name));
        sbx_setup_at(setup, "registry value '%s'", name);
        status = sbx_installation_account(&setup->wanted, name)
                     ? sbx_regvalue_set(KEY_INNER, name, 0, err)
                     : sbx_regvalue_delete(KEY_INNER, name, err);
    }
    return status;
}

static enum sbx_status verify(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    struct seen seen;
    enum sbx_status status = look(setup, &seen, err);

    if (!status && (seen.hidden != setup->wanted.account_count || seen.surplus))
        status = sbx_fail(err, SBX_UNPROVEN, "%zu of %zu accounts are hidden", seen.hidden,
            setup->wanted.account_count);
    return status;
}

static enum sbx_status undo(void *context, struct sbx_error *err)
{
    struct sbx_setup *setup = context;
    enum sbx_status status = SBX_OK;
    bool pruned = false;
    char name[32];
    size_t i;

    for (i = 0; !status && i < SBX_INSTALLATION_ACCOUNTS_MAX; i++) {
        (void)sbx_identity_name(setup, i, name, sizeof(name));
        sbx_setup_at(setup, "registry value '%s'", name);
        status = sbx_regvalue_delete(KEY_INNER, name, err);
    }
    sbx_setup_at(setup, "registry key 'HKLM\\%s'", KEY_OUTER);
    if (!status && sbx_setup_intended(setup, STEP, OBJECT_INNER))
        status = sbx_regvalue_prune(KEY_INNER, &pruned, err);
    if (!status && sbx_setup_intended(setup, STEP, OBJECT_OUTER))
        status = sbx_regvalue_prune(KEY_OUTER, &pruned, err);
    return status;
}

const struct sbx_step sbx_step_hidden = {
    .name = STEP,
    .why_safe = "sets one number per sandbox account in the list of accounts that the logon screen "
                "leaves out; no other value of that key is touched",
    .examine = examine,
    .apply = apply,
    .verify = verify,
    .undo = undo,
};
