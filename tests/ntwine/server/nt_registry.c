/* ntwine: a hive for an account that logs on. Included at the end of Wine's registry.c. LGPL-2.1-or-later,
 * see ../README.md. */

int nt_making_hive;

static struct key *nt_key( struct key *from, const char *path )
{
    WCHAR buffer[256];
    struct unicode_str name = { buffer, 0 };

    for (; path[name.len / sizeof(WCHAR)]; name.len += sizeof(WCHAR)) buffer[name.len / sizeof(WCHAR)] = path[name.len / sizeof(WCHAR)];
    return create_key_recursive( from, &name, current_time );
}

static void nt_string_value( struct key *key, const char *value_name, const char *value )
{
    WCHAR name_buffer[32], data[64];
    struct unicode_str name = { name_buffer, 0 };
    data_size_t i;

    for (i = 0; value_name[i]; i++) name_buffer[i] = value_name[i];
    name.len = i * sizeof(WCHAR);
    for (i = 0; value[i]; i++) data[i] = value[i];
    data[i++] = 0;
    set_value( key, &name, REG_SZ, data, i * sizeof(WCHAR) );
}

/* Without it Wine's HKEY_CURRENT_USER does not exist in the account's programs. Lives as long as the server. */
void nt_make_hive( const struct sid *sid )
{
    char path[256];
    unsigned int i, used;
    struct key *key;

    used = snprintf( path, sizeof(path), "User\\S-1-%u", sid->id_auth[5] );
    for (i = 0; i < sid->sub_count; i++) used += snprintf( path + used, sizeof(path) - used, "-%u", sid->sub_auth[i] );
    snprintf( path + used, sizeof(path) - used, "\\Software\\Wine\\Drivers" );
    nt_making_hive = 1;
    if ((key = nt_key( root_key, path )))
    {
        nt_string_value( key, "Graphics", "null" );
        release_object( key );
    }
    snprintf( path + used, sizeof(path) - used, "\\Environment" );
    if ((key = nt_key( root_key, path ))) release_object( key );
    snprintf( path + used, sizeof(path) - used, "\\Control Panel\\International" );
    if ((key = nt_key( root_key, path ))) release_object( key );
    nt_making_hive = 0;
    clear_error();
}
