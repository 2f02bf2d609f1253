/* ntwine: junctions, as programs see them. LGPL-2.1-or-later, see ../README.md; the server's part is
 * server/nt_link.c.
 *
 * Wine answers FSCTL_GET_REPARSE_POINT and a file's attributes inside each process, in ntdll.so. This library takes
 * that name, loads the real one under another, and puts itself in the place of three entries of its table of calls. */

#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <link.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>
#include "ntstatus.h"
#define WIN32_NO_STATUS
#include "windef.h"
#include "winternl.h"
#include "winioctl.h"

#define SD_XATTR "user.ntwine.sd"
#define LINK_SD_XATTR "trusted.ntwine.sd"
#define TARGET_MAX 1024 /* WCHARs */

/* REPARSE_DATA_BUFFER of ntifs.h, for a mount point. */
struct mount_point
{
    ULONG tag;
    USHORT data_size, reserved;
    USHORT name_offset, name_size, print_offset, print_size; /* data_size counts from here */
    WCHAR names[1];
};
#define NAMES_AT offsetof( struct mount_point, names )
#define DATA_AT offsetof( struct mount_point, name_offset )

static NTSTATUS (WINAPI *real_fs_control)( HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *, ULONG, void *,
                                           ULONG, void *, ULONG );
static NTSTATUS (WINAPI *real_query)( HANDLE, IO_STATUS_BLOCK *, void *, LONG, FILE_INFORMATION_CLASS );
static NTSTATUS (WINAPI *real_query_directory)( HANDLE, HANDLE, PIO_APC_ROUTINE, void *, IO_STATUS_BLOCK *, void *, ULONG,
                                                FILE_INFORMATION_CLASS, BOOLEAN, UNICODE_STRING *, BOOLEAN );
static NTSTATUS (WINAPI *real_query_object)( HANDLE, OBJECT_INFORMATION_CLASS, void *, ULONG, ULONG * );
static NTSTATUS (CDECL *handle_to_fd)( HANDLE, unsigned int, int *, unsigned int * );
static NTSTATUS (WINAPI *nt_to_unix)( const OBJECT_ATTRIBUTES *, char *, ULONG *, UINT );
static NTSTATUS (WINAPI *unix_to_nt)( const char *, WCHAR *, ULONG * );
static void (*real_main)( int, char **, char ** );

struct opened { int fd; struct stat st; char path[PATH_MAX]; };

static int open_handle( HANDLE handle, struct opened *file )
{
    char link[64];
    ssize_t len;

    if (handle_to_fd( handle, 0, &file->fd, NULL )) return 0;
    snprintf( link, sizeof(link), "/proc/self/fd/%d", file->fd );
    if (!fstat( file->fd, &file->st ) && (len = readlink( link, file->path, PATH_MAX - 1 )) > 0)
    {
        file->path[len] = 0;
        return 1;
    }
    close( file->fd );
    return 0;
}

static int is_link( HANDLE handle, struct stat *st )
{
    int fd, ret;

    if (handle_to_fd( handle, 0, &fd, NULL )) return 0;
    ret = !fstat( fd, st ) && S_ISLNK( st->st_mode );
    close( fd );
    return ret;
}

static int may_write( HANDLE handle )
{
    OBJECT_BASIC_INFORMATION info;

    return !real_query_object( handle, ObjectBasicInformation, &info, sizeof(info), NULL ) &&
           (info.GrantedAccess & (FILE_WRITE_DATA | FILE_WRITE_ATTRIBUTES));
}

/* The Unix path of the buffer's target. */
static NTSTATUS unix_target( const struct mount_point *data, ULONG size, char *target, ULONG target_size )
{
    OBJECT_ATTRIBUTES attr;
    UNICODE_STRING name;

    if (size < NAMES_AT || data->data_size + DATA_AT != size || data->name_offset + data->name_size > size - NAMES_AT)
        return STATUS_IO_REPARSE_DATA_INVALID;
    if (data->tag != IO_REPARSE_TAG_MOUNT_POINT) return STATUS_NOT_SUPPORTED;
    name.Buffer = (WCHAR *)((char *)data->names + data->name_offset);
    name.Length = name.MaximumLength = data->name_size;
    InitializeObjectAttributes( &attr, &name, OBJ_CASE_INSENSITIVE, 0, NULL );
    return nt_to_unix( &attr, target, &target_size, FILE_OPEN_IF );
}

