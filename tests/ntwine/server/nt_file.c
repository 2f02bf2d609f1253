/* ntwine: files and directories with NT security descriptors. LGPL-2.1-or-later, see ../README.md.
 *
 * A descriptor lives in the xattr user.ntwine.sd, in the server's own layout. An object without one (made by a Unix
 * program) has what it would have inherited from the nearest ancestor that has one.
 * The xattr user.ntwine.root marks the root of a volume: what lies above has no say. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"

#include "file.h"
#include "handle.h"
#include "object.h"
#include "process.h"
#include "thread.h"
#include "security.h"
#include "nt_model.h"

#define SD_XATTR "user.ntwine.sd"
#define LINK_SD_XATTR "trusted.ntwine.sd"
#define ROOT_XATTR "user.ntwine.root"
#define OVERWRITE_ACCESS (FILE_WRITE_DATA | FILE_WRITE_EA | FILE_WRITE_ATTRIBUTES)

/* what the last open decided, until its handle is made */
static struct
{
    struct fd                  *fd;      /* the opened file, NULL when there is none */
    unsigned int                granted;
    struct security_descriptor *new_sd;  /* for a file that did not exist */
} pending;

static struct security_descriptor *load_sd( const char *path )
{
    static char buffer[65536];
    ssize_t size = lgetxattr( path, SD_XATTR, buffer, sizeof(buffer) );

    if (size < 0 && nt_is_link( path )) size = lgetxattr( path, LINK_SD_XATTR, buffer, sizeof(buffer) );
    if (size <= 0 || !sd_is_valid( (struct security_descriptor *)buffer, size )) return NULL;
    return memdup( buffer, size );
}

static int fd_path( int unix_fd, char *path, struct stat *st );

static int store_link_sd( int unix_fd, const struct security_descriptor *sd )
{
    char path[PATH_MAX];
    struct stat st;

    if (!nt_is_link_fd( unix_fd ) || !fd_path( unix_fd, path, &st )) return 0;
    if (lsetxattr( path, LINK_SD_XATTR, sd, nt_sd_size( sd ), 0 ) == -1) set_error( STATUS_ACCESS_DENIED );
    return 1;
}

/* Setting a user xattr needs write permission even for the owner; FILE_ATTRIBUTE_READONLY takes that away. */
static void store_sd( int unix_fd, const struct security_descriptor *sd )
{
    struct stat st;
    int ret;

    if (store_link_sd( unix_fd, sd )) return;
    ret = fsetxattr( unix_fd, SD_XATTR, sd, nt_sd_size( sd ), 0 );
    if (ret == -1 && (errno == EACCES || errno == EPERM) && !fstat( unix_fd, &st ))
    {
        fchmod( unix_fd, st.st_mode | S_IWUSR );
        ret = fsetxattr( unix_fd, SD_XATTR, sd, nt_sd_size( sd ), 0 );
        fchmod( unix_fd, st.st_mode & 07777 );
    }
    if (ret != -1) return;
    fprintf( stderr, "ntwine: cannot store a security descriptor of %u bytes: %s\n", (unsigned int)nt_sd_size( sd ), strerror( errno ));
    set_error( STATUS_DISK_FULL );
}

/* Outside the prefix (drive Z:): SYSTEM, Administrators and the user full, everyone else reads. */
static struct security_descriptor *host_sd( int directory )
{
    static const unsigned char on = OBJECT_INHERIT_ACE | CONTAINER_INHERIT_ACE;
    const struct nt_ace_spec aces[] =
    {
        { &local_system_sid, directory ? on : 0, FILE_ALL_ACCESS },
        { &builtin_admins_sid, directory ? on : 0, FILE_ALL_ACCESS },
        { &local_user_sid, directory ? on : 0, FILE_ALL_ACCESS },
        { &builtin_users_sid, directory ? on : 0, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE },
        { &world_sid, directory ? on : 0, FILE_GENERIC_READ | FILE_GENERIC_EXECUTE },
    };
    return nt_make_sd( &local_user_sid, &domain_users_sid, 0, aces, ARRAY_SIZE(aces) );
}

/* What a Unix program made belongs to the owner of the directory, so that files of Windows belong to the system;
 * in the root of a volume, to the user. */
static struct security_descriptor *child_of( struct security_descriptor *parent, int directory, int in_root )
{
    struct security_descriptor *sd = nt_inherit_sd( parent, NULL, in_root ? &local_user_sid : sd_get_owner( parent ),
                                                    in_root ? &domain_users_sid : sd_get_group( parent ), NULL, directory,
                                                    &file_type.mapping );
    free( parent );
    return sd;
}

