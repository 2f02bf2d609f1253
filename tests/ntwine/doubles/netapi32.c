/* ntwine test double: local accounts and groups. netapi32.dll forwards the rest to Wine's own (wnetapi32.dll).
 * Answers as a standalone Windows does: see ../README.md for the codes. */

#include "double.h"

#include <lm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define ADMINS "S-1-5-32-544"

static void *real(const char *name)
{
    static HMODULE module;

    if (!module) module = LoadLibraryW(L"wnetapi32.dll");
    return (void *)GetProcAddress(module, name);
}

static const struct {
    const char *name, *sid;
} builtin_groups[] = {
    {"Administrators", ADMINS}, {"Users", "S-1-5-32-545"}, {"Guests", "S-1-5-32-546"}, {"Power Users", "S-1-5-32-547"},
    {"Account Operators", "S-1-5-32-548"}, {"Server Operators", "S-1-5-32-549"}, {"Print Operators", "S-1-5-32-550"},
    {"Backup Operators", "S-1-5-32-551"}, {"Remote Desktop Users", "S-1-5-32-555"},
};

/* SID of a group, ours or a built-in one; NULL when there is none. */
static const char *group_sid(struct machine *machine, const char *name)
{
    struct record *record = record_find(machine, NULL, "group", "name", name);
    size_t i;

    if (record) return record_get(record, "sid");
    for (i = 0; i < sizeof(builtin_groups) / sizeof(builtin_groups[0]); i++)
        if (!_stricmp(builtin_groups[i].name, name)) return builtin_groups[i].sid;
    return NULL;
}

static bool good_name(const char *name, size_t most)
{
    return *name && strlen(name) <= most && !strpbrk(name, "\"/\\[]:;|=,+*?<>@") && name[strlen(name) - 1] != '.';
}

/* Complexity as the default local policy has it off; length 0 is allowed by it too. Test hook: "machine" record's
 * min_password says otherwise. */
static DWORD check_password(struct machine *machine, const char *password)
{
    size_t least = strtoul(record_get(record_find(machine, NULL, "machine", NULL, NULL), "min_password"), NULL, 10);

    return strlen(password) < least || strlen(password) > 256 ? NERR_PasswordTooShort : 0;
}

static void new_sid(struct machine *machine, struct record *record)
{
    const char *domain = record_get(record_find(machine, NULL, "machine", NULL, NULL), "domain");

    record_setf(record, "sid", "%s-%u", domain, machine->next_rid++);
}

static DWORD begin(const char *function, const char *what, bool admin)
{
    DWORD code = double_call(function, "%s", what);

    return code ? code : admin && !caller_is_admin() ? ERROR_ACCESS_DENIED : 0;
}

static DWORD finish(const char *function, DWORD code)
{
    double_result(function, code);
    return code;
}

/* ---- users ---- */

static DWORD add_user(struct machine *machine, const char *name, const char *password, const char *comment, DWORD flags)
{
    struct record *record;
    DWORD code;

    if (!good_name(name, 20)) return NERR_BadUsername;
    if (record_find(machine, NULL, "user", "name", name)) return NERR_UserExists;
    if (group_sid(machine, name)) return NERR_GroupExists;
    if ((code = check_password(machine, password))) return code;
    record = record_add(machine, "user");
    record_set(record, "name", name);
    new_sid(machine, record);
    record_set(record, "password", password);
    record_set(record, "comment", comment);
    record_setf(record, "flags", "0x%lx", flags | UF_SCRIPT);
    record_set(record, "bad_count", "0");
    return 0;
}

DWORD WINAPI double_NetUserAdd(const wchar_t *server, DWORD level, BYTE *buffer, DWORD *bad)
{
    const USER_INFO_1 *info = (const USER_INFO_1 *)buffer; /* levels 2 to 4 begin like level 1 */
    char *name = utf8(info->usri1_name), *password = utf8(info->usri1_password), *comment = utf8(info->usri1_comment), what[256];
    struct machine *machine;
    DWORD code;

    snprintf(what, sizeof(what), "name=%s level=%lu flags=0x%lx priv=%lu", name, level, info->usri1_flags, info->usri1_priv);
    code = begin("NetUserAdd", what, true);
    if (!code && (level < 1 || level > 4)) code = ERROR_INVALID_LEVEL;
    if (!code && info->usri1_priv != USER_PRIV_USER) code = ERROR_INVALID_PARAMETER;
    if (code == ERROR_INVALID_PARAMETER && bad) *bad = USER_PRIV_PARMNUM;
    if (!code) do {
        machine = machine_load();
        code = add_user(machine, name, password, comment, info->usri1_flags);
    } while (!machine_done(machine, !code) && !code);
    SecureZeroMemory(password, strlen(password));
    free(name);
    free(password);
    free(comment);
    return finish("NetUserAdd", code);
}

