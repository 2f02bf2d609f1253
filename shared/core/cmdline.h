/*
 * Argument vector <-> Windows command line.
 *
 * CreateProcess takes one string; the program cuts it up again. Nearly all programs follow the
 * rules of the Microsoft C runtime, CommandLineToArgvW follows nearly the same ones; what
 * sbx_cmdline_build writes is read alike by both (a quote is always written \", never "").
 * cmd.exe follows rules of its own, so batch files have their own function.
 *
 * @see https://learn.microsoft.com/cpp/c-language/parsing-c-command-line-arguments
 * @see https://learn.microsoft.com/windows/win32/api/shellapi/nf-shellapi-commandlinetoargvw
 * @see
 * https://learn.microsoft.com/windows/win32/api/processthreadsapi/nf-processthreadsapi-createprocessw
 */
#ifndef SBX_CMDLINE_H
#define SBX_CMDLINE_H

#include "base.h"
#include "error.h"

/* CreateProcessW: 32,767 UTF-16 code units including the NUL. */
#define SBX_CMDLINE_MAX_CCH 32766u
/* cmd.exe: longest line it accepts.
 * https://learn.microsoft.com/troubleshoot/windows-client/shell-experience/command-line-string-limitation
 */
#define SBX_CMDLINE_CMD_EXE_MAX_CCH 8191u

/**
 * Join a vector so that the program splits it into the same vector.
 * @param argv argc strings, UTF-8, argv[0] the program name as the child should see it
 * @param argc at least 1
 * @param ret_cmdline owned, free(); UTF-8
 * @return SBX_INVALID: no argv[0]; a double quote in argv[0] (its rule knows no escape);
 *         ill-formed UTF-8 (named by argument number); longer than SBX_CMDLINE_MAX_CCH. SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_cmdline_build(
    const char *const *argv, size_t argc, char **ret_cmdline, struct sbx_error *err);

/**
 * Split as CommandLineToArgvW does, argv[0] rule and doubled quotes included. For tests, for
 * display, and for rules that look at a ready-made command line.
 * @param ret_argv owned, released with sbx_cmdline_free_argv; NULL-terminated
 * @return SBX_INVALID for an empty line (CommandLineToArgvW would invent the path of the running
 *         program) or ill-formed UTF-8; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_cmdline_split(
    const char *cmdline, char ***ret_argv, size_t *ret_argc, struct sbx_error *err);

/** Release a vector of sbx_cmdline_split. NULL does nothing. */
void sbx_cmdline_free_argv(char **argv, size_t argc);

/**
 * True when Windows would hand this image to cmd.exe: the name ends in .bat or .cmd, in any case
 * and also behind trailing dots and spaces, which CreateProcess strips ("x.bat. ").
 */
bool sbx_cmdline_is_batch(const char *image_path);

/**
 * The command line that runs a batch file with exactly these arguments:
 *     "<cmd_exe>" /d /e:ON /v:OFF /s /c ""<batch>" "arg" ..."
 * The image to start is cmd_exe. After success %~1.. in the batch file are the arguments, and a
 * program that it calls with %* gets the same vector.
 *
 * Refused, because no spelling is right for both cmd.exe and the program behind %*:
 *   - control characters other than tab (CR and LF end the line for cmd.exe; NUL ends it for all)
 *   - a double quote in an argument ("" is read as one quote by the C runtime but ends the quoted
 *     part for CommandLineToArgvW; \" leaves cmd.exe outside quotes, where & starts a command)
 *   - a percent sign: cmd.exe expands %NAME% inside quotes too, and its command line has no escape
 *     for it (the known trick with an empty substring of a variable gives another result in other
 *     versions of cmd.exe: seen with Wine's)
 *   - a backslash at the end of an argument that needs quotes (\" again; doubling it would show
 *     the batch file two). Arguments of letters, digits and - _ . / \ : + @ need none.
 *   - in the path of the batch file the same characters; a relative path
 * ^ & | < > ( ) ! are inert: inside quotes, with delayed expansion off. Not covered, because the
 * batch file does it to itself: `call x %*` doubles carets, `setlocal enabledelayedexpansion`
 * expands '!', `set x=%1` and then %x% without quotes executes what is in it.
 *
 * @param cmd_exe_path absolute path of cmd.exe, from the system directory, not from %ComSpec%
 * @param batch_path absolute (drive or UNC)
 * @return SBX_INVALID naming the argument number and the character; longer than
 *         SBX_CMDLINE_CMD_EXE_MAX_CCH. SBX_OOM
 * @see https://learn.microsoft.com/windows-server/administration/windows-commands/cmd
 */
SBX_MUST_CHECK enum sbx_status sbx_cmdline_for_cmd_exe(const char *cmd_exe_path,
    const char *batch_path, const char *const *args, size_t arg_count, char **ret_cmdline,
    struct sbx_error *err);

/**
 * The command line that lets cmd.exe execute one line of shell text, verbatim:
 *     "<cmd_exe>" /d /e:ON /v:OFF /s /c "<line>"
 * For a caller who asks for the shell (`agent run -- cmd /c LINE`): quoting LINE as an argument
 * would put \" into it, which cmd.exe prints. Everything cmd.exe expands, it expands.
 * @return SBX_INVALID for CR, LF, NUL, ill-formed UTF-8 or excess length; SBX_OOM
 */
SBX_MUST_CHECK enum sbx_status sbx_cmdline_for_shell_line(
    const char *cmd_exe_path, const char *line, char **ret_cmdline, struct sbx_error *err);

#endif
