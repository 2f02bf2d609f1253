/*
 * Build and split command lines by the rules of the C runtime. See cmdline.h; the rules of
 * cmd.exe are in cmdexe.c.
 *
 * MUSTs of this file:
 *  1. sbx_cmdline_split(sbx_cmdline_build(v)) == v for every v that is not refused.
 *  2. A quote is never written as "": the C runtime and CommandLineToArgvW disagree on it.
 */
#include "cmdline.h"

#include "buf.h"
#include "utf.h"

/* 32,766 UTF-16 code units are at most three bytes each. */
#define ARG_MAX_BYTES (3u * SBX_CMDLINE_MAX_CCH)
/* The total is checked after each argument, so this cap (a full line and one more argument, each
 * byte escaped) is never the one to speak. */
#define BUFFER_MAX_BYTES (4u * ARG_MAX_BYTES)

static enum sbx_status put_backslashes(struct sbx_buf *buf, size_t count, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;

    while (count-- && !status)
        status = sbx_buf_putc(buf, '\\', err);
    return status;
}

/*
 * One quoted argument. Backslashes are literal unless they stand before a quote: there n of them
 * must be 2n, plus one that escapes the quote itself.
 */
static enum sbx_status put_quoted(struct sbx_buf *buf, const char *arg, struct sbx_error *err)
{
    enum sbx_status status = sbx_buf_putc(buf, '"', err);
    size_t backslashes = 0;

    for (; *arg && !status; arg++) {
        if (*arg == '\\') {
            backslashes++;
            continue;
        }
        if (*arg == '"')
            status = put_backslashes(buf, 2 * backslashes + 1, err);
        else
            status = put_backslashes(buf, backslashes, err);
        backslashes = 0;
        if (!status)
            status = sbx_buf_putc(buf, *arg, err);
    }
    if (!status)
        status = put_backslashes(buf, 2 * backslashes, err);
    return status ? status : sbx_buf_putc(buf, '"', err);
}

/*
 * Space and tab separate; the other white space does not, but quoting it costs nothing and some
 * older runtimes split at it.
 */
static bool needs_quotes(const char *arg)
{
    return !*arg || strpbrk(arg, " \t\n\v\f\r\"") != NULL;
}

static bool has_control(const char *text)
{
    while (*text && (unsigned char)*text > 0x20)
        text++;
    return *text != '\0';
}

/* argv[0] ends at its second quote, or unquoted at the first blank: there is no escape in it. */
static enum sbx_status put_program(struct sbx_buf *buf, const char *program, struct sbx_error *err)
{
    enum sbx_status status;

    if (strchr(program, '"'))
        return sbx_fail(err, SBX_INVALID, "program name with a double quote");
    if (*program && !has_control(program))
        return sbx_buf_puts(buf, program, err);
    status = sbx_buf_putc(buf, '"', err);
    if (!status)
        status = sbx_buf_puts(buf, program, err);
    return status ? status : sbx_buf_putc(buf, '"', err);
}

static enum sbx_status put_argument(
    struct sbx_buf *buf, const char *arg, size_t number, struct sbx_error *err)
{
    enum sbx_status status = sbx_utf8_check(arg, strlen(arg), err);

    if (status) {
        sbx_error_context(err, "argument %zu", number);
        return status;
    }
    if (!number)
        return put_program(buf, arg, err);
    status = sbx_buf_putc(buf, ' ', err);
    if (status)
        return status;
    return needs_quotes(arg) ? put_quoted(buf, arg, err) : sbx_buf_puts(buf, arg, err);
}

