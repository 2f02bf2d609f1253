/*
 * sbx_tokenplan: which token a child gets, as data, and whether a token read back is that one.
 *
 * Pure: shared/win/token.h turns a plan into a token, shared/win/tokenproof.h reads the facts back
 * from the created child. The recipes are design 2:
 *
 *   name      restricting SIDs, in order                                    logon SIDs
 *   strict    capability..., run, [account]                                 made deny-only
 *   isolated  capability..., run, [account], Everyone                       made deny-only
 *   standard  capability..., run, [account], Everyone, logon...             left enabled
 *
 * [account] only in elevated mode. Users, Authenticated Users and INTERACTIVE are never
 * restricting: that is what closes the roots of C:\ and D:\, which these groups may write.
 * Boundary: token recipe and its proof.
 */
#ifndef SBX_TOKENPLAN_H
#define SBX_TOKENPLAN_H

#include "acldata.h"
#include "finding.h"
#include "ntsid.h"
#include "policy.h"

/* Windows refuses a logon with more than 1,015 groups; anything longer is not a token. */
#define SBX_GROUPS_MAX 1100u
#define SBX_PRIVILEGES_MAX 64u
/* Capability SIDs of one run. More writable roots than this is a mistake in a policy. */
#define SBX_CAPABILITIES_MAX 96u

/* SE_GROUP_*: https://learn.microsoft.com/windows/win32/api/winnt/ns-winnt-token_groups */
#define SBX_GROUP_MANDATORY 0x00000001u
#define SBX_GROUP_ENABLED_BY_DEFAULT 0x00000002u
#define SBX_GROUP_ENABLED 0x00000004u
#define SBX_GROUP_OWNER 0x00000008u
#define SBX_GROUP_DENY_ONLY 0x00000010u
#define SBX_GROUP_INTEGRITY 0x00000020u
#define SBX_GROUP_LOGON_ID 0xC0000000u

/* CreateRestrictedToken flags. */
#define SBX_RESTRICT_DISABLE_MAX_PRIVILEGE 0x1u
#define SBX_RESTRICT_LUA_TOKEN 0x4u
#define SBX_RESTRICT_WRITE_RESTRICTED 0x8u

/* TOKEN_ACCESS_INFORMATION.Flags, the bit that is looked at (TOKEN_WRITE_RESTRICTED in ntifs.h). */
#define SBX_TOKENFLAG_WRITE_RESTRICTED 0x0008u

#define SBX_PRIVILEGE_CHANGE_NOTIFY "SeChangeNotifyPrivilege"

struct sbx_group {
    struct sbx_sid sid;
    uint32_t attributes; /* SBX_GROUP_*; 0 in lists where they mean nothing */
};

/* An owned, growing list of SIDs. Start with {0}. */
struct sbx_groups {
    struct sbx_group *items;
    size_t count;
    size_t capacity;
};

struct sbx_privilege {
    char name[48];       /* "SeChangeNotifyPrivilege", or "LUID hi:lo" when it has no name */
    uint32_t attributes; /* SE_PRIVILEGE_*: 2 = enabled */
};

struct sbx_privileges {
    struct sbx_privilege items[SBX_PRIVILEGES_MAX];
    size_t count;
};

/** Append a copy. @return SBX_INVALID beyond SBX_GROUPS_MAX, SBX_OOM; the list is then as before */
SBX_MUST_CHECK enum sbx_status sbx_groups_add(
    struct sbx_groups *list, const struct sbx_sid *sid, uint32_t attributes, struct sbx_error *err);
/** First entry with this SID, or NULL. */
const struct sbx_group *sbx_groups_find(const struct sbx_groups *list, const struct sbx_sid *sid);
/** First entry with all bits of SBX_GROUP_LOGON_ID, or NULL. */
const struct sbx_group *sbx_groups_logon(const struct sbx_groups *list);
/** Free the entries and make the list empty. NULL does nothing. */
void sbx_groups_done(struct sbx_groups *list);

/* What a plan is made from. Everything is borrowed for the call. */
struct sbx_tokenplan_input {
    enum sbx_token_choice recipe;          /* STRICT, ISOLATED or STANDARD */
    bool elevated;                         /* the base token is a sandbox account's */
    struct sbx_sid user_sid;               /* TokenUser of the base token */
    struct sbx_sid account_sid;            /* elevated: the account that was logged on; else {0} */
    struct sbx_sid run_sid;                /* random, of this run only (sbx_capsid_is_ours) */
    const struct sbx_sid *capability_sids; /* of the roots this run may write, same form */
    size_t capability_count;               /* 0 is right for read-only */
    const struct sbx_groups *groups;       /* TokenGroups of the base token, with attributes */
    bool base_is_restricted;               /* the base token has restricting SIDs already */
};

