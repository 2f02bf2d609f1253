/*
 * probe.exe COMMAND ARGS... : tries one thing and says how it went, as a line
 *     = OUTCOME error COMMAND ARGS...
 * on standard output and as an exit code (probe.h). Several steps: probe seq A ... + B ... ; the
 * exit code is the last step's, and a step that fails does not stop the ones after it.
 */
#include "probe_internal.h"

DWORD probe_error;

static const struct probe_command *const tables[] = {
    file_commands, name_commands, process_commands, object_commands, named_commands, io_commands};

void put_bytes(const void *bytes, size_t length_bytes)
{
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    const char *p = bytes;
    DWORD done = 0;
    for (; length_bytes; length_bytes -= done, p += done)
        if (!WriteFile(out, p, length_bytes > 65536 ? 65536 : (DWORD)length_bytes, &done, NULL) ||
            !done)
            return;
}

void put(const char *format, ...)
{
    char text[2048];
    va_list list;
    va_start(list, format);
    int length = vsnprintf(text, sizeof text, format, list);
    va_end(list);
    if (length > 0)
        put_bytes(text, (size_t)length < sizeof text ? (size_t)length : sizeof text - 1);
}

void put_wide(const wchar_t *text)
{
    int count = WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL);
    char *utf8 = count > 0 ? malloc((size_t)count) : NULL;
    if (utf8 && WideCharToMultiByte(CP_UTF8, 0, text, -1, utf8, count, NULL, NULL) == count)
        put_bytes(utf8, (size_t)count - 1);
    free(utf8);
}

int refused_with(DWORD error)
{
    probe_error = error;
    switch (error) {
    case ERROR_ACCESS_DENIED:
    case ERROR_PRIVILEGE_NOT_HELD:
    case ERROR_WRITE_PROTECT:
    case ERROR_INVALID_OWNER:
        return PROBE_DENIED;
    case ERROR_FILE_NOT_FOUND:
    case ERROR_PATH_NOT_FOUND:
    case ERROR_INVALID_NAME:
    case ERROR_BAD_PATHNAME:
    case ERROR_BAD_NETPATH:
    case ERROR_BAD_NET_NAME:
    case ERROR_INVALID_DRIVE:
        return PROBE_NOT_FOUND;
    default:
        return PROBE_BROKEN;
    }
}

int refused(void)
{
    return refused_with(GetLastError());
}

int succeeded(void)
{
    probe_error = 0;
    return PROBE_SUCCEEDED;
}

int broken(const char *why)
{
    put("probe: %s\n", why);
    probe_error = ERROR_INVALID_PARAMETER;
    return PROBE_BROKEN;
}

static const char *outcome_name(int outcome)
{
    switch (outcome) {
    case PROBE_SUCCEEDED:
        return "SUCCEEDED";
    case PROBE_DENIED:
        return "DENIED";
    case PROBE_NOT_FOUND:
        return "NOT_FOUND";
    default:
        return "BROKEN";
    }
}

int dispatch(int argc, const wchar_t **argv)
{
    for (size_t t = 0; t < sizeof tables / sizeof tables[0]; t++)
        for (const struct probe_command *c = tables[t]; c->name; c++)
            if (!wcscmp(c->name, argv[0]))
                return argc - 1 < c->min_args ? broken("too few arguments") : c->run(argc, argv);
    return broken("unknown command");
}

static int step(int argc, const wchar_t **argv)
{
    probe_error = 0;
    int outcome = dispatch(argc, argv);
    if (outcome < PROBE_SUCCEEDED || outcome > PROBE_BROKEN)
        return outcome;
    put("= %s %lu", outcome_name(outcome), probe_error);
    for (int i = 0; i < argc; i++) {
        put(" ");
        put_wide(argv[i]);
    }
    put("\n");
    return outcome;
}

bool start_self(int argc, const wchar_t **argv, bool inherit, DWORD flags, STARTUPINFOW *startup,
    PROCESS_INFORMATION *ret_process)
{
    wchar_t image[MAX_PATH], *line = malloc(65536 * sizeof(wchar_t)), *p = line;
    STARTUPINFOW plain = {.cb = sizeof plain};
    if (!line || !GetModuleFileNameW(NULL, image, MAX_PATH))
        return false;
    /* The commands' own arguments hold no quotes; a trailing backslash would be one too few. */
    p += swprintf(p, 1024, L"\"%ls\"", image);
    for (int i = 0; i < argc; i++)
        p += swprintf(p, 32768, L" \"%ls\"", argv[i]);
    BOOL ok = CreateProcessW(image, line, NULL, NULL, inherit, flags, NULL, NULL,
        startup ? startup : &plain, ret_process);
    DWORD error = GetLastError();
    free(line);
    SetLastError(error);
    return ok;
}

int wmain(int argc, wchar_t **argv);
int wmain(int argc, wchar_t **argv)
{
    int outcome = PROBE_BROKEN, start = 1;
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX | SEM_NOOPENFILEERRORBOX);
    if (argc < 2)
        return broken("usage: probe COMMAND ARGS... | probe seq COMMAND ARGS... + COMMAND ...");
    if (wcscmp(argv[1], L"seq"))
        return step(argc - 1, (const wchar_t **)argv + 1);
    for (int i = ++start; i <= argc; i++)
        if (i == argc || !wcscmp(argv[i], L"+")) {
            outcome =
                i > start ? step(i - start, (const wchar_t **)argv + start) : broken("empty step");
            start = i + 1;
        }
    return outcome;
}
