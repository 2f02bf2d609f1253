/* ntwine: declarations shared by our additions to Wine's server.
 *
 * A model of NT access checks, written from Microsoft's documentation, for tests. Compiled into
 * Wine's server; like it: LGPL-2.1-or-later. See ../README.md. */

#ifndef NTWINE_NT_MODEL_H
#define NTWINE_NT_MODEL_H

#include "request.h"
#include "security.h"

struct token;
struct fd;
struct process;

/* What Wine's token lacks. @see
 * https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-createrestrictedtoken */
struct nt_token_state
{
    struct list  restricted; /* struct group: the restricting SIDs */
    unsigned int flags;      /* NT_TOKEN_ */
    unsigned int user_attrs; /* SE_GROUP_USE_FOR_DENY_ONLY, or 0 */
    unsigned int integrity;  /* RID of the mandatory label */
    struct luid  auth_id;    /* logon session */
    struct luid  parent_id;  /* token id of the token this one was filtered from, or 0 */
};

#define NT_TOKEN_RESTRICTED 0x10       /* has a list of restricting SIDs, be it an empty one */
#define NT_TOKEN_WRITE_RESTRICTED 0x08 /* the list counts for write access only */
#define NT_TOKEN_SANDBOX_INERT 0x40
#define NT_TOKEN_FILTERED 0x80         /* made by filtering another token */
#define NT_TOKEN_SYSTEM 0x10000        /* Wine's own services */
#define NT_TOKEN_SECLOGON 0x20000      /* from the CreateProcessWithLogonW double: may become primary */

#define NT_MAKE_HIVE 0x40000           /* in nt_identity only */

/* What the advapi32 test double asks for through requests that Wine already has. */
#define NT_QUERY_RESTRICTED 0x4e540001 /* attribute mask in get_token_groups */
#define NT_QUERY_STATE 0x4e540002
#define NT_QUERY_MACHINE 0x4e540003 /* the test doubles' machine state: a version number, then its text */
#define NT_EXTENSION_MAGIC 0x3157544e /* first word of the data in set_token_default_dacl */

enum nt_extension
{
    NT_SET_INTEGRITY = 1, /* argument: RID */
    NT_SET_IDENTITY = 2,  /* makes a token that of another account */
    NT_ALLOW_PRIMARY = 4, /* a process may be given this token: the consent prompt's double */
    NT_SET_MACHINE = 3,   /* replaces the machine state; argument: the version it was made from */
    NT_NOTE_CALL = 5      /* adds a line to the log of doubled calls */
};

struct nt_state_reply
{
    unsigned int flags, user_attrs, integrity, elevation;
    struct luid  auth_id, parent_id;
};

struct nt_extension_header
{
    unsigned int magic, code, argument, pad;
};

/* After the header of NT_SET_IDENTITY: attributes of each SID (user first), privileges, then the SIDs. */
struct nt_identity
{
    unsigned int sid_count, priv_count, integrity, flags;
    struct luid  auth_id;
    unsigned int owner_index, elevation;
};

/* nt_token.c, part of token.c */
extern const struct sid nt_logon_sid;
extern void nt_token_init( struct token *token );
extern void nt_token_free( struct token *token );
extern void nt_token_copy( struct token *src, struct token *dst );
extern struct token *nt_create_default_token( unsigned int primary, int level, int elevation, unsigned int session );
extern struct token *nt_create_system_token( unsigned int session );
extern int nt_token_has_sid( struct token *token, const struct sid *sid, int deny );
extern int nt_token_restricts( struct token *token, const struct sid *sid );
extern int nt_token_has_privilege( struct token *token, struct luid privilege );
extern const struct nt_token_state *nt_state( struct token *token );
extern const struct sid *nt_token_user( struct token *token );
extern int nt_token_may_own( struct token *token, const struct sid *sid );
extern unsigned int nt_filter_split( const struct sid *sids, unsigned int count );
extern void nt_process_token_sd( struct token *own, struct token *given, struct token *creator );
extern void nt_filter_apply( struct token *src, struct token *dst, unsigned int flags, const struct sid *disabled, unsigned int count );
extern int nt_token_query( struct token *token, unsigned int what, data_size_t *attr_len, data_size_t *sid_len );
extern int nt_token_extension( obj_handle_t handle, const void *data, data_size_t size );
extern int nt_may_assign_primary( struct token *token );
extern const struct sid *nt_label_sid( struct token *token );
extern int nt_usable_level( struct token *token );

