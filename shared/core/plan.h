/*
 * The plan: policy + facts about this machine -> everything one command will get (design 3).
 *
 * A pure function, so that `agent run --dry-run` prints exactly what a run would do and tests can
 * ask a million plans what they allow. Facts are gathered by agent/facts.c; nothing here looks
 * anything up.
 */
#ifndef SBX_PLAN_H
#define SBX_PLAN_H

#include "policy.h"
#include "acldata.h"
#include "envblock.h"

/* What is true of one directory that the policy names, or of the working directory. */
struct sbx_root_fact {
    char *path;          /* final path by handle, normalised, no \\?\ prefix; owned */
    char *asked;         /* as written in the policy; owned; for messages */
    char *asked_path;    /* asked, made absolute from the text alone; owned; may be NULL */
    char *volume_guid;   /* "\\?\Volume{...}\"; owned */
    uint8_t file_id[16]; /* 128-bit file id */
    bool exists;
    bool is_directory;
    bool is_reparse;     /* the last component itself is a link */
    bool keeps_acls;     /* FILE_PERSISTENT_ACLS on its volume */
    bool is_local_fixed; /* false: remote, subst, removable */
    bool null_dacl;
};

/* Why an object is listed. 0 and 1 both take every write away. */
enum sbx_object_kind {
    SBX_OBJECT_PROTECTED = 0, /* a protected name */
    SBX_OBJECT_DENY_WRITE,    /* named by denyWrite, or matched by one of its globs */
    SBX_OBJECT_GIT_INNER,     /* git: "write": hooks, config, config.worktree, commondir, worktrees,
                                 hooks and config of every module; of .git and of gitdir targets */
    SBX_OBJECT_DENY_READ,     /* elevated: named by denyRead; anywhere */
    SBX_OBJECT_DENY_READ_MACHINE, /* the same, by the machine: allowRead does not beat it */
    SBX_OBJECT_ALLOW_READ,        /* elevated: named by allowRead */
    SBX_OBJECT_TOOL_HOME,         /* elevated: found from PATH by the table of toolhome.h */
    SBX_OBJECT_ANCESTOR           /* elevated: leads to a root or tool home inside the profile */
};

/* A protected or denied object that exists, found by name and opened by handle. */
struct sbx_object_fact {
    enum sbx_object_kind kind;
    char *path;  /* owned, final path */
    size_t root; /* index into sbx_facts.roots; SIZE_MAX when outside all of them */
    bool is_directory;
    bool is_reparse; /* a link: its target is not opened, and it gets no ACE */
    uint32_t link_count;
    char *gitdir_target;    /* `.git` file: what it names, resolved; NULL otherwise; owned */
    char *commondir_target; /* what the commondir file of gitdir_target names; NULL; owned */
};

/*
 * All strings owned. Paths are final paths in normal form. Members after caller_sid may be NULL
 * or empty where the comment does not say otherwise.
 */