struct sbx_tokenplan {
    enum sbx_token_choice recipe;
    bool elevated;
    struct sbx_sid user_sid;
    struct sbx_sid run_sid;
    uint32_t flags;                /* SBX_RESTRICT_* for CreateRestrictedToken */
    struct sbx_groups disable;     /* become deny-only */
    struct sbx_groups restricting; /* in this order */
    struct sbx_groups groups;      /* every group of the base token except integrity labels */
    struct sbx_acl default_dacl;
    struct sbx_sid integrity_sid; /* Medium */
    const char *kept_privilege;   /* static: the only privilege that may remain */
};

/**
 * Compute the plan.
 * @return SBX_INVALID: a capability or run SID is not one of ours (sbx_capsid_is_ours: this keeps
 *         out Users, Authenticated Users, INTERACTIVE, every account and every group), is the user
 *         or a group of the base token, or appears twice; more than SBX_CAPABILITIES_MAX; an
 *         account SID missing, unexpected or different from the user; an unknown recipe.
 *         SBX_DENIED: the base token is restricted already (a sandbox inside a sandbox).
 *         SBX_UNSUPPORTED: `standard` and the base token has no logon SID. SBX_OOM
 *         After a failure *ret_plan is zeroed and owns nothing.
 */
SBX_MUST_CHECK enum sbx_status sbx_tokenplan_make(
    const struct sbx_tokenplan_input *input, struct sbx_tokenplan *ret_plan, struct sbx_error *err);

/** Free what the plan owns. NULL and a zeroed plan do nothing. */
void sbx_tokenplan_done(struct sbx_tokenplan *plan);

/**
 * A SID that the planned token has enabled and that is not restricting: the user in unelevated
 * mode, the first such group where the user is restricting. What it alone is granted may be read
 * and not written; that is how write-restricted shows in an access check.
 * @return NULL when there is none (the behaviour cannot be shown then)
 */
const struct sbx_sid *sbx_tokenplan_plain_sid(const struct sbx_tokenplan *plan);

/* The facts of one token. Each was read, or has a reason why it could not be. */
enum sbx_token_fact {
    SBX_FACT_TYPE = 0,
    SBX_FACT_USER,
    SBX_FACT_RESTRICTED,       /* IsTokenRestricted */
    SBX_FACT_HAS_RESTRICTIONS, /* TokenHasRestrictions: was ever filtered */
    SBX_FACT_RESTRICTING_SIDS, /* TokenRestrictedSids */
    SBX_FACT_FLAGS,            /* TokenAccessInformation flags: write-restricted */
    SBX_FACT_ACCESS_CHECK,     /* AccessCheck with this token behaves write-restricted */
    SBX_FACT_PRIVILEGES,
    SBX_FACT_GROUPS,
    SBX_FACT_INTEGRITY,
    SBX_FACT_DEFAULT_DACL,
    SBX_FACT_COUNT
};

/** "TokenRestrictedSids" and so on: the name a message and the result JSON use. */
const char *sbx_token_fact_name(enum sbx_token_fact fact);

enum sbx_fact_state {
    SBX_FACT_NOT_READ = 0, /* zeroed memory proves nothing */
    SBX_FACT_READ,         /* the value below is what the system said */
    SBX_FACT_FAILED,       /* the query failed with `code` */
    SBX_FACT_ABSENT        /* this kernel has no such thing (see kernel_major) */
};

struct sbx_fact_status {
    enum sbx_fact_state state;
    uint32_t code; /* Win32 error when FAILED or ABSENT */
};

struct sbx_token_facts {
    struct sbx_fact_status status[SBX_FACT_COUNT];
    uint32_t kernel_major; /* from RtlGetVersion: 5 = no integrity levels, no token flags */
    bool primary;
    struct sbx_sid user_sid;
    uint32_t user_attributes;
    bool restricted;
    bool has_restrictions;
    struct sbx_groups restricting;
    uint32_t flags;
    /* AccessCheck against made-up objects: */
    bool read_without_restricting;  /* object grants sbx_tokenplan_plain_sid only; read: true */
    bool write_without_restricting; /* the same object; each changing right: expected false */
    bool write_with_restricting;    /* object grants it and the run SID: expected true */
    struct sbx_privileges privileges;
    struct sbx_groups groups;
    struct sbx_sid integrity_sid;
    struct sbx_acl default_dacl;
};

/** Free what the facts own and zero them. */
void sbx_token_facts_done(struct sbx_token_facts *facts);

/**
 * Compare what was read back with the plan. Every difference, and every fact that was not read,
 * becomes a finding; nothing is skipped because a platform lacks it. Three facts may be ABSENT, and
 * only on kernels before 6.0, which have no integrity levels, token flags or TokenHasRestrictions.
 * There the write-restricted flavour is shown by SBX_FACT_ACCESS_CHECK alone.
 *
 * @param findings appended to; may be NULL
 * @return SBX_UNPROVEN with the first difference named, SBX_OK when all facts are as planned
 */
SBX_MUST_CHECK enum sbx_status sbx_tokenplan_check(const struct sbx_tokenplan *plan,
    const struct sbx_token_facts *facts, struct sbx_findings *findings, struct sbx_error *err);

#endif