/* nt_registry.c, part of registry.c */
extern int nt_making_hive;
extern void nt_make_hive( const struct sid *sid );

/* nt_machine.c */
extern void nt_machine_get(void);
extern void nt_machine_set( unsigned int version, const char *text, data_size_t size );
extern void nt_machine_note( const char *line, data_size_t size );

/* nt_access.c */
extern struct token *nt_current_token(void);
extern unsigned int nt_allowed( struct token *token, const struct security_descriptor *sd, const generic_map_t *mapping );
extern unsigned int nt_decide( struct token *token, const struct security_descriptor *sd, unsigned int desired,
                               const generic_map_t *mapping, unsigned int *granted );
extern unsigned int nt_token_access_check( struct token *token, const struct security_descriptor *sd, unsigned int desired,
                                           struct luid_attr *privs, unsigned int *priv_count, const generic_map_t *mapping,
                                           unsigned int *granted, unsigned int *status );
extern int nt_check_object_access( struct token *token, struct object *obj, unsigned int *access );

/* nt_descriptor.c */
struct nt_ace_spec { const struct sid *sid; unsigned char flags; unsigned int mask; };
extern const struct sid nt_creator_owner_sid, nt_creator_group_sid, nt_owner_rights_sid, nt_authenticated_users_sid, nt_restricted_sid;
extern size_t nt_sd_size( const struct security_descriptor *sd );
extern struct security_descriptor *nt_build_sd( unsigned int control, const struct sid *owner, const struct sid *group,
                                                const struct acl *sacl, const struct acl *dacl );
extern struct security_descriptor *nt_make_sd( const struct sid *owner, const struct sid *group, unsigned int control,
                                               const struct nt_ace_spec *aces, unsigned int count );
extern struct security_descriptor *nt_inherit_sd( const struct security_descriptor *parent, const struct security_descriptor *creator,
                                                  const struct sid *owner, const struct sid *group, const struct acl *default_dacl,
                                                  int container, const generic_map_t *mapping );
extern struct security_descriptor *nt_merge_sd( const struct security_descriptor *old, const struct security_descriptor *new,
                                                unsigned int info, const generic_map_t *mapping );

/* nt_file.c */
extern int nt_file_open( struct fd *root, const char *name, unsigned int *access, int flags, unsigned int options,
                         const struct security_descriptor *sd );
extern void nt_file_opened( struct fd *fd );
extern int nt_grant_file_handle( struct object *obj, unsigned int attributes, obj_handle_t *handle );
extern mode_t nt_unix_mode( unsigned int options, unsigned int attrs );
extern struct security_descriptor *nt_file_get_sd( int unix_fd );
extern int nt_file_set_sd( int unix_fd, const struct security_descriptor *sd, unsigned int info );
extern int nt_may_rename( struct fd *fd, struct fd *root, const char *name, data_size_t len, int link, int replace, unsigned int access );

/* nt_link.c */
extern int nt_is_link( const char *path );
extern int nt_is_link_fd( int unix_fd );
extern int nt_means_link( unsigned int access, unsigned int options );
extern int nt_link_flags( const char *name, unsigned int access, unsigned int options );
extern int nt_fstat( int unix_fd, struct stat *st );
extern int nt_lstat( const char *path, struct stat *st );
extern int nt_rmdir( const char *path );
extern char *nt_link_path( const char *path );
extern char *nt_realpath( const char *path );
extern void nt_true_name( const char *path, const char *real, WCHAR **name, data_size_t *len );

/* nt_objects.c */
extern int nt_new_named_object( struct object *obj, struct object *parent, const struct unicode_str *name, const struct security_descriptor *sd );
extern void nt_default_sd( struct object *obj, struct token *token );
extern int nt_set_security( struct object *obj, const struct security_descriptor *sd, unsigned int info );
extern struct security_descriptor *nt_key_get_sd( struct object *obj );
extern int nt_wine_reads_key( struct object *key );
extern void nt_pipe_default_sd( struct object *pipe, const struct unicode_str *name );
extern int nt_check_pipe_open( struct object *pipe, unsigned int access );
extern void nt_null_device_sd( struct object *device );
extern void nt_session_directory_sd( struct object *directory );
extern int nt_check_device_open( struct object *device, unsigned int access );
extern struct token *nt_boot_token( struct token *parent, const startup_info_t *info, data_size_t size );

#endif
