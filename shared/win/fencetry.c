/* See fencetry.h. */
#include "fencetry.h"

#include "latenet.h"

#include <ws2tcpip.h>

#define OPEN_TRIES 16u
/* Nobody accepts: connections of every probe wait in the queue until the listener is closed. */
#define BACKLOG 100

enum sbx_status sbx_fencetry_begin(struct sbx_error *err)
{
    enum sbx_status status = sbx_latenet_need(SBX_LATENET_wsa_startup, SBX_LATENET_set_option, err);
    WSADATA data;
    SOCKET first;
    int code;

    if (status)
        return status;
    code = sbx_latenet_wsa_startup()(MAKEWORD(2, 2), &data);
    if (code)
        return sbx_fail_win32(err, (uint32_t)code, "start Winsock");
    /* The first socket loads the provider's DLL. Whether it can be made is for the tries to tell.
     */
    first = sbx_latenet_socket()(AF_INET, SOCK_STREAM, IPPROTO_TCP);
    if (first != INVALID_SOCKET)
        (void)sbx_latenet_close_socket()(first);
    return SBX_OK;
}

union address {
    struct sockaddr any;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
};

/* 127.0.0.1, ::1 or ::ffff:127.0.0.1; returns the length. */
static int loopback(union address *address, bool v6, bool mapped, uint16_t port)
{
    uint8_t *bytes;

    memset(address, 0, sizeof(*address));
    if (!v6) {
        address->v4.sin_family = AF_INET;
        address->v4.sin_port = (uint16_t)(port << 8 | port >> 8);
        bytes = (uint8_t *)&address->v4.sin_addr;
        bytes[0] = 127;
        bytes[3] = 1;
        return sizeof(address->v4);
    }
    address->v6.sin6_family = AF_INET6;
    address->v6.sin6_port = (uint16_t)(port << 8 | port >> 8);
    bytes = (uint8_t *)&address->v6.sin6_addr;
    if (mapped) {
        bytes[10] = bytes[11] = 0xff;
        bytes[12] = 127;
    }
    bytes[15] = 1;
    return sizeof(address->v6);
}

enum what { CONNECT, SEND, BIND, LISTEN };

struct spec {
    enum what what;
    bool v6, mapped, udp;
    uint16_t port;
};

static uint32_t last_error(void)
{
    int code = sbx_latenet_wsa_error()();

    return code ? (uint32_t)code : (uint32_t)WSAEFAULT; /* a failure without a code stays one */
}

/* @return 0 when it worked, else the code of the call that failed */
static uint32_t act(SOCKET s, const struct spec *spec)
{
    union address address;
    int length = loopback(&address, spec->v6, spec->mapped, spec->port);
    const char both = 0;
    DWORD off = 0;

    if (spec->mapped &&
        sbx_latenet_set_option()(s, IPPROTO_IPV6, IPV6_V6ONLY, (const char *)&off, sizeof(off)))
        return last_error();
    switch (spec->what) {
    case CONNECT:
        return sbx_latenet_connect()(s, &address.any, length) ? last_error() : 0;
    case SEND:
        return sbx_latenet_send_to()(s, &both, 1, 0, &address.any, length) == 1 ? 0 : last_error();
    default:
        if (sbx_latenet_bind()(s, &address.any, length))
            return last_error();
        return spec->what == LISTEN && sbx_latenet_listen()(s, BACKLOG) ? last_error() : 0;
    }
}

static SOCKET make(const struct spec *spec)
{
    return sbx_latenet_socket()(spec->v6 ? AF_INET6 : AF_INET, spec->udp ? SOCK_DGRAM : SOCK_STREAM,
        spec->udp ? IPPROTO_UDP : IPPROTO_TCP);
}

static void try_one(const struct spec *spec, struct sbx_fence_tried *ret)
{
    SOCKET s = make(spec);

    ret->made = true;
    ret->code = s == INVALID_SOCKET ? last_error() : act(s, spec);
    ret->done = ret->code == 0;
    if (s != INVALID_SOCKET)
        (void)sbx_latenet_close_socket()(s);
}

void sbx_fencetry_all(const struct sbx_fencetry_ports *ports, struct sbx_fence_report *report)
{
    const struct spec specs[SBX_TRY_COUNT] = {
        [SBX_TRY_CONNECT_TCP4] = {CONNECT, false, false, false, ports->open},
        [SBX_TRY_CONNECT_TCP6] = {CONNECT, true, false, false, ports->open},
        [SBX_TRY_CONNECT_MAPPED] = {CONNECT, true, true, false, ports->open},
        [SBX_TRY_SEND_UDP4] = {SEND, false, false, true, ports->open},
        [SBX_TRY_SEND_UDP6] = {SEND, true, false, true, ports->open},
        [SBX_TRY_LISTEN_TCP4] = {LISTEN, false, false, false, 0},
        [SBX_TRY_LISTEN_TCP6] = {LISTEN, true, false, false, 0},
        [SBX_TRY_BIND_UDP4] = {BIND, false, false, true, 0},
        [SBX_TRY_BIND_UDP6] = {BIND, true, false, true, 0},
        [SBX_TRY_SQUAT_TCP4] = {LISTEN, false, false, false, ports->squat},
        [SBX_TRY_SQUAT_TCP6] = {LISTEN, true, false, false, ports->squat},
        [SBX_TRY_PROXY_TCP4] = {CONNECT, false, false, false, ports->proxy},
        [SBX_TRY_PROXY_TCP6] = {CONNECT, true, false, false, ports->proxy},
        [SBX_TRY_PROXY_UDP4] = {SEND, false, false, true, ports->proxy},
        [SBX_TRY_PROXY_UDP6] = {SEND, true, false, true, ports->proxy},
    };
    size_t i;

    for (i = 0; i < SBX_TRY_COUNT; i++)
        try_one(&specs[i], &report->tries[i]);
}

