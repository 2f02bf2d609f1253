/*
 * Sockets for the behavioural proof of the fence: the listeners of the prover, and the tries that
 * are made against them, by the sandboxed probe and, as the twin that must succeed, by the prover
 * itself. Loopback only. Winsock is loaded late.
 *
 * @see https://learn.microsoft.com/windows/win32/winsock/windows-sockets-start-page-2
 */
#ifndef SBX_FENCETRY_H
#define SBX_FENCETRY_H

#include "win.h"
#include "../core/fencereport.h"

struct sbx_fencetry_ports {
    uint16_t open;  /* a listener outside the proxy range */
    uint16_t proxy; /* a listener inside it */
    uint16_t squat; /* a free port of the range */
};

/**
 * Start Winsock and load what sockets need, before a token is impersonated that could not.
 * @see https://learn.microsoft.com/windows/win32/api/winsock/nf-winsock-wsastartup
 */
SBX_MUST_CHECK enum sbx_status sbx_fencetry_begin(struct sbx_error *err);

/** Make every try with the calling thread's token. Cannot fail; what came of each is the answer. */
void sbx_fencetry_all(const struct sbx_fencetry_ports *ports, struct sbx_fence_report *report);

#define SBX_FENCETRY_SOCKETS 8u

/* Listeners on 127.0.0.1 and, where there is one, ::1: TCP and UDP on both ports. */
struct sbx_fencetry_listeners {
    SOCKET sockets[SBX_FENCETRY_SOCKETS];
    size_t count;
    bool has_v6;
    struct sbx_fencetry_ports ports;
};

/**
 * Listen. Ports of the range that are in use (a proxy at work) are passed over.
 * @param first, last the proxy range, at least two ports
 * @return SBX_EXISTS when fewer than two ports of the range are free; SBX_OS
 */
SBX_MUST_CHECK enum sbx_status sbx_fencetry_listen(uint16_t first, uint16_t last,
    struct sbx_fencetry_listeners *ret_listeners, struct sbx_error *err);
void sbx_fencetry_close(struct sbx_fencetry_listeners *listeners);

#endif
