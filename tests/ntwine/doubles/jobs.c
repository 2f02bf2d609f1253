/*
 * Test double: job limits that read back.
 *
 * Part of the advapi32 double, which every program of this project loads.
 *
 * Wine 8 accepts the limits of a job, keeps the flags it understands and answers every query with
 * zeros. Here what was set is kept per process and handle and given back, as Windows does. Nothing
 * more is enforced than Wine enforces: kill on close and breakaway. The README says so.
 */
#include <windows.h>
#include <winternl.h>

typedef NTSTATUS(WINAPI *set_job)(HANDLE job, JOBOBJECTINFOCLASS what, void *info, ULONG size);
typedef NTSTATUS(WINAPI *query_job)(
    HANDLE job, JOBOBJECTINFOCLASS what, void *info, ULONG size, ULONG *needed);

static set_job wine_set;
static query_job wine_query;

#define JOBS 64
#define CPU_RATE_CLASS 15

struct cpu_rate {
    DWORD flags, value;
};

struct kept {
    HANDLE job;
    JOBOBJECT_EXTENDED_LIMIT_INFORMATION limits;
    DWORD ui;
    struct cpu_rate cpu;
    BOOL has_limits, has_ui, has_cpu;
};

static struct kept kept[JOBS];
static SRWLOCK lock = SRWLOCK_INIT;

/* Handles are reused after a close: a set on a new job overwrites what an old one left. */
static struct kept *find(HANDLE job, BOOL make)
{
    unsigned i;

    for (i = 0; i < JOBS; i++)
        if (kept[i].job == job)
            return &kept[i];
    for (i = 0; make && i < JOBS; i++) {
        if (!kept[i].job) {
            kept[i].job = job;
            return &kept[i];
        }
    }
    return NULL;
}

static void copy(void *to, const void *from, DWORD size)
{
    volatile BYTE *out = to;
    const BYTE *in = from;

    while (size--)
        *out++ = *in++;
}

static NTSTATUS WINAPI hooked_set(HANDLE job, JOBOBJECTINFOCLASS what, void *info, ULONG size)
{
    BOOL ours = (int)what == CPU_RATE_CLASS || what == JobObjectBasicUIRestrictions;
    NTSTATUS status = ours ? (size >= sizeof(DWORD) ? 0 : (NTSTATUS)0xC0000004)
                           : wine_set(job, what, info, size);
    struct kept *entry;

    if (status < 0)
        return status;
    AcquireSRWLockExclusive(&lock);
    entry = find(job, TRUE);
    if (entry && what == JobObjectExtendedLimitInformation && size == sizeof(entry->limits)) {
        copy(&entry->limits, info, size);
        entry->has_limits = TRUE;
    } else if (entry && what == JobObjectBasicLimitInformation &&
        size == sizeof(entry->limits.BasicLimitInformation)) {
        copy(&entry->limits.BasicLimitInformation, info, size);
        entry->has_limits = TRUE;
    } else if (entry && what == JobObjectBasicUIRestrictions) {
        copy(&entry->ui, info, sizeof(entry->ui));
        entry->has_ui = TRUE;
    } else if (entry && (int)what == CPU_RATE_CLASS && size == sizeof(entry->cpu)) {
        copy(&entry->cpu, info, size);
        entry->has_cpu = TRUE;
    }
    ReleaseSRWLockExclusive(&lock);
    return status;
}

