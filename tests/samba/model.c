/*
 * Answers access questions with shared/core/accesscheck.c: one case per line in, one answer per
 * line out. The protocol is in tests/samba/README.md. `model --explain` adds the reasons as
 * comment lines. Built and run natively only.
 */
#include "shared/core/accesscheck.h"

#include <stdio.h>

#define LINE_MAX_BYTES 400000u
#define SIDS_MAX 64u

struct question {
    struct sbx_descriptor descriptor;
    struct sbx_descriptor parent;
    struct sbx_access_group groups[SIDS_MAX];
    struct sbx_sid restricting[SIDS_MAX];
    struct sbx_access_token token;
    struct sbx_access_request request;
};

static int hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return c - '0';
    if (c >= 'a' && c <= 'f')
        return c - 'a' + 10;
    return -1;
}

static bool parse_hex32(const char *text, uint32_t *ret_value)
{
    uint32_t value = 0;
    size_t length = strlen(text);

    if (length == 0 || length > 8)
        return false;
    for (; *text; text++) {
        int digit = hex_digit(*text);

        if (digit < 0)
            return false;
        value = value << 4 | (uint32_t)digit;
    }
    *ret_value = value;
    return true;
}

static bool parse_descriptor(const char *text, struct sbx_descriptor *ret_descriptor)
{
    size_t length = strlen(text) / 2;
    uint8_t *bytes = malloc(length + 1);
    bool ok = bytes && strlen(text) % 2 == 0;

    for (size_t i = 0; ok && i < length; i++) {
        int high = hex_digit(text[2 * i]), low = hex_digit(text[2 * i + 1]);

        ok = high >= 0 && low >= 0;
        bytes[i] = (uint8_t)((unsigned)high << 4 | (unsigned)low);
    }
    ok = ok && sbx_descriptor_parse(bytes, length, ret_descriptor, NULL) == SBX_OK;
    free(bytes);
    return ok;
}

/* "SID" or "SID:ATTRIBUTES" */
static bool parse_sid(char *text, struct sbx_sid *ret_sid, uint32_t *ret_attributes)
{
    char *colon = strchr(text, ':');

    if (colon) {
        *colon = '\0';
        if (!parse_hex32(colon + 1, ret_attributes))
            return false;
    }
    return sbx_sid_parse(text, ret_sid, NULL) == SBX_OK;
}

static bool parse_groups(char *text, struct question *question)
{
    char *next = NULL;

    for (char *item = strcmp(text, "-") == 0 ? NULL : text; item; item = next) {
        struct sbx_access_group *group = &question->groups[question->token.group_count];

        next = strchr(item, ',');
        if (next)
            *next++ = '\0';
        if (question->token.group_count++ >= SIDS_MAX ||
            !parse_sid(item, &group->sid, &group->attributes))
            return false;
    }
    return true;
}

static bool parse_restricting(char *text, struct question *question)
{
    uint32_t ignored = 0;
    char *next = NULL;

    for (char *item = strcmp(text, "-") == 0 ? NULL : text; item; item = next) {
        size_t place = question->token.restricting_count++;

        next = strchr(item, ',');
        if (next)
            *next++ = '\0';
        if (place >= SIDS_MAX || !parse_sid(item, &question->restricting[place], &ignored))
            return false;
    }
    return true;
}

static bool parse_flags(const char *text, struct question *question)
{
    static const struct {
        char letter;
        uint32_t privilege;
        unsigned reading;
    } table[] = {{'t', SBX_PRIVILEGE_TAKE_OWNERSHIP, 0}, {'s', SBX_PRIVILEGE_SECURITY, 0},
        {'b', SBX_PRIVILEGE_BACKUP, 0}, {'e', SBX_PRIVILEGE_RESTORE, 0},
        {'m', 0, SBX_READING_MAPPING_ONLY}, {'r', 0, SBX_READING_WHOLE_REQUEST},
        {'o', 0, SBX_READING_OWNER_IN_BOTH}};

    for (; *text; text++) {
        bool known = strchr("-wiz", *text) != NULL;

        question->token.write_restricted |= *text == 'w';
        question->token.restricted |= *text == 'z';
        question->request.backup_intent |= *text == 'i';
        for (size_t i = 0; i < countof(table); i++) {
            if (table[i].letter != *text)
                continue;
            question->token.privileges |= table[i].privilege;
            question->request.readings |= table[i].reading;
            known = true;
        }
        if (!known)
            return false;
    }
    return true;
}

/* fields: descriptor, user, groups, restricting, flags, desired, parent */
static bool parse_question(char *fields[7], struct question *question)
{
    uint32_t user_attributes = 0;

    if (!parse_descriptor(fields[0], &question->descriptor) ||
        !parse_sid(fields[1], &question->token.user, &user_attributes) ||
        !parse_groups(fields[2], question) || !parse_restricting(fields[3], question) ||
        !parse_flags(fields[4], question) || !parse_hex32(fields[5], &question->request.desired))
        return false;
    question->token.user_deny_only = (user_attributes & SBX_GROUP_DENY_ONLY) != 0;
    question->token.groups = question->groups;
    question->token.restricting = question->restricting;
    if (strcmp(fields[6], "-") != 0) {
        question->request.parent = &question->parent;
        return parse_descriptor(fields[6], &question->parent);
    }
    return true;
}

static void print_reasons(const struct sbx_access_result *result)
{
    for (size_t i = 0; i < result->step_count; i++) {
        struct sbx_buf text;

        sbx_buf_init(&text, 4096);
        if (sbx_access_step_format(&result->steps[i], &text, NULL) == SBX_OK)
            printf("# %s\n", text.data);
        sbx_buf_done(&text);
    }
}

static bool answer(char *line, bool explain)
{
    struct question question;
    struct sbx_access_result result;
    char *fields[8] = {NULL};
    size_t count = 0;
    bool ok = false;

    memset(&question, 0, sizeof(question));
    memset(&result, 0, sizeof(result));
    for (char *field = line; field && count < 8; count++) {
        fields[count] = field;
        field = strchr(field, ' ');
        if (field)
            *field++ = '\0';
    }
    ok = count == 8 && parse_question(fields + 1, &question);
    if (ok) {
        sbx_access_check(&question.descriptor, &question.token, &question.request, &result);
        if (explain)
            print_reasons(&result);
        printf("%s %s %08x\n", fields[0], result.granted ? "granted" : "denied",
            (unsigned)result.granted_mask);
    } else {
        printf("%s unsupported malformed case\n", fields[0]);
    }
    sbx_descriptor_done(&question.descriptor);
    sbx_descriptor_done(&question.parent);
    return ok;
}

int main(int argc, char **argv)
{
    bool explain = argc == 2 && strcmp(argv[1], "--explain") == 0;
    char *line = malloc(LINE_MAX_BYTES);
    bool ok = line != NULL;

    while (line && fgets(line, (int)LINE_MAX_BYTES, stdin)) {
        line[strcspn(line, "\r\n")] = '\0';
        if (line[0] != '\0' && line[0] != '#')
            ok = answer(line, explain) && ok;
    }
    free(line);
    return ok ? EXIT_SUCCESS : EXIT_FAILURE;
}
