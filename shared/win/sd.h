/*
 * The descriptors this project gives to its own objects: one table, one comment per entry.
 *
 * They are data (who, what, why) and become binary through acldata, not through SDDL text: most
 * of them name two SIDs that exist only at run time, and one NT kernel garbles the first of two
 * literal SIDs in an SDDL string. SDDL is read and written only for people and for tests.
 */
#ifndef SBX_SD_H
#define SBX_SD_H

#include "win.h"
#include "../core/acldata.h"

/* Whom an entry is for. The run-time ones are filled in by the caller. */
enum sbx_sd_who {
    SBX_WHO_SYSTEM,
    SBX_WHO_ADMINISTRATORS,
    SBX_WHO_EVERYONE,
    SBX_WHO_OWNER_RIGHTS,
    SBX_WHO_FIXED_COUNT,                /* the ones above are constants */
    SBX_WHO_USER = SBX_WHO_FIXED_COUNT, /* the calling user (operator) */
    SBX_WHO_ACCOUNT,                    /* the token user of the confined child */
    SBX_WHO_RUN,                        /* the run SID */
    SBX_WHO_LOGON,                      /* the child's logon SID */
    SBX_WHO_GROUP,                      /* AgentSandboxUsers */
    SBX_WHO_COUNT
};

/* The run-time SIDs; an empty one leaves out the entries marked optional and fails the others. */
struct sbx_sd_people {
    struct sbx_sid sid[SBX_WHO_COUNT]; /* the first SBX_WHO_FIXED_COUNT are ignored */
};

struct sbx_sd_entry {
    uint8_t who; /* enum sbx_sd_who */
    uint8_t type;
    uint8_t flags;
    bool optional;
    uint32_t mask;
    const char *why;
};

struct sbx_sd_spec {
    const char *name;
    uint16_t control; /* SBX_SD_DACL_PROTECTED or 0 */
    const struct sbx_sd_entry *entries;
    size_t count;
};

/** Our own processes (agent, both runner stages): nobody but SYSTEM can inject. Boundary B8.
 */
extern const struct sbx_sd_spec sbx_sd_locked_process;
/** The launch stage while it calls CreateProcessWithLogonW, and never longer: runner/hop.c. */
extern const struct sbx_sd_spec sbx_sd_logging_on;
/** Threads of the same processes. */
extern const struct sbx_sd_spec sbx_sd_locked_thread;
/** Default DACL of a runner stage's own token: nothing it creates is open to the child. */
extern const struct sbx_sd_spec sbx_sd_stage_default;
/** The same while the console host of --tty starts, in unelevated mode. */
extern const struct sbx_sd_spec sbx_sd_console_default;
/** The confine stage's own token object: its account asks about it, nobody derives from it. */
extern const struct sbx_sd_spec sbx_sd_stage_token;
/** The child's token object, in elevated mode, where nobody's default would fit it. */
extern const struct sbx_sd_spec sbx_sd_child_token;
/** The child's process and first thread, in elevated mode. */
extern const struct sbx_sd_spec sbx_sd_child_process;
/** Pipe between our programs: the user and SYSTEM. */
extern const struct sbx_sd_spec sbx_sd_private_pipe;
/** Ledger, calibration, audit log: the user and SYSTEM, never the sandbox group. */
extern const struct sbx_sd_spec sbx_sd_state_folder;
/** A per-root home or per-run TEMP folder. */
extern const struct sbx_sd_spec sbx_sd_work_folder;
/** The private desktop of a run. */
extern const struct sbx_sd_spec sbx_sd_private_desktop;

/**
 * Build a descriptor: control and DACL, no owner, no group.
 * @return SBX_INTERNAL when a SID that a required entry names is not given
 */
SBX_MUST_CHECK enum sbx_status sbx_sd_build(const struct sbx_sd_spec *spec,
    const struct sbx_sd_people *people, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err);

/**
 * As sbx_sd_build, in the binary self-relative form for SECURITY_ATTRIBUTES.
 * @param ret_bytes initialised with a cap of at least SBX_DESCRIPTOR_MAX_BYTES; bytes->data is the
 *        PSECURITY_DESCRIPTOR while the buffer lives
 */
SBX_MUST_CHECK enum sbx_status sbx_sd_build_bytes(const struct sbx_sd_spec *spec,
    const struct sbx_sd_people *people, struct sbx_buf *ret_bytes, struct sbx_error *err);

/**
 * Parse SDDL text by the system's parser. For text with at most one literal SID (see above).
 * @see
 * https://learn.microsoft.com/windows/win32/api/sddl/nf-sddl-convertstringsecuritydescriptortosecuritydescriptorw
 */
SBX_MUST_CHECK enum sbx_status sbx_sd_from_sddl(
    const char *sddl, struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/** Owner, group, control and DACL as SDDL for people; owned by the caller (free()). */
SBX_MUST_CHECK enum sbx_status sbx_sd_to_sddl(
    const struct sbx_descriptor *descriptor, char **ret_sddl, struct sbx_error *err);

#endif
