/*
 * What this machine can do about accounts, logons and filters: facts like those of rows_facts.c,
 * for --elevated only, because finding them out takes an administrator.
 */
#include "suite.h"
#include <lm.h>
#include <sddl.h>

static void m_accounts(const struct row *row)
{
    char password[40];
    SID_NAME_USE use = SidTypeUnknown;
    (void)row;
    bool made = user_make(password);
    char *sid = name_sid(SUITE_USER, &use);
    user_remove();
    char *after = name_sid(SUITE_USER, NULL);
    CHECK(!made || !sid || !after, "an account that was deleted is still found: %s", after);
    fact_set(FACT_ACCOUNTS, made && sid && use == SidTypeUser && !strncmp(sid, "S-1-5-21-", 9),
        "NetUserAdd %s, the name is %s%s, type %d", made ? "succeeded" : "failed",
        sid ? "that of " : "not found", sid ? sid : "", (int)use);
}

static DWORD log_on(const char *password, DWORD type, bool *ret_user)
{
    HANDLE token = NULL;
    BYTE info[512];
    DWORD size = 0;
    if (!LogonUserW(w(SUITE_USER), L".", w(password), type, LOGON32_PROVIDER_DEFAULT, &token))
        return GetLastError();
    wchar_t name[256] = L"", domain[256];
    DWORD name_cch = 256, domain_cch = 256;
    SID_NAME_USE use;
    if (GetTokenInformation(token, TokenUser, info, sizeof info, &size))
        LookupAccountSidW(NULL, ((TOKEN_USER *)(void *)info)->User.Sid, name, &name_cch, domain,
            &domain_cch, &use);
    CloseHandle(token);
    *ret_user = !_stricmp(u(name), SUITE_USER);
    return 0;
}

static void m_logon(const struct row *row)
{
    char password[40];
    bool own = false, any = false;
    (void)row;
    CHECK(user_make(password), "no account");
    DWORD wrong = log_on("not the password", LOGON32_LOGON_INTERACTIVE, &any);
    DWORD right = log_on(password, LOGON32_LOGON_INTERACTIVE, &own);
    DWORD network = log_on(password, LOGON32_LOGON_NETWORK, &any);
    user_remove();
    fact_set(FACT_LOGON, wrong == ERROR_LOGON_FAILURE && !right && own,
        "LogonUserW with a wrong password: %lu, with the right one: %lu, as %s", wrong, right,
        own ? "that account" : "nobody or somebody else");
    fact_set(FACT_NETLOGON, !network && any,
        "a network logon with the right password of an ordinary account: %lu", network);
}

/* The child says who it is; that is its token, not what the call was asked for. */
static void m_secondary(const struct row *row)
{
    SECURITY_ATTRIBUTES inherit = {sizeof inherit, NULL, TRUE};
    STARTUPINFOW startup = {.cb = sizeof startup, .dwFlags = STARTF_USESTDHANDLES};
    PROCESS_INFORMATION info = {0};
    HANDLE ours = NULL;
    char password[40], text[512] = "";
    DWORD done = 0, error = 0;
    (void)row;
    CHECK(user_make(password), "no account");
    char *sid = name_sid(SUITE_USER, NULL);
    CreatePipe(&ours, &startup.hStdOutput, &inherit, 4096);
    startup.hStdInput = startup.hStdError = startup.hStdOutput;
    if (!CreateProcessWithLogonW(w(SUITE_USER), L".", w(password), 0, w(tool("hopchild.exe")),
            w("hopchild who"), CREATE_NO_WINDOW, NULL, w(system_directory()), &startup, &info))
        error = GetLastError();
    CloseHandle(startup.hStdOutput);
    if (!error && WaitForSingleObject(info.hProcess, 20000 * opt.slow) == WAIT_TIMEOUT)
        TerminateProcess(info.hProcess, 1);
    if (!error)
        ReadFile(ours, text, sizeof text - 1, &done, NULL);
    user_remove();
    fact_set(FACT_SECLOGON, !error && sid && line_begins(text, f("user %s", sid)),
        "CreateProcessWithLogonW: error %lu, the child said: %.80s", error, text);
}

