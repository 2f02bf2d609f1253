/*
 * Command lines for cmd.exe. See cmdline.h for what is refused and why.
 *
 * MUSTs of this file:
 *  1. Every argument is either made of letters that mean nothing to cmd.exe, or inside quotes.
 *  2. Nothing inside quotes can end them or be expanded there: no quote, no percent sign, no line
 *     end, no backslash before the closing quote.
 *  3. The switches are fixed: no AutoRun (/d), extensions on, delayed expansion off, and /s, with
 *     which exactly the outermost quotes are removed.
 *
 * Background: cmd.exe parses the line of a batch file a second time, by other rules than the C
 * runtime, so quoting for the one let arguments become commands in the other (CVE-2024-24576).
 */
#include "cmdline.h"

#include <stdio.h>

#include "buf.h"
#include "utf.h"
#include "winpath.h"

/* 8,191 UTF-16 code units are at most three bytes each; the buffer has room for one part more. */
#define PART_MAX_BYTES (3u * SBX_CMDLINE_CMD_EXE_MAX_CCH)
#define BUFFER_MAX_BYTES (3u * PART_MAX_BYTES)

bool sbx_cmdline_is_batch(const char *image_path)
{
    size_t length = strlen(image_path);

    while (length && (image_path[length - 1] == '.' || image_path[length - 1] == ' '))
        length--;
    if (length < 4)
        return false;
    return sbx_utf_equal_ci_ascii_n(image_path + length - 4, 4, ".bat", 4) ||
           sbx_utf_equal_ci_ascii_n(image_path + length - 4, 4, ".cmd", 4);
}

/* Means nothing to cmd.exe, to its splitting into %1 %2, nor to the C runtime. */
static bool is_plain(const char *arg)
{
    const char *c;

    for (c = arg; *c; c++)
        if (!(*c >= 'a' && *c <= 'z') && !(*c >= 'A' && *c <= 'Z') && !(*c >= '0' && *c <= '9') &&
            !strchr("-_./\\:+@", *c))
            return false;
    return c != arg;
}

static enum sbx_status fail_too_long(struct sbx_error *err)
{
    return sbx_fail(err, SBX_INVALID, "command line for cmd.exe longer than %u UTF-16 code units",
        SBX_CMDLINE_CMD_EXE_MAX_CCH);
}

/* The first character that no spelling carries through, or NULL. */
static const char *find_forbidden(const char *text)
{
    for (; *text; text++)
        if (*text == '"' || *text == '%' || (unsigned char)*text == 0x7F ||
            ((unsigned char)*text < 0x20 && *text != '\t'))
            return text;
    return NULL;
}

static enum sbx_status fail_forbidden(const char *what, const char *bad, struct sbx_error *err)
{
    char shown[8];
    enum sbx_status status;

    sbx_utf_printable(bad, 1, shown, sizeof(shown));
    status = sbx_fail(err, SBX_INVALID, "%s has '%s' (0x%02X), which cmd.exe does not pass on",
        what, shown, (unsigned)(unsigned char)*bad);
    sbx_error_hint(err, "start the program that the batch file runs, or pass the text in a file");
    return status;
}

static enum sbx_status check_text(const char *what, const char *text, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    const char *bad;

    if (strlen(text) > PART_MAX_BYTES)
        return fail_too_long(err);
    status = sbx_utf8_check(text, strlen(text), err);
    if (status) {
        sbx_error_context(err, "%s", what);
        return status;
    }
    bad = find_forbidden(text);
    return bad ? fail_forbidden(what, bad, err) : SBX_OK;
}

/* Lexically valid throughout: cmd.exe would otherwise look up something else than was resolved. */
static enum sbx_status check_path(const char *what, const char *path, struct sbx_error *err)
{
    enum sbx_winpath_kind kind = sbx_winpath_classify(path);
    char *normal = NULL;
    enum sbx_status status;