struct sbx_facts {
    char *caller_sid; /* the user the agent runs as, "S-1-..."; required */
    char *logon_sid;  /* of the agent's token; NULL when it has none */
    bool is_operator; /* of a current installation: elevated mode is possible */
    bool installation_current;
    bool in_sandbox_group;
    char *installation_problem; /* why there is no current one; NULL: there is, or was never any */
    /* Of the installation; NULL without one. The first account of each kind; leases pick others. */
    char *group_sid;           /* AgentSandboxUsers */
    char *offline_account_sid; /* AgentSandboxOffline */
    char *online_account_sid;  /* AgentSandboxOnline */
    /* Strictest recipe that passed on this build, per mode (calibration.h); UNSET = STANDARD. */
    enum sbx_token_choice calibrated_elevated, calibrated_unelevated;
    char *cwd;                   /* final path */
    struct sbx_root_fact *roots; /* [0] is the working directory, then allowWrite in order */
    size_t root_count;
    /* policy.write_bound in order, as final paths; one that does not exist is NULL */
    char **write_bound;
    size_t write_bound_count;
    struct sbx_object_fact *objects;
    size_t object_count;
    struct sbx_strings read_notes; /* one line each, passed on as warnings of the plan */
    /* Directories that refuse to be writable roots, final paths. Any may be NULL. */
    char *system_root, *program_files, *program_files_x86, *program_data;
    char *profile, *profiles_directory, *app_data, *local_app_data, *startup;
    char *documents;         /* PowerShell profile folders lie in it */
    char *own_directory;     /* where agent.exe lies */
    char *state_directory;   /* %LOCALAPPDATA%\AgentSandbox */
    char *work_directory;    /* %ProgramData%\AgentSandbox\work, with a current installation */
    char **path_directories; /* on PATH, final paths where they exist */
    size_t path_count;
    /*
     * Made by the agent before the run, with descriptors of their own: home_directory granted to
     * the capability of roots[0] (so it is used only while that is writable), temp_directory to
     * the run SID, both to the group in elevated mode. NULL leaves the caller's variables.
     */
    char *home_directory;       /* of roots[0], kept: caches, in elevated mode the whole profile */
    char *temp_directory;       /* of this run: TEMP and TMP */
    char *denybin_directory;    /* holds sbx_plan_stub_files; put first on PATH when advisory */
    char *git_root;             /* nearest ancestor of cwd (or cwd) with a .git; NULL */
    struct sbx_env environment; /* the agent's own, for the `pass` list */
    uint8_t random[16];         /* of this run: makes the run SID and its names */
};

/* One ACE the plan wants, with the reason a reader and `why` are given. */
struct sbx_plan_ace {
    char *path;
    char *sid;
    uint8_t type;    /* SBX_ACE_ALLOW or SBX_ACE_DENY (acldata.h) */
    uint8_t flags;   /* SBX_ACE_OI, _CI, _NP, _IO */
    uint32_t mask;   /* specific and standard rights, no generic bits */
    const char *why; /* static: "root", "root-children", "protected", "deny-write", ... */
};

struct sbx_plan_root {
    char *path;
    char *volume_guid;
    uint8_t file_id[16];
    char *capability_sid; /* "S-1-5-21-..." */
    bool writable;
};

struct sbx_plan {
    enum sbx_mode mode;           /* ELEVATED or UNELEVATED */
    enum sbx_token_choice recipe; /* STRICT, ISOLATED or STANDARD */
    enum sbx_network network;
    bool network_defaulted; /* unwritten: one line on stderr says what it became */
    char *account;          /* "AgentSandboxOffline", ...; "" in unelevated mode; never NULL */
    bool online;            /* elevated: an account of the online kind */
    char *user_sid;         /* of the child's token: the account, or the caller */
    char *logon_sid;        /* unelevated: the caller's; NULL when a logon still makes it */
    char *cwd;
    struct sbx_plan_root *roots;
    size_t root_count;
    struct sbx_plan_ace *aces;
    size_t ace_count;
    struct sbx_strings protected_names; /* watched for in every root */
    enum sbx_on_created on_created_protected;
    enum sbx_git git;
    char *run_sid;
    struct sbx_strings capability_sids;      /* into the token: only active writable roots */
    struct sbx_env environment;              /* complete, ready to become a block */
    struct sbx_strings environment_scrubbed; /* names that were asked for and dropped as secrets */
    struct sbx_policy_limits limits;
    bool background;
    enum sbx_desktop desktop;
    char policy_hash[65];
    struct sbx_strings warnings; /* one line each, for stderr */
};

