/* The environment of facts.h. */
#include "facts.h"

#include "shared/core/envblock.h"
#include "shared/win/handle.h"
#include "shared/win/late.h"

/* Windows sets these for everybody, from the registry; none is about this session. */
static const char *const system_names[] = {"SystemRoot", "SystemDrive", "windir", "ComSpec",
    "PATHEXT", "NUMBER_OF_PROCESSORS", "PROCESSOR_*", "OS", "DriverData", "ProgramFiles",
    "ProgramFiles(*)", "ProgramW6432", "ProgramData", "CommonProgramFiles", "CommonProgramFiles(*)",
    "CommonProgramW6432", "ALLUSERSPROFILE", "PUBLIC", "COMPUTERNAME", "USERDOMAIN"};

/* Where one of these is missing, others are. Asking Windows takes milliseconds; a shell has all. */
static const char *const telling_names[] = {
    "SystemRoot", "windir", "ComSpec", "PATHEXT", "ProgramData", "ALLUSERSPROFILE", "OS"};

static enum sbx_status parse(const wchar_t *block, struct sbx_env *env, struct sbx_error *err)
{
    size_t cch = 0;

    /* The block ends with an empty entry; its length is not told. */
    while (block[cch] || block[cch + 1])
        cch++;
    return sbx_env_parse((const sbx_char16 *)block, cch + 2, env, NULL, err);
}

static bool is_complete(const struct sbx_env *env)
{
    size_t i;

    for (i = 0; i < countof(telling_names); i++)
        if (!sbx_env_get(env, telling_names[i]))
            return false;
    return true;
}

/* A Windows that does not say leaves the environment as it is: the command may do without. */
static enum sbx_status complete(struct sbx_env *env, struct sbx_error *err)
{
    sbx_late_fn_create_environment_block create = sbx_late_create_environment_block();
    sbx_late_fn_destroy_environment_block destroy = sbx_late_destroy_environment_block();
    enum sbx_status status = SBX_OK;
    struct sbx_env usual;
    void *block = NULL;
    HANDLE token = NULL;

    sbx_env_init(&usual);
    if (create && destroy &&
        OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY | TOKEN_DUPLICATE, &token) &&
        create(&block, token, FALSE)) {
        status = parse(block, &usual, err);
        destroy(block);
    }
    sbx_handle_close(&token);
    if (!status)
        status = sbx_env_add_missing(env, &usual, system_names, countof(system_names), err);
    sbx_env_done(&usual);
    return status;
}

enum sbx_status sbx_facts_environment(struct sbx_facts *facts, struct sbx_error *err)
{
    wchar_t *block = GetEnvironmentStringsW();
    enum sbx_status status;

    if (!block)
        return sbx_fail_oom(err);
    status = parse(block, &facts->environment, err);
    FreeEnvironmentStringsW(block);
    if (!status && !is_complete(&facts->environment))
        status = complete(&facts->environment, err);
    return status;
}