DWORD WINAPI double_NetUserDel(const wchar_t *server, const wchar_t *user)
{
    char *name = utf8(user);
    struct machine *machine;
    struct record *record, *member;
    DWORD code = begin("NetUserDel", name, true);

    if (!code) do {
        machine = machine_load();
        record = record_find(machine, NULL, "user", "name", name);
        if (!record) code = NERR_UserNotFound;
        else {
            while ((member = record_find(machine, NULL, "member", "sid", record_get(record, "sid")))) record_remove(machine, member);
            record_remove(machine, record); /* rights of the SID stay behind, as on Windows */
        }
    } while (!machine_done(machine, !code) && !code);
    free(name);
    return finish("NetUserDel", code);
}

static DWORD change_user(struct machine *machine, struct record *record, DWORD level, const BYTE *buffer)
{
    const USER_INFO_1 *one = (const USER_INFO_1 *)buffer;
    const wchar_t *text = *(wchar_t *const *)buffer;
    char *value = level == 1008 ? NULL : utf8(level == 1 || level == 4 ? one->usri1_password : text);
    DWORD code = 0;

    switch (level) {
    case 1003:
        if (!(code = check_password(machine, value))) record_set(record, "password", value);
        break;
    case 1007: record_set(record, "comment", value); break;
    case 1011: record_set(record, "full_name", value); break;
    case 1008: record_setf(record, "flags", "0x%lx", *(const DWORD *)buffer); break;
    case 1:
    case 4:
        if (one->usri1_password && !(code = check_password(machine, value))) record_set(record, "password", value);
        if (!code) record_setf(record, "flags", "0x%lx", one->usri1_flags);
        if (code || level == 1) break;
        record_set(record, "password_expired", ((const USER_INFO_4 *)buffer)->usri4_password_expired ? "1" : "0");
        record_set(record, "account_expired", ((const USER_INFO_4 *)buffer)->usri4_acct_expires == TIMEQ_FOREVER ? "0" : "1");
        break;
    default: code = ERROR_INVALID_LEVEL;
    }
    if (value) SecureZeroMemory(value, strlen(value));
    free(value);
    return code;
}

DWORD WINAPI double_NetUserSetInfo(const wchar_t *server, const wchar_t *user, DWORD level, BYTE *buffer, DWORD *bad)
{
    char *name = utf8(user), what[256];
    struct machine *machine;
    struct record *record;
    DWORD code;

    if (level == 1008) snprintf(what, sizeof(what), "name=%s level=1008 flags=0x%lx", name, *(DWORD *)buffer);
    else snprintf(what, sizeof(what), "name=%s level=%lu", name, level);
    code = begin("NetUserSetInfo", what, true);
    if (!code) do {
        machine = machine_load();
        record = record_find(machine, NULL, "user", "name", name);
        code = record ? change_user(machine, record, level, buffer) : NERR_UserNotFound;
    } while (!machine_done(machine, !code) && !code);
    free(name);
    return finish("NetUserSetInfo", code);
}

/* A buffer for NetApiBufferFree, filled from the front with structures and behind them with strings. */
struct out {
    BYTE *data, *text;
};

static bool out_begin(struct out *out, DWORD fixed)
{
    DWORD(WINAPI *allocate)(DWORD, void **) = real("NetApiBufferAllocate");

    if (allocate(fixed + 65536, (void **)&out->data)) return false;
    memset(out->data, 0, fixed + 65536);
    out->text = out->data + fixed;
    return true;
}

static wchar_t *out_text(struct out *out, const char *text)
{
    wchar_t *at = (wchar_t *)out->text;
    int count = MultiByteToWideChar(CP_UTF8, 0, text, -1, at, 1024);

    out->text += ((size_t)count * sizeof(wchar_t) + 7) & ~(size_t)7;
    return at;
}

