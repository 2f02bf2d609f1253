/*
 * One folder per row, outside TEMP and AppData, so that a writable root in it is an ordinary one:
 *   ws     the workspace, with a repository's .git and a file to keep
 *   out    beside it; nothing in it may change
 *   extra  a second root
 *   res    results, never a root
 */
#include "suite.h"

struct fixture fx;

static void fill(void)
{
    make_dir(f("%s\\.git\\hooks", fx.ws));
    write_file(f("%s\\.git\\config", fx.ws), "[core]\n\tbare = false\n");
    write_file(f("%s\\.git\\HEAD", fx.ws), "ref: refs/heads/main\n");
    write_file(f("%s\\.git\\hooks\\pre-commit", fx.ws), "#!/bin/sh\n");
    make_dir(f("%s\\sub", fx.ws));
    write_file(f("%s\\keep.txt", fx.ws), "keep\n");
    make_dir(f("%s\\dir", fx.out));
    write_file(f("%s\\target.txt", fx.out), "original\n");
    write_file(f("%s\\dir\\deep.txt", fx.out), "original\n");
    make_dir(fx.extra);
    write_file(f("%s\\keep.txt", fx.extra), "keep\n");
}

void fixture_make(const char *id)
{
    fx.base = f("%s\\%s", opt.work, id);
    fx.ws = f("%s\\ws", fx.base);
    fx.out = f("%s\\out", fx.base);
    fx.extra = f("%s\\extra", fx.base);
    fx.res = f("%s\\res", fx.base);
    remove_tree(fx.base);
    make_dir(fx.base);
    make_dir(fx.res);
    fill();
}

void fixture_reset(void)
{
    remove_tree(fx.ws);
    remove_tree(fx.out);
    remove_tree(fx.extra);
    fill();
}

void fixture_remove(void)
{
    SetCurrentDirectoryW(w(opt.self_dir));
    remove_tree(fx.base);
    if (exists(fx.base))
        diag("left behind: %s", fx.base);
}

/* The name of a system folder; a variable that is missing gives a path that does not exist. */
static const char *value_of(const char *name, size_t length)
{
    static const struct {
        const char *name, *variable;
    } variables[] = {{"home", "USERPROFILE"}, {"programs", "ProgramFiles"}, {"data", "ProgramData"},
        {"public", "PUBLIC"}, {"local", "LOCALAPPDATA"}, {"roaming", "APPDATA"}, {"temp", "TEMP"},
        {"windows", "SystemRoot"}, {"drive", "SystemDrive"}};
    const struct {
        const char *name, *value;
    } values[] = {{"ws", fx.ws}, {"out", fx.out}, {"extra", fx.extra}, {"base", fx.base},
        {"res", fx.res}, {"user", user_sid()}, {"probe", probe_path()}};
    for (size_t i = 0; i < countof(values); i++)
        if (strlen(values[i].name) == length && !strncmp(name, values[i].name, length))
            return values[i].value;
    for (size_t i = 0; i < countof(variables); i++)
        if (strlen(variables[i].name) == length && !strncmp(name, variables[i].name, length)) {
            char *value = env(variables[i].variable);
            return value ? value : "?:\\no-such-variable";
        }
    if (length == 3 && !strncmp(name, "sys", 3))
        return system_directory();
    if (length == 3 && !strncmp(name, "pid", 3))
        return f("%lu", GetCurrentProcessId());
    return NULL;
}

char *expand(const char *text)
{
    char *out = f("%s", "");
    while (*text) {
        const char *open = strchr(text, '{'), *close = open ? strchr(open, '}') : NULL;
        const char *value = close ? value_of(open + 1, (size_t)(close - open - 1)) : NULL;
        if (!close)
            return f("%s%s", out, text);
        out = value ? f("%s%.*s%s", out, (int)(open - text), text, value)
                    : f("%s%.*s", out, (int)(close + 1 - text), text);
        text = close + 1;
    }
    return out;
}

int held_alive(const char *dir, int *ret_count)
{
    WIN32_FIND_DATAW found;
    int alive = 0, count = 0;
    HANDLE search = FindFirstFileW(w(f("%s\\*.held", dir)), &found);
    if (search != INVALID_HANDLE_VALUE) {
        do {
            char *path = f("%s\\%s", dir, u(found.cFileName));
            HANDLE file = CreateFileW(w(path), GENERIC_WRITE, 0, NULL, OPEN_EXISTING, 0, NULL);
            count++;
            if (file != INVALID_HANDLE_VALUE)
                CloseHandle(file);
            else
                alive++;
            free(path);
        } while (FindNextFileW(search, &found));
        FindClose(search);
    }
    if (ret_count)
        *ret_count = count;
    return alive;
}

bool wait_held(const char *dir, int count, unsigned limit_ms)
{
    ULONGLONG end = GetTickCount64() + (ULONGLONG)limit_ms * opt.slow;
    while (held_alive(dir, NULL) < count) {
        if (GetTickCount64() > end)
            return false;
        Sleep(20);
    }
    return true;
}

bool wait_none_held(const char *dir, unsigned limit_ms)
{
    ULONGLONG end = GetTickCount64() + (ULONGLONG)limit_ms * opt.slow;
    while (held_alive(dir, NULL)) {
        if (GetTickCount64() > end)
            return false;
        Sleep(20);
    }
    return true;
}