/* --- listeners ---------------------------------------------------------------------------------
 */

void sbx_fencetry_close(struct sbx_fencetry_listeners *listeners)
{
    while (listeners->count)
        (void)sbx_latenet_close_socket()(listeners->sockets[--listeners->count]);
}

/*
 * One listener, exclusively: no other process can share the port. @param port 0: any; set to the
 * one that the system chose.
 */
static uint32_t add(struct sbx_fencetry_listeners *listeners, bool v6, bool udp, uint16_t *port)
{
    const struct spec spec = {udp ? BIND : LISTEN, v6, false, udp, *port};
    union address address;
    int length = sizeof(address);
    DWORD on = 1;
    uint32_t code;
    SOCKET s = make(&spec);

    if (s == INVALID_SOCKET)
        return last_error();
    code =
        sbx_latenet_set_option()(s, SOL_SOCKET, SO_EXCLUSIVEADDRUSE, (const char *)&on, sizeof(on))
            ? last_error()
            : act(s, &spec);
    if (!code && sbx_latenet_socket_name()(s, &address.any, &length))
        code = last_error();
    if (code) {
        (void)sbx_latenet_close_socket()(s);
        return code;
    }
    *port = (uint16_t)(address.v4.sin_port << 8 | address.v4.sin_port >> 8);
    listeners->sockets[listeners->count++] = s;
    return 0;
}

/* TCP and UDP, on both families, on one port; nothing stays when one of them is taken. */
static uint32_t add_port(struct sbx_fencetry_listeners *listeners, uint16_t *port)
{
    struct sbx_fencetry_listeners part = {.count = 0};
    uint32_t code = add(&part, false, false, port);

    if (!code)
        code = add(&part, false, true, port);
    if (!code && listeners->has_v6)
        code = add(&part, true, false, port);
    if (!code && listeners->has_v6)
        code = add(&part, true, true, port);
    if (code) {
        sbx_fencetry_close(&part);
        return code;
    }
    memcpy(listeners->sockets + listeners->count, part.sockets, part.count * sizeof(SOCKET));
    listeners->count += part.count;
    return 0;
}

static uint32_t add_range(struct sbx_fencetry_listeners *listeners, uint16_t first, uint16_t last)
{
    struct sbx_fencetry_listeners squat = {.has_v6 = listeners->has_v6};
    uint32_t code = WSAEADDRINUSE;
    unsigned port;

    for (port = first; code && port <= last; port++) {
        listeners->ports.proxy = (uint16_t)port;
        code = add_port(listeners, &listeners->ports.proxy);
    }
    if (code)
        return code;
    /* A port that can be had now is the one that the probe will be refused. */
    for (code = WSAEADDRINUSE; code && port <= last; port++) {
        listeners->ports.squat = (uint16_t)port;
        code = add_port(&squat, &listeners->ports.squat);
    }
    sbx_fencetry_close(&squat);
    return code;
}

enum sbx_status sbx_fencetry_listen(uint16_t first, uint16_t last,
    struct sbx_fencetry_listeners *ret_listeners, struct sbx_error *err)
{
    struct sbx_fencetry_listeners listeners = {.count = 0}, probe = {.count = 0};
    uint32_t code = WSAEADDRINUSE;
    uint16_t port = 0;
    unsigned i;

    listeners.has_v6 = add(&probe, true, false, &port) == 0;
    sbx_fencetry_close(&probe);
    for (i = 0; code && i < OPEN_TRIES; i++) { /* UDP may be taken where TCP is free */
        listeners.ports.open = 0;
        code = add_port(&listeners, &listeners.ports.open);
    }
    if (code)
        return sbx_fail_win32(err, code, "listen on loopback");
    code = add_range(&listeners, first, last);
    if (code) {
        sbx_fencetry_close(&listeners);
        if (code == WSAEADDRINUSE)
            return sbx_fail(err, SBX_EXISTS,
                "proxy ports %u-%u: fewer than two are free to prove the fence with", first, last);
        (void)sbx_fail_win32(err, code, "listen on the proxy ports %u-%u", first, last);
        /* Hyper-V and others reserve ranges; a bind there is "denied", whoever asks. */
        if (code == WSAEACCES)
            sbx_error_hint(err, "the range may be reserved (netsh interface ipv4 show "
                                "excludedportrange tcp): as an administrator, sandbox-setup "
                                "install --proxy-range A-B takes another one");
        return sbx_code_status(SBX_DOMAIN_WIN32, code);
    }
    *ret_listeners = listeners;
    return SBX_OK;
}
