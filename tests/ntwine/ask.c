/* ask: answers access questions by opening a real file under ntwine with a real token.
 *
 *   ask.exe [--directory] [FILE]     cases from FILE or standard input, answers on standard output
 *
 * The protocol is the one of tests/samba/README.md: "ID DESCRIPTOR USER GROUPS RESTRICTING FLAGS DESIRED PARENT" in,
 * "ID granted MASK", "ID denied 00000000" or "ID unsupported WORDS" out. The token is made by the server on request
 * of the test double (ntwinestate.dll), so any user, any groups. One file is used again and again: its descriptor
 * is set, the token impersonated, the file opened, the handle's access mask read back. */

#include <windows.h>
#include <winternl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define NT_SET_IDENTITY 2
#define SETUP_SID "S-1-99-77" /* only our own set-up token has it */

NTSTATUS NTAPI NtSetSecurityObject(HANDLE object, SECURITY_INFORMATION info, PSECURITY_DESCRIPTOR sd);
NTSTATUS NTAPI NtSetInformationThread(HANDLE thread, ULONG what, const void *data, ULONG size);
NTSTATUS NTAPI NtQueryObject(HANDLE object, OBJECT_INFORMATION_CLASS what, void *data, ULONG size, ULONG *needed);

struct identity {
    unsigned sid_count, priv_count, integrity, flags;
    LUID auth_id;
    unsigned owner_index, elevation;
};

static NTSTATUS (*server_extension)(HANDLE token, unsigned code, unsigned argument, const void *data, unsigned size);
static HANDLE own_token, setup_token;

/* Two places: in `closed` the directory gives nothing to anybody, in `open` its descriptor is part of the case. */
static struct place {
    wchar_t dir[MAX_PATH], object[MAX_PATH];
    HANDLE dir_handle, handle;
} closed, parented;

static void fail(const char *what, DWORD code)
{
    fprintf(stderr, "ask: %s failed: 0x%lx\n", what, code);
    exit(2);
}

static DWORD parse_sid(const char *text, size_t length, BYTE *out)
{
    const char *end = text + length;
    char *next;
    DWORD part, size = 8;

    if (length < 5 || strncmp(text, "S-1-", 4) != 0) return 0;
    memset(out, 0, 8);
    out[0] = 1;
    out[7] = (BYTE)strtoul(text + 4, &next, 10);
    while (next < end && *next == '-' && out[1] < 15) {
        part = strtoul(next + 1, &next, 10);
        memcpy(out + size, &part, 4);
        size += 4;
        out[1]++;
    }
    return next == end ? size : 0;
}

/* "SID:attributes,..." after the user; counts go up. */
struct builder {
    unsigned attrs[64], count;
    BYTE sids[64 * 68];
    size_t used;
};

static BOOL add_sid(struct builder *builder, const char *text, size_t length, unsigned default_attrs)
{
    const char *colon = memchr(text, ':', length);
    size_t sid_length = colon ? (size_t)(colon - text) : length;
    DWORD size;

    if (builder->count == 64 || !(size = parse_sid(text, sid_length, builder->sids + builder->used))) return FALSE;
    builder->used += size;
    builder->attrs[builder->count++] = colon ? (unsigned)strtoul(colon + 1, NULL, 16) : default_attrs;
    return TRUE;
}

static BOOL add_list(struct builder *builder, const char *list)
{
    size_t length;

    if (!strcmp(list, "-")) return TRUE;
    for (;; list += length + 1) {
        length = strcspn(list, ",");
        if (!add_sid(builder, list, length, 7)) return FALSE;
        if (!list[length]) return TRUE;
    }
}

