/* ntwine: tokens as NT has them. Included at the end of Wine's token.c, because its struct token is private.
 * LGPL-2.1-or-later, see ../README.md. */

static const struct luid nt_assign_primary = { 3, 0 };

/* the SID after which the disable list of NtFilterToken goes on with the restricting SIDs (see ../doubles) */
static const struct sid nt_marker_sid = { SID_REVISION, 1, { 0, 0, 0, 0, 0, 99 }, { 1 } };
static const struct sid nt_console_logon_sid = { SID_REVISION, 1, SECURITY_LOCAL_SID_AUTHORITY, { 1 } };
static const struct sid nt_this_organization_sid = { SID_REVISION, 1, SECURITY_NT_AUTHORITY, { 15 } };
static const struct sid nt_local_account_sid = { SID_REVISION, 1, SECURITY_NT_AUTHORITY, { 113 } };
const struct sid nt_logon_sid = { SID_REVISION, 3, SECURITY_NT_AUTHORITY, { SECURITY_LOGON_IDS_RID, 0, 99999 } };

void nt_token_init( struct token *token )
{
    memset( &token->nt, 0, sizeof(token->nt) );
    list_init( &token->nt.restricted );
    token->nt.integrity = SECURITY_MANDATORY_MEDIUM_RID;
    token->owner = NULL;
}

static void nt_free_list( struct list *list )
{
    struct group *group, *next;

    LIST_FOR_EACH_ENTRY_SAFE( group, next, list, struct group, entry )
    {
        list_remove( &group->entry );
        free( group );
    }
}

void nt_token_free( struct token *token )
{
    nt_free_list( &token->nt.restricted );
}

static struct group *nt_find( struct list *list, const struct sid *sid )
{
    struct group *group;

    LIST_FOR_EACH_ENTRY( group, list, struct group, entry )
        if (equal_sid( &group->sid, sid )) return group;
    return NULL;
}

static void nt_add( struct list *list, const struct sid *sid, unsigned int attrs )
{
    struct group *group;

    if (nt_find( list, sid )) return;
    if (!(group = mem_alloc( offsetof( struct group, sid.sub_auth[sid->sub_count] )))) return;
    group->attrs = attrs;
    copy_sid( &group->sid, sid );
    list_add_tail( list, &group->entry );
}

/* The owner of new objects: the source's, unless that cannot be assigned any more. */
static void nt_copy_owner( struct token *src, struct token *dst )
{
    struct group *group = NULL;

    dst->owner = dst->user;
    if (!src->owner || equal_sid( src->owner, src->user )) return;
    if ((group = nt_find( &dst->groups, src->owner )) && !(group->attrs & SE_GROUP_USE_FOR_DENY_ONLY))
        dst->owner = &group->sid;
}

void nt_token_copy( struct token *src, struct token *dst )
{
    struct group *group;

    nt_free_list( &dst->nt.restricted );
    dst->nt.flags = src->nt.flags;
    dst->nt.user_attrs = src->nt.user_attrs;
    dst->nt.integrity = src->nt.integrity;
    dst->nt.auth_id = src->nt.auth_id;
    dst->nt.parent_id = src->nt.parent_id;
    LIST_FOR_EACH_ENTRY( group, &src->nt.restricted, struct group, entry )
        nt_add( &dst->nt.restricted, &group->sid, group->attrs );
    nt_copy_owner( src, dst );
}

/* SYSTEM full, user full, logon session read and execute: what LSA puts into an interactive logon's token */
static struct acl *nt_default_dacl( const struct sid *user, const struct sid *logon )
{
    const struct sid *const sids[] = { &local_system_sid, user, logon };
    const unsigned int masks[] = { GENERIC_ALL, GENERIC_ALL, GENERIC_READ | GENERIC_EXECUTE };
    size_t size = sizeof(struct acl);
    unsigned int i, count = logon ? 3 : 2;
    struct acl *dacl;
    struct ace *ace;

