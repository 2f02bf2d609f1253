/*
 * Approvals (design 8): what a person must be asked before a command runs, what an answer means,
 * and which answers are remembered. Pure; asking is agent/approve.h.
 *
 *   subject             asked when                                          otherwise
 *   a command           the first rule that matches says "prompt"           allow, or the rule's
 * deny a write path        approvals.write, for paths beyond the policy        see
 * sbx_approval_rule the user's desktop  approvals.desktop, for desktop "interactive" the network
 * approvals.network, for access "full"
 *
 * No answer in time, nobody who could answer, an answer that is not understood: deny. An answer
 * covers exactly what was shown: the same subject in the same directory under the same policy.
 */
#ifndef SBX_APPROVAL_H
#define SBX_APPROVAL_H

#include "policy.h"

enum sbx_approval_kind {
    SBX_APPROVAL_COMMAND = 1,
    SBX_APPROVAL_WRITE,
    SBX_APPROVAL_DESKTOP,
    SBX_APPROVAL_NETWORK
};

/* Whose words asked for more than the policy files give. */
enum sbx_approval_origin {
    SBX_ORIGIN_PERSON = 1, /* options that a person typed: `agent run` */
    SBX_ORIGIN_PROGRAM     /* parameters of a request: serve, mcp; a model may have chosen them */
};

enum sbx_approval_choice {
    SBX_CHOICE_NONE = 0, /* nobody answered: deny, not remembered */
    SBX_CHOICE_ONCE,     /* allow this one */
    SBX_CHOICE_SESSION,  /* allow it as often as it is asked in this session */
    SBX_CHOICE_DENY,     /* not this one */
    SBX_CHOICE_NEVER     /* deny it as often as it is asked in this session */
};

#define SBX_APPROVAL_TIMEOUT_MS 120000u /* how long a question stays open */
#define SBX_APPROVAL_BY_MAX 128u
#define SBX_APPROVAL_REMEMBERED_MAX 1024u

/* One question. Borrowed strings, valid during the call that asks. */
struct sbx_approval_question {
    uint64_t number; /* counts up in one process: pairs an answer with its question */
    enum sbx_approval_kind kind;
    const char
        *subject; /* what is asked for: a command line, a final path, "interactive", "full" */
    const char *cwd;
    const char *reason;      /* of the rule, may be NULL */
    const char *policy_hash; /* 64 hex digits */
    uint32_t timeout_ms;
};

struct sbx_approval_answer {
    enum sbx_approval_choice choice;
    char by[SBX_APPROVAL_BY_MAX]; /* who answered, as the asker knows it; "" when nobody did */
    uint64_t time_ms;             /* since 1970, when the answer came; set by agent/approve.c */
};

/* One question and how it ended, for the result and the audit log. Owned strings. */
struct sbx_approval_record {
    enum sbx_approval_kind kind;
    char *subject;
    struct sbx_approval_answer answer;
    bool remembered; /* answered earlier in this session */
    const char *how; /* static: "answered", "timeout", "nobody to ask", "failed", "remembered" */
};

struct sbx_approval_records {
    struct sbx_approval_record *items;
    size_t count;
};

/* Answers of this session that were for more than once. */
struct sbx_approval_memory {
    struct sbx_approval_remembered {
        uint8_t key[32];
        struct sbx_approval_answer answer;
    } * items;
    size_t count;
};

/**
 * What the policy says about one kind of request beyond the policy files (not for commands: those
 * have rules). Defaults where the policy says nothing:
 *   write, network: a person's own option is allowed, a program's parameter is asked about;
 *   desktop: always asked about.
 */
enum sbx_decision sbx_approval_rule(
    const struct sbx_policy *policy, enum sbx_approval_kind kind, enum sbx_approval_origin origin);

/** True for ONCE and SESSION, and for nothing else. */
bool sbx_approval_allows(enum sbx_approval_choice choice);

/**
 * What was answered for the same question before in this session.
 * @return false: not asked yet, or answered for once only
 */
bool sbx_approval_recall(const struct sbx_approval_memory *memory,
    const struct sbx_approval_question *question, struct sbx_approval_answer *ret_answer);

/**
 * Keep an answer that is for the session (SESSION, NEVER); others are not kept. A later answer
 * replaces an earlier one.
 * @return SBX_INVALID beyond SBX_APPROVAL_REMEMBERED_MAX; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_approval_remember(struct sbx_approval_memory *memory,
    const struct sbx_approval_question *question, const struct sbx_approval_answer *answer,
    struct sbx_error *err);
void sbx_approval_memory_done(struct sbx_approval_memory *memory);

/** Append a record. @param how static */
SBX_MUST_CHECK enum sbx_status sbx_approval_record_add(struct sbx_approval_records *records,
    const struct sbx_approval_question *question, const struct sbx_approval_answer *answer,
    const char *how, struct sbx_error *err);
void sbx_approval_records_done(struct sbx_approval_records *records);

/** Read a choice: "once", "session", "deny", "never". Anything else is SBX_CHOICE_NONE. */
enum sbx_approval_choice sbx_approval_choice_read(const char *word, size_t length_bytes);

/* "command", "write", "desktop", "network"; "none", "once", "session", "deny", "never". */
const char *sbx_approval_kind_name(enum sbx_approval_kind kind);
const char *sbx_approval_choice_name(enum sbx_approval_choice choice);

#endif
