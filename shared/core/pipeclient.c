/* See pipeclient.h. */
#include "pipeclient.h"

enum sbx_status sbx_pipeclient_check(
    const struct sbx_sid *server, const struct sbx_pipeclient *client, struct sbx_error *err)
{
    if (!sbx_sid_equal(server, &client->user))
        return sbx_fail(err, SBX_DENIED, "process %u may not use the pipe: it is of another user",
            (unsigned)client->pid);
    if (client->is_restricted)
        return sbx_fail(err, SBX_DENIED, "process %u may not use the pipe: it runs in a sandbox",
            (unsigned)client->pid);
    return SBX_OK;
}