    for (i = 0; i < count; i++) size += sizeof(struct ace) + sid_len( sids[i] );
    if (!(dacl = mem_alloc( size ))) return NULL;
    dacl->revision = ACL_REVISION;
    dacl->pad1 = dacl->pad2 = 0;
    dacl->size = size;
    dacl->count = count;
    for (i = 0, ace = ace_first( dacl ); i < count; i++, ace = ace_next( ace ))
        set_ace( ace, sids[i], ACCESS_ALLOWED_ACE_TYPE, 0, masks[i] );
    return dacl;
}

static const struct luid_attr nt_user_privileges[] =
{
    { { 23, 0 } /* SeChangeNotify */, SE_PRIVILEGE_ENABLED },
    { { 19, 0 } /* SeShutdown */, 0 },
    { { 25, 0 } /* SeUndock */, 0 },
    { { 33, 0 } /* SeIncreaseWorkingSet */, 0 },
    { { 34, 0 } /* SeTimeZone */, 0 },
};

static int nt_is_user_privilege( struct luid luid )
{
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(nt_user_privileges); i++)
        if (is_equal_luid( nt_user_privileges[i].luid, luid )) return 1;
    return 0;
}

/* The token of a program started from Unix: an administrator's filtered token under UAC, or the full one.
 * @see https://learn.microsoft.com/windows/security/application-security/application-control/user-account-control/how-it-works */
struct token *nt_create_default_token( unsigned int primary, int level, int elevation, unsigned int session )
{
    static const unsigned int on = SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_MANDATORY;
    static const unsigned char admin_only[] = { 5, 8, 9, 10, 11, 12, 13, 14, 15, 17, 18, 20, 22, 24, 28, 29, 30, 35 };
    const struct sid *user = security_unix_uid_to_sid( getuid() );
    const char *env = getenv( "NTWINE_ELEVATED" );
    struct luid_attr privs[ARRAY_SIZE(nt_user_privileges) + ARRAY_SIZE(admin_only)];
    unsigned int i, priv_count = ARRAY_SIZE(nt_user_privileges);
    struct token *token;
    struct acl *dacl;
    int full;

    if (primary && elevation == TokenElevationTypeFull && !(env && *env == '1')) elevation = TokenElevationTypeLimited;
    full = elevation == TokenElevationTypeFull;
    {
        const struct sid_attrs groups[] =
        {
            { &domain_users_sid, on | SE_GROUP_OWNER },
            { &world_sid, on },
            { &nt_local_account_sid, on },
            { &builtin_admins_sid, full ? on | SE_GROUP_OWNER : SE_GROUP_USE_FOR_DENY_ONLY },
            { &builtin_users_sid, on },
            { &interactive_sid, on },
            { &nt_console_logon_sid, on },
            { &authenticated_user_sid, on },
            { &nt_this_organization_sid, on },
            { &local_sid, on },
            { &nt_logon_sid, on | SE_GROUP_LOGON_ID },
        };
        memcpy( privs, nt_user_privileges, sizeof(nt_user_privileges) );
        for (i = 0; full && i < ARRAY_SIZE(admin_only); i++, priv_count++)
        {
            privs[priv_count].luid.low_part = admin_only[i];
            privs[priv_count].luid.high_part = 0;
            privs[priv_count].attrs = (admin_only[i] == 29 || admin_only[i] == 30) ? SE_PRIVILEGE_ENABLED : 0;
        }
        dacl = nt_default_dacl( full ? &builtin_admins_sid : user, &nt_logon_sid );
        token = create_token( primary, session, user, groups, ARRAY_SIZE(groups), privs, priv_count, dacl, NULL, level, elevation );
        free( dacl );
    }
    if (!token) return NULL;
    token->nt.integrity = full ? SECURITY_MANDATORY_HIGH_RID : SECURITY_MANDATORY_MEDIUM_RID;
    token->nt.auth_id.low_part = full ? 99998 : 99999;
    token->owner = full ? &nt_find( &token->groups, &builtin_admins_sid )->sid : token->user;
    return token;
}

/* Wine's own services stand for what Windows runs as SYSTEM. They keep the user's SID, because Wine keeps one
 * registry hive per prefix, and get the SYSTEM and Administrators groups. */
