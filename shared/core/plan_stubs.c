/*
 * What an advisory network consists of: variables and stub files. Nothing here is a boundary; a
 * program that ignores them has the network of its user. They make programs that mean well fail
 * at once and with a reason.
 */
#include "plan_parts.h"

#include "utf.h"

/*
 * Port 9 (discard) is where nobody listens: a refused connection is a quick, honest failure.
 * Lower-case names: Windows looks names up without case, and the programs that do not (MSYS,
 * Cygwin) read this spelling.
 */
static const struct {
    const char *name;
    const char *value;
} variables[] = {
    {"http_proxy", "http://127.0.0.1:9"},
    {"https_proxy", "http://127.0.0.1:9"},
    {"all_proxy", "http://127.0.0.1:9"},
    {"no_proxy", ""},
    {"PIP_NO_INDEX", "1"},
    {"PIP_DISABLE_PIP_VERSION_CHECK", "1"},
    {"UV_OFFLINE", "1"},
    {"npm_config_offline", "true"},
    {"CARGO_NET_OFFLINE", "true"},
    {"GOPROXY", "off"},
    {"GIT_ALLOW_PROTOCOL", "file"},
    /* A builtin of git's shell; "cmd /c exit 1" would have its /c rewritten to a path by MSYS. */
    {"GIT_SSH_COMMAND", "false"},
};

#define STUB_TEXT "@echo agent: network is off in this sandbox 1>&2\r\n@exit /b 1\r\n"

static const struct sbx_stub_file stubs[] = {
    {"ssh.cmd", STUB_TEXT},
    {"scp.cmd", STUB_TEXT},
    {"sftp.cmd", STUB_TEXT},
    {"ftp.cmd", STUB_TEXT},
    {"tftp.cmd", STUB_TEXT},
    {"telnet.cmd", STUB_TEXT},
};

const struct sbx_stub_file *sbx_plan_stub_files(size_t *ret_count)
{
    *ret_count = countof(stubs);
    return stubs;
}

enum sbx_status sbx_plan_stub_variables(struct sbx_env *env, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < countof(variables); i++) {
        sbx_env_unset(env, variables[i].name); /* an existing one would keep its spelling */
        status = sbx_env_set(env, variables[i].name, variables[i].value, err);
    }
    return status;
}

/* True when the ';' list has the word, ASCII case ignored. */
static bool has_extension(const char *list, const char *word)
{
    while (*list) {
        size_t length = strcspn(list, ";");

        if (sbx_utf_equal_ci_ascii_n(list, length, word, strlen(word)))
            return true;
        list += length + (list[length] == ';');
    }
    return false;
}

enum sbx_status sbx_plan_stub_path(
    struct sbx_env *env, const char *directory, struct sbx_error *err)
{
    const char *path = sbx_env_get(env, "PATH");
    const char *extensions = sbx_env_get(env, "PATHEXT");
    enum sbx_status status;
    struct sbx_buf text;

    sbx_buf_init(&text, 4 * SBX_ENV_VAR_MAX_CCH);
    status =
        sbx_buf_printf(&text, err, "%s%s%s", directory, path && *path ? ";" : "", path ? path : "");
    if (!status)
        status = sbx_env_set(env, "PATH", text.data, err);
    sbx_buf_clear(&text);
    if (!status && !extensions)
        status = sbx_env_set(env, "PATHEXT", ".COM;.EXE;.BAT;.CMD", err);
    else if (!status && !has_extension(extensions, ".CMD")) {
        status = sbx_buf_printf(&text, err, "%s%s.CMD", extensions, *extensions ? ";" : "");
        if (!status)
            status = sbx_env_set(env, "PATHEXT", text.data, err);
    }
    sbx_buf_done(&text);
    return status;
}
