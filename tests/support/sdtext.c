/* See sdtext.h. */
#include "sdtext.h"

#include <stdio.h>

#include "unit.h"

static const struct {
    const char *name;
    const char *sid;
} sids[] = {{"U", "S-1-5-21-1-2-3-1001"}, {"V", "S-1-5-21-1-2-3-1002"}, {"G", "S-1-5-21-1-2-3-513"},
    {"H", "S-1-5-21-1-2-3-1105"}, {"E", "S-1-1-0"}, {"AU", "S-1-5-11"}, {"BA", "S-1-5-32-544"},
    {"SY", "S-1-5-18"}, {"OW", "S-1-3-4"}, {"CO", "S-1-3-0"}, {"CG", "S-1-3-1"},
    {"K1", "S-1-5-21-11-22-33-2147483649"}, {"K2", "S-1-5-21-44-55-66-4294967295"},
    {"R", "S-1-5-21-77-88-99-3000000000"}, {"L", "S-1-5-5-0-4711"}};

static const struct {
    const char *name;
    uint8_t bit;
} flag_names[] = {{"OI", SBX_ACE_OI}, {"CI", SBX_ACE_CI}, {"NP", SBX_ACE_NP}, {"IO", SBX_ACE_IO},
    {"ID", SBX_ACE_INHERITED}};

struct sbx_sid sd_sid(const char *name)
{
    struct sbx_sid sid;
    struct sbx_error err;

    memset(&sid, 0, sizeof(sid));
    for (size_t i = 0; i < countof(sids); i++) {
        if (strcmp(sids[i].name, name) != 0)
            continue;
        ck_assert_sbx_ok(sbx_sid_parse(sids[i].sid, &sid, &err), &err);
        return sid;
    }
    ck_abort_msg("no SID is called '%s'", name);
    return sid;
}

static uint8_t parse_flags(const char *text)
{
    uint8_t flags = 0;

    if (strcmp(text, "-") == 0)
        return 0;
    for (; text[0] && text[1]; text += 2) {
        uint8_t bit = 0;

        for (size_t i = 0; i < countof(flag_names); i++)
            if (strncmp(text, flag_names[i].name, 2) == 0)
                bit = flag_names[i].bit;
        ck_assert_msg(bit != 0, "no ACE flag is called '%.2s'", text);
        flags |= bit;
    }
    return flags;
}

static void add_ace(struct sbx_acl *dacl, char type, uint8_t flags, uint32_t mask, const char *sid)
{
    static uint8_t body[] = {1, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 1, 0, 0, 0, 0};
    struct sbx_sid value = sd_sid(sid);
    struct sbx_ace ace =
        sbx_ace_make(type == 'D' ? SBX_ACE_DENY : SBX_ACE_ALLOW, flags, mask, &value);
    struct sbx_error err;

    if (type == 'O' || type == 'X') {
        memset(&ace, 0, sizeof(ace));
        ace.type = type == 'O' ? 5 : 9;
        ace.flags = flags;
        ace.rest = body;
        ace.rest_bytes = sizeof(body);
    }
    ck_assert_sbx_ok(sbx_acl_insert(dacl, dacl->count, &ace, &err), &err);
}

static void parse_dacl(const char *text, struct sbx_acl *dacl)
{
    char type = 0, flags[16], sid[8];
    unsigned mask = 0;
    int used = 0;

    dacl->kind = SBX_ACL_LIST;
    if (strcmp(text, "none") == 0)
        dacl->kind = SBX_ACL_ABSENT;
    else if (strcmp(text, "null") == 0)
        dacl->kind = SBX_ACL_NULL;
    else if (strcmp(text, "empty") != 0)
        for (; *text; text += used) {
            used = 0;
            ck_assert_msg(
                sscanf(text, "(%c %15s %x %7[A-Z0-9])%n", &type, flags, &mask, sid, &used) == 4 &&
                    used > 0,
                "not an ACE: '%s'", text);
            add_ace(dacl, type, parse_flags(flags), mask, sid);
        }
}

