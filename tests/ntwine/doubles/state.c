/* ntwine test double: ntwinestate.dll, the machine state that the other doubles share. */

#include "double.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "protocol.h" /* request numbers, made by build.sh from Wine's own definition */

struct server_iovec {
    const void *ptr;
    unsigned size;
};

/* Wine's struct __server_request_info: a request of at most 64 bytes, data in, data out. */
struct server_call {
    union {
        struct {
            int req;
            unsigned request_size, reply_size;
            unsigned handle, attr_mask;
        } groups;
        struct {
            int req;
            unsigned request_size, reply_size;
            unsigned handle;
        } dacl;
        struct {
            unsigned error, reply_size, attr_len, sid_len;
        } reply;
        char room[64];
    } u;
    unsigned data_count;
    void *reply_data;
    struct server_iovec data[5];
};

unsigned __cdecl wine_server_call(void *request);

NTSTATUS server_query(HANDLE token, unsigned what, void *data, unsigned size, unsigned *attr_len, unsigned *sid_len)
{
    struct server_call call;
    NTSTATUS status;

    memset(&call, 0, sizeof(call));
    call.u.groups.req = REQ_get_token_groups;
    call.u.groups.reply_size = size;
    call.u.groups.handle = (unsigned)(ULONG_PTR)token;
    call.u.groups.attr_mask = what;
    call.reply_data = data;
    status = (NTSTATUS)wine_server_call(&call);
    *attr_len = call.u.reply.attr_len;
    *sid_len = call.u.reply.sid_len;
    if (what == NT_QUERY_MACHINE && !status) *attr_len = call.u.reply.reply_size;
    return status;
}

NTSTATUS server_extension(HANDLE token, unsigned code, unsigned argument, const void *data, unsigned size)
{
    unsigned header[4] = {NT_EXTENSION_MAGIC, code, argument, 0};
    struct server_call call;

    memset(&call, 0, sizeof(call));
    call.u.dacl.req = REQ_set_token_default_dacl;
    call.u.dacl.handle = (unsigned)(ULONG_PTR)token;
    call.u.dacl.request_size = sizeof(header) + size;
    call.data_count = 2;
    call.data[0].ptr = header;
    call.data[0].size = sizeof(header);
    call.data[1].ptr = data;
    call.data[1].size = size;
    return (NTSTATUS)wine_server_call(&call);
}

ULONG WINAPI RtlNtStatusToDosError(NTSTATUS status);
NTSTATUS WINAPI NtOpenProcessToken(HANDLE process, DWORD access, HANDLE *token);
NTSTATUS WINAPI NtOpenThreadToken(HANDLE thread, DWORD access, BOOLEAN self, HANDLE *token);
NTSTATUS WINAPI NtQueryInformationToken(HANDLE token, int what, void *data, ULONG size, ULONG *needed);

BOOL fail_nt(NTSTATUS status)
{
    if (status) SetLastError(RtlNtStatusToDosError(status));
    return !status;
}

BOOL token_state(HANDLE token, struct token_state *state)
{
    HANDLE own = NULL;
    unsigned attr_len, sid_len;
    NTSTATUS status;

    if (!token && NtOpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &own)) return FALSE;
    status = server_query(token ? token : own, NT_QUERY_STATE, state, sizeof(*state), &attr_len, &sid_len);
    if (own) CloseHandle(own);
    return fail_nt(status);
}

/* Administrators, enabled, in the token that counts. */
BOOL caller_is_admin(void)
{
    static const BYTE admins[16] = {1, 2, 0, 0, 0, 0, 0, 5, 32, 0, 0, 0, 0x20, 2, 0, 0};
    BYTE buffer[8192];
    TOKEN_GROUPS *groups = (TOKEN_GROUPS *)buffer;
    HANDLE token;
    ULONG needed;
    BOOL found = FALSE;
    DWORD i;

    if (NtOpenThreadToken(GetCurrentThread(), TOKEN_QUERY, TRUE, &token) &&
        NtOpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) return FALSE;
    if (!NtQueryInformationToken(token, TokenGroups, buffer, sizeof(buffer), &needed))
        for (i = 0; i < groups->GroupCount; i++)
            if (!memcmp(groups->Groups[i].Sid, admins, sizeof(admins)) && (groups->Groups[i].Attributes & SE_GROUP_ENABLED))
                found = TRUE;
    CloseHandle(token);
    return found;
}

