/*
 * Test double: desktops and window stations that keep their security descriptor.
 *
 * Wine 8 ignores the descriptor of CreateDesktopW and reads back an empty one. Here it is kept per
 * process and handle. The interactive window station's is one for all processes, as long as one of
 * them has it mapped; before it was set, it is what a logon makes it: the logon SID, SYSTEM and the
 * administrators. Nothing is enforced from either. The calls without "double_" go to Wine's own
 * user32, under its new name wuser32.dll.
 */
#include <windows.h>
#include <sddl.h>

__declspec(dllexport) HDESK WINAPI double_CreateDesktopW(const wchar_t *name, const wchar_t *device,
    DEVMODEW *mode, DWORD flags, ACCESS_MASK access, SECURITY_ATTRIBUTES *attributes);
__declspec(dllexport) BOOL WINAPI double_CloseDesktop(HDESK desktop);
__declspec(dllexport) BOOL WINAPI double_GetUserObjectSecurity(
    HANDLE object, SECURITY_INFORMATION *what, PSECURITY_DESCRIPTOR sd, DWORD size, DWORD *needed);
__declspec(dllexport) BOOL WINAPI double_SetUserObjectSecurity(
    HANDLE object, SECURITY_INFORMATION *what, PSECURITY_DESCRIPTOR sd);

#define OBJECTS 64

static struct {
    HANDLE object;
    BYTE *descriptor; /* self-relative */
    DWORD size;
} kept[OBJECTS];
static SRWLOCK lock = SRWLOCK_INIT;

static void forget(HANDLE object)
{
    unsigned i;

    for (i = 0; i < OBJECTS; i++) {
        if (kept[i].object == object) {
            HeapFree(GetProcessHeap(), 0, kept[i].descriptor);
            kept[i].object = NULL;
            kept[i].descriptor = NULL;
        }
    }
}

static BOOL keep(HANDLE object, PSECURITY_DESCRIPTOR sd)
{
    SECURITY_DESCRIPTOR_CONTROL control = 0;
    DWORD size = 0, revision = 0;
    BYTE *bytes;
    unsigned i;

    if (!GetSecurityDescriptorControl(sd, &control, &revision))
        return FALSE;
    if (control & SE_SELF_RELATIVE)
        size = GetSecurityDescriptorLength(sd);
    else
        MakeSelfRelativeSD(sd, NULL, &size);
    bytes = HeapAlloc(GetProcessHeap(), 0, size);
    if (!bytes)
        return FALSE;
    if (control & SE_SELF_RELATIVE) {
        for (i = 0; i < size; i++)
            bytes[i] = ((const BYTE *)sd)[i];
    } else if (!MakeSelfRelativeSD(sd, bytes, &size)) {
        HeapFree(GetProcessHeap(), 0, bytes);
        return FALSE;
    }
    forget(object);
    for (i = 0; i < OBJECTS; i++) {
        if (!kept[i].object) {
            kept[i].object = object;
            kept[i].descriptor = bytes;
            kept[i].size = size;
            return TRUE;
        }
    }
    HeapFree(GetProcessHeap(), 0, bytes);
    return FALSE;
}

#define STATION_BYTES 65536u

struct station {
    DWORD size; /* 0: never set */
    BYTE descriptor[STATION_BYTES];
};

static struct station *shared_station(void)
{
    static struct station *station;
    HANDLE section;

    if (station)
        return station;
    section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
        sizeof(struct station), L"Local\\__wine_ntwine_station");
    if (section)
        station = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, sizeof(struct station));
    return station; /* the section stays open as long as the process */
}

static BOOL is_station(HANDLE object)
{
    wchar_t type[32] = L"";
    DWORD needed;

    return GetUserObjectInformationW(object, UOI_TYPE, type, sizeof(type), &needed) &&
           !lstrcmpW(type, L"WindowStation");
}

