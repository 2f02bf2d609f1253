/* Inside probe.exe: a table of commands. Plain Windows API, nothing of ours. */
#ifndef PROBE_INTERNAL_H
#define PROBE_INTERNAL_H

#ifndef _WIN32_WINNT
#define _WIN32_WINNT 0x0600
#endif
#include <windows.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "probe.h"
#include "stream.h"

struct probe_command {
    const wchar_t *name;
    int min_args;
    /* argv[0] is the command's name. Returns the exit code; sets probe_error. */
    int (*run)(int argc, const wchar_t **argv);
};

/* The error of the last step, printed with its outcome. */
extern DWORD probe_error;

/* Remember GetLastError() (or `error`) and turn it into an outcome. */
int refused(void);
int refused_with(DWORD error);
int succeeded(void);
/* The command was used in a way that makes no sense. */
int broken(const char *why);
/* UTF-8 text to standard output, at once. */
void put(const char *format, ...) __attribute__((format(gnu_printf, 1, 2)));
void put_wide(const wchar_t *text);
void put_bytes(const void *bytes, size_t length_bytes);
/* Run one command of the table. */
int dispatch(int argc, const wchar_t **argv);
/* Start this program again with other arguments. */
bool start_self(int argc, const wchar_t **argv, bool inherit, DWORD flags, STARTUPINFOW *startup,
    PROCESS_INFORMATION *ret_process);
DWORD parent_of(DWORD pid); /* 0 when unknown */

extern const struct probe_command file_commands[], name_commands[], process_commands[],
    object_commands[], named_commands[], io_commands[];

#endif
