/* ntwine: building, inheriting and changing security descriptors. LGPL-2.1-or-later, see ../README.md. */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"

#include "object.h"
#include "process.h"
#include "thread.h"
#include "security.h"
#include "nt_model.h"

const struct sid nt_creator_owner_sid = { SID_REVISION, 1, SECURITY_CREATOR_SID_AUTHORITY, { 0 } };
const struct sid nt_creator_group_sid = { SID_REVISION, 1, SECURITY_CREATOR_SID_AUTHORITY, { 1 } };
const struct sid nt_owner_rights_sid = { SID_REVISION, 1, SECURITY_CREATOR_SID_AUTHORITY, { 4 } };
const struct sid nt_authenticated_users_sid = { SID_REVISION, 1, SECURITY_NT_AUTHORITY, { SECURITY_AUTHENTICATED_USER_RID } };
const struct sid nt_restricted_sid = { SID_REVISION, 1, SECURITY_NT_AUTHORITY, { SECURITY_RESTRICTED_CODE_RID } };

#define INHERIT_FLAGS (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE | NO_PROPAGATE_INHERIT_ACE | INHERIT_ONLY_ACE)
#define GENERIC_BITS (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE | GENERIC_ALL)

size_t nt_sd_size( const struct security_descriptor *sd )
{
    return sizeof(*sd) + sd->owner_len + sd->group_len + sd->sacl_len + sd->dacl_len;
}

struct security_descriptor *nt_build_sd( unsigned int control, const struct sid *owner, const struct sid *group,
                                         const struct acl *sacl, const struct acl *dacl )
{
    struct security_descriptor head, *sd;
    char *ptr;

    head.control = control & ~SE_SELF_RELATIVE;
    head.owner_len = owner ? sid_len( owner ) : 0;
    head.group_len = group ? sid_len( group ) : 0;
    head.sacl_len = sacl ? sacl->size : 0;
    head.dacl_len = dacl ? dacl->size : 0;
    if (!(sd = mem_alloc( nt_sd_size( &head )))) return NULL;
    *sd = head;
    ptr = (char *)(sd + 1);
    if (owner) memcpy( ptr, owner, head.owner_len );
    ptr += head.owner_len;
    if (group) memcpy( ptr, group, head.group_len );
    ptr += head.group_len;
    if (sacl) memcpy( ptr, sacl, head.sacl_len );
    ptr += head.sacl_len;
    if (dacl) memcpy( ptr, dacl, head.dacl_len );
    return sd;
}

/* An ACL under construction: never grows beyond the room that was counted for it. */
struct acl_writer { struct acl *acl; char *end; };

static int acl_begin( struct acl_writer *writer, size_t room )
{
    if (!(writer->acl = mem_alloc( sizeof(struct acl) + room ))) return 0;
    writer->acl->revision = ACL_REVISION;
    writer->acl->pad1 = writer->acl->pad2 = 0;
    writer->acl->count = 0;
    writer->acl->size = sizeof(struct acl);
    writer->end = (char *)(writer->acl + 1);
    return 1;
}

static void acl_append( struct acl_writer *writer, const struct ace *from, const struct sid *sid,
                        unsigned int flags, unsigned int mask )
{
    struct ace *ace = (struct ace *)writer->end;

    if (sid) set_ace( ace, sid, from->type, flags, mask );
    else
    {
        memcpy( ace, from, from->size );
        ace->flags = flags;
        if (mask) ace->mask = mask;
    }
    writer->end += ace->size;
    writer->acl->size += ace->size;
    writer->acl->count++;
}

struct security_descriptor *nt_make_sd( const struct sid *owner, const struct sid *group, unsigned int control,
                                        const struct nt_ace_spec *aces, unsigned int count )
{
    static const struct ace allow = { ACCESS_ALLOWED_ACE_TYPE };
    struct security_descriptor *sd;
    struct acl_writer writer;
    unsigned int i;

    if (!acl_begin( &writer, count * (sizeof(struct ace) + sizeof(struct sid)) )) return NULL;
    for (i = 0; i < count; i++) acl_append( &writer, &allow, aces[i].sid, aces[i].flags, aces[i].mask );
    sd = nt_build_sd( control | SE_DACL_PRESENT, owner, group, NULL, writer.acl );
    free( writer.acl );
    return sd;
}

static int has_plain_sid( const struct ace *ace )
{
    return ace->type == ACCESS_ALLOWED_ACE_TYPE || ace->type == ACCESS_DENIED_ACE_TYPE;
}

