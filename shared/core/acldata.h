/*
 * Security descriptors as data: what the grant engine compares, merges and writes.
 *
 * Windows' own editors (SetEntriesInAcl, SetNamedSecurityInfo) merge in their own way and cannot
 * show that nothing else changed. Here a descriptor is parsed into plain structs, every byte that
 * is not understood is kept, and the edits are pure functions that can be tested against their
 * properties. Bytes come from files that a sandboxed command may have written: untrusted.
 *
 * A DACL that is absent, NULL (everyone may do everything) or empty (nobody may do anything)
 * are three different things and stay so.
 *
 * @see https://learn.microsoft.com/windows/win32/secauthz/security-descriptors
 *      https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/7d4dac05-9cef-4563-a058-f108abecce1d
 */
#ifndef SBX_ACLDATA_H
#define SBX_ACLDATA_H

#include "buf.h"
#include "ntsid.h"

/* ACE types (AceType) that are understood; all others are kept as they are. */
#define SBX_ACE_ALLOW 0x00u
#define SBX_ACE_DENY 0x01u

/* AceFlags. */
#define SBX_ACE_OI 0x01u        /* inherited by files */
#define SBX_ACE_CI 0x02u        /* inherited by directories */
#define SBX_ACE_NP 0x04u        /* by direct children only */
#define SBX_ACE_IO 0x08u        /* for children only, not for the object itself */
#define SBX_ACE_INHERITED 0x10u /* came from the parent */

/* Control bits of a descriptor that this project looks at. */
#define SBX_SD_DACL_DEFAULTED 0x0008u
#define SBX_SD_DACL_AUTO_INHERIT_REQ 0x0100u
#define SBX_SD_DACL_AUTO_INHERITED 0x0400u
#define SBX_SD_DACL_PROTECTED 0x1000u

/* Access rights on files. @see
 * https://learn.microsoft.com/windows/win32/fileio/file-access-rights-constants */
#define SBX_FILE_READ_DATA 0x00000001u
#define SBX_FILE_WRITE_DATA 0x00000002u
#define SBX_FILE_APPEND_DATA 0x00000004u
#define SBX_FILE_READ_EA 0x00000008u
#define SBX_FILE_WRITE_EA 0x00000010u
#define SBX_FILE_EXECUTE 0x00000020u
#define SBX_FILE_DELETE_CHILD 0x00000040u
#define SBX_FILE_READ_ATTRIBUTES 0x00000080u
#define SBX_FILE_WRITE_ATTRIBUTES 0x00000100u
#define SBX_DELETE 0x00010000u
#define SBX_READ_CONTROL 0x00020000u
#define SBX_WRITE_DAC 0x00040000u
#define SBX_WRITE_OWNER 0x00080000u
#define SBX_SYNCHRONIZE 0x00100000u
#define SBX_FILE_ALL 0x001F01FFu
#define SBX_FILE_GENERIC_READ 0x00120089u
#define SBX_FILE_GENERIC_WRITE 0x00120116u
#define SBX_FILE_GENERIC_EXECUTE 0x001200A0u
#define SBX_GENERIC_READ 0x80000000u
#define SBX_GENERIC_WRITE 0x40000000u
#define SBX_GENERIC_EXECUTE 0x20000000u
#define SBX_GENERIC_ALL 0x10000000u

#define SBX_ACL_MAX_BYTES 0xFFFFu
/* Two full ACLs, two SIDs and the header. */
#define SBX_DESCRIPTOR_MAX_BYTES (20u + 2u * SBX_SID_BINARY_MAX + 2u * 0x10000u)

/*
 * One access control entry.
 * type ALLOW or DENY: mask and sid are set, `rest` is what follows the SID (normally nothing).
 * any other type: mask 0, sid empty, `rest` is everything after the four header bytes.
 */
struct sbx_ace {
    uint8_t type;
    uint8_t flags;
    uint32_t mask;
    struct sbx_sid sid;
    uint8_t *rest; /* owned by the acl; NULL when rest_bytes is 0 */
    uint16_t rest_bytes;
};

enum sbx_acl_kind {
    SBX_ACL_ABSENT = 0, /* the descriptor says nothing about it */
    SBX_ACL_NULL,       /* present and NULL: full access for everyone */
    SBX_ACL_LIST        /* present: `count` entries, none = no access for anyone */
};

