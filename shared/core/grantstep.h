/*
 * One step of a grant walk, as data: the entries that a granted directory passes on, and an
 * existing child's DACL before and after.
 *
 * A block is what a child inherits from the explicit entries of one granted or denied object (a
 * "target"). It is put into a child in one piece and always, also when one of its entries is
 * already there from elsewhere: so it can be recognised (the sequence is there or it is not) and
 * taken out again without having remembered what the child held. remove(add(x)) is x, in every
 * byte, for each x that does not hold the block already; add(add(x)) is add(x). Blocks of roots
 * hold a capability SID, so no foreign list holds them by chance.
 *
 * Blocks of nested targets stand nearest first, as NT orders inherited entries. So a deny on
 * R\.git comes before the allow of R in everything below R\.git, and an allowRead inside a
 * denyRead comes before the deny. Denies that a foreign allow stands in front of (an explicit
 * entry for Everyone on the child) would not be reached; such a child gets the denies as explicit
 * entries too.
 */
#ifndef SBX_GRANTSTEP_H
#define SBX_GRANTSTEP_H

#include "acldata.h"

/* What one target passes on. Start with {0}. */
struct sbx_grant_block {
    struct sbx_acl directory; /* as a directory inherits it */
    struct sbx_acl file;      /* as a file does */
    bool denies;              /* holds a deny */
    bool allows;
};

/**
 * Compute what a target's own entries become in a child.
 * @param aces explicit plain entries of the target, in the order they stand there
 * @return SBX_INTERNAL for NO_PROPAGATE (what a grandchild gets would differ); SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_block_make(const struct sbx_ace *aces, size_t count,
    struct sbx_grant_block *ret_block, struct sbx_error *err);
void sbx_grant_block_done(struct sbx_grant_block *block);

/** True when nothing is passed on to anything. */
bool sbx_grant_block_is_empty(const struct sbx_grant_block *block);

/* A target that the child is below of, with all targets that are below of. Nearest first. */
struct sbx_grant_level {
    const struct sbx_grant_block *block;
    const struct sbx_grant_level *parent; /* farther; NULL at the end */
};

/* The child. */
struct sbx_grant_child {
    const struct sbx_descriptor *descriptor;
    bool is_directory;
    /* When the child is itself a target: its explicit entries. What they allow on purpose (an
       allowRead inside a denyRead) is not taken back by an explicit copy of an outer deny. */
    const struct sbx_ace *own;
    size_t own_count;
};

/**
 * The child's DACL with every block of the levels in it.
 * @param ret_dacl must be {0}; set only when *ret_changed
 * @param ret_changed false: every block is there and works; nothing to write
 * @return SBX_UNSUPPORTED for a NULL or absent DACL; SBX_INVALID when it grows too big; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_step_add(const struct sbx_grant_child *child,
    const struct sbx_grant_level *nearest, struct sbx_acl *ret_dacl, bool *ret_changed,
    struct sbx_error *err);

/* What to take out. */
struct sbx_grant_removal {
    const struct sbx_grant_block *const *blocks; /* in any order */
    size_t block_count;
    const struct sbx_ace *added; /* explicit entries put on this very object; may be NULL */
    size_t added_count;
    const struct sbx_sid *capability; /* NULL, or the SID whose every entry is ours */
};

/**
 * The child's DACL without any of it. NULL and absent DACLs are left alone.
 * @param ret_irregular may be NULL: entries that were found by their SID only, outside of a
 *        whole block (some other tool had rearranged the list)
 */
SBX_MUST_CHECK enum sbx_status sbx_grant_step_remove(const struct sbx_descriptor *descriptor,
    bool is_directory, const struct sbx_grant_removal *removal, struct sbx_acl *ret_dacl,
    bool *ret_changed, size_t *ret_irregular, struct sbx_error *err);

/**
 * True when a DACL lets one of the SIDs, or Everyone, do something of the mask and no deny of the
 * same SID stands before it: the question asked of a protected object that cannot be written.
 */
bool sbx_grant_lets(
    const struct sbx_acl *dacl, const struct sbx_sid *sids, size_t sid_count, uint32_t mask);

#endif