static NTSTATUS status_of_errno(void)
{
    switch (errno)
    {
    case ENOTEMPTY:
    case EEXIST: return STATUS_DIRECTORY_NOT_EMPTY;
    case ENOTDIR: return STATUS_NOT_A_DIRECTORY;
    default: return STATUS_ACCESS_DENIED;
    }
}

/* @see https://learn.microsoft.com/windows/win32/api/winioctl/ni-winioctl-fsctl_set_reparse_point */
static NTSTATUS set_link( HANDLE handle, const struct mount_point *data, ULONG size )
{
    char target[PATH_MAX], *real, sd[65536];
    struct opened file;
    NTSTATUS status;
    ssize_t sd_size;

    if ((status = unix_target( data, size, target, sizeof(target) )) && status != STATUS_NO_SUCH_FILE) return status;
    if (!may_write( handle ) || !open_handle( handle, &file )) return STATUS_ACCESS_DENIED;
    real = realpath( target, NULL );
    if (S_ISLNK( file.st.st_mode )) sd_size = lgetxattr( file.path, LINK_SD_XATTR, sd, sizeof(sd) );
    else sd_size = lgetxattr( file.path, SD_XATTR, sd, sizeof(sd) );
    if (S_ISLNK( file.st.st_mode ) ? unlink( file.path ) : rmdir( file.path )) status = status_of_errno();
    else if (symlink( real ? real : target, file.path )) status = status_of_errno();
    else
    {
        status = STATUS_SUCCESS;
        if (sd_size > 0) lsetxattr( file.path, LINK_SD_XATTR, sd, sd_size, 0 );
    }
    free( real );
    close( file.fd );
    return status;
}

/* @see https://learn.microsoft.com/windows/win32/api/winioctl/ni-winioctl-fsctl_get_reparse_point */
static NTSTATUS get_link( HANDLE handle, struct mount_point *data, ULONG size, ULONG_PTR *used )
{
    WCHAR name[TARGET_MAX];
    ULONG count = TARGET_MAX, bytes;
    char target[PATH_MAX];
    struct opened file;
    ssize_t len = -1;

    if (!data || !size) return STATUS_INVALID_USER_BUFFER;
    if (!open_handle( handle, &file )) return STATUS_ACCESS_DENIED;
    if (S_ISLNK( file.st.st_mode )) len = readlinkat( file.fd, "", target, sizeof(target) - 1 );
    close( file.fd );
    if (len < 0) return STATUS_NOT_A_REPARSE_POINT;
    target[len] = 0;
    if (unix_to_nt( target, name, &count )) return STATUS_IO_REPARSE_DATA_INVALID;
    for (count = 0; name[count]; count++) continue;
    bytes = count * sizeof(WCHAR);
    if (size < NAMES_AT + bytes + 2 * sizeof(WCHAR)) return STATUS_BUFFER_TOO_SMALL;
    *used = NAMES_AT + bytes + 2 * sizeof(WCHAR); /* two names, each with its NUL; the second is empty */
    memset( data, 0, *used );
    data->tag = IO_REPARSE_TAG_MOUNT_POINT;
    data->data_size = *used - DATA_AT;
    data->name_size = bytes;
    data->print_offset = bytes + sizeof(WCHAR);
    memcpy( data->names, name, bytes );
    return STATUS_SUCCESS;
}

