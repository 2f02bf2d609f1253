/* ntwine: the access check. LGPL-2.1-or-later, see ../README.md.
 *
 * The result for each bit is independent of which other bits are asked for: the first ACE that applies and names
 * the bit decides it. So one walk gives all that can be had, and a request is granted when it lies within.
 * @see https://learn.microsoft.com/windows/win32/secauthz/how-dacls-control-access-to-an-object
 * @see MS-DTYP 2.5.3.2 https://learn.microsoft.com/openspecs/windows_protocols/ms-dtyp/ */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"

#include "handle.h"
#include "object.h"
#include "process.h"
#include "thread.h"
#include "security.h"
#include "nt_model.h"

struct token *nt_current_token(void)
{
    if (!current) return NULL;
    return current->token ? current->token : current->process->token;
}

/* Pass 1 asks user and groups, pass 2 the restricting SIDs. OWNER RIGHTS stands for the owner. */
static int nt_matches( struct token *token, const struct sid *sid, const struct sid *owner, int deny, int pass )
{
    if (owner && equal_sid( sid, &nt_owner_rights_sid )) sid = owner;
    return pass == 1 ? nt_token_has_sid( token, sid, deny ) : nt_token_restricts( token, sid );
}

static int nt_has_owner_rights( const struct acl *dacl )
{
    const struct ace *ace = ace_first( dacl );
    unsigned int i;

    for (i = 0; i < dacl->count; i++, ace = ace_next( ace ))
    {
        if (ace->type != ACCESS_ALLOWED_ACE_TYPE && ace->type != ACCESS_DENIED_ACE_TYPE) continue;
        if (!(ace->flags & INHERIT_ONLY_ACE) && equal_sid( (const struct sid *)(ace + 1), &nt_owner_rights_sid )) return 1;
    }
    return 0;
}

static unsigned int nt_pass( struct token *token, const struct security_descriptor *sd, const generic_map_t *mapping, int pass )
{
    unsigned int i, granted = 0, decided = 0, mask;
    const struct sid *owner = sd_get_owner( sd );
    const struct ace *ace;
    const struct acl *dacl;
    int present;

    dacl = sd_get_dacl( sd, &present );
    if (!present || !dacl) return ~(unsigned int)ACCESS_SYSTEM_SECURITY;
    if (owner && nt_matches( token, owner, NULL, 0, pass ) && !nt_has_owner_rights( dacl ))
        granted = decided = READ_CONTROL | WRITE_DAC;
    for (i = 0, ace = ace_first( dacl ); i < dacl->count; i++, ace = ace_next( ace ))
    {
        if (ace->flags & INHERIT_ONLY_ACE) continue;
        if (ace->type != ACCESS_ALLOWED_ACE_TYPE && ace->type != ACCESS_DENIED_ACE_TYPE) continue;
        if (!nt_matches( token, (const struct sid *)(ace + 1), owner, ace->type == ACCESS_DENIED_ACE_TYPE, pass )) continue;
        mask = map_access( ace->mask, mapping ) & ~ACCESS_SYSTEM_SECURITY;
        if (ace->type == ACCESS_ALLOWED_ACE_TYPE) granted |= mask & ~decided;
        decided |= mask;
    }
    return granted;
}

/* What "write access" is for a write-restricted token: the type's GENERIC_WRITE without what reading and executing
 * need too, and the three standard rights that change an object. The same reading as shared/core/accesscheck.h. */
static unsigned int nt_write_part( const generic_map_t *mapping )
{
    return (mapping->write & ~(mapping->read | mapping->exec)) | DELETE | WRITE_DAC | WRITE_OWNER;
}

/* Mandatory label: a token below the object's level may only read and execute.
 * @see https://learn.microsoft.com/windows/win32/secauthz/mandatory-integrity-control */
static unsigned int nt_label_mask( struct token *token, const struct security_descriptor *sd, const generic_map_t *mapping )
{
    unsigned int i, level = SECURITY_MANDATORY_MEDIUM_RID, policy = SYSTEM_MANDATORY_LABEL_NO_WRITE_UP, mask = ~0u;
    const struct acl *sacl;
    const struct ace *ace;
    int present;

    if ((sacl = sd_get_sacl( sd, &present )) && present)
    {
        for (i = 0, ace = ace_first( sacl ); i < sacl->count; i++, ace = ace_next( ace ))
        {
            if (ace->type != SYSTEM_MANDATORY_LABEL_ACE_TYPE || (ace->flags & INHERIT_ONLY_ACE)) continue;
            level = ((const struct sid *)(ace + 1))->sub_auth[0];
            policy = ace->mask;
            break;
        }
    }
    if (nt_state( token )->integrity >= level) return ~0u;
    if (policy & SYSTEM_MANDATORY_LABEL_NO_WRITE_UP) mask &= mapping->read | mapping->exec;
    if (policy & SYSTEM_MANDATORY_LABEL_NO_READ_UP) mask &= ~(mapping->read & ~(mapping->write | mapping->exec));
    if (policy & SYSTEM_MANDATORY_LABEL_NO_EXECUTE_UP) mask &= ~(mapping->exec & ~(mapping->write | mapping->read));
    return mask;
}