static HANDLE make_token(const struct builder *sids, const DWORD *privileges, unsigned priv_count)
{
    static BYTE data[16384];
    struct identity *id = (struct identity *)data;
    unsigned *attrs = (unsigned *)(id + 1), i;
    LUID_AND_ATTRIBUTES *luids = (LUID_AND_ATTRIBUTES *)(attrs + sids->count);
    HANDLE token;
    NTSTATUS status;

    memset(id, 0, sizeof(*id));
    id->sid_count = sids->count;
    id->priv_count = priv_count;
    id->integrity = SECURITY_MANDATORY_MEDIUM_RID;
    id->elevation = TokenElevationTypeDefault;
    memcpy(attrs, sids->attrs, sids->count * sizeof(*attrs));
    for (i = 0; i < priv_count; i++) {
        luids[i].Luid.LowPart = privileges[i];
        luids[i].Luid.HighPart = 0;
        luids[i].Attributes = SE_PRIVILEGE_ENABLED;
    }
    memcpy(luids + priv_count, sids->sids, sids->used);
    if (!DuplicateTokenEx(own_token, TOKEN_ALL_ACCESS, NULL, SecurityImpersonation, TokenImpersonation, &token))
        fail("DuplicateTokenEx", GetLastError());
    status = server_extension(token, NT_SET_IDENTITY, 0, data, (unsigned)((BYTE *)(luids + priv_count) - data + sids->used));
    if (status) fail("setting the token's identity", (DWORD)status);
    return token;
}

static void impersonate(HANDLE token)
{
    NTSTATUS status = NtSetInformationThread(GetCurrentThread(), 5 /* ThreadImpersonationToken */, &token, sizeof(token));

    if (status) fail("impersonating", (DWORD)status);
}

static void name_of(UNICODE_STRING *name, wchar_t *buffer, const wchar_t *path)
{
    wcscpy(buffer, L"\\??\\");
    wcscat(buffer, path);
    name->Buffer = buffer;
    name->Length = (USHORT)(wcslen(buffer) * sizeof(wchar_t));
    name->MaximumLength = name->Length;
}

static NTSTATUS open_object(const wchar_t *path, ACCESS_MASK access, ULONG options, HANDLE *handle)
{
    wchar_t buffer[MAX_PATH + 8];
    OBJECT_ATTRIBUTES attributes;
    IO_STATUS_BLOCK io;
    UNICODE_STRING name;

    name_of(&name, buffer, path);
    InitializeObjectAttributes(&attributes, &name, OBJ_CASE_INSENSITIVE, NULL, NULL);
    return NtOpenFile(handle, access, &attributes, &io, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, options);
}

static void set_sddl(HANDLE handle)
{
    struct {
        SECURITY_DESCRIPTOR_RELATIVE head;
        BYTE owner[16], group[16];
        struct {
            ACL acl;
            ACE_HEADER ace;
            DWORD mask;
            BYTE sid[12];
        } dacl;
    } sd;
    NTSTATUS status;

    memset(&sd, 0, sizeof(sd));
    sd.head.Revision = 1;
    sd.head.Control = SE_SELF_RELATIVE | SE_DACL_PRESENT | SE_DACL_PROTECTED;
    sd.head.Owner = (DWORD)((BYTE *)sd.owner - (BYTE *)&sd);
    sd.head.Group = (DWORD)((BYTE *)sd.group - (BYTE *)&sd);
    sd.head.Dacl = (DWORD)((BYTE *)&sd.dacl - (BYTE *)&sd);
    parse_sid(SETUP_SID, strlen(SETUP_SID), sd.owner);
    parse_sid(SETUP_SID, strlen(SETUP_SID), sd.group);
    sd.dacl.acl.AclRevision = ACL_REVISION;
    sd.dacl.acl.AclSize = sizeof(sd.dacl);
    sd.dacl.acl.AceCount = 1;
    sd.dacl.ace.AceSize = sizeof(sd.dacl) - sizeof(ACL);
    sd.dacl.mask = FILE_ALL_ACCESS;
    parse_sid(SETUP_SID, strlen(SETUP_SID), sd.dacl.sid);
    status = NtSetSecurityObject(handle, OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, &sd);
    if (status) fail("setting a directory's descriptor", (DWORD)status);
}

