/* ntwine test doubles: what they share. These DLLs stand in for parts of Windows that Wine only pretends; they are
 * test doubles, used only inside a prefix of platform ntwine, and say nothing about Windows. See ../README.md. */

#ifndef NTWINE_DOUBLE_H
#define NTWINE_DOUBLE_H

#include <winsock2.h>
#include <windows.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* ---- machine state: a list of records, each a flat JSON object with string values ---- */

struct record {
    struct record *next;
    size_t count;
    struct {
        char *name, *value;
    } fields[40];
};

struct machine {
    unsigned version;
    struct record *first;
    unsigned next_rid;
};

/* Read the state; end with machine_done. */
__declspec(dllexport) struct machine *machine_load(void);
/* Write it back when `store`, and free it. FALSE: somebody else wrote meanwhile, begin again. */
__declspec(dllexport) BOOL machine_done(struct machine *machine, BOOL store);

__declspec(dllexport) struct record *record_add(struct machine *machine, const char *kind);
__declspec(dllexport) void record_remove(struct machine *machine, struct record *record);
__declspec(dllexport) const char *record_get(const struct record *record, const char *name); /* "" when absent */
__declspec(dllexport) void record_set(struct record *record, const char *name, const char *value);
__declspec(dllexport) void record_setf(struct record *record, const char *name, const char *format, ...);
/* The next record of a kind after `after` (NULL: the first) whose field equals value without regard to case. */
__declspec(dllexport) struct record *record_find(struct machine *machine, struct record *after, const char *kind,
                                                 const char *field, const char *value);

/* ---- calls ---- */

/* Every doubled function begins with this: notes the call and its arguments, and answers NTWINE_FAIL
 * (<function>:<n>:<code>, any:<n>:<code>, several with commas; with the code `die` the process ends here and nothing of
 * it runs any more). Returns 0 or the code to fail with. */
__declspec(dllexport) DWORD double_call(const char *function, const char *format, ...);
/* The same for what Wine's ntdll does itself (native.c): counted apart, rule native:<n>:<code>. */
DWORD native_call(const char *function, const char *format, ...);
/* Note how it ended. */
__declspec(dllexport) void double_result(const char *function, DWORD code);
/* A line of another kind among the calls; the record's fields are freed. */
__declspec(dllexport) void double_note(struct record *record);

/* ---- text and SIDs ---- */

__declspec(dllexport) char *utf8(const wchar_t *text); /* malloc'ed; NULL gives "" */
__declspec(dllexport) wchar_t *utf16(const char *text);
__declspec(dllexport) DWORD sid_parse(const char *text, void *sid, DWORD room); /* size, 0 when bad or too small */
__declspec(dllexport) void sid_format(const void *sid, char *text, size_t room);
__declspec(dllexport) DWORD sid_size(const void *sid);

/* ---- the server ---- */

#define NT_QUERY_RESTRICTED 0x4e540001
#define NT_QUERY_STATE 0x4e540002

struct token_state {
    unsigned flags, user_attrs, integrity, elevation;
    LUID auth_id, parent_id;
};

/* get_token_groups with one of the queries above: NTSTATUS; *attr_len and *sid_len as the server tells. */
__declspec(dllexport) NTSTATUS server_query(HANDLE token, unsigned what, void *data, unsigned size, unsigned *attr_len,
                                            unsigned *sid_len);
__declspec(dllexport) NTSTATUS server_extension(HANDLE token, unsigned code, unsigned argument, const void *data,
                                                unsigned size);
__declspec(dllexport) BOOL token_state(HANDLE token, struct token_state *state); /* NULL: the process' own */
__declspec(dllexport) BOOL caller_is_admin(void);
__declspec(dllexport) BOOL fail_nt(NTSTATUS status); /* sets the last error; FALSE */

#endif
