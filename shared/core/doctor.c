/* See doctor.h: the report, and the answer of sandbox-setup as facts. */
#include "doctor_internal.h"

#include <stdarg.h>
#include <stdio.h>

#define NAMES_MAX_BYTES 200u

const char *sbx_doctor_state_name(enum sbx_doctor_state state)
{
    static const char *const names[] = {"", "ok", "warning", "fault", "cannot tell"};

    return (size_t)state < countof(names) ? names[state] : "";
}

struct sbx_doctor_row *sbx_doctor_add(struct sbx_doctor_report *report, const char *id,
    enum sbx_doctor_state state, const char *format, ...)
{
    struct sbx_doctor_row *row;
    va_list args;

    report->counts[state]++;
    if (report->count == countof(report->rows)) {
        report->left_out++;
        return NULL;
    }
    row = &report->rows[report->count++];
    memset(row, 0, sizeof(*row));
    row->id = id;
    row->state = state;
    va_start(args, format);
    vsnprintf(row->found, sizeof(row->found), format, args);
    va_end(args);
    return row;
}

void sbx_doctor_remedy(
    struct sbx_doctor_row *row, bool elevate, const char *command, const char *format, ...)
{
    va_list args;

    if (!row)
        return;
    row->elevate = elevate;
    if (command)
        snprintf(row->command, sizeof(row->command), "%s", command);
    va_start(args, format);
    vsnprintf(row->remedy, sizeof(row->remedy), format, args);
    va_end(args);
}

void sbx_doctor_agent(struct sbx_doctor_row *row, const char *command)
{
    sbx_doctor_remedy(row, false, command, "run: %s", command);
}

void sbx_doctor_judge(const struct sbx_doctor_facts *facts, struct sbx_doctor_report *ret_report)
{
    size_t i;

    memset(ret_report, 0, sizeof(*ret_report));
    for (i = 0; i < sbx_doctor_check_count; i++) {
        const struct sbx_doctor_check *check = &sbx_doctor_checks[i];

        if (!check->installed || facts->installed)
            check->judge(check->id, facts, ret_report);
    }
}

bool sbx_doctor_is_well(const struct sbx_doctor_report *report)
{
    return !report->counts[SBX_DOCTOR_FAULT] && !report->left_out;
}

/* --- the answer of sandbox-setup ----------------------------------------------------------------
 */

static enum sbx_known known(bool yes)
{
    return yes ? SBX_KNOWN_YES : SBX_KNOWN_NO;
}

static void get_text(
    const struct sbx_json_at *object, const char *key, char *ret_text, size_t size_bytes)
{
    const char *text = NULL;

    ret_text[0] = '\0';
    if (sbx_json_has(object, key) && !sbx_json_get_string(object, key, 4096, &text, NULL) && text)
        snprintf(ret_text, size_bytes, "%s", text);
}

static enum sbx_status get_bools(const struct sbx_json_at *object, const char *const *keys,
    bool *const *ret, size_t count, struct sbx_error *err)
{
    enum sbx_status status = SBX_OK;
    size_t i;

    for (i = 0; !status && i < count; i++) {
        status = sbx_json_require(object, keys[i], err);
        if (!status)
            status = sbx_json_get_bool(object, keys[i], ret[i], err);
    }
    return status;
}

static enum sbx_status read_account(const struct sbx_json_at *object,
    struct sbx_doctor_account *ret, size_t *own_rights, struct sbx_error *err)
{
    static const char *const keys[] = {"ours", "disabled", "locked", "expires", "passwordExpired",
        "needsNoPassword", "passwordMayExpire", "special", "member"};
    bool ours = false, exists = false;
    bool *const values[] = {&ours, &ret->disabled, &ret->locked, &ret->expires,
        &ret->password_expired, &ret->needs_no_password, &ret->password_may_expire, &ret->special,
        &ret->member};
    enum sbx_status status = sbx_json_as_object(object, err);
    int64_t own = 0;

    if (status)
        return status;
    get_text(object, "name", ret->name, sizeof(ret->name));
    if (!sbx_json_has(object, "exists")) /* it could not be asked */
        return SBX_OK;
    status = sbx_json_get_bool(object, "exists", &exists, err);
    if (!status)
        ret->exists = known(exists);
    if (status || !exists)
        return status;
    status = get_bools(object, keys, values, countof(keys), err);
    if (!status)
        ret->ours = known(ours);
    if (!status && sbx_json_has(object, "ownRights"))
        status = sbx_json_get_int(object, "ownRights", 0, 1000, &own, err);
    *own_rights += (size_t)own;
    return status;
}