static PSID out_sid(struct out *out, const char *text)
{
    PSID at = out->text;

    out->text += (sid_parse(text, at, 68) + 7) & ~7u;
    return at;
}

static const DWORD user_sizes[24] = {[0] = sizeof(USER_INFO_0), [1] = sizeof(USER_INFO_1), [4] = sizeof(USER_INFO_4),
                                     [10] = sizeof(USER_INFO_10), [20] = sizeof(USER_INFO_20), [23] = sizeof(USER_INFO_23)};

/*
 * Level and operator flags are no fields of an account: they are made from the built-in groups it is in. NetUserAdd
 * puts a new account into none of them, so its level is "guest" until somebody adds it to Users.
 * https://learn.microsoft.com/windows/win32/api/lmaccess/ns-lmaccess-user_info_11 (usri11_priv, usri11_auth_flags)
 */
static DWORD level_of(struct machine *machine, const char *sid, DWORD *auth_flags)
{
    struct record *member = NULL;
    DWORD level = USER_PRIV_GUEST;

    *auth_flags = 0;
    while ((member = record_find(machine, member, "member", "sid", sid))) {
        const char *group = record_get(member, "group");

        if (!strcmp(group, ADMINS)) level = USER_PRIV_ADMIN;
        else if (!strcmp(group, "S-1-5-32-545") && level == USER_PRIV_GUEST) level = USER_PRIV_USER;
        else if (!strcmp(group, "S-1-5-32-548")) *auth_flags |= AF_OP_ACCOUNTS;
        else if (!strcmp(group, "S-1-5-32-549")) *auth_flags |= AF_OP_SERVER;
        else if (!strcmp(group, "S-1-5-32-550")) *auth_flags |= AF_OP_PRINT;
    }
    return level;
}

static void fill_user(struct machine *machine, struct out *out, void *at, DWORD level, const struct record *record)
{
    DWORD auth_flags, priv = level_of(machine, record_get(record, "sid"), &auth_flags);
    DWORD flags = strtoul(record_get(record, "flags"), NULL, 0) | UF_NORMAL_ACCOUNT;
    const char *sid = record_get(record, "sid"), *name = record_get(record, "name"), *comment = record_get(record, "comment");
    USER_INFO_1 *one = at;
    USER_INFO_4 *four = at;
    USER_INFO_10 *ten = at;
    USER_INFO_20 *twenty = at;
    USER_INFO_23 *three = at;

    ((USER_INFO_0 *)at)->usri0_name = out_text(out, name);
    switch (level) {
    case 1:
    case 4:
        one->usri1_priv = priv;
        one->usri1_home_dir = out_text(out, "");
        one->usri1_comment = out_text(out, comment);
        one->usri1_flags = flags;
        one->usri1_script_path = out_text(out, "");
        if (level == 1) break;
        four->usri4_auth_flags = auth_flags;
        four->usri4_full_name = out_text(out, record_get(record, "full_name"));
        four->usri4_usr_comment = four->usri4_parms = four->usri4_workstations = out_text(out, "");
        four->usri4_acct_expires = strcmp(record_get(record, "account_expired"), "1") ? TIMEQ_FOREVER : 1;
        four->usri4_bad_pw_count = strtoul(record_get(record, "bad_count"), NULL, 10);
        four->usri4_user_sid = out_sid(out, sid);
        four->usri4_primary_group_id = DOMAIN_GROUP_RID_USERS;
        four->usri4_password_expired = !strcmp(record_get(record, "password_expired"), "1");
        break;
    case 10:
        ten->usri10_comment = out_text(out, comment);
        ten->usri10_usr_comment = out_text(out, "");
        ten->usri10_full_name = out_text(out, record_get(record, "full_name"));
        break;
    case 20:
        twenty->usri20_full_name = out_text(out, record_get(record, "full_name"));
        twenty->usri20_comment = out_text(out, comment);
        twenty->usri20_flags = flags;
        twenty->usri20_user_id = strtoul(strrchr(sid, '-') + 1, NULL, 10);
        break;
    case 23:
        three->usri23_full_name = out_text(out, record_get(record, "full_name"));
        three->usri23_comment = out_text(out, comment);
        three->usri23_flags = flags;
        three->usri23_user_sid = out_sid(out, sid);
        break;
    }
}