static bool own_process_list(const char *sddl)
{
    PSECURITY_DESCRIPTOR list = NULL;
    bool set = ConvertStringSecurityDescriptorToSecurityDescriptorW(
                   w(sddl), SDDL_REVISION_1, &list, NULL) &&
               SetKernelObjectSecurity(GetCurrentProcess(), DACL_SECURITY_INFORMATION, list);
    LocalFree(list);
    return set;
}

/* Suspended and ended at once. *ret_in_job: what it was born into, -1 when nothing was. */
static DWORD start_suspended(const char *password, int *ret_in_job)
{
    STARTUPINFOW startup = {.cb = sizeof startup};
    PROCESS_INFORMATION info = {0};
    BOOL in_job = FALSE;
    *ret_in_job = -1;
    if (!CreateProcessWithLogonW(w(SUITE_USER), L".", w(password), 0, w(tool("hopchild.exe")),
            w("hopchild who"), CREATE_NO_WINDOW | CREATE_SUSPENDED, NULL, w(system_directory()),
            &startup, &info))
        return GetLastError();
    if (IsProcessInJob(info.hProcess, NULL, &in_job))
        *ret_in_job = in_job;
    TerminateProcess(info.hProcess, 1);
    CloseHandle(info.hThread);
    CloseHandle(info.hProcess);
    return 0;
}

/*
 * The service opens the process that asks it, as its user. The launch stage is locked but for that
 * call: with the one entry more that it opens itself by, the call must work. Whether it fails
 * without is told, and so is whether what it makes is born into a job of the caller's.
 */
static void locked_caller(const struct row *row)
{
    const char *user = user_sid();
    char password[40];
    int in_job = -1, unused;
    BOOL own_job = FALSE;
    (void)row;
    CHECK(user_make(password), "no account");
    IsProcessInJob(GetCurrentProcess(), NULL, &own_job);
    bool set =
        own_process_list(f("D:P(A;;0x1fffff;;;SY)(A;;0x121001;;;%s)(A;;RC;;;S-1-3-4)", user));
    DWORD locked = set ? start_suspended(password, &unused) : 0;
    bool opened =
        own_process_list(f("D:P(A;;0x1fffff;;;SY)(A;;0x1214c1;;;%s)(A;;RC;;;S-1-3-4)", user));
    DWORD code = opened ? start_suspended(password, &in_job) : 0;
    own_process_list(f("D:(A;;0x1fffff;;;SY)(A;;0x1fffff;;;%s)", user));
    user_remove();
    CHECK(set && opened, "the list of the suite's own process cannot be set");
    EXPECT(code == 0, "from a process that is open to its user for 0x4C0: error %lu", code);
    diag("from a locked process: error %lu; new process in a job: %d, the suite itself: %d", locked,
        in_job, own_job);
}

/* What Windows says of an account that nobody put into a group, as set-up makes them. */
static void new_account(const struct row *row)
{
    char password[40];
    USER_INFO_4 *info = NULL;
    (void)row;
    CHECK(user_make_alone(password), "no account");
    NET_API_STATUS code = NetUserGetInfo(NULL, w(SUITE_USER), 4, (BYTE **)&info);
    if (!code)
        diag("level %lu (0 guest, 1 user), operator flags 0x%lX, flags 0x%lX, expired %lu, "
             "expires 0x%lX",
            info->usri4_priv, info->usri4_auth_flags, info->usri4_flags,
            info->usri4_password_expired, info->usri4_acct_expires);
    bool good = !code && info->usri4_priv != USER_PRIV_ADMIN && !info->usri4_auth_flags &&
                !info->usri4_password_expired && info->usri4_acct_expires == TIMEQ_FOREVER;
    NetApiBufferFree(info);
    user_remove();
    EXPECT(good, "NetUserGetInfo: error %lu, or an account that set-up would not accept", code);
}

/* A provider of the suite's own is added and read back by its key in a transaction that never ends
 * well; on a machine without the service or the DLL nothing of it works. */