/* The stored descriptor of an absolute canonical path, or the inherited one. */
static struct security_descriptor *effective_sd( const char *path, int directory )
{
    struct security_descriptor *sd = load_sd( path );
    char copy[PATH_MAX], *end, *slash;
    int in_root;

    if (sd || strlen( path ) >= sizeof(copy)) return sd;
    strcpy( copy, path );
    while ((slash = strrchr( copy, '/' )))
    {
        *slash = 0;
        if ((sd = load_sd( copy[0] ? copy : "/" ))) break;
        if (!copy[0]) return host_sd( directory );
    }
    if (!slash) return host_sd( directory );
    in_root = getxattr( copy[0] ? copy : "/", ROOT_XATTR, NULL, 0 ) >= 0;
    /* step by step down again: a component's flags may stop the inheritance */
    for (end = copy + strlen( copy ); sd && path[end - copy]; end = slash)
    {
        const char *next = strchr( path + (end - copy) + 1, '/' );
        slash = copy + (next ? (size_t)(next - path) : strlen( path ));
        sd = child_of( sd, next ? 1 : directory, in_root );
        in_root = 0;
    }
    return sd;
}

/* Canonical path of an object, and of the directory that holds it ("" for the root of a volume). */
struct place { char path[PATH_MAX], parent[PATH_MAX]; struct stat st; int exists, special; };

static void find_parent( struct place *place )
{
    char *slash;

    strcpy( place->parent, place->path );
    slash = strrchr( place->parent, '/' );
    if (!slash || !slash[1]) { place->parent[0] = 0; return; }
    slash[slash == place->parent] = 0;
    if (place->exists && S_ISDIR( place->st.st_mode ) && getxattr( place->path, ROOT_XATTR, NULL, 0 ) >= 0) place->parent[0] = 0;
}

/* keep_link: a junction at the end is meant itself. */
static int find_place( struct fd *root, const char *name, struct place *place, int keep_link )
{
    char *full = dup_fd_name( root, name ), *real, *slash, leaf[NAME_MAX + 1];
    size_t len;
    int ret = 0;

    place->exists = place->special = 0;
    if (!full) return 0;
    while ((len = strlen( full )) > 1 && full[len - 1] == '/') full[len - 1] = 0;
    if ((keep_link && (real = nt_link_path( full ))) || (real = realpath( full, NULL )))
    {
        if (strlen( real ) < PATH_MAX && !nt_lstat( real, &place->st ))
        {
            strcpy( place->path, real );
            place->exists = ret = 1;
        }
        free( real );
    }
    else if (errno == ENOENT && (slash = strrchr( full, '/' )) && strlen( slash + 1 ) < sizeof(leaf))
    {
        strcpy( leaf, slash + 1 );
        slash[slash == full] = 0;
        if ((real = realpath( full, NULL )))
        {
            ret = snprintf( place->path, PATH_MAX, "%s/%s", strcmp( real, "/" ) ? real : "", leaf ) < PATH_MAX;
            free( real );
        }
    }
    free( full );
    if (!ret) return 0;
    place->special = !strncmp( place->path, "/dev/", 5 ) || !strncmp( place->path, "/proc/", 6 ) || !strncmp( place->path, "/sys/", 5 ) ||
                     (place->exists && !S_ISREG( place->st.st_mode ) && !S_ISDIR( place->st.st_mode ));
    find_parent( place );
    return 1;
}

static unsigned int allowed_on( struct token *token, const char *path, int directory )
{
    struct security_descriptor *sd = effective_sd( path, directory );
    unsigned int allowed = sd ? nt_allowed( token, sd, &file_type.mapping ) : 0;

    free( sd );
    return allowed;
}

/* Privileges that replace the DACL when the file is opened with backup intent.
 * @see https://learn.microsoft.com/windows/win32/secauthz/privilege-constants */
static unsigned int backup_rights( struct token *token, unsigned int options )
{
    unsigned int rights = 0;

    if (!(options & FILE_OPEN_FOR_BACKUP_INTENT)) return 0;
    if (nt_token_has_privilege( token, SeBackupPrivilege )) rights |= READ_CONTROL | FILE_GENERIC_READ | FILE_TRAVERSE;
    if (nt_token_has_privilege( token, SeRestorePrivilege ))
        rights |= WRITE_DAC | WRITE_OWNER | DELETE | FILE_GENERIC_WRITE | FILE_ADD_FILE | FILE_ADD_SUBDIRECTORY;
    return rights;
}