/* ---- text ---- */

char *utf8(const wchar_t *text)
{
    int size = text ? WideCharToMultiByte(CP_UTF8, 0, text, -1, NULL, 0, NULL, NULL) : 1;
    char *out = calloc(1, (size_t)size + 1);

    if (text && out) WideCharToMultiByte(CP_UTF8, 0, text, -1, out, size, NULL, NULL);
    return out;
}

wchar_t *utf16(const char *text)
{
    int size = MultiByteToWideChar(CP_UTF8, 0, text, -1, NULL, 0);
    wchar_t *out = calloc((size_t)size + 1, sizeof(wchar_t));

    if (out) MultiByteToWideChar(CP_UTF8, 0, text, -1, out, size);
    return out;
}

DWORD sid_size(const void *sid)
{
    return 8 + 4 * ((const BYTE *)sid)[1];
}

DWORD sid_parse(const char *text, void *sid, DWORD room)
{
    BYTE *out = sid;
    char *end;
    DWORD part, size = 8;

    if (room < 8 || strncmp(text, "S-1-", 4) != 0) return 0;
    memset(out, 0, 8);
    out[0] = 1;
    out[7] = (BYTE)strtoul(text + 4, &end, 10);
    while (*end == '-') {
        part = strtoul(end + 1, &end, 10);
        if (size + 4 > room || out[1] == 15) return 0;
        memcpy(out + size, &part, 4);
        size += 4;
        out[1]++;
    }
    return *end ? 0 : size;
}

void sid_format(const void *sid, char *text, size_t room)
{
    const BYTE *in = sid;
    DWORD part;
    int i, used = snprintf(text, room, "S-%d-%d", in[0], in[7]);

    for (i = 0; i < in[1]; i++) {
        memcpy(&part, in + 8 + 4 * i, 4);
        used += snprintf(text + used, room - (size_t)used, "-%lu", part);
    }
}

/* ---- records ---- */

const char *record_get(const struct record *record, const char *name)
{
    size_t i;

    for (i = 0; record && i < record->count; i++)
        if (!strcmp(record->fields[i].name, name)) return record->fields[i].value;
    return "";
}

void record_set(struct record *record, const char *name, const char *value)
{
    size_t i;

    for (i = 0; i < record->count; i++) {
        if (strcmp(record->fields[i].name, name) != 0) continue;
        free(record->fields[i].value);
        record->fields[i].value = _strdup(value);
        return;
    }
    if (i == sizeof(record->fields) / sizeof(record->fields[0])) return;
    record->fields[i].name = _strdup(name);
    record->fields[i].value = _strdup(value);
    record->count++;
}

void record_setf(struct record *record, const char *name, const char *format, ...)
{
    char value[4096];
    va_list args;

    va_start(args, format);
    _vsnprintf(value, sizeof(value), format, args);
    va_end(args);
    value[sizeof(value) - 1] = 0;
    record_set(record, name, value);
}

static struct record *append(struct machine *machine)
{
    struct record **end = &machine->first, *record = calloc(1, sizeof(*record));

    while (*end) end = &(*end)->next;
    return *end = record;
}

struct record *record_add(struct machine *machine, const char *kind)
{
    struct record *record = append(machine);

    record_set(record, "kind", kind);
    return record;
}

static void free_fields(struct record *record)
{
    size_t i;

    for (i = 0; i < record->count; i++) {
        free(record->fields[i].name);
        free(record->fields[i].value);
    }
}

static void free_record(struct record *record)
{
    free_fields(record);
    free(record);
}

void record_remove(struct machine *machine, struct record *record)
{
    struct record **link = &machine->first;

    while (*link && *link != record) link = &(*link)->next;
    if (!*link) return;
    *link = record->next;
    free_record(record);
}

struct record *record_find(struct machine *machine, struct record *after, const char *kind, const char *field, const char *value)
{
    struct record *record = after ? after->next : machine->first;