    if (kind != SBX_WINPATH_DRIVE && kind != SBX_WINPATH_UNC)
        return sbx_fail(
            err, SBX_INVALID, "%s must be absolute, not a %s", what, sbx_winpath_kind_name(kind));
    status = sbx_winpath_normalise(path, &normal, NULL, err);
    if (!status)
        status = check_text(what, path, err);
    else
        sbx_error_context(err, "%s", what);
    free(normal);
    return status;
}

static enum sbx_status put_quoted(struct sbx_buf *buf, const char *text, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_putc(buf, '"', err);

    if (!status)
        status = sbx_buf_puts(buf, text, err);
    return status ? status : sbx_buf_putc(buf, '"', err);
}

static enum sbx_status put_argument(
    struct sbx_buf *buf, const char *arg, size_t number, struct sbx_error *err)
{
    size_t length = strlen(arg);
    char what[40];
    enum sbx_status status;

    snprintf(what, sizeof(what), "argument %zu", number);
    status = check_text(what, arg, err);
    if (status)
        return status;
    status = sbx_buf_putc(buf, ' ', err);
    if (status)
        return status;
    if (is_plain(arg))
        return sbx_buf_puts(buf, arg, err);
    if (length && arg[length - 1] == '\\') {
        status = sbx_fail(err, SBX_INVALID,
            "%s ends in a backslash and needs quotes, which cmd.exe does not pass on", what);
        sbx_error_hint(err, "leave the final backslash out");
        return status;
    }
    return put_quoted(buf, arg, err);
}

/* "cmd.exe" and the switches; what follows is inside one more pair of quotes. */
static enum sbx_status begin(struct sbx_buf *buf, const char *cmd_exe_path, struct sbx_error *err)
{
    enum sbx_status status = check_path("path of cmd.exe", cmd_exe_path, err);

    sbx_buf_init(buf, BUFFER_MAX_BYTES);
    if (!status)
        status = put_quoted(buf, cmd_exe_path, err);
    return status ? status : sbx_buf_puts(buf, " /d /e:ON /v:OFF /s /c \"", err);
}

static enum sbx_status finish(struct sbx_buf *buf, char **ret_cmdline, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_putc(buf, '"', err);

    if (status)
        return status;
    if (sbx_utf8_cch(buf->data, buf->length_bytes) > SBX_CMDLINE_CMD_EXE_MAX_CCH)
        return fail_too_long(err);
    return sbx_buf_steal(buf, ret_cmdline, err);
}

enum sbx_status sbx_cmdline_for_cmd_exe(const char *cmd_exe_path, const char *batch_path,
    const char *const *args, size_t arg_count, char **ret_cmdline, struct sbx_error *err)
{
    struct sbx_buf buf = {0};
    enum sbx_status status = check_path("path of the batch file", batch_path, err);
    size_t i;

    if (!status)
        status = begin(&buf, cmd_exe_path, err);
    if (!status)
        status = put_quoted(&buf, batch_path, err);
    for (i = 0; i < arg_count && !status; i++) {
        status = put_argument(&buf, args[i], i + 1, err);
        if (!status && buf.length_bytes > PART_MAX_BYTES)
            status = fail_too_long(err);
    }
    if (!status)
        status = finish(&buf, ret_cmdline, err);
    sbx_buf_done(&buf);
    return status;
}

enum sbx_status sbx_cmdline_for_shell_line(
    const char *cmd_exe_path, const char *line, char **ret_cmdline, struct sbx_error *err)
{
    struct sbx_buf buf = {0};
    enum sbx_status status = SBX_OK;

    if (strlen(line) > PART_MAX_BYTES)
        return fail_too_long(err);
    status = sbx_utf8_check(line, strlen(line), err);
    if (!status && strpbrk(line, "\r\n"))
        status = sbx_fail(err, SBX_INVALID, "line end in a command for cmd.exe");
    if (!status)
        status = begin(&buf, cmd_exe_path, err);
    if (!status)
        status = sbx_buf_puts(&buf, line, err);
    if (!status)
        status = finish(&buf, ret_cmdline, err);
    sbx_buf_done(&buf);
    return status;
}