struct token *nt_create_system_token( unsigned int session )
{
    static const unsigned int on = SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_MANDATORY;
    const struct sid_attrs groups[] =
    {
        { &local_system_sid, on | SE_GROUP_OWNER }, { &builtin_admins_sid, on | SE_GROUP_OWNER }, { &world_sid, on },
        { &authenticated_user_sid, on }, { &builtin_users_sid, on }, { &local_sid, on },
    };
    struct luid_attr privs[35];
    struct acl *dacl = nt_default_dacl( &builtin_admins_sid, NULL );
    struct token *token;
    unsigned int i;

    for (i = 0; i < ARRAY_SIZE(privs); i++)
    {
        privs[i].luid.low_part = i + 2;
        privs[i].luid.high_part = 0;
        privs[i].attrs = SE_PRIVILEGE_ENABLED;
    }
    token = create_token( TRUE, session, security_unix_uid_to_sid( getuid() ), groups, ARRAY_SIZE(groups), privs,
                          ARRAY_SIZE(privs), dacl, NULL, -1, TokenElevationTypeDefault );
    free( dacl );
    if (!token) return NULL;
    token->nt.flags = NT_TOKEN_SYSTEM;
    token->nt.integrity = SECURITY_MANDATORY_SYSTEM_RID;
    token->nt.auth_id.low_part = 999;
    token->owner = &nt_find( &token->groups, &local_system_sid )->sid;
    return token;
}

/* Does the token have the SID, for an allow ACE or for a deny ACE? A deny-only SID counts for deny ACEs only.
 * @see https://learn.microsoft.com/windows/win32/secauthz/sid-attributes-in-an-access-token */
int nt_token_has_sid( struct token *token, const struct sid *sid, int deny )
{
    struct group *group;

    if (equal_sid( token->user, sid )) return deny || !(token->nt.user_attrs & SE_GROUP_USE_FOR_DENY_ONLY);
    LIST_FOR_EACH_ENTRY( group, &token->groups, struct group, entry )
    {
        if (!equal_sid( &group->sid, sid )) continue;
        if (group->attrs & SE_GROUP_USE_FOR_DENY_ONLY) { if (deny) return TRUE; }
        else if (group->attrs & SE_GROUP_ENABLED) return TRUE;
    }
    return FALSE;
}

int nt_token_restricts( struct token *token, const struct sid *sid )
{
    return nt_find( &token->nt.restricted, sid ) != NULL;
}

int nt_token_has_privilege( struct token *token, struct luid privilege )
{
    return token_find_privilege( token, privilege, TRUE ) != NULL;
}

const struct nt_token_state *nt_state( struct token *token )
{
    return &token->nt;
}

const struct sid *nt_token_user( struct token *token )
{
    return token->user;
}

int nt_usable_level( struct token *token )
{
    return token->primary || token->impersonation_level >= SecurityImpersonation;
}

/* Who may be named as owner of an object: the user, groups with SE_GROUP_OWNER, anyone with SeRestorePrivilege. */
int nt_token_may_own( struct token *token, const struct sid *sid )
{
    struct group *group = nt_find( &token->groups, sid );

    if (equal_sid( token->user, sid )) return !(token->nt.user_attrs & SE_GROUP_USE_FOR_DENY_ONLY);
    if (group && (group->attrs & SE_GROUP_OWNER) && (group->attrs & SE_GROUP_ENABLED)) return TRUE;
    return nt_token_has_privilege( token, SeRestorePrivilege );
}

static const struct sid *nt_split_restricted;
static unsigned int nt_split_count;

/* Cuts the disable list at the marker; what follows is the list of restricting SIDs. */
unsigned int nt_filter_split( const struct sid *sids, unsigned int count )
{
    unsigned int i;

    nt_split_restricted = NULL;
    nt_split_count = 0;
    for (i = 0; i < count; i++, sids = (const struct sid *)((const char *)sids + sid_len( sids )))
    {
        if (!equal_sid( sids, &nt_marker_sid )) continue;
        nt_split_restricted = (const struct sid *)((const char *)sids + sid_len( sids ));
        nt_split_count = count - i - 1;
        return i;
    }
    return count;
}

