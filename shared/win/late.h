/*
 * The one file that looks up functions at run time.
 *
 * The import tables stay at Vista level so that every program starts, and can say what is missing,
 * on every kernel. Whatever is newer, or lives in a DLL that most runs do not need, is found here,
 * only in DLLs of the System32 directory, loaded by absolute path.
 *
 *     sbx_late_fn_set_process_mitigation_policy fn = sbx_late_set_process_mitigation_policy();
 *     if (!fn)
 *         return sbx_late_missing(SBX_LATE_set_process_mitigation_policy, err);
 *
 * A resolved address proves only that the name is exported: some platforms export stubs. What the
 * function did is proved by reading back.
 *
 * @see https://learn.microsoft.com/windows/win32/dlls/dynamic-link-library-security
 */
#ifndef SBX_LATE_H
#define SBX_LATE_H

#include "win.h"
#include "../core/error.h"

/* X(our name, DLL, exported name, result type, parameters) */
#define SBX_LATE_LIST(X)                                                                           \
    X(set_default_dll_directories, KERNEL32, "SetDefaultDllDirectories", BOOL, (DWORD flags))      \
    X(set_search_path_mode, KERNEL32, "SetSearchPathMode", BOOL, (DWORD flags))                    \
    X(set_process_mitigation_policy, KERNEL32, "SetProcessMitigationPolicy", BOOL,                 \
        (PROCESS_MITIGATION_POLICY policy, PVOID buffer, SIZE_T size_bytes))                       \
    X(get_process_mitigation_policy, KERNEL32, "GetProcessMitigationPolicy", BOOL,                 \
        (HANDLE process, PROCESS_MITIGATION_POLICY policy, PVOID buffer, SIZE_T size_bytes))       \
    X(compare_object_handles, KERNELBASE, "CompareObjectHandles", BOOL, (HANDLE a, HANDLE b))      \
    X(get_named_pipe_client_process_id, KERNEL32, "GetNamedPipeClientProcessId", BOOL,             \
        (HANDLE pipe, PULONG ret_pid))                                                             \
    X(get_named_pipe_server_process_id, KERNEL32, "GetNamedPipeServerProcessId", BOOL,             \
        (HANDLE pipe, PULONG ret_pid))                                                             \
    X(create_pseudo_console, KERNEL32, "CreatePseudoConsole", HRESULT,                             \
        (COORD size, HANDLE in, HANDLE out, DWORD flags, void **ret_console))                      \
    X(resize_pseudo_console, KERNEL32, "ResizePseudoConsole", HRESULT,                             \
        (void *console, COORD size))                                                               \
    X(close_pseudo_console, KERNEL32, "ClosePseudoConsole", void, (void *console))                 \
    X(rtl_get_version, NTDLL, "RtlGetVersion", LONG, (OSVERSIONINFOW * ret_version))               \
    X(rtl_set_placeholder_mode, NTDLL, "RtlSetProcessPlaceholderCompatibilityMode", CHAR,          \
        (CHAR mode))                                                                               \
    X(rtl_query_placeholder_mode, NTDLL, "RtlQueryProcessPlaceholderCompatibilityMode", CHAR,      \
        (void))                                                                                    \
    X(nt_open_directory_object, NTDLL, "NtOpenDirectoryObject", LONG,                              \
        (HANDLE * ret_directory, ACCESS_MASK access, void *attributes))                            \
    X(wine_get_version, NTDLL, "wine_get_version", const char *, (void))                           \
    X(bcrypt_gen_random, BCRYPT, "BCryptGenRandom", LONG,                                          \
        (void *algorithm, UCHAR *bytes, ULONG size_bytes, ULONG flags))                            \
    X(rtl_gen_random, ADVAPI32, "SystemFunction036", BOOLEAN, (PVOID bytes, ULONG size_bytes))     \
    X(co_initialize_ex, OLE32, "CoInitializeEx", HRESULT, (void *reserved, DWORD model))           \
    X(co_uninitialize, OLE32, "CoUninitialize", void, (void))                                      \
    X(create_environment_block, USERENV, "CreateEnvironmentBlock", BOOL,                           \
        (void **ret_block, HANDLE token, BOOL inherit))                                            \
    X(destroy_environment_block, USERENV, "DestroyEnvironmentBlock", BOOL, (void *block))          \
    X(net_user_modals_get, NETAPI32, "NetUserModalsGet", DWORD,                                    \
        (LPCWSTR server, DWORD level, LPBYTE * ret_buffer))                                        \
    X(net_api_buffer_free, NETAPI32, "NetApiBufferFree", DWORD, (LPVOID buffer))                   \
    X(create_desktop, USER32, "CreateDesktopW", HDESK,                                             \
        (LPCWSTR name, LPCWSTR device, DEVMODEW * mode, DWORD flags, ACCESS_MASK access,           \
            LPSECURITY_ATTRIBUTES attributes))                                                     \
    X(open_desktop, USER32, "OpenDesktopW", HDESK,                                                 \
        (LPCWSTR name, DWORD flags, BOOL inherit, ACCESS_MASK access))                             \
    X(close_desktop, USER32, "CloseDesktop", BOOL, (HDESK desktop))                                \
    X(get_thread_desktop, USER32, "GetThreadDesktop", HDESK, (DWORD thread_id))                    \
    X(get_process_window_station, USER32, "GetProcessWindowStation", HWINSTA, (void))              \
    X(open_window_station, USER32, "OpenWindowStationW", HWINSTA,                                  \
        (LPCWSTR name, BOOL inherit, ACCESS_MASK access))                                          \
    X(close_window_station, USER32, "CloseWindowStation", BOOL, (HWINSTA station))                 \
    X(get_user_object_information, USER32, "GetUserObjectInformationW", BOOL,                      \
        (HANDLE object, int index, PVOID info, DWORD size_bytes, LPDWORD ret_needed))              \
    X(get_user_object_security, USER32, "GetUserObjectSecurity", BOOL,                             \
        (HANDLE object, PSECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor,               \
            DWORD size_bytes, LPDWORD ret_needed))                                                 \
    X(set_user_object_security, USER32, "SetUserObjectSecurity", BOOL,                             \
        (HANDLE object, PSECURITY_INFORMATION what, PSECURITY_DESCRIPTOR descriptor))