static void make_place(struct place *place, const wchar_t *base, const wchar_t *name, BOOL directory)
{
    HANDLE file;
    NTSTATUS status;
    FILETIME now;

    GetSystemTimeAsFileTime(&now); /* process ids come again after a restart of the server */
    _snwprintf(place->dir, MAX_PATH, L"%ls\\%ls-%08lx%08lx", base, name, now.dwHighDateTime, now.dwLowDateTime);
    _snwprintf(place->object, MAX_PATH, L"%ls\\object", place->dir);
    if (!CreateDirectoryW(place->dir, NULL)) fail("creating a directory", GetLastError());
    if (directory) {
        if (!CreateDirectoryW(place->object, NULL)) fail("creating a directory", GetLastError());
    } else {
        file = CreateFileW(place->object, GENERIC_WRITE, 0, NULL, CREATE_NEW, 0, NULL);
        if (file == INVALID_HANDLE_VALUE) fail("creating the file", GetLastError());
        CloseHandle(file);
    }
    status = open_object(place->object, WRITE_DAC | WRITE_OWNER | READ_CONTROL | DELETE, 0, &place->handle);
    if (status) fail("opening the object", (DWORD)status);
    status = open_object(place->dir, WRITE_DAC | WRITE_OWNER | READ_CONTROL | DELETE, FILE_DIRECTORY_FILE, &place->dir_handle);
    if (status) fail("opening the directory", (DWORD)status);
    set_sddl(place->dir_handle);
}

static void remove_place(struct place *place)
{
    set_sddl(place->handle);
    set_sddl(place->dir_handle);
    CloseHandle(place->handle);
    CloseHandle(place->dir_handle);
    if (!DeleteFileW(place->object)) RemoveDirectoryW(place->object);
    RemoveDirectoryW(place->dir);
}

static void prepare(BOOL directory)
{
    static const DWORD all[] = {8, 9, 17, 18, 23};
    static struct builder sids;
    HMODULE state = LoadLibraryW(L"ntwinestate.dll");
    wchar_t base[MAX_PATH];

    server_extension = state ? (void *)GetProcAddress(state, "server_extension") : NULL;
    if (!server_extension) {
        fprintf(stderr, "ask: ntwinestate.dll is missing: this is no prefix of platform ntwine\n");
        exit(3);
    }
    if (!OpenProcessToken(GetCurrentProcess(), TOKEN_DUPLICATE | TOKEN_QUERY, &own_token)) fail("OpenProcessToken", GetLastError());
    add_sid(&sids, "S-1-5-21-0-0-0-1000", 19, 0);
    add_sid(&sids, SETUP_SID, strlen(SETUP_SID), 7 | SE_GROUP_OWNER);
    add_sid(&sids, "S-1-1-0", 7, 7);
    add_sid(&sids, "S-1-5-32-545", 12, 7);
    setup_token = make_token(&sids, all, 5);
    GetTempPathW(MAX_PATH, base);
    base[wcslen(base) - 1] = 0;
    impersonate(setup_token);
    make_place(&closed, base, L"ask-closed", directory);
    make_place(&parented, base, L"ask-parent", directory);
}

static BOOL from_hex(const char *text, BYTE *out, size_t room, size_t *size)
{
    unsigned byte;

    for (*size = 0; text[0] && text[1]; text += 2) {
        if (*size == room || sscanf(text, "%2x", &byte) != 1) return FALSE;
        out[(*size)++] = (BYTE)byte;
    }
    return !*text && *size >= sizeof(SECURITY_DESCRIPTOR_RELATIVE);
}

static NTSTATUS set_hex(HANDLE handle, const char *hex)
{
    static BYTE sd[65536];
    size_t size;

    if (!from_hex(hex, sd, sizeof(sd), &size)) return STATUS_INVALID_PARAMETER;
    return NtSetSecurityObject(handle, OWNER_SECURITY_INFORMATION | GROUP_SECURITY_INFORMATION | DACL_SECURITY_INFORMATION, sd);
}

/* Adds the restricting SIDs. NULL when the list cannot be parsed. */
static HANDLE restrict_token(HANDLE token, const char *list, BOOL write_only)
{
    static struct builder builder;
    SID_AND_ATTRIBUTES restricting[64];
    HANDLE result = NULL;
    BYTE *sid = builder.sids;
    unsigned i;

    if (!strcmp(list, "-")) return token;
    builder.count = 0;
    builder.used = 0;
    if (add_list(&builder, list)) {
        for (i = 0; i < builder.count; i++, sid += 8 + 4 * sid[1]) {
            restricting[i].Sid = sid;
            restricting[i].Attributes = 0;
        }
        if (!CreateRestrictedToken(token, write_only ? 8 /* WRITE_RESTRICTED */ : 0, 0, NULL, 0, NULL, builder.count, restricting, &result))
            fail("CreateRestrictedToken", GetLastError());
    }
    CloseHandle(token);
    return result;
}