DWORD WINAPI double_NetUserGetInfo(const wchar_t *server, const wchar_t *user, DWORD level, BYTE **buffer)
{
    DWORD(WINAPI *original)(const wchar_t *, const wchar_t *, DWORD, BYTE **) = real("NetUserGetInfo");
    char *name = utf8(user), what[256];
    struct machine *machine;
    struct record *record;
    struct out out = {0};
    DWORD code;

    snprintf(what, sizeof(what), "name=%s level=%lu", name, level);
    code = begin("NetUserGetInfo", what, false);
    machine = machine_load();
    record = record_find(machine, NULL, "user", "name", name);
    if (!code && !record) code = original(server, user, level, buffer);
    else if (!code && (level > 23 || !user_sizes[level])) code = ERROR_INVALID_LEVEL;
    else if (!code && !out_begin(&out, user_sizes[level])) code = ERROR_NOT_ENOUGH_MEMORY;
    else if (!code) {
        fill_user(machine, &out, out.data, level, record);
        *buffer = out.data;
    }
    machine_done(machine, FALSE);
    free(name);
    return finish("NetUserGetInfo", code);
}

DWORD WINAPI double_NetUserEnum(const wchar_t *server, DWORD level, DWORD filter, BYTE **buffer, DWORD most, DWORD *read, DWORD *total,
                                DWORD *resume)
{
    struct machine *machine = machine_load();
    struct record *record = NULL;
    struct out out;
    DWORD count = 0, code = begin("NetUserEnum", "", false);

    if (!code && (level > 23 || !user_sizes[level])) code = ERROR_INVALID_LEVEL;
    while ((record = record_find(machine, record, "user", NULL, NULL))) count++;
    if (!code && !out_begin(&out, (count + 1) * user_sizes[level])) code = ERROR_NOT_ENOUGH_MEMORY;
    if (!code) {
        *buffer = out.data;
        *read = *total = count;
        for (count = 0; (record = record_find(machine, record, "user", NULL, NULL)); count++)
            fill_user(machine, &out, out.data + count * user_sizes[level], level, record);
    }
    machine_done(machine, FALSE);
    return finish("NetUserEnum", code);
}

/* ---- groups ---- */

static const char *name_of_sid(struct machine *machine, const char *sid)
{
    struct record *record = record_find(machine, NULL, "user", "sid", sid);
    size_t i;

    if (!record) record = record_find(machine, NULL, "group", "sid", sid);
    if (record) return record_get(record, "name");
    for (i = 0; i < sizeof(builtin_groups) / sizeof(builtin_groups[0]); i++)
        if (!strcmp(builtin_groups[i].sid, sid)) return builtin_groups[i].name;
    return sid;
}

DWORD WINAPI double_NetUserGetLocalGroups(const wchar_t *server, const wchar_t *user, DWORD level, DWORD flags, BYTE **buffer, DWORD most,
                                          DWORD *read, DWORD *total)
{
    const wchar_t *leaf = wcsrchr(user, L'\\');
    char *name = utf8(leaf ? leaf + 1 : user);
    struct machine *machine = machine_load();
    struct record *record = record_find(machine, NULL, "user", "name", name), *member = NULL;
    DWORD code = begin("NetUserGetLocalGroups", name, false), count = 0;
    struct out out;

    if (!code && !record) code = NERR_UserNotFound;
    if (!code && level) code = ERROR_INVALID_LEVEL;
    if (!code && !out_begin(&out, 64 * sizeof(LOCALGROUP_USERS_INFO_0))) code = ERROR_NOT_ENOUGH_MEMORY;
    if (!code) {
        while (count < 64 && (member = record_find(machine, member, "member", "sid", record_get(record, "sid"))))
            ((LOCALGROUP_USERS_INFO_0 *)out.data)[count++].lgrui0_name = out_text(&out, name_of_sid(machine, record_get(member, "group")));
        *buffer = out.data;
        *read = *total = count;
    }
    machine_done(machine, FALSE);
    free(name);
    return finish("NetUserGetLocalGroups", code);
}

