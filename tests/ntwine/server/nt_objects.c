/* ntwine: default descriptors of kernel objects, registry keys, pipes, processes. LGPL-2.1-or-later, see ../README.md. */

#include "config.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"
#include "ddk/wdm.h"

#include "file.h"
#include "handle.h"
#include "object.h"
#include "process.h"
#include "thread.h"
#include "security.h"
#include "nt_model.h"

static void object_mapping( struct object *obj, generic_map_t *mapping )
{
    mapping->read  = obj->ops->map_access( obj, GENERIC_READ );
    mapping->write = obj->ops->map_access( obj, GENERIC_WRITE );
    mapping->exec  = obj->ops->map_access( obj, GENERIC_EXECUTE );
    mapping->all   = obj->ops->map_access( obj, GENERIC_ALL );
}

/* Owner, group and default DACL of the token. A token without default DACL leaves the object open to all. */
void nt_default_sd( struct object *obj, struct token *token )
{
    const struct acl *dacl = token_get_default_dacl( token );
    struct security_descriptor *sd;

    if (!(sd = nt_build_sd( dacl ? SE_DACL_PRESENT : 0, token_get_owner( token ), token_get_primary_group( token ), NULL, dacl ))) return;
    free( obj->sd );
    obj->sd = sd;
}

/* Names that Wine itself shares between all processes of a prefix. */
static int is_wine_name( const struct unicode_str *name )
{
    return name->len > 2 * sizeof(WCHAR) && name->str[0] == '_' && name->str[1] == '_' && name->str[2] == 'w';
}

static int is_plain_type( const struct type_descr *type )
{
    return type == &event_type || type == &mutex_type || type == &semaphore_type || type == &timer_type ||
           type == &mapping_type || type == &job_type || type == &completion_type;
}

static struct security_descriptor *key_sd( struct object *key );

/* A new named object: a key inherits from its parent key (which must allow it), other objects get the default. */
int nt_new_named_object( struct object *obj, struct object *parent, const struct unicode_str *name, const struct security_descriptor *sd )
{
    struct token *token = nt_current_token();
    struct security_descriptor *above, *own;
    generic_map_t mapping;

    if (!token || nt_making_hive) return 1;
    if (obj->ops->type == &key_type)
    {
        if (!parent || parent->ops->type != &key_type || !(above = key_sd( parent ))) return 1;
        object_mapping( obj, &mapping );
        if (!(nt_allowed( token, above, &mapping ) & KEY_CREATE_SUB_KEY))
        {
            free( above );
            set_error( STATUS_ACCESS_DENIED );
            return 0;
        }
        own = nt_inherit_sd( above, sd, token_get_owner( token ), token_get_primary_group( token ),
                             token_get_default_dacl( token ), 1, &mapping );
        free( above );
        free( obj->sd );
        obj->sd = own;
        return own != NULL;
    }
    /* Making a name in an object directory is asked of the directory, with the token of now, whatever the handle may do. */
    if (parent && parent->ops->type == &directory_type && parent->sd && !is_wine_name( name ))
    {
        object_mapping( parent, &mapping );
        if (!(nt_allowed( token, parent->sd, &mapping ) & (obj->ops->type == &directory_type ? DIRECTORY_CREATE_SUBDIRECTORY : DIRECTORY_CREATE_OBJECT)))
        {
            set_error( STATUS_ACCESS_DENIED );
            return 0;
        }
    }
    if (!sd && is_plain_type( obj->ops->type ) && !is_wine_name( name ) && !(nt_state( token )->flags & NT_TOKEN_SYSTEM))
        nt_default_sd( obj, token );
    return 1;
}

/* \Sessions\N\BaseNamedObjects as tools that list it show it: SYSTEM, administrators, the user of the session and the
 * logon may write; Everyone and RESTRICTED may look. That the user's entry has WRITE_DAC is our choice: tests take it away.
 * @see https://learn.microsoft.com/windows/win32/termserv/kernel-object-namespaces */
