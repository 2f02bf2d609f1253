/*
 * The policy: what a caller asked for, as one typed structure (design 8).
 *
 * A policy comes in layers. Each layer is parsed on its own into the same structure, where every
 * member knows whether it was written; sbx_policy_merge folds them:
 *   - machine bounds all others: nothing below it gets more than it allows;
 *   - the command line beats --policy files, which beat the user's file;
 *   - the workspace's file comes with untrusted content and may only narrow.
 * Everything here is pure: paths are text, nothing is looked up.
 */
#ifndef SBX_POLICY_H
#define SBX_POLICY_H

#include "base.h"
#include "error.h"
#include "buf.h"

/* In falling order of authority. */
enum sbx_layer {
    SBX_LAYER_MACHINE = 0, /* %ProgramFiles%\AgentSandbox\policy.json */
    SBX_LAYER_COMMAND,     /* options of `agent run` */
    SBX_LAYER_FILE,        /* --policy FILE, later ones beat earlier ones */
    SBX_LAYER_USER,        /* %LOCALAPPDATA%\AgentSandbox\policy.json */
    SBX_LAYER_WORKSPACE    /* .agent-sandbox.json in the working directory */
};

/* For every enum below 0 means "not written in this layer". */
enum sbx_profile { SBX_PROFILE_UNSET = 0, SBX_PROFILE_READ_ONLY, SBX_PROFILE_WORKSPACE_WRITE };
enum sbx_mode { SBX_MODE_UNSET = 0, SBX_MODE_AUTO, SBX_MODE_ELEVATED, SBX_MODE_UNELEVATED };
enum sbx_token_choice {
    SBX_TOKEN_UNSET = 0,
    SBX_TOKEN_AUTO,
    SBX_TOKEN_STRICT,
    SBX_TOKEN_ISOLATED,
    SBX_TOKEN_STANDARD
};
/*
 * Ordered by what is enforced, least access first. Advisory comes after allowlist: nothing stops
 * a program that ignores it, so a bound of "allowlist" must not admit it.
 */
enum sbx_network {
    SBX_NETWORK_UNSET = 0,
    SBX_NETWORK_NONE,
    SBX_NETWORK_ALLOWLIST,
    SBX_NETWORK_ADVISORY,
    SBX_NETWORK_FULL
};
enum sbx_git { SBX_GIT_UNSET = 0, SBX_GIT_DENY, SBX_GIT_WRITE };
enum sbx_on_created {
    SBX_ON_CREATED_UNSET = 0,
    SBX_ON_CREATED_ADOPT,
    SBX_ON_CREATED_QUARANTINE,
    SBX_ON_CREATED_REPORT
};
enum sbx_desktop { SBX_DESKTOP_UNSET = 0, SBX_DESKTOP_PRIVATE, SBX_DESKTOP_INTERACTIVE };
enum sbx_ui_limits { SBX_UI_UNSET = 0, SBX_UI_ENFORCE, SBX_UI_BEST_EFFORT };
enum sbx_decision {
    SBX_DECISION_UNSET = 0,
    SBX_DECISION_ALLOW,
    SBX_DECISION_PROMPT,
    SBX_DECISION_DENY
};
enum sbx_flag { SBX_FLAG_UNSET = 0, SBX_FLAG_NO, SBX_FLAG_YES };
/* When every sandbox account of the kind is in use under another policy. Narrow to wide. */
enum sbx_event_log {
    SBX_EVENT_LOG_UNSET = 0,
    SBX_EVENT_LOG_OFF,
    SBX_EVENT_LOG_ON,      /* a record that cannot be copied is a warning */
    SBX_EVENT_LOG_REQUIRED /* nothing starts whose start cannot be copied */
};
enum sbx_sharing { SBX_SHARING_UNSET = 0, SBX_SHARING_REFUSE, SBX_SHARING_WAIT, SBX_SHARING_SHARE };

#define SBX_POLICY_MAX_BYTES (1024u * 1024u)
#define SBX_POLICY_MAX_LIST 1024u  /* entries in one list */
#define SBX_POLICY_MAX_TEXT 32767u /* UTF-8 bytes in one string */

#define SBX_STRINGS_MAX 16384u /* entries of any list; an argument vector can be that long */

