/*
 * The installation record: what sandbox-setup made on this machine (design 5).
 *
 * %ProgramFiles%\AgentSandbox\installation.json, written by setup as its last step and readable by
 * every user. The agent decides by it whether elevated mode is there and for whom, so the parser is
 * strict: every key known and there, every value in range, every list capped, and a SHA-256 over
 * the rest at the end, so that a damaged file is seen and never taken for another truth. (The seal
 * against people is the folder's descriptor, not this number.)
 *
 * It holds no secret.
 */
#ifndef SBX_INSTALLATION_H
#define SBX_INSTALLATION_H

#include "policy.h"

#define SBX_INSTALLATION_SCHEMA 1u
#define SBX_INSTALLATION_MAX_BYTES (64u * 1024u)
#define SBX_INSTALLATION_KINDS_MAX 9u     /* accounts of each kind: the name has 20 characters */
#define SBX_INSTALLATION_ACCOUNTS_MAX 18u /* both kinds */
#define SBX_INSTALLATION_OPERATORS_MAX 128u
#define SBX_INSTALLATION_PROGRAMS_MAX 8u
#define SBX_INSTALLATION_NOTE_MAX 512u

/* Names in the whole product. Further accounts of a kind get a digit: AgentSandboxOffline2 to 9. */
#define SBX_GROUP_NAME "AgentSandboxUsers"
#define SBX_OFFLINE_NAME "AgentSandboxOffline"
#define SBX_ONLINE_NAME "AgentSandboxOnline"

/* TCP ports of 127.0.0.1 and ::1 that the offline accounts may reach: the agent's proxy. */
#define SBX_PROXY_PORT_FIRST 48620u
#define SBX_PROXY_PORT_LAST 48627u
#define SBX_PROXY_PORTS_MAX 64u     /* how wide a range may be; two ports at least */
#define SBX_PROXY_PORT_LIMIT 49151u /* above it Windows hands ports out to anybody */

struct sbx_installed_account {
    char *name;
    char *sid; /* text; NULL while setup has not made the account, never in a file */
    bool offline;
};

struct sbx_installed_program {
    char *name;      /* "command-runner.exe": one component */
    char sha256[65]; /* lower-case hexadecimal */
};

/* All pointers owned. Start with {0}. */
struct sbx_installation {
    uint32_t schema;
    char *product_version;
    char *os_build; /* as sbx_platform_name prints it, when the proof was run */
    char *group_sid;
    struct sbx_installed_account *accounts; /* grown by sbx_list_grow only */
    size_t account_count;
    struct sbx_strings operators;           /* SIDs */
    uint16_t proxy_first, proxy_last;       /* inclusive */
    struct sbx_installed_program *programs; /* grown by sbx_list_grow only */
    size_t program_count;
    bool fence_complement;   /* which form of the WFP filters (design 6) */
    bool fence_proved;       /* the behavioural proof passed */
    bool firewall_effective; /* false: overridden, see the note; not fatal */
    char *firewall_note;     /* "" or why the firewall rules have no effect */
};

/**
 * Read a record. Strict; damage, another schema, an unknown key, a contradiction (no offline
 * account, an account or operator twice, an empty port range) are SBX_INVALID with the reason.
 * @param ret {0}; filled on success only
 */
SBX_MUST_CHECK enum sbx_status sbx_installation_parse(
    const char *text, size_t length_bytes, struct sbx_installation *ret, struct sbx_error *err);

/**
 * Print a record, checksum included. What parse accepts prints to the very same bytes.
 * @param ret_text initialised with a cap of at least SBX_INSTALLATION_MAX_BYTES
 * @return SBX_INVALID for a structure that parse would refuse (an account without SID, ...)
 */
SBX_MUST_CHECK enum sbx_status sbx_installation_format(
    const struct sbx_installation *installation, struct sbx_buf *ret_text, struct sbx_error *err);

/** Deep copy, also of an unfinished record. @param ret {0} */
SBX_MUST_CHECK enum sbx_status sbx_installation_copy(
    const struct sbx_installation *from, struct sbx_installation *ret, struct sbx_error *err);

void sbx_installation_done(struct sbx_installation *installation);

/** True when the SID (text) is in the list of operators. Compared as SIDs, not as text. */
bool sbx_installation_is_operator(const struct sbx_installation *installation, const char *sid);

/** The account of that name (ASCII case ignored), borrowed; NULL when there is none. */
struct sbx_installed_account *sbx_installation_account(
    const struct sbx_installation *installation, const char *name);

/** The program of that name (ASCII case ignored), borrowed; NULL when there is none. */
struct sbx_installed_program *sbx_installation_program(
    const struct sbx_installation *installation, const char *name);

/** Append an account without a SID. @return SBX_EXISTS, SBX_INVALID, SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_installation_add_account(
    struct sbx_installation *installation, const char *name, bool offline, struct sbx_error *err);

/** Set or replace the hash of a program, appending it when it is new. */
SBX_MUST_CHECK enum sbx_status sbx_installation_set_program(struct sbx_installation *installation,
    const char *name, const char *sha256, struct sbx_error *err);

/**
 * Name of the index-th account of a kind: "AgentSandboxOffline", "AgentSandboxOffline2", ...
 * @param index 0 .. SBX_INSTALLATION_KINDS_MAX - 1
 * @param text at least 21 bytes
 */
void sbx_installation_account_name(bool offline, size_t index, char *text, size_t size_bytes);

#endif
