/*
 * As late.h, for the network: functions of fwpuclnt.dll (the filtering platform), oleaut32.dll
 * (strings of COM) and ws2_32.dll (sockets), which only setup and the fence probe need. A file of
 * its own, so that the other programs carry none of it.
 *
 * Structures of the filtering platform are void pointers here; wfp.c, the only caller, includes
 * their header. What a resolved address proves, late.h says.
 */
#ifndef SBX_LATENET_H
#define SBX_LATENET_H

#include "win.h"
#include "../core/error.h"

/* X(our name, DLL, exported name, result type, parameters) */
#define SBX_LATENET_LIST(X)                                                                        \
    X(engine_open, FWPUCLNT, "FwpmEngineOpen0", DWORD,                                             \
        (const wchar_t *server_w, UINT32 authn, void *identity, const void *session,               \
            HANDLE *ret_engine))                                                                   \
    X(engine_close, FWPUCLNT, "FwpmEngineClose0", DWORD, (HANDLE engine))                          \
    X(txn_begin, FWPUCLNT, "FwpmTransactionBegin0", DWORD, (HANDLE engine, UINT32 flags))          \
    X(txn_commit, FWPUCLNT, "FwpmTransactionCommit0", DWORD, (HANDLE engine))                      \
    X(txn_abort, FWPUCLNT, "FwpmTransactionAbort0", DWORD, (HANDLE engine))                        \
    X(fwp_free, FWPUCLNT, "FwpmFreeMemory0", void, (void **memory))                                \
    X(provider_add, FWPUCLNT, "FwpmProviderAdd0", DWORD,                                           \
        (HANDLE engine, const void *provider, PSECURITY_DESCRIPTOR descriptor))                    \
    X(provider_get, FWPUCLNT, "FwpmProviderGetByKey0", DWORD,                                      \
        (HANDLE engine, const GUID *key, void **ret_provider))                                     \
    X(provider_delete, FWPUCLNT, "FwpmProviderDeleteByKey0", DWORD,                                \
        (HANDLE engine, const GUID *key))                                                          \
    X(sublayer_add, FWPUCLNT, "FwpmSubLayerAdd0", DWORD,                                           \
        (HANDLE engine, const void *sublayer, PSECURITY_DESCRIPTOR descriptor))                    \
    X(sublayer_get, FWPUCLNT, "FwpmSubLayerGetByKey0", DWORD,                                      \
        (HANDLE engine, const GUID *key, void **ret_sublayer))                                     \
    X(sublayer_delete, FWPUCLNT, "FwpmSubLayerDeleteByKey0", DWORD,                                \
        (HANDLE engine, const GUID *key))                                                          \
    X(filter_add, FWPUCLNT, "FwpmFilterAdd0", DWORD,                                               \
        (HANDLE engine, const void *filter, PSECURITY_DESCRIPTOR descriptor, UINT64 *ret_id))      \
    X(filter_get, FWPUCLNT, "FwpmFilterGetByKey0", DWORD,                                          \
        (HANDLE engine, const GUID *key, void **ret_filter))                                       \
    X(filter_delete, FWPUCLNT, "FwpmFilterDeleteByKey0", DWORD, (HANDLE engine, const GUID *key))  \
    X(enum_open, FWPUCLNT, "FwpmFilterCreateEnumHandle0", DWORD,                                   \
        (HANDLE engine, const void *pattern, HANDLE *ret_enum))                                    \
    X(enum_next, FWPUCLNT, "FwpmFilterEnum0", DWORD,                                               \
        (HANDLE engine, HANDLE enumeration, UINT32 wanted, void ***ret_filters,                    \
            UINT32 *ret_count))                                                                    \
    X(enum_close, FWPUCLNT, "FwpmFilterDestroyEnumHandle0", DWORD,                                 \
        (HANDLE engine, HANDLE enumeration))                                                       \
    X(bstr_new, OLEAUT32, "SysAllocString", wchar_t *, (const wchar_t *text_w))                    \
    X(bstr_free, OLEAUT32, "SysFreeString", void, (wchar_t * bstr))                                \
    X(wsa_startup, WS2_32, "WSAStartup", int, (WORD version, WSADATA * ret_data))                  \
    X(wsa_error, WS2_32, "WSAGetLastError", int, (void))                                           \
    X(socket, WS2_32, "socket", SOCKET, (int family, int type, int protocol))                      \
    X(close_socket, WS2_32, "closesocket", int, (SOCKET socket))                                   \
    X(bind, WS2_32, "bind", int, (SOCKET socket, const struct sockaddr *name, int length))         \
    X(listen, WS2_32, "listen", int, (SOCKET socket, int backlog))                                 \
    X(connect, WS2_32, "connect", int, (SOCKET socket, const struct sockaddr *name, int length))   \
    X(send_to, WS2_32, "sendto", int,                                                              \
        (SOCKET socket, const char *bytes, int length, int flags, const struct sockaddr *to,       \
            int to_length))                                                                        \
    X(socket_name, WS2_32, "getsockname", int,                                                     \
        (SOCKET socket, struct sockaddr * ret_name, int *length))                                  \
    X(set_option, WS2_32, "setsockopt", int,                                                       \
        (SOCKET socket, int level, int option, const char *value, int length))

#define SBX_LATENET_ENUM(name, dll, symbol, result, params) SBX_LATENET_##name,
#define SBX_LATENET_DECLARE(name, dll, symbol, result, params)                                     \
    typedef result(WINAPI *sbx_latenet_fn_##name) params;                                          \
    sbx_latenet_fn_##name sbx_latenet_##name(void);

enum sbx_latenet_id { SBX_LATENET_LIST(SBX_LATENET_ENUM) SBX_LATENET_COUNT };

/* Typed accessors: NULL when DLL or function do not exist here. Looked up once; thread-safe. */
SBX_LATENET_LIST(SBX_LATENET_DECLARE)

/**
 * That every function of a span exists, so that none has to be tested at its call.
 * @return SBX_UNSUPPORTED naming the first that does not
 */
SBX_MUST_CHECK enum sbx_status sbx_latenet_need(
    enum sbx_latenet_id first, enum sbx_latenet_id last, struct sbx_error *err);

#endif