/*
 * Owned list of owned UTF-8 strings; `written` tells an empty list from an absent one. Grown only
 * by sbx_strings_add: the size of the allocation follows from count.
 */
struct sbx_strings {
    char **items;
    size_t count;
    bool written;
};

struct sbx_command_rule {
    struct sbx_strings match; /* argv prefix; the first element matches the program's base name */
    enum sbx_decision decision;
    char *reason;         /* shown to whoever asked; may be NULL */
    enum sbx_layer layer; /* that wrote it; see sbx_policy_decide */
};

struct sbx_policy_limits {
    /* 0 = not written. */
    uint64_t timeout_ms;           /* wall clock of one command, 1 .. 7 days */
    uint32_t processes;            /* active at once, 1 .. 65535 */
    uint64_t memory_bytes;         /* of the whole job, >= 16 MiB */
    uint64_t process_memory_bytes; /* of each process, >= 8 MiB */
    uint32_t cpu_percent;          /* of the machine, 1 .. 100 */
    enum sbx_ui_limits ui;
};

struct sbx_policy {
    enum sbx_layer layer;
    char *source; /* where it came from, for messages: a path, "command line", "standard input" */
    enum sbx_profile profile;
    enum sbx_mode mode;
    enum sbx_token_choice token;
    struct sbx_strings allow_write, deny_write, allow_read, deny_read;
    enum sbx_network network;
    struct sbx_strings allowed_domains, denied_domains;
    enum sbx_flag allow_local_binding;
    struct sbx_strings protect_add, protect_remove; /* remove: machine layer only */
    enum sbx_on_created on_created_protected;
    enum sbx_git git;
    struct sbx_strings env_pass;  /* names or patterns with '*' */
    struct sbx_strings env_set;   /* "NAME=value" */
    struct sbx_strings env_scrub; /* more patterns to scrub */
    struct sbx_policy_limits limits;
    enum sbx_flag background; /* descendants may outlive the command */
    enum sbx_desktop desktop;
    struct sbx_command_rule *commands; /* owned array */
    size_t command_count;
    /* What is asked about beyond the policy files; UNSET = by who asks, see approval.h. */
    enum sbx_decision approve_write, approve_desktop, approve_network;
    enum sbx_sharing sharing;       /* accounts.sharing, elevated mode (design 5, leases) */
    enum sbx_flag audit;            /* write audit records */
    enum sbx_event_log event_log;   /* audit.eventLog: copy them to the Windows Event Log */
    enum sbx_flag allow_unelevated; /* machine layer only (design 2) */
    /*
     * Made by sbx_policy_merge, never in JSON. Bounds that text alone cannot decide (relative
     * paths, %VARIABLES%): sbx_plan_make checks them again on final paths.
     */
    struct sbx_strings write_bound;       /* the machine's allowWrite; written = bounds all roots */
    struct sbx_strings machine_deny_read; /* the machine's denyRead: no allowRead beats it */
};

/** Make an empty policy ("nothing written") for a layer. */
void sbx_policy_init(struct sbx_policy *policy, enum sbx_layer layer);

/** Free what the policy owns. Does nothing on an initialised empty one. */
void sbx_policy_done(struct sbx_policy *policy);

/**
 * Parse one layer from JSON text. On success `ret_policy` (initialised by this function) owns all
 * of it; on failure it is empty.
 * @param text         bytes as read; need not be NUL-terminated; capped at SBX_POLICY_MAX_BYTES
 * @param source       for messages ("C:\p.json"); borrowed and copied
 * @return SBX_INVALID for anything outside the schema: the text names source, line or key path,
 *         and for an unknown key the nearest known one. SBX_OOM.
 */
SBX_MUST_CHECK enum sbx_status sbx_policy_parse(const char *text, size_t length_bytes,
    enum sbx_layer layer, const char *source, struct sbx_policy *ret_policy, struct sbx_error *err);

