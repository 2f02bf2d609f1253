/*
 * cmdline: split(build(v)) == v; build(split(line)) means the same; what is passed to a batch file
 * stays quoted for cmd.exe and reads back behind %*.
 */
#include "shared/core/cmdline.h"

#include "shared/core/utf.h"
#include "tests/fuzz/fuzz.h"

#define MAX_ARGS 32
#define CMD "C:\\Windows\\System32\\cmd.exe"
#define BATCH "C:\\b.cmd"
#define HEAD "\"" CMD "\" /d /e:ON /v:OFF /s /c \"\"" BATCH "\""

static void check_equal(const char *const *want, size_t count, char **got, size_t got_count)
{
    size_t i;

    FUZZ_CHECK(count == got_count);
    for (i = 0; i < count; i++)
        FUZZ_CHECK(strcmp(want[i], got[i]) == 0);
}

/* The text between NULs. */
static size_t cut(const char *text, size_t size, const char **argv)
{
    size_t count = 0, at = 0;

    while (at <= size && count < MAX_ARGS) {
        argv[count++] = text + at;
        at += strlen(text + at) + 1;
    }
    return count;
}

static void check_build(const char *const *argv, size_t argc)
{
    char *line = NULL, **back = NULL;
    size_t count = 0;
    struct sbx_error err;

    if (sbx_cmdline_build(argv, argc, &line, &err) != SBX_OK) {
        FUZZ_CHECK(line == NULL && err.status == SBX_INVALID);
        return;
    }
    FUZZ_CHECK(sbx_utf8_cch(line, strlen(line)) <= SBX_CMDLINE_MAX_CCH);
    FUZZ_CHECK(sbx_cmdline_split(line, &back, &count, &err) == SBX_OK);
    check_equal(argv, argc, back, count);
    sbx_cmdline_free_argv(back, count);
    free(line);
}

static void check_split(const char *line)
{
    char **argv = NULL, **again = NULL, *built = NULL;
    size_t argc = 0, count = 0;
    struct sbx_error err;

    if (sbx_cmdline_split(line, &argv, &argc, &err) != SBX_OK)
        return;
    FUZZ_CHECK(argc >= 1 && argv[argc] == NULL);
    if (sbx_cmdline_build((const char *const *)argv, argc, &built, &err) == SBX_OK) {
        FUZZ_CHECK(sbx_cmdline_split(built, &again, &count, &err) == SBX_OK);
        check_equal((const char *const *)argv, argc, again, count);
        sbx_cmdline_free_argv(again, count);
    }
    free(built);
    sbx_cmdline_free_argv(argv, argc);
}

/* What stands outside quotes, as cmd.exe counts them, may have no meaning to it. */
static void check_outside_quotes(const char *text)
{
    bool quoted = false;

    for (; *text; text++) {
        FUZZ_CHECK(*text != '%' && (*text == '\t' || (unsigned char)*text >= 0x20));
        if (*text == '"')
            quoted = !quoted;
        else if (!quoted)
            FUZZ_CHECK(!strchr("&|<>()^!,;=\t*?", *text) && (unsigned char)*text < 0x80);
    }
    FUZZ_CHECK(!quoted);
}

static void check_batch(const char *const *args, size_t count)
{
    const char *want[MAX_ARGS + 1] = {"p"};
    char *line = NULL, *behind, **back = NULL;
    size_t length, got = 0;
    struct sbx_error err;

    if (sbx_cmdline_for_cmd_exe(CMD, BATCH, args, count, &line, &err) != SBX_OK)
        return;
    length = strlen(line);
    FUZZ_CHECK(strncmp(line, HEAD, strlen(HEAD)) == 0 && line[length - 1] == '"');
    line[length - 1] = '\0';
    check_outside_quotes(line + strlen(HEAD));
    /* "p" and %*, as the program behind the batch file is started. */
    behind = line + strlen(HEAD) - 1;
    *behind = 'p';
    FUZZ_CHECK(sbx_cmdline_split(behind, &back, &got, &err) == SBX_OK);
    if (count)
        memcpy(want + 1, args, count * sizeof(*args));
    check_equal(want, count + 1, back, got);
    sbx_cmdline_free_argv(back, got);
    free(line);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char *text = fuzz_string(data, size);
    const char *argv[MAX_ARGS];
    size_t argc = cut(text, size, argv);

    check_build(argv, argc);
    check_batch(argv, argc);
    check_split(text);
    sbx_cmdline_is_batch(text);
    free(text);
    return 0;
}