static HANDLE token_for(const char *user, const char *groups, const char *restricting, const char *flags)
{
    static const struct {
        char letter;
        DWORD privilege;
    } known[] = {{'t', 9}, {'s', 8}, {'b', 17}, {'e', 18}};
    static struct builder sids;
    BOOL write_only = strchr(flags, 'w') != NULL;
    DWORD privileges[8] = {23};
    unsigned i, count = 1;
    HANDLE token;

    sids.count = 0;
    sids.used = 0;
    for (i = 0; i < 4; i++)
        if (strchr(flags, known[i].letter)) privileges[count++] = known[i].privilege;
    if (!add_sid(&sids, user, strlen(user), 0)) return NULL;
    if (!strcmp(groups, "-")) add_sid(&sids, "S-1-0-0", 7, 0); /* a token has a primary group */
    if (!add_list(&sids, groups)) return NULL;
    token = make_token(&sids, privileges, count);
    /* a restricted token whose list is empty: what the intersection of two lists without a common SID leaves */
    if (strchr(flags, 'z')) token = restrict_token(token, "S-1-99-81", write_only);
    return restrict_token(token, strchr(flags, 'z') ? "S-1-99-82" : restricting, write_only);
}

static void answer(char *line)
{
    char *field[8], *rest = line;
    struct place *place;
    struct {
        ULONG attributes;
        ACCESS_MASK granted;
        ULONG rest[12];
    } basic;
    NTSTATUS status;
    HANDLE token, handle;
    ULONG needed;
    int i;

    for (i = 0; i < 8; i++)
        if (!(field[i] = strtok(i ? NULL : rest, " \r\n"))) {
            if (i) printf("%s unsupported line with %d fields\n", field[0], i);
            return;
        }
    if (strpbrk(field[5], "mro")) {
        printf("%s unsupported other reading\n", field[0]);
        return;
    }
    place = strcmp(field[7], "-") ? &parented : &closed;
    impersonate(setup_token);
    status = set_hex(place->handle, field[1]);
    if (!status && place == &parented) status = set_hex(place->dir_handle, field[7]);
    if (status) {
        printf("%s unsupported descriptor 0x%lx\n", field[0], (DWORD)status);
        return;
    }
    impersonate(NULL);
    if (!(token = token_for(field[2], field[3], field[4], field[5]))) {
        printf("%s unsupported token\n", field[0]);
        return;
    }
    impersonate(token);
    status = open_object(place->object, strtoul(field[6], NULL, 16), strchr(field[5], 'i') ? FILE_OPEN_FOR_BACKUP_INTENT : 0, &handle);
    impersonate(NULL);
    if (!status) {
        if (NtQueryObject(handle, ObjectBasicInformation, &basic, sizeof(basic), &needed)) fail("NtQueryObject", 0);
        printf("%s granted %08lx\n", field[0], basic.granted);
        NtClose(handle);
    } else if (status == (NTSTATUS)0xC0000022 || status == (NTSTATUS)0xC0000061)
        printf("%s denied 00000000\n", field[0]);
    else printf("%s unsupported status 0x%lx\n", field[0], (DWORD)status);
    CloseHandle(token);
}

int main(int argc, char **argv)
{
    static char line[300000];
    BOOL directory = argc > 1 && !strcmp(argv[1], "--directory");
    const char *path = argc > 1 + directory ? argv[1 + directory] : NULL;
    FILE *in = path ? fopen(path, "r") : stdin;

    if (!in) fail("opening the cases", GetLastError());
    prepare(directory);
    while (fgets(line, sizeof(line), in))
        if (line[0] != '#') answer(line);
    impersonate(setup_token);
    remove_place(&closed);
    remove_place(&parented);
    return 0;
}
