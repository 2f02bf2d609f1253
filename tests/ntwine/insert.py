#!/usr/bin/env python3
"""Insert ntwine's hooks into Debian's Wine server source. Additions only: each hook is text put before or after an
anchor that must occur exactly once. usage: insert.py SOURCE_DIR FOUND_VERSION PINNED_VERSION"""
import sys

AFTER, BEFORE = "after", "before"

# file -> list of (place, anchor, text)
HOOKS = {
    "token.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (AFTER, "    int            elevation;       /* elevation type */\n", "    struct nt_token_state nt;       /* ntwine */\n"),
        (AFTER, "    free( token->user );\n", "    nt_token_free( token );\n"),
        (AFTER, "        list_init( &token->groups );\n", "        nt_token_init( token );\n"),
        (BEFORE, "    if (sd) default_set_sd( &token->obj, sd, OWNER_SECURITY_INFORMATION", "    nt_token_copy( src_token, token );\n"),
        (AFTER, "struct token *token_create_admin( unsigned primary, int impersonation_level, int elevation, unsigned int session_id )\n{\n",
         "    return nt_create_default_token( primary, impersonation_level, elevation, session_id );\n"),
        (AFTER, "int token_sid_present( struct token *token, const struct sid *sid, int deny )\n{\n", "    return nt_token_has_sid( token, sid, deny );\n"),
        (AFTER, "                                 unsigned int *granted_access,\n                                 unsigned int *status )\n{\n",
         "    return nt_token_access_check( token, sd, desired_access, privs, priv_count, mapping, granted_access, status );\n"),
        (AFTER, "int check_object_access(struct token *token, struct object *obj, unsigned int *access)\n{\n",
         "    return nt_check_object_access( token, obj, access );\n"),
        (BEFORE, "        token = token_duplicate( src_token, src_token->primary, src_token->impersonation_level, NULL,",
         "        group_count = nt_filter_split( filter_groups, group_count );\n"),
        (BEFORE, "            unsigned int access = get_handle_access( current->process, req->handle );\n",
         "            nt_filter_apply( src_token, token, req->flags, filter_groups, group_count );\n"),
        (BEFORE, "        unsigned int group_count = 0;\n        const struct group *group;\n",
         "        if (nt_token_query( token, req->attr_mask, &reply->attr_len, &reply->sid_len )) { release_object( token ); return; }\n"
         "        reply->attr_len = reply->sid_len = 0;\n"),
        (BEFORE, "    if (acl_size && !acl_is_valid( acl, acl_size ))\n", "    if (nt_token_extension( req->handle, acl, acl_size )) return;\n"),
    ],
    "object.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    if (!obj->ops->link_name( obj, name_ptr, parent )) goto failed;\n",
         "    if (!nt_new_named_object( obj, parent, name, sd )) goto failed;\n"),
        (BEFORE, "    dacl = sd_get_dacl( sd, &present );\n    if (set_info & DACL_SECURITY_INFORMATION && present)\n",
         "    if (token && !token_get_default_dacl( token )) token = NULL; /* ntwine: a token may have none */\n"),
    ],
    "handle.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    obj->ops->set_sd( obj, sd, req->security_info );\n", "    if (!nt_set_security( obj, sd, req->security_info ))\n"),
    ],
    "file.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    if (is_file_executable( name ))\n    {\n        if (mode & S_IRUSR)\n", "    mode = nt_unix_mode( options, attrs );\n"),
        (BEFORE, "    /* FIXME: should set error to STATUS_OBJECT_NAME_COLLISION if file existed before */\n",
         "    if (!nt_file_open( root, name, &access, flags, options, sd )) goto done;\n"),
        (AFTER, "    if (!fd) goto done;\n", "    nt_file_opened( fd );\n"),
        (BEFORE, "    /* mode and uid the same? if so, no need to re-generate security descriptor */\n",
         "    if ((sd = nt_file_get_sd( unix_fd ))) { free( obj->sd ); return obj->sd = sd; }\n\n"),
        (AFTER, "    unix_fd = get_file_unix_fd( file );\n\n    if (unix_fd == -1 || fstat( unix_fd, &st ) == -1) return 1;\n",
         "    { int ret = nt_file_set_sd( unix_fd, sd, set_info ); if (ret >= 0) return ret; }\n"),
        (BEFORE, "        reply->handle = alloc_handle( current->process, file, req->access, objattr->attributes );\n",
         "        if (!nt_grant_file_handle( file, objattr->attributes, &reply->handle ))\n"),
    ],
    "change.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    /* mode and uid the same? if so, no need to re-generate security descriptor */\n",
         "    if ((sd = nt_file_get_sd( unix_fd ))) { free( obj->sd ); return obj->sd = sd; }\n\n"),
        (AFTER, "    unix_fd = get_dir_unix_fd( dir );\n\n    if (unix_fd == -1 || fstat( unix_fd, &st ) == -1) return 1;\n",
         "    { int ret = nt_file_set_sd( unix_fd, sd, set_info ); if (ret >= 0) return ret; }\n"),
    ],
    "fd.c": [
        (AFTER, '#include "request.h"\n', '#include "nt_model.h"\n'),
        # a junction that was opened itself is an empty directory
        (BEFORE, "\n/* closed_fd is used to keep track", "#define fstat( fd, st ) nt_fstat( fd, st )\n"
         "#define stat( path, st ) nt_lstat( path, st )\n#define rmdir( path ) nt_rmdir( path )\n"
         "#define realpath( path, to ) nt_realpath( path )\n"),
        (BEFORE, "    if ((fd = dup( fd )) == -1)\n        return -1;\n\n    if (!(dir = fdopendir( fd )))\n",
         "    if (nt_is_link_fd( fd )) return 1;\n"),
        (BEFORE, "    if ((fd->unix_fd = open( name, rw_mode", "    flags |= nt_link_flags( name, access, options );\n"),
        (BEFORE, "        free( path );\n    }\n\n    closed_fd->unix_fd = fd->unix_fd;\n",
         "        nt_true_name( path, fd->unix_name, &fd->nt_name, &fd->nt_namelen );\n"),
        (BEFORE, "    if ((result = obj->ops->open_file( obj, req->access, req->sharing, req->options )))\n",
         "    if (!nt_check_device_open( obj, req->access )) { release_object( obj ); return; }\n"),
        (BEFORE, "        reply->handle = alloc_handle( current->process, result, req->access, req->attributes );\n",
         "        if (!nt_grant_file_handle( result, req->attributes, &reply->handle ))\n"),
        (BEFORE, "        set_fd_name( fd, root_fd, (const char *)get_req_data() + req->namelen,\n",
         "        if (nt_may_rename( fd, root_fd, (const char *)get_req_data() + req->namelen, get_req_data_size() - req->namelen,\n"
         "                           req->link, req->replace, get_handle_access( current->process, req->handle )))\n"),
    ],
    "named_pipe.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    if (list_empty( &pipe->listeners ))\n    {\n        set_error( STATUS_PIPE_NOT_AVAILABLE );\n",
         "    if (!nt_check_pipe_open( &pipe->obj, access )) return NULL;\n"),
        (BEFORE, "        if (sd) default_set_sd( &pipe->obj, sd, OWNER_SECURITY_INFORMATION |\n",
         "        if (!sd) nt_pipe_default_sd( &pipe->obj, &name );\n"),
        (BEFORE, "        if (pipe->maxinstances <= pipe->instances)\n",
         "        if (!nt_check_pipe_open( &pipe->obj, FILE_CREATE_PIPE_INSTANCE )) { release_object( pipe ); return; }\n"),
        (BEFORE, "        reply->handle = alloc_handle( current->process, server, req->access, objattr->attributes );\n        pipe->instances++;\n",
         "        /* ntwine: who creates the pipe gets what it asks for */\n"
         "        if (!pipe->instances) reply->handle = alloc_handle_no_access_check( current->process, server, req->access, objattr->attributes );\n"
         "        else\n"),
    ],
    "registry.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (AFTER, "    static struct security_descriptor *key_default_sd;\n", "    struct security_descriptor *own_sd = nt_key_get_sd( obj );\n\n    if (own_sd) return own_sd;\n"),
    ],
    "directory.c": [
        (AFTER, '#include "process.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    /* sessions */\n    create_session( 0 );\n", "    nt_null_device_sd( null_device );\n\n"),
        (AFTER, "        dir_bno     = create_directory( &dir_id->obj, &dir_bno_str, 0, 37, NULL );\n",
         "        nt_session_directory_sd( &dir_bno->obj );\n"),
    ],
    "process.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    /* Assign a high security label to the token. The default would be medium\n",
         "    if (parent) nt_process_token_sd( process->token, token, parent->token );\n"
         "    if (!sd) nt_default_sd( &process->obj, process->token );\n"
         "#define high_label_sid (*nt_label_sid( process->token ))\n"),
        (BEFORE, "    set_fd_events( process->msg_fd, POLLIN );  /* start listening to events */\n    return process;\n", "#undef high_label_sid\n"),
        (BEFORE, "    if (req->debug && !(debug_obj = get_debug_obj( current->process, req->debug, DEBUG_PROCESS_ASSIGN )))\n",
         "    if (token && !nt_may_assign_primary( token ))\n    {\n        close( socket_fd );\n        goto done;\n    }\n"
         "    if (!token) token = nt_boot_token( parent->token, info->data, info->data_size );\n"),
    ],
    "thread.c": [
        (AFTER, '#include "security.h"\n', '#include "nt_model.h"\n'),
        (BEFORE, "    if (!(thread->id = alloc_ptid( thread )))\n", "    if (!sd && process->token) nt_default_sd( &thread->obj, process->token );\n"),
    ],
}


def main():
    source, found, pinned = sys.argv[1:4]

    def fail(text):
        sys.exit(f"ntwine: {text}\nntwine: installed Wine {found}, hooks written for Wine {pinned}")

    if found != pinned:
        fail("the hooks were not written for this version of Wine")
    for name, hooks in HOOKS.items():
        path = f"{source}/server/{name}"
        with open(path, encoding="utf-8") as file:
            text = file.read()
        for place, anchor, addition in hooks:
            if text.count(anchor) != 1:
                fail(f"{name}: the anchor {anchor.strip().splitlines()[0]!r} occurs {text.count(anchor)} times, not once")
            text = text.replace(anchor, anchor + addition if place == AFTER else addition + anchor)
        if name in ("token.c", "registry.c"): # parts of ours that need what these files keep to themselves
            text += f'\n#include "nt_{name}"\n'
        with open(path, "w", encoding="utf-8") as file:
            file.write(text)


main()