static const struct sid *substitute( const struct sid *sid, const struct sid *owner, const struct sid *group )
{
    if (equal_sid( sid, &nt_creator_owner_sid )) return owner;
    if (equal_sid( sid, &nt_creator_group_sid )) return group;
    return NULL;
}

/* One ACE of the parent, as it arrives in the child: MS-DTYP ComputeInheritedACLfromParent. */
static void inherit_ace( struct acl_writer *writer, const struct ace *ace, const struct sid *owner, const struct sid *group,
                         int container, const generic_map_t *mapping )
{
    const struct sid *other = has_plain_sid( ace ) ? substitute( (const struct sid *)(ace + 1), owner, group ) : NULL;
    unsigned int keep = ace->flags & ~INHERIT_FLAGS, on = ace->flags & (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE);

    keep |= INHERITED_ACE;
    if (!container)
    {
        if (on & OBJECT_INHERIT_ACE) acl_append( writer, ace, other, keep, map_access( ace->mask, mapping ));
        return;
    }
    if (ace->flags & NO_PROPAGATE_INHERIT_ACE) on = (on & CONTAINER_INHERIT_ACE) ? 0 : ~0u;
    if (on == ~0u || (!on && !(ace->flags & CONTAINER_INHERIT_ACE))) return;
    if (!on) acl_append( writer, ace, other, keep, map_access( ace->mask, mapping ));
    else if (!(on & CONTAINER_INHERIT_ACE)) acl_append( writer, ace, NULL, keep | on | INHERIT_ONLY_ACE, 0 );
    else if (other || (ace->mask & GENERIC_BITS))
    {
        /* one ACE for the child itself, one that goes on as it was */
        acl_append( writer, ace, other, keep, map_access( ace->mask, mapping ));
        acl_append( writer, ace, NULL, keep | on | INHERIT_ONLY_ACE, 0 );
    }
    else acl_append( writer, ace, NULL, keep | on, 0 );
}

/* The creator's own ACEs: generic rights are mapped and CREATOR OWNER is replaced where the ACE takes effect. */
static void own_ace( struct acl_writer *writer, const struct ace *ace, const struct sid *owner, const struct sid *group,
                     const generic_map_t *mapping )
{
    const struct sid *other = has_plain_sid( ace ) ? substitute( (const struct sid *)(ace + 1), owner, group ) : NULL;
    unsigned int inherit = ace->flags & INHERIT_FLAGS;

    if (ace->flags & INHERIT_ONLY_ACE) acl_append( writer, ace, NULL, ace->flags, 0 );
    else if ((other || (ace->mask & GENERIC_BITS)) && (inherit & (OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE)))
    {
        acl_append( writer, ace, other, ace->flags & ~INHERIT_FLAGS, map_access( ace->mask, mapping ));
        acl_append( writer, ace, NULL, ace->flags | INHERIT_ONLY_ACE, 0 );
    }
    else acl_append( writer, ace, other, ace->flags, map_access( ace->mask, mapping ));
}

static const struct acl *dacl_of( const struct security_descriptor *sd, int *present )
{
    *present = 0;
    return sd ? sd_get_dacl( sd, present ) : NULL;
}

/* The descriptor of a new object: the creator's DACL and what can be inherited, else the token's default DACL.
 * @see https://learn.microsoft.com/windows/win32/secauthz/dacl-for-a-new-object
 * @see https://learn.microsoft.com/windows/win32/secauthz/ace-inheritance-rules */
