/* ntwine: junctions. LGPL-2.1-or-later, see ../README.md.
 *
 * A junction is a Unix symbolic link (unix/links.c makes it), so Unix follows it in the middle of a path as NT does.
 * What is added here: FILE_OPEN_REPARSE_POINT opens the link itself, which then counts as an empty directory; deleting
 * and renaming it leave its target alone; and a file reached through one is named by where it really lies.
 * Its descriptor is in the xattr trusted.ntwine.sd (a link can have no user xattr); only root may set that, and for
 * anyone else a link has what it would inherit. */

#include "config.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>
#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"

#include "file.h"
#include "object.h"
#include "nt_model.h"

static int follow_last;           /* the next nt_realpath follows a link at the end */
static char drive_root[26][PATH_MAX]; /* canonical, as far as seen */

/* dosdevices/c: is a link as well, but a drive and no junction. */
int nt_is_link( const char *path )
{
    size_t len = strlen( path );
    struct stat st;

    return len && path[len - 1] != ':' && !lstat( path, &st ) && S_ISLNK( st.st_mode );
}

int nt_is_link_fd( int unix_fd )
{
    struct stat st;

    return !fstat( unix_fd, &st ) && S_ISLNK( st.st_mode );
}

/* RemoveDirectoryW and MoveFileExW mean the link, as they do on Windows; Wine's do not say so. */
int nt_means_link( unsigned int access, unsigned int options )
{
    if (options & FILE_OPEN_REPARSE_POINT) return 1;
    return access == (DELETE | SYNCHRONIZE) && (options & ~FILE_DIRECTORY_FILE) == FILE_SYNCHRONOUS_IO_NONALERT;
}

/* For open(): what opens the link itself. */
int nt_link_flags( const char *name, unsigned int access, unsigned int options )
{
    int link = nt_means_link( access, options ) && nt_is_link( name );

    follow_last = !link;
    return link ? O_PATH | O_NOFOLLOW : 0;
}

static int as_directory( int ret, struct stat *st )
{
    if (!ret && S_ISLNK( st->st_mode )) st->st_mode = S_IFDIR | 0777;
    return ret;
}

int nt_fstat( int unix_fd, struct stat *st ) { return as_directory( fstat( unix_fd, st ), st ); }
int nt_lstat( const char *path, struct stat *st ) { return as_directory( lstat( path, st ), st ); }

int nt_rmdir( const char *path )
{
    return nt_is_link( path ) ? unlink( path ) : rmdir( path );
}

/* The canonical name of the link itself, or NULL. */
char *nt_link_path( const char *path )
{
    const char *slash = strrchr( path, '/' );
    char copy[PATH_MAX], *real, *ret = NULL;

    if (!slash || !slash[1] || !nt_is_link( path ) || strlen( path ) >= sizeof(copy)) return NULL;
    strcpy( copy, path );
    copy[slash == path ? 1 : slash - path] = 0;
    if ((real = realpath( copy, NULL )) && (ret = malloc( strlen( real ) + strlen( slash ) + 1 )))
    {
        strcpy( ret, strcmp( real, "/" ) ? real : "" );
        strcat( ret, slash );
    }
    free( real );
    return ret;
}

char *nt_realpath( const char *path )
{
    char *link = follow_last ? NULL : nt_link_path( path );

    follow_last = 0;
    return link ? link : realpath( path, NULL );
}

/* "PREFIX/dosdevices/c:/x" as it would be if nothing in "/x" was a link. */
static int plain_path( const char *path, char *plain )
{
    const char *drive = strstr( path, "/dosdevices/" ), *rest = path;
    char device[PATH_MAX], *real;
    size_t len;
    int letter;

    plain[0] = 0;
    if (drive && drive[12] >= 'a' && drive[12] <= 'z' && drive[13] == ':')
    {
        rest = drive + 14;
        letter = drive[12] - 'a';
        if ((size_t)(rest - path) >= sizeof(device)) return 0;
        memcpy( device, path, rest - path );
        device[rest - path] = 0;
        if (!(real = realpath( device, NULL ))) return 0;
        if (strlen( real ) < PATH_MAX) strcpy( drive_root[letter], strcmp( real, "/" ) ? real : "" );
        strcpy( plain, drive_root[letter] );
        free( real );
    }
    len = strlen( rest );
    while (len && rest[len - 1] == '/') len--;
    if (strlen( plain ) + len >= PATH_MAX) return 0;
    strncat( plain, rest, len );
    return 1;
}

/* UTF-8 of three bytes at most. */
static data_size_t widen( const char *text, WCHAR *out )
{
    const unsigned char *p = (const unsigned char *)text;
    WCHAR *begin = out;

    while (*p)
    {
        if (*p >= 0xe0 && p[1] && p[2]) { *out++ = (*p & 15) << 12 | (p[1] & 63) << 6 | (p[2] & 63); p += 3; }
        else if (*p >= 0xc0 && p[1]) { *out++ = (*p & 31) << 6 | (p[1] & 63); p += 2; }
        else { *out++ = *p == '/' ? '\\' : *p; p++; }
    }
    return (out - begin) * sizeof(WCHAR);
}

/* The name of what was opened through a junction: NT resolves it before the file system sees the rest. */
void nt_true_name( const char *path, const char *real, WCHAR **name, data_size_t *len )
{
    char plain[PATH_MAX], text[PATH_MAX + 8];
    WCHAR *wide;
    int i;

    if (!real || !*name || !plain_path( path, plain ) || !strcmp( plain, real )) return;
    for (i = 2; i < 26; i++)
    {
        size_t root = strlen( drive_root[i] );

        if (!root || strncmp( real, drive_root[i], root ) || (real[root] && real[root] != '/')) continue;
        snprintf( text, sizeof(text), "/??/%c:%s", 'A' + i, real[root] ? real + root : "/" );
        if (!(wide = malloc( strlen( text ) * sizeof(WCHAR) ))) return;
        free( *name );
        *len = widen( text, *name = wide );
        return;
    }
}