enum sbx_status sbx_cmdline_build(
    const char *const *argv, size_t argc, char **ret_cmdline, struct sbx_error *err)
{
    size_t i, before, cch = 0;
    enum sbx_status status = SBX_OK;
    struct sbx_buf buf;

    if (!argc)
        return sbx_fail(err, SBX_INVALID, "empty argument vector");
    sbx_buf_init(&buf, BUFFER_MAX_BYTES);
    for (i = 0; i < argc && !status; i++) {
        before = buf.length_bytes;
        if (strlen(argv[i]) <= ARG_MAX_BYTES)
            status = put_argument(&buf, argv[i], i, err);
        else
            cch = SIZE_MAX / 2;
        if (!status && buf.length_bytes > before)
            cch += sbx_utf8_cch(buf.data + before, buf.length_bytes - before);
        if (!status && cch > SBX_CMDLINE_MAX_CCH)
            status = sbx_fail(err, SBX_INVALID, "command line longer than %u UTF-16 code units",
                SBX_CMDLINE_MAX_CCH);
    }
    if (!status)
        status = sbx_buf_steal(&buf, ret_cmdline, err);
    sbx_buf_done(&buf);
    return status;
}

/* --- split -------------------------------------------------------------------------------- */

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* argv[0]: up to the closing quote or, unquoted, to the first blank. Returns what follows. */
static const char *take_program(const char *at, char *out)
{
    if (*at == '"') {
        at++;
        while (*at && *at != '"')
            *out++ = *at++;
        if (*at)
            at++;
    } else {
        while (*at && !is_blank(*at))
            *out++ = *at++;
    }
    *out = '\0';
    return at;
}

/*
 * One further argument, from a non-blank. An even number 2n of backslashes before a quote gives n
 * and the quote counts; an odd one gives n and a literal quote. Quotes that follow each other
 * are counted in threes: the third of them is literal, which is how "" inside a quoted part
 * becomes one quote and ends that part.
 */
static const char *take_argument(const char *at, char *out)
{
    unsigned quotes = 0;
    size_t backslashes;

    while (*at && (quotes || !is_blank(*at))) {
        for (backslashes = 0; *at == '\\'; at++)
            backslashes++;
        if (*at != '"') {
            while (backslashes--)
                *out++ = '\\';
            if (*at && (quotes || !is_blank(*at)))
                *out++ = *at++;
            continue;
        }
        memset(out, '\\', backslashes / 2);
        out += backslashes / 2;
        if (backslashes % 2)
            *out++ = '"';
        else
            quotes++;
        for (at++; *at == '"'; at++) {
            if (++quotes == 3) {
                *out++ = '"';
                quotes = 0;
            }
        }
        if (quotes == 2)
            quotes = 0;
    }
    *out = '\0';
    return at;
}

/* At most one argument per two bytes, plus the program. */
enum sbx_status sbx_cmdline_split(
    const char *cmdline, char ***ret_argv, size_t *ret_argc, struct sbx_error *err)
{
    size_t length = strlen(cmdline), argc = 0;
    enum sbx_status status = sbx_utf8_check(cmdline, length, err);
    char **argv = NULL, *scratch = NULL;

    if (status)
        return status;
    if (!length)
        return sbx_fail(err, SBX_INVALID, "empty command line");
    status = sbx_calloc(length / 2 + 3, sizeof(*argv), &argv, err);
    if (!status)
        status = sbx_calloc(length + 1, 1, &scratch, err);
    if (!status) {
        cmdline = take_program(cmdline, scratch);
        status = sbx_strdup(scratch, &argv[argc++], err);
    }
    while (!status) {
        while (is_blank(*cmdline))
            cmdline++;
        if (!*cmdline)
            break;
        cmdline = take_argument(cmdline, scratch);
        status = sbx_strdup(scratch, &argv[argc++], err);
    }
    free(scratch);
    if (status) {
        sbx_cmdline_free_argv(argv, argc);
        return status;
    }
    *ret_argv = argv;
    *ret_argc = argc;
    return SBX_OK;
}

void sbx_cmdline_free_argv(char **argv, size_t argc)
{
    size_t i;

    for (i = 0; argv && i < argc; i++)
        free(argv[i]);
    free(argv);
}