/* Groups that LUA_TOKEN makes deny-only: the administrative aliases and domain groups. */
static int nt_is_admin_group( const struct sid *sid )
{
    static const unsigned int aliases[] = { 544, 547, 548, 549, 550, 551, 552, 554, 556, 569 };
    static const unsigned int domain[] = { 498, 512, 516, 517, 518, 519, 520, 521 };
    unsigned int i, rid = sid->sub_count ? sid->sub_auth[sid->sub_count - 1] : 0;

    if (sid->sub_count == 2 && sid->sub_auth[0] == SECURITY_BUILTIN_DOMAIN_RID)
    {
        for (i = 0; i < ARRAY_SIZE(aliases); i++) if (aliases[i] == rid) return 1;
    }
    else if (sid->sub_count == 5 && sid->sub_auth[0] == SECURITY_NT_NON_UNIQUE)
    {
        for (i = 0; i < ARRAY_SIZE(domain); i++) if (domain[i] == rid) return 1;
    }
    return 0;
}

static void nt_make_lua( struct token *token )
{
    struct privilege *privilege, *next;
    struct group *group;

    LIST_FOR_EACH_ENTRY_SAFE( privilege, next, &token->privileges, struct privilege, entry )
        if (!nt_is_user_privilege( privilege->luid )) privilege_remove( privilege );
    LIST_FOR_EACH_ENTRY( group, &token->groups, struct group, entry )
        if (nt_is_admin_group( &group->sid )) group->attrs = SE_GROUP_USE_FOR_DENY_ONLY;
    if (token->elevation == TokenElevationTypeFull) token->elevation = TokenElevationTypeLimited;
}

/* Restricting an already restricted token gives the intersection of the two lists. */
static void nt_restrict( struct token *src, struct token *dst, unsigned int flags )
{
    static const unsigned int attrs = SE_GROUP_ENABLED | SE_GROUP_ENABLED_BY_DEFAULT | SE_GROUP_MANDATORY;
    const struct sid *sid = nt_split_restricted;
    unsigned int i, was = src->nt.flags;

    if (!nt_split_count) return;
    nt_free_list( &dst->nt.restricted );
    for (i = 0; i < nt_split_count; i++, sid = (const struct sid *)((const char *)sid + sid_len( sid )))
        if (!(was & NT_TOKEN_RESTRICTED) || nt_find( &src->nt.restricted, sid )) nt_add( &dst->nt.restricted, sid, attrs );
    dst->nt.flags |= NT_TOKEN_RESTRICTED;
    dst->nt.flags &= ~NT_TOKEN_WRITE_RESTRICTED;
    if ((flags & 8 /* WRITE_RESTRICTED */) && (!(was & NT_TOKEN_RESTRICTED) || (was & NT_TOKEN_WRITE_RESTRICTED)))
        dst->nt.flags |= NT_TOKEN_WRITE_RESTRICTED;
}

/* @see https://learn.microsoft.com/windows/win32/api/securitybaseapi/nf-securitybaseapi-createrestrictedtoken */
void nt_filter_apply( struct token *src, struct token *dst, unsigned int flags, const struct sid *disabled, unsigned int count )
{
    struct privilege *privilege, *next;
    unsigned int i;

    for (i = 0; i < count; i++, disabled = (const struct sid *)((const char *)disabled + sid_len( disabled )))
        if (equal_sid( disabled, dst->user )) dst->nt.user_attrs |= SE_GROUP_USE_FOR_DENY_ONLY;
    if (flags & 1 /* DISABLE_MAX_PRIVILEGE */)
        LIST_FOR_EACH_ENTRY_SAFE( privilege, next, &dst->privileges, struct privilege, entry )
            if (!is_equal_luid( privilege->luid, SeChangeNotifyPrivilege )) privilege_remove( privilege );
    if (flags & 2 /* SANDBOX_INERT */) dst->nt.flags |= NT_TOKEN_SANDBOX_INERT;
    if (flags & 4 /* LUA_TOKEN */) nt_make_lua( dst );
    nt_restrict( src, dst, flags );
    dst->nt.flags |= NT_TOKEN_FILTERED;
    dst->nt.flags &= ~NT_TOKEN_SYSTEM;
    dst->nt.parent_id = src->token_id;
    allocate_luid( &dst->modified_id );
    nt_copy_owner( src, dst );
    nt_default_sd( &dst->obj, nt_current_token() );
}