/* All rights the descriptor grants the token; privileges are not counted. */
unsigned int nt_allowed( struct token *token, const struct security_descriptor *sd, const generic_map_t *mapping )
{
    unsigned int flags = nt_state( token )->flags, granted = nt_pass( token, sd, mapping, 1 ), second;

    if (flags & NT_TOKEN_RESTRICTED)
    {
        second = nt_pass( token, sd, mapping, 2 );
        if (flags & NT_TOKEN_WRITE_RESTRICTED) second |= ~nt_write_part( mapping );
        granted &= second;
    }
    return granted & nt_label_mask( token, sd, mapping );
}

/* Decides a request without generic bits. On success *granted is what a handle carries. */
unsigned int nt_decide( struct token *token, const struct security_descriptor *sd, unsigned int desired,
                        const generic_map_t *mapping, unsigned int *granted )
{
    unsigned int allowed = nt_allowed( token, sd, mapping ), wanted = desired & ~MAXIMUM_ALLOWED;
    int present, no_dacl = !sd_get_dacl( sd, &present ) || !present;

    *granted = 0;
    if (wanted & ACCESS_SYSTEM_SECURITY)
    {
        if (!nt_token_has_privilege( token, SeSecurityPrivilege )) return STATUS_PRIVILEGE_NOT_HELD;
        allowed |= ACCESS_SYSTEM_SECURITY;
    }
    if ((wanted & WRITE_OWNER) && nt_token_has_privilege( token, SeTakeOwnershipPrivilege )) allowed |= WRITE_OWNER;
    if (wanted & ~allowed) return STATUS_ACCESS_DENIED;
    if (desired & MAXIMUM_ALLOWED)
    {
        *granted = no_dacl ? (allowed & mapping->all) | wanted : allowed;
        return *granted ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
    }
    *granted = wanted;
    return STATUS_SUCCESS;
}

/* Behind AccessCheck and PrivilegeCheck-like requests: the original's interface. */
unsigned int nt_token_access_check( struct token *token, const struct security_descriptor *sd, unsigned int desired,
                                    struct luid_attr *privs, unsigned int *priv_count, const generic_map_t *mapping,
                                    unsigned int *granted, unsigned int *status )
{
    unsigned int capacity = priv_count ? *priv_count : 0;

    *granted = 0;
    if (priv_count) *priv_count = 0;
    if (desired & (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)) return STATUS_GENERIC_NOT_MAPPED;
    if (!sd_get_owner( sd ) || !sd_get_group( sd )) return STATUS_INVALID_SECURITY_DESCR;
    *status = nt_decide( token, sd, desired, mapping, granted );
    if (!*status && !*granted) *status = STATUS_ACCESS_DENIED;
    if (!*status && capacity && (desired & ACCESS_SYSTEM_SECURITY))
    {
        privs->luid = SeSecurityPrivilege;
        privs->attrs = SE_PRIVILEGE_USED_FOR_ACCESS;
        *priv_count = 1;
    }
    return STATUS_SUCCESS;
}

/* Check for a handle to an existing object; replaces what the request asks with what is granted. */
int nt_check_object_access( struct token *token, struct object *obj, unsigned int *access )
{
    const struct security_descriptor *sd;
    unsigned int status, wanted;
    generic_map_t mapping;

    if (!token) token = nt_current_token();
    mapping.read  = obj->ops->map_access( obj, GENERIC_READ );
    mapping.write = obj->ops->map_access( obj, GENERIC_WRITE );
    mapping.exec  = obj->ops->map_access( obj, GENERIC_EXECUTE );
    mapping.all   = obj->ops->map_access( obj, GENERIC_ALL );
    sd = token ? obj->ops->get_sd( obj ) : NULL;
    if (sd && (obj->ops->type == &process_type || obj->ops->type == &thread_type) &&
        nt_token_has_privilege( token, SeDebugPrivilege )) sd = NULL;
    if (!sd)
    {
        if (*access & MAXIMUM_ALLOWED) *access = mapping.all;
        return TRUE;
    }
    if (!nt_usable_level( token ))
    {
        set_error( STATUS_BAD_IMPERSONATION_LEVEL );
        return FALSE;
    }
    wanted = *access;
    status = nt_decide( token, sd, wanted, &mapping, access );
    if (status && wanted == KEY_ALL_ACCESS && obj->ops->type == &key_type && nt_wine_reads_key( obj ))
        status = nt_decide( token, sd, MAXIMUM_ALLOWED, &mapping, access );
    if (status) set_error( status );
    return !status;
}
