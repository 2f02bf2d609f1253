/* ntwine test double: the event log. Wine's own only traces. Each event is a line {"kind": "event", ...} among the
 * recorded calls, with all of its text; who registered the source is read from the registry, as the service does. */

#include "double.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define MAGIC 0x65766c67
#define STRINGS_MAX 256
#define STRING_MAX 31839 /* characters, by the documentation of ReportEventW */
#define KEY L"SYSTEM\\CurrentControlSet\\Services\\EventLog\\Application\\"

struct source {
    unsigned magic;
    wchar_t name[256];
};

HANDLE WINAPI double_RegisterEventSourceW(LPCWSTR server, LPCWSTR name)
{
    char *text = utf8(name);
    DWORD code = double_call("RegisterEventSourceW", "%s", text);
    struct source *source = NULL;

    if (!code && (server || !name || !name[0] || wcslen(name) > 255 || wcschr(name, '\\'))) code = ERROR_INVALID_PARAMETER;
    if (!code && !(source = calloc(1, sizeof(*source)))) code = ERROR_NOT_ENOUGH_MEMORY;
    if (source) {
        source->magic = MAGIC;
        wcscpy(source->name, name);
    }
    free(text);
    SetLastError(code);
    return (HANDLE)source;
}

BOOL WINAPI double_DeregisterEventSource(HANDLE handle)
{
    struct source *source = (struct source *)handle;

    if (!source || source->magic != MAGIC) {
        SetLastError(ERROR_INVALID_HANDLE);
        return FALSE;
    }
    source->magic = 0;
    free(source);
    return TRUE;
}

/* The message file of a source, "" when nobody registered it. */
static void message_file(const wchar_t *name, wchar_t *path, DWORD size)
{
    wchar_t key[400];

    path[0] = 0;
    _snwprintf(key, 400, KEY L"%ls", name);
    key[399] = 0;
    if (RegGetValueW(HKEY_LOCAL_MACHINE, key, L"EventMessageFile", RRF_RT_REG_SZ | RRF_SUBKEY_WOW6464KEY, NULL, path, &size))
        path[0] = 0;
}

static void note_event(const struct source *source, WORD type, DWORD id, WORD count, LPCWSTR *strings)
{
    struct record record = {0};
    wchar_t path[MAX_PATH];
    char name[16], *text;
    WORD i;

    record_set(&record, "kind", "event");
    record_setf(&record, "pid", "%lu", GetCurrentProcessId());
    text = utf8(source->name);
    record_set(&record, "source", text);
    free(text);
    message_file(source->name, path, sizeof(path));
    text = utf8(path);
    record_set(&record, "file", text);
    free(text);
    record_setf(&record, "type", "%u", type);
    record_setf(&record, "id", "0x%lx", id);
    for (i = 0; i < count && i < 8; i++) {
        snprintf(name, sizeof(name), "string%u", i + 1);
        text = utf8(strings[i]);
        record_set(&record, name, text);
        free(text);
    }
    double_note(&record);
}

BOOL WINAPI double_ReportEventW(HANDLE handle, WORD type, WORD category, DWORD id, PSID user, WORD count, DWORD size,
                                LPCWSTR *strings, LPVOID data)
{
    struct source *source = (struct source *)handle;
    DWORD code = double_call("ReportEventW", "%u 0x%lx %u strings", type, id, count);
    WORD i;

    if (!code && (!source || source->magic != MAGIC)) code = ERROR_INVALID_HANDLE;
    if (!code && (count > STRINGS_MAX || (count && !strings) || (size && !data))) code = ERROR_INVALID_PARAMETER;
    for (i = 0; !code && i < count; i++)
        if (!strings[i] || wcslen(strings[i]) > STRING_MAX) code = ERROR_INVALID_PARAMETER;
    if (!code) note_event(source, type, id, count, strings);
    SetLastError(code);
    return !code;
}