static enum sbx_status read_group(
    const struct sbx_json_at *group, struct sbx_doctor_machine *ret, struct sbx_error *err)
{
    const char **list = NULL;
    size_t count = 0, i;
    bool exists = false;
    enum sbx_status status = SBX_OK;

    if (sbx_json_has(group, "exists")) {
        status = sbx_json_get_bool(group, "exists", &exists, err);
        if (!status)
            ret->group_exists = known(exists);
    }
    if (!status)
        status = sbx_json_get_string_list(
            group, "strangers", countof(ret->strangers), NAMES_MAX_BYTES, &list, &count, err);
    for (i = 0; !status && i < count; i++)
        snprintf(ret->strangers[ret->stranger_count++], sizeof(ret->strangers[0]), "%s", list[i]);
    free(list);
    list = NULL;
    count = 0;
    if (!status && sbx_json_has(group, "rights")) {
        status = sbx_json_get_string_list(
            group, "rights", countof(ret->rights), sizeof(ret->rights[0]) - 1, &list, &count, err);
        ret->rights_asked = status ? SBX_UNKNOWN : SBX_KNOWN_YES;
    }
    for (i = 0; !status && i < count; i++)
        snprintf(ret->rights[ret->right_count++], sizeof(ret->rights[0]), "%s", list[i]);
    free(list);
    return status;
}

static void read_step(const struct sbx_json_at *object, struct sbx_doctor_machine *ret)
{
    static const char *const states[] = {"unknown", "present", "absent", "different", "foreign"};
    const struct {
        const char *name;
        enum sbx_doctor_step *ret;
    } steps[] = {{"folders", &ret->folders}, {"access", &ret->access}, {"secrets", &ret->secrets},
        {"hidden", &ret->hidden}, {"fence", &ret->fence}, {"firewall", &ret->firewall},
        {"eventlog", &ret->eventlog}};
    char name[32], state[16];
    size_t i, j;

    get_text(object, "name", name, sizeof(name));
    get_text(object, "state", state, sizeof(state));
    for (i = 0; i < countof(steps); i++)
        for (j = 0; j < countof(states) && strcmp(steps[i].name, name) == 0; j++)
            if (strcmp(states[j], state) == 0)
                *steps[i].ret = (enum sbx_doctor_step)j;
}

/* The names of set-up's accounts and whether they exist: told without a record, too. */
static enum sbx_status read_leftovers(
    const struct sbx_json_at *root, struct sbx_doctor_machine *ret, struct sbx_error *err)
{
    struct sbx_json_at accounts = {0}, at = {0};
    enum sbx_status status = sbx_json_get_object(root, "accounts", &accounts, err);

    while (!status && accounts.item && sbx_json_next(&accounts, &at)) {
        bool exists = false;

        status = sbx_json_as_object(&at, err);
        if (!status)
            status = sbx_json_get_bool(&at, "exists", &exists, err);
        ret->leftovers = ret->leftovers || exists;
    }
    return status;
}

enum sbx_status sbx_doctor_read_machine(
    const struct sbx_json_at *root, struct sbx_doctor_machine *ret, struct sbx_error *err)
{
    struct sbx_json_at users = {0}, group = {0}, firewall = {0}, steps = {0}, at = {0};
    enum sbx_status status = read_leftovers(root, ret, err);
    bool effective = false;

    if (!status)
        status = sbx_json_get_array(root, "users", &users, err);
    while (!status && users.item && ret->account_count < countof(ret->accounts) &&
           sbx_json_next(&users, &at)) {
        status = read_account(&at, &ret->accounts[ret->account_count], &ret->own_right_count, err);
        ret->account_count++;
    }
    if (!status)
        status = sbx_json_get_object(root, "group", &group, err);
    if (!status && group.item)
        status = read_group(&group, ret, err);
    if (!status)
        status = sbx_json_get_object(root, "firewall", &firewall, err);
    if (!status && firewall.item && sbx_json_has(&firewall, "effective")) {
        status = sbx_json_get_bool(&firewall, "effective", &effective, err);
        if (!status)
            ret->firewall_effective = known(effective);
        get_text(&firewall, "note", ret->firewall_note, sizeof(ret->firewall_note));
    }
    at.item = NULL;
    if (!status)
        status = sbx_json_get_array(root, "steps", &steps, err);
    while (!status && steps.item && sbx_json_next(&steps, &at))
        read_step(&at, ret);
    return status;
}
