/*
 * The nt-suite's driver: one table of rows, each run in a process of its own.
 *
 * suite.exe links nothing of ours. It starts the programs as a caller would, and judges what the
 * machine itself can do (the "facts") with plain API calls, so that a mistake in our code cannot
 * hide itself. Text is UTF-8 inside; w() and u() convert at the edge and let lone surrogates pass,
 * because some rows hand them to the programs. A row's process lives for seconds: what it
 * allocates is freed by its end.
 */
#ifndef SUITE_H
#define SUITE_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0600
#endif
#include <windows.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <cjson/cJSON.h>
#include "probe.h"
#include "stream.h"

#define countof(a) (sizeof(a) / sizeof((a)[0]))

/* What a machine may or may not be able to do. Each is found out by a row of rows_facts.c. */
enum fact {
    FACT_PROGRAMS, /* agent.exe and command-runner.exe are there */
    FACT_ACL,      /* the work volume keeps and enforces DACLs */
    FACT_RESTRICT, /* restricting SIDs of a WRITE_RESTRICTED token hold for files */
    FACT_ADMIN,    /* this process is an administrator */
    FACT_WINE,     /* ntdll exports wine_get_version */
    FACT_PROCESS,  /* processes refuse write access to a restricted token */
    FACT_REGISTRY, /* keys refuse write access to a restricted token */
    FACT_PIPE,     /* named pipes are checked */
    FACT_JUNCTION,
    FACT_STREAM,
    FACT_SHORT,
    FACT_HARDLINK,
    FACT_JOB_SEEN,     /* a process can read the limits of the job it is in */
    FACT_JOB_COUNT,    /* active process limit */
    FACT_JOB_MEMORY,   /* memory limit */
    FACT_CONSOLE,      /* a console can be made and CTRL_BREAK reaches a process group */
    FACT_ATTACH,       /* a process without console can attach to another's and write its input */
    FACT_CONSOLE_HELD, /* a restricted token is refused there */
    FACT_SURROGATE,    /* a command line carries a lone surrogate unchanged */
    FACT_POWERSHELL,
    FACT_GIT,
    FACT_CURL,
    FACT_PYTHON,
    /* Found out with --elevated only (rows_accounts.c, rows_setup.c). */
    FACT_ACCOUNTS, /* local accounts are made, found by name, and go */
    FACT_LOGON,    /* LogonUserW refuses a wrong password and gives the account's token */
    FACT_NETLOGON, /* and does so for network logons */
    FACT_SECLOGON, /* CreateProcessWithLogonW starts a process as the account */
    FACT_FENCE,    /* the filter engine keeps what it is given */
    FACT_FREE,     /* nothing of an installation is there that is not the suite's */
    FACT_PRODUCT,  /* sandbox-setup.exe has installed, for the suite */
    FACT_SETUP,    /* it has, or setupsteps.exe has done what needs no filter engine */
    FACT_COUNT
};
#define NEED(f) (1ull << (f))
/* The agent can start a command: the platform confines, or the caller said --unconfined. */
#define NEED_RUN (1ull << 40)
/* Refusals can be seen: ACLs kept, restricting SIDs enforced, and no --unconfined in the way. */
#define NEED_HELD (1ull << 41)
/* Only with --elevated. */
#define NEED_ELEVATED (1ull << 42)

struct row {
    const char *id;   /* "E07"; letters and digits */
    const char *name; /* area__condition__result */
    uint64_t needs;
    unsigned limit_s; /* 0 = 60; multiplied by --slow */
    void (*run)(const struct row *row);
    const void *data;
};

struct row_set {
    const struct row *rows;
    size_t count;
};
extern const struct row_set rows_facts, rows_streams, rows_exit, rows_argv, rows_environment,
    rows_policy, rows_lifetime, rows_codex, rows_files, rows_names, rows_process, rows_extra,
    rows_objects, rows_grants, rows_gates, rows_hosts, rows_integrity, rows_accounts, rows_setup,
    rows_hops, rows_hop_objects, rows_installed, rows_everyday, rows_uninstall;

struct options {
    const char *self, *self_dir, *programs, *work; /* full paths */
    const char *from, *only, *out, *serial;
    bool elevated, unconfined, verbose, list;
    unsigned slow; /* time limits are multiplied by it */
    unsigned mib;  /* size of the big streams */
};
extern struct options opt;

/* --- text (text.c) --- */
char *f(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));
wchar_t *w(const char *text);
char *u(const wchar_t *text);
char *u_n(const wchar_t *text, size_t count);
/* One more argument, quoted for CommandLineToArgvW; written for the suite, not the product's. */
void quote_argument(char **line, const char *argument);

/* --- verdicts (row.c) --- */
void diag(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));
void fail_at(const char *file, int line, const char *format, ...)
    __attribute__((format(gnu_printf, 3, 4)));
void skip(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));
void fact_set(enum fact fact, bool value, const char *format, ...)
    __attribute__((format(gnu_printf, 3, 4)));
