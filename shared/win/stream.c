/* See stream.h. */
#include "stream.h"
#include "late.h"

#include <winternl.h>

#define WRITE_MAX_BYTES 65536u
#define CTRL_Z 0x1a
#define CONSOLE_CCH 4096u

/*
 * One read or write of a pipe or socket, whichever way it was opened. The event's lowest bit keeps
 * the completion from a port that our parent may have tied this file to.
 */
static BOOL transfer_pipe(HANDLE handle, bool write, char *bytes, DWORD size_bytes, DWORD *ret_done)
{
    OVERLAPPED operation = {0};
    HANDLE event = CreateEventW(NULL, TRUE, FALSE, NULL);
    DWORD code;
    BOOL ok;

    if (!event)
        return FALSE;
    operation.hEvent = (HANDLE)((uintptr_t)event | 1u);
    ok = write ? WriteFile(handle, bytes, size_bytes, NULL, &operation)
               : ReadFile(handle, bytes, size_bytes, NULL, &operation);
    code = GetLastError();
    if (!ok && code == ERROR_IO_PENDING)
        WaitForSingleObject(event, INFINITE);
    if (ok || code == ERROR_IO_PENDING) {
        ok = GetOverlappedResult(handle, &operation, ret_done, FALSE);
        code = GetLastError();
    }
    CloseHandle(event);
    SetLastError(code);
    return ok;
}

static BOOL transfer(
    HANDLE handle, bool is_pipe, bool write, char *bytes, DWORD size_bytes, DWORD *ret_done)
{
    *ret_done = 0;
    if (is_pipe)
        return transfer_pipe(handle, write, bytes, size_bytes, ret_done);
    return write ? WriteFile(handle, bytes, size_bytes, ret_done, NULL)
                 : ReadFile(handle, bytes, size_bytes, ret_done, NULL);
}

/* After a read of 0 bytes: a pipe that can still be looked into has not ended; a socket cannot. */
static bool goes_on(HANDLE pipe)
{
    return PeekNamedPipe(pipe, NULL, 0, NULL, NULL, NULL) != FALSE;
}

bool sbx_stream_read(HANDLE from, char *bytes, DWORD size_bytes, DWORD *ret_length)
{
    const bool is_pipe = GetFileType(from) == FILE_TYPE_PIPE;

    for (;;) {
        if (!transfer(from, is_pipe, false, bytes, size_bytes, ret_length))
            return false;
        if (*ret_length)
            return *ret_length <= size_bytes;
        if (!is_pipe || !goes_on(from))
            return false;
    }
}

bool sbx_stream_write(HANDLE to, const char *bytes, size_t length_bytes)
{
    const bool is_pipe = GetFileType(to) == FILE_TYPE_PIPE;

    while (length_bytes) {
        const DWORD part = length_bytes > WRITE_MAX_BYTES ? WRITE_MAX_BYTES : (DWORD)length_bytes;
        DWORD done = 0;

        /* WriteFile does not change what it writes. */
        if (!transfer(to, is_pipe, true, (char *)(uintptr_t)bytes, part, &done) || !done)
            return false;
        bytes += done;
        length_bytes -= done;
    }
    return true;
}

bool sbx_stream_is_one_at_a_time(HANDLE in, HANDLE out)
{
    const FILE_INFORMATION_CLASS file_mode = (FILE_INFORMATION_CLASS)16; /* FileModeInformation */
    const ULONG synchronous = 0x10 | 0x20; /* FILE_SYNCHRONOUS_IO_ALERT, _NONALERT */
    sbx_late_fn_compare_object_handles compare = sbx_late_compare_object_handles();
    IO_STATUS_BLOCK io;
    ULONG mode = 0;

    if (GetFileType(in) != FILE_TYPE_PIPE || (in != out && !(compare && compare(in, out))))
        return false;
    return NtQueryInformationFile(in, &io, &mode, sizeof(mode), file_mode) >= 0 &&
           (mode & synchronous);
}

static size_t put(uint32_t character, char *out)
{
    size_t more = character < 0x80 ? 0 : character < 0x800 ? 1 : character < 0x10000 ? 2 : 3;
    static const unsigned char first[] = {0x00, 0xc0, 0xe0, 0xf0};
    size_t i;

    out[0] = (char)(first[more] | (character >> (6 * more)));
    for (i = 1; i <= more; i++)
        out[i] = (char)(0x80 | ((character >> (6 * (more - i))) & 0x3f));
    return more + 1;
}

size_t sbx_console_utf8(WCHAR *high, const WCHAR *text_w, size_t count, char *ret_bytes)
{
    size_t length = 0, i;

    for (i = 0; i < count; i++) {
        const WCHAR unit = text_w[i];
        const bool is_low = unit >= 0xdc00 && unit <= 0xdfff;

        if (*high && is_low) {
            length += put(0x10000u + (((uint32_t)*high - 0xd800u) << 10) + (unit - 0xdc00u),
                ret_bytes + length);
            *high = 0;
            continue;
        }
        if (*high)
            length += put(0xfffd, ret_bytes + length);
        *high = unit >= 0xd800 && unit <= 0xdbff ? unit : 0;
        if (!*high)
            length += put(is_low ? 0xfffd : unit, ret_bytes + length);
    }
    return length;
}

bool sbx_console_read(
    struct sbx_console_input *input, char *bytes, DWORD size_bytes, DWORD *ret_length)
{
    WCHAR text_w[CONSOLE_CCH];
    DWORD count = size_bytes / 3 - 1, mode = 0;

    *ret_length = 0;
    if (count > countof(text_w))
        count = countof(text_w);
    while (!*ret_length) {
        DWORD got = 0, code;
        BOOL ok;

        SetLastError(ERROR_SUCCESS);
        ok = ReadConsoleW(input->handle, text_w, count, &got, NULL);
        code = GetLastError();
        if (!ok || got > count)
            return false;
        if (!got && code == ERROR_OPERATION_ABORTED)
            continue; /* Ctrl-C, which its handler deals with */
        if (!got)
            return false;
        if (text_w[0] == CTRL_Z && GetConsoleMode(input->handle, &mode) &&
            (mode & ENABLE_PROCESSED_INPUT) && (mode & ENABLE_LINE_INPUT))
            return false;
        *ret_length = (DWORD)sbx_console_utf8(&input->high, text_w, got, bytes);
    }
    return true;
}