/* All rights the token has on an existing file, those that its directory gives included. */
static unsigned int rights_on( struct token *token, const struct place *place, unsigned int wanted, unsigned int options )
{
    unsigned int rights = allowed_on( token, place->path, S_ISDIR( place->st.st_mode )) | backup_rights( token, options ), above;

    if ((wanted & WRITE_OWNER) && nt_token_has_privilege( token, SeTakeOwnershipPrivilege )) rights |= WRITE_OWNER;
    if ((wanted & ACCESS_SYSTEM_SECURITY) && nt_token_has_privilege( token, SeSecurityPrivilege )) rights |= ACCESS_SYSTEM_SECURITY;
    if (place->parent[0] && (~rights & (DELETE | FILE_READ_ATTRIBUTES) & ((wanted & MAXIMUM_ALLOWED) ? ~0u : wanted)))
    {
        above = allowed_on( token, place->parent, 1 );
        if (above & FILE_DELETE_CHILD) rights |= DELETE;
        if (above & FILE_LIST_DIRECTORY) rights |= FILE_READ_ATTRIBUTES;
    }
    return rights;
}

static int refuse( struct token *token, unsigned int missing )
{
    if (!nt_usable_level( token )) set_error( STATUS_BAD_IMPERSONATION_LEVEL );
    else if (missing & ACCESS_SYSTEM_SECURITY) set_error( STATUS_PRIVILEGE_NOT_HELD );
    else set_error( STATUS_ACCESS_DENIED );
    return 0;
}

static int open_existing( struct token *token, const struct place *place, unsigned int *access, int flags, unsigned int options )
{
    unsigned int wanted = *access & ~MAXIMUM_ALLOWED, needed = wanted, rights;

    if (flags & O_EXCL) { pending.granted = *access; return 1; } /* a collision, whatever the rights */
    if ((flags & O_TRUNC) && !S_ISDIR( place->st.st_mode )) needed |= OVERWRITE_ACCESS;
    rights = rights_on( token, place, needed | (*access & MAXIMUM_ALLOWED), options );
    if ((needed & ~rights) || !nt_usable_level( token )) return refuse( token, needed & ~rights );
    pending.granted = wanted;
    if (*access & MAXIMUM_ALLOWED)
    {
        if (!(pending.granted |= rights & FILE_ALL_ACCESS)) return refuse( token, 0 );
        *access = pending.granted;
    }
    return 1;
}

static int create_new( struct token *token, const struct place *place, unsigned int *access, unsigned int options,
                       const struct security_descriptor *creator )
{
    int directory = (options & FILE_DIRECTORY_FILE) != 0;
    unsigned int needed = directory ? FILE_ADD_SUBDIRECTORY : FILE_ADD_FILE, rights;
    const struct sid *owner = creator ? sd_get_owner( creator ) : NULL;
    struct security_descriptor *parent;

    if (!place->parent[0]) return 1;
    rights = allowed_on( token, place->parent, 1 ) | backup_rights( token, options );
    if ((needed & ~rights) || !nt_usable_level( token )) return refuse( token, needed & ~rights );
    if ((*access & ACCESS_SYSTEM_SECURITY) && !nt_token_has_privilege( token, SeSecurityPrivilege ))
        return refuse( token, ACCESS_SYSTEM_SECURITY );
    if (owner && !nt_token_may_own( token, owner )) { set_error( STATUS_INVALID_OWNER ); return 0; }
    parent = effective_sd( place->parent, 1 );
    pending.new_sd = nt_inherit_sd( parent, creator, token_get_owner( token ), token_get_primary_group( token ),
                                    token_get_default_dacl( token ), directory, &file_type.mapping );
    free( parent );
    /* who creates a file gets what it asks for */
    if (*access & MAXIMUM_ALLOWED) *access = FILE_ALL_ACCESS;
    pending.granted = *access;
    return pending.new_sd != NULL;
}

/* Before the Unix open, so that nothing is created or truncated when it is refused. */
int nt_file_open( struct fd *root, const char *name, unsigned int *access, int flags, unsigned int options,
                  const struct security_descriptor *sd )
{
    struct token *token = nt_current_token();
    struct place place;

    free( pending.new_sd );
    memset( &pending, 0, sizeof(pending) );
    pending.granted = *access;
    if (!token || !find_place( root, name, &place, nt_means_link( *access, options )) || place.special)
    {
        if (*access & MAXIMUM_ALLOWED) pending.granted = FILE_ALL_ACCESS;
        return 1;
    }
    if (place.exists) return open_existing( token, &place, access, flags, options );
    if (flags & O_CREAT) return create_new( token, &place, access, options, sd );
    return 1;
}

void nt_file_opened( struct fd *fd )
{
    pending.fd = fd;
    if (pending.new_sd) store_sd( get_unix_fd( fd ), pending.new_sd );
    free( pending.new_sd );
    pending.new_sd = NULL;
}

