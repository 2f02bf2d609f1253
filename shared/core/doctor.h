/*
 * `agent doctor` as data: facts about machine, installation and user in, one row per check out.
 * Pure; agent/doctor*.c gathers the facts.
 *
 * A check is a function of its facts and adds at least one row: "ok", or one row for each thing
 * that is wrong, with what was found and one remedy. Where the remedy is a command, the row has it
 * as such, to be run as it stands. What could not be asked is "cannot tell" and never "ok".
 */
#ifndef SBX_DOCTOR_H
#define SBX_DOCTOR_H

#include "json.h"
#include "preflight.h"

enum sbx_doctor_state {
    SBX_DOCTOR_OK = 1,
    SBX_DOCTOR_WARNING, /* works, and somebody should know */
    SBX_DOCTOR_FAULT,   /* something does not work or does not hold */
    SBX_DOCTOR_CANNOT_TELL
};

#define SBX_DOCTOR_TEXT_MAX 512u
#define SBX_DOCTOR_ROWS_MAX 160u

struct sbx_doctor_row {
    const char *id; /* of the check, static */
    enum sbx_doctor_state state;
    char found[SBX_DOCTOR_TEXT_MAX];   /* what is, one sentence without a full stop */
    char remedy[SBX_DOCTOR_TEXT_MAX];  /* what to do; "" when ok */
    char command[SBX_DOCTOR_TEXT_MAX]; /* the same as a command line; "" when it is none */
    bool elevate;                      /* the command needs an administrator's prompt */
};

struct sbx_doctor_report {
    struct sbx_doctor_row rows[SBX_DOCTOR_ROWS_MAX];
    size_t count;
    size_t left_out; /* rows that found no room; they count as faults */
    size_t counts[SBX_DOCTOR_CANNOT_TELL + 1];
};

/* --- facts: what is not set is unknown, or not there -------------------------------------------
 */

/* One account, as sandbox-setup finds it. */
struct sbx_doctor_account {
    char name[24];
    enum sbx_known exists;
    enum sbx_known ours; /* its SID is that of the record */
    bool disabled, locked, expires, password_expired;
    bool needs_no_password, password_may_expire, special; /* special: not an ordinary user */
    bool member;                                          /* of the sandbox group */
};

/* A step of set-up as it examines itself: "present" is right. */
enum sbx_doctor_step {
    SBX_DOCTOR_STEP_UNKNOWN = 0,
    SBX_DOCTOR_STEP_PRESENT,
    SBX_DOCTOR_STEP_ABSENT,
    SBX_DOCTOR_STEP_DIFFERENT,
    SBX_DOCTOR_STEP_FOREIGN
};

#define SBX_DOCTOR_ACCOUNTS_MAX 18u
#define SBX_DOCTOR_RIGHTS_MAX 16u
#define SBX_DOCTOR_STRANGERS_MAX 16u

/* What `sandbox-setup status --json` says. Plain values. */
struct sbx_doctor_machine {
    char why_not[400]; /* it did not answer; "": it did */
    bool leftovers;    /* an account or the group is there, whatever the record says */
    struct sbx_doctor_account accounts[SBX_DOCTOR_ACCOUNTS_MAX];
    size_t account_count;
    enum sbx_known group_exists;
    char strangers[SBX_DOCTOR_STRANGERS_MAX][190]; /* SIDs of members that are no accounts */
    size_t stranger_count;
    enum sbx_known rights_asked;
    char rights[SBX_DOCTOR_RIGHTS_MAX][64]; /* of the group */
    size_t right_count;
    size_t own_right_count; /* that accounts have by their own SIDs */
    enum sbx_doctor_step folders, access, secrets, hidden, fence, firewall, eventlog;
    enum sbx_known firewall_effective;
    char firewall_note[200];
};

enum sbx_doctor_service {
    SBX_DOCTOR_SECLOGON,
    SBX_DOCTOR_BFE,
    SBX_DOCTOR_MPSSVC,
    SBX_DOCTOR_SERVICES
};

struct sbx_doctor_service_fact {
    enum sbx_known exists, disabled;
};

