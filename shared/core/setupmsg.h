/*
 * What agent and sandbox-setup say to each other over one named pipe, framed as in message.h:
 * 4-byte little-endian length, UTF-8 JSON. Boundary: the request crosses from an ordinary user to
 * an administrator.
 *
 * The agent sends one request; setup sends step events and one result, then closes. There is no
 * field for a name, a SID or a secret: who the operator is, setup asks the kernel (the token of the
 * pipe's server process), and all other names are constants in setup. `path` exists for
 * repair-owner only and is checked again by setup on the object itself.
 */
#ifndef SBX_SETUPMSG_H
#define SBX_SETUPMSG_H

#include "installation.h"
#include "message.h"

#define SBX_SETUP_REQUEST_MAX_BYTES (128u * 1024u) /* of JSON: one path and a few numbers */
#define SBX_SETUP_EVENT_MAX_BYTES (256u * 1024u)
#define SBX_SETUP_NOTES_MAX 128u

enum sbx_setup_mode {
    SBX_SETUP_INSTALL = 1,
    SBX_SETUP_REPAIR,
    SBX_SETUP_UNINSTALL,
    SBX_SETUP_ROTATE,
    SBX_SETUP_STATUS,
    SBX_SETUP_REPAIR_OWNER,
    SBX_SETUP_VERIFY_UNINSTALLED
};

enum sbx_setup_fence { SBX_SETUP_FENCE_PLAIN = 1, SBX_SETUP_FENCE_COMPLEMENT };

/* agent -> setup, once. Start with {0}; 0 of a number means "as installed, or the default". */
struct sbx_setup_request {
    enum sbx_setup_mode mode;
    uint32_t accounts; /* of each kind, 1 .. SBX_INSTALLATION_KINDS_MAX; 0 = as installed or 1 */
    uint16_t proxy_first, proxy_last; /* both 0 = as installed or the default range */
    enum sbx_setup_fence fence;       /* 0 = as installed or plain */
    char *path; /* owned; repair-owner: the object, absolute; NULL in every other mode */
};

enum sbx_setup_event_kind { SBX_SETUP_EVENT_STEP = 1, SBX_SETUP_EVENT_RESULT };

enum sbx_setup_step_state {
    SBX_SETUP_STEP_DONE = 1,
    SBX_SETUP_STEP_SKIPPED,
    SBX_SETUP_STEP_UNDONE,
    SBX_SETUP_STEP_FAILED
};

/* setup -> agent: any number of steps, then one result. All pointers owned. Start with {0}. */
struct sbx_setup_event {
    enum sbx_setup_event_kind kind;
    /* step */
    char *name;
    uint32_t index, count; /* index from 0, below count */
    enum sbx_setup_step_state state;
    /* result */
    bool ok;
    bool changed;             /* something on the machine is other than before */
    char *failed_step;        /* "" when no step failed; with ok == false only */
    char *object;             /* what it was at: "account 'AgentSandboxOffline'"; may be "" */
    struct sbx_error error;   /* ok == false: context, code, hint = the fix; `file` is not sent */
    struct sbx_strings notes; /* for people, one line each; also of a successful run */
};

void sbx_setup_request_done(struct sbx_setup_request *request);
void sbx_setup_event_done(struct sbx_setup_event *event);

/* Encoders append one complete frame (length and JSON). SBX_INVALID for what decode would refuse.
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_request_encode(
    const struct sbx_setup_request *request, struct sbx_buf *ret_frame, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_setup_event_encode(
    const struct sbx_setup_event *event, struct sbx_buf *ret_frame, struct sbx_error *err);

/** Append an event as one line of JSON and a line end: what direct use prints with --json. */
SBX_MUST_CHECK enum sbx_status sbx_setup_event_line(
    const struct sbx_setup_event *event, struct sbx_buf *ret_line, struct sbx_error *err);

/**
 * Decoders take the JSON of one frame (without the length). Strict: every key known, every required
 * key there, every value in range, text that reaches a terminal made printable; SBX_INVALID names
 * the key. On failure the output is empty.
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_request_decode(const char *json, size_t length_bytes,
    struct sbx_setup_request *ret_request, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_setup_event_decode(const char *json, size_t length_bytes,
    struct sbx_setup_event *ret_event, struct sbx_error *err);

/**
 * The rules of a request that hold without looking at a machine: ranges, a path exactly with
 * repair-owner, and that path absolute, on a drive, in normal form: no UNC, no device, no stream.
 * Used by both decoders of requests (pipe and command line).
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_request_check(
    const struct sbx_setup_request *request, struct sbx_error *err);

/** "install", "repair", ...; "unknown" for a value outside the enum. */
const char *sbx_setup_mode_name(enum sbx_setup_mode mode);
/** "done", "skipped", "undone", "failed". */
const char *sbx_setup_step_state_name(enum sbx_setup_step_state state);

#endif
