/* See sessionnames.h. */
#include "sessionnames.h"
#include "acl.h"
#include "handle.h"
#include "late.h"
#include "random.h"
#include "token.h"

#include <stdio.h>
#include <wchar.h>
#include <winternl.h>

#define MUTEX_MS 10000u
#define PATH_CCH 64u
#define NAME_CCH 64u
#define END_CODE 125u
/* DIRECTORY_QUERY, TRAVERSE, CREATE_OBJECT, CREATE_SUBDIRECTORY: one of them less, and a program
 * cannot open the directory at all. Neither DELETE nor a change of the list. */
#define DIRECTORY_USE 0x000Fu
#define NT_ACCESS_DENIED 0xC0000022u

/* --- the directory ----------------------------------------------------------------------------
 */

/* @return false in session 0, whose directory is everybody's */
static bool session_path(wchar_t path_w[PATH_CCH])
{
    DWORD session = 0;

    if (!ProcessIdToSessionId(GetCurrentProcessId(), &session) || !session)
        return false;
    return swprintf(path_w, PATH_CCH, L"\\Sessions\\%lu\\BaseNamedObjects", session) > 0;
}

/* Under whatever identity the thread has. @return an NTSTATUS */
static LONG open_path(const wchar_t *path_w, ACCESS_MASK access, HANDLE *ret_directory)
{
    sbx_late_fn_nt_open_directory_object open = sbx_late_nt_open_directory_object();
    OBJECT_ATTRIBUTES attributes;
    UNICODE_STRING name;

    name.Buffer = (wchar_t *)(uintptr_t)path_w; /* only read */
    name.Length = (USHORT)(wcslen(path_w) * sizeof(wchar_t));
    name.MaximumLength = name.Length;
    InitializeObjectAttributes(&attributes, &name, 0, NULL, NULL);
    return open ? open(ret_directory, access, &attributes) : (LONG)0xC0000002u;
}

static enum sbx_status open_directory(HANDLE *ret_directory, struct sbx_error *err)
{
    wchar_t path_w[PATH_CCH] = {0};
    LONG nt;

    if (!sbx_late_nt_open_directory_object())
        return sbx_late_missing(SBX_LATE_nt_open_directory_object, err);
    if (!session_path(path_w))
        return sbx_fail(err, SBX_UNSUPPORTED, "session 0 has no names of its own");
    nt = open_path(path_w, READ_CONTROL | WRITE_DAC, ret_directory);
    return nt < 0 ? sbx_fail_nt(err, (uint32_t)nt, "open the session's named objects") : SBX_OK;
}

/* --- granting ---------------------------------------------------------------------------------
 */

static struct sbx_ace entry_for(const struct sbx_sid *sid)
{
    return sbx_ace_make(SBX_ACE_ALLOW, 0, DIRECTORY_USE, sid);
}

/* One more entry for each, even where an equal one stands: each run takes away its own. */
static enum sbx_status add(HANDLE directory, const struct sbx_sid *sids, size_t count,
    struct sbx_names_grant *grant, struct sbx_error *err)
{
    struct sbx_descriptor list = {0};
    enum sbx_status status = sbx_acl_get(directory, NULL, &list, err);
    size_t i;

    if (status || list.dacl.kind != SBX_ACL_LIST) /* without a list it is open to everybody */
        goto cleanup;
    for (i = 0; i < count && !status; i++) {
        struct sbx_ace ace = entry_for(&sids[i]);

        status = sbx_acl_insert(&list.dacl, list.dacl.count, &ace, err);
    }
    if (status)
        goto cleanup;
    for (i = 0; i < count; i++)
        grant->sids[grant->count++] = sids[i];
    status = sbx_acl_set_dacl(directory, &list, NULL, err);
cleanup:
    sbx_descriptor_done(&list);
    return status;
}

static enum sbx_status take(
    HANDLE directory, const struct sbx_names_grant *grant, struct sbx_error *err)
{
    struct sbx_descriptor list = {0};
    enum sbx_status status = sbx_acl_get(directory, NULL, &list, err);
    size_t i, removed = 0;

    for (i = 0; i < grant->count && !status; i++) {
        struct sbx_ace ace = entry_for(&grant->sids[i]);

        removed += sbx_acl_remove_first(&list.dacl, &ace);
    }
    if (!status && removed)
        status = sbx_acl_set_dacl(directory, &list, NULL, err);
    sbx_descriptor_done(&list);
    return status;
}

/* Read, change, write: two at once would lose one. */
static enum sbx_status lock(HANDLE *ret_mutex, struct sbx_error *err)
{
    HANDLE mutex = CreateMutexW(NULL, FALSE, L"Local\\AgentSandbox-names");
    DWORD code = GetLastError(), result;

    if (!mutex)
        return sbx_fail_win32(err, code, "lock the list of the session's named objects");
    result = WaitForSingleObject(mutex, MUTEX_MS);
    if (result == WAIT_OBJECT_0 || result == WAIT_ABANDONED) {
        *ret_mutex = mutex;
        return SBX_OK;
    }
    sbx_handle_close(&mutex);
    return sbx_fail(
        err, SBX_TIMEOUT, "the list of the session's named objects is being changed by another");
}

static void unlock(HANDLE *mutex)
{
    if (*mutex)
        ReleaseMutex(*mutex);
    sbx_handle_close(mutex);
}

enum sbx_status sbx_names_grant(const struct sbx_sid *sids, size_t count,
    struct sbx_names_grant *ret_grant, struct sbx_error *err)
{
    HANDLE directory = NULL, mutex = NULL;
    enum sbx_status status;