struct sbx_doctor_volume {
    const char *what; /* "the state folder", "the working directory" */
    const char *path;
    enum sbx_known keeps_acls;
    char filesystem[32];
};

/* A tool that PATH leads to. */
struct sbx_doctor_tool {
    const char *name; /* "git" */
    const char *path; /* the file */
    const char *folder;
    enum sbx_known user_may;    /* execute it, as this user */
    enum sbx_known account_may; /* as the accounts; UNKNOWN without an installation */
};

/* Who may write in a folder beside its owner. */
enum sbx_doctor_writers {
    SBX_DOCTOR_WRITERS_UNKNOWN = 0,
    SBX_DOCTOR_WRITERS_FEW,
    SBX_DOCTOR_WRITERS_USERS,   /* every user of the machine */
    SBX_DOCTOR_WRITERS_EVERYONE /* Everyone, so a sandboxed command, too */
};

struct sbx_doctor_place {
    const char *path;
    enum sbx_doctor_writers writers;
};

struct sbx_doctor_ledger {
    const char *name, *path;
    enum sbx_known root_exists;
    bool damaged, unfinished; /* a walk was begun and is not at its end */
    enum sbx_known held;      /* by a run under way */
};

/* A folder of our own whose access list was read and judged. */
struct sbx_doctor_dacl {
    const char *path;
    enum sbx_known right;
    char problem[200];
    char sid[190]; /* who may write and should not; "" */
};

struct sbx_doctor_facts {
    /* The installation record. */
    bool installed;    /* a record is there */
    char problem[300]; /* the record cannot be read, or not be relied on; "" */
    bool readable;     /* what follows is from it */
    const char *record_version, *own_version;
    const char *record_build, *own_build;
    struct {
        const char *name, *problem; /* "" as installed */
    } programs[8];
    size_t program_count;
    bool is_operator;
    enum sbx_known in_group; /* this user */
    const char *user_sid, *user_name;
    const char *const *operators; /* SIDs */
    size_t operator_count;
    struct sbx_doctor_machine machine;

    struct sbx_doctor_service_fact services[SBX_DOCTOR_SERVICES];
    const struct sbx_doctor_volume *volumes;
    size_t volume_count;
    const struct sbx_doctor_tool *tools;
    size_t tool_count;
    const char *policy_path; /* the user's policy file */
    const struct sbx_doctor_place *path_places, *root_places;
    size_t path_place_count, root_place_count;
    const struct sbx_doctor_ledger *ledgers;
    size_t ledger_count;
    enum sbx_known ledgers_asked;
    const char *const *stale_leases, *const *stale_work; /* names */
    size_t stale_lease_count, stale_work_count;
    enum sbx_known leases_asked, work_asked;
    struct sbx_doctor_dacl state_folder; /* path NULL: there is none yet */
    /* Calibration of the mode that runs have here. */
    bool calibration_exists;
    char calibration_problem[200]; /* "" */
    bool calibration_matches;      /* there is an entry for this build and version */
    const char *recipe;            /* what `auto` means here */
};

/* One check. */
struct sbx_doctor_check {
    const char *id; /* also explained by `agent explain` */
    bool installed; /* only where there is an installation */
    void (*judge)(
        const char *id, const struct sbx_doctor_facts *facts, struct sbx_doctor_report *report);
};

extern const struct sbx_doctor_check sbx_doctor_checks[];
extern const size_t sbx_doctor_check_count;

/** All checks, in the order of the table. @param ret_report overwritten */
void sbx_doctor_judge(const struct sbx_doctor_facts *facts, struct sbx_doctor_report *ret_report);

/** False when there is a fault: the exit code is 0 or 1. */
bool sbx_doctor_is_well(const struct sbx_doctor_report *report);

/** "ok", "warning", "fault", "cannot tell". */
const char *sbx_doctor_state_name(enum sbx_doctor_state state);

/**
 * Read the answer of sandbox-setup.
 * @return SBX_INVALID for an answer of another form; the facts read so far stand
 */
SBX_MUST_CHECK enum sbx_status sbx_doctor_read_machine(
    const struct sbx_json_at *root, struct sbx_doctor_machine *ret, struct sbx_error *err);

#endif