DWORD WINAPI double_NetLocalGroupAdd(const wchar_t *server, DWORD level, BYTE *buffer, DWORD *bad)
{
    const LOCALGROUP_INFO_1 *info = (const LOCALGROUP_INFO_1 *)buffer;
    char *name = utf8(info->lgrpi1_name), *comment = utf8(level ? info->lgrpi1_comment : NULL);
    struct machine *machine;
    struct record *record;
    DWORD code = begin("NetLocalGroupAdd", name, true);

    if (!code && level > 1) code = ERROR_INVALID_LEVEL;
    if (!code && !good_name(name, 256)) code = NERR_BadUsername;
    if (!code) do {
        machine = machine_load();
        if (group_sid(machine, name)) code = ERROR_ALIAS_EXISTS;
        else if (record_find(machine, NULL, "user", "name", name)) code = NERR_UserExists;
        else {
            record = record_add(machine, "group");
            record_set(record, "name", name);
            new_sid(machine, record);
            record_set(record, "comment", comment);
        }
    } while (!machine_done(machine, !code) && !code);
    free(name);
    free(comment);
    return finish("NetLocalGroupAdd", code);
}

DWORD WINAPI double_NetLocalGroupDel(const wchar_t *server, const wchar_t *group)
{
    char *name = utf8(group);
    struct machine *machine;
    struct record *record, *member;
    DWORD code = begin("NetLocalGroupDel", name, true);

    if (!code) do {
        machine = machine_load();
        record = record_find(machine, NULL, "group", "name", name);
        if (!record) code = group_sid(machine, name) ? ERROR_SPECIAL_ACCOUNT : NERR_GroupNotFound;
        else {
            while ((member = record_find(machine, NULL, "member", "group", record_get(record, "sid")))) record_remove(machine, member);
            record_remove(machine, record);
        }
    } while (!machine_done(machine, !code) && !code);
    free(name);
    return finish("NetLocalGroupDel", code);
}

static struct record *find_member(struct machine *machine, const char *group, const char *sid)
{
    struct record *record = NULL;

    while ((record = record_find(machine, record, "member", "group", group)))
        if (!strcmp(record_get(record, "sid"), sid)) return record;
    return NULL;
}

/* SID text of the i-th member: level 0 gives SIDs, level 3 names (DOMAIN\name). FALSE: no such account. */
static bool member_sid(struct machine *machine, DWORD level, const BYTE *buffer, DWORD i, char *out, size_t room)
{
    struct record *record;
    wchar_t *text, *leaf;
    char *name;

    if (level == 0) {
        sid_format(((const LOCALGROUP_MEMBERS_INFO_0 *)buffer)[i].lgrmi0_sid, out, room);
        if (!strncmp(out, "S-1-5-21-", 9) && strncmp(out, "S-1-5-21-0-0-0-", 15) != 0)
            return record_find(machine, NULL, "user", "sid", out) != NULL;
        return true;
    }
    text = ((const LOCALGROUP_MEMBERS_INFO_3 *)buffer)[i].lgrmi3_domainandname;
    leaf = wcsrchr(text, L'\\');
    name = utf8(leaf ? leaf + 1 : text);
    record = record_find(machine, NULL, "user", "name", name);
    free(name);
    snprintf(out, room, "%s", record_get(record, "sid"));
    return record != NULL;
}

static DWORD change_members(struct machine *machine, const char *group, DWORD level, const BYTE *buffer, DWORD count, bool add)
{
    const char *sid = group_sid(machine, group);
    struct record *record;
    char member[128];
    DWORD i;

    if (!sid) return NERR_GroupNotFound;
    for (i = 0; i < count; i++) {
        if (!member_sid(machine, level, buffer, i, member, sizeof(member))) return ERROR_NO_SUCH_MEMBER;
        record = find_member(machine, sid, member);
        if (add && record) return ERROR_MEMBER_IN_ALIAS;
        if (!add && !record) return ERROR_MEMBER_NOT_IN_ALIAS;
        if (!add) record_remove(machine, record);
        else {
            record = record_add(machine, "member");
            record_set(record, "group", sid);
            record_set(record, "sid", member);
        }
    }
    return 0;
}

static DWORD members(const char *function, const wchar_t *group, DWORD level, const BYTE *buffer, DWORD count, bool add)
{
    char *name = utf8(group), what[256];
    struct machine *machine;
    DWORD code;

    snprintf(what, sizeof(what), "group=%s level=%lu count=%lu", name, level, count);
    code = begin(function, what, true);
    if (!code && level != 0 && level != 3) code = ERROR_INVALID_LEVEL;
    if (!code) do {
        machine = machine_load();
        code = change_members(machine, name, level, buffer, count, add);
    } while (!machine_done(machine, !code) && !code);
    free(name);
    return finish(function, code);
}