bool fact(enum fact fact);
const char *fact_evidence(enum fact fact);
extern const char *const fact_names[FACT_COUNT];
/* The reason to skip, or NULL. */
const char *needs_missing(uint64_t needs);
/* Parent: take a fact as a row's process printed it. */
void fact_note(const char *line);
/* False for a row that would only say why it is skipped. */
bool row_needs_process(const struct row *row);
int row_main(const struct row *row);
bool row_failed(void);
/* Keep going. */
#define EXPECT(condition, ...)                                                                     \
    do {                                                                                           \
        if (!(condition))                                                                          \
            fail_at(__FILE__, __LINE__, __VA_ARGS__);                                              \
    } while (0)
/* Leave the row. */
#define CHECK(condition, ...)                                                                      \
    do {                                                                                           \
        if (!(condition)) {                                                                        \
            fail_at(__FILE__, __LINE__, __VA_ARGS__);                                              \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* --- files (files.c) --- */
void make_dir(const char *path); /* with its parents; a failure ends the row */
void write_file(const char *path, const char *text);
void write_bytes(const char *path, const void *bytes, size_t length_bytes);
char *read_file(const char *path, size_t *ret_length_bytes); /* NULL when absent */
bool exists(const char *path);
bool is_directory(const char *path);
/* Names, sizes and contents of everything below a path, as text; "absent" when it is not there. */
char *snapshot(const char *path);
void remove_tree(const char *path); /* never through a reparse point */
/* Replace the DACL of an existing object; SDDL may say {user} for the caller's SID. */
bool set_dacl(const char *path, const char *sddl);
const char *user_sid(void);
const char *logon_sid(void); /* NULL when the token has none */
char *env(const char *name); /* NULL when not set */
char *system_directory(void);

/* --- processes (run.c) --- */
#define RUN_ARGS 96
struct run {
    /* Set by the caller. Zero means: the usual. */
    const char *image; /* full path */
    const char *argv[RUN_ARGS];
    int argc;
    const char *raw_tail; /* appended to the command line as it is */
    const char *cwd;
    const void *input; /* written to standard input, then closed; NULL = NUL device */
    size_t input_length;
    HANDLE in, out, err;        /* inheritable handles used instead of pipes */
    HANDLE extra;               /* one more handle to inherit */
    HANDLE token;               /* CreateProcessAsUserW */
    const wchar_t *environment; /* double-zero block instead of the suite's own */
    DWORD create_flags;         /* CREATE_NO_WINDOW unless a console flag is there */
    unsigned limit_ms;          /* 0 = 30 s, multiplied by --slow */
    unsigned slow_reader;       /* ms of sleep before each read of standard output */
    bool keep_input_open;
    /* Set by run_start and run_finish. */
    HANDLE process, thread, threads[3], pipe_in, pipe_out, pipe_err;
    DWORD pid, code, start_error;
    bool timed_out;
    char *out_text, *err_text; /* first SUITE_KEEP bytes, NUL-terminated */
    uint64_t out_bytes, err_bytes, out_hash;
};
#define SUITE_KEEP (1024u * 1024u)
void run_arg(struct run *run, const char *argument);
void run_args(struct run *run, ...); /* char pointers, NULL at the end */
bool run_start(struct run *run);
void run_finish(struct run *run); /* waits, collects; kills after the limit */
bool run_all(struct run *run);    /* both */

/* The probe program in this process's place (the twin), or under a token. */
void probe_words(struct run *run, const char *words); /* "write|C:\\x|text" */
struct probe_result {
    enum probe_outcome outcome; /* of the last step */
    DWORD error;
    enum probe_outcome first; /* of the first step */
    char *line;
};
struct probe_result probe_judge(const struct run *run);
const char *probe_path(void);

/* --- a restricted token of the suite's own (restricted.c) --- */
/* Restricting SIDs: Everyone, the logon SID, and this one that nobody has. */
#define SUITE_RANDOM_SID "S-1-5-21-1004336348-1177238915-682003330-64321"
HANDLE restricted_token(void);
/* The probe's answer under that token. */
struct probe_result restricted_try(const char *words);

/* --- the agent (agent.c) --- */
struct agent {
    const char *options[RUN_ARGS];
    int option_count;
    const char *command[RUN_ARGS];
    int command_count;
    bool no_result, no_cwd, bare; /* bare: neither --cwd, --result nor --wine-unconfined */
    struct run run;
    const char *result_path;
    cJSON *result; /* NULL when none was written */
};
void agent_opt(struct agent *agent, ...); /* NULL at the end */
void agent_cmd(struct agent *agent, ...); /* program and arguments, NULL at the end */
void agent_probe(struct agent *agent, const char *words);
bool agent_start(struct agent *agent);
void agent_finish(struct agent *agent);
bool agent_go(struct agent *agent); /* start and finish; false after a time-out */
const char *agent_path(void);
const char *result_text(const struct agent *agent, const char *key); /* "" when missing */
double result_number(const struct agent *agent, const char *key);    /* -1 when missing */
bool result_has_text(const struct agent *agent, const char *list, const char *part);
/* One line about how a run ended, for messages. */
char *agent_story(const struct agent *agent);

/* --- elevated mode (elevated.c) --- */
#define SUITE_GROUP "AgentSandboxUsers"
#define SUITE_OFFLINE "AgentSandboxOffline"
#define SUITE_ONLINE "AgentSandboxOnline"
#define SUITE_USER "SbxSuiteUser" /* made for one row, and gone at its end */
/* The SID of a local name, or NULL; ret_use may be NULL. */
char *name_sid(const char *name, SID_NAME_USE *ret_use);
/* An ordinary local user with a password of its own; false and a reason in diag otherwise. */
bool user_make(char password[40]);
/* The same in no group at all, as NetUserAdd leaves it. */
bool user_make_alone(char password[40]);
void user_remove(void);
/* Rights that the local policy gives to a SID, "SeThis SeThat", sorted; "" when none. */
char *rights_of(const char *sid);
bool rights_add(const char *sid, const char *right);
/* A folder that every account may read and only administrators write: the children's programs. */
char *tools_dir(void);
char *tool(const char *name);   /* in it, copied there when it is not there yet */
char *helper(const char *name); /* beside suite.exe */
char *installed_dir(void);      /* %ProgramFiles%\AgentSandbox */
char *data_dir(void);           /* %ProgramData%\AgentSandbox */
/* What the suite leaves so that a later run knows: this installation is the suite's. */
char *marker(void);
/* One program with words (NULL at the end); what it said is in the run. */
struct run *call(const char *image, ...);
/* One line for messages: exit code and both outputs. */
char *story(const struct run *run);
/* A command as an account through the installed runner: words are hopdriver's, '|' between. */
struct run *hop(const char *account, const char *words, const char *image, ...);
/* Some line of the text begins with this. */
bool line_begins(const char *text, const char *start);
/* Set up for the suite, by whichever way this machine allows; an operator's SID, or NULL. */
struct run *set_up_again(const char *verb, const char *operator_sid);
/* Names of the suite's processes' images that still run. */
int running(const char *image);

/* --- access lists of object directories (objectlist.c) --- */
#define LIST_ENTRIES_MAX 64u
struct list {
    char *evidence; /* why there is none, or NULL */
    DWORD count;
    struct {
        BYTE type, flags;
        DWORD mask;
        char *sid;
    } entries[LIST_ENTRIES_MAX];
};
DWORD session_number(void); /* 0 also when it cannot be found out */
char *session_directory(void);
struct list list_of(const char *path);
char *list_text(const struct list *list);
/* Of directories that are nobody's run: the machine's names, and where sessions hang. */
char *other_lists(void);
/* What stands in `now` and not in `before`, each entry as often as it is there too often: every one
 * must be a plain grant of making and opening names to one of the SIDs of the run. */
void must_be_of_a_run(const struct list *before, const struct list *now);

/* --- the fixture: one folder per row (fixture.c) --- */
struct fixture {
    char *base, *ws, *out, *extra, *res;
};
extern struct fixture fx;
void fixture_make(const char *id);
void fixture_reset(void); /* ws, out and extra as new */
void fixture_remove(void);
char *expand(const char *text); /* {ws} {out} {extra} {base} {win} {sys} {home} {user} ... */
/* How many processes still hold a lock file made by `probe hold DIR`; total in ret_count. */
int held_alive(const char *dir, int *ret_count);
bool wait_held(const char *dir, int count, unsigned limit_ms);
bool wait_none_held(const char *dir, unsigned limit_ms);

/* --- attacks (attack.c) --- */
#define ATTACK_WORKS 1u         /* a positive row: inside it must succeed */
#define ATTACK_TWIN_MAY_FAIL 2u /* the user itself may be refused: then a skip, unless it works */
#define ATTACK_NO_CHANGE 4u     /* success leaves no trace in the watched tree */
#define ATTACK_RESIDUAL 8u /* not held with Everyone and the logon SID restricting (design 2) */
/* Objects that a model of NT may not check: tried with the suite\'s own restricted token first. */
#define ATTACK_PLATFORM 16u
/* With ATTACK_PLATFORM, for "rename|FROM|TO" into a folder that only the sandbox may write in: the
 * own token is asked for DELETE on FROM alone. */
#define ATTACK_MOVES 32u
struct attack {
    const char *options; /* of agent, '|' between words, or NULL */
    const char *command; /* probe steps, or "!image|arguments" */
    const char *watch;   /* tree that tells whether it worked; NULL = {out} */
    DWORD error;         /* expected of a refusal; 0 = any */
    unsigned flags;
    void (*prepare)(void);
    DWORD error2; /* also accepted */
};
void attack_run(const struct row *row); /* row->data is a struct attack */
/* Only the twin, on a platform where the rest is skipped: a probe that does not work shows. */
void attack_twin(const struct row *row);

#endif