    for (; record; record = record->next)
        if (!strcmp(record_get(record, "kind"), kind) && (!field || !_stricmp(record_get(record, field), value))) return record;
    return NULL;
}

/* ---- JSON, as far as we write it ourselves ---- */

static char *read_string(const char **text)
{
    const char *p = strchr(*text, '"');
    char *out, *q;
    unsigned code;

    if (!p) return NULL;
    out = q = malloc(strlen(p) + 1);
    for (p++; *p && *p != '"'; p++) {
        if (*p != '\\') { *q++ = *p; continue; }
        p++;
        if (*p == 'n') *q++ = '\n';
        else if (*p == 'u' && sscanf(p + 1, "%4x", &code) == 1) { *q++ = (char)code; p += 4; }
        else *q++ = *p;
    }
    *q = 0;
    *text = *p ? p + 1 : p;
    return out;
}

/* One record a line, between the first and the last line of the file. */
static void parse(struct machine *machine, char *text)
{
    struct record **end = &machine->first;
    char *line = strtok(text, "\n");

    for (; line; line = strtok(NULL, "\n")) {
        const char *p = strchr(line, '{');
        struct record *record;

        if (!p || strncmp(line, "  {", 3) != 0) continue;
        record = *end = calloc(1, sizeof(*record));
        end = &record->next;
        for (p++; strchr(p, '"');) {
            char *name = read_string(&p), *value = read_string(&p);
            if (name && value) record_set(record, name, value);
            free(name);
            free(value);
        }
    }
}

struct text {
    char *data;
    size_t used, room;
};

static void put_n(struct text *text, const char *data, size_t size)
{
    if (text->used + size + 1 > text->room) text->data = realloc(text->data, text->room = (text->room + size) * 2 + 64);
    memcpy(text->data + text->used, data, size);
    text->used += size;
    text->data[text->used] = 0;
}

static void put(struct text *text, const char *data)
{
    put_n(text, data, strlen(data));
}

/* Whole runs at a time: the state is written for every call. */
static void put_string(struct text *text, const char *value)
{
    char one[8];
    size_t plain;

    put(text, "\"");
    for (;; value++) {
        for (plain = 0; (unsigned char)value[plain] >= 0x20 && value[plain] != '"' && value[plain] != '\\';) plain++;
        put_n(text, value, plain);
        value += plain;
        if (!*value) break;
        if (*value == '"' || *value == '\\') sprintf(one, "\\%c", *value);
        else sprintf(one, "\\u%04x", (unsigned char)*value);
        put(text, one);
    }
    put(text, "\"");
}

static void put_record(struct text *text, const struct record *record)
{
    size_t i;

    put(text, "{");
    for (i = 0; i < record->count; i++) {
        if (i) put(text, ", ");
        put_string(text, record->fields[i].name);
        put(text, ": ");
        put_string(text, record->fields[i].value);
    }
    put(text, record->next ? "},\n" : "}\n");
}

#define STATE_ROOM (4u << 20)

struct machine *machine_load(void)
{
    struct machine *machine = calloc(1, sizeof(*machine));
    char *buffer = malloc(STATE_ROOM + 1);
    unsigned size = 0, unused;
    struct record *record;
    HANDLE token;

    if (!NtOpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token)) {
        if (!server_query(token, NT_QUERY_MACHINE, buffer, STATE_ROOM, &size, &unused) && size >= 4) {
            memcpy(&machine->version, buffer, 4);
            buffer[size] = 0;
            parse(machine, buffer + 4);
        }
        CloseHandle(token);
    }
    free(buffer);
    if (!(record = record_find(machine, NULL, "machine", NULL, NULL))) record = record_add(machine, "machine");
    if (!*record_get(record, "next_rid")) record_set(record, "next_rid", "1001");
    if (!*record_get(record, "domain")) record_set(record, "domain", "S-1-5-21-1004336348-1177238915-682003330");
    machine->next_rid = strtoul(record_get(record, "next_rid"), NULL, 10);
    return machine;
}