void nt_session_directory_sd( struct object *directory )
{
    static const struct nt_ace_spec aces[] =
    {
        { &local_system_sid, 0, DIRECTORY_ALL_ACCESS },
        { &builtin_admins_sid, 0, DIRECTORY_ALL_ACCESS },
        { &local_user_sid, 0, DIRECTORY_ALL_ACCESS },
        { &nt_logon_sid, 0, READ_CONTROL | DIRECTORY_QUERY | DIRECTORY_TRAVERSE | DIRECTORY_CREATE_OBJECT | DIRECTORY_CREATE_SUBDIRECTORY },
        { &world_sid, 0, READ_CONTROL | DIRECTORY_QUERY | DIRECTORY_TRAVERSE },
        { &nt_restricted_sid, 0, DIRECTORY_TRAVERSE },
    };
    directory->sd = nt_make_sd( &builtin_admins_sid, &local_system_sid, SE_DACL_PROTECTED, aces, ARRAY_SIZE(aces) );
}

/* ---- registry ---- */

static int name_is( struct object *key, const char *name )
{
    data_size_t len, i;
    const WCHAR *str = get_object_name( key, &len );

    if (!str || len != strlen( name ) * sizeof(WCHAR)) return 0;
    for (i = 0; i < len / sizeof(WCHAR); i++) if ((str[i] | 0x20) != (unsigned char)(name[i] | 0x20)) return 0;
    return 1;
}

static struct object *parent_key( struct object *key )
{
    struct object *parent = key->name ? key->name->parent : NULL;
    return parent && parent->ops->type == &key_type ? parent : NULL;
}

/* Wine's own DLLs open these keys with KEY_ALL_ACCESS at the start of every process only to read them, where Windows
 * asks for KEY_READ. Such an open gives what may be had instead of failing; the handle allows no more than that. */
int nt_wine_reads_key( struct object *key )
{
    static const char *const names[] =
    {
        "\\registry\\machine\\software\\microsoft\\windows nt\\currentversion",
        "\\registry\\machine\\software\\microsoft\\cryptography",
        "\\registry\\machine\\system\\currentcontrolset\\control",
        "\\registry\\machine\\software\\wine",
    };
    data_size_t len = 0, i, j;
    WCHAR *path = key->ops->get_full_name( key, &len );
    int found = 0;

    len /= sizeof(WCHAR);
    for (i = 0; path && i < ARRAY_SIZE(names) && !found; i++)
    {
        data_size_t want = strlen( names[i] );
        if (len < want || (len > want && path[want] != '\\')) continue;
        for (j = 0; j < want; j++)
            if ((path[j] >= 'A' && path[j] <= 'Z' ? path[j] + 32 : path[j]) != names[i][j]) break;
        found = j == want;
    }
    free( path );
    return found;
}

/* The SID that a hive below \Registry\User is named after. */
static int hive_sid( struct object *key, struct sid *sid )
{
    data_size_t len, i, count;
    const WCHAR *str = get_object_name( key, &len );
    unsigned int value = 0, digits = 0;

    count = len / sizeof(WCHAR);
    if (!str || count < 9 || str[0] != 'S' || str[1] != '-' || str[2] != '1' || str[3] != '-' || str[4] != '5' || str[5] != '-') return 0;
    memset( sid, 0, sizeof(*sid) );
    sid->revision = SID_REVISION;
    sid->id_auth[5] = 5;
    for (i = 6; i <= count; i++)
    {
        if (i < count && str[i] >= '0' && str[i] <= '9') { value = value * 10 + str[i] - '0'; digits++; continue; }
        if (!digits || sid->sub_count >= ARRAY_SIZE(sid->sub_auth) || (i < count && str[i] != '-')) return 0;
        sid->sub_auth[sid->sub_count++] = value;
        value = digits = 0;
    }
    return sid->sub_count == 5;
}

/* The keys where a descriptor of its own begins, as on Windows. NULL: the key inherits. */
static struct security_descriptor *anchor_key_sd( struct object *key )
{
    static const unsigned char ci = CONTAINER_INHERIT_ACE, io = CONTAINER_INHERIT_ACE | INHERIT_ONLY_ACE;
    struct object *up = parent_key( key ), *upper = up ? parent_key( up ) : NULL;
    const struct nt_ace_spec machine[] =
    {
        { &local_system_sid, ci, KEY_ALL_ACCESS }, { &builtin_admins_sid, ci, KEY_ALL_ACCESS },
        { &world_sid, ci, KEY_READ }, { &nt_restricted_sid, ci, KEY_READ },
    };
    const struct nt_ace_spec software[] =
    {
        { &builtin_users_sid, ci, KEY_READ }, { &builtin_admins_sid, ci, KEY_ALL_ACCESS },
        { &local_system_sid, ci, KEY_ALL_ACCESS }, { &nt_creator_owner_sid, io, KEY_ALL_ACCESS },
    };
    const struct nt_ace_spec devices[] =
    {
        { &local_system_sid, ci, KEY_ALL_ACCESS }, { &world_sid, ci, KEY_ALL_ACCESS }, { &nt_restricted_sid, ci, KEY_ALL_ACCESS },
    };
    struct sid owner;
    const struct nt_ace_spec user[] =
    {
        { &owner, ci, KEY_ALL_ACCESS }, { &local_system_sid, ci, KEY_ALL_ACCESS },
        { &builtin_admins_sid, ci, KEY_ALL_ACCESS }, { &nt_restricted_sid, ci, KEY_READ },
    };

