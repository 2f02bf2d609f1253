/* See hardening.h. */
#include "hardening.h"
#include "acl.h"
#include "handle.h"
#include "late.h"
#include "sd.h"
#include "wstr.h"
#include "../core/buf.h"

#include <fcntl.h>
#include <io.h>
#include <stdio.h>

#define SEARCH_SYSTEM32 0x00000800u        /* LOAD_LIBRARY_SEARCH_SYSTEM32 */
#define SEARCH_MODE_SAFE_PERMANENT 0x8001u /* ENABLE_SAFE_SEARCHMODE | PERMANENT */

static bool mitigate(PROCESS_MITIGATION_POLICY policy, DWORD flags)
{
    sbx_late_fn_set_process_mitigation_policy set = sbx_late_set_process_mitigation_policy();
    sbx_late_fn_get_process_mitigation_policy get = sbx_late_get_process_mitigation_policy();
    DWORD now = 0;

    /* Every policy used here is one DWORD of flags. Read back: some platforms accept anything. */
    if (!set || !get || !set(policy, &flags, sizeof(flags)))
        return false;
    return get(GetCurrentProcess(), policy, &now, sizeof(now)) && (now & flags) == flags;
}

static unsigned harden_dll_search(void)
{
    sbx_late_fn_set_default_dll_directories set_directories =
        sbx_late_set_default_dll_directories();
    sbx_late_fn_set_search_path_mode set_search = sbx_late_set_search_path_mode();
    unsigned mask = 0;

    if (set_directories && set_directories(SEARCH_SYSTEM32))
        mask |= SBX_HARDENING_DLL_DIRECTORIES;
    if (SetDllDirectoryW(L""))
        mask |= SBX_HARDENING_NO_CWD_DLL;
    if (set_search && set_search(SEARCH_MODE_SAFE_PERMANENT))
        mask |= SBX_HARDENING_SAFE_SEARCH;
    return mask;
}

/*
 * A folder that OneDrive keeps carries a reparse point that leads nowhere. Whether a program sees
 * it is Windows's choice ("most see it", "all but those of the Windows folder do not": two of its
 * pages), so it is made here. Links stay visible.
 * https://learn.microsoft.com/windows/win32/cfapi/build-a-cloud-file-sync-engine
 */
static unsigned disguise_placeholders(void)
{
    sbx_late_fn_rtl_set_placeholder_mode set = sbx_late_rtl_set_placeholder_mode();
    sbx_late_fn_rtl_query_placeholder_mode query = sbx_late_rtl_query_placeholder_mode();
    const CHAR disguise = 1; /* PHCM_DISGUISE_PLACEHOLDER */

    if (!set || !query || set(disguise) < 0)
        return 0;
    return query() == disguise ? SBX_HARDENING_PLACEHOLDERS : 0;
}

/*
 * A caller may leave numbers of handles that it has closed. From the moment handles are checked
 * strictly the first use of one would end us, so those are forgotten before: the stream is missing.
 */
static void forget_dead_streams(void)
{
    static const DWORD streams[] = {STD_INPUT_HANDLE, STD_OUTPUT_HANDLE, STD_ERROR_HANDLE};
    size_t i;

    for (i = 0; i < countof(streams); i++) {
        HANDLE handle = GetStdHandle(streams[i]);

        if (handle && !sbx_handle_is_open(handle))
            SetStdHandle(streams[i], NULL);
    }
}

unsigned sbx_hardening_apply(void)
{
    unsigned mask = harden_dll_search();
    const DWORD extension_points = 1;   /* DisableExtensionPoints */
    const DWORD image_load = 1 | 2 | 4; /* NoRemote, NoLowMandatoryLabel, PreferSystem32 */
    const DWORD strict_handles = 1 | 2; /* RaiseException, permanently */

    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    mask |= SBX_HARDENING_ERROR_MODE;
    if (HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0))
        mask |= SBX_HARDENING_HEAP;
    if (mitigate(ProcessExtensionPointDisablePolicy, extension_points))
        mask |= SBX_HARDENING_EXTENSION_POINTS;
    if (mitigate(ProcessImageLoadPolicy, image_load))
        mask |= SBX_HARDENING_IMAGE_LOAD;
    forget_dead_streams();
    if (mitigate(ProcessStrictHandleCheckPolicy, strict_handles))
        mask |= SBX_HARDENING_STRICT_HANDLES;
    mask |= disguise_placeholders();
    /* A GUI program may have no streams; then there is nothing to translate either. */
    _setmode(0, _O_BINARY);
    if (_setmode(1, _O_BINARY) != -1 && _setmode(2, _O_BINARY) != -1)
        mask |= SBX_HARDENING_BINARY_STDIO;
    return mask;
}

