/*
 * What the steps of sandbox-setup share: the `void *context` of every function in a
 * struct sbx_step is a struct sbx_setup.
 *
 * Rules for a step (setup/step_<name>.c, which defines `const struct sbx_step sbx_step_<name>`):
 *  - names come from `wanted` (accounts) and installation.h (group), paths from here, never from a
 *    request;
 *  - before an object that is absent is made, sbx_setup_intend() puts its name into the journal. An
 *    object is ours when the record found names its SID or sbx_setup_intended() says so; anything
 *    else of that name is FOREIGN;
 *  - sbx_setup_at() says which object is being worked on; a failure reports it with step and code;
 *  - what the record is to say is filled into `wanted`, by examine already where it is known, so
 *    that the record step (the last) finds it complete on a second run that changes nothing;
 *  - passwords live in `secrets` only, which is wiped at the end.
 */
#ifndef SBX_SETUP_CONTEXT_H
#define SBX_SETUP_CONTEXT_H

#include "engine.h"
#include "shared/core/installation.h"
#include "shared/core/ntsid.h"
#include "shared/core/setupmsg.h"
#include "shared/win/win.h"

#define SBX_SETUP_PASSWORD_SIZE 65u /* 64 characters and the NUL */
#define SBX_SETUP_OBJECT_MAX 192u

/* Files and folders below the program folder. */
#define SBX_RUNNER_NAME "command-runner.exe"
#define SBX_SETUP_NAME "sandbox-setup.exe"
#define SBX_EVENTS_NAME "sandbox-events.dll"
#define SBX_RECORD_NAME "installation.json"
#define SBX_JOURNAL_NAME "journal.jsonl"
#define SBX_SECRETS_NAME "secrets"
#define SBX_CREDENTIALS_NAME "credentials.json"

/* The password of wanted.accounts[same index]. */
struct sbx_setup_secret {
    char text[SBX_SETUP_PASSWORD_SIZE];
    bool known; /* text is the account's password: made in this run, or unsealed */
};

struct sbx_setup_journal; /* setup/journalfile.h */

struct sbx_setup {
    /* What is asked, and by whom. */
    struct sbx_setup_request request;
    const char *verb;            /* static; what request.mode does not tell: "provision"; NULL */
    bool from_agent;             /* by its pipe; false: started by hand */
    struct sbx_sid asker;        /* the user of the process that asked */
    bool has_operator;           /* install: a user is to become an operator */
    struct sbx_sid operator_sid; /* from the caller's process token, or provision's argument */

    /* Where. Normal paths without a final separator, owned; set before any step runs. */
    char *source_folder;    /* in which the running sandbox-setup.exe lies */
    char *program_folder;   /* %ProgramFiles%\AgentSandbox */
    char *secrets_folder;   /* ...\secrets */
    char *credentials_path; /* ...\secrets\credentials.json */
    char *runner_path;      /* ...\command-runner.exe */
    char *data_folder;      /* %ProgramData%\AgentSandbox */
    char *work_folder;      /* ...\work */

    /* The record as it was when the run began. */
    bool has_found;
    struct sbx_installation found;
    /*
     * The record to be. Starts as a copy of `found`, then: this version and OS build, accounts as
     * requested (names and kinds; SIDs NULL until known), operators with the new one, proxy range,
     * fence form. Steps fill group_sid, account SIDs, programs, fence_proved, firewall_*.
     */
    struct sbx_installation wanted;
    struct sbx_setup_secret secrets[SBX_INSTALLATION_ACCOUNTS_MAX];
    bool rotate; /* mode rotate: the secrets step makes new passwords, then clears this */

    struct sbx_setup_journal *journal; /* owned */

    char object[SBX_SETUP_OBJECT_MAX]; /* being worked on; "" at the start of each step's call */
    struct sbx_strings notes;          /* of the result: for people, one line each */

    /* Where events go. */
    void *sink_context;
    void (*sink)(void *sink_context, const struct sbx_setup_event *event);
};

/** Say what is being worked on, for the failure report: "account 'AgentSandboxOffline'". */
void sbx_setup_at(struct sbx_setup *setup, const char *format, ...) SBX_PRINTF(2, 3);

/**
 * Put "this object, absent now, is about to be made by this step" into the journal, on the disk.
 * Call it before each object that the machine could keep when the power fails right afterwards.
 * Does nothing when it is there already. Also does what sbx_setup_at does.
 * @param object short, unique within the step: "AgentSandboxOffline"; at most 256 bytes
 */
SBX_MUST_CHECK enum sbx_status sbx_setup_intend(
    struct sbx_setup *setup, const char *step, const char *object, struct sbx_error *err);

/**
 * True when the journal says that setup made this object, or was about to, and has not undone the
 * step since: in this run or in any before, finished or not.
 */
bool sbx_setup_intended(const struct sbx_setup *setup, const char *step, const char *object);

/** Add a line to the result. Running out of memory loses the line, nothing else. */
void sbx_setup_note(struct sbx_setup *setup, const char *format, ...) SBX_PRINTF(2, 3);

/** Set a string member, replacing what was there. @return SBX_OOM */
SBX_MUST_CHECK enum sbx_status sbx_setup_set(
    char **member, const char *text, struct sbx_error *err);

#endif
