/*
 * What the fence probe tried and what came of it, and the judgement: pure, so that every outcome
 * can be played through natively.
 *
 * A closed door shows itself by WSAEACCES (10013), which a socket call fails with when a filter
 * blocks it. Every other failure proves nothing: "connection refused" may mean that the listener is
 * gone. Therefore: success where the fence should be = open; 10013 = held; anything else = cannot
 * tell, which counts as failed. The one exception is an address family that the machine does not
 * have, and then the caller's own listener must not have had it either.
 *
 * @see https://learn.microsoft.com/windows/win32/winsock/windows-sockets-error-codes-2
 */
#ifndef SBX_FENCEREPORT_H
#define SBX_FENCEREPORT_H

#include "finding.h"
#include "jsonwrite.h"

#define SBX_FENCE_REPORT_MAX_BYTES 8192u
#define SBX_FENCE_CODE_BLOCKED 10013u /* WSAEACCES */

enum sbx_fence_try {
    SBX_TRY_CONNECT_TCP4 = 0, /* to the caller's listener outside the proxy range */
    SBX_TRY_CONNECT_TCP6,
    SBX_TRY_CONNECT_MAPPED, /* ::ffff:127.0.0.1 from an IPv6 socket */
    SBX_TRY_SEND_UDP4,
    SBX_TRY_SEND_UDP6,
    SBX_TRY_LISTEN_TCP4, /* on a port that the system chooses */
    SBX_TRY_LISTEN_TCP6,
    SBX_TRY_BIND_UDP4,
    SBX_TRY_BIND_UDP6,
    SBX_TRY_SQUAT_TCP4, /* bind and listen on the last port of the proxy range */
    SBX_TRY_SQUAT_TCP6,
    SBX_TRY_PROXY_TCP4, /* to the caller's listener on the first port of the proxy range */
    SBX_TRY_PROXY_TCP6,
    SBX_TRY_PROXY_UDP4,
    SBX_TRY_PROXY_UDP6,
    SBX_TRY_COUNT
};

/* As whom. The derived ones are what any child can make of its own token, without privileges. */
enum sbx_fence_token {
    SBX_FENCE_TOKEN_OWN = 0,
    SBX_FENCE_TOKEN_DENY_ONLY,  /* the user's SID is for deny entries only */
    SBX_FENCE_TOKEN_RESTRICTED, /* restricting SID Everyone, not only for writing */
    SBX_FENCE_TOKEN_COUNT
};

struct sbx_fence_tried {
    bool made;     /* it was tried */
    bool done;     /* and worked */
    uint32_t code; /* of the failed call, 0 when done */
};

struct sbx_fence_report {
    enum sbx_fence_token token;
    bool derived;         /* OWN, or the token could be made and is in use */
    uint32_t derive_code; /* why not */
    struct sbx_fence_tried tries[SBX_TRY_COUNT];
};

enum sbx_fence_account { SBX_FENCE_FOR_OFFLINE = 1, SBX_FENCE_FOR_ONLINE };

enum sbx_fence_proof {
    SBX_FENCE_HELD = 1,
    SBX_FENCE_OPEN,       /* something worked that must not; or the proxy is out of reach */
    SBX_FENCE_CANNOT_TELL /* neither */
};

/** "connect-tcp4", ...; NULL outside the enum. */
const char *sbx_fence_try_name(enum sbx_fence_try try_);
/** "own", "deny-only", "restricted"; NULL outside the enum. */
const char *sbx_fence_token_name(enum sbx_fence_token token);
/** The inverse of both. @return false for an unknown word */
bool sbx_fence_token_parse(const char *name, enum sbx_fence_token *ret_token);

/** Append the report as one line of JSON with its line end. */
SBX_MUST_CHECK enum sbx_status sbx_fence_report_format(
    const struct sbx_fence_report *report, struct sbx_buf *ret_line, struct sbx_error *err);

/**
 * Read that line. Strict: it comes from a process of the sandbox account.
 * @return SBX_INVALID
 */
SBX_MUST_CHECK enum sbx_status sbx_fence_report_parse(const char *text, size_t length_bytes,
    struct sbx_fence_report *ret_report, struct sbx_error *err);

/**
 * Judge one report.
 *
 * Offline: everything must be blocked but TCP to the proxy, which must work with the own token.
 * Online: loopback and the proxy range must be closed; listening elsewhere is its own business.
 * A derived token that could not be made because access was denied (5) holds by that; one that
 * could not be made for another reason cannot tell.
 * @param has_v6 the caller could listen on ::1
 * @param findings each try that is not as it must be ("FenceTry"); may be NULL
 */
enum sbx_fence_proof sbx_fence_report_judge(const struct sbx_fence_report *report,
    enum sbx_fence_account account, bool has_v6, struct sbx_findings *findings);

#endif