DWORD WINAPI double_NetLocalGroupAddMembers(const wchar_t *server, const wchar_t *group, DWORD level, BYTE *buffer, DWORD count)
{
    return members("NetLocalGroupAddMembers", group, level, buffer, count, true);
}

DWORD WINAPI double_NetLocalGroupDelMembers(const wchar_t *server, const wchar_t *group, DWORD level, BYTE *buffer, DWORD count)
{
    return members("NetLocalGroupDelMembers", group, level, buffer, count, false);
}

DWORD WINAPI double_NetLocalGroupGetMembers(const wchar_t *server, const wchar_t *group, DWORD level, BYTE **buffer, DWORD most, DWORD *read,
                                            DWORD *total, DWORD_PTR *resume)
{
    char *name = utf8(group), full[512];
    struct machine *machine = machine_load();
    const char *sid = group_sid(machine, name);
    DWORD code = begin("NetLocalGroupGetMembers", name, false), count = 0;
    struct record *record = NULL;
    struct out out;

    if (!code && !sid) code = NERR_GroupNotFound;
    if (!code && level > 3) code = ERROR_INVALID_LEVEL;
    if (!code && !out_begin(&out, 128 * sizeof(LOCALGROUP_MEMBERS_INFO_2))) code = ERROR_NOT_ENOUGH_MEMORY;
    for (; !code && count < 128 && (record = record_find(machine, record, "member", "group", sid)); count++) {
        const char *member = record_get(record, "sid");

        if (level == 3) {
            snprintf(full, sizeof(full), "WINE\\%s", name_of_sid(machine, member));
            ((LOCALGROUP_MEMBERS_INFO_3 *)out.data)[count].lgrmi3_domainandname = out_text(&out, full);
        } else if (level == 2) {
            LOCALGROUP_MEMBERS_INFO_2 *two = (LOCALGROUP_MEMBERS_INFO_2 *)out.data + count;
            two->lgrmi2_sid = out_sid(&out, member);
            two->lgrmi2_sidusage = SidTypeUser;
            snprintf(full, sizeof(full), "WINE\\%s", name_of_sid(machine, member));
            two->lgrmi2_domainandname = out_text(&out, full);
        } else if (level == 1) {
            LOCALGROUP_MEMBERS_INFO_1 *one = (LOCALGROUP_MEMBERS_INFO_1 *)out.data + count;
            one->lgrmi1_sid = out_sid(&out, member);
            one->lgrmi1_sidusage = SidTypeUser;
            one->lgrmi1_name = out_text(&out, name_of_sid(machine, member));
        } else ((LOCALGROUP_MEMBERS_INFO_0 *)out.data)[count].lgrmi0_sid = out_sid(&out, member);
    }
    if (!code) {
        *buffer = out.data;
        *read = *total = count;
    }
    machine_done(machine, FALSE);
    free(name);
    return finish("NetLocalGroupGetMembers", code);
}

DWORD WINAPI double_NetLocalGroupGetInfo(const wchar_t *server, const wchar_t *group, DWORD level, BYTE **buffer)
{
    char *name = utf8(group);
    struct machine *machine = machine_load();
    DWORD code = begin("NetLocalGroupGetInfo", name, false);
    struct out out;

    if (!code && !group_sid(machine, name)) code = NERR_GroupNotFound;
    if (!code && level > 1) code = ERROR_INVALID_LEVEL;
    if (!code && !out_begin(&out, sizeof(LOCALGROUP_INFO_1))) code = ERROR_NOT_ENOUGH_MEMORY;
    if (!code) {
        LOCALGROUP_INFO_1 *info = (LOCALGROUP_INFO_1 *)out.data;
        info->lgrpi1_name = out_text(&out, name);
        info->lgrpi1_comment = out_text(&out, record_get(record_find(machine, NULL, "group", "name", name), "comment"));
        *buffer = out.data;
    }
    machine_done(machine, FALSE);
    free(name);
    return finish("NetLocalGroupGetInfo", code);
}
