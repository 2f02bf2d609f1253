/*
 * The NT access check as a pure function, with the reason for every bit.
 *
 * Who may do what to an object is decided by Windows; this is our model of that decision, for
 * planning grants ("does this plan allow exactly what the policy says"), for `agent why` and for
 * tests. It is a model: where Microsoft's documentation is silent or Windows builds may differ, the
 * choice is a named reading below, and the stricter properties are tested under every reading.
 *
 * Order of the decision:
 *   1. privileges, where the request asks for what they give (they beat denies and restriction)
 *   2. pass 1 with the user and the groups: implicit rights of the owner, then the DACL in order,
 *      the first entry that names a bit decides that bit
 *   3. pass 2, the same with the restricting SIDs, when the token has any; for a write-restricted
 *      token it is asked for the write part of the request only
 *   4. a bit is granted when every pass that was asked grants it
 *   5. on files, the parent directory may add DELETE and FILE_READ_ATTRIBUTES
 * Integrity levels are not modelled: the confined child runs at Medium, as the user does.
 *
 * @see
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/4f1bbcbb-814a-4c70-a11e-2a5b8779a6f9
 *      (MS-DTYP 2.5.3.2, the algorithm)
 *      https://learn.microsoft.com/windows/win32/secauthz/restricted-tokens (the two passes)
 *      https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-createrestrictedtoken
 *      (WRITE_RESTRICTED)
 */
#ifndef SBX_ACCESSCHECK_H
#define SBX_ACCESSCHECK_H

#include "acldata.h"

#define SBX_MAXIMUM_ALLOWED 0x02000000u
#define SBX_ACCESS_SYSTEM_SECURITY 0x01000000u

/* Attributes of a group in a token.
 * @see https://learn.microsoft.com/windows/win32/secauthz/sid-attributes-in-an-access-token */
#define SBX_GROUP_MANDATORY 0x00000001u
#define SBX_GROUP_ENABLED 0x00000004u
#define SBX_GROUP_DENY_ONLY 0x00000010u

/* Privileges that open an object. @see
 * https://learn.microsoft.com/windows/win32/secauthz/privilege-constants */
#define SBX_PRIVILEGE_TAKE_OWNERSHIP 0x1u /* WRITE_OWNER */
#define SBX_PRIVILEGE_SECURITY 0x2u       /* ACCESS_SYSTEM_SECURITY */
#define SBX_PRIVILEGE_BACKUP 0x4u         /* read rights, with backup intent only */
#define SBX_PRIVILEGE_RESTORE 0x8u        /* write rights, with backup intent only */

struct sbx_generic_mapping {
    uint32_t read, write, execute, all;
};
extern const struct sbx_generic_mapping sbx_file_mapping;

struct sbx_access_group {
    struct sbx_sid sid;
    uint32_t attributes; /* SBX_GROUP_*; neither ENABLED nor DENY_ONLY: as if it were not there */
};

/* What an access check looks at in a token. Nothing is owned. */
struct sbx_access_token {
    struct sbx_sid user;
    bool user_deny_only;
    const struct sbx_access_group *groups;
    size_t group_count;
    const struct sbx_sid *restricting; /* always enabled, whatever attributes they were given */
    size_t restricting_count;
    bool restricted; /* there is a pass 2 even with no SID left, as after restricting a token twice
                      * with different SIDs; any restricting SID implies it */
    bool write_restricted;
    uint32_t privileges; /* SBX_PRIVILEGE_*, held and enabled */
};

/*
 * What "write access" means for a write-restricted token.
 *
 * CreateRestrictedToken says only that restricting SIDs count "when evaluating write access". By
 * the object type's mapping that is GenericWrite without what reading or executing needs too; for
 * files WRITE_DATA, APPEND_DATA, WRITE_EA and WRITE_ATTRIBUTES. Products whose whole boundary is
 * such a token see deletes, DACL and owner changes refused as well, so these three standard rights
 * are taken as part of it by default. That rests on observation, not on a document, hence the
 * reading SBX_READING_MAPPING_ONLY, under which everything that must hold should be tested too.
 *
 * FILE_DELETE_CHILD is in no generic write mapping, and it was seen on Windows Server 2025 to be
 * granted by pass 1 alone: a write-restricted child of the user deletes files in any directory
 * where the user has full control (https://github.com/openai/codex/issues/32915). Not in the list.
 */
#define SBX_WRITE_PART_STANDARD (SBX_DELETE | SBX_WRITE_DAC | SBX_WRITE_OWNER)

/* Readings of what Windows does where documents leave room. 0 is the default. */
enum sbx_access_reading {
    /* Write-restricted: only the mapping's write bits reach pass 2, not SBX_WRITE_PART_STANDARD.
     * Grants more; the pessimistic reading for a boundary. */
    SBX_READING_MAPPING_ONLY = 1,
    /* Write-restricted: a request with any write bit reaches pass 2 as a whole, its read bits too.
     * Grants less; the pessimistic reading for "the build in the workspace works". */
    SBX_READING_WHOLE_REQUEST = 2,
    /* The owner's implicit rights need the owner among user and groups and among the restricting
     * SIDs in both passes, and for write-restricted tokens too. Grants less. */
    SBX_READING_OWNER_IN_BOTH = 4
};