static NTSTATUS WINAPI fs_control( HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, void *apc_context, IO_STATUS_BLOCK *io,
                                   ULONG code, void *in, ULONG in_size, void *out, ULONG out_size )
{
    ULONG_PTR used = 0;
    NTSTATUS status;

    if (code == FSCTL_SET_REPARSE_POINT) status = set_link( handle, in, in_size );
    else if (code == FSCTL_GET_REPARSE_POINT) status = get_link( handle, out, out_size, &used );
    else return real_fs_control( handle, event, apc, apc_context, io, code, in, in_size, out, out_size );
    io->Status = status;
    io->Information = used;
    return status;
}

static LARGE_INTEGER nt_time( const struct timespec *time )
{
    LARGE_INTEGER ret;

    ret.QuadPart = (time->tv_sec + 11644473600ll) * 10000000ll + time->tv_nsec / 100;
    return ret;
}

static void fill_basic( const struct stat *st, FILE_BASIC_INFORMATION *info )
{
    info->LastWriteTime = nt_time( &st->st_mtim );
    info->ChangeTime = nt_time( &st->st_ctim );
    info->LastAccessTime = nt_time( &st->st_atim );
    info->CreationTime = info->LastWriteTime;
    info->FileAttributes = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
}

static void fill_standard( FILE_STANDARD_INFORMATION *info )
{
    memset( info, 0, sizeof(*info) );
    info->NumberOfLinks = 1;
    info->Directory = TRUE;
}

/* What is said of a link that was opened itself; the name in FileAllInformation stays empty. */
static NTSTATUS query_link( const struct stat *st, IO_STATUS_BLOCK *io, void *ptr, FILE_INFORMATION_CLASS class )
{
    FILE_ATTRIBUTE_TAG_INFORMATION *tag = ptr;
    FILE_ALL_INFORMATION *all = ptr;

    io->Status = STATUS_SUCCESS;
    switch (class)
    {
    case FileBasicInformation: fill_basic( st, ptr ); return STATUS_SUCCESS;
    case FileStandardInformation: fill_standard( ptr ); return STATUS_SUCCESS;
    case FileAttributeTagInformation:
        tag->FileAttributes = FILE_ATTRIBUTE_DIRECTORY | FILE_ATTRIBUTE_REPARSE_POINT;
        tag->ReparseTag = IO_REPARSE_TAG_MOUNT_POINT;
        return STATUS_SUCCESS;
    default:
        memset( all, 0, sizeof(*all) );
        fill_basic( st, &all->BasicInformation );
        fill_standard( &all->StandardInformation );
        all->InternalInformation.IndexNumber.QuadPart = st->st_ino;
        io->Information = offsetof( FILE_ALL_INFORMATION, NameInformation.FileName );
        return STATUS_SUCCESS;
    }
}

/* To Wine a link that was opened itself is neither file nor directory. */
static NTSTATUS WINAPI query( HANDLE handle, IO_STATUS_BLOCK *io, void *info, LONG len, FILE_INFORMATION_CLASS class )
{
    NTSTATUS status = real_query( handle, io, info, len, class );
    struct stat st;

    if (status && status != STATUS_INVALID_INFO_CLASS) return status;
    switch (class)
    {
    case FileBasicInformation:
    case FileAllInformation:
        if (!status) return status; /* they fail for a link */
        break;
    case FileStandardInformation:
        if (!status && ((FILE_STANDARD_INFORMATION *)info)->Directory) return status;
        break;
    case FileAttributeTagInformation:
        if (!status && (((FILE_ATTRIBUTE_TAG_INFORMATION *)info)->FileAttributes & FILE_ATTRIBUTE_DIRECTORY)) return status;
        break;
    default:
        return status;
    }
    return is_link( handle, &st ) ? query_link( &st, io, info, class ) : status;
}

/* Where a list of names has room for it, the tag stands in the place of EaSize. Wine leaves 0 there.
 * @see https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_id_both_dir_information */