/**
 * Fold layers into the effective policy, every scalar written (defaults filled in).
 *
 * Order of `layers` is free, but for --policy files: later ones beat earlier ones. Rules:
 *   - Scalars: the highest of command line, files and user that wrote one wins; the machine's
 *     value is the value where none did, and a bound where one did (wider is SBX_DENIED, naming
 *     key and both files). `auto` leaves the choice to the machine's value.
 *   - The workspace's file narrows the outcome, whoever wrote it; a wider scalar, and
 *     environment.set, are SBX_INVALID naming the key. Where network.access is not written at all
 *     it may write `none` only.
 *   - Lists that take away (denyWrite, denyRead, deniedDomains, protect.add, scrub): union of all.
 *   - Lists that give (allowWrite, allowRead, allowedDomains, pass): union of command line, files
 *     and user, cut to what the workspace's list admits too. The machine's list, where written, is
 *     a bound and no grant: an entry outside is SBX_DENIED. A path whose place the text does not
 *     show (relative, ~, %VARIABLE%) is left to the plan, see write_bound.
 *   - profile read-only ends the allowWrite of layers below the one that wrote it; an entry of the
 *     same or a higher layer is meant, and stays. In the machine's policy it admits no allowWrite
 *     but the machine's own list.
 *   - A workspace that lists allowWrite while the working directory is writable gets what lies in
 *     it and is listed (write "." for all): the profile becomes read-only, the rest allowWrite.
 *   - commands: all, see sbx_policy_decide. environment.set: per name, the highest layer.
 * `allowUnelevated` and `protect.remove` outside the machine layer are SBX_INVALID.
 * Defaults: profile workspace-write, mode auto, token auto, network UNSET (the plan decides by
 * mode, design 2), git deny, adopt, private desktop, ui enforce, processes 512, background no,
 * sharing share, audit yes, event log off.
 */
SBX_MUST_CHECK enum sbx_status sbx_policy_merge(const struct sbx_policy *const *layers,
    size_t layer_count, struct sbx_policy *ret_policy, struct sbx_error *err);

/** Write the policy as schema-conforming JSON (only what is written), deterministic. */
SBX_MUST_CHECK enum sbx_status sbx_policy_format(
    const struct sbx_policy *policy, struct sbx_buf *ret_json, struct sbx_error *err);

/** SHA-256 of sbx_policy_format's compact output, as 64 hex digits: the policy hash of results. */
SBX_MUST_CHECK enum sbx_status sbx_policy_hash(
    const struct sbx_policy *policy, char ret_hex[65], struct sbx_error *err);

/**
 * Decide the command rules for an argument vector: first match wins, no match = ALLOW. The rules
 * of the machine, those of the workspace and all others are decided apart, and the strictest of
 * the three counts, so that neither an early `allow` of another layer nor the order of layers can
 * take a `deny` away.
 * A rule's first word is compared with the program's base name without .exe .cmd .bat .com,
 * ignoring ASCII case, or with the whole path when it has a separator; the other words exactly.
 * Rules look at the vector only: `cmd /c git push` is a call of cmd.
 */
enum sbx_decision sbx_policy_decide(
    const struct sbx_policy *policy, const char *const *argv, size_t argc, const char **ret_reason);

/**
 * Append a copy of text to a list and mark it written.
 * @return SBX_INVALID beyond SBX_STRINGS_MAX entries; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_strings_add(
    struct sbx_strings *list, const char *text, struct sbx_error *err);
void sbx_strings_done(struct sbx_strings *list);

/* Words of the enums as written in JSON; "unset" for 0. */
const char *sbx_profile_name(enum sbx_profile profile);
const char *sbx_mode_name(enum sbx_mode mode);
const char *sbx_token_choice_name(enum sbx_token_choice token);
const char *sbx_network_name(enum sbx_network network);
const char *sbx_git_name(enum sbx_git git);
const char *sbx_on_created_name(enum sbx_on_created on_created);
const char *sbx_desktop_name(enum sbx_desktop desktop);
const char *sbx_ui_limits_name(enum sbx_ui_limits ui);
const char *sbx_sharing_name(enum sbx_sharing sharing);
const char *sbx_layer_name(enum sbx_layer layer);
const char *sbx_decision_name(enum sbx_decision decision);

/** No time limit longer than this, milliseconds; 0 changes nothing. For who may only take away. */
void sbx_policy_limit_timeout(struct sbx_policy *policy, uint64_t at_most_ms);

#endif