#define SBX_LATE_ENUM(name, dll, symbol, result, params) SBX_LATE_##name,
#define SBX_LATE_DECLARE(name, dll, symbol, result, params)                                        \
    typedef result(WINAPI *sbx_late_fn_##name) params;                                             \
    sbx_late_fn_##name sbx_late_##name(void);

enum sbx_late_id { SBX_LATE_LIST(SBX_LATE_ENUM) SBX_LATE_COUNT };

/* Typed accessors: NULL when DLL or function do not exist here. Looked up once; thread-safe. */
SBX_LATE_LIST(SBX_LATE_DECLARE)

/**
 * The error for a function that is needed and missing: names function and DLL.
 * @return SBX_UNSUPPORTED, always
 */
enum sbx_status sbx_late_missing(enum sbx_late_id id, struct sbx_error *err);

/**
 * Version text of Wine ("8.0"), or NULL on anything else.
 *
 * For two uses only: to accept `--wine-unconfined`, and to name the platform in results. It never
 * takes part in a decision that grants something: whoever wants to look like Wine only gets a
 * sandbox that says `"confined": false`.
 */
const char *sbx_late_wine_version(void);

/* What the kernel says it is, whatever the manifest says. */
struct sbx_kernel_version {
    uint32_t major; /* 10 for Windows 10 and 11; 5 = no integrity levels */
    uint32_t minor;
    uint32_t build;
};

/**
 * Version of the running kernel.
 * @return SBX_UNSUPPORTED without RtlGetVersion
 * @see https://learn.microsoft.com/windows/win32/devnotes/rtlgetversion
 */
SBX_MUST_CHECK enum sbx_status sbx_late_kernel_version(
    struct sbx_kernel_version *ret_version, struct sbx_error *err);

#endif