static NTSTATUS WINAPI query_directory( HANDLE handle, HANDLE event, PIO_APC_ROUTINE apc, void *apc_context, IO_STATUS_BLOCK *io,
                                        void *buffer, ULONG length, FILE_INFORMATION_CLASS class, BOOLEAN single,
                                        UNICODE_STRING *mask, BOOLEAN restart )
{
    NTSTATUS status = real_query_directory( handle, event, apc, apc_context, io, buffer, length, class, single, mask, restart );
    FILE_FULL_DIRECTORY_INFORMATION *entry = buffer; /* the others begin like it */

    if (status || (class != FileFullDirectoryInformation && class != FileBothDirectoryInformation &&
                   class != FileIdFullDirectoryInformation && class != FileIdBothDirectoryInformation)) return status;
    for (;;)
    {
        if (entry->FileAttributes & FILE_ATTRIBUTE_REPARSE_POINT) entry->EaSize = IO_REPARSE_TAG_MOUNT_POINT;
        if (!entry->NextEntryOffset) return status;
        entry = (void *)((char *)entry + entry->NextEntryOffset);
    }
}

struct swap { void *from, *to; int count; ElfW(Addr) base; };

/* Exchange every pointer to one function in the library's data. */
static int swap_pointers( struct dl_phdr_info *info, size_t size, void *context )
{
    struct swap *swap = context;
    int i;

    (void)size;
    if (info->dlpi_addr != swap->base) return 0;
    for (i = 0; i < info->dlpi_phnum; i++)
    {
        const ElfW(Phdr) *part = &info->dlpi_phdr[i];
        void **word = (void **)((info->dlpi_addr + part->p_vaddr + 7) & ~(ElfW(Addr))7);
        void **end = (void **)(info->dlpi_addr + part->p_vaddr + part->p_filesz);

        if (part->p_type != PT_LOAD || !(part->p_flags & PF_W)) continue;
        for (; word < end; word++)
        {
            if (*word != swap->from) continue;
            mprotect( (void *)((ElfW(Addr))word & ~4095ul), 4096, PROT_READ | PROT_WRITE );
            *word = swap->to;
            swap->count++;
        }
    }
    return 1;
}

static void *name_of( void *library, const char *name )
{
    void *found = dlsym( library, name );

    if (found) return found;
    fprintf( stderr, "ntwine: ntdll-real.so has no %s\n", name );
    abort();
}

static void replace( void *library, const char *name, void *ours )
{
    struct swap swap = { name_of( library, name ), ours, 0, 0 };
    Dl_info info;

    if (dladdr( swap.from, &info )) swap.base = (ElfW(Addr))info.dli_fbase;
    dl_iterate_phdr( swap_pointers, &swap );
    if (swap.count) return;
    fprintf( stderr, "ntwine: %s is in no table of ntdll-real.so\n", name );
    abort();
}

static __attribute__((constructor)) void load(void)
{
    char path[PATH_MAX];
    void *library = NULL;
    Dl_info info;
    char *slash;

    if (dladdr( load, &info ) && strlen( info.dli_fname ) < sizeof(path) - 16)
    {
        strcpy( path, info.dli_fname );
        if ((slash = strrchr( path, '/' )))
        {
            strcpy( slash + 1, "ntdll-real.so" );
            library = dlopen( path, RTLD_NOW );
        }
    }
    if (!library)
    {
        fprintf( stderr, "ntwine: ntdll-real.so: %s\n", dlerror() );
        abort();
    }
    real_fs_control = name_of( library, "NtFsControlFile" );
    real_query = name_of( library, "NtQueryInformationFile" );
    real_query_directory = name_of( library, "NtQueryDirectoryFile" );
    real_query_object = name_of( library, "NtQueryObject" );
    handle_to_fd = name_of( library, "wine_server_handle_to_fd" );
    nt_to_unix = name_of( library, "wine_nt_to_unix_file_name" );
    unix_to_nt = name_of( library, "wine_unix_to_nt_file_name" );
    real_main = name_of( library, "__wine_main" );
    replace( library, "NtFsControlFile", fs_control );
    replace( library, "NtQueryInformationFile", query );
    replace( library, "NtQueryDirectoryFile", query_directory );
}

void __wine_main( int argc, char **argv, char **envp )
{
    real_main( argc, argv, envp );
}
