/*
 * What the elevated rows share: local accounts by plain API calls, where the helpers and the
 * installed programs lie, and commands through the installed runner.
 */
#include "suite.h"
#include <lm.h>
#include <ntsecapi.h>
#include <sddl.h>
#include <tlhelp32.h>

/* --- accounts --- */

char *name_sid(const char *name, SID_NAME_USE *ret_use)
{
    BYTE sid[SECURITY_MAX_SID_SIZE];
    wchar_t domain[256], *text = NULL;
    DWORD sid_size = sizeof sid, domain_cch = 256;
    SID_NAME_USE use = SidTypeUnknown;
    if (!LookupAccountNameW(NULL, w(name), sid, &sid_size, domain, &domain_cch, &use) ||
        !ConvertSidToStringSidW(sid, &text))
        return NULL;
    if (ret_use)
        *ret_use = use;
    char *copy = u(text);
    LocalFree(text);
    return copy;
}

/* 20 characters of four classes, from the system's random numbers. */
static bool make_password(char password[40])
{
    typedef BOOLEAN(WINAPI * random)(void *, ULONG);
    random fill = (random)(void (*)(void))GetProcAddress(
        GetModuleHandleW(L"advapi32.dll"), "SystemFunction036");
    unsigned char bytes[16];
    if (!fill || !fill(bytes, sizeof bytes))
        return false;
    strcpy(password, "Sx9!");
    for (size_t i = 0; i < sizeof bytes; i++)
        password[4 + i] = (char)('a' + bytes[i] % 26);
    password[20] = 0;
    return true;
}

/* The builtin group Users, whose members may log on at this machine. */
static wchar_t *users_group(void)
{
    static wchar_t name[256];
    wchar_t domain[256];
    DWORD name_cch = 256, domain_cch = 256;
    SID_NAME_USE use;
    PSID sid = NULL;
    if (!ConvertStringSidToSidW(L"S-1-5-32-545", &sid) ||
        !LookupAccountSidW(NULL, sid, name, &name_cch, domain, &domain_cch, &use))
        memcpy(name, L"Users", sizeof L"Users");
    return name;
}

bool user_make_alone(char password[40])
{
    user_remove();
    if (!make_password(password)) {
        diag("no random numbers");
        return false;
    }
    USER_INFO_1 info = {.usri1_name = w(SUITE_USER),
        .usri1_password = w(password),
        .usri1_priv = USER_PRIV_USER,
        .usri1_comment = w("made by the nt-suite"),
        .usri1_flags = UF_SCRIPT | UF_NORMAL_ACCOUNT | UF_DONT_EXPIRE_PASSWD};
    NET_API_STATUS code = NetUserAdd(NULL, 1, (BYTE *)&info, NULL);
    if (code) {
        diag("NetUserAdd: error %lu", code);
        return false;
    }
    return true;
}

bool user_make(char password[40])
{
    LOCALGROUP_MEMBERS_INFO_3 member = {w(SUITE_USER)};
    if (!user_make_alone(password))
        return false;
    NET_API_STATUS code = NetLocalGroupAddMembers(NULL, users_group(), 3, (BYTE *)&member, 1);
    if (code && code != ERROR_MEMBER_IN_ALIAS)
        diag("not made a member of Users: error %lu", code);
    return true;
}

void user_remove(void)
{
    char *sid = name_sid(SUITE_USER, NULL);
    NetUserDel(NULL, w(SUITE_USER));
    HMODULE userenv = LoadLibraryW(L"userenv.dll");
    typedef BOOL(WINAPI * delete_profile)(const wchar_t *, const wchar_t *, const wchar_t *);
    delete_profile remove =
        userenv ? (delete_profile)(void (*)(void))GetProcAddress(userenv, "DeleteProfileW") : NULL;
    if (sid && remove)
        remove(w(sid), NULL, NULL);
}

/* --- rights --- */

static LSA_HANDLE policy(void)
{
    LSA_OBJECT_ATTRIBUTES attributes = {0};
    LSA_HANDLE handle = NULL;
    if (LsaOpenPolicy(NULL, &attributes,
            POLICY_LOOKUP_NAMES | POLICY_CREATE_ACCOUNT | POLICY_VIEW_LOCAL_INFORMATION, &handle))
        return NULL;
    return handle;
}

static int by_name(const void *a, const void *b)
{
    return strcmp(*(char *const *)a, *(char *const *)b);
}

char *rights_of(const char *sid)
{
    LSA_UNICODE_STRING *rights = NULL;
    LSA_HANDLE handle = policy();
    ULONG count = 0;
    PSID binary = NULL;
    char *text = f("%s", ""), *names[64];
    if (!handle || !ConvertStringSidToSidW(w(sid), &binary))
        return f("?");
    NTSTATUS status = LsaEnumerateAccountRights(handle, binary, &rights, &count);
    for (ULONG i = 0; !status && i < count && i < countof(names); i++)
        names[i] = u_n(rights[i].Buffer, rights[i].Length / sizeof(wchar_t));
    count = status ? 0 : count > countof(names) ? countof(names) : count;
    qsort(names, count, sizeof names[0], by_name);
    for (ULONG i = 0; i < count; i++)
        text = f("%s%s%s", text, i ? " " : "", names[i]);
    LsaClose(handle);
    return text;
}