/* The handle carries what was decided at the open: the directory, a privilege or the creation may have given more
 * than the file's own descriptor does. */
int nt_grant_file_handle( struct object *obj, unsigned int attributes, obj_handle_t *handle )
{
    struct fd *fd;

    if (!pending.fd || obj->ops->type != &file_type || !(fd = get_obj_fd( obj ))) return 0;
    release_object( fd );
    if (fd != pending.fd) return 0;
    pending.fd = NULL;
    *handle = alloc_handle_no_access_check( current->process, obj, pending.granted, attributes );
    return 1;
}

/* Unix permissions play no part, but for the read-only attribute. */
mode_t nt_unix_mode( unsigned int options, unsigned int attrs )
{
    if (options & FILE_DIRECTORY_FILE) return (attrs & FILE_ATTRIBUTE_READONLY) ? 0555 : 0777;
    return (attrs & FILE_ATTRIBUTE_READONLY) ? 0444 : 0666;
}

static int fd_path( int unix_fd, char *path, struct stat *st )
{
    char link[64];
    ssize_t len;

    if (nt_fstat( unix_fd, st ) == -1 || (!S_ISREG( st->st_mode ) && !S_ISDIR( st->st_mode ))) return 0;
    snprintf( link, sizeof(link), "/proc/self/fd/%d", unix_fd );
    if ((len = readlink( link, path, PATH_MAX - 1 )) <= 0 || path[0] != '/') return 0;
    path[len] = 0;
    return 1;
}

struct security_descriptor *nt_file_get_sd( int unix_fd )
{
    static char buffer[65536];
    char path[PATH_MAX];
    struct stat st;
    ssize_t size;

    if (!fd_path( unix_fd, path, &st )) return NULL;
    size = fgetxattr( unix_fd, SD_XATTR, buffer, sizeof(buffer) ); /* EBADF for a link: effective_sd has it */
    if (size > 0 && sd_is_valid( (struct security_descriptor *)buffer, size )) return memdup( buffer, size );
    return effective_sd( path, S_ISDIR( st.st_mode ));
}

/* -1: not a file that has a descriptor */
int nt_file_set_sd( int unix_fd, const struct security_descriptor *sd, unsigned int info )
{
    struct security_descriptor *old = nt_file_get_sd( unix_fd ), *new;

    if (!old) return -1;
    if ((new = nt_merge_sd( old, sd, info, &file_type.mapping ))) store_sd( unix_fd, new );
    free( old );
    free( new );
    return !get_error();
}

/* Renaming needs DELETE on the handle, a right to add in the target directory, and DELETE on what is replaced.
 * A link needs the same but DELETE; CreateHardLinkW asks for FILE_WRITE_ATTRIBUTES, which Wine's does not.
 * @see https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_rename_information */
int nt_may_rename( struct fd *fd, struct fd *root, const char *nameptr, data_size_t len, int link, int replace, unsigned int access )
{
    struct token *token = nt_current_token();
    struct place target;
    char path[PATH_MAX], name[PATH_MAX];
    struct security_descriptor *sd;
    int unix_fd = get_unix_fd( fd ), directory;
    unsigned int needed;
    struct stat st;

    if (unix_fd == -1 || !len || len >= sizeof(name) || !fd_path( unix_fd, path, &st )) return 1;
    memcpy( name, nameptr, len );
    name[len] = 0;
    directory = S_ISDIR( st.st_mode );
    if (!link && !(access & DELETE)) return refuse( token, DELETE );
    if (link && !((access | allowed_on( token, path, directory )) & FILE_WRITE_ATTRIBUTES)) return refuse( token, FILE_WRITE_ATTRIBUTES );
    if (!find_place( root, name, &target, 1 )) return 1;
    needed = directory ? FILE_ADD_SUBDIRECTORY : FILE_ADD_FILE;
    if (target.parent[0] && (needed & ~allowed_on( token, target.parent, 1 ))) return refuse( token, needed );
    if (target.exists && replace && (target.st.st_dev != st.st_dev || target.st.st_ino != st.st_ino) &&
        !(rights_on( token, &target, DELETE, 0 ) & DELETE)) return refuse( token, DELETE );
    /* a moved object keeps its descriptor, so an inherited one must be written down first */
    if (!link && fgetxattr( unix_fd, SD_XATTR, NULL, 0 ) < 0 && !nt_is_link_fd( unix_fd ) && (sd = nt_file_get_sd( unix_fd )))
    {
        store_sd( unix_fd, sd );
        free( sd );
    }
    return 1;
}
