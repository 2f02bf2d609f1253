/*
 * See fenceprobe.h. Nothing here is trusted: the report comes from the sandbox and is judged by
 * whoever asked for it (fencereport.h).
 */
#include "fenceprobe.h"

#include "shared/win/fencetry.h"
#include "shared/win/handle.h"
#include "shared/win/sid.h"
#include "shared/win/token.h"

#define ARGUMENT L"--fence-probe"
#define WORD_MAX 24u

#define EXIT_REPORTED 0
#define EXIT_BAD_USAGE 2
#define EXIT_FAILED 125

struct arguments {
    struct sbx_fencetry_ports ports;
    enum sbx_fence_token token;
};

static bool next_word(const wchar_t **at_w, char word[WORD_MAX])
{
    size_t length = 0;

    while (**at_w == L' ')
        ++*at_w;
    while (**at_w && **at_w != L' ') {
        if (length + 1 == WORD_MAX || **at_w > 126)
            return false;
        word[length++] = (char)*(*at_w)++;
    }
    word[length] = '\0';
    return length > 0;
}

static bool read_port(const char **at, uint16_t *ret_port)
{
    unsigned value = 0;
    const char *start = *at;

    while (**at >= '0' && **at <= '9' && value <= 65535)
        value = value * 10 + (unsigned)(*(*at)++ - '0');
    *ret_port = (uint16_t)value;
    return *at > start && value > 0 && value <= 65535;
}

static bool parse(const wchar_t *at_w, struct arguments *ret)
{
    char word[WORD_MAX];
    bool has_open = false, has_ports = false;

    memset(ret, 0, sizeof(*ret));
    if (!next_word(&at_w, word)) /* ARGUMENT itself */
        return false;
    while (next_word(&at_w, word)) {
        char value[WORD_MAX];
        const char *at = value;

        if (!next_word(&at_w, value))
            return false;
        if (strcmp(word, "--open") == 0)
            has_open = read_port(&at, &ret->ports.open) && *at == '\0';
        else if (strcmp(word, "--ports") == 0)
            has_ports = read_port(&at, &ret->ports.proxy) && *at++ == '-' &&
                        read_port(&at, &ret->ports.squat) && *at == '\0';
        else if (strcmp(word, "--token") != 0 || !sbx_fence_token_parse(value, &ret->token))
            return false;
    }
    return has_open && has_ports;
}

bool sbx_fenceprobe_asked(const wchar_t *command_line_w)
{
    size_t cch = wcslen(ARGUMENT);

    return command_line_w && wcsncmp(command_line_w, ARGUMENT, cch) == 0 &&
           (command_line_w[cch] == L' ' || command_line_w[cch] == L'\0');
}

/*
 * What a child may do with its own token: no privilege is needed to restrict it further and to
 * impersonate the result.
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-createrestrictedtoken
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-impersonateloggedonuser
 */
static DWORD restrict_own(enum sbx_fence_token token, HANDLE *ret_token)
{
    struct sbx_sid_native native;
    SID_AND_ATTRIBUTES entry = {NULL, 0};
    HANDLE base = NULL, primary = NULL;
    struct sbx_sid user;
    DWORD code = 0;
    BOOL made;

    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &base))
        return GetLastError();
    if (sbx_sid_of_token(base, &user, NULL)) {
        sbx_handle_close(&base);
        return ERROR_INVALID_SID;
    }
    entry.Sid =
        sbx_sid_to_native(token == SBX_FENCE_TOKEN_DENY_ONLY ? &user : &sbx_sid_everyone, &native);
    made = token == SBX_FENCE_TOKEN_DENY_ONLY
               ? CreateRestrictedToken(base, 0, 1, &entry, 0, NULL, 0, NULL, &primary)
               : CreateRestrictedToken(base, 0, 0, NULL, 0, NULL, 1, &entry, &primary);
    if (!made || !DuplicateTokenEx(primary, TOKEN_IMPERSONATE | TOKEN_QUERY, NULL,
                     SecurityImpersonation, TokenImpersonation, ret_token))
        code = GetLastError();
    sbx_handle_close(&primary);
    sbx_handle_close(&base);
    return code;
}

/* The kernel may lower the level of a token that one may not impersonate: then nothing is shown. */
static DWORD level_of_thread(void)
{
    SECURITY_IMPERSONATION_LEVEL level = SecurityAnonymous;
    HANDLE token = NULL;
    DWORD code = 0, size = 0;

    if (!OpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token))
        return GetLastError();
    if (!GetTokenInformation(token, TokenImpersonationLevel, &level, sizeof(level), &size))
        code = GetLastError();
    else if (level < SecurityImpersonation)
        code = ERROR_BAD_IMPERSONATION_LEVEL;
    sbx_handle_close(&token);
    return code;
}

static void derive(enum sbx_fence_token token, struct sbx_fence_report *report)
{
    HANDLE impersonation = NULL;
    DWORD code = restrict_own(token, &impersonation);

    if (!code && !SetThreadToken(NULL, impersonation))
        code = GetLastError();
    if (!code)
        code = level_of_thread();
    sbx_handle_close(&impersonation);
    report->derive_code = code;
    report->derived = code == 0;
}

static enum sbx_status print(const struct sbx_fence_report *report, struct sbx_error *err)
{
    struct sbx_buf line;
    enum sbx_status status;
    DWORD written = 0;

    sbx_buf_init(&line, SBX_FENCE_REPORT_MAX_BYTES);
    status = sbx_fence_report_format(report, &line, err);
    if (!status && (!WriteFile(GetStdHandle(STD_OUTPUT_HANDLE), line.data, (DWORD)line.length_bytes,
                        &written, NULL) ||
                       written != line.length_bytes))
        status = sbx_fail(err, SBX_OS, "write the report");
    sbx_buf_done(&line);
    return status;
}

int sbx_fenceprobe_run(const wchar_t *command_line_w)
{
    struct sbx_fence_report report;
    struct arguments arguments;
    struct sbx_error err;

    memset(&report, 0, sizeof(report));
    sbx_error_init(&err);
    if (!parse(command_line_w, &arguments))
        return EXIT_BAD_USAGE;
    if (sbx_fencetry_begin(&err))
        return EXIT_FAILED;
    report.token = arguments.token;
    report.derived = arguments.token == SBX_FENCE_TOKEN_OWN;
    if (!report.derived)
        derive(arguments.token, &report);
    if (report.derived)
        sbx_fencetry_all(&arguments.ports, &report);
    if (!RevertToSelf())
        return EXIT_FAILED;
    return print(&report, &err) ? EXIT_FAILED : EXIT_REPORTED;
}
