/* See installation.h: what set-up does with a record that it is building. */
#include "installation.h"

#include <stdio.h>

#include "list.h"

static enum sbx_status copy_text(const char *from, char **ret, struct sbx_error *err)
{
    return from ? sbx_strdup(from, ret, err) : SBX_OK;
}

enum sbx_status sbx_installation_add_account(
    struct sbx_installation *installation, const char *name, bool offline, struct sbx_error *err)
{
    struct sbx_installed_account *account = NULL;
    enum sbx_status status;

    if (sbx_installation_account(installation, name))
        return sbx_fail(err, SBX_EXISTS, "account '%s' is in the record already", name);
    if (installation->account_count >= SBX_INSTALLATION_ACCOUNTS_MAX)
        return sbx_fail(err, SBX_INVALID, "more than %u accounts", SBX_INSTALLATION_ACCOUNTS_MAX);
    status =
        sbx_list_grow(&installation->accounts, installation->account_count, sizeof(*account), err);
    if (status)
        return status;
    account = &installation->accounts[installation->account_count];
    memset(account, 0, sizeof(*account));
    status = sbx_strdup(name, &account->name, err);
    if (status)
        return status;
    account->offline = offline;
    installation->account_count++;
    return SBX_OK;
}

enum sbx_status sbx_installation_set_program(struct sbx_installation *installation,
    const char *name, const char *sha256, struct sbx_error *err)
{
    struct sbx_installed_program *program = sbx_installation_program(installation, name);
    enum sbx_status status = SBX_OK;

    if (strlen(sha256) != sizeof(program->sha256) - 1)
        return sbx_fail(err, SBX_INVALID, "'%s' is not a hash", sha256);
    if (!program) {
        if (installation->program_count >= SBX_INSTALLATION_PROGRAMS_MAX)
            return sbx_fail(
                err, SBX_INVALID, "more than %u programs", SBX_INSTALLATION_PROGRAMS_MAX);
        status = sbx_list_grow(
            &installation->programs, installation->program_count, sizeof(*program), err);
        if (status)
            return status;
        program = &installation->programs[installation->program_count];
        memset(program, 0, sizeof(*program));
        status = sbx_strdup(name, &program->name, err);
        if (status)
            return status;
        installation->program_count++;
    }
    memcpy(program->sha256, sha256, sizeof(program->sha256));
    return SBX_OK;
}

static enum sbx_status copy_lists(
    const struct sbx_installation *from, struct sbx_installation *to, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < from->account_count; i++) {
        const struct sbx_installed_account *account = &from->accounts[i];

        status = sbx_installation_add_account(to, account->name, account->offline, err);
        if (!status)
            status = copy_text(account->sid, &to->accounts[i].sid, err);
    }
    for (i = 0; !status && i < from->operators.count; i++)
        status = sbx_strings_add(&to->operators, from->operators.items[i], err);
    for (i = 0; !status && i < from->program_count; i++)
        status =
            sbx_installation_set_program(to, from->programs[i].name, from->programs[i].sha256, err);
    return status;
}

enum sbx_status sbx_installation_copy(
    const struct sbx_installation *from, struct sbx_installation *ret, struct sbx_error *err)
{
    struct sbx_installation copy;
    enum sbx_status status;

    memset(&copy, 0, sizeof(copy));
    copy.schema = from->schema;
    copy.proxy_first = from->proxy_first;
    copy.proxy_last = from->proxy_last;
    copy.fence_complement = from->fence_complement;
    copy.fence_proved = from->fence_proved;
    copy.firewall_effective = from->firewall_effective;
    status = copy_text(from->product_version, &copy.product_version, err);
    if (!status)
        status = copy_text(from->os_build, &copy.os_build, err);
    if (!status)
        status = copy_text(from->group_sid, &copy.group_sid, err);
    if (!status)
        status = copy_text(from->firewall_note, &copy.firewall_note, err);
    if (!status)
        status = copy_lists(from, &copy, err);
    if (status) {
        sbx_installation_done(&copy);
        return status;
    }
    *ret = copy;
    return SBX_OK;
}
