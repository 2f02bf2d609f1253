/* ntwine: keeps the test doubles' machine state (accounts, rights, firewall ...), a text that they alone understand,
 * in the file ntwine-state.json of the prefix. Kept here so that programs under any token share one state.
 * The log of doubled calls, ntwine-calls.jsonl, only grows: it is never read here.
 * LGPL-2.1-or-later, see ../README.md. */

#include "config.h"

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
#include "request.h"
#include "nt_model.h"

static unsigned int version = 1;

static const char *path_of( const char *name )
{
    static char path[PATH_MAX];

    snprintf( path, sizeof(path), "%s/%s", getenv( "WINEPREFIX" ) ? getenv( "WINEPREFIX" ) : ".", name );
    return path;
}

static const char *state_path(void)
{
    return path_of( "ntwine-state.json" );
}

/* Replies with the version and the text. Tests may edit the file: it is read each time. */
void nt_machine_get(void)
{
    int fd = open( state_path(), O_RDONLY | O_CLOEXEC );
    struct stat st;
    size_t size = 0;
    char *reply;

    if (fd != -1 && !fstat( fd, &st )) size = st.st_size;
    if (size + sizeof(version) > get_reply_max_size()) set_error( STATUS_BUFFER_TOO_SMALL );
    else if ((reply = set_reply_data_size( size + sizeof(version) )))
    {
        memcpy( reply, &version, sizeof(version) );
        if (size && read( fd, reply + sizeof(version), size ) != size) set_error( STATUS_UNSUCCESSFUL );
    }
    if (fd != -1) close( fd );
}

/* Fails with STATUS_RETRY when somebody else was faster. */
void nt_machine_set( unsigned int from, const char *text, data_size_t size )
{
    char tmp[PATH_MAX + 8];
    FILE *file;

    if (from != version) { set_error( STATUS_RETRY ); return; }
    snprintf( tmp, sizeof(tmp), "%s.new", state_path() );
    if (!(file = fopen( tmp, "w" )) || fwrite( text, 1, size, file ) != size || fclose( file ) || rename( tmp, state_path() ))
    {
        set_error( STATUS_UNSUCCESSFUL );
        return;
    }
    version++;
}

void nt_machine_note( const char *line, data_size_t size )
{
    int fd = open( path_of( "ntwine-calls.jsonl" ), O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0666 );

    if (fd == -1 || write( fd, line, size ) != size) set_error( STATUS_UNSUCCESSFUL );
    if (fd != -1) close( fd );
}
