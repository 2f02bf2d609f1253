/*
 * Test double: desktops and window stations that keep their security descriptor.
 *
 * Wine 8 ignores the descriptor of CreateDesktopW and reads back an empty one. Here it is kept per
 * process and handle. Nothing is enforced from it. The calls without "double_" go to Wine's own
 * user32, under its new name wuser32.dll.
 */
#include <windows.h>

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
    ok = keep(object, sd);
    ReleaseSRWLockExclusive(&lock);
    return ok;
}

BOOL WINAPI double_GetUserObjectSecurity(
    HANDLE object, SECURITY_INFORMATION *what, PSECURITY_DESCRIPTOR sd, DWORD size, DWORD *needed)
{
    BOOL found = FALSE, ok = FALSE;
    unsigned i, j;

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