struct security_descriptor *nt_inherit_sd( const struct security_descriptor *parent, const struct security_descriptor *creator,
                                           const struct sid *owner, const struct sid *group, const struct acl *default_dacl,
                                           int container, const generic_map_t *mapping )
{
    int parent_present, creator_present, sacl_present = 0, inherited = 0;
    const struct acl *from = dacl_of( parent, &parent_present ), *own = dacl_of( creator, &creator_present ), *sacl = NULL;
    size_t room = (from ? from->size : 0) + (own ? own->size : 0) + (default_dacl ? default_dacl->size : 0);
    unsigned int i, control = SE_DACL_PRESENT;
    struct security_descriptor *sd;
    struct acl_writer writer;
    const struct ace *ace;

    if (creator) sacl = sd_get_sacl( creator, &sacl_present );
    if (creator && sd_get_owner( creator )) owner = sd_get_owner( creator );
    if (creator && sd_get_group( creator )) group = sd_get_group( creator );
    if (creator_present && !own) return nt_build_sd( control, owner, group, sacl, NULL ); /* a NULL DACL was asked for */
    room = room * 2 + 256 * sizeof(struct sid);
    if (!acl_begin( &writer, room )) return NULL;
    if (own)
        for (i = 0, ace = ace_first( own ); i < own->count; i++, ace = ace_next( ace ))
            if (!(ace->flags & INHERITED_ACE)) own_ace( &writer, ace, owner, group, mapping );
    if (creator_present && (creator->control & SE_DACL_PROTECTED)) control |= SE_DACL_PROTECTED;
    else if (from)
    {
        inherited = writer.acl->count;
        for (i = 0, ace = ace_first( from ); i < from->count; i++, ace = ace_next( ace ))
            inherit_ace( &writer, ace, owner, group, container, mapping );
        inherited = writer.acl->count - inherited;
        if (inherited) control |= SE_DACL_AUTO_INHERITED;
    }
    if (!creator_present && !inherited && default_dacl)
        for (i = 0, ace = ace_first( default_dacl ); i < default_dacl->count; i++, ace = ace_next( ace ))
            acl_append( &writer, ace, NULL, ace->flags & ~INHERIT_FLAGS, map_access( ace->mask, mapping ));
    if (sacl_present) control |= SE_SACL_PRESENT;
    sd = nt_build_sd( control, owner, group, sacl, writer.acl );
    free( writer.acl );
    return sd;
}

/* NtSetSecurityObject stores the DACL it is given; only generic rights of effective ACEs are mapped. */
static struct acl *mapped_copy( const struct acl *acl, const generic_map_t *mapping )
{
    struct acl *copy;
    struct ace *ace;
    unsigned int i;

    if (!acl || !(copy = memdup( acl, acl->size ))) return NULL;
    for (i = 0, ace = ace_first( copy ); i < copy->count; i++, ace = ace_next( ace ))
        if (has_plain_sid( ace ) && !(ace->flags & INHERIT_ONLY_ACE) && (ace->mask & GENERIC_BITS))
            ace->mask = map_access( ace->mask, mapping );
    return copy;
}

static unsigned int new_dacl_control( unsigned int old, unsigned int new )
{
    unsigned int control = old & ~(SE_DACL_PRESENT | SE_DACL_DEFAULTED | SE_DACL_PROTECTED | SE_DACL_AUTO_INHERITED);

    control |= new & (SE_DACL_PRESENT | SE_DACL_PROTECTED);
    /* AUTO_INHERITED is kept only together with AUTO_INHERIT_REQ, which itself is never stored */
    if ((new & SE_DACL_AUTO_INHERITED) && (new & SE_DACL_AUTO_INHERIT_REQ)) control |= SE_DACL_AUTO_INHERITED;
    return control | SE_DACL_PRESENT;
}

/* Replaces the parts of `old` that `info` names by those of `new`. */
struct security_descriptor *nt_merge_sd( const struct security_descriptor *old, const struct security_descriptor *new,
                                         unsigned int info, const generic_map_t *mapping )
{
    const struct sid *owner = old ? sd_get_owner( old ) : NULL, *group = old ? sd_get_group( old ) : NULL;
    unsigned int control = old ? old->control : 0;
    struct acl *sacl = NULL, *dacl = NULL;
    struct security_descriptor *sd;
    const struct acl *acl;
    int present = 0;

    if ((info & OWNER_SECURITY_INFORMATION) && sd_get_owner( new )) owner = sd_get_owner( new );
    if ((info & GROUP_SECURITY_INFORMATION) && sd_get_group( new )) group = sd_get_group( new );
    acl = old ? sd_get_sacl( old, &present ) : NULL;
    if (info & SACL_SECURITY_INFORMATION)
    {
        acl = sd_get_sacl( new, &present );
        control = (control & ~(SE_SACL_PRESENT | SE_SACL_PROTECTED)) | (new->control & (SE_SACL_PRESENT | SE_SACL_PROTECTED));
        if (acl) sacl = memdup( acl, acl->size );
    }
    else if (info & LABEL_SECURITY_INFORMATION)
    {
        const struct acl *label = sd_get_sacl( new, &present );
        if (label) sacl = replace_security_labels( acl, label );
        control |= SE_SACL_PRESENT;
    }
    else if (acl) sacl = memdup( acl, acl->size );
    if (info & DACL_SECURITY_INFORMATION)
    {
        control = new_dacl_control( control, new->control );
        dacl = mapped_copy( sd_get_dacl( new, &present ), mapping );
    }
    else if (old && (acl = sd_get_dacl( old, &present ))) dacl = memdup( acl, acl->size );
    sd = nt_build_sd( control, owner, group, sacl, dacl );
    free( sacl );
    free( dacl );
    return sd;
}
