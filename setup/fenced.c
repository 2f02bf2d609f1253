/* See fenced.h. */
#include "fenced.h"

bool sbx_fenced_accounts(const struct sbx_setup *setup, struct sbx_fenced *ret_fenced)
{
    size_t i;

    memset(ret_fenced, 0, sizeof(*ret_fenced));
    for (i = 0; i < setup->wanted.account_count; i++) {
        const struct sbx_installed_account *account = &setup->wanted.accounts[i];
        struct sbx_sid sid;

        if (!account->sid || sbx_sid_parse(account->sid, &sid, NULL) ||
            i >= SBX_INSTALLATION_ACCOUNTS_MAX)
            return false;
        if (account->offline)
            ret_fenced->offline[ret_fenced->offline_count++] = sid;
        else
            ret_fenced->online[ret_fenced->online_count++] = sid;
    }
    return ret_fenced->offline_count > 0;
}

enum sbx_status sbx_fenced_make(const struct sbx_setup *setup, struct sbx_fence *ret_fence,
    bool *ret_ready, struct sbx_error *err)
{
    struct sbx_fenced fenced;
    struct sbx_fence_input input = {.complement = setup->wanted.fence_complement,
        .proxy_first = setup->wanted.proxy_first,
        .proxy_last = setup->wanted.proxy_last,
        .offline = fenced.offline,
        .online = fenced.online};

    *ret_ready = sbx_fenced_accounts(setup, &fenced);
    if (!*ret_ready)
        return SBX_OK;
    input.offline_count = fenced.offline_count;
    input.online_count = fenced.online_count;
    return sbx_fence_make(&input, ret_fence, err);
}

bool sbx_fenced_ever(const struct sbx_setup *setup, const char *step, const char *object)
{
    return setup->has_found || sbx_setup_intended(setup, step, object);
}

bool sbx_fenced_builds(const struct sbx_setup *setup)
{
    return setup->request.mode == SBX_SETUP_INSTALL || setup->request.mode == SBX_SETUP_REPAIR ||
           setup->request.mode == SBX_SETUP_ROTATE;
}