/* A token object gets the default list of whoever creates it, like other objects. A process takes the given token,
 * which Wine copies, or a copy of its creator's, made by the creator. */
void nt_process_token_sd( struct token *own, struct token *given, struct token *creator )
{
    int present = 0;

    if (given && given->obj.sd) sd_get_dacl( given->obj.sd, &present );
    if (!present)
    {
        nt_default_sd( &own->obj, creator );
        return;
    }
    free( own->obj.sd );
    own->obj.sd = memdup( given->obj.sd, nt_sd_size( given->obj.sd ));
}

static void nt_reply_list( struct list *list, data_size_t *attr_len, data_size_t *sid_len_ptr )
{
    struct group *group;
    unsigned int *attr, count = 0;
    struct sid *sid;

    LIST_FOR_EACH_ENTRY( group, list, struct group, entry )
    {
        count++;
        *sid_len_ptr += sid_len( &group->sid );
    }
    *attr_len = count * sizeof(*attr);
    if (*attr_len + *sid_len_ptr > get_reply_max_size()) { set_error( STATUS_BUFFER_TOO_SMALL ); return; }
    if (!count || !(attr = set_reply_data_size( *attr_len + *sid_len_ptr ))) return;
    sid = (struct sid *)(attr + count);
    LIST_FOR_EACH_ENTRY( group, list, struct group, entry )
    {
        *attr++ = group->attrs;
        sid = copy_sid( sid, &group->sid );
    }
}

/* The questions that Wine's protocol has no request for. Returns 0 when `what` is an ordinary attribute mask. */
int nt_token_query( struct token *token, unsigned int what, data_size_t *attr_len, data_size_t *sid_len_ptr )
{
    struct nt_state_reply state;

    *attr_len = *sid_len_ptr = 0;
    if (what == NT_QUERY_RESTRICTED)
    {
        nt_reply_list( &token->nt.restricted, attr_len, sid_len_ptr );
        return 1;
    }
    if (what == NT_QUERY_MACHINE)
    {
        nt_machine_get();
        return 1;
    }
    if (what != NT_QUERY_STATE) return 0;
    state.flags = token->nt.flags;
    state.user_attrs = token->nt.user_attrs;
    state.integrity = token->nt.integrity;
    state.elevation = token->elevation;
    state.auth_id = token->nt.auth_id;
    state.parent_id = token->nt.parent_id;
    *attr_len = sizeof(state);
    if (get_reply_max_size() < sizeof(state)) set_error( STATUS_BUFFER_TOO_SMALL );
    else set_reply_data( &state, sizeof(state) );
    return 1;
}

