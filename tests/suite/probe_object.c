/* Attacks on named objects: pipes, keys, events, desktops, consoles, sockets; and inherited
 * handles. */
#include "probe_internal.h"

/* pipe NAME: connects for reading and writing. */
static int do_pipe(int argc, const wchar_t **argv)
{
    (void)argc;
    HANDLE pipe =
        CreateFileW(argv[1], GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE)
        return refused();
    CloseHandle(pipe);
    return succeeded();
}

/* own-pipe: makes a pipe as libuv does, with no descriptor, and connects to it. */
static int do_own_pipe(int argc, const wchar_t **argv)
{
    wchar_t name[64];
    (void)argc, (void)argv;
    swprintf(name, 64, L"\\\\.\\pipe\\sbx-suite-own-%lu", GetCurrentProcessId());
    HANDLE server = CreateNamedPipeW(name, PIPE_ACCESS_DUPLEX | FILE_FLAG_FIRST_PIPE_INSTANCE,
        PIPE_TYPE_BYTE, 1, 4096, 4096, 0, NULL);
    if (server == INVALID_HANDLE_VALUE)
        return broken("the pipe cannot be made");
    HANDLE client =
        CreateFileW(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
    int outcome = client == INVALID_HANDLE_VALUE ? refused() : succeeded();
    if (client != INVALID_HANDLE_VALUE)
        CloseHandle(client);
    CloseHandle(server);
    return outcome;
}

/* mitigations: the policies of this process, "mitigation NUMBER FLAGS" for each that is there. */
static int do_mitigations(int argc, const wchar_t **argv)
{
    static const int policies[] = {2, 3, 4, 6, 8, 9, 10, 13};
    typedef BOOL(WINAPI * get_policy)(HANDLE, int, void *, SIZE_T);
    FARPROC found = GetProcAddress(GetModuleHandleW(L"kernel32.dll"), "GetProcessMitigationPolicy");
    get_policy get = NULL;
    (void)argc, (void)argv;
    memcpy(&get, &found, sizeof get);
    for (size_t i = 0; get && i < sizeof policies / sizeof policies[0]; i++) {
        DWORD flags = 0;
        if (get(GetCurrentProcess(), policies[i], &flags, sizeof flags))
            put("mitigation %d %lx\n", policies[i], flags);
    }
    return succeeded();
}

/* pipe-squat NAME: another instance of somebody's pipe. */
static int do_pipe_squat(int argc, const wchar_t **argv)
{
    (void)argc;
    HANDLE pipe = CreateNamedPipeW(
        argv[1], PIPE_ACCESS_DUPLEX, PIPE_TYPE_BYTE, PIPE_UNLIMITED_INSTANCES, 512, 512, 0, NULL);
    if (pipe == INVALID_HANDLE_VALUE)
        return refused();
    CloseHandle(pipe);
    return succeeded();
}

/* regwrite SUBKEY: a value below HKEY_CURRENT_USER; regcreate SUBKEY: a key. */
static int do_regwrite(int argc, const wchar_t **argv)
{
    HKEY key = NULL;
    (void)argc;
    LSTATUS code = RegOpenKeyExW(HKEY_CURRENT_USER, argv[1], 0, KEY_SET_VALUE, &key);
    if (code)
        return refused_with((DWORD)code);
    code = RegSetValueExW(key, L"changed", 0, REG_SZ, (const BYTE *)L"x", 4);
    RegCloseKey(key);
    return code ? refused_with((DWORD)code) : succeeded();
}

static int do_regcreate(int argc, const wchar_t **argv)
{
    HKEY key = NULL;
    (void)argc;
    LSTATUS code =
        RegCreateKeyExW(HKEY_CURRENT_USER, argv[1], 0, NULL, 0, KEY_SET_VALUE, NULL, &key, NULL);
    if (code)
        return refused_with((DWORD)code);
    RegCloseKey(key);
    return succeeded();
}

static int do_event(int argc, const wchar_t **argv)
{
    (void)argc;
    HANDLE event = OpenEventW(EVENT_MODIFY_STATE, FALSE, argv[1]);
    if (!event)
        return refused();
    SetEvent(event);
    CloseHandle(event);
    return succeeded();
}

/* console PID: attaches to that process's console and types a key into it. */
static int do_console(int argc, const wchar_t **argv)
{
    DWORD pid = wcstoul(argv[1], NULL, 10), done = 0;
    INPUT_RECORD key = {.EventType = KEY_EVENT};
    (void)argc;
    if (argv[1][0] == L'^') {
        pid = GetCurrentProcessId();
        for (unsigned long n = wcstoul(argv[1] + 1, NULL, 10); n && pid; n--)
            pid = parent_of(pid);
    }
    put("console of %lu\n", pid);
    FreeConsole();
    if (!AttachConsole(pid))
        return refused();
    HANDLE in = CreateFileW(L"CONIN$", GENERIC_READ | GENERIC_WRITE,
        FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    if (in == INVALID_HANDLE_VALUE)
        return refused();
    key.Event.KeyEvent.bKeyDown = TRUE;
    key.Event.KeyEvent.wRepeatCount = 1;
    key.Event.KeyEvent.uChar.UnicodeChar = L'y';
    int outcome = WriteConsoleInputW(in, &key, 1, &done) && done == 1 ? succeeded() : refused();
    CloseHandle(in);
    return outcome;
}

/* has-console: whether this process sits in any console. */
static int do_has_console(int argc, const wchar_t **argv)
{
    DWORD list[8];
    (void)argc;
    (void)argv;
    DWORD count = GetConsoleProcessList(list, 8);
    put("processes in this console: %lu\n", count);
    return count ? succeeded() : refused_with(ERROR_FILE_NOT_FOUND);
}

/* shares-console: SUCCEEDED when another process sits in the same console. */
static int do_shares_console(int argc, const wchar_t **argv)
{
    DWORD list[8];
    (void)argc;
    (void)argv;
    DWORD count = GetConsoleProcessList(list, 8);
    put("processes in this console: %lu\n", count);
    return count > 1 ? succeeded() : refused_with(ERROR_ACCESS_DENIED);
}

/* Whether a list lets in whoever comes: an allow entry for one of these, or no list at all. */
static bool lets_anyone_in(const ACL *list)
{
    static const WELL_KNOWN_SID_TYPE wide[] = {WinWorldSid, WinAuthenticatedUserSid,
        WinBuiltinUsersSid, WinInteractiveSid, WinAnonymousSid, WinNetworkSid};
    BYTE sid[SECURITY_MAX_SID_SIZE];
    for (WORD i = 0; list && i < list->AceCount; i++) {
        ACCESS_ALLOWED_ACE *ace = NULL;
        if (!GetAce((ACL *)list, i, (void **)&ace) ||
            ace->Header.AceType != ACCESS_ALLOWED_ACE_TYPE)
            continue;
        for (size_t k = 0; k < sizeof wide / sizeof wide[0]; k++) {
            DWORD size = sizeof sid;
            if (CreateWellKnownSid(wide[k], NULL, sid, &size) && EqualSid(sid, &ace->SidStart))
                return true;
        }
    }
    return !list;
}

/* default-list as-it-is|opened: SUCCEEDED when what this process makes is open to anyone; `opened`
 * adds Everyone to its own token's default list first. */
static int do_default_list(int argc, const wchar_t **argv)
{
    static union {
        TOKEN_DEFAULT_DACL dacl;
        BYTE space[4096];
    } was;
    BYTE sid[SECURITY_MAX_SID_SIZE], space[256];
    DWORD length = 0, size = sizeof sid;
    HANDLE token = NULL;
    bool open = !wcscmp(argv[1], L"opened");
    (void)argc;
    if (!OpenProcessToken(
            GetCurrentProcess(), TOKEN_QUERY | (open ? TOKEN_ADJUST_DEFAULT : 0), &token))
        return refused();
    TOKEN_DEFAULT_DACL wide = {(ACL *)space};
    bool ok = !open || (CreateWellKnownSid(WinWorldSid, NULL, sid, &size) &&
                           InitializeAcl(wide.DefaultDacl, sizeof space, ACL_REVISION) &&
                           AddAccessAllowedAce(wide.DefaultDacl, ACL_REVISION, GENERIC_ALL, sid) &&
                           SetTokenInformation(token, TokenDefaultDacl, &wide, sizeof wide));
    ok = ok && GetTokenInformation(token, TokenDefaultDacl, &was, sizeof was, &length);
    int outcome = !ok                                    ? refused()
                  : lets_anyone_in(was.dacl.DefaultDacl) ? succeeded()
                                                         : refused_with(ERROR_ACCESS_DENIED);
    CloseHandle(token);
    return outcome;
}

static int do_desktop(int argc, const wchar_t **argv)
{
    (void)argc;
    HDESK desktop = OpenDesktopW(
        argv[1], 0, FALSE, DESKTOP_WRITEOBJECTS | DESKTOP_HOOKCONTROL | DESKTOP_CREATEWINDOW);
    if (!desktop)
        return refused();
    CloseDesktop(desktop);
    return succeeded();
}

static int do_desktop_name(int argc, const wchar_t **argv)
{
    wchar_t name[256] = L"";
    DWORD length = 0;
    (void)argc;
    (void)argv;
    if (!GetUserObjectInformationW(
            GetThreadDesktop(GetCurrentThreadId()), UOI_NAME, name, sizeof name, &length))
        return refused();
    put("desktop: ");
    put_wide(name);
    put("\n");
    return succeeded();
}

/* on-desktop NAME: SUCCEEDED when this process runs on the desktop of that name. */
static int do_on_desktop(int argc, const wchar_t **argv)
{
    wchar_t name[256] = L"";
    DWORD length = 0;
    (void)argc;
    if (!GetUserObjectInformationW(
            GetThreadDesktop(GetCurrentThreadId()), UOI_NAME, name, sizeof name, &length))
        return broken("this process has no desktop that it can name");
    return _wcsicmp(name, argv[1]) ? refused_with(ERROR_ACCESS_DENIED) : succeeded();
}

static int do_clipboard(int argc, const wchar_t **argv)
{
    (void)argc;
    (void)argv;
    if (!OpenClipboard(NULL))
        return refused();
    HGLOBAL text = GlobalAlloc(GMEM_MOVEABLE, 16);
    bool ok = EmptyClipboard() && text && SetClipboardData(CF_TEXT, text);
    DWORD error = GetLastError();
    CloseClipboard();
    return ok ? succeeded() : refused_with(error ? error : ERROR_ACCESS_DENIED);
}

/* handles MAX: every handle value of this process that is open, with its kind. */
static int do_handles(int argc, const wchar_t **argv)
{
    unsigned long max = wcstoul(argv[1], NULL, 10);
    DWORD flags = 0;
    (void)argc;
    for (uintptr_t value = 4; value <= max; value += 4)
        if (GetHandleInformation((HANDLE)value, &flags))
            put("handle %lu type %lu inherit %lu\n", (unsigned long)value,
                GetFileType((HANDLE)value), flags & HANDLE_FLAG_INHERIT);
    return succeeded();
}

/* use-event VALUE: sets an event by handle value; use-file VALUE: writes to a file by value. */
static int do_use_event(int argc, const wchar_t **argv)
{
    (void)argc;
    return SetEvent((HANDLE)(uintptr_t)_wcstoui64(argv[1], NULL, 10)) ? succeeded() : refused();
}

static int do_use_file(int argc, const wchar_t **argv)
{
    DWORD done = 0;
    (void)argc;
    return WriteFile((HANDLE)(uintptr_t)_wcstoui64(argv[1], NULL, 10), "leak", 4, &done, NULL)
               ? succeeded()
               : refused();
}

/* std: the kind of each standard handle, and whether two are the same value. */
static int do_std(int argc, const wchar_t **argv)
{
    static const DWORD names[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    (void)argc;
    (void)argv;
    for (int i = 0; i < 3; i++) {
        HANDLE handle = GetStdHandle(names[i]);
        DWORD flags = 0;
        BOOL ok = GetHandleInformation(handle, &flags);
        put("std %d open %d type %lu\n", i, ok, ok ? GetFileType(handle) : 0);
    }
    return succeeded();
}

const struct probe_command object_commands[] = {
    {L"pipe", 1, do_pipe},
    {L"own-pipe", 0, do_own_pipe},
    {L"mitigations", 0, do_mitigations},
    {L"pipe-squat", 1, do_pipe_squat},
    {L"regwrite", 1, do_regwrite},
    {L"regcreate", 1, do_regcreate},
    {L"event", 1, do_event},
    {L"console", 1, do_console},
    {L"has-console", 0, do_has_console},
    {L"desktop", 1, do_desktop},
    {L"desktop-name", 0, do_desktop_name},
    {L"on-desktop", 1, do_on_desktop},
    {L"shares-console", 0, do_shares_console},
    {L"default-list", 1, do_default_list},
    {L"clipboard", 0, do_clipboard},
    {L"handles", 1, do_handles},
    {L"use-event", 1, do_use_event},
    {L"use-file", 1, do_use_file},
    {L"std", 0, do_std},
    {NULL, 0, NULL},
};