void sd_parse(const char *text, struct sbx_descriptor *ret_descriptor)
{
    char owner[8], group[8];
    int used = 0;

    memset(ret_descriptor, 0, sizeof(*ret_descriptor));
    ck_assert_msg(sscanf(text, "%7s %7s %n", owner, group, &used) == 2 && used > 0,
        "not a descriptor: '%s'", text);
    if (strcmp(owner, "-") != 0) {
        ret_descriptor->has_owner = true;
        ret_descriptor->owner = sd_sid(owner);
    }
    ret_descriptor->has_group = true;
    ret_descriptor->group = sd_sid(group);
    text += used;
    if (strncmp(text, "P ", 2) == 0) {
        ret_descriptor->control |= SBX_SD_DACL_PROTECTED;
        text += 2;
    }
    parse_dacl(text, &ret_descriptor->dacl);
}

static const char *sid_name(const struct sbx_sid *sid)
{
    for (size_t i = 0; i < countof(sids); i++) {
        struct sbx_sid known = sd_sid(sids[i].name);

        if (sbx_sid_equal(&known, sid))
            return sids[i].name;
    }
    return "?";
}

void sd_dacl_text(const struct sbx_acl *dacl, char *text, size_t size_bytes)
{
    size_t used = 0;

    snprintf(text, size_bytes, "%s",
        dacl->kind == SBX_ACL_NULL     ? "null"
        : dacl->kind == SBX_ACL_ABSENT ? "none"
        : dacl->count == 0             ? "empty"
                                       : "");
    for (size_t i = 0; i < dacl->count && used < size_bytes; i++) {
        const struct sbx_ace *ace = &dacl->aces[i];
        char flags[16] = "";

        for (size_t k = 0; k < countof(flag_names); k++)
            if (ace->flags & flag_names[k].bit)
                snprintf(
                    flags + strlen(flags), sizeof(flags) - strlen(flags), "%s", flag_names[k].name);
        used += (size_t)snprintf(text + used, size_bytes - used, "(%c %s %x %s)",
            ace->type == SBX_ACE_ALLOW  ? 'A'
            : ace->type == SBX_ACE_DENY ? 'D'
            : ace->type == 5            ? 'O'
                                        : 'X',
            flags[0] ? flags : "-", (unsigned)ace->mask,
            ace->type > SBX_ACE_DENY ? "E" : sid_name(&ace->sid));
    }
}

void sd_token(struct sd_token *token, const char *user, const char *groups, const char *restricting,
    const char *flags)
{
    char name[8];
    unsigned attributes = 0;
    int used = 0;

    memset(token, 0, sizeof(*token));
    token->token.groups = token->groups;
    token->token.restricting = token->restricting;
    ck_assert_int_eq(sscanf(user, "%7[A-Z0-9]", name), 1);
    token->token.user = sd_sid(name);
    token->token.user_deny_only = strstr(user, ":10") != NULL;
    for (; sscanf(groups, " %7[A-Z0-9]:%x%n", name, &attributes, &used) == 2; groups += used) {
        ck_assert_uint_lt(token->token.group_count, countof(token->groups));
        token->groups[token->token.group_count].sid = sd_sid(name);
        token->groups[token->token.group_count++].attributes = attributes;
    }
    ck_assert_str_eq(groups, "");
    for (; sscanf(restricting, " %7[A-Z0-9]%n", name, &used) == 1; restricting += used) {
        ck_assert_uint_lt(token->token.restricting_count, countof(token->restricting));
        token->restricting[token->token.restricting_count++] = sd_sid(name);
    }
    ck_assert_str_eq(restricting, "");
    token->token.write_restricted = strchr(flags, 'w') != NULL;
    token->token.restricted = strchr(flags, 'z') != NULL;
    token->token.privileges = (strchr(flags, 't') ? SBX_PRIVILEGE_TAKE_OWNERSHIP : 0) |
                              (strchr(flags, 's') ? SBX_PRIVILEGE_SECURITY : 0) |
                              (strchr(flags, 'b') ? SBX_PRIVILEGE_BACKUP : 0) |
                              (strchr(flags, 'e') ? SBX_PRIVILEGE_RESTORE : 0);
}

void sd_request(struct sbx_access_request *request, uint32_t desired, const char *flags)
{
    memset(request, 0, sizeof(*request));
    request->desired = desired;
    request->backup_intent = strchr(flags, 'i') != NULL;
    request->readings = (strchr(flags, 'm') ? (unsigned)SBX_READING_MAPPING_ONLY : 0u) |
                        (strchr(flags, 'r') ? (unsigned)SBX_READING_WHOLE_REQUEST : 0u) |
                        (strchr(flags, 'o') ? (unsigned)SBX_READING_OWNER_IN_BOTH : 0u);
}
