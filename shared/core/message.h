/*
 * What agent and runner say to each other (design 1, 3): frames of JSON over two anonymous pipes.
 *
 * The request pipe is the runner's standard input: one request, then control frames, and its end
 * of file means that the caller is gone. The reply pipe is its standard output: "started", then
 * one result. A frame is a 4-byte little-endian length and that many bytes of UTF-8 JSON; both
 * sides cap it and refuse unknown keys, so neither end trusts the other with memory or meaning.
 */
#ifndef SBX_MESSAGE_H
#define SBX_MESSAGE_H

#include "policy.h"
#include "envblock.h"

#define SBX_MESSAGE_VERSION 1
#define SBX_FRAME_MAX_BYTES (4u * 1024u * 1024u)

/* Which half of the chain the request is for (design 1). Unelevated mode has the first only. */
enum sbx_stage { SBX_STAGE_LAUNCH = 1, SBX_STAGE_CONFINE };

/* Of a pseudo console, in characters; 0 x 0: none. */
struct sbx_tty_size {
    uint16_t columns, rows; /* 1 to SBX_TTY_SIZE_MAX */
};

#define SBX_TTY_SIZE_MAX 9999u

/* agent -> runner, and launch stage -> confine stage, once. All pointers owned by the structure. */
struct sbx_request {
    enum sbx_stage stage;
    char *image;             /* absolute path of the program to start */
    struct sbx_strings argv; /* argv[0] included; used when command_line is NULL */
    char *command_line;      /* prebuilt, only for cmd.exe /c; NULL otherwise */
    char *cwd;               /* absolute */
    struct sbx_env environment;
    enum sbx_mode mode;
    enum sbx_token_choice recipe;
    char *user_sid;    /* whose token is restricted; elevated: the account's, as account_sid */
    char *account;     /* elevated: name of the local account "AgentSandbox..."; else NULL */
    char *account_sid; /* elevated: its SID; else NULL */
    char *group_sid;   /* elevated: SID of the group AgentSandboxUsers; else NULL */
    char *run_sid;
    struct sbx_strings capability_sids;
    struct sbx_policy_limits limits;
    bool background;
    enum sbx_desktop desktop;
    char *desktop_path; /* confine stage: "WinSta0\\SbxRun-...", made and granted; else NULL */
    bool wine_unconfined;
    /* The runner was born in a job of its creator's that lets its processes out. Decides nothing
     * but whether the child asks to leave: one that may not is refused by the system. */
    bool birth_job;
    struct sbx_tty_size tty; /* set: stdin and stdout are the pseudo console's, no stderr */
    /* Handle values valid in the runner (inherited); 0 = none, the child gets NUL. */
    uint64_t stdin_handle, stdout_handle, stderr_handle;
};

/* agent -> runner, after the request. */
enum sbx_control { SBX_CONTROL_CANCEL = 1, SBX_CONTROL_KILL, SBX_CONTROL_RESIZE };

/* Why the command ended. */
enum sbx_ended {
    SBX_ENDED_EXIT = 1, /* the program exited by itself */
    SBX_ENDED_TIMEOUT,
    SBX_ENDED_LIMIT,     /* a job limit stopped it; see limits_hit */
    SBX_ENDED_CANCELLED, /* the caller asked */
    SBX_ENDED_FAILED     /* never ran, or was killed because something could not be proved */
};

/* Whether the child can make and open named objects (events, mutexes, sections) in its session. */
enum sbx_named_objects {
    SBX_NAMED_UNKNOWN = 1, /* not tried, or the answer says nothing */
    SBX_NAMED_AVAILABLE,   /* tried with the child's token */
    SBX_NAMED_UNAVAILABLE  /* refused: the session's object directory does not let it */
};

/* Stage timings, microseconds since the runner started; 0 = not reached. */
struct sbx_stage_times {
    uint64_t request, token, job, desktop, created, proved, resumed, exited, done;
};

/* runner -> agent. */
struct sbx_reply {
    enum { SBX_REPLY_STARTED = 1, SBX_REPLY_RESULT } kind;
    uint32_t process_id;  /* started; with the result the agent keeps it */
    enum sbx_ended ended; /* result, as all below */
    uint32_t exit_code;   /* all 32 bits */
    bool confined;
    char *platform;                /* "windows 10.0.19045", "wine 8.0", "ntwine 8.0" */
    struct sbx_strings unproved;   /* facts that could not be proved (non-empty: not confined) */
    struct sbx_strings limits_hit; /* "timeout", "processes", "memory", "process-memory", "cpu" */
    uint64_t peak_memory_bytes;
    uint32_t total_processes;
    uint64_t cpu_time_us;
    enum sbx_named_objects named_objects; /* a fact about what works, not about what holds */
    struct sbx_stage_times times;
    struct sbx_error error; /* ended == FAILED: what and why; its `file` is not transmitted */
};

void sbx_request_done(struct sbx_request *request);
void sbx_reply_done(struct sbx_reply *reply);

/* Encoders append one complete frame (length and JSON) to the buffer. */
SBX_MUST_CHECK enum sbx_status sbx_request_encode(
    const struct sbx_request *request, struct sbx_buf *ret_frame, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_reply_encode(
    const struct sbx_reply *reply, struct sbx_buf *ret_frame, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_control_encode(
    enum sbx_control control, struct sbx_buf *ret_frame, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_resize_encode(
    const struct sbx_tty_size *size, struct sbx_buf *ret_frame, struct sbx_error *err);

/**
 * Decoders take the JSON of one frame (without the length). Strict: every key known, every
 * required key there, every value in range; SBX_INVALID names the key. On failure the output is
 * empty.
 */
SBX_MUST_CHECK enum sbx_status sbx_request_decode(
    const char *json, size_t length_bytes, struct sbx_request *ret_request, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_reply_decode(
    const char *json, size_t length_bytes, struct sbx_reply *ret_reply, struct sbx_error *err);
/** @param ret_size of SBX_CONTROL_RESIZE; NULL: a resize is refused */
SBX_MUST_CHECK enum sbx_status sbx_control_decode(const char *json, size_t length_bytes,
    enum sbx_control *ret_control, struct sbx_tty_size *ret_size, struct sbx_error *err);

/** Read a frame length prefix. @return SBX_INVALID for 0 or more than SBX_FRAME_MAX_BYTES */
SBX_MUST_CHECK enum sbx_status sbx_frame_length(
    const uint8_t prefix[4], uint32_t *ret_length_bytes, struct sbx_error *err);

const char *sbx_ended_name(enum sbx_ended ended);
/** "unknown", "available", "unavailable"; 0 is "unknown". */
const char *sbx_named_objects_name(enum sbx_named_objects named);
const char *sbx_stage_name(enum sbx_stage stage);

/** Whether this is the path of a run's private desktop: STATION\\SbxRun-..., letters, digits, '-'
 *  and '$' only. */
bool sbx_desktop_path_is_ours(const char *path);

/** Whether this can be the name of one of our accounts: "AgentSandbox", then letters and digits,
 *  at most 20 characters (the limit of a local account's name). */
bool sbx_account_name_is_ours(const char *name);

#endif