static void m_filters(const struct row *row)
{
    typedef DWORD(WINAPI * open_fn)(const wchar_t *, UINT32, void *, const void *, HANDLE *);
    typedef DWORD(WINAPI * begin_fn)(HANDLE, UINT32);
    typedef DWORD(WINAPI * end_fn)(HANDLE);
    typedef DWORD(WINAPI * add_fn)(HANDLE, const void *, void *);
    typedef DWORD(WINAPI * get_fn)(HANDLE, const GUID *, void **);
    struct {
        GUID key;
        const wchar_t *name, *description;
        UINT32 flags;
        struct {
            UINT32 size;
            void *bytes;
        } data; /* FWP_BYTE_BLOB: its alignment counts */
        const wchar_t *service;
    } provider = {.key = {0x6f1c0a52, 0x8f0f, 0x4a53, {0x9d, 1, 2, 3, 4, 5, 6, 7}},
        .name = L"nt-suite",
        .description = L""};
    HMODULE dll = LoadLibraryW(w(f("%s\\fwpuclnt.dll", system_directory())));
    HANDLE engine = NULL;
    void *got = NULL;
    DWORD open = 0, begun = 0, added = 0, read = 0;
    (void)row;
#define CALL(type, name) ((type)(void (*)(void))GetProcAddress(dll, name))
    if (!dll || !CALL(open_fn, "FwpmEngineOpen0") || !CALL(get_fn, "FwpmProviderGetByKey0")) {
        fact_set(FACT_FENCE, false, "there is no usable fwpuclnt.dll");
        return;
    }
    open = CALL(open_fn, "FwpmEngineOpen0")(NULL, 10 /* RPC_C_AUTHN_WINNT */, NULL, NULL, &engine);
    if (!open)
        begun = CALL(begin_fn, "FwpmTransactionBegin0")(engine, 0);
    if (!open && !begun) {
        added = CALL(add_fn, "FwpmProviderAdd0")(engine, &provider, NULL);
        read = CALL(get_fn, "FwpmProviderGetByKey0")(engine, &provider.key, &got);
        CALL(end_fn, "FwpmTransactionAbort0")(engine);
    }
    if (!open)
        CALL(end_fn, "FwpmEngineClose0")(engine);
#undef CALL
    fact_set(FACT_FENCE, !open && !begun && !added && !read && got != NULL,
        "FwpmEngineOpen0: 0x%lX, transaction: 0x%lX, provider added: 0x%lX, read back: 0x%lX%s",
        open, begun, added, read, !open && !read && !got ? " and nothing came" : "");
}

/* An installation that is there may be somebody's: then the suite keeps away from it. */
static void m_free(const struct row *row)
{
    (void)row;
    char *group = name_sid(SUITE_GROUP, NULL), *account = name_sid(SUITE_OFFLINE, NULL);
    char *record = f("%s\\installation.json", installed_dir());
    bool something = group || account || exists(installed_dir());
    if (!something || exists(marker())) {
        fact_set(FACT_FREE, true,
            something ? "what is there was made by the suite" : "nothing is there");
        if (something && account && exists(record))
            fact_set(FACT_PRODUCT, true, "by an earlier run of the suite");
        if (something && account)
            fact_set(FACT_SETUP, true, "by an earlier run of the suite");
        return;
    }
    fact_set(FACT_FREE, false, "group %s, account %s, folder %s: not the suite's to change",
        group ? group : "absent", account ? account : "absent",
        exists(installed_dir()) ? installed_dir() : "absent");
}

static const struct row rows[] = {
    {"M25", "machine__installation__absent_or_the_suites", NEED_ELEVATED, 0, m_free, NULL},
    {"M26", "machine__local_account__made_found_and_gone", NEED_ELEVATED, 0, m_accounts, NULL},
    {"M27", "machine__logon__checks_the_password", NEED_ELEVATED | NEED(FACT_ACCOUNTS), 0, m_logon,
        NULL},
    {"M28", "machine__secondary_logon__runs_as_the_account",
        NEED_ELEVATED | NEED(FACT_ACCOUNTS) | NEED(FACT_LOGON), 0, m_secondary, NULL},
    {"M31", "machine__new_account__is_what_set_up_accepts", NEED_ELEVATED | NEED(FACT_ACCOUNTS), 0,
        new_account, NULL},
    {"M32", "machine__secondary_logon__from_a_locked_process_opened_for_it",
        NEED_ELEVATED | NEED(FACT_ACCOUNTS) | NEED(FACT_LOGON) | NEED(FACT_SECLOGON), 0,
        locked_caller, NULL},
    {"M29", "machine__filter_engine__keeps_what_it_is_given", NEED_ELEVATED, 0, m_filters, NULL},
};
const struct row_set rows_accounts = {rows, countof(rows)};