static BOOL answer(const struct kept *entry, JOBOBJECTINFOCLASS what, void *info, DWORD size)
{
    if (what == JobObjectExtendedLimitInformation && entry->has_limits &&
        size == sizeof(entry->limits)) {
        /* Wine's own numbers for what was used stay; only the limits are ours. */
        JOBOBJECT_EXTENDED_LIMIT_INFORMATION *out = info;

        copy(&out->BasicLimitInformation, &entry->limits.BasicLimitInformation,
            sizeof(out->BasicLimitInformation));
        out->ProcessMemoryLimit = entry->limits.ProcessMemoryLimit;
        out->JobMemoryLimit = entry->limits.JobMemoryLimit;
        return TRUE;
    }
    if (what == JobObjectBasicLimitInformation && entry->has_limits &&
        size == sizeof(entry->limits.BasicLimitInformation)) {
        copy(info, &entry->limits.BasicLimitInformation, size);
        return TRUE;
    }
    if (what == JobObjectBasicUIRestrictions && entry->has_ui && size >= sizeof(entry->ui)) {
        copy(info, &entry->ui, sizeof(entry->ui));
        return TRUE;
    }
    if ((int)what == CPU_RATE_CLASS && entry->has_cpu && size == sizeof(entry->cpu)) {
        copy(info, &entry->cpu, size);
        return TRUE;
    }
    return FALSE;
}

static NTSTATUS WINAPI hooked_query(
    HANDLE job, JOBOBJECTINFOCLASS what, void *info, ULONG size, ULONG *needed)
{
    NTSTATUS status = wine_query(job, what, info, size, needed);
    const struct kept *entry;

    AcquireSRWLockExclusive(&lock);
    entry = job ? find(job, FALSE) : NULL;
    if (entry && answer(entry, what, info, size)) {
        if (needed)
            *needed = size;
        status = 0;
    }
    ReleaseSRWLockExclusive(&lock);
    return status;
}

static BOOL same_name(const char *a, const char *b)
{
    while (*a && *a == *b) {
        a++;
        b++;
    }
    return *a == *b;
}

void hook(HMODULE module, const char *name, void *ours, void **ret_theirs);

/* kernel32 calls ntdll through its import table: put ours there. births.c does so, too. */
void hook(HMODULE module, const char *name, void *ours, void **ret_theirs)
{
    BYTE *base = (BYTE *)module;
    IMAGE_NT_HEADERS *nt = (void *)(base + ((IMAGE_DOS_HEADER *)base)->e_lfanew);
    DWORD offset = nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress;
    IMAGE_IMPORT_DESCRIPTOR *import;

    for (import = (void *)(base + offset); import->Name; import++) {
        IMAGE_THUNK_DATA *names = (void *)(base + import->OriginalFirstThunk);
        IMAGE_THUNK_DATA *calls = (void *)(base + import->FirstThunk);

        for (; names->u1.AddressOfData; names++, calls++) {
            IMAGE_IMPORT_BY_NAME *entry = (void *)(base + names->u1.AddressOfData);
            DWORD old;

            if (IMAGE_SNAP_BY_ORDINAL(names->u1.Ordinal) || !same_name((char *)entry->Name, name))
                continue;
            *ret_theirs = (void *)calls->u1.Function;
            if (VirtualProtect(&calls->u1.Function, sizeof(void *), PAGE_READWRITE, &old)) {
                calls->u1.Function = (ULONG_PTR)ours;
                VirtualProtect(&calls->u1.Function, sizeof(void *), old, &old);
            }
            return;
        }
    }
}

/* The export by which shared/win/platform.c names this platform in results. */
BOOL WINAPI double_NtwineIsAModel(void);

BOOL WINAPI double_NtwineIsAModel(void)
{
    return TRUE;
}

void install_runas(void);  /* runas.c */
void install_births(void); /* births.c */

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved);

BOOL WINAPI DllMain(HINSTANCE instance, DWORD reason, void *reserved)
{
    HMODULE kernel32 = GetModuleHandleW(L"kernel32.dll");

    (void)instance, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH && kernel32) {
        hook(kernel32, "NtSetInformationJobObject", (void *)hooked_set, (void **)&wine_set);
        hook(kernel32, "NtQueryInformationJobObject", (void *)hooked_query, (void **)&wine_query);
        install_runas();
        install_births();
    }
    return TRUE;
}