/* An access control list in its order on disk. Start with {0}, which is ABSENT. */
struct sbx_acl {
    enum sbx_acl_kind kind;
    uint8_t revision; /* 2, or 4 with object ACEs; 0 means "lowest that fits" when written */
    uint8_t sbz1;     /* the reserved bytes of the header, kept */
    uint16_t sbz2;
    struct sbx_ace *aces; /* owned */
    size_t count;
    size_t capacity;
    uint8_t *slack; /* owned; unused bytes after the last ACE, kept */
    size_t slack_bytes;
};

/* A whole descriptor. Start with {0}: no owner, no group, no ACLs. */
struct sbx_descriptor {
    uint16_t control;   /* without SELF_RELATIVE and the two PRESENT bits, which `kind` holds */
    uint8_t rm_control; /* the resource manager byte (Sbz1), kept */
    bool has_owner;
    bool has_group;
    struct sbx_sid owner;
    struct sbx_sid group;
    struct sbx_acl dacl;
    struct sbx_acl sacl;
};

/** Free what the list owns and make it ABSENT. {0} and a released list do nothing. */
void sbx_acl_done(struct sbx_acl *acl);

/** Free what the descriptor owns and make it {0}. */
void sbx_descriptor_done(struct sbx_descriptor *descriptor);