    if (upper && !parent_key( upper ) && name_is( up, "User" ) && hive_sid( key, &owner ))
        return nt_make_sd( &owner, &domain_users_sid, SE_DACL_PROTECTED, user, ARRAY_SIZE(user) );
    if (upper && !parent_key( upper ) && name_is( up, "Machine" ) && name_is( key, "Software" ))
        return nt_make_sd( &builtin_admins_sid, &local_system_sid, SE_DACL_PROTECTED, software, ARRAY_SIZE(software) );
    /* The kernel writes the list of devices on Windows; Wine has the first program of each desktop do it, in that
     * program's name, and it tries for ever to delete what it may not. */
    if (up && ((name_is( key, "Enum" ) && upper && name_is( upper, "System" )) || ((name_is( key, "Video" ) || name_is( key, "Class" )) && name_is( up, "Control" ))))
        return nt_make_sd( &local_system_sid, &local_system_sid, SE_DACL_PROTECTED, devices, ARRAY_SIZE(devices) );
    if (!up) return nt_make_sd( &builtin_admins_sid, &local_system_sid, SE_DACL_PROTECTED, machine, ARRAY_SIZE(machine) );
    return NULL;
}

/* The key's descriptor, allocated: its own, or the one inherited from above (hives are loaded without any). */
static struct security_descriptor *key_sd( struct object *key )
{
    struct security_descriptor *sd, *above;
    struct object *parent;
    generic_map_t mapping;

    if (key->sd) return memdup( key->sd, nt_sd_size( key->sd ));
    if ((sd = anchor_key_sd( key )) || !(parent = parent_key( key ))) return sd;
    if (!(above = key_sd( parent ))) return NULL;
    object_mapping( key, &mapping );
    sd = nt_inherit_sd( above, NULL, sd_get_owner( above ), sd_get_group( above ), NULL, 1, &mapping );
    free( above );
    return sd;
}

/* Valid until the next call. */
struct security_descriptor *nt_key_get_sd( struct object *key )
{
    static struct security_descriptor *last;

    if (key->sd) return key->sd;
    free( last );
    return last = key_sd( key );
}

/* ---- setting ---- */

/* Behind NtSetSecurityObject: stores what it is given. Returns 0 when the object has its own way (files). */
int nt_set_security( struct object *obj, const struct security_descriptor *sd, unsigned int info )
{
    struct token *token = nt_current_token();
    const struct sid *owner = sd_get_owner( sd );
    struct security_descriptor *old, *new;
    generic_map_t mapping;

    if ((info & OWNER_SECURITY_INFORMATION) && (!owner || !nt_token_may_own( token, owner )))
    {
        set_error( STATUS_INVALID_OWNER );
        return 1;
    }
    if (obj->ops->set_sd != default_set_sd) return 0;
    object_mapping( obj, &mapping );
    old = obj->ops->get_sd( obj );
    if (!old || !sd_get_owner( old ))
    {
        nt_default_sd( obj, token );
        old = obj->sd;
    }
    if ((new = nt_merge_sd( old, sd, info, &mapping )))
    {
        free( obj->sd );
        obj->sd = new;
    }
    return 1;
}

/* ---- pipes ---- */

static int is_anonymous_pipe( const struct unicode_str *name )
{
    static const char prefix[] = "win32.pipes.";
    unsigned int i, count = name->len / sizeof(WCHAR), skip = 0;

    for (i = 0; i < count; i++) if (name->str[i] == '\\') skip = i + 1;
    if (count - skip < sizeof(prefix) - 1) return 0;
    for (i = 0; prefix[i]; i++) if ((name->str[skip + i] | 0x20) != (prefix[i] | 0x20)) return 0;
    return 1;
}

