/*
 * The descriptor a new file gets, and the one an existing file gets when inheritance is redone.
 *
 * acldata_inherit.c computes which entries come down from a parent, and is what the grant engine
 * needs (grantstep.c); here, on top of it, they are put together with what the creator asked for
 * and with the defaults of the creator's token, as NT does it. The plan and the property tests use
 * it to know what objects that the child makes will look like.
 *
 * Files are created with automatic inheritance on (MS-FSA 2.1.5.1.1).
 * @see
 * https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/98267ad6-66db-4a2c-972e-efb7d4603da1
 *      (MS-DTYP 2.5.3.4.1 CreateSecurityDescriptor)
 *      https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/7c59604a-945c-4f6f-a706-1cbb80041e83
 *      (MS-DTYP 2.5.3.4.2 ComputeACL)
 *      https://learn.microsoft.com/windows/win32/secauthz/dacl-for-a-new-object
 */
#ifndef SBX_INHERIT_H
#define SBX_INHERIT_H

#include "acldata.h"

/* What the creator's token contributes. Nothing is owned. */
struct sbx_creator {
    struct sbx_sid owner;               /* TokenOwner */
    struct sbx_sid group;               /* TokenPrimaryGroup */
    const struct sbx_acl *default_dacl; /* TokenDefaultDacl; NULL: the token has none */
};

/**
 * What CreateFile stores with a new file or directory.
 *
 * Owner and group: from `asked`, else from the token. DACL:
 *   - asked for one: its entries without those marked INHERITED, generic rights mapped and CREATOR
 *     SIDs replaced where they are effective, then the parent's inheritable entries. With
 *     PROTECTED: all its entries, no longer marked, and nothing from the parent. A NULL DACL stays.
 *   - asked for none: the parent's inheritable entries; if none of them is for this kind of child,
 *     the token's default DACL; if the token has none, a NULL DACL.
 * Whether Windows marks a default DACL as DEFAULTED is not modelled. The SACL is not computed.
 * @param parent the directory's descriptor
 * @param asked lpSecurityDescriptor of the creator, or NULL
 * @param ret_descriptor must hold nothing owned; unchanged after a failure
 * @return SBX_INVALID when the list would exceed 65,535 bytes; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_inherit_create(const struct sbx_descriptor *parent,
    const struct sbx_descriptor *asked, bool is_directory, const struct sbx_creator *creator,
    struct sbx_descriptor *ret_descriptor, struct sbx_error *err);

/**
 * What re-propagation (SetNamedSecurityInfo on an ancestor) leaves on an existing child: explicit
 * entries first and untouched, then what the parent passes on now. A PROTECTED child, and one
 * with a NULL or no DACL, keeps its descriptor.
 * @see https://learn.microsoft.com/windows/win32/secauthz/automatic-propagation-of-inheritable-aces
 */
SBX_MUST_CHECK enum sbx_status sbx_inherit_existing(const struct sbx_descriptor *parent,
    const struct sbx_descriptor *child, bool is_directory, struct sbx_descriptor *ret_descriptor,
    struct sbx_error *err);

#endif