bool rights_add(const char *sid, const char *right)
{
    LSA_HANDLE handle = policy();
    wchar_t *name = w(right);
    LSA_UNICODE_STRING text = {(USHORT)(wcslen(name) * 2), (USHORT)(wcslen(name) * 2 + 2), name};
    PSID binary = NULL;
    if (!handle || !ConvertStringSidToSidW(w(sid), &binary))
        return false;
    NTSTATUS status = LsaAddAccountRights(handle, binary, &text, 1);
    LsaClose(handle);
    return status == 0;
}

/* --- places --- */

char *installed_dir(void)
{
    return f("%s\\AgentSandbox", env("ProgramFiles") ? env("ProgramFiles") : "?:");
}

char *data_dir(void)
{
    return expand("{data}\\AgentSandbox");
}

char *tools_dir(void)
{
    return expand("{drive}\\sbx-nt-suite-tools");
}

char *marker(void)
{
    return f("%s\\the-installation-is-the-suites.txt", tools_dir());
}

char *helper(const char *name)
{
    return f("%s\\%s", opt.self_dir, name);
}

/* The sandbox accounts do not read the user's profile, where the suite may lie. */
char *tool(const char *name)
{
    char *dir = tools_dir(), *path = f("%s\\%s", dir, name);
    if (!is_directory(dir)) {
        make_dir(dir);
        if (!set_dacl(dir,
                "D:P(A;OICI;FA;;;SY)(A;OICI;FA;;;BA)(A;OICI;FA;;;{user})(A;OICI;0x1200a9;;;WD)"))
            diag("the DACL of %s: error %lu", dir, GetLastError());
    }
    if (!exists(path) && !CopyFileW(w(helper(name)), w(path), FALSE))
        fail_at(__FILE__, __LINE__, "%s is not there: error %lu", helper(name), GetLastError());
    return path;
}

/* --- programs --- */

static struct run *new_run(const char *image)
{
    struct run *run = calloc(1, sizeof *run);
    if (!run)
        ExitProcess(3);
    run->image = image;
    run->limit_ms = 60000;
    run->cwd = system_directory();
    return run;
}

static void add_words(struct run *run, va_list list)
{
    for (const char *a = va_arg(list, const char *); a; a = va_arg(list, const char *))
        run_arg(run, a);
}

struct run *call(const char *image, ...)
{
    struct run *run = new_run(image);
    va_list list;
    va_start(list, image);
    add_words(run, list);
    va_end(list);
    run_all(run);
    return run;
}

struct run *hop(const char *account, const char *words, const char *image, ...)
{
    struct run *run = new_run(helper("hopdriver.exe"));
    va_list list;
    run_args(run, "run", installed_dir(), account, f("cwd=%s", system_directory()), NULL);
    char *copy = f("%s", words);
    for (char *p = strtok(copy, "|"); p; p = strtok(NULL, "|"))
        run_arg(run, p);
    run_args(run, "--", image, NULL);
    va_start(list, image);
    add_words(run, list);
    va_end(list);
    run_all(run);
    return run;
}

char *story(const struct run *run)
{
    if (run->start_error)
        return f("did not start: error %lu", run->start_error);
    return f("exit code %lu (0x%lX)%s; stdout: %.600s; stderr: %.900s", run->code, run->code,
        run->timed_out ? ", killed after its time" : "", run->out_text ? run->out_text : "",
        run->err_text ? run->err_text : "");
}

bool line_begins(const char *text, const char *start)
{
    size_t length = strlen(start);
    for (const char *p = text; p && *p; p = strchr(p, '\n'), p += p ? 1 : 0)
        if (!strncmp(p, start, length))
            return true;
    return false;
}

struct run *set_up_again(const char *verb, const char *operator_sid)
{
    if (fact(FACT_PRODUCT)) {
        char *setup = f("%s\\sandbox-setup.exe", opt.programs);
        return operator_sid ? call(setup, "provision", "--operator", operator_sid, "--json", NULL)
                            : call(setup, verb, "--json", NULL);
    }
    return call(helper("setupsteps.exe"), fact(FACT_NETLOGON) ? "apply" : "open", opt.programs,
        operator_sid, NULL);
}

int running(const char *image)
{
    PROCESSENTRY32W entry = {.dwSize = sizeof entry};
    HANDLE list = CreateToolhelp32Snapshot(TH32CS_SNAPPROCESS, 0);
    int count = 0;
    for (BOOL more = Process32FirstW(list, &entry); more; more = Process32NextW(list, &entry))
        count += !_stricmp(u(entry.szExeFile), image);
    CloseHandle(list);
    return count;
}