/**
 * Compute the plan. Boundary B1 (files), B16 (network), B6 (limits).
 * @param policy effective policy from sbx_policy_merge
 * @param facts  facts.roots[0] = working directory; one entry per allow_write entry follows
 * Under profile read-only the working directory is not writable, but allow_write entries are:
 * which of them count was settled by the merge. allowedDomains without network.access means
 * allowlist, an empty list none.
 * @return SBX_DENIED when a root is refused (design 4: names the path, the rule and the fix), the
 *         mode is not for this user, or too many folders are writable; SBX_UNSUPPORTED when the
 *         policy asks for what the mode or this version cannot do (denyRead or written network
 *         none in unelevated mode, allowlist, deniedDomains without `none`); SBX_NOT_SETUP when
 *         elevated mode is due and the installation is not there. Nothing is written on failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_plan_make(const struct sbx_policy *policy,
    const struct sbx_facts *facts, struct sbx_plan *ret_plan, struct sbx_error *err);
void sbx_plan_done(struct sbx_plan *plan);
void sbx_facts_done(struct sbx_facts *facts);

/**
 * The mode that a plan of these facts has (design 2): what must be known before folders are named
 * and reads are looked up. Looks at caller, installation and operator, nothing else of the facts.
 * @return SBX_DENIED, SBX_NOT_SETUP as sbx_plan_make
 */
SBX_MUST_CHECK enum sbx_status sbx_plan_mode(const struct sbx_policy *policy,
    const struct sbx_facts *facts, enum sbx_mode *ret_mode, struct sbx_error *err);

/**
 * What `token: auto` means in a mode: the calibrated recipe, else STANDARD. Nothing that is no
 * recipe of design 2 gets through.
 */
enum sbx_token_choice sbx_plan_auto_recipe(const struct sbx_facts *facts, enum sbx_mode mode);

/**
 * Put another account of the same kind into a finished plan: the one that was leased. Grants name
 * the group, so nothing else of the plan depends on it but the token's user and USERNAME.
 * @return SBX_INTERNAL for an unelevated plan
 */
SBX_MUST_CHECK enum sbx_status sbx_plan_set_account(
    struct sbx_plan *plan, const char *name, const char *sid, struct sbx_error *err);

/**
 * The names watched for and protected in every root: the built-in list, plus protect.add, minus
 * protect.remove. What facts.objects must be looked up with.
 * @param ret_names initialised and empty
 */
SBX_MUST_CHECK enum sbx_status sbx_plan_protected_names(
    const struct sbx_policy *policy, struct sbx_strings *ret_names, struct sbx_error *err);

/* One file of the deny-bin folder: content is exact, line ends included. */
struct sbx_stub_file {
    const char *name;
    const char *content;
};

/**
 * The stubs that stand before ssh, scp and others on PATH while the network is advisory: each
 * prints one line on stderr and ends with 1. They stop who looks programs up through cmd.exe or
 * PATHEXT, nobody else.
 */
const struct sbx_stub_file *sbx_plan_stub_files(size_t *ret_count);

/** Print the plan as one JSON object, for --dry-run. Environment values are not printed. */
SBX_MUST_CHECK enum sbx_status sbx_plan_format(
    const struct sbx_plan *plan, struct sbx_buf *ret_json, struct sbx_error *err);

/* Masks of design 4, spelled once. */
#define SBX_MASK_RX 0x001200A9u   /* FILE_GENERIC_READ | FILE_GENERIC_EXECUTE */
#define SBX_MASK_RWX 0x001201BFu  /* + write; no DELETE, no FILE_DELETE_CHILD */
#define SBX_MASK_RWXD 0x001301BFu /* + DELETE */
#define SBX_MASK_FULL 0x001F01FFu
#define SBX_MASK_DELETE_CHILD 0x00000040u
#define SBX_MASK_DELETE 0x00010000u
#define SBX_MASK_READ_CONTROL 0x00020000u
/* on a directory that leads to something that must stay: its own name, and what is in it */
#define SBX_MASK_DENY_ABOVE (SBX_MASK_DELETE | SBX_MASK_DELETE_CHILD)
/* write data, append, EA, attributes, delete, delete child, WRITE_DAC, WRITE_OWNER */
#define SBX_MASK_DENY_WRITE 0x000D0156u
/* git: "write", on .git itself: delete, delete child, WRITE_DAC, WRITE_OWNER */
#define SBX_MASK_DENY_REPLACE 0x000D0040u
/* read data, read EA, execute/traverse, and what would take the deny away again */
#define SBX_MASK_DENY_READ 0x000C0029u
/* on the way to a root: traverse, read attributes, synchronize; no listing */
#define SBX_MASK_ANCESTOR 0x001000A0u

#endif