/* CreateNamedPipe without a descriptor: full control for SYSTEM, administrators and the owner, read for Everyone.
 * CreatePipe's two ends come from the token's default DACL instead. Pipes of Wine's services stand for those of
 * Windows' (\pipe\svcctl and the like), which clients may write to.
 * @see https://learn.microsoft.com/windows/win32/ipc/named-pipe-security-and-access-rights */
void nt_pipe_default_sd( struct object *pipe, const struct unicode_str *name )
{
    static const struct sid anonymous = { SID_REVISION, 1, SECURITY_NT_AUTHORITY, { SECURITY_ANONYMOUS_LOGON_RID } };
    struct token *token = nt_current_token();
    int service = (nt_state( token )->flags & NT_TOKEN_SYSTEM) != 0;
    const struct nt_ace_spec aces[] =
    {
        { &local_system_sid, 0, FILE_ALL_ACCESS },
        { &builtin_admins_sid, 0, FILE_ALL_ACCESS },
        { token_get_owner( token ), 0, FILE_ALL_ACCESS },
        { &world_sid, 0, FILE_GENERIC_READ | (service ? FILE_GENERIC_WRITE : 0) },
        { &anonymous, 0, FILE_GENERIC_READ },
    };

    if (is_anonymous_pipe( name )) { nt_default_sd( pipe, token ); return; }
    free( pipe->sd );
    pipe->sd = nt_make_sd( token_get_owner( token ), token_get_primary_group( token ), 0, aces, ARRAY_SIZE(aces) );
}

static int check_as_file( const struct security_descriptor *sd, unsigned int access )
{
    struct token *token = nt_current_token();
    unsigned int granted, status = STATUS_SUCCESS;

    if (!sd || !token) return 1;
    if (!nt_usable_level( token )) status = STATUS_BAD_IMPERSONATION_LEVEL;
    else if ((access = map_access( access, &file_type.mapping ))) status = nt_decide( token, sd, access, &file_type.mapping, &granted );
    if (status) set_error( status );
    return !status;
}

int nt_check_pipe_open( struct object *pipe, unsigned int access )
{
    return check_as_file( pipe->sd, access );
}

/* \Device\Null: Everyone reads, writes and executes; RESTRICTED reads and executes. */
void nt_null_device_sd( struct object *device )
{
    static const struct nt_ace_spec aces[] =
    {
        { &world_sid, 0, FILE_GENERIC_READ | FILE_GENERIC_WRITE | FILE_GENERIC_EXECUTE },
        { &local_system_sid, 0, FILE_ALL_ACCESS },
        { &builtin_admins_sid, 0, FILE_ALL_ACCESS },
        { &nt_restricted_sid, 0, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE },
    };
    device->sd = nt_make_sd( &builtin_admins_sid, &local_system_sid, SE_DACL_PROTECTED, aces, ARRAY_SIZE(aces) );
}

int nt_check_device_open( struct object *device, unsigned int access )
{
    return device->ops->type != &device_type || check_as_file( device->sd, access );
}

/* ---- processes ---- */

/* wineboot sets up the prefix and starts the services: it and they run as SYSTEM. */
static int is_boot_process( const startup_info_t *info, data_size_t size )
{
    static const char boot[] = "\\system32\\wineboot.exe";
    data_size_t start = sizeof(*info), i, len;
    const WCHAR *name;

    if (!info || size < sizeof(*info)) return 0;
    start += info->curdir_len + info->dllpath_len;
    len = info->imagepath_len / sizeof(WCHAR);
    if (start + info->imagepath_len > size || len < sizeof(boot)) return 0;
    name = (const WCHAR *)((const char *)info + start) + len - (sizeof(boot) - 1);
    for (i = 0; boot[i]; i++)
    {
        WCHAR c = name[i] >= 'A' && name[i] <= 'Z' ? name[i] + 32 : name[i];
        if (c != boot[i]) return 0;
    }
    return 1;
}

struct token *nt_boot_token( struct token *parent, const startup_info_t *info, data_size_t size )
{
    if ((nt_state( parent )->flags & NT_TOKEN_RESTRICTED) || !equal_sid( nt_token_user( parent ), &local_user_sid )) return NULL;
    return is_boot_process( info, size ) ? nt_create_system_token( token_get_session_id( parent )) : NULL;
}