/* Self-relative, LocalFree. */
static PSECURITY_DESCRIPTOR first_station_sd(DWORD *size)
{
    BYTE buffer[8192];
    TOKEN_GROUPS *groups = (TOKEN_GROUPS *)buffer;
    wchar_t text[256], *logon = NULL;
    PSECURITY_DESCRIPTOR sd = NULL;
    HANDLE token = NULL;
    DWORD used = 0, i;

    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token) &&
        GetTokenInformation(token, TokenGroups, buffer, sizeof(buffer), &used))
        for (i = 0; i < groups->GroupCount; i++)
            if ((groups->Groups[i].Attributes & SE_GROUP_LOGON_ID) == SE_GROUP_LOGON_ID)
                ConvertSidToStringSidW(groups->Groups[i].Sid, &logon);
    CloseHandle(token);
    wsprintfW(text, L"D:(A;;0xf037f;;;%s)(A;;0xf037f;;;SY)(A;;0xf037f;;;BA)", logon ? logon : L"WD");
    ConvertStringSecurityDescriptorToSecurityDescriptorW(text, SDDL_REVISION_1, &sd, size);
    LocalFree(logon);
    return sd;
}

static BOOL station_sd(PSECURITY_DESCRIPTOR sd, DWORD size, DWORD *needed)
{
    struct station *station = shared_station();
    PSECURITY_DESCRIPTOR first = NULL;
    const BYTE *bytes;
    DWORD i;

    if (station && station->size) {
        *needed = station->size;
        bytes = station->descriptor;
    } else {
        bytes = first = first_station_sd(needed);
    }
    if (!bytes)
        return FALSE;
    for (i = 0; i < *needed && size >= *needed; i++)
        ((BYTE *)sd)[i] = bytes[i];
    LocalFree(first);
    SetLastError(size >= *needed ? ERROR_SUCCESS : ERROR_INSUFFICIENT_BUFFER);
    return size >= *needed;
}

static BOOL set_station_sd(PSECURITY_DESCRIPTOR sd)
{
    struct station *station = shared_station();
    DWORD size = GetSecurityDescriptorLength(sd), i;

    if (!station || size > STATION_BYTES) {
        SetLastError(ERROR_ACCESS_DENIED);
        return FALSE;
    }
    for (i = 0; i < size; i++)
        station->descriptor[i] = ((const BYTE *)sd)[i];
    station->size = size;
    return TRUE;
}

HDESK WINAPI double_CreateDesktopW(const wchar_t *name, const wchar_t *device, DEVMODEW *mode,
    DWORD flags, ACCESS_MASK access, SECURITY_ATTRIBUTES *attributes)
{
    HDESK desktop = CreateDesktopW(name, device, mode, flags, access, attributes);

    if (desktop && attributes && attributes->lpSecurityDescriptor) {
        AcquireSRWLockExclusive(&lock);
        keep(desktop, attributes->lpSecurityDescriptor);
        ReleaseSRWLockExclusive(&lock);
    }
    return desktop;
}

BOOL WINAPI double_CloseDesktop(HDESK desktop)
{
    AcquireSRWLockExclusive(&lock);
    forget(desktop);
    ReleaseSRWLockExclusive(&lock);
    return CloseDesktop(desktop);
}

BOOL WINAPI double_SetUserObjectSecurity(
    HANDLE object, SECURITY_INFORMATION *what, PSECURITY_DESCRIPTOR sd)
{
    BOOL ok;

    if (!(*what & DACL_SECURITY_INFORMATION)) {
        SetLastError(ERROR_NOT_SUPPORTED);
        return FALSE;
    }
    AcquireSRWLockExclusive(&lock);
    ok = is_station(object) ? set_station_sd(sd) : keep(object, sd);
    ReleaseSRWLockExclusive(&lock);
    return ok;
}

BOOL WINAPI double_GetUserObjectSecurity(
    HANDLE object, SECURITY_INFORMATION *what, PSECURITY_DESCRIPTOR sd, DWORD size, DWORD *needed)
{
    BOOL found = FALSE, ok = FALSE;
    unsigned i, j;

    if (is_station(object))
        return station_sd(sd, size, needed);
    AcquireSRWLockExclusive(&lock);
    for (i = 0; i < OBJECTS && !found; i++) {
        if (kept[i].object != object)
            continue;
        found = TRUE;
        *needed = kept[i].size;
        ok = size >= kept[i].size;
        for (j = 0; ok && j < kept[i].size; j++)
            ((BYTE *)sd)[j] = kept[i].descriptor[j];
    }
    ReleaseSRWLockExclusive(&lock);
    if (!found)
        return GetUserObjectSecurity(object, what, sd, size, needed);
    if (!ok)
        SetLastError(ERROR_INSUFFICIENT_BUFFER);
    return ok;
}