/* One question. Nothing is owned. */
struct sbx_access_request {
    uint32_t desired;                          /* generic bits and MAXIMUM_ALLOWED allowed */
    const struct sbx_generic_mapping *mapping; /* NULL: sbx_file_mapping */
    bool backup_intent;                        /* FILE_OPEN_FOR_BACKUP_INTENT */
    const struct sbx_descriptor *parent;       /* of a file's directory; NULL: it has no say */
    unsigned readings;                         /* enum sbx_access_reading, or-ed */
};

enum sbx_access_pass {
    SBX_PASS_NONE = 0,      /* decided outside the two passes */
    SBX_PASS_NORMAL = 1,    /* user and groups */
    SBX_PASS_RESTRICTED = 2 /* restricting SIDs */
};

enum sbx_access_reason {
    SBX_REASON_ACE = 0,   /* this entry of the DACL */
    SBX_REASON_NO_ACE,    /* denied: no entry grants it */
    SBX_REASON_OWNER,     /* implicit READ_CONTROL and WRITE_DAC of the owner */
    SBX_REASON_NO_DACL,   /* granted: the descriptor has no DACL or a NULL one */
    SBX_REASON_PRIVILEGE, /* granted by a privilege, `privilege` */
    SBX_REASON_NOT_HELD,  /* denied: needs SeSecurityPrivilege (ERROR_PRIVILEGE_NOT_HELD) */
    SBX_REASON_PARENT     /* granted on the directory that holds the object */
};

/* Who decided some bits, in one pass. Within a pass the masks of the steps do not overlap. */
struct sbx_access_step {
    uint32_t mask;
    enum sbx_access_pass pass;
    enum sbx_access_reason reason;
    bool granted;
    bool owner_rights; /* ACE: it names S-1-3-4 and applied because the token has the owner */
    uint8_t ace_flags; /* ACE: its AceFlags; SBX_ACE_INHERITED tells where to look for its source */
    size_t ace_index;  /* ACE, PARENT by an ACE: place in the DACL (PARENT: the directory's) */
    struct sbx_sid sid; /* ACE: its SID. OWNER: the owner. PARENT: the SID that decided there */
    uint32_t privilege; /* PRIVILEGE, NOT_HELD: SBX_PRIVILEGE_* */
};

/* Each of 32 bits once per pass, in the privileges and in the parent. */
#define SBX_ACCESS_STEPS_MAX (4u * 32u)

struct sbx_access_result {
    bool granted;
    uint32_t desired;      /* after generic mapping; MAXIMUM_ALLOWED still in it when asked */
    uint32_t granted_mask; /* what the handle would carry; 0 when denied */
    uint32_t missing_mask; /* explicitly asked and not granted; 0 when granted */
    bool owner_rights_ace; /* an S-1-3-4 entry replaces the owner's implicit rights */
    size_t unjudged_count; /* entries of a type the model does not know; never counted as allow */
    struct sbx_access_step steps[SBX_ACCESS_STEPS_MAX];
    size_t step_count;
};

/** Replace generic bits in a mask. @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-mapgenericmask
 */
uint32_t sbx_access_map(uint32_t mask, const struct sbx_generic_mapping *mapping);

/** The bits that pass 2 is asked about when a write-restricted token asks for all of them. */
uint32_t sbx_access_write_part(const struct sbx_generic_mapping *mapping, unsigned readings);

/**
 * Decide. Never fails: what a descriptor does not grant is denied.
 *
 * A request for nothing is denied, and so is MAXIMUM_ALLOWED that finds no right at all. Entries
 * with generic bits count as mapped, as they would be once attached to the object (MS-DTYP 2.4.3);
 * ACCESS_SYSTEM_SECURITY in an entry counts for nothing
 * (https://learn.microsoft.com/windows/win32/secauthz/sacl-access-right). Object, callback and
 * unknown entries are ignored and counted in unjudged_count.
 * @param ret_result a plain value, overwritten
 */
void sbx_access_check(const struct sbx_descriptor *descriptor, const struct sbx_access_token *token,
    const struct sbx_access_request *request, struct sbx_access_result *ret_result);

/**
 * The step that decided: on a denial the one that denied the lowest missing bit, pass 1 before
 * pass 2; on a grant the one that granted the lowest bit, in the last pass that was asked.
 * NULL only when nothing was asked for.
 */
const struct sbx_access_step *sbx_access_deciding(const struct sbx_access_result *result);

/**
 * One line for a step, for `agent why`:
 * "pass 2 (restricting SIDs): allow entry 3 of S-1-5-21-... grants 0x00000002".
 */
SBX_MUST_CHECK enum sbx_status sbx_access_step_format(
    const struct sbx_access_step *step, struct sbx_buf *ret_text, struct sbx_error *err);

/** The verdict and all steps, one line each, every line ends with a newline. */
SBX_MUST_CHECK enum sbx_status sbx_access_explain(
    const struct sbx_access_result *result, struct sbx_buf *ret_text, struct sbx_error *err);

/** Static word for a pass ("pass 1 (user and groups)") and for one privilege bit. */
const char *sbx_access_pass_name(enum sbx_access_pass pass);
const char *sbx_privilege_name(uint32_t privilege);

#endif