    ret_grant->count = 0;
    if (count > SBX_NAMES_GRANTS_MAX)
        return sbx_fail(err, SBX_INTERNAL, "%zu grants on the session's named objects", count);
    status = open_directory(&directory, err);
    if (!status)
        status = lock(&mutex, err);
    if (!status)
        status = add(directory, sids, count, ret_grant, err);
    if (status && ret_grant->count && !take(directory, ret_grant, NULL))
        ret_grant->count = 0;
    sbx_handle_close(&directory);
    unlock(&mutex);
    return status;
}

void sbx_names_revoke(struct sbx_names_grant *grant)
{
    HANDLE directory = NULL, mutex = NULL;

    if (!grant || !grant->count)
        return;
    if (!lock(&mutex, NULL) && !open_directory(&directory, NULL) && !take(directory, grant, NULL))
        grant->count = 0;
    sbx_handle_close(&directory);
    unlock(&mutex);
}

/* --- trying ------------------------------------------------------------------------------------
 */

static HANDLE make_event(const wchar_t *name_w)
{
    return CreateEventW(NULL, TRUE, FALSE, name_w);
}

static HANDLE open_event(const wchar_t *name_w)
{
    return OpenEventW(SYNCHRONIZE | EVENT_MODIFY_STATE, FALSE, name_w);
}

static HANDLE make_mutex(const wchar_t *name_w)
{
    return CreateMutexW(NULL, FALSE, name_w);
}

static HANDLE open_mutex(const wchar_t *name_w)
{
    return OpenMutexW(SYNCHRONIZE | MUTEX_MODIFY_STATE, FALSE, name_w);
}

static HANDLE make_section(const wchar_t *name_w)
{
    return CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4096, name_w);
}

static HANDLE open_section(const wchar_t *name_w)
{
    return OpenFileMappingW(FILE_MAP_READ | FILE_MAP_WRITE, FALSE, name_w);
}

static enum sbx_named_objects answer_for(DWORD code)
{
    return code == ERROR_ACCESS_DENIED ? SBX_NAMED_UNAVAILABLE : SBX_NAMED_UNKNOWN;
}

/* One of each kind. What is made gets the token's own default list, as the child's would. */
static enum sbx_named_objects try_objects(const wchar_t *stem_w)
{
    static const struct {
        HANDLE (*make)(const wchar_t *name_w);
        HANDLE (*open)(const wchar_t *name_w);
    } kinds[] = {{make_event, open_event}, {make_mutex, open_mutex}, {make_section, open_section}};
    enum sbx_named_objects answer = SBX_NAMED_AVAILABLE;
    size_t i;

    for (i = 0; i < countof(kinds) && answer == SBX_NAMED_AVAILABLE; i++) {
        wchar_t name_w[NAME_CCH] = {0};
        HANDLE made, opened = NULL;
        DWORD code;

        swprintf(name_w, NAME_CCH, L"%ls-%u", stem_w, (unsigned)i);
        made = kinds[i].make(name_w);
        code = GetLastError();
        if (made && code != ERROR_ALREADY_EXISTS) {
            opened = kinds[i].open(name_w);
            code = GetLastError();
        }
        if (!opened)
            answer = answer_for(code);
        sbx_handle_close(&opened);
        sbx_handle_close(&made);
    }
    return answer;
}

/*
 * Below the directory NT keeps one for restricted tokens, and a program to which the directory
 * itself is closed may get that one for its names. Nothing documents when, and this thread, whose
 * process has its directory already, cannot try it: so where it is open, nobody knows.
 */
static enum sbx_named_objects refused(const wchar_t *path_w)
{
    wchar_t below_w[PATH_CCH] = {0};
    HANDLE directory = NULL;
    LONG nt;

    if (swprintf(below_w, PATH_CCH, L"%ls\\Restricted", path_w) < 0)
        return SBX_NAMED_UNKNOWN;
    nt = open_path(below_w, DIRECTORY_USE, &directory);
    sbx_handle_close(&directory);
    return nt < 0 ? SBX_NAMED_UNAVAILABLE : SBX_NAMED_UNKNOWN;
}

static enum sbx_named_objects try_all(const wchar_t *path_w, const wchar_t *stem_w)
{
    HANDLE directory = NULL;
    LONG nt = path_w[0] ? open_path(path_w, DIRECTORY_USE, &directory) : 0;

    sbx_handle_close(&directory);
    if ((uint32_t)nt == NT_ACCESS_DENIED)
        return refused(path_w);
    return nt < 0 ? SBX_NAMED_UNKNOWN : try_objects(stem_w);
}

enum sbx_named_objects sbx_names_try(HANDLE token)
{
    wchar_t path_w[PATH_CCH] = {0}, stem_w[NAME_CCH - 8] = {0};
    enum sbx_named_objects answer = SBX_NAMED_UNKNOWN;
    uint32_t random[3] = {0};
    HANDLE copy = NULL;

    (void)session_path(path_w); /* session 0: the objects alone */
    if (sbx_random_bytes((uint8_t *)random, sizeof(random), NULL) ||
        sbx_token_duplicate(token, false, TOKEN_IMPERSONATE | TOKEN_QUERY, &copy, NULL))
        return SBX_NAMED_UNKNOWN;
    swprintf(stem_w, countof(stem_w), L"Local\\AgentSandbox-%08lx%08lx%08lx",
        (unsigned long)random[0], (unsigned long)random[1], (unsigned long)random[2]);
    if (SetThreadToken(NULL, copy)) {
        answer = try_all(path_w, stem_w);
        /* Nothing else may ever happen on this thread under that token. */
        if (!SetThreadToken(NULL, NULL))
            TerminateProcess(GetCurrentProcess(), END_CODE);
    }
    sbx_handle_close(&copy);
    return answer;
}