BOOL machine_done(struct machine *machine, BOOL store)
{
    struct record *record = record_find(machine, NULL, "machine", NULL, NULL), *next;
    struct text text = {0};
    BOOL ok = TRUE;

    if (store) {
        record_setf(record, "next_rid", "%u", machine->next_rid);
        put(&text, "{\"records\": [\n");
        for (record = machine->first; record; record = record->next) {
            put(&text, "  ");
            put_record(&text, record);
        }
        put(&text, "]}\n");
        ok = !server_extension(NULL, NT_SET_MACHINE, machine->version, text.data, (unsigned)text.used);
        free(text.data);
    }
    for (record = machine->first; record; record = next) {
        next = record->next;
        free_record(record);
    }
    free(machine);
    return ok;
}

/* ---- calls ---- */

#define DIES 0x64696521 /* no error code: the process ends */

static LONG total_calls, total_native;
static struct {
    char name[64];
    LONG calls;
} counters[128];

static LONG count_call(const char *function)
{
    size_t i;

    for (i = 0; i < sizeof(counters) / sizeof(counters[0]); i++) {
        if (!counters[i].name[0]) strncpy(counters[i].name, function, sizeof(counters[i].name) - 1);
        if (!strcmp(counters[i].name, function)) return ++counters[i].calls;
    }
    return 0;
}

/* NTWINE_FAIL: <function>:<n>:<code>, any:<n>:<code> or native:<n>:<code>, comma separated; n counts this process' calls
 * from 1, the doubled and the native ones apart. */
static DWORD wanted_failure(const char *function, const char *all_of, LONG all)
{
    char rules[1024], name[64], *rule, *next = NULL;
    LONG own = count_call(function);
    unsigned long n, code;
    char number[32];
    DWORD size = GetEnvironmentVariableA("NTWINE_FAIL", rules, sizeof(rules));

    if (!size || size >= sizeof(rules)) return 0;
    for (rule = strtok_s(rules, ",", &next); rule; rule = strtok_s(NULL, ",", &next)) {
        code = ERROR_GEN_FAILURE;
        number[0] = 0;
        if (sscanf(rule, "%63[^:]:%lu:%31s", name, &n, number) < 2) continue;
        if (number[0]) code = strcmp(number, "die") ? strtoul(number, NULL, 0) : DIES;
        if (!strcmp(name, all_of) ? n == (unsigned long)all : !strcmp(name, function) && n == (unsigned long)own) return code;
    }
    return 0;
}

static void note(const struct record *record)
{
    struct text text = {0};

    put_record(&text, record);
    server_extension(NULL, NT_NOTE_CALL, 0, text.data, (unsigned)text.used);
    free(text.data);
}

void double_note(struct record *record)
{
    note(record);
    free_fields(record);
}

static void note_call(const char *kind, const char *function, DWORD code, const char *format, va_list args)
{
    struct record record = {0};
    char arguments[2048];

    _vsnprintf(arguments, sizeof(arguments), format, args);
    arguments[sizeof(arguments) - 1] = 0;
    record_set(&record, "kind", kind);
    record_set(&record, "function", function);
    record_setf(&record, "pid", "%lu", GetCurrentProcessId());
    record_set(&record, "arguments", arguments);
    if (code == DIES) record_set(&record, "injected", "die");
    else if (code) record_setf(&record, "injected", "%lu", code);
    note(&record);
    free_fields(&record);
    if (code == DIES) TerminateProcess(GetCurrentProcess(), 137);
}

DWORD double_call(const char *function, const char *format, ...)
{
    DWORD code = wanted_failure(function, "any", ++total_calls);
    va_list args;

    va_start(args, format);
    note_call("call", function, code, format, args);
    va_end(args);
    return code;
}

DWORD native_call(const char *function, const char *format, ...)
{
    DWORD code = wanted_failure(function, "native", ++total_native);
    va_list args;

    va_start(args, format);
    note_call("native", function, code, format, args);
    va_end(args);
    return code;
}

void double_result(const char *function, DWORD code)
{
    struct record record = {0};

    record_set(&record, "kind", "result");
    record_set(&record, "of", function);
    record_setf(&record, "pid", "%lu", GetCurrentProcessId());
    record_setf(&record, "result", "%lu", code);
    note(&record);
    free_fields(&record);
}
