/* See identity.h. */
#include "identity.h"

#include <stdio.h>

#define OBJECT_SIZE 256u
/* An installation in which an account was made anew that often has other problems. */
#define ATTEMPTS_MAX 1000u

const char *sbx_identity_recorded(const struct sbx_setup *setup, const char *name)
{
    const struct sbx_installed_account *account;

    if (!setup->has_found)
        return NULL;
    if (strcmp(name, SBX_GROUP_NAME) == 0)
        return setup->found.group_sid;
    account = sbx_installation_account(&setup->found, name);
    return account ? account->sid : NULL;
}

static bool equals_text(const struct sbx_sid *sid, const char *text)
{
    struct sbx_sid other;

    return text && sbx_sid_parse(text, &other, NULL) == SBX_OK && sbx_sid_equal(sid, &other);
}

/* "NAME", and from the second attempt on "NAME 2", ... */
static void attempt_object(const char *name, unsigned n, char text[OBJECT_SIZE])
{
    if (n == 1)
        snprintf(text, OBJECT_SIZE, "%s", name);
    else
        snprintf(text, OBJECT_SIZE, "%s %u", name, n);
}

/* How many times set-up began to make it. */
static unsigned attempts(const struct sbx_setup *setup, const char *step, const char *name)
{
    char object[OBJECT_SIZE];
    unsigned n;

    for (n = 0; n < ATTEMPTS_MAX; n++) {
        attempt_object(name, n + 1, object);
        if (!sbx_setup_intended(setup, step, object))
            break;
    }
    return n;
}

static bool is_ours(
    const struct sbx_setup *setup, const char *step, const char *name, const struct sbx_sid *sid)
{
    char text[SBX_SID_TEXT_SIZE];
    char object[OBJECT_SIZE];
    unsigned n;

    if (equals_text(sid, sbx_identity_recorded(setup, name)))
        return true;
    sbx_sid_format(sid, text);
    snprintf(object, sizeof(object), "%s is %s", name, text);
    if (sbx_setup_intended(setup, step, object))
        return true;
    n = attempts(setup, step, name);
    snprintf(object, sizeof(object), "%s end %u", name, n);
    return n > 0 && !sbx_setup_intended(setup, step, object);
}

enum sbx_status sbx_identity_user(struct sbx_setup *setup, const char *name,
    enum sbx_identity *ret_identity, struct sbx_account_facts *ret_facts, struct sbx_error *err)
{
    enum sbx_status status;

    sbx_setup_at(setup, "account '%s'", name);
    status = sbx_account_user_read(name, ret_facts, err);
    if (status == SBX_NOT_FOUND) {
        *ret_identity = SBX_IDENTITY_ABSENT;
        return SBX_OK;
    }
    if (!status)
        *ret_identity = is_ours(setup, SBX_STEP_ACCOUNTS, name, &ret_facts->sid)
                            ? SBX_IDENTITY_OURS
                            : SBX_IDENTITY_FOREIGN;
    return status;
}

enum sbx_status sbx_identity_group(struct sbx_setup *setup, enum sbx_identity *ret_identity,
    struct sbx_sid *ret_sid, struct sbx_error *err)
{
    enum sbx_status status;

    memset(ret_sid, 0, sizeof(*ret_sid));
    sbx_setup_at(setup, "group '%s'", SBX_GROUP_NAME);
    status = sbx_account_group_read(SBX_GROUP_NAME, ret_sid, err);
    if (status == SBX_NOT_FOUND) {
        *ret_identity = SBX_IDENTITY_ABSENT;
        return SBX_OK;
    }
    if (status == SBX_EXISTS) { /* a user, or whatever else has the name */
        *ret_identity = SBX_IDENTITY_FOREIGN;
        return SBX_OK;
    }
    if (!status)
        *ret_identity = is_ours(setup, SBX_STEP_GROUP, SBX_GROUP_NAME, ret_sid)
                            ? SBX_IDENTITY_OURS
                            : SBX_IDENTITY_FOREIGN;
    return status;
}

static const char *kind_of(const char *step)
{
    return strcmp(step, SBX_STEP_GROUP) == 0 ? "group" : "account";
}

enum sbx_status sbx_identity_begin(
    struct sbx_setup *setup, const char *step, const char *name, struct sbx_error *err)
{
    char object[OBJECT_SIZE];
    unsigned n = attempts(setup, step, name);
    enum sbx_status status;

    if (n >= ATTEMPTS_MAX)
        return sbx_fail(err, SBX_INTERNAL, "'%s' was made %u times", name, n);
    attempt_object(name, n + 1, object);
    status = sbx_setup_intend(setup, step, object, err);
    sbx_setup_at(setup, "%s '%s'", kind_of(step), name);
    return status;
}

enum sbx_status sbx_identity_end(struct sbx_setup *setup, const char *step, const char *name,
    const struct sbx_sid *sid, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];
    char object[OBJECT_SIZE];
    enum sbx_status status = SBX_OK;

    if (sid) {
        sbx_sid_format(sid, text);
        snprintf(object, sizeof(object), "%s is %s", name, text);
        status = sbx_setup_intend(setup, step, object, err);
    }
    snprintf(object, sizeof(object), "%s end %u", name, attempts(setup, step, name));
    if (!status)
        status = sbx_setup_intend(setup, step, object, err);
    sbx_setup_at(setup, "%s '%s'", kind_of(step), name);
    return status;
}

bool sbx_identity_group_sid(const struct sbx_setup *setup, struct sbx_sid *ret_sid)
{
    const char *text = setup->wanted.group_sid;

    return text && sbx_sid_parse(text, ret_sid, NULL) == SBX_OK;
}

bool sbx_identity_account_sid(const struct sbx_setup *setup, size_t index, struct sbx_sid *ret_sid)
{
    const char *text = setup->wanted.accounts[index].sid;

    return text && sbx_sid_parse(text, ret_sid, NULL) == SBX_OK;
}

enum sbx_status sbx_identity_note(char **member, const struct sbx_sid *sid, struct sbx_error *err)
{
    char text[SBX_SID_TEXT_SIZE];

    if (!sid) {
        free(*member);
        *member = NULL;
        return SBX_OK;
    }
    sbx_sid_format(sid, text);
    return sbx_setup_set(member, text, err);
}

bool sbx_identity_name(const struct sbx_setup *setup, size_t index, char *text, size_t size_bytes)
{
    bool offline = index < SBX_INSTALLATION_KINDS_MAX;

    sbx_installation_account_name(
        offline, offline ? index : index - SBX_INSTALLATION_KINDS_MAX, text, size_bytes);
    return sbx_installation_account(&setup->wanted, text) || sbx_identity_recorded(setup, text) ||
           attempts(setup, SBX_STEP_ACCOUNTS, text) > 0;
}