/* Turns a freshly duplicated token into that of another account. */
static void nt_set_identity( struct token *token, const struct nt_identity *id, data_size_t size )
{
    const unsigned int *attrs = (const unsigned int *)(id + 1);
    const struct luid_attr *privs = (const struct luid_attr *)(attrs + id->sid_count);
    const struct sid *sid = (const struct sid *)(privs + id->priv_count), *logon = NULL;
    data_size_t fixed = sizeof(*id) + id->sid_count * sizeof(*attrs) + id->priv_count * sizeof(*privs);
    struct privilege *privilege, *next;
    struct sid *user;
    unsigned int i;

    if (size < sizeof(*id) || id->sid_count > 200 || id->sid_count < 2 || id->priv_count > 64 || fixed > size ||
        get_sid_count( sid, size - fixed ) < id->sid_count || id->owner_index >= id->sid_count)
    {
        set_error( STATUS_INVALID_PARAMETER );
        return;
    }
    if (!(user = memdup( sid, sid_len( sid )))) return;
    free( token->user );
    token->user = user;
    token->owner = token->primary_group = NULL;
    nt_free_list( &token->groups );
    for (i = 1; i < id->sid_count; i++)
    {
        sid = (const struct sid *)((const char *)sid + sid_len( sid ));
        nt_add( &token->groups, sid, attrs[i] );
        if (attrs[i] & SE_GROUP_LOGON_ID) logon = sid;
        if (i == 1) token->primary_group = &nt_find( &token->groups, sid )->sid;
        if (i == id->owner_index) token->owner = &nt_find( &token->groups, sid )->sid;
    }
    if (!id->owner_index) token->owner = token->user;
    LIST_FOR_EACH_ENTRY_SAFE( privilege, next, &token->privileges, struct privilege, entry ) privilege_remove( privilege );
    for (i = 0; i < id->priv_count; i++) privilege_add( token, privs[i].luid, privs[i].attrs & SE_PRIVILEGE_ENABLED );
    free( token->default_dacl );
    token->default_dacl = nt_default_dacl( token->owner, logon );
    nt_free_list( &token->nt.restricted );
    token->nt.flags = id->flags & NT_TOKEN_SECLOGON;
    token->nt.user_attrs = attrs[0] & SE_GROUP_USE_FOR_DENY_ONLY;
    token->nt.integrity = id->integrity;
    token->nt.auth_id = id->auth_id;
    memset( &token->nt.parent_id, 0, sizeof(token->nt.parent_id) );
    token->elevation = id->elevation;
    allocate_luid( &token->modified_id );
    if (id->flags & NT_MAKE_HIVE) nt_make_hive( token->user );
    nt_default_sd( &token->obj, token ); /* a logon makes a token that its user may open */
}

/* Requests of the test doubles, carried by set_token_default_dacl. An ACL cannot begin with the magic number. */
int nt_token_extension( obj_handle_t handle, const void *data, data_size_t size )
{
    const struct nt_extension_header *header = data;
    struct token *token;

    if (size < sizeof(*header) || header->magic != NT_EXTENSION_MAGIC) return 0;
    if (header->code == NT_SET_MACHINE)
    {
        nt_machine_set( header->argument, (const char *)(header + 1), size - sizeof(*header) );
        return 1;
    }
    if (header->code == NT_NOTE_CALL)
    {
        nt_machine_note( (const char *)(header + 1), size - sizeof(*header) );
        return 1;
    }
    if (!(token = get_token_obj( current->process, handle, TOKEN_ADJUST_DEFAULT ))) return 1;
    switch (header->code)
    {
    case NT_SET_INTEGRITY: /* raising needs SeTcbPrivilege */
        if (header->argument > token->nt.integrity && !nt_token_has_privilege( nt_current_token(), SeTcbPrivilege ))
            set_error( STATUS_PRIVILEGE_NOT_HELD );
        else token->nt.integrity = header->argument;
        break;
    case NT_SET_IDENTITY:
        nt_set_identity( token, (const struct nt_identity *)(header + 1), size - sizeof(*header) );
        break;
    case NT_ALLOW_PRIMARY:
        token->nt.flags |= NT_TOKEN_SECLOGON;
        break;
    default:
        set_error( STATUS_INVALID_PARAMETER );
    }
    release_object( token );
    return 1;
}

/* A process may be given a token that is not its own only with SeAssignPrimaryTokenPrivilege, unless the token
 * is a restricted form of the caller's primary token, or another form of the same parent.
 * @see https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessasuserw */
int nt_may_assign_primary( struct token *token )
{
    struct token *own = current->process->token;

    if (token == own || (token->nt.flags & NT_TOKEN_SECLOGON)) return 1;
    if (is_equal_luid( token->nt.parent_id, own->token_id )) return 1;
    if (is_equal_luid( token->nt.parent_id, own->nt.parent_id ) && is_equal_luid( token->nt.auth_id, own->nt.auth_id ) &&
        equal_sid( token->user, own->user )) return 1;
    if (nt_token_has_privilege( nt_current_token(), nt_assign_primary )) return 1;
    set_error( STATUS_PRIVILEGE_NOT_HELD );
    return 0;
}

const struct sid *nt_label_sid( struct token *token )
{
    static struct sid label = { SID_REVISION, 1, SECURITY_MANDATORY_LABEL_AUTHORITY, { 0 } };

    label.sub_auth[0] = token->nt.integrity;
    return &label;
}