/** Deep copy. ret_copy must hold nothing owned; unchanged after a failure (SBX_OOM). */
SBX_MUST_CHECK enum sbx_status sbx_acl_copy(
    const struct sbx_acl *acl, struct sbx_acl *ret_copy, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_descriptor_copy(const struct sbx_descriptor *descriptor,
    struct sbx_descriptor *ret_copy, struct sbx_error *err);

/** Same type, flags, mask, SID and trailing bytes. */
bool sbx_ace_equal(const struct sbx_ace *a, const struct sbx_ace *b);

/** Same kind and the same entries in the same order; reserved bytes and slack do not count. */
bool sbx_acl_same_aces(const struct sbx_acl *a, const struct sbx_acl *b);

/** Equal in every byte that serialising writes (revision 0 equals what it is written as). */
bool sbx_acl_equal(const struct sbx_acl *a, const struct sbx_acl *b);
bool sbx_descriptor_equal(const struct sbx_descriptor *a, const struct sbx_descriptor *b);

/**
 * Insert a copy of an entry at `index` (count = at the end), making an ABSENT list a LIST.
 * @return SBX_INVALID when the list would exceed 65,535 bytes; SBX_UNSUPPORTED on a NULL list
 *         (adding to "everyone may do everything" would take access away); SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_insert(
    struct sbx_acl *acl, size_t index, const struct sbx_ace *ace, struct sbx_error *err);

/** A plain entry by value: nothing owned, for tables and literals. */
struct sbx_ace sbx_ace_make(uint8_t type, uint8_t flags, uint32_t mask, const struct sbx_sid *sid);

/** The revision that is written: acl->revision, or the lowest that fits the entries if that is 0.
 */
uint8_t sbx_acl_effective_revision(const struct sbx_acl *acl);

/** Bytes the list takes when written, header included; 0 for ABSENT and NULL. */
size_t sbx_acl_size_bytes(const struct sbx_acl *acl);

/* --- bytes (acldata_bytes.c) --------------------------------------------------------------- */

/**
 * Parse a self-relative SECURITY_DESCRIPTOR.
 *
 * Nothing outside bytes[0..length_bytes) is read, whatever the offsets in it say; parts may lie in
 * any order, and overlap. An offset without its PRESENT bit is dropped, as Windows ignores it.
 * @return SBX_INVALID: not revision 1, not self-relative, a part or an entry that is cut off,
 *         a count that the size cannot hold, an ALLOW or DENY entry whose SID is malformed
 */
SBX_MUST_CHECK enum sbx_status sbx_descriptor_parse(const void *bytes, size_t length_bytes,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/**
 * Append the self-relative form: header, SACL, DACL, owner, group.
 * parse(serialise(x)) equals x for every x that serialises.
 * @return SBX_INVALID when a list is over 65,535 bytes or the buffer's cap is reached
 */
SBX_MUST_CHECK enum sbx_status sbx_descriptor_serialise(
    const struct sbx_descriptor *descriptor, struct sbx_buf *ret_bytes, struct sbx_error *err);

/** As above for one ACL (KIND must be LIST): what Windows calls a PACL. */
SBX_MUST_CHECK enum sbx_status sbx_acl_parse(
    const void *bytes, size_t length_bytes, struct sbx_acl *ret_acl, struct sbx_error *err);
SBX_MUST_CHECK enum sbx_status sbx_acl_serialise(
    const struct sbx_acl *acl, struct sbx_buf *ret_bytes, struct sbx_error *err);

/* --- edits (acldata_merge.c) ---------------------------------------------------------------- */

/**
 * True when denies come before allows among the explicit entries, and these before inherited ones.
 * @see https://learn.microsoft.com/windows/win32/secauthz/order-of-aces-in-a-dacl
 */
bool sbx_acl_is_canonical(const struct sbx_acl *acl);

/** Index of the first entry at or after `start` that equals `ace` exactly; SIZE_MAX if none. */
size_t sbx_acl_find(const struct sbx_acl *acl, const struct sbx_ace *ace, size_t start);

/**
 * Put our explicit entries into a list, and change nothing else in it.
 *
 * A deny goes behind the denies that the list begins with, an allow behind the last explicit
 * entry. A deny counts as present only where it works, that is before every allow; an allow
 * counts as present anywhere among the explicit entries. Merging twice changes nothing.
 * @param ours explicit entries (no INHERITED flag, type ALLOW or DENY); duplicates are added once
 * @param ret_added how many entries were added; 0 means the list is untouched, byte for byte
 * @return SBX_UNSUPPORTED for a NULL or ABSENT list (both mean access for everyone, which adding
 *         an entry would take away); SBX_INVALID when it would exceed 65,535 bytes; SBX_INTERNAL
 *         for an entry of ours that is not explicit. The list is unchanged after a failure.
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_merge(struct sbx_acl *acl, const struct sbx_ace *ours,
    size_t count, size_t *ret_added, struct sbx_error *err);

/** True when merging would add nothing. False for NULL and ABSENT lists. */
bool sbx_acl_has_all(const struct sbx_acl *acl, const struct sbx_ace *ours, size_t count);

/**
 * Take out every explicit entry that equals one of ours exactly. Returns how many; the others keep
 * their bytes and order. remove(merge(x, a), a) equals x when no entry of a was in x.
 */
size_t sbx_acl_remove(struct sbx_acl *acl, const struct sbx_ace *ours, size_t count);

/**
 * Take out the first entry that equals `ours`, and leave further equal ones: for lists in which
 * each of several holders has one of its own. Returns 1 or 0.
 */
size_t sbx_acl_remove_first(struct sbx_acl *acl, const struct sbx_ace *ours);

/** How many entries equal `ace`. */
size_t sbx_acl_count_equal(const struct sbx_acl *acl, const struct sbx_ace *ace);

/**
 * Take out every explicit ALLOW and DENY entry for a SID, whatever its mask: the repair when a
 * ledger is lost. Never use it for a SID that is not ours. Returns how many.
 */
size_t sbx_acl_remove_sid(struct sbx_acl *acl, const struct sbx_sid *sid);

/* --- inheritance (acldata_inherit.c) -------------------------------------------------------- */

/** Replace generic bits by the file rights they stand for. */
uint32_t sbx_file_map_generic(uint32_t mask);

/**
 * The inherited entries that a child gets from a parent's DACL, as NT computes them: by OI, CI,
 * NP and IO; generic rights mapped and CREATOR OWNER / CREATOR GROUP replaced in the effective
 * entry, with an inherit-only copy of the original on a directory when it passes on.
 * Every entry carries INHERITED. Parent ABSENT or NULL gives an empty list.
 * Entries of types other than ALLOW and DENY are passed on by flags only, bytes unchanged.
 * @param owner, group the child's; NULL or empty: the CREATOR entry is not made effective
 * @see https://learn.microsoft.com/windows/win32/secauthz/ace-inheritance-rules
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_inherit(const struct sbx_acl *parent,
    bool child_is_directory, const struct sbx_sid *owner, const struct sbx_sid *group,
    struct sbx_acl *ret_inherited, struct sbx_error *err);

/**
 * The DACL of an existing child after its inherited part was recomputed from the parent: its
 * explicit entries, unchanged and in their order, then sbx_acl_inherit's.
 * A PROTECTED child, and one whose DACL is NULL or ABSENT, is returned as it is.
 * @param ret_dacl must hold nothing owned; compare with child->dacl to see whether to write
 */
SBX_MUST_CHECK enum sbx_status sbx_acl_reinherit(const struct sbx_acl *parent,
    const struct sbx_descriptor *child, bool child_is_directory, struct sbx_acl *ret_dacl,
    struct sbx_error *err);

/** The first SID of the list that has the form of a capability, or NULL. Borrowed from the list. */
const struct sbx_sid *sbx_acl_capability(const struct sbx_acl *acl);

#endif