void sbx_hardening_names(unsigned mask, char *text, size_t size_bytes)
{
    static const char *const names[] = {"dll-directories", "no-cwd-dll", "safe-search",
        "error-mode", "heap", "extension-points", "image-load", "strict-handles", "binary-stdio",
        "placeholders"};
    size_t i, used = 0;
    int n;

    text[0] = '\0';
    for (i = 0; i < countof(names); i++) {
        if (!(mask & (1u << i)))
            continue;
        n = snprintf(text + used, size_bytes - used, "%s%s", used ? " " : "", names[i]);
        if (n < 0 || (size_t)n >= size_bytes - used)
            return;
        used += (size_t)n;
    }
}

enum sbx_status sbx_hardening_args(
    int argc, wchar_t *const *argv_w, char ***ret_argv, struct sbx_error *err)
{
    enum sbx_status status;
    char **argv = NULL;
    int i;

    if (argc < 1)
        return sbx_fail(err, SBX_INVALID, "command line without a program name");
    status = sbx_calloc((size_t)argc + 1, sizeof(*argv), &argv, err);
    for (i = 0; i < argc && !status; i++) {
        status = sbx_wstr_to_utf8(argv_w[i], &argv[i], err);
        if (status)
            sbx_error_context(err, "argument %d", i);
    }
    if (status) {
        if (argv)
            sbx_hardening_free_args(argc, argv);
        return status;
    }
    *ret_argv = argv;
    return SBX_OK;
}

void sbx_hardening_free_args(int argc, char **argv)
{
    int i;

    if (!argv)
        return;
    for (i = 0; i < argc; i++)
        free(argv[i]);
    free(argv);
}

/*
 * Not sbx_acl_set_dacl: that one also insists on the PROTECTED bit, which matters below a folder.
 * A process has no parent that could add entries, so here the entries decide.
 */
enum sbx_status sbx_hardening_protect(HANDLE object, const struct sbx_sd_spec *spec,
    const struct sbx_sd_people *people, struct sbx_findings *findings, struct sbx_error *err)
{
    const bool protected = (spec->control & SBX_SD_DACL_PROTECTED) != 0;
    const SECURITY_INFORMATION what =
        DACL_SECURITY_INFORMATION | (protected ? PROTECTED_DACL_SECURITY_INFORMATION : 0u);
    struct sbx_descriptor wanted = {0}, seen = {0};
    enum sbx_status status;
    struct sbx_buf bytes;
    DWORD code;

    sbx_buf_init(&bytes, SBX_DESCRIPTOR_MAX_BYTES);
    status = sbx_sd_build(spec, people, &wanted, err);
    if (!status)
        status = sbx_descriptor_serialise(&wanted, &bytes, err);
    if (status)
        goto cleanup;
    if (!SetKernelObjectSecurity(object, what, (PSECURITY_DESCRIPTOR)(void *)bytes.data)) {
        code = GetLastError();
        status = sbx_fail_win32(err, code, "set the descriptor '%s'", spec->name);
        goto cleanup;
    }
    status = sbx_acl_get(object, NULL, &seen, err);
    if (status) {
        sbx_error_context(err, "read the descriptor '%s' back", spec->name);
        goto cleanup;
    }
    if (!sbx_acl_same_aces(&seen.dacl, &wanted.dacl))
        status = sbx_fail(err, SBX_UNPROVEN, "descriptor '%s': read back with other entries (%zu)",
            spec->name, seen.dacl.count);
    else if (protected && !(seen.control & SBX_SD_DACL_PROTECTED))
        sbx_findings_add(findings, "ProcessDaclProtected",
            "descriptor '%s': the PROTECTED bit is not kept", spec->name);
cleanup:
    sbx_buf_done(&bytes);
    sbx_descriptor_done(&seen);
    sbx_descriptor_done(&wanted);
    return status;
}

enum sbx_status sbx_hardening_lock_process(HANDLE process, HANDLE thread,
    const struct sbx_sid *user, struct sbx_findings *findings, struct sbx_error *err)
{
    struct sbx_sd_people people = {0};
    enum sbx_status status;

    if (user)
        people.sid[SBX_WHO_USER] = *user;
    status = sbx_hardening_protect(process, &sbx_sd_locked_process, &people, findings, err);
    if (!status && thread)
        status = sbx_hardening_protect(thread, &sbx_sd_locked_thread, &people, findings, err);
    return status;
}
