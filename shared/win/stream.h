/*
 * Streams that other programs made: standard handles, and pipes whose other end is a command's.
 * What they are is for us to find out, and what Windows says of them has three traps:
 *
 *   - A pipe may have been opened for overlapped I/O (a host that asks libuv for 'overlapped', a
 *     socket as a standard handle). A call without OVERLAPPED then waits on the handle itself,
 *     which any other operation on the same file signals: it returns before its own result is
 *     there, and the kernel writes that into a stack frame that is gone.
 *   - A read of 0 bytes is the end of a file, of a socket and of a console, but not of a pipe:
 *     somebody has written 0 bytes to it. A command must not end its own output with that, nor a
 *     host its session.
 *   - A console's bytes are in its input code page, and those of code page 65001 were zeros for
 *     every character beyond ASCII until Windows 11 24H2; so it is asked for UTF-16. Ctrl-C ends a
 *     read of it with nothing, which is not the end either.
 *
 * @see https://learn.microsoft.com/windows/win32/api/fileapi/nf-fileapi-readfile
 *      https://learn.microsoft.com/windows/win32/api/ioapiset/nf-ioapiset-getqueuedcompletionstatus
 *      https://learn.microsoft.com/windows/console/readconsole
 */
#ifndef SBX_STREAM_H
#define SBX_STREAM_H

#include "win.h"

/**
 * Read what comes next. Blocks. Nothing else may use the handle meanwhile: on a handle that is not
 * overlapped every other call would wait for this one.
 * @param size_bytes at least 16
 * @param ret_length 1 to size_bytes
 * @return false at the end, whatever ended it
 */
bool sbx_stream_read(HANDLE from, char *bytes, DWORD size_bytes, DWORD *ret_length);

/** Write all of it. Blocks. @return false when nobody reads any more */
bool sbx_stream_write(HANDLE to, const char *bytes, size_t length_bytes);

/**
 * Whether two handles are one file that is not overlapped: a read that waits on one of them keeps
 * back every write to the other. Ask before anybody reads. "No" where Windows does not say.
 * @see
 * https://learn.microsoft.com/windows-hardware/drivers/ddi/ntifs/ns-ntifs-_file_mode_information
 */
bool sbx_stream_is_one_at_a_time(HANDLE in, HANDLE out);

/* A console that is read; {handle} to begin. */
struct sbx_console_input {
    HANDLE handle;
    WCHAR high; /* half of a character, whose other half comes with the next read; 0: none */
};

/**
 * The same from a console, as UTF-8, in whatever mode it is. Where the system looks at Ctrl-C and
 * lines (processed input), Ctrl-Z at the start of a line is the end.
 * @param size_bytes at least 16
 */
bool sbx_console_read(
    struct sbx_console_input *input, char *bytes, DWORD size_bytes, DWORD *ret_length);

/**
 * UTF-16 as it comes from a console to UTF-8; a half that has no other becomes U+FFFD. Pure.
 * @param high kept between the calls
 * @param ret_bytes room for 3 * (count + 1)
 * @return bytes
 */
size_t sbx_console_utf8(WCHAR *high, const WCHAR *text_w, size_t count, char *ret_bytes);

#endif
